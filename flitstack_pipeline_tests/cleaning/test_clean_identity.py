"""Several rows of one record, in one file or several: what is kept, what each row became."""

import csv
import json

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.quarantine import quarantine_invalid
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        yield connection


def write(folder, name, header, *rows):
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def clean(con, folder, key, **context):
    ingest_object(con, folder, key)
    result = clean_object(con, key, CleanContext(exports=folder, **context))
    assert check_accounting(con, key).problems == []
    return result


def exported(folder, **times):
    files = [{"file": f"{k}.csv", "exported_at": v} for k, v in times.items()]
    (folder / "export_manifest.json").write_text(json.dumps({"files": files}))


PEOPLE = ["Client ID", "Client Name", "Email", "Phone", "Billing Address", "Website"]


def test_a_client_on_one_row_per_property_is_one_client_with_its_properties(con, tmp_path):
    write(
        tmp_path,
        "clients.csv",
        PEOPLE,
        ["7", "Ann Lee", "ann@x.co", "", "1 Oak St, Tampa, FL 33602", ""],
        ["7", "Ann Lee", "", "813-555-2102", "2 Elm St, Tampa, FL 33602", ""],
    )
    result = clean(con, tmp_path, "clients")
    assert (result.rows["clients"], result.merged) == (1, 1)
    assert con.execute("SELECT email, phone, address1 FROM clean.clients").fetchall() == [
        ("ann@x.co", "+18135552102", "2 Elm St")
    ]
    assert con.execute("SELECT client_ref, address FROM clean.properties").fetchall() == [
        ("7", "1 Oak St, Tampa, FL 33602")
    ]


def test_the_same_row_twice_is_superseded_with_a_note(con, tmp_path):
    row = ["7", "Ann Lee", "ann@x.co", "", "", ""]
    write(tmp_path, "clients.csv", PEOPLE, row, row)
    assert clean(con, tmp_path, "clients").superseded == 1
    assert "same id" in con.execute("SELECT note FROM clean.notes").fetchall()[0][0]


PAYMENT = ["Invoice #", "Payment ID", "Payment Date", "Amount", "Payment Method"]


def test_two_equal_payments_of_a_day_are_two_payments(con, tmp_path):
    row = ["10", "", "1/5/2024", "500.00", "Cash"]
    write(tmp_path, "payments.csv", PAYMENT, row, row)
    clean(con, tmp_path, "invoices")
    assert con.execute("SELECT sum(amount) FROM clean.payments").fetchall() == [(1000,)]


def test_one_reference_may_pay_two_invoices(con, tmp_path):
    rows = [[n, "CHK-9", "1/5/2024", "500.00", "Check"] for n in ("10", "11")]
    write(tmp_path, "payments.csv", PAYMENT, *rows)
    clean(con, tmp_path, "invoices")
    assert con.execute("SELECT count(*) FROM clean.payments").fetchall() == [(2,)]


LINES = ["Estimate #", "Line #", "Item Name", "Quantity", "Unit Price", "Amount"]


def test_a_newer_export_replaces_a_documents_lines_as_a_whole(con, tmp_path):
    old = [["5", "", name, "1", "1.00", "1.00"] for name in ("a", "b", "c")]
    write(tmp_path, "estimate_items_1.csv", LINES, *old)
    write(tmp_path, "estimate_items_2.csv", LINES, ["5", "", "a", "1", "9.00", "9.00"])
    exported(
        tmp_path, estimate_items_1="2026-01-01T00:00:00Z", estimate_items_2="2026-02-01T00:00:00Z"
    )
    clean(con, tmp_path, "estimates")
    assert con.execute("SELECT name, amount FROM clean.estimate_items").fetchall() == [("a", 9)]


