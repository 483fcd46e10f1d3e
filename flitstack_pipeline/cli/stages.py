"""Commands of the migration itself, from audit to rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flitstack_pipeline.cli.accounts import Adopt, Beside, CheckedBy, MayRun
from flitstack_pipeline.cli.progress import load_bars, working
from flitstack_pipeline.cli.terminal import (
    app,
    console,
    errors,
    finish,
    log,
    open_project,
    print_json,
    show,
    show_facts,
    show_table,
    sure,
    wait,
)
from flitstack_pipeline.errors import Exit

if TYPE_CHECKING:
    from flitstack_pipeline.settings import Project

Again = Annotated[
    bool, typer.Option("--again", help="Do every step again, also where nothing has changed.")
]


@app.command()
def migrate(
    confirm_map: Annotated[
        str,
        typer.Option(
            help="Confirm every proposed entry of the map as it stands, as NAME; status words "
            "nobody declared stay open and are listed (`flitstack map confirm NAME --word`)."
        ),
    ] = "",
    approve_sample: Annotated[
        str,
        typer.Option(
            help="Approve the sample as NAME, unless it shows differences; acknowledges as well "
            "that the rows the audit lists stay behind, but no file that cannot be read: "
            "`flitstack acknowledge FILE`."
        ),
    ] = "",
    workflows_may_run: MayRun = None,
    workflows_checked: CheckedBy = "",
    adopt: Adopt = False,
    beside: Beside = False,
    again: Again = False,
) -> None:
    """Run the whole migration up to the gate, and through it when the sample is approved."""
    from flitstack_pipeline import services

    project = open_project()
    services.check_home(project)
    services.release_workflows(project, workflows_may_run or (), workflows_checked)
    services.answer_others(project, adopt=adopt, beside=beside)
    if again:
        services.forget(project)
    with working("Reading, cleaning and relating the exports"):
        understood = services.run_audit(project, log)
    with working("Proposing the map"):
        understood += services.run_map(project, log, confirm_map)
    for report in understood:
        show(report)
    if approve_sample and services.unacknowledged(project):
        show(services.acknowledge(project, services.ROWS, approve_sample))
    open_entries = services.unconfirmed_entries(project)
    matters = services.open_matters(project, mapped=False)
    if open_entries:
        title = "The map waits for confirmation (edit map.yaml, or --confirm-map NAME)."
        wait(title, [*open_entries, *matters])
    if matters:
        wait("Nothing was written: this is to be settled first.", matters)
    with services.accounts_kept_open(project), services.exclusive_run(project, "migrate"):
        _into_the_account(project, approve_sample)


def _into_the_account(project: Project, approve_sample: str) -> None:
    """The part of `migrate` that needs the account: prepare, sample, gate, cutover, reconcile."""
    from flitstack_pipeline import services

    with working("Preparing the sub-account"):
        prepared = services.run_prepare(project, log)
    for report in prepared:
        show(report)
    failed = [x for x in services.preflight_lines(project) if x["verdict"] == "fail"]
    if failed:
        show_table("preflight failed", failed)
        raise typer.Exit(Exit.PREFLIGHT_FAILED)
    with load_bars() as watch:
        sample = services.run_sample(project, log, watch)
    for report in sample:
        show(report)
    if approve_sample:
        show(services.approve(project, approve_sample, "approved on the command line"))
    closed = services.gate_reasons(project)
    if closed:
        wait("The gate is shut.", closed)
    with load_bars() as watch:
        loaded = services.run_cutover(project, log, watch)
    for report in loaded:
        show(report)
    with working("Reading everything back"):
        reconciled = services.run_reconcile(project, log)
    finish(project, reconciled)


@app.command()
def audit(again: Again = False) -> None:
    """Read, clean and relate the exports, and write the source audit."""
    from flitstack_pipeline import services

    project = open_project()
    if again:
        services.forget(project)
    for report in services.run_audit(project, log):
        show(report)
    if report.step == "audit" and report.rows == 0:
        wait(f"Nothing was read: no export lies in {project.exports}.",
             ["Put the files of Contractor+ there (`flitstack stage FILE …`), or name another "
              "folder in FLITSTACK_DATA."])  # fmt: skip


@app.command()
def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Forget all of it.")] = False,
) -> None:
    """What is remembered to save work; it is found again when it is needed."""
    from flitstack_pipeline import services

    project = open_project()
    show(services.empty_caches(project) if empty else services.list_caches(project))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What is done, what is left, the gate, the request budget."""
    found = _status()
    if as_json:
        print_json(found)
        return
    show_table("gate", found["gate"])
    show_table("per object", found["objects"])
    show_facts(found["facts"])
    for what in found["unfinished"][:20]:
        console.print(f"  ! waits for a person: {what}", style="red", markup=False)


