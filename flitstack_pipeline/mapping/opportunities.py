"""Jobs and estimates → opportunities, their files, Opportunity Products or Estimate records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.catalog.statuses import label_of
from flitstack_pipeline.mapping.apply import Mapper
from flitstack_pipeline.mapping.people import payload_of
from flitstack_pipeline.mapping.rows import (
    Record,
    Skipped,
    contact_key,
    parent,
    relation_record,
)
from flitstack_pipeline.mapping.sources import relation, rows, with_further, with_links
from flitstack_pipeline.mapping.transforms import money, number

FILE_COLUMNS = ("file_name", "path", "url", "sha256", "size_bytes", "content_type")


def file_payload(row: dict[str, Any]) -> dict[str, Any]:
    """The payload of a file row; `inline` says that it lies among the images taken out of notes."""
    named = {name: row[name] for name in FILE_COLUMNS if row[name] not in (None, "")}
    inside = {"inline": True} if row["inline"] and row["path"] else {}
    return {"field": t.FILES, **named, **inside}


def jobs(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record]:
    """Job files (phase 0) and opportunities (phase 1)."""
    yield from _job_files(con, mapper)
    estimates = relation(con, "clean.estimates")
    sql = f"""
      SELECT w.*, v.visits, f.files, oe.other_estimates, e AS estimate
      FROM ({with_links(con, mapper.document, "jobs")}) w
      LEFT JOIN m_main_estimate me ON me.job_key = w.source_key
      LEFT JOIN {estimates} e ON e.source_key = me.estimate_key
      LEFT JOIN (
        SELECT j.job_key, string_agg(concat_ws(' · ', 'Estimate ' || x.number,
            x.estimate_date::VARCHAR, x.status_text, x.total::DECIMAL(18,2)::VARCHAR,
            x.source_key), chr(10) ORDER BY x.source_key) AS other_estimates
        FROM {estimates} x JOIN m_job j ON j.child_key = x.source_key
        WHERE x.source_key NOT IN (SELECT estimate_key FROM m_main_estimate) GROUP BY 1
      ) oe ON oe.job_key = w.source_key
      LEFT JOIN (
        SELECT l.parent_key, string_agg(concat_ws(' · ', x.visit_date::VARCHAR,
            concat_ws('-', x.start_time, x.end_time), array_to_string(x.assigned_to, ', '),
            x.status, x.instructions, x.further), chr(10)
            ORDER BY x.visit_date, x.source_key) AS visits
        FROM {with_further(con, "clean.visits")} x JOIN m_link l ON l.child_key = x.source_key
        WHERE l.role = 'job' GROUP BY 1
      ) v ON v.parent_key = w.source_key
      LEFT JOIN (SELECT job_key, list(source_key ORDER BY source_key) AS files
        FROM m_job_file GROUP BY 1) f ON f.job_key = w.source_key
      ORDER BY w.source_key"""
    for row in rows(con, sql):
        yield _opportunity_of_job(mapper, row)


def _job_files(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record]:
    sql = f"""
      SELECT a.*, w.location, f.job_key FROM m_file a
      JOIN m_job_file f ON f.source_key = a.source_key
      JOIN ({with_links(con, mapper.document, "jobs")}) w ON w.source_key = f.job_key
      ORDER BY a.source_key"""
    for row in rows(con, sql):
        yield Record(
            record_key("file", row["source_key"]),
            row["source_key"],
            "opportunity_file",
            t.OPPORTUNITY,
            row["location"],
            {**file_payload(row), "of": row["job_key"]},
            label=row["file_name"],
        )


def _opportunity_of_job(mapper: Mapper, row: dict[str, Any]) -> Record:
    estimate = row["estimate"] if (row["estimate"] or {}).get("source_key") else None
    row["display_name"] = row["title"] or f"Job #{row['number']}"
    row["value"] = row["amount"] if row["amount"] is not None else (estimate or {}).get("total")
    row["status_words"] = row["status_text"] or (row["status"] and label_of(row["status"]))
    for word, moment in (row["stage_times"] or {}).items():
        row[f"stage_times.{word}"] = moment
    values = mapper.values("jobs", t.OPPORTUNITY, row)
    if estimate:
        estimate["status"] = estimate["status"] or estimate["status_text"]
        values.adopt(mapper.values("estimates", t.OPPORTUNITY, estimate))
    values.fields.setdefault("name", row["display_name"])
    values.fields |= mapper.stage("jobs", row["status"], row["status_text"])
    payload = payload_of(values, mapper.owner(row["owner_key"]))
    if row["files"]:
        payload["files"] = [record_key("file", key) for key in row["files"]]
    return Record(
        record_key("opportunity", row["source_key"]),
        row["source_key"],
        "opportunity",
        t.PIPELINE,
        row["location"],
        payload,
        [parent("contact", contact_key(row))],
        1,
        row["display_name"],
    )


def own_opportunity(
    mapper: Mapper, dataset: str, row: dict[str, Any], name: str, values: Any
) -> Record:
    """The opportunity of an estimate or invoice that belongs to no job (phase 0)."""
    values.custom |= {t.SOURCE_ID: row["source_key"]}
    values.fields |= {"name": name, **mapper.stage(dataset, row["status"], row["status_text"])}
    if row["total"] is not None:
        values.fields["monetaryValue"] = money(row["total"])
    return Record(
        record_key("opportunity", row["source_key"]),
        row["source_key"],
        "opportunity",
        t.PIPELINE,
        row["location"],
        payload_of(values, mapper.owner(row["owner_key"])),
        [parent("contact", contact_key(row))],
        0,
        name,
    )


def estimates(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record | Skipped]:
    """Opportunities of estimates without job, then lines as records, or one record each.

    The fields of an opportunity hold one estimate, its job's main one. A further estimate of the
    job is an Estimate record, so that none of its header and custom fields is lost.
    """
    compact = mapper.document.estimate_lines == "compact"
    sql = f"""
      SELECT w.*, j.job_key, l.lines, j.job_key IS NOT NULL AND me.estimate_key IS NULL AS further
      FROM ({with_links(con, mapper.document, "estimates")}) w
      LEFT JOIN m_job j ON j.child_key = w.source_key
      LEFT JOIN m_main_estimate me ON me.estimate_key = w.source_key
      LEFT JOIN (SELECT document_key, list(i ORDER BY i.line_number, i.source_key) AS lines
        FROM {relation(con, "clean.estimate_items")} i GROUP BY 1) l
        ON l.document_key = w.source_key
      ORDER BY w.source_key"""
    for row in rows(con, sql):
        row["status_as_read"] = row["status"]
        opportunity = record_key("opportunity", row["job_key"] or row["source_key"])
        if not row["job_key"]:
            yield _opportunity_of_estimate(mapper, row)
        if compact or row["further"]:
            yield from _estimate_record(mapper, row, opportunity)
        if not compact:
            for line in row["lines"] or []:
                yield from _product(mapper, row, line, opportunity)
    yield from _strays(con)


def _words(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its status words standing in for an unknown status."""
    return {**row, "status": row["status"] or row["status_text"]}


