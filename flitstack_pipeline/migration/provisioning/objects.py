"""Custom objects, what is searchable of them, and the kinds of links between objects.

Facts: reference 5.1 (agency token, ten objects, three searchable properties), 6 (associations).
"""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.highlevel.associations import AssociationCreate
from flitstack_pipeline.highlevel.objects import Labels, ObjectCreate, ObjectUpdate, PrimaryProperty
from flitstack_pipeline.migration.catalog import slug
from flitstack_pipeline.migration.checklist import Todo, object_name, object_todo
from flitstack_pipeline.migration.provisioning.making import Maker, id_of

SEARCHABLE_MOST = 3
NEEDS_AGENCY = "an agency token (HIGHLEVEL_AGENCY_TOKEN) lets the migration do it"


def make_objects(maker: Maker, objects: list[Any]) -> None:
    """Custom objects; they need the agency token."""
    for target in objects:
        if target.key in maker.catalog.objects:
            maker.exists(f"object:{target.key}", "object", target.key)
        else:
            _make_object(maker, target)


def _make_object(maker: Maker, target: Any) -> None:
    body = ObjectCreate(
        labels=Labels(singular=target.singular, plural=target.plural),
        key=target.key,
        primary_display_property_details=PrimaryProperty(
            key=f"{target.key}.{slug(target.primary)}", name=target.primary
        ),
    )
    made = maker.make(
        f"object:{target.key}",
        "object",
        "POST /objects/",
        lambda: maker.hl.objects.create(body),
        lambda: _object_id(maker, target.key),
        object_todo(target, NEEDS_AGENCY),
    )
    if made:
        maker.catalog.objects[target.key] = {"key": target.key, "made": True}


def _object_id(maker: Maker, key: str) -> str | None:
    found = next((r for r in maker.hl.objects.list() if r.get("key") == key), None)
    return str(found.get("id") or key) if found else None


def make_searchable(maker: Maker, objects: list[Any]) -> None:
    """At most three searchable properties per object made by us."""
    for target in objects:
        if f"searchable:{target.key}" not in maker.known and maker.is_ours(f"object:{target.key}"):
            _make_searchable(maker, target)


def _make_searchable(maker: Maker, target: Any) -> None:
    there = [
        label
        for label in target.searchable
        if label == target.primary or f"field:{target.key}:{label}" in maker.known
    ]
    keys = [f"{target.key}.{slug(label)}" for label in there][:SEARCHABLE_MOST]
    body = ObjectUpdate(searchable_properties=keys)
    maker.make(
        f"searchable:{target.key}",
        "searchable",
        "PUT /objects/{key}",
        lambda: {**maker.hl.objects.update(target.key, body), "id": target.key},
        lambda: None,
        Todo(
            "searchable properties", ", ".join(target.searchable), target.key,
            clicks=f"Settings → Objects → {object_name(target.key)} → Searchable properties",
        ),
    )  # fmt: skip


def make_associations(maker: Maker, associations: list[Any]) -> None:
    """Kinds of links, between objects that are there."""
    for wanted in associations:
        known = maker.catalog.associations.get(wanted.key)
        if known is not None:
            maker.exists(f"association:{wanted.key}", "association", known.id)
        elif all(_is_there(maker, end) for end in (wanted.first, wanted.second)):
            _make_association(maker, wanted)


def _is_there(maker: Maker, end: str) -> bool:
    """One that is missing is on the checklist itself."""
    return not end.startswith("custom_objects.") or end in maker.catalog.objects


def _make_association(maker: Maker, wanted: Any) -> None:
    body = AssociationCreate(
        key=wanted.key,
        first_object_label=wanted.first_label,
        first_object_key=wanted.first,
        second_object_label=wanted.second_label,
        second_object_key=wanted.second,
    )
    maker.make(
        f"association:{wanted.key}",
        "association",
        "POST /associations/",
        lambda: maker.hl.associations.create(body),
        lambda: id_of(maker.hl.associations.list(), "key", wanted.key),
        Todo(
            "association", f"{wanted.first_label} to {wanted.second_label}", key=wanted.key,
            data_type="many to many", clicks="Settings → Objects → Associations",
        ),
    )  # fmt: skip
