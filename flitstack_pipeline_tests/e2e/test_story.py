"""The customer's days: sample, approval, cutover, edits on both sides, two deltas, reconciliation.

What HighLevel should hold at the end is computed here from what was done, not by the migration.
"""

import csv
import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from flitstack_pipeline.dagster.assets.delta import DELTA_LOADS, DELTA_PLAN
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.journal.copies import copies
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline_tests.e2e.whereabouts import missing_cells

pytestmark = pytest.mark.e2e

CONFIRMED = ("migrate", "--confirm-map", "Ann")


def test_the_gate_is_shut_until_a_person_confirms_the_map_and_approves_the_sample(story):
    assert story.flitstack("migrate") == 3
    assert "map waits for confirmation" in story.said
    assert story.flitstack(*CONFIRMED) == 3
    assert "flitstack acknowledge not_an_amount --by NAME" in story.said
    assert story.stats()["writes"] == 0  # what stays behind is acknowledged first
    assert story.flitstack("acknowledge", "all", "--by", "Ann") == 0
    assert story.flitstack("migrate") == 3
    assert "flitstack approve NAME" in story.said
    assert story.stats()["writes"] > 0  # the sample was loaded for real
    assert (story.root / "reports" / "sample.html").exists()
    assert story.flitstack("delta") == 3
    assert "opens with the cutover" in story.said


