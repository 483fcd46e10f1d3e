"""The lines of a preflight: what was looked at, the verdict, what was found, what to do.

What belongs here: the line and its verdict. What does not: deciding one (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """`warn` lets the migration go on, `fail` does not."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """One line a person reads; `what_to_do` is empty when there is nothing to do."""

    check: str
    verdict: Verdict
    found: str = ""
    what_to_do: str = ""

    def as_row(self, sub_account: str) -> dict[str, Any]:
        """For the journal, tables and reports."""
        return {"sub-account": sub_account, **asdict(self), "verdict": str(self.verdict)}


def passed(check: str, found: str = "") -> Line:
    """All is well."""
    return Line(check, Verdict.PASS, found)


def warned(check: str, found: str, what_to_do: str) -> Line:
    """The migration can go on; a person should know."""
    return Line(check, Verdict.WARN, found, what_to_do)


def failed(check: str, found: str, what_to_do: str) -> Line:
    """Nothing may be written before a person has dealt with it."""
    return Line(check, Verdict.FAIL, found, what_to_do)


def few(names: Iterable[str], most: int = 8) -> str:
    """Some of the names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
