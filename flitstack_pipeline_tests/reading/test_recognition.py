"""What a file holds: known by positive evidence for all of it, else asked about, and it waits."""

import csv
from pathlib import Path

import duckdb
import pytest

from flitstack_pipeline.catalog.spelling import column_of
from flitstack_pipeline.questions import open_questions
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.reading.recognise import recognise
from flitstack_pipeline.reading.survey import survey
from flitstack_pipeline.warehouse import SCHEMAS

HERE = Path(__file__).parent
BUNDLED = Path(__file__).parents[2] / "data" / "exports"
CASES = HERE.parent / "cases"
#: The cases with a file that is to be asked about; each `expected.md` says so.
ASKED_ABOUT = {"30_headers_one_word_off", "41_kinds_that_contractors_have"}
UNASKED = [
    BUNDLED,
    *(
        folder
        for expected in sorted(CASES.glob("*/expected.md"))
        if expected.parent.name not in ASKED_ABOUT
        for folder in sorted(expected.parent.glob("exports*"))
    ),
]


def listed(name: str) -> list[list[str]]:
    """The lines of a list of headers: file name, kind where there is one, header row."""
    lines = (HERE / name).read_text().splitlines()
    cut = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [[*parts[:-1], *csv.reader([parts[-1]])] for parts in cut]


UNKNOWN, KNOWN = listed("unknown_headers.txt"), listed("known_headers.txt")
FOREIGN = listed("other_languages.txt")


def layout(name: str, header: list[str], *rows: list[str]):
    return recognise([(n, cells) for n, cells in enumerate([header, *rows], start=1)], name)


