"""What may be written to records that were there before, and whose opt-out wins."""

from dataclasses import replace

import pytest

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate
from flitstack_pipeline.highlevel.api.custom_fields import FieldCreateV1
from flitstack_pipeline.migration.account_schema import field_v1
from flitstack_pipeline.migration.existing import take_existing
from flitstack_pipeline.migration.journal.store import IdMapRow, Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.record_types.opt_outs import CHANNELS, opt_out_body, read_opt_outs
from flitstack_pipeline.migration.refused_values import is_kept_beside
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline.migration.rows import payload_hash
from flitstack_pipeline.services.load_records import listed_opt_outs
from flitstack_pipeline.settings import Project, Settings
from flitstack_pipeline_tests.migration.conftest import contact, small_schema

QUICK = LoadOptions(search_lag_s=0.2, workers=4)


def fields(**values):
    return {("fields", name): value for name, value in values.items()}


@pytest.mark.parametrize(
    ("ours", "theirs", "written"),
    [
        ({"city": "Reno", "website": "x"}, {"city": "Elko"}, {"website"}),
        ({"address1": "9 Elm", "city": "Reno"}, {"address1": "5 Oak"}, set()),
        ({"address1": "5 Oak", "city": "Reno"}, {"address1": "5 Oak"}, {"city"}),
        ({"city": "Reno"}, {"address1": "5 Oak"}, set()),
        ({"city": "Reno", "state": "NV"}, {"country": "US"}, {"city", "state"}),
        ({"firstName": "Ann", "lastName": "Lee"}, {"firstName": "Ann"}, {"lastName"}),
        ({"firstName": "Bob", "lastName": "Lee"}, {"lastName": "Day"}, set()),
        ({"firstName": "Bob", "lastName": "Lee"}, {}, {"firstName", "lastName"}),
        ({"tags": ["a"]}, {"tags": ["b"]}, {"tags"}),
    ],
)
def test_fill_writes_empty_fields_and_mixes_no_two_names_or_addresses(ours, theirs, written):
    taking = take_existing(fields(**ours), fields(**theirs), "fill", by_phone_alone=False)
    assert {name for _, name in taking.write} == written
    differing = {k for k in ours if ours[k] != theirs.get(k)} - written
    assert {name for _, name in taking.conflicts} == differing


@pytest.mark.parametrize("policy", ["fill", "overwrite", "ask"])
def test_an_opt_out_is_written_under_every_policy_and_never_lifted(policy):
    wanted = {("dnd", "doNotSms"): True}
    now = {("dnd", "doNotCall"): True}
    taking = take_existing(wanted, now, policy, by_phone_alone=True)
    assert taking.write == wanted and taking.conflicts == {}


def test_opt_outs_are_read_in_either_spelling_and_written_in_that_of_the_version():
    assert read_opt_outs({"dnd": False, "dndSettings": {}}) == {}
    assert read_opt_outs({"dndSettings": {"SMS": {"status": "permanent"}}}) == {"doNotSms": True}
    v3 = {"sms": {"status": "active"}, "call": {"status": "inactive"}, "email": None}
    assert read_opt_outs({"dnd": False, "dndSettings": v3}) == {"doNotSms": True}
    assert read_opt_outs({"dnd": True}) == dict.fromkeys(CHANNELS, True)
    held = {"dndSettings": {"Email": {"status": "permanent", "message": "STOP"}}}
    body = opt_out_body("2021-07-28", {"doNotSms", "doNotEmail"}, held=held)
    assert body["dnd_settings"]["Email"] == {"status": "permanent", "message": "STOP"}
    assert body["dnd_settings"]["SMS"]["status"] == "active" and "dnd" not in body
    assert opt_out_body("v3", CHANNELS)["dnd"] is True
    assert opt_out_body("v3", CHANNELS)["dnd_settings"].keys() == {
        "call", "email", "sms", "whatsApp", "gmb", "fb"}  # fmt: skip


