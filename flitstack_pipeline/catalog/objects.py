"""Object types of the source: the partition keys, their parents, and the waves derived from them.

Belongs here: names, parents, datasets. Does not: columns (`source`), clean types (`clean`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flitstack_pipeline.catalog.not_moved import NOT_MOVED
from flitstack_pipeline.catalog.source import BY_KEY as EXPORTS


@dataclass(frozen=True)
class ObjectType:
    """One object type of Contractor+: a partition key of every partitioned asset.

    `parents` are the object types whose HighLevel records must exist before ours can be
    written; `datasets` are the kinds of export file that feed it, the main one first.
    """

    key: str
    label: str
    becomes: str
    parents: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()

    @property
    def dataset(self) -> str:
        """The main kind of export file (its rows are the records)."""
        return self.datasets[0]


OBJECT_TYPES: tuple[ObjectType, ...] = (
    ObjectType("users", "Team members", "HighLevel users, matched by e-mail", (), ("users",)),
    ObjectType(
        "clients",
        "Clients",
        "Contacts, and Companies for businesses",
        ("users",),
        ("clients", "properties"),
    ),
    ObjectType("leads", "Leads", "Contacts with Source_Type__c = Lead", ("users",), ("leads",)),
    ObjectType(
        "jobs",
        "Jobs",
        "Opportunities in the job pipeline",
        ("users", "clients", "leads"),
        ("jobs", "visits"),
    ),
    ObjectType(
        "estimates",
        "Estimates",
        "Opportunity fields and Opportunity Product records",
        ("clients", "jobs"),
        ("estimates", "estimate_items"),
    ),
    ObjectType(
        "invoices",
        "Invoices",
        "Invoice records",
        ("clients", "jobs"),
        ("invoices", "invoice_items", "payments", "change_orders"),
    ),
    ObjectType(
        "work_orders", "Work orders", "Work Order records", ("clients", "jobs"), ("work_orders",)
    ),
    ObjectType(
        "attachments",
        "Attachments",
        "Files on the contact or opportunity",
        ("clients", "jobs", "estimates", "invoices", "work_orders"),
        ("attachments",),
    ),
    ObjectType(
        "activities",
        "Notes, calls, e-mails, meetings",
        "Contact notes with original time, author and kind",
        ("clients", "jobs", "estimates", "invoices", "work_orders"),
        ("activities",),
    ),
)

BY_KEY: dict[str, ObjectType] = {o.key: o for o in OBJECT_TYPES}
KEYS: tuple[str, ...] = tuple(BY_KEY)

#: Kinds of export that describe the schema rather than records (the `destination` group).
SCHEMA_DATASETS: tuple[str, ...] = ("custom_fields", "items")

#: Kinds of export that are understood and counted, and declared as not migrated.
REPORT_ONLY_DATASETS: tuple[str, ...] = tuple(n.key for n in NOT_MOVED if n.key in EXPORTS)

WAVE_NAMES: tuple[str, ...] = ("people", "deals", "documents", "history")


@dataclass(frozen=True)
class Wave:
    """Object types that may load together, because all their parents loaded before."""

    rank: int
    name: str
    objects: tuple[str, ...]


def object_of_dataset(dataset: str) -> str | None:
    """The object type a kind of export file feeds, or None for schema and report-only files."""
    return next((o.key for o in OBJECT_TYPES if dataset in o.datasets), None)


@cache
def tier(key: str) -> int:
    """How many generations of parents stand before an object type (users: 0)."""
    return 1 + max((tier(parent) for parent in BY_KEY[key].parents), default=-1)


@cache
def waves() -> tuple[Wave, ...]:
    """The load waves, derived from the parents: people, deals, documents, history.

    Users load nothing (they are matched), so they share the first wave with the people
    whose owners they are.
    """
    ranks = sorted({max(tier(k), 1) for k in KEYS})
    return tuple(
        Wave(i, WAVE_NAMES[i], tuple(k for k in KEYS if max(tier(k), 1) == rank))
        for i, rank in enumerate(ranks)
    )


def wave_of(key: str) -> Wave:
    """The wave an object type loads in."""
    return next(w for w in waves() if key in w.objects)


def ancestors(key: str) -> tuple[str, ...]:
    """All object types that must be loaded before this one, in load order."""
    found = {p for p in BY_KEY[key].parents}
    for parent in BY_KEY[key].parents:
        found |= set(ancestors(parent))
    return tuple(k for k in KEYS if k in found)
