"""Thirty unknown custom columns, dropdowns in conflict and a second sub-account, end to end.

Exports are read, the map is proposed against fields the account has, answered in the workbook,
confirmed, loaded over HTTP into the sandbox, and every value is looked up there.
"""

import csv
import json
from datetime import date, timedelta

import openpyxl
import pytest
import requests

from flitstack_pipeline import services
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline.services.project_context import account_catalog, accounts, open_account
from flitstack_pipeline.settings import Project

pytestmark = pytest.mark.e2e
CLIENTS, JOBS = 9, 6
LONG = "Access by the back lane. " * 14

#: Header → (value of the n-th client, data type, transform) as a person would expect them.
CLIENT_COLUMNS = {
    "Gate Code": (lambda n: f"{n:04d}", "TEXT", "text"),
    "Access Story": (lambda n: LONG + str(n), "LARGE_TEXT", "text"),
    "Bedrooms": (lambda n: str(n % 5 + 1), "NUMERICAL", "number"),
    "Lot Size": (lambda n: f"{n}.25", "NUMERICAL", "number"),
    "Deposit Held": (lambda n: f"${n},250.50", "MONETORY", "money"),
    "Refund": (lambda n: f"(${n}.10)", "MONETORY", "money"),
    "Warranty Exp": (lambda n: f"{n % 12 + 1:02d}/20/2027", "DATE", "date"),
    "Inspected On": (lambda n: f"{n + 13}/02/2024", "DATE", "date"),
    "Install Day": (lambda n: (date(2024, 3, 1) + timedelta(n)).isoformat(), "DATE", "date"),
    "Has Dog": (lambda n: "Yes" if n % 2 else "No", "SINGLE_OPTIONS", "yes_no"),
    "Permit Pulled": (lambda n: "x" if n % 3 else "no", "SINGLE_OPTIONS", "yes_no"),
    "Roof Material": (lambda n: ["Metal", "Shingle", "metal"][n % 3], "SINGLE_OPTIONS", "choice"),
    "Siding": (lambda n: ["Brick", "Vinyl"][n % 2], "SINGLE_OPTIONS", "choice"),
    "Interests": (
        lambda n: ["Gutters; Windows", "Windows", "Gutters"][n % 3],
        "MULTIPLE_OPTIONS",
        "multi",
    ),
    "Tenant E-mail": (lambda n: f"tenant{n}@mailbox.net", "TEXT", "text"),
    "Alarm Line": (lambda n: f"(512) 555-01{n:02d}", "TEXT", "text"),
    "Photo Album": (lambda n: f"https://photos.example/{n}", "TEXT", "text"),
    "Größe": (lambda n: f"groß {n} ✓", "TEXT", "text"),
    "Budget": (lambda n: str(1000 + n), "TEXT", "text"),
    '=Odd "Header"': (lambda n: f"=1+{n}", "TEXT", "text"),
    "Half Filled": (lambda n: f"only {n}" if n % 2 else "", "TEXT", "text"),
    "Last Filter Change": (lambda n: f"Mar {n + 1}, 2025", "DATE", "date"),
}
JOB_COLUMNS = {
    "Crew Size": (lambda n: str(n + 1), "NUMERICAL", "number"),
    "Materials Cost": (lambda n: f"$ {n}10.00", "MONETORY", "money"),
    "Roof Material": (lambda n: f"Layer {n} of tar", "TEXT", "text"),
    "Walkthrough": (lambda n: f"0{n + 1}/15/2025", "DATE", "date"),
    "Dumpster": (lambda n: "true" if n % 2 else "false", "SINGLE_OPTIONS", "yes_no"),
    "Slope": (lambda n: ["Steep", "Flat"][n % 2], "SINGLE_OPTIONS", "choice"),
    "Skylight Notes": (lambda n: f"skylight {n}", "TEXT", "text"),
    "PO Reference": (lambda n: f"PO-{n:05d}", "TEXT", "text"),
}
ACCOUNT_FIELDS = [
    {"name": "Roof material", "dataType": "SINGLE_OPTIONS", "options": ["Metal", "Tile"],
     "model": "contact"},
    {"name": "Siding", "dataType": "DATE", "model": "contact"},
    {"name": "Warranty expiration date", "dataType": "DATE", "model": "contact"},
    {"name": "Budget", "dataType": "TEXT", "model": "contact"},
]  # fmt: skip


