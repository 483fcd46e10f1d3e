"""The records each row should be found in, as temporary tables: key of the row → values of fields.

Belongs here: SQL from the mapped records to `holder_*(key, held)`, where `held` is the list of the
values asked for. Does not: which fields (`provenance`), comparing (`witness`).
"""

# ruff: noqa: S608 - names in the SQL come from our own specification and from quoted labels

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

from flitstack_pipeline.ledger.provenance import ALL, DEAL, KEY, NEAR, OWNER, PARENT, TIED, Path
from flitstack_pipeline.ledger.sql import literal
from flitstack_pipeline.mapping.declared import JOINED_INTO
from flitstack_pipeline.mapping.document import EXCLUDED, MapDocument
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.spec import targets as t
from flitstack_pipeline.spec.clean import BY_DATASET
from flitstack_pipeline.spec.objects import KEYS, object_of_dataset
from flitstack_pipeline.warehouse import table_exists

_ROLES = {"properties": "client", "visits": "job", "change_orders": "invoice", "estimates": "job"}
#: Forms that history has: every value of theirs may hold a cell.
HISTORY = {"activities": ("note", "task", "message", "appointment"),
           "attachments": ("contact_file", "opportunity_file")}  # fmt: skip


#: What a record without an owner holds.
NOBODY = "~nobody"


def team(con: duckdb.DuckDBPyConnection, document: MapDocument) -> list[str]:
    """Names of the team members who own records, unless a person left them out."""
    out = {key for key, entry in document.owners.items() if entry.status == EXCLUDED}
    rows = con.execute(f"SELECT source_key, name FROM {relation(con, 'clean.users')}").fetchall()
    return sorted({name for key, name in rows if key not in out and name})


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the views and tables over all mapped records that the holders are taken from."""
    con.execute(f"CREATE OR REPLACE TEMP VIEW ledger_mapped AS {_mapped(con, KEYS)}")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ledger_user AS SELECT source_key, "
        f"concat_ws(chr(31), name, email) AS names FROM {relation(con, 'clean.users')}"
    )
    con.execute(_IDENTITIES)
    con.execute(_TOUCHES)


def _mapped(con: duckdb.DuckDBPyConnection, objects: Iterable[str]) -> str:
    """SELECT of the mapped records of some object types, as far as they are mapped."""
    tables = [f'SELECT * FROM mapped."{k}"' for k in objects if table_exists(con, f"mapped.{k}")]
    empty = ("SELECT '' record_key, '' source_key, '' kind, '' target, '{}'::JSON payload, "
             "'[]'::JSON parents WHERE false")  # fmt: skip
    return " UNION ALL BY NAME ".join([*tables, empty])


def _objects_of(dataset: str) -> tuple[str, ...]:
    """The object types whose mapped records can hold rows of a kind of export."""
    if dataset in HISTORY:
        return KEYS
    datasets = {dataset, *JOINED_INTO.get(dataset, ())[:1]}
    found = {object_of_dataset(d) or d for d in datasets}
    also = {"leads": "clients", "estimates": "jobs"}
    return tuple(k for k in KEYS if k in found or k in {also.get(f) for f in found})


#: What a record is known by: its source id, numbers, names, e-mail, and the ids merged into it.
_IDENTITIES = """
CREATE OR REPLACE TEMP TABLE ledger_identity AS
SELECT record_key, array_to_string(list_filter(list_concat(
    [regexp_replace(source_key, '^[^/]*/[^/]*/', ''), '~' || split_part(source_key, '/', 2),
     '~' || split_part(held[8], '/', 2)],
    CASE WHEN held[1] IS NULL AND held[2] IS NULL THEN [] ELSE list_transform(
        regexp_extract_all(coalesce(held[1], held[2]),
            '(?m)^[^/\\n:]*/([^/\\n:]*)/[^:\\n]*: merged', 1), lambda x: '~' || x) END,
    CASE WHEN held[1] IS NULL AND held[2] IS NULL THEN [] ELSE
        regexp_extract_all(coalesce(held[1], held[2]),
            '(?m)^[^/\\n:]*/[^/\\n:]*/([^:\\n]*): merged', 1) END,
    [concat_ws(' ', held[3], held[4])], held[5:], [regexp_replace(held[8], '^[^/]*/[^/]*/', '')]),
    lambda x: x IS NOT NULL AND x <> ''), chr(31)) AS names
