"""Which character encoding a file is written in, with the evidence. Bytes in, a name out."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

SAMPLE_BYTES = 256_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 byte order mark"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 byte order mark"),
)


@dataclass(frozen=True)
class Encoding:
    """A Python codec name and why it was chosen."""

    name: str
    evidence: str


def detect_encoding(path: Path) -> Encoding:
    """The encoding of a text file: byte order mark, else valid UTF-8 throughout, else guessed.

    Excel's "Unicode text" is UTF-16, its plain CSV Windows-1252 (contractor_plus.md §7.1).
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    for bom, name, evidence in _BOMS:
        if head.startswith(bom):
            return Encoding(name, evidence)
    wide = _utf16_without_bom(head)
    if wide:
        return Encoding(wide, "every other byte is zero")
    if _is_utf8(path):
        return Encoding("utf-8", "valid UTF-8 throughout")
    return _single_byte(path)


def _utf16_without_bom(head: bytes) -> str | None:
    if len(head) < 4 or head.count(0) < len(head) // 4:
        return None
    odd, even = head[1::2].count(0), head[0::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(path: Path) -> Encoding:
    """Windows-1252 unless a guess finds undefined bytes; what it cannot hold is Latin-1."""
    data = path.read_bytes() if path.stat().st_size < 4_000_000 else path.read_bytes()[:4_000_000]
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        best = from_bytes(data[:SAMPLE_BYTES]).best()
        guess = best.encoding if best else "latin-1"
        return Encoding(guess, "not UTF-8 and not Windows-1252; guessed from the text")
    return Encoding("cp1252", "not UTF-8; every byte is a Windows-1252 character")
