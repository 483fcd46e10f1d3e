"""A second, independent reading of one cell: does this text say the same as that value?

Belongs here: reading numbers, days, moments, times, phones, e-mails, names, addresses, words and
lists by code of its own, and comparing with what a field holds, as exactly one value. Does not: the
cells (`cells`), the fields (`provenance`). Imports nothing of the rooms that read, clean and map:
a mistake of theirs must not be repeated here.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from flitstack_pipeline.ledger.places import COUNTRIES, STATES

VERBATIM = "verbatim"
TRIMMED = "white space trimmed"
#: Words that stand for nothing, in lower case.
EMPTY_WORDS = frozenset(
    {"-", "--", "---", "—", "–", ".", "?", "n/a", "#n/a", "na", "n.a.", "nan", "none", "null", "nil",
     "undefined", "[object object]", "(none)", "(blank)", "unknown", "tbd", "tbc", "<na>"}
)  # fmt: skip
_YES = frozenset({"yes", "y", "true", "1", "x", "on", "si", "sí", "oui", "checked", "✓", "✔"})
_NO = frozenset({"no", "n", "false", "0", "off", "non", "unchecked", "-"})


@dataclass(frozen=True)
class Account:
    """What the account is: the zone of its moments, the country of its phones."""

    zone: str = "America/New_York"
    country: str = "US"


def plain(text: str) -> str:
    """Text of one kind of space and quotation mark, without invisible characters at its ends."""
    found = unicodedata.normalize("NFC", text).replace("\u2019", "'")
    found = re.sub(r"[\u200b\ufeff\u2060]", "", found)
    return re.sub(r"\s+", " ", found).strip()


def unwrapped(text: str) -> str:
    """A cell without the wrapping by which spreadsheets keep text as text: `="00042"`, `'00042`."""
    found = re.sub(r'^="(.*)"$', r"\1", text.strip(), flags=re.S)
    return re.sub(r"^'(?=[\d=+@-])", "", found)


def agrees(kind: str, text: str, value: str, account: Account) -> str:
    """How a value says what a text says: `verbatim`, the rule that changed it, or "" for no.

    Args:
        kind: How the cell is to be read, such as `number:.` or `date:day first`; `in:` before it
            means that the value is a text in which the cell's value is one piece.
        text: The cell as exported.
        value: What the field holds.
        account: The account's time zone and country.
    """
    if kind.startswith("in:"):
        return _among(kind[3:], text, value, account)
    if text == value:
        return VERBATIM
    if text.strip() == value.strip():
        return TRIMMED
    name, _, how = kind.partition(":")
    return READINGS[name](text, value, how, account)


# --- text -----------------------------------------------------------------------------------------


def _text(text: str, value: str, how: str, account: Account) -> str:
    if plain(unwrapped(text)) == plain(value):
        return "white space and marks of the spreadsheet taken off"
    if re.search(r"[<&]", text) and _shown(text) == _shown(value):
        return "HTML read as text"
    return ""


@lru_cache(maxsize=20_000)
def _shown(text: str) -> str:
    """What a person sees of HTML: tags away, entities decoded, white space as one."""
    bare = re.sub(r"(?is)<(script|style)\b.*?</\1>", " ", text)
    bare = re.sub(r"(?i)\{\{image:[0-9a-f]{64}\}\}|<img\b[^>]*>", " ", bare)
    bare = html.unescape(re.sub(r"</?[A-Za-z!][^>]*>", " ", bare))
    return re.sub(r"\s+", "", plain(bare))


def _cased(text: str, value: str, how: str, account: Account) -> str:
    """Text whose capitals may differ."""
    if plain(unwrapped(text)).casefold() == plain(value).casefold():
        return "capitals made usual"
    return _text(text, value, how, account)


def _id(text: str, value: str, how: str, account: Account) -> str:
    """A number or id of a record: one of the ids and names the record goes by."""
    wanted = _bare_id(text)
    known = {_bare_id(v) for part in value.split("\x1f") for v in (part, part.rpartition("/")[2])}
    parts = [_bare_id(p) for p in re.split(r"[;,|\n&]|\band\b", text) if p.strip()]
    loose = {_loose_id(k) for k in known}
    if wanted in known or _loose_id(wanted) in loose:
        return "leads to the record"
    if len(parts) > 1 and all(p in known or _loose_id(p) in loose for p in parts):
        return "leads to the records"
    return ""


def _bare_id(text: str) -> str:
    found = plain(unwrapped(text)).lstrip("#").strip().casefold()
    return found[:-2] if re.fullmatch(r"\d+\.0", found) else found


def _loose_id(text: str) -> str:
    found = re.sub(r"[\s_-]", "", re.sub(r"^[a-z]+[\s_#.-]*(?=\d)", "", text))
    return re.sub(r"^0+(?=\d)", "", found)


def _words(text: str) -> list[str]:
    flat = unicodedata.normalize("NFKD", text.casefold())
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", flat)


def _name(text: str, value: str, how: str, account: Account) -> str:
    """A name of a person or firm; the value may hold several names it goes by."""
    first, comma, last = plain(text).partition(",")
    orders = [_words(text)] + ([_words(f"{last} {first}")] if comma else [])
    for known in value.split("\x1f"):
        if plain(text) == plain(known):
            return "as written"
        if _words(known) in orders:
            return "name in its usual order and capitals"
    bare = [w for w in _words(re.sub(r"\([^)]*\)|\"[^\"]*\"", " ", text)) if w not in _TITLES]
    turned = [w for w in _words(f"{last} {first}") if w not in _TITLES] if comma else bare
    if any(
        [w for w in _words(k) if w not in _TITLES] in (bare, turned) for k in value.split("\x1f")
    ):
        return "name without its title"
    return ""


_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "sr", "sra", "the", "mx"})


# --- numbers --------------------------------------------------------------------------------------


def number(text: str, sign: str) -> Decimal | None:
    """The one number a text says where `sign` is the decimal sign; None for any other text."""
    found = re.sub(r"[\u2212\u2013]", "-", plain(unwrapped(text))).replace("\u00a0", " ")
    money = r"(?:[A-Z]{0,2}[$€£¥₡₱₲₴₹]|USD|CAD|AUD|NZD|EUR|GBP|MXN|CRC|COP|PEN|CHF)"
    found = re.sub(money, "", found, flags=re.I).strip()
    if found in ("-", "--", "—"):
        return Decimal(0)
    negative = found.startswith("(") and found.endswith(")")
    found = found[1:-1].strip() if negative else found
    match = re.fullmatch(r"([+-]?)\s*([\d.,' ]*\d[\d.,' ]*?)\s*(-?)", found)
    if not match or (match[1] == "-") + bool(match[3]) + negative > 1:
        return Decimal(0) if negative and found.strip() in ("", "-") else None
    amount = _digits(match[2].strip(), sign)
    if amount is None:
        return None
    return -amount if match[1] == "-" or match[3] or negative else amount


def _digits(found: str, sign: str) -> Decimal | None:
    """Digits with thousands apart; a shape that only the other sign explains is read by that."""
    for decimal in (sign, "." if sign == "," else ","):
        group = "," if decimal == "." else "."
        grouped = rf"\d{{1,3}}(?:(?P<g>[{group}' ])\d{{3}})(?:(?P=g)\d{{3}})*"
        indian = (
            r"\d{1,2}(?:,\d{2})+,\d{3}"
            if decimal == "."
            else grouped.replace("g>", "h>").replace("=g", "=h")
        )  # noqa: E501
        whole = rf"(?:{grouped}|{indian}|\d*)(?:[{decimal}]\d*)?"
        if re.fullmatch(whole, found):
            bare = re.sub(rf"[{group}' ]", "", found).replace(decimal, ".")
            try:
                return Decimal(bare)
            except InvalidOperation:
                return None
    return None


def _number(text: str, value: str, how: str, account: Account) -> str:
    held = _held_number(value)
    if held is None:
        return ""
    said = number(text, how or ".")
    if said is None:
        unit = re.fullmatch(r"\s*([-+]?[\d.,]+)\s*([^\W\d_][\w.²³/ ]*)", text)
        said = number(unit[1], how or ".") if unit else None
    if said is None:
        percent = re.fullmatch(r"\s*([-+]?[\d.,]+)\s*%\s*", text)
        said = number(percent[1], how or ".") if percent else None
    if said is None:
        return ""
    if said == held:
        return "number without signs of currency and thousands"
    return "rounded" if abs(said - held) <= Decimal("0.00005") else ""


def _held_number(value: str) -> Decimal | None:
    return Decimal(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else None


# --- days, moments, times -------------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january enero janvier januar ene gennaio", "feb february febrero février fevrier",
            "mar march marzo mars märz", "apr april abril avril abr aprile",
            "may mayo mai maggio", "jun june junio juin juni giugno",
            "jul july julio juillet juli luglio", "aug august agosto août aout ago",
            "sep sept september septiembre setiembre septembre settembre",
            "oct october octubre octobre oktober ottobre",
            "nov november noviembre novembre", "dec december diciembre décembre decembre dic dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2})(?:[.,]\d+)?)?\s*([ap])?\.?\s*m?\.?", re.I
)
_ZONES = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
          "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A day and, where a time is told, the moment: local without offset, or with one."""

    day: dt.date
    clock: dt.time | None = None
    offset: dt.timedelta | None = None

    def moment(self, zone: str) -> dt.datetime | None:
        """The moment, a local one in the account's zone."""
        if self.clock is None:
            return None
        info = dt.timezone(self.offset) if self.offset is not None else ZoneInfo(zone)
        return dt.datetime.combine(self.day, self.clock, info)


