"""Which raw row is which record: source ids, superseded versions, merged rows.

Where an export has no id, a stable one is derived from documented business keys
(docs/contractor_plus.md#quirk-9); several versions of one record keep the newest, the rest are
counted. One client on several rows of one file, one per property, is one client
(docs/contractor_plus.md#quirk-11).

Rows of one number are versions of one record, or records of their own (see `same_number`).

Nearly every row is the only one of its record and needs no word. What is told of the others lies in
the temporary table `marks (row, key, state, repeated, suffix, line, age)`: `row` is the raw table's
rowid, `state` NULL for a row that is loaded, else `superseded`, `merged` (its cells are filled into
the row that is loaded), `decided` (a person said that a later row of its session counts) or
`refused`; `repeated` says that an equal row stands in the same session; `suffix` tells records of
one number apart; `line` is the line's position (see `lines`); `age` orders the rows of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY, LINES_OF
from flitstack_pipeline.cleaning.identity_rules import ID_COLUMN, PLACE_COLUMNS
from flitstack_pipeline.cleaning.lines import line_number, mark_lines
from flitstack_pipeline.cleaning.row_states import same_cells
from flitstack_pipeline.cleaning.values.cell_sql import (
    cell,
    document_number,
    literal,
    stripped,
    text,
    workspace,
)

#: Oldest export first, so that the last version of a record is the newest.
AGE = "s._exported_at, s._file, s._sheet, s._row"
MARKS_DDL = (
    "CREATE OR REPLACE TEMP TABLE marks (row BIGINT, key VARCHAR, state VARCHAR, "
    "repeated BOOLEAN, suffix VARCHAR, line BIGINT, age BIGINT)"
)


def source_id(dataset: str) -> str:
    """SQL of the id of a raw row `s`: as shown, or derived from its business keys.

    A derived id is `~` and 16 hexadecimal digits: the SHA-256 of the keys, trimmed, in lower case,
    joined by the unit separator. One payment reference may settle several invoices: there the
    invoice is part of the id. A row without any key is known by its place in its file.
    """
    own = "'~row-' || s._row_id"
    keys = BY_KEY[dataset].derived_id
    if keys:
        any_key = ", ".join(text(cell(k)) for k in keys)
        joined = " || chr(31) || ".join(f"coalesce(lower({stripped(cell(k))}), '')" for k in keys)
        derived = f"'~' || left(sha256({joined}), 16)"
        own = f"CASE WHEN coalesce({any_key}) IS NULL THEN {own} ELSE {derived} END"
    column = ID_COLUMN.get(dataset)
    if column is None:
        return own
    shown = document_number(text(cell(column)))
    if dataset == "payments":
        shown += f" || coalesce('@' || {document_number(text('s.invoice_number'))}, '')"
    return f"coalesce({shown}, {own})"


def identified(dataset: str) -> str:
    """SQL of the raw rows that are records: their cells, `_id`, `_key`, `_line`, `_at` (rowid).

    Reads the marks that `mark` made.
    """
    if dataset in LINES_OF:
        number = document_number(text(cell(LINES_OF[dataset])))
        shown = f"coalesce({number}, '~row-' || s._row_id) || '#' || _line"
    else:
        shown = f"{source_id(dataset)} || coalesce(m.suffix, '')"
    return f"""
        SELECT *, {workspace("x")} || '/{dataset}/' || _id AS _key FROM (
            SELECT s.*, s.rowid AS _at, coalesce(m.line, {_line(dataset)}) AS _line, {shown} AS _id
            FROM raw."{dataset}" s LEFT JOIN marks m ON m.row = s.rowid WHERE m.state IS NULL) x"""


def _line(dataset: str) -> str:
    return line_number() if dataset in LINES_OF else "CAST(NULL AS BIGINT)"


def mark(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    split: Callable[[], None] = lambda: None,
    named: Iterable[str] = (),
    lines: str = "",
) -> None:
    """Make the marks of a raw table.

    Args:
        con: The warehouse.
        dataset: The raw table.
        split: Tells records of one number apart in the temporary table `versions`.
        named: Files (`FILE` or `FILE#SHEET`) whose kind a person named.
        lines: What a person said of lines that differ in two files of one session.
    """
    con.execute(MARKS_DDL)
    if dataset in LINES_OF:
        mark_lines(con, dataset, same_cells(dataset), lines)
        return
    key = f"{workspace('s')} || '/{dataset}/' || {source_id(dataset)}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE hashes AS "
        f'SELECT s.rowid AS row, hash({key}) AS h FROM raw."{dataset}" s'
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE several AS "
        "SELECT h FROM hashes GROUP BY h HAVING count(*) > 1"
    )
    if con.execute("SELECT h FROM several LIMIT 1").fetchall():
        _make_versions(con, dataset, key, named)
        split()
        _mark_versions(con)
    con.execute("DROP TABLE hashes; DROP TABLE several")


def _make_versions(
    con: duckdb.DuckDBPyConnection, dataset: str, key: str, named: Iterable[str]
) -> None:
    """Make the temporary table `versions` of the rows whose hash others have too.

    `cells` and `place` are told of rows of which one session has several only.
    """
    files = ", ".join(map(literal, named)) or "NULL"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE versions AS
        WITH sessions AS (
            SELECT _session, row_number() OVER (ORDER BY min(_exported_at), _session) AS number
            FROM raw."{dataset}" GROUP BY _session
        )
        SELECT s.rowid AS row, {key} AS key, s._file AS file, n.number AS session,
               CAST(NULL AS VARCHAR) AS place, CAST(NULL AS VARCHAR) AS cells,
               coalesce(s._file IN ({files}) OR s._file || '#' || s._sheet IN ({files}), false)
                   AS named,
               row_number() OVER (ORDER BY n.number, {AGE}) AS age,
               CAST(NULL AS VARCHAR) AS suffix, false AS decided
        FROM raw."{dataset}" s JOIN hashes x ON x.row = s.rowid JOIN sessions n USING (_session)
        WHERE x.h IN (SELECT h FROM several)
        """
    )
    if BY_KEY[dataset].repeats:
        _tell_equal_rows_apart(con, dataset)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE crowded AS "
        "SELECT key, session FROM versions GROUP BY ALL HAVING count(*) > 1"
    )
    place = "''"
    if dataset == "clients":
        cells = [f"coalesce(lower({stripped(cell(c))}), '')" for c in PLACE_COLUMNS]
        place = " || chr(31) || ".join(cells)
    if con.execute("SELECT key FROM crowded LIMIT 1").fetchall():
        con.execute(
            f"""
            UPDATE versions v SET cells = x.cells, place = x.place
            FROM (SELECT w.row, {same_cells(dataset)} AS cells, {place} AS place
                  FROM versions w SEMI JOIN crowded USING (key, session)
                  JOIN raw."{dataset}" s ON s.rowid = w.row) x
            WHERE x.row = v.row
            """
        )


