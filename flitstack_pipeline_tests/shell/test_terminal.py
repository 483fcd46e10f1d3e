"""The command's face: its version, the order of its commands, what it asks at a terminal."""

import os
import pty
import re
import subprocess
import sys

import pytest
import typer

from flitstack_pipeline.accounts import NotConfigured, accounts_of
from flitstack_pipeline.cli import app
from flitstack_pipeline.cli.terminal import ORDER
from flitstack_pipeline.migration.journal.history import rolled_back
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.settings import Settings

COMMAND = [sys.executable, "-m", "flitstack_pipeline.cli"]


def said(*arguments):
    answer = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    return answer.returncode, answer.stdout + answer.stderr


def test_the_version_is_that_of_the_project():
    code, text = said("--version")
    assert code == 0
    assert re.fullmatch(r"flitstack \d+\.\d+\.\d+\n", text)


def test_every_command_has_its_place_in_the_order_of_the_work():
    group = typer.main.get_command(app)
    assert list(group.commands) and set(group.commands) == set(ORDER)
    listed = group.list_commands(None)
    assert listed == list(ORDER)
    assert listed.index("audit") < listed.index("approve") < listed.index("rollback")


def test_a_rollback_at_a_terminal_asks_and_no_means_no(tmp_path):
    shown, answer = pty.openpty()
    os.write(shown, b"n\n")
    environment = {**os.environ, "FLITSTACK_DATA": str(tmp_path / "home")}
    ended = subprocess.run(
        [*COMMAND, "rollback"],
        stdin=answer,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    os.close(answer)
    os.close(shown)
    assert "Take everything back?" in ended.stdout + ended.stderr
    assert ended.returncode == 3
    assert not (tmp_path / "home" / "reports" / "rollback.html").exists()


def test_a_sub_account_without_its_token_is_not_the_sandbox():
    settings = Settings(HIGHLEVEL_LOCATION_ID="loc-1", HIGHLEVEL_TOKEN=None)
    with pytest.raises(NotConfigured, match="HIGHLEVEL_TOKEN: the token of the sub-account loc-1"):
        accounts_of(settings, ["main"], {})


def test_a_migration_is_rolled_back_until_something_is_loaded_again(tmp_path):
    with Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}") as journal:
        assert rolled_back(journal, "here") is None
        for stage in ("cutover", "rollback"):
            assert rolled_back(journal, "here") is None
            run = journal.start_run("here", stage)
            assert rolled_back(journal, "here") is None
            journal.end_run(run, "done")
        assert rolled_back(journal, "here")["id"] == run.id
        assert rolled_back(journal, "elsewhere") is None
        journal.set_setting("done:cutover", ["clients"])
        assert rolled_back(journal, "here") is None
