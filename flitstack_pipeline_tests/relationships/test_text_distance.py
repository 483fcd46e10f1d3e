"""SQL that looks before it counts edits finds what counting finds (rapidfuzz counts here)."""

import random

import duckdb
import pandas as pd
import pytest
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from flitstack_pipeline.cleaning.text_distance import edits_at_most, nearly_alike, one_edit

LETTERS = "abcdefg0123"


def edited(text: str, chance: random.Random) -> str:
    """A letter added, dropped, changed or turned around with its neighbour."""
    letters = list(text)
    at = chance.randrange(len(letters))
    kind = chance.choice(("add", "drop", "change", "turn"))
    if kind == "add":
        letters.insert(at, chance.choice(LETTERS))
    elif kind == "drop" and len(letters) > 1:
        del letters[at]
    elif kind == "change":
        letters[at] = chance.choice(LETTERS)
    elif at:
        letters[at - 1], letters[at] = letters[at], letters[at - 1]
    return "".join(letters)


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    """Texts of one to twenty letters, of few letters or many, edited up to a third and one more."""
    chance = random.Random(11)
    rows = []
    for _ in range(20_000):
        some = LETTERS[: chance.choice((2, 4, len(LETTERS)))]
        one = "".join(chance.choice(some) for _ in range(chance.randint(1, 20)))
        other = one
        for _ in range(chance.randint(0, len(one) // 3 + 1)):
            other = edited(other, chance)
        rows.append((one, other))
    return pd.DataFrame(rows, columns=["a", "b"])


def holds(condition: str, pairs: pd.DataFrame) -> list[bool]:
    con = duckdb.connect()
    con.register("pairs", pairs)
    return [bool(row[0]) for row in con.execute(f"SELECT {condition} FROM pairs").fetchall()]


def counted(pairs: pd.DataFrame) -> list[tuple[str, str, int]]:
    both = zip(pairs.a, pairs.b, strict=True)
    return [(a, b, DamerauLevenshtein.distance(a, b)) for a, b in both]


def test_one_edit_is_one_edit_whatever_the_length(pairs):
    assert holds(one_edit("a", "b"), pairs) == [edits == 1 for *_, edits in counted(pairs)]


def test_as_many_edits_as_a_third_of_the_letters_are_never_overlooked(pairs):
    long = pairs[(pairs.a.str.len() >= 4) & (pairs.b.str.len() >= 4)]
    third = "least(length(a), length(b)) // 3"
    right = [edits <= min(len(a), len(b)) // 3 for a, b, edits in counted(long)]
    assert holds(edits_at_most("a", "b", third), long) == right
    assert sum(right) > 5_000


def test_nearly_alike_is_one_edit_of_four_letters_two_of_six_or_alike_by_jaro_winkler(pairs):
    # at the bound itself two libraries round differently
    alike = [JaroWinkler.similarity(a, b) for a, b in zip(pairs.a, pairs.b, strict=True)]
    clear = pairs[[abs(one - 0.92) > 1e-9 for one in alike]]
    right = []
    for a, b, edits in counted(clear):
        shorter = min(len(a), len(b))
        few = edits <= (2 if shorter >= 6 else 1)
        right.append(shorter >= 4 and (few or JaroWinkler.similarity(a, b) > 0.92))
    assert holds(nearly_alike("a", "b"), clear) == right
