"""Commands of the journal: the audit log of every operation, and rejected records tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.cli.progress import load_bars, working
from flitstack_pipeline.cli.terminal import app, console, log, open_project, show
from flitstack_pipeline.errors import Exit

journal_app = typer.Typer(help="The journal of every operation.", no_args_is_help=True)
app.add_typer(journal_app, name="journal")


@journal_app.command("export")
def export(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; by default reports/operations.FORMAT.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="csv or parquet; by default as FILE is named.")
    ] = "",
) -> None:
    """Write the audit log: one row per attempt, with what was sent where and what came back."""
    from flitstack_pipeline import services

    project = open_project()
    chosen = form or (file.suffix.lstrip(".").lower() if file else "") or "csv"
    path = file or project.reports / f"operations.{chosen}"
    count = services.export_journal(project, path, chosen)
    console.print(f"{count:,} operations in {path}, and in DuckDB as journal.operations")


@journal_app.command("migrate")
def migrate_journal() -> None:
    """Bring a journal of an earlier version to this one; a backup is made beside it first."""
    from flitstack_pipeline.migration.journal.versions import upgrade

    done = upgrade(open_project().journal_url)
    if not done.backup:
        console.print(f"The journal is of version {done.before} already: nothing to do.")
        return
    console.print(f"The journal was upgraded from version {done.before}.", markup=False)
    if done.added:
        console.print(f"  added: {', '.join(done.added)}", markup=False)
    console.print(f"  the backup is {done.backup}", markup=False)


@journal_app.command("repair")
def repair_journal() -> None:
    """Rebuild a damaged journal from its newest good copy and from HighLevel; only reads there."""
    from flitstack_pipeline import services

    with working("Rebuilding the journal"):
        report = services.repair(open_project(), log)
    show(report)
    if not report.passed:
        raise typer.Exit(Exit.INCOMPLETE)


@app.command()
def retry(
    object_type: Annotated[str, typer.Option("--object", help="Only this object type.")] = "",
    reason_class: Annotated[
        str,
        typer.Option(
            "--class",
            help="Only this class: credentials, validation, conflict, missing parent, unknown.",
        ),
    ] = "",
) -> None:
    """Send the records HighLevel rejected again, as they are mapped now."""
    from flitstack_pipeline import services

    with load_bars() as watch:
        report = services.retry(open_project(), object_type, reason_class, log, watch)
    show(report)
    if not report.passed:
        raise typer.Exit(Exit.INCOMPLETE)
