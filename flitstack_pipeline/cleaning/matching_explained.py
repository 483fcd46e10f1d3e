"""How the score of one pair comes about, step by step: a waterfall of bits that a person can read.

Belongs here: steps and their words. Does not: the scores themselves (`matching_model`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.cleaning.matching_learned import Matching, kept_matching
from flitstack_pipeline.cleaning.matching_weights import (
    COMPARISONS,
    NOTHING_EXACT_CAP,
    Level,
)
from flitstack_pipeline.warehouse import table_exists

Levels = Mapping[str, int | None]
#: Bits that one mark of a bar stands for.
_A_MARK = 2.0


@dataclass(frozen=True)
class Step:
    """One step: what was seen, the bits it adds, and the sum so far."""

    words: str
    bits: float
    total: float


def waterfall(levels: Levels, by: Matching) -> list[Step]:
    """The steps from the prior to the sum; what could not be compared adds none.

    Args:
        levels: The place of the level that holds, by comparison; None when a side has no value.
        by: The weights of the account.
    """
    found = [Step("before anything is compared", by.prior, by.prior)]
    for comparison, level in _compared(levels):
        bits = by.weights[comparison][COMPARISONS[comparison].index(level)]
        found.append(Step(level.words, bits, found[-1].total + bits))
    return found


def explained(levels: Levels, score: float, by: Matching) -> str:
    """The waterfall in one line, its steps apart by `; `, with what holds the score down."""
    steps = waterfall(levels, by)
    said = [f"{s.words} {_number(s.bits)} {_bar(s.bits)} makes {_number(s.total)}" for s in steps]
    sure = 1 / (1 + 2 ** -steps[-1].total)
    said.append(f"{_number(steps[-1].total)} bits are {_percent(sure)}")
    if sure > score + 0.0001:
        said.append(f"held at {_percent(score)}: {_why_held(levels, score, by.homes)}")
    return "; ".join(said)


def explanations(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The waterfall of every pair of the last run that has a score, by its keys."""
    if not table_exists(con, "main.pair_levels"):
        return {}
    by, known = kept_matching(con), {}
    found = {}
    columns = ", ".join(COMPARISONS)
    for left, right, score, *levels in con.execute(
        f"SELECT l, r, score, {columns} FROM pair_levels"
    ).fetchall():
        like = (score, *levels)
        if like not in known:
            known[like] = explained(dict(zip(COMPARISONS, levels, strict=True)), score, by)
        found[left, right] = known[like]
    return found


def _compared(levels: Levels) -> Iterator[tuple[str, Level]]:
    for comparison, of in COMPARISONS.items():
        place = levels[comparison]
        if place is not None:
            yield comparison, of[place]


def _why_held(levels: Levels, score: float, homes: bool) -> str:
    held = (level for _, level in _compared(levels) if level.caps(homes))
    capped = [level.words for level in held if level.cap <= score]
    if capped:
        return capped[0]
    if score <= NOTHING_EXACT_CAP:
        return "no e-mail, phone or address of their own in common"
    return "a name that is not quite the same, or one home, asks for more in common"


def _number(bits: float) -> str:
    return f"{bits:+.1f}".replace("-", "−")


def _bar(bits: float) -> str:
    return ("▲" if bits > 0 else "▼") * max(1, round(abs(bits) / _A_MARK)) if bits else "·"


def _percent(share: float) -> str:
    """Never 100 % of what is only likely."""
    return f"{min(share, 0.9999):.2%}"
