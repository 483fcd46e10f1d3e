"""Which jobs work orders belong to that name none: client, day, title and address.

Belongs here: `clean.work_order_links`, links of role `job` of work orders, and orphans that say
which jobs are likely. Does not: numbers (`references`) and invoices (`invoice_links`). Several work
orders may belong to one job, so each takes the best job of its own, if that one is clearly best.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.decisions import WORK_ORDER_LINKS
from flitstack_pipeline.cleaning.invoice_choice import ACCEPT_AT, MARGIN, REVIEW_SHOWN
from flitstack_pipeline.cleaning.invoice_links import (
    LARGEST_BLOCK,
    REVIEW_AT,
    anothers_job,
    make_link_decisions,
)
from flitstack_pipeline.warehouse import row_count

#: A job that fits less well is accepted too when no other one comes near it.
CLEAR_AT, CLEAR_BY = 0.6, 0.3


def link_work_orders(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Fill `clean.work_order_links` and role `job` of work orders; needs `link_numbers` done.

    `decisions` is the folder of `work_order_links.csv`. Raises BadInput when that file cannot be
    followed (see `decisions`).
    """
    if not row_count(con, "clean.work_orders"):
        return
    make_link_decisions(con, decisions / WORK_ORDER_LINKS.name, WORK_ORDER_LINKS, "work_orders")
    con.execute(_EXPLICIT)
    con.execute(_CANDIDATES.format(block=LARGEST_BLOCK, review=REVIEW_AT))
    con.execute(
        _LIKELIEST.format(
            accept=ACCEPT_AT,
            margin=MARGIN,
            shown=REVIEW_SHOWN,
            clear_at=CLEAR_AT,
            clear_by=CLEAR_BY,
        )
    )
    con.execute(_LINKS)


_ALIKE = """lower(j.service_address) = lower(w.service_address)
               OR lower(j.title) = lower(w.title)"""
#: Numbers as resolved, with what a person decided.
_EXPLICIT = f"""
DELETE FROM clean.links l USING link_decisions d
WHERE l.child_object = 'work_orders' AND l.role = 'job' AND d.decision = 'do not link'
  AND d.document_key = l.child_key AND d.job_key = l.parent_key;
INSERT INTO clean.work_order_links
SELECT document_key, job_key, 'decided by a person', 1.0, 'accepted'
FROM link_decisions WHERE decision = 'link';
INSERT INTO clean.work_order_links
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), named AS (
    SELECT l.child_key, l.parent_key, l.method, l.confidence,
           {anothers_job(_ALIKE)} AS doubtful
    FROM clean.links l ANTI JOIN clean.work_order_links k
      ON k.work_order_key = l.child_key AND k.job_key = l.parent_key
    JOIN clean.work_orders w ON w.source_key = l.child_key
    JOIN clean.jobs j ON j.source_key = l.parent_key
    LEFT JOIN of_client mine ON mine.child_key = l.child_key
    LEFT JOIN of_client theirs ON theirs.child_key = l.parent_key
    WHERE l.child_object = 'work_orders' AND l.role = 'job'
)
SELECT child_key, parent_key, method,
       CASE WHEN doubtful THEN least(confidence, 0.7) ELSE confidence END,
       CASE WHEN doubtful THEN 'review' ELSE 'accepted' END
FROM named;
DELETE FROM clean.links l USING clean.work_order_links k
WHERE k.decision = 'review' AND l.child_object = 'work_orders' AND l.role = 'job'
  AND l.child_key = k.work_order_key AND l.parent_key = k.job_key;
"""

