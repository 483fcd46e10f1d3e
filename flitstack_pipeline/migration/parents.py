"""Parents of rows: their HighLevel ids, and what happens when one is not there.

What belongs here: looking parents up in the id map, the policies skip, stub and stop. What does
not: sending. A missing parent is reported with child, role and wanted parent.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.base import Context, Item
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL, MappedRow
from flitstack_pipeline.migration.sending import RunStopped, Sender

STUB_HASH = "stub"


class StopOnMissingParent(RunStopped):
    """The map says that a missing parent stops the run."""


class ParentFinder:
    """The parents of one chunk of rows, read from the id map at once."""

    def __init__(self, ctx: Context, sender: Sender, rows: list[MappedRow]) -> None:
        self.ctx, self.sender = ctx, sender
        wanted = {p["record_key"] for row in rows for p in row.parents}
        wanted |= {key for row in rows for key in row.payload.get("files", ())}
        self.entries: dict[str, IdMapRow] = ctx.journal.entries(ctx.location, wanted)

    def item(self, row: MappedRow, *, is_there: bool = False) -> Item | None:
        """The row with its parents' ids, or None when it must wait for a missing one.

        A record to be made waits for a file whose upload got no answer, too: it could not be added
        later. `is_there` when the record is in HighLevel. Raises StopOnMissingParent.
        """
        parents: dict[str, str] = {}
        missing: list[dict[str, Any]] = []
        for parent in row.parents:
            entry = self.entries.get(parent["record_key"])
            if entry is None and self._policy(row, parent) == "stub":
                entry = self._stub(parent)
            if entry is None:
                missing.append(parent)
            else:
                parents[parent["role"]] = entry.hl_id
        files = self._files(row)
        item = Item(row, parents, files)
        if not missing and not is_there and (waits_for := self._unanswered(row)):
            names = ", ".join(waits_for)
            self.sender.count("missing_parents")
            self.sender.dead_letter(item, "missing_parent", f"not uploaded yet: {names}")
            self.sender.count("rejected", -1)
            return None
        if not missing:
            if len(files) == len(row.payload.get("files", ())):
                self.ctx.journal.forget_missing_parents(self.ctx.location, row.record_key)
            return item
        for parent in missing:
            self._report(row, parent["role"], parent["record_key"], self._policy(row, parent))
        names = ", ".join(f"{p['role']} {p['record_key']}" for p in missing)
        if any(self._policy(row, parent) == "stop" for parent in missing):
            self.ctx.journal.flush()
            raise StopOnMissingParent(
                f"{row.record_key} needs {names}, which is not in HighLevel; the map says that "
                "this stops the run. Load the parent first, or choose skip or stub under `links`."
            )
        self.sender.count("missing_parents")
        self.sender.dead_letter(item, "missing_parent", f"not in HighLevel: {names}")
        self.sender.count("rejected", -1)
        return None

    def _policy(self, row: MappedRow, parent: dict[str, Any]) -> str:
        """skip, stub or stop: the row's own, else what the map says of this link."""
        kind = str(parent["record_key"]).partition(":")[0]
        link = f"{row.object_key or self.ctx.run.object_key}.{kind}"
        return str(parent.get("policy") or self.ctx.options.links.get(link, "skip"))

    def _files(self, row: MappedRow) -> list[dict[str, Any]]:
        files = []
        for key in row.payload.get("files", ()):
            if key in self.entries:
                files.append(self.entries[key].details)
            else:
                self._report(row, "file", key, "skip")
        return files

    def _unanswered(self, row: MappedRow) -> list[str]:
        """The files of a row whose upload may still succeed."""
        left = [key for key in row.payload.get("files", ()) if key not in self.entries]
        if not left:
            return []
        return sorted(self._without_answer.intersection(left))

    @cached_property
    def _without_answer(self) -> set[str]:
        """What was sent and got no answer, before these rows: asked of the journal once."""
        self.ctx.journal.flush()
        letters = self.ctx.journal.dead_letters(self.ctx.location, reason_class="unknown")
        return {letter["record_key"] for letter in letters}

    def _stub(self, parent: dict[str, Any]) -> IdMapRow | None:
        """A placeholder contact, when the map asks for one; the real row replaces its values."""
        key = str(parent["record_key"])
        if not key.startswith("contact:"):
            return None
        source_key = key.split(":", 1)[1]
        payload = {
            "fields": {"firstName": "Missing", "lastName": source_key.rsplit("/", 1)[-1]},
            "custom": {SOURCE_ID_LABEL: source_key},
        }
        row = MappedRow(key, source_key, "contact", "contact", payload, STUB_HASH)
        self.sender.send([Item(row)])
        self.ctx.journal.flush()
        entry = self.ctx.journal.entry(self.ctx.location, key)
        if entry is not None:
            self.entries[key] = entry
        return entry

    def _report(self, row: MappedRow, role: str, parent_key: str, policy: str) -> None:
        self.ctx.journal.put_missing_parent(
            {
                "location": self.ctx.location,
                "record_key": row.record_key,
                "role": role,
                "parent_key": parent_key,
                "object_key": row.object_key or self.ctx.run.object_key,
                "policy": policy,
                "run_id": self.ctx.run.id,
            }
        )
