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
from flitstack_pipeline.contractor_plus.inspect import Inspection, inspect_file
from flitstack_pipeline.contractor_plus.lines import is_cap


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
    FileNotFoundError for a missing file, UnreadableFile for one that cannot be read, ValueError
    for an unknown dataset or a time that is none; then nothing is staged.
    """
    counts = dict(expected_counts or {})
    for key in counts:
        manifest.known_dataset(key)
    when = manifest.iso_time(exported_at or "") or _now()
    inspected = [(path, inspect_file(path)) for path in map(Path, files)]
    entries = manifest.load(exports)
    by_hash = _known_hashes(exports, entries)
    result = StageResult(session=when)
    for path, inspection in inspected:
        digest = manifest.sha256(path)
        known = by_hash.get(digest)
        if known in entries:
            result.known.append(path.name)
            continue
        name = known or _copy_in(exports, path)
        expected = _expected(inspection, counts)
        entry = manifest.Entry(name, when, workspace or "", when, digest, expected)
        entries[name], by_hash[digest] = entry, name
        result.added.append(name)
        result.warnings += _warnings(name, inspection, expected)
    if result.added:
        manifest.save(exports, entries)
    result.warnings += _unused_counts(counts, inspected)
    return result


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _known_hashes(exports: Path, entries: Mapping[str, manifest.Entry]) -> dict[str, str]:
    """SHA-256 → file name of what the folder holds, files put there by hand included."""
    found = {e.sha256: e.file for e in entries.values() if e.sha256}
    for path in manifest.export_files(exports):
        found.setdefault(manifest.sha256(path), path.relative_to(exports).as_posix())
    return found


def _copy_in(exports: Path, path: Path) -> str:
    """Copy a file into the folder for its owner only, under a free name; return that name."""
    target = _free_name(exports, path)
    target.touch(mode=0o600)
    shutil.copyfile(path, target)
    return target.relative_to(exports).as_posix()


def _expected(inspection: Inspection, counts: Mapping[str, int]) -> int | None:
    """The on-screen count of a file: the sum over the kinds of export it holds."""
    found = {s.dataset for s in inspection.sheets if s.dataset in counts}
    return sum(counts[d] for d in found if d) if found else None


def _unused_counts(
    counts: Mapping[str, int], inspected: list[tuple[Path, Inspection]]
) -> list[str]:
    held = {s.dataset for _, inspection in inspected for s in inspection.sheets}
    unused = [key for key in counts if key not in held]
    return [f"{key}: a count was given, but no file of this session holds it" for key in unused]


def set_expected(exports: Path, file: str, count: int) -> None:
    """Record the on-screen count of a staged file. Raises KeyError for an unknown file."""
    entries = manifest.load(exports)
    entries[file] = replace(entries[file], expected_count=count)
    manifest.save(exports, entries)


def set_dataset(exports: Path, file: str, dataset: str) -> None:
    """Record a person's answer to what a file holds; "" takes it back.

    Raises KeyError for an unknown file and ValueError for an unknown dataset.
    """
    entries = manifest.load(exports)
    known = entries.get(file)
    if known is None:
        if not (exports / file).is_file():
            raise KeyError(f"{file} is not in {exports}")
        known = manifest.Entry(file)
    entries[file] = replace(known, dataset=manifest.known_dataset(dataset))
    manifest.save(exports, entries)


def _free_name(exports: Path, path: Path) -> Path:
    """A name in the exports folder that overwrites nothing."""
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, number = exports / path.name, 2
    while target.exists():
        target = exports / f"{path.stem}_{number}{path.suffix}"
        number += 1
    return target


def _warnings(name: str, inspection: Inspection, expected: int | None) -> list[str]:
    rows = inspection.rows
    found = []
    if inspection.dataset is None:
        found.append(f"{name}: nobody can tell what it holds; see `flitstack inspect {name}`")
    if is_cap(rows):
        found.append(f"{name}: exactly {rows} rows, perhaps cut at a cap; compare the screen")
    if expected is not None and rows != expected:
        found.append(f"{name}: {rows} rows, but {expected} on screen")
    return found
