"""Small words: placeholders, lists in a cell, document numbers. Text in, values out."""

from __future__ import annotations

import re
from functools import lru_cache

from flitstack_pipeline.cleaning.values.firms import is_given, is_usual_surname

#: What programs write for one missing part, and so twice for a value of two: `undefined undefined`.
_MISSING_PARTS = ("undefined", "null", "none", "nan", "[object object]")
_TWO_MISSING = frozenset(
    f"{word}{joint}{word}" for word in _MISSING_PARTS for joint in (" ", ",", ", ")
)
#: What programs write where nothing is: JavaScript, spreadsheets, databases. Never a value.
EMPTY_WORDS = _TWO_MISSING | frozenset(
    {"undefined", "nan", "null", "(null)", "none", "(none)", "<null>", "nil", "n/a",
     "#n/a", "[object object]", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!",
     "#error!", "{}", "[]", "invalid date", "0000-00-00", "0000-00-00 00:00:00", "not provided",
     "not available",
     "not specified", "(blank)", "(empty)", "no data", "\\n"}
)  # fmt: skip
PLACEHOLDERS = EMPTY_WORDS | frozenset(
    {"-", "--", "—", "n/a", "#n/a", "na", "none", "null", "nil", "tbd", "tbc", "unknown", "?", "."}
)
#: Placeholders that say something: the value is to come, or nobody knows it.
PENDING = frozenset(
    {"tbd", "tbc", "tba", "unknown", "?", "not known", "not known yet", "not yet known", "pending",
     "to come", "por definir", "por determinar", "por confirmar", "a definir", "a confirmar",
     "à définir", "à déterminer", "à confirmer", "noch offen"}
)  # fmt: skip
#: `TBD`, `T.B.D.`, `to be determined`, and who is to say it: `TBD by the adjuster`.
_TO_COME = re.compile(
    r"(?:t\.?b\.?[dac]\.?(?!\w)|to be (?:determined|confirmed|announced|advised|agreed|decided|"
    r"discussed|quoted|priced|scheduled|set)\b)[^\d\n]{0,60}"
)
SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
#: What is trimmed from both ends of a cell: white space, the byte order mark, zero-width space,
#: marks of direction (copied from an address book).
WHITE = SPACES + "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e"


def pending(value: str | None) -> bool:
    """Whether a cell says that its value is not known yet (`TBD`): nothing is lost silently."""
    return bool(value) and _pending(value)


@lru_cache(maxsize=50_000)
def _pending(value: str) -> bool:
    plain = " ".join(value.split()).casefold()
    bare = plain.strip(" ()[].!?…-") or plain
    return bare in PENDING or _TO_COME.fullmatch(bare) is not None


def text(value: str | None) -> str | None:
    """Trimmed text, or None for an empty cell or a placeholder such as `-` or `N/A`."""
    return _text(value) if value else None


@lru_cache(maxsize=200_000)
def _text(value: str) -> str | None:
    trimmed = value.strip(WHITE)
    return None if not trimmed or trimmed.lower() in PLACEHOLDERS else trimmed


def one_line(value: str | None) -> str | None:
    """Text with every run of white space made one space."""
    found = text(value)
    return " ".join(found.split()) if found else None


def split_list(value: str | None) -> list[str]:
    """A list in a cell, split at `;` or `|`, else at `,` or line breaks; order kept, no repeats."""
    found = text(value)
    if not found:
        return []
    pattern = r"[;|\n]" if re.search(r"[;|\n]", found) else r","
    parts = (p.strip() for p in re.split(pattern, found))
    return list(dict.fromkeys(p for p in parts if p and p.casefold() not in PLACEHOLDERS))


_BETWEEN_PEOPLE = r"\s*(?:[;,|\n&]|\band\b)\s*|(?<=[^\W\d_])\s*[/+]\s*(?=[^\W\d_]{2})"
#: Words that begin a surname of several words.
_PARTICLES = frozenset(
    {"van", "von", "de", "del", "della", "der", "den", "di", "da", "dos", "das", "du", "la", "le",
     "el", "al", "bin", "ten", "ter", "san", "st", "st.", "mc"}
)  # fmt: skip


def split_people(value: str | None) -> list[str]:
    """Display names in a cell, joined by comma, semicolon, `&` or `and`.

    "Doe, John; Roe, Ann" is John Doe and Ann Roe: there every part holds one comma. "Baker, Bob"
    is one person: two single words, the second a usual given name, or the first a usual surname
    and the second none.
    """
    found = text(value)
    if not found:
        return []
    parts = [p for p in re.split(r"\s*[;|\n]\s*", found) if p]
    one_each = all(p.count(",") == 1 for p in parts)
    if one_each and (len(parts) > 1 or _is_inverted(parts[0])):
        parts = [_natural_order(p) for p in parts]
    else:
        parts = _pairs(parts) or re.split(_BETWEEN_PEOPLE, found)
    return list(dict.fromkeys(" ".join(p.split()) for p in parts if p.strip()))


def _pairs(parts: list[str]) -> list[str] | None:
    """`Baker, Bob, Day, Sue` or `Baker, Bob and Day, Sue` as two people; None when it is not so."""
    if len(parts) != 1:
        return None
    words = re.split(r"\s*(?:,|&|\band\b)\s*", parts[0])
    pairs = [f"{last}, {first}" for last, first in zip(words[::2], words[1::2], strict=False)]
    whole = len(words) > 2 and len(words) % 2 == 0 and all(map(_is_inverted, pairs))
    return [_natural_order(pair) for pair in pairs] if whole else None


def _is_inverted(name: str) -> bool:
    """`Baker, Bob` is one person; `Bob Baker, Sue Day` and `Bob, Sue` are two."""
    last, _, first = (part.strip() for part in name.partition(","))
    family, given = last.split(), first.split()
    if not family or not given or len(given) > 2:
        return False
    alone = len(given) == 1 and given[0].isalpha() and not is_usual_surname(given[0])
    if not is_given(given[0]) and not (alone and is_usual_surname(last)):
        return False
    if len(family) > 1 and family[0].casefold() not in _PARTICLES:
        return False
    return not is_given(last)


def _natural_order(name: str) -> str:
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name


def split_numbers(value: str | None) -> list[str]:
    """Document numbers in a cell ("101, 102", "101 and 102"), as read but tidied."""
    found = text(value)
    if not found:
        return []
    parts = re.split(r"\s*(?:[;,|\n&]|\band\b)\s*", found)
    return list(dict.fromkeys(document_number(p) for p in parts if p.strip()))


@lru_cache(maxsize=200_000)
def document_number(value: str) -> str:
    """A document number as shown: opaque text, without a leading `#` or Excel's `.0`.

    Zeros are never stripped: "0042" stays "0042" (docs/contractor_plus.md#numbers).
    """
    number = value.strip(WHITE).lstrip("#").lstrip(WHITE)
    return number[:-2] if re.fullmatch(r"[0-9]+\.0", number) else number


def normal_number(value: str) -> str:
    """A document number reduced for comparing: no prefix, no leading zeros, lower case."""
    number = document_number(value).casefold()
    digits = re.sub(r"^[a-z]+[\s\-_#.]*", "", number) or number
    return re.sub(r"^0+(?=\d)", "", re.sub(r"[\s\-_]", "", digits))
