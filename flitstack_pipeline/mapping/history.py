"""Attachments → files on contacts; activities → what the map says (`mapping.activity_forms`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.cleaning.html import image_file
from flitstack_pipeline.mapping import activity_forms as forms
from flitstack_pipeline.mapping.apply import Mapper
from flitstack_pipeline.mapping.document import MESSAGE, NOTE
from flitstack_pipeline.mapping.opportunities import file_payload
from flitstack_pipeline.mapping.rows import Record, Skipped, contact_key, parent
from flitstack_pipeline.mapping.sources import as_migrated, location_sql, relation, rows
from flitstack_pipeline.warehouse import table_exists

_IMAGE = re.compile(r"\{\{image:([0-9a-f]{64})\}\}")


def _on_records(con: duckdb.DuckDBPyConnection, mapper: Mapper, dataset: str) -> str:
    """Query: rows of a dataset with the record they hang on and that record's client."""
    return f"""
      SELECT x.*, r.record_of, c.client_key, o.owner_key,
        coalesce(c.location, {location_sql(mapper.document, dataset)}) AS location
      FROM {"m_file" if dataset == "attachments" else relation(con, f"clean.{dataset}")} x
      LEFT JOIN m_record r ON r.child_key = x.source_key
      LEFT JOIN m_client c ON c.child_key = r.record_of
      LEFT JOIN m_owner o ON o.child_key = x.source_key
      WHERE x.source_key NOT IN (SELECT source_key FROM m_job_file) ORDER BY x.source_key"""


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
    """Images of notes and conversations, then what happened, on the contact of its record."""
    images = _images(con)
    choices = mapper.document.activities
    before: dict[str, Record] = {}
    later: list[Record | Skipped] = []
    for row in rows(con, _reachable(con, mapper)):
        if not row["record_of"]:
            later.append(_orphan(row))
            continue
        for made in forms.records_of(row, choices, mapper.owner(row["owner_key"])):
            later.append(made)
            if made.kind == MESSAGE:
                before.setdefault(forms.conversation_key(row), forms.conversation(row))
            elif made.kind == NOTE:
                _place_images(made, row, images, before)
    yield from before.values()
    yield from later


def _reachable(con: duckdb.DuckDBPyConnection, mapper: Mapper) -> str:
    """Query: activities with their client's name, and phone and e-mail where the map moves them."""
    reach = " UNION ALL ".join(
        f"SELECT source_key, {_column(mapper, dataset, 'phone')} AS phone, "
        f"{_column(mapper, dataset, 'email')} AS email FROM {as_migrated(con, dataset)}"
        for dataset in ("clients", "leads")
    )
    return f"""
      SELECT a.*, c.client_name, p.phone, p.email
      FROM ({_on_records(con, mapper, "activities")}) a
      LEFT JOIN m_client c ON c.child_key = a.record_of
      LEFT JOIN ({reach}) p ON p.source_key = a.client_key
      ORDER BY a.source_key"""


def _column(mapper: Mapper, dataset: str, field: str) -> str:
    """The column of a clean table that feeds a contact's standard field; NULL when none does."""
    known = {f.name for f in BY_DATASET[dataset].fields}
    sources = [e.source for e in mapper.document.entries(dataset, t.CONTACT) if e.field == field]
    return f'"{sources[0]}"' if sources and sources[0] in known else "NULL"


def _place_images(
    note: Record, row: dict[str, Any], images: dict[str, dict[str, Any]], before: dict[str, Record]
) -> None:
    """Name in a note the images that stand in its text, and have them re-hosted before it."""
    for mark in dict.fromkeys(_IMAGE.findall(row["text"] or "")):
        if mark in images:
            media = before.setdefault(mark, _media(mark, images[mark], row["location"]))
            note.payload.setdefault("files", []).append(media.record_key)
            if images[mark]["url"]:
                note.payload.setdefault("images", {})[mark] = images[mark]["url"]


def _images(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Images taken out of notes, by their mark, without their bytes."""
    if not table_exists(con, "clean.inline_images"):
        return {}
    sql = "SELECT sha256, content_type, url FROM clean.inline_images"
    return {row["sha256"]: row for row in rows(con, sql)}


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
