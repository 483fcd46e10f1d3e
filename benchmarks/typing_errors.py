"""People entered again with typing errors in names and addresses: the set of `duplicate_typing.py`.

Belongs here: the truth and the rows made of it, from one seed, with the kinds of error that the
generator of Febrl describes (Christen 2005): letters left out, put in, exchanged and turned
around, letters that scanning or hearing takes for others, words split and run together, cells
left empty, cells exchanged. Does not: measuring. Names, streets and cities are mimesis' English
lists, the first ones more common than the later ones; no row is taken from a public test set.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import mimesis

#: Cells of a row that may be mistyped, with how often one of them is chosen.
CELLS = {
    "first": 6, "last": 6, "number": 3, "street": 6, "street2": 4, "city": 5, "postal": 4,
    "state": 2,
}  # fmt: skip
_SCANNED = {"o": "0", "l": "1", "i": "1", "s": "5", "b": "6", "g": "9", "z": "2", "m": "n",
            "u": "v", "e": "c", "a": "o"}  # fmt: skip
_HEARD = (("ph", "f"), ("ck", "k"), ("th", "t"), ("ie", "y"), ("ee", "ea"), ("ll", "l"),
          ("nn", "n"), ("c", "k"), ("y", "i"), ("z", "s"), ("v", "w"), ("x", "ks"))  # fmt: skip
_NEAR = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj",
         "i": "uo", "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o",
         "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc",
         "y": "tu", "z": "x"}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of clients, and whose it is; "" is an empty cell."""

    truth: int
    first: str
    last: str
    number: str
    street: str
    street2: str
    city: str
    state: str
    postal: str
    phone: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()

    @property
    def line(self) -> str:
        """The street as one line, with street 2 the way cleaning joins them."""
        return ", ".join(p for p in (f"{self.number} {self.street}".strip(), self.street2) if p)


@dataclass(frozen=True)
class Kind:
    """How badly a set is typed: cells changed in a copy, edits in a cell, empty cells.

    Most copies have few mistakes and some have many: each further cell is as likely as `further`.
    """

    further: float = 0.62
    most_cells: int = 10
    most_edits: int = 3
    empty: float = 0.15
    exchanged: float = 0.08
    phone: bool = False
    #: Cities, postcodes and states that belong together and few big cities, as a firm's clients
    #: have them; Febrl draws each by itself.
    towns: bool = False


@cache
def _lists() -> list[list[str]]:
    folder = Path(mimesis.__file__).parent / "datasets" / "en"
    person = json.loads((folder / "person.json").read_text(encoding="utf-8"))
    address = json.loads((folder / "address.json").read_text(encoding="utf-8"))
    given = sorted({*person["names"]["female"], *person["names"]["male"]})
    mixed = random.Random(0)
    listed = [given, sorted(person["surnames"]), sorted(address["street"]["name"]),
              sorted(address["street"]["suffix"]), sorted(address["city"]),
              sorted(address["state"]["abbr"])]  # fmt: skip
    for words in listed:
        mixed.shuffle(words)
    return [[w.lower() for w in words] for words in listed]


class World:
    """Makes people and their rows from one seed."""

    def __init__(self, seed: int, kind: Kind) -> None:
        self.random = random.Random(seed)
        self.kind = kind
        self.weights: dict[int, list[float]] = {}

    def rows(self, people: int) -> list[Row]:
        """The rows of so many people, in random order; half of the people have copies."""
        found: list[Row] = []
        for n in range(people):
            row = self._person(n)
            found.append(row)
            if self.random.random() < 0.5:
                copies = self.random.choice((1, 1, 1, 1, 2, 2, 3))
                found += [self._copy(row) for _ in range(copies)]
        self.random.shuffle(found)
        return found

    def _pick(self, words: list[str], head: int) -> str:
        """Common words first, falling like Zipf's law from the `head`th."""
        weights = self.weights.setdefault(
            len(words) * 1000 + head, [1 / (head + i) for i in range(len(words))]
        )
        return self.random.choices(words, weights)[0]

    def _person(self, truth: int) -> Row:
        given, surnames, streets, suffixes, cities, states = _lists()
        suffix = self._pick(suffixes, 2)
        city = self._pick(cities, 30 if self.kind.towns else 300)
        at = cities.index(city) if self.kind.towns else self.random.randrange(1700)
        second = ""
        if self.random.random() < 0.4:
            second = self.random.choice((
                f"unit {self.random.randrange(1, 60)}", f"apt {self.random.randrange(1, 400)}",
                f"{self._pick(streets, 20)} {self.random.choice(('village', 'court', 'house'))}",
                self._pick(streets, 20),
            ))  # fmt: skip
        return Row(
            truth, self._pick(given, 25), self._pick(surnames, 25),
            str(self.random.randrange(1, self.random.choice((200, 3000)))),
            f"{self._pick(streets, 40)} {suffix}", second, city, states[at % len(states)],
            f"{10_000 + at * 50 + self.random.randrange(4)}",
            f"+1{self.random.randrange(201, 989)}{self.random.randrange(2_000_000, 9_999_999)}"
            if self.kind.phone else "",
        )  # fmt: skip

    def _copy(self, row: Row) -> Row:
        cells = {**CELLS, "phone": 5} if self.kind.phone else CELLS
        wanted = 1
        while wanted < self.kind.most_cells and self.random.random() < self.kind.further:
            wanted += 1
        for _ in range(wanted):
            cell = self.random.choices(list(cells), list(cells.values()))[0]
            value = getattr(row, cell)
            if self.random.random() < self.kind.empty:
                row = replace(row, **{cell: ""})
                continue
            for _ in range(self.random.choice((1,) * 3 + (self.kind.most_edits,))):
                value = self._mistyped(value, digits=cell in ("number", "postal", "phone"))
            row = replace(row, **{cell: value})
        if self.random.random() < self.kind.exchanged:
            one, other = self.random.choice((("first", "last"), ("street2", "street")))
            row = replace(row, **{one: getattr(row, other), other: getattr(row, one)})
        return row

    def _mistyped(self, word: str, *, digits: bool) -> str:
        if len(word) < 2:
            return word
        at = self.random.randrange(1 if word[0] == "+" else 0, len(word))
        if digits:
            letter = str(self.random.randrange(10))
        else:
            letter = self.random.choice(_NEAR.get(word[at], "aeiourstln"))
        kinds = ["out", "in", "other", "turned"]
        if not digits:
            kinds += ["scanned", "heard", "heard", "spaced"]
        kind = self.random.choice(kinds)
        if kind == "out":
            return word[:at] + word[at + 1 :]
        if kind == "in":
            return word[:at] + letter + word[at:]
        if kind == "turned":
            return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        if kind == "scanned":
            return word[:at] + _SCANNED.get(word[at], letter) + word[at + 1 :]
        if kind == "heard":
            for said, written in _HEARD:
                if said in word:
                    return word.replace(said, written, 1)
        if kind == "spaced":
            return word.replace(" ", "", 1) if " " in word else f"{word[:at]} {word[at:]}".strip()
        return word[:at] + letter + word[at + 1 :]
