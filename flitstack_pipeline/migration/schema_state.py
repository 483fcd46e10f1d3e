"""How a sub-account's schema compares with what the map needs: a pure comparison, item by item.

What belongs here: one verdict per object, field, association and pipeline, used by the preflight
(what stands in the way), by provisioning (what to make) and at every load (what has drifted).
What does not: making anything (provisioning/), reading it (account_schema.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flitstack_pipeline.catalog.target_schema import TargetSchema
from flitstack_pipeline.catalog.targets import TargetField
from flitstack_pipeline.migration.account_schema import V1_TARGETS, Catalog, FieldRef, slug
from flitstack_pipeline.migration.checklist import object_name

#: Types that hold the same values: an existing field of the second serves where the first is asked.
SERVES = {
    "TEXT": {"LARGE_TEXT"},
    "SINGLE_OPTIONS": {"RADIO"},
    "MULTIPLE_OPTIONS": {"CHECKBOX"},
}


class State(StrEnum):
    """What is the matter with one item."""

    READY = "ready"
    MISSING = "missing"  # to be made
    LACKING = "lacking"  # there, but without some options or stages
    RENAMED = "renamed"  # ours, under another name now: still used, by its id
    DELETED = "deleted"  # ours once: to be made again
    RETYPED = "retyped"  # there with a type that cannot hold the values
    CLASH = "clash"  # something else has its key, or it joins other objects


#: What a person must settle before anything can be made or loaded.
BLOCKING = frozenset({State.RETYPED, State.CLASH})
#: What has changed since we made it.
DRIFTED = frozenset({State.RENAMED, State.DELETED, State.RETYPED, State.LACKING, State.CLASH})


@dataclass(frozen=True)
class Item:
    """One thing the map needs, and how the sub-account has it.

    `lacks` are option labels or stage names; `ours` whether provisioning made it.
    """

    item_key: str
    kind: str
    target: str
    name: str
    state: State
    ours: bool = False
    needed: str = ""
    found: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is the matter, for people; empty when nothing is."""
        what = f"{self.kind} {self.name!r}"
        if self.kind == "field":
            what = f"{object_name(self.target)} field {self.name!r}"
        return {
            State.READY: "",
            State.MISSING: f"{what} is not there yet",
            State.LACKING: f"{what} lacks {', '.join(self.lacks)}",
            State.RENAMED: f"{what} is called {self.found!r} now",
            State.DELETED: f"{what} was deleted since we made it",
            State.RETYPED: f"{what} is of type {self.found}, it must be {self.needed}",
            State.CLASH: f"{what}: {self.found}",
        }[self.state]

    @property
    def what_to_do(self) -> str:
        """What a person must do about it; empty when the migration deals with it."""
        if self.state is State.RETYPED:
            return (
                f"Rename or delete the {object_name(self.target)} field {self.name!r} "
                f"({self.found}), or point map.yaml to a field of type {self.needed}."
            )
        if self.state is State.CLASH:
            return (
                f"{self.sentence}: rename or delete the other one, or choose another in map.yaml."
            )
        if self.state is State.LACKING and self.kind == "pipeline" and not self.ours:
            return (
                f"Pipeline {self.name!r} was there before: add the stages {', '.join(self.lacks)} "
                "(Opportunities → Pipelines), or rename it so that ours can be made."
            )
        return ""

    @property
    def blocks(self) -> bool:
        """Whether nothing can be loaded before a person has dealt with it."""
        return bool(self.what_to_do)


def compare_schema(
    schema: TargetSchema, catalog: Catalog, items: Iterable[Mapping[str, Any]] = ()
) -> list[Item]:
    """Every item the schema needs with its state.

    `items` are what the journal knows of the sub-account's schema. Fields of an object that is not
    there are left to the object.
    """
    known = {i["item_key"]: i for i in items}
    return [
        *_objects(schema, catalog, known),
        *_fields(schema, catalog, known),
        *_associations(schema, catalog, known),
        *_pipeline(schema, catalog, known),
    ]


def drift(schema: TargetSchema, catalog: Catalog, items: Iterable[Mapping[str, Any]]) -> list[Item]:
    """What provisioning made or used and somebody has changed since."""
    items = list(items)
    seen = {i["item_key"] for i in items}
    compared = compare_schema(schema, catalog, items)
    return [i for i in compared if i.item_key in seen and i.state in DRIFTED]


def adopt_renamed(
    schema: TargetSchema, catalog: Catalog, items: Iterable[Mapping[str, Any]]
) -> None:
    """Let the catalogue find our renamed fields and pipeline by the names the map knows."""
    known = {i["item_key"]: i for i in items}
    for item in compare_schema(schema, catalog, known.values()):
        if item.state is State.RENAMED:
            hl_id = known[item.item_key]["hl_id"]
            if item.kind == "field":
                catalog.rename_field(item.target, hl_id, item.name)
            else:
                catalog.rename_pipeline(hl_id, item.name)


