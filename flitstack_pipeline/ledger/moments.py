"""Days, moments and times as the witness reads them, under one order of day and month."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from flitstack_pipeline.ledger.texts import Account, plain, unwrapped

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january enero janvier januar ene gennaio janv gen janeiro januari",
            "feb february febrero février fevrier febbraio fevereiro februari févr febr fev "
            "februar",
            "mar march marzo mars märz março maart mrt mär",
            "apr april abril avril abr aprile avr",
            "may mayo mai maggio maio mei mag",
            "jun june junio juin juni giugno junho giu",
            "jul july julio juillet juli luglio julho lug juil",
            "aug august agosto août aout ago augustus",
            "sep sept september septiembre setiembre septembre settembre set setembro",
            "oct october octubre octobre oktober ottobre okt ott out outubro",
            "nov november noviembre novembre novembro",
            "dec december diciembre décembre decembre dic dez déc dezember dezembro dicembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
#: Of Polish, Russian, the Nordic languages, Czech and Turkish.
_MONTHS |= {
    name: number
    for number, names in enumerate(
        (
            "januar styczeń stycznia января январь янв tammikuu tammikuuta leden ledna ocak",
            "luty lutego февраля февраль февр фев helmikuu helmikuuta únor února şubat",
            "marts marzec marca марта март мар maaliskuu maaliskuuta březen března mart",
            "kwiecień kwietnia апреля апрель апр huhtikuu huhtikuuta duben dubna nisan",
            "maj maja мая май toukokuu toukokuuta květen května mayıs",
            "czerwiec czerwca июня июнь июн kesäkuu kesäkuuta červen června haziran",
            "lipiec lipca июля июль июл heinäkuu heinäkuuta červenec července temmuz",
            "augusti sierpień sierpnia августа август авг elokuu elokuuta srpen srpna ağustos",
            "wrzesień września сентября сентябрь сент сен syyskuu syyskuuta září eylül",
            "październik października октября октябрь окт lokakuu lokakuuta říjen října ekim",
            "listopad listopada listopadu ноября ноябрь нояб ноя marraskuu marraskuuta kasım",
            "des desember grudzień grudnia декабря декабрь дек joulukuu joulukuuta prosinec "
            "prosince aralık",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = re.compile(
    r"^\s*(?:mon|tue|wed|thu|fri|sat|sun|lun|mar(?!ch|zo|s\b)|mer|mié|mie|jeu|jue|ven|vie|sam|sáb|sab|"
    r"dim|dom|mo|di|mi|do|fr|sa|so|gio|seg|ter|qua|qui|sex|ma|wo|vr|za|zo|maan|dins|woens|donder|"
    r"vrij|zater|zon|mån|tis|ons|tor|fre|lör|sön|man|tir|lør|søn|maanan|tiis|keski|perj|lauan|sunn|"
    r"pon|wt|śr|czw|pi[ąa]t|sob|nied|пн|вт|ср|чт|пт|сб|вс|понед|четв|пятн|субб|воскр|paz|salı|çar|per|"
    r"cum|pátek|čtv|úter|ned)[^\W\d_]*(?:-feira)?\.?,?\s+(?=\D{0,4}\d|[^\W\d_]{3,10}\.?\s+\d)",
    re.I,
)
#: The article before the day: `le 13 janvier`, `el 13 de enero`, `am 13. Januar`.
_ARTICLE = re.compile(r"^\s*(?:el|le|am|den|il|o|on|op)\s+(?=\d{1,2}\D)", re.I)
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2})(?:[.,]\d+)?)?\s*(?:uhr|hrs?|h)?\s*([ap])?\.?\s*m?\.?",
    re.I,
)
#: Hours from UTC of the abbreviations that mean one zone (RFC 5322 4.3, IANA's tz names).
_ZONES = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
          "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "AST": -4, "ADT": -3,
          "BST": 1, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "AWST": 8,
          "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "HDT": -9, "NST": -3.5, "NDT": -2.5,
          "EET": 2, "EEST": 3, "SAST": 2, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "ACST": 9.5,
          "ACDT": 10.5}  # fmt: skip
#: Names written out that their initials do not tell; hours of summer go with the place.
_WRITTEN_OUT = {
    "Central European": "Europe/Berlin", "Western European": "Europe/Lisbon",
    "Eastern European": "Europe/Helsinki", "India Standard": "Asia/Kolkata",
    "China Standard": "Asia/Shanghai", "Gulf Standard": "Asia/Dubai",
    "Arabian Standard": "Asia/Riyadh", "Pakistan Standard": "Asia/Karachi",
    "Philippine Standard": "Asia/Manila", "Moscow Standard": "Europe/Moscow",
    "Israel Standard": "+02:00", "Israel Daylight": "+03:00", "Irish Standard": "+01:00",
    "Alaskan Standard": "-09:00", "Alaska Standard": "-09:00", "Alaska Daylight": "-08:00",
    "Hawaiian Standard": "Pacific/Honolulu", "Hawaii Standard": "Pacific/Honolulu",
    "Hawaii-Aleutian Standard": "Pacific/Honolulu", "Korean Standard": "Asia/Seoul",
    "Hong Kong Standard": "Asia/Hong_Kong", "Singapore Standard": "Asia/Singapore",
    "South Africa Standard": "Africa/Johannesburg", "West Africa Standard": "Africa/Lagos",
    "East Africa": "Africa/Nairobi", "Indochina": "Asia/Bangkok",
    "Brasilia Standard": "-03:00", "Argentina Standard": "-03:00",
    "Colombia Standard": "America/Bogota", "Peru Standard": "America/Lima",
    "Us Mountain Standard": "America/Phoenix", "US Mountain Standard": "America/Phoenix",
}  # fmt: skip

_PLACES = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
           "PT": "America/Los_Angeles"}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A day and, where a time is told, the moment: local without offset, or with one."""

    day: dt.date
    clock: dt.time | None = None
    offset: dt.tzinfo | None = None

    def moment(self, zone: str) -> dt.datetime | None:
        """The moment, a local one in the account's zone."""
        if self.clock is None:
            return None
        info = self.offset if self.offset is not None else ZoneInfo(zone)
        return dt.datetime.combine(self.day, self.clock, info)


