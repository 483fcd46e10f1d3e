"""By how much an account's invoices differ from their jobs: its tax rates, deposits, retentions.

Belongs here: learning the ratios of invoice total and job amount. Does not: which invoice belongs
to which job (`invoice_links`), freezing them (`frozen`).

A contractor who taxes on top writes 1,082.50 for a job of 1,000, again and again. So a ratio that
comes back, to the cent, in the invoices whose job is known explains the totals of the others. Known
are the jobs that numbers name, the only job of a client with one invoice, and what an invoice says
itself (its subtotal). A ratio of two amounts that have nothing to do with each other does not
come back: it must explain `FEWEST` of them and one in a hundred.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.frozen import read_frozen

#: Pairs, and the share of all pairs, that a ratio must explain to be the account's.
FEWEST, SHARE = 5, 0.01
#: From here a ratio of rounded amounts has four digits that mean something.
SMALLEST_AMOUNT = 50
#: Taxes on top, and parts: of a job, or of what is billed for it.
HIGHEST_TAX, SMALLEST_PART = Decimal("1.35"), Decimal("0.04")
MOST_RATIOS = 12
#: Pairs that are looked at, drawn by their hash.
MOST_PAIRS = 20_000
CENT = Decimal("0.01")


def learn_ratios(con: duckdb.DuckDBPyConnection, decisions: Path) -> list[Decimal]:
    """The ratios of the account, the most frequent first; kept in `account_ratios`.

    Those approved with the sample stand (`frozen`). Needs `clean.invoice_links` of
    the numbers.

    Raises:
        BadInput: When the file of what was approved cannot be read.
    """
    found = read_frozen(decisions).ratios
    if found is None:
        found = frequent_ratios(con.execute(_KNOWN).fetchall())
    con.execute("CREATE OR REPLACE TABLE account_ratios (ratio DECIMAL(9, 6), seen INTEGER)")
    if found:
        con.executemany("INSERT INTO account_ratios VALUES (?, ?)", found)
    return [ratio for ratio, _ in found]


def taxes(ratios: Iterable[Decimal]) -> list[Decimal]:
    """The ratios above one: what is put on top of a job's amount."""
    return [ratio for ratio in ratios if ratio > 1]


def frequent_ratios(pairs: Iterable[tuple[Decimal, Decimal]]) -> list[tuple[Decimal, int]]:
    """Ratios that come back in pairs of (amount, total), with how many they explain to the cent."""
    known = [
        (amount, total)
        for amount, total in pairs
        if amount >= SMALLEST_AMOUNT and SMALLEST_PART <= total / amount <= HIGHEST_TAX
    ]
    enough = max(FEWEST, round(SHARE * len(known)))
    near: Counter[Decimal] = Counter(round(total / amount, 4) for amount, total in known)
    exact: dict[Decimal, set[int]] = defaultdict(set)
    for rough, seen in near.most_common(10 * MOST_RATIOS):
        if seen * 2 >= enough and rough != 1:
            ratio = _simplest(rough, known)
            exact[ratio] = {i for i, (a, t) in enumerate(known) if is_times(a, t, ratio)}
    found: list[tuple[Decimal, int]] = []
    explained = {i for i, (amount, total) in enumerate(known) if amount == total}
    for ratio in sorted(exact, key=lambda r: (-len(exact[r]), r)):
        seen = len(exact[ratio] - explained)
        if seen >= enough and len(found) < MOST_RATIOS:
            found.append((ratio, seen))
            explained |= exact[ratio]
    return found


def is_times(amount: Decimal, total: Decimal, ratio: Decimal) -> bool:
    """Whether a total is so many times an amount, but for a cent of rounding."""
    return abs((amount * ratio).quantize(CENT, ROUND_HALF_UP) - total) <= CENT


def _simplest(rough: Decimal, known: list[tuple[Decimal, Decimal]]) -> Decimal:
    """The ratio of fewest digits that explains most of the pairs near a rough one."""
    near = [(a, t) for a, t in known if abs(t / a - rough) < Decimal("0.0002")]
    exact = sorted(total / amount for amount, total in sorted(near)[-len(near) // 2 - 1 :])
    middle = exact[len(exact) // 2]
    ways = [round(value, digits) for digits in (2, 3, 4, 5, 6) for value in (rough, middle)]
    hits = {way: sum(is_times(a, t, way) for a, t in near) for way in dict.fromkeys(ways)}
    most = max(hits.values())
    return next(way for way, seen in hits.items() if seen >= 0.9 * most)


#: (amount of the job, total of the invoice) of pairs whose job is known; a void bill says nothing.
_KNOWN = f"""
WITH of_client AS (
    SELECT child_key, parent_key AS client FROM clean.links WHERE role = 'client'
), bill AS (
    SELECT i.source_key, i.total, i.subtotal, c.client,
           count(*) OVER (PARTITION BY c.client) AS of_client
    FROM clean.invoices i LEFT JOIN of_client c ON c.child_key = i.source_key
    WHERE i.status IS DISTINCT FROM 'void' AND i.total > 0
), work AS (
    SELECT j.source_key, j.amount, c.client, count(*) OVER (PARTITION BY c.client) AS of_client
    FROM clean.jobs j LEFT JOIN of_client c ON c.child_key = j.source_key
), linked AS (
    SELECT invoice_key, job_key FROM clean.invoice_links WHERE decision = 'accepted'
    QUALIFY count(*) OVER (PARTITION BY invoice_key) = 1
)
SELECT * FROM (
SELECT w.amount, b.total
FROM linked l JOIN bill b ON b.source_key = l.invoice_key JOIN work w ON w.source_key = l.job_key
WHERE w.amount > 0
UNION ALL
SELECT w.amount, b.total FROM bill b JOIN work w ON w.client = b.client
ANTI JOIN clean.invoice_links k ON k.invoice_key = b.source_key
WHERE b.of_client = 1 AND w.of_client = 1 AND w.amount > 0
UNION ALL
SELECT subtotal, total FROM bill WHERE subtotal > 0
) known
QUALIFY row_number() OVER (ORDER BY hash(amount, total), amount, total) <= {MOST_PAIRS}
ORDER BY ALL
"""
