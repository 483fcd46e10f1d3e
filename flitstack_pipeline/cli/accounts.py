"""Commands about the sub-accounts before anything moves: examine them, make them ready."""

from __future__ import annotations

import typer

from flitstack_pipeline.cli.terminal import Exit, app, log, open_project, show, wait


@app.command()
def preflight() -> None:
    """Examine every sub-account; only reads. Exit 4 while something stands in the way."""
    from flitstack_pipeline import steps
    from flitstack_pipeline.migration.report import Refused
    from flitstack_pipeline.steps import readiness

    project = open_project()
    reasons = readiness.before_preflight(project)
    if reasons:
        raise Refused("the preflight", reasons)
    report = steps.preflight(project)
    show(report)
    if not report.passed:
        raise typer.Exit(Exit.PREFLIGHT_FAILED)


@app.command()
def prepare() -> None:
    """Map every record, examine every sub-account, and make its schema ready."""
    from flitstack_pipeline import steps

    project = open_project()
    entries = steps.unconfirmed_entries(project)
    if entries:
        wait("The map waits for confirmation (edit map.yaml, then flitstack map confirm).", entries)
    reports = steps.run_prepare(project, log)
    for report in reports:
        show(report)
    if not reports[0].passed:
        raise typer.Exit(Exit.PREFLIGHT_FAILED)
    if not reports[-1].passed:
        raise typer.Exit(Exit.INCOMPLETE)
