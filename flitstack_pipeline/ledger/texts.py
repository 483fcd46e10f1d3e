"""What every reading of the witness needs: the account, and text without its wrappings."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Account:
    """What the account is: the zone of its moments, the country of its phones."""

    zone: str = "America/New_York"
    country: str = "US"


def plain(text: str) -> str:
    """Text of one kind of space and quotation mark, without invisible characters at its ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\u2019", "'")
        text = re.sub(r"[\u200b\ufeff\u2060]", "", text)
    return " ".join(text.split())


def unwrapped(text: str) -> str:
    """A cell without the wrapping by which spreadsheets keep text as text: `="00042"`, `'00042`."""
    found = text.strip()
    if found.startswith('="'):
        found = re.sub(r'^="(.*)"$', r"\1", found, flags=re.S)
    return re.sub(r"^'(?=[\d=+@-])", "", found) if found.startswith("'") else found


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without accents and punctuation."""
    flat = text.casefold()
    if not flat.isascii():
        flat = unicodedata.normalize("NFKD", flat)
        flat = "".join(c for c in flat if not unicodedata.combining(c))
    return _WORD.findall(flat)
