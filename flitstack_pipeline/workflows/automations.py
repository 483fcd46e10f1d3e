"""The customer's automations: the template they fill in, and reading it back.

What belongs here: CSV and Excel in and out. What does not: what becomes of an automation
(rebuild.py). One row is one automation; a row whose name begins with "Example:" is ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill

from flitstack_pipeline.decision_tables import read_text
from flitstack_pipeline.errors import BadInput

EXAMPLE = "example:"
WIDTHS = (30, 44, 36, 60, 14, 44)


class TemplateError(BadInput):
    """The list cannot be read; the message names every row and column, and what to do."""


@dataclass(frozen=True)
class Automation:
    """One automation as the customer describes it; `row` is its row in the file."""

    name: str
    trigger: str
    conditions: str = ""
    actions: str = ""
    active: str = ""
    notes: str = ""
    row: int = 0


#: Column headings of the template, with what belongs in them.
COLUMNS: dict[str, tuple[str, str]] = {
    "name": ("Name", "What you call it"),
    "trigger": ("When (trigger)", "What starts it, such as: an estimate is approved"),
    "conditions": ("Only if (conditions)", "When it is not for all, such as: amount over 5000"),
    "actions": ("Then (actions)", "What it does, one action per line, in order"),
    "active": ("In use?", "yes or no"),
    "notes": ("Notes", "Message texts, recipients, exceptions"),
}  # fmt: skip

EXAMPLES = (
    Automation(
        "Example: thank you after completion", "A job is completed", "Not for warranty jobs",
        "Wait 1 day\nText the client a thank-you message\nAsk the client for a Google review",
        "yes", "Text: Thank you for choosing us!",
    ),
    Automation(
        "Example: chase open estimates", "3 days after an estimate was sent", "Not yet approved",
        "Email the client a reminder\nCreate a task for the estimator to call", "yes", "",
    ),
)  # fmt: skip


def write_template(path: Path) -> Path:
    """Write an empty list with two examples: Excel when the name ends in .xlsx, else CSV.

    Raises TemplateError rather than overwrite what a customer may have filled in.
    """
    if path.exists():
        raise TemplateError(f"{path} is there already: choose another name, or delete it first")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [[getattr(example, field) for field in COLUMNS] for example in EXAMPLES]
    if path.suffix.lower() == ".xlsx":
        _write_workbook(path, rows)
    else:
        _write_csv(path, rows)
    path.chmod(0o600)
    return path


def _write_csv(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(heading for heading, _ in COLUMNS.values())
        writer.writerows(rows)


def _write_workbook(path: Path, rows: Iterable[list[str]]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Automations"
    sheet.append([heading for heading, _ in COLUMNS.values()])
    sheet.append([about for _, about in COLUMNS.values()])
    for row in rows:
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DFE5EC")
    for cell in sheet[2]:
        cell.font = Font(italic=True, color="5D6B7A")
    for letter, width in zip("ABCDEF", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    book.save(path)


def read_automations(path: Path) -> list[Automation]:
    """Read a filled-in template. Raises TemplateError with everything that is wrong with it."""
    rows = _rows(path)
    if not rows:
        raise TemplateError(f"{path} is empty: write one with `flitstack workflows template`")
    places = _places(path, rows[0])
    found, problems = [], []
    for number, row in enumerate(rows[1:], 2):
        cells = {field: _cell(row, place) for field, place in places.items()}
        about = [_cell(row, p) == COLUMNS[f][1] for f, p in places.items()]
        if not any(cells.values()) or all(about) or cells["name"].lower().startswith(EXAMPLE):
            continue
        problems += [
            f"row {number}, column {COLUMNS[field][0]!r} is empty"
            for field in ("name", "trigger", "actions")
            if not cells[field]
        ]
        found.append(Automation(**cells, row=number))
    if problems:
        raise TemplateError(f"{path} cannot be used yet:\n" + "\n".join(f"- {p}" for p in problems))
    if not found:
        raise TemplateError(f"{path} lists no automation; the examples do not count")
    return found


def _rows(path: Path) -> list[list[str]]:
    if path.suffix.lower() != ".xlsx":
        return list(csv.reader(io.StringIO(read_text(path), newline="")))
    try:
        sheet = load_workbook(path, read_only=True, data_only=True).active
        assert sheet is not None
        return [
            ["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)
        ]
    except OSError:
        raise
    except Exception as error:  # openpyxl raises many kinds on what is no workbook
        raise TemplateError(
            f"{path} is no workbook ({type(error).__name__}); make one with "
            "`flitstack workflows template`."
        ) from error


def _places(path: Path, headings: list[str]) -> dict[str, int]:
    """Column of each field, by its heading or by the heading's first word."""
    known = {}
    for place, heading in enumerate(headings):
        for field, (title, _) in COLUMNS.items():
            if _plain(heading) in (_plain(title), _plain(title).split(" ")[0], field):
                known[field] = place
    missing = [COLUMNS[f][0] for f in ("name", "trigger", "actions") if f not in known]
    if missing:
        raise TemplateError(f"{path}, row 1: there is no column {', '.join(map(repr, missing))}")
    return known


def _plain(text: str) -> str:
    return " ".join(text.replace("(", " ").replace(")", " ").lower().split())


def _cell(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
