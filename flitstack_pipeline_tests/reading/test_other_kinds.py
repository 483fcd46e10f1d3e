"""Files that are no export of ours, once a person said what they hold: where their rows go."""

import datetime as dt

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.questions import open_questions
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS


@pytest.fixture
def con():
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        yield con


def activities(con, folder, answers, columns):
    ingest_object(con, folder, "activities", answers=answers)
    clean_object(con, "activities", CleanContext(exports=folder))
    return con.execute(f"SELECT {columns} FROM clean.activities ORDER BY source_id").fetchall()


def test_tasks_hang_on_the_record_they_name_due_and_open_as_their_columns_say(con, tmp_path):
    (tmp_path / "tasks.csv").write_text(
        "Task ID,Job #,Title,Due Date,Assigned To,Completed\n"
        "1,701,Order tiles,5/13/2024,Luis,No\n2,702,Call back,5/14/2024,Dana,Yes\n"
    )
    found = activities(
        con, tmp_path, {"file:tasks.csv": "tasks"},
        "source_id, kind, record_type, record_ref, subject, due, done",
    )  # fmt: skip
    assert found == [
        ("tasks-1", "task", "jobs", "701", "Order tiles", dt.date(2024, 5, 13), False),
        ("tasks-2", "task", "jobs", "702", "Call back", dt.date(2024, 5, 14), True),
    ]
    assert open_questions(con) == []


def test_a_schedule_becomes_meetings_at_their_hour(con, tmp_path):
    (tmp_path / "schedule.csv").write_text(
        "Date,Start Time,End Time,Job #,Client Name,Assigned To,Status\n"
        "5/13/2024,9:00 AM,11:00 AM,10,Ann Roe,Luis,Scheduled\n"
        "5/14/2024,,,,Bob Fay,Luis,Scheduled\n"
    )
    found = activities(
        con, tmp_path, {"file:schedule.csv": "appointments"},
        "kind, record_type, record_ref, occurred, occurred_at",
    )  # fmt: skip
    assert sorted(found, key=lambda row: row[3]) == [
        ("meeting", "jobs", "10", dt.date(2024, 5, 13), "2024-05-13T09:00:00-04:00"),
        ("meeting", "clients", "Bob Fay", dt.date(2024, 5, 14), None),
    ]


def test_a_note_holds_every_cell_of_its_row_under_its_header(con, tmp_path):
    (tmp_path / "warranties.csv").write_text(
        "Warranty #,Client ID,Item,Warranty End,Colour\nW-12,7,Roof,5/13/2034,red\n"
    )
    found = activities(
        con, tmp_path, {"file:warranties.csv": "warranties"},
        "kind, record_type, record_ref, subject, text",
    )  # fmt: skip
    assert found == [
        ("note", "clients", "7", "Warranty W-12",
         "Warranty #: W-12\nClient ID: 7\nItem: Roof\nWarranty End: 5/13/2034\nColour: red")
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["note", "keep as note on its parent"])
def test_any_file_can_be_kept_as_notes(con, tmp_path, word):
    (tmp_path / "lockboxes.csv").write_text("Job #,Client Name,Code\n301,Ann Roe,0042\n,Bob,77\n")
    found = activities(con, tmp_path, {"file:lockboxes.csv": word}, "record_type, record_ref, text")
    assert sorted(found) == [
        ("clients", "Bob", "Client Name: Bob\nCode: 77"),
        ("jobs", "301", "Job #: 301\nClient Name: Ann Roe\nCode: 0042"),
    ]


def test_a_row_that_names_no_record_is_in_quarantine_not_lost(con, tmp_path):
    (tmp_path / "permits.csv").write_text("Permit #,Job #,Issued\nBP-7,,5/13/2024\n")
    assert activities(con, tmp_path, {"file:permits.csv": "permits"}, "source_id") == []
    found = con.execute("SELECT rule, line FROM quarantine.rows").fetchall()
    assert found == [("unknown_record_type", 2)]


@pytest.mark.parametrize(
    ("file", "word", "why"),
    [("stock.csv", "inventory", "HighLevel holds no stock"),
     ("stock.csv", "not moved", "a person said")],
)  # fmt: skip
def test_what_is_not_moved_says_why(con, tmp_path, file, word, why):
    (tmp_path / file).write_text("SKU,Item,On Hand,Reorder Level\nA1,Tile,4,2\n")
    assert activities(con, tmp_path, {f"file:{file}": word}, "source_id") == []
    ((warnings, dataset),) = con.execute("SELECT warnings, dataset FROM raw.files").fetchall()
    assert why in warnings and dataset is None
    assert open_questions(con) == []


