"""Grade, quote and warnings follow from the numbers, with their reasons."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flitstack_pipeline.audit.advice import warnings
from flitstack_pipeline.audit.facts import Facts
from flitstack_pipeline.audit.grade import BY_HAND, grade
from flitstack_pipeline.audit.quote import OURS, measures, quote, read_prices

SMALL = Facts(
    records=900, objects=5, workspaces=1, sessions=2, people=300, businesses=0, estimate_lines=0,
    custom_fields=3, questions=0, unknown_words=0, quarantined=0, orphans=0, to_decide=0,
    attachments=0, attachments_stuck=0, requests=2_000, not_migrated=(), absent=(),
    exported=dt.date(2026, 11, 2), last_activity=dt.date(2026, 11, 1), busiest_month=40,
)  # fmt: skip


def facts(**changed):
    return dataclasses.replace(SMALL, **changed)


def priced(found, table=OURS, currency="USD"):
    return quote(measures(found, grade(found), activities=0), found.weighed, table, currency)


@pytest.mark.parametrize(
    ("changed", "letter", "reason"),
    [
        ({}, "A", "nothing special"),
        ({"businesses": 4, "estimate_lines": 9}, "B", "9 estimate lines become records"),
        (
            {"businesses": 4, "estimate_lines": 9, "custom_fields": 30, "workspaces": 3,
             "records": 150_000},
            "C", "3 workspaces, each a sub-account or routed",
        ),
        (
            {"businesses": 4, "estimate_lines": 9, "custom_fields": 30, "workspaces": 3,
             "records": 1_500_000, "requests": 400_000},
            "D", "400,000 requests, more than the 200,000 a day allowed",
        ),
        ({"records": BY_HAND + 1}, "E", "2,000,001 records"),
    ],
)  # fmt: skip
def test_the_grade_comes_with_its_reasons(changed, letter, reason):
    found = grade(facts(**changed))
    assert found.letter == letter
    assert reason in [r for score in found.scores for r in score.reasons]
    assert all(0 <= score.points <= 3 for score in found.scores)


@given(st.integers(0, 9_999), st.integers(0, 9_999))
def test_no_record_has_a_price(some, others):
    assert priced(facts(records=some)).total == priced(facts(records=others)).total


@pytest.mark.parametrize("many", [1, 500, 2_500_000])
def test_many_files_and_many_questions_raise_neither_grade_nor_price(many):
    found = facts(
        records=SMALL.records + many, attachments=many, attachments_stuck=many,
        questions=many, unknown_words=many, sessions=many,
    )  # fmt: skip
    assert grade(found).letter == grade(SMALL).letter == "A"
    assert priced(found) == priced(SMALL)
    told = [reason for score in grade(found).scores for reason in score.reasons]
    assert f"{2 * many} questions or unknown words to answer" in told, "told all the same"


def test_the_price_is_in_the_currency_of_the_account(tmp_path):
    assert str(priced(SMALL, currency="GBP")) == "900 GBP"
    table = tmp_path / "prices.csv"
    table.write_text("measure,from,below,amount (USD),amount (EUR),line\npoints,,,1000,930,Base\n")
    assert str(priced(SMALL, table, "EUR")) == "930 EUR"
    assert str(priced(SMALL, table, "USD")) == "1,000 USD"
    assert str(priced(SMALL, table, "GBP")) == "1,000 USD", "said as it stands, not converted"


def test_above_two_million_records_there_is_no_price():
    found = priced(facts(records=BY_HAND + 1))
    assert found.total is None and found.lines == ()
    assert "scoped by hand" in str(found)


def test_a_persons_own_table_of_prices_is_followed(tmp_path):
    table = tmp_path / "prices.csv"
    table.write_text(
        "measure,from,below,amount (EUR),line\n"
        "points,,,1000,Base\n"
        "custom fields,3,4,99.50,Three fields\n"
        "workspaces,2,,500,More\n"
    )
    found = priced(SMALL, table)
    assert found.lines == (("Base", Decimal(1000)), ("Three fields", Decimal("99.50")))
    assert str(found) == "1,099.50 EUR"


def test_a_table_of_prices_as_excel_saves_it_is_followed(tmp_path):
    table = tmp_path / "prices.csv"
    text = "measure,from,below,amount (EUR),line\npoints,,,1000,Café\n"
    table.write_bytes(text.encode("cp1252"))
    assert priced(SMALL, table).lines == (("Café", Decimal(1000)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("measure,from,below,price,line\n", "amount (USD)"),
        ("measure,from,below,amount (USD),line\nrecords,0,,1,Each\n", "line 2, column measure"),
        ("measure,from,below,amount (USD),line\npoints,x,,1,A\n", "line 2, column from: 'x'"),
        ("measure,from,below,amount (USD),line\npoints,0,,,A\n", "an amount is missing"),
    ],
)
def test_a_table_that_cannot_be_followed_names_the_row(tmp_path, text, said):
    table = tmp_path / "prices.csv"
    table.write_text(text)
    with pytest.raises(ValueError) as error:
        read_prices(table, {"points": 0, "custom fields": 3})
    assert said in str(error.value) and "prices.csv" in str(error.value)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"people": 250}, "Freedom plan, so some may be missing"),
        ({"busiest_month": 5}, "never more than 5 estimates or invoices a month"),
        ({"last_activity": dt.date(2026, 8, 1)}, "nothing was made for 93 days"),
        ({"absent": ("Work orders",)}, "no records of: Work orders"),
    ],
)
def test_the_data_warns_of_plans_and_gaps(changed, word):
    def said(found):
        return " ".join(row["warning"] for row in warnings(found, counts_told=True))

    assert word in said(facts(**changed))
    assert word not in said(SMALL)
    assert "on-screen" in str(warnings(SMALL, counts_told=False))


def test_numbers_of_several_records_and_rounded_ids_are_warned_of():
    shared = tuple(f"invoices {n}" for n in range(1, 11))
    facts = dataclasses.replace(SMALL, shared_numbers=shared, rounded_ids=("clients 1.23457E+16",))
    told = [w["warning"] for w in warnings(facts, counts_told=True)]
    assert any(w.startswith("10 numbers") and w.endswith("invoices 8 and 2 more") for w in told)
    assert any(w.endswith("without opening it: clients 1.23457E+16") for w in told)
    assert not any("numbers stand" in w for w in map(str, warnings(SMALL, counts_told=True)))
