"""Addresses: split, joined or both, to street, city, state code, postcode and ISO country.

Each word of an address comes out in one part; what cannot be placed with certainty stays in the
street, and nothing is invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

import usaddress

from flitstack_pipeline.cleaning.values.contact_points import phones
from flitstack_pipeline.cleaning.values.countries import (
    US_STATES,
    WITH_STATES,
    also_in_america,
    country_code,
    known_state,
    rather_abroad,
    state_code,
)
from flitstack_pipeline.cleaning.values.localities import (
    city_behind_street,
    is_city_name,
    names_quarters,
)
from flitstack_pipeline.cleaning.values.postcodes import (
    TELLING,
    has_pattern,
    holds_postcode,
    is_japanese,
    is_postcode,
    split,
    tidy_postcode,
)
from flitstack_pipeline.cleaning.values.words import one_line, text

_ZIP = re.compile(r"^(\d{3,5})(?:[-\s]?(\d{4}))?(?:\.0)?$", re.A)
_EVERYDAY = re.compile(
    r"(?P<street>\d[^,]*(?:,[^,]*)?), ?(?P<city>[^\W\d_][^,\d]*), ?"
    r"(?P<state>[A-Za-z][A-Za-z .]+?),? (?P<zip>\d{5}(?:-\d{4})?)",
    re.A,
)
_REMARK = re.compile(r"(.*\b\d{5}(?:-\d{4})?)[\s,;]+(\S.*)", re.A)
_UNIT = re.compile(r"(?:apt|apartment|unit|suite|ste|floor|fl|bldg|building|room|rm|lot)\b", re.I)
#: Between parts of an address besides commas: line breaks, bullets, bars.
_BREAKS = re.compile(r"\s*(?:[\r\n]+|[\u2022\u00b7|;]|<br ?/?>)\s*,?\s*", re.I)
_PHONE = re.compile(
    r"(?:(?:tel|telephone|phone|cell|mobile|mob)\b\.?\s*:?\s*|(?:ph|[mtpchw])\s*[.:]\s*|[(\[]\s*)??"
    r"(?P<phone>\+?\(?\d[\d\s().\-]{7,18}\d(?:\s*(?:x|ext\.?)\s*\d{1,6})?)[)\]]?\.?$",
    re.I | re.A,
)
_AMERICA = re.compile(
    r"[,\s]+(\(?(?:usa|u\. ?s\. ?a\.?|u\.s\.|united states(?: of america)?"
    r"|(?:(?<=\d{5}[, ])|(?<=\d{5}, )|(?<=-\d{4}[, ])|(?<=-\d{4}, ))us)\)?)\.?$",
    re.I,
)
#: `…, FL, USA 33602`: the country before the ZIP.
_AMERICA_INSIDE = re.compile(
    r",?\s*,\s*(usa|us|u\. ?s\. ?a\.?|united states(?: of america)?),?\s+(\d{5}(?:-\d{4})?)$",
    re.I | re.A,
)
#: `Hauptstr. 5, 80331 München`: no ZIP stands before its city.
_POSTCODE_FIRST = re.compile(r",\s*[0-9]{5}\s+[^\W\d_][^,\d]*$")
_US_ENDING = re.compile(r"\b[A-Z]{2}\.?,? \d{5}(?:-\d{4})?$")


@dataclass(frozen=True)
class Address:
    """One address; `complete` says that street, city, state and postcode were all found."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    complete: bool = False
    #: Phones behind the address, as written.
    phone: str | None = None
    #: The country as the line named it, where that is not the account's.
    abroad: str | None = None
    #: The one-line address says something else than the columns.
    differs: bool = False
    #: What stood behind the postcode is in the street.
    moved: bool = False

    @property
    def line(self) -> str:
        """The address on one line."""
        place = " ".join(p for p in (self.state, self.postal_code) if p)
        parts = (self.street, self.city, place, self.abroad, self.phone)
        return ", ".join(p for p in parts if p)


