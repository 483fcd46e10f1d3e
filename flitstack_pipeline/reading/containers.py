"""What a container of parts holds: zip archives and the compound files of old Office programs.

Archive names and stream names in, a word out. A container cut short is told by the names that are
left of it. Belongs here: telling. Does not: what is said to a person (`formats`).
"""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

WORKBOOK, ENCRYPTED, DAMAGED = "workbook", "encrypted", "damaged"
OLE = b"\xd0\xcf\x11\xe0"
#: How zip archives begin: with a file, with none, in several volumes.
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_BLOCK = 1 << 20
#: What the parts of Open XML lie in, and the ending of such documents.
_OPEN_XML = {"word/": "docx", "ppt/": "pptx", "visio/": "vsdx"}
_OPEN_DOCUMENT = {"spreadsheet": "ods", "text": "odt", "presentation": "odp"}
_APPLE = ("numbers", "pages", "key")
#: Streams of compound files, the telling one first: a protected workbook holds another.
_STREAMS = {
    "EncryptedPackage": ENCRYPTED,
    "WordDocument\0": "doc",
    "PowerPoint Document\0": "ppt",
    "__nameid_version": "msg",
    "Workbook\0": "xls",
    "Book\0": "xls",
}
_LONGEST_STREAM = 64
_MOST_TOLD = 100_000
#: What `zipfile` raises of an archive's bytes, at its list or at a part. A disk that cannot be read
#: raises OSError as well, and again at the next read (`_local_names`, or whoever reads the file).
_UNREADABLE = (
    zipfile.BadZipFile,  # cut short; a signature or a checksum that is wrong
    ValueError,  # a name that is not the UTF-8 it is marked as
    RuntimeError,  # a password; NotImplementedError: a version or a packing of other programs
    EOFError,  # the file ends inside a part
    OSError,  # bzip2's word for damage; a part that would begin before the file
    zlib.error,
    lzma.LZMAError,
)
#: A file's name inside an archive, behind the fixed part of its header.
_LOCAL_HEADER = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)


def zip_kind(path: Path) -> str:
    """What a zip archive is: WORKBOOK, ENCRYPTED, DAMAGED, the ending of its kind, "zip".

    DAMAGED is said of what has no readable list of parts: of a workbook, and of a file that its
    remaining names do not tell, unless it is called .zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            kind = _kind_of([p.filename for p in parts], path, _told(archive))
            locked = kind == "zip" and any(p.flag_bits & 1 for p in parts)
            return ENCRYPTED if locked else kind
    except _UNREADABLE:
        names = list(_local_names(path))
        kind = _kind_of(names, path) if names else "zip"
        named = path.suffix.lower() == f".{kind}"
        return DAMAGED if kind == WORKBOOK or (kind == "zip" and not named) else kind


def files_in(path: Path) -> int:
    """How many files are packed in a zip archive, 0 where that cannot be told."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(not name.endswith("/") for name in archive.namelist())
    except _UNREADABLE:
        return 0


def ole_kind(path: Path) -> str:
    """What a compound file is: ENCRYPTED, the ending of its kind, "" when no stream tells."""
    wanted = {name.encode("utf-16-le"): kind for name, kind in _STREAMS.items()}
    found: set[str] = set()
    for block in _blocks(path):
        found |= {kind for name, kind in wanted.items() if name in block}
    return next((kind for kind in dict.fromkeys(_STREAMS.values()) if kind in found), "")


def _blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes; each block begins with the end of the one before it."""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield tail + block
            tail = block[-_LONGEST_STREAM:]


def _local_names(path: Path) -> Iterator[str]:
    """The names that stand before each file of an archive whose list is lost."""
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    for found in _LOCAL_HEADER.finditer(head):
        end = found.end() + int.from_bytes(found.group(1), "little")
        yield head[found.end() : end].decode("utf-8", "replace")


def _told(archive: zipfile.ZipFile) -> str:
    """What an archive says of itself: its media type, and the types of its parts."""
    said = []
    for name in ("mimetype", "[Content_Types].xml"):
        try:
            with archive.open(name) as part:
                said.append(part.read(_MOST_TOLD).decode("utf-8", "replace"))
        except (KeyError, *_UNREADABLE):  # KeyError: it has no such part. The names tell the rest.
            continue
    return " ".join(said)


def _kind_of(written: Collection[str], path: Path, told: str = "") -> str:
    names = {name.replace("\\", "/") for name in written}
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "spreadsheetml" in told or any(name.startswith("xl/") for name in names):
        return WORKBOOK
    for start, ending in _OPEN_XML.items():
        if any(name.startswith(start) for name in names):
            return ending
    if any(n.endswith(".iwa") for n in names) or names & {"Index.zip", "index.apxl"}:
        return _suffix(path, _APPLE) or "iwork"
    if names & {"index.xml", "index.xml.gz"} and any(n.startswith("QuickLook/") for n in names):
        return _suffix(path, _APPLE) or "iwork"
    if "vnd.oasis" in told or "META-INF/manifest.xml" in names:
        kinds = (e for word, e in _OPEN_DOCUMENT.items() if f".{word}" in told)
        return next(kinds, _suffix(path, _OPEN_DOCUMENT.values()) or "ods")
    return "epub" if "application/epub" in told else "zip"


def _suffix(path: Path, known: Collection[str]) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    return suffix if suffix in known else ""