def test_ctrl_c_in_the_middle_of_a_load_says_how_to_go_on_and_ends_with_code_six(story):
    assert story.flitstack("approve", "Ann", "--note", "looks right") == 0, story.said
    story.faults(slow="1.0:40ms", only="POST:")
    before = story.stats()["creates"]
    run = subprocess.Popen(
        [sys.executable, "-m", "flitstack_pipeline.cli", "migrate"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while run.poll() is None and story.stats()["creates"] < before + 10:
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    story.faults()
    assert run.returncode == 6, said
    assert "go on where it was: flitstack migrate" in said and "Traceback" not in said
    with Journal(story.project.journal_url) as journal:
        assert journal.runs()[-1]["state"] == "stopped"


def test_the_approved_migration_arrives_and_a_second_run_writes_nothing(story):
    assert story.flitstack("migrate") == 0, story.said
    before = story.stats()
    assert story.flitstack("migrate") == 0, story.said
    after = story.stats()
    assert (after["creates"], after["updates"]) == (before["creates"], before["updates"])
    paper = json.loads((story.root / "reports" / "certificate.json").read_text())
    assert paper["complete"]
    assert paper["approval"]["by"] == "Ann"
    foretold = json.loads((story.root / "reports" / "audit.json").read_text())["effort"]
    with Journal(story.project.journal_url) as journal:
        plan = journal.get_setting("plan:cutover")["total"]
    loaded = plan["create"] + plan["update"] + plan["skip"]
    assert abs(foretold["records"] - loaded) <= 0.03 * loaded
    assert set(paper["fingerprints"]) == {"map", "schema"}


def test_a_copy_of_the_journal_after_the_last_wave_holds_all_of_it(story):
    kept = copies(story.root / "journal.sqlite")
    counted = []
    for path in (story.root / "journal.sqlite", kept[0]):
        con = sqlite3.connect(path)
        counted += con.execute("SELECT count(*) FROM id_map").fetchall()
        con.close()
    assert len(kept) == 3 and counted[0] == counted[1] != (0,)


def test_every_cell_of_the_exports_is_somewhere_in_highlevel(story):
    with story.project.warehouse.connect() as con:
        looked, missing = missing_cells(con, story.project.exports, story.dump())
    assert missing == []
    assert looked > 1_500


def test_a_delta_merges_what_changed_on_one_side_and_overwrites_nobody(story):
    held = story.contacts()
    merge, clash, theirs, ours = "48002", "48004", "48005", "48006"
    story.call("PUT", f"/contacts/{held[merge]['id']}", {"city": "Round Rock"})
    story.call("PUT", f"/contacts/{held[clash]['id']}", {"city": "Edited In HighLevel"})
    story.call("PUT", f"/contacts/{held[theirs]['id']}", {"lastName": "Renamed"})
    story.call("POST", f"/contacts/{held[ours]['id']}/tags", {"tags": ["vip"]})
    new = story.call(
        "POST", "/contacts/", {"firstName": "Walk-in", "locationId": "sandbox-location"}
    )["contact"]
    edited = story.contacts()
    changes = {
        merge: {"Email": "new2@mailbox.net"},
        clash: {
            "Billing Address": "", "Street": "1 Elm St", "City": "Exported Later",
            "State": held[clash]["state"], "Zip": held[clash]["postalCode"],
        },
        ours: {"Email": "new6@mailbox.net"},
    }  # fmt: skip
    for file in ("clients_1.csv", "clients_2.csv"):
        story.export(file, changes, whole=False)
    story.export("work_orders.csv", {}, drop={"WO-0002"})
    kept_open = story.stats()["by_route"]

    assert story.flitstack("delta") == 5, story.said  # a conflict waits
    after = story.contacts()
    expected = {key: dict(value) for key, value in edited.items()}
    expected[merge]["email"] = "new2@mailbox.net"  # theirs: the city, ours: the e-mail
    expected[ours]["email"] = "new6@mailbox.net"
    for key, contact in expected.items():
        for name, value in contact.items():
            if name in ("dateUpdated", "customFields") or (key, name) == (clash, "address1"):
                continue
            assert after[key][name] == value, (key, name)
    assert after[clash]["city"] == "Edited In HighLevel"
    assert after[merge]["city"] == "Round Rock"
    assert "vip" in after[ours]["tags"]
    assert new["id"] in {c["id"] for c in after.values()}
    reads, writes = (
        _count(story.stats()["by_route"], method, "/contacts/{contactId}")
        - _count(kept_open, method, "/contacts/{contactId}")
        for method in ("GET", "PUT")
    )
    assert reads == writes == 3  # read by pages, and by id only what is about to be written


def test_what_vanished_from_the_exports_is_reported_and_stays(story):
    facts = json.loads((story.root / "reports" / "delta.json").read_text())
    assert [v["record"] for v in facts["vanished"]] == ["main/work_orders/WO-0002"]
    assert "main/work_orders/WO-0002" in story.source_keys("custom_objects.work_order")


def test_a_person_resolves_the_conflict_in_the_file_and_nothing_else_moves(story):
    path = story.root / "decisions" / "conflicts.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["field"], r["ours"], r["theirs"]) for r in rows] == [
        ("city", "Exported Later", "Edited In HighLevel")
    ]
    rows[0]["decision"] = "ours"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    before = story.contacts()
    assert story.flitstack("resolve") == 0, story.said
    after = story.contacts()
    assert after["48004"]["city"] == "Exported Later"
    moved = [k for k in before if after[k]["dateUpdated"] != before[k]["dateUpdated"]]
    assert moved == ["48004"]
    assert not path.exists()


def test_the_second_delta_keeps_a_value_a_person_typed_and_a_record_a_person_deleted(story):
    held = story.contacts()
    gone = story.dump()["opportunities"][0]
    story.call("DELETE", f"/opportunities/{gone['id']}")
    story.call("PUT", f"/contacts/{held['48003']['id']}", {"lastName": "Typed-by-hand"})
    changes = {"48003": {"Client Name": "Rodney Changed"}}
    story.export("clients_1.csv", changes, whole=False, name="third_clients.csv")
    assert story.flitstack("delta") == 5
    listed = {(c["field"], c["reason"]) for c in _conflicts(story)}
    assert ("lastName", "edited") in listed
    assert ("", "deleted") in listed
    assert gone["id"] not in {o["id"] for o in story.dump()["opportunities"]}

    contact = next(c["record_key"] for c in _conflicts(story) if c["field"] == "lastName")
    assert story.flitstack("resolve", contact, "lastName", "--value", "Agreed") == 5  # one is left
    for conflict in _conflicts(story):
        story.flitstack("resolve", conflict["record_key"], conflict["field"], "theirs")
    assert story.contacts()["48003"]["lastName"] == "Agreed"
    assert story.flitstack("delta") == 0, story.said
    assert story.contacts()["48003"]["lastName"] == "Agreed"


def test_reconciliation_explains_what_people_did_and_is_otherwise_clean(story):
    code = story.flitstack("reconcile")
    facts = json.loads((story.root / "reports" / "reconciliation.json").read_text())
    assert code == 0, facts["counts"] | {"diffs": facts["diffs"], "missing": facts["missing"]}
    assert facts["rules"]["edited in HighLevel and kept"] >= 3
    assert "added in HighLevel, seen by the delta" in {e["why"] for e in facts["explained"]}


def test_a_changed_map_shuts_the_delta_until_the_sample_is_approved_again(story):
    """Meanwhile people work in HighLevel: what they edited does not stand in the approval's way."""
    held = story.contacts()
    story.call("PUT", f"/contacts/{held['48001']['id']}", {"lastName": "Edited-meanwhile"})
    document = MapDocument.load(story.project.map_path)
    spare = next(e for e in document.fields if (e.target, e.field) == ("contact", "website"))
    spare.status = "excluded"
    document.save(story.project.map_path)
    assert story.flitstack("delta") == 3
    assert "The approval of Ann has lapsed, because the map changed since" in story.said
    for step in (DELTA_PLAN, DELTA_LOADS[0]):  # Dagster's buttons
        assert any("has lapsed" in why for why in step.needs(story.project, "clients"))
    assert story.flitstack("migrate", "--approve-sample", "Bob") == 0, story.said
    assert DELTA_PLAN.needs(story.project, "") == []
    assert story.contacts()["48001"]["lastName"] == "Edited-meanwhile"


def test_status_is_json_for_programs(story):
    assert story.flitstack("status", "--json") == 0


def _conflicts(story):
    from flitstack_pipeline.services import open_conflicts

    return open_conflicts(story.project)


def _count(by_route, method, route):
    return sum(r["count"] for r in by_route if (r["method"], r["route"]) == (method, route))
