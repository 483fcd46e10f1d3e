"""What the values of a custom column look like: counts and shares, never kept row by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.transforms import Unfit, date_dmy, date_mdy, number, split_values

MOST_WORDS = 300  # a dropdown may have as many; each becomes an option
_MONEY = re.compile(r"^\(?-?\s*[$€£]\s*-?[\d,]+(\.\d+)?\)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_PHONE = re.compile(r"^\+?[\d\s().-]{7,20}(\s*(x|ext\.?)\s*\d+)?$", re.IGNORECASE)
_URL = re.compile(r"^(https?://\S+|(www\.)?[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/\S*)?)$", re.IGNORECASE)
_YES_NO = {"yes", "no", "y", "n", "true", "false", "x"}


@dataclass(frozen=True)
class Profile:
    """Shares are of the non-empty values, 0 to 1; `words` only when there are few."""

    filled: int = 0
    distinct: int = 0
    longest: int = 0
    numbers: float = 0.0
    money: float = 0.0
    dates_mdy: float = 0.0
    dates_dmy: float = 0.0
    emails: float = 0.0
    phones: float = 0.0
    urls: float = 0.0
    yes_no: float = 0.0
    separated: float = 0.0
    words: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    part_counts: tuple[int, ...] = ()

    def common(self, of_parts: bool = False) -> str:
        """The commonest words and how often, for evidence: `PVC 12, Copper 3, …`."""
        words, counts = (self.parts, self.part_counts) if of_parts else (self.words, self.counts)
        shown = [f"{w} {n:,}" for w, n in list(zip(words, counts, strict=True))[:4]]
        return ", ".join([*shown, *(["…"] if len(words) > 4 else [])]) or "none seen"


def profile(counts: dict[str, int]) -> Profile:
    """The profile of values given as text → how often."""
    counts = {v.strip(): n for v, n in counts.items() if v and v.strip()}
    filled = sum(counts.values())
    if not filled:
        return Profile()

    def share(test: Callable[[str], Any]) -> float:
        return sum(n for v, n in counts.items() if test(v)) / filled

    parts: Counter[str] = Counter()
    for value, n in counts.items():
        for part in split_values(value):
            parts[part] += n
    ranked = sorted(counts, key=lambda v: (-counts[v], v))[:MOST_WORDS]
    ranked_parts = sorted(parts, key=lambda v: (-parts[v], v))[:MOST_WORDS]
    return Profile(
        filled=filled,
        distinct=len(counts),
        longest=max(map(len, counts)),
        numbers=share(lambda v: _fits(number, v) and not _leading_zero(v)),
        money=share(_MONEY.match),
        dates_mdy=share(lambda v: _fits(date_mdy, v)),
        dates_dmy=share(lambda v: _fits(date_dmy, v)),
        emails=share(_EMAIL.match),
        phones=share(_is_phone),
        urls=share(_URL.match),
        yes_no=share(lambda v: v.casefold() in _YES_NO),
        separated=share(lambda v: len(split_values(v)) > 1),
        words=tuple(ranked),
        parts=tuple(ranked_parts),
        counts=tuple(counts[v] for v in ranked),
        part_counts=tuple(parts[v] for v in ranked_parts),
    )


def value_type(seen: Profile) -> str:
    """The sort of values seen: `email`, `phone`, `url`, `date`, `money`, … ; empty when unclear."""
    if not seen.filled:
        return ""
    sure = 0.8
    tests = (
        ("email", seen.emails), ("phone", seen.phones), ("url", seen.urls),
        ("date", max(seen.dates_mdy, seen.dates_dmy)), ("yes_no", seen.yes_no),
        ("money", seen.money), ("number", seen.numbers),
    )  # fmt: skip
    return next((name for name, share in tests if share >= sure), "text")


def profile_samples(values: Iterable[str]) -> Profile:
    """The profile of a list of sample values."""
    return profile(dict(Counter(values)))


def _fits(transform: Callable[[Any], Any], value: str) -> bool:
    try:
        return transform(value) is not None
    except Unfit:
        return False


def _is_phone(value: str) -> bool:
    """Digits enough for a phone number, and no day: `2024-03-05` is none."""
    digits = sum(c.isdigit() for c in value)
    if not _PHONE.match(value) or digits < 7 or digits > 15 + 6:
        return False
    return not (_fits(date_mdy, value) or _fits(date_dmy, value))


def _leading_zero(value: str) -> bool:
    """`0042` is a code, not a number: as a number it would lose its zeros."""
    return len(value) > 1 and value[0] == "0" and value[1].isdigit()


def custom_profiles(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, Profile]:
    """Profiles of the custom columns of a clean table, by header; at most 2,000 distinct each."""
    cells = con.execute(f"""
      WITH cells AS (
        SELECT unnest(map_keys(custom)) AS header, unnest(map_values(custom)) AS value
        FROM {relation(con, f"clean.{dataset}")}),
      counted AS (SELECT header, value, count(*) AS n FROM cells
        WHERE trim(coalesce(value, '')) <> '' GROUP BY ALL)
      SELECT header, value, n FROM counted
      QUALIFY row_number() OVER (PARTITION BY header ORDER BY n DESC, value) <= 2000
      ORDER BY header, value""").fetchall()  # noqa: S608
    by_header: dict[str, dict[str, int]] = {}
    for header, value, n in cells:
        by_header.setdefault(header, {})[value] = n
    return {header: profile(counts) for header, counts in by_header.items()}