#: What a line without text says.
_NOTHING = Address()


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
    code, beside = cells.postal_code or "", None
    if len(code) > 10:
        code, beside = _without_phone(one_line(code) or "", default_country)
    named = _country_of(cells, code, default_country)
    parsed = parse_line(cells.joined, named or default_country)
    street = _street(cells.street, cells.street2)
    if street and "," in street and not one_line(cells.city):
        parsed = parse_line(street, named or default_country)
        street = parsed.street
    country = named or parsed.country or default_country
    parts = (
        street or parsed.street,
        one_line(cells.city) or parsed.city,
        state_code(cells.state, country) or parsed.state,
        postal_code(code, country) or parsed.postal_code,
    )
    whole = all((parts[0], parts[1], parts[3]))
    phone = f"{parsed.phone}; {beside}" if parsed.phone and beside else parsed.phone or beside
    return Address(
        *parts,
        country,
        complete=whole and bool(parts[2] or country not in WITH_STATES),
        phone=phone,
        abroad=parsed.abroad,
        differs=parsed is not _NOTHING and _differs(parsed, (*parts, phone)),
        moved=parsed.moved,
    )


def _differs(line: Address, found: tuple[str | None, ...]) -> bool:
    """Whether the one-line address says something that the columns of the row do not."""
    parts = (line.street, line.city, line.state, line.postal_code, line.phone)
    if parts == found:
        return False
    said = {t for part in parts if part for t in _tokens(part)}
    return not said <= {t for part in found if part for t in _tokens(part)}


def _country_of(cells: AddressCells, code: str, account: str) -> str | None:
    """The country that its column, the postcode or the state name; None when none does.

    `Georgia` beside the state GA or a ZIP of the account's is no country.
    """
    named = country_code(cells.country)
    if named == account:
        return named
    if named and account == "US" and known_state(cells.country, "US"):
        of_america = known_state(cells.state, "US") or (_ZIP.match(code) and len(code) >= 5)
        return account if of_america else named
    if named:
        return named
    told = None
    if not code.isdigit():
        told = next((c for c, p in TELLING.items() if p.fullmatch(code.strip().upper())), None)
    if told is None and account == "US" and cells.state and not known_state(cells.state, "US"):
        told = "CA" if known_state(cells.state, "CA") else None
    return told


@lru_cache(maxsize=200_000)
def parse_line(value: str | None, country: str = "US") -> Address:
    """One line of address taken apart; only the street where its country's pattern is not there.

    Args:
        value: The line as read; line breaks stand for commas.
        country: The account's, or the one another column names.

    Returns:
        The parts. Phones behind the address come as `phone`; what belongs to no other part
        stays in the street, so that every word of the line is in some part.
    """
    found = one_line(_BREAKS.sub(", ", value.strip(" \r\n,;")) if value else None)
    if found is None:
        return _NOTHING
    found = found.replace(" ,", ",")
    everyday = _everyday(found) if country == "US" else None
    if everyday:
        return everyday
    bare, phone = _without_phone(found, country)
    bare, named, word = _without_country(bare, country)
    told = (c for c, p in TELLING.items() if p.search(bare))
    there = named or ("JP" if is_japanese(bare) else next(told, country))
    made = _taken_apart(bare, there, bool(named)) or Address(street=bare, country=there)
    said = "; ".join(p for p in (made.phone, phone) if p) or None
    return replace(made, phone=said, abroad=word if there != country else None)


def _taken_apart(line: str, country: str, named: bool) -> Address | None:
    """A line by the way of its country; `named` says that the line named the country."""
    if country == "US":
        made = _american(line)
        neighbour = made is None and not named and _ends_in_a_province(line)
        return _foreign(line, "CA") if neighbour else made
    american = None if country == "IT" or named else _everyday(line)
    return american or _foreign(line, country) or _city_last(line, country, named)


def _city_last(line: str, country: str, named: bool) -> Address | None:
    """`12 Oak St, Toronto` of the country or before its name: a name behind a street is the city.

    Where a quarter may stand there, only before the country's name.
    """
    found = city_behind_street(line) if named or not names_quarters(country) else None
    if found is None and named and is_city_name(line):
        return Address(None, line, None, None, country)
    return Address(*found, None, None, country) if found else None


def _ends_in_a_province(line: str) -> bool:
    """`…, Toronto, ON` or `…, Toronto ON`: a code only Canada has, behind a city."""
    found = re.fullmatch(r".*\d.*,\s*([^\W\d_][^\d,]*?)(?:\s*,\s*|\s+)([A-Z]{2})", line)
    word = found[2] if found else ""
    return bool(word and known_state(word, "CA") and word not in US_STATES)


