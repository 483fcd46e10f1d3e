"""The time, as something a test can replace.

What belongs here: reading the wall clock and waiting. What does not: deciding how long.
The wall clock is used because several processes and machines share one request budget.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970 (UTC), and a wait that can be cut short."""

    def now(self) -> float:
        """Return the present, in seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until `wake`."""

    def wake(self) -> None:
        """End every wait, present and future."""


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def now(self) -> float:
        """Return the present, in seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until `wake`."""
        if seconds > 0:
            self._woken.wait(seconds)

    def wake(self) -> None:
        """End every wait, present and future."""
        self._woken.set()
