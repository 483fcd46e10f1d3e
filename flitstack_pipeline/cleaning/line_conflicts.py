"""Lines of one document that differ in two files of one session: a question, never a silent winner.

Belongs here: finding such documents, the question. Does not: which lines count then (`lines`).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.catalog.source import LINES_OF
from flitstack_pipeline.cleaning.lines import ALL_LINES, LATER_FILE, line_number
from flitstack_pipeline.cleaning.row_states import same_cells
from flitstack_pipeline.cleaning.values.cell_sql import cell, document_number, text, workspace
from flitstack_pipeline.questions import Choice, Question

#: Rows a question lists, and documents it shows as evidence.
LISTED, SHOWN = 500, 3


def lines_answer(answers: Mapping[str, str], dataset: str) -> str:
    """What a person said of such documents: `ALL_LINES`, `LATER_FILE`, or "" for nothing."""
    return answers.get(_key(dataset), "")


def line_conflicts(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str
) -> Question | None:
    """The question about all documents whose lines differ in two files of one session.

    Lines of other numbers are no difference: a document may be cut between two files. Lines without
    numbers differ where the files do not hold the same ones.
    """
    number = document_number(text(cell(LINES_OF[dataset])))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE differing AS
        WITH lines AS (
            SELECT s.rowid AS row, {workspace("s")} AS workspace, s._session AS session,
                   {number} AS document, s._file AS file, {line_number()} AS shown
            FROM raw."{dataset}" s WHERE {number} IS NOT NULL
        ), documents AS (
            SELECT workspace, session, document FROM lines
            GROUP BY ALL HAVING min(file) <> max(file)
        ), parts AS (
            SELECT workspace, session, document, file, shown,
                   string_agg(cells, ',' ORDER BY cells) AS content
            FROM lines SEMI JOIN documents USING (workspace, session, document)
            JOIN (SELECT s.rowid AS row, {same_cells(dataset)} AS cells FROM raw."{dataset}" s)
                USING (row)
            GROUP BY ALL
        ), differ AS (
            SELECT DISTINCT workspace, session, document FROM parts
            GROUP BY workspace, session, document, shown
            HAVING min(file) <> max(file) AND min(content) <> max(content)
        )
        SELECT l.document, l.file, s._sheet AS sheet, s._row AS line,
               concat_ws(' ', {_shown(dataset)}) AS said
        FROM lines l SEMI JOIN differ USING (workspace, session, document)
        JOIN raw."{dataset}" s ON s.rowid = l.row
        """
    )
    documents, rows, files = con.execute(
        "SELECT count(DISTINCT document), count(*), list(DISTINCT file ORDER BY file) "
        "FROM differing"
    ).fetchall()[0]
    if not documents:
        return None
    return Question(
        key=_key(dataset),
        kind="same number",
        text=f"{documents:,} documents have other {DATASETS[dataset].label.lower()} in one file of "
        f"an export than in another ({', '.join(files)}); which lines count",
        object=object_key,
        dataset=dataset,
        lines=tuple(_lines(con)),
        evidence=tuple(_evidence(con)),
        choices=(
            Choice(ALL_LINES, f"all {rows:,} lines are kept, equal ones once"),
            Choice(LATER_FILE, f"the lines of the last file replace the others of {documents:,} "
                   "documents"),
        ),
    )  # fmt: skip


def _key(dataset: str) -> str:
    return f"same-number:{dataset}:files"


def _shown(dataset: str) -> str:
    names = ("line_number", "name", "quantity", "unit_price", "amount")
    return ", ".join(text(cell(n)) for n in names if n in DATASETS[dataset].by_name)


def _lines(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "SELECT file || CASE WHEN sheet <> '' THEN '#' || sheet ELSE '' END || ':' || line "
        f"FROM differing ORDER BY document, file, line LIMIT {LISTED}"
    ).fetchall()
    return [place for (place,) in rows]


def _evidence(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        f"""
        SELECT document || ': ' || string_agg(file || ' has ' || said, ' | ' ORDER BY file)
        FROM (SELECT document, file, string_agg(said, '; ' ORDER BY line)[:120] AS said
              FROM differing GROUP BY document, file)
        GROUP BY document ORDER BY document LIMIT {SHOWN}
        """
    ).fetchall()
    return [said for (said,) in rows]