def test_repeated_or_impossible_line_numbers_lose_no_line(con, tmp_path):
    numbers = ["1", "1", "²", "99999999999999999999", ""]
    write(
        tmp_path,
        "estimate_items.csv",
        LINES,
        *[["5", n, "x", "1", "1.00", "1.00"] for n in numbers],
    )
    clean(con, tmp_path, "estimates")
    found = con.execute("SELECT line_number FROM clean.estimate_items ORDER BY 1").fetchall()
    assert [n for (n,) in found] == [1, 2, 3, 4, 5]


def test_a_quantity_keeps_its_unit_and_one_beyond_the_column_is_kept_as_text(con, tmp_path):
    rows = [["5", "1", "x", "3.5 hrs", "1.00", "1.00"], ["5", "2", "x", "9" * 13, "1.00", "1.00"]]
    write(tmp_path, "estimate_items.csv", LINES, *rows)
    clean(con, tmp_path, "estimates")
    found = con.execute(
        "SELECT quantity, unit, originals['quantity'] FROM clean.estimate_items ORDER BY raw_id"
    ).fetchall()
    assert (float(found[0][0]), *found[0][1:]) == (3.5, "hrs", "3.5 hrs")
    assert found[1] == (None, None, "9" * 13)


INVOICE = ["Invoice #", "Client Name", "Invoice Date", "Due Date", "Total", "Balance Due", "Status"]


def test_each_file_says_for_itself_how_it_writes_dates_and_amounts(con, tmp_path):
    write(
        tmp_path,
        "invoices_eu.csv",
        INVOICE,
        ["1", "Ann", "5/1/2024", "25/1/2024", "1.234,50", "0,00", "Paid"],
    )
    write(
        tmp_path,
        "invoices_us.csv",
        INVOICE,
        ["2", "Bob", "5/1/2024", "5/25/2024", "1,234.50", "0.00", "Paid"],
    )
    clean(con, tmp_path, "invoices")
    found = con.execute("SELECT issue_date::VARCHAR, total FROM clean.invoices ORDER BY number")
    assert [(d, float(t)) for d, t in found.fetchall()] == [
        ("2024-01-05", 1234.5),
        ("2024-05-01", 1234.5),
    ]


def test_an_undecidable_order_is_asked_and_a_persons_answer_is_obeyed(con, tmp_path):
    write(tmp_path, "invoices.csv", INVOICE, ["1", "Ann", "5/1/2024", "", "1.00", "", ""])
    result = clean(con, tmp_path, "invoices", country="GB")
    assert len(result.questions) == 1
    kept = con.execute("SELECT issue_date, originals['invoice_date'] FROM clean.invoices")
    assert kept.fetchall() == [(None, "5/1/2024")]
    answered = clean(con, tmp_path, "invoices", country="GB", date_answers={"*": "day first"})
    assert answered.questions == []
    assert con.execute("SELECT issue_date::VARCHAR FROM clean.invoices").fetchall() == [
        ("2024-01-05",)
    ]


def test_what_no_date_decides_is_asked_once_and_another_export_may_decide_it(con, tmp_path):
    write(tmp_path, "invoices.csv", INVOICE, ["1", "Ann", "5/1/2024", "6/1/2024", "1.00", "", ""])
    result = clean(con, tmp_path, "invoices")
    (question,) = result.questions
    assert str(question) == (
        "Day or month first? no date of any export says which. "
        "Answer with: flitstack answer 'dates:*' 'month first' (or 'day first')"
    )
    assert len(question.evidence) == 2, "both columns are named"
    write(tmp_path, "jobs.csv", ["Job #", "Job Title", "Start Date"], ["1", "Roof", "3/31/2024"])
    clean(con, tmp_path, "jobs")
    assert clean(con, tmp_path, "invoices").questions == []
    assert con.execute(
        "SELECT issue_date::VARCHAR, due_date::VARCHAR FROM clean.invoices"
    ).fetchall() == [("2024-05-01", "2024-06-01")]


