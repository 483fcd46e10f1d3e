"""Firms and people told apart, remarks behind a name, names alone; right values by hand."""

import pytest

from flitstack_pipeline.cleaning.values.names import split_name
from flitstack_pipeline.cleaning.values.parsers import PARSERS, SEPARATOR, Context
from flitstack_pipeline.cleaning.values.words import split_people


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Lisa Ray ⭐", "Lisa", "Ray"),
        ("★ Tom Ford", "Tom", "Ford"),
        ("😀 Ann Lee 👍🏽", "Ann", "Lee"),
        ("Lisa Ray Office", "Lisa", "Ray"),
        ("Lisa Ray Billing", "Lisa", "Ray"),
        ("John Smith - Rental", "John", "Smith"),
        ("John Smith – upstairs unit", "John", "Smith"),
        ("Jane Doe (Condo)", "Jane", "Doe"),
        ("Jane Doe [VIP]", "Jane", "Doe"),
        ("John Smith, Attorney", "John", "Smith"),
        ("Jane Doe, Trustee", "Jane", "Doe"),
        ("Ann Lee, Attorney at Law", "Ann", "Lee"),
        ("Kim Ross, RN, BSN", "Kim", "Ross"),
        ("Mary-Kate O'Neil", "Mary-Kate", "O'Neil"),
        ("Nguyen Thi Hoa", "Thi Hoa", "Nguyen"),
        ("Oluwaseun Adeyemi", "Oluwaseun", "Adeyemi"),
        ("Jim and Carol Flowers", "Jim and Carol", "Flowers"),
        ("Raj & Priya Patel", "Raj & Priya", "Patel"),
        ("Amy Glass", "Amy", "Glass"),
        ("John Church", "John", "Church"),
    ],
)
def test_people_stay_people_and_remarks_are_nobodys_name(name, first, last):
    found = split_name(name)
    assert (found.first, found.last, found.looks_like_business) == (first, last, False)


@pytest.mark.parametrize(
    "name",
    ["Lisa Ray ⭐", "John Smith - Rental", "Jane Doe (Condo)", "John Smith, Attorney"],
)
def test_a_name_with_a_remark_is_kept_as_it_was(name):
    assert not split_name(name).invertible


@pytest.mark.parametrize(
    "name",
    [
        "Bed Bath & Beyond", "Smith & Wesson", "Barnes and Noble", "Dewey, Cheatham & Howe",
        "Miller & Associates", "Harris & Partners", "Tiffany & Co", "Metro Electric Co.",
        "Ridgeway LP", "Northgate LC", "Bolt Builders (main office)", "Lakeside Villas HOA",
        "The Coffee House", "A1 Auto", "Studio 54", "Patel Brothers", "City of Dunedin",
        "Blue Horizon", "MVP Sports", "Joe's Crab Shack",
    ],
)  # fmt: skip
def test_a_firm_keeps_its_whole_name(name):
    found = split_name(name)
    assert found.looks_like_business and found.evidence
    assert (found.display, found.first, found.last) == (name, None, None)


@pytest.mark.parametrize("name", ["Office", "info", "Accounts Payable"])
def test_a_mailbox_is_nobodys_name(name):
    found = split_name(name)
    assert (found.display, found.first, found.last) == (name, None, None)
    assert not found.looks_like_business


def found_in(*cells):
    """What is found in the cells of a name."""
    found = PARSERS["name"].found([SEPARATOR.join(cells)], Context("UTC", "US", ""))
    return {name: value for name, [value] in found.items()}


def test_a_surname_alone_in_split_columns_stays_a_surname():
    found = found_in("", "", "Kowalski")
    assert (found["first"], found["last"], found["business"]) == (None, "Kowalski", False)


@pytest.mark.parametrize(
    ("cell", "people"),
    [
        ("Baker, Bob", ["Bob Baker"]),
        ("Baker, Bob; Day, Sue", ["Bob Baker", "Sue Day"]),
        ("Baker, Bob J.", ["Bob J. Baker"]),
        ("Bob Baker, Sue Day", ["Bob Baker", "Sue Day"]),
        ("Luis Ortega, Nina Castillo", ["Luis Ortega", "Nina Castillo"]),
        ("Bob, Sue", ["Bob", "Sue"]),
        ("Bob Baker", ["Bob Baker"]),
    ],
)
def test_an_assignee_written_surname_first_is_one_person(cell, people):
    assert split_people(cell) == people


