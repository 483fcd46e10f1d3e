"""Reading a list of headers from any file: a listing of headers, or a data file's own columns.

Belongs here: telling a listing (`header, description, samples`) from data, whatever the encoding
and separator. Does not: exports of a source (`reading`), matching (`mapping.matcher`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.mapping.matcher import Header, Match, match_headers

#: Rows of a data file read for sample values. A listing is read to its end: each row is a header.
SAMPLE_ROWS = 500
#: Bytes of a data file read for sample values, and of any file to tell its separator.
BEGINNING = 1 << 20
_NAMES = {
    "header", "headers", "column", "columns", "field", "fields", "name", "label", "column name",
    "field name", "field label", "api name", "property", "property name", "source", "target",
    "source field", "target field", "source column", "attribute", "header name", "key",
    "internal name", "column header", "destination", "destination field",
}  # fmt: skip
_DESCRIPTION = {"description", "about", "meaning", "notes", "help", "help text", "definition",
                "details", "comment"}  # fmt: skip
_SAMPLES = {"sample", "samples", "sample value", "sample values", "value", "values", "example",
            "examples", "example value", "example values", "options", "picklist",
            "picklist values", "allowed values", "choices", "enum"}  # fmt: skip
_TYPE = {"type", "data type", "datatype", "field type", "format"}
_OTHER = {"object", "module", "entity", "required", "unique", "standard", "length", "max length",
          "section", "group", "label", "name", "api name", "id", "vendor", "category", "custom",
          "read only", "nullable", "mandatory", "position", "order", "table"}  # fmt: skip
_TYPES = (
    ("email|e-mail", "email"), ("phone|mobile|fax", "phone"), ("url|web|link", "url"),
    ("date|time", "date"), ("money|currency|price|amount|moneto", "money"),
    ("number|int|float|double|decimal|percent|numeric", "number"),
    ("bool|checkbox|yes|toggle|flag", "yes_no"),
    ("pick|select|drop|enum|option|choice|radio|status", "choice"),
)  # fmt: skip


class UnreadableHeaders(BadInput):
    """A file with no header line; the message names it and says what is wanted."""


def read_headers(path: Path) -> list[Header]:
    """The headers of a file, with what it says of each.

    A listing has a first line naming its columns (`header`, optionally `description`,
    `samples`/`options` separated by `;` or `|` or in several columns `sample 1`…, `type`), or a
    single column of headers; anything else is a data file (CSV, TSV, semicolons, pipes, XLSX)
    whose own columns are meant. Raises UnreadableHeaders when there is no header line,
    FileNotFoundError when there is no file.
    """
    rows = _rows(path)
    if not rows:
        raise UnreadableHeaders(
            f"{path} has no header line. Give a CSV of headers (header, description, samples) "
            "or a data file with its header in the first line."
        )
    roles = _roles(rows[0])
    if roles:
        name = roles.index("name")
        return [_listed(roles, row) for row in _rows(path, whole=True)[1:] if _cell(row, name)]
    if max(len(row) for row in rows) == 1 and len(rows) > 1:
        return [Header(row[0].strip()) for row in _rows(path, whole=True)]
    return [
        Header(name.strip(), "", tuple(r[i].strip() for r in rows[1:] if _cell(r, i)))
        for i, name in enumerate(rows[0])
        if name.strip()
    ]


def _cell(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _roles(first: Sequence[str]) -> list[str]:
    """What each column of a listing holds; empty when the first line is a data file's header."""
    names = [re.sub(r"[\s_-]+", " ", cell.strip().casefold()) for cell in first]
    roles: list[str] = []
    for name in names:
        if "name" not in roles and name in _NAMES:
            roles.append("name")
        elif name in _DESCRIPTION:
            roles.append("description")
        elif re.sub(r"\s*\(?\d+\)?$", "", name) in _SAMPLES:
            roles.append("samples")
        elif name in _TYPE:
            roles.append("type")
        elif name in _OTHER or name in _NAMES or not name:
            roles.append("other")
        else:
            return []
    said = {"description", "samples", "type"} & set(roles)
    unmistakable = bool(set(names) & (_NAMES - {"name", "source", "key", "label"}))
    return roles if "name" in roles and (said or unmistakable or len(names) == 1) else []


