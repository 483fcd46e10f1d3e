"""Makes the sub-account ready: fields, objects, associations, pipeline, products, tags.

What belongs here: creating what is missing, once, journalled. What does not: what should exist
(spec/targets.py and the map), taking it away (rollback.py). What the API or the token cannot do
becomes a line of the checklist. Facts: reference 4.2, 5.1, 5.4, 6, 7, 10, 12.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.associations import AssociationCreate
from flitstack_pipeline.highlevel.custom_fields import FieldCreateV1, FieldCreateV2, Option
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    BadRequest,
    Forbidden,
    HighLevelError,
    Unauthorized,
    ValidationRejected,
)
from flitstack_pipeline.highlevel.objects import Labels, ObjectCreate, ObjectUpdate, PrimaryProperty
from flitstack_pipeline.highlevel.pipelines import PipelineBody, Stage
from flitstack_pipeline.highlevel.products import PriceBody, ProductBody
from flitstack_pipeline.migration.catalog import V1_TARGETS, Catalog, build_catalog
from flitstack_pipeline.migration.journal import Intent, Journal, Outcome, Run

FOLDER = "Contractor+"
SEARCHABLE_MOST = 3
LOOK_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
FILES_MOST = 50


def provision(hl: HighLevel, schema: Any, journal: Journal, run: Run) -> Catalog:
    """Create what `schema` declares and the sub-account lacks; returns the catalog.

    `schema` has `fields` (by target: label, data_type, options), `objects` (key, singular, plural,
    primary, searchable), `associations` (key, first, first_label, second, second_label),
    `pipeline` (name, stages), `products` and `tags`; mappings or sequences. A second run writes
    nothing. What could not be made stands in the catalog's `checklist`. Raises HighLevelError.
    """
    keys = [o.key for o in _listed(getattr(schema, "objects", ()))]
    products = bool(_listed(getattr(schema, "products", ())))
    catalog = build_catalog(hl, keys, products=products)
    maker = _Provisioner(hl, journal, run, catalog)
    maker.objects(_listed(getattr(schema, "objects", ())))
    maker.fields(getattr(schema, "fields", {}))
    maker.searchable(_listed(getattr(schema, "objects", ())))
    maker.associations(_listed(getattr(schema, "associations", ())))
    pipeline = getattr(schema, "pipeline", None)
    if pipeline is not None:
        maker.pipeline(pipeline.name, list(pipeline.stages))
    maker.tags(_listed(getattr(schema, "tags", ())))
    maker.products(_listed(getattr(schema, "products", ())))
    if maker.made:
        checklist = catalog.checklist
        catalog = build_catalog(hl, keys, users=catalog.users, products=products)
        catalog.checklist = checklist
    return catalog


def slug(label: str) -> str:
    """The key HighLevel can take for a label: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "value"


def option_keys(options: Iterable[str]) -> list[Option]:
    """Options of a v2 field, each with a key of its own."""
    taken: set[str] = set()
    made = []
    for label in options:
        key, number = slug(label), 2
        while key in taken:
            key, number = f"{slug(label)}_{number}", number + 1
        taken.add(key)
        made.append(Option(key=key, label=label))
    return made


