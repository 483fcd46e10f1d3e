"""`export_manifest.json`: what is known of each staged file besides its bytes.

One entry per file: session, workspace, export time, SHA-256. One entry per module that a person
looked at on the screen of the source: how many records it showed (`expected_counts`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.other_kinds import KINDS
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.reading.folder import MANIFEST as NAME
from flitstack_pipeline.reading.folder import problem_of


@dataclass(frozen=True)
class Entry:
    """What is known of one staged file. Times are ISO 8601, naive times mean UTC.

    `expected_count` is the on-screen count of the file's module, where it was noted per file.
    `dataset` is a person's answer to what the file holds, "" when its columns say it.
    """

    file: str
    session: str = ""
    workspace: str = ""
    exported_at: str = ""
    sha256: str = ""
    expected_count: int | None = None
    dataset: str = ""


@dataclass(frozen=True)
class OnScreen:
    """How many records a module showed on screen, in one workspace ("" for the whole account)."""

    dataset: str
    workspace: str
    count: int
    told_at: str = ""


@dataclass
class Manifest:
    """The whole manifest: files by name relative to the exports folder, and on-screen counts."""

    files: dict[str, Entry] = field(default_factory=dict)
    counts: list[OnScreen] = field(default_factory=list)


def load(exports: Path) -> dict[str, Entry]:
    """The entries of the manifest's files (see `read`)."""
    return read(exports).files


def read(exports: Path) -> Manifest:
    """The manifest of an exports folder; empty when there is none.

    Raises BadInput when it is not the JSON it should be.
    """
    path = exports / NAME
    if not path.exists():
        return Manifest()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        whole = data if isinstance(data, dict) else {"files": data}
        files = {str(e["file"]): _entry(e) for e in whole.get("files") or ()}
        return Manifest(files, _counts(whole.get("expected_counts") or []))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{path} is not a manifest ({error}). Restore it, or delete it and stage again."
        ) from error


def save(exports: Path, manifest: Manifest) -> None:
    """Write the manifest, for its owner only."""
    path = exports / NAME
    body = {
        "files": [asdict(e) for e in sorted(manifest.files.values(), key=lambda e: e.file)],
        "expected_counts": [asdict(c) for c in manifest.counts],
    }
    draft = path.with_suffix(".json.part")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(body, indent=2, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def _counts(told: object) -> list[OnScreen]:
    """On-screen counts, also in the short form a person writes: {"clients": 250}."""
    if isinstance(told, dict):
        told = [{"dataset": name, "count": count} for name, count in told.items()]
    if not isinstance(told, list):
        raise TypeError("expected_counts is neither a list nor an object")
    return [
        OnScreen(
            module(str(item.get("dataset") or item["module"])),
            str(item.get("workspace") or ""),
            int(str(item["count"])),
            iso_time(str(item.get("told_at") or "")),
        )
        for item in told
    ]


def _entry(item: dict[str, object]) -> Entry:
    count = item.get("expected_count", item.get("on_screen_count"))
    return Entry(
        file=str(item["file"]),
        session=str(item.get("session") or ""),
        workspace=str(item.get("workspace") or ""),
        exported_at=iso_time(str(item.get("exported_at") or "")),
        sha256=str(item.get("sha256") or ""),
        expected_count=int(str(count)) if count is not None else None,
        dataset=known_dataset(str(item.get("dataset") or "")),
    )


def iso_time(text: str) -> str:
    """A time as ISO 8601 with its zone; "" stays. Raises BadInput for anything else."""
    if not text:
        return ""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time, such as 2026-11-02T09:00") from error
    return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).isoformat()


def module(name: str) -> str:
    """The kind of file a person means: its key, label or file name, in any spelling.

    Raises BadInput for a name no kind of file goes by.
    """
    wanted = normalise_header(name)
    for dataset in KINDS.values():
        names = (dataset.key, dataset.label, *dataset.file_stems)
        if wanted in {normalise_header(n) for n in names}:
            return dataset.key
    return known_dataset(name)


def known_dataset(key: str) -> str:
    """The key of a kind of file; "" stays. Raises BadInput for an unknown one."""
    if key and key not in KINDS:
        raise BadInput(f"{key!r} is no kind of export; known are {', '.join(KINDS)}")
    return key


def entry_of(exports: Path, path: Path, entries: dict[str, Entry]) -> Entry:
    """The manifest's entry of a file, completed from the file itself where it is silent.

    A file laid by hand has no session yet (see `sessions`); one whose time the manifest tells
    belongs to the session of that day.
    """
    name = path.relative_to(exports).as_posix()
    known = entries.get(name, Entry(name))
    modified = dt.datetime.fromtimestamp(_stat(path).st_mtime, dt.UTC).isoformat(timespec="seconds")
    return Entry(
        file=name,
        session=known.session or known.exported_at[:10],
        workspace=known.workspace,
        exported_at=known.exported_at or modified,
        sha256=sha256(path),
        expected_count=known.expected_count,
        dataset=known.dataset,
    )


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hex, read in blocks; remembered while the file is unchanged."""
    return _sha256(path, stamp(path))


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file does: size, times, inode."""
    found = _stat(path)
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _stat(path: Path) -> os.stat_result:
    """Of what a link leads to; of the link itself where that is nothing."""
    try:
        return path.stat()
    except OSError:
        return path.lstat()


@lru_cache(maxsize=512)
def _sha256(path: Path, _stamp: tuple[int, ...]) -> str:
    digest = hashlib.sha256()
    problem = problem_of(path)
    if problem:  # nothing to read: known by its name
        digest.update(f"{path.name}|{problem}".encode())
        return digest.hexdigest()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
