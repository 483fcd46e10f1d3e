"""Makes the sets of names in `benchmarks/name_sets` from public lists, by the rules written here.

    python benchmarks/make_name_sets.py FOLDER

FOLDER is `name_data/unlabeled` of github.com/datamade/probablepeople: business licences of
Chicago, companies of Virginia, and the payroll of Chicago (`SURNAME,  GIVEN M`). Seeded, so that
the same lists give the same sets. What says that a name is a firm's is the legal form that its
register wrote behind it and that is cut off here; what says how a person's name is split is the
comma of the payroll. Surnames and given names are shuffled, so that nobody real stands in a set.
The product's rules for firms were made with those of `tune/`, drawn before from the same lists; no
set holds a name of theirs.

- `firms_plain.csv`: names whose legal form was cut off, without "&", Co, LP, LC, Associates or
  Partners. Left out: a given name and a surname of the payroll, in either order (`John Smith, Inc.`
  without its form is a person's name), one word alone, companies with a number in their name.
- `firms_joined.csv`: names with "&", Co, LP, LC, Associates or Partners.
- `people.csv`: a given name and a surname of the payroll, in six ways of writing them.
- `couples.csv`: people joined by "&" or "and", in five ways.
- `split.csv`: a person's name in the ways that exports write it, with first and last name.
"""

from __future__ import annotations

import csv
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

SETS = Path(__file__).parent / "name_sets"
SIZES = {"firms_plain": 3_000, "firms_joined": 1_500, "people": 5_000, "couples": 1_000}
_FORM = re.compile(
    r"[\s,]+(?:l\.?\s?l\.?\s?c|inc|incorporated|corp|corporation|ltd|limited|p\.?c|l\.?l\.?p)\.?$",
    re.I,
)
_JOINED = re.compile(
    r"&|\band\b|\bco\b|\bcompany\b|\bl\.?p\.?$|\bl\.?c\.?$|\bassociates\b|\bpartners\b", re.I
)
_PARTNERSHIP = re.compile(r"[\s,]+(?:l\.?p|l\.?c)\.?$", re.I)
_GENERATION = re.compile(r"\s+(jr|sr|ii|iii|iv)\.?$", re.I)

Person = tuple[str, str, str]
"""Given names, initial or "", surname; in natural case."""


def read(folder: Path, name: str) -> list[str]:
    """The first column of a list, without repeats, in order."""
    with (folder / name).open(newline="", encoding="utf-8", errors="replace") as file:
        rows = [" ".join(row[0].split()) for row in csv.reader(file) if row and row[0].strip()]
    return list(dict.fromkeys(rows))


def natural(text: str) -> str:
    """Capitalised where it is all capitals, as a contractor would have typed it."""
    if not text.isupper():
        return text
    kept = re.compile(r".*\d|.|l\.?[pc]\.?", re.I)
    words = [w if kept.fullmatch(w) else w.capitalize() for w in text.split()]
    return re.sub(r"\b(Mc|O')([a-z])", lambda m: m[1] + m[2].upper(), " ".join(words))


def payroll(names: Iterable[str]) -> list[Person]:
    """People of `SURNAME,  GIVEN M`."""
    found = []
    for name in names:
        family, _, given = (part.strip() for part in name.partition(","))
        family = _GENERATION.sub("", family)
        words = given.split()
        if not family or not words or len(words[0]) < 2:
            continue
        initial = words.pop() if len(words) > 1 and len(words[-1]) == 1 else ""
        found.append((natural(" ".join(words)), initial, _family(family)))
    return found


def _family(name: str) -> str:
    """`MC KEON` is written `McKeon`, `O ROURKE` `O'Rourke`; other surnames as they are."""
    name = re.sub(r"^MC ", "MC", name)
    name = re.sub(r"^O (?=[A-Z]{3})", "O'", name)
    tidy = natural(name)
    particles = r"\b(De La|De Los|De|La|Del|Van|Von|Der|Di|Da)\b(?= )"
    return re.sub(particles, lambda m: m[0].lower(), tidy)


def shuffled(people: list[Person], dice: random.Random) -> Iterator[Person]:
    """Given names of one with the surname of another."""
    families = [family for *_, family in people]
    dice.shuffle(families)
    mixed = [(g, i, f) for (g, i, _), f in zip(people, families, strict=True)]
    dice.shuffle(mixed)
    return iter(mixed)


def firms(names: Iterable[str], people: list[Person], dice: random.Random) -> dict[str, list[str]]:
    """Names whose register wrote a legal form behind them, in two heaps."""
    told = Counter(g.split()[0].casefold() for g, *_ in people)
    given = {word for word, times in told.items() if times >= 2}
    usual = {f.casefold() for *_, f in people}
    plain, joined = [], []
    for name in names:
        core = name
        while _FORM.search(core):
            core = _FORM.sub("", core).strip(" ,")
        partnership = bool(_PARTNERSHIP.search(core))
        if (core == name and not partnership) or len(core) > 60 or re.search(r"\d", core):
            continue
        words = core.casefold().split()
        if _JOINED.search(core):
            joined.append(core)
        elif len(words) > 1 and not is_persons(words, given, usual):
            plain.append(core)
    dice.shuffle(plain)
    dice.shuffle(joined)
    return {
        key: [core if dice.random() < 0.25 else natural(core) for core in unseen(key, heap)]
        for key, heap in (("firms_plain", plain), ("firms_joined", joined))
    }