def _status() -> dict[str, Any]:
    """The status a step has left, where it still holds; else as it is found now."""
    from flitstack_pipeline import summary

    kept = summary.kept(summary.data_folder())
    if kept is not None:
        found: dict[str, Any] = kept["status"]
        return found
    from flitstack_pipeline import services

    return services.keep_status(open_project())


def _refuse_as_kept(what: str) -> None:
    """Raise Refused where the answer that a step has left says so, and still holds."""
    from flitstack_pipeline import summary

    kept = summary.kept(summary.data_folder())
    if kept is not None and kept["refused"][what]:
        from flitstack_pipeline.migration.report import Refused

        raise Refused(what, kept["refused"][what])


@app.command()
def approve(
    name: Annotated[str, typer.Argument(help="Who approves.")],
    note: Annotated[str, typer.Option(help="Why, or under which condition.")] = "",
) -> None:
    """Approve the sample; refused while it shows differences."""
    if name.strip():
        _refuse_as_kept("the approval")
    from flitstack_pipeline import services

    show(services.approve(open_project(), name, note))


@app.command()
def reconcile() -> None:
    """Read everything back and compare it with what was meant."""
    from flitstack_pipeline import services

    project = open_project()
    services.check_home(project)
    finish(project, services.run_reconcile(project, log))


@app.command()
def delta(workflows_may_run: MayRun = None, workflows_checked: CheckedBy = "") -> None:
    """Load what changed in the exports since the cutover; later edits in HighLevel are kept."""
    _refuse_as_kept("the delta")
    from flitstack_pipeline import services

    project = open_project()
    services.check_home(project)
    services.release_workflows(project, workflows_may_run or (), workflows_checked)
    with load_bars() as watch:
        loaded = services.run_delta(project, log, watch)
    for report in loaded:
        show(report)
    finish(project, [])


@app.command()
def resolve(
    key: Annotated[str, typer.Argument(help="Record or source key; none: decisions/*.csv.")] = "",
    field: Annotated[str, typer.Argument(help="The field; '' for a deleted record.")] = "",
    choice: Annotated[str, typer.Argument(help="ours (the export) or theirs (HighLevel).")] = "",
    value: Annotated[str | None, typer.Option(help="Neither: this value.")] = None,
) -> None:
    """Settle conflicts: one by name, or every decision of decisions/conflicts.csv."""
    from flitstack_pipeline import services

    report = services.resolve(open_project(), key or None, field, choice, value)
    show(report)
    if report.problems or report.facts["still open"]:
        raise typer.Exit(Exit.INCOMPLETE)


@app.command()
def rollback(
    run: Annotated[
        str, typer.Option(help="Only what this run wrote: a run's id, or a stage such as delta.")
    ] = "",
    object_type: Annotated[str, typer.Option("--object", help="Only this object type.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be undone.")] = False,
    force: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY|KEY#FIELD|OBJECT|all|opt-outs",
            help="Undo this record although it was edited since: its record key, source key or "
            "HighLevel id, with `#FIELD` for one field of it; an object type such as jobs for all "
            "of its records; `all` for every one. Opt-outs we brought are lifted only where named: "
            "`KEY#doNotSms`, or `opt-outs`. May be repeated.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask at the terminal.")] = False,
) -> None:
    """Undo: delete what we created, restore what we changed, in reverse order."""
    from flitstack_pipeline import services
    from flitstack_pipeline.migration.journal.history import UnknownRun

    project = open_project()
    what = services.what_goes(run, object_type)
    if not (yes or dry_run):
        sure(f"Take {what} back? `flitstack rollback --dry-run` says what would go and stay")
    try:
        with working(f"Taking {what} back" if not dry_run else "Looking the account over"):
            report = services.rollback(
                project,
                run_id=run or None,
                object_type=object_type or None,
                dry_run=dry_run,
                force=tuple(force or ()),
                log=log,
            )
    except UnknownRun as unknown:
        errors.print(str(unknown), style="red", markup=False)
        raise typer.Exit(Exit.BAD_INPUT) from unknown
    show(report)
    if not report.passed:
        raise typer.Exit(Exit.INCOMPLETE)
