"""Files that lie beside the exports and that nothing in them names: listed, never passed over.

Belongs here: `clean.unnamed_files`, one line per file. Does not: files that a row names
(`files`), files of the folder that are refused as exports (`reading.formats`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.files import MAX_BYTES
from flitstack_pipeline.file_kinds import suffix_of
from flitstack_pipeline.reading.folder import attachment_files, problem_of

IMAGES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "bmp"})
DDL = """CREATE OR REPLACE TABLE clean.unnamed_files (
  file VARCHAR, size_bytes BIGINT, sha256 VARCHAR, why VARCHAR)"""
UNNAMED = "no row of any export names it: list it in attachments.csv with the record it belongs to"


def list_unnamed(con: duckdb.DuckDBPyConnection, exports: Path) -> int:
    """List the files of the exports folder that no attachment names; returns how many.

    Args:
        con: The warehouse; `clean.attachments` tells which files are named.
        exports: The exports folder.
    """
    con.execute(DDL)
    root = exports.resolve()
    named = {p for (p,) in con.execute("SELECT path FROM clean.attachments").fetchall() if p}
    found = []
    for path in attachment_files(exports):
        problem = problem_of(path)
        name = path.relative_to(exports).as_posix()
        inside = problem or _within(path, root)
        if name not in named and inside not in named:
            size = 0 if problem else path.stat().st_size
            found.append((name, size, _hash_of_image(path, size), problem or UNNAMED))
    if found:
        con.executemany("INSERT INTO clean.unnamed_files VALUES (?, ?, ?, ?)", found)
    return len(found)


def _hash_of_image(path: Path, size: int) -> str | None:
    """The hash by which an image is known that stands in a note; None for other files."""
    if not 0 < size <= MAX_BYTES or suffix_of(path.name) not in IMAGES:
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _within(path: Path, root: Path) -> str:
    """The path with its links followed, relative to the exports folder; "" outside of it."""
    real = path.resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else ""
