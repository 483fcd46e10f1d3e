"""Matching any two header lists: ranked candidates with confidence and evidence.

Belongs here: scoring pairs, assigning one to one over the whole list, confidence. Does not: what
a header says (`mapping.meanings`), the features (`mapping.features`), the fitted numbers
(`mapping.weights`), reading files (`mapping.header_files`), this project's own map
(`mapping.propose`). Works offline, with no account and no project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flitstack_pipeline.cleaning.assignment import best_assignment
from flitstack_pipeline.mapping.features import FEATURES, Known, compare, words_in
from flitstack_pipeline.mapping.meanings import meanings_of, unknown_share
from flitstack_pipeline.mapping.profiles import Profile, profile_samples
from flitstack_pipeline.mapping.weights import BIAS, WEIGHTS, calibrated, evidence_of

CANDIDATES = 10
WORTH_NAMING = 0.12
TAKEN = 0.3
LIKELY = 0.5
#: From this share of unknown words a list is of a domain that the vocabulary was not written for.
FOREIGN = 0.2
UNSURE = 0.3
CONFIRMED_BEFORE = 8.0  # log-odds: a person said so
MOST_WORDS_OF_AN_OPTION_LIST = 50
Remembered = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Header:
    """One column or field: its name, and what else is known of it."""

    name: str
    description: str = ""
    samples: tuple[str, ...] = ()
    type: str = ""
    profile: Profile | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Candidate:
    """A possible target: confidence 0 to 1, why, and its position in the list of fields."""

    field: str
    confidence: float
    evidence: str
    index: int = -1


@dataclass(frozen=True)
class Match:
    """A column with its candidates, best first; `assigned` when one is likelier than none."""

    column: str
    assigned: str | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Scores:
    """All pairs of two lists: the likelihood and the features of each."""

    columns: Sequence[Known]
    fields: Sequence[Known]
    remembered: Remembered
    likelihood: NDArray[np.float64]
    features: NDArray[np.float64]

    @property
    def same_words(self) -> NDArray[np.float64]:
        """Whether both of a pair say the same words."""
        return np.asarray(self.features[:, :, 0])

    @property
    def abroad(self) -> float:
        """How foreign the lists are, the more foreign one."""
        return max((k.abroad for k in (*self.columns[:1], *self.fields[:1])), default=0.0)

    def confirmed(self, row: int, column: int) -> int:
        """How often a person confirmed a pair in earlier maps."""
        return _confirmed(self.columns[row], self.fields[column], self.remembered)

    def evidence(self, row: int, column: int) -> str:
        """What speaks for and against a pair, in words."""
        a, b = self.columns[row], self.fields[column]
        _, reasons = compare(a, b)
        _beside_names(a, b, self.remembered, reasons)
        return "; ".join(reasons)


def match_headers(
    columns: Sequence[Header], fields: Sequence[Header], remembered: Remembered | None = None
) -> list[Match]:
    """Each column's candidates among the fields, best first, assigned one to one.

    The candidate assigned over the whole list stands first; a column with nothing plausible has
    `assigned` None and its nearest fields with low confidence. `remembered` counts how often a
    person confirmed (column, field) before, both casefolded.
    """
    scores = score_all(columns, fields, remembered or {})
    given = best_assignment(wanted(scores.likelihood, scores.same_words))
    free = discounted(scores.likelihood, given)
    return [_match(columns[i].name, fields, scores, free, i, given[i]) for i in range(len(columns))]


def score_all(
    columns: Sequence[Header], fields: Sequence[Header], remembered: Remembered
) -> Scores:
    """The likelihood of every pair; evidence is put in words for candidates alone."""
    left, right = known(columns), known(fields)
    likelihood = np.zeros((len(left), len(right)))
    features = np.zeros((len(left), len(right), len(FEATURES)))
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            x, reasons = compare(a, b)
            odds = BIAS + float(x @ WEIGHTS) + _beside_names(a, b, remembered, reasons)
            likelihood[i, j] = 1 / (1 + np.exp(-odds))
            features[i, j] = x
    if likelihood.size:
        likelihood = by_letters(likelihood, features, max(left[0].abroad, right[0].abroad))
    return Scores(left, right, remembered, likelihood, features)


def by_letters(
    likelihood: NDArray[np.float64], features: NDArray[np.float64], abroad: float
) -> NDArray[np.float64]:
    """In lists of a foreign domain, a header that no field is likely for goes by its letters."""
    if abroad < FOREIGN:
        return likelihood
    unsure = likelihood.max(axis=1, keepdims=True) < UNSURE
    letters = UNSURE * features[:, :, FEATURES.index("trigrams")]
    return np.where(unsure, np.maximum(likelihood, letters), likelihood)


def wanted(likelihood: NDArray[np.float64], same_words: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the assignment adds up: the likelihood, and that a field of one's own name is kept."""
    return np.where(likelihood >= WORTH_NAMING, likelihood + 0.5 * same_words, 0.0)


