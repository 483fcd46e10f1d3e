"""Rows that have one fate as a whole: older versions, equal rows, quarantine, what was left out.

Makes `ledger_state` for one kind of export: the record of each row, and the fate of rows that are
none. Nothing is believed that can be looked at: an older version must have a newer one in another
session, an equal row its twin.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.source import BY_KEY, LINES_OF, PARTS
from flitstack_pipeline.ledger import fates, known
from flitstack_pipeline.ledger.near import HISTORY
from flitstack_pipeline.ledger.provenance import STAGES
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.warehouse import table_exists

DECIDED = "a person said that another row of the same number counts"
#: Kind of export whose rows are told on another record → that record's role, its kind, the cell
#: that names it. A row without it is told nowhere.
_TOLD_ON = {
    "properties": ("client", "clients", "client_id"),
    "visits": ("job", "jobs", "job_number"),
    "change_orders": ("invoice", "invoices", "invoice_number"),
    **{d: ("document", document, number) for d, (_, document, number) in PARTS.items()},
}
_AS_ORPHAN = "regexp_matches(s.reason, '(is not in the exports|is not there|: no such [a-z]+)$')"
NO_ORPHAN = "left out as if its record were missing, but it is in the exports"
LOST = "replaced by another row of the same export that says something else"
TWO_RECORDS = (
    f"Two rows of one export have one number and differ: correct the number in {SOURCE.name} and "
    "export again, or answer the question about it (`flitstack questions`)."
)
TELL_US = "Tell us: this is a mistake of the program."
_STATE_DDL = """CREATE OR REPLACE TEMP TABLE ledger_state (
    row BIGINT, key VARCHAR, kept VARCHAR, several BOOLEAN, fate VARCHAR, rule VARCHAR,
    record VARCHAR, what_to_do VARCHAR)"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table of what mapping left out, and what hangs on nothing, by source key."""
    skipped = "SELECT source_key, any_value(reason) AS reason FROM mapped.skipped GROUP BY 1"
    if not table_exists(con, "mapped.skipped"):
        skipped = "SELECT '' AS source_key, '' AS reason WHERE false"
    if table_exists(con, "clean.orphans"):
        roles = ", ".join(f"('{d}', '{role}')" for d, (role, _, _) in _TOLD_ON.items())
        skipped = f"""
            WITH skipped AS ({skipped}) FROM skipped UNION ALL
            SELECT child_key,
                   any_value(concat_ws(' ', role, nullif(reference, '')) || ': ' || reason)
            FROM clean.orphans WHERE (child_object, role) IN ({roles})
            AND child_key NOT IN (SELECT source_key FROM skipped) GROUP BY 1"""
    con.execute(f"CREATE OR REPLACE TEMP TABLE ledger_skipped AS {skipped}")


def make(con: duckdb.DuckDBPyConnection, dataset: str, object_key: str) -> None:
    """Make the temporary table `ledger_state` of one raw table: one line per row."""
    con.execute(_STATE_DDL)
    if dataset not in BY_DATASET or not table_exists(con, f"clean.{dataset}"):
        con.execute(f'INSERT INTO ledger_state (row) SELECT rowid FROM raw."{dataset}"')
        return
    con.execute(_states(con, dataset), {"dataset": dataset})


