"""Rows under one number: two records, versions of one record, or a question; nothing is lost."""

import csv
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object, clean_schema
from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline.cleaning.shared_numbers import (
    Child,
    Document,
    owner_of_payment,
    owners_of_lines,
)
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.reading.ingest import ingest_object, ingest_schema
from flitstack_pipeline.warehouse import SCHEMAS

CASE = Path(__file__).parents[1] / "cases" / "01_one_number_two_records" / "exports"
CLIENT = ["Client ID", "Client Name", "Email", "Phone", "Notes"]
INVOICE = ["Invoice #", "Client Name", "Client ID", "Invoice Date", "Due Date", "Total", "Status"]
JOB = ["Job #", "Title", "Client Name", "Client ID", "Amount", "Created Date", "Status"]
ONE, TWO = "one record, the later row wins", "two records"


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        yield connection


def write(folder, sessions):
    """Files by session: {session: {file: [header, *rows]}}, a month apart."""
    listed = []
    for month, (session, files) in enumerate(sessions.items(), start=1):
        for name, rows in files.items():
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
            moment = f"2026-{month:02}-01T00:00:00Z"
            listed.append({"file": name, "exported_at": moment, "session": session})
    (folder / "export_manifest.json").write_text(json.dumps({"files": listed}))


def cleaned(con, folder, key, answers=None, **sessions):
    """The questions left open after cleaning what the sessions hold."""
    write(folder, sessions)
    ingest_object(con, folder, key, answers=answers)
    result = clean_object(con, key, CleanContext(exports=folder, answers=answers or {}))
    assert check_accounting(con, key).problems == []
    return [q for q in result.questions if q.kind == "same number"]


def found(con, sql):
    return con.execute(sql).fetchall()


def states(con):
    return found(con, "SELECT state, count(*) FROM clean.row_states GROUP BY ALL ORDER BY ALL")


def test_every_record_of_case_01_is_kept_and_the_payment_finds_its_invoice(con, tmp_path):
    keys = ("users", "clients", "leads", "jobs", "estimates", "invoices", "work_orders",
            "activities")  # fmt: skip
    for key in keys:
        ingest_object(con, CASE, key)
    for key in keys:
        assert clean_object(con, key, CleanContext(exports=CASE)).questions == []
    relate(con, tmp_path)
    assert states(con) == []
    assert {k: found(con, f"SELECT count(*) FROM clean.{k}")[0][0] for k in keys} == {
        "users": 2, "clients": 2, "leads": 2, "jobs": 2, "estimates": 2, "invoices": 3,
        "work_orders": 2, "activities": 2,
    }  # fmt: skip
    assert found(con, "SELECT sum(total) FROM clean.invoices WHERE number = '1001'") == [(4000,)]
    assert found(con, "SELECT sum(amount) FROM clean.payments WHERE method = 'Cash'") == [(300,)]
    assert found(
        con,
        "SELECT i.client_name FROM clean.payments p JOIN clean.invoices i "
        "ON i.source_key = p.invoice_key WHERE p.amount = 1500",
    ) == [("Ann Roe",)]
    assert found(con, "SELECT * FROM clean.orphans WHERE child_object = 'payments'") == []
    told = "SELECT count(*) FROM clean.notes WHERE note LIKE 'other rows have the same number%'"
    assert found(con, told) == [(16,)], "8 numbers, two records each"


def test_the_key_of_a_record_depends_neither_on_the_order_of_rows_nor_of_files(con, tmp_path):
    ann = ["7", "Ann Lee", "1", "1/5/2023", "2/5/2023", "10.00", "Paid"]
    bob = ["7", "Bob Ray", "2", "1/6/2024", "2/6/2024", "20.00", "Paid"]
    seen = []
    for number, rows in enumerate(([ann, bob], [bob, ann])):
        folder = tmp_path / str(number)
        folder.mkdir()
        cleaned(con, folder, "invoices", first={"invoices.csv": [INVOICE, *rows]})
        seen.append(found(con, "SELECT source_key, client_name FROM clean.invoices ORDER BY 2"))
    assert seen[0] == seen[1]
    assert [name for _, name in seen[0]] == ["Ann Lee", "Bob Ray"]


