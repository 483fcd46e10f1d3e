"""What is declared outside the package is migrated: each story in a process told of its file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODEL = """from flitstack_pipeline.catalog.columns import columns
from flitstack_pipeline.catalog.model import Source"""


def played(story, declaration):
    """Run the tests of a story with `FLITSTACK_CATALOG` naming a file."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(HERE / story)],
        env={**os.environ, "FLITSTACK_CATALOG": str(HERE / declaration)},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip


@pytest.mark.e2e
def test_a_new_object_type_is_one_file_and_a_new_column_one_line():
    run = played("story_rebates.py", "rebates.py")
    assert run.returncode == 0, run.stdout[-5_000:]


@pytest.mark.e2e
def test_a_second_source_is_the_words_of_its_exports():
    run = played("story_fieldwork.py", "fieldwork.py")
    assert run.returncode == 0, run.stdout[-5_000:]


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
