"""Splink trained on the data itself, as its documentation shows: a peer for `duplicates.py`.

Belongs here: the usual comparisons, u by random sampling, m by expectation maximisation, and the
pairs above a threshold. Does not: anything of ours; no caps, no own and shared contact points.
"""

from __future__ import annotations

import logging

import duckdb
import pandas as pd
import splink.comparison_library as cl
from duplicate_people import Row
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def trained_pairs(rows: list[Row], threshold: float, seed: int) -> set[tuple[int, int]]:
    """Pairs of row numbers with a match probability of at least `threshold`."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    frame = pd.DataFrame(
        [(i, (r.first or r.firm).lower() or None, (r.last or r.firm).lower() or None, r.email,
          r.phone, r.street, r.postal) for i, r in enumerate(rows)],
        columns=["unique_id", "first_name", "surname", "email", "phone", "street", "postal"],
        dtype=object,
    ).astype({"unique_id": int})  # fmt: skip
    con = duckdb.connect()
    con.register("people", frame)
    con.execute("CREATE TABLE people_table AS SELECT * FROM people")
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.EmailComparison("email"),
            cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("street", 2),
            cl.ExactMatch("postal").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("email"), block_on("phone"), block_on("first_name", "surname"),
            block_on("surname", "postal"), block_on("street", "postal"),
        ],
    )  # fmt: skip
    api = DuckDBAPI(connection=con)
    linker = Linker(api.register("people_table"), settings, log_level=None)
    exact = [block_on("first_name", "surname", "email"), block_on("first_name", "surname", "phone")]
    linker.training.estimate_probability_two_random_records_match(exact, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=seed)
    for rule in (block_on("first_name", "surname"), block_on("email"), block_on("phone")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=threshold)
    pairs = con.execute(f"SELECT unique_id_l, unique_id_r FROM {found.physical_name}").fetchall()
    return {(min(pair), max(pair)) for pair in pairs}
