"""Turning the clean tables of one object type into `mapped.<object>`, as the map says.

Belongs here: choosing the builder, writing the table, the result. Does not: single records
(`people`, `deals`, `documents`, `history`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import duckdb

from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.mapping import documents, history, opportunities, people
from flitstack_pipeline.mapping.apply import Mapper
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.opt_outs import prepare_opt_outs
from flitstack_pipeline.mapping.rows import Record, Skipped, write
from flitstack_pipeline.mapping.schema import target_schema
from flitstack_pipeline.mapping.sources import prepare
from flitstack_pipeline.mapping.transforms import Account

__all__ = ["MapResult", "map_object", "target_schema"]


@dataclass(frozen=True)
class MapResult:
    """What mapping one object type made: rows in all and by kind, and what became nothing."""

    object: str
    rows: int
    by_kind: dict[str, int]
    skipped: tuple[Skipped, ...] = ()


def _no_records(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record]:
    """Users are matched to existing ones, never written."""
    return iter(())


Builder = Callable[[duckdb.DuckDBPyConnection, Mapper], Iterator[Record | Skipped]]
BUILDERS: dict[str, Builder] = {
    "users": _no_records,
    "clients": people.clients,
    "leads": people.leads,
    "jobs": opportunities.jobs,
    "estimates": opportunities.estimates,
    "invoices": documents.invoices,
    **{o.key: partial(documents.records, declared=o) for o in PLAIN.values()},
    "attachments": history.attachments,
    "activities": history.activities,
}


def map_object(
    con: duckdb.DuckDBPyConnection, object_key: str, document: MapDocument, of: str = ""
) -> MapResult:
    """Create or replace `mapped.<object_key>` from the clean tables.

    `of` names their records and the map, for `prepare`. Raises KeyError for an unknown object
    type, MissingStep when `relationships` has not run.
    """
    builder = BUILDERS[object_key]
    prepare(con, document, of)
    prepare_opt_outs(con, document)
    writer = con.cursor()
    try:
        by_kind, skipped = write(
            writer, object_key, builder(con, Mapper(document, Account.load(con)))
        )
    finally:
        writer.close()
    return MapResult(object_key, sum(by_kind.values()), by_kind, tuple(skipped))
