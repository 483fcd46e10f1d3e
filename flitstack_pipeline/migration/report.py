"""What a step of the migration reports: the same object feeds the CLI and the Dagster UI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from flitstack_pipeline.errors import Exit, FlitstackError


@dataclass
class StepReport:
    """What one step did.

    `rows` is the row count of the asset, `facts` single values by name (text may be markdown),
    `tables` small lists of rows by name, `problems` what a person must do something about.
    """

    step: str
    rows: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing needs a person's attention before going on."""
        return not self.problems


class Reason(str):
    """Why a step must not run yet, and what to do first.

    As text it is what a person at a terminal does; `in_dagster` is what to press there.
    """

    __slots__ = ("in_dagster",)
    in_dagster: str

    def __new__(cls, why: str, *, run: str, press: str) -> Self:
        """`why` in a sentence, `run` a command of flitstack, `press` a sentence for Dagster."""
        return cls.said(f"{why} Run `flitstack {run}`.", press)

    @classmethod
    def said(cls, at_a_terminal: str, in_dagster: str) -> Self:
        """A reason in both words."""
        reason = super().__new__(cls, at_a_terminal)
        reason.in_dagster = in_dagster
        return reason


class Refused(FlitstackError, RuntimeError):
    """A step that must not run yet. `reasons` says all that is missing and what to do."""

    exit_code = Exit.WAITING

    def __init__(self, step: str, reasons: list[str]) -> None:
        self.step = step
        self.reasons = reasons
        super().__init__(f"{step} is refused:\n" + "\n".join(f"  - {r}" for r in reasons))
