"""What a person is asked to decide, with what is needed to decide it: rows for lists and pages.

Belongs here: queries over the tables of `relationships`. Does not: how lists and pages are written
(`reports`), nor the decisions themselves (`decisions`).
"""

from __future__ import annotations

from typing import Any

import duckdb

from flitstack_pipeline.cleaning.matching_explained import explanations
from flitstack_pipeline.cleaning.merges import kept_first
from flitstack_pipeline.warehouse import dicts

_PERSON = """
    SELECT c.source_key, c.name, c.email, c.phone,
           concat_ws(', ', c.address1, c.city, c.state, c.postal_code) AS address,
           {number} + row_number() OVER (ORDER BY {order}) AS place
    FROM clean.{dataset} c SEMI JOIN asked ON asked.key = c.source_key
"""
#: A client is kept before a lead.
_PAIRS = f"""
WITH asked AS (
    SELECT unnest([left_key, right_key]) AS key FROM clean.duplicate_pairs
    WHERE decision IN ('review', 'merge')
), person AS (
    {_PERSON.format(dataset="clients", number=0, order=kept_first("clients"))}
    UNION ALL
    {_PERSON.format(dataset="leads", number=10**9, order=kept_first("leads"))}
)
SELECT d.left_key, d.right_key, '' AS decision,
       CASE WHEN d.decision = 'merge' THEN 'merged unless you keep them apart' ELSE 'yours' END
       AS "so far",
       d.score, d.evidence, l.name AS left_name, r.name AS right_name, l.email AS left_email,
       r.email AS right_email, l.phone AS left_phone, r.phone AS right_phone,
       l.address AS left_address, r.address AS right_address,
       CASE WHEN l.place < r.place THEN 'left' ELSE 'right' END AS kept
FROM clean.duplicate_pairs d
JOIN person l ON l.source_key = d.left_key JOIN person r ON r.source_key = d.right_key
WHERE d.decision IN ('review', 'merge') AND NOT starts_with(d.evidence, 'decided by a person')
ORDER BY d.decision = 'merge', d.score DESC, d.left_key, d.right_key
"""

_LINKS = """
WITH client AS (
    SELECT l.child_key, any_value(c.name) AS name
    FROM clean.links l JOIN (
        SELECT source_key, name FROM clean.clients
        UNION ALL SELECT source_key, name FROM clean.leads
    ) c ON c.source_key = l.parent_key
    WHERE l.role = 'client' GROUP BY l.child_key
)
SELECT k.{key}, k.job_key, '' AS decision, k.confidence, k.method, c.name AS client,
       d.number, d.title, {amount} AS amount, {day}::VARCHAR AS date,
       j.number AS job_number, j.title AS job_title, j.amount::VARCHAR AS job_amount,
       coalesce(j.completed, j.end_date, j.start_date)::VARCHAR AS job_date
FROM {links} k JOIN {documents} d ON d.source_key = k.{key}
JOIN clean.jobs j ON j.source_key = k.job_key
LEFT JOIN client c ON c.child_key = k.{key}
WHERE k.decision = 'review'
ORDER BY k.{key}, k.confidence DESC, k.job_key
"""


def duplicate_pairs(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Pairs to decide, then pairs that were merged without a person; `decision` is empty, `how` is
    the way to the score, step by step."""
    how = explanations(con)
    return [
        {**row, "how": how.get((row["left_key"], row["right_key"]), "")}
        for row in dicts(con, _PAIRS)
    ]


def invoice_links(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Invoices whose job is not sure, each with its best candidates; `decision` is empty."""
    return dicts(
        con,
        _LINKS.format(
            key="invoice_key",
            links="clean.invoice_links",
            documents="clean.invoices",
            amount="d.total::VARCHAR",
            day="d.issue_date",
        ),
    )


def work_order_links(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Work orders whose job is not sure, each with its best candidates; `decision` is empty."""
    return dicts(
        con,
        _LINKS.format(
            key="work_order_key",
            links="clean.work_order_links",
            documents="clean.work_orders",
            amount="NULL",
            day="coalesce(d.scheduled_date, d.order_date)",
        ),
    )


def idle_decisions(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Decisions that fit no record of these exports; they are remembered all the same."""
    return dicts(con, "SELECT * FROM clean.idle_decisions ORDER BY ALL")
