"""What an account's own rows say of the weights: expectation maximisation, bounded, repeatable.

Belongs here: the learning, and `Matching`, the outcome that is stored, shown beside the declared
weights and frozen. Does not: the declared weights (`matching_weights`), the scores
(`matching_model`).

Few rows say nothing: below `FEWEST` pairs at one address the declared weights stand, and so they do
where families live at the addresses, for then the pairs are of three kinds and not of two.
Otherwise the declared weights are where the search starts, count like `PRIOR_COUNT` pairs of their
own and hold the learned ones within `MOST` bits. There is no chance in it: the same rows give the
same weights.

Households are counted as well. Where two people of one surname at one address are never two given
names that people bear, an odd given name there is a typing error, and caps made for families fall.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import duckdb
import numpy as np

from flitstack_pipeline.cleaning.matching_weights import (
    COMPARISONS,
    DECLARED,
    HOUSEHOLD,
    ONE_PERSON,
    PRIOR,
    SAME_ADDRESS_SQL,
    Weights,
)
from flitstack_pipeline.warehouse import table_exists

#: From these scores two rows are merged by themselves, and shown to a person.
MERGE_AT, REVIEW_AT = 0.99, 0.5
#: The same where the account's own weights score: merges go down to the first, as far as the share
#: of wrong ones that the scores themselves expect stays below `EXPECTED_WRONG`. A pair of
#: `LEARNED_SURE_AT` joins whole groups, although names of two of their rows were never compared.
#: Of twelve made-up accounts (`benchmarks/duplicate_typing.py`) none then merged more than one
#: wrong pair in 3,000.
LEARNED_MERGE_AT, LEARNED_REVIEW_AT, EXPECTED_WRONG = 0.93, 0.05, 0.003
LEARNED_SURE_AT = 0.999
#: Pairs of one person at one address an account must have before its weights are looked at.
FEWEST = 1_000
#: Pairs the declared weights count as.
PRIOR_COUNT = 50
#: Bits a learned weight may be away from the declared one, and the prior likewise.
MOST, MOST_PRIOR = 8.0, 8.0
ROUNDS = 25
#: The greatest share of families among the pairs at one address that still counts as none.
NO_HOMES = 0.001


@dataclass(frozen=True)
class Matching:
    """The weights that score an account's pairs, and how they came about."""

    weights: Weights = field(default_factory=lambda: dict(DECLARED))
    prior: float = PRIOR
    #: Whether families must be expected at an address.
    homes: bool = True
    #: Pairs at one address of one surname: of one person, and of two given names.
    one_person: int = 0
    families: int = 0
    matches: int = 0
    learned: bool = False
    #: The score from which a pair is merged.
    merge_at: float = MERGE_AT

    @property
    def review_at(self) -> float:
        """The score from which a pair is shown to a person."""
        return LEARNED_REVIEW_AT if self.learned else REVIEW_AT

    @property
    def sure_at(self) -> float:
        """The score from which a pair joins whole groups: none does under the declared weights,
        which hold where families must be expected."""
        return LEARNED_SURE_AT if self.learned else inf

    def with_threshold(self, con: duckdb.DuckDBPyConnection) -> Matching:
        """The same, with the score from which the pairs in the table `scores` are merged."""
        if not self.learned:
            return self
        found = con.execute(
            """
            SELECT min(score) FROM (
                SELECT score, avg(1 - score) OVER (ORDER BY score DESC) AS wrong FROM scores
                WHERE NOT of_leads
            ) WHERE score >= ? AND wrong <= ?
            """,
            [LEARNED_MERGE_AT, EXPECTED_WRONG],
        ).fetchall()[0][0]
        return self if found is None else replace(self, merge_at=min(MERGE_AT, float(found)))

    def as_json(self) -> dict[str, Any]:
        """For a file; `from_json` reads it."""
        return {
            "weights": {c: list(w) for c, w in self.weights.items()}, "prior": self.prior,
            "homes": self.homes, "one_person": self.one_person, "families": self.families,
            "matches": self.matches, "learned": self.learned, "merge_at": self.merge_at,
        }  # fmt: skip

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Matching | None:
        """What `as_json` gave; None when the comparisons have other levels by now."""
        weights = {c: tuple(float(x) for x in w) for c, w in data["weights"].items()}
        if {c: len(w) for c, w in weights.items()} != {c: len(w) for c, w in DECLARED.items()}:
            return None
        named = ("prior", "homes", "one_person", "families", "matches", "learned", "merge_at")
        rest = {name: data[name] for name in named if name in data}
        return Matching(weights, **rest)


