"""What hangs on a record of ours and would go with it: the reasons to leave the record.

What belongs here: other people's notes, files, opportunities; our own records that were not asked
for. What does not: fields somebody edited (rollback/changes.py), undoing (rollback/records.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping

from flitstack_pipeline.migration.journal.history import Scope, owners_of
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Logical
from flitstack_pipeline.migration.record_types.notes import NoteHandler, as_marked
from flitstack_pipeline.migration.rollback.result import Tally
from flitstack_pipeline.migration.rollback.survey import Survey, changed_since

#: Kinds that hang on a contact and would go, or hang in the air, with it.
ON_CONTACTS = (
    "opportunity", "note", "task", "contact_file", "appointment", "conversation", "message",
)  # fmt: skip
LINKED = ("record", "opportunity", "contact")

Place = tuple[str, str]


def place_of(entry: IdMapRow) -> Place:
    """Where a record was: its kind, and its object or association where a kind has several."""
    return entry.kind, entry.target if entry.kind in ("record", "relation") else entry.kind


class Hanging:
    """Answers what hangs on a record; `deleted` are the ids that went so far, by place."""

    def __init__(
        self,
        ctx: Context,
        scope: Scope,
        seen: Survey,
        deleted: Mapping[Place, set[str]],
        tally: Tally,
    ) -> None:
        self.ctx, self.scope, self.seen, self.tally = ctx, scope, seen, tally
        self._deleted = deleted
        self._ours: dict[str, Counter[str]] = defaultdict(Counter)
        self._links: dict[str, list[IdMapRow]] | None = None
        self.kept_files: set[str] = set()

    def prepare(self, kind: str) -> None:
        """Look up, once per kind, what of ours stays and needs records of this kind."""
        if kind == "opportunity_file":
            for entry in self._staying("opportunity"):
                self.kept_files |= {f["file_id"] for f in entry.details.get("files") or []}
        elif kind == "company":
            for entry in self._staying("company_link"):
                self._ours[str(entry.details.get("company"))]["company_link"] += 1
        elif kind == "conversation":
            for entry in self._staying("message"):
                if not self.scope.holds(entry):
                    self._ours[str(entry.details.get("conversation"))]["message"] += 1
        elif kind == "contact":
            for name in ON_CONTACTS:
                for entry in self._staying(name):
                    if not self._rides(entry):
                        self._ours[str(entry.details.get("contact"))][name] += 1

    def on(self, entry: IdMapRow) -> list[str]:
        """What hangs on a record and must not go with it, in words."""
        guests = Counter(self.seen.guests.get((entry.kind, entry.hl_id), ()))
        reasons = [f"{what} ({n})" if n > 1 else what for what, n in sorted(guests.items())]
        if entry.kind in ("contact", "company", "conversation"):
            ours = sorted(self._ours.get(entry.hl_id, {}).items())
            reasons += [f"{n} {kind.replace('_', ' ')} of ours" for kind, n in ours]
        return reasons

    def strangers(
        self, entry: IdMapRow, held: Logical, forced: Callable[[IdMapRow], bool]
    ) -> list[str]:
        """Files and notes on a contact that are not ours, or no longer as we wrote them."""
        if entry.kind != "contact":
            return []
        found = []
        for label, value in held.get("custom", {}).items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                ids = [str(file.get("uuid")) for file in value]
                ours = owners_of(self.ctx.journal, self.ctx.location, "contact_file", ids)
                found += [label] if ours.keys() != set(ids) else []
        found += self.seen.guests.get(("task", entry.hl_id), [])[:1]
        return found + self._notes(entry, forced)

    def _notes(self, entry: IdMapRow, forced: Callable[[IdMapRow], bool]) -> list[str]:
        self.tally.requests()
        notes = list(NoteHandler().of_contact(self.ctx, entry.hl_id))
        ours = owners_of(self.ctx.journal, self.ctx.location, "note", [n.hl_id for n in notes])
        for note in notes:
            known = ours.get(note.hl_id)
            if not known:
                return ["a note that is not ours"]
            held = as_marked(note.logical, known[0])
            if changed_since(self.ctx, known[0], held) and not forced(known[0]):
                return ["an edited note"]
        return []

    def links_to(self, entry: IdMapRow) -> list[IdMapRow]:
        """Links of ours, outside what is undone, that end at a record about to go."""
        if self.scope.everything or entry.kind not in LINKED:
            return []
        if self._links is None:
            links: dict[str, list[IdMapRow]] = defaultdict(list)
            for link in self.ctx.journal.iterate_entries(self.ctx.location, kind="relation"):
                for end in {link.details.get("first"), link.details.get("second")}:
                    links[str(end)].append(link)
            self._links = links
        gone = self._deleted
        found = self._links.get(entry.hl_id, [])
        return [link for link in found if link.hl_id not in gone.get(place_of(link), ())]

    def _staying(self, kind: str) -> Iterator[IdMapRow]:
        contacts = self._deleted.get(("contact", "contact"), ())
        for entry in self.ctx.journal.iterate_entries(self.ctx.location, kind=kind):
            went = self._deleted.get(place_of(entry), ())
            if entry.hl_id not in went and entry.details.get("contact") not in contacts:
                yield entry

    def _rides(self, entry: IdMapRow) -> bool:
        """Whether a record is to go with its contact."""
        return HANDLERS[entry.kind].goes_with == "contact" and self.scope.holds(entry)
