"""Whatever is broken in a data folder: every command ends with a sentence and the right exit code.

Exit codes by hand: 2 for what a person must put right first, 6 for what passes (a full disk).
"""

import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest
import typer

from flitstack_pipeline import cli
from flitstack_pipeline.cli.terminal import app
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.warehouse import Warehouse
from flitstack_pipeline_tests.shell import homes as h

#: Every command, with arguments that let it begin.
COMMANDS = (
    "preflight", "prepare", "inspect FILE", "questions", "answer date:* mdy",
    "acknowledge", "acknowledge all --by Ana", "counts", "explain clients why --by Ana",
    "trace main/clients/1", "retry", "migrate", "audit", "status", "status --json", "approve Ana",
    "reconcile", "delta", "resolve", "rollback", "rollback --dry-run", "map check",
    "map confirm Ana", "map diff", "map workbook", "map show", "map import FILE", "map propose",
    "journal export", "journal migrate", "workflows document FILE",
    "journal repair", "stage FILE", "review invite main Ana", "review revoke main Ana",
    "review invites", "cache", "cache --empty",
)  # fmt: skip
#: Commands whose second word is a command too.
GROUPS = ("map", "journal", "workflows", "review")
#: They open no data folder, or serve until they are stopped.
ELSEWHERE = {"sandbox", "examples", "workflows template", "ui", "doctor", "new", "list", "close"}
#: They work for seconds where nothing stops them, so they run where something must.
LONG = {"audit", "migrate", "map propose", "map confirm Ana", "map workbook"}

JOURNAL = ("preflight", "prepare", "acknowledge", "acknowledge all --by Ana", "retry", "migrate",
           "status", "status --json", "approve Ana", "reconcile", "delta", "resolve", "rollback",
           "rollback --dry-run", "journal export")  # fmt: skip
MAP = ("preflight", "prepare", "questions", "migrate", "status", "status --json", "approve Ana",
       "reconcile", "rollback", "map check", "map confirm Ana", "map show", "map propose",
       "map workbook")  # fmt: skip
DATA_FOLDER = tuple(c for c in COMMANDS if c not in ("inspect FILE", "workflows document FILE"))


def test_every_command_of_the_program_is_tried():
    def names(command, before=""):
        for name, one in getattr(command, "commands", {}).items():
            yield from (
                names(one, f"{before}{name} ") if hasattr(one, "commands") else [before + name]
            )

    known = set(names(typer.main.get_command(app)))
    tried = {" ".join(c.split()[: 2 if c.split()[0] in GROUPS else 1])
             for c in COMMANDS}  # fmt: skip
    assert known - ELSEWHERE == tried


@pytest.fixture(scope="module")
def sound():
    """A data folder without exports, with a map, decisions and a journal of one run."""
    home = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
    home.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        _environment(patch, home / "x")
        assert h.flitstack("map", "propose")[0] == 0
    with Journal(f"sqlite:///{home / 'x' / h.JOURNAL}") as journal:
        with journal.running("sandbox-location", "prepare"):
            pass
        journal.set_setting("objects", [f"custom_objects.{n:03}" for n in range(2000)])
    (home / "x" / "decisions" / "questions.csv").write_text("key,answer\n")
    yield home / "x"
    shutil.rmtree(home)


@pytest.fixture
def home(sound, monkeypatch):
    copy = sound.parent / "home"
    shutil.copytree(sound, copy)
    _environment(monkeypatch, copy)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)
    copy.unlink(missing_ok=True)


def _environment(patch, data):
    patch.setenv("FLITSTACK_DATA", str(data))
    patch.setenv("FLITSTACK_MEMORY", "off")
    patch.setenv("COLUMNS", "500")
    for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", "FLITSTACK_JOURNAL_URL"):
        patch.delenv(name, raising=False)


def every_command_says(home, words, code, of, around=nullcontext):
    """Run every command; those in `of` must end with `code` and say `words`."""
    file = home.parent / "file.csv"
    file.write_text("Client ID,First Name\n1,Ana\n")
    file.chmod(0o644)
    for command in COMMANDS:
        if command in LONG and command not in of:
            continue
        with around():
            found, _, said = h.flitstack(*command.replace("FILE", str(file)).split())
        assert found in tuple(cli.Exit) and "Traceback" not in said, f"{command}: {found} {said}"
        if command in of:
            said = " ".join(said.split())  # however wide the terminal is
            assert found == code and words in said, f"{command}: {found} {said}"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda home: h.halve(home / h.JOURNAL), "is damaged"),
        (lambda home: h.noise(home / h.JOURNAL), "is damaged"),
        (lambda home: (home / h.JOURNAL).write_text("no database" * 999), "is damaged"),
        (lambda home: h.folder_in_place_of(home / h.JOURNAL), "is a folder"),
        (lambda home: h.emptied_with_a_copy(home), "is empty, and there is a copy"),
        (lambda home: h.sql(home / h.JOURNAL, "PRAGMA user_version = 99"), "Update flitstack"),
        (
            lambda home: h.sql(home / h.JOURNAL, "ALTER TABLE id_map ADD COLUMN colour TEXT"),
            "what this flitstack does not know (id_map.colour)",
        ),
        (
            lambda home: h.sql(home / h.JOURNAL, "ALTER TABLE id_map DROP COLUMN before_image"),
            "lacks id_map.before_image. `flitstack journal repair`",
        ),
        (
            lambda home: h.sql(
                home / h.JOURNAL, "DROP TABLE originals", "PRAGMA user_version = 0"
            ),
            "`flitstack journal migrate`",
        ),
    ],
    ids=("half", "noise", "text", "folder", "empty", "newer", "column added", "column dropped",
         "older"),
)  # fmt: skip
def test_a_broken_journal_is_said_by_every_command_that_needs_it(home, broken, words):
    broken(home)
    every_command_says(home, words, 2, JOURNAL)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda home: h.not_utf8(home / h.MAP), "map.yaml is not in UTF-8 (line 1)"),
        (lambda home: h.folder_in_place_of(home / h.MAP), "map.yaml is a folder"),
    ],
    ids=("not in UTF-8", "a folder"),
)
def test_a_broken_map_is_said_by_every_command_that_needs_it(home, broken, words):
    broken(home)
    every_command_says(home, words, 2, MAP)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda home: h.scrambled_decisions(home), "questions.csv is no text"),
        (
            lambda home: h.folder_in_place_of(home / "decisions" / "questions.csv"),
            "questions.csv is a folder",
        ),
    ],
    ids=("noise", "a folder"),
)
def test_broken_decisions_are_said(home, broken, words):
    broken(home)
    every_command_says(home, words, 2, ("questions", "audit", "status"))