def _without_phone(line: str, country: str) -> tuple[str, str | None]:
    """A line without the phones at its end, and the phones as written."""
    found: list[str] = []
    while True:
        rest, phone = _one_phone_less(line, country)
        if phone is None:
            return line, "; ".join(reversed(found)) or None
        line = rest
        found.append(phone)


def _one_phone_less(line: str, country: str) -> tuple[str, str | None]:
    if len(line) < 15 or not line.rstrip(")].")[-1:].isdigit():
        return line, None
    for gap in re.finditer(r"[\s,;/]+", line):
        match = _PHONE.fullmatch(line, gap.end())
        if match is None or is_postcode(match["phone"], country):
            continue
        read = phones(match["phone"], country)
        if len(read) == 1 and read[0].e164 and line[: gap.start()].strip():
            return line[: gap.start()].rstrip(" ,;/"), match["phone"]
    return line, None


def _foreign(line: str, country: str) -> Address | None:
    """A line of another country taken apart by its pattern."""
    parts = split(line, country)
    if parts is None:
        return None
    postcode = postal_code(parts.postal_code, country)
    state = state_code(parts.state, country)
    return Address(parts.street, parts.city, state, postcode, country)


def _american(line: str) -> Address | None:
    """A line of the United States taken apart; None when a word of it would be lost."""
    found = _everyday(line) or _with_a_remark(line) or _city_alone(line)
    if found:
        return found
    parts: dict[str, list[str]] = {}
    for token, label in usaddress.parse(line):
        parts.setdefault(_group(label), []).append(token)
    if "street" not in parts or ("city" not in parts and "zip" not in parts):
        return _street_and_city(line)
    shown = {key: _join(tokens, line) for key, tokens in parts.items()}
    if (
        _POSTCODE_FIRST.search(line)
        or "country" in parts
        or ("zip" in parts and not _ZIP.match(shown["zip"] or ""))
    ):
        return None
    if _tokens(line) != sorted(t for part in shown.values() for t in _tokens(part or "")):
        return None
    state = known_state(shown.get("state"), "US")
    if shown.get("state") and state is None:
        return None
    return Address(
        shown.get("street"), shown.get("city"), state, postal_code(shown.get("zip"), "US"), "US"
    )


def _with_a_remark(line: str) -> Address | None:
    """`9 Elm St, Tampa, FL 33602, back door`: what stands behind the ZIP goes to the street.

    A phone among it goes to the phones.
    """
    match = _REMARK.fullmatch(line)
    found = _everyday(match[1]) if match else None
    if match is None or found is None or re.search(r"\b[A-Z]{2},? \d{5}\b", match[2]):
        return None
    parts = [part.strip() for part in re.split(r"[,;]", match[2]) if part.strip()]
    said = [_phone_alone(part) for part in parts]
    remarks = [part for part, phone in zip(parts, said, strict=True) if phone is None]
    phone = "; ".join(p for p in said if p) or None
    street = ", ".join(p for p in (found.street, *remarks) if p)
    return replace(found, street=street, phone=phone, moved=True)


def _phone_alone(part: str) -> str | None:
    """The phone a text is, with its label or without; None for anything else."""
    match = _PHONE.fullmatch(part)
    read = phones(match["phone"], "US") if match else ()
    return match["phone"] if match and len(read) == 1 and read[0].e164 else None


def _city_alone(line: str) -> Address | None:
    """`Tampa, FL 33602`: no street at all."""
    match = re.fullmatch(
        r"([^\W\d_][^\d,]*), ([A-Z]{2}|[A-Z][A-Za-z. ]+?)(?:,? (\d{5}(?:-\d{4})?))?", line
    )
    state = known_state(match[2], "US") if match else None
    if match is None or state is None or not is_city_name(match[1]):
        return None
    return Address(None, match[1], state, postal_code(match[3]), "US")


def _street_and_city(line: str) -> Address | None:
    """`12 Oak St, Lebanon`: a name behind a street is its city, whatever else is called so."""
    street, comma, city = (part.strip() for part in line.rpartition(","))
    between = [p.strip() for p in street.split(",")[1:]]
    alone = bool(comma) and all(_UNIT.match(p) for p in between)
    if not alone or country_code(city) is None or len(city) < 3 or not re.match(r"\d", street):
        return None
    return Address(street, city, None, None, "US")


