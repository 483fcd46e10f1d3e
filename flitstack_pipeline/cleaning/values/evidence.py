"""What the values of a file say about how it was written: day or month first, comma or point.

One file is written one way, so the evidence of a column in one file counts first, then that of the
file's other columns, then that of the same column in other files, then that of all other exports of
the account. Counting is done in SQL over every row: no sample can miss the one value that
contradicts. What nothing decides is asked, never guessed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from flitstack_pipeline.cleaning.values.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    NOTHING_DECIDES,
    DateOrder,
    count_orders,
    leading_pair,
    order_from_counts,
)
from flitstack_pipeline.cleaning.values.money import decimal_sign
from flitstack_pipeline.spec.source import BY_KEY as DATASETS
from flitstack_pipeline.warehouse import table_exists

Place = tuple[str, str]
#: Values that make sense day first only, month first only, and either way.
Counts = tuple[int, int, int]


@dataclass
class Evidence:
    """Per (file, column): the order of day and month; and which places write a decimal comma."""

    date_orders: dict[Place, DateOrder] = field(default_factory=dict)
    comma_places: set[Place] = field(default_factory=set)


MONEY_COLUMNS = frozenset(
    [
        "amount",
        "total",
        "subtotal",
        "discount",
        "tax",
        "balance",
        "amount_paid",
        "late_fee",
        "estimated_value",
        "unit_price",
        "unit_cost",
        "quantity",
    ]
)


def is_date_column(name: str) -> bool:
    """Whether a canonical column holds dates, by its name in the spec."""
    return bool(
        re.search(r"(^|_)(date|created|updated|completed|follow_up)$|_date$|^entered_", name)
    )


def gather(con: duckdb.DuckDBPyConnection, dataset: str, answers: Mapping[str, str]) -> Evidence:
    """The evidence of every date and money column of one raw table.

    `answers` are a person's: `dataset.column`, `dataset` or `*` → "day first" or "month first";
    they decide where the values do not: a file that can only be read one way is read that way.
    Raises ValueError for an answer that is neither.
    """
    orders = _date_orders(_date_counts(con, dataset), lambda: _elsewhere(con, dataset))
    for (file, column), order in orders.items():
        answer = _answer(answers, dataset, column)
        if answer and not order.certain:
            orders[file, column] = DateOrder(answer, "decided by a person")
    money = [c.name for c in DATASETS[dataset].columns if c.name in MONEY_COLUMNS]
    return Evidence(orders, _comma_places(_sign_counts(con, dataset, money)))


def _elsewhere(con: duckdb.DuckDBPyConnection, dataset: str) -> tuple[int, int]:
    """Values of all other exports read so far that make sense day first only, month first only."""
    others = [d for d in DATASETS if d != dataset and table_exists(con, f"raw.{d}")]
    counts = [c for other in others for c in _date_counts(con, other).values()]
    return sum(day for day, _, _ in counts), sum(month for _, month, _ in counts)


def _answer(answers: Mapping[str, str], dataset: str, column: str) -> str | None:
    found = next((answers[k] for k in (f"{dataset}.{column}", dataset, "*") if k in answers), None)
    if found not in (None, DAY_FIRST, MONTH_FIRST):
        raise ValueError(
            f"{found!r} is no order of day and month for {dataset}.{column}. "
            f"Write {DAY_FIRST!r} or {MONTH_FIRST!r}."
        )
    return found


def _date_counts(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[Place, Counts]:
    """Values that are day first, month first, either, per file and column."""
    pairs: dict[Place, Counter[tuple[int, int] | None]] = defaultdict(Counter)
    for column in (c.name for c in DATASETS[dataset].columns if is_date_column(c.name)):
        found = con.execute(
            f"""
            WITH beginnings AS (
                SELECT _file AS file, regexp_extract(
                    trim("{column}"), '^[0-9]{{1,2}}[/.-][0-9]{{1,2}}[/.-][0-9]+') AS value
                FROM raw."{dataset}" WHERE "{column}" IS NOT NULL)
            SELECT file, value, count(*) FROM beginnings GROUP BY ALL
            """
        ).fetchall()
        for file, value, count in found:
            pairs[file, column][leading_pair(value)] += count
    return {place: count_orders(counted) for place, counted in pairs.items()}


def _date_orders(
    counts: Mapping[Place, Counts], elsewhere: Callable[[], tuple[int, int]]
) -> dict[Place, DateOrder]:
    orders = {}
    others: tuple[int, int] | None = None
    for (file, column), own in counts.items():
        order = order_from_counts(*own)
        if order.evidence == NOTHING_DECIDES:
            order = _order_of_neighbours(counts, file, column) or order
        if order.evidence == NOTHING_DECIDES:
            others = others or elsewhere()
            order = _one_way(*others, "the other exports") or order
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
    found = (_one_way(sum(c[0] for c in of), sum(c[1] for c in of), w) for w, of in near.items())
    return next(filter(None, found), None)


def _one_way(day: int, month: int, where: str) -> DateOrder | None:
    """The order that values elsewhere have, when they have but one."""
    if bool(day) == bool(month):
        return None
    word = DAY_FIRST if day else MONTH_FIRST
    return DateOrder(word, f"{day or month} values of {where} are {word}", certain=True)


def _sign_counts(
    con: duckdb.DuckDBPyConnection, dataset: str, columns: Iterable[str]
) -> dict[Place, Counter[str | None]]:
    """Cells that can only be read with a comma or with a point, per file and column."""
    signs: dict[Place, Counter[str | None]] = defaultdict(Counter)
    for column in columns:
        found = con.execute(
            f"""
            SELECT _file, regexp_replace(cell, '[0-9]', '9', 'g') AS shape, sum(n)
            FROM (SELECT _file, "{column}" AS cell, count(*) AS n FROM raw."{dataset}"
                  WHERE length("{column}") BETWEEN 1 AND 40 GROUP BY ALL)
            GROUP BY ALL
            """
        ).fetchall()
        for file, shape, count in found:
            signs[file, column][decimal_sign(shape)] += count
    return signs


def _comma_places(signs: Mapping[Place, Counter[str | None]]) -> set[Place]:
    by_file: dict[str, Counter[str | None]] = defaultdict(Counter)
    by_column: dict[str, Counter[str | None]] = defaultdict(Counter)
    for (file, column), counted in signs.items():
        by_file[file].update(counted)
        by_column[column].update(counted)
    return {
        (file, column)
        for (file, column), own in signs.items()
        if _comma(own, by_file[file], by_column[column])
    }


def _comma(*evidence: Counter[str | None]) -> bool:
    """The first evidence that says anything decides; without any, the point."""
    telling = next((e for e in evidence if e[","] != e["."]), None)
    return telling is not None and telling[","] > telling["."]