class _Provisioner:
    def __init__(self, hl: HighLevel, journal: Journal, run: Run, catalog: Catalog) -> None:
        self.hl, self.journal, self.run, self.catalog = hl, journal, run, catalog
        self.known = {i["item_key"]: i for i in journal.schema_items(hl.location_id)}
        self.tried = journal.intended_keys(hl.location_id, "provision")
        self.made = 0
        self._folders: dict[str, str] = {}

    # --- kinds of schema -----------------------------------------------------------------------

    def objects(self, objects: list[Any]) -> None:
        """Custom objects; they need the agency token."""
        for target in objects:
            if target.key in self.catalog.objects:
                self._exists(f"object:{target.key}", "object", target.key)
                continue
            primary = PrimaryProperty(
                key=f"{target.key}.{slug(target.primary)}", name=target.primary
            )
            body = ObjectCreate(
                labels=Labels(singular=target.singular, plural=target.plural),
                key=target.key,
                primary_display_property_details=primary,
            )
            by_hand = (
                f"Settings → Objects → Add object: {target.singular} / {target.plural}, key "
                f"{target.key}, primary field {target.primary} (text). An agency token "
                "(HIGHLEVEL_AGENCY_TOKEN) lets the migration do this."
            )
            made = self._make(
                f"object:{target.key}",
                "object",
                "POST /objects/",
                partial(self.hl.objects.create, body),
                partial(self._object, target.key),
                by_hand,
            )
            if made:
                self.catalog.objects[target.key] = {"key": target.key, "made": True}

    def fields(self, fields: Mapping[str, Iterable[Any]]) -> None:
        """Custom fields of every target that exists."""
        for target, wanted in fields.items():
            if target in V1_TARGETS:
                for field in wanted:
                    self._field_v1(target, field)
            elif target == "business" or target in self.catalog.objects:
                primary = self._primary(target)
                for field in wanted:
                    if slug(field.label) != primary:
                        self._field_v2(target, field)

    def searchable(self, objects: list[Any]) -> None:
        """At most three searchable properties per object made by us."""
        for target in objects:
            item_key = f"searchable:{target.key}"
            created = self.known.get(f"object:{target.key}", {}).get("origin") == "created"
            if item_key in self.known or not created:
                continue
            there = [
                label
                for label in target.searchable
                if label == target.primary or f"field:{target.key}:{label}" in self.known
            ]
            keys = [f"{target.key}.{slug(label)}" for label in there][:SEARCHABLE_MOST]
            body = ObjectUpdate(searchable_properties=keys)
            self._make(
                item_key,
                "searchable",
                "PUT /objects/{key}",
                partial(self._update_object, target.key, body),
                lambda: None,
                f"Make {', '.join(target.searchable)} searchable on {target.plural}.",
            )

    def associations(self, associations: list[Any]) -> None:
        """Kinds of links."""
        for wanted in associations:
            item_key = f"association:{wanted.key}"
            if wanted.key in self.catalog.associations:
                self._exists(item_key, "association", self.catalog.associations[wanted.key].id)
                continue
            ends = (wanted.first, wanted.second)
            if any(e.startswith("custom_objects.") and e not in self.catalog.objects for e in ends):
                continue  # the object itself is on the checklist
            body = AssociationCreate(
                key=wanted.key,
                first_object_label=wanted.first_label,
                first_object_key=wanted.first,
                second_object_label=wanted.second_label,
                second_object_key=wanted.second,
            )
            self._make(
                item_key,
                "association",
                "POST /associations/",
                partial(self.hl.associations.create, body),
                partial(_listed_id, self.hl.associations.list, "key", wanted.key),
                f"Settings → Objects → Associations: {wanted.first_label} to "
                f"{wanted.second_label}, key {wanted.key}.",
            )

    def pipeline(self, name: str, stages: list[str]) -> None:
        """The job pipeline with its stages."""
        existing = next(
            (p for n, p in self.catalog.pipelines.items() if n.casefold() == name.casefold()), None
        )
        if existing is not None:
            self._exists(f"pipeline:{name}", "pipeline", existing.id)
            have = {stage.casefold() for stage in existing.stages}
            lacking = [stage for stage in stages if stage.casefold() not in have]
            if lacking:
                self.catalog.checklist.append(
                    f"Pipeline {name!r} was there before and lacks the stages {lacking}: add them."
                )
            return
        body = PipelineBody(
            name=name, stages=[Stage(name=s, position=i) for i, s in enumerate(stages)]
        )
        self._make(
            f"pipeline:{name}",
            "pipeline",
            "POST /opportunities/pipelines",
            lambda: self.hl.pipelines.create(body),
            lambda: _id_of(self.hl.pipelines.list(), "name", name),
            f"Opportunities → Pipelines: {name} with the stages {', '.join(stages)}.",
        )

    def tags(self, tags: list[Any]) -> None:
        """Tags our records carry."""
        for tag in tags:
            name = str(_get(tag, "name") or tag).lower()
            if name in self.catalog.tags:
                self._exists(f"tag:{name}", "tag", self.catalog.tags[name])
                continue
            self._make(
                f"tag:{name}",
                "tag",
                "POST /locations/{locationId}/tags",
                partial(self.hl.locations.create_tag, name),
                partial(_listed_id, self.hl.locations.list_tags, "name", name),
                "",
            )

    def products(self, products: list[Any]) -> None:
        """The price list: one product and one price per item."""
        for product in products:
            name = str(_get(product, "name"))
            if name in self.catalog.products:
                product_id: str | None = self.catalog.products[name]
                self._exists(f"product:{name}", "product", str(product_id))
            else:
                body = ProductBody(name=name, description=_get(product, "description"))
                product_id = self._make(
                    f"product:{name}",
                    "product",
                    "POST /products/",
                    partial(self.hl.products.create, body),
                    partial(_listed_id, self.hl.products.list, "name", name),
                    f"Payments → Products: {name}.",
                )
            if product_id:
                self._price(product, name, product_id)

    # --- one field, one price --------------------------------------------------------------------

    def _field_v1(self, target: str, field: Any) -> None:
        if not self._is_new(target, field):
            return
        files = field.data_type == "FILE_UPLOAD"
        body = FieldCreateV1(
            name=field.label,
            data_type=field.data_type,
            model=target,  # type: ignore[arg-type]
            options=list(field.options) or None,
            is_multiple_file=True if files else None,
            max_number_of_files=FILES_MOST if files else None,
        )
        self._make(
            f"field:{target}:{field.label}",
            "field_v1",
            "POST /locations/{locationId}/customFields",
            lambda: self.hl.custom_fields.v1.create(body),
            lambda: _id_of(
                [r for r in self.hl.custom_fields.v1.list("all") if _model(r) == target],
                "name",
                field.label,
            ),
            f"Settings → Custom Fields: {field.label} ({field.data_type}) on {target}.",
        )

    def _field_v2(self, target: str, field: Any) -> None:
        if not self._is_new(target, field):
            return
        folder = self._folder(target)
        if folder is None:
            return
        body = FieldCreateV2(
            name=field.label,
            data_type=field.data_type,
            field_key=f"{target}.{slug(field.label)}",
            object_key=target,
            parent_id=folder,
            options=option_keys(field.options) or None,
        )
        self._make(
            f"field:{target}:{field.label}",
            "field_v2",
            "POST /custom-fields/",
            lambda: self.hl.custom_fields.v2.create(body),
            lambda: _id_of(self.hl.custom_fields.v2.list(target)[0], "name", field.label),
            f"Settings → Custom Fields: {field.label} ({field.data_type}) on {target}.",
        )

    def _is_new(self, target: str, field: Any) -> bool:
        """Whether a field is to be made; one that is there is checked."""
        if not self.catalog.has_field(target, field.label):
            return True
        ref = self.catalog.field(target, field.label)
        self._exists(f"field:{target}:{field.label}", "field_v1", ref.id)
        labels = {o if isinstance(o, str) else o["label"] for o in ref.options or ()}
        lacking = [option for option in field.options if option not in labels]
        if ref.data_type != field.data_type:
            self.catalog.checklist.append(
                f"{target} has a field {field.label} of type {ref.data_type}; it must be "
                f"{field.data_type}: rename or delete the old one."
            )
        elif lacking:
            self.catalog.checklist.append(f"{target} field {field.label} lacks options {lacking}.")
        return False

    def _folder(self, target: str) -> str | None:
        if target not in self._folders:
            _, folders = self.hl.custom_fields.v2.list(target)
            found = _id_of(folders, "name", FOLDER) or self._make(
                f"folder:{target}",
                "folder",
                "POST /custom-fields/folder",
                lambda: self.hl.custom_fields.v2.create_folder(target, FOLDER),
                lambda: _id_of(self.hl.custom_fields.v2.list(target)[1], "name", FOLDER),
                f"Settings → Custom Fields: a folder {FOLDER} on {target}.",
            )
            if found is None:
                return None
            self._folders[target] = found
        return self._folders[target]

    def _price(self, product: Any, name: str, product_id: str) -> None:
        amount = _get(product, "price", "amount", "unit_price")
        item_key = f"price:{name}"
        if amount in (None, "") or item_key in self.known:
            return
        created = self.known.get(f"product:{name}", {}).get("origin") == "created"
        if not created:
            return  # somebody else's product keeps its prices
        currency = str(_get(product, "currency") or "USD")
        body = PriceBody(name=name, amount=amount, currency=currency)
        self._make(
            item_key,
            "price",
            "POST /products/{productId}/price",
            lambda: self.hl.products.create_price(product_id, body),
            lambda: _id_of(self.hl.products.list_prices(product_id), "name", name),
            f"Payments → Products → {name}: a price of {amount} {currency}.",
            {"product_id": product_id},
        )

    def _primary(self, target: str) -> str:
        about = self.catalog.objects.get(target, {})
        key = str(about.get("primaryDisplayProperty") or "").rsplit(".", 1)[-1]
        return key or ("name" if target != "business" else "")

    def _update_object(self, key: str, body: ObjectUpdate) -> dict[str, Any]:
        return {**self.hl.objects.update(key, body), "id": key}

    def _object(self, key: str) -> str | None:
        found = next((r for r in self.hl.objects.list() if r.get("key") == key), None)
        return str(found.get("id") or key) if found else None

    # --- making one thing ------------------------------------------------------------------------

    def _exists(self, item_key: str, kind: str, hl_id: str) -> None:
        """Note what is there; it is ours when we once tried to make it."""
        if item_key not in self.known:
            origin = "created" if item_key in self.tried else "existing"
            self._note(item_key, kind, hl_id, origin, "", {})

    def _note(
        self, item_key: str, kind: str, hl_id: str, origin: str, sequence: str, details: Any
    ) -> None:
        target = item_key.split(":")[1] if kind.startswith("field") else ""
        if target and target not in V1_TARGETS:
            kind = "field_v2"
        row = {
            "location": self.hl.location_id, "item_key": item_key, "kind": kind, "hl_id": hl_id,
            "origin": origin, "details": details, "run_id": self.run.id, "sequence": sequence,
        }  # fmt: skip
        self.known[item_key] = row
        self.journal.put_schema_item(row)

    def _make(
        self,
        item_key: str,
        kind: str,
        endpoint: str,
        create: Callable[[], Mapping[str, Any]],
        look: Callable[[], str | None],
        by_hand: str,
        details: dict[str, Any] | None = None,
    ) -> str | None:
        """Create one thing; its id, or None when it is now on the checklist."""
        for attempt in (1, 2, 3):
            intent = Intent(
                self.run.id, self.hl.location_id, "schema", item_key, item_key, kind, "schema",
                "provision", endpoint, None, details, attempt,
            )  # fmt: skip
            self.journal.intend([intent])
            try:
                record = create()
            except AmbiguousOutcome as error:
                found = _patiently(look)
                result = "found" if found else "absent"
                self.journal.conclude([Outcome(intent.id, result, error.status, found)])
                if not found:
                    continue
            except (Unauthorized, Forbidden, BadRequest, ValidationRejected, ValueError) as error:
                return self._cannot(item_key, kind, intent, error, look, by_hand)
            except HighLevelError as error:
                self._refused(intent, error)
                raise
            else:
                found = str(record.get("id") or record.get("_id") or record.get("key"))
                self.journal.conclude([Outcome(intent.id, "done", 201, found)])
            self._note(item_key, kind, found, "created", intent.id, details or {})
            self.made += 1
            return found
        self.catalog.checklist.append(by_hand or f"{item_key} could not be made.")
        return None

    def _cannot(
        self,
        item_key: str,
        kind: str,
        intent: Intent,
        error: HighLevelError | ValueError,
        look: Callable[[], str | None],
        by_hand: str,
    ) -> str | None:
        self._refused(intent, error)
        if isinstance(error, Unauthorized) and not error.scope_missing:
            raise error
        found = look() if isinstance(error, BadRequest | ValidationRejected) else None
        if found:
            self._note(item_key, kind, found, "existing", "", {})
            return found
        self.catalog.checklist.append(f"{by_hand or item_key} ({error})")
        return None

    def _refused(self, intent: Intent, error: Exception) -> None:
        status = getattr(error, "status", None)
        self.journal.conclude([Outcome(intent.id, "refused", status, message=str(error))])


def _listed(values: Any) -> list[Any]:
    return list(values.values()) if isinstance(values, Mapping) else list(values or ())


def _get(thing: Any, *names: str) -> Any:
    for name in names:
        value = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
        if value is not None:
            return value
    return None


def _model(record: Mapping[str, Any]) -> str:
    return str(record.get("model") or str(record.get("fieldKey") or "").split(".", 1)[0])


def _id_of(records: Iterable[Mapping[str, Any]], name: str, value: str) -> str | None:
    for record in records:
        if str(record.get(name) or "").casefold() == value.casefold():
            return str(record.get("id") or record.get("_id"))
    return None


def _listed_id(
    read: Callable[[], Iterable[Mapping[str, Any]]], name: str, value: str
) -> str | None:
    return _id_of(read(), name, value)


def _patiently(look: Callable[[], str | None]) -> str | None:
    for pause in LOOK_PAUSES:
        time.sleep(pause)
        found = look()
        if found:
            return found
    return None
