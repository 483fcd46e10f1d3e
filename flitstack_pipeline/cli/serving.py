"""Commands that are programs of their own, apart from the product: the sandbox, the examples."""

from __future__ import annotations

import os

import typer

from flitstack_pipeline.cli.terminal import app

#: Every argument is the program's own.
_THEIRS = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


@app.command(context_settings=_THEIRS)
def sandbox(context: typer.Context) -> None:
    """Serve the HighLevel stand-in on loopback (`flitstack sandbox --help` lists its options)."""
    _become("sandbox", context.args)


@app.command(context_settings=_THEIRS)
def examples(context: typer.Context) -> None:
    """Make believable, messy example exports (`flitstack examples --help` lists its options)."""
    _become("examples", context.args)


def _become(module: str, arguments: list[str]) -> None:
    """Put this module's program in the place of ours; its signals and exit code are its own."""
    from flitstack_pipeline.sandbox_process import module_command

    command = module_command(module, *arguments)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter and module
