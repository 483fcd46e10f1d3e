"""One document: a title, what to know first, and sections of rows; rendered as HTML, CSV, JSON.

What belongs here: rendering, and keeping hostile text harmless. What does not: deciding what a
document says (the steps and the other modules of this room).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, select_autoescape
from markupsafe import Markup

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: The place of an image in a note (`cleaning.html.MARK`), by the beginning of its hash.
_IMAGE = re.compile(r"\{\{image:([0-9a-f]{16})[0-9a-f]*\}\}")
CELL_CUT = 400
EXPANDED_CUT = 120_000
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
    """What a person reads: the verdict first, then facts, then sections.

    `figures` are the few numbers that stand large at the top. What is not good is red where it
    `blocks` a step, and amber where it may be left alone.
    """

    title: str
    verdict: str
    good: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    about: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = True


def render(document: Document) -> str:
    """The document as one self-contained, printable HTML page."""
    return render_template("document.html.j2", document=document)


def render_template(name: str, **values: Any) -> str:
    """A page from one of this room's templates; no script but our own can run in it."""
    script = _part("page.js")
    shared = {"style": Markup(_part("page.css")), "script": Markup(script), "most": ROWS_SHOWN}  # noqa: S704 - our own files
    return _environment().get_template(name).render(
        **values, **shared, script_hash=_script_hash(script)
    )  # fmt: skip


def write_html(document: Document, path: Path) -> Path:
    """Write the page, readable by its owner only; return the path."""
    return write_text(path, render(document))


def write_json(value: Any, path: Path) -> Path:
    """Write JSON for programs; return the path."""
    return write_text(path, json.dumps(value, indent=2, default=str, ensure_ascii=False))


def write_csv(rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write rows as CSV with formula-looking cells made safe; return the path."""
    writer: csv.DictWriter[str] | None = None
    with private_file(path) as file:
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, fieldnames=list(row), extrasaction="ignore")
                writer.writeheader()
            writer.writerow({k: csv_cell(v) for k, v in row.items()})
    return path


@contextmanager
def private_file(path: Path) -> Iterator[Any]:
    """A text file for its owner only, opened for writing with a mark that Excel understands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        yield file


def write_text(path: Path, text: str) -> Path:
    """Write a file, readable by its owner only; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8", errors="replace")
    return path


def csv_cell(value: Any) -> Any:
    """A value as a CSV cell: lists and dicts as JSON, formulas made text."""
    if isinstance(value, str):
        value = shown(value)
    elif isinstance(value, list | dict):
        value = json_text(value)
    return spreadsheet_safe(value)


def spreadsheet_safe(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets a leading apostrophe."""
    if isinstance(value, str) and value.lstrip(" \u00a0\ufeff").startswith(FORMULA_STARTS):
        return "'" + value
    return value


def json_text(value: Any) -> str:
    """A value as one line of JSON, letters as they are."""
    return json.dumps(value, default=str, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value as a person reads it: lists by commas, images by their name, "" for nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _IMAGE.sub(r"[image note-image-\1]", value)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return json_text(value) if isinstance(value, list | dict) else str(value)


def is_amount(value: Any) -> bool:
    """Whether a value is a number, or an amount of money as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{2,4}", value) is not None


def figure(value: Any) -> str:
    """A number or an amount with its thousands apart."""
    if isinstance(value, str):
        whole, _, part = value.partition(".")
        return f"{int(whole):,}.{part}" if whole not in ("-0", "") else value
    return f"{value:,}"


def money(text: str) -> str:
    """An amount as a person reads it: `24883.0000` is 24,883.00."""
    if not is_amount(text):
        return text
    whole, _, part = text.partition(".")
    return str(figure(f"{whole}.{part[:2]:0<2}" if not part[2:].strip("0") else text))


def _cell(value: Any) -> Markup:
    """A value for a table cell; long text is cut and opens on a click."""
    text = shown(value)
    if len(text) <= CELL_CUT:
        return Markup("{}").format(text)
    more = text if len(text) <= EXPANDED_CUT else f"{text[:EXPANDED_CUT]}…"
    return _LONG.format(text[:CELL_CUT], len(text), more)


_LONG = Markup('<details class="long"><summary>{}… <i>({:,} characters)</i></summary>{}</details>')


@cache
def _environment() -> Environment:
    return environment("flitstack_pipeline.reports")


def environment(*packages: str) -> Environment:
    """The templates of packages, the first that has one: every text escaped, values in words."""
    env = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {"cell": _cell, "shown": shown, "figure": figure}
    env.tests["amount"] = is_amount
    return env


@cache
def _part(name: str) -> str:
    return (files("flitstack_pipeline.reports") / "templates" / name).read_text(encoding="utf-8")


def page_script_hash() -> str:
    """Hash of the one script our documents run, for the header of whoever serves them."""
    return _script_hash(_part("page.js"))


def _script_hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
