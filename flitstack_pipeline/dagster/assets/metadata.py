"""Turns a step's report into what the Dagster UI renders: counts, tables, links.

Does not belong here: column schemas and lineage (`columns`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any

import dagster as dg

from flitstack_pipeline.dagster.failures import said_here
from flitstack_pipeline.dagster.values import cell, sentence
from flitstack_pipeline.migration.report import StepReport

TABLE_ROWS_SHOWN = 25


def metadata_of(report: StepReport) -> dict[str, dg.MetadataValue]:
    """Metadata values for one report; tables are cut to `TABLE_ROWS_SHOWN` rows."""
    values: dict[str, dg.MetadataValue] = {}
    if report.rows is not None:
        values["dagster/row_count"] = dg.MetadataValue.int(report.rows)
    for name, value in report.facts.items():
        values[_name(name)] = _value(value)
    for name, rows in report.tables.items():
        if rows:
            values[name] = table(rows)
    if report.problems:
        values["to look at"] = to_do(report.problems)
    return values


def to_do(lines: list[str]) -> dg.MetadataValue:
    """Sentences for a person as a table, which the UI shows without a click.

    Cut to `TABLE_ROWS_SHOWN`, with what was left out counted.
    """
    shown = [{"what to do": said_here(line)} for line in lines[:TABLE_ROWS_SHOWN]]
    if len(lines) > len(shown):
        shown.append({"what to do": f"… and {len(lines) - len(shown)} more"})
    return table(shown, limit=TABLE_ROWS_SHOWN + 1)


def code_reference(function: Callable[..., Any]) -> dict[str, Any]:
    """A link from the asset to the function that does its work."""
    code = inspect.unwrap(function).__code__
    reference = dg.LocalFileCodeReference(
        file_path=code.co_filename,
        line_number=code.co_firstlineno,
        label=f"{function.__module__}.{function.__qualname__}",
    )
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def table(rows: Iterable[Mapping[str, Any]], limit: int = TABLE_ROWS_SHOWN) -> dg.MetadataValue:
    """A small table, every value as text so that mixed types render, customers' masked."""
    shown = [{_name(k): cell(_name(k), v) for k, v in row.items()} for row in islice(rows, limit)]
    columns = [dg.TableColumn(name) for name in shown[0]] if shown else []
    return dg.MetadataValue.table(
        records=[dg.TableRecord(row) for row in shown], schema=dg.TableSchema(columns)
    )


def _name(name: Any) -> str:
    """A plain word: facts may be named by an enumeration, which Dagster cannot store."""
    return str(name.value if isinstance(name, Enum) else name)


def _value(value: Any) -> dg.MetadataValue:
    if isinstance(value, Path):
        return dg.MetadataValue.path(str(value))
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    if isinstance(value, dict | list):
        return dg.MetadataValue.json(value)
    text = sentence(str(value))
    return dg.MetadataValue.url(text) if text.startswith("http") else dg.MetadataValue.md(text)
