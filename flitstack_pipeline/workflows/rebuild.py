"""Each automation beside the HighLevel triggers and actions it can be rebuilt with (pure).

What belongs here: taking a description apart, the verdict, the JSON form. What does not: the lists
(triggers.py, actions.py), scoring (words.py), the document (reports/workflow_reference.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from flitstack_pipeline.catalog.targets import PIPELINE, STAGES
from flitstack_pipeline.workflows.actions import ACTIONS, NO_ACTION
from flitstack_pipeline.workflows.automations import Automation
from flitstack_pipeline.workflows.triggers import NO_TRIGGER, TRIGGERS
from flitstack_pipeline.workflows.words import NEAR, Match, Matcher

FORMAT = "flitstack-workflow-reference/1"
_SPLIT = re.compile(r"[\n;]+|\s*(?:→|->|=>)\s*|\.\s+|\bthen\b|^\s*\d+[.)]\s*", re.I | re.M)
_VERBS = (
    "add", "alert", "apply", "ask", "assign", "book", "call", "cancel", "change", "charge",
    "confirm", "convert", "create", "dispatch", "email", "e-mail", "generate", "leave", "log",
    "mark", "message", "move", "notify", "order", "pause", "post", "remind", "remove", "request",
    "schedule", "send", "set", "start", "stop", "sync", "tag", "text", "update", "wait",
)  # fmt: skip
_VERB = rf"(?=(?:{'|'.join(_VERBS)})\b)"
_COMMA = re.compile(rf",\s*(?:and\s+)?{_VERB}|\band\s+{_VERB}", re.IGNORECASE)


class Verdict(StrEnum):
    """How much of an automation HighLevel can do."""

    WHOLE = "can be rebuilt"
    CHECK = "check the proposal"
    PARTLY = "partly"
    NONE = "no equivalent"


@dataclass(frozen=True)
class Candidate:
    """A trigger or action near to what was described."""

    name: str
    group: str
    score: float
    because: str
    setup: str = ""
    note: str = ""


@dataclass(frozen=True)
class Step:
    """A piece of a description and what HighLevel has for it.

    `why_not` and `instead` are filled when HighLevel has nothing, or nothing close was found.
    """

    text: str
    candidates: tuple[Candidate, ...] = ()
    why_not: str = ""
    instead: str = ""

    @property
    def sure(self) -> bool:
        """Whether the best candidate is close."""
        return bool(self.candidates) and self.candidates[0].score >= NEAR


@dataclass(frozen=True)
class Rebuild:
    """One automation with its trigger, conditions and actions in HighLevel."""

    automation: Automation
    trigger: Step
    actions: tuple[Step, ...]
    conditions: str = ""
    stages: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """How much of it can be rebuilt."""
        parts = [self.trigger, *self.actions]
        lacking = [p for p in parts if not p.candidates]
        if not self.trigger.candidates or len(lacking) == len(parts):
            return Verdict.NONE
        if lacking:
            return Verdict.PARTLY
        return Verdict.WHOLE if all(p.sure for p in parts) else Verdict.CHECK


def rebuild_all(automations: Iterable[Automation]) -> list[Rebuild]:
    """Every automation with the nearest HighLevel triggers and actions."""
    return [rebuild(automation) for automation in automations]


def rebuild(automation: Automation) -> Rebuild:
    """One automation with the nearest HighLevel triggers and actions."""
    triggers, actions = _matchers()
    steps = tuple(_step(actions, text, "action") for text in split_actions(automation.actions))
    stages = _stages(f"{automation.trigger} {automation.conditions}")
    conditions = (
        f"Filters of the trigger where they fit, else the action If / Else: {automation.conditions}"
        if automation.conditions
        else ""
    )
    return Rebuild(
        automation, _step(triggers, automation.trigger, "trigger"), steps, conditions, stages
    )


def split_actions(text: str) -> list[str]:
    """The single actions of a description: by line, semicolon, arrow, "then", or comma and verb."""
    rough = [part for part in _SPLIT.split(text) if part and part.strip()]
    parts = [piece.strip(" .,-•*\t") for part in rough for piece in _COMMA.split(part) if piece]
    return [p for p in parts if p and p.lower() not in ("and",)]


def as_json(rebuilds: Sequence[Rebuild]) -> dict[str, Any]:
    """The machine-readable form: one object per automation, candidates best first."""
    return {
        "format": FORMAT,
        "pipeline": {"name": PIPELINE, "stages": list(STAGES)},
        "automations": [_one_json(r) for r in rebuilds],
    }


def _one_json(found: Rebuild) -> dict[str, Any]:
    return {
        **asdict(found.automation),
        "verdict": str(found.verdict),
        "highlevel": {
            "trigger": asdict(found.trigger),
            "stages": list(found.stages),
            "conditions": found.conditions,
            "actions": [asdict(step) for step in found.actions],
        },
    }


@lru_cache(maxsize=1)
def _matchers() -> tuple[Matcher, Matcher]:
    return Matcher(TRIGGERS, NO_TRIGGER), Matcher(ACTIONS, NO_ACTION)


def _step(matcher: Matcher, text: str, what: str) -> Step:
    found = matcher.nearest(text)
    if not found:
        return Step(
            text, (), f"No {what} of HighLevel is close to this description.",
            "Say it in other words in the list, or build it with Inbound or Custom Webhook.",
        )  # fmt: skip
    best = found[0]
    if best.missing is not None:
        return Step(text, (), best.missing.why, best.missing.instead)
    return Step(text, tuple(_candidate(m) for m in found if m.entry is not None))


def _candidate(match: Match) -> Candidate:
    entry = match.entry
    assert entry is not None
    return Candidate(
        entry.name, entry.group, match.score, f"“{match.phrase}”", entry.setup, entry.note
    )


def _stages(text: str) -> tuple[str, ...]:
    """Stages of the job pipeline that the text names."""
    plain = f" {' '.join(re.findall(r'[a-z]+', text.lower()))} "
    named = {stage: f" {stage.lower()} " for stage in STAGES if stage != "New"}
    return tuple(stage for stage, words in named.items() if words in plain)
