"""What the sub-account calls things: labels to ids, option labels to keys, stages to ids.

What belongs here: reading the ids back and answering questions about them. What does not: making
anything (provision.py). Facts: docs/highlevel.md#custom-fields (v1, contacts and opportunities),
docs/highlevel.md#object-fields (v2, custom objects and companies), docs/highlevel.md#associations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flitstack_pipeline.highlevel.answer_types import (
    Association,
    FieldV1,
    FieldV2,
    Pipeline,
    Schema,
)
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import BadRequest, NotFound
from flitstack_pipeline.highlevel.values import (
    Door,
    Options,
    decode_custom_value,
    encode_custom_value,
)
from flitstack_pipeline.migration.checklist import Todo

V1_TARGETS = ("contact", "opportunity")


class UnknownName(ValueError):
    """A label, stage, pipeline or association the sub-account does not have."""


@dataclass(frozen=True)
class FieldRef:
    """A custom field: its id, its key inside records, its type and its options.

    `unique` is None where the answer does not tell (docs/highlevel.md#objects).
    """

    target: str
    label: str
    id: str
    key: str
    data_type: str
    options: Options = None
    unique: bool | None = None

    @property
    def door(self) -> Door:
        """Which way values go (docs/highlevel.md#contact-values, #records)."""
        return "v1" if self.target in V1_TARGETS else "v2"

    def encode(self, value: Any, current: list[str] | None = None) -> Any:
        """The wire value of a logical one. Raises ValueError naming the field."""
        try:
            return encode_custom_value(
                self.data_type, value, self.options, self.door, current=current
            )
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{self.label}: {error}") from error

    def decode(self, value: Any) -> Any:
        """The logical value of a wire one: numbers as decimal strings, options as labels."""
        found = decode_custom_value(self.data_type, value, self.options, self.door)
        return format(found, "f") if hasattr(found, "as_tuple") else found


@dataclass(frozen=True)
class PipelineRef:
    """A pipeline and its stages, name to id."""

    id: str
    name: str
    stages: dict[str, str]


@dataclass(frozen=True)
class AssociationRef:
    """An association; relations name their records in this order of objects."""

    id: str
    key: str
    first: str
    second: str


@dataclass
class Catalog:
    """Everything of one sub-account that has an id and a name.

    `location` is the sub-account itself; `objects` the custom objects wanted and companies,
    `all_objects` every schema there is. `users` maps the source's user keys to HighLevel user ids;
    users.py fills it. `checklist` says what a person must do in HighLevel, because the API or the
    token cannot; `unready` what the map needs and is not there, `changed` what else somebody has
    changed since it was provisioned (schema_state.py fills them). `workflows_looked_at` are the
    waves before which nobody's published workflow was found (services/workflows.py),
    `marks_looked_at` the stages before which no other migration's mark was
    (services/foreign_migrations.py).
    """

    location_id: str
    fields: dict[tuple[str, str], FieldRef] = field(default_factory=dict)
    pipelines: dict[str, PipelineRef] = field(default_factory=dict)
    associations: dict[str, AssociationRef] = field(default_factory=dict)
    objects: dict[str, Schema] = field(default_factory=dict)
    all_objects: dict[str, Schema] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    location: dict[str, Any] = field(default_factory=dict)
    checklist: list[Todo] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    workflows_looked_at: set[str] = field(default_factory=set)
    marks_looked_at: set[str] = field(default_factory=set)

    # --- names to ids --------------------------------------------------------------------------

    def field(self, target: str, label: str) -> FieldRef:
        """The custom field with this label. Raises UnknownName."""
        found = self.fields.get((target, label)) or self.fields.get((target, label.casefold()))
        if found is None:
            raise UnknownName(f"{target} has no custom field named {label!r}: provision it first")
        return found

    def has_field(self, target: str, label: str) -> bool:
        """Whether a custom field with this label exists."""
        return (target, label) in self.fields or (target, label.casefold()) in self.fields

    def pipeline(self, name: str) -> PipelineRef:
        """The pipeline of this name. Raises UnknownName."""
        for known, pipeline in self.pipelines.items():
            if known.casefold() == name.casefold():
                return pipeline
        raise UnknownName(f"there is no pipeline named {name!r}: provision it first")

    def stage(self, pipeline: str, stage: str) -> str:
        """A stage's id. Raises UnknownName."""
        stages = self.pipeline(pipeline).stages
        for known, stage_id in stages.items():
            if known.casefold() == stage.casefold():
                return stage_id
        raise UnknownName(f"pipeline {pipeline!r} has no stage {stage!r}, only {list(stages)}")

    def association(self, key: str) -> AssociationRef:
        """The association with this key. Raises UnknownName."""
        if key not in self.associations:
            raise UnknownName(f"there is no association {key!r}: provision it first")
        return self.associations[key]

    def user(self, source_key: str | None) -> str | None:
        """The HighLevel user of a source user, or None when nobody matched."""
        return self.users.get(source_key) if source_key else None

    @property
    def settings(self) -> dict[str, Any]:
        """The sub-account's settings."""
        return self.location.get("settings") or {}

    @property
    def refuses_duplicate_contacts(self) -> bool:
        """Whether HighLevel itself refuses a second contact with an e-mail or phone."""
        return self.settings.get("allowDuplicateContact") is False

    # --- ids to names --------------------------------------------------------------------------

    def labels_by_id(self, target: str) -> dict[str, FieldRef]:
        """Custom fields of a target by id."""
        return {ref.id: ref for ref in self.of_target(target)}

    def labels_by_key(self, target: str) -> dict[str, FieldRef]:
        """Custom fields of a target by property key."""
        return {ref.key: ref for ref in self.of_target(target)}

    def of_target(self, target: str) -> list[FieldRef]:
        """Custom fields of a target, each once."""
        return list({r.id: r for (t, _), r in self.fields.items() if t == target}.values())

    def user_key(self, user_id: str | None) -> str | None:
        """The source user of a HighLevel user, or None."""
        if user_id is None:
            return None
        return next((key for key, known in self.users.items() if known == user_id), None)

    def owner_key(self, source_key: str) -> str:
        """The source user under whom records of `source_key` are read back.

        Several team members may have one HighLevel user (a fallback owner): reading knows only
        one of them.
        """
        return self.user_key(self.users.get(source_key)) or source_key

    def stage_name(self, stage_id: str | None) -> tuple[str | None, str | None]:
        """(pipeline name, stage name) of a stage id."""
        for pipeline in self.pipelines.values():
            for name, known in pipeline.stages.items():
                if known == stage_id:
                    return pipeline.name, name
        return None, None

    def add_field(self, ref: FieldRef) -> None:
        """Learn a field; its label is found whatever its case."""
        self.fields[(ref.target, ref.label)] = ref
        self.fields.setdefault((ref.target, ref.label.casefold()), ref)

    def rename_field(self, target: str, field_id: str, label: str) -> None:
        """Know a field by another label: the map's, when a person has renamed it in HighLevel."""
        keys = [k for k, ref in self.fields.items() if k[0] == target and ref.id == field_id]
        refs = [self.fields.pop(key) for key in keys]
        if refs:
            self.add_field(replace(refs[0], label=label))

    def rename_pipeline(self, pipeline_id: str, name: str) -> None:
        """Know a pipeline by another name."""
        for known, pipeline in list(self.pipelines.items()):
            if pipeline.id == pipeline_id:
                del self.pipelines[known]
                self.pipelines[name] = replace(pipeline, name=name)


@dataclass(frozen=True)
class Read:
    """One part of the catalogue: what it is, the scope its reading needs, and the reading."""

    what: str
    scope: str
    run: Callable[[], None]


def build_catalog(
    hl: HighLevel,
    object_keys: Iterable[str] = (),
    *,
    users: Mapping[str, str] | None = None,
    products: bool = False,
) -> Catalog:
    """Read the sub-account's names and ids; writes nothing.

    `object_keys` are the custom objects wanted (those that do not exist are left out); companies
    are always read. Raises HighLevelError.
    """
    catalog = Catalog(hl.location_id, users=dict(users or {}))
    for read in catalog_reads(hl, catalog, object_keys, products=products):
        read.run()
    return catalog


def catalog_reads(
    hl: HighLevel, catalog: Catalog, object_keys: Iterable[str], *, products: bool
) -> list[Read]:
    """The readings that fill a catalogue, in order; the preflight tries them one by one."""
    keys = list(object_keys)
    reads = [
        Read("the sub-account", "locations.readonly", lambda: _read_location(hl, catalog)),
        Read("custom fields", "locations/customFields.readonly", lambda: _read_v1(hl, catalog)),
        Read("custom objects", "objects/schema.readonly", lambda: _read_objects(hl, catalog, keys)),
        Read(
            "pipelines",
            "pipelines.readonly, in older accounts opportunities.readonly",
            lambda: _read_pipelines(hl, catalog),
        ),
        Read("associations", "associations.readonly", lambda: _read_associations(hl, catalog)),
        Read("tags", "locations/tags.readonly", lambda: _read_tags(hl, catalog)),
    ]
    if products:
        reads.append(Read("products", "products.readonly", lambda: _read_products(hl, catalog)))
    return reads


def _read_location(hl: HighLevel, catalog: Catalog) -> None:
    catalog.location = hl.locations.get()


def _read_v1(hl: HighLevel, catalog: Catalog) -> None:
    for record in hl.custom_fields.v1.list("all"):
        catalog.add_field(field_v1(record))


def _read_objects(hl: HighLevel, catalog: Catalog, keys: Iterable[str]) -> None:
    catalog.all_objects = {schema["key"]: schema for schema in hl.objects.list()}
    for key in dict.fromkeys((*keys, "business")):
        if key in catalog.all_objects:
            catalog.objects[key] = catalog.all_objects[key]
        if key in catalog.all_objects or key == "business":
            _read_fields_v2(hl, catalog, key)


def _read_pipelines(hl: HighLevel, catalog: Catalog) -> None:
    for record in hl.pipelines.list():
        catalog.pipelines[record["name"]] = pipeline_ref(record)


def _read_associations(hl: HighLevel, catalog: Catalog) -> None:
    for record in hl.associations.list():
        ref = association_ref(record)
        catalog.associations[ref.key] = ref


def _read_tags(hl: HighLevel, catalog: Catalog) -> None:
    catalog.tags = {str(r["name"]).lower(): r["id"] for r in hl.locations.list_tags()}


def _read_products(hl: HighLevel, catalog: Catalog) -> None:
    catalog.products = {r["name"]: r["id"] for r in hl.products.list()}


def slug(label: str) -> str:
    """The key HighLevel can take for a label: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "value"


def field_v1(record: FieldV1) -> FieldRef:
    """A contact or opportunity field as read (docs/highlevel.md#custom-fields)."""
    key = record["fieldKey"].rsplit(".", 1)[-1]
    options = record["picklistOptions"] or None
    return FieldRef(record["model"], record["name"], record["id"], key, record["dataType"], options)


def field_v2(object_key: str, record: FieldV2) -> FieldRef:
    """A field of a custom object or of companies as read (docs/highlevel.md#object-fields)."""
    key, options = record["fieldKey"].rsplit(".", 1)[-1], record["options"] or None
    return FieldRef(
        object_key, record["name"], record["id"], key, record["dataType"], options, record["unique"]
    )


def pipeline_ref(record: Pipeline) -> PipelineRef:
    """A pipeline as read."""
    stages = {stage["name"]: stage["id"] for stage in record["stages"]}
    return PipelineRef(record["id"], record["name"], stages)


def association_ref(record: Association) -> AssociationRef:
    """An association as read."""
    return AssociationRef(
        record["id"], record["key"], record["firstObjectKey"], record["secondObjectKey"]
    )


def _read_fields_v2(hl: HighLevel, catalog: Catalog, object_key: str) -> None:
    try:
        fields, _ = hl.custom_fields.v2.list(object_key)
    except (NotFound, BadRequest):
        fields = []
    for record in fields:
        catalog.add_field(field_v2(object_key, record))
    primary = str((catalog.objects.get(object_key) or {}).get("primaryDisplayProperty") or "")
    key = primary.rsplit(".", 1)[-1]
    if key and object_key != "business" and key not in catalog.labels_by_key(object_key):
        _add_primary(hl, catalog, object_key, key)


def _add_primary(hl: HighLevel, catalog: Catalog, object_key: str, key: str) -> None:
    """The property that names a record, when the list of fields leaves it out."""
    for record in hl.objects.list_fields(object_key):
        if record["fieldKey"].rsplit(".", 1)[-1] == key:
            catalog.add_field(field_v2(object_key, record))
            return
    label = key.replace("_", " ").title()
    catalog.add_field(FieldRef(object_key, label, key, key, "TEXT"))
