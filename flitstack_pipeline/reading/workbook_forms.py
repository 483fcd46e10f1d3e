"""Workbooks written in another form than the one openpyxl reads, rewritten into it.

"Strict Open XML" names its namespaces otherwise, and some writers put backslashes into the names of
a workbook's parts. The rewritten copy lies in a private temporary folder until the process ends.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from functools import cache, lru_cache
from pathlib import Path

_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMES = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main",
     b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships",
     b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    (b"http://purl.oclc.org/ooxml/drawingml/main",
     b"http://schemas.openxmlformats.org/drawingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/extendedProperties",
     b"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"),
    (b"http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes",
     b"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"),
)  # fmt: skip


def readable(path: Path) -> Path:
    """The workbook itself, or a copy of it in the form that can be read.

    A file that is no archive is given back as it is; whoever opens it refuses it.
    """
    stat = path.stat()
    return _readable(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _readable(path: Path, _size: int, _time: int) -> Path:
    try:
        with zipfile.ZipFile(path) as book:
            names = book.namelist()
            slashed = any("\\" in name for name in names)
            strict = _is_strict(book, names)
            if not slashed and not strict:
                return path
            copy = _private_folder() / f"{len(list(_private_folder().iterdir()))}.xlsx"
            with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as out:
                for name in names:
                    out.writestr(name.replace("\\", "/"), _rewritten(book.read(name), strict))
    except Exception:  # of many kinds, by where the damage is: the reader says what is wrong
        return path
    return copy


def _is_strict(book: zipfile.ZipFile, names: list[str]) -> bool:
    main = next((n for n in names if n.replace("\\", "/") == "xl/workbook.xml"), "")
    return bool(main) and _STRICT in book.read(main)[:4_000]


def _rewritten(part: bytes, strict: bool) -> bytes:
    if strict and _STRICT in part:
        for theirs, usual in _NAMES:
            part = part.replace(theirs, usual)
    return part


@cache
def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="flitstack-workbooks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
