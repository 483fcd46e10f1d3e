"""How the rows of each dataset are cleaned: one declaration per dataset, SQL by clean column."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flitstack_pipeline.catalog.source import BY_KEY, LINES_OF
from flitstack_pipeline.cleaning.cells import Cells, Row
from flitstack_pipeline.cleaning.rows import documents, history, people
from flitstack_pipeline.cleaning.rows.declared import complete, declared

#: What is read of more than one cell, or in a way of its own.
_FUNCTIONS: dict[str, Callable[[Cells], Row]] = {
    "users": people.user,
    "clients": people.person,
    "leads": people.person,
    "properties": people.place,
    "jobs": documents.stage_times,
    "attachments": history.attachment,
    "activities": history.activity,
    "custom_fields": documents.module,
    **{key: partial(documents.line_item, lines=BY_KEY[key]) for key in LINES_OF},
}
#: What every row has besides what its declaration gives; only some tables have the last four.
_BY_ITSELF = ("source_key", "workspace", "source_id", "raw_id", "custom", "custom_formats",
              "originals", "computed")  # fmt: skip


def row_of(dataset: str, c: Cells) -> Row:
    """The clean columns of a kind of export.

    Raises:
        LookupError: A column of the clean table is filled by nothing, or one is filled that it
            does not have.
    """
    function = _FUNCTIONS.get(dataset)
    row = {**declared(c, BY_KEY[dataset]), **(function(c) if function else {})}
    return complete(dataset, row, _BY_ITSELF)
