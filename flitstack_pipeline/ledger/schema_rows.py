"""Rows that are no records of their own: the team, the price list, definitions of fields.

Belongs here: which of their cells became something in HighLevel, and what. Does not: all others of
these rows, which are not moved (`fates`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.ledger import fates
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.price_list import products
from flitstack_pipeline.warehouse import literal, table_exists


@dataclass(frozen=True)
class Became:
    """What cells of a column became where `condition` (SQL of a raw row `r`, its state `s`)."""

    condition: str
    fate: str
    rule: str
    field: str


def became(
    con: duckdb.DuckDBPyConnection, dataset: str, document: MapDocument
) -> dict[str, Became]:
    """What the columns of a kind of export became, for rows that are no records of their own."""
    if dataset == "users":
        return _team(con)
    if dataset == "items":
        return _price_list(con)
    if dataset == "custom_fields":
        return _definitions(document)
    return {}


def _team(con: duckdb.DuckDBPyConnection) -> dict[str, Became]:
    """Team members who own a record of the migration are its owners, found by their e-mail."""
    owners = " UNION ALL ".join(
        f"SELECT json_extract_string(payload, '/owner') AS owner FROM mapped.\"{key}\""
        for key in KEYS if table_exists(con, f"mapped.{key}")
    )  # fmt: skip
    found = con.execute(f"SELECT DISTINCT owner FROM ({owners}) WHERE owner <> ''").fetchall()
    listed = ", ".join(literal(key) for (key,) in found) or "NULL"
    owns = f"s.key IN ({listed})"
    linked = Became(owns, fates.LINKED, "owner of records, found by the e-mail", "owner")
    return dict.fromkeys(("name", "first_name", "last_name", "email"), linked)


def _price_list(con: duckdb.DuckDBPyConnection) -> dict[str, Became]:
    """Items of the price list are products with a price."""
    specs = products(con)
    names = ", ".join(literal(p.name) for p in specs) or "NULL"
    priced = ", ".join(
        literal(f"{p.name}\x1f{p.price}") for p in specs if p.price is not None
    ) or "NULL"  # fmt: skip
    described = ", ".join(literal(f"{p.name}\x1f{p.description}") for p in specs if p.description)
    price = "TRY_CAST(regexp_replace(r.\"unit_price\", '[$, ]', '', 'g') AS DECIMAL(18,2))::VARCHAR"
    return {
        "name": Became(f'trim(r."name") IN ({names})', fates.ARRIVED, "", "product: name"),
        "description": Became(
            f'(trim(r."name") || chr(31) || trim(r."description")) IN ({described or "NULL"})',
            fates.ARRIVED,
            "",
            "product: description",
        ),
        "unit_price": Became(
            f'(trim(r."name") || chr(31) || {price}) IN ({priced})',
            fates.BY_RULE, "number without signs of currency and thousands", "product: price",
        ),
    }  # fmt: skip


def _definitions(document: MapDocument) -> dict[str, Became]:
    """A definition of a custom column that the map moves is a field of HighLevel."""
    labels = sorted(
        {
            e.source.removeprefix("custom:")
            for e in document.fields
            if e.active and e.is_custom_column
        }
    )
    listed = ", ".join(literal(label.casefold()) for label in labels) or "NULL"
    moved = f'lower(trim(r."label")) IN ({listed})'
    made = Became(moved, fates.LINKED, "became a field; see reports/field-map.html", "field")
    return dict.fromkeys(("module", "label", "type", "options"), made)
