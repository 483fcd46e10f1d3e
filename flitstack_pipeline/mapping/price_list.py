"""The products of the price list: one per item, two of one name kept apart.

HighLevel's products are known by their names. Items of one name with different prices get what
tells them apart behind it: their SKUs, else their units, else their prices. Without a price list
the lines of the estimates say what is sold, at the latest price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby

import duckdb

from flitstack_pipeline.catalog.target_schema import ProductSpec
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.transforms import money

#: What may stand behind the name of items that share it, the best first.
_TELLING: tuple[Callable[[ProductSpec], str], ...] = (
    lambda p: p.sku,
    lambda p: p.unit,
    lambda p: p.price or "",
    lambda p: " ".join(filter(None, (p.unit, p.price))),
    lambda p: " ".join(filter(None, (p.sku, p.unit, p.price))),
)


def products(con: duckdb.DuckDBPyConnection) -> tuple[ProductSpec, ...]:
    """Every product to be, in the order of its name."""
    rows = con.execute(f"""
      WITH listed AS (
        SELECT *, lower(trim(name)) AS form FROM {relation(con, "clean.items")}
        WHERE trim(coalesce(name, '')) <> ''
      ), twins AS (
        SELECT form FROM listed GROUP BY form HAVING count(DISTINCT unit_price) > 1
      )
      SELECT form, arg_min(name, rank), arg_min(unit_price, rank) FILTER (unit_price IS NOT NULL),
        arg_min(description, rank) FILTER (description IS NOT NULL),
        arg_min(type, rank) FILTER (type IS NOT NULL),
        arg_min(sku, rank) FILTER (sku IS NOT NULL),
        arg_min(unit, rank) FILTER (unit IS NOT NULL)
      FROM (
        SELECT form, name, unit_price, description, type, sku, unit, ('0' || source_key) AS rank,
               CASE WHEN form IN (FROM twins) THEN source_key END AS own
        FROM listed
        UNION ALL
        SELECT lower(trim(name)), name, unit_price, description, type, NULL, NULL,
               ('1' || source_key), NULL
        FROM {relation(con, "clean.estimate_items")}
        WHERE coalesce(type, '') <> 'text' AND trim(coalesce(name, '')) <> ''
          AND lower(trim(name)) NOT IN (FROM twins)
      )
      GROUP BY form, own ORDER BY form, min(rank)""").fetchall()
    found = []
    for _, several in groupby(rows, key=lambda row: row[0]):
        specs = [
            ProductSpec(name, money(price), about or "", kind or "", sku or "", unit or "")
            for _, name, price, about, kind, sku, unit in several
        ]
        found += told_apart(specs)
    return tuple(found)


def told_apart(specs: Iterable[ProductSpec]) -> list[ProductSpec]:
    """Items of one name, each under a name of its own; equal ones once."""
    several = list({(p.name, p.price, p.sku, p.unit): p for p in specs}.values())
    if len(several) < 2:
        return several
    for telling in _TELLING:
        told = [telling(p) for p in several]
        if all(told) and len(set(told)) == len(told):
            return [replace(p, name=f"{p.name} ({x})") for p, x in zip(several, told, strict=True)]
    return [replace(p, name=f"{p.name} ({n})") for n, p in enumerate(several, start=1)]
