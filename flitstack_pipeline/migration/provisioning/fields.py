"""Custom fields with their options: v1 on contacts and opportunities, v2 on objects and companies.

Facts: docs/highlevel.md#object-fields (folders, options cannot be removed) and
docs/highlevel.md#custom-fields (options replace the list).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import cast

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.targets import CONTACT, TargetField
from flitstack_pipeline.highlevel.api.custom_fields import (
    DataTypeV2,
    FieldCreateV1,
    FieldCreateV2,
    FieldUpdateV1,
    FieldUpdateV2,
    Option,
)
from flitstack_pipeline.migration.account_schema import V1_TARGETS, FieldRef, slug
from flitstack_pipeline.migration.checklist import Todo, field_todo
from flitstack_pipeline.migration.provisioning.making import Maker, id_of
from flitstack_pipeline.migration.schema_state import SERVES, lacking_options, primary_key

FOLDER = SOURCE.name
FILES_MOST = 50


def make_fields(maker: Maker, fields: Mapping[str, Iterable[TargetField]]) -> None:
    """Custom fields of every target that exists; existing ones get the options they lack."""
    folders = _Folders(maker)
    for target, wanted in fields.items():
        v1 = target in V1_TARGETS
        if not v1 and target != "business" and target not in maker.catalog.objects:
            continue  # the object itself is on the checklist
        primary = "" if v1 else primary_key(maker.catalog, target)
        for field in wanted:
            if primary and slug(field.label) == primary:
                continue  # it came with the object
            if maker.catalog.has_field(target, field.label):
                _use(maker, target, field)
            elif v1:
                _make_v1(maker, target, field)
            else:
                _make_v2(maker, target, field, folders.of(target))


def option_keys(options: Iterable[str], taken: Iterable[str] = ()) -> list[Option]:
    """Options of a v2 field, each with a key of its own."""
    used = set(taken)
    made = []
    for label in options:
        key, number = slug(label), 2
        while key in used:
            key, number = f"{slug(label)}_{number}", number + 1
        used.add(key)
        made.append(Option(key=key, label=label))
    return made


def _use(maker: Maker, target: str, field: TargetField) -> None:
    """Take a field that is there; what it lacks is added, what is wrong goes on the checklist."""
    ref = maker.catalog.field(target, field.label)
    maker.exists(f"field:{target}:{field.label}", "field_v1", ref.id)
    if ref.data_type not in {field.data_type, *SERVES.get(field.data_type, ())}:
        why = f"{field.label} is there as {ref.data_type}: rename or delete that one first"
        maker.catalog.checklist.append(field_todo(target, field, why))
        return
    lacks = lacking_options(ref, field.options)
    if lacks:
        _add_options(maker, ref, lacks)


def _add_options(maker: Maker, ref: FieldRef, lacks: tuple[str, ...]) -> None:
    """Options added behind the existing ones, which all stay."""
    v1 = ref.target in V1_TARGETS
    there = list(ref.options or ())
    if v1:
        labels = [o if isinstance(o, str) else str(o["label"]) for o in there]
        change = partial(
            maker.hl.custom_fields.v1.update,
            ref.id,
            FieldUpdateV1(name=ref.label, options=[*labels, *lacks]),
        )
    else:
        kept = [
            Option(**{k: o[k] for k in ("key", "label", "url") if o.get(k)})
            for o in there
            if not isinstance(o, str)
        ]
        more = option_keys(lacks, [o.key for o in kept])
        change = partial(
            maker.hl.custom_fields.v2.update, ref.id, FieldUpdateV2(options=[*kept, *more])
        )
    maker.make(
        f"options:{ref.target}:{ref.label}:{','.join(lacks)}",
        "options",
        "PUT /locations/{locationId}/customFields/{id}" if v1 else "PUT /custom-fields/{id}",
        change,
        lambda: None,
        Todo(
            "options", ref.label, ref.target, data_type=ref.data_type, options=lacks,
            clicks="Settings → Custom Fields → Edit → Add options",
        ),
        {"field_id": ref.id, "added": list(lacks)},
    )  # fmt: skip


def _make_v1(maker: Maker, target: str, field: TargetField) -> None:
    files = field.data_type == "FILE_UPLOAD"
    body = FieldCreateV1(
        name=field.label,
        data_type=field.data_type,
        model="contact" if target == CONTACT else "opportunity",
        options=list(field.options) or None,
        is_multiple_file=True if files else None,
        max_number_of_files=FILES_MOST if files else None,
    )
    maker.make(
        f"field:{target}:{field.label}",
        "field_v1",
        "POST /locations/{locationId}/customFields",
        lambda: maker.hl.custom_fields.v1.create(body),
        lambda: id_of(
            [r for r in maker.hl.custom_fields.v1.list("all") if r["model"] == target],
            "name",
            field.label,
        ),
        field_todo(target, field, ""),
    )


def _make_v2(maker: Maker, target: str, field: TargetField, folder: str | None) -> None:
    if folder is None:
        return  # the folder is on the checklist
    body = FieldCreateV2(
        name=field.label,
        data_type=cast(DataTypeV2, field.data_type),  # checked by the model
        field_key=f"{target}.{slug(field.label)}",
        object_key=target,
        parent_id=folder,
        options=option_keys(field.options) or None,
    )
    maker.make(
        f"field:{target}:{field.label}",
        "field_v2",
        "POST /custom-fields/",
        lambda: maker.hl.custom_fields.v2.create(body),
        lambda: id_of(maker.hl.custom_fields.v2.list(target)[0], "name", field.label),
        field_todo(target, field, ""),
    )


class _Folders:
    """The folder of our fields on each object, found or made when the first field needs it."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._ids: dict[str, str | None] = {}

    def of(self, target: str) -> str | None:
        """Id of the folder, or None when it could not be made."""
        if target not in self._ids:
            self._ids[target] = self._find_or_make(target)
        return self._ids[target]

    def _find_or_make(self, target: str) -> str | None:
        v2 = self._maker.hl.custom_fields.v2

        def look() -> str | None:
            return id_of(v2.list(target)[1], "name", FOLDER)

        return look() or self._maker.make(
            f"folder:{target}",
            "folder",
            "POST /custom-fields/folder",
            lambda: v2.create_folder(target, FOLDER),
            look,
            Todo("folder", FOLDER, target, clicks="Settings → Custom Fields → Add folder"),
        )
