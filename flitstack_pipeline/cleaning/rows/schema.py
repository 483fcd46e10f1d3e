"""How the schema sheets are cleaned: definitions of custom fields, templates of line items."""

from __future__ import annotations

from flitstack_pipeline.cleaning.cells import Cells, Row


def custom_field(c: Cells) -> Row:
    """The definition of one custom field."""
    label = c.one_line("label")
    c.refuse(f"{label} IS NULL", "label", "no_label", "Give the custom field its label.")
    return {
        "module": f"coalesce({c.read('record_type', 'module', 'key')}, 'clients')",
        "label": label,
        "type": c.text("type"),
        "options": c.words("options"),
        "transferable": c.boolean("transferable"),
    }


def line_item_template(c: Cells) -> Row:
    """A saved line item: a product with its price."""
    name = c.one_line("name")
    c.refuse(f"{name} IS NULL", "name", "no_name", "Give the item a name.")
    return {
        "name": name,
        "type": c.text("type"),
        "description": c.text("description"),
        "unit": c.text("unit"),
        "unit_cost": c.money("unit_cost"),
        "unit_price": c.money("unit_price"),
        "taxable": c.boolean("taxable"),
        "sku": c.text("sku"),
    }