def unseen(key: str, heap: list[str]) -> list[str]:
    """The names of a set: none that was looked at, none twice, however written."""
    with (SETS / "tune" / f"{key}.csv").open(newline="", encoding="utf-8") as file:
        looked_at = {row["name"].casefold() for row in csv.DictReader(file)}
    each = {core.casefold(): core for core in heap}
    return [core for low, core in each.items() if low not in looked_at][: SIZES[key]]


def is_persons(words: list[str], given: set[str], families: set[str]) -> bool:
    """Whether a firm is called like a person, in either order: `William Haddad`."""
    return (words[0] in given and words[-1] in families) or (
        words[-1] in given and words[0] in families
    )


def people_set(crowd: Iterator[Person], dice: random.Random) -> Iterator[str]:
    """A person's name as a client list writes it."""
    ways: list[tuple[Callable[[Person], str], int]] = [
        (lambda p: f"{p[0]} {p[2]}", 60),
        (lambda p: f"{p[2]}, {p[0]}", 12),
        (lambda p: f"{p[0]} {p[1]} {p[2]}" if p[1] else f"{p[0]} {p[2]}", 10),
        (lambda p: f"{p[0]} {p[2]}".upper(), 8),
        (lambda p: f"{p[0]} {p[2]}".lower(), 6),
        (lambda p: f"{p[2]}, {p[0]}".upper(), 4),
    ]
    shapes, weights = zip(*ways, strict=True)
    while True:
        yield dice.choices(shapes, weights)[0](next(crowd))


def couples_set(crowd: Iterator[Person], dice: random.Random) -> Iterator[str]:
    """Two people joined."""
    while True:
        one, two, joint = next(crowd), next(crowd), dice.choice(["&", "&", "and"])
        yield dice.choice(
            [
                f"{one[0]} {joint} {two[0]} {one[2]}",
                f"{one[0]} {joint} {two[0]} {one[2]}",
                f"{one[0]} {one[2]} {joint} {two[0]} {two[2]}",
                f"{one[2]}, {one[0]} {joint} {two[0]}",
                f"Mr. {joint} Mrs. {one[0]} {one[2]}",
            ]
        )


DEGREES = ("MD", "M.D.", "DDS", "RN", "BSN RN", "PhD", "CPA", "Esq.", "DVM", "PE")
PROFESSIONS = ("Attorney", "Trustee", "Attorney at Law", "Realtor", "Executor", "CPA", "Agent")
TITLES = ("Mr.", "Mrs.", "Ms.", "Dr.", "Rev.", "Mr", "Dr")


def split_set(crowd: Iterator[Person], dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """(name, first, last); titles may stand in the first name, degrees in the last."""
    while True:
        given, initial, family = next(crowd)
        middle = f"{given} {initial}".strip()
        pick = dice.choices(range(12), (38, 12, 12, 5, 4, 5, 4, 6, 4, 4, 2, 4))[0]
        generation = dice.choice(("Jr.", "Jr", "Sr.", "III", "II"))
        other = next(crowd)[0]
        yield (
            (f"{given} {family}", given, family),
            (f"{middle} {family}", middle, family),
            (f"{family}, {middle}", middle, family),
            (f"{middle} {family}".upper(), middle, family),
            (f"{given} {family}".lower(), given, family),
            (
                f"{given} {family}{dice.choice((' ', ', '))}{generation}",
                given,
                f"{family} {generation}",
            ),
            (f"{dice.choice(TITLES)} {given} {family}", given, family),
            (f"{given} {family}, {dice.choice(DEGREES)}", given, family),
            (f"{given} {family}, {dice.choice(PROFESSIONS)}", given, family),
            (f"{given} & {other} {family}", f"{given} & {other}", family),
            (f"{family}, {given} & {other}", f"{given} & {other}", family),
            (f"{given} {family} {dice.choice(('MD', 'RN', 'DDS', 'PhD', 'Esq'))}", given, family),
        )[pick]


def write(name: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """One set."""
    with (SETS / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Write the five sets."""
    folder, dice = Path(sys.argv[1]), random.Random(2026)
    people = payroll(read(folder, "chi_gov_employees.csv"))
    crowd = shuffled(people, dice)
    licences = read(folder, "chicago_businesses.csv") + read(folder, "va_corporate.csv")
    for name, heap in firms(licences, people, dice).items():
        write(name, ("name",), ((core,) for core in heap))
    for name, source in (("people", people_set), ("couples", couples_set)):
        rows = source(crowd, dice)
        write(name, ("name",), ((next(rows),) for _ in range(SIZES[name])))
    splits = split_set(crowd, dice)
    write("split", ("name", "first", "last"), (next(splits) for _ in range(2_000)))


if __name__ == "__main__":
    main()