def _listed(roles: Sequence[str], row: Sequence[str]) -> Header:
    said: dict[str, list[str]] = {role: [] for role in ("name", "description", "samples", "type")}
    for at, role in enumerate(roles):
        if role in said and _cell(row, at):
            said[role].append(_cell(row, at))
    samples = [v for cell in said["samples"] for v in _values(cell)]
    stated = " ".join(said["type"]).casefold()
    kind = next((t for pattern, t in _TYPES if re.search(pattern, stated)), "") if stated else ""
    return Header(said["name"][0], " ".join(said["description"]), tuple(samples), kind)


def _values(cell: str) -> list[str]:
    """Several sample values of one cell; a comma separates only short words, not an address."""
    if cell.startswith("[") and cell.endswith("]"):
        cell = cell[1:-1].replace('"', "").replace("'", "")
    parts = re.split(r"\s*[;|\n]\s*", cell)
    return [p for p in (part.strip() for part in parts) if p]


def _rows(path: Path, whole: bool = False) -> list[list[str]]:
    """The rows of a file that hold something: the first `SAMPLE_ROWS`, or all of them."""
    rows = _xlsx(path, whole) if path.suffix.lower() in (".xlsx", ".xlsm") else _text(path, whole)
    return [row for row in rows if any(cell.strip() for cell in row)]


def _text(path: Path, whole: bool) -> list[list[str]]:
    text = _decoded(path, whole)
    text = re.sub(r"\A\s*\"?sep=.\"?\r?\n", "", text, flags=re.IGNORECASE).replace("\0", "")
    csv.field_size_limit(max(2 * BEGINNING, len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text[:BEGINNING]))
    return list(reader if whole else islice(reader, SAMPLE_ROWS + 1))


def _decoded(path: Path, whole: bool) -> str:
    """The text of a file; unless it is wanted whole, its first lines of `BEGINNING` bytes."""
    with path.open("rb") as file:
        head = file.read() if whole else file.read(BEGINNING)
        if len(head) == BEGINNING and not whole:
            head += file.readline()  # a header line may be longer, and no row is cut
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")


def _separator(text: str) -> str:
    """The separator that cuts the first lines most evenly; a comma when none does."""
    lines = [line for line in text.splitlines()[:30] if line.strip()]

    def evenness(mark: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
        first = widths[0] if widths else 1
        same = sum(w == first for w in widths) / max(1, len(widths))
        return (same if first > 1 else 0.0, first)

    return max((",", ";", "\t", "|"), key=evenness)


def _xlsx(path: Path, whole: bool) -> list[list[str]]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        last = None if whole else SAMPLE_ROWS + 1
        rows = book.worksheets[0].iter_rows(max_row=last, values_only=True)
        return [["" if cell is None else _shown(cell) for cell in row] for row in rows]
    finally:
        book.close()


def _shown(value: Any) -> str:
    return value.date().isoformat() if hasattr(value, "date") else str(value)


def propose_between(source: Path, target: Path) -> list[dict[str, Any]]:
    """Ranked candidates for each header of `source` among those of `target`, as plain data.

    One object a column, in the order of the file: `column`; `target`, the field proposed (null
    when none is likely enough; no field is proposed twice), its `confidence` (0 to 1, calibrated)
    and `evidence` in words; `candidates`, up to five best first, each `{target, confidence,
    evidence}`, the first being the proposal; `runners_up`, the candidates after the first.
    Raises what `read_headers` raises.
    """
    found = match_headers(read_headers(source), read_headers(target))
    return [_as_data(match) for match in found]


def _as_data(match: Match) -> dict[str, Any]:
    candidates = [
        {"target": c.field, "confidence": c.confidence, "evidence": c.evidence}
        for c in match.candidates
    ]
    return {
        "column": match.column,
        "target": match.assigned,
        "confidence": candidates[0]["confidence"] if candidates else 0.0,
        "evidence": candidates[0]["evidence"] if candidates else "the other list is empty",
        "candidates": candidates,
        "runners_up": candidates[1:],
    }
