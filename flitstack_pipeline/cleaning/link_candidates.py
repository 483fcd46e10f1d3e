"""Which jobs an invoice without a number may belong to, and how well each fits.

Belongs here: the temporary tables `open_invoice`, `open_job`, `job_days` (jobs of one client and
price) and `invoice_candidates` as SQL. Does not: choosing among the candidates (`invoice_choice`).
A client of many jobs is compared by amount and month only, so no block grows with the square of
its rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

#: The invoices whose job no number says, and the jobs that are not billed in full.
OPEN = """
CREATE OR REPLACE TEMP TABLE open_invoice AS
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), changed AS (
    SELECT l.parent_key AS invoice_key, sum(o.amount) AS changed
    FROM clean.change_orders o
    JOIN clean.links l ON l.child_key = o.source_key AND l.role = 'invoice'
    WHERE lower(coalesce(o.status, '')) NOT IN ('declined', 'rejected', 'void', 'cancelled')
    GROUP BY l.parent_key
)
SELECT i.source_key, c.client, i.total, i.subtotal, i.issue_date,
       i.total - coalesce(o.changed, 0) AS before_changes,
       lower(i.title) AS title, lower(i.service_address) AS address,
       len(coalesce(i.job_refs, [])) > 0 AS names_a_job,
       year(i.issue_date) * 12 + month(i.issue_date) AS month,
       count(*) OVER (PARTITION BY c.client) AS of_client
FROM clean.invoices i JOIN of_client c ON c.child_key = i.source_key
LEFT JOIN changed o ON o.invoice_key = i.source_key
ANTI JOIN clean.invoice_links k ON k.invoice_key = i.source_key
WHERE i.status IS DISTINCT FROM 'void';
CREATE OR REPLACE TEMP TABLE open_job AS
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), billed AS (
    SELECT k.job_key, sum(i.total) AS billed
    FROM clean.invoice_links k JOIN clean.invoices i ON i.source_key = k.invoice_key
    WHERE k.decision = 'accepted' GROUP BY k.job_key
)
SELECT *, year(worked) * 12 + month(worked) AS month,
       count(*) OVER (PARTITION BY client) AS of_client,
       count(*) OVER (PARTITION BY client, amount) AS of_amount
FROM (
    SELECT j.source_key, c.client, j.amount - coalesce(b.billed, 0) AS amount,
           j.amount AS stated_amount,
           b.job_key IS NOT NULL AS has_invoice,
           coalesce(j.completed, j.end_date, j.start_date, j.created) AS worked,
           lower(j.title) AS title, lower(j.service_address) AS address
    FROM clean.jobs j JOIN of_client c ON c.child_key = j.source_key
    LEFT JOIN billed b ON b.job_key = j.source_key
    WHERE b.job_key IS NULL OR j.amount > b.billed);
CREATE OR REPLACE TEMP TABLE job_days AS
SELECT c.parent_key AS client, j.amount,
       list({job: j.source_key, day: coalesce(j.completed, j.end_date, j.start_date, j.created)})
       AS days
