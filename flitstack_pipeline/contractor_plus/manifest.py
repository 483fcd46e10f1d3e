"""`export_manifest.json`: what is known of each staged file besides its bytes.

One entry per file: session, workspace, export time, SHA-256, on-screen count of the module.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from flitstack_pipeline.contractor_plus.cells import SUFFIXES
from flitstack_pipeline.spec.source import BY_KEY

NAME = "export_manifest.json"
NOT_EXPORTS = {"attachments", "files"}
_LEFTOVERS = (".", "~$")  # what macOS and an open Excel leave beside a file


@dataclass(frozen=True)
class Entry:
    """What is known of one staged file. Times are ISO 8601, naive times mean UTC.

    `dataset` is a person's answer to what the file holds, "" when its columns say it.
    """

    file: str
    session: str = ""
    workspace: str = ""
    exported_at: str = ""
    sha256: str = ""
    expected_count: int | None = None
    dataset: str = ""


def load(exports: Path) -> dict[str, Entry]:
    """Entries by file name relative to the exports folder; empty without a manifest.

    Raises ValueError when the manifest is not the JSON it should be.
    """
    path = exports / NAME
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        entries = data["files"] if isinstance(data, dict) else data
        return {str(e["file"]): _entry(e) for e in entries}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is not a manifest ({error}). Restore it, or delete it and stage again."
        ) from error


def save(exports: Path, entries: dict[str, Entry]) -> None:
    """Write the manifest, for its owner only."""
    path = exports / NAME
    body = {"files": [asdict(e) for e in sorted(entries.values(), key=lambda e: e.file)]}
    draft = path.with_suffix(".json.part")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(body, indent=2, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


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
    """A time as ISO 8601 with its zone; "" stays. Raises ValueError for anything else."""
    if not text:
        return ""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no ISO 8601 time, such as 2026-11-02T09:00") from error
    return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).isoformat()


def known_dataset(key: str) -> str:
    """The key of a kind of export; "" stays. Raises ValueError for an unknown one."""
    if key and key not in BY_KEY:
        raise ValueError(f"{key!r} is no kind of export; known are {', '.join(BY_KEY)}")
    return key


def export_files(exports: Path) -> Iterator[Path]:
    """Every export file of the folder, in name order; attachment folders are left out."""
    for path in sorted(exports.rglob("*")):
        inside = {p.lower() for p in path.relative_to(exports).parts[:-1]}
        known = path.suffix.lower() in SUFFIXES and not path.name.startswith(_LEFTOVERS)
        if known and not inside & NOT_EXPORTS and path.is_file():
            yield path


def entry_of(exports: Path, path: Path, entries: dict[str, Entry]) -> Entry:
    """The manifest's entry of a file, completed from the file itself where it is silent."""
    name = path.relative_to(exports).as_posix()
    known = entries.get(name, Entry(name))
    modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).isoformat(timespec="seconds")
    return Entry(
        file=name,
        session=known.session or path.stem,
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
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@lru_cache(maxsize=512)
def _sha256(path: Path, _stamp: tuple[int, ...]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
