"""The records each row should be found in, as temporary tables: key of the row → values of fields.

Belongs here: SQL from the mapped records to `ledger_holder_*(key, v1, v2 …)`, a column for each
value asked for. Does not: which fields (`provenance`), what a row leads to (`near`), comparing
(`witness`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.objects import KEYS, object_of_dataset
from flitstack_pipeline.catalog.source import CLEANED, JOINED_INTO, PARTS
from flitstack_pipeline.ledger import near
from flitstack_pipeline.ledger.near import HISTORY
from flitstack_pipeline.ledger.provenance import (
    ALL,
    COMPANY,
    DEAL,
    KEY,
    NEAR,
    OWNER,
    PARENT,
    TIED,
    WRITTEN,
    Path,
)
from flitstack_pipeline.mapping.document import EXCLUDED, FieldEntry, MapDocument
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.warehouse import literal, table_exists

_ROLES = {d.key: d.joined[0].removesuffix("s") for d in CLEANED if d.joined[0]}


#: How labels make one value, and which.
Shape = tuple[str, tuple[str, ...]]
#: Places whose records are looked at as a whole, in one value.
WHOLE_PLACES = (NEAR, ALL, TIED)
#: The place of a row's own source key, and what it holds: the key and the workspace.
KEY_PLACE = -1
KEY_HELD = "s.kept || chr(31) || split_part(s.kept, '/', 1)"
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
    near.prepare(con)


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


@dataclass(frozen=True)
class Table:
    """The records of one place: key of a row → a column per shape of a value."""

    name: str
    shapes: dict[Shape, int]
    #: Filled for the keys of cells that are nowhere else, not for all.
    is_late: bool


@dataclass(frozen=True)
class Holders:
    """The tables of a kind of export's records, by place; `homes` are places beside another's."""

    dataset: str
    tables: dict[str, Table]
    homes: dict[str, str]

    def where(self, path: Path) -> tuple[int, int, int]:
        """(place, column of what its fields hold, of what its other fields give together) of a
        path; `h<place>_<column>` is the value in the wide statement."""
        if path.place == KEY:
            return KEY_PLACE, 1, 0
        home = self.homes.get(path.place, path.place)
        shapes = self.tables[home].shapes
        return list(self.tables).index(home), shapes[_shape(path)], shapes.get(_rest(path), 0)

    def is_late(self, path: Path) -> bool:
        """Whether what a path leads to is found only for cells that are nowhere else."""
        table = self.tables.get(self.homes.get(path.place, path.place))
        return table is not None and table.is_late

    def selected(self) -> str:
        """SQL of all values, each under its name, of the joins below; and `key_held`."""
        there = " OR ".join(f"h{i}.key IS NOT NULL" for i, _ in self._at_hand())
        values = [f"h{i}.v{n} AS h{i}_{n}" for i, t in self._at_hand() for n in t.shapes.values()]
        return ", ".join([f"CASE WHEN {there or 'true'} THEN {KEY_HELD} END AS key_held", *values])

    def joins(self, keys: str) -> str:
        """SQL of the joins of all tables to the state `s` of a row.

        `keys` is a table of the keys of the rows at hand, "" when these are all: no join holds
        more than their records.
        """
        some = f" SEMI JOIN {keys} USING (key)" if keys else ""
        return "".join(
            f" LEFT JOIN (FROM {table.name}{some}) h{i} ON h{i}.key = s.kept"
            for i, table in self._at_hand()
        )

    def listed(self, con: duckdb.DuckDBPyConnection, keys: str) -> str:
        """SELECT place, key, held (a list of a place's values) of the rows with some keys.

        Args:
            con: The warehouse; tables of what is found late are made in it for these keys.
            keys: SELECT of the keys.
        """
        for place, table in self.tables.items():
            if table.is_late:
                _fill(con, self.dataset, place, table, keys)
        selects = [
            f"SELECT {i} AS place, key, [{', '.join(f'v{n}' for n in table.shapes.values())}] "
            f"AS held FROM {table.name} WHERE key IN ({keys})"
            for i, table in enumerate(self.tables.values())
        ]
        own = " UNION ".join(
            f"SELECT key FROM {table.name}"
            for place, table in self.tables.items()
            if not (table.is_late and place == NEAR)
        )
        own = f"({keys}) INTERSECT ({own})" if own else keys
        selects.append(f"SELECT {KEY_PLACE}, s.kept, [{KEY_HELD}] FROM ({own}) s(kept)")
        return " UNION ALL ".join(selects)

    def _at_hand(self) -> list[tuple[int, Table]]:
        return [(i, t) for i, t in enumerate(self.tables.values()) if not t.is_late]


def make(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    document: MapDocument,
    paths: list[Path],
    late: Collection[str],
) -> Holders:
    """Make the tables of a dataset, one of each place: the key of a row, a column per shape.

    Args:
        con: The warehouse.
        dataset: The kind of export.
        document: The confirmed map.
        paths: The paths of its columns.
        late: Places whose records are found only for cells that are nowhere else.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW ledger_mapped AS {_mapped(con, _objects_of(dataset))}"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW ledger_carrier AS {_carriers(con, dataset, document)}"
    )
    # Where an opportunity holds no rows but its own, its fields and what it shows are one record's.
    homes = {} if list(_key_fields(dataset, document)) else {DEAL: t.OPPORTUNITY}
    places = [homes.get(p.place, p.place) for p in paths if p.place != KEY]
    found: dict[str, Table] = {}
    for number, place in enumerate(dict.fromkeys(places)):
        here = [p for p in paths if homes.get(p.place, p.place) == place]
        shapes = dict.fromkeys(x for p in here for x in (_shape(p), _rest(p)) if x[1])
        columns = {x: n for n, x in enumerate(shapes, 1)}
        found[place] = Table(f"ledger_holder_{number}", columns, place in late)
        if place not in late:
            _fill(con, dataset, place, found[place])
    return Holders(dataset, found, homes)