@lru_cache(maxsize=100_000)
def day_said(text: str, order: str) -> Said | None:
    """The one day (and time) a text says, or None."""
    found = plain(unwrapped(text))
    if re.fullmatch(r"\d{5}(\.\d+)?", found):
        return _serial(float(found))
    compact = re.fullmatch(r"((?:19|20)\d{2})(\d{2})(\d{2})", found)
    if compact:
        return _said(compact[1], compact[2], compact[3], "")
    iso = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(.*)$", found, re.S)
    if iso:
        return _said(iso[1], iso[2], iso[3], iso[4])
    short = re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)(.*)$", found, re.S)
    if short:
        return _short(short, order)
    return _written(found)


def _short(match: re.Match[str], order: str) -> Said | None:
    a, b = int(match[1]), int(match[2])
    if order == "undecided" and a <= 12 and b <= 12 and a != b:
        return None
    day_first = order == "day first" or (order == "undecided" and a > 12)
    year = (
        match[3]
        if len(match[3]) == 4
        else str((2000 if int(match[3]) < 70 else 1900) + int(match[3]))
    )
    return _said(year, *((b, a) if day_first else (a, b)), match[4])


def _written(found: str) -> Said | None:
    """A day with its month in letters: `Jan 5, 2024 3:04 PM`, `5 de enero de 2024`."""
    bare = re.sub(r"\b(?:de|del|of|the|at)\b", " ", found, flags=re.I)
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", bare, flags=re.I)
    bare = (
        re.sub(r"^\s*[^\W\d_]{3,9}\.?,\s+", "", bare)
        if re.match(r"\s*[^\W\d_]{3,9}\.?,\s", bare)
        else bare
    )
    bare = re.sub(r"^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?\s+", "", bare, flags=re.I)
    month_first = re.match(r"\s*([^\W\d_]+)\.?[\s-]+(\d{1,2}),?[\s-]+(\d{4})(.*)$", bare, re.S)
    if month_first and month_first[1].casefold() in _MONTHS:
        month = _MONTHS[month_first[1].casefold()]
        return _said(month_first[3], month, month_first[2], month_first[4])
    day_first = re.match(
        r"\s*(\d{1,2})\.?[\s-]+([^\W\d_]+)\.?,?[\s-]+(\d{4}|\d{2})(.*)$", bare, re.S
    )
    if day_first and day_first[2].casefold() in _MONTHS:
        year = day_first[3] if len(day_first[3]) == 4 else f"20{day_first[3]}"
        return _said(year, _MONTHS[day_first[2].casefold()], day_first[1], day_first[4])
    return None


