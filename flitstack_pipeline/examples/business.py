"""What the example business is really like, before anybody exported it: sizes and jobs.

Clients are in `people`. Each record follows from the seed and its number alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from flitstack_pipeline.examples import people
from flitstack_pipeline.examples.dice import Dice
from flitstack_pipeline.examples.people import ANCHOR, Client

JOB_WORDS = ("New", "Scheduled", "In Progress", "On Hold", "Completed", "Cancelled", "Unscheduled")
JOB_WEIGHTS = (8, 14, 12, 5, 50, 8, 3)
WORK = (
    "Kitchen remodel", "Roof repair", "Deck build", "Bath refresh", "Gutter install",
    "Fence replacement", "Water heater", "Panel upgrade", "Tile floor", "Drywall patch",
)  # fmt: skip
ITEMS = (
    ("Labor", "Carpenter hours", "hours", 6_500),
    ("Labor", "Helper hours", "hours", 3_800),
    ("Material", "Architectural shingles", "sq ft", 425),
    ("Material", "2x6 lumber", "ln ft", 310),
    ("Material", "Porcelain tile", "sq ft", 780),
    ("Material", "Interior door", "ea", 18_500),
    ("Equipment", "Dumpster rental", "ea", 42_000),
    ("Permit", "City permit", "ea", 12_500),
    ("Material", "Gutter, 6 inch", "ft", 1_150),
)


@dataclass(frozen=True)
class Sizes:
    """How many records of each kind; everything scales with the clients."""

    clients: int
    leads: int
    jobs: int
    estimates: int
    invoices: int
    work_orders: int
    attachments: int
    activities: int

    @classmethod
    def of(cls, clients: int) -> Sizes:
        """The proportions of the bundled example: 250 clients, 400 jobs, 380 invoices, …"""
        shares = (0.32, 1.6, 1.4, 1.52, 0.8, 0.48, 1.0)
        return cls(clients, *(max(1, round(clients * s)) for s in shares))


@dataclass(frozen=True)
class Job:
    """One job as the truth has it, derived from its number alone."""

    number: int
    client: Client
    title: str
    cents: int
    status: str
    start: dt.date
    has_estimate: bool

    @property
    def id(self) -> str:
        """The job number shown."""
        return str(300 + self.number)

    @property
    def estimate_id(self) -> str:
        """Number of the estimate it came from."""
        return f"EST-{self.number:05d}"


@lru_cache(maxsize=1_024)
def job(seed: int, number: int, sizes: Sizes) -> Job:
    """Job `number` (from 1)."""
    rng = Dice(f"{seed}/job/{number}")
    owner = people.client(seed, rng.randint(1, sizes.clients))
    start = max(owner.created, ANCHOR - dt.timedelta(days=rng.randint(-40, 700)))
    return Job(
        number,
        owner,
        rng.choice(WORK),
        rng.randint(150, 28_000) * 100 + rng.choice((0, 0, 50, 95)),
        rng.weighted(JOB_WORDS, JOB_WEIGHTS),
        start,
        number <= sizes.estimates * 24 // 25,
    )
