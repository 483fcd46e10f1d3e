"""Loading against the sandbox: nothing lost, nothing doubled, nothing sent twice."""

from dataclasses import replace

import pytest

from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate, NoteBody
from flitstack_pipeline.migration.compare import Verdict, compare_record, flatten
from flitstack_pipeline.migration.conflict_resolution import Resolution, apply_resolutions
from flitstack_pipeline.migration.load import CredentialsFailed, LoadOptions, load
from flitstack_pipeline.migration.parent_changes import settle_if_moved
from flitstack_pipeline.migration.plan import plan_load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline.migration.rows import payload_hash
from flitstack_pipeline_tests.migration.conftest import contact, job, many, note, row, small_schema

QUICK = LoadOptions(search_lag_s=2.0, workers=8)


@pytest.fixture
def ready(account, journal):
    hl = account.connect()
    run = journal.start_run(hl.location_id, "cutover")
    catalog = provision(hl, small_schema(), journal, run)
    assert catalog.checklist == []
    return account, hl, journal, catalog, run


def counts(dump):
    invoices = dump["objects"]["custom_objects.invoice"]["records"]
    return {
        "contacts": len(dump["contacts"]),
        "businesses": len(dump["businesses"]),
        "opportunities": len(dump["opportunities"]),
        "invoices": len(invoices),
        "relations": len(dump["relations"]),
        "notes": len(dump["notes"]),
    }


def of_each(n):
    return {"contacts": n, "businesses": 1, "opportunities": n, "invoices": n, "relations": n,
            "notes": n}  # fmt: skip


def test_provisioning_twice_writes_nothing_the_second_time(ready):
    account, hl, journal, _, run = ready
    writes = account.stats()["writes"]
    again = provision(hl, small_schema(), journal, run)
    assert account.stats()["writes"] == writes
    assert again.stage("Job Workflow", "in progress")
    assert again.field("custom_objects.invoice", "Invoice_Status__c").options


def test_everything_arrives_once_and_a_second_load_writes_nothing(ready):
    account, hl, journal, catalog, run = ready
    rows = many(12)
    planned = plan_load(journal, hl.location_id, rows)
    result = load(hl, journal, catalog, rows, run, options=QUICK)
    assert result.complete and result.created == len(rows)
    assert counts(account.dump()) == of_each(12)
    linked = {c["businessId"] for c in account.dump()["contacts"]}
    assert len(linked) == 1 and None not in linked
    assert planned.write_requests <= result.requests <= planned.write_requests * 1.1
    writes = account.stats()["writes"]
    again = load(hl, journal, catalog, rows, run, options=QUICK)
    assert again.unchanged == len(rows) and again.requests == 0
    assert account.stats()["writes"] == writes


def test_what_is_read_back_is_what_was_meant(ready):
    _, hl, journal, catalog, run = ready
    rows = many(5)
    load(hl, journal, catalog, rows, run, options=QUICK)
    found = {(f.kind, f.hl_id): f for f in read_back(hl, catalog, journal)}
    entries = journal.entries(hl.location_id, [r.record_key for r in rows])
    for r in rows:
        entry = entries[r.record_key]
        seen = found[(r.kind, entry.hl_id)]
        diffs = compare_record(r.record_key, flatten(r.payload), flatten(seen.logical))
        assert all(d.verdict in (Verdict.SAME, Verdict.BY_RULE) for d in diffs), diffs


def test_searches_that_trail_writes_do_not_double_a_record(ready):
    account, hl, journal, catalog, run = ready
    account.faults(seed=3, search_lag="0.2s..1.2s", http_500_after=0.2, only="POST:/opportunities/")
    rows = [contact(i) for i in range(10)] + [job(i, i) for i in range(10)]
    load(hl, journal, catalog, rows, run, options=LoadOptions(search_lag_s=4.0))
    assert len(account.dump()["opportunities"]) == 10


def test_a_refused_row_becomes_a_dead_letter_and_gets_through_when_mended(ready):
    _, hl, journal, catalog, run = ready
    bad = contact(1)
    bad.payload["custom"]["Source_Type__c"] = "Alien"
    result = load(hl, journal, catalog, [bad, contact(2)], run, options=QUICK)
    assert result.rejected == 1 and result.created == 1
    (letter,) = journal.dead_letters(hl.location_id)
    assert letter["reason_class"] == "validation" and "Alien" in letter["messages"][0]
    load(hl, journal, catalog, [contact(1), contact(2)], run, options=QUICK)
    assert journal.dead_letters(hl.location_id) == []


