"""CSV files in `decisions/` that a person may edit: read however a spreadsheet saved them.

Belongs here: rows of text in and out, for the owner only, written whole or not at all. Does not:
what a decision means (`cleaning.decisions`, `services.questions`, `services.acknowledging`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.private_files import replacing

Row = dict[str, str]


def read_table(
    path: Path, columns: Sequence[str], needed: Iterable[str] = ()
) -> list[tuple[int, Row]]:
    """(line, row) of a table, with exactly `columns`; none without a file.

    Args:
        path: The file: separated by `,` `;` or tab, in UTF-8 or what Excel writes as plain CSV.
        columns: What a row has; a column that the file lacks is empty text.
        needed: Columns without which the file cannot be followed.

    Raises:
        BadInput: when a needed column is missing, or the path is no file with a table.
    """
    if not path.exists():
        return []
    text = read_text(path)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = set(needed) - set(reader.fieldnames or ())
    if missing and reader.fieldnames:
        raise BadInput(f"{path} has no column {', '.join(sorted(missing))}. Add it.")
    return [
        (reader.line_num, {c: (row.get(c) or "").strip().removeprefix("'") for c in columns})
        for row in reader
    ]


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a table in place of the file that was there, readable by its owner only."""
    with replacing(path, encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=columns)
        writer.writeheader()
        writer.writerows({name: _as_text(value) for name, value in row.items()} for row in rows)


def read_text(path: Path) -> str:
    """The text of a table, however a spreadsheet wrote it. Raises BadInput when it is none."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder, and must be a file: move the folder away.")
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what Excel writes as "Unicode text"
        return raw[: len(raw) // 2 * 2].decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise BadInput(
            f"{path} is no text: restore it from a backup, or delete it (what was decided in it is "
            "asked again)."
        )
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what Excel writes as plain "CSV"


def _as_text(cell: str) -> str:
    """A cell a spreadsheet would run as a formula, as text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
