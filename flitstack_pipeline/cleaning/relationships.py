"""How cleaned records belong together: duplicates and merges, references, invoice-to-job links.

Fills the tables of `spec.clean.RELATIONSHIP_DDL`. Links always point at kept records; what points
at nothing is an orphan with its reason. Set-based work is SQL on DuckDB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from flitstack_pipeline.cleaning.duplicates import find_pairs, groups
from flitstack_pipeline.cleaning.invoice_links import link_documents
from flitstack_pipeline.cleaning.words import normal_number
from flitstack_pipeline.spec.clean import BY_DATASET, RELATIONSHIP_DDL
from flitstack_pipeline.warehouse import table_exists

_NAME_KEY = "nullif(regexp_replace(lower(strip_accents({0})), '[^a-z0-9]+', '', 'g'), '')"
_DOCUMENTS = ("jobs", "estimates", "invoices", "work_orders", "properties")
_OWNED = ("clients", "leads", "jobs", "work_orders")


@dataclass
class RelationsResult:
    """Counts of what was found, by name."""

    counts: dict[str, int] = field(default_factory=dict)


def relate(con: duckdb.DuckDBPyConnection, decisions: Path) -> RelationsResult:
    """Relate all clean records; needs every clean table (made empty where one is missing)."""
    for table in BY_DATASET.values():
        if not table_exists(con, table.name):
            con.execute(table.ddl)
    for name, columns in RELATIONSHIP_DDL.items():
        con.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    con.create_function("normal_number", normal_number, ["VARCHAR"], "VARCHAR")
    try:
        _merge_clients(con, decisions)
        _fold_leads(con)
        _kept_view(con)
        _link_clients(con)
        _link_numbers(con)
        _link_people(con)
        _link_records(con)
        link_documents(con)
    finally:
        con.remove_function("normal_number")
    _count_merges(con)
    tables = RELATIONSHIP_DDL
    return RelationsResult(
        {t: con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in tables}  # noqa: S608
    )


def _merge_clients(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    pairs = find_pairs(con, decisions)
    if pairs:
        con.executemany(
            "INSERT INTO clean.duplicate_pairs VALUES ('clients', ?, ?, ?, ?, ?)",
            [[p.left, p.right, p.score, p.evidence, p.decision] for p in pairs],
        )
    members = groups(pairs)
    if not members:
        return
    con.register("members", pd.DataFrame(members.items(), columns=["k", "g"]).astype("str"))
    con.execute(
        """
        INSERT INTO clean.merges
        WITH ranked AS (
            SELECT m.g, m.k, row_number() OVER (
                PARTITION BY m.g ORDER BY c.created NULLS LAST, length(c.source_id), c.source_key
            ) AS place
            FROM members m JOIN clean.clients c ON c.source_key = m.k
        )
        SELECT 'clients', 'clients', kept.k, gone.k, 'duplicate'
        FROM ranked gone JOIN ranked kept ON kept.g = gone.g AND kept.place = 1
        WHERE gone.place > 1
        """
    )
    con.unregister("members")
    for column in ("name", "email", "phone", "address1", "city", "notes", "business_name"):
        con.execute(
            f"""
            INSERT INTO clean.merged_values
            SELECT 'clients', m.kept_key, m.merged_key, ?, k."{column}", g."{column}"
            FROM clean.merges m
            JOIN clean.clients k ON k.source_key = m.kept_key
            JOIN clean.clients g ON g.source_key = m.merged_key
            WHERE g."{column}" IS NOT NULL AND g."{column}" IS DISTINCT FROM k."{column}"
            """,  # noqa: S608
            [column],
        )


def _fold_leads(con: duckdb.DuckDBPyConnection) -> None:
    """A lead that is a client folds into it: named by id, or same e-mail or phone and name."""
    con.execute(
        f"""
        INSERT INTO clean.merges
        WITH found AS (
            SELECT l.source_key AS lead, c.source_key AS client, 'converted, client named' AS why, 1 AS n
            FROM clean.leads l JOIN clean.clients c
              ON c.workspace = l.workspace AND c.source_id = l.converted_client_ref
            UNION ALL
            SELECT l.source_key, c.source_key, 'same e-mail or phone and name', 2
            FROM clean.leads l JOIN clean.clients c
              ON c.workspace = l.workspace AND (c.email = l.email OR c.phone = l.phone)
             AND {_NAME_KEY.format("c.name")} = {_NAME_KEY.format("l.name")}
        ), best AS (
            SELECT lead, arg_min(client, (n, client)) AS client, arg_min(why, (n, client)) AS why
            FROM found GROUP BY lead
        )
        SELECT 'leads', 'clients', coalesce(m.kept_key, b.client), b.lead, b.why
        FROM best b LEFT JOIN clean.merges m ON m.merged_key = b.client AND m.object = 'clients'
        """  # noqa: S608
    )


def _kept_view(con: duckdb.DuckDBPyConnection) -> None:
    """Every client and lead with the key of the record it is kept under."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT p.source_key, p.workspace, p.object, p.source_id, p.name,
               {_NAME_KEY.format("p.name")} AS name_key, {_NAME_KEY.format("p.business_name")} AS firm_key,
               coalesce(m.kept_key, p.source_key) AS kept_key
        FROM (
            SELECT source_key, workspace, 'clients' AS object, source_id, name, business_name FROM clean.clients
            UNION ALL
            SELECT source_key, workspace, 'leads', source_id, name, business_name FROM clean.leads
        ) p LEFT JOIN clean.merges m ON m.merged_key = p.source_key
        """  # noqa: S608
    )


def _link_clients(con: duckdb.DuckDBPyConnection) -> None:
    """The client of each document: by id, else by a name only one client has."""
    for dataset in _DOCUMENTS:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE wanted AS
            SELECT source_key, workspace, client_ref, client_name,
                   {_NAME_KEY.format("client_name")} AS name_key FROM clean."{dataset}";
            INSERT INTO clean.links
            SELECT w.source_key, '{dataset}', 'client', w.client_ref, p.kept_key, 'id', 1.0, 1
            FROM wanted w JOIN people p
              ON p.workspace = w.workspace AND p.source_id = w.client_ref AND p.object = 'clients';
            INSERT INTO clean.links
            WITH named AS (
                SELECT w.source_key, w.client_name, min(p.kept_key) AS parent,
                       count(DISTINCT p.kept_key) AS n
                FROM wanted w JOIN people p
                  ON p.workspace = w.workspace AND w.name_key IN (p.name_key, p.firm_key)
                WHERE w.source_key NOT IN
                    (SELECT child_key FROM clean.links WHERE role = 'client')
                GROUP BY ALL
            )
            SELECT source_key, '{dataset}', 'client', client_name, parent, 'name', 0.9, 1
            FROM named WHERE n = 1;
            INSERT INTO clean.orphans
            SELECT w.source_key, '{dataset}', 'client', coalesce(w.client_ref, w.client_name),
                   CASE WHEN coalesce(w.client_ref, w.client_name) IS NULL THEN 'no client named'
                        WHEN w.name_key IN (SELECT name_key FROM people) THEN 'several clients have this name'
                        ELSE 'no such client' END
            FROM wanted w WHERE w.source_key NOT IN
                (SELECT child_key FROM clean.links WHERE role = 'client');
            """  # noqa: S608
        )