@pytest.mark.parametrize("exports", UNASKED, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_the_bundled_exports_and_the_cases_are_recognised_without_a_question(exports):
    reads = survey(exports)
    assert [r.entry.file for r in reads if r.question(1) is not None or not r.dataset] == []
    assert reads and not any(r.refused for r in reads)


def test_only_cases_that_say_so_are_left_out_of_that():
    assert len(UNASKED) >= 25 and all(folder.is_dir() for folder in UNASKED)
    for name in ASKED_ABOUT:
        assert "asked" in (CASES / name / "expected.md").read_text()


def test_the_lists_are_as_long_as_was_promised():
    assert len(UNKNOWN) >= 40 and len(KNOWN) >= 40


@pytest.mark.parametrize(
    ("name", "header"), UNKNOWN, ids=[f"{n}:{','.join(h)}" for n, h in UNKNOWN]
)
def test_a_file_that_is_no_export_of_ours_is_asked_about(name, header):
    found = layout(name, header)
    assert found.dataset is None, "taken for a kind of export"
    assert found.doubts


@pytest.mark.parametrize(("kind", "name", "header"), FOREIGN, ids=[n for _, n, _ in FOREIGN])
def test_a_file_in_another_language_is_asked_about_with_its_kind_among_the_candidates(
    kind, name, header
):
    found = layout(name, header)
    assert found.dataset is None and found.doubts
    assert kind in [guess.dataset for guess in found.guesses]


def test_once_its_kind_is_said_the_headers_of_another_language_are_read():
    header = ["ID Cliente", "Nombre", "Correo", "Teléfono", "Dirección", "Ciudad", "Color"]
    asked = recognise([(1, header)], "clientes.csv")
    assert any("Ciudad = city" in doubt for doubt in asked.doubts)
    said = recognise([(1, header)], "clientes.csv", answer="clients")
    assert said.columns == ["client_id", "name", "email", "phone", "address", "city", None]


@pytest.mark.parametrize(
    ("name", "kind", "header"), KNOWN, ids=[f"{k}:{','.join(h)}" for _, k, h in KNOWN]
)
def test_an_export_we_know_is_recognised_however_it_is_spelled(name, kind, header):
    found = layout(name, header)
    assert (found.dataset, found.doubts) == (kind, ())


@pytest.mark.parametrize(
    ("name", "first"),
    [("tasks.csv", "tasks"), ("schedule.csv", "appointments"), ("vendors.csv", "vendors"),
     ("permits.csv", "permits"), ("warranties.csv", "warranties"), ("reviews.csv", "reviews"),
     ("purchase_orders.csv", "purchase_orders"), ("client_contacts.csv", "client_contacts"),
     ("equipment.csv", "equipment"), ("credit_notes.csv", "credit_notes")],
)  # fmt: skip
def test_the_likeliest_kind_is_proposed_first(name, first):
    header = next(header for file, header in UNKNOWN if file == name)
    assert layout(name, header).guesses[0].dataset == first


def test_the_last_noun_of_a_name_says_its_kind_where_the_columns_are_of_it():
    header = ["Client ID", "Client Name", "Email", "Phone", "Billing Address"]
    assert layout("backslash_parts_clients.xlsx", header).dataset == "clients"
    assert layout("clients_parts.xlsx", header).dataset is None, "parts of clients?"
    listed = ["Job #", "Part", "Quantity", "Unit Cost"]
    assert layout("parts_jobs.csv", listed).dataset is None, "its columns are of parts"


def test_the_bundled_exports_raise_no_question():
    reads = survey(BUNDLED)
    assert [r.entry.file for r in reads if r.dataset is None] == []
    assert [q for r in reads if (q := r.question(1))] == []


def test_of_two_columns_for_one_field_the_one_whose_cells_look_like_it_wins():
    rows = (["1", "Ann Roe", "", "ann@mailbox.net"], ["2", "Bob Fay", "", "bob@mailbox.net"])
    found = layout("clients.csv", ["Client ID", "Client Name", "Email", "Client Email"], *rows)
    assert found.columns == ["client_id", "name", None, "email"]


def test_a_site_is_a_website_only_where_its_cells_are_web_addresses():
    header = ["Client ID", "Client Name", "Site"]
    place = layout("clients.csv", header, ["1", "Ann Roe", "North lot"])
    page = layout("clients.csv", header, ["1", "Ann Roe", "www.annroe.com"])
    assert (place.columns[2], page.columns[2]) == (None, "website")


def test_a_rate_is_no_amount_and_another_subjects_field_is_not_taken():
    header = ["Invoice #", "Client Name", "Client Email", "Tax (%)", "Tax amount ($)",
              "Discount (%)", "Total", "Due Date"]  # fmt: skip
    found = layout("invoices.csv", header)
    assert found.columns == [
        "invoice_number", "client_name", None, None, "tax", None, "total", "due_date",
    ]  # fmt: skip


@pytest.mark.parametrize("rate", ["Tax (%)", "Tax %", "Tax Rate", "Tax [%]", "Tax Percent",
                                  "Discount (%)", "Discount Percent", "Discount Rate"])  # fmt: skip
def test_a_rate_alone_is_a_column_of_its_own(rate):
    assert layout("invoices.csv", ["Invoice #", "Total", rate]).columns[2] is None


# --- what waits ----------------------------------------------------------------------------------


@pytest.fixture
def con():
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        yield con


def test_a_schedule_replaces_no_job_and_waits_for_its_answer(con, tmp_path):
    (tmp_path / "jobs.csv").write_text(
        "Job #,Title,Client Name,Client ID,Status,Amount\n10,Kitchen remodel,Ann Roe,1,New,18000\n"
    )
    (tmp_path / "schedule.csv").write_text(
        "Date,Start Time,End Time,Job #,Client Name,Assigned To,Status\n"
        "5/1/2024,9:00 AM,11:00 AM,10,Ann Roe,Luis,Scheduled\n"
    )
    ingest_object(con, tmp_path, "jobs")
    assert con.execute("SELECT job_number, title, amount FROM raw.jobs").fetchall() == [
        ("10", "Kitchen remodel", "18000")
    ]
    (question,) = open_questions(con)
    assert (question.key, question.kind) == ("file:schedule.csv", "file")
    words = [choice.word for choice in question.choices]
    assert words[0] == "appointments" and {"note", "not moved"} <= set(words)
    assert any("5/1/2024 | 9:00 AM" in line for line in question.evidence)
    assert "1 rows wait" in question.text
    rows = con.execute("SELECT dataset, rows_read FROM raw.files WHERE file = 'schedule.csv'")
    assert rows.fetchall() == [(None, 1)]


def test_a_location_or_account_is_no_workspace_and_is_asked_about_only_where_it_repeats(
    con, tmp_path
):
    client = "Client ID,Client Name,Account\n1,Ann Roe,North\n2,Bob Fay,North\n"
    client += "3,Cy Dee,South\n4,Di Eck,South\n"
    job = "Job #,Title,Client ID,Status,Account\n301,Deck,1,New,North\n302,Roof,2,New,North\n"
    (tmp_path / "clients.csv").write_text(client)
    ingest_object(con, tmp_path, "clients")
    assert open_questions(con) == [], "one file alone says nothing"
    (tmp_path / "jobs.csv").write_text(job)
    ingest_object(con, tmp_path, "clients")
    (question,) = open_questions(con)
    assert question.key == "workspace:account"
    workspaces = "SELECT DISTINCT _workspace FROM raw.clients ORDER BY 1"
    assert con.execute(workspaces).fetchall() == [("main",)]
    ingest_object(con, tmp_path, "clients", answers={"workspace:account": "workspace"})
    assert con.execute(workspaces).fetchall() == [("North",), ("South",)]
    ingest_object(con, tmp_path, "clients", answers={"workspace:account": "custom field"})
    assert open_questions(con) == []


def test_a_location_of_each_client_stays_a_column(con, tmp_path):
    (tmp_path / "clients.csv").write_text(
        "Customer ID,Customer Name,Location Name\n7001,Ann Roe,Ann Home\n7002,Zenith,Zenith HQ\n"
    )
    ingest_object(con, tmp_path, "clients")
    found = con.execute("SELECT _workspace, _extra FROM raw.clients ORDER BY client_id").fetchall()
    assert found == [
        ("main", {"Location Name": "Ann Home"}),
        ("main", {"Location Name": "Zenith HQ"}),
    ]
    assert open_questions(con) == []


def _beside(column, of_clients, of_jobs):
    clients = [f"{n},Ann {n},{value}\n" for n, value in enumerate(of_clients, start=1)]
    jobs = [f"30{n},Deck,{n},New,{value}\n" for n, value in enumerate(of_jobs, start=1)]
    return {
        "clients.csv": f"Client ID,Client Name,{column}\n{''.join(clients)}",
        "jobs.csv": f"Job #,Title,Client ID,Status,{column}\n{''.join(jobs)}",
    }


@pytest.mark.parametrize(
    ("column", "of_clients", "of_jobs", "is_asked"),
    [
        # who lives there, where the house is: another on every row
        ("Tenant", ["Ida Poe", "Gus Orr", "Hal Pym"], ["Ida Poe", "Gus Orr"], False),
        ("Location Name", ["Elm House", "Oak House", "Ash House"], ["Elm House"], False),
        # a client's own account stands once among the clients, often among the jobs
        ("Account", ["A-1", "A-2", "A-3"], ["A-1", "A-1", "A-2", "A-2"], False),
        ("Branch", ["East", "West", "East", "West"], ["East", "East"], True),
        ("Franchise", ["Acme Tampa"] * 3, ["Acme Tampa"] * 2, True),
        ("Site", ["Acme Tampa"] * 3, ["Acme Tampa"] * 2, False),
    ],
)  # fmt: skip
def test_a_column_of_strangers_names_workspaces_only_where_it_repeats_and_a_person_agrees(
    con, tmp_path, column, of_clients, of_jobs, is_asked
):
    for name, text in _beside(column, of_clients, of_jobs).items():
        (tmp_path / name).write_text(text)
    ingest_object(con, tmp_path, "jobs")
    assert [q.kind for q in open_questions(con)] == (["workspace"] if is_asked else [])
    held = "SELECT DISTINCT _workspace FROM raw.jobs"
    own = f"SELECT _extra['{column}'] FROM raw.jobs ORDER BY _row"
    assert con.execute(held).fetchall() == [("main",)], "nobody agreed"
    assert [value for (value,) in con.execute(own).fetchall()] == of_jobs
    if is_asked:
        ingest_object(con, tmp_path, "jobs", answers={f"workspace:{column.lower()}": "workspace"})
        assert {value for (value,) in con.execute(held).fetchall()} == set(of_jobs)


@pytest.mark.parametrize(
    ("kind", "header", "column"),
    [
        ("jobs", "Est. Job Value", "amount"), ("jobs", "Bid Amount", "amount"),
        ("jobs", "Completed On", "completed"), ("jobs", "Tech(s)", "assigned_to"),
        ("clients", "Email Address 1", "email"), ("clients", "Cell Phone Number", "mobile"),
        ("invoices", "Paid To Date", "amount_paid"), ("invoices", "Issued On", "invoice_date"),
        ("estimates", "Expires On", "expiration_date"), ("estimates", "Approved On", "signed_date"),
        ("payments", "Amount Received", "amount"), ("payments", "Payment Type", "method"),
        ("jobs", "Parent Job Number", None), ("invoices", "Discount (%)", None),
    ],
)  # fmt: skip
def test_headers_one_word_off_are_what_they_are(kind, header, column):
    found = column_of(kind, header)
    assert (found and found[0]) == column


@pytest.mark.parametrize(
    ("header", "row", "hangs_on"),
    [
        ("Note ID,Client ID,Date,Note", "N1,7,1/13/2024,Gate", ("Client", "7")),
        ("Note ID,Customer,Date,Note", "N1,Ann Roe,1/13/2024,Gate", ("Client", "Ann Roe")),
        ("Note ID,Job #,Client ID,Date,Note", "N1,301,7,1/13/2024,Gate", ("Job", "301")),
        ("Note ID,Job #,Client ID,Date,Note", "N1,,7,1/13/2024,Gate", ("Client", "7")),
        ("Note ID,Invoice No,Date,Note", "N1,INV-1,1/13/2024,Gate", ("Invoice", "INV-1")),
        ("Note ID,Record Type,Record #,Client ID,Note", "N1,Job,301,7,Gate", ("Job", "301")),
    ],
)
def test_a_note_hangs_on_the_nearest_record_that_a_column_of_its_row_names(
    con, tmp_path, header, row, hangs_on
):
    (tmp_path / "notes.csv").write_text(f"{header}\n{row}\n")
    ingest_object(con, tmp_path, "activities")
    found = con.execute("SELECT record_type, record_number FROM raw.activities").fetchall()
    assert found == [hangs_on]
