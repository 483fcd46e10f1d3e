"""Which two clients are taken for one, which are asked about, which are left alone."""

import pytest

from flitstack_pipeline.cleaning.duplicates import find_pairs
from flitstack_pipeline.cleaning.matching_weights import COMPARISONS, MISSING, PRIOR
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows

HOME = {"address1": "12 Oak Street", "city": "Boston", "postal_code": "02134"}
AWAY = {"address1": "9 Elm Street", "city": "Salem", "postal_code": "01970"}
EMAIL, PHONE = {"email": "smith@x.com"}, {"phone": "+12125550100"}


def person(first, last, **more):
    return {"name": f"{first} {last}", "first_name": first, "last_name": last, **more}


def firm(name, **more):
    return {"name": name, "business_name": name, "is_business": True, **more}


def verdict(tmp_path, left, right, others=()):
    con = empty_warehouse()
    for i, values in enumerate((left, right, *others)):
        add(con, "clients", str(i), **values)
    found = [p for p in find_pairs(con, tmp_path) if p.left[-2:] + p.right[-2:] == "/0/1"]
    return found[0] if found else None


MERGED = {
    "a nickname with e-mail and phone": (
        person("Robert", "Smith", **EMAIL, **PHONE), person("Bob", "Smith", **EMAIL, **PHONE)),
    "a typing error in the surname with the phone": (
        person("Robert", "Johnson", **PHONE), person("Robert", "Jonson", **PHONE)),
    "a married name with everything else equal": (
        person("Ann", "Lee", **EMAIL, **PHONE, **HOME),
        person("Ann", "Webb", **EMAIL, **PHONE, **HOME)),
    "a move": (person("Ann", "Lee", **EMAIL, **HOME), person("Ann", "Lee", **EMAIL, **AWAY)),
    "a middle initial": (
        person("Ann", "Lee", **EMAIL), person("Ann B.", "Lee", **EMAIL)),
    "a firm without its legal form": (
        firm("Acme Roofing LLC", **PHONE), firm("Acme Roofing", **PHONE)),
    "accents and capitals": (
        person("José", "Núñez", **EMAIL), person("JOSE", "NUNEZ", **EMAIL)),
}  # fmt: skip