def settle_schema(
    schema: TargetSchema, catalog: Catalog, items: Iterable[Mapping[str, Any]]
) -> None:
    """Note in the catalogue what the schema needs and it lacks, and adopt what was renamed.

    A record that needs a missing field would be refused, and an option the field lacks silently
    dropped: a load with anything in `unready` must not begin.
    """
    known = list(items)
    compared = compare_schema(schema, catalog, known)
    well = (State.READY, State.RENAMED)
    catalog.unready = [i.sentence for i in compared if i.state not in well]
    catalog.changed = [i.sentence for i in compared if i.state is State.RENAMED]
    adopt_renamed(schema, catalog, known)


def primary_key(catalog: Catalog, target: str) -> str:
    """Key of the property that names a record of a custom object, which comes with the object."""
    about = catalog.objects.get(target, {})
    key = str(about.get("primaryDisplayProperty") or "").rsplit(".", 1)[-1]
    return key or ("name" if target != "business" else "")


def lacking_options(ref: FieldRef, wanted: Sequence[str]) -> tuple[str, ...]:
    """Options the field does not have yet."""
    labels = {o if isinstance(o, str) else str(o["label"]) for o in ref.options or ()}
    return tuple(option for option in wanted if option not in labels)


def _objects(schema: TargetSchema, catalog: Catalog, known: Mapping[str, Any]) -> Iterator[Item]:
    for target in schema.objects:
        key = f"object:{target.key}"
        made = known.get(key, {}).get("origin") == "created"
        state = State.READY if target.key in catalog.objects else State.MISSING
        state = State.DELETED if state is State.MISSING and made else state
        yield Item(key, "object", target.key, target.singular, state, made)


def _fields(schema: TargetSchema, catalog: Catalog, known: Mapping[str, Any]) -> Iterator[Item]:
    for target, wanted in schema.fields.items():
        v2 = target not in V1_TARGETS
        if v2 and target != "business" and target not in catalog.objects:
            continue
        primary = primary_key(catalog, target) if v2 else ""
        for field in wanted:
            if not primary or slug(field.label) != primary:
                yield _field(target, field, catalog, known)


def _field(target: str, field: TargetField, catalog: Catalog, known: Mapping[str, Any]) -> Item:
    key = f"field:{target}:{field.label}"
    item = known.get(key, {})
    ours = item.get("origin") == "created"

    def found(state: State, found: str = "", lacks: tuple[str, ...] = ()) -> Item:
        return Item(key, "field", target, field.label, state, ours, field.data_type, found, lacks)

    if catalog.has_field(target, field.label):
        ref = catalog.field(target, field.label)
        if ref.data_type not in {field.data_type, *SERVES.get(field.data_type, ())}:
            return found(State.RETYPED, ref.data_type)
        lacks = lacking_options(ref, field.options)
        return found(State.LACKING if lacks else State.READY, ref.data_type, lacks)
    there = catalog.of_target(target)
    renamed = next((r for r in there if ours and r.id == item.get("hl_id")), None)
    if renamed is not None:
        return found(State.RENAMED, renamed.label)
    clash = next((r for r in there if slug(r.key) == slug(field.label)), None)
    if clash is not None:
        return found(State.CLASH, f"the field {clash.label!r} has the key {clash.key}")
    return found(State.DELETED if ours else State.MISSING)


def _associations(
    schema: TargetSchema, catalog: Catalog, known: Mapping[str, Any]
) -> Iterator[Item]:
    for wanted in schema.associations:
        key = f"association:{wanted.key}"
        ours = known.get(key, {}).get("origin") == "created"
        ref = catalog.associations.get(wanted.key)
        state, found = State.READY, ""
        if ref is None:
            state = State.DELETED if ours else State.MISSING
        elif (ref.first, ref.second) != (wanted.first, wanted.second):
            state, found = State.CLASH, f"it joins {ref.first} and {ref.second}"
        name = f"{wanted.first_label} – {wanted.second_label}"
        yield Item(key, "association", wanted.first, name, state, ours, "", found)


def _pipeline(schema: TargetSchema, catalog: Catalog, known: Mapping[str, Any]) -> Iterator[Item]:
    wanted = schema.pipeline
    key = f"pipeline:{wanted.name}"
    item = known.get(key, {})
    ours = item.get("origin") == "created"
    ref = next(
        (p for n, p in catalog.pipelines.items() if n.casefold() == wanted.name.casefold()), None
    )
    if ref is not None:
        have = {stage.casefold() for stage in ref.stages}
        lacks = tuple(stage for stage in wanted.stages if stage.casefold() not in have)
        state = State.LACKING if lacks else State.READY
        yield Item(key, "pipeline", "", wanted.name, state, ours, lacks=lacks)
        return
    renamed = next(
        (p for p in catalog.pipelines.values() if ours and p.id == item.get("hl_id")), None
    )
    state = State.RENAMED if renamed else State.DELETED if ours else State.MISSING
    yield Item(key, "pipeline", "", wanted.name, state, ours, found=renamed.name if renamed else "")