def _states(con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    cells = _row_hash(dataset)
    # What a row that replaced another has in common with it: its document for lines.
    same = "number" if dataset in LINES_OF else "key"
    merges = relation(con, "clean.merges")
    states = "clean.row_states"
    if not table_exists(con, states):
        states = "(SELECT '' dataset, '' row_id, '' source_key, '' state WHERE false)"
    quarantine = "quarantine.rows"
    if not table_exists(con, quarantine):
        quarantine = "(SELECT '' dataset, '' raw_id, '' rule, '' what_to_do WHERE false)"
    return f"""
        INSERT INTO ledger_state
        WITH told AS (
            SELECT row_id AS raw_id, any_value(source_key) AS key,
                   any_value(CASE state WHEN 'repeated' THEN 'superseded' ELSE state END) AS state
            FROM {states}
            WHERE dataset = $dataset GROUP BY row_id
        ), refused AS (
            SELECT raw_id, any_value(rule) AS rule, any_value(what_to_do) AS what_to_do
            FROM {quarantine} WHERE dataset = $dataset GROUP BY raw_id
        ), several AS (
            SELECT DISTINCT kept_key FROM {merges}
        ), rows AS MATERIALIZED (
            SELECT r.rowid AS row, r._session, r._exported_at,
                   coalesce(c.source_key, t.key) AS key, t.state, q.rule, q.what_to_do,
                   q.raw_id IS NOT NULL AS refused, {_number(dataset)} AS number
            FROM raw."{dataset}" r
            LEFT JOIN clean."{dataset}" c ON c.raw_id = r._row_id
            LEFT JOIN told t ON t.raw_id = r._row_id
            LEFT JOIN refused q ON q.raw_id = r._row_id
        ), orphan AS (
            SELECT x.row FROM rows x JOIN ledger_skipped s ON s.source_key = x.key
            JOIN raw."{dataset}" r ON r.rowid = x.row
            WHERE {_AS_ORPHAN} AND {_is_named(dataset)}
        ), compared AS (
            SELECT x.*, {cells} AS h FROM rows x JOIN raw."{dataset}" r ON r.rowid = x.row
            WHERE x.{same} IN (SELECT {same} FROM rows WHERE state = 'superseded')
        ), replaced AS (
            SELECT o.row, bool_or(n.h = o.h) AS equal,
                   bool_or(n._session <> o._session AND n._exported_at >= o._exported_at) AS later,
                   any_value(n.key) AS record
            FROM compared o JOIN compared n ON n.{same} = o.{same} AND n.row <> o.row
                AND n.state IS DISTINCT FROM 'superseded'
            WHERE o.state = 'superseded' GROUP BY o.row
        )
        SELECT x.row, x.key, coalesce(m.kept_key, x.key),
               m.kept_key IS NOT NULL OR k.kept_key IS NOT NULL
                   OR coalesce(x.state = 'merged', false),
               CASE WHEN x.refused THEN '{fates.QUARANTINED}'
                    WHEN x.state = 'superseded' AND p.equal THEN '{fates.REPEATED}'
                    WHEN x.state = 'superseded' AND p.later THEN '{fates.SUPERSEDED}'
                    WHEN x.state = 'superseded' THEN '{fates.UNACCOUNTED}'
                    WHEN x.state = 'decided' THEN '{fates.EXCLUDED}'
                    WHEN o.row IS NOT NULL THEN '{fates.UNACCOUNTED}'
                    WHEN s.reason IS NOT NULL THEN '{fates.EXCLUDED}' END,
               CASE WHEN x.refused THEN x.rule
                    WHEN x.state = 'superseded' AND p.equal THEN 'an equal row'
                    WHEN x.state = 'superseded' AND p.later THEN 'a newer version of the record'
                    WHEN x.state = 'superseded' THEN '{LOST}'
                    WHEN x.state = 'decided' THEN '{DECIDED}'
                    WHEN o.row IS NOT NULL THEN '{NO_ORPHAN}' ELSE s.reason END,
               coalesce(p.record, x.key),
               CASE WHEN x.refused THEN x.what_to_do
                    WHEN x.state = 'superseded' AND NOT (p.equal OR p.later) THEN '{TWO_RECORDS}'
                    WHEN o.row IS NOT NULL THEN '{TELL_US}' ELSE '' END
        FROM rows x
        LEFT JOIN {merges} m ON m.merged_key = x.key
        LEFT JOIN several k ON k.kept_key = x.key
        LEFT JOIN replaced p ON p.row = x.row
        LEFT JOIN ledger_skipped s ON s.source_key = x.key AND s.reason IS NOT NULL
        LEFT JOIN orphan o ON o.row = x.row
        """


def _is_named(dataset: str) -> str:
    """SQL: whether the record that a row hangs on is known; such a row is no orphan."""
    workspace = "split_part(x.key, '/', 1)"
    if dataset in HISTORY:
        kind = known.told_kind_sql("r.record_type")
        return known.is_known_sql(kind, "r.record_number", workspace)
    if dataset in _TOLD_ON:
        _, kind, cell = _TOLD_ON[dataset]
        return known.is_known_sql(f"'{kind}'", f"r.{cell}", workspace)
    return "false"


def _row_hash(dataset: str) -> str:
    """SQL of a hash of all cells of a row, white space apart."""
    cells = ", ".join(f"trim(coalesce(r.\"{c.name}\", ''))" for c in BY_KEY[dataset].columns)
    return f"hash({cells}, r._extra)"


def _number(dataset: str) -> str:
    if dataset not in LINES_OF:
        return "NULL"
    return f"r._workspace || '/' || ltrim(trim(r.\"{LINES_OF[dataset]}\"), '#')"


def add_read_words(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Add to `ledger_words` the words as exported of statuses that the map knows by one label.

    A word that leads to two labels leads to none.
    """
    if not table_exists(con, f"clean.{dataset}"):
        return
    fields = {f.name for f in BY_DATASET[dataset].fields}
    for (words,) in con.execute("SELECT DISTINCT words FROM ledger_words").fetchall():
        source = "status" if words.startswith(STAGES) else words.partition(".")[2]
        text = f"{source}_text"
        if source.startswith("custom:") or source not in fields:
            continue
        raw = f"c.{text}" if text in fields else f'r."{source}"'
        if text not in fields and source not in {c.name for c in BY_KEY[dataset].columns}:
            continue
        rows = "" if text in fields else f' JOIN raw."{dataset}" r ON r._row_id = c.raw_id'
        con.execute(
            f"""
            INSERT INTO ledger_words
            SELECT $words, said, any_value(label) FROM (
                SELECT DISTINCT lower(trim({raw})) AS said, w.label
                FROM clean."{dataset}" c{rows}
                JOIN ledger_words w ON w.words = $words AND w.text = lower(c."{source}"))
            WHERE said <> '' GROUP BY said HAVING count(DISTINCT label) = 1
            """,
            {"words": words},
        )


def add_copies(con: duckdb.DuckDBPyConnection) -> None:
    """The cells of files with the same bytes as another, which were not read a second time."""
    if not table_exists(con, "raw.files"):
        return
    copies = "rows_read = 0 AND refused IS NULL AND dataset IS NOT NULL"
    if not con.execute(f"SELECT 1 FROM raw.files WHERE {copies} LIMIT 1").fetchall():
        return
    con.execute(
        f"""
        INSERT INTO ledger.looked
        SELECT c.object, c.dataset, c.row_id, f.file, f.sheet, c.line, c."column", c.text,
               '{fates.REPEATED}', 'the same bytes as ' || t.file, '', c.record, ''
        FROM raw.files f
        JOIN raw.files t ON t.sha256 = f.sha256 AND t.sheet = f.sheet AND t.file <> f.file
            AND t.dataset = f.dataset AND t.rows_read > 0
        JOIN ledger.cells c ON c.file = t.file AND c.sheet = t.sheet AND c.dataset = t.dataset
        WHERE f.rows_read = 0 AND f.refused IS NULL AND f.dataset IS NOT NULL
        """
    )
