"""Starts a sandbox as a child process: for tests, benchmarks and the embedded sandbox."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flitstack_pipeline.sandbox.options import (
    DEFAULT_AGENCY_TOKEN,
    DEFAULT_LOCATION,
    DEFAULT_TOKEN,
)


class SandboxNotStarted(RuntimeError):
    """A sandbox ended before it served; the message is what it printed."""


@dataclass
class RunningSandbox:
    """A sandbox that serves, and the ways to end it."""

    url: str
    process: subprocess.Popen[str]
    token: str = DEFAULT_TOKEN
    agency_token: str = DEFAULT_AGENCY_TOKEN
    location_id: str = DEFAULT_LOCATION

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


def arguments(state: Path, options: dict[str, Any]) -> list[str]:
    """Command line of a sandbox: `search_lag_ms=0` becomes `--search-lag-ms 0`."""
    line = [sys.executable, "-m", "flitstack_pipeline.sandbox", "--state", str(state)]
    options = {"port": 0, **options}
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
    """A sandbox on a free port of loopback, ended on the way out.

    `options` are those of the command line in snake_case. Without `state` the state is thrown
    away. What it says on its standard error goes into a file: a pipe nobody reads would fill and
    stop it. It has a session of its own, so that Ctrl-C in a terminal reaches the loader only,
    whose requests in flight are then still answered. Raises SandboxNotStarted when it does not
    start.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path, said = state or Path(scratch) / "state.sqlite", Path(scratch) / "stderr"
        with said.open("w") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                arguments(path, options),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert process.stdout is not None
        first = process.stdout.readline()
        if "listening on" not in first:
            process.wait(10)
            raise SandboxNotStarted(f"the sandbox did not start: {first}{said.read_text()}")
        running = RunningSandbox(first.split()[-1], process)
        running.token = str(options.get("token", DEFAULT_TOKEN))
        running.agency_token = str(options.get("agency_token", DEFAULT_AGENCY_TOKEN))
        try:
            yield running
        finally:
            running.stop()
