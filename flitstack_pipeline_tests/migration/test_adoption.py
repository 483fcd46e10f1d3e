"""A lost journal, an emptied one, a second folder: nothing is made twice, and all can be undone."""

import json
from dataclasses import replace

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate, NoteBody
from flitstack_pipeline.migration.adopted_entries import Lost
from flitstack_pipeline.migration.adoption import Exports, adopt, count_marked
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.marker import others, read_marks
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import reconcile
from flitstack_pipeline.migration.update import BEFORE_LOST
from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline_tests.migration.conftest import (
    SANDBOX,
    Account,
    contact,
    job,
    many,
    row,
)
from flitstack_pipeline_tests.migration.folders import Folder, exports
from flitstack_pipeline_tests.migration.test_native import of_every_kind
from flitstack_pipeline_tests.migration.test_rollback import plain, state


def a_task(n):
    key = f"main/activities/task{n}"
    fields = {"title": "Call back", "dueDate": "2024-04-01T15:00:00Z", "completed": "no"}
    payload = {"fields": fields, "body": f"About the roof\nContractor+ ref: {key}"}
    ends = [("contact", f"contact:main/clients/{n}")]
    return row(f"task:{key}", "task", "task", payload, ends, 2, "activities")


def a_file(name, kind, on, text, folder, phase):
    """A file of a contact or, uploaded before it, of an opportunity; as mapping writes it."""
    (folder / name).write_text(text)
    payload = {"field": t.FILES, "file_name": name, "path": name, "size_bytes": len(text)}
    ends = [("contact", on)] if kind == "contact_file" else []
    if kind == "opportunity_file":
        payload["of"] = on
    return row(f"file:main/attachments/{name}", kind, "file", payload, ends, phase, "attachments")


def everything(folder):
    """Two clients with a record of every kind the product writes."""
    files = [
        a_file("a.txt", "contact_file", "contact:main/clients/0", "one", folder, 2),
        a_file("b.txt", "contact_file", "contact:main/clients/0", "one", folder, 2),
        a_file("c.txt", "contact_file", "contact:main/clients/0", "other", folder, 2),
        a_file("d.txt", "opportunity_file", "opportunity:main/jobs/9", "plan", folder, 0),
    ]
    rows = [*many(2), *of_every_kind(3), a_task(0), *files]
    rows.append(job(9, 1, files=["file:main/attachments/d.txt"]))
    rows = [tagged(r) if r.kind == "contact" else r for r in rows]
    return sorted(rows, key=lambda r: r.phase)


def tagged(person):
    """A client whose tags the schema does not know: HighLevel makes one as the contact is made."""
    fields = {**person.payload["fields"], "tags": ["contractor+ client", "vip"]}
    return replace(person, payload={**person.payload, "fields": fields})


def own(hl):
    """What the customer had: a contact with a tag and a note, and a tag nobody carries."""
    made = hl.contacts.create(ContactCreate(first_name="Old", email="old@example.com",
                                            tags=["gold"]))  # fmt: skip
    hl.contacts.create_note(made["id"], NoteBody(body="their own"))
    hl.locations.create_tag("unused")


def test_a_lost_journal_is_rebuilt_nothing_is_made_twice_and_rollback_leaves_nothing_of_ours(
    account, folders, tmp_path
):
    own(account.connect())
    before = state(account)
    rows = everything(tmp_path)
    folders("first").provision().load(rows)
    migrated = state(account)

    second = folders("second")
    assert others(read_marks(second.hl), second.journal)
    result = second.adopt(rows)
    assert result.refusal == "" and result.before_lost == result.differing == 0
    # 3 contacts, a company, 3 jobs and 2 invoices carry a source key; the rest hangs on them
    assert (result.marked, result.adopted) == (9, len(rows))
    again = second.provision().load(rows)
    assert (again.created, again.updated, again.unchanged) == (0, 0, len(rows))
    assert state(account) == migrated
    with PlannedRecords() as planned:
        planned.add(second.journal, second.location, rows)
        found = read_back(second.hl, second.catalog, second.journal, planned.pairs())
        compared = reconcile(planned, found, {"main": {}})
    assert compared.missing == compared.diffs == compared.extra == []
    (mark,) = read_marks(second.hl)  # it is the new journal's now
    assert others([mark], second.journal) == []

    undone = second.rollback()
    assert undone.clean, (undone.left, undone.failed, undone.not_proven)
    assert state(account) == before and read_marks(second.hl) == []


def test_a_delta_after_an_adoption_writes_what_changed_and_lists_what_people_edited(
    account, folders
):
    first = folders("first").provision()
    first.load([contact(1, city="Reno"), contact(2, city="Reno"), contact(3)])
    edited = first.id_of("contact:main/clients/2")
    first.hl.contacts.update(edited, ContactUpdate(city="Typed by hand"))
    second = folders("second")
    rows = [contact(1, city="Reno", website="https://new.example"), contact(2, city="Reno"),
            contact(3)]  # fmt: skip
    result = second.adopt(rows)
    assert (result.adopted, result.differing, result.incomplete) == (3, 1, 1)
    second.provision().load(rows, "delta")
    held = {c["email"]: c for c in account.dump()["contacts"]}
    assert held["c1@example.com"]["website"] == "https://new.example"  # the export's news
    assert held["c2@example.com"]["city"] == "Typed by hand"
    (conflict,) = second.journal.conflicts(second.location)
    assert (conflict["field"], conflict["wanted"], conflict["found"]) == (
        "city", "Reno", "Typed by hand")  # fmt: skip
    second.load([contact(1, city="Sparks"), contact(2, city="Sparks"), contact(3)], "delta")
    held = {c["email"]: c for c in account.dump()["contacts"]}
    assert held["c1@example.com"]["city"] == "Sparks"
    assert held["c2@example.com"]["city"] == "Typed by hand"
    undone = second.rollback()
    assert [x["hl_id"] for x in undone.left] == [edited]  # somebody worked on it


