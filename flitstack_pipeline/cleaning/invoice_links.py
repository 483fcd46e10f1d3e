"""Which jobs an invoice belongs to: explicit numbers first, else client, amount and date.

Without numbers every invoice of a client competes for that client's jobs; the pairs are assigned
together, best total first, so that two invoices never take the same unlinked job.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

import duckdb

ACCEPT_AT = 0.8
EXACT_GROUP = 6


@dataclass(frozen=True)
class Candidate:
    """One possible job of one invoice, with the confidence of the match."""

    invoice: str
    job: str
    confidence: float


def link_documents(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `clean.invoice_links`, and add accepted links to `clean.links` with role `job`."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE wanted AS
        SELECT source_key, workspace, unnest(job_refs) AS ref FROM clean.invoices;
        INSERT INTO clean.invoice_links
        SELECT w.source_key, min(j.source_key), 'number', 1.0, 'accepted'
        FROM wanted w JOIN clean.jobs j ON j.workspace = w.workspace
         AND (j.number = w.ref OR normal_number(j.number) = normal_number(w.ref))
        GROUP BY w.source_key, w.ref;
        INSERT INTO clean.orphans
        SELECT source_key, 'invoices', 'job', ref, 'no such number' FROM wanted
        WHERE source_key NOT IN (SELECT invoice_key FROM clean.invoice_links);
        INSERT INTO clean.invoice_links
        SELECT DISTINCT i.source_key, j.source_key, 'job names invoice', 1.0, 'accepted'
        FROM (SELECT source_key, workspace, unnest(invoice_refs) AS ref FROM clean.jobs) j
        JOIN clean.invoices i ON i.workspace = j.workspace
         AND normal_number(i.number) = normal_number(j.ref)
        WHERE i.source_key NOT IN (SELECT invoice_key FROM clean.invoice_links);
        INSERT INTO clean.invoice_links
        SELECT DISTINCT e.child_key, j.parent_key, 'through the estimate', 0.98, 'accepted'
        FROM clean.links e JOIN clean.links j
          ON j.child_key = e.parent_key AND j.child_object = 'estimates' AND j.role = 'job'
        WHERE e.child_object = 'invoices' AND e.role = 'estimate'
          AND e.child_key NOT IN (SELECT invoice_key FROM clean.invoice_links);
        """
    )
    found = _assigned(_candidates(con))
    if found:
        con.executemany(
            "INSERT INTO clean.invoice_links VALUES (?, ?, 'client, amount and date', ?, ?)",
            [
                [
                    c.invoice,
                    c.job,
                    c.confidence,
                    "accepted" if c.confidence >= ACCEPT_AT else "review",
                ]
                for c in found
            ],
        )
    con.execute(
        """
        INSERT INTO clean.links
        SELECT invoice_key, 'invoices', 'job', NULL, job_key, method, confidence,
               row_number() OVER (PARTITION BY invoice_key ORDER BY confidence DESC, job_key)
        FROM clean.invoice_links WHERE decision = 'accepted'
        """
    )


def _candidates(con: duckdb.DuckDBPyConnection) -> dict[str, list[Candidate]]:
    """Possible jobs of the unlinked invoices, by client."""
    rows = con.execute(
        """
        SELECT ci.parent_key, i.source_key, j.source_key, i.total, j.amount, i.issue_date,
               coalesce(j.completed, j.end_date, j.start_date, j.created),
               lower(coalesce(i.title, '')) = lower(coalesce(j.title, '')) AND i.title IS NOT NULL
        FROM clean.invoices i
        JOIN clean.links ci ON ci.child_key = i.source_key AND ci.role = 'client'
        JOIN clean.links cj ON cj.parent_key = ci.parent_key AND cj.role = 'client'
         AND cj.child_object = 'jobs'
        JOIN clean.jobs j ON j.source_key = cj.child_key
        WHERE i.source_key NOT IN (SELECT invoice_key FROM clean.invoice_links)
          AND len(i.job_refs) = 0
          AND j.source_key NOT IN (SELECT job_key FROM clean.invoice_links)
        ORDER BY 1, 2, 3
        """
    ).fetchall()
    found: dict[str, list[Candidate]] = defaultdict(list)
    for client, invoice, job, total, amount, issued, worked, same_title in rows:
        confidence = _confidence(total, amount, issued, worked, same_title)
        if confidence >= 0.3:
            found[client].append(Candidate(invoice, job, confidence))
    return found


def _confidence(
    total: Decimal | None,
    amount: Decimal | None,
    issued: dt.date | None,
    worked: dt.date | None,
    same_title: bool,
) -> float:
    """Equal amounts say most; a near date and the same title add to it."""
    score = 0.0
    if total is not None and amount is not None and total > 0:
        gap = abs(total - amount) / max(total, amount)
        score += 0.6 if gap == 0 else 0.35 if gap <= Decimal("0.02") else 0.0
    if issued and worked:
        days = abs((issued - worked).days)
        score += 0.3 if days <= 14 else 0.2 if days <= 45 else 0.0
    return round(score + (0.1 if same_title else 0.0), 3)


def _assigned(by_client: dict[str, list[Candidate]]) -> list[Candidate]:
    """One job per invoice and one invoice per job, with the best total for each client."""
    chosen: list[Candidate] = []
    for candidates in by_client.values():
        invoices = sorted({c.invoice for c in candidates})
        jobs = sorted({c.job for c in candidates})
        score = {(c.invoice, c.job): c for c in candidates}
        if len(invoices) <= EXACT_GROUP and len(jobs) <= EXACT_GROUP:
            chosen += _best_total(invoices, jobs, score)
        else:
            chosen += _best_first(candidates)
    return chosen


def _best_total(
    invoices: list[str], jobs: list[str], score: dict[tuple[str, str], Candidate]
) -> list[Candidate]:
    """Every assignment of a small group is tried."""
    padded: list[str | None] = [*jobs, *([None] * len(invoices))]
    best: list[Candidate] = []
    best_sum = -1.0
    for order in set(permutations(padded, len(invoices))) if len(padded) <= 7 else []:
        found = [score[i, j] for i, j in zip(invoices, order, strict=True) if j and (i, j) in score]
        total = sum(c.confidence for c in found)
        if total > best_sum:
            best, best_sum = found, total
    return best if best_sum >= 0 else _best_first(list(score.values()))


def _best_first(candidates: list[Candidate]) -> list[Candidate]:
    taken: set[str] = set()
    chosen = []
    for c in sorted(candidates, key=lambda c: (-c.confidence, c.invoice, c.job)):
        if c.invoice not in taken and c.job not in taken:
            taken |= {c.invoice, c.job}
            chosen.append(c)
    return chosen
