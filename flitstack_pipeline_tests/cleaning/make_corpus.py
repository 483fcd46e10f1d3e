"""Writes `corpus/formatted/`: a hundred known values for each parser, each in several spellings.

    .venv/bin/python -m flitstack_pipeline_tests.cleaning.make_corpus

The texts are made by others (Babel, phonenumbers, strftime, `html`, `email`) or by the patterns of
a country's post; nothing of the product is imported, so what is right comes from the value, not
from a parser. The seed is fixed: running it again changes nothing.
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import random
from collections.abc import Callable, Iterable, Iterator
from email.utils import format_datetime, formataddr
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
from babel import dates as babel_dates
from babel import numbers as babel_numbers

FOLDER = Path(__file__).parent / "corpus" / "formatted"
VALUES = 100
#: Text, column, account, right value, reason.
Line = tuple[str, str, str, str, str]
DAY_FIRST = ("en_GB", "de_DE", "fr_FR", "es_MX", "it_IT", "nl_NL", "pt_BR", "en_AU")
#: Locale → its currency.
MONEY = {"en_US": "USD", "en_GB": "GBP", "de_DE": "EUR", "fr_FR": "EUR", "nl_NL": "EUR",
         "pt_BR": "BRL", "sv_SE": "SEK", "de_CH": "CHF", "es_MX": "MXN",
         "en_IN": "INR"}  # fmt: skip
COMMA = ("de_DE", "fr_FR", "nl_NL", "pt_BR", "sv_SE")
ZONES = ("America/New_York", "America/Los_Angeles", "Europe/Berlin", "Australia/Sydney")


def dates(rng: random.Random) -> Iterator[Line]:
    """Days as Babel writes them in nine countries, and without any order."""
    for _ in range(VALUES):
        day = dt.date(1971, 1, 1) + dt.timedelta(days=rng.randrange(30_000))
        for locale in ("en_US", *rng.sample(DAY_FIRST, 3)):
            order = "month first" if locale == "en_US" else "day first"
            width = rng.choice(("short", "medium", "long", "full"))
            text = babel_dates.format_date(day, width, locale=locale)
            yield text, "date", f"order={order}", day.isoformat(), f"babel {locale} {width}"
        shape = rng.choice(("%Y-%m-%d", "%Y/%m/%d", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d"))
        yield day.strftime(shape), "date", "order=undecided", day.isoformat(), f"strftime {shape}"


def moments(rng: random.Random) -> Iterator[Line]:
    """Moments with their offset, read in accounts of four zones, and without, in the account's."""
    for _ in range(VALUES):
        zone = rng.choice(ZONES)
        made = dt.datetime(2001, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
            seconds=rng.randrange(1_400_000_000)
        )
        local = made.astimezone(ZoneInfo(zone))
        if local.time() == dt.time() or local.fold:
            local += dt.timedelta(hours=5)
        far = local.astimezone(ZoneInfo(rng.choice(ZONES)))
        right, us = local.isoformat(), f"zone={zone};order=month first"
        utc = local.astimezone(dt.UTC)
        yield utc.strftime("%Y-%m-%dT%H:%M:%SZ"), "moment", f"zone={zone}", right, "strftime Z"
        yield far.isoformat(), "moment", f"zone={zone}", right, "isoformat with offset"
        yield format_datetime(far), "moment", us, right, "RFC 2822"
        script = far.strftime("%a %b %d %Y %H:%M:%S GMT%z")
        yield script, "moment", us, right, "JavaScript"
        for locale, order in (("en_US", "month first"), ("de_DE", "day first"),
                              ("en_GB", "day first")):  # fmt: skip
            naive = local.replace(tzinfo=None)
            text = babel_dates.format_datetime(naive, "medium", locale=locale)
            yield text, "moment", f"zone={zone};order={order}", right, f"babel {locale} medium"


