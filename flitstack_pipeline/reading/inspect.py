"""Shows a person how one file is understood, and writes its cells exactly as read."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.objects import object_of_dataset
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.questions import Question
from flitstack_pipeline.reading.cells import Batch, Row, Sheet, sheets
from flitstack_pipeline.reading.lines import blocks, cap_warning, overlong, overlong_warning
from flitstack_pipeline.reading.questions import about_file
from flitstack_pipeline.reading.recognise import Layout, recognise
from flitstack_pipeline.reading.survey import HEAD_ROWS


@dataclass
class SheetView:
    """One sheet as understood.

    `columns` has one entry per column: its header and the field it was recognised as (None: a
    custom-field candidate). `rows` counts records, `excluded` the other lines by rule,
    `rows_read` both and the header. `candidates` are the kinds of export that fit best.
    """

    sheet: str
    header_row: int | None = None
    header: list[str] = field(default_factory=list)
    dataset: str | None = None
    object_type: str | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    rows: int = 0
    rows_read: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    question: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass
class Inspection:
    """One file as understood; `evidence` says why this encoding and this dialect."""

    file: str
    encoding: str
    dialect: str
    separator: str | None
    evidence: dict[str, list[str]] = field(default_factory=dict)
    sheets: list[SheetView] = field(default_factory=list)

    @property
    def dataset(self) -> str | None:
        """The kind of export of the first recognised sheet."""
        return next((s.dataset for s in self.sheets if s.dataset), None)

    @property
    def rows(self) -> int:
        """Records of all sheets."""
        return sum(s.rows for s in self.sheets)

    def to_json(self) -> str:
        """The whole inspection as JSON; the first recognised sheet stands at the top as well."""
        shown = next((s for s in self.sheets if s.dataset), self.sheets[0])
        body = {**asdict(self), **asdict(shown), "rows": self.rows}
        body["sheets"] = [asdict(s) for s in self.sheets]
        return json.dumps(body, indent=2, ensure_ascii=False)

    def describe(self) -> Iterator[str]:
        """The inspection in lines for a person."""
        yield f"{self.file}: {self.encoding}, {self.dialect}"
        for topic, reasons in self.evidence.items():
            yield f"  {topic}: {'; '.join(reasons)}"
        for sheet in self.sheets:
            yield from _described(sheet)


def _described(view: SheetView) -> Iterator[str]:
    name = f"sheet {view.sheet!r}: " if view.sheet else ""
    kind = view.dataset or "what is not certain"
    feeds = f", feeds {view.object_type}" if view.object_type else ""
    yield f"{name}holds {kind}{feeds}; {view.rows} rows below the header on line {view.header_row}"
    for column in view.columns:
        yield f"  {column['header'] or '(no header)'} → {column['field'] or '(custom field)'}"
    for rule, count in view.excluded.items():
        yield f"  left out: {count} by rule {rule}"
    yield from (f"  ? {text}" for text in [view.question] if text)
    yield from (f"  ! {warning}" for warning in view.warnings)


def inspect_file(path: Path) -> Inspection:
    """How a file is understood. Raises FileNotFoundError, or UnreadableFile when refused."""
    found = sheets(path)
    first = found[0]
    view = Inspection(
        path.name,
        first.encoding.name,
        first.dialect.name if first.dialect else "workbook",
        first.dialect.separator if first.dialect else None,
        {
            "encoding": [first.encoding.evidence],
            "dialect": list(first.dialect.evidence) if first.dialect else [first.encoding.evidence],
        },
    )
    view.sheets = [_sheet_view(path, sheet) for sheet in found]
    return view


def _sheet_view(path: Path, sheet: Sheet) -> SheetView:
    batches = sheet.batches()
    first = next(batches, Batch([], []))
    head = list(zip(first.numbers, first.rows, strict=True))[:HEAD_ROWS]
    layout = recognise(head, path.name, sheet.name)
    if layout is None:
        return SheetView(sheet.name, warnings=["it is empty: no cell has text"])
    records, counted = 0, Counter[str]()
    too_long: list[int] = []
    for block in blocks(itertools.chain([first], batches), layout):
        records += len(block.records.rows)
        counted.update(line.rule for line in block.excluded)
        too_long += overlong(block)
    return SheetView(
        sheet.name,
        layout.header_row,
        layout.header,
        layout.dataset,
        object_of_dataset(layout.dataset) if layout.dataset else None,
        [{"header": h, "field": c} for h, c in zip(layout.header, layout.columns, strict=True)],
        [x for x, c in zip(layout.labels, layout.columns, strict=True) if c is None],
        records,
        records + counted.total() + 1,
        dict(counted),
        [asdict(g) for g in layout.guesses if g.recognised],
        str(asked) if (asked := _question(path, sheet, layout, records, head)) else "",
        _warnings(layout, sheet, records, too_long),
    )


def _question(
    path: Path, sheet: Sheet, layout: Layout, records: int, head: list[Row]
) -> Question | None:
    """What a person must say of the file, None when it is clear or holds no record."""
    if not layout.doubts or not records:
        return None
    below = [cells for number, cells in head if number > layout.header_row]
    return about_file(path.name, sheet.name, layout, records, below)


def _warnings(layout: Layout, sheet: Sheet, records: int, too_long: list[int]) -> list[str]:
    empty = [] if records else ["there is no row below the header"]
    cut, ragged = cap_warning(records), overlong_warning(too_long)
    return [*layout.warnings, *sheet.notes, *empty, *ragged, *cut]


def write_cells(path: Path, out: Path, sheet_name: str = "") -> int:
    """Write every cell as read, as plain UTF-8 CSV, for its owner only; return the rows written.

    All sheets below one another, or only the one named. Raises BadInput for a name that is none.
    """
    found = [s for s in sheets(path) if not sheet_name or s.name == sheet_name]
    if not found:
        raise BadInput(f"{path.name} has no sheet {sheet_name!r}")
    written = 0
    draft = out.with_name(out.name + ".part")
    draft.touch(mode=0o600)
    with draft.open("w", newline="", encoding="utf-8") as file:
        # All quoted: a row of one empty cell and a lone carriage return read back as they were.
        writer = csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
        for sheet in found:
            for _, cells in sheet.rows():
                writer.writerow(cells)
                written += 1
    draft.replace(out)
    return written