def _said(year: str, month: str | int, day: str | int, rest: str) -> Said | None:
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
    rest = rest.strip().lstrip("T,").strip()
    if not rest:
        return Said(found)
    clock_text, offset = _offset(rest)
    clock = clock_said(clock_text)
    return Said(found, clock, offset) if clock is not None else Said(found)


def _offset(rest: str) -> tuple[str, dt.timedelta | None]:
    """(the time of day, its offset from UTC or None) of what stands after a day."""
    rest = re.sub(r"\s*\([^)]*\)\s*$", "", rest).strip()
    named = re.search(r"\s*(?:UTC|GMT)?\s*([+-])(\d{2}):?(\d{2})?$", rest, re.I)
    if named and re.search(r"\d", rest[: named.start()]):
        hours = dt.timedelta(hours=int(named[2]), minutes=int(named[3] or 0))
        return rest[: named.start()].strip(), -hours if named[1] == "-" else hours
    if re.search(r"\dZ$", rest):
        return rest[:-1], dt.timedelta(0)
    word = re.search(r"\s([A-Z]{3,4})$", rest)
    if word and word[1] in _ZONES:
        return rest[: word.start()], dt.timedelta(hours=_ZONES[word[1]])
    return rest, None


def clock_said(text: str) -> dt.time | None:
    """The time of day a text says, or None."""
    found = plain(text)
    words = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
    found = words.get(found.casefold(), found)
    if re.fullmatch(r"0?\.\d+", found):
        seconds = round(float(found) * 86_400) % 86_400
        return (dt.datetime.min + dt.timedelta(seconds=seconds)).time()
    match = _CLOCK.fullmatch(found)
    if not match or (match[2] is None and match[4] is None):
        return None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if match[4]:
        hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
    return dt.time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _serial(found: float) -> Said | None:
    day = dt.date(1899, 12, 30) + dt.timedelta(days=int(found))
    seconds = round((found % 1) * 86_400)
    clock = (dt.datetime.min + dt.timedelta(seconds=seconds)).time() if seconds else None
    return Said(day, clock)


