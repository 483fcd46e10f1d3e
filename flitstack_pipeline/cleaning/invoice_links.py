"""Which jobs invoices and work orders belong to: explicit numbers first, else what fits best.

Belongs here: `clean.invoice_links`, and links of role `job` for invoices and work orders that name
no job. Does not: resolving numbers (`references`), the assignment itself (`assignment`).

Without a number, the invoices of a client compete for that client's jobs by amount, date, title
and address; the pairs are assigned together, best total first. A pair that could as well be
another one goes to review, whatever its confidence. Several invoices that add up to one job are
progress billing; a job with an invoice already takes another one only for what is still unbilled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

import duckdb
import pandas as pd

from flitstack_pipeline.cleaning.assignment import LARGEST_COMPONENT, assign, components, contested

ACCEPT_AT, REVIEW_AT = 0.8, 0.3
#: A pair whose alternative is this close is left to a person.
MARGIN = 0.1
REVIEW_SHOWN = 3
#: Rows of one client, amount or month that are still compared each with each.
LARGEST_BLOCK = 40
PROGRESS_CONFIDENCE = 0.85
_MOST_PARTS = 4
_BY_LIKENESS = "client, amount and date"


@dataclass(frozen=True)
class Candidate:
    """One possible job of one invoice or work order, with the confidence of the match."""

    invoice: str
    job: str
    confidence: float
    total: Decimal | None = None
    amount: Decimal | None = None


def link_documents(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `clean.invoice_links`, and `clean.links` with role `job`; needs `link_numbers` done."""
    con.execute(_EXPLICIT)
    con.execute(_INVOICE_CANDIDATES.format(block=LARGEST_BLOCK, review=REVIEW_AT))
    _write(con, decide(_read(con)))
    con.execute(_UNLINKED_INVOICES)
    con.execute(_WORK_ORDER_CANDIDATES.format(block=LARGEST_BLOCK, review=REVIEW_AT))
    con.execute(_LINK_WORK_ORDERS.format(accept=ACCEPT_AT, margin=MARGIN, shown=REVIEW_SHOWN))


def decide(candidates: list[Candidate]) -> list[tuple[Candidate, str, str]]:
    """(candidate, method, `accepted` or `review`) for all invoices that have candidates.

    Invoices that are not accepted come with their best candidates, the assigned one first.
    """
    scores = {(c.invoice, c.job): c.confidence for c in candidates}
    by_pair = {(c.invoice, c.job): c for c in candidates}
    chosen: dict[str, str] = {}
    unsure: set[str] = set()
    for part in components(scores):
        sizes = len({i for i, _ in part}), len({j for _, j in part})
        if min(sizes) > LARGEST_COMPONENT:
            continue
        found = assign(part)
        chosen |= found
        unsure |= contested(part, found, MARGIN)
    accepted = {
        i: by_pair[i, j] for i, j in chosen.items() if i not in unsure and scores[i, j] >= ACCEPT_AT
    }
    parts = _progress_billing(candidates, accepted)
    decided = [(c, _BY_LIKENESS, "accepted") for c in accepted.values()]
    decided += [(c, "progress billing", "accepted") for c in parts.values()]
    settled = accepted.keys() | parts.keys()
    return decided + _for_review([c for c in candidates if c.invoice not in settled], chosen)


def _progress_billing(
    candidates: list[Candidate], accepted: dict[str, Candidate]
) -> dict[str, Candidate]:
    """Invoice → job, where exactly one set of open invoices adds up to an open job's amount."""
    taken = {c.job for c in accepted.values()}
    by_job: dict[str, list[Candidate]] = defaultdict(list)
    for c in candidates:
        if c.invoice not in accepted and c.job not in taken and c.total and c.amount:
            by_job[c.job].append(c)
    found: dict[str, Candidate] = {}
    for _, offered in sorted(by_job.items()):
        open_ones = [c for c in offered if c.invoice not in found and c.total != c.amount]
        sets = [
            parts
            for size in range(2, _MOST_PARTS + 1)
            for parts in combinations(open_ones[:10], size)
            if sum((c.total or Decimal(0) for c in parts), Decimal(0)) == parts[0].amount
        ]
        if len(sets) == 1:
            for c in sets[0]:
                found[c.invoice] = Candidate(
                    c.invoice, c.job, PROGRESS_CONFIDENCE, c.total, c.amount
                )
    return found


