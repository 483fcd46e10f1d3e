"""How columns of raw tables are named where it is told how they are written.

Belongs here: the place of a column in a file, what a canonical column holds by its name.
"""

from __future__ import annotations

import re

from flitstack_pipeline.catalog.model import DATE, MONEY, READINGS
from flitstack_pipeline.catalog.source import BY_KEY

#: (file, column).
Place = tuple[str, str]
#: Before the label of a custom column.
CUSTOM = "custom:"


_DATES = re.compile(r"(^|_)(date|created|updated|completed|follow_up)$|_date$|^entered_")
_MONEY = frozenset(
    ["amount", "total", "subtotal", "discount", "tax", "balance", "amount_paid", "late_fee",
     "estimated_value", "unit_price", "unit_cost", "quantity"]
)  # fmt: skip


def _declared(dataset: str, name: str) -> str:
    """The DuckDB type of a column that is declared as a whole, "" of any other."""
    known = BY_KEY[dataset].by_name.get(name) if dataset in BY_KEY else None
    return READINGS[known.read].type if known and known.read else ""


def is_date_column(dataset: str, name: str) -> bool:
    """Whether a canonical column holds dates, by its declaration, else by its name."""
    declared = _declared(dataset, name)
    return declared == DATE if declared else _DATES.search(name) is not None


def is_money_column(dataset: str, name: str) -> bool:
    """Whether a canonical column holds amounts, by its declaration, else by its name."""
    declared = _declared(dataset, name)
    return declared == MONEY if declared else name in _MONEY


def is_clock(name: str) -> bool:
    """Whether a canonical column holds times of day, by its name in the spec."""
    return name.endswith("_time")