def money(rng: random.Random) -> Iterator[Line]:
    """Amounts with cents as Babel writes currencies in ten countries."""
    for _ in range(VALUES):
        cents = rng.choice((1, -1)) * rng.randrange(1, 10 ** rng.randrange(3, 9))
        amount = f"{cents / 100:.2f}"
        for locale in ("en_US", *rng.sample(list(MONEY)[1:], 4)):
            text = babel_numbers.format_currency(amount, MONEY[locale], locale=locale)
            yield text, "money", _sign(locale), amount, f"babel {locale} {MONEY[locale]}"
        yield amount, "money", "sign=point", amount, "plain"


def numbers(rng: random.Random) -> Iterator[Line]:
    """Numbers with decimals as Babel writes them in six countries."""
    for _ in range(VALUES):
        value = f"{rng.randrange(1_000_000, 10 ** rng.randrange(7, 11)) / 1000:.3f}"
        for locale in ("en_US", "de_DE", *rng.sample(("fr_FR", "sv_SE", "de_CH", "en_IN"), 2)):
            text = babel_numbers.format_decimal(value, format="#,##0.000", locale=locale)
            yield text, "number", _sign(locale), value, f"babel {locale}"
        yield value, "number", "sign=point", value, "plain"


def rates(rng: random.Random) -> Iterator[Line]:
    """Percentages from one upwards, with a sign, a word, or bare."""
    for _ in range(VALUES):
        value = f"{rng.randrange(1000, 99_000) / 1000:.3f}".rstrip("0").rstrip(".")
        share = float(value) / 100
        for locale in ("en_US", *rng.sample(("de_DE", "fr_FR", "es_ES", "sv_SE", "pt_BR"), 2)):
            text = babel_numbers.format_percent(share, format="#,##0.###%", locale=locale)
            sign = "sign=point" if locale == "en_US" else "sign=comma"
            yield text, "rate", sign, value, f"babel {locale} percent"
        yield value, "rate", "sign=point", value, "bare"
        yield f"{value} percent", "rate", "sign=point", value, "in words"


def _sign(locale: str) -> str:
    return "sign=comma" if locale in COMMA else "sign=point"


def phones(rng: random.Random) -> Iterator[Line]:
    """Valid numbers of eight countries in the formats of phonenumbers."""
    formats = phonenumbers.PhoneNumberFormat
    regions = ("US", "US", "US", "CA", "GB", "DE", "AU", "FR", "MX", "NZ")
    for place in range(VALUES):
        region = regions[place % len(regions)]
        number = _number_of(region, rng)
        right = phonenumbers.format_number(number, formats.E164)
        for kind in ("NATIONAL", "INTERNATIONAL", "E164", "RFC3966"):
            text = phonenumbers.format_number(number, getattr(formats, kind))
            yield text, "phone", f"country={region}", right, f"phonenumbers {region} {kind}"
        text = f"{phonenumbers.format_number(number, formats.NATIONAL)} ext. 12"
        yield text, "phone", f"country={region}", f"{right} x12", f"phonenumbers {region}"


def _number_of(region: str, rng: random.Random) -> phonenumbers.PhoneNumber:
    kind = phonenumbers.PhoneNumberType.FIXED_LINE
    while True:
        made = phonenumbers.example_number_for_type(region, kind)
        digits = str(made.national_number)
        text = digits[:-5] + f"{rng.randrange(100_000):05}"
        found = phonenumbers.parse(text, region)
        if phonenumbers.is_valid_number(found):
            return found


def emails(rng: random.Random) -> Iterator[Line]:
    """Addresses bare, in capitals, as a link, in an address book's form, beside a separator."""
    firms = ("mailbox.net", "hill-roofing.com", "uni.ac.uk", "bau-mueller.de", "tile.co", "dee.ca")
    for given, family in _people(rng):
        local = rng.choice(("{0}.{1}", "{0}{1}", "{0}_{1}+jobs", "{1}-{0}"))
        plain = local.format(_ascii(given), _ascii(family))
        right = f"{plain}{rng.randrange(10, 99)}@{rng.choice(firms)}"
        yield right, "email", "", right, "bare"
        yield right.upper(), "email", "", right, "capitals"
        yield f"mailto:{right}", "email", "", right, "a link"
        yield formataddr((f"{_ascii(given)} X", right)), "email", "", right, "email.utils"
        yield f" {right} ;", "email", "", right, "blank and separator"


