"""Matching any two header lists: ranked candidates with confidence and evidence.

Belongs here: scoring names, words and values, and assigning one to one. Does not: this project's
own map (`mapping.propose`). Works offline, with no account and no project.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from flitstack_pipeline.mapping.assignment import best_assignment
from flitstack_pipeline.mapping.profiles import Profile, profile_samples
from flitstack_pipeline.mapping.synonyms import ABBREVIATIONS, BY_PHRASE, FILLERS

SAMPLE_ROWS = 500
WORTH_NAMING = 0.2
_VALUE_SHAPES = {
    "emails": ({"email", "second email"}, "e-mail addresses"),
    "phones": (
        {"phone", "mobile", "home phone", "work phone", "second phone", "fax"},
        "phone numbers",
    ),
}


@dataclass(frozen=True)
class Header:
    """One column or field: its name, and what else is known of it."""

    name: str
    description: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A possible target: confidence 0 to 1, and why."""

    field: str
    confidence: float
    evidence: str


@dataclass(frozen=True)
class Match:
    """A column with its candidates, best first; `assigned` when one is likely enough."""

    column: str
    assigned: str | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class _Known:
    """A header made ready for scoring."""

    header: Header
    words: tuple[str, ...]
    concept: str
    profile: Profile

    @property
    def phrase(self) -> str:
        return " ".join(self.words)


