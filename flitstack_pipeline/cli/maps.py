"""Commands of the field map: propose, check, confirm, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.cli.terminal import console, map_app, open_project, print_json, show, wait


@map_app.command("check")
def map_check() -> None:
    """Name every required entry that is not confirmed."""
    from flitstack_pipeline import steps

    entries = steps.unconfirmed_entries(open_project())
    if entries:
        wait("Not confirmed yet:", entries)
    console.print("Every required entry is confirmed.")


@map_app.command("confirm")
def map_confirm(
    name: Annotated[str, typer.Argument(help="Who confirms.")],
    all_above: Annotated[float, typer.Option(help="Only entries at or above it.")] = 0.0,
) -> None:
    """Confirm the proposed entries."""
    from flitstack_pipeline import steps

    show(steps.confirm_map(open_project(), name, all_above))


@map_app.command("show")
def map_show() -> None:
    """Print map.yaml."""
    typer.echo(open_project().map_path.read_text())


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

        print_json(propose_between(source, target))
        return
    report = steps.propose_map(open_project())
    if as_json:
        print_json(report.__dict__)
    else:
        show(report)
