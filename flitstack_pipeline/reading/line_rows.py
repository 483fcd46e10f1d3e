"""Exports with one row per line: accounting programs repeat the invoice on each of its lines.

Such a file is taken apart when it is read: what belongs to a line goes to the raw table of the
lines, what belongs to the document stays, so that its rows are equal and become one. An amount
that differs from line to line is the line's; the document's total is then the sum of its lines
(`cleaning.line_totals`). A number whose rows contradict each other in what belongs to the document
(client, dates) is left as it is: those may be two documents.

Belongs here: recognising such files, moving cells. Does not: reading amounts, adding them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY, ITEMS_OF, LINES_OF
from flitstack_pipeline.catalog.spelling import column_of
from flitstack_pipeline.warehouse import literal, table_exists

#: The question whether rows of one number that differ in their amount are lines, and its answer.
ASKED = "same-number:{dataset}:amount"
AMOUNTS_ADDED = "lines of one record, amounts added"
DDL = """CREATE TABLE IF NOT EXISTS raw.line_rows (
  dataset VARCHAR, file VARCHAR, sheet VARCHAR, "number" VARCHAR)"""
_WHAT = frozenset({"name", "description"})
_HOW_MUCH = frozenset({"quantity", "unit_price", "amount"})
_OF_LINE = (*_WHAT, *_HOW_MUCH, "unit", "unit_cost", "type", "markup")
#: What may differ from line to line though a document has it, too.
_EITHER = frozenset({"total", "tax", "subtotal", "notes", "workspace", "title"})
#: Of the document and the line: where the line's value goes.
_MOVED = {"total": "amount", "tax": "tax"}


@dataclass(frozen=True)
class LineFile:
    """One sheet with a row per line: the labels of its line columns, by column of the lines."""

    dataset: str
    file: str
    sheet: str
    labels: Mapping[str, str]


def has_line_rows(dataset: str) -> bool:
    """Whether rows of one document may be its lines: it has lines, and a total they add up to."""
    return dataset in ITEMS_OF and "total" in BY_KEY[dataset].by_name


def split_line_rows(
    con: duckdb.DuckDBPyConnection, dataset: str, answers: Mapping[str, str]
) -> list[str]:
    """Take the files of one kind apart that have a row per line; a sentence for each.

    Args:
        con: The warehouse; the raw tables of documents and lines are read.
        dataset: The kind of export; nothing happens where its documents have no lines.
        answers: A person's: whether rows that differ in their amount are lines.
    """
    con.execute(DDL)
    con.execute("DELETE FROM raw.line_rows WHERE dataset = ?", [dataset])
    if not has_line_rows(dataset) or not table_exists(con, f"raw.{dataset}"):
        return []
    said = answers.get(ASKED.format(dataset=dataset), "") == AMOUNTS_ADDED
    return [
        _split(con, found) for found in _candidates(con, dataset, said) if _mark(con, found, said)
    ]


def _number(dataset: str) -> str:
    """SQL of the number of a row `s`, as far as rows are held together by it."""
    return f"lower(ltrim(trim(s.\"{LINES_OF[ITEMS_OF[dataset]]}\"), '# '))"


def _candidates(con: duckdb.DuckDBPyConnection, dataset: str, said: bool) -> list[LineFile]:
    """Sheets in which a number repeats, and that have columns of lines (or a person said so)."""
    sheets = con.execute(
        f"""
        SELECT DISTINCT _file, _sheet FROM (
            SELECT s._file, s._sheet FROM raw."{dataset}" s WHERE {_number(dataset)} <> ''
            GROUP BY s._file, s._sheet, {_number(dataset)} HAVING count(*) > 1)
        ORDER BY ALL
        """
    ).fetchall()
    found = []
    for file, sheet in sheets:
        labels = con.execute(
            f'SELECT DISTINCT unnest(map_keys(_extra)) AS label FROM raw."{dataset}" '
            "WHERE _file = ? AND _sheet = ? ORDER BY label",
            [file, sheet],
        ).fetchall()
        known = _line_columns(dataset, [label for (label,) in labels])
        if said or (known.keys() & _WHAT and known.keys() & _HOW_MUCH):
            found.append(LineFile(dataset, file, sheet, known))
    return found


def _line_columns(dataset: str, labels: list[str]) -> dict[str, str]:
    """Column of the lines → the label that a file has for it; each column once."""
    found: dict[str, str] = {}
    for label in labels:
        known = column_of(ITEMS_OF[dataset], label)
        if known and known[0] in _OF_LINE:
            found.setdefault(known[0], label)
    return found


def _mark(con: duckdb.DuckDBPyConnection, found: LineFile, said: bool) -> bool:
    """List the numbers whose rows are lines of one document in `raw.line_rows`; whether any."""
    dataset, number = found.dataset, _number(found.dataset)
    columns = [c.name for c in BY_KEY[dataset].columns if c.name not in _EITHER]
    one = " AND ".join(
        f"count(DISTINCT nullif(lower(trim(s.\"{c}\")), '')) <= 1"
        for c in columns
        if c != LINES_OF[ITEMS_OF[dataset]]
    )
    differ = "count(DISTINCT s.total) > 1" if said and not found.labels else "true"
    con.execute(
        f"""
        INSERT INTO raw.line_rows
        SELECT $dataset, $file, $sheet, {number} FROM raw."{dataset}" s
        WHERE s._file = $file AND s._sheet = $sheet AND {number} <> ''
        GROUP BY {number} HAVING {one} AND (count(*) = 1 OR {differ})
        """,
        {"dataset": dataset, "file": found.file, "sheet": found.sheet},
    )
    several = con.execute(
        f"""
        SELECT {number} FROM raw."{dataset}" s WHERE {_here(found)}
        GROUP BY ALL HAVING count(*) > 1 LIMIT 1
        """,
        _place(found),
    ).fetchall()
    if not several:
        con.execute("DELETE FROM raw.line_rows WHERE file = $file AND sheet = $sheet "
                    "AND dataset = $dataset", _place(found))  # fmt: skip
    return bool(several)


def _here(found: LineFile) -> str:
    return (
        f"s._file = $file AND s._sheet = $sheet AND {_number(found.dataset)} IN ("
        'SELECT "number" FROM raw.line_rows '
        "WHERE dataset = $dataset AND file = $file AND sheet = $sheet)"
    )


def _place(found: LineFile) -> dict[str, str]:
    return {"dataset": found.dataset, "file": found.file, "sheet": found.sheet}


def _split(con: duckdb.DuckDBPyConnection, found: LineFile) -> str:
    """Move what belongs to the lines to their raw table."""
    items = ITEMS_OF[found.dataset]
    number = LINES_OF[items]
    cells = {column: f"s._extra[{literal(label)}]" for column, label in found.labels.items()}
    moved = [c for c in _MOVED if _MOVED[c] not in cells and _is_of_line(con, found, c)]
    cells |= {_MOVED[c]: f's."{c}"' for c in moved}
    columns = [c.name for c in BY_KEY[items].columns]
    values = [
        f's."{number}"' if c == number else cells.get(c, "CAST(NULL AS VARCHAR)") for c in columns
    ]
    listed = ", ".join(f'"{c}"' for c in columns)
    con.execute(
        f"""
        INSERT INTO raw."{items}" (_row_id, _workspace, _session, _file, _sheet, _row,
                                   _exported_at, {listed}, _extra)
        SELECT s._row_id || '-line', s._workspace, s._session, s._file, s._sheet, s._row,
               s._exported_at, {", ".join(values)}, MAP {{}}
        FROM raw."{found.dataset}" s WHERE {_here(found)}
        """,
        _place(found),
    )
    taken = ", ".join(literal(label) for label in found.labels.values()) or "''"
    rest = f"list_filter(map_entries(s._extra), lambda e: e.key NOT IN ({taken}))"
    emptied = "".join(f', "{c}" = NULL' for c in moved)
    con.execute(
        f"""
        UPDATE raw."{found.dataset}" s SET _extra = map_from_entries({rest}){emptied}
        WHERE {_here(found)}
        """,
        _place(found),
    )
    lines = con.execute(
        f'SELECT count(*) FROM raw."{items}" WHERE _file = ? AND _sheet = ?',
        [found.file, found.sheet],
    ).fetchall()[0][0]
    label = BY_KEY[found.dataset].label.lower()
    told = f"one row per line: read as {lines} lines of {label}; a total is the sum of its lines"
    con.execute(
        "UPDATE raw.files SET warnings = to_json(list_append("
        "from_json(warnings, '[\"VARCHAR\"]'), ?)) WHERE file = ? AND sheet = ?",
        [told, found.file, found.sheet],
    )
    return f"{found.file}: {told}"


def _is_of_line(con: duckdb.DuckDBPyConnection, found: LineFile, column: str) -> bool:
    """Whether an amount is each line's: it differs within a document, or is quantity by price."""
    by_price = "false"
    if {"quantity", "unit_price"} <= found.labels.keys():
        quantity, price = (_amount(f"s._extra[{literal(found.labels[c])}]")
                           for c in ("quantity", "unit_price"))  # fmt: skip
        by_price = f"bool_and(abs({_amount('s.total')} - {quantity} * {price}) < 0.01)"
    differs = f"count(DISTINCT nullif(trim(s.\"{column}\"), '')) > 1"
    return bool(
        con.execute(
            f"""
            SELECT 1 FROM raw."{found.dataset}" s WHERE {_here(found)}
            GROUP BY {_number(found.dataset)}
            HAVING count(*) > 1 AND ({differs} OR coalesce({by_price}, false)) LIMIT 1
            """
            if column == "total"
            else f"""
            SELECT 1 FROM raw."{found.dataset}" s WHERE {_here(found)}
            GROUP BY {_number(found.dataset)} HAVING {differs} LIMIT 1
            """,
            _place(found),
        ).fetchall()
    )


def _amount(cell: str) -> str:
    """SQL of a plain amount; NULL for any other way of writing one."""
    return f"TRY_CAST(regexp_replace({cell}, '[$, ]', '', 'g') AS DECIMAL(18, 4))"
