"""City and postcode of an address on one line, by the pattern of its country.

Belongs here: countries other than the United States. Does not: finding out which country it is
(`addresses`). What a pattern does not name stays in the street: nothing is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flitstack_pipeline.cleaning.values.countries import known_state

_GB_AREAS = (
    "AB|AL|BA|BB|BD|BF|BH|BL|BN|BR|BS|BT|BX|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|"
    "DY|EC|EH|EN|EX|FK|FY|GL|GY|GU|HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|LA|LD|LE|LL|"
    "LN|LS|LU|ME|MK|ML|NE|NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|RG|RH|RM|SA|SE|SG|SK|SL|SM|SN|SO|"
    "SP|SR|SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE|[BEGLMNSW]"
)
_CA_LETTER, _CA_DIGIT = "[ABCEGHJ-NPRSTV-Z]", "[0-9OI]"
#: How the postcode of a country looks where it ends the line; people write O and I for 0 and 1.
_LAST = {
    "GB": rf"(?:GIR ?0AA|(?:{_GB_AREAS})\d[A-Z\d]? ?\d[ABD-HJLN-UW-Z]{{2}})",
    "IE": r"(?:D6W|[AC-FHKNPRTV-Y]\d\d)[ -]?[AC-FHKNPRTV-Y\d]{4}",
    "CA": rf"(?=[A-Z -]{{0,4}}\d){_CA_LETTER}{_CA_DIGIT}{_CA_LETTER}[ -]{{0,3}}"
    rf"{_CA_DIGIT}{_CA_LETTER}{_CA_DIGIT}",
    "AU": r"\d{4}",
    "NZ": r"\d{4}",
    "ZA": r"\d{4}",
    "IN": r"\d{3} ?\d{3}",
    "BR": r"(?:CEP:? ?)?\d{5}-?\d{3}",
    "JP": r"(?:〒 ?)?\d{3}-?\d{4}",
    "SG": r"\d{6}",
    "CO": r"\d{6}",
}
#: Likewise where it stands before its city.
_FIRST = {
    "DE": r"(?:D-)?\d{5}", "FR": r"(?:F-)?\d{5}", "ES": r"(?:E-)?\d{5}", "IT": r"(?:I-)?\d{5}",
    "MX": r"(?:C\.?P\.? ?)?\d{5}", "NL": r"(?:NL-)?[1-9]\d{3} ?[A-Z]{2}", "AT": r"(?:A-)?\d{4}",
    "CH": r"(?:CH-)?\d{4}", "BE": r"(?:B-)?\d{4}", "DK": r"(?:DK-)?\d{4}", "NO": r"(?:N-)?\d{4}",
    "PT": r"\d{4}-\d{3}", "SE": r"(?:SE?-)?\d{3} ?\d{2}", "PL": r"\d{2}-\d{3}",
    "FI": r"(?:FI-)?\d{5}", "CZ": r"\d{3} ?\d{2}", "CR": r"\d{5}", "CO": r"\d{6}",
    "LU": r"(?:L-)?\d{4}", "GR": r"\d{3} ?\d{2}", "HU": r"(?:H-)?\d{4}", "SK": r"\d{3} ?\d{2}",
    "SI": r"(?:SI-)?\d{4}", "HR": r"(?:HR-)?\d{5}", "RO": r"\d{6}", "TR": r"\d{5}",
    "IS": r"\d{3}",
}  # fmt: skip
_EITHER = {**_FIRST, **_LAST}
#: Where a name behind the street is the state, though no city stands before it.
_STATE_ALONE = frozenset({"US", "CA", "AU"})
#: A ward of a city in Japan is no city: `Kita-ku, Osaka`.
_WARD = re.compile(r"-(?:ku|cho|machi|chome)$", re.I)
#: `〒100-0005 東京都千代田区丸の内1-9-1`: postcode, prefecture, city, street.
_JAPANESE = re.compile(
    r"(?:〒?\s*(?P<code>\d{3}-?\d{4})[\s,]*)?(?:日本国?[\s,]*)?"
    r"(?P<state>東京都|北海道|(?:大阪|京都)府|[\u4e00-\u9fff]{2,3}県)\s*"
    r"(?P<city>[\u3040-\u30ff\u4e00-\u9fff]+?(?:市(?:[\u4e00-\u9fff]{1,3}区)?|区|町|村))\s*"
    r"(?P<street>\S.*?)(?:[\s,]*〒?(?P<last>\d{3}-\d{4}))?"
)
#: Postcodes that no other country writes, so that they name it without its word.
TELLING = {
    "CA": re.compile(rf"(?<![A-Z\d]){_LAST['CA']}(?![A-Z\d])", re.I),
    "GB": re.compile(
        rf"(?<![A-Z\d])(?!\S+ \d(?:ND|RD|TH|ST)\b)"
        rf"(?:{_GB_AREAS})\d[A-Z\d]? \d[ABD-HJLN-UW-Z]{{2}}$"
    ),
}
#: Countries whose postcode is written in two halves, and the length of the second.
_HALVES = {"CA": 3, "GB": 3, "IE": 4, "NL": 2}
_COUNTY = re.compile(
    r"(?:Co\.? |County )[^,]+|[^,]+shire|(?:West|East|North|South) (?:Midlands|Yorkshire|Sussex)"
    r"|Greater (?:London|Manchester)|Kent|Essex|Surrey|Norfolk|Suffolk|Devon|Cornwall|Dorset"
    r"|Somerset|Cumbria|Merseyside|Tyne and Wear|Middlesex|Hants|Herts|Berks|Bucks|Oxon|Wilts",
    re.I,
)
_UNIT = re.compile(
    r"(?:apt|apartment|unit|suite|ste|floor|fl|flat|bldg|building|block|room|rm|lot|ph|shop|\#"
    r"|interior|int|piso|local|depto|apto|level|po box|p\.o\.)\b.*|.*\d.*",
    re.I,
)
_TYPE = (
    r"(?:st|street|rd|road|ave?|avenue|lane|ln|dr|drive|court|ct|place|pl|way|cres|crescent|close|"
    r"terrace|tce|parade|pde|highway|hwy|blvd|boulevard|square|sq|grove|gardens|mews|walk|hill)"
)
_STREET_TYPE = re.compile(rf"(?<=\w )\b{_TYPE}\b\.?\s+(?=[^\W\d_])", re.I)
_NESTED_TYPE = re.compile(rf"\b{_TYPE}\b", re.I)


@dataclass(frozen=True)
class Parts:
    """What was found, each part as it is written."""

    street: str | None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None


def has_pattern(country: str) -> bool:
    """Whether addresses of the country can be split."""
    return country in _EITHER


def holds_postcode(line: str, country: str) -> bool:
    """Whether a line holds what may be a postcode of the country, where it stands there."""
    behind = (r"(?=[\s,]+[^\W\d_])",) * (country in _FIRST) + (r"\W*$",) * (country in _LAST)
    after = f"(?:{'|'.join(behind)})"
    pattern = _EITHER.get(country)
    found = pattern and re.search(rf"(?<![A-Z\d]){pattern}(?![A-Z\d]){after}", line, re.I)
    return bool(found)


def is_postcode(value: str, country: str) -> bool:
    """Whether a text is a postcode of the country, whole."""
    pattern = _EITHER.get(country)
    return bool(pattern and re.fullmatch(pattern, value.strip(), re.I))


def tidy_postcode(value: str, country: str) -> str:
    """A postcode as its country writes it: upper case, two halves, no sign of the country."""
    shown = " ".join(value.upper().split())
    if not is_postcode(shown, country):
        return shown
    shown = re.sub(
        r"^(?:(?:D|F|E|I|A|CH|B|DK|N|SE?|FI|NL|L|H|SI|HR)-|C\.?P\.? ?|CEP:? ?|〒 ?)(?=\d)",
        "",
        shown,
    )
    if country == "BR":
        return f"{shown[:5]}-{shown[-3:]}"
    if country == "JP":
        return f"{shown[:3]}-{shown[-4:]}"
    if country not in _HALVES or shown.startswith("BFPO"):
        return shown
    plain, last = re.sub(r"[ -]", "", shown), _HALVES[country]
    if country == "CA":
        swapped = [c.translate({79: "0", 73: "1"}) if i % 2 else c for i, c in enumerate(plain)]
        plain = "".join(swapped)
    return f"{plain[:-last]} {plain[-last:]}"


def split(line: str, country: str) -> Parts | None:
    """Street, city, state and postcode of a line; None where its country's pattern is not there.

    Args:
        line: An address without country and phone.
        country: The country it lies in.
    """
    if country == "JP" and is_japanese(line):
        return _japanese(line)
    if country in _FIRST:
        found = _city_after(line, country)
        if found:
            return found
    return _city_before(line, country) if country in _EITHER else None


def is_japanese(line: str) -> bool:
    """Whether an address is written in Japanese, from the prefecture on."""
    return _JAPANESE.fullmatch(line) is not None


def _japanese(line: str) -> Parts | None:
    match = _JAPANESE.fullmatch(line)
    if not match or (match["code"] and match["last"]):
        return None
    return Parts(match["street"], match["city"], match["state"], match["code"] or match["last"])


def _city_after(line: str, country: str) -> Parts | None:
    """`Hauptstr. 5, 10115 Berlin`: what follows the city is its region."""
    pattern = rf"(?<![\w-])({_FIRST[country]})(?:\s*[,-]\s*|\s+)([^\W\d_][^,\d(]*)"
    found = list(re.finditer(pattern, line, re.I))
    if not found:
        return None
    match = found[-1]
    street, rest = line[: match.start()].strip(" ,"), line[match.end() :].strip(" ,")
    apart = line[: match.start()].rstrip().endswith(",") or re.search(r"\d", street)
    city = match[2].strip(" ,-")
    cedex = re.fullmatch(r"\d{1,2}", rest) if re.search(r"\bcedex$", city, re.I) else None
    if cedex:
        city, rest = f"{city} {rest}", ""
    alone = not street and not rest and match.end() == len(line)
    if (not alone and not (street and apart)) or re.search(r"\d", rest):
        return None
    if country in ("DE", "AT") and rest.startswith("("):  # `Halle (Saale)`: which one of the name
        city, rest = f"{city} {rest}", ""
    region = rest.strip("() ") or None
    if region is None:
        city, region = _without_state(city, country)
    return Parts(street or None, city, region, match[1])


def _city_before(line: str, country: str) -> Parts | None:
    """`10 Downing St, London SW1A 2AA`: the postcode ends the line; a state may do so alone."""
    found = list(re.finditer(rf"(?<![A-Z\d])({_EITHER[country]})(?![A-Z\d])", line, re.I))
    last = found[-1] if found and not line[found[-1].end() :].strip(" ,.") else None
    before = (line[: last.start()] if last else line).strip(" ,-")
    before, state = _without_state(before, country)
    if last is None and state is None:
        return None
    street, city = _street_and_city(before)
    if state and country not in _STATE_ALONE and (city is None or _WARD.search(city)):
        # `…, Kita-ku, Osaka`, `…, Bogotá`: the city that is a region of that name, too
        whole = (line[: last.start()] if last else line).strip(" ,-")
        street, city, state = whole.removesuffix(state).strip(" ,-("), state, None
    if city is None and (state is None or not street) and country not in TELLING:
        return None
    return Parts(street, city, state, last[1] if last else None) if street else None


def _without_state(line: str, country: str) -> tuple[str, str | None]:
    """(the line without the state or county at its end, the state as written)."""
    for gap in re.finditer(r"\s*,\s*|\s+-\s+|\s+(?=\()|\s+", line):
        head, word = line[: gap.start()].strip(" ,"), line[gap.end() :].strip(" ,()")
        named = "," in gap[0] or "-" in gap[0]
        if not head or not word:
            continue
        if known_state(word, country) and (named or _is_code(word, country)):
            return head, word
        county = country in ("GB", "IE") and named and head.count(",") > 0
        if county and _COUNTY.fullmatch(word):
            return head, word
    return line, None


def _is_code(word: str, country: str) -> bool:
    """Whether a word without comma before it is a state: a code, or a name of a country of few."""
    return bool(re.fullmatch(r"[A-Z]{2,3}|[A-Z]\.[A-Z]\.", word)) or country in ("AU", "CA")


def _street_and_city(line: str) -> tuple[str, str | None]:
    """(street, city) of what is left; the city is a name behind the last comma or street type."""
    parts = [p.strip() for p in re.split(r",|\s-\s", line) if p.strip()]
    if len(parts) > 1:
        city = parts[-1]
        if _UNIT.fullmatch(city) and not re.fullmatch(r"Dublin \d{1,2}W?", city, re.I):
            return line, None
        return line[: line.rindex(city)].strip(" ,-"), city
    for match in _STREET_TYPE.finditer(line):
        street, city = line[: match.end()].strip(), line[match.end() :].strip()
        inner = re.sub(r"^St\.? ", "", city)
        if (
            re.match(r"\W*\d", line)
            and not _NESTED_TYPE.search(inner)
            and not re.search(r"\d", city)
        ):
            return street, city
    return line, None
