"""Files of what was decided in the review room and is not in `map.yaml` yet, and their locks.

Belongs here: lines of JSON, durable when they are written; what of them a page shows. Does not:
what a line means to the map (`services.click_folding`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flitstack_pipeline.settings import Project

#: New clicks on the map, those that are being put into it, those it cannot follow.
CLICKS, FOLDING, REFUSED = (
    "map-clicks.jsonl", "map-clicks-folding.jsonl", "map-clicks-refused.jsonl",
)  # fmt: skip
#: Held for a decision, and for putting clicks into the map, which may take long.
_DECIDING, _FOLDING = ".lock", ".fold-lock"


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """Hold the decisions of a migration: two people who click at once come one after the other."""
    with _held(project, _DECIDING):
        yield


@contextmanager
def folding(project: Project) -> Iterator[None]:
    """Hold the map of a migration while clicks are put into it; people go on deciding meanwhile."""
    with _held(project, _FOLDING):
        yield


@contextmanager
def _held(project: Project, name: str) -> Iterator[None]:
    project.decisions.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(project.decisions / name, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def take_new(project: Project) -> list[dict[str, Any]]:
    """Move the new clicks to those that are being folded; all of these, oldest first.

    What a fold left that was killed comes first: to put an answer into the map twice is harmless.
    """
    new, taken = project.decisions / CLICKS, project.decisions / FOLDING
    with locked(project):
        if new.exists() and taken.exists():
            for line in lines(new):
                append(taken, line)
            new.unlink()
        elif new.exists():
            new.replace(taken)
    return list(lines(taken))


def pending(project: Project) -> dict[str, dict[str, Any]]:
    """Clicks on entries of the map that it does not hold yet: row key → answers, who, when."""
    found: dict[str, dict[str, Any]] = {}
    for name in (FOLDING, CLICKS):
        for line in lines(project.decisions / name):
            if "column" in line:
                row = found.setdefault(f"{line['sheet']}\t{line['key']}", {"pending": {}})
                row["pending"][line["column"]] = line["value"]
                row |= {"by": line["by"], "at": line["at"]}
    return found


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line, durable when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as out:
        out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        out.flush()
        os.fsync(out.fileno())


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file; none when it is not there."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # the last line of a process that was killed while writing it
