"""Rows that cannot be used leave for quarantine, with file, line, column, rule and what to do.

Three kinds: rows that do not stand under their header (the reader put them aside), rows their
declaration refused (`rows`), and clean rows that do not hold to their schema.
The rules of the second are those of `catalog.clean` (required, closed vocabulary, pattern), said in
SQL so that a million rows are judged where they lie; `validate` runs the Pandera schema of the same
fields over what is left, as the asset check.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.model import Field
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.warehouse import table_exists

MISFIT = "row_does_not_fit"
MISFIT_TO_DO = (
    "Correct the line in the export (a separator inside a cell needs quotation marks around the "
    "cell), or export again."
)
WHAT_TO_DO = f"Correct the value in {SOURCE.name} and export again."


def quarantine_refused(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> int:
    """Write the rows of the temporary table `refused` to quarantine; how many there are."""
    con.execute(
        f"""
        INSERT INTO quarantine.rows
        SELECT ?, ?, r._row_id, r._file, r._sheet, r._row, x.why."column", x.why.value, x.why.rule,
               x.why."column" || ': ' || x.why.rule || ' (' ||
               coalesce('"' || x.why.value || '"', 'empty') || '). ' || x.why.what_to_do,
               x.why.what_to_do, {cells_as_json(dataset)}
        FROM refused x JOIN raw."{dataset}" r ON r.rowid = x.row
        """,
        [object_key, dataset],
    )
    return int(con.execute("SELECT count(*) FROM refused").fetchall()[0][0])


def quarantine_misfits(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> int:
    """Write the rows the reader put aside to quarantine; how many there are."""
    if not table_exists(con, "raw.misfits"):
        return 0
    con.execute(
        """
        INSERT INTO quarantine.rows
        SELECT ?, ?, raw_id, file, sheet, "row", '', NULL, ?, why || '. ' || ?, ?, cells
        FROM raw.misfits WHERE dataset = ? ORDER BY file, sheet, "row"
        """,
        [object_key, dataset, MISFIT, MISFIT_TO_DO, MISFIT_TO_DO, dataset],
    )
    found = con.execute("SELECT count(*) FROM raw.misfits WHERE dataset = ?", [dataset])
    return int(found.fetchall()[0][0])


def cells_as_json(dataset: str) -> str:
    """The cells of a raw row `r` that hold something, by column, as JSON."""
    known = ", ".join(
        f"{{'key': '{c.name}', 'value': r.\"{c.name}\"}}" for c in DATASETS[dataset].columns
    )
    every = f"list_concat([{known}], map_entries(r._extra))"
    return f"to_json(map_from_entries(list_filter({every}, lambda e: e.value <> '')))"


def quarantine_invalid(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> int:
    """Move rows that break a rule of the clean schema to quarantine; how many rows there were."""
    table = BY_DATASET[dataset].name
    con.execute("CREATE OR REPLACE TEMP TABLE broken (raw_id VARCHAR, field VARCHAR, "
                "value VARCHAR, rule VARCHAR)")  # fmt: skip
    for field, rule, condition, parameters in _rules(dataset):
        con.execute(
            f'INSERT INTO broken SELECT raw_id, ?, CAST("{field}" AS VARCHAR), ? '
            f"FROM {table} WHERE {condition}",
            [field, rule, *parameters],
        )
    count = int(con.execute("SELECT count(DISTINCT raw_id) FROM broken").fetchall()[0][0])
    if count:
        con.execute(
            f"""
            INSERT INTO quarantine.rows
            SELECT ?, ?, r._row_id, r._file, r._sheet, r._row, b.field, b.value,
                   'schema_' || b.rule, b.field || ' breaks the rule ' || b.rule, ?,
                   {cells_as_json(dataset)}
            FROM (SELECT DISTINCT ON (raw_id) * FROM broken ORDER BY raw_id, field) b
            JOIN raw."{dataset}" r ON r._row_id = b.raw_id
            """,
            [object_key, dataset, WHAT_TO_DO],
        )
        con.execute(f"DELETE FROM {table} WHERE raw_id IN (SELECT raw_id FROM broken)")
    con.execute("DROP TABLE broken")
    return count


def _rules(dataset: str) -> Iterator[tuple[str, str, str, list[object]]]:
    """(field, rule, SQL condition of a row that breaks it, parameters)."""
    for field in BY_DATASET[dataset].fields:
        if field.required:
            yield field.name, "required", f'"{field.name}" IS NULL', []
        yield from _value_rules(field)


def _value_rules(field: Field) -> Iterator[tuple[str, str, str, list[object]]]:
    if field.isin:
        known = list(field.isin)
        yield field.name, "known_word", f'NOT list_contains(?, "{field.name}")', [known]
    if field.matches:
        condition = f'NOT regexp_matches("{field.name}", ?)'
        yield field.name, "pattern", condition, [field.matches]