GIVEN = {
    "US": ("Ann", "Bob", "Carol", "Dave", "Emily", "Frank", "Grace", "Henry", "Irene", "Karen"),
    "MX": ("José", "María", "Guadalupe", "Alejandro", "Fernanda", "Ximena", "Rogelio", "Verónica"),
    "DE": ("Jürgen", "Käthe", "Wolfgang", "Sabine", "Günther", "Annegret"),
    "BR": ("João", "Luana", "Thiago", "Beatriz", "Rafaela", "Vinícius"),
    "IN": ("Priya", "Rajesh", "Sunita", "Harpreet", "Ananya", "Vikram"),
    "FR": ("François", "Élodie", "Baptiste", "Océane", "Thibault", "Manon"),
}
FAMILY = {
    "US": ("Miller", "Johnson", "Carter", "Reynolds", "Whitaker", "Donovan", "Hastings", "Ellison"),
    "MX": ("Hernández", "Ramírez", "Gutiérrez", "Zamora", "Villanueva", "Escobedo"),
    "DE": ("Müller", "Schröder", "Weiß", "Hoffmann", "Krüger", "Lindemann"),
    "BR": ("Oliveira", "Nascimento", "Carvalho", "Teixeira", "Barbosa"),
    "IN": ("Patel", "Sharma", "Reddy", "Iyer", "Chatterjee", "Gill"),
    "FR": ("Lefèvre", "Dubois", "Moreau", "Beauchamp", "Girard"),
}


def _people(rng: random.Random) -> Iterator[tuple[str, str]]:
    for _, given, family in _named(rng):
        yield given, family


def _named(rng: random.Random) -> list[tuple[str, str, str]]:
    every = [(c, g, f) for c in GIVEN for g in GIVEN[c] for f in FAMILY[c]]
    return rng.sample(every, VALUES)


def _ascii(text: str) -> str:
    table = str.maketrans("áéíóúãõçüöäâêôèïñÉ", "aeiouaocuoaaeoeinE")
    return text.translate(table).replace("ß", "ss").casefold()


def names(rng: random.Random) -> Iterator[Line]:
    """People of six countries: in order, surname first, in capitals, with remarks and signs."""
    for country, given, family in _named(rng):
        right = f"{given} | {family}"
        for text, reason in (
            (f"{given} {family}", "in order"),
            (f"{family}, {given}", "surname first"),
            (f"{given}  {family} ", "blanks"),
            (f"{given} {family} (tenant)", "a remark"),
            (f"⭐ {given} {family}", "a sign"),
        ):
            yield text, "name", f"country={country}", right, reason
        if "ß" not in family:
            yield f"{given} {family}".upper(), "name", f"country={country}", right, "capitals"


#: How the post of a country writes an address, and its places: (city, state, postcode).
PLACES = {
    "US": [("Tampa", "FL", "33602"), ("Austin", "TX", "78701"), ("Fargo", "ND", "58102"),
           ("Lebanon", "PA", "17042"), ("Peru", "IN", "46970"), ("Boston", "MA", "02134")],
    "CA": [("Toronto", "ON", "M5V 2T6"), ("Calgary", "AB", "T2P 1J9"),
           ("Halifax", "NS", "B3J 1S9")],
    "GB": [("London", "", "SW1A 2AA"), ("Leeds", "", "LS1 4AP"), ("York", "", "YO1 7EP")],
    "DE": [("Berlin", "", "10117"), ("Köln", "", "50667"), ("Ulm", "", "89073")],
    "FR": [("Paris", "", "75001"), ("Lyon", "", "69002"), ("Lille", "", "59800")],
    "AU": [("Sydney", "NSW", "2000"), ("Perth", "WA", "6000"), ("Hobart", "TAS", "7000")],
}  # fmt: skip
STREETS = {
    "US": ("Oak St", "Elm Ave", "Ocean Dr", "County Road 12", "Martin Luther King Jr Blvd"),
    "CA": ("Bay St", "King St W", "Portage Ave"),
    "GB": ("High Street", "Mill Lane", "Church Road"),
    "DE": ("Hauptstraße", "Lindenweg", "Am Markt"),
    "FR": ("rue de Rivoli", "avenue Foch", "rue Lepic"),
    "AU": ("George St", "Hay St", "Collins St"),
}
COUNTRY_NAMES = {"US": "USA", "CA": "Canada", "GB": "UK", "DE": "Deutschland", "FR": "France",
                 "AU": "Australia"}  # fmt: skip


