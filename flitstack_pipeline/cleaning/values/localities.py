"""Whether a name behind a street is its city, where no postcode and no state says so.

Belongs here: the words that stand behind a street and are no city. Does not: postcodes
(`postcodes`), countries (`countries`).
"""

from __future__ import annotations

import re

#: What stands behind a street besides a city: parts of a house, houses, ways to them.
_NO_CITY = re.compile(
    r"\b(?:apt|apartment|appartement|unit|suite|ste|floor|fl|flat|room|rm|lot|ph|penthouse|shop|"
    r"building|bldg|block|house|court|tower|towers|mall|plaza|centre|center|estates?|park|farm|"
    r"mews|lodge|cottage|villa|villas|mansions?|heights?|gardens|yard|works|mill|barn|annexe?|"
    r"st|street|rd|road|ave|avenue|lane|drive|close|crescent|terrace|blvd|boulevard|highway|"
    r"rear|front|back|basement|cellar|attic|upstairs|downstairs|ground|side|entrance|gate|garage|"
    r"office|door|corner|near|behind|opposite|off|attn|c/o|"
    r"b[âa]timent|b[âa]t|r[ée]sidence|escalier|[ée]tage|rez-de-chauss[ée]e|rdc|zone|za|zi|rue|"
    r"hinterhaus|vorderhaus|seitenfl[üu]gel|gewerbegebiet|industriegebiet|hof|og|eg|dg|haus|"
    r"col|colonia|fracc|fraccionamiento|barrio|bairro|edificio|edif[íi]cio|interior|planta|piso)\b"
    r"|(?:stra(?:ss|ß)e|str)\.?$",
    re.I,
)
_NAME = re.compile(r"[^\W\d_][^\W\d_.'’()/ -]*(?:[ .'’()/-]+[^\W\d_.'’()/ -]+)*[.)]?")
_SMALL = frozenset(
    {"am", "an", "der", "im", "in", "bei", "ob", "vor", "upon", "on", "the", "of", "by", "le", "la",
     "les", "de", "du", "des", "sur", "sous", "en", "aux", "et", "di", "del", "da", "do", "den"}
)  # fmt: skip
_UNIT_ALONE = re.compile(
    r"(?:apt|apartment|unit|suite|ste|floor|flat|room|lot|ph|shop|block|building|bldg|p\.?o\.? box"
    r"|box)\b[\s.#]*\w{0,4}",
    re.I,
)
_DUBLIN = re.compile(r"Dublin \d{1,2}W?", re.I)
#: Where a quarter of the city stands behind the street, before the city or without it.
_QUARTERS_FIRST = frozenset({"MX", "BR", "CO", "CR", "PE", "CL", "AR", "PH", "IN"})


def names_quarters(country: str) -> bool:
    """Whether the name behind a street is the quarter there, so that it may be no city."""
    return country in _QUARTERS_FIRST


def is_city_name(text: str) -> bool:
    """Whether a text is written like the name of a city, and is no house or part of one."""
    if _DUBLIN.fullmatch(text):
        return True
    if not _NAME.fullmatch(text) or len(text) < 3 or len(text.split()) > 5 or _NO_CITY.search(text):
        return False
    words = re.findall(r"[^\W\d_]+", text)
    return words[0][0].isupper() and all(w[0].isupper() or w in _SMALL for w in words)


def city_behind_street(line: str) -> tuple[str, str] | None:
    """(street, city) of `12 High Street, Leeds`; None where the name may be anything else.

    Args:
        line: An address without country, state, postcode and phone.

    Returns:
        None unless one name stands behind parts that all hold a number, one more than a unit.
    """
    street, comma, city = (part.strip() for part in line.rpartition(","))
    parts = [part.strip() for part in street.split(",")]
    if not comma or not is_city_name(city) or not all(re.search(r"\d", p) for p in parts):
        return None
    return (street, city) if any(not _UNIT_ALONE.fullmatch(p) for p in parts) else None
