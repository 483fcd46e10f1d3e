"""Runs on several machines that fail; the whole proof: `-m flitstack_pipeline_tests.proofs fleet`.

In a process of its own, because it sets the environment of a fleet.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flitstack_pipeline_tests.migration.postgres import server_folder

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        server_folder() is None or shutil.which("redis-server") is None,
        reason="no Postgres or no Redis: apt-get install postgresql redis-server",
    ),
]


def test_killed_cut_off_and_stopped_runs_leave_every_migration_like_its_undisturbed_twin(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flitstack_pipeline_tests.fleet.story", str(tmp_path / "fleet")],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-6000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == []
    assert found["did"]["migrations"] == 3 and found["did"]["runs"] == 6
