"""What a delta found: new, changed, unchanged, vanished; edits people made; conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.migration.observing import Observation
from flitstack_pipeline.reports.document import Document, Section, shown, write_html, write_json


def write_delta(
    folder: Path,
    changes: Sequence[Mapping[str, Any]],
    seen: Observation,
    vanished: Sequence[Mapping[str, Any]],
    conflicts: Sequence[Mapping[str, Any]],
) -> Path:
    """Write delta.html and delta.json; return the path of the page."""
    listed = [
        {"record": c["record_key"], "field": c["field"], "last written": shown(c["last_written"]),
         "ours": shown(c["wanted"]), "theirs": shown(c["found"]), "what": c["message"]}
        for c in conflicts
    ]  # fmt: skip
    totals = {n: sum(c[n] for c in changes) for n in ("new", "changed", "unchanged", "vanished")}
    page = Document(
        "Delta",
        _verdict(totals, len(conflicts)),
        not conflicts,
        {},
        [
            Section("Conflicts", listed, "Changed on both sides; left as they are until decided.",
                    empty="No conflict."),
            Section("By object", list(changes)),
            Section("Edited in HighLevel", seen.edited,
                    "Edits of your people. They stay.", empty="Nobody edited a migrated value."),
            Section("Deleted in HighLevel", seen.deleted, "Not made again until decided.",
                    empty="Nothing was deleted."),
            Section("No longer in the exports", list(vanished), "Reported, never deleted.",
                    empty="Nothing vanished."),
            Section("Added in HighLevel", _added(seen), "Left alone.", empty="Nothing was added."),
        ],
        "What changed in Contractor+ since the last load, beside what changed in HighLevel.",
        {**totals, "conflicts": len(conflicts), "kept edits": len(seen.edited)},
    )  # fmt: skip
    facts = {"totals": totals, "by object": list(changes), "edited": seen.edited,
             "deleted": seen.deleted, "added": seen.added, "vanished": list(vanished),
             "conflicts": listed}  # fmt: skip
    write_json(facts, folder / "delta.json")
    return write_html(page, folder / "delta.html")


def _verdict(totals: Mapping[str, int], conflicts: int) -> str:
    told = f"{totals['new']:,} new and {totals['changed']:,} changed records to load."
    return f"{told} {conflicts} conflicts wait for a decision." if conflicts else told


def _added(seen: Observation) -> list[dict[str, Any]]:
    kinds: dict[str, int] = {}
    for kind in seen.added.values():
        kinds[kind] = kinds.get(kind, 0) + 1
    return [{"kind": kind.replace("_", " "), "records": n} for kind, n in sorted(kinds.items())]
