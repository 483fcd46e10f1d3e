"""Rollback gives the account back: what was there is as it was, what others changed since stays."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api.associations import RelationCreate
from flitstack_pipeline.highlevel.api.contacts import (
    ContactCreate,
    ContactUpdate,
    NoteBody,
    TaskCreate,
)
from flitstack_pipeline.highlevel.api.opportunities import OpportunityCreate, OpportunityUpdate
from flitstack_pipeline.highlevel.api.records import RecordCreate
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome
from flitstack_pipeline.migration.journal.history import UnknownRun
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.record_types.contacts import ContactHandler
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import (
    company,
    company_link,
    contact,
    invoice,
    job,
    many,
    row,
    small_schema,
)

QUICK = LoadOptions(search_lag_s=1.0, workers=8)
STAMPS = {"dateUpdated", "updatedAt", "lastStatusChangeAt", "lastStageChangeAt"}


class Migration:
    """A small migration of an account, its runs and its rollback."""

    def __init__(self, account, journal):
        self.account, self.journal, self.hl = account, journal, account.connect()
        self.location = self.hl.location_id
        self.provision()

    def provision(self):
        self.run = self.journal.start_run(self.location, "cutover")
        self.catalog = provision(self.hl, small_schema(), self.journal, self.run)
        assert self.catalog.checklist == []

    def load(self, rows, stage="cutover", **options):
        run = self.journal.start_run(self.location, stage)
        how = replace(QUICK, **options)
        result = load(self.hl, self.journal, self.catalog, rows, run, options=how)
        self.journal.end_run(run, "done")
        assert not result.rejected, self.journal.dead_letters(self.location)
        return run.id

    def rollback(self, **what):
        run = self.journal.start_run(self.location, "rollback")
        result = rollback(self.hl, self.journal, self.catalog, run, options=QUICK, **what)
        self.journal.end_run(run, "done")
        return result

    def id_of(self, key):
        return self.journal.entry(self.location, key).hl_id


@pytest.fixture
def migration(account, journal):
    return Migration(account, journal)


def state(account):
    """What the account holds but for the server's own times and the schemas of custom objects."""
    dump = account.dump()
    objects = dump.pop("objects")
    dump["records"] = [r for o in objects.values() for r in o["records"]]
    ours = {f["id"] for f in dump["custom_fields"] if f.get("standard")}
    dump["custom_fields"] = [f for f in dump["custom_fields"] if f["id"] not in ours]
    return {name: sorted(map(plain, records)) for name, records in dump.items()}


def plain(record):
    kept = {k: v for k, v in record.items() if k not in STAMPS}
    if isinstance(kept.get("customFields"), list):
        kept["customFields"] = sorted(kept["customFields"], key=lambda cell: cell["id"])
    return json.dumps(kept, sort_keys=True)


def there_before(hl):
    """Contacts and a company of the customer's own, two of which the load will match."""
    company = hl.records.create("business", RecordCreate(properties={"name": "Their company"}))
    for n in range(2):
        there = ContactCreate(
            first_name="Old",
            last_name=f"Name {n}",
            email=f"C{n}@example.com",
            city="Elko",
            website="https://old.example",
            tags=["vip", "gold"],
        )
        made = hl.contacts.create(there)
        hl.contacts.bulk_link_business(company["id"], [made["id"]])
    hl.contacts.create(ContactCreate(first_name="Stranger", email="stranger@example.com"))


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(prefix=21, again="Sparks", faulty=True)
@given(
    prefix=st.integers(1, 21),
    again=st.sampled_from([None, "Sparks", "Gardnerville"]),
    faulty=st.booleans(),
)
def test_after_any_part_of_a_migration_rollback_leaves_the_account_as_it_was(
    account, tmp_path_factory, prefix, again, faulty
):
    account.reset()
    there_before(account.connect())
    before = state(account)
    with Journal(f"sqlite:///{tmp_path_factory.mktemp('j') / 'journal.sqlite'}") as journal:
        migration = Migration(account, journal)
        rows = many(4)[:prefix]
        migration.load(rows)
        if again:
            changed = [contact(n, city=again, tags=["contractor+ client", "moved"])
                       for n in range(min(prefix, 4))]  # fmt: skip
            migration.load(changed, "delta")
        if faulty:
            account.faults(
                seed=prefix + 1, http_500_after=0.1, reset_after=0.05, http_500_before=0.05
            )
        result = migration.rollback()
        account.faults()
        assert result.clean, (result.left, result.failed, result.not_proven)
        assert state(account) == before
        again_undone = migration.rollback()
        assert again_undone.clean and again_undone.deleted == again_undone.restored == 0
        migration.provision()
        migration.load(rows)
        assert migration.rollback().clean and state(account) == before


