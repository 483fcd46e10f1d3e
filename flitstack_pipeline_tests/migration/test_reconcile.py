"""Whatever somebody does to HighLevel by hand, reconciliation finds it."""

from dataclasses import replace

import pytest
import requests

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration.account_schema import build_catalog
from flitstack_pipeline.migration.compare import Verdict
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import reconcile

from . import conftest as small

LOCATION = "sandbox-location"


class Migrated:
    """A small migration that arrived, in an account one can tamper with."""

    def __init__(self, account, journal, rows):
        self.account, self.journal, self.rows, self.hl = account, journal, rows, account.connect()
        kinds = (t.ASSOCIATIONS["opportunity_invoice"], t.ASSOCIATIONS["contact_invoice"])
        schema = replace(small.small_schema(), associations=kinds)
        run = journal.start_run(LOCATION, "prepare")
        provision(self.hl, schema, journal, run)
        self.catalog = build_catalog(self.hl, [t.INVOICE])
        run = journal.start_run(LOCATION, "cutover", "clients")
        result = load(
            self.hl, journal, self.catalog, rows, run, options=LoadOptions(search_lag_s=0)
        )
        assert result.complete, result.problems
        journal.flush()

    def id_of(self, key):
        return self.journal.entry(LOCATION, key).hl_id

    def compare(self, rows=None):
        with PlannedRecords() as planned:
            planned.add(self.journal, LOCATION, rows or self.rows)
            found = read_back(self.hl, self.catalog, self.journal, planned.pairs())
            return reconcile(planned, found, {"main": {}},
                             known=lambda kind, ids: {})  # fmt: skip

    def call(self, method, path, body=None, **params):
        answer = requests.request(
            method, f"{self.account.url}{path}", json=body, params=params, timeout=10,
            headers={"Authorization": "Bearer pit-sandbox", "Version": "v3"},
        )  # fmt: skip
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}


def invoice_of_client(n):
    ends = [("first", f"contact:main/clients/{n}"), ("second", f"invoice:main/invoices/{n}")]
    key = f"relation:contact_invoice:main/invoices/{n}"
    return small.row(key, "relation", "contact_invoice", {}, ends, 2, "invoices")


@pytest.fixture
def migrated(account, journal):
    rows = [*small.many(3), *(invoice_of_client(n) for n in range(3))]
    return Migrated(account, journal, sorted(rows, key=lambda r: r.phase))


def test_a_migration_that_nobody_touched_reconciles(migrated):
    result = migrated.compare()
    assert result.good, result.problems
    assert result.by_object["clients"] == {"planned": 7, "verified": 7, "wrong": 0}
    paid = {r["measure"]: r for r in result.receivables if r["client"] == "contact:main/clients/0"}
    assert paid["invoiced"]["found"] == "15.25"
    assert result.links["opportunity_invoice"] == {"planned": 6, "right": 6}


def test_a_changed_field_is_found_with_both_values(migrated):
    contact = migrated.id_of("contact:main/clients/1")
    migrated.call("PUT", f"/contacts/{contact}", {"lastName": "Elsewhere"})
    (diff,) = migrated.compare().diffs
    assert (diff.record_key, diff.field) == ("contact:main/clients/1", "lastName")
    assert (diff.expected, diff.found, diff.verdict) == ("O'Neil", "Elsewhere", Verdict.DIFFERENT)


def test_a_deleted_link_is_found(migrated):
    relation = migrated.id_of("relation:opportunity_invoice:main/invoices/2")
    migrated.call("DELETE", f"/associations/relations/{relation}", locationId=LOCATION)
    result = migrated.compare()
    assert [m["record"] for m in result.missing] == ["relation:opportunity_invoice:main/invoices/2"]


def test_an_invoice_linked_to_another_client_is_found_as_link_and_as_money(migrated):
    migrated.call(
        "DELETE",
        f"/associations/relations/{migrated.id_of('relation:contact_invoice:main/invoices/0')}",
        locationId=LOCATION,
    )
    association = migrated.catalog.association("contact_invoice").id
    migrated.call(
        "POST", "/associations/relations",
        {"associationId": association, "locationId": LOCATION,
         "firstRecordId": migrated.id_of("contact:main/clients/1"),
         "secondRecordId": migrated.id_of("invoice:main/invoices/0")},
    )  # fmt: skip
    result = migrated.compare()
    assert result.counts["missing"] == 1
    assert result.counts["extra"] == 1
    wrong = {(r["client"], r["found"]) for r in result.receivables if r["difference"] != "0.00"}
    assert wrong == {("contact:main/clients/0", "0.00"), ("contact:main/clients/1", "30.50")}


