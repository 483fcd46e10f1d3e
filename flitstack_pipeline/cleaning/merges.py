"""Which rows are one record: `clean.merges`, and leads that fold into their client.

Belongs here: the kept row of each group, leads that are clients, who is kept as whom. Does not:
finding the pairs (`duplicates`), and what the record is made of afterwards (`survivorship`).

The kept row is an active one before an archived one, then the one with most columns filled, then
the oldest. Clean tables are not changed: merges are rows beside them, so a merge is undone by a
decision and another run.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from flitstack_pipeline.cleaning.duplicates import LARGEST_BLOCK, decided_pairs, groups
from flitstack_pipeline.cleaning.forms import loose_name_key, name_key, name_words, number_key
from flitstack_pipeline.spec.clean import BY_DATASET, LIST, MAP, Field
from flitstack_pipeline.warehouse import row_count


def merge_clients(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `clean.merges` from the decided pairs of `clean.duplicate_pairs`.

    A pair whose merge would join rows that a person keeps apart goes to review instead.
    """
    members = groups(decided_pairs(con), _names_of_pairs(con))
    if not members:
        return
    frame = pd.DataFrame(list(members.items()), columns=["k", "g"]).astype("str")
    con.register("members", frame)
    filled = " + ".join(_is_filled(f) for f in BY_DATASET["clients"].fields)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE why AS
        SELECT key, arg_max(evidence, (score, evidence)) AS evidence
        FROM (SELECT unnest([left_key, right_key]) AS key, score, evidence
              FROM clean.duplicate_pairs WHERE decision = 'merge') GROUP BY key;
        CREATE OR REPLACE TEMP TABLE new_merges AS
        WITH ranked AS (
            SELECT m.g, m.k, row_number() OVER (
                PARTITION BY m.g
                ORDER BY coalesce(lower(c.status) IN ('archived', 'inactive', 'deleted'), false),
                         {filled} DESC, c.created NULLS LAST, length(c.source_id), c.source_key
            ) AS place
            FROM members m JOIN clean.clients c ON c.source_key = m.k
        )
        SELECT kept.k AS kept_key, gone.k AS merged_key
        FROM ranked gone JOIN ranked kept ON kept.g = gone.g AND kept.place = 1
        WHERE gone.place > 1;
        INSERT INTO clean.merges SELECT 'clients', kept_key, merged_key FROM new_merges;
        INSERT INTO clean.merge_reasons
        SELECT 'clients', m.merged_key, any_value(w.evidence)
        FROM new_merges m JOIN why w ON w.key = m.merged_key GROUP BY m.merged_key;
        """
    )
    con.execute(
        """
        UPDATE clean.duplicate_pairs p SET decision = 'review'
        WHERE decision = 'merge' AND NOT EXISTS (
            SELECT 1 FROM members l JOIN members r ON r.g = l.g
            WHERE l.k = p.left_key AND r.k = p.right_key)
        """
    )
    con.unregister("members")


def _names_of_pairs(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = con.execute(
        f"""
        SELECT c.source_key, coalesce({name_key("c.name")}, '') FROM clean.clients c
        SEMI JOIN (
            SELECT unnest([left_key, right_key]) AS key FROM clean.duplicate_pairs
            WHERE decision = 'merge'
        ) p ON p.key = c.source_key
        """
    ).fetchall()
    return dict(rows)


def fold_leads(con: duckdb.DuckDBPyConnection) -> None:
    """A lead that is a client folds into it: decided by a person, named by id, or same e-mail or
    phone and the same whole name (a converted lead: also a part of the name). What is less sure,
    or fits several clients, stays a lead and is listed for review in `clean.duplicate_pairs`."""
    if not row_count(con, "clean.leads"):
        return
    name, words = name_key("name"), name_words("name")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE found_leads AS
        WITH decision AS (
            SELECT r AS lead, l AS client, decision FROM decided WHERE r LIKE '%/leads/%'
            UNION ALL
            SELECT l, r, decision FROM decided WHERE l LIKE '%/leads/%'
        ), client AS (
            SELECT c.source_key, c.workspace, c.source_id, c.email, c.extra_emails, c.phone,
                   c.extra_phones, coalesce(m.kept_key, c.source_key) AS kept_key,
                   {name} AS name_key, {words} AS words,
                   {loose_name_key("c.business_name")} AS firm_key
            FROM clean.clients c LEFT JOIN clean.merges m ON m.merged_key = c.source_key
        ), lead AS (
            SELECT source_key, workspace, email, extra_emails, phone, extra_phones,
                   converted_client_ref AS ref, converted, {name} AS name_key, {words} AS words,
                   {loose_name_key("business_name")} AS firm_key
            FROM clean.leads
        ), named AS (
            SELECT l.source_key AS lead, c.kept_key, 'converted, client named' AS why, 1 AS rank
            FROM lead l JOIN client c ON c.workspace = l.workspace AND c.source_id = l.ref
            UNION ALL
            SELECT l.source_key, c.kept_key, 'converted, client named', 2
            FROM lead l JOIN client c ON c.workspace = l.workspace
             AND {number_key("c.source_id")} = {number_key("l.ref")}
        ), client_points AS (
            SELECT *, count(*) OVER (PARTITION BY workspace, value) AS n FROM (
                SELECT source_key, workspace, unnest(
                    list_concat([email, phone], coalesce(extra_emails, []),
                                coalesce(extra_phones, []))) AS value
                FROM client)
            WHERE value IS NOT NULL
        ), lead_points AS (
            SELECT source_key, workspace, unnest(
                list_concat([email, phone], coalesce(extra_emails, []),
                            coalesce(extra_phones, []))) AS value
            FROM lead
        ), met AS (
            SELECT DISTINCT l.source_key AS lead, c.source_key AS client
            FROM lead_points l JOIN client_points c
              ON c.workspace = l.workspace AND c.value = l.value AND c.n <= {LARGEST_BLOCK}
        ), same AS (
            SELECT m.lead, c.kept_key, 'same e-mail or phone, and name' AS why,
                   CASE WHEN l.name_key = c.name_key AND len(l.words) >= 2
                             OR l.firm_key = c.firm_key THEN 3
                        WHEN l.converted THEN 4 ELSE 5 END AS rank
            FROM met m JOIN lead l ON l.source_key = m.lead
            JOIN client c ON c.source_key = m.client
            WHERE l.name_key = c.name_key OR l.firm_key = c.firm_key
               OR (len(l.words) > 0 AND len(c.words) > 0 AND
                   (list_has_all(l.words, c.words) OR list_has_all(c.words, l.words)))
        ), every AS (
            SELECT d.lead, c.kept_key, 'decided by a person' AS why, 0 AS rank
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
        SELECT 'leads', least(l, r), greatest(l, r), 0.0, 'decided by a person', decision
        FROM decided WHERE decision = 'keep apart' AND (l LIKE '%/leads/%' OR r LIKE '%/leads/%');
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


def make_people(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `people`: every client and lead with the key of the record it is kept as."""
    columns = "source_key, workspace, source_id, name, business_name"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT p.*, {name_key("p.name")} AS name_key, {loose_name_key("p.name")} AS loose_key,
               {name_key("p.business_name")} AS firm_key,
               {loose_name_key("p.business_name")} AS firm_loose_key,
               coalesce(m.kept_key, p.source_key) AS kept_key
        FROM (
            SELECT {columns}, 'clients' AS object FROM clean.clients
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
