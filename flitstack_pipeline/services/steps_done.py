"""What the steps of a command did, kept until Dagster is told (`dagster.catch_up`).

Belongs here: noting a step's report in a file of the data folder, and taking the notes off it once
they are told, so that a command that was killed, or a Dagster that could not be told, loses none.
Does not: what Dagster makes of a note. A process that reports to Dagster itself notes nothing.
"""

from __future__ import annotations

import fcntl
import inspect
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services.early_cutoff import UNCHANGED, dump_reports, load_reports
from flitstack_pipeline.settings import Project

#: A function of `services` that does a step of a migration.
Step = TypeVar("Step", bound=Callable[..., StepReport])


@dataclass(frozen=True)
class StepDone:
    """A step that ended: the name of its function in `services`, of what, and its report.

    `stage` and `key` (an object type) are empty where it has none.
    """

    step: str
    stage: str
    key: str
    report: StepReport

    @property
    def ran(self) -> bool:
        """False where nothing had changed since it last ran."""
        return UNCHANGED not in self.report.facts


def noted(*names: str) -> Callable[[Step], Step]:
    """Note each report of a step; `names` are its parameters that say of what: stage, key."""

    def decorate(function: Step) -> Step:
        signature = inspect.signature(function)

        @wraps(function)
        def run(project: Project, *args: Any, **more: Any) -> StepReport:
            report = function(project, *args, **more)
            given = signature.bind(project, *args, **more).arguments
            note(project, run.__name__, report, **{name: given[name] for name in names})
            return report

        return cast(Step, run)

    return decorate


def note(project: Project, step: str, report: StepReport, stage: str = "", key: str = "") -> None:
    """Note one report of the step with this name."""
    if not project.notes_steps or project.dagster_home is None:
        return
    said = {"step": step, "stage": stage, "key": key, "report": dump_reports([report])}
    with _locked(project):
        handle = os.open(_path(project), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(json.dumps(said, ensure_ascii=False) + "\n")


def note_all(project: Project, notes: Iterable[StepDone]) -> None:
    """Note steps that stand, for a Dagster that may not know them."""
    for done in notes:
        note(project, done.step, done.report, done.stage, done.key)


def waiting(project: Project) -> list[StepDone]:
    """The notes nobody has told yet, oldest first."""
    with _locked(project):
        return _parsed(_read(project))


def nobody_tells(project: Project) -> AbstractContextManager[None]:
    """Hold what tells the notes to Dagster off for the length of a block; wait for one at it."""
    return _flock(_path(project).with_suffix(".taken"))


@contextmanager
def taken(project: Project) -> Iterator[list[StepDone]]:
    """The notes of now; they are taken off the list when the block ends well.

    Whoever comes meanwhile waits, and finds what is left.
    """
    with nobody_tells(project):
        with _locked(project):
            text = _read(project)
        yield _parsed(text)
        with _locked(project):
            _leave(_path(project), _read(project)[len(text) :])


def changed_at(project: Project) -> float | None:
    """When something was last done outside Dagster that it may show: seconds; None for never.

    By the files: the map, the decisions, the notes.
    """
    paths = [project.map_path, _path(project), *project.decisions.iterdir()]
    return max((path.stat().st_mtime for path in paths if path.exists()), default=None)


def _parsed(text: bytes) -> list[StepDone]:
    found = []
    for line in text.decode().splitlines():
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:  # cut off in the middle, by a full disk
            continue
        (report,) = load_reports(said.pop("report"))
        found.append(StepDone(**said, report=report))
    return found


def _leave(path: Path, text: bytes) -> None:
    """Put a text in the place of the notes, all of it or, when the process is killed, nothing."""
    if not text:
        path.unlink(missing_ok=True)
        return
    aside = path.with_suffix(".new")
    aside.touch(mode=0o600)
    aside.write_bytes(text)
    aside.replace(path)


def _read(project: Project) -> bytes:
    try:
        return _path(project).read_bytes()
    except FileNotFoundError:
        return b""


def _path(project: Project) -> Path:
    return project.root / "cache" / "steps-done.jsonl"


def _locked(project: Project) -> Any:
    return _flock(_path(project).with_suffix(".lock"))


@contextmanager
def _flock(path: Path) -> Iterator[None]:
    path.parent.mkdir(exist_ok=True, mode=0o700)  # never the home: it may have been closed just now
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