@lru_cache(maxsize=100_000)
def day_said(text: str, order: str) -> Said | None:
    """The one day (and time) a text says, or None."""
    found = plain(unwrapped(text))
    if re.fullmatch(r"\d{5}(\.\d+)?", found):
        return _serial(float(found))
    compact = re.fullmatch(
        r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?)?", found
    )
    if compact:
        hour, minute, second, zone = compact.groups()[3:]
        rest = f"{hour}:{minute}:{second or '00'}{zone or ''}" if hour else ""
        return _said(compact[1], compact[2], compact[3], rest)
    found = re.sub(r"^(\d{4})年(\d{1,2})月(\d{1,2})日", r"\1-\2-\3 ", found).strip()
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
    return _said(_year(match[3]), *((b, a) if day_first else (a, b)), match[4])


def _written(found: str) -> Said | None:
    """A day with its month in letters: `Jan 5, 2024 3:04 PM`, `viernes 5 de enero de 2024`."""
    bare = _ARTICLE.sub("", _WEEKDAYS.sub("", found))
    return _with_month(_ARTICLE.sub("", found)) or _with_month(bare)


def _with_month(found: str) -> Said | None:
    """Likewise, of a text that begins with the month or the day."""
    found = re.sub(r"(?<=\d{4})\s?(?:г|года?|r|roku)\b\.?(?=$|[,\s])", "", found, flags=re.I)
    bare = re.sub(r"\b(?:de|del|of|the|at)\b", " ", found, flags=re.I)
    bare = re.sub(r"(?<=\d)(?:st|nd|rd|th|er|º)\b", "", bare, flags=re.I)
    unix = re.match(r"\s*([^\W\d_]+) +(\d{1,2}) (\d\d:\d\d:\d\d)( [A-Z]{3,4})? (\d{4})$", bare)
    if unix and unix[1].casefold() in _MONTHS:
        rest = unix[3] + (unix[4] or "")
        return _said(unix[5], _MONTHS[unix[1].casefold()], unix[2], rest)
    month_first = re.match(
        r"\s*([^\W\d_]+)\.?[\s./-]+(\d{1,2})[,\s./-]+('?\d{4}|'\d{2})(?!\d)(.*)$", bare, re.S
    )
    if month_first and month_first[1].casefold() in _MONTHS:
        month = _MONTHS[month_first[1].casefold()]
        return _said(_year(month_first[3]), month, month_first[2], month_first[4])
    day_first = re.match(
        r"\s*(\d{1,2})[\s./-]*([^\W\d_]+)[,\s./-]*('?\d{4}|'?\d{2})(?![\d:])(.*)$", bare, re.S
    )
    if day_first and day_first[2].casefold() in _MONTHS:
        month = _MONTHS[day_first[2].casefold()]
        return _said(_year(day_first[3]), month, day_first[1], day_first[4])
    return None


