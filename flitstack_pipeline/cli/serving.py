"""The command that serves the sandbox."""

from __future__ import annotations

import sys

import typer

from flitstack_pipeline.cli.stopping import signals_as_usual
from flitstack_pipeline.cli.terminal import app


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def sandbox(context: typer.Context) -> None:
    """Serve the HighLevel stand-in on loopback (`flitstack sandbox --help` lists its options)."""
    from flitstack_pipeline.sandbox.__main__ import main as serve

    signals_as_usual()
    sys.argv = ["flitstack sandbox", *context.args]
    serve()
