"""How often Python looks for objects that hold one another.

Rows, texts and numbers never do. Python looks again whenever 700 more of them are alive than
before, which takes a tenth of the time of reading and half the time of parsing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: So many more objects must be alive before Python looks; some hundred megabytes at most.
MOST = 500_000


@contextmanager
def looked_for_rarely() -> Iterator[None]:
    """Much data goes through Python in this block."""
    before = gc.get_threshold()
    gc.set_threshold(max(MOST, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