def test_a_later_export_goes_on_with_each_record_under_its_key(con, tmp_path):
    ann = ["7", "Ann Lee", "1", "1/5/2023", "2/5/2023", "10.00", "Unpaid"]
    bob = ["7", "Bob Ray", "2", "1/6/2024", "2/6/2024", "20.00", "Paid"]
    cleaned(con, tmp_path, "invoices", a={"i_1.csv": [INVOICE, ann, bob]})
    before = found(con, "SELECT source_key, client_name FROM clean.invoices ORDER BY 2")
    newer = [*ann[:5], "12.00", "Paid"]
    asked = cleaned(
        con, tmp_path, "invoices",
        a={"i_1.csv": [INVOICE, ann, bob]}, b={"i_2.csv": [INVOICE, newer]},
    )  # fmt: skip
    assert asked == []
    assert found(con, "SELECT source_key, client_name FROM clean.invoices ORDER BY 2") == before
    assert found(con, "SELECT total FROM clean.invoices ORDER BY client_name") == [(12,), (20,)]


def test_a_record_that_is_loaded_keeps_its_key_when_another_turns_up(con, tmp_path):
    ann = ["7", "Ann Lee", "1", "1/5/2023", "2/5/2023", "10.00", "Unpaid"]
    bob = ["7", "Bob Ray", "2", "1/6/2024", "2/6/2024", "20.00", "Paid"]
    asked = cleaned(
        con, tmp_path, "invoices",
        a={"i_1.csv": [INVOICE, ann]}, b={"i_2.csv": [INVOICE, bob, ann]},
    )  # fmt: skip
    assert asked == []
    (first, second) = found(con, "SELECT source_key FROM clean.invoices ORDER BY client_name")
    assert first == ("main/invoices/7",) and second[0].startswith("main/invoices/7~")


def test_between_sessions_newest_wins_unless_everything_changed(con, tmp_path):
    first = [["1", "Ann Lee", "ann@x.co", "813-555-2101", ""],
             ["2", "Bob Ray", "bob@x.co", "813-555-2102", ""]]  # fmt: skip
    later = [["1", "Ann Lee-Fox", "ann@y.co", "813-555-2101", ""],
             ["2", "Cy Dee", "cy@x.co", "813-555-2103", ""]]  # fmt: skip
    sessions = {"a": {"c_1.csv": [CLIENT, *first]}, "b": {"c_2.csv": [CLIENT, *later]}}
    (question,) = cleaned(con, tmp_path, "clients", **sessions)
    assert question.key == "same-number:clients:between sessions: e-mail+name+phone"
    assert question.lines == ("c_1.csv:3", "c_2.csv:3")
    names = "SELECT name FROM clean.clients ORDER BY name"
    assert found(con, names) == [("Ann Lee-Fox",), ("Bob Ray",), ("Cy Dee",)]
    assert cleaned(con, tmp_path, "clients", {question.key: ONE}, **sessions) == []
    assert found(con, names) == [("Ann Lee-Fox",), ("Cy Dee",)]
    assert cleaned(con, tmp_path, "clients", {question.key: TWO}, **sessions) == []
    assert found(con, names) == [("Ann Lee-Fox",), ("Bob Ray",), ("Cy Dee",)]


