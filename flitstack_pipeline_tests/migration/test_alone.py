"""One run per sub-account on a machine, whatever the data folder; real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flitstack_pipeline.migration.lock import RunInProgress
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.settings import Project

HOLD = """
import time
from flitstack_pipeline.settings import Project
from flitstack_pipeline.services.locking import exclusive_run
with exclusive_run(Project.from_environment().prepare(), "cutover"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Both folders' surroundings: one machine, one sub-account; this process is in `mine`."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "XDG_STATE_HOME": folder / "state", "HIGHLEVEL_TOKEN": "pit-x",
            "HIGHLEVEL_LOCATION_ID": "loc", "HIGHLEVEL_BASE_URL": "http://127.0.0.1:8001",
            "FLITSTACK_DATA": folder / "mine", "COLUMNS": "400",
        }.items():  # fmt: skip
            patch.setenv(name, str(value))
        patch.delenv("FLITSTACK_JOURNAL_URL", raising=False)
        yield folder


@pytest.fixture(scope="module")
def other(environment):
    """Another process, at work on the sub-account from a data folder of its own."""
    folder = environment / "theirs"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE,
        env={**os.environ, "FLITSTACK_DATA": str(folder)},
    )  # fmt: skip
    assert child.stdout.readline() == b"held\n"
    yield child, folder
    child.kill()
    child.wait()


def mine(what="delta"):
    return exclusive_run(Project.from_environment().prepare(), what)


def test_a_run_from_another_data_folder_is_refused_with_who_since_when_and_what_to_do(other):
    child, folder = other
    with pytest.raises(RunInProgress) as refused, mine():
        pass
    said = str(refused.value)
    assert f"process {child.pid}" in said and str(folder) in said and "cutover" in said
    assert "UTC" in said and f"kill {child.pid}" in said


def test_the_command_ends_with_code_six_and_names_the_other_run(other):
    child, _ = other
    done = subprocess.run(
        [sys.executable, "-m", "flitstack_pipeline.cli", "rollback"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert f"process {child.pid}" in done.stderr and "Traceback" not in done.stderr


def test_stand_ins_on_different_ports_are_different_accounts(other, monkeypatch):
    monkeypatch.setenv("HIGHLEVEL_BASE_URL", "http://127.0.0.1:8002")
    with mine():
        pass
    monkeypatch.setenv("HIGHLEVEL_BASE_URL", "http://localhost:8001")
    with pytest.raises(RunInProgress), mine():
        pass


def test_the_lock_of_a_killed_run_in_another_folder_heals_at_once(other):
    child, _ = other
    child.kill()
    child.wait()
    with mine(), mine("nested"):
        pass


def test_without_a_home_to_write_to_the_journals_lock_must_do(environment, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(Path("/proc/nowhere")))
    with mine():
        pass
