"""Opt-outs that stayed when their record was given back: remembered, and lifted when a person says.

What belongs here: keeping which they are once the id map has forgotten the record, and lifting
those that are named. What does not: whether one stays (rollback/changes.py).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flitstack_pipeline.migration.existing import OPT_OUT
from flitstack_pipeline.migration.journal.store import IdMapRow, Journal
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.rollback.changes import Restoration

if TYPE_CHECKING:
    from flitstack_pipeline.migration.rollback.records import Undo

_lock = threading.Lock()
_KEPT = ("location", "record_key", "source_key", "object_key", "kind", "target", "hl_id", "origin")


def remember_left(journal: Journal, entry: IdMapRow, names: Sequence[str]) -> None:
    """Keep the opt-outs of a record that the id map is about to forget."""
    with _lock:
        left = _left(journal, entry.location)
        left[entry.record_key] = {k: asdict(entry)[k] for k in _KEPT} | {"names": sorted(names)}
        journal.set_setting(_setting(entry.location), left)


def lift_left(undo: Undo, stays: str) -> None:
    """Lift the opt-outs of earlier rollbacks that are named now; tell of those that stay.

    Args:
        undo: the rollback under way.
        stays: what to say of one that is not named.
    """
    journal, location = undo.ctx.journal, undo.ctx.location
    for key, kept in _left(journal, location).items():
        entry = _entry(kept)
        if journal.entry(location, key) is not None or not undo.scope.holds(entry):
            continue
        parts = [(OPT_OUT, name) for name in kept["names"]]
        named = [part for part in parts if undo.forced_field(entry, part)]
        rest = [part[1] for part in parts if part not in named]
        if rest:
            undo.tally.note(entry, "stays", stays, rest)
        if named:
            _lift(undo, entry, named, rest)


def _lift(undo: Undo, entry: IdMapRow, named: list[tuple[str, str]], rest: list[str]) -> None:
    current = HANDLERS[entry.kind].read(undo.ctx, entry)
    undo.tally.requests()
    held = (current or {}).get("dnd") or {}
    clear: dict[Any, Any] = {part: True for part in named if part[1] in held}
    if undo.dry_run:
        undo.tally.note(entry, "restored", "as it was before us", sorted(p[1] for p in clear))
        return
    if current is not None and clear:
        undo.give_back(entry, Restoration(clear=clear, goal=dict.fromkeys(clear)), current)
    with _lock:
        left = _left(undo.ctx.journal, entry.location)
        if rest:
            left[entry.record_key]["names"] = rest
        else:
            left.pop(entry.record_key, None)
        undo.ctx.journal.set_setting(_setting(entry.location), left)


def _entry(kept: dict[str, Any]) -> IdMapRow:
    """The record as the id map had it, as far as a rollback needs it."""
    known = {name: str(kept[name]) for name in _KEPT}
    return IdMapRow(
        **known, payload_hash="", last_written={}, before_image=None, details={}, run_id="",
        sequence="", written_at=0.0,
    )  # fmt: skip


def _left(journal: Journal, location: str) -> dict[str, Any]:
    return dict(journal.get_setting(_setting(location)) or {})


def _setting(location: str) -> str:
    return f"opt_outs_left:{location}"
