"""Leads that are one person become one, with every value; what is less sure is asked."""

from decimal import Decimal

import pytest

from flitstack_pipeline.cleaning.pending_decisions import duplicate_pairs
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, links, related, rows

MERGES = "SELECT kept_key, merged_key FROM clean.merges ORDER BY ALL"
PAIRS = "SELECT left_key, right_key, decision FROM clean.duplicate_pairs ORDER BY ALL"
PHONE = "+12125550100"


@pytest.fixture
def con():
    return empty_warehouse()


def decide(tmp_path, *lines):
    text = "\n".join(("left_key,right_key,decision", *lines))
    (tmp_path / "duplicates.csv").write_text(text + "\n")


def test_the_same_name_and_phone_is_one_lead_with_all_values(con, tmp_path):
    old = add(
        con, "leads", "1", name="Ann Lee", phone=PHONE, email="a@x.com", created="2024-01-01",
        estimated_value=Decimal(500), lead_status="lost", custom={"Roof": "flat"},
        converted=True, converted_client_ref="77",
    )  # fmt: skip
    new = add(
        con, "leads", "2", name="Lee, Ann", phone=PHONE, email="b@x.com", created="2025-01-01",
        estimated_value=Decimal(900), lead_status="new", custom={"Roof": "flat", "Dog": "Rex"},
        city="Boston", notes="calls back",
    )  # fmt: skip
    related(con, tmp_path)
    assert rows(con, MERGES) == [(new, old)]
    assert rows(con, PAIRS) == [(old, new, "merge")]
    assert rows(
        con,
        "SELECT source_key, email, extra_emails, estimated_value, lead_status, custom, "
        "created::VARCHAR, converted, converted_client_ref FROM clean.lead_survivors",
    ) == [
        (new, "b@x.com", ["a@x.com"], Decimal(900), "new", {"Roof": "flat", "Dog": "Rex"},
         "2024-01-01", True, "77")
    ]  # fmt: skip
    assert rows(con, "SELECT field, losing_value FROM clean.merged_values ORDER BY ALL") == [
        ("created", "2025-01-01"),
        ("estimated_value", "500.0000"),
        ("lead_status", "lost"),
        ("name", "Ann Lee"),
    ]
    assert rows(con, "SELECT source_key FROM kept_leads") == [(new,)]


def test_documents_and_notes_of_a_merged_lead_hang_on_the_kept_one(con, tmp_path):
    kept = add(con, "leads", "1", name="Ann Lee", email="a@x.com", city="Boston")
    gone = add(con, "leads", "2", name="Ann Lee", email="a@x.com")
    estimate = add(con, "estimates", "E1", client_ref="2")
    related(con, tmp_path)
    assert rows(con, MERGES) == [(kept, gone)]
    assert links(con, "client") == {estimate: kept}


def test_one_phone_and_another_name_stay_two_and_a_part_of_the_name_is_asked(con, tmp_path):
    ann = add(con, "leads", "1", name="Ann Lee", phone=PHONE)
    add(con, "leads", "2", name="Bo Ray", phone=PHONE)
    lee = add(con, "leads", "3", name="Lee", phone=PHONE)
    add(con, "leads", "4", workspace="other", name="Ann Lee", phone=PHONE)
    related(con, tmp_path)
    assert rows(con, MERGES) == []
    assert rows(con, PAIRS) == [(ann, lee, "review")]
    asked = duplicate_pairs(con)
    assert [(r["left_key"], r["right_name"]) for r in asked] == [(ann, "Lee")]


@pytest.mark.parametrize("word", ["merge", "keep apart"])
def test_a_person_decides_about_two_leads(con, tmp_path, word):
    ann = add(con, "leads", "1", name="Ann Lee", phone=PHONE, email="a@x.com")
    other = add(con, "leads", "2", name="Ann Lee" if word == "keep apart" else "A. L.", phone=PHONE)
    decide(tmp_path, f"{ann},{other},{word}")
    related(con, tmp_path)
    assert rows(con, MERGES) == ([(ann, other)] if word == "merge" else [])
    assert rows(con, PAIRS) == [(ann, other, word)]
    assert rows(con, "FROM clean.idle_decisions") == []


def test_a_lead_merged_with_one_that_is_a_client_goes_to_that_client(con, tmp_path):
    client = add(con, "clients", "9", name="Ann Lee", phone=PHONE)
    folds = add(con, "leads", "1", name="Ann Lee", phone=PHONE)
    other = add(con, "leads", "2", name="A. L.", email="a@x.com", estimated_value=5)
    decide(tmp_path, f"{folds},{other},merge")
    related(con, tmp_path)
    assert rows(con, MERGES) == [(client, folds), (client, other)]
    assert rows(con, "SELECT email FROM clean.survivors") == [("a@x.com",)]
    assert ("estimated_value", "5.0000") in rows(
        con, "SELECT field, losing_value FROM clean.merged_values"
    )


def test_three_leads_of_which_a_person_keeps_two_apart_are_not_chained(con, tmp_path):
    one, two, three = (
        add(con, "leads", n, name="Ann Lee", phone=PHONE, email=f"{n}@x.com") for n in "123"
    )
    decide(tmp_path, f"{one},{three},keep apart")
    related(con, tmp_path)
    assert len(rows(con, MERGES)) == 1
    decisions = {pair[:2]: pair[2] for pair in rows(con, PAIRS)}
    assert decisions[one, three] == "keep apart"
    assert sorted([decisions[one, two], decisions[two, three]]) == ["merge", "review"]
