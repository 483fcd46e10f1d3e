"""How often Python looks for objects that hold one another.

Rows, texts and numbers never do. Python looks again whenever 700 more objects are alive than
before, so that reading and parsing much of them spend their time on looking.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: So many more objects must be alive before Python looks.
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
