"""How rows become files: delimited text, a workbook as reports make it, the manifest."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook

EXPORTED = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


def head(rows: Iterator[list[str]], most: int) -> Iterator[list[str]]:
    """The first rows of many."""
    for row, _ in zip(rows, range(most), strict=False):
        yield row


def write_csv(
    path: Path,
    rows: Iterable[list[str]],
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    sep_line: bool = False,
) -> int:
    """Write rows as they come; return the rows after the header."""
    count = -1
    with path.open("w", newline="", encoding=encoding, errors="replace") as file:
        if sep_line:
            file.write(f"sep={separator}\r\n")
        writer = csv.writer(file, delimiter=separator)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def write_xlsx(path: Path, rows: Iterable[list[str]]) -> int:
    """A workbook as reports make it: title lines above the header, a totals line below."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = EXPORTED.replace(tzinfo=None)
    sheet = book.create_sheet("Invoices")
    sheet.append(["Sunbelt Contracting - Invoice report"])
    sheet.append(["All dates"])
    count = -1
    for row in rows:
        sheet.append([_typed(cell) if count >= 0 else cell for cell in row])
        count += 1
    sheet.append(["Total", "", "", f"{count} invoices"])
    book.save(path)
    _fix_zip_times(path)
    return count


def _typed(cell: str) -> Any:
    """ISO days become real dates, as Excel would store them."""
    if len(cell) == 10 and cell[4:5] == "-" and cell[7:8] == "-":
        return dt.date.fromisoformat(cell)
    return cell


def _fix_zip_times(path: Path) -> None:
    """The same bytes for the same seed: a workbook is a zip, and zips carry the clock."""
    with zipfile.ZipFile(path) as old:
        parts = [(name, old.read(name)) for name in old.namelist()]
    stamp = EXPORTED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts:
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, data)
            new.writestr(zipfile.ZipInfo(name, (2026, 11, 2, 9, 0, 0)), data)


def write_manifest(folder: Path, written: dict[str, int], sessions: dict[str, dt.datetime]) -> None:
    """Add the files just written: each is one minute younger than the one before.

    `sessions` says when the session of a file began; "" stands for all others.
    """
    path = folder / "export_manifest.json"
    known = json.loads(path.read_text(encoding="utf-8"))["files"] if path.exists() else []
    entries = {e["file"]: e for e in known}
    for minute, name in enumerate(written):
        start = sessions.get(name, sessions[""])
        entries[name] = {
            "file": name,
            "session": start.date().isoformat(),
            "exported_at": (start + dt.timedelta(minutes=minute)).isoformat(),
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
    text = json.dumps({"files": list(entries.values())}, indent=2)
    path.write_text(text, encoding="utf-8")
