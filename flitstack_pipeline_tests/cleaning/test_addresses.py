"""Addresses in one cell: which country, where the parts go, and that no word is dropped."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.cleaning.values.addresses import AddressCells, clean_address, parse_line
from flitstack_pipeline.cleaning.values.parsers import PARSERS, SEPARATOR, Context

#: Case 13: account US; street, city, state, postcode, country.
IN_THE_US = [
    ("12 Oak St, Atlanta, Georgia", "12 Oak St", "Atlanta", "GA", None, "US"),
    ("12 Oak St, Atlanta, Georgia 30303", "12 Oak St", "Atlanta", "GA", "30303", "US"),
    ("12 K St, SE", "12 K St, SE", None, None, None, "US"),
    ("100 Ocean Dr, PH", "100 Ocean Dr, PH", None, None, None, "US"),
    ("12 Oak St, Lebanon", "12 Oak St", "Lebanon", None, None, "US"),
    ("12 Main St, Peru", "12 Main St", "Peru", None, None, "US"),
    ("12 Oak St, Mexico", "12 Oak St", "Mexico", None, None, "US"),
    ("12 Oak St, Apt 4, Cuba", "12 Oak St, Apt 4", "Cuba", None, None, "US"),
    ("12 Oak St, Jersey", "12 Oak St", "Jersey", None, None, "US"),
    ("12 Oak St, Poland, Ohio 44514", "12 Oak St", "Poland", "OH", "44514", "US"),
    ("12 Oak St, Norway, ME", "12 Oak St", "Norway", "ME", None, "US"),
    ("12 Oak St, Gary, IN", "12 Oak St", "Gary", "IN", None, "US"),
    ("12 Oak St, Dover, DE", "12 Oak St", "Dover", "DE", None, "US"),
    ("12 Oak St • Tampa Florida 33602", "12 Oak St", "Tampa", "FL", "33602", "US"),
    ("9 Elm St, Tampa, FL 33602, gate 7", "9 Elm St, gate 7", "Tampa", "FL", "33602", "US"),
    ("Tampa, FL 33602", None, "Tampa", "FL", "33602", "US"),
    ("12 Oak St, Toronto, ON M5V 2T6", "12 Oak St", "Toronto", "ON", "M5V 2T6", "CA"),
    ("12 Oak St, Toronto, ON M5V2T6", "12 Oak St", "Toronto", "ON", "M5V 2T6", "CA"),
    ("12 Oak St, Toronto on m5v-2t6", "12 Oak St", "Toronto", "ON", "M5V 2T6", "CA"),
    ("12 Oak St, Ottawa, ON K1A OB1", "12 Oak St", "Ottawa", "ON", "K1A 0B1", "CA"),
    ("1 Roy St, Laval, Québec, H7A 1B2", "1 Roy St", "Laval", "QC", "H7A 1B2", "CA"),
    ("12 Oak St, Toronto, ON", "12 Oak St", "Toronto", "ON", None, "CA"),
    ("12 Oak St, Toronto, Canada", "12 Oak St", "Toronto", None, None, "CA"),
    ("Hauptstr. 5, 10115 Berlin, Germany", "Hauptstr. 5", "Berlin", None, "10115", "DE"),
    ("10 High St, London SW1A 2AA, UK", "10 High St", "London", None, "SW1A 2AA", "GB"),
    ("10 High St, London SW1A 2AA", "10 High St", "London", None, "SW1A 2AA", "GB"),
    ("12 Oak St, Unit B2 3RD", "12 Oak St, Unit B2 3RD", None, None, None, "US"),
    ("12 Rue X, Beirut, Lebanon", "12 Rue X, Beirut, Lebanon", None, None, None, "US"),
    ("Hauptstr. 5, Berlin, Germany", "Hauptstr. 5", "Berlin", None, None, "DE"),
    ("12 High St, Leeds, England", "12 High St", "Leeds", None, None, "GB"),
    ("77 King St, London ON", "77 King St", "London", "ON", None, "CA"),
    ("12 Oak St, Tampa, FL, US 33602", "12 Oak St", "Tampa", "FL", "33602", "US"),
    ("9 Elm St, Macon, Georgia, United States, 31201", "9 Elm St", "Macon", "GA", "31201", "US"),
    ("9 Elm St, Macon, Georgia, 31201, US", "9 Elm St", "Macon", "GA", "31201", "US"),
    ("Peru, Indiana", None, "Peru", "IN", None, "US"),
]
ELSEWHERE = [
    ("GB", "1 High St, Leeds, West Yorkshire, LS6 2AA", "1 High St", "Leeds", "LS6 2AA"),
    ("GB", "12 Baker Street St Albans al11aa", "12 Baker Street", "St Albans", "AL1 1AA"),
    ("IE", "12 Main St, Dublin 2, D02 X285", "12 Main St", "Dublin 2", "D02 X285"),
    ("IE", "12 Main St, Cork, Co. Cork", "12 Main St", "Cork", None),
    ("AU", "5 George St, Sydney NSW 2000", "5 George St", "Sydney", "2000"),
    ("AU", "5 St Kilda Rd Melbourne VIC 3004", "5 St Kilda Rd", "Melbourne", "3004"),
    ("NZ", "5 Queen St, Auckland 1010", "5 Queen St", "Auckland", "1010"),
    ("ZA", "12 Long St, Cape Town, 8001", "12 Long St", "Cape Town", "8001"),
    ("IN", "12 MG Road, Mumbai - 400 001", "12 MG Road", "Mumbai", "400 001"),
    ("BR", "Rua Augusta, 100, São Paulo - SP, 01310100", "Rua Augusta, 100", "São Paulo",
     "01310-100"),
    ("DE", "Hauptstr. 5, D-10115 Berlin", "Hauptstr. 5", "Berlin", "10115"),
    ("FR", "12 rue de Rivoli, 75001 Paris Cedex 05", "12 rue de Rivoli", "Paris Cedex 05", "75001"),
    ("ES", "Calle Mayor 5, 28013 Madrid", "Calle Mayor 5", "Madrid", "28013"),
    ("IT", "Via Roma 5, 00184 Roma (RM)", "Via Roma 5", "Roma", "00184"),
    ("MX", "Calle 5 #12, Centro, C.P. 44100, León", "Calle 5 #12, Centro", "León", "44100"),
    ("MX", "Av. Insurgentes 10500 Centro", "Av. Insurgentes 10500 Centro", None, None),
    ("GB", "Flat 3, 12 High Street, Leeds, West Yorkshire, LS1 4AB", "Flat 3, 12 High Street",
     "Leeds", "LS1 4AB"),
    ("GB", "12 High Street, Leeds", "12 High Street", "Leeds", None),
    ("GB", "Flat 3, 12 High Street, Leeds", "Flat 3, 12 High Street", "Leeds", None),
    ("IE", "12 High Street, Dublin 2, Ireland", "12 High Street", "Dublin 2", None),
    ("GB", "Flat 2, Oak House", "Flat 2, Oak House", None, None),
    ("GB", "12 High Street, Oak House", "12 High Street, Oak House", None, None),
    ("GB", "Oak House, Leeds", "Oak House, Leeds", None, None),
    ("CA", "12 Oak St, Toronto", "12 Oak St", "Toronto", None),
    ("CA", "12 Oak St, back door", "12 Oak St, back door", None, None),
    ("CA", "12 Oak St, Suite B", "12 Oak St, Suite B", None, None),
    ("DE", "Hauptstr. 5, Frankfurt am Main", "Hauptstr. 5", "Frankfurt am Main", None),
    ("DE", "Hauptstr. 5, Hinterhaus", "Hauptstr. 5, Hinterhaus", None, None),
    ("DE", "Hauptstr. 5, 06108 Halle (Saale)", "Hauptstr. 5", "Halle (Saale)", "06108"),
    ("FR", "5 rue Cler, Paris", "5 rue Cler", "Paris", None),
    ("FR", "5 rue Cler, Résidence Les Pins", "5 rue Cler, Résidence Les Pins", None, None),
    ("AU", "12 George St, Sydney", "12 George St", "Sydney", None),
    ("MX", "Calle Hidalgo 15, Roma Norte", "Calle Hidalgo 15, Roma Norte", None, None),
    ("NL", "Keizersgracht 1, 1015cj Amsterdam", "Keizersgracht 1", "Amsterdam", "1015 CJ"),
]  # fmt: skip


def found_in(*cells):
    """What is found in the cells of an address."""
    found = PARSERS["address"].found([SEPARATOR.join(cells)], Context("UTC", "US", "."))
    return {name: value for name, [value] in found.items()}


@pytest.mark.parametrize(("line", "street", "city", "state", "postcode", "country"), IN_THE_US)
def test_a_country_is_taken_only_where_it_stands_as_one(
    line, street, city, state, postcode, country
):
    found = parse_line(line, "US")
    assert (found.street, found.city, found.state) == (street, city, state)
    assert (found.postal_code, found.country) == (postcode, country)


@pytest.mark.parametrize(("country", "line", "street", "city", "postcode"), ELSEWHERE)
def test_city_and_postcode_are_split_by_the_countrys_pattern(country, line, street, city, postcode):
    found = parse_line(line, country)
    assert (found.street, found.city, found.postal_code) == (street, city, postcode)
    assert found.country == country


@pytest.mark.parametrize("gap", [", ", " ", " Tel: ", ", cell "])
def test_a_phone_behind_the_address_goes_to_the_phones(gap):
    found = parse_line(f"9 Elm St, Tampa, FL 33602{gap}(813) 555-2004")
    assert (found.postal_code, found.phone) == ("33602", "(813) 555-2004")
    read = found_in(f"9 Elm St, Tampa, FL 33602{gap}(813) 555-2004", *[""] * 6)
    assert (read["phones"], read["postal_code"], read["kept"]) == (["+18135552004"], "33602", None)


def test_several_phones_behind_the_address_are_all_taken():
    found = parse_line("9 Elm St, Tampa, FL 33602 / 813-555-2004 / cell 813-555-2005 x7")
    assert (found.postal_code, found.phone) == ("33602", "813-555-2004; 813-555-2005 x7")
    found = parse_line("9 Elm St, Tampa, FL 33602, cell 813-555-2004, gate 7")
    assert (found.street, found.phone) == ("9 Elm St, gate 7", "813-555-2004")


@pytest.mark.parametrize(
    ("country", "state", "code", "right"),
    [
        ("Georgia", "GA", "", "US"),
        ("Georgia", "", "30303", "US"),
        ("Georgia", "", "", "GE"),
        ("Mexico", "", "", "MX"),
        ("", "Ontario", "", "CA"),
        ("", "FL", "", "US"),
    ],
)
def test_a_country_column_that_only_repeats_the_state_names_no_country(country, state, code, right):
    cells = AddressCells(
        street="1 Roy St", city="Rome", state=state, postal_code=code, country=country
    )
    assert clean_address(cells).country == right


def test_a_line_that_says_more_than_the_columns_is_kept():
    cells = ["12 Oak St, Unit 5, Tampa, FL 33602", "12 Oak St", "", "Tampa", "FL", "33602", ""]
    assert [k["column"] for k in found_in(*cells)["kept"]] == ["address"]
    cells[0] = "12 Oak St, Tampa, Florida 33602"
    assert found_in(*cells)["kept"] is None


def test_a_canadian_postcode_of_its_own_column_tells_the_country():
    cells = AddressCells(street="1 Roy St", city="Laval", state="Quebec", postal_code="h7a1b2")
    found = clean_address(cells)
    assert (found.state, found.postal_code, found.country) == ("QC", "H7A 1B2", "CA")


WORD = st.sampled_from(
    ["12", "Oak", "St", "Apt 4", "#5", "Tampa", "FL", "33602", "Georgia", "Lebanon", "SE", "PH",
     "Mexico", "Berlin", "10115", "M5V 2T6", "ON", "Paris", "Canada", "UK", "SW1A 2AA", "gate 7",
     "813-555-2004", "Peru", "Rear", "c/o Bob", "33602-1234", "Unit B", "NSW", "2000"]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(WORD, st.sampled_from([" ", ", "])), min_size=1, max_size=8),
       st.sampled_from(["US", "CA", "GB", "DE", "AU"]))  # fmt: skip
@example([("12", " "), ("Oak", ", "), ("Georgia", ", "), ("UK", "")], "US")
def test_no_word_of_an_address_is_dropped(words, country):
    line = "".join(f"{word}{gap}" for word, gap in words).strip(" ,")
    found = parse_line(line, country)
    parts = (found.street, found.city, found.state, found.postal_code, found.phone, found.abroad)
    shown = re.sub(r"\W", "", " ".join(p for p in parts if p)).casefold()
    shown += {"GA": "georgia"}.get(found.state or "", "")
    shown += {"CA": "canada", "GB": "uk"}.get(found.country or "", "")  # told by the code
    for word in re.findall(r"\w+", line.casefold()):
        assert word in shown, (line, found)
