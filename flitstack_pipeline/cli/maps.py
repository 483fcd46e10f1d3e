"""Commands of the field map: propose, check, confirm, show, diff, workbook, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.cli.terminal import (
    console,
    map_app,
    open_project,
    print_json,
    show,
    show_table,
    wait,
)


@map_app.command("check")
def map_check() -> None:
    """Name every mistake of map.yaml, and every required entry that is not confirmed."""
    from flitstack_pipeline import services

    project = open_project()
    services.refuse_misspelt_columns(project)
    entries = services.unconfirmed_entries(project)
    if entries:
        wait("Not confirmed yet:", entries)
    console.print("Every required entry is confirmed.")


@map_app.command("confirm")
def map_confirm(
    name: Annotated[str, typer.Argument(help="Who confirms.")],
    all_above: Annotated[float, typer.Option(help="Only entries at or above it.")] = 0.0,
    word: Annotated[
        list[str] | None,
        typer.Option(
            help="Name a status word nobody declared, as 'jobs: Parked', or with its stage and "
            "status, as 'jobs: Parked = On Hold, open'. Repeat it."
        ),
    ] = None,
) -> None:
    """Confirm the proposed entries; exit code 3 while something stays open.

    Status words that nobody declared stay open whatever --all-above says: each is named with
    --word, in map.yaml or in the workbook.
    """
    from flitstack_pipeline import services

    project = open_project()
    show(services.confirm_map(project, name, all_above, word or []))
    left = services.unconfirmed_entries(project)
    if left:
        wait("Still open:", left)


@map_app.command("diff")
def map_diff(
    other: Annotated[Path | None, typer.Argument(help="Another map.yaml.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what the map decides differently from another map, or from itself as last confirmed."""
    from flitstack_pipeline import services

    report = services.map_differences(open_project(), other)
    found = report.tables["differences"]
    if as_json:
        print_json(found)
        return
    for d in found:
        what = f" {d['what']}: {d['before']} → {d['after']}" if d["kind"] == "changed" else ""
        console.print(f"{d['kind']:8} {d['entry']}{what}", markup=False)
    console.print(f"{len(found)} differences from {report.facts['against']}", markup=False)


@map_app.command("workbook")
def map_workbook() -> None:
    """Write reports/field-map.xlsx, for people who do not read YAML."""
    from flitstack_pipeline import services

    console.print(f"Wrote {services.write_map_workbook(open_project())}", markup=False)


@map_app.command("import")
def map_import(
    file: Annotated[Path, typer.Argument(help="The answered workbook.")],
    by: Annotated[str, typer.Option(help="Who decides; else the name in the workbook.")] = "",
) -> None:
    """Read answers back from the workbook: exactly the cells that were changed."""
    from flitstack_pipeline import services

    report = services.import_answers(open_project(), file, by)
    for change in report.tables["changed"]:
        console.print(
            f"  {change['entry']}: {change['what']} {change['before'] or 'nothing'} → "
            f"{change['after']}", markup=False,
        )  # fmt: skip
    if report.facts.get("caution"):
        console.print(f"Mind: {report.facts['caution']}", markup=False)
    console.print(f"{report.rows} answers read, by {report.facts['by']}; "
                  f"{report.facts['open']} entries open.", markup=False)  # fmt: skip


@map_app.command("show")
def map_show() -> None:
    """Print map.yaml."""
    from flitstack_pipeline.mapping.yaml_form import read_text
    from flitstack_pipeline.services.project_context import proposed_map

    typer.echo(read_text(proposed_map(open_project())))


@map_app.command("propose")
def map_propose(
    source: Annotated[Path | None, typer.Option("--from", help="Source headers.")] = None,
    target: Annotated[Path | None, typer.Option("--to", help="Target fields.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Propose the map of this project, or match any two header lists (--from, --to).

    Each of the two files is a CSV of `header`, optional `description`, `samples` (or `options`,
    separated by ;) and `type`, or a data file whose own columns are meant. Needs no account and no
    project. With --json, one object a column: column, target (null when none is likely), confidence
    (0 to 1), evidence, candidates [{target, confidence, evidence}, …] best first, runners_up.
    """
    from flitstack_pipeline import services

    if source or target:
        _propose_between(source, target, as_json)
        return
    report = services.propose_map(open_project())
    if as_json:
        print_json(report.__dict__)
    else:
        show(report)


def _propose_between(source: Path | None, target: Path | None, as_json: bool) -> None:
    from flitstack_pipeline.mapping.header_files import propose_between

    if source is None or target is None:
        raise typer.BadParameter("give both --from and --to")
    found = propose_between(source, target)
    if as_json:
        print_json(found)
        return
    shown = [
        {
            "column": m["column"],
            "target": m["target"] or "",
            "confidence": m["confidence"],
            "evidence": m["evidence"],
            "else": ", ".join(c["target"] for c in m["runners_up"][:2]),
        }
        for m in found
    ]
    show_table("proposal", shown, most=len(shown))