def discounted(likelihood: NDArray[np.float64], given: Sequence[int | None]) -> NDArray[np.float64]:
    """The likelihood, discounted where a field went to a column that fits it better."""
    free = likelihood.copy()
    for i, j in enumerate(given):
        if j is not None and worth_assigning(likelihood[i], j):
            taken = likelihood[:, j] < likelihood[i, j]
            free[taken, j] *= TAKEN
    return free


def known(headers: Sequence[Header]) -> list[Known]:
    """A list of headers made ready for comparing, read together."""
    meanings = meanings_of([h.name for h in headers], [h.description for h in headers])
    abroad = unknown_share(meanings)
    return [
        Known(
            h.name, m, h.profile or profile_samples(h.samples),
            frozenset(words_in(h.description)), h.description, h.type, abroad,
        )
        for h, m in zip(headers, meanings, strict=True)
    ]  # fmt: skip


def _beside_names(a: Known, b: Known, remembered: Remembered, reasons: list[str]) -> float:
    """Log-odds of what is known beside the names: values seen, what a person confirmed."""
    return _from_values(a, b, reasons) + _from_memory(a, b, remembered, reasons)


def _from_values(a: Known, b: Known, reasons: list[str]) -> float:
    """Log-odds that values speak for: known options match, e-mails belong in an e-mail field."""
    odds = 0.0
    telling = {"email", "phone", "url"}
    if not (a.meaning.head and b.meaning.head) and a.value_type == b.value_type in telling:
        odds = 3.5
    return odds + _same_options(a, b, reasons)


def _same_options(a: Known, b: Known, reasons: list[str]) -> float:
    """Log-odds of the same few words standing on both sides."""
    if not a.profile.filled or not b.profile.filled:
        return 0.0
    mine = {w.casefold() for w in (*a.profile.words, *a.profile.parts)}
    theirs = {w.casefold() for w in (*b.profile.words, *b.profile.parts)}
    if not mine or min(len(mine), len(theirs)) > MOST_WORDS_OF_AN_OPTION_LIST:
        return 0.0
    overlap = len(mine & theirs) / max(1, min(len(mine), len(theirs)))
    if overlap < 0.5 or {w.casefold() for w in mine & theirs} <= {"yes", "no"}:
        return 0.0
    reasons.append(f"{overlap:.0%} of the values are the same words")
    return (5.0 if len(mine & theirs) >= 3 else 3.0) * overlap


def _confirmed(a: Known, b: Known, remembered: Remembered) -> int:
    return remembered.get((a.name.casefold(), b.name.casefold()), 0)


def _from_memory(a: Known, b: Known, remembered: Remembered, reasons: list[str]) -> float:
    times = _confirmed(a, b, remembered)
    if not times:
        return 0.0
    reasons.append(f"confirmed {times} time{'s' if times > 1 else ''} before")
    return CONFIRMED_BEFORE + min(times, 4)


def _match(
    name: str,
    fields: Sequence[Header],
    scores: Scores,
    free: NDArray[np.float64],
    row: int,
    given: int | None,
) -> Match:
    likely = free[row]
    order = sorted(range(len(fields)), key=lambda j: (-likely[j], fields[j].name))
    if given is not None and not worth_assigning(likely, given):
        given = None
    if given is not None:
        order = [given, *(j for j in order if j != given)]
    sure = _confidences(scores, row, likely, order, given)
    candidates = tuple(
        Candidate(fields[j].name, sure[place], scores.evidence(row, j), j)
        for place, j in enumerate(order[:CANDIDATES])
    )
    return Match(name, fields[given].name if given is not None else None, candidates)


def _wanted_by_others(scores: Scores, row: int, column: int) -> bool:
    """Whether another column may as well mean the field: `Billing City` and `Service City`."""
    return bool((np.delete(scores.likelihood[:, column], row) > LIKELY).any())


def worth_assigning(likely: NDArray[np.float64], given: int) -> bool:
    """Not worth it when the field it would rather have had is far likelier."""
    return bool(likely[given] >= max(WORTH_NAMING, 0.25 * likely.max()))


def _confidences(
    scores: Scores,
    row: int,
    likely: NDArray[np.float64],
    order: Sequence[int],
    given: int | None,
) -> list[float]:
    """Calibrated confidences, never rising down the list; without an assignment all are low."""
    found: list[float] = []
    for place, j in enumerate(order[:CANDIDATES]):
        rival = max((likely[k] for k in order if k != j), default=0.0)
        features = scores.features[row, j]
        told = evidence_of(float(likely[j]), float(rival), scores.abroad, features)
        sure = calibrated(told, features, contested=_wanted_by_others(scores, row, j))
        if scores.confirmed(row, j):  # words nobody knows take nothing from what a person said
            sure = max(sure, float(likely[j]))
        if place or given is None:
            sure = min(sure, 0.45, found[-1] if found else 1.0)
        found.append(round(sure, 3))
    return found
