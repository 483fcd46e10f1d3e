"""One row per invoice line, as accounting programs export: totals are sums of the lines."""

import csv

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS

ADDED = {"same-number:invoices:amount": "lines of one record, amounts added"}
QUICKBOOKS = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Item", "Description", "Qty",
              "Rate", "Amount"]  # fmt: skip
ANN = ["1001", "Ann Roe", "1/13/2024", "2/13/2024"]
BOB = ["1002", "Bob Fay", "1/14/2024", "2/14/2024"]


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        yield connection


def cleaned(con, folder, *rows, key="invoices", answers=None):
    with (folder / f"{key}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    found = ingest_object(con, folder, key, answers=answers)
    result = clean_object(con, key, CleanContext(exports=folder, answers=answers or {}))
    assert check_accounting(con, key).problems == []
    return found.warnings, [q for q in result.questions if q.kind == "same number"]


def totals(con, table="invoices"):
    return con.execute(f"SELECT number, total FROM clean.{table} ORDER BY 1, 2").fetchall()


def lines(con):
    return con.execute(
        "SELECT document_key, line_number, name, quantity, amount FROM clean.invoice_items "
        "ORDER BY 1, 2"
    ).fetchall()


def test_an_invoice_on_a_row_per_line_has_their_sum_and_its_lines(con, tmp_path):
    warnings, asked = cleaned(
        con, tmp_path, QUICKBOOKS,
        [*ANN, "Cabinet", "Oak", "2", "400.00", "800.00"],
        [*ANN, "Sink", "Steel", "1", "200.00", "200.00"],
        [*ANN, "Discount", "", "1", "-50.00", "-50.00"],
        [*BOB, "Deck", "Wood", "1", "900.00", "900.00"],
    )  # fmt: skip
    assert asked == []
    assert totals(con) == [("1001", 950), ("1002", 900)]
    assert lines(con) == [
        ("main/invoices/1001", 1, "Cabinet", 2, 800),
        ("main/invoices/1001", 2, "Sink", 1, 200),
        ("main/invoices/1001", 3, "Discount", 1, -50),
        ("main/invoices/1002", 1, "Deck", 1, 900),
    ]
    assert any("one row per line: read as 4 lines" in w for w in warnings)
    states = con.execute("SELECT state, count(*) FROM clean.row_states GROUP BY 1").fetchall()
    assert states == [("repeated", 2)]
    assert con.execute("SELECT custom FROM clean.invoices").fetchall() == [({},), ({},)]


def test_two_equal_lines_count_twice(con, tmp_path):
    line = [*ANN, "Door", "", "1", "100.00", "100.00"]
    cleaned(con, tmp_path, QUICKBOOKS, line, line)
    assert totals(con) == [("1001", 200)]
    assert [n for _, n, *_ in lines(con)] == [1, 2]


def test_a_total_that_every_line_repeats_is_the_invoices(con, tmp_path):
    header = [*QUICKBOOKS[:-1], "Line Total", "Total"]
    cleaned(
        con, tmp_path, header,
        [*ANN, "Cabinet", "", "2", "400.00", "800.00", "1070.00"],
        [*ANN, "Sink", "", "1", "200.00", "200.00", "1070.00"],
    )  # fmt: skip
    assert totals(con) == [("1001", 1070)], "with a tax that no line has"
    assert [line[-1] for line in lines(con)] == [800, 200]


def test_two_invoices_of_one_number_are_not_added_up(con, tmp_path):
    other = ["1001", "Bob Fay", "1/14/2025", "2/14/2025"]
    cleaned(
        con, tmp_path, QUICKBOOKS,
        [*ANN, "Cabinet", "", "1", "1500.00", "1500.00"],
        [*other, "Deck", "", "1", "2500.00", "2500.00"],
        [*BOB, "Gate", "", "1", "5.00", "5.00"],
        [*BOB, "Post", "", "1", "7.00", "7.00"],
    )  # fmt: skip
    assert totals(con) == [("1001", 1500), ("1001", 2500), ("1002", 12)]


def test_rows_that_differ_only_in_their_amount_are_asked_and_added_when_a_person_says_so(
    con, tmp_path
):
    header = ["Invoice #", "Client Name", "Invoice Date", "Due Date", "Total"]
    rows = [header, [*ANN, "800.00"], [*ANN, "200.00"], [*BOB, "900.00"]]
    _, (question,) = cleaned(con, tmp_path, *rows)
    assert question.key == next(iter(ADDED)) and len(question.choices) == 3
    assert question.choices[-1].word == ADDED[question.key]
    _, asked = cleaned(con, tmp_path, *rows, answers=ADDED)
    assert asked == [] and totals(con) == [("1001", 1000), ("1002", 900)]


def test_estimates_on_a_row_per_line_likewise(con, tmp_path):
    header = ["Estimate #", "Client Name", "Estimate Date", "Expiration Date", "Item", "Quantity",
              "Price", "Total"]  # fmt: skip
    cleaned(
        con, tmp_path, header,
        [*ANN, "Cabinet", "2", "400.00", "800.00"], [*ANN, "Sink", "1", "200.00", "200.00"],
        key="estimates",
    )  # fmt: skip
    assert totals(con, "estimates") == [("1001", 1000)]


def test_columns_of_lines_stay_custom_where_no_number_repeats(con, tmp_path):
    cleaned(con, tmp_path, QUICKBOOKS, [*ANN, "Cabinet", "", "2", "400.00", "800.00"])
    assert totals(con) == [("1001", 800)] and lines(con) == []
    assert con.execute("SELECT custom['Qty'] FROM clean.invoices").fetchall() == [("2",)]