def test_two_files_of_one_session_with_different_values_are_one_question(con, tmp_path):
    rows = [[str(n), f"Job {n}", "Ann Lee", "1", "100.00", "1/5/2024", "Scheduled"]
            for n in range(1, 5)]  # fmt: skip
    changed = [[*row[:4], "150.00", *row[5:]] for row in rows[:3]]
    sessions = {"a": {"jobs.csv": [JOB, *rows], "jobs_new.csv": [JOB, *changed]}}
    (question,) = cleaned(con, tmp_path, "jobs", **sessions)
    assert question.key == "same-number:jobs:amount"
    assert len(question.lines) == 6
    assert found(con, "SELECT count(*) FROM clean.jobs") == [(7,)], "all are kept until then"
    assert cleaned(con, tmp_path, "jobs", {question.key: ONE}, **sessions) == []
    assert found(con, "SELECT amount FROM clean.jobs ORDER BY number") == [
        (150,), (150,), (150,), (100,)
    ]  # fmt: skip
    assert states(con) == [("decided", 3)]


def test_a_status_that_differs_within_one_export_is_asked(con, tmp_path):
    row = ["1", "Roof", "Ann Lee", "1", "100.00", "1/5/2024"]
    sessions = {"a": {"jobs.csv": [JOB, [*row, "Scheduled"], [*row, "Completed"]]}}
    (question,) = cleaned(con, tmp_path, "jobs", **sessions)
    assert question.key == "same-number:jobs:other cells"
    assert "status scheduled" in question.evidence[0]
    cleaned(con, tmp_path, "jobs", {question.key: ONE}, **sessions)
    assert found(con, "SELECT status FROM clean.jobs") == [("completed",)]


def test_rows_that_do_not_contradict_fill_one_another(con, tmp_path):
    """The same values written another way, and cells one of them lacks, are no two records."""
    full = ["1", "Roof", "Ann Lee", "1", "$1,200.00", "1/13/2024", ""]
    other = ["#1", "Roof", "Ann Lee", "1", "1200", "2024-01-13", "Scheduled"]
    sessions = {"a": {"jobs.csv": [JOB, full], "jobs_more.csv": [JOB, other]}}
    assert cleaned(con, tmp_path, "jobs", **sessions) == []
    assert found(con, "SELECT amount, status FROM clean.jobs") == [(1200, "scheduled")]
    assert states(con) == [("merged", 1)]


def test_identical_rows_are_one_in_any_number_of_files(con, tmp_path):
    row = ["1", "Roof", "Ann Lee", "1", "100.00", "1/5/2024", "Scheduled"]
    sessions = {"a": {"jobs.csv": [JOB, row, row], "jobs_more.csv": [JOB, row]}}
    assert cleaned(con, tmp_path, "jobs", **sessions) == []
    assert states(con) == [("repeated", 2)]


def test_ids_that_a_spreadsheet_rounded_keep_their_clients_apart_and_are_told(con, tmp_path):
    rows = [["1.23457E+16", name, mail, "", ""] for name, mail in
            (("Ann Lee", "ann@x.co"), ("Bob Ray", ""), ("Cy Dee", "cy@x.co"))]  # fmt: skip
    rows.append(["9.87654E+15", "Dan Eck", "dan@x.co", "", ""])
    assert cleaned(con, tmp_path, "clients", a={"clients.csv": [CLIENT, *rows]}) == []
    assert found(con, "SELECT count(*) FROM clean.clients") == [(4,)]
    rounded = "SELECT count(*) FROM clean.notes WHERE note LIKE 'a spreadsheet has rounded%'"
    assert found(con, rounded) == [(4,)]
    job = ["5", "Roof", "Bob Ray", "1.23457E+16", "1.00", "1/5/2024", ""]
    nobody = ["6", "Gate", "Eve Fox", "9.87654E+15", "1.00", "1/5/2024", ""]
    cleaned(con, tmp_path, "jobs", a={"clients.csv": [CLIENT, *rows],
                                      "jobs.csv": [JOB, job, nobody]})  # fmt: skip
    relate(con, tmp_path)
    assert found(
        con,
        "SELECT j.number, c.name FROM clean.links l "
        "JOIN clean.jobs j ON j.source_key = l.child_key "
        "JOIN clean.clients c ON c.source_key = l.parent_key WHERE l.role = 'client'",
    ) == [("5", "Bob Ray")]
    assert found(con, "SELECT child_key FROM clean.orphans WHERE role = 'client'") == [
        ("main/jobs/6",)
    ]


