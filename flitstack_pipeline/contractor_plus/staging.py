"""Adds a session of exports to a migration: copied, hashed, dated, counted.

A plan's caps make people export in sessions (contractor_plus.md §3), so many overlapping files
per module are the normal case; the same file twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from flitstack_pipeline.contractor_plus import manifest
from flitstack_pipeline.contractor_plus.ingest import CAP_SIZES
from flitstack_pipeline.contractor_plus.inspect import inspect_file


@dataclass
class StageResult:
    """What was staged, what was known already, and what to look at."""

    session: str
    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"session {self.session}: {len(self.added)} added, {len(self.known)} known already"
        ]
        return "\n".join([*lines, *(f"  ! {w}" for w in self.warnings)])


def stage(
    exports: Path,
    files: Iterable[Path],
    *,
    exported_at: str | None = None,
    expected_counts: Mapping[str, int] | None = None,
    workspace: str | None = None,
) -> StageResult:
    """Copy export files into `exports` and record them in the manifest.

    `expected_counts` gives the on-screen count by dataset (clients, invoices, …). Raises
    FileNotFoundError for a missing file and UnreadableFile for one that cannot be read; then
    nothing is staged.
    """
    paths = [Path(f) for f in files]
    inspected = [(path, inspect_file(path)) for path in paths]
    entries = manifest.load(exports)
    by_hash = {e.sha256: e for e in entries.values() if e.sha256}
    when = exported_at or dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    result = StageResult(session=when)
    counts = dict(expected_counts or {})
    for path, inspection in inspected:
        digest = manifest.sha256(path)
        if digest in by_hash:
            result.known.append(path.name)
            continue
        target = _free_name(exports, path)
        shutil.copyfile(path, target)
        target.chmod(0o600)
        name = target.relative_to(exports).as_posix()
        expected = counts.get(inspection.dataset or "")
        entry = manifest.Entry(name, when, workspace or "", when, digest, expected)
        entries[name] = by_hash[digest] = entry
        result.added.append(name)
        result.warnings += _warnings(name, inspection.rows, inspection.dataset, expected)
    if result.added:
        manifest.save(exports, entries)
    return result


def set_expected(exports: Path, file: str, count: int) -> None:
    """Record the on-screen count of a staged file. Raises KeyError for an unknown file."""
    entries = manifest.load(exports)
    entries[file] = replace(entries[file], expected_count=count)
    manifest.save(exports, entries)


def _free_name(exports: Path, path: Path) -> Path:
    """A name in the exports folder that overwrites nothing."""
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, number = exports / path.name, 2
    while target.exists():
        target = exports / f"{path.stem}_{number}{path.suffix}"
        number += 1
    return target


def _warnings(name: str, rows: int, dataset: str | None, expected: int | None) -> list[str]:
    found = []
    if dataset is None:
        found.append(f"{name}: nobody can tell what it holds; see `flitstack inspect {name}`")
    if rows in CAP_SIZES:
        found.append(f"{name}: exactly {rows} rows, perhaps cut at a cap; compare the screen")
    if expected is not None and rows != expected:
        found.append(f"{name}: {rows} rows, but {expected} on screen")
    return found