# --- against the sandbox --------------------------------------------------------------------------


def opted_out(n, *channels, **values):
    row = contact(n, **values)
    payload = {**row.payload, "dnd": dict.fromkeys(channels, True)}
    return replace(row, payload=payload, payload_hash=payload_hash(payload, []))


@pytest.fixture
def ready(account, journal):
    hl = account.connect()
    run = journal.start_run(hl.location_id, "cutover")
    return account, hl, journal, provision(hl, small_schema(), journal, run), run


def test_an_opt_out_travels_in_the_request_that_creates_the_contact(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [opted_out(1, "doNotSms", "doNotEmail")], run, options=QUICK)
    (made,) = account.dump()["contacts"]
    assert {k: v["status"] for k, v in made["dndSettings"].items()} == {
        "email": "active", "sms": "active"}  # fmt: skip
    puts = [r for r in account.stats()["by_route"] if "PUT" in str(r) and "/contacts" in str(r)]
    assert puts == []


def test_the_stricter_opt_out_wins_on_a_record_that_was_there_and_rollback_keeps_it(ready):
    _, hl, journal, catalog, run = ready
    there = ContactCreate(
        first_name="Zoë 1", last_name="O'Neil", email="c1@example.com",
        dnd_settings={"email": {"status": "permanent", "message": "STOP"}},
    )  # fmt: skip
    hl_id = hl.contacts.create(there)["id"]
    load(hl, journal, catalog, [opted_out(1, "doNotSms")], run, options=QUICK)
    held = hl.contacts.get(hl_id)["dndSettings"]
    assert held["email"] == {"status": "permanent", "message": "STOP"}
    assert held["sms"]["status"] == "active"
    undone = rollback(hl, journal, catalog, run, options=QUICK)
    assert undone.clean, (undone.left, undone.failed, undone.not_proven)
    (stays,) = undone.stays
    assert (stays["hl_id"], stays["fields"]) == (hl_id, "doNotSms")
    after = hl.contacts.get(hl_id)
    assert after["dndSettings"]["sms"]["status"] == "active" and not after.get("tags")


def test_a_person_who_says_so_gets_the_opt_out_of_before_back(ready):
    _, hl, journal, catalog, run = ready
    there = ContactCreate(first_name="Zoë 1", last_name="O'Neil", email="c1@example.com")
    hl_id = hl.contacts.create(there)["id"]
    load(hl, journal, catalog, [opted_out(1, "doNotSms")], run, options=QUICK)
    undone = rollback(hl, journal, catalog, run, options=QUICK, force={"opt-outs"})
    assert undone.clean and undone.stays == []
    settings = hl.contacts.get(hl_id).get("dndSettings") or {}
    assert settings.get("sms", {}).get("status") != "active"


@pytest.mark.parametrize("named", ["opt-outs", "main/clients/1#doNotSms", "nobody"])
def test_an_opt_out_that_stayed_is_lifted_when_a_person_says_so_later(ready, named):
    _, hl, journal, catalog, run = ready
    there = ContactCreate(first_name="Zoë 1", last_name="O'Neil", email="c1@example.com")
    hl_id = hl.contacts.create(there)["id"]
    load(hl, journal, catalog, [opted_out(1, "doNotSms")], run, options=QUICK)
    assert rollback(hl, journal, catalog, run, options=QUICK).stays
    assert rollback(hl, journal, catalog, run, options=QUICK).stays  # and again, until then
    undone = rollback(hl, journal, catalog, run, options=QUICK, force={named})
    settings = hl.contacts.get(hl_id).get("dndSettings") or {}
    if named == "nobody":
        assert settings["sms"]["status"] == "active" and undone.stays
        return
    assert undone.clean and undone.restored == 1 and undone.stays == []
    assert settings.get("sms", {}).get("status") != "active"
    assert rollback(hl, journal, catalog, run, options=QUICK).restored == 0


