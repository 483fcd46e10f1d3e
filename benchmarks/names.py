"""How well names are told apart and split, beside the textbook and a floor, on sets made for it.

    .venv/bin/python benchmarks/names.py [--show SET]

The sets lie in `benchmarks/name_sets`; `make_name_sets.py` says how each was made. Firms, people
and couples are names alone, without their rows. Textbook and floor of firm or person: what
probablepeople says ("Corporation"), and a list of legal forms. Textbook of the split: nameparser's
parts put together, title, first and middle name before last name and suffix; floor: the last word.
A split is right when first and last name both are; titles before and degrees behind are forgiven,
professions are not. `names.csv`, `firms.csv` and `held_out.csv` were written by hand, as the
product splits. Exits with 1 when a split that says it is reversible lost a character.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from nameparser import HumanName

from flitstack_pipeline.cleaning.values.names import split_name

SETS = Path(__file__).parent / "name_sets"
#: Sets of names → whether all of them are firms.
KINDS = {"firms_plain": True, "firms_joined": True, "people": False, "couples": False}
BY_HAND = ("names", "firms", "held_out")
_FORM = re.compile(r"\b(?:llc|inc|corp|corporation|ltd|company|co|lp|llp|gmbh)\.?$", re.I)
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "rev"})
_DEGREES = frozenset({"md", "dds", "rn", "bsn", "phd", "cpa", "esq", "dvm", "pe"})

Row = dict[str, str]
Parts = tuple[str, str]


def rows_of(name: str) -> list[Row]:
    """The rows of a set."""
    with (SETS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- firm or person ---


def product_says_firm(name: str) -> bool:
    """The product's judgement of a name alone."""
    found = split_name(name)
    return bool(found and found.looks_like_business)


def textbook_says_firm(name: str) -> bool:
    """What probablepeople says."""
    import probablepeople

    try:
        return bool(probablepeople.tag(name)[1] == "Corporation")
    except probablepeople.RepeatedLabelError:
        return False


def floor_says_firm(name: str) -> bool:
    """Whether a legal form stands behind it."""
    return bool(_FORM.search(name))


JUDGES: dict[str, Callable[[str], bool]] = {
    "product": product_says_firm, "textbook": textbook_says_firm, "floor": floor_says_firm,
}  # fmt: skip


def firms_or_people(show: str) -> None:
    """Print how many of each set are told as firms, and the precision over firms and people."""
    print(f"{'told as firms':<34}" + "".join(f"{judge:>10}" for judge in JUDGES))
    told: dict[tuple[str, str], int] = {}
    sizes = {}
    for kind, is_firm in KINDS.items():
        names = [row["name"] for row in rows_of(kind)]
        sizes[kind] = len(names)
        for judge, says in JUDGES.items():
            told[kind, judge] = sum(map(says, names))
        shares = (told[kind, judge] / len(names) for judge in JUDGES)
        print(f"{kind + f' ({len(names):,})':<34}" + "".join(f"{s:>10.3f}" for s in shares))
        for name in names if show == kind else ():
            if product_says_firm(name) != is_firm:
                print(f"    {name!r}: {split_name(name)}")
    for firms, people in (("firms_plain", "people"), ("firms_joined", "couples")):
        print(f"{f'precision: {firms} + {people}':<34}", end="")
        for judge in JUDGES:
            right, wrong = told[firms, judge], told[people, judge]
            print(f"{right / max(1, right + wrong):>10.3f}", end="")
        print()


# --- first and last name ---


def product_splits(name: str) -> Parts:
    """First and last name as the product reads them."""
    found = split_name(name)
    return (found.first or "", found.last or "") if found else ("", "")


def textbook_splits(name: str) -> Parts:
    """nameparser's parts put together."""
    human = HumanName(name)
    if name.isupper() or name.islower():
        human.capitalize(force=True)
    first = " ".join(p for p in (human.title, human.first, human.middle) if p)
    return first, " ".join(p for p in (human.last, human.suffix) if p)


def floor_splits(name: str) -> Parts:
    """The last word is the last name."""
    first, _, last = name.rpartition(" ")
    return first, last


SPLITTERS: dict[str, Callable[[str], Parts]] = {
    "product": product_splits, "textbook": textbook_splits, "floor": floor_splits,
}  # fmt: skip


def is_right(row: Row, found: Parts) -> bool:
    """Whether both parts are right, but for titles and degrees."""
    first, last = found[0].split(), found[1].replace(",", " ").split()
    while first and " ".join(first) != row["first"] and _plain(first[0]) in _TITLES:
        first.pop(0)
    while last and " ".join(last) != row["last"] and _plain(last[-1]) in _DEGREES:
        last.pop()
    return (" ".join(first), " ".join(last)) == (row["first"], row["last"])


def share_right(rows: list[Row], splitter: Callable[[str], Parts]) -> float:
    """The share of names whose parts are both right."""
    return sum(is_right(row, splitter(row["name"])) for row in rows) / len(rows)


def _plain(word: str) -> str:
    return word.casefold().replace(".", "")


def splits(show: str) -> None:
    """Print the share of names whose first and last name are right."""
    print(f"\n{'first and last name right':<34}" + "".join(f"{s:>10}" for s in SPLITTERS))
    for kind in ("split", *BY_HAND):
        rows = [row for row in rows_of(kind) if row["first"]]
        shares = [
            sum(is_right(r, s(r["name"])) for r in rows) / len(rows) for s in SPLITTERS.values()
        ]
        print(f"{kind + f' ({len(rows):,})':<34}" + "".join(f"{s:>10.3f}" for s in shares))
        for row in rows if show == kind else ():
            if not is_right(row, product_splits(row["name"])):
                print(f"    {row['name']!r}: {product_splits(row['name'])}")


# --- the sets made by hand ---


def by_hand(show: str) -> bool:
    """Print people and firms of the small sets told apart; whether no character was lost."""
    print(f"\n{'by hand: told apart by the product':<34}{'people':>10}{'firms':>10}")
    kept = True
    for kind in BY_HAND:
        shares = []
        for sort in ("person", "business"):
            rows = [r for r in rows_of(kind) if r["kind"] == sort]
            right = [r for r in rows if product_says_firm(r["name"]) == (sort == "business")]
            shares.append(len(right) / len(rows))
            for row in rows if show == kind else ():
                if row not in right:
                    print(f"    {row['name']!r}: {split_name(row['name'])}")
        kept = all([kept, *(not lost(r["name"]) for r in rows_of(kind))])
        print(f"{kind:<34}" + "".join(f"{s:>10.3f}" for s in shares))
    return kept


def lost(name: str) -> bool:
    """Whether a split that says it can be put together again cannot."""
    found = split_name(name)
    if not found or found.looks_like_business or not found.invertible:
        return False
    return " ".join(p for p in (found.first, found.last) if p) != name


def main() -> None:
    """Print the tables; exit 1 when a character was lost."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--show", default="", help="print the misses of one set")
    show = options.parse_args().show
    warnings.simplefilter("ignore")
    firms_or_people(show)
    splits(show)
    sys.exit(0 if by_hand(show) else 1)


if __name__ == "__main__":
    main()
