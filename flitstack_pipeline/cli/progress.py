"""Progress of long work: bars in a terminal, a line now and then where there is none.

What belongs here: showing. What does not: measuring (migration/progress.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from flitstack_pipeline.cli.terminal import console, log

if TYPE_CHECKING:
    from flitstack_pipeline.migration.progress import LoadProgress, Watch


@contextmanager
def load_bars() -> Iterator[Watch]:
    """A watcher of loads: one bar per object type, with records/s, time left, request budget."""
    if not console.is_terminal:
        from flitstack_pipeline.migration.progress import log_lines

        yield log_lines(log)
        return
    columns = (
        TextColumn("  {task.description:<22}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        TextColumn("[dim]{task.fields[budget]}[/dim]"),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        yield _Bars(progress)


class _Bars:
    """One bar for each object type of a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __call__(self, now: LoadProgress) -> None:
        """Move the bar of the load that reports."""
        from flitstack_pipeline.migration.progress import budget_sentence

        key = (now.stage, now.object_key)
        if key not in self._tasks:
            name = f"{now.stage} {now.object_key}"
            self._tasks[key] = self._progress.add_task(name, total=now.total, pace="", budget="")
        self._progress.update(
            self._tasks[key],
            completed=now.done,
            total=now.total,
            pace=_pace(now),
            budget="" if now.finished else budget_sentence(now.budget),
        )


def _pace(now: LoadProgress) -> str:
    from flitstack_pipeline.migration.progress import duration

    if now.finished:
        return f"{now.result.requests:,} requests in {duration(now.result.seconds)}"
    left = "" if now.left_s is None else f", {duration(now.left_s)} left"
    return f"{now.records_per_s:.1f}/s{left}"


@contextmanager
def working(what: str) -> Iterator[None]:
    """A sign of life for work whose length is not known."""
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield
