"""Which rows are one record: `clean.merges`.

Belongs here: the kept row of each group of clients or leads, who is kept as whom. Does not: finding
the pairs (`duplicates`, `lead_merges`), what the record is made of afterwards (`survivorship`).

The kept row is an active one before an archived one, then the one with most columns filled, then
the oldest. Clean tables are not changed: merges are rows beside them, so a merge is undone by a
decision and another run.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.model import LIST, MAP, Field
from flitstack_pipeline.cleaning.duplicates import (
    decided_pairs,
    groups,
    near_pairs,
    pairs_of,
    pairs_of_one_home,
)
from flitstack_pipeline.cleaning.frozen import without_approved
from flitstack_pipeline.cleaning.match_keys import loose_name_key, name_key
from flitstack_pipeline.cleaning.matching_learned import kept_matching
from flitstack_pipeline.warehouse import table_exists


def merge_rows(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Fill `clean.merges` from the decided pairs of clients, or of leads.

    A pair whose merge would join rows that a person keeps apart goes to review instead.
    """

    import pandas as pd

    members = groups(
        decided_pairs(con, dataset), _names_of_pairs(con, dataset), near_pairs(con, dataset),
        pairs_of_one_home(con, dataset), kept_matching(con).sure_at,
    )  # fmt: skip
    if not members:
        return
    frame = pd.DataFrame(list(members.items()), columns=["k", "g"]).astype("str")
    con.register("members", frame)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE why AS
        SELECT key, arg_max(evidence, (score, evidence)) AS evidence
        FROM (SELECT unnest([left_key, right_key]) AS key, score, evidence
              FROM ({pairs_of(dataset)}) WHERE decision = 'merge') GROUP BY key;
        CREATE OR REPLACE TEMP TABLE new_merges AS
        WITH ranked AS (
            SELECT m.g, m.k, row_number() OVER (
                PARTITION BY m.g
                ORDER BY {kept_first(dataset)}
            ) AS place
            FROM members m JOIN clean."{dataset}" c ON c.source_key = m.k
        )
        SELECT kept.k AS kept_key, gone.k AS merged_key
        FROM ranked gone JOIN ranked kept ON kept.g = gone.g AND kept.place = 1
        WHERE gone.place > 1;
        INSERT INTO clean.merges SELECT '{dataset}', kept_key, merged_key FROM new_merges;
        INSERT INTO clean.merge_reasons
        SELECT '{dataset}', m.merged_key, arg_min(w.evidence, {without_approved("w.evidence")})
        FROM new_merges m JOIN why w ON w.key = m.merged_key GROUP BY m.merged_key;
        """
    )
    con.execute(
        f"""
        UPDATE clean.duplicate_pairs p SET decision = 'review'
        FROM ({pairs_of(dataset)}) o
        WHERE p.decision = 'merge' AND o.left_key = p.left_key AND o.right_key = p.right_key
          AND NOT EXISTS (
            SELECT 1 FROM members l JOIN members r ON r.g = l.g
            WHERE l.k = p.left_key AND r.k = p.right_key)
        """
    )
    con.unregister("members")


def kept_first(dataset: str) -> str:
    """The order of rows `c` of a dataset in which the first of a group is the one that is kept."""
    filled = " + ".join(_is_filled(f) for f in BY_DATASET[dataset].fields)
    return (
        "coalesce(lower(c.status) IN ('archived', 'inactive', 'deleted'), false), "
        f"{filled} DESC, c.created NULLS LAST, length(c.source_id), c.source_key"
    )


def _names_of_pairs(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    rows = con.execute(
        f"""
        SELECT c.source_key, coalesce({name_key("c.name")}, '') FROM clean."{dataset}" c
        SEMI JOIN (
            SELECT unnest([left_key, right_key]) AS key FROM ({pairs_of(dataset)})
            WHERE decision IN ('merge', 'review')
        ) p ON p.key = c.source_key
        """
    ).fetchall()
    return dict(rows)


def make_people(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `people`: every client and lead with the key of the record it is kept as.

    An id that several of them have, or that a spreadsheet rounded, finds nobody: their names do.
    Vendors and contact persons are nobody's clients.
    """
    found = "source_id"
    if table_exists(con, "clean.same_numbers"):
        telling = "source_key NOT IN (SELECT source_key FROM clean.same_numbers)"
        found = f"CASE WHEN {telling} THEN source_id END AS source_id"
    columns = f"source_key, workspace, {found}, name, business_name, first_name, last_name"
    person = "nullif(concat_ws(' ', p.first_name, p.last_name), '')"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT p.*, {name_key("p.name")} AS name_key, {loose_name_key("p.name")} AS loose_key,
               {name_key("p.business_name")} AS firm_key,
               {loose_name_key("p.business_name")} AS firm_loose_key,
               {name_key(person)} AS person_key,
               coalesce(m.kept_key, p.source_key) AS kept_key
        FROM (
            SELECT {columns}, 'clients' AS object FROM clean.clients WHERE source_type IS NULL
            UNION ALL SELECT {columns}, 'leads' FROM clean.leads
        ) p LEFT JOIN clean.merges m ON m.merged_key = p.source_key
        """
    )


def _is_filled(f: Field) -> str:
    if f.type == LIST:
        return f'(coalesce(len(c."{f.name}"), 0) > 0)::INT'
    if f.type == MAP:
        return f'coalesce(cardinality(c."{f.name}"), 0)::INT'
    return f'(c."{f.name}" IS NOT NULL)::INT'
