"""Seeded random choices that cost little to start: every row throws dice of its own.

Starting `random.Random` takes longer than making a whole row. These dice start from a hash of
their key, so row 900,000 is made without the rows before it, the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


class Dice:
    """Random choices fixed by a key; good for examples, of no use for secrets."""

    __slots__ = ("_state",)

    def __init__(self, key: str) -> None:
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        self._state = int.from_bytes(digest, "big")

    def random(self) -> float:
        """The next number in [0, 1): the high bits of a 64-bit linear congruential generator."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (self._state >> 11) * 2.0**-53

    def choice(self, of: Sequence[T]) -> T:
        """One of them."""
        return of[int(self.random() * len(of))]

    def randint(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def weighted(self, of: Sequence[T], percent: Sequence[int]) -> T:
        """One of them, by weights that add up to 100."""
        roll = self.random() * 100
        for item, weight in zip(of, percent, strict=True):
            roll -= weight
            if roll < 0:
                return item
        return of[-1]

    def some(self, of: Sequence[T], most: int) -> list[T]:
        """None to `most` of them, without repeats."""
        pool = list(of)
        return [pool.pop(int(self.random() * len(pool))) for _ in range(self.randint(0, most))]
