"""How well names are told apart and split, on a labelled set made for this purpose.

    .venv/bin/python benchmarks/names.py [--set FILE] [--show]

The sets were written by hand from the kinds of names in docs/contractor_plus.md#quirk-18. The rules
were extended once after `names.csv` was first measured; `held_out.csv` was written after that, and
no rule was changed for it since. Prints for each: people and businesses told apart, first and last
name right, and that no split said to be reversible lost a character. `--show` lists each miss.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path

from flitstack_pipeline.cleaning.values.names import Name, split_name

SETS = sorted((Path(__file__).parent / "name_sets").glob("*.csv"))


@dataclass(frozen=True)
class Case:
    """One labelled name; `first` and `last` are empty where no split is the right one."""

    name: str
    kind: str
    first: str
    last: str

    def told(self, found: Name) -> bool:
        """Whether person or business was told right."""
        return found.looks_like_business == (self.kind == "business")

    def split(self, found: Name) -> bool:
        """Whether first and last name are as labelled."""
        return (found.first or "", found.last or "") == (self.first, self.last)


def load(path: Path) -> list[Case]:
    """The labelled set."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Case(r["name"], r["kind"], r["first"], r["last"]) for r in csv.DictReader(file)]


def lost(case: Case, found: Name) -> bool:
    """Whether a split that says it can be put together again cannot."""
    together = " ".join(p for p in (found.first, found.last) if p)
    return not found.looks_like_business and found.invertible and together != case.name


def share(name: str, good: int, of: int) -> None:
    """One line of the table."""
    print(f"{name:<36}{good:>5} of {of:<5}{good / max(1, of):>8.1%}")


def report(path: Path, show: bool) -> bool:
    """Print the figures of one set; whether no character was lost."""
    cases = [(c, found) for c in load(path) if (found := split_name(c.name))]
    print(path.name)
    for kind in ("person", "business"):
        own = [(c, f) for c, f in cases if c.kind == kind]
        share(f"  {kind} told as {kind}", sum(c.told(f) for c, f in own), len(own))
    split = [(c, f) for c, f in cases if c.first]
    share("  first and last name right", sum(c.split(f) for c, f in split), len(split))
    gone = [c.name for c, f in cases if lost(c, f)]
    share("  reversible splits that lost nothing", len(cases) - len(gone), len(cases))
    for case, found in cases if show else ():
        if not case.told(found) or (case.first and not case.split(found)):
            print(f"    {case.name!r}: {found}")
    return not gone


def main() -> None:
    """Print the tables; exit 1 when a character was lost."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--set", type=Path, nargs="*", default=SETS)
    options.add_argument("--show", action="store_true")
    chosen = options.parse_args()
    sys.exit(0 if all([report(path, chosen.show) for path in chosen.set]) else 1)


if __name__ == "__main__":
    main()
