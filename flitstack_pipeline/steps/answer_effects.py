"""What an answer would change, said before it is given: counted from `raw`, nothing is stored.

Belongs here: effects of answers about files, dates and decimal signs. Other questions bring the
effect of each choice with them (`questions.Choice.effect`).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from flitstack_pipeline.cleaning.values.cell_sql import literal
from flitstack_pipeline.cleaning.values.dates import DAY_FIRST, MONTH_FIRST
from flitstack_pipeline.cleaning.values.evidence import CUSTOM, gather
from flitstack_pipeline.contractor_plus.answers import NOTHING, file_answer
from flitstack_pipeline.contractor_plus.survey import survey
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.source import BY_KEY as DATASETS
from flitstack_pipeline.warehouse import table_exists

FILE, DATES = "file:", "dates:"
_EITHER_WAY = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d+"


def effect(project: Project, key: str, word: str, answers: Mapping[str, str]) -> str:
    """What the answer changes beside the `answers` in force, in words; "" when nobody can tell.

    Raises ValueError for a word that the answer of such a question cannot be.
    """
    if key.startswith(FILE):
        return _file_effect(project, key, word, answers)
    if key.startswith(DATES):
        with project.warehouse.connect() as con:
            return _date_effect(con, key.removeprefix(DATES), word, answers)
    return ""


def _file_effect(project: Project, key: str, word: str, answers: Mapping[str, str]) -> str:
    file, _, sheet = key.removeprefix(FILE).partition("#")
    rows, before = _read_so_far(project, file, sheet)
    meant = file_answer({key: word}, file, sheet)
    if not meant:
        return f"{rows} rows of {file} wait for an answer again"
    if meant == NOTHING:
        return f"{rows} rows of {file} are left out"
    reads = survey(project.exports, {**answers, key: word})
    found = [r for r in reads if r.entry.file == file and sheet in ("", r.sheet.name)]
    layouts = [r.layout for r in found if r.layout and r.dataset == meant]
    columns = [c for layout in layouts for c in layout.columns]
    known = sum(c is not None for c in columns)
    instead = f" instead of {before}" if before and before != meant else ""
    return (
        f"{rows} rows of {file} are read as {meant}{instead}; {known} of its {len(columns)} "
        "columns are known, the others become custom fields"
    )


def _read_so_far(project: Project, file: str, sheet: str) -> tuple[int, str]:
    """(rows of a file, the kinds of export it was read as)."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "raw.files"):
            return 0, ""
        rows, kinds = con.execute(
            "SELECT coalesce(sum(rows_read), 0), string_agg(DISTINCT dataset, ', ') "
            "FROM raw.files WHERE file = ? AND (sheet = ? OR ? = '')",
            [file, sheet, sheet],
        ).fetchall()[0]
    return int(rows), kinds or ""


def _date_effect(
    con: duckdb.DuckDBPyConnection, about: str, word: str, answers: Mapping[str, str]
) -> str:
    """How many dates another order moves, and how many it makes readable or leaves unread."""
    given = {k.removeprefix(DATES): w for k, w in answers.items() if k.startswith(DATES)}
    wanted = {k: w for k, w in {**given, about: word}.items() if w}
    if not set(wanted.values()) <= {DAY_FIRST, MONTH_FIRST}:
        raise ValueError(f"{word!r} is no order; write {DAY_FIRST!r} or {MONTH_FIRST!r}")
    moved = read = unread = 0
    for dataset in DATASETS:
        if not table_exists(con, f"raw.{dataset}"):
            continue
        now, then = gather(con, dataset, given), gather(con, dataset, wanted)
        for (file, column), order in then.date_orders.items():
            old = now.date_orders[file, column].order
            if old == order.order:
                continue
            count = _either_way(con, dataset, file, column)
            known = {DAY_FIRST, MONTH_FIRST}
            moved += count * (old in known and order.order in known)
            read += count * (old not in known)
            unread += count * (order.order not in known)
    parts = (
        (moved, "move to another day"),
        (read, "are read, that no order could be told for"),
        (unread, "are not read any more"),
    )
    return ", ".join(f"{n:,} dates {words}" for n, words in parts if n) or "no date changes"


def _either_way(con: duckdb.DuckDBPyConnection, dataset: str, file: str, column: str) -> int:
    """Dates of a column that make sense day first and month first, and differ."""
    cell = f'"{column}"'
    if column.startswith(CUSTOM):
        cell = f"_extra[{literal(column.removeprefix(CUSTOM))}]"
    found = con.execute(
        f"""
        WITH parts AS (
            SELECT TRY_CAST(regexp_extract({cell}, $shape, 1) AS INTEGER) AS a,
                   TRY_CAST(regexp_extract({cell}, $shape, 2) AS INTEGER) AS b
            FROM raw."{dataset}" WHERE _file = $file)
        SELECT count(*) FROM parts WHERE a BETWEEN 1 AND 12 AND b BETWEEN 1 AND 12 AND a <> b
        """,  # noqa: S608
        {"shape": _EITHER_WAY, "file": file},
    ).fetchall()
    return int(found[0][0])