def _year(text: str) -> str:
    bare = text.lstrip("'")
    return bare if len(bare) == 4 else str((2000 if int(bare) < 70 else 1900) + int(bare))


def _said(year: str, month: str | int, day: str | int, rest: str) -> Said | None:
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
    rest = re.sub(
        r"^(?:at|à|às|as|a las?|um|alle|om|kl)\b\.?",
        "",
        rest.strip().lstrip("T,").strip(),
        flags=re.I,
    ).strip()
    if not rest:
        return Said(found)
    clock_text, offset = _offset(rest)
    clock = clock_said(clock_text)
    return Said(found, clock, offset) if clock is not None else Said(found)


def _offset(rest: str) -> tuple[str, dt.tzinfo | None]:
    """(the time of day, its zone or None) of what stands after a day."""
    rest = re.sub(r"(?<=[\dMm])\s+((?:[A-Z][a-z-]+ )+Time)$", _initials, rest.strip())
    rest = re.sub(r"(?<=[\dZ])\[[A-Za-z_/]+\]$", "", rest.replace("\u2212", "-"))
    rest = re.sub(r"\s*[(\[](?:GMT|UTC)?([+-][\d:]+)[)\]]$", r" \1", rest.strip())
    if not re.search(r"[+-]\d[\d:]*\s*\(", rest):  # behind an offset the word is a remark
        rest = re.sub(r"\s*[(\[]([A-Z]{2,4})[)\]]$", r" \1", rest)
    rest = re.sub(r"\s*\([^)]*\)\s*$", "", rest).strip()
    rest = re.sub(r"(?<=[+-]\d{4}) [A-Z]{3,4}$", "", rest)
    named = re.search(r"\s*(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?$", rest, re.I)
    if named and re.search(r"\d", rest[: named.start()]):
        hours = dt.timedelta(hours=int(named[2]), minutes=int(named[3] or 0))
        return rest[: named.start()].strip(), dt.timezone(-hours if named[1] == "-" else hours)
    if re.search(r"\dZ$", rest):
        return rest[:-1], dt.UTC
    word = re.search(r"\s([A-Za-z]+(?:/[A-Za-z_]+)+|[A-Z]{2,4})$", rest)
    if word and word[1] in _ZONES:
        return rest[: word.start()], dt.timezone(dt.timedelta(hours=_ZONES[word[1]]))
    place = _PLACES.get(word[1], word[1] if "/" in word[1] else "") if word else ""
    if word and place:
        try:
            return rest[: word.start()], ZoneInfo(place)
        except (KeyError, ValueError):
            return rest, None
    return rest, None


def _initials(name: re.Match[str]) -> str:
    """` EST` for ` Eastern Standard Time`, ` Asia/Kolkata` for ` India Standard Time`."""
    place = _WRITTEN_OUT.get(name[1].removesuffix(" Time"))
    if place:
        return f" {place}"
    return " " + "".join(re.findall("[A-Z]", name[1])).replace("CUT", "UTC")


