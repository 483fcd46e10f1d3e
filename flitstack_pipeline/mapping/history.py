"""Attachments → files on contacts; notes, calls, e-mails, meetings → contact notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb

from flitstack_pipeline.mapping.apply import Mapper
from flitstack_pipeline.mapping.deals import file_payload
from flitstack_pipeline.mapping.rows import Record, Skipped, contact_key, parent
from flitstack_pipeline.mapping.sources import location_sql, relation, rows
from flitstack_pipeline.spec import targets as t
from flitstack_pipeline.spec.keys import record_key

_IMAGE = re.compile(r"\{\{image:([0-9a-f]{64})\}\}")


def _on_records(con: duckdb.DuckDBPyConnection, mapper: Mapper, dataset: str) -> str:
    """Query: rows of a dataset with the record they hang on and that record's client."""
    return f"""
      SELECT x.*, r.record_of, c.client_key, o.owner_key,
        coalesce(c.location, {location_sql(mapper.document, dataset)}) AS location
      FROM {relation(con, f"clean.{dataset}")} x
      LEFT JOIN m_record r ON r.child_key = x.source_key
      LEFT JOIN m_client c ON c.child_key = r.record_of
      LEFT JOIN m_owner o ON o.child_key = x.source_key
      WHERE x.source_key NOT IN (SELECT source_key FROM m_job_file) ORDER BY x.source_key"""  # noqa: S608


def attachments(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record | Skipped]:
    """Files of everything but jobs, on the contact of their record."""
    for row in rows(con, _on_records(con, mapper, "attachments")):
        if row["problem"]:
            yield Skipped(row["source_key"], row["problem"])
        elif not row["record_of"]:
            yield _orphan(row)
        else:
            yield Record(
                record_key("file", row["source_key"]),
                row["source_key"],
                "contact_file",
                t.CONTACT,
                row["location"],
                file_payload(row),
                [parent("contact", contact_key(row))],
                label=row["file_name"],
            )


def _orphan(row: dict[str, Any]) -> Skipped:
    reason = f"its {row['record_type']} record {row['record_ref']!r} is not in the exports"
    return Skipped(row["source_key"], reason)


def activities(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> Iterator[Record | Skipped]:
    """Notes on the contact of their record, with original time, kind and author."""
    images = {
        row["sha256"]: row["file_name"]
        for row in rows(
            con,
            f"SELECT sha256, file_name FROM {relation(con, 'clean.attachments')} WHERE inline",  # noqa: S608
        )
    }
    for row in rows(con, _on_records(con, mapper, "activities")):
        if not row["record_of"]:
            yield _orphan(row)
            continue
        payload = {"body": note_body(row, images)}
        owner = mapper.owner(row["owner_key"])
        yield Record(
            record_key("note", row["source_key"]),
            row["source_key"],
            "note",
            "note",
            row["location"],
            payload | ({"owner": owner} if owner else {}),
            [parent("contact", contact_key(row))],
            label=row["subject"]
            or f"{row['kind'] or row['kind_text'] or 'note'} {row['occurred']}",
        )


def note_body(row: dict[str, Any], images: dict[str, str]) -> str:
    """The text of a note: header with time, kind and author; the text; the source key.

    HighLevel sets a note's own date itself, so the original time stands in the first line
    (reference: highlevel_api.md §2.5).
    """
    kind = row["kind"] or row["kind_text"] or "note"
    head = " · ".join(part for part in (_moment(row), kind, row["author"]) if part)
    text = _IMAGE.sub(lambda m: f"[image: {images.get(m[1], m[1][:12])}]", row["text"] or "")
    about = (
        [f"{row['record_type']} {row['record_ref']}"] if "clients" not in row["record_type"] else []
    )
    if row["duration_minutes"] is not None:
        about.append(f"{row['duration_minutes']} min")
    extra = [f"{k}: {v}" for k, v in sorted((row["custom"] or {}).items()) if v]
    parts = [f"[{head}]", " · ".join(about), row["subject"], text, *extra]
    return "\n".join([*(p for p in parts if p), f"Contractor+ ref: {row['source_key']}"])


def _moment(row: dict[str, Any]) -> str:
    if row["occurred_at"]:
        try:
            moment = datetime.fromisoformat(row["occurred_at"])
            return moment.strftime("%Y-%m-%d %H:%M")
        except ValueError:
            return str(row["occurred_at"])
    return row["occurred"].isoformat() if row["occurred"] else ""
