"""Cells that are in no column of a raw table, each as a cell of its own.

The rows of a file that is no export of Contractor+ are read with columns made of its cells (a
note's text holds all of them), or, where nothing of it is moved, not at all; a row that does not
fit its header left its table. Belongs here: these cells, in place of the made ones. Does not: the
fates of the made ones, which are found like any other (`cells`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.objects import object_of_dataset
from flitstack_pipeline.catalog.other_kinds import FED
from flitstack_pipeline.ledger import fates, store
from flitstack_pipeline.ledger.settle import FIND_OUT
from flitstack_pipeline.warehouse import literal, table_exists

#: The object that cells of files are counted under of which nothing is moved.
LEFT_OUT = "files left out"
_INSTEAD = "the file stays with the exports"
#: Which of several made cells decides over an own one: what is lost, then the row's fate as a
#: whole, then where it arrived.
_RANK = (
    fates.UNACCOUNTED, fates.QUARANTINED, fates.EXCLUDED, fates.NOT_MOVED, fates.SUPERSEDED,
    fates.REPEATED, fates.ARRIVED, fates.BY_RULE, fates.LINKED, fates.MERGED, fates.EMPTY_WORD,
)  # fmt: skip
_OWN = """
CREATE OR REPLACE TEMP TABLE ledger_own AS
SELECT _row_id AS row_id, file, sheet, line, e.key AS label, trim(e.value) AS said,
       e.value AS text
FROM (SELECT _row_id, _file AS file, _sheet AS sheet, _row AS line, unnest(map_entries(_own)) AS e
      FROM raw."{dataset}" WHERE cardinality(_own) > 0)"""
_MADE = """
CREATE OR REPLACE TEMP TABLE ledger_made AS
SELECT row_id, "column", text, fate, rule, field, record, what_to_do,
       list_position({rank}, fate) AS rank
FROM ledger.cells WHERE dataset = {dataset}
AND row_id IN (SELECT row_id FROM ledger_own)"""
#: An own cell stands in a made one: as its whole, as a line under its header, as the end of an id.
_FOUND = """
CREATE OR REPLACE TEMP TABLE ledger_own_found AS
SELECT o.row_id, o.label, m."column" AS made, m.fate, m.rule, m.field, m.record, m.what_to_do,
       m.rank
FROM ledger_own o JOIN ledger_made m ON m.row_id = o.row_id AND (
    trim(m.text) = o.said OR ends_with(lower(m.text), '-' || lower(o.said))
    OR contains(chr(10) || m.text || chr(10),
                chr(10) || o.label || ': ' || o.said || chr(10)))"""
_WRITE = """
INSERT INTO ledger.looked
SELECT {object}, {dataset}, o.row_id, o.file, o.sheet, o.line, o.label, o.text,
       coalesce(f.fate, {lost}), coalesce(f.rule, 'found nowhere'), coalesce(f.field, ''),
       coalesce(f.record, ''), CASE WHEN f.fate IS NULL THEN {find_out} ELSE f.what_to_do END
FROM ledger_own o LEFT JOIN (
    SELECT row_id, label, arg_min(fate, rank) AS fate, arg_min(rule, rank) AS rule,
           arg_min(field, rank) AS field, arg_min(record, rank) AS record,
           arg_min(what_to_do, rank) AS what_to_do
    FROM ledger_own_found GROUP BY ALL
) f USING (row_id, label)"""
#: Made cells go, but for one that is lost and in which no own cell stands.
_GOES = """
dataset = {dataset} AND row_id IN (SELECT row_id FROM ledger_own) AND NOT (fate = {lost}
AND (row_id, "column") NOT IN (SELECT (row_id, made) FROM ledger_own_found))"""
_LEFT_OUT = """
INSERT INTO ledger.looked
SELECT {object}, kind, file || '#' || sheet || ':' || line, file, sheet, line, e.label, e.text,
       CASE WHEN declared THEN {not_moved} ELSE {excluded} END, reason, '', '', {instead}
