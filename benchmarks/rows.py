"""Mapped rows and the schema they need, as large as a benchmark wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration.account_schema import (
    AssociationRef,
    Catalog,
    FieldRef,
    PipelineRef,
)
from flitstack_pipeline.migration.rows import MappedRow, payload_hash

RELATION = "opportunity_invoice"


@dataclass
class Pipeline:
    """The job pipeline."""

    name: str = t.PIPELINE
    stages: tuple[Any, ...] = t.STAGES


@dataclass
class Schema:
    """What `provision` reads."""

    fields: dict[str, Any]
    objects: list[Any]
    associations: list[Any]
    pipeline: Pipeline = field(default_factory=Pipeline)
    products: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()


LABELS = {
    "contact": (t.SOURCE_ID, t.SOURCE_TYPE, "Original_Create_Date__c"),
    "opportunity": (t.SOURCE_ID, "Job_Amount__c"),
    t.INVOICE: (t.NAME, t.SOURCE_ID, "Total__c"),
}


def schema() -> Schema:
    """The fields, object and association the rows below use."""
    fields = {
        target: tuple(f for f in t.FIELDS[target] if f.label in labels)
        for target, labels in LABELS.items()
    }
    return Schema(fields, [t.OBJECTS[t.INVOICE]], [t.ASSOCIATIONS[RELATION]])


def association(catalog: Catalog) -> None:
    """Give a catalogue what the rows need, without an account."""
    for target, labels in LABELS.items():
        for label in labels:
            key = label.lower().replace("__c", "_c")
            kind = "DATE" if "Date" in label else "TEXT"
            catalog.add_field(FieldRef(target, label, key, key, kind))
    stages = {stage: stage for stage in ("New", "Completed")}
    catalog.pipelines[t.PIPELINE] = PipelineRef("p", t.PIPELINE, stages)
    catalog.associations[RELATION] = AssociationRef("a", RELATION, "opportunity", t.INVOICE)


def contact_rows(count: int, name: str = "load") -> Iterator[MappedRow]:
    """Contacts as a client becomes one."""
    for n in range(count):
        key = f"{name}/clients/{n}"
        fields = {
            "firstName": f"Zoë {n}", "lastName": "O'Neil", "email": f"{name}{n}@example.com",
            "address1": f"{n} Main Street", "city": "Reno", "state": "NV", "postalCode": "89501",
            "country": "US", "source": "Contractor+", "tags": ["contractor+ client"],
        }  # fmt: skip
        custom = {
            t.SOURCE_ID: key,
            t.SOURCE_TYPE: "Client",
            "Original_Create_Date__c": "2024-02-29",
        }
        yield _row(f"contact:{key}", "contact", "contact", {"fields": fields, "custom": custom})


def migration_rows(count: int) -> Iterator[MappedRow]:
    """`count` contacts, then as many opportunities, invoices, and relations between these two."""
    yield from contact_rows(count)
    for n in range(count):
        key = f"load/jobs/{n}"
        fields = {
            "name": f"Job {n}",
            "monetaryValue": "990.10",
            "status": "won",
            "stage": "Completed",
        }
        payload = {"fields": fields, "custom": {t.SOURCE_ID: key, "Job_Amount__c": "990.10"}}
        parents = [("contact", f"contact:load/clients/{n}")]
        yield _row(f"opportunity:{key}", "opportunity", t.PIPELINE, payload, parents, 1)
    for n in range(count):
        key = f"load/invoices/{n}"
        fields = {t.NAME: f"INV-{n}", t.SOURCE_ID: key, "Total__c": "15.25"}
        yield _row(f"invoice:{key}", "record", t.INVOICE, {"fields": fields}, (), 2)
    for n in range(count):
        ends = [("first", f"opportunity:load/jobs/{n}"), ("second", f"invoice:load/invoices/{n}")]
        yield _row(f"relation:{RELATION}:load/invoices/{n}", "relation", RELATION, {}, ends, 3)


def _row(
    key: str,
    kind: str,
    target: str,
    payload: dict[str, Any],
    parents: Any = (),
    phase: int = 0,
) -> MappedRow:
    named = [{"role": role, "record_key": parent} for role, parent in parents]
    hashed = payload_hash(payload, named)
    return MappedRow(key, key.split(":", 1)[1], kind, target, payload, hashed, phase, named, key)
