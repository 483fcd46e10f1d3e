"""What is declared outside the package is migrated: each story in a process told of its file."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flitstack_pipeline.catalog.columns import column
from flitstack_pipeline.catalog.jobs import JOBS
from flitstack_pipeline.catalog.model import Column, Source

HERE = Path(__file__).parent
MODEL = """from flitstack_pipeline.catalog.columns import columns
from flitstack_pipeline.catalog.model import Source"""


def played(story, declaration, folder):
    """The exit code and the words of a story's tests, with `FLITSTACK_CATALOG` naming a file.

    A file takes the words: the sandbox of the story would keep a pipe open.
    """
    said = folder / "said.txt"
    with said.open("w") as out:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
             str(HERE / story)],
            env={**os.environ, "FLITSTACK_CATALOG": str(HERE / declaration)},
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return run.returncode, said.read_text()[-5_000:]


def ran(code, *files):
    """A process of some code, with `FLITSTACK_CATALOG` naming files."""
    named = os.pathsep.join(map(str, files))
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "FLITSTACK_CATALOG": named},
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["rebates", "fieldwork"])
def test_a_new_object_type_is_one_file_and_a_second_source_its_words(name, tmp_path):
    code, said = played(f"story_{name}.py", f"{name}.py", tmp_path)
    assert code == 0, said


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        ("COLUMNS = {'jbos': ()}", ".py: no object type has a kind of export called jbos"),
        ("COLUMNS = {", ".py:1: "),
        (f"{MODEL}\nCOLUMNS = {{'jobs': columns('fee: Fee; monney')}}",
         ".py:3: column fee: 'monney' is no reading"),
        (f"{MODEL}\nSOURCE = Source('X', {{'jobs': 'jbo: Gig'}})", "jobs has no column jbo"),
        (f"{MODEL}\nSOURCE = Source('X', stems={{'gigs': ()}})",
         "no object type has a kind of export called gigs"),
        (f"{MODEL}\nCOLUMNS = {{'jobs': columns('amount: Fee; money')}}",
         "jobs: several columns are called amount"),
        (f"{MODEL}\nCOLUMNS = {{'jobs': columns('fee: Fee; number of jbos')}}",
         "no object type is called jbos"),
        (f"{MODEL}\nCOLUMNS = {{'visits': columns('fee: Fee; money; Fee__c')}}",
         "visits: its rows become no record, so fee can have no field"),
        ("from dataclasses import replace\n"
         "from flitstack_pipeline_tests.catalog.rebates import CLAIMS\n"
         "OBJECT_TYPES = (replace(CLAIMS, parents=('estimates',)),)",
         "rebate_claims: records have no links with those of estimates"),
        ("from flitstack_pipeline.catalog.work_orders import WORK_ORDERS\n"
         "OBJECT_TYPES = (WORK_ORDERS,)", "several are called work_orders"),
    ],
)  # fmt: skip
def test_what_is_declared_wrongly_is_told_with_its_file(tmp_path, declaration, told):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(declaration)
    run = ran("from flitstack_pipeline.catalog import declared", wrong)
    assert run.returncode != 0
    assert f"BadInput: FLITSTACK_CATALOG: {wrong}" in run.stderr and told in run.stderr


def test_a_command_says_it_in_a_sentence(tmp_path):
    (tmp_path / "wrong.py").write_text("COLUMNS = {")
    run = ran("from flitstack_pipeline import cli", tmp_path / "wrong.py")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"FLITSTACK_CATALOG: {tmp_path / 'wrong.py'}:1: ")
    assert len(run.stderr.splitlines()) == 1


def test_files_add_columns_to_one_kind_and_only_one_names_the_tool(tmp_path):
    files = [tmp_path / "one.py", tmp_path / "two.py"]
    for file in files:
        file.write_text(f"{MODEL}\nCOLUMNS = {{'jobs': columns('{file.stem}: ; money')}}")
    jobs = "from flitstack_pipeline.catalog.declared import BY_KEY; jobs = BY_KEY['jobs'].main"
    ask = f"{jobs}; print([*jobs.by_name][-2:])"
    assert ran(ask, *files).stdout == "['one', 'two']\n"
    for file in files:
        file.write_text(f"{MODEL}\nSOURCE = Source('X')")
    assert "several files name a SOURCE" in ran(ask, *files).stderr


@pytest.mark.parametrize(
    "line", ["fee: Fee; money ass cost", "fee: Fee; money required as cost", "fee: Fee; money as"]
)
def test_what_stands_behind_a_reading_is_understood_or_refused(line):
    with pytest.raises(ValueError, match="column fee: behind the reading"):
        column(line)


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("fee: Fee; status", "words"), ("fee: Fee; day_and_time", "beside"),
        ("fee: Fee; time_beside", "beside"), ("fee: Fee; key", "parent"),
    ],
)  # fmt: skip
def test_a_reading_of_more_than_its_cell_says_of_what(line, needed):
    with pytest.raises(ValueError, match=f"column fee: .* needs `{needed}`"):
        column(line)


def test_a_second_column_of_closed_words_does_not_take_the_place_of_the_first():
    phase = column("phase: Phase; status", ("early", "late"))
    with pytest.raises(ValueError, match="jobs: one column has closed words, not status, phase"):
        replace(JOBS.main, columns=(*JOBS.main.columns, phase))


def test_names_that_stand_in_sql_are_plain_and_closed_words_are_known():
    for name in ("Permit Fee", "fee; drop table x", "fee-2"):
        with pytest.raises(ValueError, match="small letters"):
            Column(name, "Fee")
    with pytest.raises(LookupError, match="jobs has no status wraped"):
        Source("X", words={"jobs": ("wraped finito",)}).of(JOBS.main)


def test_another_declaration_is_another_program_so_that_steps_run_again(tmp_path):
    ask = "from flitstack_pipeline.services.early_cutoff import code; print(code())"
    own = tmp_path / "own.py"
    prints = []
    for columns in ("fee: Fee; money", "fee: Fee; money", "fee: Fee; text"):
        own.write_text(f"{MODEL}\nCOLUMNS = {{'jobs': columns('{columns}')}}")
        prints.append(ran(ask, own).stdout)
    assert prints[0] and prints[0] == prints[1] != prints[2]
