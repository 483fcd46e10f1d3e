"""The best one-to-one assignment of a scored graph, exactly, and how sure each pair of it is.

Pure: scores in, pairs out. Knows nothing of invoices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

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
    given = enumerate(best_assignment(matrix))
    found = ((lefts[i], rights[j]) for i, j in given if j is not None)
    return {left: right for left, right in found if (left, right) in scores}


def best_assignment(scores: NDArray[np.float64]) -> list[int | None]:
    """For each row the column assigned to it so that the sum of scores is highest.

    Rows beyond the columns get None. Shortest augmenting paths with potentials (Kuhn 1955, Jonker
    and Volgenant 1987), O(rows² · columns).
    """
    rows, columns = scores.shape
    assigned: list[int | None] = [None] * rows
    if rows > columns:
        for column, row in enumerate(best_assignment(scores.T)):
            if row is not None:
                assigned[row] = column
        return assigned
    for column, row in enumerate(_augment(-scores)[1:]):
        if row:
            assigned[row - 1] = column
    return assigned


def _augment(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row (from 1) of each column (from 1), 0 for none; row and column 0 are sentinels."""
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    row_in = np.zeros(columns + 1, dtype=np.int64)
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
    return row_in


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
