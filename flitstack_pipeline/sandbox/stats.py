"""What the sandbox has answered since it was started or reset: for tests and benchmarks."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Stats:
    """Counts answers by method, route template and status (0: the line was cut)."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._counts: Counter[tuple[str, str, int]] = Counter()

    def count(self, method: str, route: str, status: int) -> None:
        """Count one answer."""
        self._counts[method, route, status] += 1

    def by_route(self) -> list[dict[str, Any]]:
        """Return the counts, the largest first."""
        return [
            {"method": method, "route": route, "status": status, "count": count}
            for (method, route, status), count in self._counts.most_common()
        ]

    def total(self) -> int:
        """Return how many requests were answered."""
        return self._counts.total()

    def forget(self) -> None:
        """Start at nothing again."""
        self._counts.clear()
