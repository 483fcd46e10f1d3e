"""How the rows of each dataset are cleaned: one declaration per dataset, SQL by clean column."""

from __future__ import annotations

from collections.abc import Callable

from flitstack_pipeline.cleaning.cells import Cells, Row
from flitstack_pipeline.cleaning.rows import documents, history, people, schema

DECLARATIONS: dict[str, Callable[[Cells], Row]] = {
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
    "work_orders": documents.work_order,
    "attachments": history.attachment,
    "activities": history.activity,
    "custom_fields": schema.custom_field,
    "items": schema.line_item_template,
}
