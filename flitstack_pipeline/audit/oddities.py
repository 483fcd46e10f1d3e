"""Values that cleaning wants a person to look at: kept as they are, and told here.

Belongs here: `clean.notes` as lists, one of kinds and one of records. Does not: finding what is odd
(`cleaning`), words nobody knows (a question).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.audit.inventory import Rows
from flitstack_pipeline.cleaning.cells import UNKNOWN_WORD
from flitstack_pipeline.warehouse import dicts, literal, table_exists

#: A note's kind is what it says without the cell it quotes.
_KIND = r"""trim(regexp_replace(note, '^(''[^'']*''|"[^"]*")\s*', ''))"""
#: Records named of each kind.
SHOWN = 5


def kinds(con: duckdb.DuckDBPyConnection) -> Rows:
    """What is odd, where, in how many values, with the source keys of some records."""
    return _rows(
        con,
        f'SELECT dataset AS export, "column", {_KIND} AS "what is odd", count(*) AS "values", '
        f"array_to_string(list(DISTINCT source_key ORDER BY source_key)[:{SHOWN}], ', ') "
        'AS "such as" FROM odd GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3',
    )


def values(con: duckdb.DuckDBPyConnection) -> Rows:
    """Every odd value with its record, as it is written."""
    return _rows(
        con,
        'SELECT dataset AS export, source_key AS record, "column", value, note AS "what is odd" '
        "FROM odd ORDER BY ALL",
    )


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    if not table_exists(con, "clean.notes"):
        return []
    odd = f"SELECT * FROM clean.notes WHERE note IS NOT NULL AND note <> {literal(UNKNOWN_WORD)}"
    return dicts(con, f"WITH odd AS ({odd}) {sql}")
