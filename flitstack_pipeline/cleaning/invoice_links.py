"""Which jobs invoices belong to: explicit numbers first, else what fits best together.

Belongs here: `clean.invoice_links`, and links of role `job` for invoices that name no job. Does
not: resolving numbers (`references`), candidates and their confidence (`link_candidates`), choosing
among them (`invoice_choice`), work orders (`work_order_links`).

Without a number, the invoices of a client compete for that client's jobs by amount, date, title
and address; the pairs are assigned together, best total first. An amount fits as it is, or times a
tax of the account (`account_ratios`). A pair that could as well be another one goes to review,
whatever its confidence. Several invoices that add up to one job are progress billing, several jobs
that add up to one invoice were billed together; an invoice over a share that the account often
bills is a deposit. A job with an invoice already takes another one only for what is still
unbilled. What a person decided in `decisions/invoice_links.csv` (`link`, `do not link`) always
stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.account_ratios import learn_ratios, taxes
from flitstack_pipeline.cleaning.decisions import INVOICE_LINKS, DecisionFile, read_decisions
from flitstack_pipeline.cleaning.invoice_choice import (
    Account,
    Candidate,
    Clients,
    OpenInvoice,
    OpenJob,
    decide,
)
from flitstack_pipeline.cleaning.link_candidates import OPEN, invoice_candidates
from flitstack_pipeline.warehouse import row_count

REVIEW_AT = 0.3
#: Rows of one client, amount or month that are still compared each with each.
LARGEST_BLOCK = 40
#: Pairs of the only job and the only invoice of a client that must agree by amount, and the share,
#: before such a pair without an amount is linked.
FEWEST_ALONE, RIGHT_ALONE = 1_000, 0.999
#: Candidates that are decided at once.
BATCH = 200_000


def link_invoices(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Fill `clean.invoice_links`, and `clean.links` with role `job`; needs `link_numbers` done.

    `decisions` is the folder of `invoice_links.csv`. Raises BadInput when that file cannot be
    followed (see `decisions`).
    """
    if not row_count(con, "clean.invoices"):
        return
    make_link_decisions(con, decisions / INVOICE_LINKS.name, INVOICE_LINKS, "invoices")
    con.execute(_EXPLICIT)
    ratios = learn_ratios(con, decisions)
    con.execute(OPEN)
    con.execute(invoice_candidates(ratios, LARGEST_BLOCK, REVIEW_AT))
    account = Account(taxes(ratios), _only_choices_agree(con), _kept_apart(con))
    for candidates, clients in _batches(con):
        _write(con, decide(candidates, clients, account))
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


def _batches(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[list[Candidate], Clients]]:
    """The candidates, whole clients together, in lists of about `BATCH`: memory stays flat."""
    parts = max(1, _count_candidates(con) // BATCH)
    for part in range(parts):
        rows = con.execute(
            "SELECT invoice_key, job_key, confidence, total, amount, fits, part, is_near, "
            "only_choice, may_be_a_twin FROM invoice_candidates "
            "WHERE hash(client) % ? = ? ORDER BY invoice_key, job_key",
            [parts, part],
        ).fetchall()
        yield [Candidate(*row) for row in rows], _clients(con, parts, part)


def _clients(con: duckdb.DuckDBPyConnection, parts: int, part: int) -> Clients:
    """The open invoices and jobs of clients with several open jobs."""
    rows = con.execute(_OPEN_OF_CLIENTS, [parts, part]).fetchall()
    return [
        ([OpenInvoice(i["k"], i["a"], i["d"]) for i in invoices],
         [OpenJob(j["k"], j["a"], j["d"]) for j in jobs])
        for invoices, jobs in rows
    ]  # fmt: skip


_OPEN_OF_CLIENTS = """
WITH bills AS (
    SELECT client, list({k: source_key, a: before_changes, d: issue_date} ORDER BY source_key)
           AS invoices
    FROM open_invoice WHERE before_changes > 0 AND NOT names_a_job GROUP BY client
), works AS (
    SELECT client, list({k: source_key, a: amount, d: worked} ORDER BY source_key) AS jobs
    FROM open_job WHERE amount > 0 AND NOT has_invoice GROUP BY client HAVING count(*) > 1
)
SELECT invoices, jobs FROM bills JOIN works USING (client)
WHERE hash(client) % ? = ? ORDER BY client
"""


def _kept_apart(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(
        con.execute(
            "SELECT document_key, job_key FROM link_decisions WHERE decision = 'do not link'"
        ).fetchall()
    )


def _only_choices_agree(con: duckdb.DuckDBPyConnection) -> str:
    """Why a client's only job is that of its only invoice, from those whose amounts are known;
    empty where they are too few, or too many of them differ."""
    known, agree = con.execute(
        """
        SELECT count(*), count(*) FILTER (fits OR part IS NOT NULL)
        FROM invoice_candidates WHERE only_choice AND amount > 0 AND total > 0
        """
    ).fetchall()[0]
    if known < FEWEST_ALONE or agree < RIGHT_ALONE * known:
        return ""
    return f"the one job of this client ({agree:,} of {known:,} such pairs agree by amount)"


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
