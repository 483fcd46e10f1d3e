"""Files of attachments: which file a manifest row names, and whether it can be moved."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.cleaning.values import words
from flitstack_pipeline.file_kinds import (
    HEAD_BYTES,
    ending_of,
    name_in_address,
    says_kind,
    suffix_of,
    wrong_content,
)

MAX_BYTES = 50 * 1024 * 1024
#: What HighLevel's file fields take (docs/highlevel.md#files); photo formats it lacks are left out.
ACCEPTED = frozenset(
    [
        ".pdf",
        ".docx",
        ".doc",
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".csv",
        ".xlsx",
        ".xls",
        ".mp4",
        ".mpeg",
        ".zip",
        ".rar",
        ".txt",
        ".svg",
    ]
)
_RECORD_WORDS = {
    "client": "clients",
    "customer": "clients",
    "contact": "clients",
    "lead": "leads",
    "job": "jobs",
    "visit": "jobs",
    "estimate": "estimates",
    "quote": "estimates",
    "invoice": "invoices",
    **{
        word: o.key
        for o in PLAIN.values()
        for noun in o.main.subjects
        for word in (noun, noun.replace(" ", ""))
    },
    "payment": "invoices",
}


def record_type(value: str | None) -> str | None:
    """The object type key a word names ("Work Orders", "customer"), or None."""
    word = (words.text(value) or "").casefold().replace("_", " ").rstrip("s").strip()
    return _RECORD_WORDS.get(word)


def look_at(
    exports: Path, shown: str | None, location: str | None, sha256: str | None
) -> dict[str, Any]:
    """What a manifest row's file is: name, path inside `exports` or address, hash, size, type.

    `problem` says why it cannot be moved. Nothing outside `exports` is ever opened. A name that
    does not say what the file is gets the ending its bytes tell; that of a file behind an address
    is told by the server when it is fetched.
    """
    place, claimed = words.text(location), words.text(sha256)
    url = _address(place or "")
    name = safe_name(words.text(shown) or (name_in_address(url) if url else _base(place or "")))
    place = place or name
    path = None if url else _inside(exports, place)
    if path and not says_kind(name):
        ending = ending_of(_head(path))
        name = f"{name}.{ending}" if ending else name
    return {
        "name": name,
        "path": path.relative_to(exports.resolve()).as_posix() if path else None,
        "url": url,
        **_measured(path, url, name, claimed),
    }


def image_at(exports: Path, place: str) -> tuple[str, bytes] | None:
    """The image that a note names by a place in the exports folder: content type and bytes."""
    bare = re.split(r"[?#]", place, maxsplit=1)[0].lstrip("/")
    path = _inside(exports, bare) if bare else None
    if path is None or not 0 < path.stat().st_size <= MAX_BYTES:
        return None
    ending = ending_of(_head(path))
    kind = mimetypes.guess_type(f"x.{ending}")[0] or ""
    return (kind, path.read_bytes()) if kind.startswith("image/") else None


def refusal_of(name: str) -> str | None:
    """Why HighLevel takes no file of this name, None when it does."""
    return _refusal(name)


def _address(place: str) -> str | None:
    """The web address a place is; one without its scheme is taken for https."""
    if re.match(r"^https?://", place, re.I):
        return place
    bare = place.removeprefix("//")
    return f"https://{bare}" if re.match(r"^www\.[\w-]+\.[\w.-]+/", bare, re.I) else None


def _base(place: str) -> str:
    return Path(place.replace("\\", "/")).name


def _head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(HEAD_BYTES)


def safe_name(name: str) -> str:
    """A file name without folders, control characters or shell surprises."""
    base = re.sub(r"[\x00-\x1f<>:\"/\\|?*]+", "_", name).strip(" ._")
    return base[:150] or "file"


def _inside(exports: Path, location: str) -> Path | None:
    """The file inside the exports folder, or None: a manifest never reaches outside it."""
    root = exports.resolve()
    names = dict.fromkeys((location, location.replace("\\", "/")))
    for name in names:
        for candidate in (root / name, root / "attachments" / name):
            try:
                found = candidate.resolve()
                if found.is_relative_to(root) and found.is_file():
                    return found
            except (OSError, ValueError):  # too long for a path, or holds a null character
                continue
    near = (_near(root / folder, name) for name in names for folder in ("", "attachments"))
    return next((path for path in near if path and path.resolve().is_relative_to(root)), None)


def _near(folder: Path, location: str) -> Path | None:
    """The one file whose path is the same up to letter case, Unicode form and `%20`."""
    found = folder
    for part in Path(location.replace("\\", "/")).parts:
        if part in ("", "/", ".", "..") or not found.is_dir():
            return None
        alike = [p for p in found.iterdir() if _alike(p.name) == _alike(part)]
        exact = [p for p in alike if p.name == part]
        if len(exact or alike) != 1:
            return None
        found = (exact or alike)[0]
    return found if found.is_file() else None


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(name)).casefold()


def _measured(path: Path | None, url: str | None, name: str, sha256: str | None) -> dict[str, Any]:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    digest = sha256.lower() if sha256 and re.fullmatch(r"[0-9a-fA-F]{64}", sha256) else None
    found: dict[str, Any] = {
        "sha256": digest,
        "size_bytes": None,
        "content_type": kind,
        "problem": None,
    }
    if url:
        return {**found, "problem": _refusal(name) if says_kind(name) else None}
    if path is None:
        return {**found, "problem": "the file is not in the exports folder"}
    size = path.stat().st_size
    found |= {"size_bytes": size}
    if 0 < size <= MAX_BYTES:
        with path.open("rb") as source:
            actual = hashlib.file_digest(source, "sha256").hexdigest()
        changed = digest is not None and digest != actual
        return {
            **found,
            "sha256": actual,
            "problem": "its bytes differ from the manifest's SHA-256"
            if changed
            else _refusal(name) or _wrong(path, name),
        }
    return {**found, "problem": "larger than 50 MB" if size else "the file is empty"}


def _wrong(path: Path, name: str) -> str | None:
    held = wrong_content(name, _head(path))
    return f"it holds {held}, not what its name says" if held else None


def _refusal(name: str) -> str | None:
    suffix = f".{suffix_of(name)}" if suffix_of(name) else ""
    if suffix in (".heic", ".heif"):
        return "HighLevel takes no .heic photos: export them as .jpg"
    return None if suffix in ACCEPTED else f"HighLevel takes no {suffix or 'nameless'} files"