def _for_review(
    candidates: list[Candidate], chosen: dict[str, str]
) -> list[tuple[Candidate, str, str]]:
    by_invoice: dict[str, list[Candidate]] = defaultdict(list)
    for c in candidates:
        by_invoice[c.invoice].append(c)
    listed = []
    for invoice, offered in sorted(by_invoice.items()):
        offered.sort(key=lambda c: (chosen.get(invoice) != c.job, -c.confidence, c.job))
        listed += [(c, _BY_LIKENESS, "review") for c in offered[:REVIEW_SHOWN]]
    return listed


def _read(con: duckdb.DuckDBPyConnection) -> list[Candidate]:
    rows = con.execute(
        "SELECT invoice_key, job_key, confidence, total, amount FROM invoice_candidates "
        "ORDER BY invoice_key, job_key"
    ).fetchall()
    return [Candidate(*row) for row in rows]


def _write(con: duckdb.DuckDBPyConnection, decided: list[tuple[Candidate, str, str]]) -> None:
    if not decided:
        return
    frame = pd.DataFrame(
        [(c.invoice, c.job, method, c.confidence, word) for c, method, word in decided],
        columns=["invoice_key", "job_key", "method", "confidence", "decision"],
    )
    con.register("decided_links", frame)
    con.execute("INSERT INTO clean.invoice_links SELECT * FROM decided_links")
    con.unregister("decided_links")


#: Numbers: the invoice names the job, the job names the invoice, or an estimate stands between.
#: A number that fits only in its normal form, across two clients, is left to a person.
_EXPLICIT = """
INSERT INTO clean.invoice_links
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), named AS (
    SELECT child_key AS invoice_key, parent_key AS job_key, method, confidence, 1 AS rank
    FROM clean.links WHERE child_object = 'invoices' AND role = 'job'
    UNION ALL
    SELECT parent_key, child_key, 'job names invoice', confidence, 2
    FROM clean.links WHERE child_object = 'jobs' AND role = 'invoice'
), estimate_of AS (
    SELECT child_key AS invoice_key, parent_key AS estimate_key, confidence
    FROM clean.links WHERE child_object = 'invoices' AND role = 'estimate'
    UNION
    SELECT parent_key, child_key, confidence
    FROM clean.links WHERE child_object = 'estimates' AND role = 'invoice'
), through AS (
    SELECT e.invoice_key, j.parent_key AS job_key, 'through the estimate' AS method,
           0.98 * e.confidence * j.confidence AS confidence, 3 AS rank
    FROM estimate_of e JOIN clean.links j
      ON j.child_key = e.estimate_key AND j.child_object = 'estimates' AND j.role = 'job'
    ANTI JOIN named n ON n.invoice_key = e.invoice_key
), best AS (
    SELECT * FROM (SELECT * FROM named UNION ALL SELECT * FROM through)
    QUALIFY row_number() OVER (PARTITION BY invoice_key, job_key ORDER BY rank, confidence DESC) = 1
)
SELECT b.invoice_key, b.job_key, b.method,
       CASE WHEN doubtful THEN least(b.confidence, 0.7) ELSE round(b.confidence, 3) END,
       CASE WHEN doubtful THEN 'review' ELSE 'accepted' END
FROM (
    SELECT b.*, b.confidence < 1 AND b.rank < 3
                AND coalesce(i.client <> j.client, false) AS doubtful
    FROM best b LEFT JOIN of_client i ON i.child_key = b.invoice_key
    LEFT JOIN of_client j ON j.child_key = b.job_key
) b;
"""

