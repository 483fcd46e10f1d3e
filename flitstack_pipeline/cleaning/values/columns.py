"""How columns of raw tables are named where it is told how they are written.

Belongs here: the place of a column in a file, what a canonical column holds by its name.
"""

from __future__ import annotations

import re

from flitstack_pipeline.catalog.model import DATE, MONEY, READINGS, Reading
from flitstack_pipeline.catalog.source import BY_KEY

#: (file, column).
Place = tuple[str, str]
#: Before the label of a custom column.
CUSTOM = "custom:"


#: What columns of files that are no export of ours hold, by their names.
_DATES = re.compile(r"(^|_)(date|created|updated|completed|follow_up)$|_date$|^entered_")
_MONEY = frozenset(
    ["amount", "total", "subtotal", "discount", "tax", "balance", "amount_paid", "late_fee",
     "estimated_value", "unit_price", "unit_cost", "quantity"]
)  # fmt: skip
_CLOCKS = frozenset(["time", "time_beside"])


def is_date_column(dataset: str, name: str) -> bool:
    """Whether a canonical column holds dates, by its declaration."""
    if dataset in BY_KEY:
        return READINGS.get(_held(dataset, name), Reading()).type == DATE
    return _DATES.search(name) is not None


def is_money_column(dataset: str, name: str) -> bool:
    """Whether a canonical column holds amounts, by its declaration."""
    if dataset in BY_KEY:
        return READINGS.get(_held(dataset, name), Reading()).type == MONEY
    return name in _MONEY


def is_clock(dataset: str, name: str) -> bool:
    """Whether a canonical column holds times of day, by its declaration."""
    if dataset in BY_KEY:
        return _held(dataset, name) in _CLOCKS
    return name.endswith("_time")


def _held(dataset: str, name: str) -> str:
    known = BY_KEY[dataset].by_name.get(name)
    return known.held if known else ""
