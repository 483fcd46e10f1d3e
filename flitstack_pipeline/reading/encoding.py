"""Which character encoding a file is written in, with the evidence. Bytes in, a name out."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.letters import best_encoding

SAMPLE_BYTES = 256_000
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32 byte order mark"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32 byte order mark"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 byte order mark"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 byte order mark"),
)

_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class Encoding:
    """A Python codec name and why it was chosen."""

    name: str
    evidence: str


def detect_encoding(path: Path) -> Encoding:
    """The encoding of a text file: byte order mark, else valid UTF-8 throughout, else guessed.

    Excel's "Unicode text" is UTF-16, its plain CSV Windows-1252 (docs/contractor_plus.md#quirk-1).
    Raises UnreadableFile for a file that is mostly UTF-8 but not throughout: read as anything
    else, every accented letter of it would silently turn into two wrong ones.
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
    _refuse_mixed(path)
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


def _refuse_mixed(path: Path) -> None:
    """Two encodings pasted together, or UTF-8 with damaged bytes; neither can be told apart."""
    good = bad = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            beyond_ascii = b" ".join(_HIGH_BYTES.findall(block))  # a small part of the whole
            good += len(_UTF8_SEQUENCE.findall(beyond_ascii))
            bad += len(_UTF8_SEQUENCE.sub(b"", beyond_ascii).replace(b" ", b""))
    if good > bad:
        raise UnreadableFile(
            path,
            f"it mixes encodings: {good} letters are UTF-8, {bad} bytes are not",
            "Export it again as UTF-8 CSV; do not paste files of two encodings together.",
        )


def _single_byte(path: Path) -> Encoding:
    """The one-byte encoding whose words are words; what none explains is guessed or Latin-1."""
    data = path.read_bytes() if path.stat().st_size < 4_000_000 else path.read_bytes()[:4_000_000]
    name, words = best_encoding(data)
    if words:
        shown = ", ".join(f"{now!r} instead of {was!r}" for was, now in words)
        return Encoding(name, f"not UTF-8; as {name} its words are words: {shown}")
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        best = from_bytes(data[:SAMPLE_BYTES]).best()
        guess = best.encoding if best else "latin-1"
        return Encoding(guess, "not UTF-8 and not Windows-1252; guessed from the text")
    return Encoding("cp1252", "not UTF-8; every byte is a Windows-1252 character")
