"""Where a migration stands, told from what the steps published and from the journal alone."""

import time

from flitstack_pipeline.migration.journal.pending import KEPT_ASIDE
from flitstack_pipeline.migration.lock import exclusive
from flitstack_pipeline.reports.document import Document, Section
from flitstack_pipeline.services.journey import journey, kept_journey
from flitstack_pipeline.services.project_context import accounts, open_journal
from flitstack_pipeline.services.publishing import (
    RECONCILIATION,
    publish_document,
    publish_questions,
)


def states(project):
    return {step.name: step.state for step in journey(project).steps}


def test_after_the_audit_the_question_and_the_map_wait_for_the_office(homes):
    acme = homes.project("acme")
    told = states(acme)
    assert [told[n] for n in ("Audit", "Questions", "Field map", "Schema", "Cutover")] == [
        "done", "waits for you", "waits for you", "later", "later"
    ]  # fmt: skip
    way = journey(acme)
    assert (way.who, way.page) == ("customer", "questions")
    assert [s.count for s in way.steps if s.name == "Questions"] == [1]


def test_an_approval_of_another_result_is_none(homes):
    acme = homes.project("acme")
    place = accounts(acme)[0].location_id
    sample = {"map": "m", "schema": "s", "result": "r2", "records": 100, "problems": []}
    with open_journal(acme) as journal:
        journal.set_setting("sample", sample)
        journal.approve(place, "x", "Ann", "", {**sample, "result": "r1"})
    assert states(acme)["Approval"] == "waits for you"
    with open_journal(acme) as journal:
        journal.approve(place, "y", "Ann", "", sample)
    assert states(acme)["Approval"] == "done"


def test_what_highlevel_keeps_of_before_waits_for_nobody_a_conflict_does(homes):
    acme = homes.project("acme")
    place = accounts(acme)[0].location_id
    row = {
        "location": place, "run_id": "r", "object_key": "clients", "record_key": "contact:c/1",
        "field": "city", "wanted": "A", "found": "B", "last_written": None, "message": "x",
    }  # fmt: skip
    with open_journal(acme) as journal:
        journal.set_setting("done:cutover", ["clients"])
        journal.put_conflict({**row, "reason": KEPT_ASIDE})
        journal.flush()
    assert states(acme)["Delta"] == "to do"
    with open_journal(acme) as journal:
        journal.put_conflict({**row, "field": "phone", "reason": "changed on both sides"})
        journal.flush()
    way = journey(acme)
    assert [(s.state, s.count) for s in way.steps if s.name == "Delta"] == [("waits for you", 1)]


def settled(project):
    """The way, found when the last change of its files is a while ago."""
    time.sleep(0.15)
    return journey(project)


def test_a_way_is_found_once_until_one_of_its_files_changes(homes):
    acme = homes.project("acme")
    place = accounts(acme)[0].location_id
    journey(acme)  # opening the files for the first time folds their logs into them
    first = settled(acme)
    assert journey(acme) is first and kept_journey(acme.root) is first
    assert kept_journey(homes.root("bolt")) is not first

    publish_questions(acme, [])
    assert kept_journey(acme.root) is None
    assert states(acme)["Questions"] == "done"

    settled(acme)
    with open_journal(acme) as journal:
        journal.set_setting("preflight", [{"verdict": "fail"}])
    assert settled(acme).facts["refused"] == 1

    (acme.root / "migration.toml").write_text('time_zone = "America/Chicago"\\n')
    assert kept_journey(acme.root) is None

    with open_journal(acme) as journal, exclusive(journal.engine, place, "migrate"):
        assert settled(acme).facts["running"] == "migrate"
        assert kept_journey(acme.root) is None
    assert journey(acme).facts["running"] == ""


def test_a_report_of_many_rows_is_paged_and_searched_list_by_list(room):
    acme, person = room.project(), room.visitor(role="viewer")
    assert "Nothing was read back so far" in person.get("/m/acme/reconciliation").text
    assert "No certificate was issued so far" in person.get("/m/acme/certificate").text
    rows = [{"record": f"contact:main/clients/{n}", "found": n} for n in range(120)]
    lists = [Section("Missing", [], empty="Nothing is missing."), Section("Differ", rows, "x")]
    publish_document(acme, RECONCILIATION, Document("R", "120 differ.", False, sections=lists))

    def page(asked=""):
        return person.get(f"/m/acme/reconciliation{asked}").text

    first, last = page(), page("?part=Differ&page=3")
    assert first.count("<td") == 100 and "page 1 of 3" in first  # 50 rows of two cells
    assert last.count("<td") == 40 and "main/clients/119" in last
    assert page("?part=Differ&words=clients/77").count("<td") == 2
    assert "Nothing is missing." in page("?part=Missing")
    assert page("?part=Nowhere").count('aria-current="true"') == 1
