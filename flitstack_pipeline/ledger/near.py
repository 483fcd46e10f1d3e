"""What each row leads to: the names of the records near its own, as one text per row.

Belongs here: by which names and ids records go, which records touch which, and what a row's own
record touches. Does not: the fields of its own record (`holders`), comparing (`witness`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.catalog.source import JOINED_INTO
from flitstack_pipeline.ledger.known import id_sql
from flitstack_pipeline.ledger.provenance import DEAL
from flitstack_pipeline.warehouse import literal

#: Forms that history has: every value of theirs may hold a cell.
HISTORY = {"activities": ("note", "task", "message", "appointment"),
           "attachments": ("contact_file", "opportunity_file")}  # fmt: skip


#: The ids merged into a record, and their kinds.
_MERGED = """CASE WHEN held[1] IS NOT NULL OR held[2] IS NOT NULL THEN
    array_to_string(list_filter(list_concat(
        list_transform(regexp_extract_all(coalesce(held[1], held[2]),
            '(?m)^[^/\\n:]*/([^/\\n:]*)/[^:\\n]*: merged', 1), lambda x: '~' || x),
        regexp_extract_all(coalesce(held[1], held[2]),
            '(?m)^[^/\\n:]*/[^/\\n:]*/([^:\\n]*): merged', 1)),
    lambda x: x <> ''), chr(31)) END"""
_FIELDS = (
    "/custom/Merged_Values__c", "/fields/Merged_Values__c", "/fields/firstName",
    "/fields/lastName", "/fields/name", "/fields/companyName", "/custom/Original_Name__c",
    "/custom/Estimate_Source_ID__c", "/fields/email", "/fields/Name", "/custom/Job_Number__c",
    "/custom/Estimate_Number__c", "/custom/Invoice_Number__c", "/fields/Invoice_Number__c",
    "/fields/Estimate_Number__c", "/custom/Other_Estimates__c",
    # The number of a record that is declared as a whole.
    *(f"/fields/{c.to}" for o in PLAIN.values() for c in o.main.columns if c.read == "number"),
)  # fmt: skip
_NAMES = ", ".join(
    f"nullif({name}, '')"
    for name in (
        id_sql("source_key"), "'~' || split_part(source_key, '/', 2)",
        "'~' || split_part(held[8], '/', 2)", _MERGED, "concat_ws(' ', held[3], held[4])",
        *(f"held[{n}]" for n in range(5, len(_FIELDS) + 1)), id_sql("held[8]"),
    )
)  # fmt: skip
#: What a record is known by: its source id, numbers, names, e-mail, and the ids merged into it.
_IDENTITIES = f"""
CREATE OR REPLACE TEMP TABLE ledger_identity AS
SELECT record_key, held[8] AS estimate, concat_ws(chr(31), {_NAMES}) AS names
FROM (
    SELECT record_key, source_key, json_extract_string(payload, {list(_FIELDS)}) AS held
    FROM ledger_mapped WHERE kind IN ('contact', 'opportunity') OR (kind = 'record'
        AND target <> 'custom_objects.opportunity_product')
)"""
#: Which records touch which: by their parents, and by relations in both directions.
_TOUCHES = """
CREATE OR REPLACE TEMP TABLE ledger_touch AS
WITH ends AS (
    SELECT record_key, source_key, kind,
           json_extract_string(parents, '$[*].record_key') AS keys
    FROM ledger_mapped WHERE target <> 'opportunity_product' AND kind NOT IN ('company_link')
)
SELECT record_key AS one, unnest(keys) AS other FROM ends WHERE kind <> 'relation'
UNION ALL
SELECT record_key, 'opportunity:' || json_extract_string(payload, '/of') FROM ledger_mapped
WHERE kind = 'opportunity_file'
UNION ALL SELECT json_extract_string(parents, '$[1].record_key'),
                 json_extract_string(parents, '$[0].record_key')