def _date(text: str, value: str, how: str, account: Account) -> str:
    """A day, or a moment where the value has a time of day."""
    said = day_said(text, how or "month first")
    held = re.match(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(.*))?$", value)
    if said is None or held is None:
        return ""
    if held[2] is None:
        return "date, year first" if held[1] in _days_of(said, account.zone) else ""
    return _same_moment(said, value, held, account.zone)


def _days_of(said: Said, zone: str) -> set[str]:
    """The day of a moment is that of the account."""
    moment = said.moment(zone)
    if moment is None or said.offset is None:
        return {said.day.isoformat()}
    return {moment.astimezone(ZoneInfo(zone)).date().isoformat()}


def _same_moment(said: Said, value: str, held: re.Match[str], zone: str) -> str:
    moment = said.moment(zone) or dt.datetime.combine(said.day, dt.time(), ZoneInfo(zone))
    try:
        found = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return ""
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(zone))
    moment = moment if re.search(r"\d:\d\d:\d\d", value) else moment.replace(second=0)
    return "moment with the account's time zone" if moment == found else ""


def _time(text: str, value: str, how: str, account: Account) -> str:
    said, held = clock_said(text), clock_said(value)
    if said is None or held is None:
        return ""
    return "time of 24 hours" if said.replace(second=0) == held.replace(second=0) else ""


# --- phones, e-mails, addresses of the web --------------------------------------------------------


def _phone(text: str, value: str, how: str, account: Account) -> str:
    """Every phone of a cell among the phones held (`how` is "all"), or the one held in the cell."""
    said = phones_said(text, account.country)
    held = {
        _e164(v) for part in value.split("\x1f") for v in re.split(r"[;,]\s*", part) if v.strip()
    }
    if said and all(any(_same_phone(s, h) for h in held) for s in said):
        return "phone to E.164"
    return ""


def phones_said(text: str, country: str) -> list[str]:
    """The phones of a cell as `+digits`, or bare digits where the country's plan is not known."""
    parts = re.split(r"[;,/|\n]|\b(?:or|and)\b", text, flags=re.I)
    found = []
    for part in parts:
        bare = re.sub(
            r"(?:x|ext\.?|extension|#)\s*\.?\s*(\d{1,6})\s*$", "", part.strip(), flags=re.I
        )
        bare = re.sub(r"^(\d{7,15})\.0$", r"\1", bare)
        bare = (
            re.sub(r"[A-Za-z]", _keypad, bare)
            if re.search(r"\d[\s.-]*[A-Za-z]{3,}", bare)
            else bare
        )
        digits = re.sub(r"\D", "", bare)
        if len(digits) >= 7:
            found.append(_normal(digits, "+" in bare or digits.startswith("00"), country))
    return found


