"""Commands around export files: stage, inspect, examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.cli.terminal import app, console, open_project


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
        open_project().exports,
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
