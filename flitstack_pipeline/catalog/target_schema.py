"""What a sub-account must have before any record moves: fields, objects, pipeline, products, tags.

Belongs here: the wish list's form, which the map fills (`mapping.schema`) and provisioning carries
out (`migration.provision`). Does not: what we know how to make (`catalog.targets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flitstack_pipeline.catalog.targets import Association, TargetField, TargetObject


@dataclass(frozen=True)
class PipelineSpec:
    """The job pipeline and its stages, in order."""

    name: str
    stages: tuple[str, ...]


@dataclass(frozen=True)
class ProductSpec:
    """One product of the price list; `unit` is what its price is for."""

    name: str
    price: str | None
    description: str = ""
    item_type: str = ""
    sku: str = ""
    unit: str = ""


@dataclass(frozen=True)
class TargetSchema:
    """Everything to find or make in each sub-account.

    `fields` are the custom fields by target, those of an object under its key; `currency` is that
    of the products' prices, three letters of ISO 4217; `locations` are the sub-accounts' names.
    """

    fields: Mapping[str, tuple[TargetField, ...]]
    objects: tuple[TargetObject, ...]
    associations: tuple[Association, ...]
    pipeline: PipelineSpec
    products: tuple[ProductSpec, ...] = ()
    tags: tuple[str, ...] = ()
    currency: str = "USD"
    locations: tuple[str, ...] = ("main",)
