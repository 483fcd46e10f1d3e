"""Loads export files into the `raw` schema: every row as read, all text, every line accounted for.

`raw.<dataset>` holds the rows; `raw.excluded` the lines that are no rows, by rule; `raw.files`
one line per file and sheet. A file that cannot be trusted is refused whole, with the reason.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from flitstack_pipeline.contractor_plus import manifest
from flitstack_pipeline.contractor_plus.cells import Row, Sheet, UnreadableFile, sheets
from flitstack_pipeline.contractor_plus.encoding import Encoding
from flitstack_pipeline.contractor_plus.recognise import HEADER_SEARCH_ROWS, Layout, recognise
from flitstack_pipeline.spec.keys import DEFAULT_WORKSPACE
from flitstack_pipeline.spec.objects import BY_KEY, SCHEMA_DATASETS
from flitstack_pipeline.spec.source import BY_KEY as DATASET
from flitstack_pipeline.spec.source import normalise_header

CHUNK = 20_000
CAP_SIZES = {100, 200, 250, 500, 1_000, 2_000, 2_500, 5_000, 10_000}
_TOTALS = re.compile(r"^\s*(report\s+|grand\s+|sub\s*)?totals?\s*:?\s*$", re.I)
_META = ("_row_id", "_workspace", "_session", "_file", "_sheet", "_row", "_exported_at")

FILES_DDL = """CREATE TABLE IF NOT EXISTS raw.files (
  file VARCHAR, sheet VARCHAR, sha256 VARCHAR, session VARCHAR, workspace VARCHAR,
  exported_at TIMESTAMP, dataset VARCHAR, encoding VARCHAR, dialect VARCHAR, header_row BIGINT,
  rows_read BIGINT, columns JSON, unknown_columns JSON, warnings JSON, refused VARCHAR,
  expected_count BIGINT)"""
EXCLUDED_DDL = """CREATE TABLE IF NOT EXISTS raw.excluded (
  file VARCHAR, sheet VARCHAR, "row" BIGINT, dataset VARCHAR, rule VARCHAR, text VARCHAR)"""


@dataclass
class SheetRead:
    """One sheet as understood: where it is from, its layout, and the warnings on it."""

    sheet: Sheet
    entry: manifest.Entry
    number: int
    layout: Layout | None
    refused: str = ""

    @property
    def dataset(self) -> str | None:
        """The kind of export, None when unknown or refused."""
        return self.layout.dataset if self.layout and not self.refused else None


@dataclass
class IngestResult:
    """What was read for one object type: rows per dataset, files, refusals and warnings."""

    rows: dict[str, int] = field(default_factory=dict)
    excluded: int = 0
    files: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def survey(exports: Path) -> list[SheetRead]:
    """Every sheet of every export file, understood but not yet loaded."""
    entries = manifest.load(exports)
    found = []
    for path in manifest.export_files(exports):
        entry = manifest.entry_of(exports, path, entries)
        try:
            for number, sheet in enumerate(sheets(path)):
                head = list(itertools.islice(sheet.rows(), HEADER_SEARCH_ROWS + 20))
                label = sheet.name if len(sheet.name) > 6 else entry.file
                found.append(SheetRead(sheet, entry, number, recognise(head, label)))
        except UnreadableFile as error:
            blank = Sheet(path, "", Encoding("unknown", "refused"), None)
            found.append(SheetRead(blank, entry, 0, None, str(error)))
    return found


def ingest_object(
    con: duckdb.DuckDBPyConnection,
    exports: Path,
    object_key: str,
    *,
    default_workspace: str = DEFAULT_WORKSPACE,
) -> IngestResult:
    """Read every export that feeds one object type into its raw tables, replacing them."""
    return _ingest(con, exports, BY_KEY[object_key].datasets, default_workspace)


def ingest_schema(
    con: duckdb.DuckDBPyConnection, exports: Path, *, default_workspace: str = DEFAULT_WORKSPACE
) -> IngestResult:
    """Read custom field definitions and line item templates into their raw tables."""
    return _ingest(con, exports, SCHEMA_DATASETS, default_workspace)


def _ingest(
    con: duckdb.DuckDBPyConnection, exports: Path, datasets: Iterable[str], workspace: str
) -> IngestResult:
    con.execute(FILES_DDL)
    con.execute(EXCLUDED_DDL)
    result = IngestResult()
    surveyed = survey(exports)
    for dataset in datasets:
        _replace_table(con, dataset)
        result.rows[dataset] = 0
        for read in (r for r in surveyed if r.dataset == dataset):
            _load_sheet(con, read, dataset, workspace, result)
    _record_unclaimed(con, [r for r in surveyed if r.dataset is None], result)
    return result


def _replace_table(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    columns = ", ".join(f'"{c.name}" VARCHAR' for c in DATASET[dataset].columns)
    con.execute(
        f'CREATE OR REPLACE TABLE raw."{dataset}" (_row_id VARCHAR, _workspace VARCHAR, '
        "_session VARCHAR, _file VARCHAR, _sheet VARCHAR, _row BIGINT, _exported_at TIMESTAMP, "
        f"{columns}, _extra MAP(VARCHAR, VARCHAR))"
    )
    con.execute("DELETE FROM raw.files WHERE dataset = ?", [dataset])
    con.execute("DELETE FROM raw.excluded WHERE dataset = ?", [dataset])


def _load_sheet(
    con: duckdb.DuckDBPyConnection,
    read: SheetRead,
    dataset: str,
    workspace: str,
    result: IngestResult,
) -> None:
    """Load one sheet in chunks, or refuse it whole: a transaction, so nothing half-read stays."""
    assert read.layout is not None
    excluded: list[list[object]] = []
    loaded = 0
    con.execute("BEGIN")
    try:
        for chunk in _chunks(_data_rows(read, excluded), CHUNK):
            loaded += _insert(con, read, dataset, workspace, chunk)
    except UnreadableFile as error:
        con.execute("ROLLBACK")
        read.refused = str(error)
        _record_unclaimed(con, [read], result)
        return
    if excluded:
        con.executemany("INSERT INTO raw.excluded VALUES (?, ?, ?, ?, ?, ?)", excluded)
    warnings = [*read.layout.warnings, *_count_warnings(read.entry, loaded)]
    _record_file(con, read, loaded + len(excluded), warnings)
    con.execute("COMMIT")
    result.rows[dataset] += loaded
    result.excluded += len(excluded)
    result.files.append(read.entry.file)
    result.warnings += [f"{read.entry.file}: {w}" for w in warnings]


def _data_rows(read: SheetRead, excluded: list[list[object]]) -> Iterator[Row]:
    """The rows that are records; every other line goes to `excluded` with its rule."""
    layout = read.layout
    assert layout is not None
    header = [normalise_header(c) for c in layout.header]
    for number, cells in read.sheet.rows():
        rule = _not_a_record(number, cells, layout, header)
        if rule == "header":
            continue
        if rule:
            text = " | ".join(c for c in cells if c)[:500]
            excluded.append([read.entry.file, read.sheet.name, number, layout.dataset, rule, text])
        else:
            yield number, cells


def _not_a_record(number: int, cells: list[str], layout: Layout, header: list[str]) -> str:
    """The rule that excludes a line, "header" for the header itself, "" for a record."""
    if number == layout.header_row:
        return "header"
    if not any(c.strip() for c in cells):
        return "blank_line"
    if number < layout.header_row:
        return "title_line"
    if [normalise_header(c) for c in cells] == header:
        return "repeated_header"
    first = next(c for c in cells if c.strip())
    return "totals_line" if _TOTALS.match(first) else ""


def _insert(
    con: duckdb.DuckDBPyConnection,
    read: SheetRead,
    dataset: str,
    workspace: str,
    rows: list[Row],
) -> int:
    layout = read.layout
    assert layout is not None
    names = [c.name for c in DATASET[dataset].columns]
    present = {name: i for i, name in enumerate(layout.columns) if name}
    extra = [(i, layout.labels[i]) for i, name in enumerate(layout.columns) if name is None]
    width = len(layout.columns)
    default = read.entry.workspace or workspace
    place = f"{read.entry.sha256[:12]}-{read.number}"
    columns: dict[str, list[object]] = {
        "_row_id": [f"{place}-{n}" for n, _ in rows],
        "_workspace": [
            (_at(c, present["workspace"]) or "").strip() or default
            if "workspace" in present
            else default
            for _, c in rows
        ],
        "_row": [n for n, _ in rows],
    }
    for name in names:
        at = present.get(name)
        columns[name] = [None if at is None else _at(c, at) for _, c in rows]
    columns["_names"] = [[label for _, label in extra] + _overflow(c, width)[0] for _, c in rows]
    columns["_values"] = [[_at(c, i) for i, _ in extra] + _overflow(c, width)[1] for _, c in rows]
    frame = pd.DataFrame(columns, dtype=object)
    con.register("incoming", frame)
    listed = ", ".join(f'CAST("{n}" AS VARCHAR)' for n in names)
    con.execute(
        f'INSERT INTO raw."{dataset}" SELECT _row_id, _workspace, ?, ?, ?, CAST(_row AS BIGINT), '  # noqa: S608
        f"CAST(? AS TIMESTAMPTZ)::TIMESTAMP, {listed}, "
        "MAP(CAST(_names AS VARCHAR[]), CAST(_values AS VARCHAR[])) FROM incoming",
        [read.entry.session, read.entry.file, read.sheet.name, read.entry.exported_at],
    )
    con.unregister("incoming")
    return len(rows)


def _at(cells: list[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _overflow(cells: list[str], width: int) -> tuple[list[str], list[str]]:
    """Cells beyond the header of a ragged row, under names of their own."""
    beyond = [(i, c) for i, c in enumerate(cells[width:], start=width + 1) if c.strip()]
    return [f"(column {i})" for i, _ in beyond], [c for _, c in beyond]


def _count_warnings(entry: manifest.Entry, loaded: int) -> list[str]:
    warnings = []
    if loaded in CAP_SIZES:
        warnings.append(
            f"exactly {loaded} rows: the export may be cut at a cap; compare the on-screen count"
        )
    if entry.expected_count is not None and entry.expected_count != loaded:
        warnings.append(f"{loaded} rows read, {entry.expected_count} on screen at export")
    return warnings


def _record_file(
    con: duckdb.DuckDBPyConnection, read: SheetRead, rows_read: int, warnings: list[str]
) -> None:
    layout, entry = read.layout, read.entry
    known = [c for c in layout.columns if c] if layout else []
    unknown = (
        [label for c, label in zip(layout.columns, layout.labels, strict=True) if c is None]
        if layout
        else []
    )
    con.execute(
        "INSERT INTO raw.files VALUES (?, ?, ?, ?, ?, CAST(? AS TIMESTAMPTZ)::TIMESTAMP, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            entry.file,
            read.sheet.name,
            entry.sha256,
            entry.session,
            entry.workspace,
            entry.exported_at,
            read.dataset,
            read.sheet.encoding.name,
            read.sheet.dialect.name if read.sheet.dialect else "workbook",
            layout.header_row if layout else None,
            rows_read,
            json.dumps(known),
            json.dumps(unknown, ensure_ascii=False),
            json.dumps(warnings, ensure_ascii=False),
            read.refused or None,
            entry.expected_count,
        ],
    )


def _record_unclaimed(
    con: duckdb.DuckDBPyConnection, reads: list[SheetRead], result: IngestResult
) -> None:
    """Files nobody could read or recognise: listed once, with the reason."""
    for read in reads:
        con.execute(
            "DELETE FROM raw.files WHERE file = ? AND sheet = ?", [read.entry.file, read.sheet.name]
        )
        if not read.refused and read.layout is None:
            read.refused = ""
            warnings = ["the file is empty"]
        else:
            warnings = list(read.layout.warnings) if read.layout else []
        _record_file(con, read, 0, warnings)
        if read.refused:
            result.refused.append(read.refused)
        else:
            result.warnings += [f"{read.entry.file}: {w}" for w in warnings]


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while chunk := list(itertools.islice(rows, size)):
        yield chunk