FROM clean.jobs j JOIN clean.links c ON c.child_key = j.source_key AND c.role = 'client'
GROUP BY ALL HAVING count(*) > 1;
"""

#: Equal amounts say most, as they are or times a tax of the account; a near date, the same title or
#: address, an only choice add to it.
#: Of several jobs of one price, billed ones too, the nearest by far in time is meant.
#: Blocks: same client and amount, same client and neighbouring months, or a client with few jobs.
_CANDIDATES = """
CREATE OR REPLACE TEMP TABLE invoice_candidates AS
WITH pairs AS (
    SELECT i.source_key AS invoice_key, j.source_key AS job_key
    FROM open_invoice i JOIN open_job j ON j.client = i.client
    WHERE i.of_client <= {block} AND j.of_client <= {block}
    UNION
    SELECT i.source_key, j.source_key
    FROM (SELECT *, unnest(list_concat([total, subtotal, before_changes],
              list_transform({taxes}, lambda t: round(before_changes / t, 2)))) AS wanted
          FROM open_invoice) i
    JOIN open_job j ON j.client = i.client AND j.amount = i.wanted
    WHERE (i.of_client > {block} OR j.of_client > {block}) AND j.of_amount <= {block}
    UNION
    SELECT i.source_key, j.source_key
    FROM (SELECT *, unnest([month - 1, month]) AS near FROM open_invoice) i
    JOIN open_job j ON j.client = i.client AND j.month = i.near
    WHERE i.of_client > {block} OR j.of_client > {block}
), compared AS (
    SELECT p.*,
           coalesce(j.amount > 0 AND (j.amount IN (i.total, i.subtotal, i.before_changes)
               OR {taxed}), false) AS fits,
           {part} AS part,
           coalesce(len(list_filter(d.days, lambda w: w.job <> j.source_key
               AND NOT list_contains(coalesce(a.jobs, []), w.job)
               AND coalesce(abs(i.issue_date - w.day)
                            < greatest(1, 2 * abs(i.issue_date - j.worked)), true))) > 0, false)
               AS may_be_a_twin
    FROM pairs p JOIN open_invoice i ON i.source_key = p.invoice_key
    JOIN open_job j ON j.source_key = p.job_key
    LEFT JOIN job_days d ON d.client = j.client AND d.amount = j.stated_amount
    LEFT JOIN (
        SELECT document_key, list(job_key) AS jobs FROM link_decisions
        WHERE decision = 'do not link' GROUP BY document_key
    ) a ON a.document_key = p.invoice_key
), likeness AS (
    SELECT p.*, i.client, i.before_changes AS total, j.amount, j.has_invoice, i.names_a_job,
           i.of_client = 1 AND j.of_client = 1 AS only_choice,
           CASE WHEN p.fits THEN 0.6
                WHEN j.amount > 0 AND abs(i.total - j.amount) <= 0.02 * j.amount THEN 0.4
                WHEN j.amount > 0 AND i.total > 0 THEN 0.1
                ELSE 0 END AS money,
           CASE WHEN i.issue_date - j.worked BETWEEN -7 AND 14 THEN 0.3
                WHEN i.issue_date - j.worked BETWEEN -30 AND 45 THEN 0.2
                WHEN i.issue_date - j.worked BETWEEN -60 AND 120 THEN 0.05
                ELSE 0 END AS near,
           CASE WHEN i.title = j.title THEN 0.15
                WHEN contains(i.title, j.title) OR contains(j.title, i.title) THEN 0.1
                ELSE 0 END AS called,
           CASE WHEN i.address = j.address THEN 0.1 ELSE 0 END AS placed
    FROM compared p JOIN open_invoice i ON i.source_key = p.invoice_key
    JOIN open_job j ON j.source_key = p.job_key
    WHERE NOT j.has_invoice OR p.fits
), scored AS (
    SELECT *, least(1.0, money + near + called + placed + CASE WHEN only_choice THEN 0.1 ELSE 0 END)
              AS sum
    FROM likeness
)
SELECT invoice_key, job_key,
       round(CASE WHEN names_a_job THEN least(sum, 0.79) ELSE sum END, 3)::DOUBLE AS confidence,
       total, amount, fits, part, near >= 0.2 AND NOT names_a_job AS is_near, only_choice,
       may_be_a_twin, client
FROM scored s ANTI JOIN link_decisions d
  ON d.document_key = s.invoice_key AND d.job_key = s.job_key AND d.decision = 'do not link'
WHERE sum >= {review}
QUALIFY row_number() OVER (PARTITION BY invoice_key ORDER BY sum DESC, job_key) <= 10
"""


def invoice_candidates(ratios: Iterable[Decimal], block: int, review: float) -> str:
    """SQL that makes `invoice_candidates` from `open_invoice` and `open_job`.

    Args:
        ratios: Of total and amount in this account (`account_ratios`).
        block: Rows of one client that are still compared each with each.
        review: Pairs of less confidence are left out.
    """
    found = list(ratios)
    taxes, parts = [r for r in found if r > 1], [r for r in found if r < 1]
    return _CANDIDATES.format(
        block=block,
        review=review,
        taxes=f"[{', '.join(map(str, taxes))}]::DECIMAL(9, 6)[]",
        taxed=" OR ".join(_is_times(r) for r in taxes) or "false",
        part=f"(CASE {' '.join(f'WHEN {_is_times(r)} THEN {r}' for r in parts)} END)"
        if parts else "NULL::DECIMAL(9, 6)",
    )  # fmt: skip


def _is_times(ratio: Decimal) -> str:
    """SQL: the total is so many times the job's amount, but for a cent of rounding."""
    return f"abs(round(j.amount * {ratio}, 2) - i.before_changes) <= 0.01"
