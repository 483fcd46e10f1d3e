"""Loads export files into the `raw` schema: every row as read, all text, every line accounted for.

`raw.<dataset>` holds the rows; `raw.excluded` the lines that are no rows, by rule; `raw.misfits`
rows that do not stand under their header; `raw.left_out` those of files of which nothing is moved;
`raw.files` one line per file and sheet. A file that cannot be trusted is refused whole, with the
reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import duckdb

from flitstack_pipeline.catalog.keys import DEFAULT_WORKSPACE
from flitstack_pipeline.catalog.objects import BY_KEY, REPORT_ONLY_DATASETS, SCHEMA_DATASETS
from flitstack_pipeline.garbage import looked_for_rarely
from flitstack_pipeline.questions import Question, ask
from flitstack_pipeline.reading import manifest, raw_tables
from flitstack_pipeline.reading.cells import Sheet, UnreadableFile
from flitstack_pipeline.reading.left_out_rows import keep_left_out
from flitstack_pipeline.reading.line_rows import split_line_rows
from flitstack_pipeline.reading.lines import blocks, cap_warning, overlong, overlong_warning
from flitstack_pipeline.reading.misfits import settle_rows
from flitstack_pipeline.reading.raw_rows import RowWriter
from flitstack_pipeline.reading.recognise import Layout, label_key
from flitstack_pipeline.reading.survey import SheetRead, open_questions, survey

__all__ = ["IngestResult", "SheetRead", "ingest_object", "ingest_schema", "survey"]

#: The step that lists what reading leaves to a person, whatever object type it read.
ASKED_BY = "read"


@dataclass
class IngestResult:
    """What was read for one object type: rows per dataset, files, refusals, warnings, questions."""

    rows: dict[str, int] = field(default_factory=dict)
    excluded: int = 0
    files: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def ingest_object(
    con: duckdb.DuckDBPyConnection,
    exports: Path,
    object_key: str,
    *,
    default_workspace: str = DEFAULT_WORKSPACE,
    answers: Mapping[str, str] | None = None,
) -> IngestResult:
    """Read every export that feeds one object type into its raw tables, replacing them.

    Memory stays flat whatever the size. `answers` are a person's to what files hold. Raises
    BadInput for an unusable manifest; unreadable files do not raise, they are in `refused`.
    """
    return _ingest(con, exports, BY_KEY[object_key].datasets, default_workspace, answers)


def ingest_schema(
    con: duckdb.DuckDBPyConnection,
    exports: Path,
    *,
    default_workspace: str = DEFAULT_WORKSPACE,
    answers: Mapping[str, str] | None = None,
) -> IngestResult:
    """Read custom field definitions and line item templates into their raw tables.

    Expenses, time clock and mileage come along: understood and counted, but not migrated.
    """
    datasets = (*SCHEMA_DATASETS, *REPORT_ONLY_DATASETS)
    return _ingest(con, exports, datasets, default_workspace, answers)


def _ingest(
    con: duckdb.DuckDBPyConnection,
    exports: Path,
    datasets: Iterable[str],
    workspace: str,
    answers: Mapping[str, str] | None,
) -> IngestResult:
    raw_tables.prepare(con)
    result = IngestResult()
    surveyed = survey(exports, answers)
    raw_tables.replace_counts(con, _on_screen(exports, surveyed))
    raw_tables.forget_missing(con, [read.entry.file for read in surveyed])
    for dataset in datasets:
        raw_tables.replace_table(con, dataset)
        result.rows[dataset] = 0
        reads = [read for read in surveyed if read.dataset == dataset]
        labels = _labels(reads)
        for read in reads:
            if read.copy_of:
                _record_copy(con, read, result)
            else:
                with looked_for_rarely():
                    _load_sheet(con, read, workspace, labels, result)
    for dataset in datasets:
        result.warnings += split_line_rows(con, dataset, answers or {})
    waiting = {}
    for place, read in enumerate(surveyed):
        if read.dataset is None:
            waiting[place] = _record_unclaimed(con, read, result)
    keep_left_out(con, surveyed)
    result.questions = open_questions(surveyed, waiting, answers)
    ask(con, ASKED_BY, result.questions)
    return result


def _on_screen(exports: Path, surveyed: list[SheetRead]) -> list[manifest.OnScreen]:
    """On-screen counts by module; one noted on a file stands for the module of its first sheet."""
    told = {
        (read.dataset, read.entry.workspace): manifest.OnScreen(
            read.dataset, read.entry.workspace, read.entry.expected_count
        )
        for read in sorted(surveyed, key=lambda r: r.entry.exported_at)
        if read.dataset and read.entry.expected_count is not None and read.number == 0
    }
    known = {(c.dataset, c.workspace): c for c in manifest.read(exports).counts}
    return list({**told, **known}.values())


def _labels(reads: list[SheetRead]) -> dict[str, str]:
    """Labels of custom columns by `label_key`, as the oldest export spells them."""
    found: dict[str, str] = {}
    for read in sorted(reads, key=lambda r: (r.entry.exported_at, r.entry.file, r.number)):
        assert read.layout is not None
        for label, column in zip(read.layout.labels, read.layout.columns, strict=True):
            if column is None:
                found.setdefault(label_key(label), label)
    return found


def _load_sheet(
    con: duckdb.DuckDBPyConnection,
    read: SheetRead,
    workspace: str,
    labels: dict[str, str],
    result: IngestResult,
) -> None:
    """Load one sheet block by block, or refuse it whole: a transaction, nothing half-read stays."""
    assert read.layout is not None and read.dataset is not None
    too_long: list[int] = []
    con.execute("BEGIN")
    try:
        with RowWriter(con, read, workspace, labels) as writer:
            for block in blocks(read.sheet.batches(), read.layout):
                writer.add(block)
                too_long += overlong(block)
                _note_layout(read, block.layout)
            writer.close()
            settled = settle_rows(con, read, writer.stored_labels, writer.counts, writer.put_back)
    except UnreadableFile as error:
        con.execute("ROLLBACK")
        read.refused = str(error)
        _record_unclaimed(con, read, result)
        return
    except BaseException:
        con.execute("ROLLBACK")
        raise
    warnings = [
        *_layout_warnings(read),
        *read.sheet.notes,
        *settled.warnings(),
        *(overlong_warning(too_long) if _all_overlong(too_long, writer.loaded) else []),
        *cap_warning(writer.loaded),
        *raw_tables.cut_cells(con, read),
    ]
    raw_tables.record_file(con, read, writer.loaded + writer.excluded, warnings)
    con.execute("COMMIT")
    result.rows[read.dataset] += writer.loaded
    result.excluded += writer.excluded
    result.files.append(read.entry.file)
    result.warnings += [f"{read.entry.file}: {w}" for w in warnings]


def _all_overlong(too_long: list[int], rows: int) -> bool:
    """Whether most rows are longer than the header: a column without one, and no damage."""
    return len(too_long) > rows / 2


def _note_layout(read: SheetRead, layout: Layout) -> None:
    if layout is not read.layout and layout not in read.layouts:
        read.layouts.append(layout)


def _layout_warnings(read: SheetRead) -> list[str]:
    warnings = list(read.layout.warnings) if read.layout else []
    for layout in read.layouts:
        warnings.append(
            f"from line {layout.header_row} on the columns are others: another session pasted below"
        )
        warnings += [f"line {layout.header_row}: {w}" for w in layout.warnings]
    return warnings


def _record_copy(con: duckdb.DuckDBPyConnection, read: SheetRead, result: IngestResult) -> None:
    """A file with the same bytes as another one: listed, its rows are in already."""
    warning = f"the same bytes as {read.copy_of}; not read a second time"
    raw_tables.record_file(con, read, 0, [warning])
    result.warnings.append(f"{read.entry.file}: {warning}")


def _record_unclaimed(con: duckdb.DuckDBPyConnection, read: SheetRead, result: IngestResult) -> int:
    """A sheet nobody could read or name for sure, or wants: listed, with the reason.

    Returns the rows that wait in it for a person's answer.
    """
    rows = 0
    if read.left_out:
        warnings = [f"not moved: {read.why_left_out}"]
    elif read.layout is None:
        warnings = [] if read.refused else ["the file is empty"]
    else:
        rows = 0 if read.refused else _rows_below(read)
        asked = read.question(rows)
        warnings = [*read.layout.warnings, *([asked.text] if asked else [])]
    raw_tables.record_file(con, read, rows, warnings)
    if read.refused and not read.left_out:
        result.refused.append(read.refused)
    else:
        result.warnings += [f"{read.entry.file}: {w}" for w in warnings]
    return rows


def _rows_below(read: SheetRead) -> int:
    """Lines with text below the header of a sheet nobody recognised; 0 when it is refused."""
    assert read.layout is not None
    try:
        return _count_below(read.sheet, read.layout.header_row, manifest.stamp(read.sheet.path))
    except UnreadableFile as error:
        read.refused = str(error)
        return 0


@lru_cache(maxsize=64)  # such a sheet is met once per object type
def _count_below(sheet: Sheet, header_row: int, _stamp: tuple[int, ...]) -> int:
    return sum(number > header_row and any(map(str.strip, cells)) for number, cells in sheet.rows())
