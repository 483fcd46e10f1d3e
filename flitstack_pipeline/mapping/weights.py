"""The fitted numbers of the matcher: what each feature weighs, and how sure a likelihood is.

Printed by `benchmarks/fit_map_weights.py`, which saw the tuning lists only; not written by hand.
Belongs here: numbers and how they are applied. Does not: what the features are
(`mapping.features`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flitstack_pipeline.mapping.features import FEATURES

BIAS = -4.868
_BY_FEATURE: dict[str, float] = {
    "same_words": 0.380,
    "same_head": 5.360,
    "related_head": 3.992,
    "other_head": -2.634,
    "unknown_head": 0.823,
    "one_head_unknown": 0.000,
    "same_entity": 0.000,
    "entity_assumed": -0.583,
    "entity_missing": -1.590,
    "entity_near": -2.459,
    "entity_conflict": -4.855,
    "entity_conflict_assumed": -2.911,
    "same_kind": 0.000,
    "kind_missing": -2.851,
    "kind_conflict": -4.228,
    "place_conflict": -3.414,
    "same_place": 0.653,
    "rest_shared": 2.372,
    "rest_missing": -0.093,
    "spelling": 2.112,
    "partial_spelling": 0.788,
    "described_alike": 1.000,
    "described_by_name": 0.800,
    "type_fits": 0.000,
    "type_conflict": -1.282,
    "time_differs": -0.512,
    "words_shared": 0.524,
    "behind_head": -0.471,
    "unexplained": -0.975,
    "trigrams": 0.098,
    "trigrams_unknown": 3.056,
    "trigrams_abroad": 0.471,
    "same_head_abroad": -1.817,
    "related_head_abroad": 0.048,
    "other_head_abroad": 0.705,
    "conflict_abroad": 2.320,
}
#: Features that say how much of a pair nobody understands; confidence falls with them once more.
DOUBTS: tuple[str, ...] = (
    "unexplained", "behind_head", "unknown_head", "one_head_unknown", "related_head",
    "entity_missing", "entity_near", "entity_conflict_assumed", "kind_missing", "same_words",
)  # fmt: skip
#: Constant, weight of the log-odds, of the lead over the rival, of the rival, of how foreign the
#: lists are, of each of `DOUBTS`.
_SURE = (
    0.680, 0.546, 0.182, -0.128, -0.667, -1.569, 0.000, -1.074, -0.389, -0.990, -0.621, -1.120,
    -0.404, 0.669, -0.205,
)  # fmt: skip

WEIGHTS = np.array([_BY_FEATURE.get(name, 0.0) for name in FEATURES])
_DOUBTS_AT = [FEATURES.index(name) for name in DOUBTS]
HIGHEST = 0.99
#: The vocabulary was written with the tuning vendors in view, so a stranger's list fares worse
#: than they do: confidence is lowered by this much log-odds. Set by hand.
CAUTION = 0.8


def evidence_of(
    likelihood: float, rival: float, abroad: float, features: NDArray[np.float64]
) -> tuple[float, ...]:
    """What confidence is reckoned from.

    Args:
        likelihood: Of the candidate.
        rival: Of its strongest rival.
        abroad: How foreign the two lists are (`meanings.unknown_share`), the larger of both.
        features: Of the pair, in the order of `FEATURES`.
    """
    odds, rivals = _log_odds(likelihood), _log_odds(rival)
    doubts = (float(features[at]) for at in _DOUBTS_AT)
    return min(odds, 5.0), min(odds - rivals, 6.0), max(rivals, -4.0), abroad, *doubts


def calibrated(evidence: Sequence[float]) -> float:
    """Confidence of a candidate from its evidence, 0 to 0.99."""
    constant, *slopes = _SURE
    odds = constant - CAUTION + sum(b * e for b, e in zip(slopes, evidence, strict=True))
    return min(HIGHEST, 1 / (1 + math.exp(-odds)))


def _log_odds(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))
