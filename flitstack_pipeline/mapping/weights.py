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

BIAS = -4.496
_BY_FEATURE: dict[str, float] = {
    "same_words": 0.000,
    "same_head": 5.259,
    "related_head": 3.746,
    "other_head": -3.302,
    "unknown_head": 0.627,
    "one_head_unknown": 0.000,
    "same_entity": 0.000,
    "entity_assumed": -0.528,
    "entity_missing": -1.761,
    "entity_near": -2.370,
    "entity_conflict": -5.055,
    "entity_conflict_assumed": -2.955,
    "same_kind": 0.000,
    "kind_missing": -3.087,
    "kind_conflict": -4.585,
    "place_conflict": -3.433,
    "same_place": 0.586,
    "rest_shared": 4.662,
    "rest_missing": -0.913,
    "spelling": 2.220,
    "partial_spelling": 0.790,
    "described_alike": 1.000,
    "described_by_name": 0.800,
    "type_fits": 0.000,
    "type_conflict": -0.688,
    "time_differs": -0.614,
    "words_shared": 0.147,
    "behind_head": -0.207,
    "unexplained": -0.319,
    "trigrams": 0.109,
    "trigrams_unknown": 1.940,
    "trigrams_abroad": 10.000,
    "same_head_abroad": -2.013,
    "related_head_abroad": 0.415,
    "other_head_abroad": 1.217,
    "conflict_abroad": 2.517,
    "loose": -0.799,
    "aligned_unknown": 1.420,
    "aligned_abroad": 8.000,
}
#: Features that say how much of a pair nobody understands; confidence falls with them once more.
DOUBTS: tuple[str, ...] = (
    "unexplained", "behind_head", "unknown_head", "one_head_unknown", "related_head",
    "entity_missing", "entity_near", "entity_conflict_assumed", "kind_missing", "same_words",
)  # fmt: skip
#: Constant, weight of the log-odds, of the lead over the rival, of the rival, of how foreign the
#: lists are, of each of `DOUBTS`.
_SURE = (
    0.692, 0.484, 0.093, -0.258, -0.558, -1.570, 0.000, -0.970, -1.037, -1.035, -0.664, -1.896,
    -0.417, 0.214, -0.107,
)  # fmt: skip

WEIGHTS = np.array([_BY_FEATURE.get(name, 0.0) for name in FEATURES])
_UNEXPLAINED = FEATURES.index("unexplained")
_KIND_MISSING = FEATURES.index("kind_missing")
_DOUBTS_AT = [FEATURES.index(name) for name in DOUBTS]
HIGHEST = 0.99
#: A pair of which a part is not understood, or understood otherwise, is never surer than this.
HIGHEST_IN_DOUBT = 0.89
_IN_DOUBT = [
    FEATURES.index(name)
    for name in (
        "unexplained",
        "kind_conflict",
        "place_conflict",
        "loose",
        "rest_missing",
        "type_conflict",
    )
]
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


def calibrated(
    evidence: Sequence[float], features: NDArray[np.float64], *, contested: bool = False
) -> float:
    """Confidence of a candidate, 0 to 0.99.

    Args:
        evidence: From `evidence_of`.
        features: Of the pair, in the order of `FEATURES`.
        contested: Whether another column may as well mean the field.
    """
    constant, *slopes = _SURE
    odds = constant - CAUTION + sum(b * e for b, e in zip(slopes, evidence, strict=True))
    return min(_highest(features, contested), 1 / (1 + math.exp(-odds)))


def _highest(features: NDArray[np.float64], contested: bool) -> float:
    """How sure a pair may be at most: below 0.9 in doubt, and less with every unknown word."""
    kinds = features[_KIND_MISSING]
    doubtful = features[_IN_DOUBT].any() or kinds > 0.5 or (kinds and contested)
    return float(HIGHEST_IN_DOUBT - 0.1 * features[_UNEXPLAINED]) if doubtful else HIGHEST


def _log_odds(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))
