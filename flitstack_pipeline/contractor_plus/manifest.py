"""`export_manifest.json`: what is known of each staged file besides its bytes.

One entry per file: session, workspace, export time, SHA-256, on-screen count of the module.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from flitstack_pipeline.contractor_plus.cells import SUFFIXES

NAME = "export_manifest.json"
NOT_EXPORTS = {"attachments", "files"}


@dataclass(frozen=True)
class Entry:
    """What is known of one staged file. Times are ISO 8601, naive times mean UTC."""

    file: str
    session: str = ""
    workspace: str = ""
    exported_at: str = ""
    sha256: str = ""
    expected_count: int | None = None


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
        return {e["file"]: _entry(e) for e in entries}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is not a manifest ({error}). Restore it, or delete it and stage again."
        ) from error


def save(exports: Path, entries: dict[str, Entry]) -> None:
    """Write the manifest, for its owner only."""
    path = exports / NAME
    body = {"files": [asdict(e) for e in sorted(entries.values(), key=lambda e: e.file)]}
    path.write_text(json.dumps(body, indent=2, ensure_ascii=False), encoding="utf-8")
    path.chmod(0o600)


def _entry(item: dict[str, object]) -> Entry:
    count = item.get("expected_count", item.get("on_screen_count"))
    return Entry(
        file=str(item["file"]),
        session=str(item.get("session") or ""),
        workspace=str(item.get("workspace") or ""),
        exported_at=str(item.get("exported_at") or ""),
        sha256=str(item.get("sha256") or ""),
        expected_count=int(str(count)) if count is not None else None,
    )


def export_files(exports: Path) -> Iterator[Path]:
    """Every export file of the folder, in name order; attachment folders are left out."""
    for path in sorted(exports.rglob("*")):
        inside = {p.lower() for p in path.relative_to(exports).parts[:-1]}
        if path.is_file() and path.suffix.lower() in SUFFIXES and not inside & NOT_EXPORTS:
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
    )


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hex, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
