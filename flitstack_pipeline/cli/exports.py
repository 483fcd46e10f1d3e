"""Commands around export files: stage, inspect, questions and counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.cli.terminal import (
    app,
    console,
    open_project,
    print_json,
    show,
    show_table,
)
from flitstack_pipeline.errors import Exit


@app.command()
def stage(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Export files of one session; none when you only give counts."),
    ] = None,
    expected: Annotated[
        list[str] | None,
        typer.Option("--expected", help="On-screen count of a module, as clients=250. Repeat it."),
    ] = None,
    exported_at: Annotated[str, typer.Option(help="When they were exported, ISO 8601.")] = "",
    workspace: Annotated[str, typer.Option(help=f"{SOURCE.name} workspace, when several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Add a session of exports: copied, hashed, dated; the same file twice changes nothing."""
    from flitstack_pipeline.reading.staging import stage as stage_files

    counts = _counts(expected or [])
    if not files and not counts:
        raise typer.BadParameter("name the files of a session, or give a count with --expected")
    result = stage_files(
        open_project().exports,
        files or [],
        exported_at=exported_at or None,
        expected_counts=counts or None,
        workspace=workspace or None,
    )
    if as_json:
        print_json(vars(result))
    else:
        console.print(str(result), markup=False, soft_wrap=True)


def _counts(expected: list[str]) -> dict[str, int]:
    """`clients=250` and `clients=250,jobs=400` as counts by module."""
    counts = {}
    for part in (p.strip() for text in expected for p in text.split(",")):
        found = re.fullmatch(r"(.+?)\s*[=:]\s*([0-9]+)", part)
        if not found:
            raise typer.BadParameter(f"{part!r} is no count; write it as clients=250")
        counts[found.group(1)] = int(found.group(2))
    return counts


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="One export file.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write every cell as read, UTF-8 CSV.")] = None,
    sheet: Annotated[str, typer.Option(help="With --out: only this sheet of a workbook.")] = "",
) -> None:
    """Show how a file is understood: encoding, dialect, header row, columns, object type."""
    from flitstack_pipeline.reading.inspect import inspect_file, write_cells

    found = inspect_file(file)
    if out:
        write_cells(file, out, sheet)
    if as_json:
        typer.echo(found.to_json())
        return
    for line in found.describe():
        console.print(line, markup=False, soft_wrap=True)


@app.command()
def questions(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    answered: Annotated[
        bool, typer.Option("--answered", help="Those with an answer as well.")
    ] = False,
) -> None:
    """List what the exports leave open for a person; exit code 3 while something is."""
    from flitstack_pipeline import services

    project = open_project()
    rows = services.question_rows(project, answered) if as_json or answered else []
    found = services.questions_with_effects(project)
    if as_json:
        print_json(rows)
    elif answered:
        show_table("answered", [row for row in rows if "answer" in row], most=len(rows))
    elif not found:
        console.print("No question is open.")
    for question in found if not as_json else ():
        console.print(f"  - {question}", markup=False)
        effects = (f"{c.word}: {c.effect}" for c in question.choices if c.effect)
        for line in (*question.evidence, ", ".join(question.lines[:10]), *effects):
            console.print(f"      {line}", style="dim", markup=False)
    if found:
        raise typer.Exit(Exit.WAITING)


@app.command()
def answer(
    key: Annotated[str, typer.Argument(help="Which question, as `flitstack questions` names it.")],
    word: Annotated[str, typer.Argument(help="The answer; an empty one takes it back.")],
    by: Annotated[str, typer.Option(help="Who answers.")] = "",
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what the answer would change.")
    ] = False,
) -> None:
    """Answer a question about the exports; the answer is kept in decisions/questions.csv."""
    from flitstack_pipeline import services

    show(services.answer(open_project(), key, word, by, preview=preview))


@app.command()
def acknowledge(
    which: Annotated[
        str,
        typer.Argument(
            metavar="[RULE|FILE:LINE|all]", help="What stays behind; none: list what waits."
        ),
    ] = "",
    by: Annotated[str, typer.Option(help="Who acknowledges it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The list, for programs.")] = False,
) -> None:
    """Acknowledge that rows and files stay behind; without a name of them, list those waiting."""
    from flitstack_pipeline import services

    project = open_project()
    if which:
        show(services.acknowledge(project, which, by))
        return
    behind = [*services.left_behind(project), *services.dead_files(project).values()]
    waiting = [b.as_row() for b in behind if not b.by]
    if as_json:
        print_json([b.as_row() for b in behind])
    else:
        show_table("left behind, not acknowledged", waiting, most=100)
        console.print(f"{len(waiting)} wait, {len(behind) - len(waiting)} are acknowledged.")
    if waiting:
        raise typer.Exit(Exit.WAITING)


@app.command()
def counts(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare the on-screen counts with the records read; exit code 3 while they differ."""
    from flitstack_pipeline import services

    report = services.counts(open_project())
    if as_json:
        print_json(report.tables["counts"])
    else:
        show(report)
    if report.problems:
        raise typer.Exit(Exit.WAITING)


@app.command()
def explain(
    module: Annotated[str, typer.Argument(help="The module whose count differs, e.g. clients.")],
    why: Annotated[str, typer.Argument(help="Why screen and exports differ.")],
    by: Annotated[str, typer.Option(help="Who explains it.")],
    workspace: Annotated[str, typer.Option(help=f"{SOURCE.name} workspace, when several.")] = "",
) -> None:
    """Explain a difference between screen and exports; it holds for these numbers only."""
    from flitstack_pipeline import services

    show(services.explain_count(open_project(), module, why, by, workspace))


@app.command()
def trace(
    what: Annotated[
        str, typer.Argument(help="FILE:LINE, FILE#SHEET:LINE, or a source key: main/jobs/301.")
    ],
) -> None:
    """One row's way: each cell, the field it arrived in, the ids of its records in HighLevel."""
    from flitstack_pipeline import services

    report = services.trace_row(open_project(), what)
    show_table(f"cells of {what}", report.tables["cells"])
    show_table("records", report.tables["records"])