def tokens(name: str) -> tuple[str, ...]:
    """The words of a header: camel case split, abbreviations expanded, fillers dropped."""
    text = re.sub(r"__c$", "", name.strip())
    text = re.sub(r"^(custom_objects\.\w+\.|contact\.|opportunity\.|business\.)", "", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = re.sub(r"(?i)\be-mail", "email", text).replace("#", " # ")
    text = re.sub(r"(?<=[a-zA-Z])(?=\d)", " ", text)
    found: list[str] = []
    for word in re.findall(r"[^\W_]+|#", text.lower()):
        found += ABBREVIATIONS.get(word, word).split()
    kept = [w for w in found if w not in FILLERS]
    deduped = [w for i, w in enumerate(kept or found) if i == 0 or w != (kept or found)[i - 1]]
    return tuple(deduped)


def concept_of(words: Sequence[str]) -> str:
    """The concept a phrase names, whatever the order of its words; empty when unknown."""
    phrase = " ".join(words)
    if phrase in BY_PHRASE:
        return BY_PHRASE[phrase]
    return _BY_WORDS.get(frozenset(words), "")


_BY_WORDS: dict[frozenset[str], str] = {}
for _phrase, _concept in BY_PHRASE.items():
    _BY_WORDS.setdefault(frozenset(_phrase.split()), _concept)


def match_headers(columns: Sequence[Header], fields: Sequence[Header]) -> list[Match]:
    """Each column's candidates among the fields, best first, assigned one to one.

    The candidate assigned over the whole list stands first; a column with nothing plausible has
    `assigned` None and its nearest fields with low confidence.
    """
    left, right = [_known(c) for c in columns], [_known(f) for f in fields]
    scored = [[_score(a, b) for b in right] for a in left]
    scores = np.array([[s for s, _ in row] for row in scored], dtype=np.float64)
    scores = scores.reshape(len(left), len(right))
    given = best_assignment(np.where(scores >= WORTH_NAMING, scores**2, 0.0))
    return [_match(known, right, scored[i], scores[i], given[i]) for i, known in enumerate(left)]


def _match(
    known: _Known,
    right: Sequence[_Known],
    scored: Sequence[tuple[float, str]],
    scores: Any,
    given: int | None,
) -> Match:
    order = sorted(range(len(right)), key=lambda j: (-scores[j], right[j].header.name))
    if given is not None and scores[given] >= max(0.45, scores[order[0]] - 0.2):
        order = [given, *(j for j in order if j != given)]
    else:
        given = None
    candidates = []
    for place, j in enumerate(order[:5]):
        rivals = [scores[k] for k in order if k != j]
        sure = _confidence(float(scores[j]), float(max(rivals, default=0.0)), place)
        candidates.append(Candidate(right[j].header.name, sure, scored[j][1]))
    assigned = right[given].header.name if given is not None else None
    return Match(known.header.name, assigned, tuple(candidates))


def _confidence(score: float, rival: float, place: int) -> float:
    """A score is less sure when a rival is near, and a runner-up is never as sure as the first."""
    doubt = max(0.0, 0.12 - max(0.0, score - rival)) if place == 0 else 0.12
    return round(max(0.0, min(0.99, score - doubt)), 3)


def _known(header: Header) -> _Known:
    words = tokens(header.name)
    return _Known(header, words, concept_of(words), profile_samples(header.samples))


def _score(a: _Known, b: _Known) -> tuple[float, str]:
    """How likely two headers mean the same, and why."""
    score, why = _name_score(a, b)
    reasons = [why]
    if a.header.description and b.header.description:
        alike = fuzz.token_set_ratio(a.header.description, b.header.description) / 100
        if alike > 0.6:
            score += 0.05 * (1 - score) + 0.1 * (alike - 0.6)
            reasons.append("descriptions are alike")
    score, value_reasons = _by_values(a, b, score)
    return max(0.0, min(score, 0.99)), "; ".join([*reasons, *value_reasons])


def _name_score(a: _Known, b: _Known) -> tuple[float, str]:
    if a.words == b.words:
        return 0.98, "same name"
    if a.concept and a.concept == b.concept:
        alike = fuzz.token_sort_ratio(a.phrase, b.phrase) / 100
        return 0.88 + 0.08 * alike, f"both mean {a.concept!r}"
    sort = fuzz.token_sort_ratio(a.phrase, b.phrase) / 100
    jaro = fuzz.QRatio(a.phrase.replace(" ", ""), b.phrase.replace(" ", "")) / 100
    shared = set(a.words) & set(b.words)
    overlap = len(shared) / max(1, len(set(a.words) | set(b.words)))
    score = 0.4 * sort + 0.25 * jaro + 0.35 * overlap
    if a.concept and b.concept:
        return min(score, 0.6) * 0.75, f"{a.concept!r} is not {b.concept!r}"
    why = f"shares {', '.join(sorted(shared))}" if shared else "spelling only"
    return score * (0.95 if shared else 0.7), why


def _by_values(a: _Known, b: _Known, score: float) -> tuple[float, list[str]]:
    """Values speak too: e-mails belong in an e-mail field and nowhere else, known options match."""
    reasons = []
    for shape, (concepts, words) in _VALUE_SHAPES.items():
        if a.profile.filled and getattr(a.profile, shape) > 0.8:
            fits = b.concept in concepts
            if fits:
                score += 0.3 * (1 - score)
                reasons.append(f"values are {words}")
            elif b.concept:
                score *= 0.7
                reasons.append(f"values are {words}, which this field is not for")
    if a.profile.filled and b.profile.filled and b.profile.distinct <= 50:
        mine = {w.casefold() for w in a.profile.words}
        theirs = {w.casefold() for w in b.profile.words}
        overlap = len(mine & theirs) / max(1, min(len(mine), len(theirs)))
        if overlap >= 0.5:
            score += 0.4 * overlap * (1 - score)
            reasons.append(f"{overlap:.0%} of the values are the same words")
    return score, reasons


def read_headers(path: Path) -> list[Header]:
    """Headers from a CSV: rows of header, description, samples; or any data file's own columns.

    Raises ValueError when the file has no header line.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        first = next(reader, None)
        if not first or not any(cell.strip() for cell in first):
            raise ValueError(f"{path} has no header line")
        rows = [row for _, row in zip(range(SAMPLE_ROWS), reader, strict=False)]
    names = [cell.strip().casefold() for cell in first]
    if names[0] in ("header", "column", "field", "name") and _is_listing(names):
        return [_listed(names, row) for row in rows if row and row[0].strip()]
    return [
        Header(name.strip(), "", tuple(r[i] for r in rows if i < len(r) and r[i].strip()))
        for i, name in enumerate(first)
        if name.strip()
    ]


def _is_listing(names: Sequence[str]) -> bool:
    """A listing of headers names its own columns so, and nothing else."""
    about = {"description", "samples", "sample", "sample values", "options", "type", "example"}
    return all(name in about for name in names[1:])


def _listed(names: Sequence[str], row: Sequence[str]) -> Header:
    cells = dict(zip(names, row, strict=False))
    samples = next(
        (
            cells[n]
            for n in ("samples", "sample", "sample values", "options", "example")
            if n in cells
        ),
        "",
    )
    values = tuple(s.strip() for s in re.split(r"[;|\n]", samples or "") if s.strip())
    return Header(row[0].strip(), cells.get("description", ""), values)


def propose_between(source: Path, target: Path) -> list[dict[str, Any]]:
    """Ranked candidates for each header of `source` among those of `target`, as plain data."""
    return [
        {
            "column": match.column,
            "assigned": match.assigned,
            "candidates": [
                {"field": c.field, "confidence": c.confidence, "evidence": c.evidence}
                for c in match.candidates
            ],
        }
        for match in match_headers(read_headers(source), read_headers(target))
    ]
