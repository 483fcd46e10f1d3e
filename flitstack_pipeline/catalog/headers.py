"""A header reduced to what identifies it, and the other ways in which it can be read.

Belongs here: what is true of any header text, whatever kind of export it stands in. Does not: the
spellings of known columns (`source`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from flitstack_pipeline.catalog.zone_names import LONG_NAMES, OFFSETS, PLACES

#: What stands in brackets and changes nothing: currencies, remarks on how to fill the cell in.
_SAYS_NOTHING = re.compile(
    r"\s*(?:[$€£]|us\$|ca\$|usd|eur|gbp|cad|aud|nzd|dollars?|euros?|pounds?|optional|required"
    r"|mandatory|if any|if applicable|text|yes ?/ ?no|y ?/ ?n|true ?/ ?false"
    r"|[ymd]{1,4}[/.-][ymd]{1,4}[/.-][ymd]{1,4})\s*",
    re.IGNORECASE,
)
#: A time zone, which says nothing of what a column of times is: `Created (UTC)`, `Start [PST]`.
_ZONE = re.compile(
    r"(?:(?:all )?(?:times? )?(?:are )?in )?(?:(?:utc|gmt)(?:\s*[+-]\d{1,2}(?::?\d{2})?)?"
    rf"|{'|'.join([*OFFSETS, *PLACES])}|local(?: time)?|(?:{'|'.join(LONG_NAMES)}) time"
    r"|[a-z]+(?: standard| daylight)? time|[a-z]+/[a-z_/]+)",
    re.IGNORECASE,
)
_OF_TIMES = re.compile(
    r"time|date|created|updated|modified|start|end|completed|scheduled|\b(?:at|on|when)\b", re.I
)
_ENDING_ZONE = re.compile(r"[\s_](?i:utc|gmt)$|(?<=[a-z])(?:UTC|Utc)$")
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_PLURAL = re.compile(r"\((e?s)\)", re.IGNORECASE)
#: camelCase and PascalCase: `clientEmail`, `ZIPCode`, `jobID`.
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_PERCENT = re.compile(r"%|\bpct\b\.?|\bpercentage\b", re.IGNORECASE)
_NUMBERS = re.compile(r"#\s*['’]?s\b|\b[Nn]os\.?(?=\W|$)")
#: Words that are written short, with what they stand for.
_SHORT = {
    "est": ("estimated", "estimate"), "amt": ("amount",), "addr": ("address",),
    "num": ("number",), "nbr": ("number",), "nr": ("number",), "tel": ("phone",), "ph": ("phone",),
    "cust": ("customer",), "inv": ("invoice",), "acct": ("account",), "desc": ("description",),
    "sched": ("scheduled",), "dt": ("date",), "pmt": ("payment",), "bal": ("balance",),
    "ttl": ("total",), "disc": ("discount",), "emp": ("employee",), "svc": ("service",),
    "prop": ("property",), "prov": ("province",), "org": ("organization",),
    "fname": ("first name",), "lname": ("last name",),
}  # fmt: skip


@lru_cache(maxsize=20_000)
def normalise_header(text: str) -> str:
    """A header reduced to what identifies it: lower case, no accents, no punctuation, no currency.

    "Total ($)", " total " and "TOTAL:" are one header. "#" is kept as the word "number", "%" as
    "percent", and so is what brackets say of the meaning: "Tax (%)" is another header than "Tax".
    """
    text = _PLURAL.sub(r"\1", _HUMPS.sub(" ", text))
    return _plain(_BRACKETS.sub(_bracket, text))


def is_of_times(header: str) -> bool:
    """Whether a header speaks of a time, so that what it says in brackets may be a time zone."""
    return _OF_TIMES.search(header) is not None


def _bracket(found: re.Match[str]) -> str:
    inside = found.group(1) if found.group(1) is not None else found.group(2)
    return " " if not inside.strip() or _SAYS_NOTHING.fullmatch(inside) else f" {inside} "


def _plain(text: str) -> str:
    text = _NUMBERS.sub(" numbers ", text)
    text = _PERCENT.sub(" percent ", text.replace("#", " number "))
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"['’]s\b", "", text)).strip()


@lru_cache(maxsize=20_000)  # every kind of export is asked about every header
def readings(header: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read a header, the plainest first; each is one text or alternatives of one.

    "Phone (mobile)" is "phone mobile", then "mobile phone"; "State/Province" is "state province",
    then "state" or "province".
    """
    return tuple(_readings(header))


def _readings(header: str) -> Iterator[tuple[str, ...]]:
    yield (normalise_header(header),)
    bracket = _BRACKETS.search(header)
    if bracket:
        inside = bracket.group(1) if bracket.group(1) is not None else bracket.group(2)
        if not _SAYS_NOTHING.fullmatch(inside):
            yield (normalise_header(f"{inside} {_BRACKETS.sub(' ', header)}"),)
        if _ZONE.fullmatch(inside.strip()) and is_of_times(_BRACKETS.sub(" ", header)):
            yield (normalise_header(_BRACKETS.sub(" ", header)),)
    elif (bare := _ENDING_ZONE.sub("", header)) != header:
        yield (normalise_header(bare),)
    if "/" in header or re.search(r"\bor\b", header, re.IGNORECASE):
        parts = re.split(r"/|\bor\b", _BRACKETS.sub(" ", header), flags=re.IGNORECASE)
        yield tuple(part for p in parts if (part := normalise_header(p)))
    plain = normalise_header(header)
    if plain.endswith(" on"):  # `Completed On` is the completed date
        yield (f"{plain.removesuffix(' on')} date",)
    yield from ((text,) for text in _written_out(plain))


def _written_out(text: str) -> Iterator[str]:
    """A header with its short words written out: `est value` is `estimated value`."""
    words = text.split()
    if any(word in _SHORT for word in words):
        for choice in (0, -1):
            yield " ".join(_SHORT[w][choice] if w in _SHORT else w for w in words)