def _keypad(match: re.Match[str]) -> str:
    return "22233344455566677778889999"[ord(match[0].upper()) - ord("A")]


def _normal(digits: str, international: bool, country: str) -> str:
    if international:
        return "+" + digits.removeprefix("00")
    if country in ("US", "CA", "PR"):
        if len(digits) == 10:
            return "+1" + digits
        if len(digits) == 11 and digits[0] == "1":
            return "+" + digits
    return digits


def _e164(value: str) -> str:
    bare = re.sub(r"(?:x|ext\.?)\s*\d{1,6}\s*$", "", value.strip(), flags=re.I)
    digits = re.sub(r"\D", "", bare)
    return "+" + digits if bare.lstrip().startswith("+") else digits


def _same_phone(said: str, held: str) -> bool:
    if said.startswith("+"):
        return said == held or said[1:] == held
    national = said.lstrip("0")
    return said == held or (
        held.startswith("+") and held.endswith(national) and len(held) - len(national) <= 5
    )


def _email(text: str, value: str, how: str, account: Account) -> str:
    said = re.findall(r"[^\s;,|<>()\"]+@[^\s;,|<>()\"]+", text.casefold().replace("mailto:", ""))
    held = set(re.split(r"[\s;,\x1f]+", value.casefold()))
    if said and all(s.strip(".") in held for s in said):
        return "e-mail in lower case"
    return ""


def _url(text: str, value: str, how: str, account: Account) -> str:
    strip = re.compile(r"^\s*https?://|/\s*$", re.I)
    same = strip.sub("", text.strip()).casefold() == strip.sub("", value.strip()).casefold()
    return "web address with its scheme" if same else ""


# --- addresses ------------------------------------------------------------------------------------

_SHORT = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct",
    "boulevard": "blvd", "circle": "cir", "place": "pl", "terrace": "ter", "parkway": "pkwy",
    "highway": "hwy", "square": "sq", "trail": "trl", "way": "way", "apartment": "apt",
    "suite": "ste", "unit": "unit", "floor": "fl", "building": "bldg", "north": "n", "south": "s",
    "east": "e", "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se",
    "southwest": "sw", "cove": "cv", "crossing": "xing", "heights": "hts", "junction": "jct",
    "mount": "mt", "saint": "st", "fort": "ft", "ridge": "rdg", "spring": "spg", "springs": "spgs",
    "number": "no", "room": "rm", "point": "pt", "plaza": "plz", "expressway": "expy",
}  # fmt: skip


def address_words(text: str) -> list[str]:
    """The words of an address with usual short forms, in order."""
    found = _words(re.sub(r"(?<=\d)-(?=\d{4}\b)", " ", text.replace("#", " ")))
    joined = " ".join(found)
    for name, code in STATES.items():
        joined = re.sub(rf"(?<!^)\b{name}\b(?=(?: \d| us| united| usa|$))", code, joined)
    for name, code in COUNTRIES.items():
        joined = re.sub(rf"\b{name}$", code, joined)
    return [_SHORT.get(w, w) for w in joined.split()]


def _address(text: str, value: str, how: str, account: Account) -> str:
    """An address on one line, or one part of it (`how`: street, city, state, zip, country)."""
    if how == "state":
        return _coded(text, value, STATES, "state by its code")
    if how == "country":
        return _coded(text, value, COUNTRIES, "country by its code")
    if how == "zip":
        return _postcode(text, value)
    wanted, held = address_words(text), address_words(value)
    drop = {"apt", "ste", "unit", "no", "us", "usa", account.country.casefold()}
    if [w for w in wanted if w not in drop] == [w for w in held if w not in drop]:
        return "address in its parts, usual short forms"
    return ""


def _coded(text: str, value: str, codes: dict[str, str], rule: str) -> str:
    said, held = " ".join(_words(text)), " ".join(_words(value))
    return rule if held in (said, codes.get(said, "")) else ""


