"""The answers people gave, kept in `decisions/questions.csv` beside the questions still open.

Belongs here: one line per question with its answer, written and read. Does not: how a question is
found (`questions`, and the rooms that ask), and what an answer may be (`services.questions`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from flitstack_pipeline.decision_tables import read_table, write_table
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.questions import Question

FILE = "questions.csv"
BETWEEN = " | "
#: Kinds of questions that may be answered otherwise than by their choices.
OPEN_KINDS = ("file", "zone")
#: Rows of a question that its line names; the rest are counted.
SHOWN = 10


@dataclass(frozen=True)
class Line:
    """One question as a line of the file; `answer` is empty while nobody gave one.

    `choices` are the words to choose from, one between each two ` | `; none: any words will do.
    `effects` say in the same order what each would change.
    """

    key: str
    kind: str = ""
    file: str = ""
    sheet: str = ""
    column: str = ""
    rows: str = ""
    question: str = ""
    evidence: str = ""
    effects: str = ""
    choices: str = ""
    answer: str = ""
    by: str = ""
    at: str = ""

    @property
    def words(self) -> list[str]:
        """The words to choose from."""
        return [word for word in self.choices.split(BETWEEN) if word]

    @property
    def effect_of(self) -> dict[str, str]:
        """What each word would change, where that is known."""
        return dict(zip(self.words, self.effects.split(BETWEEN), strict=False))


_COLUMNS = [f.name for f in fields(Line)]


def read_lines(decisions: Path) -> dict[str, Line]:
    """Every line of the file by its key. Raises BadInput when it has no column key or answer."""
    rows = read_table(decisions / FILE, _COLUMNS, ("key", "answer"))
    return {row["key"]: Line(**row) for _, row in rows if row["key"]}


def read_answers(decisions: Path) -> dict[str, str]:
    """Every answer by the key of its question.

    Raises BadInput, naming all of them, for answers that are none of their line's choices.
    """
    given = [line for line in read_lines(decisions).values() if line.answer]
    wrong = [
        f"{line.key}: {line.answer!r} is none of {', '.join(line.words)}"
        for line in given
        if line.kind not in OPEN_KINDS and line.words and chosen(line.answer, line.words) is None
    ]
    if wrong:
        raise BadInput(f"{decisions / FILE}: {'; '.join(wrong)}. Correct or empty the answer.")
    return {line.key: chosen(line.answer, line.words) or line.answer for line in given}


def chosen(word: str, words: Iterable[str]) -> str | None:
    """The choice that a person means by a word, in any case; None when it is none of them."""
    wanted = " ".join(word.split()).casefold()
    return next((w for w in words if w.casefold() == wanted), None)


def write_open(decisions: Path, open_now: Iterable[Question]) -> None:
    """List the open questions for a person to answer; lines with an answer stay as they are."""
    before = read_lines(decisions)
    answered = {key: line for key, line in before.items() if line.answer}
    lines = {q.key: line_of(q) for q in open_now} | answered
    if lines != before:
        _write(decisions, lines.values())


def store(decisions: Path, line: Line, answer: str, by: str) -> None:
    """Keep an answer; an empty one takes the answer back."""
    lines = read_lines(decisions)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    lines[line.key] = replace(line, answer=answer, by=by, at=now if answer else "")
    _write(decisions, lines.values())


def line_of(question: Question) -> Line:
    """A question as a line without an answer."""
    more = len(question.lines) - SHOWN
    rows = [*question.lines[:SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return Line(
        question.key,
        question.kind,
        question.file,
        question.sheet,
        question.column,
        ", ".join(rows),
        question.text,
        "; ".join(question.evidence),
        BETWEEN.join(c.effect.replace(BETWEEN, ", ") for c in question.choices),
        BETWEEN.join(c.word for c in question.choices),
    )


def _write(decisions: Path, lines: Iterable[Line]) -> None:
    ordered = sorted(lines, key=lambda line: (bool(line.answer), line.kind, line.key))
    write_table(decisions / FILE, _COLUMNS, map(asdict, ordered))
