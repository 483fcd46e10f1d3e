"""The map document `map.yaml`: what a person reads, edits, confirms and keeps in git.

Belongs here: its shape, reading, writing, fingerprint, confirmation. Does not: how entries are
proposed (`mapping.propose`) or applied (`mapping.build`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.catalog.targets import OPPORTUNITY_STATUSES, PARENTS, STAGES
from flitstack_pipeline.errors import BadInput

PROPOSED, CONFIRMED, EXCLUDED = "proposed", "confirmed", "excluded"
DECISIONS = (PROPOSED, CONFIRMED, EXCLUDED)
#: An entry below it is doubtful: a person should look at it.
SURE = 0.95
ESTIMATE_LINES = ("records", "compact")
DUPLICATE_POLICIES = ("match", "create", "ask")
#: What may be written to a record that was there before and is used (`match`).
EXISTING_POLICIES = ("fill", "overwrite", "ask")
#: What to do with a record whose parent is not in HighLevel: let it wait as a dead letter, make a
#: placeholder contact, or stop the run. A link is named by the child's object and the parent.
LINK_POLICIES = (SKIP, STUB, STOP) = ("skip", "stub", "stop")
LINKS = (
    "jobs.contact", "estimates.opportunity", "invoices.contact", "invoices.opportunity",
    *(f"{o.key}.{PARENTS[p][0]}" for o in PLAIN.values() for p in o.parents if p != "clients"),
    "attachments.contact", "activities.contact",
)  # fmt: skip
#: What an activity can become, by its kind; a note is always possible. Messages and appointments
#: keep their own time, and need a conversation provider and a calendar in the sub-account.
NOTE, MESSAGE, APPOINTMENT = "note", "message", "appointment"
ACTIVITY_FORMS = {
    "call": (NOTE, MESSAGE), "sms": (NOTE, MESSAGE), "email": (NOTE, MESSAGE),
    "meeting": (NOTE, APPOINTMENT),
}  # fmt: skip
DEFAULT_LOCATION = "main"


class MapError(BadInput):
    """map.yaml says something that cannot be followed; the message lists everything wrong."""


@dataclass
class Decision:
    """What every entry of the map carries: how sure we are, why, and what a person decided."""

    confidence: float = 1.0
    evidence: str = ""
    status: str = PROPOSED
    changed: str = ""
    decided_by: str = ""

    def confirm(self, name: str) -> None:
        """Confirm the entry in `name`, unless it was decided already."""
        if self.status == PROPOSED:
            self.status, self.decided_by, self.changed = CONFIRMED, name, ""


@dataclass
class FieldEntry(Decision):
    """One source field → one target field."""

    dataset: str = ""
    source: str = ""
    target: str = ""
    field: str = ""
    data_type: str = ""
    transform: str = "text"
    options: list[str] = dataclasses.field(default_factory=list)
    required: bool = True
    alternatives: list[str] = dataclasses.field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes an entry the same entry when the map is proposed again.

        A custom column has one entry, and one more for its moments; a standard column may feed
        several fields.
        """
        if self.is_custom_column and self.transform == "moment":
            return (self.dataset, self.source, self.transform, "")
        if self.is_custom_column:
            return (self.dataset, self.source, "", "")
        return (self.dataset, self.source, self.target, self.field)

    @property
    def is_custom_column(self) -> bool:
        """Whether the source is a custom field (`custom:Header`)."""
        return self.source.startswith("custom:")

    @property
    def active(self) -> bool:
        """Whether its values are moved."""
        return self.status != EXCLUDED

    @property
    def label(self) -> str:
        """How reports name the entry."""
        return f"{self.dataset}.{self.source} → {self.target}.{self.field}"


@dataclass
class ValueMap(Decision):
    """Source words of one field → option labels; `hints` says why a word goes where it does.

    `open` lists status words that nobody declared and no person named yet: each waits by itself,
    and confirming the rest of the map leaves it open.
    """

    map: dict[str, str] = dataclasses.field(default_factory=dict)
    hints: dict[str, str] = dataclasses.field(default_factory=dict)
    open: list[str] = dataclasses.field(default_factory=list)
    named: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclass
class StageMap(Decision):
    """Source statuses → pipeline stage and opportunity status; both empty: nobody knows yet.

    `open` as in `ValueMap`; `named` says who named which word.
    """

    map: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    hints: dict[str, str] = dataclasses.field(default_factory=dict)
    open: list[str] = dataclasses.field(default_factory=list)
    named: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclass
