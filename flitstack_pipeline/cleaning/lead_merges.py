"""Leads that are clients, and leads that are one person.

Belongs here: leads that fold into a client, pairs of the leads that are left. Does not: pairs of
clients (`duplicates`), what becomes of a decided pair (`merges`). Leads are few and poor beside
clients, so a plain rule decides: the same e-mail or phone, and the same whole name.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.duplicates import BY_PERSON
from flitstack_pipeline.cleaning.match_keys import loose_name_key, name_key, name_words, number_key
from flitstack_pipeline.cleaning.matching_blocks import LARGEST_BLOCK
from flitstack_pipeline.warehouse import row_count

#: What leads and clients are compared by, over a table of people.
_COMPARED = f"""
    source_key, workspace, email, extra_emails, phone, extra_phones, {name_key("name")} AS name_key,
    {name_words("name")} AS words, {loose_name_key("business_name")} AS firm_key"""


def _points(people: str) -> str:
    """SELECT of every e-mail and phone of people."""
    return f"""
        SELECT source_key, workspace, unnest(
            list_concat([email, phone], coalesce(extra_emails, []), coalesce(extra_phones, []))
        ) AS value FROM {people}"""


def _one_name(one: str, other: str) -> str:
    """SQL: the same whole name of two people, or the same firm."""
    return f"""({one}.name_key = {other}.name_key AND len({one}.words) >= 2
                OR {one}.firm_key = {other}.firm_key)"""


def _alike(one: str, other: str) -> str:
    """SQL: the same name or firm of two people, or one name that holds the other."""
    return f"""({one}.name_key = {other}.name_key OR {one}.firm_key = {other}.firm_key
                OR (len({one}.words) > 0 AND len({other}.words) > 0 AND
                    (list_has_all({one}.words, {other}.words)
                     OR list_has_all({other}.words, {one}.words))))"""


def fold_leads(con: duckdb.DuckDBPyConnection) -> None:
    """A lead that is a client folds into it: decided by a person, named by id, or same e-mail or
    phone and the same whole name (a converted lead: also a part of the name). What is less sure,
    or fits several clients, stays a lead and is listed for review in `clean.duplicate_pairs`."""
    if not row_count(con, "clean.leads"):
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE found_leads AS
        WITH decision AS (
            SELECT r AS lead, l AS client, decision FROM decided WHERE r LIKE '%/leads/%'
            UNION ALL
            SELECT l, r, decision FROM decided WHERE l LIKE '%/leads/%'
        ), client AS (
            SELECT {_COMPARED}, source_id, coalesce(m.kept_key, source_key) AS kept_key
            FROM clean.clients LEFT JOIN clean.merges m ON m.merged_key = source_key
            WHERE source_type IS NULL
        ), lead AS (
            SELECT {_COMPARED}, converted_client_ref AS ref,
                   coalesce(converted, false) OR coalesce(lead_status = 'won', false) AS converted
            FROM clean.leads
        ), named AS (
            SELECT l.source_key AS lead, c.kept_key, 'converted, client named' AS why, 1 AS rank
            FROM lead l JOIN client c ON c.workspace = l.workspace AND c.source_id = l.ref
            UNION ALL
            SELECT l.source_key, c.kept_key, 'converted, client named', 2
            FROM lead l JOIN client c ON c.workspace = l.workspace
             AND {number_key("c.source_id")} = {number_key("l.ref")}
        ), client_points AS (
            SELECT *, count(*) OVER (PARTITION BY workspace, value) AS n
            FROM ({_points("client")}) WHERE value IS NOT NULL
        ), met AS (
            SELECT DISTINCT l.source_key AS lead, c.source_key AS client
            FROM ({_points("lead")}) l JOIN client_points c
              ON c.workspace = l.workspace AND c.value = l.value AND c.n <= {LARGEST_BLOCK}
        ), same AS (
            SELECT m.lead, c.kept_key, 'same e-mail or phone, and name' AS why,
                   CASE WHEN {_one_name("l", "c")} THEN 3
                        WHEN l.converted THEN 4 ELSE 5 END AS rank
            FROM met m JOIN lead l ON l.source_key = m.lead
            JOIN client c ON c.source_key = m.client
            WHERE {_alike("l", "c")}
        ), every AS (
            SELECT d.lead, c.kept_key, '{BY_PERSON}' AS why, 0 AS rank
            FROM decision d JOIN client c ON c.source_key = d.client WHERE d.decision = 'merge'
            UNION ALL
            SELECT e.* FROM (SELECT * FROM named UNION ALL SELECT * FROM same) e
            ANTI JOIN (
                SELECT d.lead, c.kept_key FROM decision d JOIN client c ON c.source_key = d.client
                WHERE d.decision = 'keep apart'
            ) apart ON apart.lead = e.lead AND apart.kept_key = e.kept_key
        ), first AS (
            SELECT * FROM every QUALIFY rank = min(rank) OVER (PARTITION BY lead)
        )
        SELECT lead, min(kept_key) AS client, min(why) AS why,
               count(DISTINCT kept_key) AS n, count(DISTINCT kept_key) = 1 AND min(rank) < 5
               AS folds, list_sort(list(DISTINCT kept_key)) AS clients
        FROM first GROUP BY lead;
        INSERT INTO clean.duplicate_pairs
        SELECT 'leads', client, lead, CASE WHEN folds THEN 1.0 ELSE round(0.9 / n, 4) END, why,
               CASE WHEN folds THEN 'merge' ELSE 'review' END
        FROM (SELECT lead, unnest(clients) AS client, why, n, folds FROM found_leads)
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
    )


def pair_leads(con: duckdb.DuckDBPyConnection) -> None:
    """Pairs of leads that fold into no client, into `clean.duplicate_pairs`: to merge with the
    same e-mail or phone and the same whole name, for review when one name holds the other.

    What a person decided about two leads stands. Needs `fold_leads` done.
    """
    if not row_count(con, "clean.leads"):
        return
    con.execute(_WITH_A_FOLDED_LEAD)
    con.execute(
        f"""
        INSERT INTO clean.duplicate_pairs
        WITH lead AS (
            SELECT {_COMPARED}
            FROM clean.leads l ANTI JOIN clean.merges m ON m.merged_key = l.source_key
        ), points AS (
            SELECT source_key, workspace, value,
                   count(*) OVER (PARTITION BY workspace, value) AS n
            FROM (SELECT DISTINCT * FROM ({_points("lead")}))
            WHERE value IS NOT NULL
        ), met AS (
            SELECT DISTINCT one.source_key AS l, other.source_key AS r
            FROM points one JOIN points other
              ON other.workspace = one.workspace AND other.value = one.value
             AND one.source_key < other.source_key
            WHERE one.n <= {LARGEST_BLOCK}
        ), alike AS (
            SELECT m.l, m.r, coalesce({_one_name("one", "other")}, false) AS same
            FROM met m JOIN lead one ON one.source_key = m.l
            JOIN lead other ON other.source_key = m.r
            WHERE {_alike("one", "other")}
        ), named AS (
            SELECT d.l, d.r, d.decision FROM decided d
            SEMI JOIN lead one ON one.source_key = d.l
            SEMI JOIN lead other ON other.source_key = d.r
        )
        SELECT 'leads', l, r, CASE WHEN n.decision IS NULL AND NOT a.same THEN 0.9 ELSE 1.0 END,
               CASE WHEN n.decision IS NOT NULL THEN '{BY_PERSON}'
                    ELSE 'same e-mail or phone, and name' END,
               CASE WHEN n.decision IS NOT NULL THEN n.decision
                    WHEN a.same THEN 'merge' ELSE 'review' END
        FROM alike a FULL JOIN named n USING (l, r)
        ORDER BY ALL
        """
    )


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
