"""What the files of an account say of the time zone of times that name none.

Belongs here: headers that name a zone, columns that name one for each row. Does not: counting cells
(`evidence`), the decision (`zones`).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from flitstack_pipeline.cleaning.values.columns import CUSTOM, Place, is_clock, is_date_column
from flitstack_pipeline.cleaning.values.zones import (
    LocalZone,
    RowZones,
    Tails,
    decide_zone,
    is_zone_column,
    zone_answer,
    zone_of_title,
)
from flitstack_pipeline.warehouse import table_exists

#: A time zone column of these is where somebody lives, not when a row was made.
OF_PEOPLE = frozenset(["clients", "leads"])


def local_zones(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    tails: Mapping[Place, Tails],
    answers: Mapping[str, str],
    account: str,
) -> dict[Place, LocalZone]:
    """Whose zone the local times of each column are in, where it is not the account's.

    Args:
        con: The warehouse.
        dataset: The raw table.
        tails: What stands behind the clocks of each of its columns.
        answers: A person's: `dataset.column`, `dataset` or `*` → a zone, or each row's own.
        account: The account's zone.

    Raises:
        BadInput: An answer is no time zone.
    """
    headers = _headers(con, dataset)
    timed = {
        place
        for place in headers
        if is_date_column(dataset, place[1]) or is_clock(dataset, place[1])
    }
    titles = _titles(con, dataset)
    rows = _zone_columns(con, dataset) if dataset not in OF_PEOPLE else {}
    found = {}
    for file, column in sorted({*timed, *tails}):
        name = column.removeprefix(CUSTOM)
        zone = decide_zone(
            tails.get((file, column), {"": int(is_clock(dataset, column))}),
            headers.get((file, column), name),
            account,
            zone_answer(answers, dataset, name),
            None if column.startswith(CUSTOM) else rows.get(file),
            (tail for (f, _), behind in tails.items() if f == file for tail in behind),
            titles.get(file, ""),
        )
        if zone.zone:
            found[file, column] = zone
    return found


def _zone_columns(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, RowZones]:
    """The column of each file that names the time zones of its rows."""
    listed = con.execute(
        "SELECT DISTINCT file, unnest(CAST(unknown_columns AS VARCHAR[])) FROM raw.files "
        "WHERE dataset = ?",
        [dataset],
    ).fetchall() if table_exists(con, "raw.files") else []  # fmt: skip
    found = {}
    for file, label in listed:
        if is_zone_column(label):
            rows = con.execute(
                f'SELECT trim(_extra[?]) AS zone, count(*) FROM raw."{dataset}" '
                "WHERE _file = ? AND zone <> '' GROUP BY zone",
                [label, file],
            ).fetchall()
            found[file] = RowZones(label, dict(rows))
    return found


def _titles(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    """The zone that a line above the header of each file names, where it is one."""
    if not table_exists(con, "raw.excluded"):
        return {}
    lines = con.execute(
        "SELECT file, text FROM raw.excluded WHERE dataset = ? AND rule = 'title_line'", [dataset]
    ).fetchall()
    named: dict[str, set[str]] = {}
    for file, text in lines:
        zones = {zone_of_title(part) for part in text.split(" | ")} - {""}
        named.setdefault(file, set()).update(zones)
    return {file: min(zones) for file, zones in named.items() if len(zones) == 1}


def _headers(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[Place, str]:
    """How the known columns of each file are called there."""
    if not table_exists(con, "raw.headers"):
        return {}
    rows = con.execute("SELECT file, name, header FROM raw.headers WHERE dataset = ?", [dataset])
    return {(file, name): header for file, name, header in rows.fetchall()}
