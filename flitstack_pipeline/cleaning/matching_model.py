"""Scores candidate pairs with Splink on DuckDB, from the declared comparisons.

Belongs here: the Splink settings derived from `matching_weights`, and the run. Does not: the
weights, and which pairs are candidates (`duplicates`): Splink scores exactly the pairs it is given,
so its work is bounded by ours.
"""

from __future__ import annotations

import logging
from typing import Any

import duckdb

from flitstack_pipeline.cleaning.matching_weights import (
    COMPARISONS,
    MISSING,
    PRIOR,
    evidence_sql,
    score_sql,
)


def score_candidates(con: duckdb.DuckDBPyConnection, at_least: float) -> None:
    """Fill the temporary table `scores` (l, r, score, evidence) from `candidates` and `keyed`.

    Candidates below `at_least` are left out, unless a person decided them (table `decided`).
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scores (l VARCHAR, r VARCHAR, score DOUBLE, evidence VARCHAR)"
    )
    _score(con, "SELECT l, r FROM candidates ANTI JOIN decided USING (l, r)", at_least)
    _score(con, "SELECT l, r FROM candidates SEMI JOIN decided USING (l, r)", 0.0)


def _score(con: duckdb.DuckDBPyConnection, pairs: str, at_least: float) -> None:
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE blocked_pairs AS
        SELECT l AS join_key_l, r AS join_key_r, '0' AS match_key FROM ({pairs})
        """
    )
    if not con.execute("SELECT match_key FROM blocked_pairs LIMIT 1").fetchall():
        return
    from splink import DuckDBAPI, Linker  # a second to import, only when there is work

    logging.getLogger("splink").setLevel(logging.WARNING)
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register("keyed"), _settings(), log_level=None, validate_settings=False)
    try:
        linker.table_management.register_blocked_pairs_for_predict(api.register("blocked_pairs"))
        scored = linker.inference.predict(
            threshold_match_probability=at_least or None, warning_mode="never"
        )
        con.execute(
            f"""
            INSERT INTO scores
            SELECT source_key_l, source_key_r, {score_sql()} AS score, {evidence_sql()}
            FROM {scored.physical_name} WHERE score >= {at_least}
            """
        )
    finally:
        linker.table_management.invalidate_cache()


def _settings() -> Any:
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="source_key",
        comparisons=[_comparison(name) for name in COMPARISONS],
        probability_two_random_records_match=1 / (1 + 2**-PRIOR),
        retain_matching_columns=True,  # with them come the levels, for caps and evidence
    )


def _comparison(name: str) -> Any:
    """A declared comparison as Splink's, with m and u that give the declared weight."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons

    missing = levels.CustomLevel(MISSING[name], "missing").configure(is_null_level=True)
    found: list[Any] = [missing]
    for level in COMPARISONS[name]:
        m = min(1.0, 2.0**level.weight)
        last = level.condition == "true"
        made = levels.ElseLevel() if last else levels.CustomLevel(level.condition, level.words)
        found.append(made.configure(m_probability=m, u_probability=m / 2.0**level.weight))
    return comparisons.CustomComparison(output_column_name=name, comparison_levels=found)
