"""Processes that parse beside us, when there is enough to parse.

    python -m flitstack_pipeline.cleaning.parse_workers

reads one request per line (JSON: parser, context, cells) and answers with one line (JSON: the list
`cell`, and for each value found in them one as long), so that nothing of the parent process is
needed: no pickles, no fork beside DuckDB's threads. The answer goes to DuckDB as it is.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache

from flitstack_pipeline.cleaning.values.parsers import PARSERS, Context
from flitstack_pipeline.garbage import looked_for_rarely

#: Below so many texts a process of its own does not pay for its start.
WORTH_STARTING = 12_000


def answers(parser: str, context: Context, pieces: list[list[str]]) -> Iterator[str]:
    """What a parser finds in pieces of texts: for each a JSON object of lists, as `answer` gives.

    Parsed in this process when there is little, else by one process per core.
    """
    requests = (
        json.dumps({"parser": parser, "context": asdict(context), "cells": cells})
        for cells in pieces
    )
    if sum(map(len, pieces)) < WORTH_STARTING or _cores() == 1:
        yield from map(answer, requests)
    else:
        yield from _workers().answers(requests)


def stop_workers() -> None:
    """End the processes, if any were started; the next large table starts new ones."""
    if _workers.cache_info().currsize:
        _workers().stop()
        _workers.cache_clear()


def answer(request: str) -> str:
    """The answer to one request, parsed here."""
    asked = json.loads(request)
    parser, context = PARSERS[asked["parser"]], Context(**asked["context"])
    cells = asked["cells"]
    return json.dumps({"cell": cells, **parser.found(cells, context)})


class _Workers:
    """One process per core; each request goes to the next that is free."""

    def __init__(self) -> None:
        self.free: queue.Queue[subprocess.Popen[str]] = queue.Queue()
        self.processes = [_start() for _ in range(_cores())]
        for process in self.processes:
            self.free.put(process)
        self.threads = ThreadPoolExecutor(len(self.processes))
        atexit.register(self.stop)

    def answers(self, requests: Iterator[str]) -> Iterator[str]:
        """The answers in the order of the requests."""
        return self.threads.map(self._ask, requests)

    def _ask(self, request: str) -> str:
        process = self.free.get()
        try:
            return _exchange(process, request) or answer(request)
        finally:
            self.free.put(process)

    def stop(self) -> None:
        """End the processes, and the threads that speak with them."""
        atexit.unregister(self.stop)
        for process in self.processes:
            process.kill()
            process.wait()
        self.threads.shutdown()


def _exchange(process: subprocess.Popen[str], request: str) -> str | None:
    """A worker's answer, or None when it is gone (killed for memory, say)."""
    assert process.stdin and process.stdout
    try:
        process.stdin.write(request + "\n")
        process.stdin.flush()
        return process.stdout.readline().rstrip("\n") or None
    except (OSError, ValueError):
        return None


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", __spec__.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@cache
def _workers() -> _Workers:
    return _Workers()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _serve() -> None:
    """Answer until the parent closes our input; an interrupt is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with looked_for_rarely():
        for request in sys.stdin:
            sys.stdout.write(answer(request) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    _serve()