@pytest.mark.parametrize(
    "name",
    [
        "Hungry Pelican", "Taste of Naples", "Argo Pancakes", "Kirsch Analytics", "Vader Chicago",
        "Los Nopales", "Crazy Goat IV", "Framing by Marla", "K & L Rafting", "Regions Bank",
        "Hancock, Daniel, Johnson & Nagle", "Harris & Harris", "Braden Partners", "Penny Pastry",
    ],
)  # fmt: skip
def test_words_of_english_that_nobody_is_called_by_are_a_firms(name):
    assert split_name(name).looks_like_business


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Paul Plumber", "Paul", "Plumber"),
        ("Günther Best", "Günther", "Best"),
        ("Pastry, Anna", "Anna", "Pastry"),
        ("The Miller Family", "The Miller", "Family"),
        ("Tina Y Crawford", "Tina Y", "Crawford"),
        ("YOLANDA Y CRAWFORD", "Yolanda Y", "Crawford"),
        ("José Ortega y Gasset", "José", "Ortega y Gasset"),
        ("Gabriel García Márquez", "Gabriel", "García Márquez"),
        ("María José García López", "María José", "García López"),
        ("Mary Lou Jones", "Mary Lou", "Jones"),
        ("Nguyen Thi Dung", "Thi Dung", "Nguyen"),
        ("The Smiths", "The", "Smiths"),
        ("J & J Smith", "J & J", "Smith"),
    ],
)
def test_people_whose_names_hold_words_stay_people(name, first, last):
    found = split_name(name)
    assert (found.first, found.last, found.looks_like_business) == (first, last, False)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Mary Jones BSN RN", "Mary", "Jones"),
        ("John Smith Realtor", "John", "Smith"),
        ("Attorney John Smith", "John", "Smith"),
        ("RN Mary Jones", "Mary", "Jones"),
        ("Jones, Mary RN", "Mary", "Jones"),
        ("Smith, John Trustee", "John", "Smith"),
        ("Mary Jones, RN, BSN, CCRN", "Mary", "Jones"),
        ("Jane Doe TTEE", "Jane", "Doe"),
        ("Md Abdul Rahman", "Md Abdul", "Rahman"),
        ("Lan Ma", "Lan", "Ma"),
        ("Smith, JP", "JP", "Smith"),
        ("Bob Smith, III", "Bob", "Smith III"),
    ],
)
def test_a_profession_is_no_part_of_a_name_wherever_it_stands(name, first, last):
    found = split_name(name)
    assert (found.first, found.last, found.looks_like_business) == (first, last, False)


@pytest.mark.parametrize(
    "name",
    ["A & H Mechanical", "Johnson & Johnson", "Tom & Jerry's Ice Cream", "Long LP", "MET PARTNERS",
     "Estate of Mary Jones"],
)  # fmt: skip
def test_initials_and_things_joined_are_a_firms(name):
    assert split_name(name).looks_like_business


def test_two_initials_and_a_surname_are_asked_about():
    assert split_name("J & J Smith").doubt == "initials"
    assert split_name("K & L Rafting").doubt == ""


@pytest.mark.parametrize(
    ("first", "last", "right", "kept"),
    [
        ("Dan ⭐", "Eck", ("Dan", "Eck"), ["first_name"]),
        ("Lisa Ray", "⭐", ("Lisa", "Ray"), ["last_name"]),
        ("Lisa Ray", "Office", ("Lisa", "Ray"), ["last_name"]),
        ("💎", "Ray", (None, "Ray"), ["first_name"]),
        ("Maria", "Sales", ("Maria", "Sales"), []),  # a surname of Portugal
        ("undefined", "undefined", (None, None), []),
    ],
)
def test_signs_and_desks_in_split_columns_are_nobodys_name(first, last, right, kept):
    found = found_in("", first, last)
    assert (found["first"], found["last"]) == right
    assert [cell["column"] for cell in found["kept"] or []] == kept
