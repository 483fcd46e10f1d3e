"""What the exports leave open for a person: questions with their answers, counts to explain."""

from __future__ import annotations

from flitstack_pipeline.cleaning.values.dates import DAY_FIRST, MONTH_FIRST
from flitstack_pipeline.contractor_plus.answers import file_answer
from flitstack_pipeline.contractor_plus.counts import CountCheck, check_counts, explain
from flitstack_pipeline.contractor_plus.manifest import module
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import map_document
from flitstack_pipeline.warehouse import table_exists

_DATES = "dates:"


def answers(project: Project) -> dict[str, str]:
    """Every answer a person gave about the exports, from the map document."""
    document = map_document(project)
    return dict(document.answers) if document else {}


def date_answers(project: Project) -> dict[str, str]:
    """The answers about day and month, by `dataset.column`, `dataset` or `*`."""
    given = answers(project).items()
    return {key.removeprefix(_DATES): word for key, word in given if key.startswith(_DATES)}


def questions(project: Project) -> list[str]:
    """Every open question about the exports, in words, as of the last reading and cleaning."""
    with project.warehouse.connect() as con:
        found: list[str] = []
        for table in ("raw.files", "clean.questions"):
            if table_exists(con, table):
                rows = con.execute(
                    f"SELECT DISTINCT question FROM {table} "  # noqa: S608
                    "WHERE question IS NOT NULL ORDER BY ALL"
                ).fetchall()
                found += [question for (question,) in rows]
    return found


def refused_files(project: Project) -> list[str]:
    """Every export file nobody could read, with the reason and what to do."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "raw.files"):
            return []
        rows = con.execute(
            "SELECT DISTINCT refused FROM raw.files WHERE refused IS NOT NULL ORDER BY ALL"
        ).fetchall()
    return [reason for (reason,) in rows]


def answer(project: Project, key: str, word: str, by: str = "") -> StepReport:
    """Store a person's answer in the map document; "" takes it back.

    Raises ValueError for a key or word that answers nothing.
    """
    _check(key, word)
    document = map_document(project) or MapDocument()
    if word:
        document.answers[key] = word
    else:
        document.answers.pop(key, None)
    document.save(project.map_path)
    facts = {"question": key, "answer": word or "taken back", **({"by": by} if by else {})}
    return StepReport("answered; read and clean again (flitstack audit)", None, facts)


def _check(key: str, word: str) -> None:
    if key.startswith(_DATES):
        if word not in ("", DAY_FIRST, MONTH_FIRST):
            raise ValueError(f"{word!r} is no order; write {DAY_FIRST!r} or {MONTH_FIRST!r}")
    elif key.startswith("file:"):
        file_answer({key: word}, key.removeprefix("file:"))
    else:
        raise ValueError(f"{key!r} is no question; see `flitstack questions`")


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


def explain_count(
    project: Project, name: str, text: str, by: str, workspace: str = ""
) -> StepReport:
    """Store why a module's screen and its exports differ; it holds for these two numbers only.

    Raises ValueError for a module without an on-screen count, or nothing to explain.
    """
    wanted = module(name)
    check = next(
        (c for c in count_checks(project) if (c.dataset, c.workspace) == (wanted, workspace)), None
    )
    if check is None:
        raise ValueError(f"no on-screen count of {wanted} was given, so nothing differs")
    new = explain(project.decisions, check, text, by)
    return StepReport("difference explained", None, vars(new))
