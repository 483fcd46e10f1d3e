"""The gate of the cutover: every condition with its state, from the journal and the warehouse.

Plain data in, reasons out; used as the check a person sees and as the guard of every load.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    """One condition of the gate, its state, and what to do when it does not hold."""

    name: str
    ok: bool
    what_to_do: str

    def as_dict(self) -> dict[str, Any]:
        """For tables and JSON."""
        return {"condition": self.name, "ok": self.ok, "what_to_do": self.what_to_do}


def conditions(
    *,
    unconfirmed: list[str],
    preflight: list[dict[str, Any]] | None,
    accounting: list[str],
    questions: list[str],
    sample: dict[str, Any] | None,
    approval: dict[str, Any] | None,
    fingerprint: str,
) -> list[Condition]:
    """Every condition in the order in which a person meets it."""
    failed = [x for x in preflight or [] if x["verdict"] == "fail"]
    return [
        Condition(
            "map confirmed",
            not unconfirmed,
            f"Confirm the map: {_few(unconfirmed)}" if unconfirmed else "",
        ),
        Condition(
            "preflight passed",
            preflight is not None and not failed,
            "Run the preflight (asset `preflight`)."
            if preflight is None
            else _few(x["what_to_do"] for x in failed),
        ),
        Condition("every row accounted for", not accounting, _few(accounting)),
        Condition("no open question about the exports", not questions, _few(questions)),
        _sample(sample, fingerprint),
        _approval(approval, fingerprint),
    ]


def _sample(sample: dict[str, Any] | None, fingerprint: str) -> Condition:
    name = "sample verified"
    if sample is None:
        return Condition(name, False, "Load and compare the sample (asset `sample_diff`).")
    if sample["fingerprint"] != fingerprint:
        return Condition(name, False, "The map has changed since the sample: run the sample again.")
    if sample["problems"]:
        return Condition(name, False, f"The sample shows differences: {_few(sample['problems'])}")
    return Condition(name, True, "")


def _approval(approval: dict[str, Any] | None, fingerprint: str) -> Condition:
    name = "sample approved"
    if approval is None:
        return Condition(
            name,
            False,
            "Approve the sample: `flitstack approve NAME`, or materialize sample_approval.",
        )
    if approval["fingerprint"] != fingerprint:
        return Condition(
            name,
            False,
            f"The approval of {approval['approved_by']} is for an earlier map; approve again.",
        )
    return Condition(name, True, "")


def _few(reasons: Iterable[str], most: int = 5) -> str:
    listed = [r for r in reasons if r]
    more = f" … and {len(listed) - most} more" if len(listed) > most else ""
    return "; ".join(listed[:most]) + more
