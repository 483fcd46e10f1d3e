"""Files on their way to HighLevel: images taken out of notes, and the inventory of every file."""

from __future__ import annotations

from typing import Any

import duckdb

from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.cleaning.html import image_file
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.reports.document import Document, Section, write_csv, write_html
from flitstack_pipeline.services.project_context import location_of, open_journal
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

#: Images of notes that are files of their record, and those that could not be taken out.
_NOTE_IMAGES = """
    SELECT DISTINCT CASE WHEN problem IS NULL THEN split_part(source_key, '/', 1)
        || '/attachments/~note-' || md5(concat_ws('|', source_key, sha256))[:16] END AS source_key,
      dataset AS record_type, split_part(source_key, '/', -1) AS record_ref, file_name,
      NULL AS size_bytes, sha256, url AS source, problem
    FROM clean.note_images WHERE dataset <> 'activities' OR problem IS NOT NULL ORDER BY ALL"""
#: Object types among whose records images of notes may be.
WITH_IMAGES = frozenset({"jobs", "attachments", "activities"})
MOVED, WAITING, LEFT = "moved", "waiting", "not moved"


def spool_images(project: Project, con: duckdb.DuckDBPyConnection) -> int:
    """Write the images of notes out of the warehouse, before any HTTP; returns how many."""
    if not table_exists(con, "clean.inline_images"):
        return 0
    folder, count = project.inline_images, 0
    folder.mkdir(mode=0o700, exist_ok=True)
    con.execute("SELECT sha256, content_type, data FROM clean.inline_images WHERE url IS NULL")
    while found := con.fetchmany(20):
        for mark, content_type, data in found:
            path = folder / image_file(mark, content_type)
            count += 1
            if path.exists() and path.stat().st_size == len(data):
                continue  # its name says its content
            path.touch(mode=0o600)
            path.write_bytes(data)
    return count


def file_inventory(project: Project) -> list[dict[str, Any]]:
    """Every attachment and image of the exports: where it goes, and whether it is there."""
    with project.warehouse.connect() as con:
        files = _rows(
            con,
            "clean.attachments",
            """
            SELECT a.source_key, record_type, record_ref, file_name, size_bytes, sha256,
              coalesce(path, url) AS source, coalesce(problem, s.reason) AS problem
            FROM clean.attachments a
            LEFT JOIN mapped.skipped s ON s.source_key = a.source_key ORDER BY a.source_key""",
        )
        files += _rows(con, "clean.note_images", _NOTE_IMAGES)
        images = _rows(
            con,
            "mapped.activities",
            """
            SELECT source_key, 'note' AS record_type, '' AS record_ref, label AS file_name,
              NULL AS size_bytes, NULL AS sha256, payload ->> 'url' AS source, NULL AS problem
            FROM mapped.activities WHERE kind = 'media' ORDER BY source_key""",
        )
    with open_journal(project) as journal:
        location = location_of(project)
        letters = {letter["record_key"]: letter for letter in journal.dead_letters(location)}
        keyed = [(record_key("file", row["source_key"] or ""), row) for row in files]
        keyed += [(record_key("media", row["source_key"].removeprefix("image/")), row)
                  for row in images]  # fmt: skip
        entries = journal.entries(location, [key for key, _ in keyed])
        return [_line(entries.get(key), letters.get(key), row) for key, row in keyed]


def write_file_inventory(project: Project) -> Any:
    """Write reports/files.html and files.csv; returns the page's path."""
    lines = file_inventory(project)
    left = [line for line in lines if line["state"] == LEFT]
    counts = {s: sum(line["state"] == s for line in lines) for s in (MOVED, WAITING, LEFT)}
    verdict = f"{counts[MOVED]} of {len(lines)} files are in HighLevel."
    if left:
        verdict += f" {len(left)} were not moved: each with its reason below."
    write_csv(lines, project.reports / "files.csv")
    return write_html(
        Document("Files", verdict, not left, counts, [
            Section("Not moved", left, "Mend the file or its address, then run the load again."),
            Section("Every file", lines, "Files of jobs, and of estimates, invoices and work "
                    "orders of a job, lie on the job's opportunity; all others on the contact; "
                    "images of notes in the media library.", status_column="state"),
        ]),
        project.reports / "files.html",
    )  # fmt: skip


def _rows(con: duckdb.DuckDBPyConnection, table: str, sql: str) -> list[dict[str, Any]]:
    if not table_exists(con, table):
        return []
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _line(
    entry: IdMapRow | None, letter: dict[str, Any] | None, row: dict[str, Any]
) -> dict[str, Any]:
    why = row["problem"] or "; ".join((letter or {}).get("messages") or ())
    state = MOVED if entry else LEFT if why else WAITING
    return {
        "state": state,
        "file": row["file_name"],
        "of": f"{row['record_type']} {row['record_ref']}".strip(),
        "why": "" if entry else why,
        "address": (entry.details.get("url") if entry else "") or "",
        "on": entry.kind.removesuffix("_file") if entry else "",
        "bytes": row["size_bytes"],
        "sha256": row["sha256"],
        "source": row["source"] or "(inside a note)",
        "source_key": row["source_key"],
    }