@pytest.mark.parametrize("policy", ["fill", "overwrite", "ask"])
def test_a_matched_contact_gets_every_value_and_its_company_back(migration, policy):
    there_before(migration.hl)
    hl, account = migration.hl, migration.account
    before = next(c for c in account.dump()["contacts"] if c["email"] == "c0@example.com")
    theirs = before["firstName"], before["city"], before["website"], before["businessId"]
    rows = [contact(0, phone="+17755550100", city="Reno"), contact(1), company(0),
            company_link(0, 0)]  # fmt: skip
    migration.load(rows, existing_policy=policy)
    now = hl.contacts.get(before["id"])
    held = now["firstName"], now["city"], now["website"], now["businessId"]
    if policy == "overwrite":
        assert held[:3] == ("Zoë 0", "Reno", "https://old.example")
        assert now["phone"] == "+17755550100" and held[3] != theirs[3]
    else:
        assert held == theirs  # what is not empty stays HighLevel's
        assert now.get("phone") == ("+17755550100" if policy == "fill" else None)
    assert ("contractor+ client" in now["tags"]) is (policy != "ask")
    asked = {c["field"]: (c["wanted"], c["found"]) for c in
             migration.journal.conflicts(migration.location)
             if c["record_key"].endswith("clients/0")}  # fmt: skip
    if policy == "fill":
        assert asked.keys() == {"firstName", "lastName", "city", "company"}
        assert asked["city"] == ("Reno", "Elko")
    result = migration.rollback()
    assert result.clean, (result.left, result.failed, result.not_proven)
    line = next(x for x in result.proof if x["what"] == "records that were there before")
    assert line["as_before"] == "yes"
    after = next(c for c in account.dump()["contacts"] if c["email"] == "c0@example.com")
    assert plain(after) == plain(before)


def test_a_match_by_phone_alone_never_renames_a_person(migration):
    there = ContactCreate(first_name="Ann", phone="(775) 555-0100", city="Elko")
    hl_id = migration.hl.contacts.create(there)["id"]
    row = contact(1, phone="775-555-0100", email="c1@example.com", city="Reno")
    migration.load([row], existing_policy="overwrite")
    now = migration.hl.contacts.get(hl_id)
    assert (now["firstName"], now.get("lastName")) == ("Ann", None)
    assert (now["city"], now["email"]) == ("Reno", "c1@example.com")
    fields = {c["field"] for c in migration.journal.conflicts(migration.location)}
    assert fields == {"firstName", "lastName"}


def test_rollback_is_field_by_field_and_a_field_can_be_forced(migration):
    there = ContactCreate(first_name="Old", email="c1@example.com")
    hl_id = migration.hl.contacts.create(there)["id"]
    migration.load([contact(1, firstName="Old", lastName=None, city="Reno",
                            website="https://ours.example")])  # fmt: skip
    migration.hl.contacts.update(hl_id, ContactUpdate(city="Sparks", phone="+17755550100"))
    result = migration.rollback()
    (left,) = result.left
    assert (left["hl_id"], left["fields"]) == (hl_id, "city")
    assert result.restored == 1 and result.not_proven == []
    now = migration.hl.contacts.get(hl_id)
    assert (now["city"], now["phone"], now.get("website")) == ("Sparks", "+17755550100", None)
    assert not now.get("tags") and now["customFields"] == []
    assert not migration.rollback(force={"main/clients/1#website"}).clean
    assert migration.rollback(force={"main/clients/1#city"}).clean
    now = migration.hl.contacts.get(hl_id)
    assert (now.get("city"), now["phone"]) == (None, "+17755550100")