FROM ledger_mapped WHERE kind = 'relation' AND target = 'opportunity_product'
UNION ALL SELECT keys[1], keys[2] FROM ends WHERE kind = 'relation'
UNION ALL SELECT keys[2], keys[1] FROM ends WHERE kind = 'relation'"""
_NEAR = """
SELECT key, string_agg(names, chr(31)) AS v1 FROM (
    SELECT c.key, i.names FROM ledger_led c JOIN ledger_identity i USING (record_key)
    UNION ALL
    SELECT c.key, i.names FROM ledger_led c JOIN ledger_touch t ON t.one = c.record_key
    JOIN ledger_identity i ON i.record_key = t.other
    UNION ALL
    -- a further estimate of a job has the client of the job's opportunity
    SELECT c.key, i.names FROM ledger_led c JOIN ledger_touch t ON t.one = c.record_key
    JOIN ledger_touch u ON u.one = t.other JOIN ledger_identity i ON i.record_key = u.other
    WHERE starts_with(c.record_key, 'estimate:') AND starts_with(t.other, 'opportunity:')
      AND starts_with(u.other, 'contact:')
) GROUP BY key"""
#: Records that relations of their own join to a contact, by the word in their keys.
_JOINED_TO_CONTACT = [
    a.second.removeprefix("custom_objects.")
    for a in t.ASSOCIATIONS.values()
    if a.first == t.CONTACT and a.second.startswith("custom_objects.")
]
#: The opportunity of a row whose record joins the contact itself: it leads there as well, and would
#: hide that the record's own relation is missing.
_OWN_DEAL = f"""starts_with(c.record_key, 'opportunity:') AND EXISTS (
    FROM ledger_chosen o WHERE o.key = c.key AND NOT o.beside
    AND split_part(o.record_key, ':', 1) IN ({", ".join(map(literal, _JOINED_TO_CONTACT))}))"""
#: History hangs on a contact or opportunity; what it is about touches that.
_NEAR_HISTORY = """
SELECT key, string_agg(names, chr(31)) AS v1 FROM (
    WITH hung AS (
        SELECT c.key, t.other FROM ledger_led c JOIN ledger_touch t ON t.one = c.record_key
        UNION
        SELECT c.key, u.other FROM ledger_led c JOIN ledger_touch t ON t.one = c.record_key
        JOIN ledger_touch u ON u.one = t.other
    )
    SELECT * FROM hung
    UNION SELECT hung.key, t.one FROM hung JOIN ledger_touch t ON t.other = hung.other
) around JOIN ledger_identity i ON i.record_key = around.other GROUP BY key"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of what all mapped records are known by, and of which touch which."""
    con.execute(_IDENTITIES)
    con.execute(_TOUCHES)


def make(con: duckdb.DuckDBPyConnection, dataset: str, table: str, keys: str = "") -> None:
    """Make a temporary table `key, v1`: the names of what the rows of a kind of export lead to.

    A row leads on from the record it became; one that became none, from its parent, in whose text
    it stands. The first steps are tables, so that DuckDB knows how few of all records they hold.

    Args:
        con: The warehouse, with the view `ledger_carrier` of the records of the rows.
        dataset: The kind of export.
        table: The table to be made.
        keys: SELECT of the keys of some rows; all when empty.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ledger_chosen AS SELECT key, record_key, "
        "starts_with(place, 'parent:') OR place = 'record' AS beside "
        f"FROM ledger_carrier WHERE place <> '{DEAL}'{f' AND key IN ({keys})' if keys else ''}"
    )
    led = f"SELECT key, record_key FROM ledger_chosen c WHERE NOT beside AND NOT ({_OWN_DEAL})"
    if dataset in JOINED_INTO or dataset in HISTORY:
        led += (
            " UNION ALL SELECT key, record_key FROM ledger_chosen c WHERE beside "
            "AND NOT EXISTS (FROM ledger_chosen o WHERE NOT o.beside AND o.key = c.key)"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE ledger_led AS {led}")
    body = _NEAR_HISTORY if dataset in HISTORY else _NEAR
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {body}")
    con.execute("DROP TABLE ledger_led; DROP TABLE ledger_chosen")
