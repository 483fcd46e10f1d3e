"""Which job an estimate belongs to: one, of the estimate's own client.

Belongs here: choosing among the jobs that name an estimate or that it names, and telling the
others (`clean.orphans`). Does not: resolving the numbers (`references`), which of a job's estimates
its opportunity shows (`mapping.sources`).

An opportunity has one contact, so an estimate of another client would be shown on the wrong one:
it keeps an opportunity of its own, and the number of the job stays among its original values. A
job that names no client has the one that all its estimates name.
"""

from __future__ import annotations

import duckdb

#: Why a number that was found is no link; the ledger knows them by `another` (`ledger.refusals`).
OTHER_CLIENTS_JOB = "it is a job of another client"
OTHER_CLIENTS_ESTIMATE = "it is an estimate of another client"
OTHER_JOB = "the estimate belongs to another job"

#: Every job of an estimate: what the estimate says comes before what jobs say.
_NAMED = """
CREATE OR REPLACE TEMP TABLE estimate_named AS
SELECT estimate_key, job_key, min(rank) AS rank FROM (
    SELECT child_key AS estimate_key, parent_key AS job_key, coalesce(position, 0) AS rank
    FROM clean.links WHERE child_object = 'estimates' AND role = 'job'
    UNION ALL
    SELECT parent_key, child_key, 1000 + coalesce(position, 0)
    FROM clean.links WHERE child_object = 'jobs' AND role = 'estimate'
) GROUP BY ALL"""
_CLIENTS_OF_JOBS = """
INSERT INTO clean.links
SELECT n.job_key, 'jobs', 'client', NULL, min(c.parent_key), 'client of its estimates', 0.9, 1
FROM estimate_named n
JOIN clean.orphans o ON o.child_key = n.job_key AND o.role = 'client' AND o.reference IS NULL
JOIN clean.links c ON c.child_key = n.estimate_key AND c.role = 'client'
GROUP BY n.job_key HAVING count(DISTINCT c.parent_key) = 1;
DELETE FROM clean.orphans WHERE child_object = 'jobs' AND role = 'client'
AND child_key IN (SELECT child_key FROM clean.links WHERE role = 'client')"""
_CHOSEN = """
CREATE OR REPLACE TEMP TABLE estimate_chosen AS
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), known AS (
    SELECT n.*, mine.client IS NOT NULL AND theirs.client IS DISTINCT FROM mine.client AS anothers
    FROM estimate_named n
    LEFT JOIN of_client mine ON mine.child_key = n.estimate_key
    LEFT JOIN of_client theirs ON theirs.child_key = n.job_key
)
SELECT estimate_key, job_key, anothers, NOT anothers AND row_number() OVER (
    PARTITION BY estimate_key ORDER BY anothers, rank, job_key) = 1 AS chosen
FROM known"""
#: The two ways a pair is stated: who says it, in which role, and the keys of both.
_STATED = (
    ("estimates", "job", "estimate_key", "job_key", OTHER_CLIENTS_JOB),
    ("jobs", "estimate", "job_key", "estimate_key", OTHER_CLIENTS_ESTIMATE),
)
_TELL = """
INSERT INTO clean.orphans
SELECT l.child_key, l.child_object, l.role, l.reference,
       CASE WHEN e.anothers THEN '{why}' ELSE '{other_job}' END
FROM clean.links l JOIN estimate_chosen e ON l.child_key = e.{child} AND l.parent_key = e.{parent}
WHERE NOT e.chosen AND l.child_object = '{object}' AND l.role = '{role}';
DELETE FROM clean.links l USING estimate_chosen e
WHERE NOT e.chosen AND l.child_object = '{object}' AND l.role = '{role}'
  AND l.child_key = e.{child} AND l.parent_key = e.{parent}"""
_LINK_BACK = """
INSERT INTO clean.links
SELECT l.parent_key, 'estimates', 'job', l.reference, l.child_key, 'job names estimate',
       l.confidence, 1
FROM clean.links l
WHERE l.child_object = 'jobs' AND l.role = 'estimate' AND l.parent_key NOT IN (
    SELECT child_key FROM clean.links WHERE child_object = 'estimates' AND role = 'job')"""


def link_estimates(con: duckdb.DuckDBPyConnection) -> None:
    """Leave each estimate with one job of its own client; what it loses by that is told.

    Needs the links of clients and of numbers.
    """
    con.execute(_NAMED)
    con.execute(_CLIENTS_OF_JOBS)
    con.execute(_CHOSEN)
    for said_by, role, child, parent, why in _STATED:
        names = {"object": said_by, "role": role, "child": child, "parent": parent}
        con.execute(_TELL.format(**names, why=why, other_job=OTHER_JOB))
    con.execute(_LINK_BACK)