def test_an_image_that_is_not_whole_restores_nothing(migration):
    """A before-image of a search row, of an earlier version: what it lacks may have been there."""
    there = ContactCreate(first_name="Old", email="c1@example.com", city="Elko")
    hl_id = migration.hl.contacts.create(there)["id"]
    migration.load([contact(1, firstName="Old", lastName=None)])
    entry = migration.journal.entry(migration.location, "contact:main/clients/1")
    written = {"fields": {**entry.last_written["fields"], "city": "Elko", "firstName": "Old"}}
    partial = {"fields": {"email": "c1@example.com"}}
    migration.journal.put_entry(
        replace(entry, before_image=partial, last_written=written, details={})
    )
    migration.rollback()
    now = migration.hl.contacts.get(hl_id)
    assert (now["firstName"], now["city"]) == ("Old", "Elko")


def test_a_value_that_is_gone_after_a_rollback_is_never_certified(migration, monkeypatch):
    """The proof compares with what HighLevel answered before us, not with the before-image."""
    there = ContactCreate(first_name="Old", email="c1@example.com", city="Elko")
    hl_id = migration.hl.contacts.create(there)["id"]
    migration.load([contact(1, firstName="Old", lastName=None, website="https://ours.example")])
    change = ContactHandler.change

    def erasing(self, ctx, entry, payload, clear):
        change(self, ctx, entry, payload, clear)
        ctx.hl.contacts.update(entry.hl_id, ContactUpdate(), clear=["city"])

    monkeypatch.setattr(ContactHandler, "change", erasing)
    result = migration.rollback()
    assert not result.clean
    assert result.not_proven == ["contact:main/clients/1 is not as it was before us in city"]
    assert migration.hl.contacts.get(hl_id)["firstName"] == "Old"


def test_a_name_highlevel_splits_is_nobodys_edit_but_one_somebody_changes_is(migration):
    named = {"firstName": None, "lastName": None, "name": "Intercontinental Builders LLC"}
    migration.load([contact(1, **named), contact(2, **named)])
    edited = migration.id_of("contact:main/clients/2")
    migration.hl.contacts.update(edited, ContactUpdate(last_name="Builders Inc"))
    result = migration.rollback()
    assert result.deleted == 1 and result.left[0]["hl_id"] == edited


def test_undoing_one_run_gives_back_the_values_before_it_and_keeps_the_rest(migration):
    first = migration.load([contact(1, city="Reno"), contact(2, city="Reno")])
    second = migration.load([contact(1, city="Sparks", website="https://new.example"), contact(3)])
    result = migration.rollback(run_id=second)
    assert result.clean, (result.left, result.failed, result.not_proven)
    assert (result.deleted, result.restored) == (1, 1)
    now = migration.hl.contacts.get(migration.id_of("contact:main/clients/1"))
    assert now["city"] == "Reno" and not now.get("website")
    assert len(migration.account.dump()["contacts"]) == 2
    migration.load([contact(1, city="Sparks"), contact(2, city="Reno")])
    assert migration.hl.contacts.get(now["id"])["city"] == "Sparks"
    assert migration.rollback().clean and migration.account.dump()["contacts"] == []
    assert first != second


def test_undoing_a_run_leaves_what_later_runs_need(migration):
    people = migration.load([contact(1), contact(2)])
    migration.load([job(1, 1)])
    result = migration.rollback(run_id=people)
    assert result.deleted == 1
    (left,) = result.left
    assert left["record_key"] == "contact:main/clients/1" and "opportunity" in left["why"]
    assert len(migration.account.dump()["opportunities"]) == 1


