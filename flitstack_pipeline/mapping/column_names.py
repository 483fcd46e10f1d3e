"""Source columns that map.yaml names and that are not there, with the likely ones.

Belongs here: names a person typed wrongly. Does not: columns of earlier exports that later ones
lack (`mapping.preserve_decisions` tells those), what a column holds.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.cleaning.values.columns import CUSTOM
from flitstack_pipeline.warehouse import table_exists

if TYPE_CHECKING:
    from flitstack_pipeline.mapping.document import MapDocument

#: How alike two names are of which one is a slip of the other (difflib's ratio).
ALIKE = 0.8


def unknown_columns(document: MapDocument) -> list[str]:
    """Entries of columns that no export of that object can have, in sentences."""
    problems = []
    for entry in document.fields:
        known = _declared(entry.dataset)
        if not entry.is_custom_column and entry.source not in known:
            problems.append(_sentence(entry.label, entry.source, known))
    return problems


def misspelt_columns(con: duckdb.DuckDBPyConnection, document: MapDocument) -> list[str]:
    """Entries of custom columns that no export has, where one has nearly that name."""
    problems = []
    for dataset in dict.fromkeys(e.dataset for e in document.fields if e.is_custom_column):
        there = _headers(con, dataset)
        for entry in document.fields:
            if entry.dataset != dataset or not entry.is_custom_column or entry.source in there:
                continue
            if _nearest(entry.source, there):
                problems.append(_sentence(entry.label, entry.source, there))
    return problems


def _declared(dataset: str) -> list[str]:
    """Names a declared column can have: fields of clean rows, and what is derived of them."""
    fields = [field.name for field in BY_DATASET[dataset].fields] if dataset in BY_DATASET else []
    return [*dict.fromkeys([*fields, *(rule.column for rule in t.RULES.get(dataset, ()))])]


def _headers(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    if not table_exists(con, f"clean.{dataset}"):
        return []
    found = con.execute(f"SELECT DISTINCT unnest(map_keys(custom)) FROM clean.{dataset}").fetchall()
    return sorted(f"{CUSTOM}{header}" for (header,) in found)


def _nearest(name: str, known: Iterable[str]) -> str:
    alike = difflib.get_close_matches(name, list(known), n=1, cutoff=ALIKE)
    return alike[0] if alike else ""


def _sentence(label: str, name: str, known: list[str]) -> str:
    nearest = _nearest(name, known)
    meant = f"; did you mean {nearest}?" if nearest else ""
    return f"{label}: no export has a column {name.removeprefix(CUSTOM)!r}{meant}"