def write_exports(folder):
    folder.mkdir(parents=True)
    standard = ["Client ID", "Client Name", "Email", "City"]
    with (folder / "clients.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*standard, *CLIENT_COLUMNS])
        for n in range(CLIENTS):
            city = "Dallas" if n % 4 == 0 else "Reno"
            own = [str(100 + n), f"Client Number{n}", f"client{n}@mailbox.net", city]
            writer.writerow([*own, *(value(n) for value, _, _ in CLIENT_COLUMNS.values())])
    with (folder / "jobs.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["Job #", "Title", "Client ID", "Status", "Amount", *JOB_COLUMNS])
        for n in range(JOBS):
            status = "Parked" if n == 5 else "Zzyzx" if n == 4 else "Completed"
            own = [str(500 + n), f"Job {n}", str(100 + n), status, f"{n}00.00"]
            writer.writerow([*own, *(value(n) for value, _, _ in JOB_COLUMNS.values())])


@pytest.fixture(scope="module")
def migration(tmp_path_factory):
    """A data folder with the exports, and a sandbox with two sub-accounts that have fields."""
    root = tmp_path_factory.mktemp("map") / "data"
    write_exports(root / "exports")
    office = {"name": "Office", "email": "office@example.com"}
    seed = root.parent / "seed.json"
    seed.write_text(json.dumps({"locations": [
        {"id": "loc-m", "users": [office], "custom_fields": ACCOUNT_FIELDS},
        {"id": "loc-d", "users": [office]},
    ]}))  # fmt: skip
    patch = pytest.MonkeyPatch()
    with start_sandbox(
        root.parent / "hl.sqlite", rate="none", daily=0, search_lag_ms=0, seed_location=seed,
        allow_duplicate_opportunity=True, allow_duplicate_contact=True,
        location=["loc-m=pit-main", "loc-d=pit-dallas"],
    ) as running:  # fmt: skip
        environment = {
            "HIGHLEVEL_BASE_URL": running.url, "HIGHLEVEL_TOKEN": "pit-main",
            "HIGHLEVEL_LOCATION_ID": "loc-m", "HIGHLEVEL_AGENCY_TOKEN": running.agency_token,
            "HIGHLEVEL_TOKEN__DALLAS": "pit-dallas", "HIGHLEVEL_LOCATION_ID__DALLAS": "loc-d",
            "FLITSTACK_DATA": str(root), "FLITSTACK_MEMORY": str(root.parent / "memory.json"),
        }  # fmt: skip
        for name, value in environment.items():
            patch.setenv(name, value)
        project = Project.from_environment().prepare()
        with services.accounts_kept_open(project):
            services.run_audit(project)
            yield project, services.propose_map(project)
    patch.undo()


def entries(project):
    return {(e.dataset, e.source): e for e in MapDocument.load(project.map_path).fields}


def open_gate_reasons(project):
    return [c["what_to_do"] for c in services.gate_conditions(project) if not c["ok"]]


def test_each_unknown_column_is_proposed_by_what_it_holds(migration):
    project, report = migration
    assert "custom fields of loc-m" in report.facts["account"]
    found = entries(project)
    for dataset, columns in (("clients", CLIENT_COLUMNS), ("jobs", JOB_COLUMNS)):
        for header, (_, data_type, transform) in columns.items():
            entry = found[(dataset, f"custom:{header}")]
            assert (entry.data_type, entry.transform) == (data_type, transform), header
            assert entry.evidence and entry.status == "proposed"


def test_the_fields_the_account_has_are_used_where_they_fit_and_left_alone_where_not(migration):
    found = entries(migration[0])
    roof = found[("clients", "custom:Roof Material")]
    assert (roof.field, roof.options) == ("Roof material", ["Metal", "Tile"])
    assert "the sub-account has 'Roof material'" in roof.evidence
    assert found[("clients", "custom:Warranty Exp")].field == "Warranty expiration date"
    siding = found[("clients", "custom:Siding")]
    assert siding.field == "Siding (Contractor+)" and "would lose values" in siding.evidence
    values = MapDocument.load(migration[0].map_path).values["clients.custom:Roof Material"]
    assert values.map == {"Metal": "Metal", "metal": "Metal", "Shingle": "Shingle"}
    assert "a new option" in values.hints["Shingle"]


def answer(project):
    """What a person does in the workbook: two fields, one exclusion, one option, one stage."""
    path = project.reports / "field-map.xlsx"
    book = openpyxl.load_workbook(path)

    def put(sheet, text, head, value, column=1):
        heads = {c.value: c.column for c in book[sheet][3]}
        row = next(r for r in book[sheet].iter_rows(min_row=4) if r[column - 1].value == text)
        row[heads[head] - 1].value = value

    put("Clients", "Bedrooms", "HighLevel field", "Number of bedrooms")
    put("Clients", "Half Filled", "Decision", "excluded")
    put("Values", "Vinyl", "Option in HighLevel", "Vinyl siding", 2)
    put("Stages", "Zzyzx", "Pipeline stage", "On Hold", 2)
    book["Start here"]["B3"] = "Dana"
    book.save(path)
    return path


def test_answers_in_the_workbook_change_exactly_those_entries(migration):
    project, _ = migration
    services.confirm_map(project, "Dana", 0.999)
    before = MapDocument.load(project.map_path)
    assert before.stages["jobs"].open == ["Parked", "Zzyzx"]
    report = services.import_answers(project, answer(project))
    assert report.rows == 4 and report.facts["by"] == "Dana"
    changed = services.map_differences(project).tables["differences"]
    assert changed == []
    after = MapDocument.load(project.map_path)
    assert after.stages["jobs"].open == ["Parked"]
    assert after.values["clients.custom:Siding"].map == {"Brick": "Brick", "Vinyl": "Vinyl siding"}
    same = [e for e in before.fields if e in after.fields]
    assert len(same) == len(before.fields) - 2


def test_it_migrates_as_confirmed_and_the_gate_follows_the_map(migration):
    project, _ = migration
    document = MapDocument.load(project.map_path)
    document.routing.rules = [{"by": "clients.city", "equals": "Dallas", "location": "dallas"}]
    document.fallback_owner = "office@example.com"
    document.save(project.map_path)
    services.confirm_map(project, "Dana", words=["jobs: Parked = On Hold"])
    assert services.unconfirmed_entries(project) == []
    for reports in (services.run_prepare(project), services.run_sample(project)):
        assert all(r.passed for r in reports), [r.problems for r in reports]
    services.approve(project, "Dana")
    assert open_gate_reasons(project) == []

    original = project.map_path.read_text()
    document = MapDocument.load(project.map_path)
    slope = next(e for e in document.fields if e.source == "custom:Slope")
    slope.status = "proposed"
    document.save(project.map_path)
    assert any("jobs.custom:Slope" in reason for reason in open_gate_reasons(project))
    slope.status, slope.field = "confirmed", "Pitch"
    document.save(project.map_path)
    reasons = open_gate_reasons(project)
    assert reasons and not any("jobs.custom:Slope" in reason for reason in reasons)
    project.map_path.write_text(original)
    assert open_gate_reasons(project) == []

    loaded = services.run_cutover(project)
    assert all(r.passed for r in loaded), [r.problems for r in loaded]
    people = held(project, "contact")
    assert {n % 4 == 0 for n, (place, _) in people.items() if place == "loc-d"} == {True}
    assert len(people) == CLIENTS
    for n, (_, custom) in people.items():
        check_client(n, custom)
    jobs = held(project, "opportunity")
    assert {n: place for n, (place, _) in jobs.items()} == {
        n: "loc-d" if n % 4 == 0 else "loc-m" for n in range(JOBS)
    }
    assert jobs[3][1]["Roof Material"] == "Layer 3 of tar"
    assert jobs[3][1]["Walkthrough"] == "2025-04-15" and jobs[3][1]["Dumpster"] == "Yes"
    assert float(jobs[3][1]["Materials Cost"]) == 310


def check_client(n, custom):
    assert float(custom["Number of bedrooms"]) == n % 5 + 1
    assert custom["Gate Code"] == f"{n:04d}"
    assert custom["Access Story"] == (LONG + str(n)).strip()
    assert float(custom["Deposit Held"]) == n * 1000 + 250.5
    assert float(custom["Refund"]) == -float(f"{n}.10")
    assert custom["Warranty expiration date"] == f"2027-{n % 12 + 1:02d}-20"
    assert custom["Inspected On"] == f"2024-02-{n + 13:02d}"
    assert custom["Roof material"] == ["Metal", "Shingle", "Metal"][n % 3]
    assert custom["Siding (Contractor+)"] == ["Brick", "Vinyl siding"][n % 2]
    assert sorted(custom["Interests"]) == [["Gutters", "Windows"], ["Windows"], ["Gutters"]][n % 3]
    assert custom["Permit Pulled"] == ("Yes" if n % 3 else "No")
    assert custom["Größe"] == f"groß {n} ✓" and custom['=Odd "Header"'] == f"=1+{n}"
    assert "Half Filled" not in custom and "Bedrooms" not in custom


def held(project, target):
    """Number of the source record → (location, custom values by label) as the account shows it."""
    found = {}
    for account in accounts(project):
        with open_account(project, account) as (journal, destination):
            labels = account_catalog(project, journal, destination).labels_by_id(target)
            dump = requests.get(
                f"{destination.url}/_sandbox/dump?locationId={account.location_id}", timeout=30
            ).json()
        for record in dump["contacts" if target == "contact" else "opportunities"]:
            custom = {
                labels[v["id"]].label: labels[v["id"]].decode(
                    next(v[k] for k in v if k not in ("id", "key", "name", "type"))
                )
                for v in record["customFields"]
            }
            number = int(custom["Source_System_ID__c"].rsplit("/", 1)[1]) % 100
            found[number] = (account.location_id, custom)
    return found
