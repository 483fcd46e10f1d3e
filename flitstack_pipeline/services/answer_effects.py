"""What an answer would change, said before it is given: counted from `raw`, nothing is stored.

Belongs here: effects of answers about files, sessions, dates and decimal signs, which depend on the
other answers. Other questions bring the effect of each choice with them
(`questions.Choice.effect`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import duckdb

from flitstack_pipeline.catalog.other_kinds import OTHER
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.values.cell_sql import literal
from flitstack_pipeline.cleaning.values.columns import CUSTOM, Place
from flitstack_pipeline.cleaning.values.dates import DAY_FIRST, MONTH_FIRST, UNDECIDED, moment
from flitstack_pipeline.cleaning.values.evidence import Counted, Evidence, gather
from flitstack_pipeline.cleaning.values.formats import EITHER, SIGN_WORDS, comma_of
from flitstack_pipeline.cleaning.values.money import NotAnAmount, amount
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.questions import Choice, Question
from flitstack_pipeline.reading.answers import NOTHING, file_answer
from flitstack_pipeline.reading.sessions import SESSION
from flitstack_pipeline.reading.survey import survey
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import filled_tables, table_exists

FILE, DATES, DECIMAL, ZONE = "file:", "dates:", "decimal:", "zone:"
#: How many values are shown as they would be read.
EXAMPLES = 3
_OPEN_AGAIN = "the question is open again, and nothing is written until it is answered"
#: SQL of the cells that can be read either way, over `cell`.
_EITHER_WAY = {
    DATES: r"regexp_matches(cell, '^\s*(0?[1-9]|1[0-2])[/.-](0?[1-9]|1[0-2])[/.-]\d+') AND "
    r"TRY_CAST(regexp_extract(cell, '^\s*(\d+)[/.-](\d+)', 1) AS INT) <> "
    r"TRY_CAST(regexp_extract(cell, '^\s*(\d+)[/.-](\d+)', 2) AS INT)",
    DECIMAL: "regexp_matches(cell, '^[^0-9]*[1-9][0-9]{0,2}[.,][0-9]{3}[^0-9]*$')",
}


def effect(
    project: Project,
    key: str,
    word: str,
    answers: Mapping[str, str],
    seen: dict[str, Counted] | None = None,
) -> str:
    """What the answer changes beside the `answers` in force, in words; "" when its choice says it.

    Args:
        project: The migration.
        key: The question's.
        word: The answer; "" takes back the one that was given.
        answers: Those in force.
        seen: What was counted of raw tables already (see `evidence.gather`).

    Raises:
        BadInput: for a word that the answer of such a question cannot be.
    """
    if key.startswith(FILE):
        return _file_effect(project, key, word, answers)
    if key.startswith(SESSION):
        return _session_effect(project, key, word, answers)
    if key.startswith((DATES, DECIMAL)):
        with project.warehouse.connect() as con:
            found = _Formats(con, project.settings.country, answers, {} if seen is None else seen)
            return found.effect(key, word)
    return "" if word else _OPEN_AGAIN


def with_effects(
    project: Project, questions: Iterable[Question], answers: Mapping[str, str]
) -> list[Question]:
    """The questions with what each choice would change, as far as anybody can tell."""
    seen: dict[str, Counted] = {}
    return [
        replace(
            question,
            choices=tuple(
                Choice(c.word, c.effect or effect(project, question.key, c.word, answers, seen))
                for c in question.choices
            ),
        )
        for question in questions
    ]


def _file_effect(project: Project, key: str, word: str, answers: Mapping[str, str]) -> str:
    file, _, sheet = key.removeprefix(FILE).partition("#")
    rows, before = _read_so_far(project, file, sheet)
    meant = file_answer({key: word}, file, sheet)
    if not meant:
        return f"{rows} rows of {file} wait for an answer again"
    if meant == NOTHING:
        return f"{rows} rows of {file} are left out"
    if meant in OTHER:
        return f"{rows} rows of {file}: {OTHER[meant].effect}"
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


def _session_effect(project: Project, key: str, word: str, answers: Mapping[str, str]) -> str:
    """Which files a file is of one session with, before and after."""
    file = key.removeprefix(SESSION)

    def beside(given: Mapping[str, str]) -> tuple[str, set[str]]:
        sessions = {read.entry.file: read.entry.session for read in survey(project.exports, given)}
        own = sessions[file]
        return own, {f for f, session in sessions.items() if session == own and f != file}

    (old, before), (new, after) = beside(answers), beside({**answers, key: word})
    if before == after:
        return "no file changes its session" if old == new else f"its session is named {new!r}"
    now = f"{file} is of one session with {_listed(after)}"
    left = f", no more with {_listed(before - after)}" if before - after else ""
    return f"{now}{left}: rows of one key are compared within a session, and are versions between"


def _listed(files: set[str]) -> str:
    return ", ".join(sorted(files)) or "no other file"


@dataclass
class _Changes:
    """Cells that an answer makes read otherwise: with another value, at last, no more."""

    what: str
    moved: int = 0
    read: int = 0
    unread: int = 0
    #: How cells would be read then, in words.
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        place = "day" if self.what == "date" else "value"
        parts = (
            (self.moved, f"move to another {place}", f"moves to another {place}"),
            (self.read, "are read, that were left open", "is read, that was left open"),
            (self.unread, "are left open again", "is left open again"),
        )
        told = ", ".join(
            f"1 {self.what} {one}" if n == 1 else f"{n:,} {self.what}s {many}"
            for n, many, one in parts
            if n
        )
        shown = f" ({'; '.join(self.examples)})" if self.examples else ""
        return f"{told or f'no {self.what} changes'}{shown}"


@dataclass
class _Formats:
    """Effects of answers about how dates and numbers are written."""

    con: duckdb.DuckDBPyConnection
    country: str
    answers: Mapping[str, str]
    seen: dict[str, Counted]

    def effect(self, key: str, word: str) -> str:
        """How many cells are read otherwise, with three as examples."""
        prefix = DATES if key.startswith(DATES) else DECIMAL
        words = (DAY_FIRST, MONTH_FIRST) if prefix == DATES else tuple(SIGN_WORDS)
        if word and word not in words:
            raise BadInput(f"{word!r} is no answer to {key}; write {' or '.join(words)}")
        then_given = {k: w for k, w in {**self.answers, key: word}.items() if w}
        changes = _Changes("date" if prefix == DATES else "number")
        filled = filled_tables(self.con, "raw")
        for dataset in (d for d in DATASETS if d in filled):
            now, then = (self._evidence(dataset, g) for g in (self.answers, then_given))
            for place, new in _words(then, prefix).items():
                if place not in then.mixed:
                    cells = _doubtful(self.seen[dataset], place, prefix)
                    self._add(changes, dataset, place, (_words(now, prefix)[place], new), cells)
        return str(changes)

    def _evidence(self, dataset: str, given: Mapping[str, str]) -> Evidence:
        dates, signs = (
            {k.removeprefix(prefix): w for k, w in given.items() if k.startswith(prefix)}
            for prefix in (DATES, DECIMAL)
        )
        return gather(self.con, dataset, dates, signs, self.country, self.seen)

    def _add(
        self, changes: _Changes, dataset: str, place: Place, words: tuple[str, str], cells: int
    ) -> None:
        old, new = words
        if old == new or not cells:
            return
        changes.moved += cells * (UNDECIDED not in words)
        changes.read += cells * (old == UNDECIDED)
        changes.unread += cells * (new == UNDECIDED)
        if new != UNDECIDED and len(changes.examples) < EXAMPLES:
            every = [*changes.examples, *self._examples(dataset, place, new)]
            changes.examples = list(dict.fromkeys(every))[:EXAMPLES]

    def _examples(self, dataset: str, place: Place, new: str) -> Iterator[str]:
        """Cells of the column as they would be read then."""
        file, column = place
        cell = f'"{column}"'
        if column.startswith(CUSTOM):
            cell = f"_extra[{literal(column.removeprefix(CUSTOM))}]"
        prefix = DATES if new in (DAY_FIRST, MONTH_FIRST) else DECIMAL
        found = self.con.execute(
            "SELECT DISTINCT trim(cell) AS cell "  # noqa: S608 - our own names and conditions
            f'FROM (SELECT {cell} AS cell FROM raw."{dataset}" WHERE _file = ?) '
            f"WHERE {_EITHER_WAY[prefix]} ORDER BY 1 LIMIT {EXAMPLES}",
            [file],
        ).fetchall()
        for (text,) in found:
            try:
                if prefix == DATES:
                    read = moment(text, new)
                    if read:
                        yield f"{text!r} is {read.day:%d %B %Y}"
                else:
                    yield f"{text!r} is {amount(text, comma=comma_of(new)):,}"
            except (ValueError, NotAnAmount):
                continue


def _words(evidence: Evidence, prefix: str) -> dict[Place, str]:
    """By column: the order of its dates, or the sign of its numbers."""
    if prefix == DATES:
        return {place: order.order for place, order in evidence.date_orders.items()}
    return {place: sign.sign for place, sign in evidence.signs.items()}


def _doubtful(counted: Counted, place: Place, prefix: str) -> int:
    """How many cells of a column can be read either way."""
    if prefix == DATES:
        return counted.dates[place][2]
    return sum(counted.signs[place].get(mark, 0) for mark in EITHER.values())
