"""The embedded sandbox of a data folder: one at a time, shared or waited for; the programs."""

import json
import subprocess
import sys
import threading

import pytest
import requests

from flitstack_pipeline import destination
from flitstack_pipeline.accounts import Account
from flitstack_pipeline.destination import SandboxUnusable, serving_sandbox
from flitstack_pipeline.settings import Project, Settings

OFFICE = Account("main", "loc-main", "pit-main")
BRANCH = Account("dallas", "loc-dallas", "pit-dallas")


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, Settings()).prepare()


def test_two_commands_at_once_use_one_sandbox(project):
    """The second meets the state in use before the address is written, waits, and shares."""
    address = project.sandbox_state.parent / "address.json"
    with serving_sandbox(project, [OFFICE]) as first:
        known = address.read_text()
        address.unlink()
        late = threading.Timer(1.0, address.write_text, [known])
        late.start()
        with serving_sandbox(project, [OFFICE]) as second:
            assert second == first
        late.join()
    assert not address.exists()


def test_a_sandbox_in_use_with_other_accounts_is_refused_with_its_process(project, monkeypatch):
    monkeypatch.setattr(destination, "IN_USE_S", 0.5)
    with serving_sandbox(project, [OFFICE]) as url:
        with (
            pytest.raises(SandboxUnusable, match=r"in use .*process \d+.*Wait until"),
            serving_sandbox(project, [OFFICE, BRANCH]),
        ):
            pass
        assert requests.get(f"{url}/_sandbox/stats", timeout=5).ok


def test_an_address_left_behind_by_a_killed_command_does_not_mislead(project):
    address = project.sandbox_state.parent / "address.json"
    address.parent.mkdir(parents=True)
    left = {"url": "http://127.0.0.1:9", "pid": 1, "locations": ["loc-main"]}
    address.write_text(json.dumps(left))
    with serving_sandbox(project, [OFFICE]) as url:
        assert url != left["url"]
        assert requests.get(f"{url}/_sandbox/stats", timeout=5).ok


@pytest.mark.parametrize(("program", "word"), [("sandbox", "--state"), ("examples", "--delta")])
def test_the_command_shows_the_help_of_the_programs_apart(program, word):
    command = [sys.executable, "-m", "flitstack_pipeline.cli", program, "--help"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert found.returncode == 0 and word in found.stdout
    assert f"flitstack {program}" in found.stdout


def test_the_command_makes_example_exports_and_refuses_a_size_that_makes_no_sense(tmp_path):
    command = [sys.executable, "-m", "flitstack_pipeline.cli", "examples", str(tmp_path / "x")]
    made = subprocess.run([*command, "--clients", "3"], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0 and "jobs.csv: " in made.stdout
    assert (tmp_path / "x" / "clients_1.csv").exists()
    none = subprocess.run([*command, "--clients", "0"], capture_output=True, text=True, timeout=60)
    assert none.returncode == 2
    assert none.stderr == "examples: --clients must be at least 1, not 0\n"
