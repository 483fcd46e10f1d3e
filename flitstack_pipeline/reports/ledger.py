"""The ledger of cells for people: totals by object and fate, down to the cells, as page and CSV."""

# ruff: noqa: S608 - the fates in the SQL are our own words

from __future__ import annotations

from pathlib import Path

import duckdb

from flitstack_pipeline.ledger import fates
from flitstack_pipeline.ledger.sql import literal
from flitstack_pipeline.reports.document import (
    FORMULA_STARTS,
    Document,
    Section,
    private_file,
    write_html,
)
from flitstack_pipeline.warehouse import dicts

#: Cells shown of one fate on the page; the CSV has them all.
SHOWN = 200
COLUMNS = ("object", "dataset", "file", "sheet", "line", "column", "text", "fate", "rule", "field",
           "record", "what_to_do")  # fmt: skip


def write_ledger(con: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write ledger.html and ledger.csv, readable by their owner only; the path of the page."""
    _write_csv(con, folder / "ledger.csv")
    return write_html(ledger_document(con), folder / "ledger.html")


def ledger_document(con: duckdb.DuckDBPyConnection) -> Document:
    """The page: totals, then by object, column and rule, then the cells of each fate."""
    totals = {
        str(row["fate"]): int(row["cells"])
        for row in dicts(con, "SELECT fate, sum(cells) AS cells FROM ledger.counts GROUP BY fate")
    }
    lost = totals.get(fates.UNACCOUNTED, 0)
    whole = sum(totals.values())
    verdict = (
        f"{lost:,} of {whole:,} cells are not accounted for. Nothing is written before they are."
        if lost
        else f"Every one of {whole:,} cells is accounted for."
    )
    figures = {fate: totals[fate] for fate in fates.FATES if fate in totals}
    return Document(
        "Ledger of cells",
        verdict,
        not lost,
        {"all cells that did not arrive verbatim": "ledger.csv"},
        [*_sections(con, totals), *_cells(con, totals)],
        "Every non-empty cell of every record row has exactly one fate.",
        figures,
    )


def _sections(con: duckdb.DuckDBPyConnection, totals: dict[str, int]) -> list[Section]:
    meant = [{"fate": f, "cells": totals[f], "means": fates.ABOUT[f]} for f in totals]
    by_object = dicts(
        con,
        "SELECT object, fate, sum(cells)::BIGINT AS cells FROM ledger.counts "
        "GROUP BY ALL ORDER BY ALL",
    )
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
        Section("By object", by_object),
        Section("By file, column and rule", by_column, "Where each column arrived, and how."),
        Section("Lines that are no records", lines, "Counted by rule, not celled."),
    ]


def _has_excluded(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute(
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_schema = 'raw' AND table_name = 'excluded'"
    ).fetchall()
    return bool(found[0][0])


def _cells(con: duckdb.DuckDBPyConnection, totals: dict[str, int]) -> list[Section]:
    """The cells of each fate but the usual one, worst first."""
    found = []
    for fate in reversed(fates.FATES):
        if fate in totals and fate != fates.ARRIVED:
            rows = dicts(
                con,
                'SELECT file, sheet, line, "column", text, rule, field, record, what_to_do '
                f"FROM ledger.cells WHERE fate = ? LIMIT {SHOWN}",
                [fate],
            )
            about = f"{fates.ABOUT[fate]}. {totals[fate]:,} cells"
            about += f", the first {SHOWN} here." if totals[fate] > SHOWN else "."
            found.append(Section(fate.capitalize(), rows, about))
    return found


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
