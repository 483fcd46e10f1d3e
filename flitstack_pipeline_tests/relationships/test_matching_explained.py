"""Leads are scored as clients are, and the way to a score is told step by step."""

import pytest

from flitstack_pipeline.cleaning.frozen import freeze
from flitstack_pipeline.cleaning.matching_explained import explained, waterfall
from flitstack_pipeline.cleaning.matching_learned import Matching
from flitstack_pipeline.cleaning.matching_weights import COMPARISONS
from flitstack_pipeline.cleaning.merges_told import merged_records, taken_apart
from flitstack_pipeline.cleaning.pending_decisions import duplicate_pairs
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows

PHONE = "+12125550100"
HOME = {"address1": "12 Oak Street", "city": "Boston", "state": "MA", "postal_code": "02101"}


def level(comparison, words):
    return [x.words for x in COMPARISONS[comparison]].index(words)


def levels(**said):
    return {c: level(c, said[c]) if c in said else None for c in COMPARISONS}


def test_the_steps_add_up_from_the_prior():
    steps = waterfall(levels(phone="same phone", name="same name"), Matching())
    assert [(s.words, s.bits, s.total) for s in steps] == [
        ("before anything is compared", -8, -8),
        ("same phone", 12, 4),
        ("same name", 7, 11),
    ]


def test_a_waterfall_says_what_holds_the_score_down():
    told = explained(levels(phone="same phone", name="different names"), 0.6, Matching())
    assert "−8.0 ▼▼▼▼ makes −8.0" in told and "same phone +12.0 ▲▲▲▲▲▲ makes +4.0" in told
    assert told.endswith("−15.0 bits are 0.00%")
    single = levels(email="same e-mail", phone="same phone", name="same single-word name")
    assert explained(single, 0.98, Matching()).endswith("held at 98.00%: same single-word name")


def test_a_cap_for_households_holds_nothing_down_where_there_are_none():
    pair = levels(email="same e-mail", phone="same phone", name="one name holds the other",
                  place="a firm of several addresses, one unknown")  # fmt: skip
    told = explained(pair, 0.95, Matching(homes=False))
    assert told.endswith("held at 95.00%: a firm of several addresses, one unknown")


@pytest.fixture
def con():
    return empty_warehouse()


def test_every_pair_on_the_list_has_its_steps(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee", phone=PHONE)
    add(con, "clients", "2", name="Lee", phone=PHONE)
    add(con, "leads", "3", name="Ann Lee", phone=PHONE)
    related(con, tmp_path)
    asked = {(r["left_key"][-1], r["right_key"][-1]): r["how"] for r in duplicate_pairs(con)}
    assert set(asked) == {("1", "2"), ("1", "3")}
    assert "one name holds the other −1.5" in asked["1", "2"]
    assert asked["1", "3"].endswith("+11.0 bits are 99.95%")


def test_a_lead_with_a_typing_error_folds_as_a_client_would(con, tmp_path):
    client = add(con, "clients", "1", name="Ann Whitfield", first_name="Ann",
                 last_name="Whitfield", phone=PHONE, **HOME)  # fmt: skip
    lead = add(con, "leads", "2", name="Ann Whitfeild", first_name="Ann", last_name="Whitfeild",
               phone=PHONE, **HOME)  # fmt: skip
    related(con, tmp_path)
    assert rows(con, "SELECT kept_key, merged_key FROM clean.merges") == [(client, lead)]


@pytest.mark.parametrize(("converted", "merged"), [(True, 1), (False, 0)])
def test_a_part_of_the_name_is_enough_for_a_converted_lead_only(con, tmp_path, converted, merged):
    add(con, "clients", "1", name="Ann Lee", phone=PHONE)
    add(con, "leads", "2", name="Lee", phone=PHONE, converted=converted)
    related(con, tmp_path)
    assert len(rows(con, "FROM clean.merges")) == merged
    assert len(rows(con, "FROM clean.duplicate_pairs")) == 1


def test_leads_change_nothing_about_the_clients(con, tmp_path):
    for n in "12":
        add(con, "clients", n, name="Ann Lee", phone=PHONE)
    for n, name in enumerate(("Bo Ray", "Cy Orr", "Di Poe", "Ed Fox")):
        add(con, "leads", f"9{n}", name=name, phone=PHONE)
    related(con, tmp_path)
    merged = rows(con, "SELECT object, score FROM clean.duplicate_pairs WHERE decision = 'merge'")
    assert merged == [("clients", 0.9995)]


def test_a_lead_that_was_folded_at_the_approval_stays_folded_and_says_so(con, tmp_path):
    one = add(con, "clients", "1", name="Ann Lee", phone=PHONE)
    lead = add(con, "leads", "2", name="Ann Lee", phone=PHONE)
    merges = "SELECT kept_key, merged_key FROM clean.merges"
    reasons = "SELECT reason FROM clean.merge_reasons"
    related(con, tmp_path)
    before = rows(con, reasons)
    freeze(con, tmp_path, "print")
    related(con, tmp_path)
    assert rows(con, merges) == [(one, lead)] and rows(con, reasons) == before
    con.execute("UPDATE clean.leads SET phone = '+12125550199'")
    related(con, tmp_path)
    assert rows(con, merges) == [(one, lead)]
    assert rows(con, reasons) == [("merged when it was approved: different phones, same name",)]


def test_an_approval_alone_changes_no_word_of_a_merged_record(con, tmp_path):
    """The reason is written into the record; a second run would write every such record again."""
    add(con, "clients", "1", name="Kiesha Conrad", phone=PHONE, **HOME)
    add(con, "clients", "2", name="Kiesha Conrad", phone=PHONE, **HOME)
    add(con, "leads", "3", name="Kiesha", phone=PHONE, converted=True, **HOME)
    reasons = "SELECT * FROM clean.merge_reasons ORDER BY ALL"
    related(con, tmp_path)
    before = rows(con, reasons)
    assert len(before) == 2
    freeze(con, tmp_path, "print")
    related(con, tmp_path)
    assert rows(con, reasons) == before


def test_merges_and_what_was_taken_apart_since_the_approval_are_told(con, tmp_path):
    one = add(con, "clients", "1", name="Ann Lee", phone=PHONE)
    two = add(con, "clients", "2", name="Ann Lee", phone=PHONE)
    related(con, tmp_path)
    assert merged_records(con) == [
        {"kept": f"Ann Lee ({one})", "merged": f"Ann Lee ({two})", "why": "same phone, same name"}
    ]
    assert taken_apart(con, tmp_path) == []
    freeze(con, tmp_path, "print")
    assert taken_apart(con, tmp_path) == []
    (tmp_path / "duplicates.csv").write_text(
        f"left_key,right_key,decision\n{one},{two},keep apart\n"
    )
    related(con, tmp_path)
    assert merged_records(con) == []
    assert taken_apart(con, tmp_path) == [{"one": f"Ann Lee ({one})", "other": f"Ann Lee ({two})"}]


def test_father_and_son_are_not_chained_by_a_row_without_an_e_mail(con, tmp_path):
    """Either may be the row in the middle: it joins one of them, and the other is asked."""
    for n, email in enumerate(("father@x.com", None, "son@x.com")):
        add(con, "clients", str(n), name="Al Lee", phone=PHONE, email=email, **HOME)
    related(con, tmp_path)
    assert len(rows(con, "FROM clean.merges")) == 1
    decisions = rows(con, "SELECT decision FROM clean.duplicate_pairs ORDER BY ALL")
    assert decisions == [("merge",), ("review",), ("review",)]