def _postcode(text: str, value: str) -> str:
    said, held = re.sub(r"[\s.]", "", text).casefold(), re.sub(r"[\s.]", "", value).casefold()
    said = re.sub(r"0$", "", said) if re.fullmatch(r"\d{3,5}\.0", text.strip()) else said
    if said == held:
        return "postcode tidied"
    if said.isdigit() and held.isdigit() and len(said) < 5 and said.zfill(5) == held:
        return "postcode with its leading zero"
    if said.isdigit() and len(said) in (8, 9) and said.zfill(9) == held.replace("-", ""):
        return "postcode tidied"
    return ""


# --- words and lists ------------------------------------------------------------------------------


def _yes_no(text: str, value: str, how: str, account: Account) -> str:
    word, held = plain(text).casefold(), value.casefold()
    same = (word in _YES and held == "yes") or (word in _NO and held == "no")
    return "yes or no" if same else ""


def _word(text: str, value: str, how: str, account: Account) -> str:
    """A word and its label, alike up to capitals and joints; others are in the value map."""
    return "label of the word" if _words(text) == _words(value) else ""


def _list(text: str, value: str, how: str, account: Account) -> str:
    """Every part of the cell among the parts held."""
    held = {" ".join(_words(p)) for p in re.split(r"[;\x1f\n|]|, ", value)}
    held |= {" ".join(_words(p)) for p in re.split(r"[,;\x1f\n|]", value)}
    for cut in (r"[;|\n]", r"[;|\n,]", r"[;|\n,&]|\band\b"):
        parts = [" ".join(_words(p)) for p in re.split(cut, text)]
        parts = [p for p in parts if p]
        if parts and all(p in held or " ".join(reversed(p.split())) in held for p in parts):
            return "list, one value each"
    turned = [
        " ".join(_words(f"{b} {a}")) for a, _, b in (p.partition(",") for p in text.split(";"))
    ]
    return "list, one value each" if turned and all(p in held for p in turned if p) else ""


# --- pieces of a longer text ----------------------------------------------------------------------

_JOINTS = re.compile(r"\n| · |; | × | @ | = |[\[\]()]|: |, |\x1f|<br>|</?p>|-(?=\d\d:\d\d)")


@lru_cache(maxsize=4_000)
def pieces(value: str) -> frozenset[str]:
    """The pieces a text of several values is made of, with its lines and the ends of its lines."""
    lines = value.split("\n")
    found = {p.strip() for p in _JOINTS.split(value)} | {x.strip() for x in lines}
    found |= {x.partition(" × ")[0].partition(" ")[0] for x in lines if " × " in x}
    found |= {x.partition(" × ")[0].partition(" ")[2] for x in lines if " × " in x}
    for joint in (": ", " = ", " · ", " × "):
        found |= {x.partition(joint)[2].strip() for x in lines if joint in x}
    return frozenset(p for p in found if p)


def _among(kind: str, text: str, value: str, account: Account) -> str:
    """A cell as one piece of a text: verbatim, or by its own reading."""
    bare = text.strip()
    known = pieces(value)
    if bare in known or _inside(bare, value):
        return VERBATIM
    if plain(unwrapped(bare)) in {plain(p) for p in known}:
        return "white space and marks of the spreadsheet taken off"
    if re.search(r"[<&]", text) and _shown(text) and _shown(text) in _shown(value):
        return "HTML read as text"
    name, _, how = kind.partition(":")
    if name in ("text", "kept"):
        return ""
    read = READINGS[name]
    for piece in known:
        rule = read(text, piece, how, account)
        if rule:
            return rule
    return ""


def _inside(bare: str, value: str) -> bool:
    """Whether a text stands in another as whole lines or pieces, not as a part of a word."""
    at = value.find(bare) if bare else -1
    while at >= 0:
        before, after = value[:at], value[at + len(bare) :]
        starts = not before or re.search(
            r"(?:\n| · |; |: | = | × | @ |[\[(>]|\x1f|\| |, )$", before
        )
        ends = not after or re.match(r"\n| · |; | × | @ | = |[\])<]|\x1f| \||, ", after)
        if starts and ends:
            return True
        at = value.find(bare, at + 1)
    return False


Reading = Callable[[str, str, str, Account], str]
READINGS: dict[str, Reading] = {
    "text": _text, "kept": _text, "cased": _cased, "id": _id, "name": _name, "number": _number,
    "date": _date, "time": _time, "phone": _phone, "email": _email, "url": _url,
    "address": _address, "yes_no": _yes_no, "word": _word, "list": _list,
}  # fmt: skip