@pytest.mark.parametrize("name", ["exports", "reports", "decisions"])
def test_a_file_in_the_place_of_a_folder_is_said(home, name):
    h.file_in_place_of(home / name)
    every_command_says(home, f"{name} is a file, and must be a folder", 2, DATA_FOLDER)


def test_a_data_folder_that_is_a_file_is_said(home):
    h.file_in_place_of(home)
    every_command_says(home, "home is a file, and must be a folder", 2, DATA_FOLDER)


def test_an_empty_name_of_the_data_folder_is_said(home, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DATA", " ")
    every_command_says(home, "FLITSTACK_DATA is set, but empty", 2, DATA_FOLDER)


def test_a_data_folder_this_user_may_not_write_is_said(home):
    home.chmod(0o555)
    every_command_says(home, "cannot be written by this user", 2, DATA_FOLDER, h.rights_count)


def test_exports_this_user_may_not_read_are_said_by_name(home):
    export = home / "exports" / "clients.csv"
    export.write_text("Client ID,First Name\n1,Ana\n")
    export.chmod(0)
    every_command_says(home, "clients.csv may not be read", 2, ("audit",), h.rights_count)


def test_a_full_disk_is_said_and_passes(home):
    (home / "exports" / "clients.csv").write_text("Client ID,First Name\n1,Ana\n")
    every_command_says(home, "The disk is full", 6, ("audit",), h.full_disk)
    assert h.flitstack("audit")[0] == 0


def test_a_damaged_warehouse_is_said_to_be_damaged_and_made_again(home):
    (home / "exports" / "clients.csv").write_text(
        "Client ID,First Name,Last Name,Email\n1,Ana,Ruiz,ana@example.com\n"
    )
    (home / h.WAREHOUSE).write_text("no database")
    code, said, refused = h.flitstack("counts")
    assert "is damaged" in refused and "It was set aside as warehouse.damaged.duckdb" in refused
    assert code == 0 and "none given" in said, refused
    with Warehouse(home / h.WAREHOUSE).connect() as con:
        found = con.execute("SELECT source_key, first_name FROM clean.clients").fetchall()
    assert found == [("main/clients/1", "Ana")]


#: What each command ends with in an empty folder, by hand: 0 where there is nothing to do, 2 where
#: something was named that is not there, 3 where something comes first.
NAMED = ("answer date:* mdy", "explain clients why --by Ana", "trace main/clients/1",
         "map confirm Ana", "map diff", "map workbook", "map show", "map import FILE",
         "workflows document FILE", "review revoke main Ana")  # fmt: skip
FIRST = ("preflight", "prepare", "migrate", "audit", "approve Ana", "reconcile", "delta",
         "map check")  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_in_an_empty_folder_every_command_says_what_comes_first(tmp_path, monkeypatch, command):
    (home := tmp_path / "empty").mkdir()
    _environment(monkeypatch, home)
    (tmp_path / "file.csv").write_text("Client ID,First Name\n1,Ana\n")
    code, said, refused = h.flitstack(*command.replace("FILE", str(tmp_path / "file.csv")).split())
    assert code == (2 if command in NAMED else 3 if command in FIRST else 0), said + refused
    assert "Traceback" not in said + refused
    if command in ("map confirm Ana", "map workbook"):
        assert "`flitstack map propose` makes it" in " ".join(refused.split())


def test_an_empty_folder_has_no_price_and_no_certificate(tmp_path, monkeypatch):
    _environment(monkeypatch, tmp_path)
    _, said, _ = h.flitstack("audit")
    assert "quote: cannot be told: no file was read" in said and "900" not in said
    code, _, refused = h.flitstack("reconcile")
    told = " ".join(refused.split())  # the terminal is as narrow as it is
    assert code == 3 and "Nothing was loaded yet" in told and "`flitstack migrate`" in told
    assert not list((tmp_path / "reports").glob("*certificate*"))