FROM (
    SELECT record_key, source_key, json_extract_string(payload, [
        '/custom/Merged_Values__c', '/fields/Merged_Values__c', '/fields/firstName',
        '/fields/lastName', '/fields/name', '/fields/companyName', '/custom/Original_Name__c',
        '/custom/Estimate_Source_ID__c', '/fields/email', '/fields/Name', '/custom/Job_Number__c',
        '/custom/Estimate_Number__c', '/custom/Invoice_Number__c', '/fields/Invoice_Number__c',
        '/fields/Estimate_Number__c', '/fields/Work_Order_Number__c',
        '/custom/Other_Estimates__c']) AS held
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


def make(
    con: duckdb.DuckDBPyConnection, dataset: str, document: MapDocument, paths: list[Path]
) -> dict[str, tuple[str, dict[str, int]]]:
    """Make the holders of a dataset; place → (table, where each label stands in `held`)."""
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW ledger_mapped AS {_mapped(con, _objects_of(dataset))}"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW ledger_carrier AS {_carriers(con, dataset, document)}"
    )
    make_near(con, dataset, "SELECT '' WHERE false")
    found: dict[str, tuple[str, dict[str, int]]] = {}
    for number, place in enumerate(dict.fromkeys(p.place for p in paths if p.place != KEY)):
        labels = list(dict.fromkeys(x for p in paths if p.place == place for x in p.labels))
        table = f"ledger_holder_{number}"
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {_holder(dataset, place, labels)}")
        whole = place in (NEAR, ALL)
        found[place] = (table, {x: 1 if whole else i + 1 for i, x in enumerate(labels)})
    return found


def _holder(dataset: str, place: str, labels: list[str]) -> str:
    """SELECT key, held of one place; one row per key."""
    if place == NEAR:
        return _near(dataset)
    if place == ALL:
        return _ALL
    if place == TIED:
        return _TIED
    plain = place == t.OPPORTUNITY and dataset == "estimates"  # a further one is a record
    ways = [*[_pointer(place, x) for x in labels], *[_field(x) for x in labels if plain]]
    pointers = ", ".join(literal(way) for way in ways)
    also = f", found[{{0}} + {len(labels)}]" if plain else ""
    values = ", ".join(
        f"coalesce(u.names, '{NOBODY}')"
        if label == OWNER
        else f"coalesce(found[{i}]{also.format(i)}, '')"
        for i, label in enumerate(labels, 1)
    )
    return f"""
        SELECT key, [{values}] AS held FROM (
            SELECT key, any_value(json_extract_string(payload, [{pointers}])) AS found,
                   any_value(json_extract_string(payload, '/owner')) AS owner
            FROM ledger_carrier WHERE place = {literal(place)} GROUP BY key)
        LEFT JOIN ledger_user u ON u.source_key = owner"""