def keep_matching(con: duckdb.DuckDBPyConnection, matching: Matching) -> None:
    """Keep the matching of a run in the table `matching`, for pages and for `frozen.freeze`."""
    con.execute("CREATE OR REPLACE TABLE matching AS SELECT ? AS matching", [_text(matching)])


def kept_matching(con: duckdb.DuckDBPyConnection) -> Matching:
    """The matching of the last run; the declared one before the first."""
    if not table_exists(con, "main.matching"):
        return Matching()
    kept = con.execute("SELECT matching FROM matching").fetchall()[0][0]
    return Matching.from_json(json.loads(kept)) or Matching()


def _text(matching: Matching) -> str:
    return json.dumps(matching.as_json())


def learn(con: duckdb.DuckDBPyConnection) -> Matching:
    """The matching of the pairs in the temporary table `compared`."""
    one_person, families = con.execute(
        f"""
        SELECT count(*) FILTER (name IN ({", ".join(map(str, ONE_PERSON))})),
               count(*) FILTER (name = {HOUSEHOLD})
        FROM compared WHERE NOT of_leads AND NOT is_business AND {SAME_ADDRESS_SQL}
        """
    ).fetchall()[0]
    homes = one_person < FEWEST or families > NO_HOMES * one_person
    columns = ", ".join(f"coalesce({c}, -1)" for c in COMPARISONS)
    rows = con.execute(
        f"SELECT {columns}, count(*) FROM compared WHERE NOT of_leads GROUP BY ALL ORDER BY ALL"
    )
    table = np.array(rows.fetchall(), dtype=np.int64)
    if not len(table):
        return Matching()
    levels, counts = table[:, :-1], table[:, -1].astype(float)
    sure = 1 / (1 + 2.0 ** -_bits(levels, DECLARED, PRIOR))
    likely = float((sure * counts).sum())
    if homes:
        return Matching(dict(DECLARED), PRIOR, homes, one_person, families, round(likely))
    weights, prior = _maximise(levels, counts, sure)
    return Matching(weights, prior, homes, one_person, families, round(likely), True)


def _maximise(
    levels: np.ndarray, counts: np.ndarray, sure: np.ndarray
) -> tuple[dict[str, tuple[float, ...]], float]:
    """Weights and prior after `ROUNDS` rounds, from the first responsibilities `sure`."""
    weights: dict[str, tuple[float, ...]] = dict(DECLARED)
    prior = PRIOR
    for _ in range(ROUNDS):
        same, other = sure * counts, (1 - sure) * counts
        prior = float(np.log2(max(same.sum(), 1) / max(other.sum(), 1)))
        prior = float(np.clip(prior, PRIOR, PRIOR + MOST_PRIOR))
        for at, (name, declared) in enumerate(DECLARED.items()):
            weights[name] = _weights_of(levels[:, at], same, other, declared)
        sure = 1 / (1 + 2.0 ** -_bits(levels, weights, prior))
    return {c: tuple(round(x, 2) for x in w) for c, w in weights.items()}, round(prior, 2)


def _weights_of(
    levels: np.ndarray, same: np.ndarray, other: np.ndarray, declared: tuple[float, ...]
) -> tuple[float, ...]:
    """Weights of one comparison, the declared ones counted in as pairs of their own."""
    size = len(declared)
    bits = np.array(declared)
    known = levels >= 0
    m: np.ndarray = np.bincount(levels[known], same[known], size)
    u: np.ndarray = np.bincount(levels[known], other[known], size)
    # as if PRIOR_COUNT pairs had been seen, split between m and u the way the weight says
    share = 1 / (1 + 2.0**-bits)
    m, u = m + PRIOR_COUNT / size * share, u + PRIOR_COUNT / size * (1 - share)
    found = np.log2(m / m.sum()) - np.log2(u / u.sum())
    return tuple(float(x) for x in np.clip(found, bits - MOST, bits + MOST))


def _bits(levels: np.ndarray, weights: Weights, prior: float) -> np.ndarray:
    total = np.full(len(levels), prior)
    for at, name in enumerate(DECLARED):
        listed = np.array([*weights[name], 0.0])  # the last for -1: nothing to compare
        total += listed[levels[:, at]]
    return total
