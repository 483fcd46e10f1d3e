"""The command `flitstack`: the customer's steps from a terminal, through the same code as Dagster.

Exit codes: 0 done; 2 bad usage or input; 3 waiting for approval; 4 preflight failed, or HighLevel
refuses the token; 5 finished with rejected records, conflicts or a failed reconciliation; 6 stopped
in the middle (another run, no network, a full disk, Ctrl-C): started again it goes on where it was.
"""

from __future__ import annotations

import sys
from contextlib import suppress

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

#: The classes of errors a command ends with, and its exit code, the first that fits. Their names
#: only: whoever raises one has imported it, and a refusal needs none of the others.
ENDS: tuple[tuple[frozenset[str], Exit], ...] = (
    (frozenset({"WorkflowsRunning", "OtherJournal"}), Exit.PREFLIGHT_FAILED),
    (frozenset({"Refused"}), Exit.WAITING),
    (frozenset({"CredentialsFailed", "Unauthorized", "Forbidden"}), Exit.PREFLIGHT_FAILED),
    (frozenset({"RunStopped", "RunInProgress", "LockLost", "JournalFailed"}), Exit.STOPPED),
    (frozenset({"WarehouseBusy", "WarehouseDamaged", "SandboxUnusable"}), Exit.STOPPED),
    (frozenset({"HighLevelError"}), Exit.STOPPED),
    (frozenset({"ValueError", "FileNotFoundError"}), Exit.BAD_INPUT),
)


def main() -> None:
    """Entry point: refusals, bad input and Ctrl-C end with a sentence, not a traceback."""
    sys.argv[1:] = spread_names(sys.argv[1:], "--workflows-may-run")
    try:
        with stopping_on_signals():
            try:
                _run()
            finally:
                keep_answers()
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
        if type(error).__name__ != "WarehouseDamaged":
            raise
        errors.print(str(error), style="yellow", markup=False)
        with working("Reading the exports again"):
            from flitstack_pipeline import services

            services.rebuild_warehouse(open_project(), log)
        app(standalone_mode=True)


def keep_answers() -> None:
    """Leave what `status` and refusals answer, after a command that changed what it depends on."""
    if "flitstack_pipeline.services" not in sys.modules or isinstance(sys.exception(), Interrupted):
        return
    from flitstack_pipeline import services, summary

    if summary.kept(summary.data_folder()) is None:
        with suppress(Exception):  # the command has said what there was to say
            services.keep_status(open_project())


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
    trouble = trouble_of(error)
    if trouble is not None:
        return Exit.STOPPED if trouble.passes else Exit.BAD_INPUT
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return next((code for names, code in ENDS if kinds & names), None)
