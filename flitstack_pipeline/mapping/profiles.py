"""What the values of a custom column look like: counts and shares, never kept row by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from flitstack_pipeline.cleaning.values.contact_points import is_email, is_phone, is_web_address
from flitstack_pipeline.cleaning.values.dates import UNDECIDED, DoubtfulDate, NotADate
from flitstack_pipeline.cleaning.values.dates import moment as read_moment
from flitstack_pipeline.cleaning.values.formats import Format
from flitstack_pipeline.cleaning.values.money import DoubtfulAmount, has_currency
from flitstack_pipeline.cleaning.values.words import pending
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.transforms import Account, Unfit, read_as, split_values

MOST_WORDS = 300  # a dropdown may have as many; each becomes an option
_NO_WORD_OF_YES_OR_NO = {"1", "0"}  # they are numbers
_DIGITS = re.compile(r"\d+(\.\d+)?", re.A)
_USUAL = Format()


@dataclass(frozen=True)
class Profile:
    """Shares are of the non-empty values, 0 to 1; `words` only when there are few."""

    filled: int = 0
    distinct: int = 0
    longest: int = 0
    numbers: float = 0.0
    money: float = 0.0
    dates: float = 0.0
    day_numbers: float = 0.0
    moments: float = 0.0
    rates: float = 0.0
    percents: float = 0.0
    emails: float = 0.0
    phones: float = 0.0
    urls: float = 0.0
    yes_no: float = 0.0
    separated: float = 0.0
    words: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    part_counts: tuple[int, ...] = ()
    #: Three values that do not fit, by transform, for evidence.
    odd: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: How the files of the values write them, where that is told.
    how: Mapping[str, Format] = field(default_factory=dict)

    def read_as(self, transform: str, most: int = 3) -> list[str]:
        """Some values before and after a transform, for evidence: `'1/2/2024' is 2024-02-01`."""
        found = []
        for value in self.words:
            try:
                read = read_as(transform, value, self.how.get(value, _USUAL))
            except Unfit:
                continue
            if read is not None:
                found.append(f"{value!r} is {read}")
            if len(found) == most:
                break
        return found

    def common(self, of_parts: bool = False) -> str:
        """The commonest words and how often, for evidence: `PVC 12, Copper 3, …`."""
        words, counts = (self.parts, self.part_counts) if of_parts else (self.words, self.counts)
        shown = [f"{w} {n:,}" for w, n in list(zip(words, counts, strict=True))[:4]]
        return ", ".join([*shown, *(["…"] if len(words) > 4 else [])]) or "none seen"


def profile(
    counts: dict[str, int], how: dict[str, Format] | None = None, zone: str = "UTC"
) -> Profile:
    """The profile of the values of a column.

    Args:
        counts: How often each text stands in the column.
        how: How the file of each text writes its values; the usual way for what is not named.
        zone: The account's time zone.
    """
    told = {v.strip(): f for v, f in (how or {}).items()}
    counts = {v.strip(): n for v, n in counts.items() if v and v.strip()}
    filled = sum(counts.values())
    if not filled:
        return Profile()

    known = filled - sum(n for v, n in counts.items() if pending(v))

    def share(test: Callable[[str], Any]) -> float:
        return sum(n for v, n in counts.items() if test(v)) / filled

    def typed(test: Callable[[str], Any]) -> float:
        """The share of what is known already: `TBD` is of any type."""
        return sum(n for v, n in counts.items() if test(v)) / known if known else 0.0

    read = {v: _days(v, told.get(v, _USUAL), zone) for v in counts}
    parts: Counter[str] = Counter()
    for value, n in counts.items():
        for part in split_values(value):
            parts[part] += n
    ranked = sorted(counts, key=lambda v: (-counts[v], v))[:MOST_WORDS]
    ranked_parts = sorted(parts, key=lambda v: (-parts[v], v))[:MOST_WORDS]
    return Profile(
        how=told,
        filled=filled,
        distinct=len(counts),
        longest=max(map(len, counts)),
        numbers=typed(lambda v: _is_number(v, told.get(v, _USUAL))),
        money=typed(has_currency),
        dates=typed(lambda v: read[v] and not _DIGITS.fullmatch(v)),
        day_numbers=typed(lambda v: read[v] and _DIGITS.fullmatch(v)),
        moments=share(lambda v: read[v] == "moment"),
        rates=typed(lambda v: _fits("rate", v, told.get(v, _USUAL))),
        percents=typed(lambda v: "%" in v),
        emails=share(is_email),
        phones=share(_is_phone),
        urls=share(is_web_address),
        yes_no=share(_is_yes_or_no),
        separated=share(lambda v: len(split_values(v)) > 1),
        words=tuple(ranked),
        parts=tuple(ranked_parts),
        counts=tuple(counts[v] for v in ranked),
        part_counts=tuple(parts[v] for v in ranked_parts),
        odd={
            "date": tuple(v for v in ranked if not read[v])[:3],
            "number": tuple(v for v in ranked if not _is_number(v, told.get(v, _USUAL)))[:3],
            "rate": tuple(v for v in ranked if not _fits("rate", v, told.get(v, _USUAL)))[:3],
            "money": tuple(v for v in ranked if not _is_number(v, told.get(v, _USUAL)))[:3],
        },
    )


def value_type(seen: Profile) -> str:
    """The sort of values seen: `email`, `phone`, `url`, `date`, `money`, … ; empty when unclear."""
    if not seen.filled:
        return ""
    sure = 0.8
    tests = (
        ("email", seen.emails), ("phone", seen.phones), ("url", seen.urls),
        ("date", seen.dates), ("yes_no", seen.yes_no),
        ("money", seen.money), ("number", seen.numbers),
    )  # fmt: skip
    return next((name for name, share in tests if share >= sure), "text")


def profile_samples(values: Iterable[str]) -> Profile:
    """The profile of a list of sample values."""
    return profile(dict(Counter(values)))


def _fits(transform: str, value: str, how: Format = _USUAL) -> bool:
    try:
        return read_as(transform, value, how) is not None
    except Unfit:
        return False


def _is_number(value: str, how: Format) -> bool:
    """Also where nobody decided yet how to read it."""
    try:
        return read_as("number", value, how) is not None
    except Unfit as error:
        cause = error.__cause__
        return isinstance(cause and cause.__cause__, DoubtfulAmount)


def _days(value: str, how: Format, zone: str) -> str:
    """`day` or `moment` for a date, also where nobody decided yet how to read it; else empty."""
    try:
        found = read_moment(value, replace(how, zone="").date_order, zone)
    except DoubtfulDate:
        return "moment" if ":" in value else "day"
    except NotADate:
        return ""
    return "moment" if found and found.exact else "day" if found else ""


def _is_yes_or_no(value: str) -> bool:
    return value not in _NO_WORD_OF_YES_OR_NO and _fits("yes_no", value)


def _is_phone(value: str) -> bool:
    """Phones and no day: `2024-03-05` is none."""
    return is_phone(value) and not _days(value, Format(UNDECIDED), "UTC")


def custom_profiles(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, Profile]:
    """Profiles of the custom columns of a clean table, by header; at most 2,000 distinct each."""
    cells = con.execute(f"""
      WITH entries AS (
        SELECT unnest(map_entries(custom)) AS e, custom_formats
        FROM {relation(con, f"clean.{dataset}")}),
      cells AS (
        SELECT e.key AS header, e.value AS value, custom_formats[e.key] AS format FROM entries),
      counted AS (SELECT header, value, min(format) AS format, count(*) AS n FROM cells
        WHERE trim(coalesce(value, '')) <> '' GROUP BY header, value)
      SELECT header, value, format, n FROM counted
      QUALIFY row_number() OVER (PARTITION BY header ORDER BY n DESC, hash(value), value) <= 2000
      ORDER BY header, value""").fetchall()
    by_header: dict[str, dict[str, int]] = {}
    formats: dict[str, dict[str, Format]] = {}
    for header, value, format_, n in cells:
        by_header.setdefault(header, {})[value] = n
        if format_:
            formats.setdefault(header, {})[value] = Format.of(format_)
    zone = Account.load(con).time_zone
    return {h: profile(counts, formats.get(h), zone) for h, counts in by_header.items()}
