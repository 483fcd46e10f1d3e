"""The questions about how columns are written, and the table of what was found out about them.

Belongs here: evidence → questions, `clean.formats`, `clean.account`. Does not: the evidence
(`values.evidence`).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from flitstack_pipeline.cleaning.values.cell_sql import literal
from flitstack_pipeline.cleaning.values.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    NOTHING_DECIDES,
    UNDECIDED,
    DateOrder,
)
from flitstack_pipeline.cleaning.values.evidence import CUSTOM, MONEY_TEXTS, Evidence
from flitstack_pipeline.cleaning.values.formats import (
    NO_NUMBER_DECIDES,
    SIGN_WORDS,
    DecimalSign,
)
from flitstack_pipeline.questions import Choice, Question

FORMATS_DDL = """CREATE TABLE IF NOT EXISTS clean.formats (
  object VARCHAR, dataset VARCHAR, file VARCHAR, "column" VARCHAR, format VARCHAR,
  date_evidence VARCHAR, number_evidence VARCHAR)"""


def store_formats(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, evidence: Evidence
) -> None:
    """Write down how each column of each file of a dataset is read, and why."""
    for (file, column), found in evidence.formats().items():
        order, sign = evidence.date_orders.get((file, column)), evidence.signs.get((file, column))
        why = [order.evidence if order else None, sign.evidence if sign else None]
        con.execute(
            "INSERT INTO clean.formats VALUES (?, ?, ?, ?, ?, ?, ?)",
            [object_key, dataset, file, column, found.word, *why],
        )


def format_questions(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, evidence: Evidence
) -> Iterator[Question]:
    """One question for each column that its values and those around it leave open."""
    for (file, column), order in evidence.date_orders.items():
        if order.order == UNDECIDED and (file, column) not in evidence.mixed:
            yield _about_dates(object_key, dataset, file, column, order)
    for (file, column), sign in evidence.signs.items():
        if sign.undecided and (file, column) not in evidence.mixed and column not in MONEY_TEXTS:
            shown = _doubtful_cells(con, dataset, file, column)
            yield _about_numbers(object_key, dataset, file, column, sign, shown)


def _about_dates(
    object_key: str, dataset: str, file: str, column: str, order: DateOrder
) -> Question:
    """One question for a column that contradicts itself; one for all that nothing decides."""
    shown = column.removeprefix(CUSTOM)
    key, where = f"dates:{dataset}.{shown}", f" in {shown} of {file}"
    if order.evidence == NOTHING_DECIDES:
        key, where = "dates:*", ""
    return Question(
        key,
        "dates",
        f"Day or month first{where}? {order.evidence}",
        object=object_key if where else "",
        dataset=dataset if where else "",
        file=file if where else "",
        column=shown if where else "",
        evidence=(f"{shown} of {file}: {order.evidence}",),
        choices=(Choice(MONTH_FIRST), Choice(DAY_FIRST)),
    )


def _about_numbers(
    object_key: str, dataset: str, file: str, column: str, sign: DecimalSign, shown: list[str]
) -> Question:
    """One question for a column that contradicts itself; one for all that nothing decides."""
    name = column.removeprefix(CUSTOM)
    key, where = f"decimal:{dataset}.{name}", f" in {name} of {file}"
    if sign.evidence == NO_NUMBER_DECIDES:
        key, where = "decimal:*", ""
    return Question(
        key,
        "decimal",
        f"Does a comma or a point stand before the decimals of numbers{where}? {sign.evidence}",
        object=object_key if where else "",
        dataset=dataset if where else "",
        file=file if where else "",
        column=name if where else "",
        evidence=(f"{name} of {file}: {', '.join(shown)}",),
        choices=tuple(Choice(word) for word in SIGN_WORDS),
    )


def _doubtful_cells(
    con: duckdb.DuckDBPyConnection, dataset: str, file: str, column: str
) -> list[str]:
    """Three cells of a column that can be read with either sign."""
    cell = f'"{column}"'
    if column.startswith(CUSTOM):
        cell = f"_extra[{literal(column.removeprefix(CUSTOM))}]"
    rows = con.execute(
        f'SELECT DISTINCT {cell} FROM raw."{dataset}" WHERE _file = ? '
        f"AND regexp_matches({cell}, '^[^0-9]*[1-9][0-9]{{0,2}}[.,][0-9]{{3}}[^0-9]*$') "
        "ORDER BY 1 LIMIT 3",
        [file],
    ).fetchall()
    return [f"{shown!r}" for (shown,) in rows]