def test_undoing_an_object_type_unlinks_it_and_leaves_the_others(migration):
    migration.load(many(3))
    result = migration.rollback(object_key="invoices")
    assert result.clean and result.deleted == 6
    dump = migration.account.dump()
    assert dump["relations"] == [] and len(dump["opportunities"]) == 3 == len(dump["notes"])
    migration.load(many(3))
    assert len(migration.account.dump()["relations"]) == 3


def test_an_unknown_run_is_refused_naming_those_there_are(migration):
    run = migration.load([contact(1)])
    with pytest.raises(UnknownRun, match=run):
        migration.rollback(run_id="nonsense")


@pytest.mark.parametrize("what", ["field", "note", "task", "opportunity", "our note"])
def test_what_others_changed_or_hung_on_a_record_keeps_it(migration, what):
    migration.load([r for r in many(2) if r.kind in ("contact", "note")])
    hl, key = migration.hl, "contact:main/clients/1"
    contact_id = migration.id_of(key)
    if what == "field":
        hl.contacts.update(contact_id, ContactUpdate(city="Edited"))
    elif what == "note":
        hl.contacts.create_note(contact_id, NoteBody(body="called him"))
    elif what == "task":
        task = TaskCreate(title="call", due_date="2026-01-01T00:00:00Z")
        hl.contacts.create_task(contact_id, task)
    elif what == "our note":
        note = hl.contacts.list_notes(contact_id)[0]
        hl.contacts.update_note(contact_id, note["id"], NoteBody(body=note["body"] + " edited"))
    else:
        pipeline = migration.catalog.pipeline(t.PIPELINE)
        hl.opportunities.create(OpportunityCreate(
            pipeline_id=pipeline.id, name="theirs", status="open",
            contact_id=contact_id))  # fmt: skip
    dry = migration.rollback(dry_run=True)
    result = migration.rollback()
    assert key in {x["record_key"] for x in result.left} == {x["record_key"] for x in dry.left}
    assert [c["id"] for c in migration.account.dump()["contacts"]] == [contact_id]
    assert not result.schema_removed or "pipeline" not in str(result.schema_removed)
    if what != "opportunity":  # somebody else's opportunity is never deleted with a contact
        assert migration.rollback(force=[contact_id, *{x["record_key"] for x in result.left}]).clean
        assert migration.account.dump()["contacts"] == []


def test_only_a_pipeline_and_associations_with_nothing_but_ours_go_in_one_request(migration):
    migration.load(many(5))
    result = migration.rollback()
    assert result.clean and len(result.bulk) == 2
    intents = migration.journal.operations(result_run(migration))
    deleted = [o["endpoint"] for o in intents if o["endpoint"].startswith("DELETE")]
    assert "DELETE /associations/{associationId}" in deleted
    assert "DELETE /opportunities/pipelines/{pipelineId}" in deleted
    assert not {"DELETE /associations/relations", "DELETE /opportunities/"} & set(deleted)


def result_run(migration):
    return migration.journal.runs(migration.location)[-1]["id"]


def test_links_and_opportunities_of_others_keep_association_and_pipeline(migration):
    migration.load(many(2))
    hl, pipeline = migration.hl, migration.catalog.pipeline(t.PIPELINE)
    own = hl.contacts.create(ContactCreate(first_name="Own"))
    theirs = hl.opportunities.create(OpportunityCreate(
        pipeline_id=pipeline.id, name="theirs", status="open", contact_id=own["id"]))  # fmt: skip
    record = hl.records.create(t.INVOICE, RecordCreate(properties={"name": "theirs"}))
    association = migration.catalog.association("opportunity_invoice")
    hl.associations.create_relation(RelationCreate(
        association_id=association.id, first_record_id=theirs["id"],
        second_record_id=record["id"]))  # fmt: skip
    result = migration.rollback()
    assert result.clean, (result.left, result.failed, result.not_proven)
    dump = migration.account.dump()
    assert [o["id"] for o in dump["opportunities"]] == [theirs["id"]]
    assert len(dump["relations"]) == 1 and len(dump["pipelines"]) == 1
    assert {"pipeline", "association"} <= {x.split(":")[0] for x in result.checklist}