def test_newest_wins_only_between_files_recognised_alike(con, tmp_path):
    """A person named what `plan.csv` holds; its columns did not tell."""
    job = ["1", "Roof", "Ann Lee", "1", "18000.00", "1/5/2024", "Scheduled"]
    plan = [["Date", "Job #", "Client Name", "Status"], ["2/2/2024", "1", "Ann Lee", "Scheduled"]]
    sessions = {"a": {"jobs.csv": [JOB, job]}, "b": {"plan.csv": plan}}
    (question,) = cleaned(con, tmp_path, "jobs", {"file:plan.csv": "jobs"}, **sessions)
    assert question.key == "same-number:jobs:another kind of file"
    amounts = "SELECT amount FROM clean.jobs WHERE source_key = 'main/jobs/1'"
    assert found(con, amounts) == [(18000,)]


def test_price_list_items_of_one_name_with_two_prices_stay_two(con, tmp_path):
    header = ["Name", "Unit", "Price", "SKU"]
    rows = [["Door", "ea", "100.00", "D-1"], ["Door", "ea", "250.00", "D-2"]]
    write(tmp_path, {"a": {"price_list.csv": [header, *rows, rows[0]]}})
    ingest_schema(con, tmp_path)
    assert clean_schema(con, CleanContext(exports=tmp_path)).questions == []
    prices = "SELECT unit_price FROM clean.items ORDER BY 1"
    assert found(con, prices) == [(100,), (250,)]
    newer = ["Door", "ea", "120.00", "D-1"]
    write(
        tmp_path,
        {
            "a": {"price_list.csv": [header, *rows]},
            "b": {"price_list_2.csv": [header, newer]},
        },
    )
    ingest_schema(con, tmp_path)
    clean_schema(con, CleanContext(exports=tmp_path))
    assert found(con, prices) == [(120,), (250,)], "the SKU says which of them changed"


# --- whose are a line and a payment --------------------------------------------------------------

ANN = Document("ann", 1, frozenset({"ann", "roe"}), dt.date(2023, 3, 13),
               frozenset({Decimal(1500)}), Decimal(1500))  # fmt: skip
BOB = Document("bob", 1, frozenset({"bob", "fay"}), dt.date(2024, 3, 14),
               frozenset({Decimal(2500)}), None)  # fmt: skip


def child(key="p", day=None, amount=None, line=1, number=None, names=(), session=1):
    date = dt.date.fromisoformat(day) if day else None
    value = None if amount is None else Decimal(amount)
    return Child(key, session, tuple(names), date, value, ("f.csv", line), number)


@pytest.mark.parametrize(
    ("payment", "owner"),
    [
        (child(day="2023-04-01", amount=700), "ann"),  # before Bob's was issued
        (child(day="2024-04-01", amount=2500), "bob"),  # more than Ann's was paid with
        (child(day="2024-04-01", amount=1500), "ann"),  # Ann's total
        (child(day="2024-04-01", amount=700), None),
        (child(day="2024-04-01", amount=700, names=[frozenset({"bob", "fay"})]), "bob"),
        (child(), None),
    ],
)
def test_a_payment_goes_to_the_invoice_its_cells_tell(payment, owner):
    assert owner_of_payment(payment, [ANN, BOB]) == owner


def test_what_was_exported_before_the_other_document_was_there_is_the_first_ones():
    later = Document("bob", 2, BOB.client, None, BOB.amounts, None)
    assert owner_of_payment(child(amount=5), [ANN, later]) == "ann"


def test_blocks_of_lines_go_to_the_documents_they_add_up_to():
    lines = [
        child("a1", amount=1000, line=2, number=1),
        child("a2", amount=500, line=3, number=2),
        child("b1", amount=2400, line=4, number=1),
        child("b2", amount=100, line=5, number=2),
    ]
    assert owners_of_lines(lines, [ANN, BOB]) == {
        "a1": "ann",
        "a2": "ann",
        "b1": "bob",
        "b2": "bob",
    }
    assert owners_of_lines(lines[:2], [ANN, BOB]) == {"a1": "ann", "a2": "ann"}
    assert owners_of_lines([lines[0], lines[3]], [ANN, BOB]) == {}, "nothing adds up"


