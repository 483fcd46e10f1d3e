"""Launches what takes long in a process of its own, and says how it went.

Where Dagster's web server is named (FLITSTACK_DAGSTER_URL), that process launches runs there and
waits for them (`review.dagster_runs`); else it runs the commands itself.

Belongs here: one run per migration at a time, its log and outcome in `review/` of the data folder.
Does not: what a command does. The process outlives the room; the steps' own locks keep a second
one out, wherever it was started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TextIO

from flitstack_pipeline import migrations
from flitstack_pipeline.errors import FlitstackError, Stopped
from flitstack_pipeline.migrations import ALONE, CHOSEN, FOLDER
from flitstack_pipeline.private_files import replacing
from flitstack_pipeline.review import dagster_runs
from flitstack_pipeline.services.click_files import locked
from flitstack_pipeline.settings import Project

Command = list[str]
LOG_SHOWN = 20_000
BEGINS_WITHIN_S = 60.0
RUNNING, DONE, WAITS, FAILED, STOPPED = "running", "done", "waits", "failed", "stopped"
_OUTCOMES = {0: DONE, 3: WAITS}


class RunUnderWay(Stopped):
    """A run of this migration is under way."""


@dataclass
class RunState:
    """One launch: the commands, who asked for it, the process, when, and the exit code.

    `partition` is what the migration is called in Dagster.
    """

    title: str
    commands: list[Command]
    by: str
    pid: int = 0
    started: float = 0.0
    ended: float = 0.0
    code: int | None = None
    partition: str = ALONE
    log: str = field(default="", repr=False)

    @property
    def state(self) -> str:
        """running, done, waits (for a person), failed or stopped."""
        if self.code is not None:
            return _OUTCOMES.get(self.code, FAILED)
        if not self.pid:  # it writes its number as soon as it has begun
            return RUNNING if time.time() - self.started < BEGINS_WITHIN_S else STOPPED
        return RUNNING if _alive(self.pid) else STOPPED

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.state == RUNNING


def launch(
    project: Project, title: str, commands: Sequence[Command], by: str, partition: str = ALONE
) -> RunState:
    """Run `flitstack` commands one after the other until one does not end with 0.

    Args:
        project: The migration.
        title: What a person calls this.
        commands: Their words, without `flitstack`.
        by: Who asked for it.
        partition: What the migration is called in Dagster.

    Raises:
        RunUnderWay: One of this migration is.
    """
    folder = _folder(project)
    with locked(project):  # two people who press at once start one run
        last = last_run(project)
        if last is not None and last.running:
            raise RunUnderWay(f"{last.title} is under way, started by {last.by}.")
        state = RunState(
            title, [list(c) for c in commands], by, started=time.time(), partition=partition
        )
        _write(folder, state)
    process = subprocess.Popen(  # noqa: S603 - our own module, no text of a page
        [sys.executable, "-m", "flitstack_pipeline.review.runs", str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment_of(project), start_new_session=True, cwd=str(project.root),
    )  # fmt: skip
    state.pid = process.pid
    return state


def environment_of(project: Project) -> dict[str, str]:
    """The environment of a process that works on this migration alone."""
    kept = {k: v for k, v in os.environ.items() if k not in (FOLDER, CHOSEN)}
    if project.name == ALONE:
        named = {"FLITSTACK_DATA": str(project.root)}
    else:
        named = {FOLDER: migrations.named(), CHOSEN: project.name}
    return {**kept, **named, "COLUMNS": "120"}


def last_run(project: Project) -> RunState | None:
    """The run under way, else the last one, with the end of its log."""
    folder = _folder(project)
    try:
        said = json.loads((folder / "run.json").read_text())
    except (OSError, ValueError):
        return None
    log = folder / "run.log"
    text = log.read_bytes()[-LOG_SHOWN:].decode("utf-8", "replace") if log.exists() else ""
    return _state(said, log=text)


def _folder(project: Project) -> Path:
    folder = project.root / "review"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _state(said: dict[str, Any], **more: Any) -> RunState:
    """What `run.json` says; an older one may say more."""
    known = {one.name for one in fields(RunState)}
    return RunState(**{name: value for name, value in said.items() if name in known}, **more)


def _write(folder: Path, state: RunState) -> None:
    said = asdict(state)
    del said["log"]
    with replacing(folder / "run.json") as out:
        json.dump(said, out)


def _alive(pid: int) -> bool:
    """Whether a process lives; one of our own that has ended is taken off the list first."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _work(folder: Path) -> int:
    """The worker: run the commands of `run.json`, keep their output, write the exit code."""
    state = _state(json.loads((folder / "run.json").read_text()))
    state.pid = os.getpid()
    _write(folder, state)
    code = 0
    with os.fdopen(
        os.open(folder / "run.log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w"
    ) as log:
        for command in state.commands:
            if code := _carry_out(command, state.partition, log):
                break
    state.code, state.ended = code, time.time()
    _write(folder, state)
    return code


def _carry_out(command: Command, partition: str, log: TextIO) -> int:
    """Run one command, in Dagster where its server is named; the exit code."""
    if dagster_runs.address():
        try:
            code = dagster_runs.run_command(command, partition, log)
        except FlitstackError as error:
            print(error, file=log, flush=True)
            return error.exit_code
        if code is not None:
            return code
    return subprocess.run(  # noqa: S603 - the commands that forms.py names
        [sys.executable, "-m", "flitstack_pipeline.cli", *command],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(_work(Path(sys.argv[1])))
