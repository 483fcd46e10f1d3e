"""Custom objects, what is searchable of them, and the kinds of links between objects.

Facts: docs/highlevel.md#objects (agency token, ten objects, three searchable properties) and
docs/highlevel.md#associations.
"""

from __future__ import annotations

from collections.abc import Iterable

from flitstack_pipeline.catalog.targets import Association, TargetObject
from flitstack_pipeline.highlevel.api.associations import AssociationCreate
from flitstack_pipeline.highlevel.api.objects import (
    Labels,
    ObjectCreate,
    ObjectUpdate,
    PrimaryProperty,
)
from flitstack_pipeline.migration.account_schema import slug
from flitstack_pipeline.migration.checklist import Todo, object_name, object_todo
from flitstack_pipeline.migration.provisioning.making import Maker, id_of

SEARCHABLE_MOST = 3
NEEDS_AGENCY = "an agency token (HIGHLEVEL_AGENCY_TOKEN) lets the migration do it"


def make_objects(maker: Maker, objects: Iterable[TargetObject]) -> None:
    """Custom objects; they need the agency token."""
    for target in objects:
        if target.key in maker.catalog.objects:
            _there_already(maker, target.key)
        else:
            _make_object(maker, target)


def _there_already(maker: Maker, key: str) -> None:
    """Note an object that is there; HighLevel knows it by id and by key, and so may the journal."""
    item_key, hl_id = f"object:{key}", str(maker.catalog.objects[key].get("id") or key)
    noted = maker.known.get(item_key, {}).get("hl_id")
    maker.exists(item_key, "object", noted if noted == key else hl_id)


def _make_object(maker: Maker, target: TargetObject) -> None:
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
        maker.catalog.objects[target.key] = {"key": target.key}


def _object_id(maker: Maker, key: str) -> str | None:
    found = next((r for r in maker.hl.objects.list() if r.get("key") == key), None)
    return str(found.get("id") or key) if found else None


def make_searchable(maker: Maker, objects: Iterable[TargetObject]) -> None:
    """At most three searchable properties per object made by us, as HighLevel has them now.

    A record whose source key is not searchable would never be found again.
    """
    for target in objects:
        if maker.is_ours(f"object:{target.key}"):
            keys = _searchable_keys(maker, target)
            there = maker.catalog.objects.get(target.key, {}).get("searchableProperties")
            known = f"searchable:{target.key}" in maker.known
            if not (known if there is None else _names(keys) <= _names(there)):
                _make_searchable(maker, target, keys)


def _searchable_keys(maker: Maker, target: TargetObject) -> list[str]:
    there = [
        label
        for label in target.searchable
        if label == target.primary or f"field:{target.key}:{label}" in maker.known
    ]
    return [f"{target.key}.{slug(label)}" for label in there][:SEARCHABLE_MOST]


def _names(keys: list[str]) -> set[str]:
    """Property names without the key of their object, which answers may leave out."""
    return {key.rsplit(".", 1)[-1] for key in keys}


def _make_searchable(maker: Maker, target: TargetObject, keys: list[str]) -> None:
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


def make_associations(maker: Maker, associations: Iterable[Association]) -> None:
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


def _make_association(maker: Maker, wanted: Association) -> None:
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
