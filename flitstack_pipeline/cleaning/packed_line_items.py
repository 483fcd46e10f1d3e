"""Line items that stand in one cell of their document (docs/contractor_plus.md#quirk-25).

The cell stays as it is. It also becomes lines when every part of it can be read and the lines add
up, to the cent, to the subtotal or total the document states: nothing less proves the reading. A
document whose lines stand in an export of their own is left alone.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.source import ITEMS_OF
from flitstack_pipeline.cleaning.parsing import Parsing


def split_crushed_lines(con: duckdb.DuckDBPyConnection, object_key: str, parsing: Parsing) -> None:
    """Give the documents of a clean table the lines of their cells."""
    items = ITEMS_OF[object_key]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE batch AS
        SELECT *, line_items AS "crushed(line_items)" FROM clean."{object_key}" d
        WHERE line_items IS NOT NULL
          AND source_key NOT IN (SELECT document_key FROM clean."{items}")
        """
    )
    parsing.find("crushed", ["crushed(line_items)"])
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE uncrushed AS
        SELECT b.*, f.found.lines AS lines,
               list_sum(list_transform(f.found.lines, lambda l: l.amount)) AS added
        FROM batch b JOIN found_crushed f ON f.cell = b."crushed(line_items)"
        """
    )
    proved = "coalesce(added = subtotal OR added = total, false)"
    con.execute(
        f"""
        INSERT INTO clean."{items}" BY NAME
        SELECT workspace || '/{items}/' || source_id || '#' || n AS source_key, workspace,
               source_id || '#' || n AS source_id, raw_id, source_key AS document_key,
               n AS line_number, l.name AS name, l.quantity AS quantity, l.unit AS unit,
               l.unit_price AS unit_price, l.amount AS amount, MAP {{}} AS custom,
               MAP {{}} AS originals
        FROM (SELECT *, unnest(lines) AS l, generate_subscripts(lines, 1) AS n
              FROM uncrushed WHERE {proved})
        """
    )
    con.execute(
        f"""
        INSERT INTO clean.notes
        SELECT ?, ?, source_key, 'line_items', line_items, CASE
            WHEN {proved} THEN 'read as ' || len(lines) || ' lines, which add up to what is stated'
            WHEN lines IS NULL THEN 'line items in one cell that cannot be taken apart stay text'
            ELSE 'line items in one cell that do not add up to what is stated stay text' END
        FROM uncrushed
        """,
        [object_key, object_key],
    )
