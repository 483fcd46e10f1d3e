"""Where the bytes of an attachment come from: the exports' folder, or a fetched address.

What belongs here: finding or fetching a file, refusing what must not be sent. What does not:
fetching itself (fetching.py), sending (kinds/files.py). A file on disk is taken only from inside
the folder its path starts from, links followed.
"""

from __future__ import annotations

import hashlib
import mimetypes
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flitstack_pipeline.cleaning.files import safe_name
from flitstack_pipeline.file_kinds import (
    HEAD_BYTES,
    best_name,
    name_in_address,
    name_in_disposition,
    says_kind,
    suffix_of,
    wrong_content,
)
from flitstack_pipeline.highlevel.api.files import FIELD_EXTENSIONS, FIELD_MOST_BYTES
from flitstack_pipeline.migration.fetching import Answer, FileRefused, check_address, fetch

__all__ = ["FileRefused", "LocalFile", "check_address", "local_file", "sha256_of"]

_CHUNK = 1 << 16
NAMED_BY_SERVER = "named by what its server says it is"


@dataclass(frozen=True)
class LocalFile:
    """A file that can be sent: where it lies, its name, and what it is."""

    path: Path
    name: str
    content_type: str


@contextmanager
def local_file(
    payload: dict[str, Any],
    root: Path,
    allowed_hosts: Collection[str] = (),
    *,
    most_bytes: int = FIELD_MOST_BYTES,
    extensions: Collection[str] = FIELD_EXTENSIONS,
) -> Iterator[LocalFile]:
    """A readable file for an attachment's payload, checked for size, type and content.

    `path` is tried first (relative to `root`), then `url`; a fetched file is gone after the block.
    A name that does not say what a fetched file is (`.../download?id=7`) gives way to what the
    server says of it. Raises FileRefused with the reason.
    """
    name = str(payload.get("file_name") or "")
    if not payload.get("url") or says_kind(name):
        _refuse_kind(name, extensions)
    with tempfile.TemporaryDirectory(prefix="flitstack-file-") as private:
        path, answer = _on_disk(payload, root), None
        if path is None:
            path = Path(private) / "file"
            answer = _fetched(payload, path, most_bytes, allowed_hosts)
        _check(path, payload, name, most_bytes)
        head = _head(path)
        if answer is not None:
            name = name if says_kind(name) else _named_by(answer, payload, name, head)
            _refuse_text(head, name, answer)
            _refuse_kind(name, extensions)
        kind = mimetypes.guess_type(name)[0] or str(payload.get("content_type") or "")
        yield LocalFile(path, name, kind or "application/octet-stream")


def _refuse_kind(name: str, extensions: Collection[str]) -> None:
    if not suffix_of(name):
        raise FileRefused(f"{name!r}: HighLevel takes no files whose name and bytes tell no kind")
    if suffix_of(name) not in extensions:
        raise FileRefused(f"{name!r}: HighLevel takes no .{suffix_of(name)} files here")


def _named_by(answer: Answer, payload: dict[str, Any], name: str, head: bytes) -> str:
    """The name of a fetched file by its server, where the export gives none that says its kind."""
    offered = [name_in_disposition(answer.disposition), name_in_address(answer.url)]
    of_address = safe_name(name_in_address(str(payload.get("url"))))
    if name in (of_address, "file"):
        return safe_name(best_name(name, offered, answer.content_type, head))
    ending = next((suffix_of(n) for n in offered if says_kind(n)), "")
    return f"{name}.{ending}" if ending else best_name(name, [], answer.content_type, head)


def _check(path: Path, payload: dict[str, Any], name: str, most_bytes: int) -> None:
    size = path.stat().st_size
    if size == 0:
        raise FileRefused(f"{name!r} is empty")
    if size > most_bytes:
        raise FileRefused(
            f"{name!r} has {size // 2**20} MB, HighLevel takes {most_bytes // 2**20} MB"
        )
    wanted = payload.get("sha256")
    if wanted and wanted != sha256_of(path):
        raise FileRefused(f"{name!r} is not the file that was mapped: its content changed since")


def _on_disk(payload: dict[str, Any], root: Path) -> Path | None:
    if not payload.get("path"):
        return None
    inside = root.resolve()
    path = (inside / str(payload["path"])).resolve()
    if not path.is_relative_to(inside):
        raise FileRefused(f"{payload['path']} leads out of the exports folder")
    if not path.is_file():
        raise FileRefused(f"{payload['path']} is not there: put it back beside the exports")
    return path


def _fetched(
    payload: dict[str, Any], path: Path, most_bytes: int, allowed_hosts: Collection[str]
) -> Answer:
    url = payload.get("url")
    if not url:
        raise FileRefused(f"{payload.get('file_name')!r} has neither a path nor an address")
    return fetch(str(url), path, most_bytes, allowed_hosts)


def _head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(HEAD_BYTES)


def _refuse_text(head: bytes, name: str, answer: Answer) -> None:
    """Refuse a fetched photo or document that is text inside: a message of the server."""
    told = answer.content_type.split(";")[0].strip().lower()
    held = wrong_content(name, head)
    if told in ("text/html", "application/xhtml+xml") or held == "a web page":
        raise FileRefused(
            "the address answers with a web page, not the file: does it need a login?"
        )
    if held:
        said = head[:80].decode("utf-8", errors="replace")
        raise FileRefused(f"the address answers with {held} instead of {name!r}: {said!r}")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hex, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while part := source.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()
