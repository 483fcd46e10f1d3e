"""Where the bytes of an attachment come from: the exports' folder, or a fetched address.

What belongs here: finding or fetching a file, refusing what must not be fetched or sent. What does
not: sending it (kinds/files.py). Private, link-local and loopback addresses are refused unless
their host is allowed by name; every redirect is checked again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from flitstack_pipeline.highlevel.files import FIELD_EXTENSIONS, FIELD_MOST_BYTES

REDIRECTS = 4
FETCH_SECONDS = 120.0
CONNECT_SECONDS = 10.0
_CHUNK = 1 << 16


class FileRefused(ValueError):
    """A file that cannot be sent, with the reason."""


def local_file(payload: dict[str, Any], root: Path, allowed_hosts: Collection[str] = ()) -> Path:
    """A readable file for an attachment's payload, checked for size, type and content.

    `path` is tried first (relative to `root`), then `url`. Raises FileRefused.
    """
    name = str(payload.get("file_name") or "")
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if extension not in FIELD_EXTENSIONS:
        raise FileRefused(f"{name!r}: HighLevel takes no .{extension} files in a field")
    path = _on_disk(payload, root) or _fetched(payload, allowed_hosts)
    if path.stat().st_size > FIELD_MOST_BYTES:
        size = path.stat().st_size // 2**20
        raise FileRefused(f"{name!r} has {size} MB, HighLevel takes {FIELD_MOST_BYTES // 2**20} MB")
    wanted = payload.get("sha256")
    if wanted and wanted != _sha256(path):
        raise FileRefused(f"{name!r} is not the file that was mapped: its content changed since")
    return path


def _on_disk(payload: dict[str, Any], root: Path) -> Path | None:
    if not payload.get("path"):
        return None
    path = Path(payload["path"])
    path = path if path.is_absolute() else root / path
    if not path.is_file():
        raise FileRefused(f"{payload['path']} is not there: put it back beside the exports")
    return path


def _fetched(payload: dict[str, Any], allowed_hosts: Collection[str]) -> Path:
    url = payload.get("url")
    if not url:
        raise FileRefused(f"{payload.get('file_name')!r} has neither a path nor an address")
    folder = Path(tempfile.gettempdir()) / f"flitstack-files-{_user()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / hashlib.sha256(str(url).encode()).hexdigest()
    if not path.exists():
        part = path.with_suffix(f".{time.time_ns()}.part")
        try:
            _download(str(url), part, allowed_hosts)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _user() -> str:
    import os

    return str(os.getuid()) if hasattr(os, "getuid") else "me"


def _download(url: str, path: Path, allowed_hosts: Collection[str]) -> None:
    deadline = time.monotonic() + FETCH_SECONDS
    session = requests.Session()
    session.trust_env = False
    try:
        for _ in range(REDIRECTS + 1):
            check_address(url, allowed_hosts)
            with session.get(
                url, stream=True, allow_redirects=False, timeout=CONNECT_SECONDS
            ) as answer:
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["Location"])
                    continue
                _save(answer, path, deadline)
                return
    except requests.RequestException as error:
        raise FileRefused(f"the file cannot be fetched ({type(error).__name__})") from error
    raise FileRefused("the file's address redirects too often")


def _save(answer: requests.Response, path: Path, deadline: float) -> None:
    if answer.status_code != 200:
        raise FileRefused(f"the file's address answers {answer.status_code}")
    size = 0
    with path.open("wb") as out:
        path.chmod(0o600)
        for part in answer.iter_content(_CHUNK):
            size += len(part)
            if size > FIELD_MOST_BYTES:
                raise FileRefused(f"the file is larger than {FIELD_MOST_BYTES // 2**20} MB")
            if time.monotonic() > deadline:
                raise FileRefused(f"the file took longer than {FETCH_SECONDS:.0f} seconds")
            out.write(part)


def check_address(url: str, allowed_hosts: Collection[str] = ()) -> None:
    """Raise FileRefused for an address that files must not be fetched from."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FileRefused(f"{parts.scheme or 'no'} address: files are fetched over http(s) only")
    if parts.hostname in allowed_hosts:
        return
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise FileRefused(f"{parts.hostname} is unknown") from error
    for *_, address in found:
        if not ipaddress.ip_address(str(address[0]).split("%")[0]).is_global:
            raise FileRefused(f"{parts.hostname} is a private address; allow it by name to use it")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while part := source.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()
