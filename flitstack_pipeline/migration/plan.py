"""Says what a load would do before it does it: records, requests, hours, days.

What belongs here: counting. What does not: sending. Pure but for reading the id map. Facts: 100
requests per 10 seconds and 200,000 a day (docs/highlevel.md#limits); the floor per record
(docs/highlevel.md#floor).
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

from flitstack_pipeline.highlevel.api.contacts import BULK_MOST
from flitstack_pipeline.highlevel.api.conversations import EXPORT_PAGE
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.long_texts import REST
from flitstack_pipeline.migration.record_types.files import CONTACT_FILE_REQUESTS, FILES_PER_UPLOAD
from flitstack_pipeline.migration.rows import MappedRow

PAGE = {"contact": 500, "message": EXPORT_PAGE}
#: Kinds that are read back on the pages of others, files on those of their records.
WITH_OTHERS = (
    "company_link", "relation", "conversation", "contact_file", "opportunity_file", "media"
)  # fmt: skip
#: Kinds whose rows in searches may not tell everything.
SHOWN_IN_PART = frozenset({"contact", "opportunity", "record"})
UPDATE_REQUESTS = 2  # read what is there by its id (pages trail edits), then write


@dataclass
class Plan:
    """What loading some rows means; times in hours at the allowed pace.

    `continued`: notes that hold the rest of texts too long for their field. `more_reads`: how many
    more requests reading back takes at most where HighLevel's searches show records in part (live:
    L1, L3, L16), each then read by its id.
    """

    create: int = 0
    update: int = 0
    skip: int = 0
    write_requests: int = 0
    read_requests: int = 0
    by_kind: dict[str, dict[str, int]] = field(default_factory=dict)
    rate_per_s: float = 10.0
    daily_limit: int = 200_000
    continued: int = 0
    more_reads: int = 0

    @property
    def requests(self) -> int:
        """All requests, the read-back included."""
        return self.write_requests + self.read_requests

    @property
    def hours(self) -> float:
        """Hours at the allowed pace, never pausing."""
        return self.requests / self.rate_per_s / 3600

    @property
    def days(self) -> int:
        """Calendar days the daily limit makes of it."""
        return ceil(self.requests / self.daily_limit) if self.daily_limit else 0

    def as_dict(self) -> dict[str, Any]:
        """For storing and showing."""
        totals = {"requests": self.requests, "hours": round(self.hours, 4), "days": self.days}
        return {**asdict(self), **totals}

    def __add__(self, other: Plan) -> Plan:
        kinds = {
            kind: dict(Counter(self.by_kind.get(kind, {})) + Counter(other.by_kind.get(kind, {})))
            for kind in self.by_kind | other.by_kind
        }
        return Plan(
            self.create + other.create,
            self.update + other.update,
            self.skip + other.skip,
            self.write_requests + other.write_requests,
            self.read_requests + other.read_requests,
            kinds,
            other.rate_per_s,
            other.daily_limit,
            self.continued + other.continued,
            self.more_reads + other.more_reads,
        )


def plan_load(
    journal: Journal,
    location: str,
    rows: Iterable[MappedRow],
    *,
    rate_per_s: float = 10.0,
    daily_limit: int = 200_000,
) -> Plan:
    """Count what loading the rows would create, update and skip, and the requests it takes."""
    plan = Plan(rate_per_s=rate_per_s, daily_limit=daily_limit)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    batches: dict[str, Counter[Any]] = defaultdict(Counter)
    subjects = 0
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, 1000)):
        known = journal.entries(location, [row.record_key for row in chunk])
        for row in chunk:
            entry = known.get(row.record_key)
            verdict = "create" if entry is None else "update"
            if entry is not None and entry.payload_hash == row.payload_hash:
                verdict = "skip"
            counts[row.kind][verdict] += 1
            plan.continued += row.record_key.startswith(REST)
            plan.more_reads += row.kind in SHOWN_IN_PART
            subjects += bool(row.kind == "message" and row.payload["fields"].get("subject"))
            if verdict == "create":
                batches[row.kind][_batch(row)] += 1
    for kind, verdicts in counts.items():
        plan.create += verdicts["create"]
        plan.update += verdicts["update"]
        plan.skip += verdicts["skip"]
        writes = requests_for(kind, batches[kind]) + UPDATE_REQUESTS * verdicts["update"]
        reads = reads_for(kind, verdicts.total()) + (subjects if kind == "message" else 0)
        plan.write_requests += writes
        plan.read_requests += reads
        plan.by_kind[kind] = {**verdicts, "write_requests": writes, "read_requests": reads}
    return plan


def requests_for(kind: str, batches: Counter[Any]) -> int:
    """Requests that creating the records of one kind takes, given their counts per batch."""
    uploads = dict.fromkeys(("contact_file", "opportunity_file"), FILES_PER_UPLOAD)
    size = {"company_link": BULK_MOST, **uploads}.get(kind, 1)
    each = CONTACT_FILE_REQUESTS if kind == "contact_file" else 1
    return each * sum(ceil(count / size) for count in batches.values())


def _batch(row: MappedRow) -> Any:
    by_role = {p["role"]: p["record_key"] for p in row.parents}
    if row.kind == "company_link":
        return by_role.get("company")
    if row.kind == "contact_file":
        return by_role.get("contact"), row.payload.get("field")
    if row.kind == "opportunity_file":
        return row.payload.get("of") or row.record_key
    return ""


def reads_for(kind: str, records: int) -> int:
    """Requests that reading records of one kind back takes."""
    if kind in WITH_OTHERS:
        return 0
    return records if kind == "note" else ceil(records / PAGE.get(kind, 100))