def _opportunity_of_estimate(mapper: Mapper, row: dict[str, Any]) -> Record:
    values = mapper.values("estimates", t.OPPORTUNITY, _words(row))
    if row["created"]:
        values.custom["Original_Create_Date__c"] = row["created"].isoformat()
    name = row["title"] or f"Estimate #{row['number']}"
    return own_opportunity(mapper, "estimates", row, name, values)


def _product(
    mapper: Mapper, row: dict[str, Any], line: dict[str, Any], opportunity: str
) -> Iterator[Record]:
    name = line["name"] or (line["description"] or "").split("\n")[0][:80]
    line = {
        **line,
        "display_name": name or f"Line {line['line_number']}",
        "estimate_number": row["number"],
        "location": row["location"],
    }
    values = mapper.values("estimate_items", t.OPPORTUNITY_PRODUCT, line).with_kept()
    key = record_key("line", line["source_key"])
    yield Record(
        key,
        line["source_key"],
        "record",
        t.OPPORTUNITY_PRODUCT,
        row["location"],
        {"fields": values.custom},
        phase=1,
        label=line["display_name"],
    )
    yield relation_record("opportunity_product", line, opportunity, key, 2)


def _estimate_record(mapper: Mapper, row: dict[str, Any], opportunity: str) -> Iterator[Record]:
    values = mapper.values("estimates", t.OPPORTUNITY, _words(row)).with_kept()
    kept = values.custom.pop(t.ORIGINALS, None)
    texts = [line_text(line) for line in row["lines"] or []]
    own = {t.NAME: row["title"] or f"Estimate #{row['number']}", t.SOURCE_ID: row["source_key"]}
    if texts:
        own["Estimate_Line_Items__c"] = "\n".join(texts)
    if kept:
        before = values.custom.get("Estimate_Original_Values__c")
        own["Estimate_Original_Values__c"] = "\n".join(x for x in (before, kept) if x)
    key = record_key("estimate", row["source_key"])
    yield Record(
        key,
        row["source_key"],
        "record",
        t.ESTIMATE,
        row["location"],
        {"fields": {**values.custom, **own}},
        phase=1,
        label=own[t.NAME],
    )
    yield relation_record("opportunity_estimate", row, opportunity, key, 2)


def line_text(line: dict[str, Any]) -> str:
    """One line item on one line of text: `1 · 2.5 h × Labor @ 80.00 = 200.00 (optional)`."""
    count = " ".join(x for x in (number(line["quantity"]), line["unit"]) if x)
    name = line["name"] or line["description"] or f"Line {line['line_number']}"
    text = f"{line['line_number']} · {f'{count} × {name}' if count else name}"
    if line["unit_price"] is not None:
        text += f" @ {money(line['unit_price'])}"
    if line["amount"] is not None:
        text += f" = {money(line['amount'])}"
    notes = [w for w in ("optional", "selected", "recommended") if line[w]]
    notes += [line["description"]] if line["name"] and line["description"] else []
    told = {"type": line["type"], "part of": line["parent_assembly"], "markup": line["markup"]}
    told |= {"cost": money(line["unit_cost"]), "tax": money(line["tax"])}
    told |= line["originals"] or {}
    notes += [f"{k}: {v}" for k, v in told.items() if v]
    notes += [f"{k}: {v}" for k, v in sorted((line["custom"] or {}).items()) if v]
    return f"{text} ({'; '.join(notes)})" if notes else text


def _strays(con: duckdb.DuckDBPyConnection) -> Iterator[Skipped]:
    sql = f"""SELECT source_key, document_key FROM {relation(con, "clean.estimate_items")}
      WHERE document_key NOT IN (SELECT source_key FROM {relation(con, "clean.estimates")})
      ORDER BY source_key"""
    for row in rows(con, sql):
        yield Skipped(row["source_key"], f"its estimate {row['document_key']} is not there")