#: Equal amounts say most; a near date, the same title or address, an only choice add to it.
#: Blocks: same client and amount, same client and neighbouring months, or a client with few jobs.
_INVOICE_CANDIDATES = """
CREATE OR REPLACE TEMP TABLE invoice_candidates AS
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), billed AS (
    SELECT k.job_key, sum(i.total) AS billed
    FROM clean.invoice_links k JOIN clean.invoices i ON i.source_key = k.invoice_key
    WHERE k.decision = 'accepted' GROUP BY k.job_key
), open_invoice AS (
    SELECT i.source_key, c.client, i.total, i.subtotal, i.issue_date,
           lower(i.title) AS title, lower(i.service_address) AS address,
           len(coalesce(i.job_refs, [])) > 0 AS names_a_job,
           year(i.issue_date) * 12 + month(i.issue_date) AS month,
           count(*) OVER (PARTITION BY c.client) AS of_client
    FROM clean.invoices i JOIN of_client c ON c.child_key = i.source_key
    ANTI JOIN clean.invoice_links k ON k.invoice_key = i.source_key
    WHERE i.status IS DISTINCT FROM 'void'
), open_job AS (
    SELECT *, year(worked) * 12 + month(worked) AS month,
           count(*) OVER (PARTITION BY client) AS of_client,
           count(*) OVER (PARTITION BY client, amount) AS of_amount
    FROM (
        SELECT j.source_key, c.client, j.amount - coalesce(b.billed, 0) AS amount,
               b.job_key IS NOT NULL AS has_invoice,
               coalesce(j.completed, j.end_date, j.start_date, j.created) AS worked,
               lower(j.title) AS title, lower(j.service_address) AS address
        FROM clean.jobs j JOIN of_client c ON c.child_key = j.source_key
        LEFT JOIN billed b ON b.job_key = j.source_key
        WHERE b.job_key IS NULL OR j.amount > b.billed)
), pairs AS (
    SELECT i.source_key AS invoice_key, j.source_key AS job_key
    FROM open_invoice i JOIN open_job j ON j.client = i.client
    WHERE i.of_client <= {block} AND j.of_client <= {block}
    UNION
    SELECT i.source_key, j.source_key FROM open_invoice i
    JOIN open_job j ON j.client = i.client AND j.amount = i.total
    WHERE (i.of_client > {block} OR j.of_client > {block}) AND j.of_amount <= {block}
    UNION
    SELECT i.source_key, j.source_key FROM open_invoice i
    JOIN open_job j ON j.client = i.client AND j.amount = i.subtotal
    WHERE (i.of_client > {block} OR j.of_client > {block}) AND j.of_amount <= {block}
    UNION
    SELECT i.source_key, j.source_key
    FROM (SELECT *, unnest([month - 1, month]) AS near FROM open_invoice) i
    JOIN open_job j ON j.client = i.client AND j.month = i.near
    WHERE i.of_client > {block} OR j.of_client > {block}
), likeness AS (
    SELECT p.*, i.total, j.amount, j.has_invoice, i.names_a_job,
           i.of_client = 1 AND j.of_client = 1 AS only_choice,
           CASE WHEN j.amount > 0 AND (i.total = j.amount OR i.subtotal = j.amount) THEN 0.6
                WHEN j.amount > 0 AND abs(i.total - j.amount) <= 0.02 * j.amount THEN 0.4
                WHEN j.amount > 0 AND i.total > 0 AND i.total < j.amount THEN 0.1
                ELSE 0 END AS money,
           CASE WHEN i.issue_date - j.worked BETWEEN -7 AND 14 THEN 0.3
                WHEN i.issue_date - j.worked BETWEEN -30 AND 45 THEN 0.2
                WHEN i.issue_date - j.worked BETWEEN -60 AND 120 THEN 0.05
                ELSE 0 END AS near,
           CASE WHEN i.title = j.title THEN 0.15
                WHEN contains(i.title, j.title) OR contains(j.title, i.title) THEN 0.1
                ELSE 0 END AS called,
           CASE WHEN i.address = j.address THEN 0.1 ELSE 0 END AS placed
    FROM pairs p JOIN open_invoice i ON i.source_key = p.invoice_key
    JOIN open_job j ON j.source_key = p.job_key
    WHERE NOT j.has_invoice OR i.total = j.amount
), scored AS (
    SELECT *, least(1.0, money + near + called + placed + CASE WHEN only_choice THEN 0.1 ELSE 0 END)
              AS sum
    FROM likeness
)
SELECT invoice_key, job_key,
       round(CASE WHEN names_a_job THEN least(sum, 0.79) ELSE sum END, 3)::DOUBLE AS confidence,
       total, amount
FROM scored WHERE sum >= {review}
QUALIFY row_number() OVER (PARTITION BY invoice_key ORDER BY sum DESC, job_key) <= 10
"""

