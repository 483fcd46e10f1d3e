"""The best one-to-one assignment of a scored graph, exactly, and how sure each pair of it is.

Pure: scores in, pairs out. Knows nothing of invoices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

Scores = Mapping[tuple[str, str], float]
#: A component with more rows than this on its smaller side is not solved (about five seconds).
LARGEST_COMPONENT = 600


def components(scores: Scores) -> list[dict[tuple[str, str], float]]:
    """The connected parts of the graph of left-right pairs, each with its own scores."""
    root: dict[tuple[str, str], tuple[str, str]] = {}

    def find(node: tuple[str, str]) -> tuple[str, str]:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for left, right in scores:
        a, b = find(("left", left)), find(("right", right))
        if a != b:
            root[max(a, b)] = min(a, b)
    parts: dict[tuple[str, str], dict[tuple[str, str], float]] = defaultdict(dict)
    for (left, right), score in scores.items():
        parts[find(("left", left))][left, right] = score
    return [parts[key] for key in sorted(parts)]


def assign(scores: Scores) -> dict[str, str]:
    """Left → right with the greatest sum of scores (all positive), each used at most once.

    Raises ValueError for a component larger than `LARGEST_COMPONENT`; split it first.
    """
    chosen: dict[str, str] = {}
    for part in components(scores):
        chosen |= _assign_component(part)
    return chosen


def _assign_component(scores: Scores) -> dict[str, str]:
    lefts = sorted({left for left, _ in scores})
    rights = sorted({right for _, right in scores})
    if min(len(lefts), len(rights)) > LARGEST_COMPONENT:
        raise ValueError(f"{len(lefts)} by {len(rights)} records are too many to assign at once")
    matrix = np.zeros((len(lefts), len(rights)))
    row_of = {key: i for i, key in enumerate(lefts)}
    column_of = {key: j for j, key in enumerate(rights)}
    for (left, right), score in scores.items():
        matrix[row_of[left], column_of[right]] = score
    turned = len(lefts) > len(rights)
    pairs = _hungarian(-(matrix.T if turned else matrix))
    found = ((c, r) if turned else (r, c) for r, c in pairs)
    return {lefts[i]: rights[j] for i, j in found if (lefts[i], rights[j]) in scores}


def _hungarian(cost: np.ndarray) -> list[tuple[int, int]]:
    """(row, column) of least total cost, every row assigned; needs rows <= columns.

    Shortest augmenting paths with potentials (Kuhn 1955, Jonker and Volgenant 1987), O(rows² ·
    columns). Row and column 0 are sentinels, as in the usual formulation.
    """
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    row_in = np.zeros(columns + 1, dtype=int)
    for row in range(1, rows + 1):
        row_in[0] = row
        here = 0
        slack = np.full(columns + 1, np.inf)
        came_from = np.zeros(columns + 1, dtype=int)
        done = np.zeros(columns + 1, dtype=bool)
        while True:
            done[here] = True
            current = row_in[here]
            reduced = cost[current - 1] - row_price[current] - column_price[1:]
            better = ~done[1:] & (reduced < slack[1:])
            slack[1:][better] = reduced[better]
            came_from[1:][better] = here
            following = int(np.argmin(np.where(done, np.inf, slack)))
            step = slack[following]
            row_price[row_in[done]] += step
            column_price[done] -= step
            slack[~done] -= step
            here = following
            if row_in[here] == 0:
                break
        while here:
            row_in[here] = row_in[came_from[here]]
            here = int(came_from[here])
    return [(int(row_in[j]) - 1, j - 1) for j in range(1, columns + 1) if row_in[j]]


def contested(scores: Scores, chosen: Mapping[str, str], margin: float) -> set[str]:
    """The assigned lefts whose pair could change at a loss of less than `margin`.

    Looked at: moving to a free right, giving way to a left that got nothing, swapping with another
    assigned left. Such a pair is right about as likely as its alternative.
    """
    holder = {right: left for left, right in chosen.items()}
    unsure: set[str] = set()
    for (left, right), score in scores.items():
        mine = chosen.get(left)
        if mine == right:
            continue
        other = holder.get(right)
        if mine is None:
            if other is not None and scores[other, right] - score < margin:
                unsure.add(other)
            continue
        now = scores[left, mine]
        if other is None:
            if now - score < margin:
                unsure.add(left)
        elif (other, mine) in scores:
            swapped = score + scores[other, mine]
            if now + scores[other, right] - swapped < margin:
                unsure |= {left, other}
    return unsure
