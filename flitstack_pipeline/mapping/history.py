"""Attachments → files on contacts; notes, calls, e-mails, meetings → contact notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb

from flitstack_pipeline.mapping.apply import Mapper
from flitstack_pipeline.mapping.deals import file_payload
from flitstack_pipeline.mapping.rows import Record, Skipped, contact_key, parent
from flitstack_pipeline.mapping.sources import location_sql, relation, rows
from flitstack_pipeline.spec import targets as t
from flitstack_pipeline.spec.keys import record_key
from flitstack_pipeline.warehouse import table_exists

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
    """Images of notes, then what happened, on the contact of its record.

    Tasks become tasks; everything else a note whose first lines are original time, kind, author.
    """
    images = _images(con)
    used: dict[str, Record] = {}
    later: list[Record | Skipped] = []
    for row in rows(con, _on_records(con, mapper, "activities")):
        if not row["record_of"]:
            later.append(_orphan(row))
            continue
        note = _activity(mapper, row)
        for mark in dict.fromkeys(_IMAGE.findall(row["text"] or "")):
            if mark in images:
                media = used.setdefault(mark, _media(mark, images[mark], row["location"]))
                note.payload.setdefault("files", []).append(media.record_key)
                if images[mark]["url"]:
                    note.payload.setdefault("images", {})[mark] = images[mark]["url"]
        later.append(note)
    yield from used.values()
    yield from later


def _images(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Images taken out of notes, by their mark, without their bytes."""
    if not table_exists(con, "clean.inline_images"):
        return {}
    sql = "SELECT sha256, content_type, url FROM clean.inline_images"
    return {row["sha256"]: row for row in rows(con, sql)}


def image_file(mark: str, content_type: str) -> str:
    """The name of an image taken out of a note, in its folder and in HighLevel's library."""
    extension = (content_type or "").rpartition("/")[2].split("+")[0].lower()
    return f"note-image-{mark[:16]}.{ {'jpeg': 'jpg', '': 'png'}.get(extension, extension) }"


def _media(mark: str, image: dict[str, Any], location: str) -> Record:
    name = image_file(mark, image["content_type"])
    payload = {"file_name": name}
    if image["url"]:
        suffix = re.search(r"\.(png|jpe?g|gif|webp|svg|bmp)(?:$|[?#])", image["url"], re.I)
        payload = {"file_name": image_file(mark, suffix[1].lower() if suffix else "")}
        payload["url"] = image["url"]
    else:
        payload |= {"path": name, "sha256": mark, "content_type": image["content_type"]}
    return Record(
        record_key("media", mark), f"image/{mark}", "media", "media", location, payload, label=name
    )


def _activity(mapper: Mapper, row: dict[str, Any]) -> Record:
    """What one activity becomes."""
    owner = mapper.owner(row["owner_key"])
    label = row["subject"] or f"{row['kind'] or row['kind_text'] or 'note'} {row['occurred']}"
    kind, payload = _as_task(row) if row["kind"] == "task" else ("note", {"body": note_body(row)})
    return Record(
        record_key(kind, row["source_key"]),
        row["source_key"],
        kind,
        kind,
        row["location"],
        payload | ({"owner": owner} if owner else {}),
        [parent("contact", contact_key(row))],
        1,
        label,
    )


def _as_task(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A task: due when the source says, open only when the source says so (reference 2.5)."""
    due = _utc(row)
    if due is None:
        return "note", {"body": note_body(row)}
    words = " ".join(str(v) for v in (row["custom"] or {}).values()).casefold()
    is_open = re.search(r"\b(open|pending|to ?do|not done|incomplete)\b", words)
    text = re.sub(r"<[^>]+>", " ", row["text"] or "").strip()
    title = row["subject"] or text.split("\n")[0][:120] or "Task"
    fields = {"title": title, "dueDate": due, "completed": "no" if is_open else "yes"}
    return "task", {"fields": fields, "body": note_body(row)}


def _utc(row: dict[str, Any]) -> str | None:
    """The moment of an activity in UTC; noon of its day when only the day is known."""
    if row["occurred_at"]:
        try:
            moment = datetime.fromisoformat(row["occurred_at"])
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{row['occurred'].isoformat()}T12:00:00Z" if row["occurred"] else None


def note_body(row: dict[str, Any]) -> str:
    """The text of a note: header with time, kind and author; the text; the source key.

    HighLevel sets a note's own date itself, so the original time stands in the first line
    (reference: highlevel_api.md §2.5).
    """
    kind = row["kind"] or row["kind_text"] or "note"
    head = " · ".join(part for part in (_moment(row), kind, row["author"]) if part)
    text = row["text"] or ""
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
