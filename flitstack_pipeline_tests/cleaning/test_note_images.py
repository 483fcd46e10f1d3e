"""Images in notes of every kind of record become files of that record; what is lost is told."""

import base64
import csv

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.excluded_rows import left_out
from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline.mapping.build import map_object
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS
from flitstack_pipeline_tests.mapping.small import mapped

PNG = b"\x89PNG\r\n\x1a\n one"
CODED = base64.b64encode(PNG).decode()
ONE = f'<img src="data:image/png;base64,{CODED.rstrip("=")}">'
ROOF = b"\x89PNG\r\n\x1a\n roof"
FILES = {
    "clients.csv": [
        ["Client ID", "Client Name", "Email", "Notes", "Site Info"],
        ["1", "Ann Roe", "ann@x.co", f"<p>Gate &amp; dog</p>{ONE}<ul><li>a</li></ul>",
         f"<p>Row <i>one</i></p><p>two</p>{ONE}"],
        ["2", "<b>Bob</b> Fay", "bob@x.co", '<div>x</div><div>y</div><img src="cid:7">', "<10 ft"],
    ],
    "leads.csv": [
        ["Lead ID", "Lead Name", "Email", "Notes"],
        ["7", "Cy Dee", "cy@x.co", 'see <img src="/uploads/Roof%201.png">'],
    ],
    "jobs.csv": [
        ["Job #", "Title", "Client ID", "Job Instructions"],
        ["301", "<b>Deck</b> &amp; rail", "1", f"Do<br>it {ONE}"],
        ["302", "Fence", "1", ""],
    ],
    "estimates.csv": [
        ["Estimate #", "Client ID", "Total", "Notes"],
        ["E1", "2", "50", '<img src="//cdn.example.org/77.png?a=1">'],
    ],
    "invoices.csv": [
        ["Invoice #", "Client ID", "Job #", "Total", "Date", "Notes"],
        ["I1", "1", "302", "5", "1/14/2024", f'{ONE}<img src="data:image/webp;base64,UklGRg==">'],
    ],
    "work_orders.csv": [
        ["Work Order #", "Client ID", "Title", "Description"],
        ["W1", "2", "Leak", f"<p>{ONE}</p>"],
    ],
    "properties.csv": [
        ["Property ID", "Client ID", "Property Name", "Address", "Notes"],
        ["P1", "2", "Cabin", "9 Lake Rd, Tampa, FL 33602", f"{ONE}"],
    ],
    "notes.csv": [
        ["Activity ID", "Record Type", "Record #", "Date", "Author", "Kind", "Text"],
        ["A1", "Client", "1", "1/13/2024", "Dana", "Note", 'lost <img src="/gone.png" alt="">'],
    ],
}  # fmt: skip
KEYS = ("users", "clients", "leads", "jobs", "estimates", "invoices", "work_orders", "attachments",
        "activities")  # fmt: skip


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    for name, rows in FILES.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    (folder / "uploads").mkdir()
    (folder / "uploads" / "roof 1.png").write_bytes(ROOF)
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        for key in KEYS:
            ingest_object(connection, folder, key)
            clean_object(connection, key, CleanContext(exports=folder))
        relate(connection, folder)
        for key in ("jobs", "attachments"):
            map_object(connection, key, MapDocument())
        yield connection


def files_in(con, key):
    """What each image of a record lies on: the job of an opportunity, or the contact."""
    rows = [r for r in mapped(con, key).values() if r["kind"].endswith("_file")]
    return sorted(
        (r["payload"].get("of") or r["parents"][0]["record_key"], r["payload"]["file_name"],
         r["payload"].get("url", ""), r["payload"].get("inline", False))
        for r in rows
    )  # fmt: skip


def test_images_of_jobs_and_of_what_belongs_to_a_job_lie_on_its_opportunity(con):
    (one,) = con.execute(
        "SELECT DISTINCT file_name FROM clean.note_images WHERE dataset = 'jobs'"
    ).fetchone()
    assert files_in(con, "jobs") == [
        ("main/jobs/301", one, "", True),
        ("main/jobs/302", one, "", True),  # the invoice's
    ]
    job = mapped(con, "jobs")["opportunity:main/jobs/301"]
    assert len(job["payload"]["files"]) == 1


def test_images_of_people_and_of_documents_without_job_lie_on_the_contact(con):
    names = dict(con.execute("SELECT dataset, max(file_name) FROM clean.note_images GROUP BY 1")
                 .fetchall())  # fmt: skip
    one, roof, remote = names["jobs"], names["leads"], names["estimates"]
    assert len({one, roof, remote}) == 3
    assert files_in(con, "attachments") == [
        ("contact:main/clients/1", one, "", True),  # notes and custom column: once
        ("contact:main/clients/2", one, "", True),  # of its property
        ("contact:main/clients/2", one, "", True),  # of its work order
        ("contact:main/clients/2", remote, "https://cdn.example.org/77.png?a=1", False),
        ("contact:main/leads/7", roof, "", True),
    ]


def test_the_bytes_are_kept_once_each(con):
    held = con.execute("SELECT data FROM clean.inline_images WHERE url IS NULL").fetchall()
    assert sorted(bytes(data) for (data,) in held) == sorted([PNG, ROOF, b"RIFF"])


def test_images_that_are_nowhere_or_not_taken_are_named_with_their_line(con):
    told = {(x.file, x.line): x.why for x in left_out(con) if x.rule == "file_not_moved"}
    assert told == {
        ("clients.csv", 3): "it lies in an e-mail for 'cid:7'",
        ("invoices.csv", 2): "HighLevel takes no .webp files",
        ("notes.csv", 2): "the export has no file for '/gone.png'",
    }
    assert [x for x in left_out(con) if x.rule == "unnamed_file"] == [], "the lead's note shows it"


def test_html_in_any_text_column_becomes_readable_text(con):
    rows = con.execute(
        "SELECT name, notes, custom['Site Info'] FROM clean.clients ORDER BY source_key"
    ).fetchall()
    (one,) = con.execute("SELECT max(file_name) FROM clean.note_images WHERE dataset = 'jobs'"
                         ).fetchone()  # fmt: skip
    assert rows == [
        ("Ann Roe", f"Gate & dog\n[image: {one}]\n- a", f"Row one\ntwo\n[image: {one}]"),
        ("Bob Fay", "x\ny\n[image not in the export: cid:7]", "<10 ft"),
    ]
    assert con.execute("SELECT title, instructions FROM clean.jobs ORDER BY 1").fetchall() == [
        ("Deck & rail", f"Do\nit [image: {one}]"),
        ("Fence", None),
    ]
