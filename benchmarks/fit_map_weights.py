"""Fits the numbers of `flitstack_pipeline/mapping/weights.py` on `map_sets/tune` and `dev`.

    python benchmarks/fit_map_weights.py            prints the module to put there

Weights: a logistic regression (ridge, plain Newton steps) over all pairs of headers of all pairs
of tuning lists; a pair is right when the labels say so. Wrong pairs far outnumber right ones and
are kept. Confidence: a second, small logistic regression of "the first candidate is right" on the
log-odds of the candidate, its lead over the strongest rival and what nobody understands of the
pair, on the same lists but with weights fitted without that vendor's lists (in seven folds), so
that it learns how sure the matcher may be of a vendor it has not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from map_labels import Problem, problems, sets

from flitstack_pipeline.cleaning.assignment import best_assignment
from flitstack_pipeline.mapping import matcher, weights
from flitstack_pipeline.mapping.features import FEATURES, compare
from flitstack_pipeline.mapping.matcher import Header

RIDGE = 2.0
#: Heaps of vendors, each left out once to learn how sure the matcher may be of a stranger.
FOLDS = 7
#: Doubts that may as well speak for a candidate that has come so far.
UNBOUND = {"entity_conflict_assumed", "kind_missing", "entity_missing", "same_words"}
#: Features may only speak for or against, never the other way by accident of few lists.
AGAINST = {
    "other_head", "one_head_unknown", "entity_missing", "entity_conflict",
    "entity_conflict_assumed", "kind_missing", "kind_conflict", "place_conflict", "rest_missing",
    "type_conflict", "time_differs", "behind_head", "unexplained", "loose",
}  # fmt: skip
FREE = {
    "unknown_head",
    "entity_near",
    "entity_assumed",
    "same_head_abroad",
    "related_head_abroad",
    "other_head_abroad",
    "conflict_abroad",
}
#: Too seldom or never in the labelled sets (which have no descriptions): set by hand.
BY_HAND = {
    "described_alike": 1.0, "described_by_name": 0.8,
    # letters alike where the vocabulary ends: four small domains of `dev` cannot tell how much
    "aligned_abroad": 8.0, "trigrams_abroad": 10.0,
}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """A problem with the features of all its pairs (sources × targets × features)."""

    problem: Problem
    x: np.ndarray
    y: np.ndarray
    abroad: float


def compared(problem: Problem) -> Compared:
    left = matcher.known([Header(h) for h in problem.source.headers])
    right = matcher.known([Header(h) for h in problem.target.headers])
    x = np.array([[compare(a, b)[0] for b in right] for a in left])
    y = np.array([[float(j in r) for j in range(len(right))] for r in problem.right])
    return Compared(problem, x, y, max(left[0].abroad, right[0].abroad))


def fit(x: np.ndarray, y: np.ndarray, signs: np.ndarray, steps: int = 40) -> np.ndarray:
    """Ridge logistic regression with signs kept: Newton steps, halved until they help."""
    design = np.hstack([np.ones((len(x), 1)), x])
    penalty = RIDGE * np.r_[0.0, np.ones(x.shape[1])]
    keep = np.r_[0.0, signs]

    def loss(beta: np.ndarray) -> float:
        z = design @ beta
        return float(np.logaddexp(0, z).sum() - y @ z + 0.5 * penalty @ beta**2)

    beta = np.zeros(design.shape[1])
    beta[0] = np.log(y.mean() / (1 - y.mean()))
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (y - p) - penalty * beta
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty + 1e-6)
        bound = (beta == 0) & (keep * gradient < 0)
        free = ~bound
        move = np.zeros_like(beta)
        move[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        before, size = loss(beta), 1.0
        while size > 1e-4:
            tried = beta + size * move
            tried[keep * tried < 0] = 0.0
            if loss(tried) < before:
                break
            size /= 2
        else:
            break
        if before - loss(tried) < 1e-6 * before:
            return tried
        beta = tried
    return beta


def signs() -> np.ndarray:
    return np.array([0 if f in FREE else -1 if f in AGAINST else 1 for f in FEATURES])


def with_hand(beta: np.ndarray) -> tuple[float, np.ndarray]:
    found = beta[1:].copy()
    for name, value in BY_HAND.items():
        found[FEATURES.index(name)] = value
    return float(beta[0]), found


def firsts(
    found: Compared, bias: float, by_feature: np.ndarray
) -> Iterator[tuple[tuple[float, ...], bool]]:
    """The evidence of each first candidate, and whether it is right."""
    likely = 1 / (1 + np.exp(-np.clip(bias + found.x @ by_feature, -30, 30)))
    given = best_assignment(matcher.wanted(likely, found.x[:, :, 0]))
    free = matcher.discounted(likely, given)
    for i, (j, right) in enumerate(zip(given, found.problem.right, strict=True)):
        if j is not None and matcher.worth_assigning(free[i], j):
            rival = float(np.delete(free[i], j).max(initial=0.0))
            told = weights.evidence_of(float(free[i, j]), rival, found.abroad, found.x[i, j])
            yield told, j in right


def stacked(found: list[Compared]) -> tuple[np.ndarray, np.ndarray]:
    width = len(FEATURES)
    return np.vstack([c.x.reshape(-1, width) for c in found]), np.hstack(
        [c.y.ravel() for c in found]
    )


def fit_confidence(found: list[Compared]) -> np.ndarray:
    """Out-of-vendor firsts: a vendor's sources are matched with weights that did not see them."""
    rows, right = [], []
    vendors = sorted({c.problem.source.vendor for c in found})
    for fold in range(FOLDS):
        names = set(vendors[fold::FOLDS])
        others = [
            c for c in found if names.isdisjoint((c.problem.source.vendor, c.problem.target.vendor))
        ]
        bias, by_feature = with_hand(fit(*stacked(others), signs()))
        for c in (c for c in found if c.problem.source.vendor in names):
            for told, ok in firsts(c, bias, by_feature):
                rows.append(told)
                right.append(float(ok))
    print(f"# {len(rows)} first candidates, {np.mean(right):.3f} right", file=sys.stderr)
    kept = (1, 1, 0, -1, *(0 if name in UNBOUND else -1 for name in weights.DOUBTS))
    return fit(np.array(rows), np.array(right), np.array(kept))


def main() -> None:
    tune = sets("tune") + sets("dev")
    found = [compared(p) for p in problems(tune, tune)]
    x, y = stacked(found)
    print(f"# {len(x)} pairs, {int(y.sum())} right", file=sys.stderr)
    confidence = fit_confidence(found)
    bias, by_feature = with_hand(fit(x, y, signs()))
    print(f"BIAS = {bias:.3f}\n_BY_FEATURE: dict[str, float] = {{")
    for name, value in zip(FEATURES, by_feature, strict=True):
        print(f'    "{name}": {value:.3f},')
    sure = fill(", ".join(f"{b:.3f}" for b in confidence) + ",", 96, initial_indent="    ")
    print("}\n_SURE = (\n" + sure.replace("\n", "\n    ") + "\n)  # fmt: skip")


if __name__ == "__main__":
    main()
