"""Which raw row is which line of an estimate or invoice.

A newer file's lines replace a document's older lines as a whole: lines have no id to tell a changed
one from a new one. Only when the same session goes on with line numbers not yet met are they added,
because then the document was cut between two files. Where two files of one session contradict each
other a person says which lines count (see `line_conflicts`).

Most documents stand in one file with their lines numbered: those need no mark. Those without any
number are numbered in SQL; what is left is walked through document by document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

import duckdb

from flitstack_pipeline.catalog.source import LINES_OF
from flitstack_pipeline.cleaning.values.cell_sql import cell, document_number, text, workspace

PAGE = 50_000
#: What a person may say of documents whose lines differ in two files of one session.
ALL_LINES, LATER_FILE = "all lines", "later file"


def line_number() -> str:
    """SQL of the line number of a raw row `s` as exported, where it is a plausible one."""
    digits = f"regexp_extract({text('s.line_number')}, '^([0-9]{{1,6}})(?:\\.0)?$', 1)"
    return f"TRY_CAST(nullif({digits}, '') AS BIGINT)"


def mark_lines(
    con: duckdb.DuckDBPyConnection, dataset: str, cells: str = "''", answer: str = ""
) -> None:
    """Add the marks (see `identity`) of a raw table of lines.

    Args:
        con: The warehouse.
        dataset: The raw table.
        cells: SQL that is the same for rows `s` that say the same in every cell.
        answer: `ALL_LINES` or `LATER_FILE` where a person was asked, else "".
    """
    number = document_number(text(cell(LINES_OF[dataset])))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE unclear AS
        WITH lines AS (
            SELECT s.rowid AS row, {workspace("s")} AS workspace, s._session AS session,
                   coalesce({number}, '~row-' || s._row_id) AS document, s._file AS file,
                   {line_number()} AS shown, s._exported_at, s._sheet, s._row
            FROM raw."{dataset}" s
        ), documents AS (
            SELECT hash(workspace, document) AS h, min(file) = max(file) AS one_file,
                   count(shown) = 0 AS unnumbered
            FROM lines GROUP BY h
            HAVING min(file) <> max(file) OR count(shown) < count(*)
                OR min(shown) < 1 OR max(shown) > 60
                OR bit_count(bit_or(1::BIGINT << least(greatest(shown, 0), 61))) < count(*)
        )
        SELECT l.*, one_file AND unnumbered AS unnumbered,
               CASE WHEN NOT one_file THEN {cells} END AS cells,
               row_number() OVER (ORDER BY l.workspace, l.document, l._exported_at, l.file,
                                  l._sheet, l._row) AS place
        FROM lines l JOIN documents ON h = hash(l.workspace, l.document)
        JOIN raw."{dataset}" s ON s.rowid = l.row
        """
    )
    con.execute(
        """
        INSERT INTO marks (row, line)
        SELECT row, row_number() OVER (PARTITION BY workspace, document ORDER BY place)
        FROM unclear WHERE unnumbered
        """
    )
    _insert(con, _walk(_pages(con), answer))
    con.execute("DROP TABLE unclear")


@dataclass(frozen=True)
class _Line:
    row: int
    document: tuple[str, str]
    session: str
    file: str
    shown: int | None
    cells: str = ""


def _pages(con: duckdb.DuckDBPyConnection) -> Iterator[_Line]:
    """The unclear lines, document by document, oldest export first."""
    last = 0
    while True:
        found = con.execute(
            "SELECT row, workspace, document, session, file, shown, cells, place FROM unclear "
            "WHERE NOT unnumbered AND place > ? ORDER BY place LIMIT ?",
            [last, PAGE],
        ).fetchall()
        for row, workspace_, document, session, file, shown, cells, _ in found:
            yield _Line(row, (workspace_, document), str(session), str(file), shown, cells or "")
        if len(found) < PAGE:
            return
        last = found[-1][-1]


@dataclass
class _Document:
    """The lines of one document met so far: row by line number; the (number, row, state) replaced.

    `equal` are the cells of the lines of earlier files of the session, with their numbers.
    """

    session: str
    file: str
    answer: str = ""
    rows: dict[int, int] = field(default_factory=dict)
    replaced: list[tuple[int, int, str]] = field(default_factory=list)
    cells: dict[str, int] = field(default_factory=dict)
    equal: dict[str, int] = field(default_factory=dict)

    def add(self, line: _Line) -> None:
        """The next line, in the order of age."""
        is_new = line.shown is not None and line.shown not in self.rows
        if line.file != self.file:
            self.file = line.file
            together = line.session == self.session
            if together and self.answer == ALL_LINES:
                self.equal = dict(self.cells)
            elif not (is_new and together):
                self._replace("decided" if together and self.answer else "superseded")
            self.session = line.session
        if line.cells in self.equal:
            self.replaced.append((self.equal[line.cells], line.row, "superseded"))
            return
        number = line.shown
        if not number or number in self.rows:
            number = max(self.rows, default=0) + 1
        self.rows[number] = line.row
        self.cells.setdefault(line.cells, number)

    def _replace(self, state: str) -> None:
        """Let a newer file take the place of the lines met so far."""
        self.replaced += ((number, row, state) for number, row in self.rows.items())
        self.rows, self.cells, self.equal = {}, {}, {}


def _walk(lines: Iterator[_Line], answer: str) -> Iterator[_Document]:
    for _, of_one in groupby(lines, key=attrgetter("document")):
        first, *others = of_one
        document = _Document(first.session, first.file, answer)
        for line in (first, *others):
            document.add(line)
        yield document


def _insert(con: duckdb.DuckDBPyConnection, documents: Iterator[_Document]) -> None:
    marks: list[tuple[int, str | None, int | None]] = []
    for document in documents:
        marks += ((row, None, number) for number, row in document.rows.items())
        marks += ((row, state, number) for number, row, state in document.replaced)
        if len(marks) > PAGE:
            _write(con, marks)
            marks = []
    _write(con, marks)


def _write(con: duckdb.DuckDBPyConnection, marks: list[tuple[int, str | None, int | None]]) -> None:
    import pandas as pd

    if not marks:
        return
    frame = pd.DataFrame(marks, columns=["row", "state", "line"])
    frame = frame.astype({"row": "int64", "state": object, "line": "Int64"})
    con.register("incoming", frame)
    con.execute("INSERT INTO marks (row, state, line) SELECT row, state, line FROM incoming")
    con.unregister("incoming")