_UNLINKED_INVOICES = """
INSERT INTO clean.invoice_links
SELECT i.source_key, NULL, 'nothing fits', 0.0, 'none'
FROM clean.invoices i ANTI JOIN clean.invoice_links k ON k.invoice_key = i.source_key;
INSERT INTO clean.links
WITH stated AS (
    SELECT child_key, parent_key FROM clean.links WHERE child_object = 'invoices' AND role = 'job'
), doubtful AS (
    SELECT invoice_key, job_key FROM clean.invoice_links WHERE decision = 'review'
)
SELECT k.invoice_key, 'invoices', 'job', NULL, k.job_key, k.method, k.confidence,
       1000 + row_number() OVER (PARTITION BY k.invoice_key ORDER BY k.confidence DESC, k.job_key)
FROM clean.invoice_links k
ANTI JOIN stated s ON s.child_key = k.invoice_key AND s.parent_key = k.job_key
WHERE k.decision = 'accepted';
DELETE FROM clean.links l USING clean.invoice_links k
WHERE l.child_object = 'invoices' AND l.role = 'job' AND k.decision = 'review'
  AND k.invoice_key = l.child_key AND k.job_key = l.parent_key;
"""

#: Work orders carry no amount: client, day, title, address. Several may belong to one job.
_WORK_ORDER_CANDIDATES = """
CREATE OR REPLACE TEMP TABLE work_order_candidates AS
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), linked AS (
    SELECT child_key FROM clean.links WHERE child_object = 'work_orders' AND role = 'job'
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
FROM scored WHERE sum >= {review}
QUALIFY row_number() OVER (PARTITION BY order_key ORDER BY sum DESC, job_key) <= 10
"""

_LINK_WORK_ORDERS = """
CREATE OR REPLACE TEMP TABLE ranked_orders AS
SELECT *, row_number() OVER best AS place,
       confidence - coalesce(lead(confidence) OVER best, 0) AS ahead
FROM work_order_candidates
WINDOW best AS (PARTITION BY order_key ORDER BY confidence DESC, job_key);
INSERT INTO clean.links
SELECT order_key, 'work_orders', 'job', NULL, job_key, 'client, day, title and address',
       confidence, 1
FROM ranked_orders WHERE place = 1 AND confidence >= {accept} AND ahead >= {margin};
INSERT INTO clean.orphans
WITH linked AS (
    SELECT child_key FROM clean.links WHERE child_object = 'work_orders' AND role = 'job'
), likely AS (
    SELECT r.order_key,
           string_agg(j.number || ' (' || r.confidence || ')', ', ' ORDER BY r.place) AS jobs
    FROM ranked_orders r JOIN clean.jobs j ON j.source_key = r.job_key
    WHERE r.place <= {shown} GROUP BY r.order_key
)
SELECT w.source_key, 'work_orders', 'job', NULL,
       CASE WHEN k.jobs IS NULL THEN 'no job named, and none fits'
            ELSE 'no job named; likely ' || k.jobs END
FROM clean.work_orders w ANTI JOIN linked l ON l.child_key = w.source_key
LEFT JOIN likely k ON k.order_key = w.source_key
WHERE len(coalesce(w.job_refs, [])) = 0 OR k.jobs IS NOT NULL;
"""
