"""The long proofs of `make test-all`, each with what it did and what it found, in one table.

    python -m flitstack_pipeline_tests.proofs [NAME …]

What belongs here: the list, the table, the exit code. What does not: the proofs; each is a function
in the room it is about, that takes a folder and a function to say how far it is, and returns Found.
"""

import argparse
import importlib
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Found:
    """What a proof did, in numbers by name, and everything it found wrong, in words."""

    did: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)


#: Name → where the function is: module and name.
PROOFS = {
    "lost_answers": ("flitstack_pipeline_tests.e2e.lost_answers", "prove_lost_answers"),
    "wild_answers": ("flitstack_pipeline_tests.e2e.wild_story", "prove_wild_answers"),
    "kills": ("flitstack_pipeline_tests.migration.kill_each", "prove_every_kill"),
    "random_kills": ("flitstack_pipeline_tests.migration.kill_many", "prove_random_kills"),
    "fleet": ("flitstack_pipeline_tests.fleet.story", "prove_fleet"),
    "mutants": ("flitstack_pipeline_tests.ledger.mutation", "prove_mutants"),
}
SHOWN = 20


def main(arguments=None):
    """Run the named proofs (none: all) and print the table; 1 when anything is wrong."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROOFS))
    names = asked.parse_args(arguments).names or list(PROOFS)
    unknown = set(names) - PROOFS.keys()
    if unknown:
        asked.error(f"no proof {', '.join(sorted(unknown))}; there are {', '.join(PROOFS)}")
    lines, bad = [], False
    for name in names:
        module, function = PROOFS[name]
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = getattr(importlib.import_module(module), function)(Path(folder), progress)
        bad |= bool(found.wrong)
        did = ", ".join(f"{number:,} {what}" for what, number in found.did.items())
        result = f"{len(found.wrong)} WRONG" if found.wrong else "holds"
        lines.append(f"{name:<12} {result:<10} {time.monotonic() - begun:7.0f} s  {did}")
        for wrong in found.wrong[:SHOWN]:
            print(f"{name}: {wrong}", flush=True)
    print(f"\n{'proof':<12} {'result':<10} {'time':>9}  what was done")
    print("\n".join(lines), flush=True)
    return int(bad)


def progress(text):
    """How far a proof is."""
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
