"""What of a migration waits for a person: dead letters, conflicts, missing parents.

What belongs here: putting, listing and settling them in the journal. What does not: deciding them
(conflict_resolution.py, services/retrying.py), the rest of the journal (journal/store.py).
"""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from flitstack_pipeline.migration.group_commit import Change, GroupCommit
from flitstack_pipeline.migration.journal import tables as t

#: Why a conflict is listed though nobody has to decide it: the value was kept elsewhere.
KEPT_ASIDE = "kept aside"


class OpenMatters:
    """The part of a journal that holds open matters."""

    engine: sa.Engine
    _writer: GroupCommit

    def put_dead_letter(self, row: dict[str, Any]) -> None:
        """A record HighLevel refused, with everything needed to try it again."""
        self._writer.submit([Change("upsert", t.dead_letters, {"at": time.time(), **row})])

    def dead_letters(
        self, location: str, object_key: str | None = None, reason_class: str | None = None
    ) -> list[dict[str, Any]]:
        """The rejected records that wait."""
        c = t.dead_letters.c
        query = sa.select(t.dead_letters).where(c.location == location)
        query = query.where(c.object_key == object_key) if object_key else query
        query = query.where(c.reason_class == reason_class) if reason_class else query
        return self._rows(query.order_by(c.at, c.record_key))

    def forget_dead_letter(self, location: str, record_key: str) -> None:
        """A rejected record got through, or is no longer wanted."""
        row = {"location": location, "record_key": record_key}
        self._writer.write([Change("delete", t.dead_letters, row)])

    def put_conflict(self, row: dict[str, Any]) -> None:
        """Something a person must decide: somebody else's edit, a duplicate."""
        self._writer.submit([Change("upsert", t.conflicts, {"at": time.time(), **row})])

    def conflicts(
        self, location: str, object_key: str | None = None, *, waiting: bool = False
    ) -> list[dict[str, Any]]:
        """The open conflicts; when `waiting`, only those that a person has to decide."""
        c = t.conflicts.c
        query = sa.select(t.conflicts).where(c.location == location)
        query = query.where(c.object_key == object_key) if object_key else query
        query = query.where(c.reason != KEPT_ASIDE) if waiting else query
        return self._rows(query.order_by(c.at, c.record_key))

    def forget_conflicts(self, location: str, record_key: str) -> None:
        """A record's conflicts are settled."""
        row = {"location": location, "record_key": record_key}
        self._writer.write([Change("delete", t.conflicts, row)])

    def settle_conflict(self, location: str, record_key: str, field: str) -> None:
        """One conflict of a record is settled (durable)."""
        row = {"location": location, "record_key": record_key, "field": field}
        self._writer.write([Change("delete", t.conflicts, row)])

    def has_conflicts(self, location: str, record_key: str) -> bool:
        """Whether a record has an open conflict."""
        c = t.conflicts.c
        query = sa.select(c.field).where(c.location == location, c.record_key == record_key)
        return bool(self._rows(query.limit(1)))

    def put_missing_parent(self, row: dict[str, Any]) -> None:
        """A record whose parent is not in HighLevel."""
        self._writer.submit([Change("upsert", t.missing_parents, {"at": time.time(), **row})])

    def missing_parents(self, location: str) -> list[dict[str, Any]]:
        """Child, role and wanted parent of every missing parent."""
        c = t.missing_parents.c
        return self._rows(
            sa.select(t.missing_parents).where(c.location == location).order_by(c.record_key)
        )

    def forget_missing_parents(self, location: str, record_key: str) -> None:
        """A record's parents were found after all."""
        row = {"location": location, "record_key": record_key}
        self._writer.submit([Change("delete", t.missing_parents, row)])

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as con:
            return [dict(row) for row in con.execute(query).mappings()]
