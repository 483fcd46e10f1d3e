"""One-to-one assignment: who gets which field when several columns want the same one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_assignment(scores: NDArray[np.float64]) -> list[int | None]:
    """For each row the column assigned to it so that the sum of scores is highest.

    The Hungarian method with potentials, O(rows² · columns). Rows beyond the columns get None.
    """
    if scores.size == 0:
        return [None] * scores.shape[0]
    rows, columns = scores.shape
    if rows > columns:
        given = best_assignment(scores.T)
        by_row: list[int | None] = [None] * rows
        for column, row in enumerate(given):
            if row is not None:
                by_row[row] = column
        return by_row
    owner = _augment(-scores)
    assigned: list[int | None] = [None] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            assigned[owner[column] - 1] = column - 1
    return assigned


def _augment(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row (from 1) of each column (from 1) in a cheapest full assignment of the rows."""
    rows, columns = cost.shape
    row_potential = np.zeros(rows + 1)
    column_potential = np.zeros(columns + 1)
    owner = np.zeros(columns + 1, dtype=np.int64)
    for row in range(1, rows + 1):
        owner[0] = row
        column = 0
        least = np.full(columns + 1, np.inf)
        way = np.zeros(columns + 1, dtype=np.int64)
        used = np.zeros(columns + 1, dtype=bool)
        while owner[column]:
            used[column] = True
            reduced = cost[owner[column] - 1] - row_potential[owner[column]] - column_potential[1:]
            better = ~used[1:] & (reduced < least[1:])
            least[1:][better] = reduced[better]
            way[1:][better] = column
            free = np.where(used, np.inf, least)
            free[0] = np.inf
            following = int(np.argmin(free))
            delta = free[following]
            row_potential[owner[used]] += delta
            column_potential[used] -= delta
            least[~used] -= delta
            column = following
        while column:
            owner[column] = owner[way[column]]
            column = int(way[column])
    return owner
