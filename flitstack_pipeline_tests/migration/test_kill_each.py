"""Kills at requests of every stage: what is there afterwards is what is there undisturbed.

All of them: `python -m flitstack_pipeline_tests.proofs kills`.
"""

import json
import subprocess
import sys

import pytest

from flitstack_pipeline_tests.migration import holdings


@pytest.mark.e2e
def test_a_stage_killed_at_any_request_and_continued_ends_as_if_nobody_had_disturbed_it(tmp_path):
    command = [sys.executable, "-m", "flitstack_pipeline_tests.migration.kill_each", str(tmp_path)]
    run = subprocess.run([*command, "--kills", "20", "--seed", "7"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["wrong"] == [] and told["kills"] == 20
    # a broken journal is made again from an old copy and from what HighLevel holds
    assert told["wrong repairs"] == []
    # the schema is made, records of every kind are loaded, the rollback leaves who was there
    assert told["requests"]["prepare"] > 100 and min(told["requests"].values()) > 20
    (contact,) = told["contacts left"]
    assert '"city": "Elko"' in contact and '"firstName": "Old"' in contact


def test_what_a_sub_account_holds_is_told_without_ids_but_with_everything_else():
    def dump(contact, note_of, stamp, more=()):
        return {
            "contacts": [{"id": contact, "email": "a@x.com", "dateAdded": stamp}],
            "notes": [{"id": f"n-{contact}", "contactId": note_of, "body": "Called"}, *more],
        }

    now, later = "2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    first = holdings.told(dump("c1c1c1c1c1", "c1c1c1c1c1", now))
    same = holdings.told(dump("d2d2d2d2d2", "d2d2d2d2d2", later))
    assert first == same
    elsewhere = holdings.told(dump("d2d2d2d2d2", "gone-to-another", later))
    assert holdings.different(elsewhere, first)
    twice = [{"id": "n-twice-twice", "contactId": "d2d2d2d2d2", "body": "Called"}]
    doubled = holdings.told(dump("d2d2d2d2d2", "d2d2d2d2d2", later, twice))
    assert holdings.different(doubled, first) == [
        "too much 1 x " + next(x for x in first if x.startswith("notes"))
    ]
