"""What a delta found and did: new, changed, unchanged, vanished; people's edits; conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.reports.document import Document, Section, shown, write_html, write_json

COUNTED = ("new", "changed", "unchanged", "vanished")


def write_delta(
    folder: Path,
    facts: Mapping[str, Any],
    conflicts: Sequence[Mapping[str, Any]],
    done: Mapping[str, int] | None = None,
) -> Path:
    """Write delta.html and delta.json; return the path of the page.

    `facts` are those of the plan (by object, edited, added, deleted, vanished), `conflicts` those
    open now; `done` is what the load did, None before it.
    """
    listed = [
        {
            "record": c["record_key"],
            "field": c["field"],
            "as we last wrote it": shown(c["last_written"]),
            "in the new export": _said(c["wanted"]),
            "in HighLevel now": _said(c["found"]),
            "what": c["message"],
        }
        for c in conflicts
    ]
    totals = {n: sum(c[n] for c in facts["by object"]) for n in COUNTED}
    stored = {**facts, "totals": totals, "conflicts": listed, "done": dict(done or {})}
    write_json(stored, folder / "delta.json")
    return write_html(_page(stored, done is not None), folder / "delta.html")


def _page(facts: Mapping[str, Any], loaded: bool) -> Document:
    conflicts, totals = facts["conflicts"], facts["totals"]
    figures = {**totals, "conflicts": len(conflicts), "kept edits": len(facts["edited"])}
    return Document(
        "Delta",
        _verdict(totals, len(conflicts), facts["done"] if loaded else None),
        not conflicts,
        facts["done"],
        [
            Section("Conflicts", conflicts, "Changed on both sides; left as they are until a "
                    "person decides in decisions/conflicts.csv.", empty="No conflict."),
            Section("By object", facts["by object"]),
            Section("Edited in HighLevel", facts["edited"],
                    "Edits of your people. They stay.", empty="Nobody edited a migrated value."),
            Section("Deleted in HighLevel", facts["deleted"], "Not made again until decided.",
                    empty="Nothing was deleted."),
            Section("No longer in the exports", facts["vanished"], "Reported, never deleted.",
                    empty="Nothing vanished."),
            Section("Added in HighLevel", facts["added"], "Left alone.",
                    empty="Nothing was added."),
        ],
        f"What changed in {SOURCE.name} since the last load, beside what changed in HighLevel.",
        figures,
    )  # fmt: skip


def _verdict(totals: Mapping[str, int], conflicts: int, done: Mapping[str, int] | None) -> str:
    if done is None:
        told = f"{totals['new']:,} new and {totals['changed']:,} changed records to load."
    else:
        told = f"{done['created']:,} records made and {done['updated']:,} changed."
    return f"{told} {conflicts} conflicts wait for a decision." if conflicts else told


def _said(value: Any) -> str:
    """A conflicting value; a whole record is not spelled out."""
    return "the whole record" if isinstance(value, dict) else shown(value)
