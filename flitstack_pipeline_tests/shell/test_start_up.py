"""What a command may load before it knows what it has to do, and what it answers without."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flitstack_pipeline import cli, summary
from flitstack_pipeline.accounts import NotConfigured
from flitstack_pipeline.cli.terminal import Exit
from flitstack_pipeline.destination import SandboxUnusable
from flitstack_pipeline.errors import BadInput, exit_code
from flitstack_pipeline.highlevel.errors import Forbidden, HighLevelError, Unauthorized
from flitstack_pipeline.mapping.document import MapError
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.lock import LockLost, RunInProgress
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.migration.sending import CredentialsFailed, RunStopped
from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.services.foreign_migrations import OtherJournal
from flitstack_pipeline.services.workflows import WorkflowsRunning
from flitstack_pipeline.warehouse import WarehouseBusy

#: Libraries that take a tenth of a second or more to import; commands import them where they work.
HEAVY = {
    "dagster",
    "duckdb",
    "numpy",
    "openpyxl",
    "pandas",
    "pandera",
    "pyarrow",
    "pydantic",
    "requests",
    "splink",
    "sqlalchemy",
}
#: Rooms of this project that the help text needs.
OURS = {
    "flitstack_pipeline",
    "flitstack_pipeline.cli",
    "flitstack_pipeline.errors",
    "flitstack_pipeline.garbage",
    "flitstack_pipeline.migrations",
}
#: Rooms of plain declarations, which the help text names the source by, and the command's own.
DECLARING = ("flitstack_pipeline.cli.", "flitstack_pipeline.catalog", "flitstack_pipeline.sources")
#: Rooms that answer from what a step has left.
ANSWERING = {
    "flitstack_pipeline.summary",
    "flitstack_pipeline.private_files",
    "flitstack_pipeline.migration",
    "flitstack_pipeline.migration.report",
}


def run(*arguments, **environment):
    """What the command says and loads: (exit code, output, its modules)."""
    script = (
        "import sys\n"
        "from flitstack_pipeline.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('\\n'.join(['MODULES', *sys.modules]))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    said, _, modules = answer.stdout.partition("MODULES\n")
    return answer.returncode, said + answer.stderr, set(modules.split())


def assert_light(modules, ours=OURS, libraries=HEAVY):
    assert not {name.partition(".")[0] for name in modules} & libraries
    rooms = {name for name in modules if name.startswith("flitstack_pipeline")}
    assert {r for r in rooms if not r.startswith(DECLARING)} <= ours


def test_the_help_text_loads_neither_a_library_of_data_nor_a_room_of_the_migration():
    code, said, modules = run("--help")
    assert code == 0 and "Moves a contractor's business" in said
    assert_light(modules)


def test_status_and_refusals_are_answered_from_what_the_last_command_left(tmp_path):
    without_types = HEAVY - {"pydantic"}  # typer reads options with it
    found = run("status", FLITSTACK_DATA=str(tmp_path))
    assert found[0] == 0 and "duckdb" in found[2]
    again = run("status", FLITSTACK_DATA=str(tmp_path))
    assert again[:2] == found[:2]
    assert_light(again[2], OURS | ANSWERING, without_types)
    for command, why in ((["approve", "Ann"], "propose it"), (["delta"], "opens with the cutover")):
        code, said, modules = run(*command, FLITSTACK_DATA=str(tmp_path))
        assert code == Exit.WAITING and why in said
        assert_light(modules, OURS | ANSWERING, without_types)
    (tmp_path / "exports" / "clients.csv").write_text("Client ID,First Name\n1,Ann\n")
    assert "duckdb" in run("status", FLITSTACK_DATA=str(tmp_path))[2]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder with an answer kept."""
    monkeypatch.delenv("FLITSTACK_JOURNAL_URL", raising=False)
    for name in ("exports/a.csv", "decisions/questions.csv", "map.yaml", "journal.sqlite",
                 "warehouse.duckdb"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    summary.keep(tmp_path, {"status": "as it was"}, summary.stamps(tmp_path))
    assert summary.kept(tmp_path) == {"status": "as it was"}
    return tmp_path


@pytest.mark.parametrize(
    "name", ["exports/a.csv", "decisions/questions.csv", "map.yaml", "journal.sqlite"]
)
def test_an_answer_ends_with_one_byte_of_what_it_depends_on_even_with_the_time_set_back(home, name):
    path = home / name
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text("befor3")
    os.utime(path, ns=times)
    assert summary.kept(home) is None


def test_an_answer_ends_with_another_setting_with_its_moment_and_with_a_new_file(home, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("FLITSTACK_COUNTRY", "CA")
        assert summary.kept(home) is None
    assert summary.kept(home) is not None
    summary.keep(home, {}, summary.stamps(home), until=time.time() - 1)
    assert summary.kept(home) is None
    summary.keep(home, {}, summary.stamps(home))
    (home / "exports" / "b.csv").touch()
    assert summary.kept(home) is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("x"), 2), (MapError("x"), 2), (NotConfigured("x"), 2),
        (UnreadableFile(Path("a.csv"), "x", "y"), 2),
        (Refused("the load", ["x"]), 3), (WorkflowsRunning("the sample", ["x"]), 4),
        (OtherJournal("the sample", ["x"]), 4), (Unauthorized("GET", "/x"), 4),
        (Forbidden("GET", "/x"), 4), (CredentialsFailed("x"), 4), (HighLevelError("GET", "/x"), 6),
        (RunStopped("x"), 6), (RunInProgress("x"), 6), (LockLost("x"), 6), (JournalFailed("x"), 6),
        (WarehouseBusy("x"), 6), (SandboxUnusable("x"), 6), (OSError(28, "No space left"), 6),
        (FileNotFoundError(2, "No such file", "a.csv"), 2), (ValueError("x"), 70),
        (KeyError("x"), 70),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_an_error_ends_a_command_with_its_own_code_and_what_nobody_foresaw_is_a_bug(error, code):
    assert exit_code(error) == code


def test_a_bug_shows_its_trace_and_is_not_called_bad_input(monkeypatch, capsys):
    def broken(**_):
        raise ValueError("invalid literal for int()")

    monkeypatch.setattr(cli, "app", broken)
    monkeypatch.setattr("sys.argv", ["flitstack", "status"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 70
    assert "in broken" in said and "This is a bug in flitstack" in said
