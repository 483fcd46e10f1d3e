"""What the exports hold is counted as it is, in a folder whose contents are known."""

import json

import pytest

from flitstack_pipeline.audit import inventory
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.services import run_audit
from flitstack_pipeline.settings import Project, Settings

CLIENTS = (
    "Client ID,Client Name,Email,Business Name,Created Date,Roof Type,Fax\n"
    "1,Ann Lee,a@x.co,,2026-01-05,Tile,\n"
    "2,Acme LLC,b@x.co,Acme LLC,2026-02-05,Metal,\n"
    "3,Ann Lee,a@x.co,,2026-03-05,Tile,\n"
)
LATER = "Client ID,Client Name,Email,Roof Type\n2,Acme LLC,b@x.co,Tile\n"
JOBS = "Job #,Title,Client ID,Status,Amount\n7,Roof,1,New,100.50\n8,Fence,99,New,20\n"
INVOICES = "Invoice #,Client ID,Job #,Total,Invoice Date,Status\n5,1,7,100.50,2026-03-01,Paid\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("audit")
    project = Project(root, Settings(FLITSTACK_DATA=root, FLITSTACK_PRICES=None)).prepare()
    for day, files in (
        ("2026-11-01", {"clients.csv": CLIENTS, "jobs.csv": JOBS, "invoices.csv": INVOICES}),
        ("2026-11-08", {"clients_2.csv": LATER}),
    ):
        for name, text in files.items():
            (root / name).write_text(text)
            stage(project.exports, [root / name], exported_at=day, expected_counts={"jobs": 3})
    run_audit(project)
    return project


@pytest.fixture
def con(project):
    with project.warehouse.connect() as con:
        yield con


def test_rows_and_records_by_session(con):
    found = {
        (r["export"], r["exported"]): (r["rows read"], r["records"])
        for r in inventory.sessions(con)
    }
    assert found == {
        ("Clients", "2026-11-01"): (3, 2),
        ("Clients", "2026-11-08"): (1, 1),
        ("Jobs", "2026-11-01"): (2, 2),
        ("Invoices", "2026-11-01"): (1, 1),
    }


def test_every_column_is_known_or_a_custom_field_and_says_when_it_is_empty(con):
    found = {(r["export"], r["column"]): (r["is"], r["filled"]) for r in inventory.columns(con)}
    assert found["Clients", "Client ID"] == ("known", 4)
    assert found["Clients", "Business Name"] == ("known", 1)
    assert found["Clients", "Roof Type"] == ("custom field", 4)
    assert found["Clients", "Fax"] == ("custom field, empty", 0)
    assert ("Clients", "Phone") not in found


def test_custom_fields_dates_totals_and_duplicates(con):
    (roof,) = inventory.custom_fields(con)
    assert (roof["field"], roof["values"], roof["most common"]) == ("Roof Type", 3, "Tile 3")
    dates = {(r["object"], r["date"]): (r["first"], r["last"]) for r in inventory.date_ranges(con)}
    assert dates["clients", "created"] == ("2026-01-05", "2026-03-05")
    totals = {(r["object"], r["amount"]): r["sum"] for r in inventory.control_totals(con)}
    assert totals["jobs", "amount"] == "120.50"
    assert inventory.duplicates(con) == [
        {"object": "clients", "what": "older versions of a record", "rows": 1},
        {"object": "clients", "what": "merged into another record", "rows": 1},
    ]


def test_page_and_json_say_the_same_and_what_comes_first(project):
    told = json.loads((project.reports / "audit.json").read_text())
    assert told["facts"]["sessions"] == 2
    assert told["effort"]["by_kind"][0] == {
        "object": "clients", "becomes": "contact", "records": 2, "requests": 3,
    }  # fmt: skip
    assert told["blocking"] == [
        "1 rows and files to mend, or to acknowledge that they stay behind",
        "1 on-screen counts that differ",
    ]
    (behind,) = told["left_behind"]
    assert (behind["rule"], behind["object"], behind["acknowledged by"]) == ("orphan", "jobs", "")
    assert behind["why"].endswith("no such client")
    assert [o for o in told["orphans"] if o["object"] == "jobs"] == [
        {"object": "jobs", "link": "client", "reason": "no such client", "count": 1}
    ]
    page = (project.reports / "audit.html").read_text()
    for words in ("Why this grade", "What it costs", "Control totals", "What to fetch by hand"):
        assert words in page
    assert told["quote"]["total"] in page.replace(",", "")


def test_without_exports_the_first_thing_is_to_stage_them(tmp_path):
    project = Project(tmp_path, Settings(FLITSTACK_DATA=tmp_path, FLITSTACK_PRICES=None)).prepare()
    (told,) = run_audit(project)
    assert told.facts["first"] == "stage the exports"
    assert "0 files read; first: stage the exports" in (project.reports / "audit.html").read_text()
