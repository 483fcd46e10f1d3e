"""Exports in JSON: lists of records, each value as the text it is written as.

Belongs here: which lists a file has, and their records as rows below a header. Does not: refusing
other JSON (`formats`). Read by Python; the records are counted by DuckDB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.manifest import stamp
from flitstack_pipeline.reading.workbooks import Row

_EXPORT = "Export it as CSV or Excel."
Record = dict[str, str]


def record_lists(path: Path) -> list[str]:
    """The names of a file's lists of records; "" for the only one. Raises UnreadableFile."""
    return list(_lists(path, stamp(path)))


def record_rows(path: Path, name: str, limit: int | None = None) -> Iterator[Row]:
    """(row number, cells): the names of all records' values, then each record. Raises
    UnreadableFile."""
    records = _lists(path, stamp(path))[name]
    names = list(dict.fromkeys(key for record in records for key in record))
    yield 1, names
    for number, record in enumerate(records[:limit], start=2):
        yield number, [record.get(key, "") for key in names]


@lru_cache(maxsize=2)
def _lists(path: Path, _: object) -> dict[str, list[Record]]:
    held = _parsed(path)
    named = {"": held} if isinstance(held, list) else {k: v for k, v in held.items() if v}
    if not all(_are_records(values) for values in named.values()):
        raise UnreadableFile(path, "it is a JSON file, and no list of records", _EXPORT)
    lists = {name: [_flat(path, record) for record in values] for name, values in named.items()}
    if max((len(r) for records in lists.values() for r in records), default=0) < 2:
        raise UnreadableFile(path, "it is a JSON file, and no list of records", _EXPORT)
    if len(lists) == 1:
        lists = {"": next(iter(lists.values()))}
    _check_count(path, named, isinstance(held, list))
    return lists


def _parsed(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(path, f"it is no whole JSON file ({error})", _EXPORT) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a record has a name twice")
    return found


def _are_records(values: Any) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(v, dict) for v in values)


def _flat(path: Path, record: dict[str, Any], before: str = "") -> Record:
    """A record's values by name; those of a record inside by both names, `address city`."""
    found: Record = {}
    for key, value in record.items():
        name = f"{before}{key}".strip()
        inner = _flat(path, value, f"{name} ") if isinstance(value, dict) else {name: value}
        for one, text in inner.items():
            if one in found:
                raise UnreadableFile(path, f"two values of a record are called {one!r}", _EXPORT)
            found[one] = _text(path, one, text)
    return found


def _text(path: Path, name: str, value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, list):
        if any(isinstance(part, dict | list) for part in value):
            reason = f"it is a JSON file whose {name!r} holds records of their own"
            raise UnreadableFile(path, reason, _EXPORT)
        return "; ".join(filter(None, (_text(path, name, part) for part in value)))
    return str(value)


def _check_count(path: Path, named: dict[str, Any], is_list: bool) -> None:
    """Compare with an independent count of the records. Raises UnreadableFile."""
    import duckdb

    places = ["$"] if is_list else [f'$."{name}"' for name in named]
    counts = ", ".join("json_array_length(content, ?)" for _ in places)
    with duckdb.connect() as con:
        [found] = con.execute(
            f"SELECT {counts} FROM (SELECT ltrim(content, chr(65279)) AS content "
            "FROM read_text(?))",
            [*places, str(path)],
        ).fetchall()
    read = tuple(len(values) for values in named.values())
    if found != read:
        reason = f"{read} records were read but an independent count finds {found}"
        raise UnreadableFile(path, reason, _EXPORT)