def test_a_missing_parent_is_reported_and_the_child_waits(ready):
    _, hl, journal, catalog, run = ready
    result = load(hl, journal, catalog, [job(1, 99)], run, options=QUICK)
    assert result.missing_parents == 1
    (missing,) = journal.missing_parents(hl.location_id)
    assert missing["parent_key"] == "contact:main/clients/99"
    load(hl, journal, catalog, [contact(99), job(1, 99)], run, options=QUICK)
    assert journal.entry(hl.location_id, "opportunity:main/jobs/1")
    assert journal.missing_parents(hl.location_id) == []


def test_a_bad_token_stops_the_run_at_once(ready):
    account, _, journal, catalog, run = ready
    stranger = account.connect(token="pit-wrong")
    with pytest.raises(CredentialsFailed, match="HIGHLEVEL_TOKEN"):
        load(stranger, journal, catalog, many(50), run, options=QUICK)
    assert journal.dead_letters(run.location) == []


def test_a_token_that_expires_stops_the_run_with_what_was_in_flight_put_aside(ready):
    account, _, journal, catalog, run = ready
    account.faults(token_expires_after=20)
    with pytest.raises(CredentialsFailed, match="start again"):
        load(account.connect(), journal, catalog, many(50), run, options=QUICK)
    letters = journal.dead_letters(run.location)
    assert 0 < len(letters) <= QUICK.workers  # not every row
    assert {x["reason_class"] for x in letters} == {"credentials"}
    account.faults()
    load(account.connect(), journal, catalog, many(50), run, options=QUICK)
    assert journal.dead_letters(run.location) == []
    assert counts(account.dump()) == of_each(50)


def test_two_clients_with_one_phone_stay_two_contacts(ready):
    account, hl, journal, catalog, run = ready
    rows = [contact(1, phone="+17025550100"), contact(2, phone="+17025550100", email=None)]
    result = load(hl, journal, catalog, rows, run, options=QUICK)
    assert result.created == 2 and len(account.dump()["contacts"]) == 2
    assert [c["reason"] for c in journal.conflicts(hl.location_id)] == ["shared_field"]


def test_a_contact_that_was_there_before_is_matched_and_given_back_by_rollback(ready):
    account, hl, journal, catalog, run = ready
    old = hl.contacts.create(
        ContactCreate(first_name="Old", email="C1@example.com", city="Elko", tags=["vip"])
    )
    before = next(c for c in account.dump()["contacts"])
    result = load(hl, journal, catalog, [contact(1), contact(2)], run, options=QUICK)
    assert (result.matched, result.created) == (1, 1)
    now = hl.contacts.get(old["id"])
    assert now["firstName"] == "Old" and now["city"] == "Elko"
    assert sorted(now["tags"]) == ["contractor+ client", "vip"]
    undone = rollback(hl, journal, catalog, run, options=QUICK)
    assert undone.clean, (undone.left, undone.failed, undone.not_proven)
    after = next(c for c in account.dump()["contacts"])
    for name in ("firstName", "lastName", "email", "city", "tags"):
        assert (after.get(name) or None) == (before.get(name) or None), name


def test_a_changed_row_is_updated_but_never_over_somebody_elses_edit(ready):
    _, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    entry = journal.entry(hl.location_id, "contact:main/clients/1")
    hl.contacts.update(entry.hl_id, ContactUpdate(city="Edited"))
    changed = contact(1, city="Sparks", website="https://example.com")
    result = load(hl, journal, catalog, [changed], run, options=QUICK)
    now = hl.contacts.get(entry.hl_id)
    assert now["website"] == "https://example.com" and now["city"] == "Edited"
    assert result.conflicts == 1
    assert journal.conflicts(hl.location_id)[0]["field"] == "city"


def moved_to(row_, client):
    """The row, now of another client."""
    parents = [{"role": "contact", "record_key": f"contact:main/clients/{client}"}]
    return replace(row_, parents=parents, payload_hash=payload_hash(row_.payload, parents))


