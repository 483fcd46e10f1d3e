"""Runs one piece of work in a process of its own: seconds, processor time and peak memory."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What a piece of work took. `seconds` by the clock, `cpu` on all cores, `peak_mb` resident."""

    result: Any
    seconds: float
    cpu: float
    peak_mb: float


def measured(work: Callable[..., Any], *arguments: Any) -> Measured:
    """Run `work(*arguments)` in a fresh process, so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        found: Measured = receiver.recv()
    except EOFError:
        raise SystemExit(f"{work.__name__} ended without a result") from None
    process.join()
    return found


def _run(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start = time.monotonic()
    result = work(*arguments)
    seconds = time.monotonic() - start
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(u.ru_utime + u.ru_stime for u in used)
    sender.send(Measured(result, seconds, cpu, max(u.ru_maxrss for u in used) / 1024))
    sender.close()
