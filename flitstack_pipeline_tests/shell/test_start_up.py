"""What a command may load before it knows what it has to do, and what it answers without."""

import os
import subprocess
import sys
import time

import pytest

from flitstack_pipeline import summary
from flitstack_pipeline.cli import ENDS, exit_code
from flitstack_pipeline.cli.terminal import Exit

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
OURS = {"flitstack_pipeline", "flitstack_pipeline.cli", "flitstack_pipeline.errors"}
#: Rooms that answer from what a step has left.
ANSWERING = {
    "flitstack_pipeline.summary",
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
    assert {r for r in rooms if not r.startswith("flitstack_pipeline.cli.")} <= ours


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
    for command, why in (("approve", "propose it"), ("delta", "opens with the cutover")):
        code, said, modules = run(command, *["Ann"][: command == "approve"],
                                  FLITSTACK_DATA=str(tmp_path))  # fmt: skip
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


def test_every_error_a_command_knows_is_known_by_the_name_of_one_class():
    from flitstack_pipeline import destination, steps  # noqa: F401 - they load every room

    def classes(kind):
        for each in kind.__subclasses__():
            yield each
            yield from classes(each)

    known = {c.__name__: c for c in classes(Exception)}
    for names, code in ENDS:
        for name in names:
            error = known[name].__new__(known[name])
            assert exit_code(error) == code or issubclass(known[name], OSError), name
