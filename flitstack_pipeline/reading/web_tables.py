"""Tables of web pages, which many programs save as `.xls`: every cell as the text a person sees.

Belongs here: which tables a page has, and their cells. Does not: refusing a page without one
(`formats`). Pages are read by lxml; rows and cells are counted by Python's own parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flitstack_pipeline.reading.errors import UnreadableFile
from flitstack_pipeline.reading.manifest import stamp
from flitstack_pipeline.reading.workbooks import Row

_SAVE_AS = "Open it in Excel, save it as .xlsx or CSV, and stage that."
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.I)
_BREAKS = frozenset(["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"])
_UNSEEN = frozenset(["script", "style", "template", "noscript"])
#: Columns that a table has at least, or it is a frame for something else.
FEWEST = 2


def page_tables(path: Path) -> list[str]:
    """The names of a page's tables: captions, else numbers; "" for the only one.

    Raises UnreadableFile when no table has rows of several cells.
    """
    found = _tables(path, stamp(path))
    if len(found) == 1:
        return [""]
    return [name or f"table {number}" for number, (name, _) in enumerate(found, start=1)]


def page_rows(path: Path, name: str, limit: int | None = None) -> Iterator[Row]:
    """(row number, cells) of one table. Raises UnreadableFile."""
    tables = dict(zip(page_tables(path), _tables(path, stamp(path)), strict=True))
    yield from enumerate(tables[name][1][:limit], start=1)


@lru_cache(maxsize=2)
def _tables(path: Path, _: object) -> list[tuple[str, list[list[str]]]]:
    """(caption, rows) of each table that holds rows of cells, and no further table."""
    from lxml import html

    text = _decoded(path.read_bytes())
    inner = _innermost(html.document_fromstring(text))
    read = [(_caption(table), _grid(path, table)) for table in inner]
    counter = _Counter()
    counter.feed(text)
    counted = counter.tables
    rows = [(len(grid), sum(cells)) for table, (_, grid) in zip(inner, read, strict=True)
            for cells in [[len(_cells(row)) for row in _rows(table)]]]  # fmt: skip
    if rows != counted:
        reason = f"its tables are damaged: {rows} rows and cells were read but {counted} counted"
        raise UnreadableFile(path, reason, _SAVE_AS)
    found = [(name, grid) for name, grid in read if max(map(len, grid), default=0) >= FEWEST]
    if not found:
        reason = "it is a web page, not a table"
        raise UnreadableFile(path, reason, f"Export again as CSV or Excel. {_SAVE_AS}")
    return found


def page_notes(path: Path) -> list[str]:
    """What of a page is in no cell, for a person to look at."""
    from lxml import html

    root = html.document_fromstring(_decoded(path.read_bytes()))
    tables = _innermost(root)
    links = sum(_leads_elsewhere(a) for table in tables for a in table.iter("a"))
    for table in tables:
        table.drop_tree()
    body = root.find("body")
    words = len(_text(body).split()) if body is not None else 0
    told = [f"{words} words of the page stand outside its tables and are not read"] if words else []
    return told + ([f"the addresses of {links} links are not read"] if links else [])


def _leads_elsewhere(link: Any) -> bool:
    """Whether a link's address is not the text it stands on."""
    target = re.sub(r"^(?:mailto|tel):", "", link.get("href", ""))
    return target not in _text(link)


def _innermost(root: Any) -> list[Any]:
    return [t for t in root.iter("table") if next(t.iterdescendants("table"), None) is None]


def _decoded(content: bytes) -> str:
    """The text of a page: UTF-8 where it is, else as the page says."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    said = _CHARSET.search(content[:4_096])
    for encoding in ("utf-8-sig", said[1].decode() if said else "cp1252"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


def _caption(table: Any) -> str:
    found = table.find("caption")
    return _text(found) if found is not None else ""


def _rows(table: Any) -> list[Any]:
    return list(table.iterdescendants("tr"))


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _grid(path: Path, table: Any) -> list[list[str]]:
    """The rows; a cell over several columns or rows stands in the first of them."""
    rows: list[list[str]] = []
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(_rows(table)):
        cells: list[str] = []
        for cell in _cells(row):
            while (number, len(cells)) in taken:
                cells.append("")
            wide, high = (_span(path, cell, name) for name in ("colspan", "rowspan"))
            place = len(cells)
            cells += [_text(cell), *[""] * (wide - 1)]
            taken |= {
                (number + below, place + beside)
                for below in range(1, high)
                for beside in range(wide)
            }
        while cells and not cells[-1]:
            cells.pop()
        rows.append(cells)
    return rows


def _span(path: Path, cell: Any, name: str) -> int:
    said = cell.get(name, "1").strip()
    if not said.isdigit() or int(said) > 10_000:
        raise UnreadableFile(path, f"a cell says {name}={said!r}", _SAVE_AS)
    return max(1, int(said))


def _text(element: Any) -> str:
    """The text of a cell, its lines apart; of an image its address, of a ticked box an x."""
    words = "".join(_pieces(element))
    lines = (" ".join(line.split()) for line in words.split("\n"))
    return "\n".join(line for line in lines if line)


def _pieces(element: Any) -> Iterator[str]:
    yield _flat(element.text)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _UNSEEN:
            yield "\n" if child.tag in _BREAKS else ""
            yield _shown(child)
            yield from _pieces(child)
            yield "\n" if child.tag in _BREAKS - {"br"} else ""
        yield _flat(child.tail)


def _shown(element: Any) -> str:
    if element.tag == "img":
        return f"[image: {element.get('src', '')}]"
    if element.tag == "input" and element.get("type", "text") in ("checkbox", "radio"):
        return "x" if element.get("checked") is not None else ""
    return str(element.get("value", "")) if element.tag == "input" else ""


def _flat(text: str | None) -> str:
    """A text as browsers show it: a line break of the source is a blank."""
    return re.sub(r"[ \t\r\n\f]+", " ", text or "")


class _Counter(HTMLParser):
    """Rows and cells of the innermost tables, in order of their beginning."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[list[int]] = []
        self._open: list[int] = []
        self._outer: set[int] = set()

    @property
    def tables(self) -> list[tuple[int, int]]:
        """(rows, cells) of each table without a further one inside."""
        inner = (counts for i, counts in enumerate(self._all) if i not in self._outer)
        return [(rows, cells) for rows, cells in inner]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Count a row or a cell, or begin a table."""
        if tag == "table":
            self._outer.update(self._open)
            self._open.append(len(self._all))
            self._all.append([0, 0])
        elif self._open and tag in ("tr", "td", "th"):
            self._all[self._open[-1]][tag != "tr"] += 1

    def handle_endtag(self, tag: str) -> None:
        """End a table."""
        if tag == "table" and self._open:
            self._open.pop()
