"""What is declared outside the package is migrated: each story in a process told of its file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["rebates", "fieldwork"])
def test_a_new_object_type_is_one_file_and_a_second_source_its_words(name, tmp_path):
    code, said = played(f"story_{name}.py", f"{name}.py", tmp_path)
    assert code == 0, said


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        ("COLUMNS = {'jbos': ()}", "no kind of export is called jbos"),
        (f"{MODEL}\nCOLUMNS = {{'jobs': columns('fee: Fee; monney')}}", "'monney' is no reading"),
        (f"{MODEL}\nSOURCE = Source('X', {{'jobs': 'jbo: Gig'}})", "jobs has no column jbo"),
    ],
)
def test_what_is_declared_wrongly_is_told_at_once(tmp_path, declaration, told):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(declaration)
    run = subprocess.run(
        [sys.executable, "-c", "import flitstack_pipeline.catalog.declared"],
        env={**os.environ, "FLITSTACK_CATALOG": str(wrong)}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode != 0 and told in run.stderr


def test_another_declaration_is_another_program_so_that_steps_run_again(tmp_path):
    ask = "from flitstack_pipeline.services.early_cutoff import code; print(code())"
    prints = []
    for columns in ("fee: Fee; money", "fee: Fee; money", "fee: Fee; text"):
        (tmp_path / "own.py").write_text(f"{MODEL}\nCOLUMNS = {{'jobs': columns('{columns}')}}")
        found = subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "FLITSTACK_CATALOG": str(tmp_path / "own.py")},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        prints.append(found.stdout)
    assert prints[0] == prints[1] != prints[2]
