"""Commands about the sub-accounts before anything moves: examine them, make them ready."""

from __future__ import annotations

from typing import Annotated

import typer

from flitstack_pipeline.cli.terminal import app, log, open_project, show, wait
from flitstack_pipeline.errors import Exit

MayRun = Annotated[
    list[str] | None,
    typer.Option(
        "--workflows-may-run",
        metavar="NAME …",
        help="Published workflows, by exact name, that may run while records are created; kept in "
        "the journal. Any other one stops the load.",
    ),
]
CheckedBy = Annotated[
    str,
    typer.Option(
        "--workflows-checked",
        metavar="YOUR NAME",
        help="You looked in HighLevel at the workflows the API does not list: those of custom "
        "objects, or all where the token may not read them.",
    ),
]


Adopt = Annotated[
    bool,
    typer.Option(
        "--adopt",
        help="The sub-account was migrated by a journal that was lost, from these exports: read "
        "its records back and take them over.",
    ),
]
Beside = Annotated[
    bool,
    typer.Option(
        "--beside",
        help="The sub-account was migrated by another journal, from another workspace: migrate "
        "this one beside it.",
    ),
]


@app.command()
def preflight(
    workflows_may_run: MayRun = None,
    workflows_checked: CheckedBy = "",
    adopt: Adopt = False,
    beside: Beside = False,
) -> None:
    """Examine every sub-account; only reads. Exit 4 while something stands in the way."""
    from flitstack_pipeline import services
    from flitstack_pipeline.migration.report import Refused
    from flitstack_pipeline.services import preconditions

    project = open_project()
    services.check_home(project)
    services.release_workflows(project, workflows_may_run or (), workflows_checked)
    services.answer_others(project, adopt=adopt, beside=beside)
    reasons = preconditions.before_preflight(project)
    if reasons:
        raise Refused("the preflight", reasons)
    report = services.preflight(project)
    show(report)
    if not report.passed:
        raise typer.Exit(Exit.PREFLIGHT_FAILED)


@app.command()
def prepare(
    workflows_may_run: MayRun = None,
    workflows_checked: CheckedBy = "",
    adopt: Adopt = False,
    beside: Beside = False,
) -> None:
    """Map every record, examine every sub-account, and make its schema ready."""
    from flitstack_pipeline import services

    project = open_project()
    services.check_home(project)
    services.release_workflows(project, workflows_may_run or (), workflows_checked)
    services.answer_others(project, adopt=adopt, beside=beside)
    entries = services.unconfirmed_entries(project)
    if entries:
        wait("The map waits for confirmation (edit map.yaml, then flitstack map confirm).", entries)
    reports = services.run_prepare(project, log)
    for report in reports:
        show(report)
    if not reports[0].passed:
        raise typer.Exit(Exit.PREFLIGHT_FAILED)
    if not reports[-1].passed:
        raise typer.Exit(Exit.INCOMPLETE)