def test_a_row_that_breaks_its_schema_goes_to_quarantine(con, tmp_path):
    write(
        tmp_path, "clients.csv", PEOPLE, ["1", "Ann", "", "", "", ""], ["2", "Bo", "", "", "", ""]
    )
    clean(con, tmp_path, "clients")
    con.execute("UPDATE clean.clients SET country = 'Narnia' WHERE source_id = '2'")
    assert quarantine_invalid(con, "clients", "clients") == 1
    assert con.execute('SELECT line, "column", rule, value FROM quarantine.rows').fetchall() == [
        (3, "country", "schema_pattern", "Narnia")
    ]
    assert validate_clean(con, "clients").passed


def test_what_does_not_fit_a_typed_column_is_kept_as_original(con, tmp_path):
    write(tmp_path, "clients.csv", PEOPLE, ["1", "Ann Lee", "", "813-555-2102 (wife)", "", "on FB"])
    clean(con, tmp_path, "clients")
    kept = con.execute("SELECT originals FROM clean.clients").fetchall()[0][0]
    assert kept == {"phone": "813-555-2102 (wife)", "website": "on FB"}


def test_a_person_named_beside_a_business_keeps_both_names(con, tmp_path):
    header = ["Client ID", "Client Name", "First Name", "Last Name", "Email"]
    write(tmp_path, "clients.csv", header, ["1", "Acme Roofing LLC", "BOB", "RAY", ""])
    clean(con, tmp_path, "clients")
    assert con.execute(
        "SELECT first_name, last_name, business_name, originals FROM clean.clients"
    ).fetchall() == [("Bob", "Ray", "Acme Roofing LLC", {"first_name": "BOB", "last_name": "RAY"})]


def test_an_attachments_path_never_leaves_the_exports_and_never_crashes(con, tmp_path):
    (tmp_path / "attachments").mkdir()
    (tmp_path / "attachments" / "a.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path.parent / "secret.pdf").write_bytes(b"secret")
    header = ["Record Type", "Record #", "File Name", "Path or URL"]
    write(
        tmp_path,
        "attachments.csv",
        header,
        ["work_orders", "1", "a.pdf", "attachments\\a.pdf"],
        ["Job", "2", "s.pdf", "../secret.pdf"],
        ["Job", "3", "l.pdf", "x" * 5000],
    )
    clean(con, tmp_path, "attachments")
    found = con.execute("SELECT record_type, problem FROM clean.attachments ORDER BY record_ref")
    missing = "the file is not in the exports folder"
    assert found.fetchall() == [("work_orders", None), ("jobs", missing), ("jobs", missing)]


def test_a_tasks_due_date_and_whether_it_is_done_are_columns(con, tmp_path):
    header = ["Record Type", "Record #", "Date", "Kind", "Text", "Due Date", "Completed"]
    task = ["Job", "7", "2/20/2024", "Task", "Order tiles"]
    write(
        tmp_path,
        "tasks.csv",
        header,
        [*task, "3/5/2024 9:00 AM", "No"],
        [*task[:-1], "Call", "3/25/2024", "Yes"],
        [*task[:-1], "Paint", "", ""],
        [*task[:-1], "Clean", "", "3/2/2024"],
        ["Job", "7", "2/20/2024", "", "Sweep", "3/6/2024", ""],
        ["Job", "7", "2/20/2024", "Note", "Seen", "", "half"],
    )
    clean(con, tmp_path, "activities")
    found = con.execute(
        "SELECT text, kind, CAST(due AS VARCHAR), due_at, done FROM clean.activities ORDER BY 1"
    ).fetchall()
    assert found == [
        ("Call", "task", "2024-03-25", None, True),
        ("Clean", "task", None, None, True),
        ("Order tiles", "task", "2024-03-05", "2024-03-05T09:00:00-05:00", False),
        ("Paint", "task", None, None, False),
        ("Seen", "note", None, None, None),
        ("Sweep", "task", "2024-03-06", None, False),
    ]
    kept = con.execute("SELECT originals FROM clean.activities WHERE text = 'Seen'").fetchall()
    assert kept == [({"done": "half"},)]
