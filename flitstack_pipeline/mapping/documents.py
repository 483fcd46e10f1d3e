"""Invoices, and object types declared as a whole → records with relations to their parents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.catalog.model import ObjectType
from flitstack_pipeline.catalog.statuses import label_of
from flitstack_pipeline.mapping.apply import Mapper, Values
from flitstack_pipeline.mapping.opportunities import line_text, own_opportunity
from flitstack_pipeline.mapping.rows import Record, contact_key, relation_record
from flitstack_pipeline.mapping.sources import relation, rows, with_further, with_links


def invoices(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record]:
    """Invoice records (phase 1) and relations (2); historical opportunities (0) without job."""
    sql = f"""
      SELECT w.*, j.jobs, e.estimates, i.items, p.payments, co.change_orders, d.leading
      FROM ({with_links(con, mapper.document, "invoices")}) w
      LEFT JOIN ({_leading(con, "invoices")}) d ON d.child_key = w.source_key
      LEFT JOIN (SELECT invoice_key, list(job_key ORDER BY n) AS jobs FROM m_invoice_job
        GROUP BY 1) j ON j.invoice_key = w.source_key
      LEFT JOIN (SELECT invoice_key, list(x ORDER BY estimate_key) AS estimates
        FROM m_invoice_estimate x GROUP BY 1) e ON e.invoice_key = w.source_key
      LEFT JOIN (SELECT document_key, list(x ORDER BY x.line_number, x.source_key) AS items
        FROM {relation(con, "clean.invoice_items")} x GROUP BY 1) i
        ON i.document_key = w.source_key
      LEFT JOIN (SELECT invoice_key, string_agg(concat_ws(' · ', payment_date::VARCHAR,
          amount::DECIMAL(18,2)::VARCHAR, method, category,
          CASE WHEN source_id NOT LIKE '~%' THEN split_part(source_id, '@', 1) END, notes,
          x.further), chr(10) ORDER BY payment_date, source_key) AS payments
        FROM {with_further(con, "clean.payments")} x GROUP BY 1) p ON p.invoice_key = w.source_key
      LEFT JOIN (SELECT l.parent_key, string_agg(concat_ws(' · ',
          regexp_replace(x.source_id, '(.)~[0-9a-f]{{12}}$', '\\1'),
          x.change_date::VARCHAR, x.status, x.amount::DECIMAL(18,2)::VARCHAR,
          x.further), chr(10) ORDER BY x.source_key) AS change_orders
        FROM {with_further(con, "clean.change_orders")} x JOIN m_link l
          ON l.child_key = x.source_key AND l.role = 'invoice' GROUP BY 1) co
        ON co.parent_key = w.source_key
      ORDER BY w.source_key"""
    for row in rows(con, sql):
        yield from _invoice(mapper, row)


def _invoice(mapper: Mapper, row: dict[str, Any]) -> Iterator[Record]:
    row["display_name"] = f"Invoice #{row['number']}"
    row["lines"] = "\n".join(line_text(i) for i in row["items"] or []) or row["line_items"]
    words = {**row, "status": row["status"] or row["status_text"]}
    words["computed"] = [label_of(name) for name in row["computed"] or []]
    deals, elsewhere = _estimates_of(row)
    words["originals"] = _with_stated(row, estimate=elsewhere, job=_dead_jobs(row, row["jobs"]))
    values = mapper.values("invoices", t.INVOICE, words)
    opportunities = [record_key("opportunity", key) for key in row["jobs"] or []]
    if not opportunities:
        opportunities = [record_key("opportunity", key) for key in (row["source_key"], *deals)]
        yield _historical(mapper, row, values)
    key = record_key("invoice", row["source_key"])
    yield _record(mapper, key, t.INVOICE, row, values, 1)
    for n, opportunity in enumerate(opportunities):
        suffix = f"~{n + 1}" if n else ""
        yield relation_record("opportunity_invoice", row, opportunity, key, 2, suffix)
    if row["client_key"]:
        yield relation_record("contact_invoice", row, contact_key(row), key, 2)


def _estimates_of(row: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Estimates an invoice names and its jobs do not show: (keys of those with an opportunity of
    their own, which an invoice without job is related to; numbers of the others)."""
    jobs, deals, elsewhere = row["jobs"] or [], [], []
    for estimate in row["estimates"] or []:
        if not jobs and not estimate["job_key"]:
            deals.append(estimate["estimate_key"])
        elif estimate["job_key"] not in jobs:
            elsewhere.append(estimate["number"])
    return deals, elsewhere


