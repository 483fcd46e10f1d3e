"""Line items in one cell become lines only where their sum proves the reading."""

import csv

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.line_items import split
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("2 x Door install @ $350.00; Permit - $75.00",
         [("Door install", "2", "350.00", "700.00"), ("Permit", None, None, "75.00")]),
        ("Door install (2 x $350.00) $700.00 | Caulk: 12.50",
         [("Door install", "2", "350.00", "700.00"), ("Caulk", None, None, "12.50")]),
        ("Labor - 3.5 hrs x $85.00 = $297.50\nTile x2 - $90.00",
         [("Labor", "3.5", "85.00", "297.50"), ("Tile", "2", None, "90.00")]),
        ("Demo ($1,250.00); Haul away $200",
         [("Demo", None, None, "1250.00"), ("Haul away", None, None, "200")]),
        ("3 × Window at 410.00 each", [("Window", "3", "410.00", "1230.00")]),
    ],
)  # fmt: skip
def test_lines_are_read_in_the_ways_people_write_them(cell, lines):
    shown = [
        tuple(None if v is None else str(v) for v in (x.name, x.quantity, x.unit_price, x.amount))
        for x in split(cell) or []
    ]
    assert [(n, q, p, float(a)) for n, q, p, a in shown] == [
        (n, q, p, float(a)) for n, q, p, a in lines
    ]


@pytest.mark.parametrize(
    "cell",
    ["Door install", "2 x Door @ $350.00; see notes", "2 x Door @ $350.00 = $800.00", ";", "12"],
)
def test_what_cannot_be_read_with_certainty_is_not_read(cell):
    assert split(cell) is None


def test_only_lines_that_add_up_are_taken_and_the_cell_always_stays(tmp_path):
    header = ["Estimate #", "Client Name", "Subtotal", "Total", "Line Items"]
    rows = [
        ["1", "Ann", "775.00", "800.00", "2 x Door @ $350.00; Permit - $75.00"],
        ["2", "Ann", "700.00", "700.00", "2 x Door @ $350.00; Permit - $75.00"],
        ["3", "Ann", "75.00", "75.00", "Permit - $75.00"],
        ["4", "Ann", "9.00", "9.00", "see the contract"],
    ]
    with (tmp_path / "estimates.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    items = ["Estimate #", "Line Number", "Item Name", "Amount"]
    with (tmp_path / "estimate_items.csv").open("w", newline="") as file:
        csv.writer(file).writerows([items, ["3", "1", "City permit", "75.00"]])
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_object(con, tmp_path, "estimates")
        for _ in range(2):
            found = clean_object(con, "estimates", CleanContext(exports=tmp_path))
        assert found.rows == {"estimates": 4, "estimate_items": 3}
        assert check_accounting(con, "estimates").problems == []
        assert validate_clean(con, "estimate_items").failures == []
        assert con.execute(
            "SELECT source_key, name, quantity, amount FROM clean.estimate_items ORDER BY 1"
        ).fetchall() == [
            ("main/estimate_items/1#1", "Door", 2, 700),
            ("main/estimate_items/1#2", "Permit", None, 75),
            ("main/estimate_items/3#1", "City permit", None, 75),
        ]
        assert con.execute("SELECT count(line_items) FROM clean.estimates").fetchall() == [(4,)]
        notes = dict(con.execute(
            "SELECT source_key, note FROM clean.notes WHERE \"column\" = 'line_items'"
        ).fetchall())  # fmt: skip
        assert notes == {
            "main/estimates/1": "read as 2 lines, which add up to what is stated",
            "main/estimates/2": "line items in one cell that do not add up to what is stated "
            "stay text",
            "main/estimates/4": "line items in one cell that cannot be taken apart stay text",
        }
