"""Scores candidate pairs: the levels that hold, the sum of their weights, the evidence in words.

Belongs here: the run over the declared comparisons, as SQL. Does not: the weights
(`matching_weights`, `matching_learned`), which pairs are candidates (`matching_blocks`), and the
steps of one pair for a person (`matching_explained`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.matching_learned import Matching
from flitstack_pipeline.cleaning.matching_weights import (
    COMPARISONS,
    DECLARED,
    PRIOR,
    bits_sql,
    evidence_sql,
    level_sql,
    score_sql,
)

#: Pairs with fewer bits than this under the declared weights are nobody's duplicates; what an
#: account says of the weights moves no pair from here to the review list.
FORGOTTEN_BELOW = -22.0


def compare_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `compared`: for each pair of `candidates` the level of each
    comparison, and whether both are firms; pairs without any likeness are left out, unless a
    person decided them."""
    columns = ", ".join(_columns_of(con))
    levels = ",\n".join(f"{level_sql(c)} AS {c}" for c in COMPARISONS)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE compared AS
        WITH pairs AS (
            SELECT c.l, c.r, {columns}
            FROM candidates c JOIN keyed x ON x.n = c.l JOIN keyed y ON y.n = c.r
        ), levels AS (
            SELECT l, r, is_business_l AS is_business, source_key_l, source_key_r,
                   is_lead_l OR is_lead_r AS of_leads, converted_l OR converted_r AS converted,
                   {levels}
            FROM pairs
        )
        SELECT p.* FROM levels p LEFT JOIN decided d ON d.l = source_key_l AND d.r = source_key_r
        WHERE {PRIOR} + {bits_sql(DECLARED)} >= {FORGOTTEN_BELOW} OR d.l IS NOT NULL
        """
    )


def score_candidates(con: duckdb.DuckDBPyConnection, at_least: float, by: Matching) -> None:
    """Make the temporary table `scores` (l, r, score, evidence, of_leads, converted, a column with
    the level of each comparison) from `compared`.

    Candidates below `at_least` are left out, unless a person decided them (table `decided`).
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE scores AS
        SELECT source_key_l AS l, source_key_r AS r,
               {score_sql(by.weights, by.prior, by.homes)} AS score,
               {evidence_sql()} AS evidence, of_leads, converted, {", ".join(COMPARISONS)}
        FROM compared c
        LEFT JOIN decided d ON d.l = c.source_key_l AND d.r = c.source_key_r
        WHERE score >= {at_least} OR d.l IS NOT NULL
        """
    )


def _columns_of(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns of `keyed`, of the left row and of the right."""
    names = [str(row[0]) for row in con.execute("DESCRIBE keyed").fetchall() if row[0] != "n"]
    return [f"{row}.{c} AS {c}_{side}" for row, side in (("x", "l"), ("y", "r")) for c in names]