APART = {
    "twins at one address": (
        person("Maria", "Lopez", **EMAIL, **PHONE, **HOME),
        person("Marta", "Lopez", **EMAIL, **PHONE, **HOME)),
    "a couple": (
        person("Ann", "Lee", **EMAIL, **PHONE, **HOME),
        person("Bob", "Lee", **EMAIL, **PHONE, **HOME)),
    "father and son who write it": (
        person("John", "Doe Sr", **EMAIL, **PHONE, **HOME),
        person("John", "Doe Jr", **EMAIL, **PHONE, **HOME)),
    "father and son of whom one writes it": (
        person("John", "Doe", **EMAIL, **PHONE, **HOME),
        person("John", "Doe Jr", **EMAIL, **PHONE, **HOME)),
    "father and son at home with a phone and two e-mails": (
        person("John", "Doe", email="a@x.com", **PHONE, **HOME),
        person("John", "Doe", email="b@x.com", **PHONE, **HOME)),
    "two middle initials": (
        person("John A", "Doe", **PHONE, **HOME), person("John B", "Doe", **PHONE, **HOME)),
    "branches that are numbered": (
        firm("Subway 12", **EMAIL, **PHONE), firm("Subway 34", **EMAIL, **PHONE)),
    "branches in two cities with one office": (
        firm("Acme Realty", **EMAIL, **PHONE, **HOME),
        firm("Acme Realty", **EMAIL, **PHONE, **AWAY)),
    "branches with addresses of one e-mail domain": (
        firm("Acme Realty", email="salem@acme.com", **AWAY),
        firm("Acme Realty", email="boston@acme.com", **HOME)),
    "another legal form": (
        firm("Acme Roofing LLC", **EMAIL, **PHONE), firm("Acme Roofing Inc", **EMAIL, **PHONE)),
    "one name in two cities": (person("Ann", "Lee", **HOME), person("Ann", "Lee", **AWAY)),
    "one name and one postcode": (
        person("Ann", "Lee", postal_code="02134"), person("Ann", "Lee", postal_code="02134")),
    "an owner and his firm at one phone": (
        person("John", "Doe", **PHONE), firm("John Doe Plumbing", **PHONE)),
    "colleagues of one given name": (
        person("Maria", "Garcia", **EMAIL, **PHONE), person("Maria", "Webb", **EMAIL, **PHONE)),
    "a shared e-mail and nothing else": (
        person("Ann", "Lee", **EMAIL), person("Bo", "Ray", **EMAIL)),
    "no name at all": ({"name": "Cash Customer", **PHONE}, {"name": "Cash Customer", **PHONE}),
    "one word for a name": ({"name": "Smith", **EMAIL}, {"name": "Smith", **EMAIL}),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The pair found in each case: every case is a workspace of its own, all related at once."""
    con = empty_warehouse()
    cases = {**MERGED, **APART}
    for number, rows_of_case in enumerate(cases.values()):
        for i, values in enumerate(rows_of_case):
            add(con, "clients", str(i), workspace=f"w{number}", **values)
    pairs = {p.left.split("/")[0]: p for p in find_pairs(con, tmp_path_factory.mktemp("none"))}
    return {what: pairs.get(f"w{number}") for number, what in enumerate(cases)}


@pytest.mark.parametrize("what", MERGED)
def test_one_person_or_firm_is_merged_in_spite_of(found, what):
    assert found[what], what
    assert found[what].decision == "merge", found[what]


@pytest.mark.parametrize("what", APART)
def test_two_are_never_merged_without_a_person(found, what):
    assert found[what] is None or found[what].decision == "review", found[what]


def test_one_letter_off_is_a_typing_error_only_of_a_name_that_is_known(tmp_path):
    left, right = (person(n, "Doe", **EMAIL, **PHONE) for n in ("Okonko", "Okonkwo"))
    known = [person("Okonkwo", s) for s in ("Lee", "Ray", "Fox")]
    both = [person("Okonko", s) for s in ("Lee", "Ray", "Fox")] + known
    assert verdict(tmp_path, left, right).decision == "review"
    assert verdict(tmp_path, left, right, known).decision == "merge"
    assert verdict(tmp_path, left, right, both).decision == "review"


def test_a_chain_of_letters_does_not_glue_strangers(tmp_path):
    """A~B and B~C are one letter apart each; A and C are not, so C is put to a person."""
    con = empty_warehouse()
    shared = {**EMAIL, **PHONE}
    for i, surname in enumerate(("Moran", "Boran", "Boras")):
        add(con, "clients", str(i), **person("Ann", surname, **shared))
    related(con, tmp_path)
    assert len(rows(con, "FROM clean.merges")) == 1
    asked = rows(con, "SELECT left_key, right_key FROM clean.duplicate_pairs "
                      "WHERE decision = 'review'")  # fmt: skip
    assert ("main/clients/1", "main/clients/2") in asked


def test_a_chain_through_contact_points_of_one_name_is_one_person(tmp_path):
    con = empty_warehouse()
    for i, points in enumerate((EMAIL, {**EMAIL, **PHONE}, PHONE)):
        add(con, "clients", str(i), **person("Ann", "Lee", **points))
    related(con, tmp_path)
    assert len(rows(con, "FROM clean.merges")) == 2


def test_the_order_of_rows_makes_no_difference(tmp_path):
    made = [
        person("Robert", "Smith", **EMAIL, **PHONE),
        person("Bob", "Smith", **EMAIL, **PHONE, **HOME),
        person("Rob", "Smith", **EMAIL, **HOME),
        person("Ann", "Smith", **EMAIL, **HOME),
    ]
    found = []
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        con = empty_warehouse()
        for i in order:
            add(con, "clients", str(i), **made[i])
        related(con, tmp_path)
        tables = ("merges", "duplicate_pairs", "merged_values", "survivors")
        found.append([rows(con, f"SELECT * FROM clean.{t} ORDER BY ALL") for t in tables])
    assert found[0] == found[1]


def test_the_last_level_of_every_comparison_holds_always_and_weights_fall_with_likeness():
    assert PRIOR < 0
    assert MISSING.keys() == COMPARISONS.keys()
    for levels in COMPARISONS.values():
        assert levels[-1].condition == "true"
        assert levels[-1].weight <= 0
        assert all(0 < level.cap <= 1 for level in levels)
