"""Hundreds of kills, calm and under fault storms: loads and rollbacks in turn.

    python -m flitstack_pipeline_tests.migration.kill_many [--kills 200] [--seed 1]

Every round loads a small account and rolls it back, killing both again and again, and compares the
sandbox's content with that of an undisturbed load and with what was there before. Exit code 1 when
anything was lost, doubled or left.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline_tests.migration.conftest import SANDBOX, Account
from flitstack_pipeline_tests.migration.killing import STORM, kill_round, undisturbed


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    kills, rounds, started = 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with start_sandbox(state=folder / "state.sqlite", **SANDBOX) as running:
            account = Account(running.url, running, folder / "state.sqlite")
            expected = undisturbed(account, folder)
            while kills < chosen.kills:
                rounds += 1
                faults = STORM if rounds % 2 == 0 else None
                seed = chosen.seed * 1000 + rounds
                try:
                    kills += kill_round(account, folder, f"r{rounds}", seed, 25, expected, faults)
                except AssertionError as error:
                    print(f"round {rounds}: {error}")
                    return 1
                print(f"round {rounds} ({'storm' if faults else 'calm'}): {kills} kills so far",
                      flush=True)  # fmt: skip
    seconds = time.monotonic() - started
    print(f"{kills} kills in {rounds} rounds, {seconds:.0f} s: nothing lost, nothing doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