def test_a_job_whose_client_changed_is_named_for_a_person_to_move(ready):
    """PUT /opportunities takes no contact: changed values are written, the contact is told."""
    _, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1), contact(2), job(7, 1)], run, options=QUICK)
    entry = journal.entry(hl.location_id, "opportunity:main/jobs/7")
    two = journal.entry(hl.location_id, "contact:main/clients/2").hl_id
    payload = {**job(7, 1).payload, "fields": {"name": "Roof", "status": "won"}}
    moved = moved_to(replace(job(7, 1), payload=payload), 2)
    result = load(hl, journal, catalog, [moved], run, options=QUICK)
    assert (result.conflicts, result.updated) == (1, 0)
    assert hl.opportunities.get(entry.hl_id)["name"] == "Roof"
    (conflict,) = journal.conflicts(hl.location_id)
    assert (conflict["field"], conflict["reason"], conflict["wanted"]) == ("contact", "moved", two)
    assert "cannot be changed in HighLevel" in conflict["message"]
    assert "Zoë 2 O'Neil (contact:main/clients/2)" in conflict["message"]
    assert load(hl, journal, catalog, [moved], run, options=QUICK).unchanged == 1
    assert len(journal.conflicts(hl.location_id)) == 1, "it stays open"
    ctx = Context(hl, catalog, journal, run)
    (ours,) = apply_resolutions(ctx, [Resolution(entry.record_key, "contact", "ours")])
    assert not ours.done and "by hand" in ours.message
    (left,) = apply_resolutions(ctx, [Resolution(entry.record_key, "contact", "theirs")])
    assert left.done and left.message == "it stays with its contact"
    again = replace(moved, payload_hash="another")
    assert load(hl, journal, catalog, [again], run, options=QUICK).conflicts == 0


def test_a_note_whose_client_changed_moves_unless_somebody_edited_it(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1), contact(2), contact(3), note(1), note(3)], run,
         options=QUICK)  # fmt: skip
    one, two, three = (
        journal.entry(hl.location_id, f"contact:main/clients/{n}").hl_id for n in (1, 2, 3)
    )
    edited = journal.entry(hl.location_id, "note:main/activities/3")
    hl.contacts.update_note(three, edited.hl_id, NoteBody(body="Call her, not him"))
    result = load(hl, journal, catalog, [moved_to(note(1), 2), moved_to(note(3), 2)], run,
                  options=QUICK)  # fmt: skip
    held = {n["contactId"]: n["body"] for n in account.dump()["notes"]}
    assert set(held) == {two, three} and held[three] == "Call her, not him"
    assert "Called twice." in held[two]
    assert (result.created, result.conflicts) == (1, 1)
    assert journal.entry(hl.location_id, "note:main/activities/1").details["contact"] == two
    (conflict,) = journal.conflicts(hl.location_id)
    assert "somebody edited it" in conflict["message"] and one != conflict["wanted"]


def test_a_person_who_moved_the_job_by_hand_has_settled_it(ready):
    _, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1), contact(2), job(7, 1)], run, options=QUICK)
    load(hl, journal, catalog, [moved_to(job(7, 1), 2)], run, options=QUICK)
    entry = journal.entry(hl.location_id, "opportunity:main/jobs/7")
    (conflict,) = journal.conflicts(hl.location_id)
    ctx = Context(hl, catalog, journal, run)
    assert not settle_if_moved(ctx, entry, conflict, {"contact": conflict["found"]})
    assert len(journal.conflicts(hl.location_id)) == 1
    assert settle_if_moved(ctx, entry, conflict, {"contact": conflict["wanted"]})
    assert journal.conflicts(hl.location_id) == []


def test_an_edit_the_pages_did_not_show_yet_is_not_overwritten(ready):
    """Pages trail edits: a record about to be written is read by its id, the others are not."""
    _, hl, journal, catalog, run = ready
    rows = [contact(n, city="Reno") for n in range(4)]
    load(hl, journal, catalog, rows, run, options=QUICK)
    entries = journal.entries(hl.location_id, [r.record_key for r in rows])
    ctx = Context(hl, catalog, journal, run)
    pages = {key: HANDLERS["contact"].read(ctx, entry) for key, entry in entries.items()}
    for edited in rows[:2]:
        hl.contacts.update(entries[edited.record_key].hl_id, ContactUpdate(city="Edited just now"))
    changed = [contact(0, city="Sparks"), contact(1, city="Reno", website="https://x.example"),
               contact(2, city="Sparks"), rows[3]]  # fmt: skip
    plan = plan_load(journal, hl.location_id, changed)
    options = replace(QUICK, current=pages.get)
    result = load(hl, journal, catalog, changed, run, options=options)
    now = [hl.contacts.get(entries[r.record_key].hl_id) for r in rows]
    assert [c["city"] for c in now] == ["Edited just now", "Edited just now", "Sparks", "Reno"]
    assert now[1]["website"] == "https://x.example"
    assert (result.conflicts, result.updated) == (1, 2)
    assert result.requests == 5 and plan.write_requests == 6  # three reads; the conflict: no write


