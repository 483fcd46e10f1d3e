"""Amounts that add up: several invoices to one job, several jobs to one invoice.

Belongs here: finding the one set of records whose amounts add up to a total, taxed or not, and how
likely such a set is by chance. Pure; knows nothing of where the records come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations
from math import comb, gcd
from typing import TypeVar

from flitstack_pipeline.cleaning.account_ratios import CENT, is_times

T = TypeVar("T")
Amounts = Sequence[tuple[T, Decimal]]
#: Sets that are tried: of more records only pairs, of few also threes and fours.
FEW, SOME, MANY = 10, 20, 60


def only_sum(offered: Amounts[T], total: Decimal, ratios: Iterable[Decimal] = ()) -> tuple[T, ...]:
    """The one smallest set of two to four records whose amounts add up to a total.

    Args:
        offered: Records with their amounts.
        total: What they must add up to, as it is or times one of `ratios`.
        ratios: By how much a total may be above the sum: the account's taxes.

    Returns:
        The set; none when no set fits, or two of the smallest size do.
    """
    wanted = (Decimal(1), *ratios)
    for size in _sizes(len(offered)):
        found = [
            several
            for several in combinations(offered, size)
            if any(is_times(_sum(several), total, ratio) for ratio in wanted)
        ]
        if found:
            return tuple(record for record, _ in found[0]) if len(found) == 1 else ()
    return ()


def by_chance(offered: Iterable[Decimal], found: Sequence[Decimal], total: Decimal) -> float:
    """How many sets of this size would add up to the total by chance.

    Sums of amounts that are all multiples of fifty meet one total in fifty; of amounts to the cent,
    one in thousands. So it is the number of sets that could have met, times the step between their
    sums, over the total.
    """
    step = gcd(*(_cents(amount) for amount in found)) or 1  # none of a whole cent
    alike = sum(_cents(amount) % step == 0 for amount in offered)
    tried = sum(comb(alike, size) for size in range(2, len(found) + 1))
    return tried * step / max(1, _cents(total))


def _sizes(count: int) -> range:
    """How large sets of so many records are tried: the fewer records, the larger."""
    largest = 4 if count <= FEW else 3 if count <= SOME else 2 if count <= MANY else 1
    return range(2, largest + 1)


def _sum(several: Iterable[tuple[T, Decimal]]) -> Decimal:
    return sum((amount for _, amount in several), Decimal(0))


def _cents(amount: Decimal) -> int:
    return int(amount / CENT)
