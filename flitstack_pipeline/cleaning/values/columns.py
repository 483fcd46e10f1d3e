"""How columns of raw tables are named where it is told how they are written.

Belongs here: the place of a column in a file, what a canonical column holds by its name.
"""

from __future__ import annotations

import re

#: (file, column).
Place = tuple[str, str]
#: Before the label of a custom column.
CUSTOM = "custom:"


def is_date_column(name: str) -> bool:
    """Whether a canonical column holds dates, by its name in the spec."""
    return bool(
        re.search(r"(^|_)(date|created|updated|completed|follow_up)$|_date$|^entered_", name)
    )


def is_clock(name: str) -> bool:
    """Whether a canonical column holds times of day, by its name in the spec."""
    return name.endswith("_time")
