"""A language model's second opinion on columns the engine is unsure of; optional, never trusted.

Belongs here: the protocol, what a model is told (headers, types, masked patterns), checking its
answers, and what an accepted answer changes. Does not: HTTP (`services.llm_client` talks to an
endpoint). A model only ever moves a field that exists to the front of a list the engine was
unsure of, with a confidence that no "confirm all above" reaches; a person still decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flitstack_pipeline.errors import Stopped
from flitstack_pipeline.mapping.matcher import Candidate, Header, Match
from flitstack_pipeline.mapping.profiles import Profile, profile_samples, value_type

UNSURE_BELOW = 0.6
HIGHEST = 0.7
PATTERNS, LONGEST_PATTERN, MOST_VALUES = 4, 24, 8


class Proposal(BaseModel):
    """One answer of a model: a column, one of the targets it was given, how sure, and why."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    column: str = Field(min_length=1)
    target: str | None = None
    confidence: float = Field(0.5, ge=0.0, le=1.0)
    reason: str = Field("", max_length=500)


@dataclass(frozen=True)
class AskedColumn:
    """A column as a model sees it, and the only targets it may name."""

    name: str
    description: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaskedProfile:
    """What values look like without any of them: type, counts, patterns (`Aaa 99`).

    `values` is filled only when the person allows it.
    """

    type: str = ""
    filled: int = 0
    distinct: int = 0
    patterns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


class Proposer(Protocol):
    """Anything that proposes a target for columns; answers are checked by `second_opinions`."""

    def propose(
        self, columns: Sequence[AskedColumn], profiles: Sequence[MaskedProfile]
    ) -> Sequence[Any]:
        """Raw answers, dicts like `Proposal`. May raise ModelUnavailable."""


class ModelUnavailable(Stopped):
    """The model did not answer, or not in a way that can be read; the message says how."""


@dataclass
class SecondOpinion:
    """Asks a model about unsure columns of a list of matches; keeps a log of every answer."""

    proposer: Proposer
    name: str
    send_values: bool = False
    log: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    used: int = 0

    @property
    def summary(self) -> str:
        """One sentence for the report."""
        refused = sum(row["verdict"] != "used" for row in self.log)
        return f"{self.name}: asked about {self.asked} columns, {self.used} answers used, " \
               f"{refused} not"  # fmt: skip

    def __call__(
        self,
        where: str,
        columns: Sequence[Header],
        fields: Sequence[Header],
        matches: Sequence[Match],
    ) -> list[Match]:
        """The matches with accepted answers in front. Never raises for a model's failure."""
        unsure = [i for i, m in enumerate(matches) if _is_unsure(m)]
        if not unsure or not fields:
            return list(matches)
        taken = {m.assigned for m in matches if not _is_unsure(m)}
        free = tuple(f.name for f in fields if f.name not in taken)
        asked = [AskedColumn(columns[i].name, columns[i].description, free) for i in unsure]
        profiles = [masked(columns[i], self.send_values) for i in unsure]
        self.asked += len(asked)
        try:
            raw = self.proposer.propose(asked, profiles)
        except ModelUnavailable as error:
            self._note(where, "", "", f"no answer: {error}")
            return list(matches)
        return self._with(where, raw, dict(zip((a.name for a in asked), unsure, strict=True)),
                          fields, free, list(matches))  # fmt: skip

    def _with(
        self,
        where: str,
        raw: Any,
        unsure: dict[str, int],
        fields: Sequence[Header],
        free: tuple[str, ...],
        matches: list[Match],
    ) -> list[Match]:
        at = {f.name: j for j, f in enumerate(fields)}
        given: set[str] = set()
        for answer in raw if isinstance(raw, list | tuple) else [raw]:
            try:
                said = Proposal.model_validate(answer)
            except ValidationError as error:
                first = error.errors()[0]
                self._note(where, "", "", f"not an answer: {first['loc']} {first['msg']}")
                continue
            refusal = _refusal(said, unsure, free, given)
            self._note(where, said.column, said.target or "", refusal or "used", said.reason)
            if not refusal and said.target:
                given.add(said.target)
                self.used += 1
                i = unsure[said.column]
                matches[i] = _in_front(matches[i], said, at[said.target], self.name)
        return matches

    def _note(self, where: str, column: str, target: str, verdict: str, why: str = "") -> None:
        self.log.append(
            {"object": where, "column": column, "target": target, "verdict": verdict, "why": why}
        )


def _is_unsure(match: Match) -> bool:
    best = match.candidates[0].confidence if match.candidates else 0.0
    return match.assigned is None or best < UNSURE_BELOW


def _refusal(said: Proposal, unsure: dict[str, int], free: tuple[str, ...], given: set[str]) -> str:
    """Why an answer is not used; empty when it is."""
    if said.column not in unsure:
        return "not a column it was asked about"
    if not said.target:
        return "names no target"
    if said.target not in free:
        return "that field does not exist or is taken"
    return "that field was given to another column" if said.target in given else ""


def _in_front(match: Match, said: Proposal, index: int, name: str) -> Match:
    why = f"; {said.reason}" if said.reason else ""
    sure = round(min(HIGHEST, said.confidence), 3)
    first = Candidate(
        said.target or "", sure, f"suggested by the language model {name}{why}", index
    )
    others = tuple(
        replace(c, confidence=min(c.confidence, sure)) for c in match.candidates if c.index != index
    )
    return Match(match.column, said.target, (first, *others))


def masked(header: Header, send_values: bool) -> MaskedProfile:
    """What a model may see of a column's values."""
    seen: Profile = header.profile or profile_samples(header.samples)
    words = seen.words[:200]
    patterns = list(dict.fromkeys(mask(w) for w in words))[:PATTERNS]
    return MaskedProfile(
        header.type or value_type(seen), seen.filled, seen.distinct, tuple(patterns),
        tuple(w[:100] for w in words[:MOST_VALUES]) if send_values else (),
    )  # fmt: skip


def mask(value: str) -> str:
    """A value's shape: letters become `A` or `a`, digits `9`; long ones are cut."""
    shape = re.sub(r"[^\W\d_]", lambda m: "A" if m.group().isupper() else "a", value)
    return re.sub(r"\d", "9", shape)[:LONGEST_PATTERN]