def test_rollback_leaves_the_account_as_it_was(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, many(6), run, options=QUICK)
    dry = rollback(hl, journal, catalog, run, dry_run=True, options=QUICK)
    assert dry.deleted == len(many(6)) and counts(account.dump()) == of_each(6)
    result = rollback(hl, journal, catalog, run, options=QUICK)
    assert result.clean, (result.left, result.failed, result.not_proven)
    left = account.dump()
    assert set(counts(left).values()) == {0}
    assert left["pipelines"] == [] and left["associations"] == [] and left["products"] == []
    assert [f for f in left["custom_fields"] if "__c" in f["name"]] == []
    assert any("invoice" in line for line in result.checklist)
    again = rollback(hl, journal, catalog, run, options=QUICK)
    assert again.clean and again.deleted == 0


def test_rollback_leaves_what_was_edited_since_and_says_so(ready):
    _, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1), contact(2)], run, options=QUICK)
    entry = journal.entry(hl.location_id, "contact:main/clients/1")
    hl.contacts.update(entry.hl_id, ContactUpdate(first_name="Edited"))
    result = rollback(hl, journal, catalog, run, options=QUICK)
    assert result.deleted == 1 and result.left[0]["fields"] == "firstName"
    assert hl.contacts.get(entry.hl_id)["firstName"] == "Edited"
    forced = rollback(hl, journal, catalog, run, force=[entry.record_key], options=QUICK)
    assert forced.clean and forced.deleted == 1


def test_files_reach_contacts_and_the_opportunity_that_is_created_with_them(ready, tmp_path):
    _, hl, journal, catalog, run = ready
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.4 plan")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff photo")

    def file(key, kind, name, parents=(), phase=0):
        payload = {"field": "Contractor_Files__c", "file_name": name, "path": name,
                   "content_type": "application/pdf", "size_bytes": 13}  # fmt: skip
        return row(key, kind, "file", payload, parents, phase, "attachments")

    owner = [("contact", "contact:main/clients/1")]
    rows = [
        contact(1),
        file("file:main/attachments/1", "opportunity_file", "plan.pdf"),
        job(1, 1, ["file:main/attachments/1"]),
        file("file:main/attachments/2", "contact_file", "photo.jpg", owner, 1),
        file("file:main/attachments/3", "contact_file", "plan.pdf", owner, 1),
    ]
    result = load(hl, journal, catalog, rows, run, options=replace(QUICK, files_root=tmp_path))
    assert result.complete, journal.dead_letters(hl.location_id)
    found = list(read_back(hl, catalog, journal))
    names = sorted((f.kind, f.logical["file_name"]) for f in found if "file" in f.kind)
    assert names == [("contact_file", "photo.jpg"), ("contact_file", "plan.pdf"),
                     ("opportunity_file", "plan.pdf")]  # fmt: skip
    undone = rollback(hl, journal, catalog, run, options=QUICK)
    assert undone.clean
    (upload,) = undone.stays  # no API deletes what was uploaded for a job's field
    assert upload["record_key"] == "file:main/attachments/1" and "plan.pdf" in upload["why"]


def test_a_lost_journal_doubles_nothing(ready, tmp_path):
    from flitstack_pipeline.migration.journal.store import Journal

    account, hl, journal, catalog, run = ready
    rows = [contact(i) for i in range(5)] + [job(i, i) for i in range(5)]
    load(hl, journal, catalog, rows, run, options=QUICK)
    with Journal(f"sqlite:///{tmp_path / 'new.sqlite'}") as fresh:
        second = fresh.start_run(hl.location_id, "cutover")
        result = load(hl, fresh, catalog, rows, second, options=QUICK)
        assert (result.adopted, result.created) == (10, 0)
    assert len(account.dump()["contacts"]) == len(account.dump()["opportunities"]) == 5


def test_hashes_of_equal_payloads_are_equal():
    assert payload_hash({"a": 1, "b": 2}, []) == payload_hash({"b": 2, "a": 1}, [])


def test_notes_are_read_back_by_pages_and_on_their_contacts_where_the_search_lags(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, many(6), run, options=QUICK)

    def notes():
        before = hl.client.usage
        found = [f for f in read_back(hl, catalog, journal, {("note", "note")})]
        return sorted(f.source_id for f in found), hl.client.usage.since(before).requests

    everything = sorted(f"main/activities/{n}" for n in range(6))
    assert notes() == (everything, 1)  # a page shorter than asked for is the last
    account.faults(http_500_before=1.0, only="POST:/notes/search")
    assert notes()[0] == everything
