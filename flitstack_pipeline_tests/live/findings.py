"""The findings L1-L22 that live clients recorded, and what a probe has to say of each.

What belongs here: their titles, the three verdicts, the printed list. What does not: how one is
probed (reading.py, writing.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

TITLES = {
    "L1": "rows of contact searches show names in lower case only",
    "L2": "rows of the task search have _id and a status, no id and no completed",
    "L3": "rows of opportunity searches show custom fields empty, typed or under custom_fields",
    "L4": "the opportunity search refuses page together with searchAfter",
    "L5": "the list of all custom fields holds those of custom objects too",
    "L6": "uploading into a contact's file field replaces what it held",
    "L7": "a contact's field for one file holds the file alone, not one by id",
    "L8": "the owner of an opportunity becomes the owner of its contact",
    "L9": "tags are kept in lower case",
    "L10": "a long text of more than 12,000 characters is refused",
    "L11": "refusals and pages of the proxy that pass by themselves",
    "L12": "a contact cannot be given another's phone",
    "L13": "the answer to an upload does not name the files as they were named",
    "L14": "answers without a body, or in another envelope",
    "L15": "a business id of another form is refused as no ObjectId",
    "L16": "system associations have no key; rows of records show no links",
    "L17": "reading pipelines takes a scope of its own",
    "L18": "custom object schemas can be deleted",
    "L19": "1,000 opportunities of a contact, 25 contacts of an opportunity",
    "L20": "the list of pipelines trails; deleted contacts stay in searches",
    "L21": "the list of workflows shows no trigger",
    "L22": "opt-outs given at creation are kept, by channel",
}


class Verdict(StrEnum):
    """What the probe found out."""

    HOLDS = "holds"
    NOT = "does not"
    NOT_PROBED = "not probed"


@dataclass
class Findings:
    """Verdicts by finding, each with what was seen or why it was not looked at."""

    verdicts: dict[str, tuple[Verdict, str]] = field(default_factory=dict)

    def say(self, name: str, holds: bool, seen: str) -> None:
        """Note what was seen; a finding seen before in several places holds when one shows it."""
        known = self.verdicts.get(name)
        if known is not None and known[0] is not Verdict.NOT_PROBED:
            seen = f"{known[1]}; {seen}"
            holds = holds or known[0] is Verdict.HOLDS
        self.verdicts[name] = (Verdict.HOLDS if holds else Verdict.NOT, seen)

    def skip(self, name: str, why: str) -> None:
        """Note why a finding was not looked at, unless something was seen of it."""
        if self.verdicts.get(name, (Verdict.NOT_PROBED,))[0] is Verdict.NOT_PROBED:
            self.verdicts[name] = (Verdict.NOT_PROBED, why)

    def skip_the_rest(self, why: str) -> None:
        """Give every finding nothing was said of the same reason."""
        for name in TITLES:
            self.verdicts.setdefault(name, (Verdict.NOT_PROBED, why))

    def lines(self) -> list[str]:
        """One line per finding, in order."""
        found = []
        for name, title in TITLES.items():
            verdict, seen = self.verdicts.get(name, (Verdict.NOT_PROBED, "not reached"))
            found.append(f"{name:<4}{verdict:<11}{title}\n{'':15}{seen}")
        return found
