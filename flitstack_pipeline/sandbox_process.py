"""Starts the HighLevel stand-in as a child process, by nothing but its command line.

What the stand-in is and which options it has: flitstack_pipeline/sandbox/README.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "pit-sandbox"  # noqa: S105 - a stand-in's token guards nothing
AGENCY_TOKEN = "pit-agency-sandbox"  # noqa: S105
LOCATION = "sandbox-location"
#: The exit code of a sandbox whose state file another one serves.
IN_USE = 3


class SandboxNotStarted(RuntimeError):
    """A sandbox ended before it served; the message is what it printed."""


class SandboxInUse(SandboxNotStarted):
    """Another sandbox serves the state file; the message names its process."""


@dataclass
class RunningSandbox:
    """A sandbox that serves, and the ways to end it."""

    url: str
    process: subprocess.Popen[str]
    token: str
    agency_token: str
    location_id: str = LOCATION

    def stop(self) -> None:
        """End it politely; SIGKILL after five seconds."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()


def module_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of this package with our own interpreter."""
    return [sys.executable, "-m", f"flitstack_pipeline.{module}", *arguments]


def arguments(options: dict[str, Any]) -> list[str]:
    """Options as a command line: `search_lag_ms=0` becomes `--search-lag-ms 0`."""
    line = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            line.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, list | tuple):
            for one in value:
                line += [f"--{flag}", str(one)]
        elif value is not None:
            line += [f"--{flag}", str(value)]
    return line


@contextmanager
def start_sandbox(state: Path | None = None, **options: Any) -> Iterator[RunningSandbox]:
    """A sandbox on a free port of loopback, ended on the way out and when this process dies.

    What it says on its standard error goes into a file: a pipe nobody reads would fill and stop
    it. It has a session of its own, so that Ctrl-C in a terminal reaches the loader only, whose
    requests in flight are then still answered. The thread that enters the block must outlive it.

    Args:
        state: the SQLite file of its state; None: thrown away in the end.
        options: those of its command line in snake_case.

    Raises:
        SandboxInUse: another sandbox serves `state`.
        SandboxNotStarted: it did not start for another reason.
    """
    with tempfile.TemporaryDirectory() as scratch:
        said = Path(scratch) / "stderr"
        chosen = {"port": 0, "token": TOKEN, "agency_token": AGENCY_TOKEN, **options}
        chosen |= {"state": state or Path(scratch) / "state.sqlite", "parent": os.getpid()}
        with said.open("w") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                module_command("sandbox", *arguments(chosen)),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert process.stdout is not None
        first = process.stdout.readline()
        if "listening on" not in first:
            ended = SandboxInUse if process.wait(10) == IN_USE else SandboxNotStarted
            raise ended(f"the sandbox did not start: {first}{said.read_text()}")
        running = RunningSandbox(
            first.split()[-1], process, str(chosen["token"]), str(chosen["agency_token"])
        )
        try:
            yield running
        finally:
            running.stop()
