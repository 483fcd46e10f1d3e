"""How lines of documents are cleaned, when a job entered its stages, what a custom field is of."""

from __future__ import annotations

from flitstack_pipeline.catalog.model import Dataset
from flitstack_pipeline.catalog.source import LINES_OF
from flitstack_pipeline.catalog.statuses import WORK, closed
from flitstack_pipeline.cleaning.cells import Cells, Row


def stage_times(c: Cells) -> Row:
    """Moments a stage was entered, only what the source has: nothing is invented."""
    entered = []
    for status in closed(WORK):
        day, exact = c.date(f"entered_{status}")
        moment = f"coalesce({exact}, CAST({day} AS VARCHAR))"
        entered.append(f"{{'key': '{status}', 'value': {moment}}}")
    told = f"map_from_entries(list_filter([{', '.join(entered)}], lambda e: e.value IS NOT NULL))"
    return {"stage_times": told}


def line_item(c: Cells, lines: Dataset) -> Row:
    """One line of a document."""
    number, (quantity, unit) = c.number(LINES_OF[lines.key]), c.quantity("quantity")
    other = f"CASE WHEN {c.text('type')} IS NOT NULL THEN 'other' END"
    return {
        "document_key": c.key_of(lines.lines_of, number),
        "line_number": "r._line",
        "type": f"coalesce({c.word('type', 'items')}, {other})",
        "optional": c.boolean("optional"),
        "selected": c.boolean("selected"),
        "recommended": c.boolean("recommended"),
        "parent_assembly": c.text("parent_assembly"),
        "name": c.one_line("name"),
        "description": c.plain_note("description"),
        "quantity": quantity,
        "unit": f"coalesce({c.text('unit')}, {unit})",
        "unit_cost": c.money("unit_cost"),
        "markup": c.text("markup"),
        "unit_price": c.money("unit_price"),
        "tax": c.money("tax"),
        "amount": c.money("amount"),
    }


def module(c: Cells) -> Row:
    """The object type that a definition of a custom field is of; clients where none is named."""
    return {"module": f"coalesce({c.read('record_type', 'module', 'key')}, 'clients')"}