def test_opt_outs_we_brought_to_contacts_of_their_own_are_listed(tmp_path):
    project = Project(tmp_path, Settings(token=None)).prepare()  # type: ignore[call-arg]
    written = {"dnd": {"doNotSms": True, "doNotEmail": True}}
    entry = IdMapRow(
        "sandbox-location", "contact:main/clients/1", "main/clients/1", "clients", "contact",
        "contact", "hl-1", "matched", "h", written, {"dnd": {"doNotEmail": True}}, {}, "run-1",
        "1", 0.0,
    )  # fmt: skip
    with Journal(project.journal_url) as journal:
        journal.put_entry(entry)
        journal.put_entry(replace(entry, record_key="contact:main/clients/2", origin="created"))
    facts, tables = listed_opt_outs(project)
    assert list(facts.values()) == [1]
    assert list(tables.values()) == [
        [{"record": "main/clients/1", "id": "hl-1", "opt-outs we brought": "doNotSms"}]
    ]
    assert "doNotSms" in (project.reports / "opt-outs-brought.csv").read_text()
    assert listed_opt_outs(project, "leads") == ({}, {})


def test_an_opt_out_the_export_no_longer_says_is_a_conflict_not_lifted(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [opted_out(1, "doNotSms")], run, options=QUICK)
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    (made,) = account.dump()["contacts"]
    assert made["dndSettings"]["sms"]["status"] == "active"
    (conflict,) = journal.conflicts(hl.location_id)
    assert (conflict["field"], conflict["wanted"], conflict["found"]) == ("doNotSms", None, True)


def test_a_contact_of_ours_that_opted_out_since_is_not_deleted(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1), contact(2)], run, options=QUICK)
    hl_id = journal.entry(hl.location_id, "contact:main/clients/1").hl_id
    hl.contacts.update(hl_id, ContactUpdate(dnd_settings={"sms": {"status": "permanent"}}))
    undone = rollback(hl, journal, catalog, run, options=QUICK)
    (left,) = undone.left
    assert (left["hl_id"], left["fields"]) == (hl_id, "doNotSms")
    assert [c["id"] for c in account.dump()["contacts"]] == [hl_id]


def test_a_value_two_clients_share_is_kept_among_the_originals_of_the_second(account, journal):
    hl = account.connect()
    run = journal.start_run(hl.location_id, "cutover")
    catalog = provision(hl, small_schema(), journal, run)
    made = hl.custom_fields.v1.create(FieldCreateV1(name=t.ORIGINALS, data_type="LARGE_TEXT"))
    catalog.add_field(field_v1(made))
    rows = [contact(1, phone="+17025550100"), contact(2, phone="+17025550100")]
    load(hl, journal, catalog, rows[:1], run, options=QUICK)
    load(hl, journal, catalog, rows[1:], run, options=QUICK)
    second = hl.contacts.get(journal.entry(hl.location_id, "contact:main/clients/2").hl_id)
    assert "phone" not in second and second["email"] == "c2@example.com"
    assert {"id": made["id"], "value": "phone: +17025550100"} in second["customFields"]
    (told,) = journal.conflicts(hl.location_id)
    assert told["field"] == "phone" and "kept in Original_Values__c" in told["message"]
    assert journal.conflicts(hl.location_id, waiting=True) == []
    again = load(hl, journal, catalog, rows, run, options=QUICK)
    assert (again.unchanged, again.updated, again.rejected) == (2, 0, 0)


WANTED = {"phone": "+17025550100", "email": "a@b.co", t.ORIGINALS: "City: Elkoo"}
BOTH = "City: Elkoo\nphone: +17025550100"


