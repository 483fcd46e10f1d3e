"""The command's face: the app, exit codes, and how reports are shown in a terminal."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.errors import Exit
from flitstack_pipeline.migrations import CHOSEN, store_url

if TYPE_CHECKING:
    from flitstack_pipeline.settings import Project

GAP = 3
UNBROKEN = 18
PROBLEMS_SHOWN = 20


#: The commands as the work goes: the migration's steps, what people decide at each, looking things
#: up, taking back, and programs beside the product.
ORDER = (
    "new", "list", "stage", "inspect", "audit", "questions", "answer", "acknowledge", "counts",
    "explain", "map", "migrate", "preflight", "prepare", "approve", "delta", "resolve", "retry",
    "reconcile", "rollback", "status", "trace", "review", "ui", "doctor", "workflows", "journal",
    "cache", "close", "sandbox", "examples",
)  # fmt: skip


class InOrder(typer.core.TyperGroup):
    """Lists its commands in the order of the work."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands; one that ORDER does not know comes last."""
        known = {name: place for place, name in enumerate(ORDER)}
        return sorted(super().list_commands(ctx), key=lambda name: known.get(name, len(known)))


app = typer.Typer(
    name="flitstack",
    cls=InOrder,
    help=f"Moves a contractor's business from {SOURCE.name} into HighLevel: verified field by "
    "field, reversible with one click. The data folder is FLITSTACK_DATA (default: data/).",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


map_app = typer.Typer(
    help="The field map: propose, check, confirm, show, diff, workbook, import.",
    no_args_is_help=True,
)


app.add_typer(map_app, name="map")


console = Console(highlight=False)


errors = Console(stderr=True, highlight=False)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"flitstack {version('flitstack-pipeline')}")
        raise typer.Exit


#: Commands that need no home to work on: they read, or are about all of them.
_WITHOUT_HOME = ("new", "list", "close", "status", "ui", "review", "sandbox")


@app.callback()
def _about(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
    migration: Annotated[
        str,
        typer.Option(help="Which migration of FLITSTACK_MIGRATIONS (or FLITSTACK_MIGRATION)."),
    ] = "",
) -> None:
    """Options before the command."""
    if migration:
        os.environ[CHOSEN] = migration
    name = os.environ.get(CHOSEN, "").strip()
    if store_url() is not None and name and context.invoked_subcommand not in _WITHOUT_HOME:
        from flitstack_pipeline.home_lease import working_on

        context.with_resource(working_on(name))


#: The projects that this command opened.
opened: list[Project] = []


def open_project() -> Project:
    """The project named by the environment, its folders made; Dagster is told of its steps."""
    from flitstack_pipeline.settings import Project

    opened.append(replace(Project.from_environment(), notes_steps=True).prepare())
    return opened[-1]


def sure(question: str) -> None:
    """Ask a person at a terminal; a program, which has none, means what it says.

    Ends the command with exit code 3 for every answer but yes.
    """
    if sys.stdin.isatty() and not typer.confirm(question):
        wait("Nothing was done.", [])


def print_json(value: Any) -> None:
    """One JSON document on standard output, for programs."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def log(message: str) -> None:
    """One line of progress."""
    console.print(f"  {message}", style="dim", markup=False)


def show(report: Any) -> None:
    """One step's report: its facts, then its small tables."""
    console.print(report.step, style="bold", markup=False)
    show_facts(report.facts)
    for name, rows in report.tables.items():
        show_table(name, rows)
    for problem in report.problems[:PROBLEMS_SHOWN]:
        console.print(f"  ! {problem}", style="red", markup=False)
    if len(report.problems) > PROBLEMS_SHOWN:
        console.print(f"  … and {len(report.problems) - PROBLEMS_SHOWN} more", style="red")


def show_facts(facts: dict[str, Any]) -> None:
    """Single values by name, a line each."""
    for name, value in facts.items():
        console.print(f"  {name}: {_text(value)}", markup=False)


def show_table(title: str, rows: list[dict[str, Any]], most: int = 15) -> None:
    """A small table; what is beyond `most` rows is counted.

    Too wide for the terminal, it goes on below with its first column repeated; nothing is cut.
    """
    if not rows:
        return
    cells = [{k: _text(v) for k, v in row.items()} for row in rows[:most]]
    names = [n for n in cells[0] if any(row.get(n) for row in cells)]
    for number, part in enumerate(_fitting(names, cells, console.width)):
        table = Table(
            title=title if not number else None,
            title_justify="left",
            title_style="dim",
            box=SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
        )
        for name in part:
            numeric = all(_is_number(row.get(name, "")) for row in cells)
            justify: Any = "right" if numeric else "left"
            least = _least_width(name, [row.get(name, "") for row in cells])
            title_of = name.replace("_", " ")
            table.add_column(title_of, justify=justify, overflow="fold", min_width=least)
        for row in cells:
            table.add_row(*(escape(row.get(name, "")) for name in part))
        console.print(table)
    if len(rows) > most:
        console.print(f"  … and {len(rows) - most} more", style="dim")


def _fitting(names: list[str], cells: list[dict[str, str]], width: int) -> list[list[str]]:
    """The columns in as many tables as they need, each with the first column."""
    needed = {name: _least_width(name, [row.get(name, "") for row in cells]) for name in names}
    first, parts, used = names[0], [[names[0]]], needed[names[0]]
    for name in names[1:]:
        if used + needed[name] + GAP > width and len(parts[-1]) > 1:
            parts.append([first])
            used = needed[first]
        parts[-1].append(name)
        used += needed[name] + GAP
    return parts


def _least_width(name: str, values: list[str]) -> int:
    """What a column needs to be read: whole words of its header, short values unbroken."""
    words = max(len(word) for word in name.replace("_", " ").split() or [""])
    return max(words, min(max(map(len, values), default=0), UNBROKEN))


def _is_number(text: str) -> bool:
    return not text or text.replace(",", "").replace(".", "").lstrip("-").isdigit()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_text(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def wait(title: str, reasons: list[str]) -> None:
    """Say what waits for a person, and end with exit code 3."""
    console.print(title, style="yellow", markup=False)
    for reason in reasons[:40]:
        console.print(f"  - {reason}", markup=False)
    raise typer.Exit(Exit.WAITING)


def finish(project: Project, reports: list[Any]) -> None:
    """Show the end of a run, the table per object, and where to look; exit 5 when incomplete."""
    from flitstack_pipeline import services

    for report in reports:
        show(report)
    show_table("per object", services.per_object(project))
    for line in services.where_to_look(project):
        console.print(line, markup=False)
    if any(not r.passed for r in reports) or services.unfinished(project):
        raise typer.Exit(Exit.INCOMPLETE)
