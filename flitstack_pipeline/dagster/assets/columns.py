"""Column schemas and column lineage of the partitions, from the spec and from the map.

Belongs here: what Dagster's Columns and Lineage tabs show. Does not: the columns themselves
(`catalog.source`, `catalog.clean`, `mapping.document`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from flitstack_pipeline.catalog import clean as clean_spec
from flitstack_pipeline.catalog import source as source_spec
from flitstack_pipeline.catalog.model import Field
from flitstack_pipeline.catalog.objects import BY_KEY
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument

SCHEMA, LINEAGE = "dagster/column_schema", "dagster/column_lineage"


def raw_columns(key: str) -> dict[str, Any]:
    """Columns of the export files of one object type, as text."""
    columns = [
        dg.TableColumn(
            _named(key, dataset, column.name),
            "text",
            f"“{column.header}” of {source_spec.BY_KEY[dataset].label}",
        )
        for dataset in BY_KEY[key].datasets
        for column in source_spec.BY_KEY[dataset].columns
    ]
    return {SCHEMA: dg.TableSchema(columns)}


def clean_columns(key: str, raw: dg.AssetKey) -> dict[str, Any]:
    """Typed columns of one object type, and the raw columns of the same name they come from."""
    columns, lineage = [], {}
    for dataset in BY_KEY[key].datasets:
        for field in clean_spec.BY_DATASET[dataset].fields:
            name = _named(key, dataset, field.name)
            columns.append(
                dg.TableColumn(
                    name,
                    field.type.lower(),
                    field.about,
                    dg.TableColumnConstraints(
                        nullable=not field.required,
                        unique=field.unique,
                        other=_rules(field),
                    ),
                )
            )
            origin = _origin(dataset, field.name)
            if origin:
                lineage[name] = [dg.TableColumnDep(raw, _named(key, dataset, origin))]
    return {SCHEMA: dg.TableSchema(columns), LINEAGE: dg.TableColumnLineage(lineage)}


def mapped_columns(key: str, document: MapDocument, clean: dg.AssetKey) -> dict[str, Any]:
    """HighLevel fields one object type fills, by the map, and the clean columns they come from."""
    schema: dict[str, dg.TableColumn] = {}
    lineage: dict[str, list[dg.TableColumnDep]] = {}
    for entry in _entries(key, document):
        name = f"{entry.target}.{entry.field}"
        schema[name] = dg.TableColumn(
            name, entry.data_type.lower() or "text", f"{entry.transform}, {entry.status}"
        )
        source = entry.source.removeprefix("custom:")
        dep = dg.TableColumnDep(clean, _named(key, entry.dataset, source))
        lineage.setdefault(name, []).append(dep)
    return {
        SCHEMA: dg.TableSchema(list(schema.values())),
        LINEAGE: dg.TableColumnLineage(lineage),
    }


def _entries(key: str, document: MapDocument) -> Iterator[FieldEntry]:
    datasets = BY_KEY[key].datasets
    return (e for e in document.fields if e.active and e.dataset in datasets)


def _named(key: str, dataset: str, column: str) -> str:
    """Columns of the main dataset by name, of the others as `payments.amount`."""
    return column if dataset == BY_KEY[key].dataset else f"{dataset}.{column}"


def _origin(dataset: str, column: str) -> str | None:
    """The raw column a clean column comes from, where its declaration or the names tell it."""
    kind = source_spec.BY_KEY[dataset]
    declared = (c.name for c in kind.columns if c.read and c.cleaned == column)
    named = (column, column.removesuffix("_at"), column.removesuffix("_text"))
    return next((c for c in (*declared, *named) if c in kind.by_name), None)


def _rules(field: Field) -> list[str]:
    rules = [f"one of: {', '.join(field.isin)}"] if field.isin else []
    return [*rules, f"matches {field.matches}"] if field.matches else rules
