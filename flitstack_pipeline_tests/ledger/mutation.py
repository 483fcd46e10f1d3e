"""Breaks the product and the exports on purpose, a small bug at a time; counts what is found.

    python -m flitstack_pipeline_tests.ledger.mutation [--seed 7] [--each 50] [--kind WORDS]

Prints found, missed and false alarms per kind, and ends with 1 when one is missed or a harmless
change raises an alarm.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from flitstack_pipeline_tests.ledger import product_mutants
from flitstack_pipeline_tests.ledger.workshop import Workshop

FOUND, MISSED, ALARM, QUIET, SAME = "found", "missed", "false alarms", "quiet", "no change"


def product(shop: Workshop, seed: int, each: int, kind: str = "") -> Counter:
    """Try `each` mutants of the product of every kind whose name has `kind` in it."""
    counts: Counter = Counter()
    before = shop.payloads()
    for name, mutants in product_mutants.kinds(shop).items():
        if kind not in name:
            continue
        for mutant in product_mutants.shuffled(mutants, seed):
            if counts[name, FOUND] + counts[name, MISSED] == each:
                break
            found = product_mutants.is_found(shop, mutant, before)
            counts[name, {None: SAME, True: FOUND, False: MISSED}[found]] += 1
            if found is False:
                print(f"missed: {name}: {mutant.name}", flush=True)
    return counts


def table(counts: Counter) -> str:
    """Found, missed and false alarms per kind, as text."""
    lines = [f"{'kind':<34}{'mutants':>8}{'found':>7}{'missed':>8}{'false alarms':>14}"]
    rows = {}
    for (kind, how), n in counts.items():
        rows.setdefault(kind, Counter())[how] += n
    for kind, told in [*rows.items(), ("in all", sum(rows.values(), Counter()))]:
        made = told[FOUND] + told[MISSED] + told[ALARM] + told[QUIET]
        lines.append(f"{kind:<34}{made:>8}{told[FOUND]:>7}{told[MISSED]:>8}{told[ALARM]:>14}")
    return "\n".join(lines)


def main() -> int:
    """Try the mutants and the controls, print the table; 1 when any is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--each", type=int, default=50)
    arguments.add_argument("--kind", default="")
    given = arguments.parse_args()
    started = time.monotonic()
    shop = Workshop()
    try:
        if shop.lost():
            print(f"the small exports themselves are not clean: {shop.cells()[:5]}")
            return 1
        counts = product(shop, given.seed, given.each, given.kind)
    finally:
        shop.close()
    print(table(counts))
    print(f"{time.monotonic() - started:.0f} s")
    return 1 if any(n for (_, how), n in counts.items() if how in (MISSED, ALARM)) else 0


if __name__ == "__main__":
    sys.exit(main())
