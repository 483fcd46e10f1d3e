"""Cells that name several records (`501, 502`): each of them is owed a link, or a line of text.

Belongs here: the table of such cells, and what is asked of their paths. Does not: reading them
(`readings`), the cells that name one record (`known`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.ledger.columns import fields_of
from flitstack_pipeline.ledger.known import NAMED_BY
from flitstack_pipeline.ledger.quick import ASK
from flitstack_pipeline.ledger.refusals import ANY
from flitstack_pipeline.warehouse import literal, table_exists

_BETWEEN = r"[;,|&\n]|\band\b"
_TABLE = """
CREATE OR REPLACE TEMP TABLE ledger_several (dataset VARCHAR, kind VARCHAR, id VARCHAR,
    known VARCHAR)"""
#: The cells of one column, with those of their numbers that records have, a separator before each.
_ADD = """
INSERT INTO ledger_several
SELECT {dataset}, {kind}, id, coalesce(string_agg(DISTINCT chr(30) || part, '') FILTER (
    _workspace || '/' || lower(part) IN (SELECT id FROM ledger_known WHERE kind = {kind})), '')
FROM (
    SELECT _workspace, _workspace || '/' || lower(ltrim(trim(cell), '#')) AS id,
           trim(ltrim(trim(unnest(string_split_regex(cell, {between}))), '#')) AS part
    FROM (SELECT DISTINCT _workspace, "{column}" AS cell FROM raw.{table}
          WHERE regexp_matches(trim("{column}"), {between}))
) GROUP BY id"""
#: The path that is owed for a known record is asked for all of them, what is kept as text beside.
_ASK = f"""
UPDATE ledger_asked a SET kind = x.kind, value = concat_ws(chr(31), a.value, x.kept), out = {ASK}
FROM (
    SELECT a.row, a.n, a.path, 'id:' || CASE WHEN EXISTS (
               FROM ledger_refused f WHERE f.key = a.record AND f.kind IN (s.kind, '{ANY}'))
               THEN 'refused' ELSE 'owed' END || s.known AS kind,
           (SELECT string_agg(k.value, chr(31)) FROM ledger_asked k
            JOIN ledger_path w ON w.n = k.path AND w.keeps
            WHERE k.row = a.row AND k.n = a.n) AS kept
    FROM ledger_asked a JOIN ledger_path p ON p.n = a.path
    JOIN ledger_several s ON s.dataset = $dataset AND s.kind = p.named
        AND s.id = split_part(a.record, '/', 1) || '/' || lower(ltrim(trim(a.text), '#'))
    WHERE a.kind = 'id'
) x WHERE x.row = a.row AND x.n = a.n AND x.path = a.path AND a.kind = 'id'"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table of cells that name several records; they are known as a whole from now on."""
    con.execute(_TABLE)
    for dataset in (d for d in BY_DATASET if d in BY_KEY and table_exists(con, f"raw.{d}")):
        for field, sources in fields_of(dataset).items():
            for source in sources if field.endswith("_refs") else ():
                add = _ADD.format(
                    dataset=literal(dataset), kind=literal(NAMED_BY[field]), column=source.column,
                    table=dataset, between=literal(_BETWEEN),
                )  # fmt: skip
                con.execute(add)
    con.execute("INSERT INTO ledger_known SELECT DISTINCT kind, id FROM ledger_several")


def ask(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Ask of the cells in `ledger_asked` that name several records for each of these."""
    found = con.execute("SELECT 1 FROM ledger_several WHERE dataset = ? LIMIT 1", [dataset])
    if found.fetchall():
        con.execute(_ASK, {"dataset": dataset})
