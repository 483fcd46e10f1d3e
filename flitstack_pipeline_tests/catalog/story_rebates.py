"""A declared object type from CSV to HighLevel: sample, cutover, delta, reconciliation, rollback.

Run by `test_declared`, in a process of its own in which `FLITSTACK_CATALOG` names `rebates.py`.
Expected values are worked out by hand from the exports below.
"""

import json

import pytest
from dagster import AssetKey

from flitstack_pipeline.catalog.objects import waves
from flitstack_pipeline.cleaning.validate import validate_clean
from flitstack_pipeline.dagster.assets.columns import clean_columns
from flitstack_pipeline.dagster.assets.cutover import FULL_LOADS
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline_tests.e2e.conftest import audited

EXPORTS = {
    "clients.csv": """Client ID,Name,Email,Phone
1,Ann Lee,ann@example.org,(512) 555-0101
2,Bo Ray,bo@example.org,(512) 555-0102
""",
    "jobs.csv": """Job #,Title,Client ID,Client Name,Status,Amount,Permit Fee
101,Heat pump,1,Ann Lee,Completed,9000.00,"$1,250.50"
102,Insulation,2,Bo Ray,Scheduled,4000.00,75.00
""",
    "rebate_claims.csv": """Claim #,Rebate Program,Client Name,Job #,Filed On,Requested Rebate,"""
    """Claim Status,Prevailing Wage,Reviewer Remarks,Created Date,Inspector
C-1,City Electric,Ann Lee,101,01/15/2024,"$2,000.00",Submitted,Yes,"Two photos
missing",01/14/2024,Moss
C-2,State Thermal,Bo Ray,102,02/28/2024,$350.25,Approved,No,,02/27/2024,Quinn
C-3,City Electric,Ann Lee,101,03/31/2024,$99.00,In review,No,,03/30/2024,Moss
""",
    "rebate_claim_items.csv": """Claim #,Line #,Name,Quantity,Unit Price,Amount
C-1,1,Outdoor unit,1,1500.00,1500.00
C-1,2,Thermostat,2,250.00,500.00
C-2,1,Attic,10,35.025,350.25
""",
    "rebate_payouts.csv": """Payout #,Claim #,Paid Out,Cheque Date
P-9,C-2,350.25,04/15/2024
""",
    "notes.csv": """Activity ID,Record Type,Record #,Date,Author,Kind,Text
N-1,Rebate Claim,C-1,01/20/2024 9:00 AM,Dana,Note,Inspector came by
""",
}  # fmt: skip


NEW = ("rebate_claims", "rebate_claim_items", "rebate_payouts")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    root = tmp_path_factory.mktemp("rebates")
    (root / "exports").mkdir()
    for name, text in EXPORTS.items():
        (root / "exports" / name).write_text(text)
    with audited(root, FLITSTACK_MEMORY="off") as told:
        yield told


def records(story, kind):
    """The records of a custom object, by source id: the field values as HighLevel holds them."""
    held = story.dump()["objects"].get(f"custom_objects.{kind}", {"records": []})["records"]
    return {r["properties"]["source_system_id_c"].split("/")[-1]: r for r in held}


def test_waves_and_partitions_follow_from_the_declaration():
    assert [(w.name, w.objects) for w in waves()] == [
        ("people", ("users", "clients", "leads")),
        ("deals", ("jobs",)),
        ("documents", ("estimates", "invoices", "work_orders", "rebate_claims")),
        ("documents_2", ("rebate_payouts",)),
        ("history", ("attachments", "activities")),
    ]
    (wave,) = (step for step in FULL_LOADS if step.name == "full_load/documents_2")
    assert wave.objects == ("rebate_payouts",)


def test_the_files_are_recognised_and_every_row_is_clean(story):
    with story.project.warehouse.connect() as con:
        found = dict(con.execute("SELECT file, dataset FROM raw.files").fetchall())
        claims = con.execute(
            "SELECT source_id, program, filed::VARCHAR, requested::VARCHAR, status, status_text, "
            "prevailing_wage, custom['Inspector'] FROM clean.rebate_claims ORDER BY 1"
        ).fetchall()
        links = con.execute(
            "SELECT child_key, role, parent_key FROM clean.links "
            "WHERE child_object LIKE 'rebate%' ORDER BY ALL"
        ).fetchall()
    assert found == {f"{name}": name.removesuffix(".csv").replace("notes", "activities")
                     for name in EXPORTS}  # fmt: skip
    assert claims == [
        ("C-1", "City Electric", "2024-01-15", "2000.0000", "filed", "Submitted", True, "Moss"),
        ("C-2", "State Thermal", "2024-02-28", "350.2500", "granted", "Approved", False, "Quinn"),
        ("C-3", "City Electric", "2024-03-31", "99.0000", None, "In review", False, "Moss"),
    ]
    assert links == [
        ("main/rebate_claims/C-1", "client", "main/clients/1"),
        ("main/rebate_claims/C-1", "job", "main/jobs/101"),
        ("main/rebate_claims/C-2", "client", "main/clients/2"),
        ("main/rebate_claims/C-2", "job", "main/jobs/102"),
        ("main/rebate_claims/C-3", "client", "main/clients/1"),
        ("main/rebate_claims/C-3", "job", "main/jobs/101"),
        ("main/rebate_payouts/P-9", "rebate_claim", "main/rebate_claims/C-2"),
    ]


