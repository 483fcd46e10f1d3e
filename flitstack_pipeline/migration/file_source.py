"""Where the bytes of an attachment come from: the exports' folder, or a fetched address.

What belongs here: finding or fetching a file, refusing what must not be sent. What does not:
fetching itself (fetching.py), sending (kinds/files.py). A file on disk is taken only from inside
the folder its path starts from, links followed.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flitstack_pipeline.highlevel.files import FIELD_EXTENSIONS, FIELD_MOST_BYTES
from flitstack_pipeline.migration.fetching import FileRefused, check_address, fetch

__all__ = ["FileRefused", "check_address", "local_file", "sha256_of"]

_CHUNK = 1 << 16
#: Extensions whose files are text, and how files begin that are no text though they begin as one.
_TEXT_EXTENSIONS = frozenset({"txt", "csv", "svg", "xls", "doc"})
_TEXT_BINARIES = (b"%pdf-", b"gif8", b"rar!")


@contextmanager
def local_file(
    payload: dict[str, Any],
    root: Path,
    allowed_hosts: Collection[str] = (),
    *,
    most_bytes: int = FIELD_MOST_BYTES,
    extensions: Collection[str] = FIELD_EXTENSIONS,
) -> Iterator[Path]:
    """A readable file for an attachment's payload, checked for size, type and content.

    `path` is tried first (relative to `root`), then `url`; a fetched file is gone after the block.
    Raises FileRefused with the reason.
    """
    name = str(payload.get("file_name") or "")
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if extension not in extensions:
        raise FileRefused(f"{name!r}: HighLevel takes no .{extension} files here")
    with tempfile.TemporaryDirectory(prefix="flitstack-file-") as private:
        path = _on_disk(payload, root) or _fetched(
            payload, Path(private) / "file", most_bytes, allowed_hosts
        )
        _check(path, payload, name, most_bytes)
        yield path


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
) -> Path:
    url = payload.get("url")
    if not url:
        raise FileRefused(f"{payload.get('file_name')!r} has neither a path nor an address")
    told = (fetch(str(url), path, most_bytes, allowed_hosts) or "").split(";")[0].strip().lower()
    if told == "text/html":  # no field takes .html: this is a page that asks to log in
        raise FileRefused(
            "the address answers with a web page, not the file: does it need a login?"
        )
    _refuse_text(path, str(payload.get("file_name") or ""))
    return path


def _refuse_text(path: Path, name: str) -> None:
    """Refuse a fetched photo or document that is text inside: a message of the server."""
    extension = name.rsplit(".", 1)[-1].lower()
    with path.open("rb") as source:
        head = source.read(1024)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise FileRefused(f"the address answers with a web page instead of {name!r}")
    if extension in _TEXT_EXTENSIONS or start.startswith(_TEXT_BINARIES):
        return
    if not head or b"\0" in head:
        return
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not a letter cut in two at the end of what was read
            return
    raise FileRefused(
        f"the address answers with text instead of {name!r}: {head[:80].decode(errors='replace')!r}"
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hex, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while part := source.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()
