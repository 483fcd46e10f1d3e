"""One model of a question that only a person can settle, and where open ones are listed.

Belongs here: `Question`, asking (a step lists what it found open), reading what is open. Does not:
how a question is found (the rooms that read, clean and map) and where answers are kept
(`decisions/questions.csv`, see `services.questions`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import duckdb

from flitstack_pipeline.warehouse import dicts, table_exists

TABLE = "questions.asked"
_DDL = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
  asked_by VARCHAR, key VARCHAR, kind VARCHAR, text VARCHAR, object VARCHAR, dataset VARCHAR,
  file VARCHAR, sheet VARCHAR, "column" VARCHAR, lines JSON, evidence JSON, choices JSON)"""


@dataclass(frozen=True)
class Choice:
    """One possible answer: the word to give, and what it would change ("214 dates move")."""

    word: str
    effect: str = ""


@dataclass(frozen=True)
class Question:
    """What a person must say before anything is written to HighLevel.

    `key` is stable from run to run and says what the question is about (`file:schedule.csv`,
    `dates:jobs.start_date`, `decimal:clients.Budget`); the answer is kept under it. `kind` groups
    alike questions (`file`, `dates`, `decimal`, `workspace`). `lines` are the rows concerned, as
    `FILE[#SHEET]:LINE`. `evidence` are short sentences or first rows, as text.
    """

    key: str
    kind: str
    text: str
    object: str = ""
    dataset: str = ""
    file: str = ""
    sheet: str = ""
    column: str = ""
    lines: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    def __str__(self) -> str:
        first, *others = [repr(c.word) for c in self.choices] or ["WORD"]
        more = f" (or {', '.join(others)})" if others else ""
        return f"{self.text}. Answer with: flitstack answer {self.key!r} {first}{more}"


def ask(con: duckdb.DuckDBPyConnection, asked_by: str, questions: Iterable[Question]) -> None:
    """List the questions a step leaves open, in place of those it left open before.

    Args:
        con: The warehouse.
        asked_by: The step and its partition, such as `read:jobs` or `clean:invoices`.
        questions: What is open now; none takes back what the step asked earlier.
    """
    prepare(con)
    con.execute(f"DELETE FROM {TABLE} WHERE asked_by = ?", [asked_by])  # noqa: S608
    for question in questions:
        row = asdict(question)
        texts = ("key", "kind", "text", "object", "dataset", "file", "sheet", "column")
        lists = ("lines", "evidence", "choices")
        con.execute(
            f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            [
                asked_by,
                *(row[name] for name in texts),
                *(json.dumps(row[name], ensure_ascii=False) for name in lists),
            ],
        )


def open_questions(con: duckdb.DuckDBPyConnection) -> list[Question]:
    """Every question that is open, each key once, in the order of kind and key."""
    if not table_exists(con, TABLE):
        return []
    rows = dicts(con, f"SELECT * FROM {TABLE} ORDER BY kind, key, asked_by")  # noqa: S608
    return merged(map(_question, rows))


def merged(questions: Iterable[Question]) -> list[Question]:
    """Each key once: the words of the first that has it, the rows and evidence of all."""
    found: dict[str, Question] = {}
    for question in questions:
        first = found.get(question.key)
        found[question.key] = _joined(first, question) if first else question
    return list(found.values())


def _question(row: dict[str, Any]) -> Question:
    return Question(
        **{k: row[k] for k in row if k not in ("asked_by", "lines", "evidence", "choices")},
        lines=tuple(json.loads(row["lines"])),
        evidence=tuple(json.loads(row["evidence"])),
        choices=tuple(Choice(**c) for c in json.loads(row["choices"])),
    )


def _joined(first: Question, other: Question) -> Question:
    return replace(
        first,
        lines=tuple(dict.fromkeys((*first.lines, *other.lines))),
        evidence=tuple(dict.fromkeys((*first.evidence, *other.evidence))),
    )


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table of open questions, unless it is there."""
    con.execute("CREATE SCHEMA IF NOT EXISTS questions")
    con.execute(_DDL)
