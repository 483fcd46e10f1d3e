"""Which columns of an export each clean field is made of, read off the declarations themselves.

A declaration (`cleaning.rows`) gives SQL by clean field; the columns it reads, and the parser it
reads them with, stand in that SQL. So no list has to be kept beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from flitstack_pipeline.catalog.source import BY_KEY, LINES_OF
from flitstack_pipeline.cleaning.cells import Cells
from flitstack_pipeline.cleaning.identity import source_id
from flitstack_pipeline.cleaning.rows import row_of

_LOOKUP = re.compile(r'"(\w+)\(([^)]*)\)"\.found\."?(\w+)')
_CELL = re.compile(r'r\."(?:text\()?(\w+)\)?"')
_ENTRY = re.compile(r"\{'key': '(\w+)', 'value': (.*?)\}(?=, \{'key'|\])", re.S)


@dataclass(frozen=True)
class Source:
    """One column a clean field is made of; the parser that reads it and its value, if any."""

    column: str
    parser: str = ""
    value: str = ""


@cache
def fields_of(dataset: str) -> dict[str, tuple[Source, ...]]:
    """Clean field → the columns it is made of; an entry of a map is a field `map.entry`."""
    cells = Cells({}, frozenset(c.name for c in BY_KEY[dataset].columns))
    found: dict[str, tuple[Source, ...]] = {}
    for name, sql in row_of(dataset, cells).items():
        entries = _ENTRY.findall(sql)
        if entries:
            found |= {f"{name}.{key}": _sources(value) for key, value in entries}
        else:
            found[name] = _sources(sql)
    found["source_key"] = _key_columns(dataset)
    if dataset in LINES_OF:
        found["line_number"] = (Source("line_number"),)
    return found


def _sources(sql: str) -> tuple[Source, ...]:
    """The columns a piece of SQL reads, those a parser reads first."""
    found = [
        Source(column, parser, value)
        for parser, columns, value in _LOOKUP.findall(sql)
        for column in columns.split(", ")
    ]
    known = {source.column for source in found}
    found += [Source(column) for column in _CELL.findall(sql) if column not in known]
    return tuple(dict.fromkeys(found))


def _key_columns(dataset: str) -> tuple[Source, ...]:
    """The columns the source key of a row is made of."""
    if dataset in LINES_OF:
        return (Source(LINES_OF[dataset]), Source("line_number"))
    known = {c.name for c in BY_KEY[dataset].columns}
    columns = re.findall(r's\.?"?(\w+)"?', source_id(dataset))
    return tuple(Source(c) for c in dict.fromkeys(columns) if c in known)