#: All that a note, a message or a file says, value by value.
_ALL = """
SELECT key, [string_agg(array_to_string(list_concat(
    json_extract_string(payload, '$.*'), json_extract_string(payload, '$.fields.*')), chr(31)),
    chr(31))] AS held
FROM ledger_carrier WHERE place = 'all' GROUP BY key"""
_NEAR = """
SELECT key, [string_agg(names, chr(31))] AS held FROM (
    SELECT c.key, i.names FROM own c JOIN ledger_identity i USING (record_key)
    UNION ALL
    SELECT c.key, i.names FROM own c JOIN ledger_touch t ON t.one = c.record_key
    JOIN ledger_identity i ON i.record_key = t.other
) GROUP BY key"""
#: Empty where a record is tied to no opportunity that is there, else NULL.
_TIED = """
SELECT r.key, [CASE WHEN count(i.record_key) = 0 THEN '' END] AS held
FROM ledger_carrier r LEFT JOIN ledger_touch t ON t.one = r.record_key
LEFT JOIN ledger_identity i ON i.record_key = t.other AND starts_with(t.other, 'opportunity:')
WHERE r.place LIKE 'custom_objects.%' GROUP BY r.key"""
#: History hangs on a contact or opportunity; what it is about touches that.
_NEAR_HISTORY = """
SELECT key, [string_agg(names, chr(31))] AS held FROM (
    WITH hung AS (
        SELECT c.key, t.other FROM own c JOIN ledger_touch t ON t.one = c.record_key
        UNION
        SELECT c.key, u.other FROM own c JOIN ledger_touch t ON t.one = c.record_key
        JOIN ledger_touch u ON u.one = t.other
    )
    SELECT * FROM hung
    UNION SELECT hung.key, t.one FROM hung JOIN ledger_touch t ON t.other = hung.other
) around JOIN ledger_identity i ON i.record_key = around.other GROUP BY key"""


def _near(dataset: str, keys: str = "") -> str:
    """SELECT key, held: the names of what the rows lead to, of all or of some (SELECT) keys.

    A row leads on from the record it became; one that became none, from its parent, in whose text
    it stands.
    """
    some = "SELECT key, place, record_key FROM ledger_carrier"
    some += f" WHERE key IN ({keys})" if keys else ""
    own = "NOT starts_with(place, 'parent:') AND place <> 'record'"
    own = f"SELECT key, record_key FROM chosen WHERE place <> '{DEAL}' AND {own}"
    if dataset in JOINED_INTO or dataset in HISTORY:
        own += (
            " UNION ALL SELECT key, record_key FROM chosen "
            f"WHERE key NOT IN (SELECT key FROM chosen WHERE place <> '{DEAL}' AND NOT "
            "starts_with(place, 'parent:') AND place <> 'record')"
        )
    body = _NEAR_HISTORY if dataset in HISTORY else _NEAR
    return f"WITH chosen AS ({some}), own AS ({own}) {body}"


