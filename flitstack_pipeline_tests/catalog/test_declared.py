"""What one file declares is migrated: the story of `rebates.py`, in a process told of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.e2e
def test_a_new_object_type_is_one_file_and_a_new_column_one_line():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
         str(HERE / "story_rebates.py")],
        env={**os.environ, "FLITSTACK_CATALOG": str(HERE / "rebates.py")},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-5_000:]
    assert "passed" in run.stdout
