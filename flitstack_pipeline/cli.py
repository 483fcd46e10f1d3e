"""The command `flitstack`: the customer's steps from a terminal, through the same code as Dagster.

Exit codes: 0 done; 2 bad usage or input; 3 waiting for approval; 4 preflight failed; 5 finished
with rejected records, conflicts or a failed reconciliation.
"""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

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


app = typer.Typer(
    name="flitstack",
    help="Moves a contractor's business from Contractor+ into HighLevel: verified field by "
    "field, reversible with one click. The data folder is FLITSTACK_DATA (default: data/).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
map_app = typer.Typer(help="The field map: propose, check, confirm, show.", no_args_is_help=True)
app.add_typer(map_app, name="map")
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def _project() -> Project:
    return Project.from_environment().prepare()


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def _log(message: str) -> None:
    console.print(f"  [dim]{message}[/dim]", markup=True)


def _show(report: Any) -> None:
    """One step's report: its facts, then its small tables."""
    console.print(f"[bold]{report.step}[/bold]")
    for name, value in report.facts.items():
        console.print(f"  {name}: {value}", markup=False)
    for name, rows in report.tables.items():
        _show_table(name, rows)
    for problem in report.problems:
        console.print(f"  ! {problem}", style="red", markup=False)


def _show_table(title: str, rows: list[dict[str, Any]], most: int = 15) -> None:
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


@app.command()
def migrate(
    confirm_map: Annotated[
        str, typer.Option(help="Confirm every proposed entry of the map as it stands, as NAME.")
    ] = "",
    approve_sample: Annotated[
        str, typer.Option(help="Approve the sample as NAME, unless it shows differences.")
    ] = "",
) -> None:
    """Run the whole migration up to the gate, and through it when the sample is approved."""
    from flitstack_pipeline import steps

    project = _project()
    for run in (steps.run_audit, lambda p, log: steps.run_map(p, log, confirm_map)):
        for report in run(project, _log):
            _show(report)
    open_entries = steps.unconfirmed_entries(project)
    if open_entries:
        _wait(
            "The map waits for confirmation (edit map.yaml, or --confirm-map NAME).", open_entries
        )
    for report in steps.run_prepare(project, _log):
        _show(report)
    failed = [x for x in steps.preflight_lines(project) if x["verdict"] == "fail"]
    if failed:
        _show_table("preflight failed", failed)
        raise typer.Exit(Exit.PREFLIGHT_FAILED)
    for report in steps.run_sample(project, _log):
        _show(report)
    if approve_sample:
        _show(steps.approve(project, approve_sample, "approved on the command line"))
    closed = [c["what_to_do"] for c in steps.gate_conditions(project) if not c["ok"]]
    if closed:
        _wait("The gate is shut.", closed)
    for report in steps.run_cutover(project, _log):
        _show(report)
    _finish(project, steps.run_reconcile(project, _log))


def _wait(title: str, reasons: list[str]) -> None:
    console.print(f"[yellow]{title}[/yellow]")
    for reason in reasons[:40]:
        console.print(f"  - {reason}", markup=False)
    raise typer.Exit(Exit.WAITING)


def _finish(project: Project, reports: list[Any]) -> None:
    """Show the end of a run, the table per object, and where to look; exit 5 when incomplete."""
    from flitstack_pipeline import steps

    for report in reports:
        _show(report)
    _show_table("per object", steps.per_object(project))
    for line in steps.where_to_look(project):
        console.print(line, markup=False)
    if any(not r.passed for r in reports) or steps.unfinished(project):
        raise typer.Exit(Exit.INCOMPLETE)


@app.command()
def audit() -> None:
    """Read, clean and relate the exports, and write the source audit."""
    from flitstack_pipeline import steps

    for report in steps.run_audit(_project(), _log):
        _show(report)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What is done, what is left, the gate, the request budget."""
    from flitstack_pipeline import steps

    found = steps.status(_project())
    if as_json:
        _print_json(found)
        return
    _show_table("gate", found["gate"])
    _show_table("per object", found["objects"])
    for name, value in found["facts"].items():
        console.print(f"  {name}: {value}", markup=False)


@app.command()
def approve(
    name: Annotated[str, typer.Argument(help="Who approves.")],
    note: Annotated[str, typer.Option(help="Why, or under which condition.")] = "",
) -> None:
    """Approve the sample; refused while it shows differences."""
    from flitstack_pipeline import steps

    _show(steps.approve(_project(), name, note))


@app.command()
def reconcile() -> None:
    """Read everything back and compare it with what was meant."""
    from flitstack_pipeline import steps

    project = _project()
    _finish(project, steps.run_reconcile(project, _log))


@app.command()
def delta() -> None:
    """Load what changed in the exports since the cutover; later edits in HighLevel are kept."""
    from flitstack_pipeline import steps

    project = _project()
    for report in steps.run_delta(project, _log):
        _show(report)
    _finish(project, [])


@app.command()
def rollback(
    run: Annotated[str, typer.Option(help="Only what this run wrote.")] = "",
    object_type: Annotated[str, typer.Option("--object", help="Only this object type.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be undone.")] = False,
    force: Annotated[bool, typer.Option(help="Also undo records edited since.")] = False,
) -> None:
    """Undo: delete what we created, restore what we changed, in reverse order."""
    from flitstack_pipeline import steps

    report = steps.rollback(
        _project(),
        run_id=run or None,
        object_type=object_type or None,
        dry_run=dry_run,
        force=force,
        log=_log,
    )
    _show(report)
    if not report.passed:
        raise typer.Exit(Exit.INCOMPLETE)


@app.command()
def stage(
    files: Annotated[list[Path], typer.Argument(help="Export files of one session.")],
    expected: Annotated[
        list[str] | None,
        typer.Option("--expected", help="On-screen count of a module, as clients=250."),
    ] = None,
    exported_at: Annotated[str, typer.Option(help="When they were exported, ISO 8601.")] = "",
    workspace: Annotated[str, typer.Option(help="Contractor+ workspace, when several.")] = "",
) -> None:
    """Add a session of exports: copied, hashed, dated; the same file twice changes nothing."""
    from flitstack_pipeline.contractor_plus.staging import stage as stage_files

    counts = {name: int(n) for name, _, n in (e.partition("=") for e in expected or [])}
    result = stage_files(
        _project().exports,
        files,
        exported_at=exported_at or None,
        expected_counts=counts or None,
        workspace=workspace or None,
    )
    console.print(str(result), markup=False)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="One export file.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write every cell as read, UTF-8 CSV.")] = None,
) -> None:
    """Show how a file is understood: encoding, dialect, header row, columns, object type."""
    from flitstack_pipeline.contractor_plus.inspect import inspect_file, write_cells

    found = inspect_file(file)
    if out:
        write_cells(file, out)
    if as_json:
        typer.echo(found.to_json())
    else:
        for name, value in json.loads(found.to_json()).items():
            console.print(f"{name}: {value}", markup=False)


@app.command()
def examples(
    folder: Annotated[Path, typer.Argument(help="Where the exports are written.")],
    clients: Annotated[
        int, typer.Option(help="How many clients; the rest scales with them.")
    ] = 250,
    seed: Annotated[int, typer.Option(help="The same seed makes the same files.")] = 7,
) -> None:
    """Make believable, messy example exports."""
    from flitstack_pipeline.contractor_plus.examples import generate

    for name, count in generate(folder, clients=clients, seed=seed).items():
        console.print(f"{name}: {count}", markup=False)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def sandbox(context: typer.Context) -> None:
    """Serve the HighLevel stand-in on loopback (`flitstack sandbox --help` lists its options)."""
    from flitstack_pipeline.sandbox.__main__ import main as serve

    sys.argv = ["flitstack sandbox", *context.args]
    serve()


@map_app.command("check")
def map_check() -> None:
    """Name every required entry that is not confirmed."""
    from flitstack_pipeline import steps

    entries = steps.unconfirmed_entries(_project())
    if entries:
        _wait("Not confirmed yet:", entries)
    console.print("Every required entry is confirmed.")


@map_app.command("confirm")
def map_confirm(
    name: Annotated[str, typer.Argument(help="Who confirms.")],
    all_above: Annotated[float, typer.Option(help="Only entries at or above it.")] = 0.0,
) -> None:
    """Confirm the proposed entries."""
    from flitstack_pipeline import steps

    _show(steps.confirm_map(_project(), name, all_above))


@map_app.command("show")
def map_show() -> None:
    """Print map.yaml."""
    typer.echo(_project().map_path.read_text())


@map_app.command("propose")
def map_propose(
    source: Annotated[Path | None, typer.Option("--from", help="CSV of source headers.")] = None,
    target: Annotated[Path | None, typer.Option("--to", help="CSV of target fields.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Propose the map of this project, or match any two header lists (--from, --to)."""
    from flitstack_pipeline import steps

    if source and target:
        from flitstack_pipeline.mapping.matcher import propose_between

        _print_json(propose_between(source, target))
        return
    report = steps.propose_map(_project())
    if as_json:
        _print_json(report.__dict__)
    else:
        _show(report)


def main() -> None:
    """Entry point: known refusals and bad input end with a sentence, not a traceback."""
    from flitstack_pipeline.migration.report import Refused

    try:
        app(standalone_mode=True)
    except Refused as refused:
        errors.print(str(refused), style="yellow", markup=False)
        sys.exit(Exit.WAITING)
    except (ValueError, FileNotFoundError) as error:
        errors.print(f"{type(error).__name__}: {error}", style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)


if __name__ == "__main__":
    main()
