"""Commands of the registry: make, list and close migrations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.cli.dagster_ui import forget_in_dagster
from flitstack_pipeline.cli.terminal import app, console, print_json, show, show_table, wait


@app.command("new")
def new_migration(
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")],
    exports: Annotated[
        Path | None, typer.Option("--from", help="A folder of export files, which is copied.")
    ] = None,
    country: Annotated[str, typer.Option(help="Of the Contractor+ account, as US.")] = "",
    time_zone: Annotated[str, typer.Option(help="Of the account, as America/New_York.")] = "",
    currency: Annotated[str, typer.Option(help="Of the account, as USD.")] = "",
    location: Annotated[str, typer.Option(help="Id of its HighLevel sub-account.")] = "",
) -> None:
    """Make the home of a migration below FLITSTACK_MIGRATIONS."""
    from flitstack_pipeline.services import registry

    said = {"country": country, "time_zone": time_zone, "currency": currency,
            "location_id": location}  # fmt: skip
    show(registry.new(name, exports, {k: v for k, v in said.items() if v}))


@app.command("list")
def list_migrations(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Every migration of FLITSTACK_MIGRATIONS: where it stands, and who must do what next."""
    from flitstack_pipeline import migrations
    from flitstack_pipeline.services import registry

    migrations.named_folder()
    rows = registry.listed()
    if as_json:
        print_json(rows)
    elif rows:
        show_table("migrations", rows, most=len(rows))
    else:
        console.print("There is none yet: flitstack new NAME")


@app.command("close")
def close_migration(
    name: Annotated[str, typer.Argument(help="Which migration.")],
    confirm: Annotated[
        str, typer.Option(help="The name once more, for programs; people are asked to type it.")
    ] = "",
) -> None:
    """End a migration: reports and journal go to the archive, all else is deleted for good."""
    from flitstack_pipeline.services import registry

    what = registry.closing(name)
    console.print(f"Goes to {what.archive}:", markup=False)
    for path in what.kept:
        console.print(f"  {path.name}", markup=False)
    console.print("Is deleted for good:")
    for path in what.gone:
        console.print(f"  {path}", markup=False, soft_wrap=True)
    console.print("  what Dagster keeps of it: its partition, runs, events and checks")
    console.print("Nothing can be rolled back after this.", style="yellow")
    if not confirm and sys.stdin.isatty():
        confirm = typer.prompt(f"Type {name} to close it", default="", show_default=False)
    if confirm != name:
        wait("Nothing was done.", [f"To close it: flitstack close {name} --confirm {name}"])
    show(registry.close(what, lambda: forget_in_dagster(what.project)))
