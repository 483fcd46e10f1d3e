"""Breaks the product and the exports on purpose, a small bug at a time; counts what is found.

    python -m flitstack_pipeline_tests.ledger.mutation [--seed 7] [--each 45] [--kind WORDS]

Prints found, missed and false alarms per kind; ends with 1 when a mutant is missed or a harmless
change raises an alarm.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from flitstack_pipeline_tests.ledger import controls, export_mutants, product_mutants
from flitstack_pipeline_tests.ledger.workshop import Workshop
from flitstack_pipeline_tests.proofs import Found

FOUND, MISSED, ALARM, QUIET, SAME = "found", "missed", "false alarms", "quiet", "no change"
WRONG = (MISSED, ALARM)
SEED, EACH = 7, 45
#: What a try came to: (kind, what it was, how it ended).
Result = tuple[str, str, str]


def product(shop: Workshop, seed: int, each: int, kind: str = "") -> Iterator[Result]:
    """Try `each` mutants of the product of every kind whose name has `kind` in it."""
    before = shop.payloads()
    for name, mutants in product_mutants.kinds(shop).items():
        made = 0
        for mutant in product_mutants.shuffled(mutants, seed) if kind in name else ():
            if made == each:
                break
            found = product_mutants.is_found(shop, mutant, before)
            made += found is not None
            yield name, mutant.name, {None: SAME, True: FOUND, False: MISSED}[found]


def exports(shop: Workshop, seed: int, each: int, kind: str = "") -> Iterator[Result]:
    """Try `each` damages of exports of every such kind."""
    for name, damages in export_mutants.kinds().items():
        for damage in export_mutants.shuffled(damages, seed)[:each] if kind in name else ():
            outcome = export_mutants.outcome(shop, damage)
            how = FOUND if outcome in damage.expected else MISSED
            yield name, f"{damage.name} ({outcome})", how


def harmless(shop: Workshop, seed: int, each: int, kind: str = "") -> Iterator[Result]:
    """Try at least `each` harmless changes of every such kind, several in one run."""
    for name, changes in controls.kinds().items():
        made = 0
        for group in controls.runs(changes, seed) if kind in name else ():
            if made >= each:
                break
            told = controls.alarms(shop, group)
            made += len(group)
            for change in group:
                text = told.get(change.name, "")
                yield name, f"{change.name} {text}", ALARM if text else QUIET


def tries(shop: Workshop, seed: int, each: int, kind: str = "") -> Iterator[Result]:
    """Try every mutant and control, `each` of a kind; the small exports themselves first."""
    lost = shop.lost()
    yield "control: the small exports", str(shop.cells()[:5]), ALARM if lost else QUIET
    for part in (product, exports, harmless):
        yield from part(shop, seed, each, kind)


def prove_mutants(folder: Path, progress: Callable[[str], None]) -> Found:
    """Forty-five mutants and controls of each kind, as a proof of `make test-all`."""
    found, shop = Found(), Workshop()
    try:
        for kind, name, how in tries(shop, SEED, EACH):
            if how == SAME:
                continue
            if kind not in found.did:
                progress(kind)
            found.did[kind] = found.did.get(kind, 0) + 1
            if how in WRONG:
                found.wrong.append(f"{how}: {kind}: {name}")
    finally:
        shop.close()
    return found


def table(counts: Counter) -> str:
    """Found, missed and false alarms per kind, as text."""
    lines = [f"{'kind':<34}{'tried':>7}{'found':>7}{'missed':>8}{'false alarms':>14}"]
    rows: dict[str, Counter] = {}
    for (kind, how), n in counts.items():
        rows.setdefault(kind, Counter())[how] += n
    for kind, told in [*rows.items(), ("in all", sum(rows.values(), Counter()))]:
        tried = told.total() - told[SAME]
        lines.append(f"{kind:<34}{tried:>7}{told[FOUND]:>7}{told[MISSED]:>8}{told[ALARM]:>14}")
    return "\n".join(lines)


def main() -> int:
    """Try the mutants and the controls, print the table; 1 when any is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=SEED)
    arguments.add_argument("--each", type=int, default=EACH, help="how many of each kind")
    arguments.add_argument("--kind", default="", help="only kinds with these words in their name")
    given = arguments.parse_args()
    started, counts = time.monotonic(), Counter[tuple[str, str]]()
    shop = Workshop()
    try:
        for kind, name, how in tries(shop, given.seed, given.each, given.kind):
            counts[kind, how] += 1
            if how in WRONG:
                print(f"{how}: {kind}: {name}", flush=True)
            elif counts[kind, how] % 15 == 0:
                print(f"{counts[kind, how]} {how}: {kind}", flush=True)
    finally:
        shop.close()
    print(table(counts))
    print(f"{time.monotonic() - started:.0f} s")
    return 1 if any(how in WRONG for _, how in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