def test_expenses_can_be_kept_on_their_job_instead_of_being_left_behind(con, tmp_path):
    (tmp_path / "expenses.csv").write_text(
        "Expense ID,Expense Date,Merchant,Amount,Job #\nE1,5/13/2024,Tile Co,88.10,301\n"
    )
    found = activities(
        con, tmp_path, {"file:expenses.csv": "note"}, "record_type, record_ref, text"
    )
    assert found == [
        ("jobs", "301",
         "Expense ID: E1\nExpense Date: 5/13/2024\nMerchant: Tile Co\nAmount: 88.10\nJob #: 301")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "rows", "record"),
    [
        ("vendors.csv",
         "Vendor ID,Vendor Name,Contact Name,Email,Trade\n12,Tile Co,Zed Yi,z@tile.com,Tiles\n",
         ("vendor-12", "Zed Yi", "Tile Co", "z@tile.com", "Vendor", {"Trade": "Tiles"})),
        ("client_contacts.csv",
         "Client ID,Client Name,Contact Name,Email,Role\n7,Zenith,Bo Ax,bo@zen.com,Buyer\n",
         ("contact-bo ax of 7", "Bo Ax", None, "bo@zen.com", "Contact person",
          {"Client ID": "7", "Client Name": "Zenith", "Role": "Buyer"})),
    ],
)  # fmt: skip
def test_vendors_and_contact_persons_are_contacts_of_a_type_of_their_own(
    con, tmp_path, file, rows, record
):
    (tmp_path / "clients.csv").write_text("Client ID,Client Name,Email\n12,Ann Roe,a@roe.com\n")
    (tmp_path / file).write_text(rows)
    ingest_object(con, tmp_path, "clients", answers={f"file:{file}": file.removesuffix(".csv")})
    clean_object(con, "clients", CleanContext(exports=tmp_path))
    found = con.execute(
        "SELECT source_id, name, business_name, email, source_type, custom FROM clean.clients "
        "ORDER BY source_type NULLS FIRST"
    ).fetchall()
    assert found == [("12", "Ann Roe", None, "a@roe.com", None, {}), record]


# --- amounts of jobs -----------------------------------------------------------------------------


def test_a_second_amount_stands_in_where_the_first_is_empty(con, tmp_path):
    (tmp_path / "jobs.csv").write_text(
        "Job #,Title,Client ID,Status,Quoted Amount,Estimated Value\n"
        '1,Deck,1,New,"1,200.00",900\n2,Roof,1,New,,"2,500"\n3,Bath,1,New,n/a,40\n4,Door,1,New,0,70\n'
    )
    ingest_object(con, tmp_path, "jobs")
    clean_object(con, "jobs", CleanContext(exports=tmp_path))
    found = con.execute("SELECT number, amount, custom FROM clean.jobs ORDER BY number").fetchall()
    assert [(n, float(a)) for n, a, _ in found] == [("1", 1200), ("2", 2500), ("3", 40), ("4", 0)]
    assert [c["Estimated Value"] for *_, c in found] == ["900", "2,500", "40", "70"], "and is kept"


def test_an_estimated_value_alone_is_the_amount_of_a_job(con, tmp_path):
    (tmp_path / "jobs.csv").write_text(
        "Job #,Title,Client ID,Status,Estimated Value\n1,A,1,New,$50\n"
    )
    ingest_object(con, tmp_path, "jobs")
    clean_object(con, "jobs", CleanContext(exports=tmp_path))
    assert float(con.execute("SELECT amount FROM clean.jobs").fetchall()[0][0]) == 50


def test_a_row_of_notes_that_a_comma_broke_is_put_right_like_any_other(con, tmp_path):
    (tmp_path / "warranties.csv").write_text(
        "Warranty #,Client ID,Item,Warranty End\nW-1,7,Roof,5/13/2034\nW-2,7,Deck,5/14/2034\n"
        "W-3,8,Roof, tiles,5/15/2034\nW-4,8,Fence,5/16/2034\n"
    )
    found = activities(con, tmp_path, {"file:warranties.csv": "warranties"}, "text")
    assert found[2] == (
        "Warranty #: W-3\nClient ID: 8\nItem: Roof, tiles\nWarranty End: 5/15/2034",
    )