@pytest.mark.parametrize(
    ("name", "held", "kept"),
    [
        ("phone", {t.ORIGINALS: BOTH}, True),
        (t.ORIGINALS, {t.ORIGINALS: BOTH}, True),
        ("email", {t.ORIGINALS: BOTH}, False),  # missing, and kept nowhere
        ("phone", {t.ORIGINALS: "City: Elkoo\nphone: +17025550999"}, False),  # another number
        (t.ORIGINALS, {t.ORIGINALS: "phone: +17025550100"}, False),  # a line of the export is gone
        (t.ORIGINALS, {t.ORIGINALS: BOTH + "\ncalled twice"}, False),  # somebody's own line
        ("city", {t.ORIGINALS: BOTH}, False),
    ],
)
def test_a_comparison_knows_a_value_that_was_kept_among_the_originals(name, held, kept):
    assert is_kept_beside(name, WANTED, held) is kept


@pytest.mark.parametrize("shared", ["phone", "email"])
def test_a_refused_update_loses_only_the_value_another_contact_has(account, journal, shared):
    hl = account.connect()
    values = {"phone": "+17025550111", "email": "taken@example.com"}
    hl.contacts.create(ContactCreate(first_name="Owner", **{shared: values[shared]}))
    run = journal.start_run(hl.location_id, "delta")
    catalog = provision(hl, small_schema(), journal, run)
    field = hl.custom_fields.v1.create(
        FieldCreateV1(name=t.ORIGINALS, data_type="LARGE_TEXT")
    )  # fmt: skip
    catalog.add_field(field_v1(field))
    options = LoadOptions(search_lag_s=2.0, workers=8)
    load(hl, journal, catalog, [contact(1)], run, options=options)
    changed = contact(1, city="Sparks", **{shared: values[shared]})
    result = load(hl, journal, catalog, [changed], run, options=options)
    assert result.rejected == 0 and result.updated == 1
    entry = journal.entry(hl.location_id, "contact:main/clients/1")
    now = hl.contacts.get(entry.hl_id)
    assert now["city"] == "Sparks" and now.get(shared) != values[shared]
    assert {"id": field["id"], "value": f"{shared}: {values[shared]}"} in now["customFields"]
    (conflict,) = journal.conflicts(hl.location_id)
    assert (conflict["field"], conflict["reason"], conflict["wanted"]) == (
        shared, "shared_field", values[shared],
    )  # fmt: skip
    assert "kept in Original_Values__c" in conflict["message"]


def test_of_two_changed_values_only_the_one_another_contact_has_is_left_out(account, journal):
    """The refusal names neither of the two (R07): who has them is looked up."""
    hl = account.connect()
    hl.contacts.create(ContactCreate(first_name="Owner", email="taken@example.com"))
    run = journal.start_run(hl.location_id, "delta")
    catalog = provision(hl, small_schema(), journal, run)
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    changed = contact(1, email="taken@example.com", phone="+17025550123")
    result = load(hl, journal, catalog, [changed], run, options=QUICK)
    assert (result.updated, result.rejected) == (1, 0)
    now = hl.contacts.get(journal.entry(hl.location_id, "contact:main/clients/1").hl_id)
    assert (now["phone"], now["email"]) == ("+17025550123", "c1@example.com")
    assert [c["field"] for c in journal.conflicts(hl.location_id)] == ["email"]


def test_the_gaps_of_anothers_address_stay_empty_in_every_later_load(ready):
    _, hl, journal, catalog, run = ready
    there = ContactCreate(
        first_name="Zoë 1", last_name="O'Neil", email="c1@example.com", city="Elko"
    )
    hl_id = hl.contacts.create(there)["id"]
    ours = contact(1, address1="9 Elm St", city="Reno", website="https://a.example.com")
    load(hl, journal, catalog, [ours], run, options=QUICK)
    later = contact(1, address1="9 Elm St", city="Sparks", website="https://b.example.com")
    load(hl, journal, catalog, [later], run, options=QUICK)
    held = hl.contacts.get(hl_id)
    assert (held["city"], held.get("address1") or None) == ("Elko", None)
    assert held["website"] == "https://b.example.com"
    kept = journal.entry(hl.location_id, ours.record_key).details["kept"]
    assert kept["fields.address1"] is None and kept["fields.city"] == "Elko"
