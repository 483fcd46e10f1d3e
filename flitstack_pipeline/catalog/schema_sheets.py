"""Sheets that describe the account rather than records: custom field definitions, price list."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    WORKSPACE,
    columns,
)
from flitstack_pipeline.catalog.model import TEXT, Dataset, Field

CUSTOM_FIELDS = Dataset(
    "custom_fields",
    "Custom field definitions",
    (
        *columns(
            """
            module: Module|record type|object
            label: Label|field|field name|name; one_line required; ; label
            type: Type|field type|data type; text; ; type as read
            options: Options|choices|values|picklist values; words; ; options in order
            transferable: Transferable|transfers; boolean; ; copied on to later modules
            """
        ),
        WORKSPACE,
    ),
    ("module", "label"),
    ("module", "label", "options"),
    ("custom_fields", "custom_field_definitions", "fields"),
    ("custom field", "field"),
    ("module", "label", "type|options"),
    derived_id=("module", "label"),
    further=(Field("module", TEXT, "object type key", required=True),),
    is_open=False,
)
ITEMS = Dataset(
    "items",
    "Line item templates",
    (
        *columns(
            """
            name: Name|item|item name; one_line required; ; item name
            type: Type|item type; text; ; labor, material, …
            description: ; text; ; description
            unit: ; text; ; unit
            unit_cost: Cost|unit cost; money; ; cost
            markup:
            unit_price: Price|unit price; money; ; price
            taxable: ; boolean; ; taxable
            sku: SKU|code|part number; text; ; stock code
            """
        ),
        WORKSPACE,
    ),
    ("name",),
    ("name", "unit_price", "unit_cost", "sku"),
    (
        "items",
        "line_item_templates",
        "products",
        "price_list",
        "price_book",
        "pricebook",
        "products_and_services",
    ),
    ("item", "product", "line item", "service", "material"),
    ("name", "unit_price|unit_cost", "unit_price|sku|unit|type|taxable"),
    derived_id=("name", "unit"),
    tells="any: price money unit_price; cost money unit_cost; sku number",
    is_open=False,
)