def test_lines_of_two_estimates_of_one_number_are_parted_and_the_rest_is_told(con, tmp_path):
    head = ["Estimate #", "Client Name", "Client ID", "Title", "Estimate Date", "Status", "Total"]
    item = ["Estimate #", "Line #", "Name", "Quantity", "Unit Price", "Amount"]
    estimates = [["E1", "Ann Roe", "1", "Kitchen", "1/20/2023", "Approved", "100.00"],
                 ["E1", "Bob Fay", "2", "Deck", "1/20/2024", "Approved", "900.00"],
                 ["E2", "Ann Roe", "1", "Roof", "1/20/2023", "Approved", "5.00"],
                 ["E2", "Bob Fay", "2", "Gate", "1/20/2024", "Approved", "6.00"]]  # fmt: skip
    lines = [["E1", "1", "Sink", "1", "100.00", "100.00"],
             ["E1", "1", "Wood", "1", "700.00", "700.00"],
             ["E1", "2", "Nails", "1", "200.00", "200.00"],
             ["E2", "1", "Odd", "1", "7.00", "7.00"]]  # fmt: skip
    files = {"estimates.csv": [head, *estimates], "estimate_items.csv": [item, *lines]}
    assert cleaned(con, tmp_path, "estimates", a=files) == []
    relate(con, tmp_path)
    assert found(
        con,
        "SELECT i.name, e.client_name, i.line_number FROM clean.estimate_items i "
        "LEFT JOIN clean.estimates e ON e.source_key = i.document_key ORDER BY i.amount DESC",
    ) == [("Wood", "Bob Fay", 1), ("Nails", "Bob Fay", 2), ("Sink", "Ann Roe", 1), ("Odd", None, 1)]
    reasons = "SELECT reason FROM clean.orphans WHERE child_object = 'estimate_items'"
    assert found(con, reasons) == [("several records fit this number; name the right one",)]


# --- an unreadable newer row ---------------------------------------------------------------------


def test_an_unreadable_newer_row_leaves_the_last_good_version_and_is_told(con, tmp_path):
    row = ["7", "Ann Lee", "1", "1/5/2023", "2/15/2023"]
    sessions = {"a": {"i_1.csv": [INVOICE, [*row, "10.00", "Unpaid"]]},
                "b": {"i_2.csv": [INVOICE, [*row, "20.00", "Unpaid"]]},
                "c": {"i_3.csv": [INVOICE, [*row, "two hundred", "Paid"]]}}  # fmt: skip
    assert cleaned(con, tmp_path, "invoices", **sessions) == []
    assert found(con, "SELECT source_key, total FROM clean.invoices") == [("main/invoices/7", 20)]
    ((place, message),) = found(con, "SELECT file || ':' || line, message FROM quarantine.rows")
    assert place == "i_3.csv:2" and message.endswith("Until then i_2.csv:2 stays")
    assert states(con) == [("quarantined", 1), ("superseded", 1)]


def test_of_two_unreadable_versions_the_one_before_them_stays(con, tmp_path):
    row = ["7", "Ann Lee", "1", "1/5/2023", "2/15/2023"]
    sessions = {"a": {"i_1.csv": [INVOICE, [*row, "10.00", "Unpaid"]]},
                "b": {"i_2.csv": [INVOICE, [*row, "ten", "Unpaid"]]},
                "c": {"i_3.csv": [INVOICE, [*row, "eleven", "Paid"]]}}  # fmt: skip
    cleaned(con, tmp_path, "invoices", **sessions)
    assert found(con, "SELECT total FROM clean.invoices") == [(10,)]
    assert states(con) == [("quarantined", 2)]
    alone = {"a": {"i_1.csv": [INVOICE, [*row, "ten", "Unpaid"]]}}
    for file in ("i_2.csv", "i_3.csv"):
        (tmp_path / file).unlink()
    cleaned(con, tmp_path, "invoices", **alone)
    assert found(con, "SELECT total FROM clean.invoices") == []


