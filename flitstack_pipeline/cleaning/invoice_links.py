"""Which jobs invoices belong to: explicit numbers first, else what fits best together.

Belongs here: `clean.invoice_links`, and links of role `job` for invoices that name no job. Does
not: resolving numbers (`references`), candidates and their confidence (`link_candidates`), the
assignment itself (`assignment`), work orders (`work_order_links`).

Without a number, the invoices of a client compete for that client's jobs by amount, date, title
and address; the pairs are assigned together, best total first. A pair that could as well be
another one goes to review, whatever its confidence. Several invoices that add up to one job are
progress billing, several jobs that add up to one invoice were billed together; a job with an
invoice already takes another one only for what is still unbilled. What a person decided in
`decisions/invoice_links.csv` (`link`, `do not link`) always stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.assignment import LARGEST_COMPONENT, assign, components, contested
from flitstack_pipeline.cleaning.decisions import INVOICE_LINKS, DecisionFile, read_decisions
from flitstack_pipeline.cleaning.link_candidates import INVOICE_CANDIDATES
from flitstack_pipeline.warehouse import row_count

ACCEPT_AT, REVIEW_AT = 0.8, 0.3
#: A pair whose alternative is this close is left to a person.
MARGIN = 0.1
REVIEW_SHOWN = 3
#: Rows of one client, amount or month that are still compared each with each.
LARGEST_BLOCK = 40
SUM_CONFIDENCE = 0.85
_MOST_PARTS = 4
#: Candidates that are decided at once.
BATCH = 200_000
_BY_LIKENESS = "client, amount and date"


@dataclass(frozen=True)
class Candidate:
    """One possible job of one invoice or work order, with the confidence of the match."""

    invoice: str
    job: str
    confidence: float
    total: Decimal | None = None
    amount: Decimal | None = None


def link_invoices(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Fill `clean.invoice_links`, and `clean.links` with role `job`; needs `link_numbers` done.

    `decisions` is the folder of `invoice_links.csv`. Raises BadInput when that file cannot be
    followed (see `decisions`).
    """
    if not row_count(con, "clean.invoices"):
        return
    make_link_decisions(con, decisions / INVOICE_LINKS.name, INVOICE_LINKS, "invoices")
    con.execute(_EXPLICIT)
    con.execute(INVOICE_CANDIDATES.format(block=LARGEST_BLOCK, review=REVIEW_AT))
    for candidates in _batches(con):
        _write(con, decide(candidates))
    con.execute(_UNLINKED_INVOICES)


