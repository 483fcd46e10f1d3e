"""A small migration against the sandbox over real HTTP."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.target_schema import PipelineSpec, ProductSpec, TargetSchema
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.pacing import UnlimitedPacer
from flitstack_pipeline.highlevel.retry import RetryPolicy
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.rows import MappedRow, payload_hash
from flitstack_pipeline.sandbox_process import start_sandbox


def named(target, *labels):
    return tuple(f for f in t.FIELDS[target] if f.label in labels)


def small_schema():
    return TargetSchema(
        fields={
            "contact": named("contact", t.SOURCE_ID, t.SOURCE_TYPE, "Estimated_Value__c", t.FILES,
                             "Original_Create_Date__c"),
            "opportunity": named("opportunity", t.SOURCE_ID, "Job_Amount__c", t.FILES),
            "business": t.FIELDS[t.BUSINESS],
            t.INVOICE: named(t.INVOICE, t.NAME, t.SOURCE_ID, "Total__c", "Paid_Date__c",
                             "Invoice_Status__c"),
        },
        objects=(t.OBJECTS[t.INVOICE],),
        associations=(t.ASSOCIATIONS["opportunity_invoice"],),
        pipeline=PipelineSpec(t.PIPELINE, t.STAGES),
        products=(ProductSpec("Paint", "12.50"),),
        tags=("contractor+ client",),
    )  # fmt: skip


def row(key, kind, target, payload, parents=(), phase=0, object_key="clients"):
    parents = [dict(zip(("role", "record_key"), p, strict=False)) for p in parents]
    return MappedRow(key, key.split(":", 1)[1], kind, target, payload,
                     payload_hash(payload, parents), phase, parents, key, "main",
                     object_key)  # fmt: skip


def contact(n, **fields):
    key = f"main/clients/{n}"
    values = {"firstName": f"Zoë {n}", "lastName": "O'Neil", "email": f"c{n}@example.com"}
    payload = {
        "fields": {**values, "tags": ["contractor+ client"], **fields},
        "custom": {t.SOURCE_ID: key, t.SOURCE_TYPE: "Client", "Estimated_Value__c": "1234.50",
                   "Original_Create_Date__c": "2024-02-29"},
    }  # fmt: skip
    payload["fields"] = {k: v for k, v in payload["fields"].items() if v is not None}
    return row(f"contact:{key}", "contact", "contact", payload)


def company(n):
    key = f"main/clients/{n}"
    return row(f"company:{key}", "company", "business",
               {"fields": {"name": f"Company {n}", "city": "Reno"},
                "custom": {t.SOURCE_ID: key}})  # fmt: skip


def company_link(n, of):
    key = f"main/clients/{n}"
    ends = [("contact", f"contact:{key}"), ("company", f"company:main/clients/{of}")]
    return row(f"company_link:{key}", "company_link", "company_link", {}, ends, 1)


def job(n, client, files=()):
    key = f"main/jobs/{n}"
    payload = {
        "fields": {"name": f"Job {n}", "monetaryValue": "990.10", "status": "won",
                   "stage": "Completed"},
        "custom": {t.SOURCE_ID: key, "Job_Amount__c": "990.10"},
    }  # fmt: skip
    if files:
        payload["files"] = list(files)
    parents = [("contact", f"contact:main/clients/{client}")]
    return row(f"opportunity:{key}", "opportunity", t.PIPELINE, payload, parents, 1, "jobs")


def invoice(n):
    key = f"main/invoices/{n}"
    fields = {t.NAME: f"INV-{n}", t.SOURCE_ID: key, "Total__c": "15.25",
              "Paid_Date__c": "2024-03-01", "Invoice_Status__c": "Paid"}  # fmt: skip
    return row(f"invoice:{key}", "record", t.INVOICE, {"fields": fields}, (), 1, "invoices")


def invoice_of_job(n):
    ends = [("first", f"opportunity:main/jobs/{n}"), ("second", f"invoice:main/invoices/{n}")]
    key = f"relation:opportunity_invoice:main/invoices/{n}"
    return row(key, "relation", "opportunity_invoice", {}, ends, 2, "invoices")


def note(n):
    key = f"main/activities/{n}"
    body = f"[2024-03-05 14:12 · call · Luis Ortega]\nCalled twice.\nContractor+ ref: {key}"
    return row(f"note:{key}", "note", "note", {"body": body},
               [("contact", f"contact:main/clients/{n}")], 2, "activities")  # fmt: skip


def many(n):
    """A migration of n of each kind, in load order."""
    rows = [contact(i) for i in range(n)] + [company(0)]
    rows += [company_link(i, 0) for i in range(n)]
    rows += [job(i, i) for i in range(n)] + [invoice(i) for i in range(n)]
    rows += [invoice_of_job(i) for i in range(n)] + [note(i) for i in range(n)]
    return sorted(rows, key=lambda r: r.phase)


@dataclass
class Account:
    """A sandbox sub-account and the way to it."""

    url: str
    sandbox: Any
    state: Path

    def connect(self, timeout_s=5.0, token=None, before_write=None):
        return connect(self.url, timeout_s, token, before_write)

    def dump(self):
        return requests.get(f"{self.url}/_sandbox/dump", timeout=10).json()

    def stats(self):
        return requests.get(f"{self.url}/_sandbox/stats", timeout=10).json()

    def faults(self, **spec):
        requests.post(f"{self.url}/_sandbox/faults", json=spec, timeout=10).raise_for_status()

    def injected(self):
        return requests.get(f"{self.url}/_sandbox/faults", timeout=10).json()["injected"]

    def reset(self):
        self.faults()
        requests.post(f"{self.url}/_sandbox/reset", timeout=10).raise_for_status()


def connect(url, timeout_s=5.0, token=None, before_write=None):
    connection = Connection(url, token or "pit-sandbox", "sandbox-location", "pit-agency-sandbox",
                            timeout_s=timeout_s)  # fmt: skip
    policy = RetryPolicy(tries=8, first_wait_s=0.01, interval_s=0.05, longest_wait_s=0.1)
    return HighLevel(
        HighLevelClient(connection, UnlimitedPacer(), retry=policy, before_write=before_write)
    )


#: Without limits; a refusal of a storm asks for a wait of a tenth of a second.
SANDBOX = {"rate": "1000000/0.1", "daily": 0, "search_lag_ms": 0,
           "allow_duplicate_opportunity": True}  # fmt: skip


#: What activities that keep their own time are imported with and into.
PROVIDER, CALENDAR = "a-provider", "a-calendar"
SEED = {
    "id": "sandbox-location", "conversationProviders": [PROVIDER],
    "calendars": [{"id": CALENDAR, "name": "Meetings"}],
}  # fmt: skip


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory):
    state = tmp_path_factory.mktemp("sandbox") / "state.sqlite"
    seed = state.with_name("seed.json")
    seed.write_text(json.dumps({"locations": [SEED]}))
    with start_sandbox(state=state, seed_location=seed, **SANDBOX) as running:
        yield Account(running.url, running, state)


@pytest.fixture
def account(_sandbox):
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def journal(tmp_path):
    with Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}") as opened:
        yield opened


@pytest.fixture
def folders(account, tmp_path):
    """Opens data folders that write to the same account."""
    from flitstack_pipeline_tests.migration.folders import Folder  # it uses this module

    opened = []

    def open_one(name):
        opened.append(Folder(account, tmp_path / f"{name}.sqlite", tmp_path))
        return opened[-1]

    yield open_one
    for one in opened:
        one.journal.close()