#: Exports of strangers: what is exported, its header and two rows of one number; the records that
#: must come of them (a column of each), and what the question is about, None for none.
_STRANGERS = [
    ("estimates", "estimates.csv", ["Estimate #", "Client Name", "Title", "Total"],
     ["E-1", "Ann Roe", "Kitchen", "1000"], ["E-1", "Bob Fay", "Kitchen", "1000"],
     ("client_name", ["Ann Roe", "Bob Fay"]), "client differs"),
    ("work_orders", "work orders.csv", ["Work Order #", "Title", "Client ID", "Scheduled Date"],
     ["W-1", "Visit", "1", "1/25/2024"], ["W-1", "Visit", "1", "2/25/2024"],
     ("scheduled_date::VARCHAR", ["2024-01-25", "2024-02-25"]), "scheduled date differs"),
    ("users", "team.csv", ["User ID", "Name", "Email", "Role"],
     ["7", "Luis Ortega", "luis@a.net", "Admin"], ["7", "Dana White", "dana@a.net", "Crew"],
     ("name", ["Dana White", "Luis Ortega"]), None),
    ("leads", "leads.csv", ["Lead ID", "Lead Name", "Phone"],
     ["L-1", "Eve Fox", "(813) 555-0191"], ["L-1", "EVE FOX", "+1 813.555.0191"],
     ("name", ["Eve Fox"]), None),
    ("activities", "notes.csv", ["Activity ID", "Record Type", "Record #", "Kind", "Text"],
     ["A1", "Job", "301", "Note", "First"], ["A1", "Job", "302", "Note", "Second"],
     ("text", ["First", "Second"]), None),
    ("clients", "clients.csv", ["Client ID", "Client Name", "Email"],
     ["9,87654E+15", "Cy Dee", "cy@mailbox.net"], ["9,87654E+15", "Di Fox", "di@mailbox.net"],
     ("name", ["Cy Dee", "Di Fox"]), None),
    ("invoices", "payments.csv", ["Payment ID", "Invoice #", "Payment Date", "Amount"],
     ["ACH", "1001", "1/30/2024", "2.00"], ["ACH", "1002", "1/30/2024", "2.00"],
     ("invoice_key", ["main/invoices/1001", "main/invoices/1002"]), None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "file", "header", "one", "other", "records", "asked"), _STRANGERS,
    ids=[f"{row[0]}: {row[3][0]}" for row in _STRANGERS],
)  # fmt: skip
def test_rows_of_one_number_in_strangers_exports(
    con, tmp_path, key, file, header, one, other, records, asked
):
    questions = cleaned(con, tmp_path, key, s1={file: [header, one, other]})
    table = "payments" if file == "payments.csv" else key
    column, values = records
    listed = found(con, f"SELECT {column} FROM clean.{table} ORDER BY 1")
    assert [value for (value,) in listed] == values
    assert [asked in q.text for q in questions] == ([True] if asked else [])


def test_of_two_parts_of_one_export_nothing_replaces_anything(con, tmp_path):
    header = ["Invoice #", "Client ID", "Invoice Date", "Total"]
    files = {
        "invoices 2024-05-01 part 1.csv": [header, ["1001", "1", "1/25/2024", "1000"]],
        "invoices 2024-05-01 part 2.csv": [header, ["1001", "2", "1/26/2024", "70"]],
    }
    (question,) = cleaned(con, tmp_path, "invoices", s1=files)
    assert question.lines == tuple(f"{name}:2" for name in files)
    totals = found(con, "SELECT total FROM clean.invoices ORDER BY 1")
    assert totals == [(Decimal(70),), (Decimal(1000),)]
