"""What a record that was several rows is made of: one rule per field, and the values that lose.

Belongs here: `clean.survivors` and `clean.lead_survivors` (the kept record of each merge, as a row
of clients or of leads) and `clean.merged_values` (every value of its rows that the survivor does
not show). Does not: which rows are one (`merges`).

Rows of one record are taken in order, the kept one first. A field takes its first filled value,
unless `RULES` says otherwise: what belongs together comes from one row, lists are united in order,
the earliest creation and the latest change count, notes follow one another. A value that lost is
listed with the row it came from and arrives in HighLevel as a note field; nothing is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET, SURVIVORS
from flitstack_pipeline.catalog.model import LIST, MAP, Field
from flitstack_pipeline.warehouse import row_count

#: Says which row it is, or is derived from other fields: no value that could be lost.
_NOT_VALUES = frozenset(
    {"source_key", "workspace", "source_id", "raw_id", "business_evidence", "is_business",
     "created_at", "updated_at", "converted", "converted_client_ref"}
)  # fmt: skip


#: United over all rows, so that nothing of them can lose.
_UNITED = frozenset(
    {"email", "extra_emails", "phone", "phone_extension", "extra_phones", "tags", "assigned_to",
     "notes"}
)  # fmt: skip
_ADDRESS_FIELDS = ("address1", "city", "state", "postal_code", "country")
_ADDRESS = frozenset(_ADDRESS_FIELDS)


@dataclass(frozen=True)
class Unit:
    """Fields that come from one row: the first for which `holds` is true, else the kept row."""

    fields: tuple[str, ...]
    holds: str


_UNITS = (
    Unit(("source_key", "workspace", "source_id", "raw_id", "status", "originals"), "true"),
    Unit(("name", "first_name", "last_name"), "true"),
    Unit(("business_name", "is_business", "business_evidence"), "is_business"),
    Unit(("phone", "phone_extension"), "phone IS NOT NULL"),
    Unit(_ADDRESS_FIELDS, "address1 IS NOT NULL"),
)
_PHONE = "phone || coalesce(' x' || phone_extension, '')"
_EMAILS = "list_prepend(email, coalesce(extra_emails, []))"
_PHONES = f"list_prepend({_PHONE}, coalesce(extra_phones, []))"


def _distinct(items: str) -> str:
    """The items of a list without NULL and repeats, in their order; NULL when none is left."""
    kept = f"lambda v, i: v IS NOT NULL AND list_position({items}, v) = i"
    return f"nullif(list_filter({items}, {kept}), [])"


def _all_of(items: str) -> str:
    return f"flatten(list({items} ORDER BY place) FILTER ({items} IS NOT NULL))"


def _first_of_each_key(entries: str, holds: str) -> str:
    """A map of the first entry of each key, of those for which `holds` is true."""
    first = f"list_position(list_transform({entries}, lambda o: o.key), e.key) = i"
    return (
        f"CASE WHEN len({entries}) > 0 THEN map_from_entries("
        f"list_filter({entries}, lambda e, i: {first} AND {holds})) END"
    )


_ENTRIES = _all_of("map_entries(custom)")
#: The format of each custom cell, NULL for the usual one: it stays with the cell that is kept.
_FORMATS = _all_of("formats")
_REFS = "converted_client_ref"
#: Field → the expression over the rows of one record; what is not named takes its first value.
RULES: dict[str, str] = {
    "email": f"({_distinct(_all_of(_EMAILS))})[1]",
    "extra_emails": f"nullif(({_distinct(_all_of(_EMAILS))})[2:], [])",
    "extra_phones": f"nullif(list_filter({_distinct(_all_of(_PHONES))}, lambda v: "
    f"v IS DISTINCT FROM arg_min({_PHONE}, place)), [])",
    "created": "min(created)",
    "created_at": "arg_min(created_at, (created, place))",
    "updated": "max(updated)",
    "updated_at": "arg_max(updated_at, (updated, -place))",
    "converted": "bool_or(converted)",
    _REFS: f"string_agg(DISTINCT {_REFS}, ', ' ORDER BY {_REFS})",
    "notes": f"array_to_string({_distinct('list(notes ORDER BY place)')}, chr(10) || chr(10))",
    "custom": _first_of_each_key(_ENTRIES, "true"),
    "custom_formats": _first_of_each_key(_FORMATS, "e.value IS NOT NULL"),
}


def make_survivors(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `clean.survivors`, `clean.lead_survivors` and `clean.merged_values` from `clean.merges`.

    Also makes the temporary views `kept_clients` and `kept_leads`: all as they are migrated.
    """
    if row_count(con, "clean.merges"):
        con.execute(_RANKED)
        for dataset, kept in SURVIVORS.items():
            con.execute(_rows_of_records(dataset))
            columns = ", ".join(f'{_rule(f)} AS "{f.name}"' for f in kept.fields)
            con.execute(
                f"""
                INSERT INTO {kept.name} BY NAME
                SELECT {columns} FROM record_rows GROUP BY kept_key
                """
            )
            for rows in _MEMBERS[dataset]:
                _list_losing_values(con, dataset, rows)
    for dataset, kept in SURVIVORS.items():
        con.execute(
            f"""
            CREATE OR REPLACE TEMP VIEW kept_{dataset} AS
            SELECT * FROM clean."{dataset}" c
            ANTI JOIN {kept.name} s ON s.source_key = c.source_key
            ANTI JOIN clean.merges m ON m.merged_key = c.source_key
            UNION ALL BY NAME SELECT * FROM {kept.name}
            """
        )


