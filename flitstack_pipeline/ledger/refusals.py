"""Links that a row names and rightly does not have: refused with a line that a person sees.

A text kept among the original values excuses a link that is not there only where such a refusal is
recorded: several records fit, an estimate or job is another client's, or a person parted the two.
Belongs here: the table of refusals. Does not: what a cell leads to (`holders`), judging (`settle`).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pyarrow as pa

from flitstack_pipeline.mapping.sources import ACCEPTED, relation

#: Stands for every kind of record.
ANY = "*"
_ACCEPTED = ", ".join(f"'{word}'" for word in ACCEPTED)
_DDL = """
CREATE OR REPLACE TEMP TABLE ledger_refused AS
WITH accepted AS (
    SELECT invoice_key, job_key FROM {invoice_links} WHERE decision IN ({accepted})
), job_of AS (
    SELECT child_key AS estimate_key, parent_key AS job_key FROM {links}
    WHERE role = 'job' AND child_object = 'estimates'
    UNION
    SELECT parent_key, child_key FROM {links} WHERE role = 'estimate' AND child_object = 'jobs'
)
-- what fits several records, or is of another client
SELECT child_key AS key, CASE role WHEN 'job' THEN 'jobs' WHEN 'estimate' THEN 'estimates'
    WHEN 'invoice' THEN 'invoices' WHEN 'converted' THEN 'clients' ELSE '{any}' END AS kind
FROM {orphans}
WHERE regexp_matches(reason, '^several records fit|clients fit this lead|another (client|job)$')
UNION
-- another client's job: left for review
SELECT invoice_key, 'jobs' FROM {invoice_links}
WHERE decision NOT IN ({accepted}) AND job_key IS NOT NULL
UNION
SELECT work_order_key, 'jobs' FROM {work_order_links}
WHERE decision NOT IN ({accepted}) AND job_key IS NOT NULL
UNION
-- an id leads to the client, so that the name beside it need not
SELECT child_key, 'people' FROM {links} WHERE role = 'client' AND method NOT LIKE '%name%'
UNION
-- an estimate of a job that is not the invoice's
SELECT e.child_key, 'estimates' FROM {links} e
WHERE e.role = 'estimate' AND e.child_object = 'invoices' AND (
    EXISTS (SELECT 1 FROM job_of j WHERE j.estimate_key = e.parent_key AND NOT EXISTS (
        SELECT 1 FROM accepted a WHERE a.invoice_key = e.child_key AND a.job_key = j.job_key))
    OR (NOT EXISTS (SELECT 1 FROM job_of j WHERE j.estimate_key = e.parent_key)
        AND EXISTS (SELECT 1 FROM accepted a WHERE a.invoice_key = e.child_key)))
UNION
-- a person said that lead and client are two
SELECT unnest([left_key, right_key]), 'clients' FROM {duplicate_pairs}
WHERE object = 'leads' AND decision = 'keep apart'
UNION
SELECT key, 'jobs' FROM incoming"""


def prepare(con: duckdb.DuckDBPyConnection, parted: Collection[str]) -> None:
    """Make the temporary table `ledger_refused (key, kind)`: rows, and kinds of record refused.

    Args:
        con: The warehouse, with relationships resolved.
        parted: Source keys of documents that a person parted from a job.
    """
    names = ("links", "orphans", "invoice_links", "work_order_links", "duplicate_pairs")
    tables = {name: relation(con, f"clean.{name}") for name in names}
    con.register("incoming", pa.table([pa.array(sorted(parted), pa.string())], names=["key"]))
    con.execute(_DDL.format(**tables, accepted=_ACCEPTED, any=ANY))
    con.unregister("incoming")
