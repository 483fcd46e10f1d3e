"""Fetches a file from an address a customer's export names, without being led astray.

What belongs here: which addresses are refused, one connection to the address that was checked,
bounds of time, size and redirects. What does not: which file is wanted (file_source.py).

A host name is resolved once; the connection goes to the very address that was checked, so a name
cannot answer differently the second time. Every redirect is checked anew.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

REDIRECTS = 4
FETCH_SECONDS = 120.0
CONNECT_SECONDS = 10.0
_CHUNK = 1 << 16
_MOVED = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class FileRefused(ValueError):
    """A file that cannot be sent, with the reason."""


@dataclass(frozen=True)
class Target:
    """Where one request goes: the checked address, and the name the server is known by."""

    scheme: str
    host: str
    port: int
    address: str
    path: str


@dataclass(frozen=True)
class Answer:
    """What a server told of a file: content type, Content-Disposition, where it was in the end."""

    content_type: str
    disposition: str
    url: str


def fetch(url: str, path: Path, most_bytes: int, allowed_hosts: Collection[str] = ()) -> Answer:
    """Fetch a file into `path` (readable by its owner only), at most `most_bytes`.

    Returns what the server told of it. Raises FileRefused with the reason.
    """
    deadline = time.monotonic() + FETCH_SECONDS
    for _ in range(REDIRECTS + 1):
        target = check_address(url, allowed_hosts)
        with _pool(target) as pool:
            try:
                answer = pool.urlopen(
                    "GET",
                    target.path,
                    headers={"Host": _host_header(target), "Accept-Encoding": "identity",
                             "User-Agent": "flitstack"},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )  # fmt: skip
                if answer.status in _MOVED and answer.headers.get("Location"):
                    url = urljoin(url, answer.headers["Location"])
                    continue
                _save(answer, path, most_bytes, deadline)
            except (HTTPError, OSError) as error:
                name = type(error).__name__
                raise FileRefused(f"the file cannot be fetched ({name})") from error
            told = answer.headers
            return Answer(told.get("Content-Type", ""), told.get("Content-Disposition", ""), url)
    raise FileRefused("the file's address redirects too often")


def check_address(url: str, allowed_hosts: Collection[str] = ()) -> Target:
    """Resolve an address once; raise FileRefused for one that files must not come from.

    Private, link-local, loopback and other addresses that are not public are refused, unless the
    host is in `allowed_hosts` by name.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FileRefused(f"{parts.scheme or 'no'} address: files are fetched over http(s) only")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise FileRefused(f"{parts.hostname} is unknown") from error
    addresses = [str(address[0]).split("%")[0] for *_, address in found]
    if parts.hostname not in allowed_hosts:
        for address in addresses:
            if not _is_public(address):
                raise FileRefused(
                    f"{parts.hostname} is a private address; name it in FLITSTACK_ALLOW_HOSTS to "
                    "fetch files from it"
                )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, addresses[0], path)


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return _is_public(str(inside))
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _pool(target: Target) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=CONNECT_SECONDS)
    if target.scheme == "https":
        return urllib3.HTTPSConnectionPool(
            target.address,
            target.port,
            timeout=timeout,
            server_hostname=target.host,
            assert_hostname=target.host,
        )
    return urllib3.HTTPConnectionPool(target.address, target.port, timeout=timeout)


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"http": 80, "https": 443}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"


def _save(answer: BaseHTTPResponse, path: Path, most_bytes: int, deadline: float) -> None:
    too_large = FileRefused(f"the file is larger than {most_bytes // 2**20} MB")
    if answer.status != 200:
        raise FileRefused(f"the file's address answers {answer.status}")
    told = answer.headers.get("Content-Length", "")
    if told.isdigit() and int(told) > most_bytes:
        raise too_large
    size = 0
    with path.open("wb") as out:
        path.chmod(0o600)
        while part := answer.read1(_CHUNK):  # what is there now: a slow drip meets the deadline
            size += len(part)
            if size > most_bytes:
                raise too_large
            if time.monotonic() > deadline:
                raise FileRefused(f"the file took longer than {FETCH_SECONDS:.0f} seconds")
            out.write(part)