def test_the_schema_that_checks_them_is_derived(story):
    with story.project.warehouse.connect() as con:
        assert all(validate_clean(con, dataset).passed for dataset in NEW)
        con.execute("UPDATE clean.rebate_claims SET status = 'lost' WHERE source_id = 'C-1'")
        [failure] = validate_clean(con, "rebate_claims").failures
        con.execute("UPDATE clean.rebate_claims SET status = 'filed' WHERE source_id = 'C-1'")
    assert (failure["column"], failure["value"]) == ("status", "lost")
    shown = clean_columns("rebate_claims", AssetKey("raw"))
    types = {c.name: c.type for c in shown["dagster/column_schema"].columns}
    assert types["requested"] == "decimal(18,4)"
    [origin] = shown["dagster/column_lineage"].deps_by_column["number"]
    assert origin.column_name == "claim_number"


def test_the_sample_holds_the_new_records_and_waits_for_approval(story):
    assert story.flitstack("migrate", "--confirm-map", "Ann") == 3
    assert "'In review' is a status nobody declared" in story.said
    word = ("map", "confirm", "Ann", "--word", "rebate_claims: In review")
    assert story.flitstack(*word) == 0, story.said
    assert story.flitstack("migrate") == 3
    assert "flitstack approve NAME" in story.said, story.said
    assert set(records(story, "rebate_claim")) == {"C-1", "C-2", "C-3"}
    assert "Rebate Claim" in (story.root / "reports" / "sample.html").read_text()


def test_every_value_line_and_link_arrives(story):
    assert story.flitstack("approve", "Ann") == 0, story.said
    assert story.flitstack("migrate") == 0, story.said
    claims = {key: r["properties"] for key, r in records(story, "rebate_claim").items()}
    first = claims["C-1"]
    assert first["name"] == "Rebate claim #C-1"
    assert first["program_c"] == "City Electric"
    assert first["filed_c"] == "2024-01-15"
    assert first["requested_c"]["value"] == 2000
    assert first["remarks_c"].split("\n") == ["Two photos", "missing"]
    assert first["line_items_c"].split("\n") == [
        "1 · 1 × Outdoor unit @ 1500.00 = 1500.00",
        "2 · 2 × Thermostat @ 250.00 = 500.00",
    ]
    assert claims["C-2"]["requested_c"]["value"] == 350.25
    payout = records(story, "rebate_payout")["P-9"]
    assert payout["properties"]["paid_c"]["value"] == 350.25
    dump = story.dump()
    held = [*dump["contacts"], *dump["opportunities"],
            *(r for kind in dump["objects"].values() for r in kind["records"])]  # fmt: skip
    by_id = {r["id"]: r for r in held}
    ties = {frozenset((called(by_id[r["firstRecordId"]]), called(by_id[r["secondRecordId"]])))
            for r in dump["relations"]}  # fmt: skip
    assert ties >= {
        frozenset(("Heat pump", "Rebate claim #C-1")), frozenset(("Ann", "Rebate claim #C-1")),
        frozenset(("Insulation", "Rebate claim #C-2")), frozenset(("Bo", "Rebate claim #C-2")),
        frozenset(("Rebate claim #C-2", "Rebate payout #P-9")),
    }  # fmt: skip
    [note] = [n for n in dump["notes"] if "Inspector came by" in n["body"]]
    assert by_id[note["contactId"]]["firstName"] == "Ann"


def called(record):
    """What a record of the dump is called."""
    return record.get("firstName") or record.get("name") or record["properties"]["name"]


def test_a_column_declared_in_one_line_arrives_with_its_amount(story):
    dump = story.dump()
    names = {f["id"]: f["name"] for f in dump["custom_fields"]}
    fees = {
        deal["name"]: f["fieldValue"]
        for deal in dump["opportunities"]
        for f in deal["customFields"]
        if names[f["id"]] == "Permit_Fee__c"
    }
    assert fees == {"Heat pump": 1250.5, "Insulation": 75.0}


def test_the_ledger_accounts_for_every_cell_and_the_certificate_is_complete(story):
    paper = json.loads((story.root / "reports" / "certificate.json").read_text())
    assert paper["complete"] is True, paper
    with story.project.warehouse.connect() as con:
        fates = dict(
            con.execute(
                "SELECT fate, count(*) FROM ledger.cells WHERE dataset LIKE 'rebate%' GROUP BY 1"
            ).fetchall()
        )
    # 11 columns of 3 claims without two remarks, 6 of 3 lines, 4 of a payout
    assert sum(fates.values()) == 33 - 2 + 18 + 4
    assert set(fates) <= {"arrived", "linked", "changed by rule"}


def test_reconciliation_sums_the_amounts_of_the_new_records(story):
    assert story.flitstack("reconcile") == 0, story.said
    told = json.loads((story.root / "reports" / "reconciliation.json").read_text())
    sums = {s["measure"]: (float(s["planned"]), float(s["found"])) for s in told["sums"]}
    assert sums["rebate_claim: Requested__c"] == (2449.25, 2449.25)
    assert sums["rebate_payout: Paid__c"] == (350.25, 350.25)


def test_a_later_export_changes_what_it_changes_and_nothing_else(story):
    before = records(story, "rebate_claim")
    later = story.root / "later_rebate_claims.csv"
    later.write_text(EXPORTS["rebate_claims.csv"].replace("$350.25", "$400.00"))
    stage(story.root / "exports", [later])
    assert story.flitstack("delta") == 0, story.said
    after = records(story, "rebate_claim")
    assert after["C-2"]["properties"]["requested_c"]["value"] == 400.0
    assert after["C-1"]["properties"] == before["C-1"]["properties"]
    writes = story.stats()["writes"]
    assert story.flitstack("delta") == 0, story.said
    assert story.stats()["writes"] == writes, "a second delta writes nothing"


def test_rollback_leaves_nothing(story):
    assert story.flitstack("rollback") == 0, story.said
    dump = story.dump()
    for name in ("relations", "contacts", "opportunities", "notes"):
        assert dump[name] == [], name
    assert not records(story, "rebate_claim") and not records(story, "rebate_payout")