_REFERENCES = (
    ("estimates", "job_refs", "job", "jobs"),
    ("jobs", "estimate_refs", "estimate", "estimates"),
    ("invoices", "estimate_refs", "estimate", "estimates"),
    ("work_orders", "job_refs", "job", "jobs"),
)


def _link_numbers(con: duckdb.DuckDBPyConnection) -> None:
    """Documents that name one another by number, several in a cell, prefixes and zeros aside."""
    for child, column, role, parent in _REFERENCES:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE wanted AS
            SELECT source_key, workspace, unnest({column}) AS ref,
                   generate_subscripts({column}, 1) AS position FROM clean."{child}";
            INSERT INTO clean.links
            SELECT w.source_key, '{child}', '{role}', w.ref, min(p.source_key), 'number', 1.0,
                   w.position
            FROM wanted w JOIN clean."{parent}" p ON p.workspace = w.workspace
             AND (p.number = w.ref OR normal_number(p.number) = normal_number(w.ref))
            GROUP BY ALL;
            INSERT INTO clean.orphans
            SELECT w.source_key, '{child}', '{role}', w.ref, 'no such number' FROM wanted w
            WHERE (w.source_key, w.ref) NOT IN
                (SELECT (child_key, reference) FROM clean.links WHERE role = '{role}');
            """  # noqa: S608
        )
    con.execute(
        """
        INSERT INTO clean.links
        SELECT l.parent_key, 'estimates', 'job', l.reference, l.child_key, 'job names estimate', 1.0, 1
        FROM clean.links l
        WHERE l.child_object = 'jobs' AND l.role = 'estimate' AND l.parent_key NOT IN
            (SELECT child_key FROM clean.links WHERE child_object = 'estimates' AND role = 'job')
        """
    )


def _link_people(con: duckdb.DuckDBPyConnection) -> None:
    """Owners and technicians: the first assigned name, when exactly one team member has it."""
    for dataset in _OWNED:
        role = "technician" if dataset == "work_orders" else "owner"
        con.execute(
            f"""
            INSERT INTO clean.links
            WITH wanted AS (
                SELECT source_key, workspace, assigned_to[1] AS ref FROM clean."{dataset}"
                WHERE len(assigned_to) > 0
            )
            SELECT w.source_key, '{dataset}', '{role}', w.ref, min(u.source_key), 'name', 1.0, 1
            FROM wanted w JOIN clean.users u
              ON {_NAME_KEY.format("u.name")} = {_NAME_KEY.format("w.ref")}
            GROUP BY w.source_key, w.ref HAVING count(*) = 1;
            INSERT INTO clean.orphans
            SELECT source_key, '{dataset}', '{role}', assigned_to[1], 'no such team member'
            FROM clean."{dataset}" WHERE len(assigned_to) > 0 AND source_key NOT IN
                (SELECT child_key FROM clean.links WHERE role = '{role}');
            """  # noqa: S608
        )


def _link_records(con: duckdb.DuckDBPyConnection) -> None:
    """Files and notes to the record they hang on, by type and number."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE targets AS
        SELECT 'clients' AS object, workspace, source_id AS number, kept_key AS key
        FROM people WHERE object = 'clients'
        UNION ALL SELECT 'leads', workspace, source_id, kept_key FROM people WHERE object = 'leads'
        UNION ALL SELECT 'jobs', workspace, number, source_key FROM clean.jobs
        UNION ALL SELECT 'estimates', workspace, number, source_key FROM clean.estimates
        UNION ALL SELECT 'invoices', workspace, number, source_key FROM clean.invoices
        UNION ALL SELECT 'work_orders', workspace, number, source_key FROM clean.work_orders
        """
    )
    for dataset in ("attachments", "activities"):
        con.execute(
            f"""
            INSERT INTO clean.links
            SELECT a.source_key, '{dataset}', 'record', a.record_ref, min(t.key), 'number', 1.0, 1
            FROM clean."{dataset}" a JOIN targets t ON t.object = a.record_type
             AND t.workspace = a.workspace
             AND (t.number = a.record_ref OR normal_number(t.number) = normal_number(a.record_ref))
            GROUP BY ALL;
            INSERT INTO clean.orphans
            SELECT source_key, '{dataset}', 'record', record_type || ' ' || record_ref, 'no such record'
            FROM clean."{dataset}" WHERE source_key NOT IN
                (SELECT child_key FROM clean.links WHERE role = 'record');
            """  # noqa: S608
        )


def _count_merges(con: duckdb.DuckDBPyConnection) -> None:
    """Move merged rows from loaded to merged in the accounting; the same however often it runs."""
    for dataset in ("clients", "leads"):
        con.execute(
            f"""
            UPDATE clean.accounting a SET merged = m.n, loaded = a.loaded + a.merged - m.n
            FROM (
                SELECT r._file AS file, count(g.merged_key) AS n
                FROM clean."{dataset}" c JOIN raw."{dataset}" r ON r._row_id = c.raw_id
                LEFT JOIN clean.merges g ON g.merged_key = c.source_key
                GROUP BY r._file
            ) m WHERE a.dataset = ? AND a.file = m.file
            """,  # noqa: S608
            [dataset],
        ) if table_exists(con, f"raw.{dataset}") and table_exists(con, "clean.accounting") else None


def summary(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Orphans by kind, for reports."""
    rows = con.execute(
        "SELECT child_object, role, reason, count(*) FROM clean.orphans GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [dict(zip(("object", "link", "reason", "count"), row, strict=True)) for row in rows]
