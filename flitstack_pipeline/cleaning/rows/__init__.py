"""How the rows of each dataset are cleaned: one declaration per dataset, SQL by clean column."""

from __future__ import annotations

from collections.abc import Callable

from flitstack_pipeline.catalog.declared import COLUMNS, OBJECT_TYPES
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.cleaning.cells import Cells, Row
from flitstack_pipeline.cleaning.rows import documents, history, people, schema
from flitstack_pipeline.cleaning.rows.declared import complete, declared

_FUNCTIONS: dict[str, Callable[[Cells], Row]] = {
    "users": people.user,
    "clients": people.client,
    "leads": people.lead,
    "properties": people.property_row,
    "jobs": documents.job,
    "visits": documents.visit,
    "estimates": documents.estimate,
    "estimate_items": documents.estimate_item,
    "invoices": documents.invoice,
    "invoice_items": documents.invoice_item,
    "payments": documents.payment,
    "change_orders": documents.change_order,
    "attachments": history.attachment,
    "activities": history.activity,
    "custom_fields": schema.custom_field,
    "items": schema.line_item_template,
}

_DECLARED = frozenset(d.key for o in OBJECT_TYPES for d in o.exports)
#: What every row has besides what its declaration gives; only some tables have the last three.
_BY_ITSELF = ("source_key", "workspace", "source_id", "raw_id", "custom", "custom_formats",
              "originals", "computed")  # fmt: skip


def row_of(dataset: str, c: Cells) -> Row:
    """The clean columns of a kind of export.

    Raises:
        LookupError: A column of the clean table is filled by nothing, or one is filled that it
            does not have.
    """
    if dataset not in _DECLARED:
        row = {**_FUNCTIONS[dataset](c), **declared(c, dataset, COLUMNS.get(dataset, ()))}
    elif BY_KEY[dataset].lines_of:
        row = documents.line_item(c, BY_KEY[dataset])
    else:
        row = declared(c, dataset, BY_KEY[dataset].columns)
    return complete(dataset, row, _BY_ITSELF)