class OwnerEntry(Decision):
    """One Contractor+ team member → a HighLevel user, named by e-mail."""

    name: str = ""
    email: str = ""
    user: str = ""


@dataclass
class Routing:
    """Which sub-account a record goes to: first matching rule by a client's value, else default."""

    default: str = DEFAULT_LOCATION
    rules: list[dict[str, str]] = dataclasses.field(default_factory=list)

    @property
    def locations(self) -> list[str]:
        """Every location alias in use, the default first."""
        return list(dict.fromkeys([self.default, *(r["location"] for r in self.rules)]))


@dataclass
class MapDocument:
    """The whole map of one migration."""

    fields: list[FieldEntry] = dataclasses.field(default_factory=list)
    values: dict[str, ValueMap] = dataclasses.field(default_factory=dict)
    stages: dict[str, StageMap] = dataclasses.field(default_factory=dict)
    pipeline: list[str] = dataclasses.field(default_factory=lambda: list(STAGES))
    owners: dict[str, OwnerEntry] = dataclasses.field(default_factory=dict)
    fallback_owner: str = ""
    duplicates: str = "match"
    existing: str = "fill"
    estimate_lines: str = "records"
    links: dict[str, str] = dataclasses.field(default_factory=lambda: dict.fromkeys(LINKS, SKIP))
    activities: dict[str, str] = dataclasses.field(
        default_factory=lambda: dict.fromkeys(ACTIVITY_FORMS, NOTE)
    )
    routing: Routing = dataclasses.field(default_factory=Routing)
    answers: dict[str, str] = dataclasses.field(default_factory=dict)
    confirmations: list[dict[str, str]] = dataclasses.field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> MapDocument:
        """Read map.yaml. Raises MapError naming everything that is wrong with it."""
        from flitstack_pipeline.mapping.yaml_form import read_document

        return read_document(path)

    def save(self, path: Path) -> None:
        """Write map.yaml with its comments, whole or not at all, readable by its owner only."""
        from flitstack_pipeline.mapping.yaml_form import write_document

        write_document(self, path)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the map decides: not of its bytes, comments, evidence or order."""
        text = json.dumps(_decided(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def decisions(self) -> Iterator[tuple[str, Decision]]:
        """Every entry with the name reports give it."""
        for entry in self.fields:
            yield entry.label, entry
        for name, values in self.values.items():
            yield f"values of {name}", values
        for name, stages in self.stages.items():
            yield f"stages of {name}", stages
        for key, owner in self.owners.items():
            yield f"owner {owner.name or key}", owner

    def native_activities(self) -> dict[str, str]:
        """The kinds of activity that become something else than notes, with what they become."""
        return {kind: form for kind, form in sorted(self.activities.items()) if form != NOTE}

    def unconfirmed(self) -> list[str]:
        """Names of the required entries nobody confirmed, and of values without a target."""
        names = [
            name
            for name, entry in self.decisions()
            if entry.status == PROPOSED and getattr(entry, "required", True)
        ]
        names += [f"{name}: {word!r} has no target" for name, word in self.gaps()]
        return names + [f"{name}: {said}" for name, said in self.open_words()]

    def open_words(self) -> Iterator[tuple[str, str]]:
        """Status words that a person must name: (value or stage map, the word and its hint)."""
        maps: list[tuple[str, str, ValueMap | StageMap]] = [
            *((f"values of {name}", name, values) for name, values in self.values.items()),
            *((f"stages of {name}", name, stages) for name, stages in self.stages.items()),
        ]
        for shown, name, entry in maps:
            for word in entry.open:
                hint = entry.hints.get(word, "nobody knows this word")
                how = f'flitstack map confirm NAME --word "{name.split(".")[0]}: {word}"'
                yield shown, f"{word!r} is a status nobody declared ({hint}). Name it: {how}"

    def name_word(self, dataset: str, word: str, by: str, goal: str = "") -> None:
        """Settle one status word in a person's name.

        Args:
            dataset: The kind of export whose status it is (`jobs`, `estimates`, …).
            word: The status as the map writes it, in any case.
            by: Who names it.
            goal: Where it goes when the proposal is wrong: `STAGE` or `STAGE, STATUS` for jobs,
                estimates and invoices, an option for the others.

        Raises:
            MapError: The map has no such word, or no such stage or status.
        """
        if not by.strip():
            raise MapError("A confirmation needs the name of the person who confirms.")
        maps: list[ValueMap | StageMap] = [
            *(v for n, v in self.values.items() if n.split(".")[0] == dataset and v.open),
            *(s for n, s in self.stages.items() if n == dataset),
        ]
        spelled = [(m, w) for m in maps for w in m.map if w.casefold() == word.strip().casefold()]
        if not spelled:
            raise MapError(
                f"The map has no status {word!r} of {dataset}; see `flitstack map check`."
            )
        staged = any(isinstance(entry, StageMap) for entry, _ in spelled)
        for entry, known in spelled:
            if goal and isinstance(entry, StageMap):
                entry.map[known] = self._stage_goal(goal)
            elif goal and isinstance(entry, ValueMap) and not staged:
                entry.map[known] = goal.strip()
            entry.open = [w for w in entry.open if w != known]
            entry.named[known] = by.strip()

    def _stage_goal(self, goal: str) -> dict[str, str]:
        stage, _, status = (part.strip() for part in goal.partition(","))
        known = {name.casefold(): name for name in self.pipeline}
        status = status.casefold() or "open"
        if stage.casefold() not in known or status not in OPPORTUNITY_STATUSES:
            raise MapError(
                f"{goal!r} is no stage and status: write one of {', '.join(self.pipeline)}, "
                f"a comma, and one of {', '.join(OPPORTUNITY_STATUSES)}."
            )
        return {"stage": known[stage.casefold()], "status": status}

    def gaps(self) -> Iterator[tuple[str, str]]:
        """(value or stage map as reports name it, source word) pairs that lead nowhere."""
        for name, values in self.values.items():
            yield from ((f"values of {name}", word) for word, x in values.map.items() if not x)
        for name, stages in self.stages.items():
            yield from (
                (f"stages of {name}", word)
                for word, goal in stages.map.items()
                if not goal.get("stage")
            )

    def confirm_all(self, name: str, above: float = 0.0) -> int:
        """Confirm every open entry at or above a confidence, in `name`; how many it was.

        Status words that nobody declared stay open: each is named by itself (`name_word`).

        Raises MapError when no name is given: a confirmation without a person is none.
        """
        if not name.strip():
            raise MapError("A confirmation needs the name of the person who confirms.")
        opened = [e for _, e in self.decisions() if e.status == PROPOSED and e.confidence >= above]
        for entry in opened:
            entry.confirm(name.strip())
        self.note_confirmation(name.strip(), len(opened))
        return len(opened)

    def note_confirmation(self, name: str, entries: int) -> None:
        """Write down who confirmed how many entries, and when."""
        if entries:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            self.confirmations.append({"name": name, "when": when, "entries": str(entries)})

    def entries(self, dataset: str, target: str | None = None) -> list[FieldEntry]:
        """The active entries of a dataset, for one target or all."""
        return [
            e
            for e in self.fields
            if e.dataset == dataset and e.active and target in (None, e.target)
        ]


def _decided(document: MapDocument) -> dict[str, Any]:
    """The decisions alone, in a form whose order does not matter."""
    fields = [
        [
            e.dataset,
            e.source,
            e.target,
            e.field,
            e.data_type,
            e.transform,
            sorted(e.options),
            e.status,
        ]
        for e in document.fields
    ]
    return {
        "fields": sorted(fields, key=str),
        "values": {k: [v.map, v.status] for k, v in document.values.items()},
        "stages": {k: [v.map, v.status] for k, v in document.stages.items()},
        **({"pipeline": document.pipeline} if document.pipeline != list(STAGES) else {}),
        "owners": {k: [o.user, o.status] for k, o in document.owners.items()},
        "fallback_owner": document.fallback_owner,
        "duplicates": document.duplicates,
        **({"existing": document.existing} if document.existing != "fill" else {}),
        "estimate_lines": document.estimate_lines,
        "links": sorted(link for link in document.links.items() if link[1] != SKIP),
        "routing": [document.routing.default, document.routing.rules],
        **({"activities": native} if (native := document.native_activities()) else {}),
        **({"answers": document.answers} if document.answers else {}),
    }