def make_link_decisions(
    con: duckdb.DuckDBPyConnection, path: Path, kind: DecisionFile, documents: str
) -> None:
    """Temporary table `link_decisions` (document_key, job_key, decision) of those that still fit.

    The others are listed in `clean.idle_decisions` under `documents`, a table of `clean`.
    """

    import pandas as pd

    rows = [(row[kind.keys[0]], row[kind.keys[1]], row["decision"])
            for row in read_decisions(path, kind)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["document_key", "job_key", "decision"]).astype("str")
    con.register("decisions_read", frame)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE link_decisions AS
        SELECT r.* FROM decisions_read r
        SEMI JOIN clean."{documents}" d ON d.source_key = r.document_key
        SEMI JOIN clean.jobs j ON j.source_key = r.job_key;
        INSERT INTO clean.idle_decisions
        SELECT '{documents}', r.document_key, r.job_key, r.decision, 'no such record or job'
        FROM decisions_read r ANTI JOIN link_decisions USING (document_key, job_key);
        """
    )
    con.unregister("decisions_read")


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
    taken = {c.job for c in (*accepted.values(), *parts.values())}
    joint = _joint_billing([c for c in candidates if c.job not in taken], {*accepted, *parts})
    decided = [(c, _BY_LIKENESS, "accepted") for c in accepted.values()]
    decided += [(c, "progress billing", "accepted") for c in parts.values()]
    decided += [(c, "one invoice for several jobs", "accepted") for c in joint]
    settled = accepted.keys() | parts.keys() | {c.invoice for c in joint}
    return decided + _for_review([c for c in candidates if c.invoice not in settled], chosen)


def _progress_billing(
    candidates: list[Candidate], accepted: dict[str, Candidate]
) -> dict[str, Candidate]:
    """Invoice → job, where exactly one set of open invoices adds up to an open job's amount, and
    could not as well be the parts of another job of that amount."""
    taken = {c.job for c in accepted.values()}
    by_job: dict[str, list[Candidate]] = defaultdict(list)
    jobs_of: dict[str, set[tuple[str, Decimal]]] = defaultdict(set)
    for c in candidates:
        if c.invoice not in accepted and c.job not in taken and c.total and c.amount:
            by_job[c.job].append(c)
            jobs_of[c.invoice].add((c.job, c.amount))
    found: dict[str, Candidate] = {}
    for _, offered in sorted(by_job.items()):
        open_ones = [c for c in offered if c.invoice not in found and c.total != c.amount]
        parts = _only_sum([(c, c.total) for c in open_ones], offered[0].amount)
        shared = set.intersection(*(jobs_of[c.invoice] for c in parts)) if parts else set()
        if [amount for _, amount in shared].count(offered[0].amount or Decimal(0)) == 1:
            found |= {c.invoice: replace(c, confidence=SUM_CONFIDENCE) for c in parts}
    return found


def _joint_billing(candidates: list[Candidate], settled: set[str]) -> list[Candidate]:
    """Pairs of an open invoice with the only set of open jobs that adds up to its total."""
    by_invoice: dict[str, list[Candidate]] = defaultdict(list)
    for c in candidates:
        if c.invoice not in settled and c.total and c.amount:
            by_invoice[c.invoice].append(c)
    found: list[Candidate] = []
    taken: set[str] = set()
    for _, offered in sorted(by_invoice.items()):
        open_ones = [c for c in offered if c.job not in taken and c.total != c.amount]
        if parts := _only_sum([(c, c.amount) for c in open_ones], offered[0].total):
            found += [replace(c, confidence=SUM_CONFIDENCE) for c in parts]
            taken |= {c.job for c in parts}
    return found


def _only_sum(
    offered: list[tuple[Candidate, Decimal | None]], wanted: Decimal | None
) -> tuple[Candidate, ...]:
    """The one set of two to four candidates whose amounts add up to `wanted`; else none.

    Only the ten best candidates are tried (375 sets), and two sets that fit are as good as none.
    """
    likeliest = sorted(offered, key=lambda o: (-o[0].confidence, o[0].invoice, o[0].job))[:10]
    sets = [
        parts
        for size in range(2, _MOST_PARTS + 1)
        for parts in combinations(likeliest, size)
        if sum((amount or Decimal(0) for _, amount in parts), Decimal(0)) == wanted
    ]
    return tuple(c for c, _ in sets[0]) if len(sets) == 1 else ()


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


def _batches(con: duckdb.DuckDBPyConnection) -> Iterator[list[Candidate]]:
    """The candidates, whole clients together, in lists of about `BATCH`: memory stays flat."""
    parts = max(1, _count_candidates(con) // BATCH)
    for part in range(parts):
        rows = con.execute(
            "SELECT invoice_key, job_key, confidence, total, amount FROM invoice_candidates "
            "WHERE hash(client) % ? = ? ORDER BY invoice_key, job_key",
            [parts, part],
        ).fetchall()
        yield [Candidate(*row) for row in rows]


def _count_candidates(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT count(*) FROM invoice_candidates").fetchall()[0][0])


def _write(con: duckdb.DuckDBPyConnection, decided: list[tuple[Candidate, str, str]]) -> None:
    import pandas as pd

    if not decided:
        return
    frame = pd.DataFrame(
        [(c.invoice, c.job, method, c.confidence, word) for c, method, word in decided],
        columns=["invoice_key", "job_key", "method", "confidence", "decision"],
    )
    con.register("decided_links", frame)
    con.execute("INSERT INTO clean.invoice_links SELECT * FROM decided_links")
    con.unregister("decided_links")


def anothers_job(alike: str) -> str:
    """SQL: whether a number leads to another client's job in such a way that a person must decide.

    Over `mine.client`, `theirs.client` and the `confidence` of the number: unless it is written
    exactly so (1) and `alike` holds, since one client may pay for another.
    """
    return f"""(coalesce(mine.client <> theirs.client, false)
                AND (confidence < 1 OR NOT coalesce({alike}, false)))"""


_ALIKE = """job.amount IN (invoice.total, invoice.subtotal)
                OR lower(job.service_address) = lower(invoice.service_address)
                OR lower(job.title) = lower(invoice.title)"""
#: Numbers: the invoice names the job, the job names the invoice, or an estimate stands between.
_EXPLICIT = f"""
INSERT INTO clean.invoice_links
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), named AS (
    SELECT child_key AS invoice_key, parent_key AS job_key, method, confidence, 1 AS rank
    FROM clean.links WHERE child_object = 'invoices' AND role = 'job'
    UNION ALL
    SELECT document_key, job_key, 'decided by a person', 1.0, 0
    FROM link_decisions WHERE decision = 'link'
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
    SELECT * FROM (SELECT * FROM named UNION ALL SELECT * FROM through) b
    ANTI JOIN link_decisions d
      ON d.document_key = b.invoice_key AND d.job_key = b.job_key AND d.decision = 'do not link'
    QUALIFY row_number() OVER (PARTITION BY invoice_key, job_key ORDER BY rank, confidence DESC) = 1
)
SELECT b.invoice_key, b.job_key, b.method,
       CASE WHEN doubtful THEN least(b.confidence, 0.7) ELSE round(b.confidence, 3) END,
       CASE WHEN doubtful THEN 'review' ELSE 'accepted' END
FROM (
    SELECT b.*, b.rank IN (1, 2) AND {anothers_job(_ALIKE)} AS doubtful
    FROM best b
    JOIN clean.invoices invoice ON invoice.source_key = b.invoice_key
    JOIN clean.jobs job ON job.source_key = b.job_key
    LEFT JOIN of_client mine ON mine.child_key = b.invoice_key
    LEFT JOIN of_client theirs ON theirs.child_key = b.job_key
) b;
"""

_UNLINKED_INVOICES = """
INSERT INTO clean.invoice_links
SELECT i.source_key, NULL, 'nothing fits', 0.0, 'none'
FROM clean.invoices i ANTI JOIN clean.invoice_links k ON k.invoice_key = i.source_key;
INSERT INTO clean.links
WITH stated AS (
    SELECT child_key, parent_key FROM clean.links WHERE child_object = 'invoices' AND role = 'job'
)
SELECT k.invoice_key, 'invoices', 'job', NULL, k.job_key, k.method, k.confidence,
       1000 + row_number() OVER (PARTITION BY k.invoice_key ORDER BY k.confidence DESC, k.job_key)
FROM clean.invoice_links k
ANTI JOIN stated s ON s.child_key = k.invoice_key AND s.parent_key = k.job_key
WHERE k.decision = 'accepted';
DELETE FROM clean.links l
WHERE l.child_object = 'invoices' AND l.role = 'job' AND NOT EXISTS (
    SELECT 1 FROM clean.invoice_links k
    WHERE k.decision = 'accepted' AND k.invoice_key = l.child_key AND k.job_key = l.parent_key);
"""
