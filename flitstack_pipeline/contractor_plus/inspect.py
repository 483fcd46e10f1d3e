"""Shows a person how one file is understood, and writes its cells exactly as read."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flitstack_pipeline.contractor_plus.cells import Sheet, sheets
from flitstack_pipeline.contractor_plus.lines import lines
from flitstack_pipeline.contractor_plus.recognise import recognise
from flitstack_pipeline.contractor_plus.survey import HEAD_ROWS
from flitstack_pipeline.spec.objects import object_of_dataset


@dataclass
class SheetView:
    """One sheet as understood; `rows` counts the records, `excluded` the other lines by rule."""

    sheet: str
    header_row: int | None
    header: list[str]
    dataset: str | None
    object_type: str | None
    columns: dict[str, str]
    unknown_columns: list[str]
    candidates: list[dict[str, object]]
    warnings: list[str]
    lines: int
    rows: int
    excluded: dict[str, int]


@dataclass
class Inspection:
    """One file as understood."""

    file: str
    encoding: str
    encoding_evidence: str
    dialect: str
    dialect_evidence: list[str]
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
        """The whole inspection as JSON; the first sheet's fields stand at the top as well."""
        body = asdict(self)
        if self.sheets:
            body = {**asdict(self.sheets[0]), **body}
        body["dataset"], body["rows"] = self.dataset, self.rows
        return json.dumps(body, indent=2, ensure_ascii=False)


def inspect_file(path: Path) -> Inspection:
    """How a file is understood. Raises FileNotFoundError, or UnreadableFile when refused."""
    found = sheets(path)
    first = found[0]
    view = Inspection(
        path.name,
        first.encoding.name,
        first.encoding.evidence,
        first.dialect.name if first.dialect else "workbook",
        list(first.dialect.evidence) if first.dialect else [],
    )
    for sheet in found:
        view.sheets.append(_sheet_view(path, sheet))
    return view


def _sheet_view(path: Path, sheet: Sheet) -> SheetView:
    rows = sheet.rows()
    head = list(itertools.islice(rows, HEAD_ROWS))
    layout = recognise(head, path.name, sheet.name)
    if layout is None:
        return SheetView(sheet.name, None, [], None, None, {}, [], [], ["no rows"], 0, 0, {})
    counted = Counter(line.rule for line in lines(itertools.chain(head, rows), layout))
    records = counted.pop("", 0)
    return SheetView(
        sheet.name,
        layout.header_row,
        layout.header,
        layout.dataset,
        object_of_dataset(layout.dataset) if layout.dataset else None,
        {h: c for h, c in zip(layout.header, layout.columns, strict=True) if c},
        [x for x, c in zip(layout.labels, layout.columns, strict=True) if c is None],
        [asdict(g) for g in layout.guesses],
        [*layout.warnings, *sheet.notes],
        records + counted.total() + 1,
        records,
        dict(counted),
    )


def write_cells(path: Path, out: Path) -> int:
    """Write every cell of every sheet as read, as plain UTF-8 CSV; return the rows written."""
    written = 0
    out.touch(mode=0o600)
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        for sheet in sheets(path):
            for _, cells in sheet.rows():
                writer.writerow(cells)
                written += 1
    out.chmod(0o600)
    return written
