"""Compares everything HighLevel holds with everything that was meant: fields, links, extras.

Read back page by page; keyed by HighLevel id through the id map, never by position. The sample's
verification is the same comparison over fewer records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flitstack_pipeline.migration.compare import FieldDiff, Verdict, compare_record, flatten
from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.kinds.base import Found
from flitstack_pipeline.migration.rows import MappedRow

DIFFS_KEPT = 5_000
UNMATCHED_OWNER = "the team member has no HighLevel user"


@dataclass
class Reconciliation:
    """What was compared and what does not agree."""

    by_object: dict[str, dict[str, int]] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    diffs: list[FieldDiff] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    extra: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Reconciliation) -> None:
        """Take in what was compared elsewhere, in another sub-account."""
        for key, counts in other.by_object.items():
            mine = self.by_object.setdefault(key, {})
            for name, count in counts.items():
                mine[name] = mine.get(name, 0) + count
        for verdict, count in other.verdicts.items():
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + count
        self.diffs += other.diffs[: DIFFS_KEPT - len(self.diffs)]
        self.missing += other.missing
        self.extra += other.extra

    @property
    def problems(self) -> list[str]:
        """What must be looked at, worst first."""
        found = [f"{m['record_key']} is not in HighLevel: {m['why']}" for m in self.missing]
        found += [
            f"{e['kind']} {e['hl_id']} is in HighLevel but nobody planned it" for e in self.extra
        ]
        bad = (Verdict.DIFFERENT, Verdict.MISSING)
        found += [
            f"{d.record_key}, {d.field}: meant {d.expected!r}, found {d.found!r}"
            for d in self.diffs
            if d.verdict in bad
        ]
        return found


def reconcile(
    journal: Journal,
    location: str,
    rows: Iterable[MappedRow],
    found: Iterable[Found],
    users: Mapping[str, str],
) -> Reconciliation:
    """Compare mapped rows with what was read back.

    `rows` is every record that should exist; `found` every record HighLevel holds of their kinds;
    `users` the matched team members: an owner nobody matched is expected to be empty, and counted
    as changed by that rule.
    """
    result = Reconciliation()
    held = {(f.kind, f.hl_id): f for f in found}
    unseen = {k for k, f in held.items() if f.source_id}
    for row in rows:
        counts = result.by_object.setdefault(
            row.object_key, {"planned": 0, "verified": 0, "wrong": 0}
        )
        counts["planned"] += 1
        entry = journal.entry(location, row.record_key)
        if entry is None:
            result.missing.append({"record_key": row.record_key, "why": "it was never written"})
            counts["wrong"] += 1
            continue
        unseen.discard((row.kind, entry.hl_id))
        good = _compare(result, row, held.get((row.kind, entry.hl_id)), users)
        counts["verified" if good else "wrong"] += 1
    result.extra = [
        {"kind": kind, "hl_id": hl_id, "source_id": held[kind, hl_id].source_id}
        for kind, hl_id in sorted(unseen)
    ]
    return result


def _compare(
    result: Reconciliation, row: MappedRow, found: Found | None, users: Mapping[str, str]
) -> bool:
    if found is None:
        result.missing.append({"record_key": row.record_key, "why": "its id is not there any more"})
        return False
    actual = flatten(dict(found.logical))
    good = True
    for diff in compare_record(row.record_key, flatten(row.payload), actual):
        if diff.field == "owner" and diff.expected not in users and not diff.found:
            diff = replace(diff, verdict=Verdict.BY_RULE, rule=UNMATCHED_OWNER)
        result.verdicts[diff.verdict] = result.verdicts.get(diff.verdict, 0) + 1
        if diff.verdict in (Verdict.DIFFERENT, Verdict.MISSING):
            good = False
        if diff.verdict != Verdict.SAME and len(result.diffs) < DIFFS_KEPT:
            result.diffs.append(diff)
    return good