def _leading(con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """SELECT child_key, leading: the numbers of jobs, as documents state them, that led to one."""
    return f"""SELECT child_key, list(DISTINCT reference) AS leading
        FROM {relation(con, "clean.links")}
        WHERE child_object = '{dataset}' AND role = 'job' AND reference IS NOT NULL
        GROUP BY 1"""


def _dead_jobs(row: dict[str, Any], linked: Any) -> list[str]:
    """The jobs a document names and is not linked to, because they are another client's."""
    leading = row["leading"] or [] if linked else []
    return [number for number in row["job_refs"] or [] if number not in leading]


def _with_stated(row: dict[str, Any], **stated: list[str]) -> dict[str, str]:
    """The original values with numbers that no link shows; what is there already stays."""
    told, known = {}, row["originals"] or {}
    for name, numbers in stated.items():
        before = known.get(name, "").split(", ") if name in known else []
        if numbers:
            told[name] = ", ".join(dict.fromkeys([*before, *numbers]))
    return {**known, **told}


def _historical(mapper: Mapper, row: dict[str, Any], record: Values) -> Record:
    """An invoice without job still gets an opportunity, with the invoice's own status on it."""
    shared = ("Invoice_Status__c", "Invoice_Number__c", "Original_Create_Date__c")
    values = Values(custom={k: record.custom[k] for k in shared if k in record.custom})
    name = row["title"] or row["display_name"]
    return own_opportunity(mapper, "invoices", row, name, values)


def records(
    con: duckdb.DuckDBPyConnection, mapper: Mapper, declared: ObjectType
) -> Iterator[Record]:
    """Records of an object type that is declared as a whole (phase 0), and their relations (1)."""
    key, word = declared.key, t.OBJECTS[declared.target].singular
    for row in rows(con, _with_parents(con, mapper, declared)):
        row["display_name"] = row.get("title") or f"{word.capitalize()} #{row['number']}"
        row["lines"] = "\n".join(line_text(i) for i in row["items"] or []) or None
        words = {**row, "status": row.get("status") or row.get("status_text")}
        if "job_refs" in row:
            words["originals"] = _with_stated(row, job=_dead_jobs(row, row["of_jobs"]))
        values = mapper.values(key, declared.target, words)
        record = record_key(declared.singular, row["source_key"])
        yield _record(mapper, record, declared.target, row, values, 0)
        for parent, (role, _, _) in t.PARENTS.items():
            if parent not in declared.parents or not row[f"of_{parent}"]:
                continue
            first = (
                contact_key(row) if parent == "clients" else record_key(role, row[f"of_{parent}"])
            )
            yield relation_record(f"{role}_{declared.singular}", row, first, record, 1)


def _with_parents(con: duckdb.DuckDBPyConnection, mapper: Mapper, declared: ObjectType) -> str:
    """Query: the rows of an object type with their lines and, as `of_…`, each parent's key."""
    links = with_links(con, mapper.document, declared.key)
    columns, joins = ["w.*", "w.client_key AS of_clients", "d.leading"], []
    for parent in declared.parents:
        if parent == "jobs":
            columns.append("p_jobs.job_key AS of_jobs")
            joins.append("LEFT JOIN m_job p_jobs ON p_jobs.child_key = w.source_key")
        elif parent != "clients":
            role = parent.removesuffix("s")
            columns.append(f"p_{parent}.parent_key AS of_{parent}")
            joins.append(
                f"LEFT JOIN m_link p_{parent} ON p_{parent}.child_key = w.source_key "
                f"AND p_{parent}.role = '{role}'"
            )
    items = "SELECT NULL AS document_key, NULL AS items WHERE false"
    if declared.lines:
        items = f"""SELECT document_key, list(x ORDER BY x.line_number, x.source_key) AS items
            FROM {relation(con, f"clean.{declared.lines.key}")} x GROUP BY 1"""
    return f"""
      SELECT {", ".join(columns)}, i.items FROM ({links}) w
      LEFT JOIN ({_leading(con, declared.key)}) d ON d.child_key = w.source_key
      LEFT JOIN ({items}) i ON i.document_key = w.source_key
      {" ".join(joins)} ORDER BY w.source_key"""


def _record(
    mapper: Mapper, key: str, target: str, row: dict[str, Any], values: Values, phase: int
) -> Record:
    payload: dict[str, Any] = {"fields": values.with_kept().custom}
    owner = mapper.owner(row["owner_key"])
    if owner:
        payload["owner"] = owner
    return Record(
        key,
        row["source_key"],
        "record",
        target,
        row["location"],
        payload,
        phase=phase,
        label=row["display_name"],
    )
