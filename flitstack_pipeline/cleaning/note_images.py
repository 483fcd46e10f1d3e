"""Images that stood in notes: which record's they are, under which name, and which are lost.

Belongs here: `clean.note_images`, one line for each image of each note. Does not: the bytes
(`clean.inline_images`), taking images out of a text (`html`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.files import ACCEPTED
from flitstack_pipeline.cleaning.parsing import Parsing
from flitstack_pipeline.cleaning.values.cell_sql import is_html, literal

DDL = """CREATE TABLE IF NOT EXISTS clean.note_images (
  object VARCHAR, dataset VARCHAR, source_key VARCHAR, file VARCHAR, sheet VARCHAR, line BIGINT,
  "column" VARCHAR, sha256 VARCHAR, content_type VARCHAR, url VARCHAR, file_name VARCHAR,
  problem VARCHAR)"""
#: Notes whose images go to the media library, which takes more kinds than file fields do.
IN_TEXT = "activities"
_TAKEN = ", ".join(literal(ending) for ending in sorted(ACCEPTED))
_ENDING = r"regexp_extract(lower(image.file_name), '\.[a-z0-9]+$')"


def keep_note_images(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, column: str, lookup: str
) -> None:
    """Note the images that the notes of a batch hold, each with its record.

    Args:
        con: The warehouse, with the temporary tables `batch`, `made` and `found_note`.
        object_key: The object type that is cleaned.
        dataset: The kind of export.
        column: The column of the notes.
        lookup: The column of `batch` that was asked with.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE images_met AS
        SELECT r._at, {literal(column)} AS "column", n.image FROM batch r
        JOIN (SELECT cell, unnest(found.images) AS image FROM found_note
              WHERE len(found.images) > 0) n ON n.cell = r."{lookup}"
        """
    )
    _keep(con, object_key, dataset, "images_met")


def read_custom_notes(con: duckdb.DuckDBPyConnection, parsing: Parsing) -> bool:
    """Turn HTML in custom columns of `batch` into plain text; whether it held images.

    The images stand in the temporary table `custom_images` until `keep_custom_images`.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE custom_html AS
        SELECT _at, e.key AS label, e.value AS cell
        FROM (SELECT _at, unnest(map_entries(_extra)) AS e FROM batch
              WHERE cardinality(_extra) > 0)
        WHERE {is_html("e.value")} OR contains(e.value, '<img')
        """
    )
    if not con.execute("SELECT 1 FROM custom_html LIMIT 1").fetchall():
        return False
    parsing.find("note", ["cell"], table="custom_html")
    con.execute(
        """
        UPDATE batch SET _extra = map_from_entries(list_concat(
            list_filter(map_entries(_extra), lambda e: NOT list_contains(h.labels, e.key)),
            h.entries))
        FROM (SELECT _at, list(label) AS labels,
                     list({'key': label, 'value': coalesce(f.found.plain, '')}) AS entries
              FROM custom_html JOIN found_note f USING (cell) GROUP BY _at) h
        WHERE h._at = batch._at
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE custom_images AS
        SELECT _at, label AS "column", unnest(f.found.images) AS image
        FROM custom_html JOIN found_note f USING (cell) WHERE len(f.found.images) > 0
        """
    )
    return bool(con.execute("SELECT 1 FROM custom_images LIMIT 1").fetchall())


def keep_custom_images(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    """Note the images that custom columns of a batch held, once its clean rows are made."""
    _keep(con, object_key, dataset, "custom_images")


def _keep(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str, table: str) -> None:
    """Keep each image's bytes once, and note whose it is; `table` has _at, column, image."""
    con.execute(
        f"""
        INSERT INTO clean.inline_images
        SELECT DISTINCT ON (image.sha256) image.sha256, image.content_type,
               coalesce(from_base64(image.data), ''::BLOB), image.url
        FROM {table} WHERE image.problem IS NULL
          AND image.sha256 NOT IN (SELECT sha256 FROM clean.inline_images)
        """
    )
    refused = "NULL"
    if dataset != IN_TEXT:
        refused = (
            f"CASE WHEN {_ENDING} NOT IN ({_TAKEN}) "
            f"THEN 'HighLevel takes no ' || {_ENDING} || ' files' END"
        )
    con.execute(
        f"""
        INSERT INTO clean.note_images
        SELECT DISTINCT ?, ?, m.source_key, w._file, w._sheet, w._row, i."column", image.sha256,
               image.content_type, image.url, image.file_name, coalesce(image.problem, {refused})
        FROM {table} i JOIN batch r ON r._at = i._at JOIN made m ON m._at = i._at
        LEFT JOIN raw."{dataset}" w ON w._row_id = r._row_id
        WHERE m._refusal IS NULL
        """,
        [object_key, dataset],
    )
