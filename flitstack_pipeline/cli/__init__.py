"""The command `flitstack`: the customer's steps from a terminal, through the same code as Dagster.

Exit codes: 0 done; 2 bad usage or input; 3 waiting for approval; 4 preflight failed, or HighLevel
refuses the token; 5 finished with rejected records, conflicts or a failed reconciliation; 6 stopped
in the middle (another run, no network, a full disk, Ctrl-C): started again it goes on where it was.
"""

from __future__ import annotations

import sys

from flitstack_pipeline.cli import (
    accounts,
    exports,
    journal,
    maps,
    review,
    serving,
    stages,
    workflows,
)
from flitstack_pipeline.cli.progress import working
from flitstack_pipeline.cli.stopping import Interrupted, last_words, stopping_on_signals
from flitstack_pipeline.cli.terminal import Exit, app, errors, log, open_project
from flitstack_pipeline.errors import trouble_of

__all__ = [
    "Exit",
    "accounts",
    "app",
    "exports",
    "journal",
    "main",
    "maps",
    "review",
    "serving",
    "stages",
    "workflows",
]


def main() -> None:
    """Entry point: refusals, bad input and Ctrl-C end with a sentence, not a traceback."""
    sys.argv[1:] = spread_names(sys.argv[1:], "--workflows-may-run")
    try:
        with stopping_on_signals():
            _run()
    except Interrupted as stop:
        errors.print(last_words(stop, sys.argv[1:]), style="yellow", markup=False)
        sys.exit(Exit.STOPPED)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        style = "yellow" if code is Exit.WAITING else "red"
        errors.print(_in_words(error), style=style, markup=False)
        sys.exit(code)


def _run() -> None:
    """The command; over a damaged warehouse, which is made again first."""
    try:
        app(standalone_mode=True)
    except Exception as error:
        from flitstack_pipeline.warehouse import WarehouseDamaged

        if not isinstance(error, WarehouseDamaged):
            raise
        errors.print(str(error), style="yellow", markup=False)
        with working("Reading the exports again"):
            from flitstack_pipeline import steps

            steps.rebuild_warehouse(open_project(), log)
        app(standalone_mode=True)


def spread_names(arguments: list[str], option: str) -> list[str]:
    """The arguments with several names after one `option` given one by one, as typer reads them.

    `--o A B` becomes `--o A --o B`, up to the next option.
    """
    spread: list[str] = []
    naming = False
    for argument in arguments:
        if naming and not argument.startswith("-") and spread[-1] != option:
            spread.append(option)
        spread.append(argument)
        naming = argument == option or (naming and not argument.startswith("-"))
    return spread


def _in_words(error: Exception) -> str:
    """Our own errors are sentences; those of libraries come with their kind."""
    trouble = trouble_of(error)
    if trouble is not None:
        return trouble.sentence
    ours = type(error) is ValueError or type(error).__module__.startswith("flitstack_pipeline")
    return str(error) if ours else f"{type(error).__name__}: {error}"


def exit_code(error: Exception) -> Exit | None:
    """What the command ends with after an error it knows; None for one it does not."""
    from flitstack_pipeline.destination import SandboxUnusable
    from flitstack_pipeline.highlevel.errors import Forbidden, HighLevelError, Unauthorized
    from flitstack_pipeline.migration.group_commit import JournalFailed
    from flitstack_pipeline.migration.lock import LockLost, RunInProgress
    from flitstack_pipeline.migration.report import Refused
    from flitstack_pipeline.migration.sending import CredentialsFailed, RunStopped
    from flitstack_pipeline.steps.others import OtherJournal
    from flitstack_pipeline.steps.workflows import WorkflowsRunning
    from flitstack_pipeline.warehouse import WarehouseBusy, WarehouseDamaged

    known: tuple[tuple[tuple[type[Exception], ...], Exit], ...] = (
        ((WorkflowsRunning, OtherJournal), Exit.PREFLIGHT_FAILED),
        ((Refused,), Exit.WAITING),
        ((CredentialsFailed, Unauthorized, Forbidden), Exit.PREFLIGHT_FAILED),
        ((RunStopped, RunInProgress, LockLost, JournalFailed), Exit.STOPPED),
        ((WarehouseBusy, WarehouseDamaged, SandboxUnusable), Exit.STOPPED),
        ((HighLevelError,), Exit.STOPPED),
        ((ValueError, FileNotFoundError), Exit.BAD_INPUT),
    )
    trouble = trouble_of(error)
    if trouble is not None:
        return Exit.STOPPED if trouble.passes else Exit.BAD_INPUT
    return next((code for kinds, code in known if isinstance(error, kinds)), None)