def _tokens(line: str) -> list[str]:
    return sorted(re.findall(r"\w+", line.casefold()))


def _without_country(line: str, account: str) -> tuple[str, str | None, str | None]:
    """(the line without the country named at its end, its code, its word as written).

    A word is a country only where it stands as one: behind a city, and not a state or a place of
    the account's country; two letters only beside a postcode of theirs.
    """
    america = _AMERICA.search(line)
    if america:
        return line[: america.start()], "US", america[1].strip("()")
    inside = _AMERICA_INSIDE.search(line)
    if inside:
        return f"{line[: inside.start()]} {inside[2]}", "US", inside[1]
    head, comma, tail = (part.strip() for part in line.rpartition(","))
    word = tail.strip(" .()")
    code = country_code(word) if comma and len(word) > 1 else None
    if code is None:
        return _without_spaced_country(line)
    if code == account and len(word) > 2 and not also_in_america(word):
        return head, code, word
    return (head, code, word) if _stands_alone(head, word, code, account) else (line, None, None)


def _without_spaced_country(line: str) -> tuple[str, str | None, str | None]:
    """Likewise where no comma stands before the country: `London SW1A 2AA England`."""
    spaced = re.fullmatch(r"(.*\d\S*)[ ]+\(?([^\W\d_][^\d,]*?)\)?", line)
    code = country_code(spaced[2]) if spaced else None
    if spaced is None or code is None or not holds_postcode(spaced[1], code):
        return line, None, None
    return spaced[1], code, spaced[2]


def _stands_alone(head: str, word: str, code: str, account: str) -> bool:
    """Whether a word at the end of a line is a country there."""
    if word.casefold() in ("uk", "u.k"):
        return True
    in_america = account == "US" and bool(_US_ENDING.search(head))
    its_own = holds_postcode(head, code) and not in_america
    if len(word) == 2:
        state = account == "US" and word.upper() in US_STATES
        return its_own and has_pattern(code) and (not state or code in ("CA", "DE", "IN"))
    if account == "US" and known_state(word, "US"):
        return its_own and code in TELLING
    cities = [p for p in head.split(",")[1:] if not _UNIT.match(p.strip())]
    if account == "US" and also_in_america(word):
        neighbour = bool(cities) and code in ("CA", "MX")
        abroad = neighbour or (rather_abroad(word) and _ends_in_a_city(head, code))
        return its_own or (abroad and not in_america)
    return its_own or (bool(cities or is_city_name(head)) and not in_america)


def _ends_in_a_city(line: str, country: str) -> bool:
    """Whether a city, and perhaps its region, stands behind the street, or alone."""
    street, comma, region = (part.strip() for part in line.rpartition(","))
    if comma and known_state(region, country) and city_behind_street(street):
        return True
    return city_behind_street(line) is not None or is_city_name(line)


def _everyday(line: str) -> Address | None:
    """`street, city, ST 12345`, which needs no parser; None for anything less plain."""
    match = _EVERYDAY.fullmatch(line)
    if not match or _UNIT.match(match["city"]):
        return None
    state = known_state(match["state"], "US")
    if state is None:
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


def _join(tokens: list[str], line: str) -> str | None:
    """The tokens as the line writes them (`Unit #12`), else with a blank between each two."""
    written = re.search(r"\s*".join(map(re.escape, tokens)), line)
    return (written.group() if written else " ".join(tokens)).strip(" ,") or None


def _street(street: str | None, street2: str | None) -> str | None:
    parts = [p for p in (one_line(street), one_line(street2)) if p]
    return ", ".join(dict.fromkeys(parts)) or None


def postal_code(value: str | None, country: str = "US") -> str | None:
    """A ZIP with its leading zeros and ZIP+4; another country's postcode as it is written there.

    `33602-` is a ZIP+4 whose last four digits nobody knew.
    """
    found = text(value)
    if found is None:
        return None
    match = _ZIP.match(found.rstrip("- "))
    if country == "US" and match:
        return match.group(1).zfill(5) + (f"-{match.group(2)}" if match.group(2) else "")
    return tidy_postcode(found, country)
