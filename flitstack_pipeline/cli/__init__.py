"""The command `flitstack`: the customer's steps from a terminal, through the same code as Dagster.

Exit codes: 0 done; 2 bad usage or input; 3 waiting for approval; 4 preflight failed, or HighLevel
refuses the token; 5 finished with rejected records, conflicts or a failed reconciliation; 6 stopped
in the middle (another run, no network, a full disk, Ctrl-C): started again it goes on where it was;
70 a bug of ours, with its trace.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from contextlib import suppress

from flitstack_pipeline.errors import BadInput, Exit, WarehouseDamaged, exit_code, trouble_of

try:  # what an account declares is read when the commands are made
    importlib.import_module("flitstack_pipeline.catalog.declared")
except BadInput as wrong:
    sys.stderr.write(f"{wrong}\n")
    sys.exit(Exit.BAD_INPUT)

from flitstack_pipeline.cli import (
    accounts,
    dagster_ui,
    exports,
    journal,
    maps,
    registry,
    review,
    serving,
    stages,
    workflows,
)
from flitstack_pipeline.cli.progress import working
from flitstack_pipeline.cli.stopping import Interrupted, last_words, stopping_on_signals
from flitstack_pipeline.cli.terminal import app, errors, log, open_project, opened
from flitstack_pipeline.garbage import looked_for_rarely

__all__ = [
    "Exit",
    "accounts",
    "app",
    "dagster_ui",
    "exit_code",
    "exports",
    "journal",
    "main",
    "maps",
    "registry",
    "review",
    "serving",
    "stages",
    "workflows",
]

BUG = (
    "This is a bug in flitstack, and nothing you did. What was sent to HighLevel is in the "
    "journal: nothing is lost, and nothing will be doubled. Please report the lines above."
)


def main() -> None:
    """Entry point: refusals, bad input and Ctrl-C end with a sentence, not a traceback."""
    opened.clear()
    sys.argv[1:] = spread_names(sys.argv[1:], "--workflows-may-run")
    try:
        with stopping_on_signals(), looked_for_rarely():
            try:
                _run()
            finally:
                keep_answers()
                dagster_ui.tell_dagster()
    except Interrupted as stop:
        errors.print(last_words(stop, sys.argv[1:]), style="yellow", markup=False)
        sys.exit(Exit.STOPPED)
    except Exception as error:
        code = exit_code(error)
        if code is Exit.BUG:
            traceback.print_exception(error)
            errors.print(BUG, style="red", markup=False)
            sys.exit(code)
        style = "yellow" if code is Exit.WAITING else "red"
        errors.print(_in_words(error), style=style, markup=False)
        sys.exit(code)


def _run() -> None:
    """The command; over a damaged warehouse, which is made again first."""
    try:
        app(standalone_mode=True)
    except WarehouseDamaged as error:
        errors.print(str(error), style="yellow", markup=False)
        with working("Reading the exports again"):
            from flitstack_pipeline import services

            services.rebuild_warehouse(open_project(), log)
        app(standalone_mode=True)


def keep_answers() -> None:
    """Leave what `status` and refusals answer, after a command that changed what it depends on.

    A command that opened no project, or never loaded the services, changed nothing.
    """
    loaded = opened and "flitstack_pipeline.services" in sys.modules
    if not loaded or isinstance(sys.exception(), Interrupted):
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
    """Our own errors are sentences; those of the system and of libraries get one."""
    trouble = trouble_of(error)
    return str(error) if trouble is None else trouble.sentence