def addresses(rng: random.Random) -> Iterator[Line]:
    """Addresses of six countries: on one line, on several, with the country behind, with blanks."""
    countries = ("US", "US", "CA", "GB", "DE", "FR", "AU")
    for place in range(VALUES):
        country = countries[place % len(countries)]
        city, state, code = rng.choice(PLACES[country])
        number, road = place + 1, rng.choice(STREETS[country])
        street = f"{road} {number}" if country == "DE" else f"{number} {road}"
        right = " | ".join((street, city, state, code, country))
        towns = _towns(country, city, state, code)
        account = f"country={country}"
        yield f"{street}, {towns}", "address", account, right, f"the post's way, {country}"
        yield f"{street}\n{towns}", "address", account, right, f"two lines, {country}"
        yield f" {street} ,  {towns} ", "address", account, right, f"blanks, {country}"
        named = f"{street}, {towns}, {COUNTRY_NAMES[country]}"
        yield named, "address", account, right, f"with its country, {country}"


def _towns(country: str, city: str, state: str, code: str) -> str:
    if country == "US":
        return f"{city}, {state} {code}"
    if country in ("DE", "FR"):
        return f"{code} {city}"
    return " ".join(part for part in (city, state, code) if part)


def texts(rng: random.Random) -> Iterator[Line]:
    """Texts as tools wrap them: Excel's armour, entities, breaks as tags, blanks."""
    things = ("gate", "dog & cat", 'pipe 5" wide', "key under mat", "Café <5 m", "call after 6")
    for place in range(VALUES):
        right = f"{rng.choice(things)} no. {place + 1}"
        armour = '="{}"'.format(right.replace('"', '""'))
        yield armour, "text", "", right, "Excel's armour"
        yield html.escape(right), "text", "", right, "html.escape"
        yield html.escape(html.escape(right)), "text", "", right, "escaped twice"
        yield f"\u00a0{right} \ufeff", "text", "", right, "blanks of other kinds"
        yield f"{right}_x000D_", "text", "", right, "a carriage return of Excel's format"


def choices(rng: random.Random) -> Iterator[Line]:
    """Lists of words in a cell, by the separators of tools."""
    words = ("VIP", "Roofing", "Net 30", "Snowbird", "HOA", "Repeat", "Gutters", "Referral", "Deck")
    every = [(a, b, c) for a in words for b in words for c in words if len({a, b, c}) == 3]
    for chosen in rng.sample(every, VALUES):
        right = "; ".join(chosen)
        for separator in ("; ", ";", " | ", "|", ", ", "\n"):
            yield separator.join(chosen), "list", "", right, f"separated by {separator!r}"


MAKERS: dict[str, Callable[[random.Random], Iterable[Line]]] = {
    "dates": dates, "moments": moments, "money": money, "numbers": numbers, "rates": rates,
    "phones": phones, "emails": emails, "names": names, "addresses": addresses, "texts": texts,
    "choices": choices,
}  # fmt: skip


def main() -> None:
    """Write every file anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in MAKERS.items():
        with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("text", "column", "account", "right", "reason"))
            writer.writerows(dict.fromkeys(make(random.Random(name))))


if __name__ == "__main__":
    main()
