"""The ledger of cells for people: totals, by object and fate, by column, down to the cells."""

# ruff: noqa: S608 - the fates in the SQL are our own words

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from flitstack_pipeline.ledger import fates
from flitstack_pipeline.reports.document import (
    FORMULA_STARTS,
    Document,
    Section,
    private_file,
    render_template,
    write_text,
)
from flitstack_pipeline.warehouse import dicts, literal

#: Cells shown of one fate of an object; the files beside have all that did not arrive verbatim.
SHOWN, SHOWN_ARRIVED = 100, 20
COLUMNS = ("object", "dataset", "file", "sheet", "line", "column", "text", "fate", "rule", "field",
           "record", "what_to_do")  # fmt: skip


def write_ledger(con: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write ledger.html, ledger.csv and ledger.xlsx for their owner only; the path of the page."""
    from flitstack_pipeline.reports.ledger_workbook import write_ledger_workbook

    _write_csv(con, folder / "ledger.csv")
    write_ledger_workbook(con, folder / "ledger.xlsx", COLUMNS)
    totals = _totals(con)
    page = render_template(
        "ledger.html.j2", document=ledger_document(con, totals), objects=list(_objects(con))
    )
    return write_text(folder / "ledger.html", page)


def _totals(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = dicts(con, "SELECT fate, sum(cells) AS cells FROM ledger.counts GROUP BY fate")
    return {str(row["fate"]): int(row["cells"]) for row in rows}


def ledger_document(con: duckdb.DuckDBPyConnection, totals: dict[str, int]) -> Document:
    """What the page says beside its objects: the verdict, the totals, every column by rule."""
    lost = totals.get(fates.UNACCOUNTED, 0)
    whole = sum(totals.values())
    verdict = (
        f"{lost:,} of {whole:,} cells are not accounted for. Nothing is written before they are."
        if lost
        else f"Every one of {whole:,} cells is accounted for."
    )
    return Document(
        "Ledger of cells",
        verdict,
        not lost,
        {"all cells that did not arrive verbatim": "ledger.csv, to filter: ledger.xlsx"},
        _sections(con, totals),
        "Every non-empty cell of every record row has exactly one fate.",
        {fate: totals[fate] for fate in fates.FATES if fate in totals},
    )


def _sections(con: duckdb.DuckDBPyConnection, totals: dict[str, int]) -> list[Section]:
    meant = [{"fate": f, "cells": totals[f], "means": fates.ABOUT[f]} for f in totals]
    by_column = dicts(
        con,
        'SELECT dataset, file, "column", fate, rule, field, sum(cells)::BIGINT AS cells '
        "FROM ledger.counts GROUP BY ALL ORDER BY ALL LIMIT 2000",
    )
    lines = dicts(
        con,
        "SELECT file, sheet, rule, count(*) AS lines FROM raw.excluded GROUP BY ALL ORDER BY ALL",
    ) if _has_excluded(con) else []  # fmt: skip
    return [
        Section("Fates", sorted(meant, key=lambda m: fates.FATES.index(m["fate"]))),
        Section("By file, column and rule", by_column, "Where each column arrived, and how."),
        Section("Lines that are no records", lines, "Counted by rule, not celled."),
    ]


def _objects(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """Each object with its fates, worst first, each with its columns and its first cells."""
    rows = dicts(
        con,
        'SELECT object, fate, file, "column", rule, field, sum(cells)::BIGINT AS cells '
        "FROM ledger.counts GROUP BY ALL ORDER BY object, file, cells DESC",
    )
    for name, of_object in groupby(rows, key=itemgetter("object")):
        by_fate: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in of_object:
            by_fate[row["fate"]].append(row)
        found = [
            {
                "fate": fate,
                "about": fates.ABOUT[fate],
                "cells": sum(row["cells"] for row in by_fate[fate]),
                "columns": [
                    {k: row[k] for k in ("file", "column", "field", "rule", "cells")}
                    for row in by_fate[fate]
                ],
                "first": _first_cells(con, str(name), fate),
            }
            for fate in reversed(fates.FATES)
            if fate in by_fate
        ]
        yield {"object": name, "cells": sum(f["cells"] for f in found), "fates": found}


def _first_cells(con: duckdb.DuckDBPyConnection, name: str, fate: str) -> list[dict[str, Any]]:
    return dicts(
        con,
        'SELECT file, sheet, line, "column", text, rule, field, record, what_to_do '
        "FROM ledger.cells WHERE object = ? AND fate = ? LIMIT ?",
        [name, fate, SHOWN_ARRIVED if fate == fates.ARRIVED else SHOWN],
    )


def _has_excluded(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute(
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_schema = 'raw' AND table_name = 'excluded'"
    ).fetchall()
    return bool(found[0][0])


def _write_csv(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Every cell that did not arrive verbatim, written by DuckDB itself: they may be millions."""
    listed = ", ".join(f"{_safe(name)} AS {_shown(name)}" for name in COLUMNS)
    with private_file(path):
        pass  # made for its owner only; DuckDB writes into it
    con.execute(
        f"COPY (SELECT {listed} FROM ledger.cells WHERE fate <> '{fates.ARRIVED}') "
        f"TO {literal(str(path))} (HEADER, USE_TMP_FILE false)"
    )


def _safe(name: str) -> str:
    """SQL of a column whose text a spreadsheet does not run as a formula."""
    if name == "line":
        return '"line"'
    starts = ", ".join(literal(s) for s in FORMULA_STARTS)
    bare = f"left(ltrim(\"{name}\", ' \u00a0\ufeff'), 1)"
    return f'CASE WHEN {bare} IN ({starts}) THEN chr(39) || "{name}" ELSE "{name}" END'


def _shown(name: str) -> str:
    """The header of a column; the first carries the mark by which Excel knows UTF-8."""
    return f'"\ufeff{name}"' if name == COLUMNS[0] else f'"{name}"'
