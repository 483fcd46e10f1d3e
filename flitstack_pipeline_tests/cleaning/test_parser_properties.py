"""Each declared parser gives a known value back however it is written, or says nothing of it.

Those that need no row of cells are in test_value_properties; here are those of cells that belong
together and of small words, asked as tables ask them (`parsers.PARSERS`).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.cleaning.values.names import split_name
from flitstack_pipeline.cleaning.values.parsers import PARSERS, SEPARATOR, Context

FAST = settings(max_examples=40, deadline=None)
AMERICAN = Context("America/New_York", "US", "")

#: Which test holds each parser to what it reads.
PROPERTY = {
    "name": "test_value_properties", "emails": "test_value_properties",
    "line": "test_value_properties", "date": "test_value_properties",
    "money": "test_value_properties", "status": "test_value_properties",
    "words": "test_value_properties", "note": "test_value_properties",
    "phones": __name__, "address": __name__, "time": __name__, "date_time": __name__,
    "done": __name__, "quantity": __name__, "record_type": __name__, "people": __name__,
    "numbers": __name__, "crushed": __name__,
}  # fmt: skip
#: Looks at the disk, not at a text: see test_attachment_files.
OF_FILES = {"file"}


def test_no_parser_is_without_a_property():
    assert set(PARSERS) == {*PROPERTY, *OF_FILES}


def found(parser, *cells, account=AMERICAN):
    read = PARSERS[parser].found([SEPARATOR.join(cells)], account)
    return {name: values[0] for name, values in read.items()}


CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))
WAYS_OF_TIME = [
    *(lambda t, way=way: t.strftime(way) for way in
      ("%H:%M", "%I:%M %p", "%I:%M%p", "%H:%M:%S", "%H.%M Uhr", "%Hh%M", "%H:%M h", "kl. %H.%M")),
    lambda t: t.strftime("%I:%M ") + "ap"[t.hour > 11] + ".m.",
    lambda t: f" {t.hour}:{t.minute:02} ",
    lambda t: repr((t.hour * 60 + t.minute) / 1440) if t.hour or t.minute else "00:00",
]  # fmt: skip


@FAST
@given(CLOCKS, st.sampled_from(WAYS_OF_TIME))
def test_a_time_of_day_in_every_way_of_writing(time, way):
    assume("e" not in way(time))  # Excel's own parts of a day are no powers of ten
    assert found("time", way(time))["value"] == time.strftime("%H:%M")


ZONES = {"CST": -6, "PST": -8, "UTC": 0, "GMT-7": -7, "(EST)": -5, "Pacific Standard Time": -8}


@FAST
@given(st.dates(dt.date(2001, 1, 1), dt.date(2060, 1, 1)), CLOCKS, st.sampled_from(list(ZONES)),
       st.sampled_from(["%m/%d/%Y", "%Y-%m-%d", "%b %d, %Y"]))  # fmt: skip
def test_a_time_of_another_zone_beside_its_date_is_the_accounts(day, clock, zone, shape):
    assume(clock != dt.time())  # midnight stands for a bare day
    offset = dt.timezone(dt.timedelta(hours=ZONES[zone]))
    right = dt.datetime.combine(day, clock, offset).astimezone(ZoneInfo("America/New_York"))
    cells = (day.strftime(shape), f"{clock:%I:%M %p} {zone}")
    read = found("date_time", "month first", *cells)
    assert (read["day"], read["value"]) == (right.date().isoformat(), right.strftime("%H:%M"))


DONE = {
    True: ["yes", "Y", "TRUE", "1", "x", "✓", "Done", "completed", "Closed", "ja", "sí", "sim"],
    False: ["no", "N", "FALSE", "0", "Open", "Not done", "incomplete", "Not-Completed",
            "In progress", "to do", "nein", "nej", "não"],
}  # fmt: skip


@FAST
@given(st.booleans(), st.data(), st.sampled_from([str.lower, str.upper, str.title]))
def test_done_and_open_in_every_word(right, data, cased):
    word = cased(data.draw(st.sampled_from(DONE[right])))
    assert found("done", f" {word} ")["value"] is right


@FAST
@given(
    st.decimals(0, 10_000, places=2),
    st.sampled_from(["", " hrs", "hr", " sq ft", " m²", " ea"]),
    st.booleans(),
)
def test_a_quantity_keeps_its_number_and_tells_its_unit(value, unit, comma):
    text = f"{value}".replace(".", "," if comma else ".") + unit
    read = found("quantity", "," if comma else ".", text)
    assert (Decimal(read["value"]), read["unit"]) == (value, unit.strip() or None)


RECORDS = {"clients": ["Client", "customer", "CLIENTS", "Contact"],
           "jobs": ["Job", "jobs", "Visit"], "invoices": ["Invoice", "INVOICES"],
           "estimates": ["Estimate", "quote"],
           "work_orders": ["Work Order", "work_order", "Work Orders"]}  # fmt: skip


@FAST
@given(st.sampled_from([(k, w) for k, words in RECORDS.items() for w in words]),
       st.sampled_from(["{}", " {} ", "{}\n"]))  # fmt: skip
def test_the_kind_of_a_record_in_every_word(known, around):
    kind, word = known
    assert found("record_type", around.format(word))["key"] in (kind, None)
    assert found("record_type", word)["key"] == kind


NAMES = st.sampled_from(["Bob Baker", "Sue Day", "María García", "Tom Orr", "Priya Patel"])


@FAST
@given(st.lists(NAMES, min_size=1, max_size=3, unique=True),
       st.sampled_from(["; ", "\n", " & ", " and ", "|"]), st.booleans())  # fmt: skip
def test_people_of_a_cell_in_every_way_of_listing(known, joint, inverted):
    assume(not inverted or joint in ("; ", "\n", "|"))
    shown = [", ".join(reversed(name.split())) if inverted else name for name in known]
    assert found("people", joint.join(shown))["list"] == known


NUMBERS = st.from_regex(r"(INV-)?0?[1-9][0-9]{1,5}", fullmatch=True)


@FAST
@given(st.lists(NUMBERS, min_size=1, max_size=3, unique=True),
       st.sampled_from([", ", "; ", "\n", " & ", " and ", "|"]),
       st.sampled_from(["{}", "#{}", "# {}"]))  # fmt: skip
def test_document_numbers_of_a_cell_keep_their_zeros(known, joint, shape):
    assert found("numbers", joint.join(map(shape.format, known)))["list"] == known


LINES = st.lists(
    st.tuples(st.sampled_from(["Deck boards", "Labor", "Permit fee"]), st.integers(1, 40),
              st.integers(1, 900)),
    min_size=2, max_size=3, unique_by=lambda line: line[0],
)  # fmt: skip


@FAST
@given(LINES, st.sampled_from(["\n", "; "]))
def test_lines_of_one_cell_are_read_whole(known, joint):
    text = joint.join(f"{name} x {n} @ ${p}.00 = ${n * p:,}.00" for name, n, p in known)
    read = found("crushed", text)["lines"]
    right = [(name, n, n * p) for name, n, p in known]
    shown = [(x["name"], Decimal(x["quantity"]), Decimal(x["amount"])) for x in read or []]
    assert shown == right


PLACES = {
    "GB": "12 High St, Leeds LS6 2AA", "DE": "Hauptstr. 5, 10115 Berlin, Germany",
    "FR": "12 rue de Rivoli, 75001 Paris, France", "AU": "1 George St, Sydney NSW 2000, Australia",
    "NL": "Keizersgracht 5, 1015 CJ Amsterdam, Netherlands",
    "SE": "Sveavägen 44, 111 34 Stockholm, Sweden",
}  # fmt: skip


@FAST
@given(st.sampled_from(list(PLACES)), st.booleans())
def test_a_national_phone_is_of_its_rows_country_or_kept(country, mobile):
    kind = (
        phonenumbers.PhoneNumberType.MOBILE if mobile else phonenumbers.PhoneNumberType.FIXED_LINE
    )
    number = phonenumbers.example_number_for_type(country, kind)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    right = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    read = found("phones", text, "", PLACES[country], *[""] * 6)
    assert read["e164"] == right
    at_home = found("phones", text, "", "12 Oak St, Tampa, FL 33602", *[""] * 6)
    assert at_home["e164"] in (None, right) or at_home["e164"].startswith("+1")


HOUSES = st.integers(1, 9999)
TOWNS = st.sampled_from(
    [("Tampa", "FL", "33602"), ("Salem", "OR", "97301"), ("Boston", "MA", "02134"),
     ("Lebanon", "TN", "37087"), ("Peru", "IN", "46970")]
)  # fmt: skip


@FAST
@given(HOUSES, TOWNS, st.sampled_from(["joined", "split", "both", "street and rest", "excel zip"]))
def test_an_address_says_the_same_in_one_cell_and_in_several(house, town, way):
    city, state, code = town
    street = f"{house} Oak St"
    whole = f"{street}, {city}, {state} {code}"
    cells = {
        "joined": (whole, "", "", "", "", "", ""),
        "split": ("", street, "", city, state, code, ""),
        "both": (whole, street, "", city, state, code, "USA"),
        "street and rest": ("", street, "", city, state, code, "United States"),
        "excel zip": ("", street, "", city, state, code.lstrip("0"), "US"),
    }[way]
    read = found("address", *cells)
    parts = (read["street"], read["city"], read["state"], read["postal_code"], read["country"])
    assert parts == (street, city, state, code, "US")
    assert read["kept"] is None or all(kept["note"] is None for kept in read["kept"])


FAMILY = st.sampled_from(["Nguyen", "Tran", "Pham", "Bui"])
MIDDLE = st.sampled_from(["Van", "Thi", "Quoc", "Minh"])
GIVEN = st.sampled_from(["Tuan", "Hoa", "Bao", "Duc"])
SHAPES = ["{f} {m} {g}", "{f}, {m} {g}", "{m} {g} {f}", "{f} {m} {g} (tenant)"]


@FAST
@given(FAMILY, MIDDLE, GIVEN, st.sampled_from(SHAPES), st.booleans())
def test_a_vietnamese_name_in_either_order(family, middle, given_name, shape, loud):
    text = shape.format(f=family, m=middle, g=given_name)
    assume(not (shape == "{m} {g} {f}" and middle == "Van"))  # Van may be Dutch there
    read = split_name(text.upper() if loud and "(" not in text else text)
    assert (read.first, read.last) == (f"{middle} {given_name}", family) or read.doubt == "order"
