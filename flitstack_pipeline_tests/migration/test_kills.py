"""The loader is killed at random moments; afterwards nothing is missing and nothing is double."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.spec.targets import SOURCE_ID

COUNT = 40
KILLS = int(os.environ.get("FLITSTACK_KILLS", "10"))  # of each of the three tests
LOADER = [sys.executable, "-m", "flitstack_pipeline_tests.migration.kill_loader"]
ROOT = Path(__file__).parents[2]


def start(account, journal_url, what, count=COUNT):
    command = [*LOADER, account.url, journal_url, what, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_after_writes(account, process, writes):
    """SIGKILL once the sandbox has made so many more changes; False when it finished first."""
    assert process.stdout.readline() == "ready\n"
    target = account.stats()["writes"] + writes
    while process.poll() is None:
        if requests.get(f"{account.url}/_sandbox/stats", timeout=10).json()["writes"] >= target:
            process.kill()
            process.wait()
            return True
        time.sleep(0.002)
    return False


def source_ids(account):
    """How often each source key stands in the account, by kind of record."""
    dump = account.dump()
    by_id = {f["id"]: f["name"] for f in dump["custom_fields"]}
    found = Counter()
    for kind in ("contacts", "opportunities"):
        for record in dump[kind]:
            for cell in record["customFields"]:
                if by_id.get(cell["id"]) == SOURCE_ID:
                    value = (
                        cell.get("value") or cell.get("fieldValue") or cell.get("fieldValueString")
                    )
                    found[(kind, value)] += 1
    for record in dump["objects"]["custom_objects.invoice"]["records"]:
        found[("invoices", record["properties"]["source_system_id_c"])] += 1
    for note in dump["notes"]:
        found[("notes", note["body"].rsplit("ref: ", 1)[1])] += 1
    return found, dump


def expected():
    kinds = {"contacts": "clients", "opportunities": "jobs", "invoices": "invoices",
             "notes": "activities"}  # fmt: skip
    return {(k, f"main/{s}/{n}"): 1 for k, s in kinds.items() for n in range(COUNT)}


@pytest.mark.e2e
@pytest.mark.parametrize("faults", [{}, {"http_500_after": 0.03, "reset_after": 0.02, "seed": 9}])
def test_a_load_killed_again_and_again_ends_with_everything_once(account, tmp_path, faults):
    url = f"sqlite:///{tmp_path / 'killed.sqlite'}"
    chance, kills = random.Random(11), 0
    account.faults(**faults)
    while kills < KILLS:
        process = start(account, url, "load")
        if not kill_after_writes(account, process, chance.randint(1, 24)):
            break
        kills += 1
    process = start(account, url, "load")
    process.communicate(timeout=120)
    account.faults()
    assert process.returncode == 0
    found, dump = source_ids(account)
    assert dict(found) == expected()
    assert len(dump["relations"]) == COUNT and len(dump["businesses"]) == 1
    assert all(c.get("businessId") for c in dump["contacts"])
    assert kills >= 5
    with Journal(url) as journal:
        assert journal.open_intents("sandbox-location") == []


@pytest.mark.e2e
def test_a_rollback_killed_again_and_again_ends_with_nothing_left(account, tmp_path):
    url = f"sqlite:///{tmp_path / 'undone.sqlite'}"
    start(account, url, "load").communicate(timeout=120)
    chance, kills = random.Random(12), 0
    while kills < KILLS:
        process = start(account, url, "rollback")
        if not kill_after_writes(account, process, chance.randint(4, 20)):
            break
        kills += 1
    process = start(account, url, "rollback")
    process.communicate(timeout=120)
    assert process.returncode == 0 and kills >= 5
    _, dump = source_ids(account)
    assert dump["contacts"] == dump["opportunities"] == dump["relations"] == dump["notes"] == []