#: What a record is kept as → whose rows it can be made of.
_MEMBERS = {"clients": ("clients", "leads"), "leads": ("leads",)}

#: Every row of every merged record, the kept one at place 1, leads after clients.
_RANKED = """
CREATE OR REPLACE TEMP TABLE ranked AS
WITH listed AS (
    SELECT DISTINCT kept_key, kept_key AS key, 0 AS later FROM clean.merges
    UNION ALL
    SELECT kept_key, merged_key, CASE object WHEN 'clients' THEN 1 ELSE 2 END FROM clean.merges
)
SELECT kept_key, key, row_number() OVER (PARTITION BY kept_key ORDER BY later, key) AS place
FROM listed
"""


def _rows_of_records(dataset: str) -> str:
    """Temporary table `record_rows`: the rows of merged records that are kept as `dataset`, with
    the columns of it."""
    members = " UNION ALL BY NAME ".join(_members(dataset, rows) for rows in _MEMBERS[dataset])
    return f"""
        CREATE OR REPLACE TEMP TABLE record_rows AS
        WITH headers AS (
            SELECT coalesce(list(DISTINCT header), []) AS headers
            FROM (SELECT unnest(map_keys(custom)) AS header FROM clean."{dataset}")
        )
        {members}
        """


def _members(dataset: str, rows: str) -> str:
    """SELECT rows of a clean table as members of records of `dataset`; custom fields that only
    they have stay out."""
    wanted = [f for f in BY_DATASET[dataset].fields if f.name != "custom"]
    columns = ", ".join(f'x."{f.name}"' for f in wanted)
    known = "lambda e: list_contains(h.headers, e.key)"
    return f"""
        SELECT m.kept_key, m.place, {columns},
               map_from_entries(list_filter(map_entries(x.custom), {known})) AS custom,
               list_transform(map_entries(x.custom),
                   lambda e: {{'key': e.key, 'value': x.custom_formats[e.key]}}) AS formats
        FROM ranked m JOIN clean."{rows}" x ON x.source_key = m.key
        SEMI JOIN clean."{dataset}" k ON k.source_key = m.kept_key
        CROSS JOIN headers h
        """


def _rule(f: Field) -> str:
    if f.name in RULES:
        return RULES[f.name]
    for unit in _UNITS:
        if f.name in unit.fields:
            later = f"CASE WHEN {unit.holds} THEN 0 ELSE 1 END"
            return f'arg_min_null("{f.name}", ({later}, place))'
    if f.type == LIST:
        return _distinct(_all_of(f'"{f.name}"'))
    return f'arg_min("{f.name}", place)'


def _list_losing_values(con: duckdb.DuckDBPyConnection, kept: str, dataset: str) -> None:
    """List what rows of `dataset` hold and their survivor of `kept` does not show, in one pass."""
    shown = {f.name for f in SURVIVORS[kept].fields}
    stray_extension = "CASE WHEN g.phone IS NULL THEN g.phone_extension END"
    compared = [
        ("address", _address("k"), _address("g")),
        ("phone_extension", "k.phone_extension", stray_extension),
    ]
    if dataset == "leads":  # a lead that is a client was converted, whatever its row says
        survivor = "k.converted" if "converted" in shown else "true"
        compared.append(("converted", _yes_no(survivor), _yes_no("g.converted")))
    for f in BY_DATASET[dataset].fields:
        if f.name not in _NOT_VALUES | _UNITED | _ADDRESS and f.type != MAP:
            survivor = f'k."{f.name}"' if f.name in shown else "NULL"
            compared.append((f.name, survivor, f'g."{f.name}"'))
    values = ", ".join(
        f"{{'field': '{name}', 'kept': ({survivor})::VARCHAR, 'losing': ({losing})::VARCHAR}}"
        for name, survivor, losing in compared
    )
    con.execute(
        f"""
        INSERT INTO clean.merged_values
        WITH pairs AS (
            SELECT kept_key, merged_key FROM clean.merges WHERE object = '{dataset}'
            UNION
            SELECT kept_key, kept_key FROM clean.merges
        ), compared AS (
            SELECT m.kept_key, m.merged_key, unnest(list_concat(
                [{values}], {_map_values("custom")}, {_map_values("originals")})) AS v
            FROM pairs m JOIN clean."{dataset}" g ON g.source_key = m.merged_key
            JOIN {SURVIVORS[kept].name} k ON k.source_key = m.kept_key
        )
        SELECT '{dataset}', kept_key, merged_key, v.field, v.kept, v.losing FROM compared
        WHERE v.losing <> '' AND v.losing IS DISTINCT FROM v.kept
        """
    )


def _yes_no(value: str) -> str:
    return f"CASE WHEN {value} THEN 'Yes' WHEN NOT {value} THEN 'No' END"


def _address(row: str) -> str:
    columns = ", ".join(f"{row}.{column}" for column in _ADDRESS_FIELDS)
    return f"nullif(concat_ws(', ', {columns}), '')"


def _map_values(name: str) -> str:
    """Entries of a map as structs of field, kept and losing value."""
    return (
        f"list_transform(coalesce(map_entries(g.{name}), []), lambda e: "
        f"{{'field': '{name}.' || e.key, 'kept': k.{name}[e.key], 'losing': e.value}})"
    )