def make_near(con: duckdb.DuckDBPyConnection, dataset: str, keys: str) -> None:
    """Temporary table `ledger_near (key, held)`: the names of what rows with some keys lead to.

    `keys` is a SELECT of the keys of rows.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE ledger_near AS {_near(dataset, keys)}")


def _pointer(place: str, label: str) -> str:
    """Where a field stands in the payloads of a place."""
    name = label.replace("~", "~0").replace("/", "~1")
    place = place.removeprefix(f"{PARENT}:")
    known = {DEAL: t.OPPORTUNITY, "company": t.BUSINESS, "business": t.BUSINESS}
    standard = t.STANDARD_FIELDS.get(known.get(place, place))
    return f"/custom/{name}" if standard is not None and label not in standard else _field(label)


def _field(label: str) -> str:
    """Where a standard field, or one of a custom object, stands in a payload."""
    return f"/fields/{label.replace('~', '~0').replace('/', '~1')}"


def _carriers(con: duckdb.DuckDBPyConnection, dataset: str, document: MapDocument) -> str:
    """SELECT key, place, record_key, payload: the records in which a row may be found."""
    rows_of = ("leads", "clients") if dataset == "leads" else (dataset,)
    like = " OR ".join(f"source_key LIKE {literal(f'%/{d}/%')}" for d in rows_of)
    like = f"({like})"
    selects = [
        f"SELECT source_key AS key, {_PLACE} AS place, record_key, payload FROM ledger_mapped "
        f"WHERE {like} AND kind IN ('contact', 'company', 'opportunity', 'record')"
    ]
    selects.append(
        f"SELECT source_key, '{DEAL}', record_key, payload FROM ledger_mapped "
        f"WHERE {like} AND kind = 'opportunity'"
    )
    if dataset == "clients":
        selects.append(_COMPANIES)
    for kind in HISTORY.get(dataset, ()):
        selects.append(
            "SELECT source_key, 'all', record_key, payload FROM ledger_mapped "
            f"WHERE {like} AND kind = '{kind}'"
        )
    for entry in document.entries(dataset):
        if entry.source == "source_key" and entry.field != t.SOURCE_ID:
            selects.append(
                f"SELECT json_extract_string(payload, {literal('/custom/' + entry.field)}), "
                f"{literal(entry.target)}, record_key, payload FROM ledger_mapped "
                f"WHERE kind = 'opportunity' AND payload::VARCHAR LIKE {literal(f'%/{dataset}/%')}"
            )
            selects.append(
                f"SELECT source_key, {literal(entry.target)}, record_key, payload "
                f"FROM ledger_mapped WHERE {like} AND kind = 'record'"
            )
    if dataset in JOINED_INTO:
        selects.append(
            f"SELECT p.child, '{PARENT}:' || {_PLACE}, m.record_key, m.payload "
            f"FROM ({_parents(con, dataset)}) p "
            "JOIN ledger_mapped m ON m.source_key = p.parent "
            "WHERE m.kind IN ('contact', 'opportunity', 'record')"
        )
    if dataset in HISTORY:
        selects.append(
            f"SELECT l.child_key, 'record', m.record_key, NULL "
            f"FROM {relation(con, 'clean.links')} l "
            f"LEFT JOIN {relation(con, 'clean.merges')} g ON g.merged_key = l.parent_key "
            "JOIN ledger_mapped m ON m.source_key = coalesce(g.kept_key, l.parent_key) "
            f"WHERE l.child_object = '{dataset}' AND l.role = 'record' "
            "AND m.kind IN ('contact', 'opportunity', 'record')"
        )
        selects.append(
            f"SELECT l.child_key, 'record', m.record_key, NULL "
            f"FROM {relation(con, 'clean.links')} l "
            "JOIN ledger_mapped m ON m.kind = 'opportunity' AND l.parent_key = "
            "json_extract_string(m.payload, '/custom/Estimate_Source_ID__c') "
            f"WHERE l.child_object = '{dataset}' AND l.role = 'record'"
        )
    if dataset == "attachments":
        selects.append(_FILE_NOTES)
    return " UNION ALL ".join(selects)


#: The companies of contacts, several of which may share one.
_COMPANIES = """
SELECT l.source_key, 'company', c.record_key, c.payload
FROM ledger_mapped l JOIN ledger_mapped c ON c.kind = 'company' AND list_contains(
    json_extract_string(l.parents, '$[*].record_key'), c.record_key)
WHERE l.kind = 'company_link'"""
_PLACE = "CASE kind WHEN 'company' THEN 'business' WHEN 'record' THEN target ELSE kind END"
#: Words about a file stand in the notes of the record that holds it.
_FILE_NOTES = """
SELECT f.source_key, 'all', h.record_key,
       json_object('notes', json_extract_string(h.payload, '/custom/File_Notes__c'))
FROM ledger_mapped f JOIN ledger_mapped h ON h.record_key = coalesce(
    'opportunity:' || json_extract_string(f.payload, '/of'),
    json_extract_string(f.parents, '$[0].record_key'))
WHERE f.kind IN ('contact_file', 'opportunity_file')"""


def _parents(con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """SELECT child, parent: source keys of rows and of the records whose text they are part of."""
    table = BY_DATASET[dataset]
    merges = relation(con, "clean.merges")
    for column in ("document_key", "invoice_key"):
        if table.has(column):
            return (
                f"SELECT source_key AS child, {column} AS parent FROM {relation(con, table.name)}"
            )
    return f"""
        SELECT l.child_key AS child, coalesce(m.kept_key, l.parent_key) AS parent
        FROM {relation(con, "clean.links")} l LEFT JOIN {merges} m ON m.merged_key = l.parent_key
        WHERE l.child_object = '{dataset}' AND l.role = '{_ROLES[dataset]}'"""


def safe(name: str) -> str:
    """A name as part of a SQL identifier."""
    return re.sub(r"\W+", "_", name)