def _tell_equal_rows_apart(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Number the rows of one file that have one derived key; from the second on it shows."""
    con.execute(
        f"""
        UPDATE versions v SET suffix = '.' || n.nth, key = v.key || '.' || n.nth
        FROM (SELECT row, row_number() OVER (PARTITION BY file, key ORDER BY age) AS nth
              FROM versions WHERE key LIKE {literal(f"%/{dataset}/~%")}) n
        WHERE n.row = v.row AND n.nth > 1
        """
    )


def _mark_versions(con: duckdb.DuckDBPyConnection) -> None:
    """Mark the rows of `versions` as what they are of their record; the last one is loaded."""
    con.execute(
        """
        INSERT INTO marks
        SELECT row, key, CASE WHEN age = last_age THEN NULL
                              WHEN session <> last_session OR has_twin THEN 'superseded'
                              WHEN decided THEN 'decided' ELSE 'merged' END,
               session = last_session AND has_twin, suffix, NULL, age
        FROM (SELECT *, max(age) OVER k AS last_age, max(session) OVER k AS last_session,
                     lead(row) OVER (PARTITION BY key, session, cells ORDER BY age) IS NOT NULL
                         AS has_twin
              FROM versions WINDOW k AS (PARTITION BY key))
        """
    )
    con.execute("DROP TABLE versions; DROP TABLE crowded")


def promote_last_good(con: duckdb.DuckDBPyConnection, dataset: str) -> int:
    """Put the newest older version in the place of each row that went to quarantine; how many.

    Makes the temporary table `promoted (row)`. An older version is a superseded row of the same
    key that was not refused itself; the quarantined row is told that it stays.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE promoted AS
        SELECT b.row AS bad, arg_max(c.row, c.age) AS row
        FROM marks b JOIN raw."{dataset}" s ON s.rowid = b.row
        JOIN marks c ON c.key = b.key AND c.state IN ('superseded', 'decided')
        WHERE b.state IS NULL AND b.key IS NOT NULL
          AND s._row_id IN (SELECT raw_id FROM quarantine.rows WHERE dataset = ?)
        GROUP BY b.row
        """,
        [dataset],
    )
    con.execute("UPDATE marks SET state = 'refused' WHERE row IN (SELECT bad FROM promoted)")
    con.execute("UPDATE marks SET state = NULL WHERE row IN (SELECT row FROM promoted)")
    con.execute(
        f"""
        UPDATE quarantine.rows q SET message = q.message || '. Until then ' || p.place || ' stays'
        FROM (SELECT b._row_id AS raw_id, o._file || ':' || o._row AS place FROM promoted p
              JOIN raw."{dataset}" b ON b.rowid = p.bad
              JOIN raw."{dataset}" o ON o.rowid = p.row) p
        WHERE q.raw_id = p.raw_id AND q.dataset = ?
        """,
        [dataset],
    )
    return int(con.execute("SELECT count(*) FROM promoted").fetchall()[0][0])
