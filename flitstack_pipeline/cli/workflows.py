"""Commands of the workflow reference: a template to list automations, the document to rebuild."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flitstack_pipeline.cli.terminal import app, console, open_project, show_table

workflows_app = typer.Typer(
    help="Automations are rebuilt by hand: list them, get a reference.", no_args_is_help=True
)
app.add_typer(workflows_app, name="workflows")


@workflows_app.command("template")
def template(
    file: Annotated[Path, typer.Argument(help="Where: .xlsx for Excel, anything else is CSV.")],
) -> None:
    """Write a list for the customer to fill in: one automation per row."""
    from flitstack_pipeline.workflows.automations import write_template

    console.print(f"{write_template(file)}: fill it in, then flitstack workflows document {file}",
                  markup=False)  # fmt: skip


@workflows_app.command("document")
def document(
    file: Annotated[Path, typer.Argument(help="The filled-in list, CSV or .xlsx.")],
) -> None:
    """Write reports/workflow-reference.html and .json: the nearest HighLevel building blocks."""
    from flitstack_pipeline.reports.workflow_reference import write_workflow_reference
    from flitstack_pipeline.workflows.automations import read_automations
    from flitstack_pipeline.workflows.rebuild import rebuild_all

    rebuilds = rebuild_all(read_automations(file))
    page, data = write_workflow_reference(rebuilds, open_project().reports)
    show_table("automations", [
        {"automation": r.automation.name, "verdict": str(r.verdict),
         "trigger": r.trigger.candidates[0].name if r.trigger.candidates else "–"}
        for r in rebuilds
    ])  # fmt: skip
    console.print(f"{page}\n{data}", markup=False)
