"""The whole story over real HTTP: exports in, sample, approval, cutover, reconciliation, again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from flitstack_pipeline.contractor_plus.examples import generate
from flitstack_pipeline.sandbox.process import start_sandbox

pytestmark = pytest.mark.e2e


def flitstack(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "flitstack_pipeline.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """A data folder with small exports, and a sandbox that plays the configured account."""
    root = tmp_path_factory.mktemp("migration")
    generate(root / "exports", clients=25, seed=11)
    options = {"search_lag_ms": 0, "rate": "none", "allow_duplicate_contact": True}
    with start_sandbox(root / "hl.sqlite", allow_duplicate_opportunity=True, **options) as sandbox:
        environment = {
            **os.environ,
            "FLITSTACK_DATA": str(root),
            "HIGHLEVEL_TOKEN": sandbox.token,
            "HIGHLEVEL_AGENCY_TOKEN": sandbox.agency_token,
            "HIGHLEVEL_LOCATION_ID": sandbox.location_id,
            "HIGHLEVEL_BASE_URL": sandbox.url,
        }
        yield root, sandbox, environment


def test_the_gate_is_shut_until_a_person_confirms_and_approves(account):
    _, _, environment = account
    done = flitstack(environment, "migrate")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "confirm" in done.stdout


def test_the_whole_migration_arrives_and_a_second_run_writes_nothing(account):
    root, sandbox, environment = account
    arguments = ("migrate", "--confirm-map", "Ann", "--approve-sample", "Ann")
    done = flitstack(environment, *arguments)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    held = requests.get(f"{sandbox.url}/_sandbox/dump", timeout=30).json()
    fields = {f["id"]: f["name"] for f in held["custom_fields"]}
    keys = {
        c["value"]
        for contact in held["contacts"]
        for c in contact["customFields"]
        if fields.get(c["id"]) == "Source_System_ID__c"
    }
    assert {k.split("/")[1] for k in keys} == {"clients", "leads"}
    assert held["opportunities"] and held["relations"] and held["notes"] and held["files"]
    assert held["objects"]["custom_objects.invoice"]["records"]
    before = requests.get(f"{sandbox.url}/_sandbox/stats", timeout=30).json()
    again = flitstack(environment, *arguments)
    assert again.returncode == 0, again.stdout[-4000:] + again.stderr[-2000:]
    after = requests.get(f"{sandbox.url}/_sandbox/stats", timeout=30).json()
    assert (after["creates"], after["updates"]) == (before["creates"], before["updates"])
    assert Path(root / "reports" / "reconciliation.html").exists()


def test_a_tampered_field_is_found_by_reconciliation(account):
    _, sandbox, environment = account
    held = requests.get(f"{sandbox.url}/_sandbox/dump", timeout=30).json()
    contact = next(c for c in held["contacts"] if c["city"])
    headers = {"Authorization": f"Bearer {sandbox.token}", "Version": "v3"}
    requests.put(
        f"{sandbox.url}/contacts/{contact['id']}",
        headers=headers,
        json={"city": "Elsewhere"},
        timeout=30,
    ).raise_for_status()
    done = flitstack(environment, "reconcile")
    assert done.returncode == 5
    assert "Elsewhere" in done.stdout


def test_status_is_json_for_programs_and_holds_no_token(account):
    _, sandbox, environment = account
    done = flitstack(environment, "status", "--json")
    found = json.loads(done.stdout)
    assert all(c["ok"] for c in found["gate"])
    assert sandbox.token not in done.stdout
