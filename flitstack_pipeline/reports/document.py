"""One document: a title, what to know first, and sections of rows; rendered as HTML, CSV, JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CELL_CUT = 600
ROWS_SHOWN = 2_000


@dataclass(frozen=True)
class Section:
    """A heading, a sentence, and a table; `status_column` colours its rows by value."""

    title: str
    rows: Sequence[Mapping[str, Any]] = ()
    about: str = ""
    status_column: str = ""
    empty: str = "Nothing to show."


@dataclass(frozen=True)
class Document:
    """What a person reads: the verdict first, then facts, then sections."""

    title: str
    verdict: str
    good: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    about: str = ""


def render(document: Document) -> str:
    """The document as one self-contained, printable HTML page."""
    env = Environment(
        loader=PackageLoader("flitstack_pipeline.reports"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["cell"] = _cell
    return env.get_template("document.html.j2").render(document=document, most=ROWS_SHOWN)


def write_html(document: Document, path: Path) -> Path:
    """Write the page, readable by its owner only; return the path."""
    return _write(path, render(document))


def write_json(value: Any, path: Path) -> Path:
    """Write JSON for programs; return the path."""
    return _write(path, json.dumps(value, indent=2, default=str, ensure_ascii=False))


def write_csv(rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write rows as CSV with formula-looking cells made safe; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, fieldnames=list(row), extrasaction="ignore")
                writer.writeheader()
            writer.writerow({k: spreadsheet_safe(v) for k, v in row.items()})
    path.chmod(0o600)
    return path


def spreadsheet_safe(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets a leading apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= CELL_CUT else f"{text[:CELL_CUT]}… ({len(text):,} characters)"