def _key_fields(dataset: str, document: MapDocument) -> Iterable[FieldEntry]:
    """Entries by which records of other rows hold the key of a row, beside their own."""
    return (
        e for e in document.entries(dataset) if e.source == "source_key" and e.field != t.SOURCE_ID
    )


def _shape(path: Path) -> Shape:
    """How the labels of a path make one value."""
    if path.place in WHOLE_PLACES:
        return "one", ("",)
    if path.place == COMPANY or path.named or path.kind in ("phone:one", WRITTEN):
        return "one", path.labels[:1]
    if len(path.labels) == 1:
        return "one", path.labels
    kind = "address" if path.kind.startswith("address") else path.kind
    return kind if kind in ("address", "name", "in:name") else "listed", path.labels


def _rest(path: Path) -> Shape:
    """First and last name of a name as written, else nothing."""
    return "spaced", path.labels[1:] if path.kind == WRITTEN else ()


def _joined(shape: Shape, held: dict[str, str]) -> str:
    """SQL of one value made of several fields; `held` gives SQL of each field, "" where empty."""
    how, labels = shape
    values = [held[label] for label in labels]
    if how == "one":
        return values[0]
    if how == "spaced":
        return "trim(" + " || ' ' || ".join(values) + ")"
    if how == "address":
        return f"concat_ws(' ', {', '.join(values)})"
    if how == "listed":
        return _without_empty(values)
    named = dict(zip(labels, values, strict=True))
    first, last = named.pop("firstName", "''"), named.pop("lastName", "''")
    parts = [f"trim({first} || ' ' || {last})", *named.values()]
    parts += [first, last] if how == "in:name" else []
    return _without_empty(parts)


def _without_empty(values: list[str]) -> str:
    """SQL of several values in one, those that hold anything."""
    filled = ", ".join(f"nullif({value}, '')" for value in values)
    return f"concat_ws(chr(31), {filled})"


