"""Rows of attachments and activities: which record they hang on, and what is moved."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from pathlib import Path

from flitstack_pipeline.cleaning import words
from flitstack_pipeline.cleaning.people import CleanRow
from flitstack_pipeline.cleaning.tools import RawRow, RefusedRow, Tools

MAX_BYTES = 50 * 1024 * 1024
#: What HighLevel's file fields take (highlevel_api.md §9); photo formats it lacks are left out.
ACCEPTED = frozenset(
    [
        ".pdf",
        ".docx",
        ".doc",
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".csv",
        ".xlsx",
        ".xls",
        ".mp4",
        ".mpeg",
        ".zip",
        ".rar",
        ".txt",
        ".svg",
    ]
)
_RECORD_WORDS = {
    "client": "clients",
    "customer": "clients",
    "contact": "clients",
    "lead": "leads",
    "job": "jobs",
    "visit": "jobs",
    "estimate": "estimates",
    "quote": "estimates",
    "invoice": "invoices",
    "work order": "work_orders",
    "workorder": "work_orders",
    "payment": "invoices",
}


def attachment(row: RawRow, t: Tools) -> CleanRow:
    """A file of a record; `problem` says why it cannot be moved."""
    name = safe_name(t.text(row, "file_name") or Path(t.text(row, "location") or "").name)
    location = t.text(row, "location") or name
    url = location if re.match(r"^https?://", location, re.I) else None
    path = None if url else _inside(t.context.exports, location)
    return {
        "record_type": record_type(row, t),
        "record_ref": _reference(row, t),
        "file_name": name,
        "path": path.relative_to(t.context.exports.resolve()).as_posix() if path else None,
        "url": url,
        "caption": words.one_line(t.raw(row, "caption")),
        "uploaded": t.day(row, "date"),
        "uploaded_by": words.one_line(t.raw(row, "uploaded_by")),
        "inline": False,
        **_measured(path, url, name, t.text(row, "sha256")),
    }


def activity(row: RawRow, t: Tools) -> CleanRow:
    """A note, call, e-mail or meeting with its original moment, author and kind."""
    kind, shown = t.status(row, "kind", "activities")
    when = t.date(row, "date")
    text = t.note(row, "text")
    subject = words.one_line(t.raw(row, "subject"))
    if text is None and subject is None:
        raise RefusedRow("text", None, "empty_note", "The note has no text; nothing to move.")
    minutes = re.match(r"[0-9]{1,6}(?![0-9])", t.text(row, "duration") or "")
    return {
        "record_type": record_type(row, t),
        "record_ref": _reference(row, t),
        "kind": kind or "note",
        "kind_text": shown,
        "occurred": when.day.isoformat() if when else None,
        "occurred_at": when.exact if when else None,
        "author": words.one_line(t.raw(row, "author")),
        "subject": subject,
        "text": text,
        "duration_minutes": int(minutes.group()) if minutes else None,
    }


def record_type(row: RawRow, t: Tools) -> str:
    """The object type a file or note hangs on."""
    word = (t.text(row, "record_type") or "").casefold().replace("_", " ").rstrip("s").strip()
    found = _RECORD_WORDS.get(word)
    if found is None:
        raise RefusedRow(
            "record_type",
            t.raw(row, "record_type"),
            "unknown_record_type",
            "Name the record: Client, Lead, Job, Estimate, Invoice or Work Order.",
        )
    return found


def _reference(row: RawRow, t: Tools) -> str:
    found = t.text(row, "record_number")
    if found is None:
        raise RefusedRow(
            "record_number", None, "no_record", "Give the number of the record it belongs to."
        )
    return words.document_number(found)


def safe_name(name: str) -> str:
    """A file name without folders, control characters or shell surprises."""
    base = re.sub(r"[\x00-\x1f<>:\"/\\|?*]+", "_", name).strip(" ._")
    return base[:150] or "file"


def _inside(exports: Path, location: str) -> Path | None:
    """The file inside the exports folder, or None: a manifest never reaches outside it."""
    root = exports.resolve()
    names = dict.fromkeys((location, location.replace("\\", "/")))
    for name in names:
        for candidate in (root / name, root / "attachments" / name):
            try:
                found = candidate.resolve()
                if found.is_relative_to(root) and found.is_file():
                    return found
            except (OSError, ValueError):  # too long for a path, or holds a null character
                continue
    return None


def _measured(path: Path | None, url: str | None, name: str, sha256: str | None) -> CleanRow:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    digest = sha256.lower() if sha256 and re.fullmatch(r"[0-9a-fA-F]{64}", sha256) else None
    found: CleanRow = {"sha256": digest, "size_bytes": None, "content_type": kind, "problem": None}
    if url:
        return {**found, "problem": _refusal(name)}
    if path is None:
        return {**found, "problem": "the file is not in the exports folder"}
    size = path.stat().st_size
    found |= {"size_bytes": size}
    if 0 < size <= MAX_BYTES:
        with path.open("rb") as source:
            actual = hashlib.file_digest(source, "sha256").hexdigest()
        changed = digest is not None and digest != actual
        return {
            **found,
            "sha256": actual,
            "problem": "its bytes differ from the manifest's SHA-256"
            if changed
            else _refusal(name),
        }
    return {**found, "problem": "larger than 50 MB" if size else "the file is empty"}


def _refusal(name: str) -> str | None:
    suffix = Path(name).suffix.lower()
    if suffix in (".heic", ".heif"):
        return "HighLevel takes no .heic photos: export them as .jpg"
    return None if suffix in ACCEPTED else f"HighLevel takes no {suffix or 'nameless'} files"


def custom_field(row: RawRow, t: Tools) -> CleanRow:
    """The definition of one custom field."""
    label = words.one_line(t.raw(row, "label"))
    if label is None:
        raise RefusedRow("label", None, "no_label", "Give the custom field its label.")
    word = (t.text(row, "module") or "").casefold().rstrip("s").strip()
    return {
        "module": _RECORD_WORDS.get(word, "clients"),
        "label": label,
        "type": t.text(row, "type"),
        "options": words.split_list(t.raw(row, "options")),
        "transferable": words.boolean(t.raw(row, "transferable")),
    }


def line_item_template(row: RawRow, t: Tools) -> CleanRow:
    """A saved line item: a product with its price."""
    name = words.one_line(t.raw(row, "name"))
    if name is None:
        raise RefusedRow("name", None, "no_name", "Give the item a name.")
    return {
        "name": name,
        "type": t.text(row, "type"),
        "description": t.text(row, "description"),
        "unit": t.text(row, "unit"),
        "unit_cost": t.money(row, "unit_cost"),
        "unit_price": t.money(row, "unit_price"),
        "taxable": words.boolean(t.raw(row, "taxable")),
        "sku": t.text(row, "sku"),
    }