def test_what_was_there_before_a_lost_journal_is_left_as_it_is_and_said(account, folders):
    """Of two matched contacts one was made before the migration, one while it went on."""
    hl = account.connect()
    old = hl.contacts.create(ContactCreate(first_name="Zoë 1", last_name="O'Neil",
                                           email="c1@example.com"))  # fmt: skip
    first = folders("first").provision()
    new = hl.contacts.create(ContactCreate(first_name="Zoë 2", last_name="O'Neil",
                                           email="c2@example.com"))  # fmt: skip
    first.load([contact(1), contact(2), contact(3)])
    (mark,) = read_marks(hl)
    # made in the same second as the mark, it may be told too
    assert new["id"] in mark.taken and mark.there == ()
    second = folders("second")
    rows = [contact(1), contact(2), contact(3)]
    result = second.adopt(rows)
    assert result.before_lost == 2
    for n, lost in ((1, True), (2, True), (3, None)):
        entry = second.journal.entry(second.location, f"contact:main/clients/{n}")
        assert entry.details.get(BEFORE_LOST) is lost
    migrated = {c["id"]: plain(c) for c in account.dump()["contacts"]}
    undone = second.provision().rollback()
    assert {x["hl_id"] for x in undone.left} == {old["id"], new["id"]}
    assert all("an earlier journal that was lost" in x["why"] for x in undone.left)
    after = {c["id"]: plain(c) for c in account.dump()["contacts"]}
    assert after == {k: v for k, v in migrated.items() if k in (old["id"], new["id"])}


def test_marked_records_of_other_exports_are_counted_and_not_adopted(account, folders):
    folders("first").provision().load([contact(1), contact(2), job(1, 1)])
    second = folders("second")
    found = count_marked(second.context(), exports([contact(1), contact(3)]))
    assert found.count.startswith("3 records carry a source key; 1 of those keys are in the exp")
    result = second.adopt([contact(1), contact(3)])
    assert "(main/clients/2, main/jobs/1)" in result.refusal
    assert second.journal.kinds(second.location) == []


def test_records_that_the_exports_no_longer_plan_are_taken_over_for_a_rollback(account, folders):
    before = state(account)
    folders("first").provision().load([contact(1), contact(2), job(1, 1)])
    second = folders("second")
    result = second.adopt([contact(1)], knows=["main/clients/2", "main/jobs/1"])
    assert (result.refusal, result.adopted) == ("", 3)
    undone = second.provision().rollback()
    assert undone.clean, (undone.left, undone.failed, undone.not_proven)
    assert state(account) == before


def test_records_of_a_migration_beside_ours_are_left_alone(account, folders):
    theirs = contact(7)
    theirs.payload["custom"][t.SOURCE_ID] = "west/clients/7"
    folders("first").provision().load([contact(1), replace(theirs, source_key="west/clients/7")])
    second = folders("second")
    ours = Exports(lambda: iter([contact(1)]), lambda keys: (), frozenset({"west"}))
    result = adopt(second.context(), ours, Lost())
    assert (result.marked, result.adopted, result.refusal) == (1, 1, "")


def test_an_adoption_that_was_interrupted_goes_on(account, folders):
    rows = [contact(1), contact(2), job(1, 1)]
    folders("first").provision().load(rows)
    second = folders("second")
    assert second.adopt(rows[:1], knows=["main/clients/2", "main/jobs/1"]).adopted == 3
    assert second.adopt(rows).adopted == 0
    assert second.provision().load(rows).created == 0


def test_an_owner_that_highlevel_shares_is_nobodys_edit(tmp_path):
    """Live, the owner of an opportunity becomes that of its contact (L8)."""
    users = [{"name": n, "email": f"{n}@example.com"} for n in ("one", "two")]
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"locations": [{"id": "sandbox-location", "users": users}]}))
    with start_sandbox(state=tmp_path / "s.sqlite", seed_location=seed, **SANDBOX) as running:
        account = Account(running.url, running, tmp_path)
        ids = {u["email"]: u["id"] for u in account.dump()["users"]}
        team = {"main/users/1": ids["one@example.com"], "main/users/2": ids["two@example.com"]}
        rows = [owned(contact(1), "main/users/1"), owned(job(1, 1), "main/users/2")]
        first = Folder(account, tmp_path / "first.sqlite", tmp_path).provision()
        first.catalog.users = team
        first.load(rows)
        first.journal.close()
        assert {c["assignedTo"] for c in account.dump()["contacts"]} == {team["main/users/2"]}
        second = Folder(account, tmp_path / "second.sqlite", tmp_path)
        context = second.context()
        context.catalog.users = team
        result = adopt(context, exports(rows), Lost())
        assert (result.adopted, result.differing) == (2, 0)
        assert second.journal.conflicts(second.location) == []
        entry = second.journal.entry(second.location, "contact:main/clients/1")
        assert entry.last_written["owner"] == "main/users/1" and "kept" not in entry.details
        second.journal.close()


def owned(planned, owner):
    return replace(planned, payload={**planned.payload, "owner": owner})
