"""Fingerprints of tables, each found once while nobody writes the table.

Belongs here: the content of tables and of their partitions (`print_of_tables`,
`print_of_partition`), and for how long what was found holds (`at_rest`, `moving`, `once`). Does
not: what a step depends on (`early_cutoff` and the steps). Not to be asked inside a transaction.
"""

# ruff: noqa: S608 - names of our own tables

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import filled_tables

T = TypeVar("T")
#: Rows of a table, and the sum of their hashes.
Content = tuple[int, int]
#: The schema with views, whose content moves with that of other schemas.
VIEWS = "ledger"
#: Stands for a schema where columns are kept by the names of its tables.
COLUMNS = "columns"


@dataclass
class _Rest:
    """What was found while nothing writes, by schema and name; "" stands for no schema."""

    known: dict[tuple[str, str], Any] = field(default_factory=dict)
    #: Schemas in which a step may write at this moment.
    moving: frozenset[str] = frozenset()


_at_rest: dict[Path, _Rest] = {}


@contextmanager
def at_rest(project: Project) -> Iterator[None]:
    """Steps in a row, between which nobody writes a table: each is looked at once (`once`)."""
    if project.root in _at_rest:
        yield
        return
    _at_rest[project.root] = _Rest()
    try:
        yield
    finally:
        del _at_rest[project.root]


@contextmanager
def moving(project: Project, schemas: Collection[str]) -> Iterator[None]:
    """A step runs that may write tables of these schemas: what is known of them holds no longer.

    While it runs, they are looked at anew each time.
    """
    rest = _at_rest.get(project.root, _Rest())
    before, rest.moving = rest.moving, frozenset({"", VIEWS, *schemas})
    rest.known = {k: found for k, found in rest.known.items() if k[0] not in rest.moving}
    try:
        yield
    finally:
        rest.moving = before


def once(project: Project, schema: str, name: str, find: Callable[[], T]) -> T:
    """What `find` finds in a schema, found once while nothing writes there; else anew.

    `find` looks at nothing but the warehouse where a schema is named.
    """
    rest = _at_rest.get(project.root)
    if rest is None or schema in rest.moving:
        return project.warehouse.remembered(f"{schema} {name}", find) if schema else find()
    if (schema, name) not in rest.known:
        rest.known[schema, name] = find()
    found: T = rest.known[schema, name]
    return found


def print_of(*what: object) -> str:
    """The fingerprint of values, by what `repr` says of them."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:32]


def print_of_tables(project: Project, schema: str, tables: Iterable[str] | None = None) -> str:
    """The content of tables of a schema, whatever the order of their rows; empty ones say nothing.

    Args:
        project: The migration.
        schema: Name of the schema.
        tables: The tables; None takes every one.
    """
    there = filled_relations(project, schema)
    chosen = sorted(there if tables is None else there & set(tables))
    return print_of({t: c for t in chosen if (c := _content(project, schema, t))[0]})


def print_of_partition(
    project: Project,
    schema: str,
    own: Iterable[str],
    column: str,
    values: Iterable[str],
    shared: Iterable[str] | None = None,
) -> str:
    """The content of a partition: its own tables, and its rows of those that all share.

    Args:
        project: The migration.
        schema: Name of the schema.
        own: The partition's own tables.
        column: The column of shared tables that tells the partition.
        values: What it says there.
        shared: The shared tables; None takes every other one with that column.
    """
    there, own = filled_relations(project, schema), set(own)
    parted = (_with_column(project, schema, column) if shared is None else set(shared)) - own
    found = {}
    for table in sorted(there & parted):
        contents = _contents(project, schema, table, column)
        if told := {value: contents[value] for value in sorted(values) if value in contents}:
            found[table] = told
    return print_of(print_of_tables(project, schema, own), found)


def filled_relations(project: Project, schema: str) -> set[str]:
    """The views of a schema, and its tables but those that never had a row."""

    def find() -> set[str]:
        with project.warehouse.connect() as con:
            views = con.execute(
                "SELECT view_name FROM duckdb_views() WHERE schema_name = ?", [schema]
            ).fetchall()
            return filled_tables(con, schema) | {name for (name,) in views}

    return once(project, schema, "filled tables", find)


def _with_column(project: Project, schema: str, column: str) -> set[str]:
    """The tables with rows that have a column; the columns of a table stay while all rests."""
    there = filled_relations(project, schema)

    def find() -> dict[str, list[str]]:
        with project.warehouse.connect() as con:
            rows = con.execute(
                "SELECT table_name, list(column_name) FROM duckdb_columns() "
                "WHERE schema_name = ? GROUP BY ALL",
                [schema],
            ).fetchall()
        return dict(rows)

    columns = once(project, COLUMNS, f"{schema} {sorted(there)}", find)
    return {table for table in there if column in columns[table]}


def _content(project: Project, schema: str, table: str) -> Content:
    def find() -> Content:
        with project.warehouse.connect() as con:
            found: list[Content] = con.execute(
                f'SELECT count(*), sum(hash(t)::HUGEINT) FROM {schema}."{table}" t'
            ).fetchall()
        return found[0]

    return once(project, schema, f"content {table}", find)


def _contents(project: Project, schema: str, table: str, column: str) -> dict[str, Content]:
    """The content of a table by what a column says."""

    def find() -> dict[str, Content]:
        with project.warehouse.connect() as con:
            found = con.execute(
                f'SELECT "{column}", count(*), sum(hash(t)::HUGEINT) FROM {schema}."{table}" t '
                f'GROUP BY "{column}"'
            ).fetchall()
        return {value: (rows, content) for value, rows, content in found}

    return once(project, schema, f"content {table} by {column}", find)
