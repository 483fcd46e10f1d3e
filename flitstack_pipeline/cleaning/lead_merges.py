"""Leads that are clients, and leads that are one person.

Belongs here: leads that fold into a client, pairs of the leads that are left. Does not: how alike
two of them are (`matching_model`, the same scores as of clients), pairs of clients (`duplicates`),
what becomes of a decided pair (`merges`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.duplicates import BY_PERSON
from flitstack_pipeline.cleaning.frozen import APPROVED, without_approved
from flitstack_pipeline.cleaning.match_keys import number_key
from flitstack_pipeline.cleaning.matching_weights import CONVERTED
from flitstack_pipeline.warehouse import row_count


def fold_leads(con: duckdb.DuckDBPyConnection) -> None:
    """Fold leads into the clients that they are.

    A person said so, the lead names the client's id, or the score is that of one person; of a lead
    that is said to be converted a part of the name is enough. What is less sure, or fits several
    clients, stays a lead and is listed for review in `clean.duplicate_pairs`. Needs
    `duplicates.write_pairs` and the clients' merges done.
    """
    if not row_count(con, "clean.leads"):
        return
    con.execute(_FITS)
    con.execute(_FOUND)
    con.execute(_FOLD)


def pair_leads(con: duckdb.DuckDBPyConnection) -> None:
    """Pairs of leads that fold into no client, into `clean.duplicate_pairs`, scored as clients are.

    What a person decided about two leads stands. Needs `fold_leads` done.
    """
    if not row_count(con, "clean.leads"):
        return
    con.execute(_WITH_A_FOLDED_LEAD)
    con.execute(
        """
        INSERT INTO clean.duplicate_pairs
        WITH lead AS (
            SELECT source_key FROM clean.leads l
            ANTI JOIN clean.merges m ON m.merged_key = l.source_key
        )
        SELECT 'leads', s.l, s.r, s.score, s.evidence, s.decision
        FROM scored_pairs s
        SEMI JOIN lead one ON one.source_key = s.l SEMI JOIN lead other ON other.source_key = s.r
        ORDER BY ALL
        """
    )


#: Every client that a lead may be: rank 0 a person's or an approved word, 1 and 2 an id that the
#: lead names, 3 the score of one person, 4 a converted lead with a part of the name, 5 for review.
_FITS = f"""
CREATE OR REPLACE TEMP TABLE lead_fits AS
WITH decision AS (
    SELECT r AS lead, l AS client, decision FROM decided WHERE r LIKE '%/leads/%'
    UNION ALL
    SELECT l, r, decision FROM decided WHERE l LIKE '%/leads/%'
), client AS (
    SELECT source_key, workspace, source_id, coalesce(m.kept_key, source_key) AS kept_key
    FROM clean.clients LEFT JOIN clean.merges m ON m.merged_key = source_key
    WHERE source_type IS NULL
), lead AS (
    SELECT source_key, workspace, converted_client_ref AS ref FROM clean.leads
), scored AS (
    SELECT l.source_key AS lead, c.kept_key, s.evidence, s.score,
           CASE WHEN s.decision = 'merge' THEN 3
                WHEN s.converted AND s.name IN ({", ".join(map(str, CONVERTED))}) THEN 4
                ELSE 5 END AS rank
    FROM scored_pairs s
    JOIN lead l ON l.source_key IN (s.l, s.r) JOIN client c ON c.source_key IN (s.l, s.r)
    WHERE s.decision <> 'keep apart'
), likely AS (
    SELECT l.source_key AS lead, c.kept_key, 'converted, client named' AS why, 1.0 AS score,
           1 AS rank
    FROM lead l JOIN client c ON c.workspace = l.workspace AND c.source_id = l.ref
    UNION ALL
    SELECT l.source_key, c.kept_key, 'converted, client named', 1.0, 2
    FROM lead l JOIN client c ON c.workspace = l.workspace
     AND {number_key("c.source_id")} = {number_key("l.ref")}
    UNION ALL
    SELECT lead, kept_key, evidence, score, rank FROM scored
)
SELECT d.lead, c.kept_key,
       CASE d.decision WHEN 'merge' THEN '{BY_PERSON}'
                       ELSE coalesce(e.why, '{APPROVED}') END AS why,
       1.0::DOUBLE AS score, 0 AS rank
