"""Exports of another tool, whose words only `fieldwork.py` knows, migrated end to end.

Run by `test_declared`, in a process of its own in which `FLITSTACK_CATALOG` names that file.
Expected values are worked out by hand from the exports below.
"""

import json

import pytest

from flitstack_pipeline_tests.e2e.conftest import audited

EXPORTS = {
    "households.csv": """Household Code,Household,Reach Mail,Reach Line,Door,Place,Sorting Code
H-1,Ann Lee,ann@mailbox.net,(512) 555-0101,1 Elm St,Austin,78701
H-2,Bo Ray,bo@mailbox.net,(512) 555-0102,2 Oak St,Waco,76701
""",
    "premises.csv": """Premises Code,Household Code,Household,Premises,Door,Place
P-1,H-2,Bo Ray,Lake house,9 Shore Rd,Marble Falls
""",
    "bids.csv": """Bid Ref,Household Code,Household,Bid About,Bid Day,Bid State,Bid Sum
B-1,H-1,Ann Lee,New roof,03/14/2024,Shaken on,"$8,000.00"
B-2,H-2,Bo Ray,Gutters,04/21/2024,With household,$600.50
""",
    "gigs.csv": """Gig Ref,Household Code,Household,Gig About,Gig State,Gig Sum,Gig Day,Bid Ref
G-1,H-1,Ann Lee,New roof,Wrapped,"$8,000.00",05/30/2024,B-1
""",
    "drop_ins.csv": """Gig Ref,Drop-in Day,Drop-in Briefing
G-1,05/29/2024,Measure twice
""",
    "bills.csv": """Bill Ref,Household Code,Household,Gig Ref,Bill Day,Settle By,Bill State,"""
    """Bill Sum,Still Owed
L-1,H-1,Ann Lee,G-1,06/15/2024,07/15/2024,In the bank,"$8,000.00",$0.00
""",
}  # fmt: skip
KINDS = {
    "households.csv": "clients", "premises.csv": "properties", "bids.csv": "estimates",
    "gigs.csv": "jobs", "drop_ins.csv": "visits", "bills.csv": "invoices",
}  # fmt: skip


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    root = tmp_path_factory.mktemp("fieldwork")
    (root / "exports").mkdir()
    for name, text in EXPORTS.items():
        (root / "exports" / name).write_text(text)
    with audited(root, FLITSTACK_MEMORY="off") as told:
        yield told


def test_each_file_is_recognised_by_the_words_of_its_tool(story):
    with story.project.warehouse.connect() as con:
        found = dict(con.execute("SELECT file, dataset FROM raw.files").fetchall())
        states = con.execute(
            "SELECT status FROM clean.estimates UNION ALL SELECT status FROM clean.jobs "
            "UNION ALL SELECT status FROM clean.invoices ORDER BY 1"
        ).fetchall()
    assert found == KINDS
    assert states == [("approved",), ("completed",), ("paid",), ("sent",)]


def test_the_tool_s_plans_are_not_contractor_plus_s(story):
    warned = json.loads((story.root / "reports" / "audit.json").read_text())["warnings"]
    assert not [w for w in warned if "Freedom" in w["warning"] or "portal" in w["warning"]]


def test_it_migrates_with_every_cell_accounted_for(story):
    assert story.flitstack("migrate", "--confirm-map", "Ann") == 3
    assert "flitstack approve NAME" in story.said, story.said
    assert story.flitstack("approve", "Ann") == 0, story.said
    assert story.flitstack("migrate") == 0, story.said
    paper = json.loads((story.root / "reports" / "certificate.json").read_text())
    assert paper["complete"] is True, paper
    with story.project.warehouse.connect() as con:
        [(cells,)] = con.execute("SELECT count(*) FROM ledger.cells").fetchall()
    # 2 households of 7, a premises of 6, 2 bids of 7, a gig of 8, a drop-in of 3, a bill of 9
    assert cells == 14 + 6 + 14 + 8 + 3 + 9


def test_values_and_links_are_those_of_the_exports(story):
    dump = story.dump()
    names = {f["id"]: f["name"] for f in dump["custom_fields"]}
    deals = {d["name"]: d for d in dump["opportunities"]}
    people = {c["id"]: c for c in dump["contacts"]}
    assert set(deals) == {"New roof", "Gutters"}
    roof, gutters = deals["New roof"], deals["Gutters"]
    assert (roof["monetaryValue"], roof["status"]) == (8000, "won")
    assert (gutters["monetaryValue"], gutters["status"]) == (600.5, "open")
    assert people[roof["contactId"]]["email"] == "ann@mailbox.net"
    assert people[gutters["contactId"]]["city"] == "Waco"
    fields = {names[f["id"]]: f["fieldValue"] for f in roof["customFields"]}
    assert fields["Job_Start_Date__c"] == "2024-05-30"
    assert fields["Estimate_Number__c"] == "B-1"
    assert "Measure twice" in fields["Job_Visits__c"]
    [bill] = dump["objects"]["custom_objects.invoice"]["records"]
    assert bill["properties"]["total_c"]["value"] == 8000
    assert bill["properties"]["due_date_c"] == "2024-07-15"
    ends = {(r["firstRecordId"], r["secondRecordId"]) for r in dump["relations"]}
    assert (roof["id"], bill["id"]) in ends and (roof["contactId"], bill["id"]) in ends


def test_nothing_in_highlevel_names_the_other_tool(story):
    dump = story.dump()
    assert "contractor+" not in json.dumps(dump).casefold()
    assert {tag for c in dump["contacts"] for tag in c["tags"]} == {"fieldwork client"}


def test_a_second_run_writes_nothing_and_rollback_leaves_nothing(story):
    before = story.stats()["writes"]
    assert story.flitstack("migrate") == 0, story.said
    assert story.stats()["writes"] == before
    assert story.flitstack("rollback") == 0, story.said
    dump = story.dump()
    for name in ("relations", "contacts", "opportunities", "notes"):
        assert dump[name] == [], name
