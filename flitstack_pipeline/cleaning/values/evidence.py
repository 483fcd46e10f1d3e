"""What the values of a file say about how it was written: day or month first, comma or point.

One file is written one way, so the evidence of a column in one file counts first, then that of the
file's other columns, then that of the same column in other files, then that of all other exports of
the account. Counting is done in SQL over every row: no sample can miss the one value that
contradicts. Custom columns count like known ones; they are named `custom:HEADER`. What nothing
decides is asked, never guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.values.columns import (
    CUSTOM,
    Place,
    is_date_column,
    is_money_column,
)
from flitstack_pipeline.cleaning.values.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    NOTHING_DECIDES,
    DateOrder,
    count_orders,
    leading_pair,
    order_from_counts,
)
from flitstack_pipeline.cleaning.values.formats import (
    DecimalSign,
    Format,
    decide_sign,
    decimal_answer,
    order_answer,
    united,
)
from flitstack_pipeline.cleaning.values.money import mark_of
from flitstack_pipeline.cleaning.values.zone_evidence import local_zones
from flitstack_pipeline.cleaning.values.zones import LocalZone, shown_zone
from flitstack_pipeline.warehouse import filled_tables

#: Values that make sense day first only, month first only, and either way.
Counts = tuple[int, int, int]
#: A custom column is asked about when so many of its filled cells are dates, or numbers.
MOSTLY = 0.8
#: Kept as text, for they may be a share: what they say counts for their file.
MONEY_TEXTS = frozenset(["markup", "deposit"])
_DATE_START = r"^\s*[0-9]{1,4}\s?[/.-]\s?[0-9]{1,2}\s?[/.-]\s?[0-9]{2,4}"
_WRITTEN = (
    r"^[A-Za-z0-9,.\s]{0,14}([0-9]{1,2}.{0,5}[^\W\d_]{3}|[^\W\d_]{3}.{0,8}[0-9]{1,2}).{0,9}[0-9]{2}"
)
_AFTER = r"([T,\s]+[0-9].*)?$"
_NUMBER = (
    r"^[^0-9A-Za-z]{0,4}[A-Za-z]{0,3}[^0-9A-Za-z]{0,4}"
    r"[0-9][0-9 .,''\x{2019}\x{a0}\x{202f}]*[^0-9]{0,6}$"
)
_UTC_DAY = r"T00:00(:00(\.0+)?)?(Z|[+]00:?00)$"
#: What stands behind a clock: ` PM`, `Z`, ` -0500 (EST)`, nothing.
_TAIL = r"^.*?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(.*)$"
#: How programs write a bare day.
_MIDNIGHT = r"[T\s](00:00(:00([.,]0+)?)?([^0-9].*)?|12:00(:00)?\s?[Aa]\.?[Mm]\.?.*)$"
#: SQL of (a day in UTC, what stands behind the clock of another moment or NULL) of a cell.
_CLOCK = """
    contains({0}, ':') AND regexp_matches({0}, '{utc_day}') AS utc_day,
    CASE WHEN contains({0}, ':') AND (utc_day OR NOT regexp_matches({0}, '{midnight}'))
         AND regexp_matches({0}, '{tail}') THEN regexp_extract({0}, '{tail}', 1) END AS tail"""


def _clock_sql(cell: str) -> str:
    return _CLOCK.format(cell, utc_day=_UTC_DAY, midnight=_MIDNIGHT, tail=_TAIL)


@dataclass
class Evidence:
    """Per (file, column): the order of day and month, the decimal sign, days written in UTC,
    whose time zone local times are in."""

    date_orders: dict[Place, DateOrder] = field(default_factory=dict)
    signs: dict[Place, DecimalSign] = field(default_factory=dict)
    zones: dict[Place, LocalZone] = field(default_factory=dict)
    utc_days: set[Place] = field(default_factory=set)
    mixed: set[Place] = field(default_factory=set)
    #: Places of columns that a file lacks, each with the place whose cells are kept there.
    borrowed: dict[Place, Place] = field(default_factory=dict)

    def formats(self) -> dict[Place, Format]:
        """What the parsers are told of each place."""
        usual = Format()
        own = {
            place: Format(
                self.date_orders[place].order if place in self.date_orders else usual.order,
                self.signs[place].sign if place in self.signs else usual.sign,
                place in self.utc_days,
                self.zones[place].zone if place in self.zones else usual.zone,
            )
            for place in sorted({*self.date_orders, *self.signs, *self.utc_days, *self.zones})
        }
        return own | {place: own[other] for place, other in self.borrowed.items()}


@dataclass
class Counted:
    """What was counted of one raw table, by (file, column)."""

    dates: dict[Place, Counts] = field(default_factory=dict)
    signs: dict[Place, Counter[str | None]] = field(default_factory=dict)
    utc_days: set[Place] = field(default_factory=set)
    #: What stands behind the clocks of each column of moments.
    tails: dict[Place, Counter[str]] = field(default_factory=dict)
    #: Custom columns that hold only some dates or numbers: they say nothing of their file.
    mixed: set[Place] = field(default_factory=set)

    @property
    def telling_dates(self) -> dict[Place, Counts]:
        """The dates of the columns that hold dates."""
        return {place: c for place, c in self.dates.items() if place not in self.mixed}

    @property
    def telling_signs(self) -> dict[Place, Counter[str | None]]:
        """The numbers of the columns that hold numbers."""
        return {place: c for place, c in self.signs.items() if place not in self.mixed}


def gather(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    date_answers: Mapping[str, str],
    decimal_answers: Mapping[str, str] | None = None,
    country: str = "US",
    seen: dict[str, Counted] | None = None,
    zones: Mapping[str, str] | None = None,
    account: str = "UTC",
) -> Evidence:
    """The evidence of every date and number column of one raw table, custom ones included.

    Args:
        con: The warehouse with the raw tables read so far.
        dataset: The raw table.
        date_answers: A person's: `dataset.column`, `dataset` or `*` → "day first" or "month
            first"; they decide where the values do not: a file that can only be read one way is
            read that way.
        decimal_answers: Likewise → "comma" or "point".
        country: The account's.
        seen: What was counted of each raw table, for callers that gather several times from raw
            tables that do not change meanwhile; filled here.
        zones: Answers about the zone of times that name none.
        account: The account's time zone.

    Raises:
        BadInput: An answer is no order, no decimal sign, or no time zone.
    """
    known = {} if seen is None else seen

    def of(name: str) -> Counted:
        if name not in known:
            known[name] = count(con, name)
        return known[name]

    def elsewhere() -> list[Counted]:
        filled = filled_tables(con, "raw")
        named = [d for d in DATASETS if d != dataset and d in filled]
        return [of(d) for d in named or [dataset]]

    counted = of(dataset)

    orders = _date_orders(counted, elsewhere)
    for (file, column), order in orders.items():
        answer = order_answer(date_answers, dataset, column.removeprefix(CUSTOM))
        if answer and not order.certain:
            orders[file, column] = DateOrder(answer, "decided by a person")
    signs = _decimal_signs(counted, elsewhere, country)
    for (file, column), sign in signs.items():
        answer = decimal_answer(decimal_answers or {}, dataset, column.removeprefix(CUSTOM))
        if answer and sign.undecided:
            signs[file, column] = replace(sign, sign=answer, evidence="decided by a person")
    local = local_zones(con, dataset, counted.tails, zones or {}, account)
    return Evidence(orders, signs, local, counted.utc_days, counted.mixed)


def count(con: duckdb.DuckDBPyConnection, dataset: str) -> Counted:
    """Count what the cells of one raw table say, known columns and custom ones."""
    found = Counted()
    names, has_custom = _filled(con, dataset)
    for column in (n for n in names if is_date_column(dataset, n)):
        _count_dates(con, dataset, column, found)
    for column in (n for n in names if is_money_column(dataset, n) or n in MONEY_TEXTS):
        _count_signs(con, dataset, column, found)
    if has_custom:
        _count_custom(con, dataset, found)
    return found


def _filled(con: duckdb.DuckDBPyConnection, dataset: str) -> tuple[list[str], bool]:
    """The known columns of a raw table that hold anything: most exports fill a few of many.

    And whether a custom column does.
    """
    names = [c.name for c in DATASETS[dataset].columns]
    counts = ", ".join(f'count("{name}")' for name in names)
    [(custom, *known)] = con.execute(
        f'SELECT count(*) FILTER (cardinality(_extra) > 0), {counts} FROM raw."{dataset}"'
    ).fetchall()
    return [name for name, cells in zip(names, known, strict=True) if cells], bool(custom)


def _count_dates(con: duckdb.DuckDBPyConnection, dataset: str, column: str, found: Counted) -> None:
    rows = con.execute(
        f"""
        WITH beginnings AS (
            SELECT _file AS file, regexp_extract(trim("{column}"), '{_DATE_START}') AS value,
                   {_clock_sql(f'"{column}"')}
            FROM raw."{dataset}" WHERE "{column}" IS NOT NULL)
        SELECT file, value, utc_day, tail, count(*) FROM beginnings GROUP BY ALL
        """
    ).fetchall()
    _take_dates(((file, column, *rest) for file, *rest in rows), found)


def _take_dates(rows: Iterable[tuple[Any, ...]], found: Counted) -> None:
    """Take (file, column, beginning, day in UTC, behind the clock, cells) into what is counted."""
    pairs: dict[Place, Counter[tuple[int, int] | None]] = defaultdict(Counter)
    utc: dict[Place, set[bool]] = defaultdict(set)
    tails: dict[Place, Counter[str]] = defaultdict(Counter)
    for file, column, value, utc_day, tail, n in rows:
        place = file, column
        pairs[place][leading_pair(value)] += n
        if tail is None:
            continue
        if utc_day or shown_zone(tail):
            utc[place].add(bool(utc_day))
        if not utc_day:
            tails[place][tail] += n
    found.dates |= {place: count_orders(counted) for place, counted in pairs.items()}
    found.utc_days |= {place for place, seen in utc.items() if seen == {True}}
    found.tails |= tails


#: A number with 9 for every digit, but a lone 0 before the mark: all that tells how to read it.
_SHAPE = """
    CASE WHEN regexp_matches({0}, '(^|[^0-9.,])0[.,]')
         THEN regexp_replace(regexp_replace({0}, '[0-9]', '9', 'g'), '9', '0')
         ELSE regexp_replace({0}, '[0-9]', '9', 'g') END"""


def _count_signs(con: duckdb.DuckDBPyConnection, dataset: str, column: str, found: Counted) -> None:
    rows = con.execute(
        f"""
        SELECT _file, {_SHAPE.format("cell")} AS shape, sum(n)
        FROM (SELECT _file, "{column}" AS cell, count(*) AS n FROM raw."{dataset}"
              WHERE length("{column}") BETWEEN 1 AND 40 GROUP BY ALL)
        GROUP BY ALL
        """
    ).fetchall()
    signs: dict[str, Counter[str | None]] = defaultdict(Counter)
    for file, shape, n in rows:
        signs[file][mark_of(shape)] += int(n)
    found.signs |= {(file, column): counted for file, counted in signs.items()}


def _count_custom(con: duckdb.DuckDBPyConnection, dataset: str, found: Counted) -> None:
    """Count the custom columns that mostly hold dates or numbers."""
    rows = con.execute(
        f"""
        WITH cells AS (
            SELECT _file AS file, unnest(map_entries(_extra)) AS e FROM raw."{dataset}"
            WHERE cardinality(_extra) > 0),
        named AS (
            SELECT file, e.key AS label, trim(e.value) AS cell FROM cells
            WHERE trim(coalesce(e.value, '')) <> ''),
        shaped AS (
            SELECT file, label,
                   length(cell) <= 60 AND regexp_matches(cell, '{_DATE_START}{_AFTER}') AS numeric,
                   CASE WHEN numeric THEN regexp_extract(cell, '{_DATE_START}')
                        WHEN length(cell) <= 60 AND regexp_matches(cell, '{_WRITTEN}')
                        THEN 'written' ELSE '' END AS date,
                   CASE WHEN date = '' AND length(cell) <= 40 AND regexp_matches(cell, '{_NUMBER}')
                        THEN {_SHAPE.format("cell")} ELSE '' END AS shape,
                   CASE WHEN date <> '' THEN cell ELSE '' END AS dated,
                   {_clock_sql("dated")}
            FROM named)
        SELECT file, '{CUSTOM}' || label, date, utc_day, tail, shape, count(*)
        FROM shaped GROUP BY ALL
        """
    ).fetchall()
    columns: dict[Place, list[tuple[Any, ...]]] = defaultdict(list)
    for file, column, *rest in rows:
        columns[file, column].append(tuple(rest))
    for place, cells in columns.items():
        _take_custom(place, cells, found)


def _take_custom(place: Place, cells: list[tuple[Any, ...]], found: Counted) -> None:
    """Take (beginning of a date, day in UTC, behind the clock, shape, cells) of one column."""
    filled = sum(n for *_, n in cells)
    dates = [(*place, date, utc, tail, n) for date, utc, tail, _, n in cells if date]
    numbers: Counter[str | None] = Counter()
    for _, _, _, shape, n in cells:
        if shape:
            numbers[mark_of(shape)] += n
    if dates:
        _take_dates(dates, found)
    if numbers:
        found.signs[place] = numbers
    if max(sum(n for *_, n in dates), numbers.total()) < MOSTLY * filled:
        found.mixed.add(place)


def _date_orders(
    counted: Counted, elsewhere: Callable[[], list[Counted]]
) -> dict[Place, DateOrder]:
    orders = {}
    for (file, column), own in counted.dates.items():
        order = order_from_counts(*own)
        if order.evidence == NOTHING_DECIDES:
            order = _order_of_neighbours(counted.telling_dates, file, column) or order
        if order.evidence == NOTHING_DECIDES:
            others = [c for other in elsewhere() for c in other.telling_dates.values()]
            order = _one_way(others, "the other exports") or order
        orders[file, column] = order
    return orders


def _order_of_neighbours(
    counts: Mapping[Place, Counts], file: str, column: str
) -> DateOrder | None:
    """What the file's other columns say, else what the same column of other files says."""
    near = {
        "the file's other columns": [c for (f, _), c in counts.items() if f == file],
        "the same column in other files": [c for (_, n), c in counts.items() if n == column],
    }
    return next(filter(None, (_one_way(of, where) for where, of in near.items())), None)


def _one_way(counts: list[Counts], where: str) -> DateOrder | None:
    """The order that values elsewhere have, when they have but one."""
    day, month = sum(c[0] for c in counts), sum(c[1] for c in counts)
    if bool(day) == bool(month):
        return None
    word = DAY_FIRST if day else MONTH_FIRST
    return DateOrder(word, f"{day or month} values of {where} are {word}", certain=True)


def _decimal_signs(
    counted: Counted, elsewhere: Callable[[], list[Counted]], country: str
) -> dict[Place, DecimalSign]:
    counts = counted.telling_signs

    def nearby(file: str, column: str) -> Iterator[tuple[str, Counter[str | None]]]:
        yield "the file's other columns", united(c for (f, _), c in counts.items() if f == file)
        same = (c for (_, n), c in counts.items() if n == column)
        yield "the same column in other files", united(same)
        others = (c for other in elsewhere() for c in other.telling_signs.values())
        yield "the other exports", united(others)

    return {
        (file, column): decide_sign(own, nearby(file, column), country)
        for (file, column), own in counted.signs.items()
    }
