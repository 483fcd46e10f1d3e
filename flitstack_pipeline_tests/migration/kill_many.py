"""Hundreds of kills at random moments, calm and under fault storms: loads and rollbacks in turn.

Every round loads a small account and rolls it back, killing both again and again, and compares the
sandbox's content with that of an undisturbed load and with what was there before.

    python -m flitstack_pipeline_tests.proofs random_kills
"""

from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline_tests.migration.conftest import SANDBOX, Account
from flitstack_pipeline_tests.migration.killing import STORM, kill_round, undisturbed
from flitstack_pipeline_tests.proofs import Found

KILLS = 200


def prove_random_kills(folder, progress):
    """At least so many kills, in rounds of at most fifty (`make test-all`)."""
    found, rounds, kills = Found(), 0, 0
    with start_sandbox(state=folder / "state.sqlite", **SANDBOX) as running:
        account = Account(running.url, running, folder / "state.sqlite")
        expected = undisturbed(account, folder)
        while kills < KILLS and not found.wrong:
            rounds += 1
            faults = STORM if rounds % 2 == 0 else None
            try:
                kills += kill_round(account, folder, f"r{rounds}", rounds, 25, expected, faults)
            except AssertionError as error:
                found.wrong.append(f"round {rounds}: {error}")
            progress(f"round {rounds} ({'storm' if faults else 'calm'}): {kills} kills so far")
    found.did = {"kills at random moments": kills, "rounds": rounds}
    return found