FROM (SELECT *, unnest(list_transform(list_zip(labels, cells),
                       lambda x: {{'label': x[1], 'text': x[2]}})) AS e FROM raw.left_out)
WHERE trim(e.text) <> ''"""
_MISFITS = """
INSERT INTO ledger.looked
SELECT {object}, {dataset}, raw_id, file, sheet, line, label, text,
       CASE WHEN rule IS NULL THEN {untold} ELSE {quarantined} END, coalesce(rule, {reason}),
       '', '', coalesce(what_to_do, {instead})
FROM (SELECT m.raw_id, m.file, m.sheet, m."row" AS line, q.rule, q.what_to_do,
             unnest(json_keys(m.cells)) AS label,
             unnest(json_extract_string(m.cells, '$.*')) AS text
      FROM raw.misfits m LEFT JOIN (
          SELECT raw_id, any_value(rule) AS rule, any_value(what_to_do) AS what_to_do
          FROM quarantine.rows WHERE dataset = {dataset} GROUP BY raw_id
      ) q USING (raw_id) WHERE m.dataset = {dataset})
WHERE trim(text) <> ''"""


def put_in(con: duckdb.DuckDBPyConnection) -> None:
    """Put these cells into `ledger.looked`, in place of the made ones.

    Expects the view `ledger.cells`; the counts are to be made after it.
    """
    for dataset in sorted(FED):
        if _has_own(con, dataset):
            _of_dataset(con, dataset)
    if table_exists(con, "raw.misfits") and table_exists(con, "quarantine.rows"):
        for (dataset,) in con.execute("SELECT DISTINCT dataset FROM raw.misfits").fetchall():
            con.execute(_MISFITS.format(**_names(dataset), **_of_misfits(dataset)))
    if table_exists(con, "raw.left_out"):
        con.execute(
            _LEFT_OUT.format(
                object=literal(LEFT_OUT), not_moved=literal(fates.NOT_MOVED),
                excluded=literal(fates.EXCLUDED), instead=literal(_INSTEAD),
            )
        )  # fmt: skip


def _of_misfits(dataset: str) -> dict[str, str]:
    """What is said of rows that fit no header, as SQL; of a kind not moved nobody refuses them."""
    kind = fates.not_moved(dataset, "*")
    told = (fates.UNACCOUNTED, "it fits no header, and is not in quarantine", FIND_OUT)
    if kind and kind.column == "*":
        told = (fates.NOT_MOVED, kind.reason, kind.instead)
    names = ("quarantined", "untold", "reason", "instead")
    return dict(zip(names, map(literal, (fates.QUARANTINED, *told)), strict=True))


def _has_own(con: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    found = con.execute(
        "SELECT count(*) FROM information_schema.columns "
        "WHERE table_schema = 'raw' AND table_name = ? AND column_name = '_own'",
        [dataset],
    ).fetchall()
    if not found[0][0]:
        return False
    rows = con.execute(f'SELECT 1 FROM raw."{dataset}" WHERE _own IS NOT NULL LIMIT 1')
    return bool(rows.fetchall())


def _names(dataset: str) -> dict[str, str]:
    """What the statements are filled in with, as SQL."""
    return {
        "object": literal(object_of_dataset(dataset) or dataset), "dataset": literal(dataset),
        "lost": literal(fates.UNACCOUNTED), "find_out": literal(FIND_OUT),
        "rank": f"[{', '.join(map(literal, _RANK))}]",
    }  # fmt: skip


def _of_dataset(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    names = _names(dataset)
    con.execute(_OWN.format(dataset=dataset))
    con.execute(_MADE.format(**names))
    con.execute(_FOUND)
    con.execute(f"DELETE FROM ledger.looked WHERE {_GOES.format(**names)}")
    if table_exists(con, f"ledger.rows_{dataset}"):
        con.execute(
            f"DELETE FROM {store.table_of(dataset)} WHERE row_id IN (SELECT row_id FROM ledger_own)"
        )
    con.execute(_WRITE.format(**names))
