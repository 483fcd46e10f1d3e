"""Products of the price list: items of one name and different prices stay apart."""

import duckdb
import pytest

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.mapping.price_list import products


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA clean")
        for dataset in ("items", "estimate_items"):
            connection.execute(BY_DATASET[dataset].ddl)
        yield connection


def add(con, table, key, name, price, unit=None, sku=None):
    values = {"source_key": key, "workspace": "main", "source_id": key, "raw_id": key,
              "name": name, "unit_price": price, "unit": unit}  # fmt: skip
    if table == "items":
        values["sku"] = sku
    columns = ", ".join(values)
    con.execute(
        f"INSERT INTO clean.{table} ({columns}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )


def sold(con):
    return [(p.name, p.price) for p in products(con)]


def test_two_items_of_one_name_are_told_apart_by_what_differs(con):
    add(con, "items", "1", "Door", 100, "ea", "D-1")
    add(con, "items", "2", "door", 250, "ea", "D-2")
    add(con, "items", "3", "Labor", 60, "hr")
    add(con, "items", "4", "Labor", 400, "day")
    add(con, "items", "5", "Paint", 30, "gal")
    add(con, "items", "6", "Paint", 35, "gal")
    assert sold(con) == [
        ("Door (D-1)", "100.00"), ("door (D-2)", "250.00"), ("Labor (hr)", "60.00"),
        ("Labor (day)", "400.00"), ("Paint (30.00)", "30.00"), ("Paint (35.00)", "35.00"),
    ]  # fmt: skip


def test_one_item_twice_is_one_product_and_lines_add_only_what_the_list_lacks(con):
    add(con, "items", "1", "Door", 100, "ea", "D-1")
    add(con, "items", "2", "Door", 100, "ea", "D-1")
    add(con, "estimate_items", "3", "Door", 120)
    add(con, "estimate_items", "4", "Gate", 15)
    assert sold(con) == [("Door", "100.00"), ("Gate", "15.00")]


def test_lines_never_add_a_third_product_to_two_of_one_name(con):
    add(con, "items", "1", "Door", 100)
    add(con, "items", "2", "Door", 250)
    add(con, "estimate_items", "3", "Door", 120)
    assert sold(con) == [("Door (100.00)", "100.00"), ("Door (250.00)", "250.00")]
