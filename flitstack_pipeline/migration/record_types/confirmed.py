"""Rows of searches, those read again by id that do not show something we wrote to their record.

What belongs here: noticing that a row lacks a value of ours, and asking for the record itself. What
does not: which keys an answer tells at all (highlevel/reading.py). A value that a row does not
carry is either gone or not shown (live: L1, L3); only the record read by its id tells which.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.field_values import parts_of
from flitstack_pipeline.migration.journal.history import owners_of
from flitstack_pipeline.migration.record_types.base import Context, Logical

R = TypeVar("R", bound=Mapping[str, Any])
PAGE, IN_FLIGHT = 100, 8


def confirmed(
    ctx: Context,
    kind: str,
    records: Iterable[R],
    logical: Callable[[R], Logical],
    get: Callable[[str], R],
) -> Iterator[tuple[R, Logical]]:
    """Records with their values, in order; one that is gone meanwhile is left out.

    Args:
        ctx: the account; its journal knows what we wrote to each record.
        kind: of the records.
        records: rows as a search shows them.
        logical: a record's values in the payload's form.
        get: reads one record by its id; raises NotFound.

    Raises:
        HighLevelError: while reading one by its id.
    """
    rows = iter(records)
    while page := list(itertools.islice(rows, PAGE)):
        values = {row["id"]: (row, logical(row)) for row in page}
        lacking = _lacking(ctx, kind, values)
        for hl_id, record in zip(lacking, _read(lacking, get), strict=True):
            if record is None:
                del values[hl_id]
            else:
                values[hl_id] = (record, logical(record))
        yield from values.values()


def _lacking(ctx: Context, kind: str, values: Mapping[str, tuple[Any, Logical]]) -> list[str]:
    """The ids of records of ours whose rows do not show a value that we wrote."""
    known = owners_of(ctx.journal, ctx.location, kind, list(values))
    return [
        hl_id
        for hl_id, entries in known.items()
        if any(parts_of(e.last_written).keys() - parts_of(values[hl_id][1]).keys() for e in entries)
    ]


def _read(ids: Sequence[str], get: Callable[[str], R]) -> list[R | None]:
    """Records by id, in order; None for those gone."""

    def one(hl_id: str) -> R | None:
        try:
            return get(hl_id)
        except NotFound:
            return None  # deleted: searches show it for a while (live: L20)

    if not ids:
        return []
    with ThreadPoolExecutor(min(IN_FLIGHT, len(ids))) as pool:
        return list(pool.map(one, ids))
