"""The command's face: its version, the order of its commands, what it asks at a terminal."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console

from flitstack_pipeline.accounts import NotConfigured, accounts_of
from flitstack_pipeline.cli import app, terminal
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


def test_the_shell_completes_the_names_of_commands(tmp_path):
    asked = {"_FLITSTACK_COMPLETE": "complete_bash", "COMP_WORDS": "flitstack r", "COMP_CWORD": "1"}
    ended = subprocess.run(
        [Path(sys.executable).parent / "flitstack"], capture_output=True, text=True, timeout=60,
        env={**os.environ, **asked, "FLITSTACK_DATA": str(tmp_path / "home")},
    )  # fmt: skip
    assert set(ended.stdout.split()) == {"resolve", "retry", "reconcile", "rollback", "review"}
    assert not (tmp_path / "home").exists()


def test_the_sandbox_ends_with_the_code_of_its_own_error():
    assert said("sandbox", "--port", "none")[0] == 2


def test_a_table_too_wide_goes_on_below_and_cuts_nothing(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=out, width=40))
    row = {"record": "clients/1", **{f"column {n}": f"{n}" + "abcdefghij" * 3 for n in range(4)}}
    terminal.show_table("wide", [row])
    lines = out.getvalue().split("\n")
    assert max(map(len, lines)) <= 40 and "…" not in out.getvalue()
    told = "".join(out.getvalue().split())
    for value in row.values():
        assert value in told
    assert told.count("clients/1") > 1  # the first column stands before each part


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