def _fill(
    con: duckdb.DuckDBPyConnection, dataset: str, place: str, table: Table, keys: str = ""
) -> None:
    """Make the table `key, v1 …` of one place; one row per key.

    `keys` is a SELECT of the keys of some rows; of all when empty.
    """
    if place == NEAR:
        near.make(con, dataset, table.name, keys)
        return
    if place in WHOLE_PLACES:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {table.name} AS {_ALL if place == ALL else _TIED}"
        )
        return
    shapes = table.shapes
    labels = list(dict.fromkeys(label for _, labels in shapes for label in labels))
    plain = place == t.OPPORTUNITY and dataset == "estimates"  # a further one is a record
    ways = [*[_pointer(place, x) for x in labels], *[_field(x) for x in labels if plain], "/owner"]
    also = f", found[{{0}} + {len(labels)}]" if plain else ""
    held = {
        label: f"coalesce(u.names, '{NOBODY}')"
        if label == OWNER
        else f"coalesce(found[{i}]{also.format(i)}, '')"
        for i, label in enumerate(labels, 1)
    }
    values = ", ".join(f"{_joined(shape, held)} AS v{n}" for shape, n in shapes.items())
    owner = f" LEFT JOIN ledger_user u ON u.source_key = found[{len(ways)}]"
    pointers = ", ".join(literal(way) for way in ways)
    some = f" AND key IN ({keys})" if keys else ""
    records = f"SELECT key, payload FROM ledger_carrier WHERE place = {literal(place)}{some}"
    once = f"SELECT key, any_value(payload) AS payload FROM ({records}) GROUP BY key"
    for selected in (records, once):  # grouping copies every payload, and few places need it
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {table.name} AS SELECT key, {values} FROM (SELECT key, "
            f"json_extract_string(payload, [{pointers}]) AS found FROM ({selected}))"
            f"{owner if OWNER in labels else ''}"
        )
        twice = f"SELECT count(*) > count(DISTINCT key) FROM {table.name}"
        if not con.execute(twice).fetchall()[0][0]:
            break


#: All that a note, a message or a file says, value by value.
_ALL = """
SELECT key, string_agg(array_to_string(list_concat(
    json_extract_string(payload, '$.*'), json_extract_string(payload, '$.fields.*')), chr(31)),
    chr(31)) AS v1
FROM ledger_carrier WHERE place = 'all' GROUP BY key"""
#: Empty where a record is tied to no opportunity that is there, else NULL.
_TIED = """
SELECT r.key, CASE WHEN count(i.record_key) = 0 THEN '' END AS v1
FROM ledger_carrier r LEFT JOIN ledger_touch t ON t.one = r.record_key
LEFT JOIN ledger_identity i ON i.record_key = t.other AND starts_with(t.other, 'opportunity:')
WHERE r.place LIKE 'custom_objects.%' GROUP BY r.key"""


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
    for entry in _key_fields(dataset, document):
        key = f"json_extract_string(payload, {literal('/custom/' + entry.field)})"
        selects.append(
            f"SELECT {key}, {literal(entry.target)}, record_key, payload FROM ledger_mapped "
            f"WHERE kind = 'opportunity' AND payload::VARCHAR LIKE {literal(f'%/{dataset}/%')} "
            f"AND NOT ({like} AND source_key = {key})"  # by its own key it is there already
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
FROM (SELECT source_key, unnest(json_extract_string(parents, '$[*].record_key')) AS parent
      FROM ledger_mapped WHERE kind = 'company_link') l
JOIN ledger_mapped c ON c.kind = 'company' AND c.record_key = l.parent"""
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
    if dataset in PARTS:
        key = PARTS[dataset][0]
        return f"SELECT source_key AS child, {key} AS parent FROM {relation(con, table.name)}"
    return f"""
        SELECT l.child_key AS child, coalesce(m.kept_key, l.parent_key) AS parent
        FROM {relation(con, "clean.links")} l LEFT JOIN {merges} m ON m.merged_key = l.parent_key
        WHERE l.child_object = '{dataset}' AND l.role = '{_ROLES[dataset]}'"""


def safe(name: str) -> str:
    """A name as part of a SQL identifier."""
    return re.sub(r"\W+", "_", name)
