"""Loads and rollbacks are killed at random moments; afterwards nothing is missing, nothing double.

For longer: `-m flitstack_pipeline_tests.proofs random_kills`. Kills at chosen requests of every
stage: test_kill_each.py.
"""

import pytest

from flitstack_pipeline_tests.migration.killing import STORM, kill_round, undisturbed


@pytest.mark.e2e
def test_loads_and_rollbacks_killed_thirty_times_end_as_if_nobody_had_disturbed_them(
    account, tmp_path
):
    expected = undisturbed(account, tmp_path)
    kills = kill_round(account, tmp_path, "calm", 11, 10, expected)
    kills += kill_round(account, tmp_path, "storm", 12, 10, expected, STORM)
    assert kills >= 30
