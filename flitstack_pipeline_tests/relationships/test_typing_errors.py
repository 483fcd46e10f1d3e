"""Names and addresses with typing errors; what an account teaches; what was approved stays."""

import json
import random

import pytest

from flitstack_pipeline.cleaning.duplicates import find_pairs
from flitstack_pipeline.cleaning.frozen import FILE, freeze
from flitstack_pipeline.cleaning.matching_learned import (
    FEWEST,
    MOST,
    Matching,
    kept_matching,
)
from flitstack_pipeline.cleaning.matching_weights import DECLARED
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows

MERGES = "SELECT kept_key, merged_key FROM clean.merges ORDER BY ALL"


def person(first, last, street="12 Oak Street", city="Boston", postal="02134", **more):
    return {
        "name": f"{first} {last}", "first_name": first, "last_name": last, "address1": street,
        "city": city, "postal_code": postal, **more,
    }  # fmt: skip


ANN = person("Ann", "Kowalski")
MISTYPED = {
    "a letter of the surname": person("Ann", "Kowalsky"),
    "a letter of the street": person("Ann", "Kowalski", "12 Oack Street"),
    "a digit of the postcode": person("Ann", "Kowalski", postal="02143"),
    "two letters of the city and another unit style": person("Ann", "Kowalski", city="Bsoton"),
    "given name and surname exchanged": person("Kowalski", "Ann"),
    "street 2 left out": person("Ann", "Kowalski", "12 Oak Street, Apt 4"),
    "a name written apart": person("Ann", "Ko Walski"),
    "a digit for a letter": person("Ann", "K0walski"),
}
ASKED = {
    "another number in the street": person("Ann", "Kowalski", "340 Oak Street"),
    "the given name left out": person("", "Kowalski", name="Kowalski"),
    "another given name that people bear": person("Amy", "Kowalski"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    con = empty_warehouse()
    cases = {**MISTYPED, **ASKED}
    for number, other in enumerate(cases.values()):
        add(con, "clients", "1", workspace=f"w{number}", **ANN)
        add(con, "clients", "2", workspace=f"w{number}", **other)
    pairs = {p.left.split("/")[0]: p for p in find_pairs(con, tmp_path_factory.mktemp("none"))}
    return {what: pairs.get(f"w{number}") for number, what in enumerate(cases)}


@pytest.mark.parametrize("what", MISTYPED)
def test_a_typing_error_with_an_address_in_common_is_one_client(found, what):
    assert found[what] and found[what].decision == "merge", found[what]


@pytest.mark.parametrize("what", ASKED)
def test_what_may_be_a_neighbour_or_a_relative_is_never_merged_by_itself(found, what):
    assert found[what] is None or found[what].decision == "review", found[what]


def town(con, count, family=0):
    """Clients who are all there twice, one of the rows with the given name left out in some;
    the first `family` of them with a sister at home."""
    letters = random.Random(7)
    for i in range(count):
        last = "".join(letters.choices("bdfgklmnprstvz", k=4)) + "aeiou"[i % 5] + "nek"
        street, city = f"{i % 900 + 1} {last[:4]}erstrasse", f"Ort{i % 97}"
        home = person("Maria", last, street, city, f"{10_000 + i}")
        add(con, "clients", f"{i}a", **home)
        add(con, "clients", f"{i}b", **(home if i % 40 else person("Mraia", last, street, city)))
        if i < family:
            add(con, "clients", f"{i}c", **person("Susan", last, street, city, f"{10_000 + i}"))


def test_an_account_without_families_teaches_within_bounds_and_the_same_each_time(tmp_path):
    found = []
    for _ in range(2):
        con = empty_warehouse()
        town(con, FEWEST + 100)
        related(con, tmp_path)
        found.append(kept_matching(con))
    assert found[0] == found[1]
    assert found[0].learned and not found[0].homes
    for name, weights in found[0].weights.items():
        for learned, declared in zip(weights, DECLARED[name], strict=True):
            assert abs(learned - declared) <= MOST + 0.01, name
    assert Matching.from_json(json.loads(json.dumps(found[0].as_json()))) == found[0]


def test_where_sisters_live_at_home_the_declared_weights_stand(tmp_path):
    con = empty_warehouse()
    town(con, FEWEST + 100, family=30)
    related(con, tmp_path)
    kept = kept_matching(con)
    assert (kept.homes, kept.learned, kept.families >= 30) == (True, False, True)
    assert kept.weights == DECLARED
    merged = " ".join(key for pair in rows(con, MERGES) for key in pair)
    assert "c " not in merged + " "


def test_what_was_merged_when_it_was_approved_stays_merged_and_says_so(tmp_path):
    con = empty_warehouse()
    one = add(con, "clients", "1", **ANN)
    other = add(con, "clients", "2", **ANN)
    related(con, tmp_path)
    before = rows(con, MERGES)
    assert len(before) == 1
    freeze(con, tmp_path, "print")
    con.execute("UPDATE clean.clients SET city = 'Salem', postal_code = '01970', "
                "address1 = '9 Elm Road' WHERE source_key = ?", [other])  # fmt: skip
    related(con, tmp_path)
    assert rows(con, MERGES) == before
    ((evidence, decision),) = rows(con, "SELECT evidence, decision FROM clean.duplicate_pairs")
    assert decision == "merge"
    assert evidence.startswith("merged when it was approved: same name")
    (tmp_path / "duplicates.csv").write_text(
        f"left_key,right_key,decision\n{one},{other},keep apart\n"
    )
    related(con, tmp_path)
    assert rows(con, MERGES) == []


def test_the_weights_that_were_approved_score_the_deltas(tmp_path):
    con = empty_warehouse()
    town(con, FEWEST + 100)
    related(con, tmp_path)
    approved = kept_matching(con)
    freeze(con, tmp_path, "print")
    con.execute("DELETE FROM clean.clients WHERE source_id NOT LIKE '1%'")
    related(con, tmp_path)
    assert kept_matching(con) == approved
    assert json.loads((tmp_path / FILE).read_text())["approved"] == "print"
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0, "it holds keys of clients"


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"matching": {"weights": {}}, "merged": ["a"]}']
)
def test_a_damaged_file_of_what_was_approved_says_what_to_do(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ValueError, match=r"matching\.json.*backup"):
        find_pairs(empty_warehouse(), tmp_path)
