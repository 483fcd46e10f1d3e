"""Adds a session of exports to a migration: copied, hashed, dated, counted.

A plan's caps make people export in sessions (docs/contractor_plus.md#plans), so many overlapping
files per module are the normal case; the same file twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.reading import manifest
from flitstack_pipeline.reading.answers import file_question
from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.folder import export_files
from flitstack_pipeline.reading.inspect import Inspection, inspect_file
from flitstack_pipeline.reading.manifest import OnScreen


@dataclass
class StageResult:
    """What was staged, what was known already, and what to look at.

    `added` and `known` are file names in the exports folder; `about` says in words what each
    added file was taken for.
    """

    session: str
    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"session {self.session}: {len(self.added)} added, {len(self.known)} known already"
        return "\n".join(
            [
                head,
                *(f"  + {name}: {self.about.get(name, '')}" for name in self.added),
                *(f"  = {name}: the same bytes are staged, nothing changed" for name in self.known),
                *(f"  # {module}: {count} on screen" for module, count in self.counts.items()),
                *(f"  ! {w}" for w in self.warnings),
            ]
        )


def stage(
    exports: Path,
    files: Iterable[Path],
    *,
    exported_at: str | None = None,
    expected_counts: Mapping[str, int] | None = None,
    workspace: str | None = None,
) -> StageResult:
    """Copy export files into `exports` and record them in the manifest.

    `expected_counts` gives the on-screen count by module (clients, invoices, …) of `workspace`.
    Raises FileNotFoundError for a missing file, ValueError for an unknown module, a time that is
    none, or files that cannot be read (each is named); then nothing is staged.
    """
    counts = {manifest.module(name): n for name, n in (expected_counts or {}).items()}
    when = manifest.iso_time(exported_at or "") or _now()
    inspected = _inspected([Path(file) for file in files])
    known = manifest.read(exports)
    by_hash = _known_hashes(exports, known.files)
    result = StageResult(session=when, counts=counts)
    for path, inspection in inspected:
        place = (manifest.sha256(path), workspace or "")
        name = by_hash.get(place)
        if name in known.files:
            result.known.append(str(name))
            continue
        name = name or _copy_in(exports, path)
        known.files[name] = manifest.Entry(name, when, workspace or "", when, place[0])
        by_hash[place] = name
        result.added.append(name)
        result.about[name] = _about(inspection)
        result.warnings += _warnings(name, inspection)
    told = _told(known.counts, counts, workspace or "", when)
    if result.added or told != known.counts:
        exports.mkdir(parents=True, exist_ok=True, mode=0o700)
        manifest.save(exports, manifest.Manifest(known.files, told))
    result.warnings += _count_warnings(counts, [i for _, i in inspected])
    return result


def _inspected(files: list[Path]) -> list[tuple[Path, Inspection]]:
    """Every file as understood; all that are refused come in one error."""
    found, refused = [], []
    for path in files:
        try:
            found.append((path, inspect_file(path)))
        except UnreadableFile as error:
            refused.append(str(error))
    if refused:
        listed = "\n  - ".join(refused)
        raise BadInput(
            f"Nothing was staged: {len(refused)} of {len(files)} files cannot be read. Mend them "
            f"or leave them out.\n  - {listed}"
        )
    return found


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _known_hashes(
    exports: Path, entries: Mapping[str, manifest.Entry]
) -> dict[tuple[str, str], str]:
    """(SHA-256, workspace) → file name of what the folder holds, files put by hand included.

    Workspaces are told apart: an empty module exports the same bytes from every one of them.
    """
    found = {(e.sha256, e.workspace): e.file for e in entries.values() if e.sha256}
    for path in export_files(exports):
        name = path.relative_to(exports).as_posix()
        if name not in entries:
            found.setdefault((manifest.sha256(path), ""), name)
    return found


def _copy_in(exports: Path, path: Path) -> str:
    """Copy a file into the folder for its owner only, under a free name; return that name."""
    target = _free_name(exports, path)
    target.touch(mode=0o600)
    shutil.copyfile(path, target)
    return target.relative_to(exports).as_posix()


def _free_name(exports: Path, path: Path) -> Path:
    """A name in the exports folder that overwrites nothing."""
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, number = exports / path.name, 2
    while target.exists():
        target = exports / f"{path.stem}_{number}{path.suffix}"
        number += 1
    return target


def _told(
    known: list[OnScreen], counts: Mapping[str, int], workspace: str, when: str
) -> list[OnScreen]:
    """The on-screen counts with those of this session; a count told again changes nothing."""
    latest = {(c.dataset, c.workspace): c for c in known}
    for dataset, count in counts.items():
        before = latest.get((dataset, workspace))
        if before is None or before.count != count:
            latest[dataset, workspace] = OnScreen(dataset, workspace, count, when)
    return list(latest.values())


def _about(inspection: Inspection) -> str:
    """One line on what a file was taken for."""
    parts = [
        f"{sheet.dataset or 'unknown'}{f' (sheet {sheet.sheet})' if sheet.sheet else ''}, "
        f"{sheet.rows} rows"
        for sheet in inspection.sheets
    ]
    return f"{'; '.join(parts)} ({inspection.encoding}, {inspection.dialect})"


def _warnings(name: str, inspection: Inspection) -> list[str]:
    found = []
    for sheet in (s for s in inspection.sheets if s.question):
        found.append(
            f"{name}: it is not certain what it holds; see `flitstack inspect {name}`, then say it "
            f"with `flitstack answer {file_question(name, sheet.sheet)!r} KIND`; it waits"
        )
    found += [f"{name}: {w}" for sheet in inspection.sheets for w in sheet.warnings]
    return found


def _count_warnings(counts: Mapping[str, int], inspected: list[Inspection]) -> list[str]:
    """Where the screen showed another number than this session's files hold."""
    rows = Counter[str]()
    for sheet in (s for inspection in inspected for s in inspection.sheets if s.dataset):
        rows[str(sheet.dataset)] += sheet.rows
    found = []
    for dataset, count in counts.items():
        if dataset not in rows:
            found.append(f"{dataset}: a count was given, but no file of this session holds it")
        elif rows[dataset] != count:
            found.append(
                f"{dataset}: {count} on screen, {rows[dataset]} rows in this session; all sessions "
                "together are compared when they are read"
            )
    return found
