"""Ctrl-C and a polite kill: a command ends between two requests, and says how to go on.

What belongs here: turning the signals into an exception, and its last words. What does not: what a
load does when it is raised (migration/load.py: what is in flight is answered and journalled).
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "asked to end",
    signal.SIGHUP: "the terminal was closed",
}
WAIT = "\nStopping: what is in flight is being finished. (Once more ends it at once.)\n"


class Interrupted(BaseException):
    """A person or the system asked this process to stop; no Exception, so that nothing eats it."""


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """During the block the first signal raises Interrupted in the main thread, the second kills.

    Signals that whoever started us has told to be ignored (`nohup`) stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def last_words(stop: Interrupted, arguments: list[str]) -> str:
    """What to say in the end: nothing is lost, and the command that goes on."""
    return (
        f"Stopped in the middle ({stop}). What was sent is in the journal: nothing is lost, and "
        f"nothing will be doubled. To go on where it was: flitstack {shlex.join(arguments)}"
    )


def _stop(number: int, frame: FrameType | None) -> None:
    for each in SIGNALS:
        if signal.getsignal(each) is _stop:
            signal.signal(each, signal.SIG_DFL)
    os.write(sys.stderr.fileno(), WAIT.encode())  # no console: it may be in the middle of a line
    raise Interrupted(SIGNALS[signal.Signals(number)])
