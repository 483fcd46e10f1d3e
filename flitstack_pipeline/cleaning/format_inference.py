"""The questions about how columns are written, and the table of what was found out about them.

Belongs here: evidence → questions, `clean.formats`, `clean.account`. Does not: the evidence
(`values.evidence`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import duckdb

from flitstack_pipeline.cleaning.values.cell_sql import literal
from flitstack_pipeline.cleaning.values.clocks import clock, zone_named
from flitstack_pipeline.cleaning.values.columns import CUSTOM, Place
from flitstack_pipeline.cleaning.values.dates import (
    DAY_FIRST,
    IN_ZONE,
    MONTH_FIRST,
    NOTHING_DECIDES,
    UNDECIDED,
    DateOrder,
    DoubtfulDate,
    NotADate,
    moment,
)
from flitstack_pipeline.cleaning.values.evidence import MONEY_TEXTS, Evidence
from flitstack_pipeline.cleaning.values.formats import (
    NO_NUMBER_DECIDES,
    SIGN_WORDS,
    DecimalSign,
)
from flitstack_pipeline.cleaning.values.zones import ROWS, LocalZone
from flitstack_pipeline.questions import Choice, Question

#: Moments shown as evidence of a question about time zones.
SHOWN = 3
#: Any, to show a time of day alone in two zones.
SOME_DAY = "2024-01-15"
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
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, evidence: Evidence, zone: str
) -> Iterator[Question]:
    """One question for each column that its values and those around it leave open.

    Args:
        con: The warehouse.
        object_key: The object type.
        dataset: The raw table.
        evidence: What was counted of it.
        zone: The account's time zone.
    """
    for (file, column), order in evidence.date_orders.items():
        if order.order == UNDECIDED and (file, column) not in evidence.mixed:
            yield _about_dates(object_key, dataset, file, column, order)
    for (file, column), sign in evidence.signs.items():
        if sign.undecided and (file, column) not in evidence.mixed and column not in MONEY_TEXTS:
            shown = _doubtful_cells(con, dataset, file, column)
            yield _about_numbers(object_key, dataset, file, column, sign, shown)
    for (file, column), local in evidence.zones.items():
        if local.undecided and (file, column) not in evidence.mixed:
            way = evidence.formats()[file, column].order
            way = MONTH_FIRST if way == UNDECIDED else way
            moments = _local_moments(con, dataset, (file, column), way, local.label)
            told = tuple(_each_way(*shown, way, zone, local.offered) for shown in moments)
            yield _about_zones(object_key, dataset, (file, column), local, told)


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


def _about_zones(
    object_key: str, dataset: str, place: Place, local: LocalZone, evidence: tuple[str, ...]
) -> Question:
    """One question for a column that has local times beside those of a zone."""
    file, column = place
    shown = column.removeprefix(CUSTOM)
    return Question(
        f"zone:{dataset}.{shown}",
        "zone",
        f"Whose time zone are the times in {shown} of {file} that name none? {local.evidence}; "
        "another zone can be answered, too",
        object=object_key,
        dataset=dataset,
        file=file,
        column=shown,
        evidence=evidence,
        choices=tuple(Choice(zone, f"they are read as times of {zone}") for zone in local.offered),
    )


def _each_way(cell: str, of_row: str, order: str, account: str, zones: tuple[str, ...]) -> str:
    """A local moment, or time of day, as it would be read in the account by each answer."""
    ways = []
    dated = cell if _has_day(cell) else f"{SOME_DAY} {cell}"
    for zone in zones:
        meant = of_row if zone == ROWS else zone
        found = moment(dated, f"{order}{IN_ZONE}{meant}", account)
        shown = (found.exact or found.day.isoformat()).replace("T", " ")[:16] if found else ""
        shown = shown if dated == cell else shown[11:]
        ways.append(f"{shown} if it is of {meant}")
    return f"{cell!r}: {', or '.join(ways)}"


def _local_moments(
    con: duckdb.DuckDBPyConnection, dataset: str, place: Place, order: str, label: str
) -> list[tuple[str, str]]:
    """Three moments of a column that name no zone, each with what `label` says in its row."""
    file, column = place
    cell = _cell_sql(column)
    zone = f"trim(_extra[{literal(label)}])" if label else "''"
    rows = con.execute(
        f'SELECT DISTINCT trim({cell}), {zone} AS zone FROM raw."{dataset}" WHERE _file = ? '
        f"AND regexp_matches({cell}, '[0-9]:[0-9][0-9]') AND (? = '' OR zone <> '') "
        "ORDER BY 1, 2",
        [file, label],
    )
    each = iter(rows.fetchone, None)  # a file may hold many; the first that fit are enough
    local = ((c, z) for c, z in each if _names_no_zone(c, order) and (not z or zone_named(z)))
    return list(islice(local, SHOWN))


def _names_no_zone(cell: str, order: str) -> bool:
    if not _has_day(cell):
        return True
    try:
        moment(cell, f"{order}{IN_ZONE}{UNDECIDED}")
    except NotADate as error:
        return isinstance(error, DoubtfulDate)
    return False


def _has_day(cell: str) -> bool:
    """Whether a cell holds more than a time of day."""
    return clock(cell) is None


def _cell_sql(column: str) -> str:
    """SQL of a cell of a raw row, of a custom column by its label."""
    if column.startswith(CUSTOM):
        return f"_extra[{literal(column.removeprefix(CUSTOM))}]"
    return f'"{column}"'


def _doubtful_cells(
    con: duckdb.DuckDBPyConnection, dataset: str, file: str, column: str
) -> list[str]:
    """Three cells of a column that can be read with either sign."""
    cell = _cell_sql(column)
    rows = con.execute(
        f'SELECT DISTINCT {cell} FROM raw."{dataset}" WHERE _file = ? '
        f"AND regexp_matches({cell}, '^[^0-9]*[1-9][0-9]{{0,2}}[.,][0-9]{{3}}[^0-9]*$') "
        "ORDER BY 1 LIMIT 3",
        [file],
    ).fetchall()
    return [f"{shown!r}" for (shown,) in rows]
