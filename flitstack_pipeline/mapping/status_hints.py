"""What an unknown status word may mean: a suggestion for a person, never a decision.

Whole words are compared, and a negated word suggests its opposite or nothing: `Installed` does not
sound like `stalled`, `Not completed` is not `Completed`.

Belongs here: words of status columns nobody has declared (`Parked`, `Waiting on permit`). Does
not: the declared words (`cleaning.statuses`), the map itself (`mapping.propose`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from flitstack_pipeline.catalog.statuses import label_of

NEAR = 84
#: Beginnings of words → closed words they may stand for, of any object; the first one counts that
#: the object has. Earlier lines count more.
_HINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("park hold paus wait await block delay stall suspend snooz postpon", ("on_hold",)),
    ("partial partly", ("partial",)),
    ("overdue late delinquent collections", ("overdue",)),
    ("writeoff uncollect", ("bad_debt", "void")),
    ("unpaid outstanding invoiced", ("unpaid",)),
    ("paid settled cleared", ("paid", "completed")),
    ("cancel dead abandon noshow void scrap dropped", ("cancelled", "void", "lost", "archived")),
    ("declin reject denied refus lost", ("declined", "lost", "cancelled")),
    ("expire lapsed", ("expired",)),
    ("approv accept signed won sold greenlight", ("approved", "won", "converted")),
    ("done finish complet closed wrapped", ("completed", "converted", "won")),
    ("progress working start onsite enroute underway active travel", ("in_progress",)),
    ("sched book assign dispatch plann calendar confirmed", ("scheduled", "contacted")),
    ("sent mailed submitted deliver", ("sent", "unpaid", "scheduled")),
    ("pending", ("sent", "unpaid", "new")),
    ("draft prepar estimating", ("draft", "new")),
    ("contact called follow", ("contacted",)),
    ("new open unsched request inquir enquir lead fresh todo", ("new", "draft")),
)
#: What a word means of something still to come: a job to be scheduled is new, an estimate that
#: awaits approval was sent.
_EARLIER: dict[str, tuple[str, ...]] = {
    "paid": ("unpaid",),
    "completed": ("in_progress",),
    "approved": ("sent",),
    "scheduled": ("new",),
    "in_progress": ("scheduled",),
    "sent": ("draft",),
    "contacted": ("new",),
    "won": ("estimate_sent",),
}
#: What the opposite of a closed word may be: a job not started is new, an estimate not approved
#: was declined. A word without a line here has no opposite we would suggest.
_OPPOSITES: dict[str, tuple[str, ...]] = {
    "paid": ("unpaid",),
    "completed": ("in_progress",),
    "approved": ("declined",),
    "scheduled": ("new",),
    "in_progress": ("new",),
    "sent": ("draft",),
    "contacted": ("new",),
    "won": ("lost",),
}
_JOINED = {
    "over due": "overdue", "past due": "overdue", "write off": "writeoff", "no show": "noshow",
    "written off": "writeoff", "bad debt": "writeoff", "on site": "onsite", "en route": "enroute",
    "under way": "underway", "green light": "greenlight", "to do": "todo", "on ice": "hold",
    "turned down": "declined", "part paid": "partial", "deposit paid": "partial",
    "100 %": "complete", "100%": "complete", "no longer": "nolonger", "not longer": "nolonger",
    "off hold": "resumed",
}  # fmt: skip
_NEGATIONS = frozenset(
    {"not", "no", "non", "never", "without", "isnt", "wasnt", "hasnt", "cannot", "cant", "didnt"}
)  # fmt: skip
#: What stands before something that is still to come, or not quite there.
_TO_COME = frozenset(
    {"yet", "needs", "need", "requires", "require", "be", "ready", "awaiting", "waiting", "pending",
     "almost", "nearly", "half", "before", "until"}
)  # fmt: skip
_NOT, _LATER, _OVER = "not ", "still to be ", "no longer "
#: What stands before a word → what the closed word becomes.
_TURNED: dict[str, dict[str, tuple[str, ...]]] = {_NOT: _OPPOSITES, _LATER: _EARLIER, _OVER: {}}
#: `incomplete`, `disapproved`, but not `installed` or `inspected`: only before these beginnings.
_STEMS = (
    "complet|finish|approv|accept|signed|confirm|assign|deliver|sent|settled|sold|start|book|open|"
    "clear|done|closed|contact"
)
_NEGATED = re.compile(f"^(?:un|in|dis|non)(?={_STEMS})")
#: What turns a word around or begins it anew, where the closed word does not begin so.
_PREFIX = re.compile("un|in|dis|non|re")
#: A negation that a hyphen or a blank cuts off: `Un-scheduled`, `Dis approved`.
_CUT_OFF = re.compile(rf"\b(un|in|dis|non) (?=(?:{_STEMS}|sched|paid|collect)\w*)")


def suggested(word: str, closed: Sequence[str]) -> tuple[str, str]:
    """The closed word a status may mean, and why.

    Args:
        word: The status as the export writes it.
        closed: The closed vocabulary of the object (`catalog.clean`).

    Returns:
        (closed word, reason); two empty strings when nothing comes near.
    """
    words = _words(word)
    said = list(_read(words))
    for stems, meanings in _HINTS:
        for text, before in said:
            if any(text.startswith(stem) for stem in stems.split()):
                meant = _meant(meanings, closed, before)
                if meant or before in (_NOT, _OVER):
                    heard = f"{before}{text!r} sounds like {label_of(meant)!r}"
                    return meant, heard if meant else ""
    return ("", "") if any(before for _, before in said) else _nearest(" ".join(words), closed)


def _words(word: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", word)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    plain = re.sub(r"[^a-z0-9%]+", " ", plain.replace("'", "").replace("’", "")).strip()
    for apart, joined in _JOINED.items():
        plain = re.sub(rf"(?<![a-z0-9]){re.escape(apart)}(?![a-z0-9])", joined, plain)
    return _CUT_OFF.sub(r"\1", plain).split()


def _read(words: list[str]) -> Iterator[tuple[str, str]]:
    """Every word that says something, with what turns it: `not approved`, `incomplete`."""
    before = ""
    for word in words:
        if word in _NEGATIONS or word == "nolonger":
            before = _NOT if word in _NEGATIONS else _OVER
            continue
        inner = _NEGATED.sub("", word)
        yield inner, _NOT if inner != word else before
        if word in _TO_COME:
            before = _LATER


def _meant(meanings: Sequence[str], closed: Sequence[str], before: str) -> str:
    """The first meaning the object has, turned by what stands before the word."""
    if before:
        meanings = [o for m in meanings for o in _TURNED[before].get(m, ())]
    return next((m for m in meanings if m in closed), "")


def _nearest(text: str, closed: Sequence[str]) -> tuple[str, str]:
    prefix = _PREFIX.match(text)
    labels = {known: label_of(known) for known in closed}
    spelled = {
        known: fuzz.ratio(text, label.casefold())
        for known, label in labels.items()
        if not prefix or label.casefold().startswith(prefix[0])
    }
    nearest = max(spelled, key=lambda known: spelled[known], default="")
    if nearest and spelled[nearest] >= NEAR:
        return nearest, f"written like {labels[nearest]!r}"
    return "", ""