def test_an_added_record_is_found_whether_or_not_it_carries_a_source_key(migrated):
    new = {"firstName": "Nobody", "lastName": "Planned", "locationId": LOCATION}
    made = migrated.call("POST", "/contacts/", new)["contact"]
    (extra,) = migrated.compare().extra
    assert (extra["hl_id"], extra["label"]) == (made["id"], "Nobody Planned")


def test_a_record_that_was_there_before_is_not_called_extra(account, journal):
    requests.post(
        f"{account.url}/contacts/", timeout=10,
        json={"firstName": "Old", "email": "old@mailbox.net", "locationId": LOCATION},
        headers={"Authorization": "Bearer pit-sandbox", "Version": "v3"},
    ).raise_for_status()  # fmt: skip
    result = Migrated(account, journal, small.many(2)).compare()
    assert result.good, result.problems
    assert result.before == {"contact": 1}


def test_a_swapped_option_and_changed_money_are_found(migrated):
    record = migrated.id_of("invoice:main/invoices/1")
    status = migrated.catalog.field(t.INVOICE, "Invoice_Status__c")
    total = migrated.catalog.field(t.INVOICE, "Total__c")
    body = {"properties": {status.key: status.encode("Overdue"), total.key: total.encode("99.00")}}
    migrated.call("PUT", f"/objects/{t.INVOICE}/records/{record}", body, locationId=LOCATION)
    result = migrated.compare()
    assert {(d.field, d.found) for d in result.diffs} == {
        ("Invoice_Status__c", "Overdue"), ("Total__c", "99")
    }  # fmt: skip
    assert result.counts["sums"] == 1
    assert result.counts["receivables"] == 1
    changed = [s for s in result.statuses if s["planned"] != s["found"]]
    assert {s["status"] for s in changed} == {"Paid", "Overdue"}


def test_a_changed_sum_of_a_job_is_found_per_client(migrated):
    job = migrated.id_of("opportunity:main/jobs/0")
    migrated.call("PUT", f"/opportunities/{job}", {"monetaryValue": 1.0})
    result = migrated.compare()
    wrong = [r for r in result.receivables if r["difference"] != "0.00"]
    assert [(r["measure"], r["planned"], r["found"]) for r in wrong] == [("jobs", "990.10", "1.00")]


def test_a_deleted_record_is_missing_with_the_links_that_hung_on_it(migrated):
    migrated.call("DELETE", f"/contacts/{migrated.id_of('contact:main/clients/2')}")
    missing = {m["record"] for m in migrated.compare().missing}
    assert "contact:main/clients/2" in missing
    assert "note:main/activities/2" in missing


def test_an_edit_that_a_person_decided_to_keep_is_explained(migrated):
    from dataclasses import replace

    key = "contact:main/clients/1"
    entry = migrated.journal.entry(LOCATION, key)
    migrated.call("PUT", f"/contacts/{entry.hl_id}", {"lastName": "Kept"})
    details = {**entry.details, "kept": {"fields.lastName": "Kept"}}
    migrated.journal.conclude([], [replace(entry, details=details)], wait=True)
    result = migrated.compare()
    assert result.good, result.problems
    assert result.rules["edited in HighLevel and kept"] == 1
    migrated.call("PUT", f"/contacts/{entry.hl_id}", {"lastName": "Edited again"})
    assert not migrated.compare().good


def test_the_journal_knows_records_that_are_no_longer_planned(migrated):
    with PlannedRecords() as planned:
        rows = [r for r in migrated.rows if "/1" not in r.record_key]
        planned.add(migrated.journal, LOCATION, rows)
        found = read_back(migrated.hl, migrated.catalog, migrated.journal, planned.pairs())

        def known(kind, ids):
            return dict.fromkeys(
                migrated.journal.known_ids(LOCATION, kind, ids), "no longer planned"
            )

        result = reconcile(planned, found, {"main": {}}, known=known)
    assert result.good, result.problems
    assert {e["why"] for e in result.explained} == {"no longer planned"}


def test_a_part_of_the_records_is_compared_without_asking_for_the_rest(migrated):
    some = [r for r in migrated.rows if r.kind in ("contact", "record")]
    with PlannedRecords() as planned:
        planned.add(migrated.journal, LOCATION, some)
        pairs = planned.pairs() | {("relation", "contact_invoice")}
        found = read_back(migrated.hl, migrated.catalog, migrated.journal, pairs)
        result = reconcile(planned, found, {"main": {}}, whole=False)
    assert result.good, result.problems
    assert result.extra == []
