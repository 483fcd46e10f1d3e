"""The command's face: the app, exit codes, and how reports are shown in a terminal."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from flitstack_pipeline.settings import Project


class Exit(IntEnum):
    """What the exit code means."""

    DONE = 0
    BAD_INPUT = 2
    WAITING = 3
    PREFLIGHT_FAILED = 4
    INCOMPLETE = 5
    STOPPED = 6


app = typer.Typer(
    name="flitstack",
    help="Moves a contractor's business from Contractor+ into HighLevel: verified field by "
    "field, reversible with one click. The data folder is FLITSTACK_DATA (default: data/).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


map_app = typer.Typer(
    help="The field map: propose, check, confirm, show, diff, workbook, import.",
    no_args_is_help=True,
)


app.add_typer(map_app, name="map")


console = Console(highlight=False)


errors = Console(stderr=True, highlight=False)


def open_project() -> Project:
    """The project named by the environment, its folders made."""
    return Project.from_environment().prepare()


def print_json(value: Any) -> None:
    """One JSON document on standard output, for programs."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def log(message: str) -> None:
    """One line of progress."""
    console.print(f"  [dim]{message}[/dim]", markup=True)


def show(report: Any) -> None:
    """One step's report: its facts, then its small tables."""
    console.print(f"[bold]{report.step}[/bold]")
    for name, value in report.facts.items():
        console.print(f"  {name}: {value}", markup=False)
    for name, rows in report.tables.items():
        show_table(name, rows)
    for problem in report.problems:
        console.print(f"  ! {problem}", style="red", markup=False)


def show_table(title: str, rows: list[dict[str, Any]], most: int = 15) -> None:
    """A small table; what is beyond `most` rows is counted."""
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="dim", show_edge=False)
    for name in rows[0]:
        table.add_column(str(name))
    for row in rows[:most]:
        table.add_row(*("" if v is None else str(v) for v in row.values()))
    console.print(table)
    if len(rows) > most:
        console.print(f"  … and {len(rows) - most} more", style="dim")


def wait(title: str, reasons: list[str]) -> None:
    """Say what waits for a person, and end with exit code 3."""
    console.print(f"[yellow]{title}[/yellow]")
    for reason in reasons[:40]:
        console.print(f"  - {reason}", markup=False)
    raise typer.Exit(Exit.WAITING)


def finish(project: Project, reports: list[Any]) -> None:
    """Show the end of a run, the table per object, and where to look; exit 5 when incomplete."""
    from flitstack_pipeline import steps

    for report in reports:
        show(report)
    show_table("per object", steps.per_object(project))
    for line in steps.where_to_look(project):
        console.print(line, markup=False)
    if any(not r.passed for r in reports) or steps.unfinished(project):
        raise typer.Exit(Exit.INCOMPLETE)