def clock_said(text: str) -> dt.time | None:
    """The time of day a text says, or None."""
    found = re.sub(r"^at ", "", plain(text), flags=re.I)
    words = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
    found = words.get(found.casefold(), found)
    if re.fullmatch(r"0?\.\d+", found):
        seconds = round(float(found) * 86_400) % 86_400
        return (dt.datetime.min + dt.timedelta(seconds=seconds)).time()
    found = re.sub(r"^kl\.?\s?(?=\d)", "at ", found, flags=re.I)
    alone = re.fullmatch(r"at (\d{1,2})|(\d{1,2})\s?(?:h|uhr)", found, re.I)
    found = f"{alone[1] or alone[2]}:00" if alone else found.removeprefix("at ")
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


#: A header that speaks of a time; in others two letters are a state: `Tax (CT)`, `Location (CT)`.
_OF_A_TIME = re.compile(
    r"time|date|created|updated|modified|start|end|completed|scheduled|\b(?:at|on|when)\b", re.I
)


def zone_said(word: str) -> dt.tzinfo | None:
    """The zone that a person or a header names, or None."""
    bare = re.sub(r"^\((?:GMT|UTC)[^)]*\)\s*(?=\w)|\s*\([^)]*\)$", "", word.strip())
    bare = re.sub(r"^z$", "UTC", bare, flags=re.I)
    bare = re.sub(r"^(eastern|central|mountain|pacific)$", r"\1 time", bare, flags=re.I)
    if bare.casefold().endswith(" time"):
        bare = bare.title()
    return _offset(f"1:00 {bare.upper() if len(bare) <= 4 else bare}")[1]


def header_zone(header: str) -> str:
    """The zone a header says its times are in: `Created (UTC)`, `Start [PST]`; "" for none.

    In a header EST means the clocks of New York, in summer as well.
    """
    bare = header.strip().rstrip(")]")
    word = re.split(r"[(\[]|[\s_](?=(?:utc|gmt)$)|(?<=[a-z])(?=UTC$)", bare, flags=re.I)[-1].strip()
    if word == bare or word in ("Est", "est"):  # an estimated date
        return ""
    word = re.sub(
        r"^(?:local,\s*)?(?:(?:all )?(?:times? )?(?:are )?(?:in |zone:? ))?", "", word, flags=re.I
    )
    word = re.sub(r"\s+time\s?zone$", "", word, flags=re.I)
    if len(word) <= 2 and not _OF_A_TIME.search(header):
        return ""
    word = _of_any_season(word)
    return word if zone_said(word) else ""


def zone_above(line: str) -> str:
    """The zone a line says all times are in: `All times are in UTC`, `Timezone: EST`; else ""."""
    said = re.search(
        r"(?:time ?zone(?: is|[:=])?|times?(?: and dates?)?(?: \w+){0,2} (?:in|as)(?: the)?)"
        r" ?(.+)$",
        " ".join(line.split()), re.I,
    )  # fmt: skip
    word = re.sub(r"\s+time ?zone$|[. ]+$", "", said[1], flags=re.I) if said else ""
    word = _of_any_season(word)
    return word if word and zone_said(word) else ""


def _of_any_season(word: str) -> str:
    """`EST` and `EDT` of a whole column are Eastern Time, whatever the season."""
    return re.sub(r"^([ECMP])[SD]T$", r"\1T", word.upper()) if len(word) <= 4 else word


def read_date(text: str, value: str, how: str, account: Account) -> str:
    """A day, a moment where the value has a time of day, or the time of the moment alone.

    `how` is the order of day and month, with `@` and the zone of times that name none.
    """
    order, _, zone = how.partition("@")
    said = day_said(text, order or "month first")
    if said and zone and said.clock not in (None, dt.time()) and said.offset is None:
        said = replace(said, offset=zone_said(zone))
    clock = said.moment(account.zone) if said and re.fullmatch(r"\d\d:\d\d", value) else None
    if clock is not None:
        same = clock.astimezone(ZoneInfo(account.zone)).strftime("%H:%M") == value
        return "time of day beside the date" if same else ""
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


def read_time(text: str, value: str, how: str, account: Account) -> str:
    """A time of day, to the minute."""
    said, held = clock_said(text), clock_said(value)
    if said is None or held is None:
        return ""
    return "time of 24 hours" if said.replace(second=0) == held.replace(second=0) else ""