FROM decision d JOIN client c ON c.source_key = d.client
LEFT JOIN (
    SELECT lead, kept_key, arg_min(why, (rank, {without_approved("why")})) AS why
    FROM likely WHERE rank < 5
    GROUP BY lead, kept_key
) e ON e.lead = d.lead AND e.kept_key = c.kept_key
WHERE d.decision IN ('merge', 'approved')
UNION ALL
SELECT e.* FROM likely e
ANTI JOIN (
    SELECT d.lead, c.kept_key FROM decision d JOIN client c ON c.source_key = d.client
    WHERE d.decision = 'keep apart'
) apart ON apart.lead = e.lead AND apart.kept_key = e.kept_key
"""

#: The clients of the best rank of each lead; it folds when there is but one.
_FOUND = """
CREATE OR REPLACE TEMP TABLE best_fits AS
SELECT lead, kept_key, rank, max(score) AS score, arg_max(why, (score, why)) AS why
FROM lead_fits GROUP BY lead, kept_key, rank QUALIFY rank = min(rank) OVER (PARTITION BY lead);
CREATE OR REPLACE TEMP TABLE found_leads AS
SELECT lead, min(kept_key) AS client, arg_max(why, (score, why)) AS why,
       count(*) AS n, count(*) = 1 AND min(rank) < 5 AS folds
FROM best_fits GROUP BY lead
"""

_FOLD = f"""
INSERT INTO clean.duplicate_pairs
SELECT 'leads', kept_key, lead, e.score, e.why, CASE WHEN folds THEN 'merge' ELSE 'review' END
FROM best_fits e JOIN found_leads f USING (lead)
ORDER BY ALL;
INSERT INTO clean.duplicate_pairs
SELECT 'leads', least(l, r), greatest(l, r), 0.0, '{BY_PERSON}', decision
FROM decided
WHERE decision = 'keep apart' AND (l LIKE '%/leads/%') <> (r LIKE '%/leads/%');
INSERT INTO clean.merges
SELECT 'leads', client, lead FROM found_leads WHERE folds;
INSERT INTO clean.merge_reasons SELECT 'leads', lead, why FROM found_leads WHERE folds;
INSERT INTO clean.links
SELECT l.source_key, 'leads', 'converted', l.converted_client_ref, f.client, f.why, 1.0, 1
FROM found_leads f JOIN clean.leads l ON l.source_key = f.lead WHERE f.folds;
INSERT INTO clean.orphans
SELECT l.source_key, 'leads', 'converted', coalesce(l.converted_client_ref, l.name),
       CASE WHEN f.n > 1 THEN f.n || ' clients fit this lead; name the right one'
            ELSE 'converted to a client that is not in the export' END
FROM clean.leads l LEFT JOIN found_leads f ON f.lead = l.source_key
WHERE f.n > 1 OR (f.n IS NULL AND l.converted_client_ref IS NOT NULL);
"""

#: A lead that a person merges with one that folds into a client goes where that one goes.
_WITH_A_FOLDED_LEAD = f"""
CREATE OR REPLACE TEMP TABLE follows AS
SELECT d.other AS lead, min(m.kept_key) AS client
FROM (SELECT l AS one, r AS other FROM decided WHERE decision = 'merge'
      UNION ALL SELECT r, l FROM decided WHERE decision = 'merge') d
JOIN clean.merges m ON m.object = 'leads' AND m.merged_key = d.one
JOIN clean.leads l ON l.source_key = d.other
ANTI JOIN clean.merges gone ON gone.merged_key = d.other
GROUP BY d.other;
INSERT INTO clean.duplicate_pairs
SELECT 'leads', client, lead, 1.0, '{BY_PERSON}', 'merge' FROM follows;
INSERT INTO clean.merges SELECT 'leads', client, lead FROM follows;
INSERT INTO clean.merge_reasons SELECT 'leads', lead, '{BY_PERSON}' FROM follows;
"""