def test_what_an_earlier_rollback_deleted_keeps_nothing_while_searches_still_show_it(
    account, migration
):
    there_before(migration.hl)
    before = state(account)
    migration.load(many(6))
    account.faults(search_lag="60s")
    for part in ("jobs", "invoices", "activities"):
        migration.rollback(object_key=part)
    result = migration.rollback()
    assert (result.left, result.failed) == ([], [])
    removed = {item.partition(":")[0] for item in result.schema_removed}
    assert {"pipeline", "association"} <= removed
    now = state(account)
    kinds = ("contacts", "businesses", "opportunities", "records", "notes", "relations")
    assert {k: now[k] for k in kinds} == {k: before[k] for k in kinds}


def test_an_opportunity_moved_by_somebody_stays_with_its_contact(migration):
    migration.load([contact(1), contact(2), job(1, 1), job(2, 2)])
    stages = migration.catalog.pipeline(t.PIPELINE).stages
    opportunity = migration.id_of("opportunity:main/jobs/1")
    migration.hl.opportunities.update(
        opportunity, OpportunityUpdate(pipeline_stage_id=stages["On Hold"])
    )
    result = migration.rollback()
    assert {x["record_key"] for x in result.left} == {
        "opportunity:main/jobs/1", "contact:main/clients/1"}  # fmt: skip
    assert migration.hl.opportunities.get(opportunity)["contactId"]
    assert migration.rollback(force=True).clean


def test_several_files_of_one_contact_are_all_taken_out(migration, tmp_path):
    there = migration.hl.contacts.create(ContactCreate(first_name="Old", email="c1@example.com"))
    rows = [contact(1)]
    for n in range(4):
        (tmp_path / f"{n}.txt").write_text(f"file {n}")
        payload = {"field": t.FILES, "file_name": f"{n}.txt", "path": f"{n}.txt"}
        parents = [("contact", "contact:main/clients/1")]
        rows.append(row(f"file:main/attachments/{n}", "contact_file", "file", payload, parents, 1,
                        "attachments"))  # fmt: skip
    run = migration.journal.start_run(migration.location, "cutover")
    options = replace(QUICK, files_root=tmp_path)
    load(migration.hl, migration.journal, migration.catalog, rows, run, options=options)
    assert len(migration.hl.contacts.get(there["id"])["customFields"]) > 0
    result = migration.rollback()
    assert result.clean, (result.left, result.failed, result.not_proven)
    assert migration.hl.contacts.get(there["id"])["customFields"] == []


def test_a_snapshot_from_before_proves_that_nothing_of_others_was_lost(migration):
    stranger = migration.hl.contacts.create(ContactCreate(first_name="Stranger"))
    migration.rollback()  # nothing to undo but the schema; the snapshot is taken anew
    migration.provision()
    migration.load([contact(1), invoice(1)])
    migration.hl.contacts.delete(stranger["id"])
    result = migration.rollback()
    assert not result.clean and "contacts: 1 before, 0 now" in result.not_proven[0]


def test_a_field_whose_deletion_got_no_answer_is_a_failure_until_it_is_repeated(
    account, journal, monkeypatch
):
    account.reset()
    before = state(account)
    migration = Migration(account, journal)
    with monkeypatch.context() as patch:

        def unanswered(field_id):
            raise AmbiguousOutcome("DELETE", "/custom-fields/{id}", TimeoutError("no answer"))

        patch.setattr(migration.hl.custom_fields.v2, "delete", unanswered)
        result = migration.rollback()
    failed = {x["record_key"].split(":")[0] for x in result.failed}
    assert not result.clean and failed == {"field"}
    assert migration.rollback().clean and state(account) == before
