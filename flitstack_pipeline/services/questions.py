"""What the exports leave open for a person: questions with their answers, counts to explain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flitstack_pipeline import answers_file
from flitstack_pipeline.answers_file import BETWEEN, Line, chosen, line_of
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.values.columns import is_date_column, is_money_column
from flitstack_pipeline.cleaning.values.dates import DAY_FIRST, MONTH_FIRST
from flitstack_pipeline.cleaning.values.formats import SIGN_WORDS
from flitstack_pipeline.cleaning.values.zones import checked_zone
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.questions import Question, open_questions
from flitstack_pipeline.reading.answers import file_answer
from flitstack_pipeline.reading.counts import CountCheck, check_counts, explain
from flitstack_pipeline.reading.folder import export_files
from flitstack_pipeline.reading.manifest import module
from flitstack_pipeline.reading.sessions import SESSION
from flitstack_pipeline.services.answer_effects import (
    DATES,
    DECIMAL,
    FILE,
    ZONE,
    effect,
    with_effects,
)
from flitstack_pipeline.services.project_context import map_document, map_to_change
from flitstack_pipeline.services.publishing import publish_questions
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project

#: What may be said unasked of how dates or numbers are written.
_WORDS = {DATES: (MONTH_FIRST, DAY_FIRST), DECIMAL: tuple(SIGN_WORDS)}
#: Questions about the type of a custom column.
TYPE = "type:"


def answers(project: Project) -> dict[str, str]:
    """Every answer a person gave, by the key of its question.

    From `decisions/questions.csv`, before those that older versions kept in the map document.
    Raises BadInput for an answer that is none of its question's choices.
    """
    return {**_earlier_answers(project), **answers_file.read_answers(project.decisions)}


def _earlier_answers(project: Project) -> dict[str, str]:
    document = map_document(project)
    return dict(document.answers) if document else {}


def date_answers(project: Project) -> dict[str, str]:
    """The answers about day and month, by `dataset.column`, `dataset` or `*`."""
    return answers_about(project, DATES)


def answers_about(project: Project, prefix: str) -> dict[str, str]:
    """The answers to one kind of question, by what stands behind its prefix."""
    given = answers(project).items()
    return {key.removeprefix(prefix): word for key, word in given if key.startswith(prefix)}


def questions(project: Project) -> list[Question]:
    """Every question without an answer, as of the last reading and cleaning."""
    given = answers(project)
    return [q for q in _asked(project) if not given.get(q.key)]


def unapplied_answers(project: Project) -> list[str]:
    """Answers that were given after the exports were read, and so changed nothing yet."""
    given = answers(project)
    return [
        f"{q.key} was answered with {given[q.key]!r} after the exports were read. Read and clean "
        "them again: `flitstack audit`, or the job 01_audit."
        for q in _asked(project)
        if given.get(q.key)
    ]


def question_reasons(project: Project) -> list[str]:
    """Open questions and answers that were not applied yet, in words."""
    return [*map(str, questions(project)), *unapplied_answers(project)]


def _asked(project: Project) -> list[Question]:
    def find() -> list[Question]:
        with project.warehouse.connect() as con:
            return open_questions(con)

    return project.warehouse.remembered("questions", find)


def list_questions(project: Project) -> None:
    """Write the open questions to `decisions/questions.csv`, where they may be answered too."""
    found = questions_with_effects(project)
    answers_file.write_open(project.decisions, found)
    publish_questions(project, found)


def questions_with_effects(project: Project) -> list[Question]:
    """Every question without an answer, with what each choice would change."""
    return with_effects(project, questions(project), answers(project))


def question_rows(project: Project, answered: bool = False) -> list[dict[str, Any]]:
    """The open questions for programs, with evidence and choices; the answered ones on demand."""
    rows: list[dict[str, Any]] = [
        {
            "key": q.key, "kind": q.kind, "question": q.text, "object": q.object,
            "dataset": q.dataset, "file": q.file, "sheet": q.sheet, "column": q.column,
            "rows": list(q.lines), "evidence": list(q.evidence),
            "choices": [vars(c) for c in q.choices],
        }
        for q in questions_with_effects(project)
    ]  # fmt: skip
    if answered:
        lines = answers_file.read_lines(project.decisions)
        for key, word in answers(project).items():
            line = lines.get(key) or Line(key, kind=key.partition(":")[0])
            rows.append({"key": key, "kind": line.kind, "question": line.question,
                         "answer": word, "by": line.by, "at": line.at})  # fmt: skip
    return rows


@noted()
def answer(
    project: Project, key: str, word: str, by: str = "", *, preview: bool = False
) -> StepReport:
    """Store a person's answer, and say what it changes.

    Args:
        project: The migration.
        key: Which question, as `questions` names it.
        word: The answer; "" takes back the one that was given.
        by: Who answers.
        preview: Only say what the answer would change.

    Raises:
        BadInput: for a key that is no question, or a word that is none of its choices.
    """
    given = answers(project)
    line = _question_of(project, key, given)
    word = _allowed(line, word.strip())
    would = effect(project, key, word, given) or line.effect_of.get(word, "")
    facts = {"question": key, "answer": word or "taken back", **({"by": by} if by else {})}
    if preview:
        return StepReport("not stored", None, {**facts, "would change": would or "not known yet"})
    answers_file.store(project.decisions, line, word, by)
    _forget_earlier(project, key)
    list_questions(project)
    told = {**facts, "changes": would} if would else facts
    return StepReport("answered; read and clean again (flitstack audit)", None, told)


def _question_of(project: Project, key: str, given: Mapping[str, str]) -> Line:
    """The question as a line of the file, asked, answered, or told unasked."""
    asked = next((q for q in _asked(project) if q.key == key), None)
    if asked:
        return line_of(asked)
    known = answers_file.read_lines(project.decisions).get(key)
    if known:
        return known
    if key in given or _may_be_told(project, key):
        kind = key.partition(":")[0]
        return Line(key, kind=kind, choices=BETWEEN.join(_WORDS.get(f"{kind}:", ())))
    raise BadInput(f"{key!r} is no question; see `flitstack questions`")


def _may_be_told(project: Project, key: str) -> bool:
    """Whether a person may say it unasked: what a file holds, of which session it is, how dates or
    numbers are written, whose time zone times are in."""
    if key.startswith(FILE):
        file = key.removeprefix(FILE)
        names = [p.relative_to(project.exports).as_posix() for p in export_files(project.exports)]
        return any(file == name or file.startswith(f"{name}#") for name in names)
    if key.startswith(SESSION):
        return (project.exports / key.removeprefix(SESSION)).is_file()
    found = re.fullmatch(rf"({DATES}|{DECIMAL}|{ZONE})(?:\*|(\w+)(?:\.(\w+))?)", key)
    if not found:
        return False
    about, dataset, column = found.groups()
    if dataset is None or column is None:
        return dataset is None or dataset in DATASETS
    holds = is_money_column if about == DECIMAL else is_date_column
    fits = holds(dataset, column)
    return fits and dataset in DATASETS and column in DATASETS[dataset].by_name


def _allowed(line: Line, word: str) -> str:
    """The word as the question's choices spell it; a file may hold any kind of export, a time may
    be of any zone."""
    if line.key.startswith(ZONE) and word:
        return checked_zone(word, line.key.removeprefix(ZONE))
    if not word or (not line.words and line.kind != "file"):
        return word
    if (meant := chosen(word, line.words)) is not None:
        return meant
    if line.kind == "file":
        return file_answer({line.key: word}, line.key.removeprefix(FILE).partition("#")[0])
    raise BadInput(f"{word!r} is no answer to {line.key}; choose of: {', '.join(line.words)}")


def _forget_earlier(project: Project, key: str) -> None:
    """Take an answer that moved to `decisions/questions.csv` out of the map document."""
    if key in _earlier_answers(project):
        document = map_to_change(project)
        document.answers.pop(key)
        document.save(project.map_path)


def count_checks(project: Project) -> list[CountCheck]:
    """Every on-screen count against the distinct records read, with explanations."""
    with project.warehouse.connect() as con:
        return check_counts(con, project.decisions)


def counts(project: Project) -> StepReport:
    """The on-screen counts, what was read, and what nobody has explained."""
    found = count_checks(project)
    return StepReport(
        "on-screen counts",
        len(found),
        {} if found else {"counts": "none given; add them with flitstack stage --expected"},
        {"counts": [c.as_dict() for c in found]},
        [c.problem for c in found if c.problem],
    )


@noted()
def explain_count(
    project: Project, name: str, text: str, by: str, workspace: str = ""
) -> StepReport:
    """Store why a module's screen and its exports differ; it holds for these two numbers only.

    Raises BadInput for a module without an on-screen count, or nothing to explain.
    """
    wanted = module(name)
    check = next(
        (c for c in count_checks(project) if (c.dataset, c.workspace) == (wanted, workspace)), None
    )
    if check is None:
        raise BadInput(f"no on-screen count of {wanted} was given, so nothing differs")
    new = explain(project.decisions, check, text, by)
    return StepReport("difference explained", None, vars(new))