#: Work orders carry no amount: client, day, title, address. Several may belong to one job.
_CANDIDATES = """
CREATE OR REPLACE TEMP TABLE work_order_candidates AS
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), linked AS (
    SELECT work_order_key AS child_key FROM clean.work_order_links
), open_order AS (
    SELECT w.source_key, c.client, coalesce(w.scheduled_date, w.order_date) AS day,
           lower(w.title) AS title, lower(w.service_address) AS address,
           len(coalesce(w.job_refs, [])) > 0 AS names_a_job,
           count(*) OVER (PARTITION BY c.client) AS of_client
    FROM clean.work_orders w JOIN of_client c ON c.child_key = w.source_key
    ANTI JOIN linked l ON l.child_key = w.source_key
), job AS (
    SELECT j.source_key, c.client, j.start_date, coalesce(j.end_date, j.start_date) AS end_date,
           lower(j.title) AS title, lower(j.service_address) AS address,
           count(*) OVER (PARTITION BY c.client) AS of_client
    FROM clean.jobs j JOIN of_client c ON c.child_key = j.source_key
), pairs AS (
    SELECT w.source_key AS order_key, j.source_key AS job_key
    FROM open_order w JOIN job j ON j.client = w.client
    WHERE w.of_client <= {block} AND j.of_client <= {block}
    UNION
    SELECT w.source_key, j.source_key
    FROM (SELECT *, unnest([date_trunc('month', day), date_trunc('month', day - INTERVAL 1 MONTH)])
          AS month FROM open_order) w
    JOIN job j ON j.client = w.client AND date_trunc('month', j.start_date) = w.month
    WHERE w.of_client > {block} OR j.of_client > {block}
), scored AS (
    SELECT p.*, w.names_a_job,
           CASE WHEN w.day BETWEEN j.start_date AND j.end_date THEN 0.4
                WHEN w.day BETWEEN j.start_date - 3 AND j.end_date + 3 THEN 0.3
                WHEN w.day BETWEEN j.start_date - 14 AND j.end_date + 14 THEN 0.15
                ELSE 0 END
           + CASE WHEN w.title = j.title THEN 0.3
                  WHEN contains(w.title, j.title) OR contains(j.title, w.title) THEN 0.2
                  ELSE 0 END
           + CASE WHEN w.address = j.address THEN 0.3 ELSE 0 END
           + CASE WHEN j.of_client = 1 THEN 0.2 ELSE 0 END AS sum
    FROM pairs p JOIN open_order w ON w.source_key = p.order_key
    JOIN job j ON j.source_key = p.job_key
)
SELECT order_key, job_key,
       least(round(sum, 3), CASE WHEN names_a_job THEN 0.79 ELSE 1.0 END)::DOUBLE AS confidence
FROM scored s ANTI JOIN link_decisions d
  ON d.document_key = s.order_key AND d.job_key = s.job_key AND d.decision = 'do not link'
WHERE sum >= {review}
QUALIFY row_number() OVER (PARTITION BY order_key ORDER BY sum DESC, job_key) <= 10
"""

_LIKELIEST = """
INSERT INTO clean.work_order_links
WITH ranked AS (
    SELECT *, row_number() OVER best AS place,
           round(confidence - coalesce(lead(confidence) OVER best, 0), 3) AS ahead
    FROM work_order_candidates
    WINDOW best AS (PARTITION BY order_key ORDER BY confidence DESC, job_key)
), sure AS (
    SELECT order_key FROM ranked
    WHERE place = 1 AND (confidence >= {accept} AND ahead >= {margin}
                         OR confidence >= {clear_at} AND ahead >= {clear_by})
)
SELECT r.order_key, r.job_key, 'client, day, title and address', r.confidence,
       CASE WHEN s.order_key IS NULL THEN 'review' ELSE 'accepted' END
FROM ranked r LEFT JOIN sure s ON s.order_key = r.order_key
WHERE r.place = 1 OR (s.order_key IS NULL AND r.place <= {shown});
INSERT INTO clean.work_order_links
SELECT w.source_key, NULL, 'nothing fits', 0.0, 'none'
FROM clean.work_orders w ANTI JOIN clean.work_order_links k ON k.work_order_key = w.source_key;
"""

#: Accepted pairs become links; a work order without any says which jobs are likely.
_LINKS = """
INSERT INTO clean.links
SELECT k.work_order_key, 'work_orders', 'job', NULL, k.job_key, k.method, k.confidence,
       1000 + row_number() OVER (PARTITION BY k.work_order_key ORDER BY k.job_key)
FROM clean.work_order_links k ANTI JOIN clean.links l
  ON l.child_key = k.work_order_key AND l.parent_key = k.job_key AND l.role = 'job'
WHERE k.decision = 'accepted';
INSERT INTO clean.orphans
WITH likely AS (
    SELECT k.work_order_key,
           string_agg(j.number || ' (' || k.confidence || ')', ', '
                      ORDER BY k.confidence DESC, k.job_key) AS jobs
    FROM clean.work_order_links k LEFT JOIN clean.jobs j ON j.source_key = k.job_key
    WHERE k.decision <> 'accepted' GROUP BY k.work_order_key
)
SELECT w.source_key, 'work_orders', 'job', NULL,
       CASE WHEN k.jobs IS NULL THEN 'no job named, and none fits'
            WHEN len(coalesce(w.job_refs, [])) = 0 THEN 'no job named; likely ' || k.jobs
            ELSE 'the job named is none of this client''s here; likely ' || k.jobs END
FROM likely k JOIN clean.work_orders w ON w.source_key = k.work_order_key
WHERE len(coalesce(w.job_refs, [])) = 0 OR k.jobs IS NOT NULL;
"""
