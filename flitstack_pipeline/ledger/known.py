"""By which numbers and names records are known: what a cell that names one must lead to.

A number that no record has leads nowhere and is kept as text; one that a record has must lead to
it, so a link that was dropped shows. Belongs here: the table of numbers, and the SQL that asks it.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.source import CLEANED, PARTS

#: Clean field that names a record → the kinds of export it is of; "" is told by the row itself.
NAMED_BY = {
    "client_ref": "clients", "client_name": "people", "converted_client_ref": "clients",
    "record_ref": "", **{c.cleaned: c.parent for d in CLEANED for c in d.columns if c.parent},
}  # fmt: skip


def id_sql(key: str) -> str:
    """SQL of the id in a source key `workspace/kind/id`."""
    before = f"length(split_part({key}, '/', 1)) + length(split_part({key}, '/', 2))"
    return f"substr({key}, {before} + 3)"


_TABLE = f"""
CREATE OR REPLACE TEMP TABLE ledger_known AS
SELECT split_part(key, '/', 2) AS kind,
       split_part(key, '/', 1) || '/' || lower({id_sql("key")}) AS id
FROM (
    SELECT source_key AS key FROM ledger_mapped
    WHERE kind IN ('contact', 'opportunity') OR kind = 'record'
    UNION ALL
    SELECT estimate FROM ledger_identity WHERE starts_with(record_key, 'opportunity:')
) WHERE key <> ''
UNION ALL
SELECT 'people', split_part(substr(record_key, 9), '/', 1) || '/'
       || lower(unnest(string_split(names, chr(31))))
FROM ledger_identity WHERE record_key LIKE 'contact:%'"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table of what records are known by, from the mapped records."""
    con.execute(_TABLE)


def named_kind(dataset: str, field: str) -> str:
    """The kind of record that a clean field names; "" where none, or where the row tells it."""
    key, document, _ = PARTS.get(dataset, ("", "", ""))
    return document if field == key else NAMED_BY.get(field, "")


def is_known_sql(kind: str, cell: str, workspace: str) -> str:
    """SQL: whether a record of a kind is known by the number or name in a cell.

    Args:
        kind: SQL of the kind of export, or of `people` for names; one word is looked up faster.
        cell: SQL of the cell.
        workspace: SQL of the row's workspace.
    """
    wanted = f"{workspace} || '/' || lower(ltrim(trim({cell}), '#'))"
    if kind.startswith("'"):
        return f"(({wanted}) IN (SELECT id FROM ledger_known WHERE kind = {kind}))"
    return f"EXISTS (FROM ledger_known k WHERE k.kind = {kind} AND k.id = {wanted})"


def told_kind_sql(cell: str) -> str:
    """SQL of the kind of export that a cell such as `Work Order` or `Clients` tells."""
    return f"(rtrim(replace(lower(trim({cell})), ' ', '_'), 's') || 's')"
