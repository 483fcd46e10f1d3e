"""Known values written as tools, spreadsheets of five countries and people write them.

Each parser gives the value back, or asks; never another value.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from babel import dates as babel_dates
from babel import numbers as babel_numbers
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.cleaning.html import clean_note
from flitstack_pipeline.cleaning.values import dates, money, numbers, statuses, words
from flitstack_pipeline.cleaning.values.addresses import parse_line
from flitstack_pipeline.cleaning.values.contact_points import emails, phones
from flitstack_pipeline.cleaning.values.names import split_name
from flitstack_pipeline.cleaning.values.wrapping import unwrapped
from flitstack_pipeline.mapping.transforms import yes_no

FAST = settings(max_examples=40, deadline=None)
#: locale → (order of day and month, decimal comma).
LOCALES = {
    "en_US": (dates.MONTH_FIRST, False), "en_GB": (dates.DAY_FIRST, False),
    "de_DE": (dates.DAY_FIRST, True), "fr_FR": (dates.DAY_FIRST, True),
    "es_ES": (dates.DAY_FIRST, True), "es_MX": (dates.DAY_FIRST, False),
    "it_IT": (dates.DAY_FIRST, True), "nl_NL": (dates.DAY_FIRST, True),
    "pt_BR": (dates.DAY_FIRST, True), "en_AU": (dates.DAY_FIRST, False),
}  # fmt: skip
LOCALE = st.sampled_from(list(LOCALES))
DAYS = st.dates(min_value=dt.date(1971, 1, 1), max_value=dt.date(2068, 12, 31))
SHAPES = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%b %d, %Y", "%d %B %Y", "%d-%b-%y", "%a %d %b %Y",
          "%A, %B %d, %Y"]  # fmt: skip
SPACES = st.sampled_from(["{}", " {} ", "\u00a0{}", "{}\n", "\ufeff{}"])


@FAST
@given(DAYS, LOCALE, st.sampled_from(["short", "medium", "long", "full"]), SPACES)
def test_a_day_in_the_way_of_ten_countries(day, locale, width, space):
    written = babel_dates.format_date(day, width, locale=locale)
    text = space.format(written)
    assert dates.moment(text, LOCALES[locale][0]).day == day
    try:
        assert dates.moment(text, dates.UNDECIDED).day == day
    except dates.DoubtfulDate:
        assert width == "short" or written[:2].strip("/.-").isdigit()


@FAST
@given(DAYS, st.sampled_from([*SHAPES, "serial"]))
def test_a_day_in_a_shape_that_needs_no_order(day, shape):
    serial = str((day - dt.date(1899, 12, 30)).days)
    text = serial if shape == "serial" else day.strftime(shape)
    for order in (dates.MONTH_FIRST, dates.DAY_FIRST, dates.UNDECIDED):
        assert dates.moment(text, order).day == day


ZONES = st.sampled_from(
    ["America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Asia/Kolkata",
     "Australia/Sydney"]
)  # fmt: skip
MOMENTS = st.datetimes(
    min_value=dt.datetime(1971, 1, 1), max_value=dt.datetime(2068, 1, 1)
).map(lambda m: m.replace(microsecond=0, tzinfo=dt.UTC))  # fmt: skip
OFFSETS = st.integers(-11 * 4, 13 * 4).map(lambda quarters: dt.timedelta(minutes=15 * quarters))


def _offset(local, colon=True):
    shown = local.strftime("%z")
    return f"{shown[:3]}:{shown[3:]}" if colon else shown


WITH_OFFSET = [
    lambda m: m.isoformat(),
    lambda m: m.strftime("%Y-%m-%dT%H:%M:%S.000") + _offset(m),
    lambda m: m.strftime("%Y-%m-%d %H:%M:%S ") + _offset(m, colon=False),
    lambda m: m.strftime("%a %b %d %Y %H:%M:%S GMT") + _offset(m, colon=False) + " (XST)",
    lambda m: m.strftime("%a, %d %b %Y %H:%M:%S ") + _offset(m, colon=False),
    lambda m: m.strftime("%Y-%m-%d %H:%M:%S UTC") + _offset(m),
    lambda m: m.strftime("%Y%m%dT%H%M%S") + _offset(m, colon=False),
    lambda m: m.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    lambda m: m.astimezone(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
]


@FAST
@given(MOMENTS, OFFSETS, ZONES, st.sampled_from(WITH_OFFSET))
def test_a_moment_with_an_offset_is_the_accounts(moment, offset, zone, written):
    found = dates.moment(written(moment.astimezone(dt.timezone(offset))), zone=zone)
    right = moment.astimezone(ZoneInfo(zone))
    assert found.day == right.date()
    if right.time() == dt.time():
        assert found.exact is None
    else:
        assert dt.datetime.fromisoformat(found.exact) == right


@FAST
@given(DAYS, st.times().map(lambda t: t.replace(second=0, microsecond=0)), ZONES, LOCALE,
       st.sampled_from(["%H:%M", "%I:%M %p", "%I:%M%p", "%H:%M:%S"]),
       st.sampled_from([" ", ", "]))  # fmt: skip
def test_a_time_without_zone_is_the_accounts(day, time, zone, locale, clock, gap):
    text = babel_dates.format_date(day, "long", locale=locale) + gap + time.strftime(clock)
    found = dates.moment(text, LOCALES[locale][0], zone)
    assert found.day == day
    wall = dt.datetime.combine(day, time, ZoneInfo(zone)).isoformat()
    assert found.exact == (None if time == dt.time() else wall)


WITHOUT_ZONE = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%b %d, %Y, %I:%M:%S %p", "%Y%m%dT%H%M%S",
                "%d %B %Y at %H:%M:%S"]  # fmt: skip


@FAST
@given(MOMENTS, ZONES, ZONES, st.sampled_from(WITHOUT_ZONE))
def test_a_time_without_zone_is_of_the_zone_its_column_is_in_or_asked(moment, own, zone, written):
    wall = moment.astimezone(ZoneInfo(own))
    assume(wall.replace(fold=0).astimezone(dt.UTC) == moment)  # clocks that show an hour twice
    text, right = wall.strftime(written), moment.astimezone(ZoneInfo(zone))
    bare = wall.time() == dt.time()
    found = dates.moment(text, f"{dates.MONTH_FIRST}{dates.IN_ZONE}{own}", zone)
    assert found.day == (wall if bare else right).date()
    if not bare and right.time() != dt.time():
        assert dt.datetime.fromisoformat(found.exact) == right
    if not bare:
        with pytest.raises(dates.DoubtfulDate):
            dates.moment(text, f"{dates.MONTH_FIRST}{dates.IN_ZONE}{dates.UNDECIDED}", zone)


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "CAD", "MXN", "BRL", "INR", "SEK", "PLN"])


@FAST
@given(AMOUNTS, LOCALE, CURRENCIES, st.sampled_from(["standard", "accounting"]))
def test_an_amount_of_money_in_the_way_of_ten_countries(value, locale, currency, form):
    text = babel_numbers.format_currency(value, currency, locale=locale, format_type=form)
    right = Decimal(babel_numbers.parse_decimal(_digits(text), locale=locale)).copy_abs()
    found = money.amount(text, comma=LOCALES[locale][1])
    assert (found.copy_abs(), found < 0) == (right, value < 0 and right != 0)
    try:
        assert money.amount(text, comma=None) == found
    except money.DoubtfulAmount:
        assert sum(c in ".," for c in _digits(text)) == 1


def _digits(text):
    return "".join(c for c in text if c.isdigit() or c in ".,").strip(".,")


@FAST
@given(AMOUNTS, st.sampled_from(["${:,.2f}", "{:,.2f}", "USD {:,.2f}", "{:.2f}", "$ {:,.2f}"]),
       st.sampled_from(["-{}", "({})", "{}-", "- {}", "\u2212{}"]))  # fmt: skip
def test_a_negative_amount_in_every_way_of_accountants(value, shape, minus):
    plain = shape.format(abs(value))
    assert money.amount(minus.format(plain)) == -abs(value)
    assert money.amount(plain) == abs(value)


@FAST
@given(st.decimals(-(10**9), 10**9, places=3), LOCALE)
def test_a_number_in_the_way_of_ten_countries(value, locale):
    text = babel_numbers.format_decimal(value, format="#,##0.###", locale=locale)
    assert numbers.number(text, comma=LOCALES[locale][1]) == value
    try:
        assert numbers.number(text, comma=None) == value
    except numbers.DoubtfulNumber:
        assert sum(c in ".," for c in text) == 1


@FAST
@given(st.from_regex(r"0[0-9]{1,16}|[1-9][0-9]{15,19}[1-9]", fullmatch=True))
def test_digits_that_a_number_would_lose_are_no_number(text):
    with pytest.raises(numbers.NotANumber):
        numbers.number(text)


@FAST
@given(st.decimals(0, 100, places=2), LOCALE,
       st.sampled_from(["{}%", "{} %", "{}\u00a0%", "{} percent", " {} % "]))  # fmt: skip
def test_a_rate_with_its_sign_in_the_way_of_ten_countries(value, locale, shape):
    text = shape.format(babel_numbers.format_decimal(value, format="0.##", locale=locale))
    assert numbers.rate(text, comma=LOCALES[locale][1]) == value
    bare = format(value.normalize(), "f")
    try:
        assert numbers.rate(bare) == value
    except numbers.DoubtfulNumber:
        assert 0 < value < 1


FORMATS = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
    phonenumbers.PhoneNumberFormat.NATIONAL,
]
EXAMPLES = {
    region: phonenumbers.example_number(region)
    for region in ("GB", "DE", "FR", "ES", "IT", "NL", "AU", "NZ", "MX", "BR", "IN", "ZA", "IE")
}


@FAST
@given(st.sampled_from(list(EXAMPLES)), st.sampled_from(FORMATS), SPACES)
def test_a_phone_of_thirteen_countries_in_every_format(region, form, space):
    number = EXAMPLES[region]
    right = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    text = space.format(phonenumbers.format_number(number, form))
    [found] = phones(text, region)
    assert found.e164 == right
    if form != phonenumbers.PhoneNumberFormat.NATIONAL:
        assert [p.e164 for p in phones(text, "US")] == [right]


AMERICAN = st.from_regex(r"[2-9][0-8][1-9][2-9][1-9][0-9]{5}", fullmatch=True).filter(
    lambda digits: len(set(digits)) > 1
)
PHONE_SHAPES = [
    "{0}-{1}-{2}", "({0}) {1}-{2}", "{0}.{1}.{2}", "{0} {1} {2}", "{0}{1}{2}", "1-{0}-{1}-{2}",
    "+1 {0} {1} {2}", "+1{0}{1}{2}", "Cell: {0}-{1}-{2}", "{0}{1}{2}.0", "{0}/{1}-{2}",
    "001 {0} {1} {2}", "{0}\u2011{1}\u2011{2}", "{0}-{1}-{2} (home)", "'{0}{1}{2}",
]  # fmt: skip


@FAST
@given(AMERICAN, st.sampled_from(PHONE_SHAPES))
def test_an_american_phone_in_every_shape(digits, shape):
    found = phones(shape.format(digits[:3], digits[3:6], digits[6:]))
    assert [p.e164 for p in found] == [f"+1{digits}"]


LOCAL = st.from_regex(r"[a-z][a-z0-9]{0,8}([._+-][a-z0-9]{1,6})?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z]{3,9}(-[a-z]{2,5})?\.(com|net|co\.uk|de|com\.mx)", fullmatch=True)


@FAST
@given(st.lists(st.tuples(LOCAL, DOMAIN).map("@".join), min_size=1, max_size=3, unique=True),
       st.sampled_from(["; ", ", ", " / ", "\n", " and ", "|"]),
       st.sampled_from(["{}", "<{}>", "mailto:{}", "{}.", "({})"]), st.booleans())  # fmt: skip
def test_e_mails_in_every_wrapping_keep_their_order(known, joint, wrapped, loud):
    text = joint.join(wrapped.format(e.upper() if loud else e) for e in known)
    good, dropped = emails(text)
    assert [*good, *dropped] == known or set(dropped) <= {wrapped.format(e) for e in known}
    assert set(good) <= set(known)


GIVEN = st.sampled_from(["Ann", "Robert", "María", "José", "Priya", "Jürgen", "Zoë", "Giulia"])
FAMILY = st.sampled_from(["Roe", "Miller", "García", "O'Neil", "Patel", "Müller", "Lefèvre",
                          "Rossi", "de la Cruz", "van der Berg", "Smith-Jones"])  # fmt: skip
NAME_SHAPES = ["{0} {1}", "{1}, {0}", " {0}  {1} ", "{0} {1} ⭐", "{0} {1} (VIP)",
               "{0} {1} - Rental", "{0} {1}, Trustee", "😀 {0} {1}"]  # fmt: skip


@FAST
@given(GIVEN, FAMILY, st.sampled_from(NAME_SHAPES))
def test_a_persons_name_in_every_shape(first, last, shape):
    found = split_name(shape.format(first, last))
    assert (found.first, found.last, found.looks_like_business) == (first, last, False)


@FAST
@given(FAMILY, st.sampled_from(["{} Roofing LLC", "{} & Sons", "{} Plumbing, Inc.", "{} GmbH",
                                "{}'s Lawn Care", "The {} Group", "{} Electric Co."]))  # fmt: skip
def test_a_firm_in_every_shape_keeps_its_whole_name(family, shape):
    name = shape.format(family)
    found = split_name(name)
    assert (found.looks_like_business, found.display) == (True, name)


HOUSE = st.integers(1, 999)
#: country, street, city, state, postcode, shapes of the line.
PLACES = [
    ("US", "{} Oak St", "Tampa", "FL", "33602", ["{s}, {c}, {t} {p}", "{s}\n{c}, {t} {p}",
     "{s}, {c}, {t}, {p}", "{s}, {c}, Florida {p}", "{s} • {c} {t} {p}", "{s}, {c}, {t} {p}, USA"]),
    ("CA", "{} Oak St", "Toronto", "ON", "M5V 2T6", ["{s}, {c}, {t} {p}", "{s}\n{c} {t} {p}",
     "{s}, {c}, Ontario {p}", "{s}, {c}, {t} m5v2t6", "{s}, {c}, {t}, M5V-2T6"]),
    ("GB", "{} High St", "Leeds", None, "LS6 2AA", ["{s}, {c} {p}", "{s}\n{c}\n{p}",
     "{s}, {c}, ls62aa", "{s}, {c}, {p}, UK", "{s} {c} {p}"]),
    ("AU", "{} George St", "Sydney", "NSW", "2000", ["{s}, {c} {t} {p}", "{s}\n{c}, {t}, {p}",
     "{s} {c} {t} {p}", "{s}, {c}, New South Wales {p}"]),
    ("DE", "Hauptstr. {}", "Berlin", None, "10115", ["{s}, {p} {c}", "{s}\nD-{p} {c}",
     "{s} {p} {c}", "{s}, {p} {c}, Deutschland"]),
    ("FR", "{} rue de Rivoli", "Paris", None, "75001", ["{s}, {p} {c}", "{s}\n{p} {c}",
     "{s}, {p} {c}, France"]),
    ("NL", "Keizersgracht {}", "Amsterdam", None, "1015 CJ", ["{s}, {p} {c}", "{s}\n1015CJ {c}"]),
    ("MX", "Av. Juárez {}", "León", "Guanajuato", "37000", ["{s}, {p} {c}, {t}",
     "{s}\n{p} {c}, {t}", "{s}, C.P. {p}, {c}, {t}"]),
]  # fmt: skip


@FAST
@given(st.sampled_from(PLACES), HOUSE, st.data())
def test_an_address_in_every_shape_of_its_country(place, house, data):
    country, street, city, state, postcode, shapes = place
    street = street.format(house)
    line = data.draw(st.sampled_from(shapes)).format(s=street, c=city, t=state, p=postcode)
    found = parse_line(line, country)
    assert (found.street, found.city, found.state) == (street, city, state)
    assert (found.postal_code, found.country) == (postcode, country)


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"],
                  exclude_characters="&<>_=\"'[]{}\u200b\ufeff"),
    min_size=1, max_size=20,
).filter(lambda t: words.text(t) is not None)  # fmt: skip
WRAPPED = [
    lambda t: f'="{t}"', lambda t: f"  {t} ", lambda t: f"\ufeff{t}", lambda t: f"{t}\x00",
    lambda t: "".join(f"&#{ord(c)};" for c in t), lambda t: f"{t}_x000D_\n",
    lambda t: f"\u00a0{t}\u200b",
]  # fmt: skip


@FAST
@given(TEXTS, st.sampled_from(WRAPPED))
def test_a_text_in_every_wrapping_of_a_tool(text, wrapped):
    assert words.text(unwrapped(wrapped(text))) == text
    assert clean_note(text)[0] == text


SAID = {"Yes": ["yes", "y", "true", "1", "x", "ja", "oui", "sí", "sim", "✓", "checked", "wahr"],
        "No": ["no", "n", "false", "0", "nein", "non", "não", "✗", "unchecked",
               "falsch"]}  # fmt: skip


@FAST
@given(st.sampled_from(["Yes", "No"]), st.data(), SPACES,
       st.sampled_from([str.lower, str.upper, str.capitalize]))  # fmt: skip
def test_yes_and_no_in_the_words_of_six_languages(right, data, space, cased):
    word = data.draw(st.sampled_from(SAID[right]))
    assert yes_no(words.text(space.format(cased(word)))) == right


CHOICE = st.from_regex(r"[A-Z][a-z]{2,8}( [A-Z][a-z]{2,6})?", fullmatch=True).filter(words.text)


@FAST
@given(st.lists(CHOICE, min_size=1, max_size=4, unique_by=str.casefold),
       st.sampled_from(["; ", ";", " | ", "|", "\n", ", "]))  # fmt: skip
def test_choices_of_a_cell_in_every_way_of_listing(known, joint):
    assert words.split_list(joint.join(known)) == known


@FAST
@given(st.sampled_from([(v, w, s) for v, table in statuses.VOCABULARIES.items()
                        for w, s in table.items()]),
       st.sampled_from([str.upper, str.title, str.lower]),
       st.sampled_from(["_", " ", "-"]), st.sampled_from(["{}", " {} ", "{}."]))  # fmt: skip
def test_a_declared_status_in_every_spelling_and_never_with_a_negation(known, cased, joint, around):
    vocabulary, word, right = known
    text = around.format(cased(word.replace("_", joint)))
    assert statuses.canonical(vocabulary, text) == right
    negated = statuses.canonical(vocabulary, f"not {text}")
    assert negated is None or negated != right or word.startswith("not")
