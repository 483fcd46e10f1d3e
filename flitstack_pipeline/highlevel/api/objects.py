"""Schemas of custom objects (docs/highlevel.md#objects).

`locationId`: body of create and update, query of reads. Creating needs the agency token; a
schema cannot be deleted, and a sub-account holds ten.
"""

from __future__ import annotations

from typing import Literal

from flitstack_pipeline.highlevel.answer_types import FieldList, Schema
from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.models import WireModel
from flitstack_pipeline.highlevel.reading import read_field_v2, read_schema


class Labels(WireModel):
    """What one record and many are called."""

    singular: str
    plural: str


class PrimaryProperty(WireModel):
    """The property that names a record."""

    key: str
    name: str
    data_type: Literal["TEXT", "NUMERICAL"] = "TEXT"


class ObjectCreate(WireModel):
    """A new object; `key` such as `custom_objects.invoice`."""

    labels: Labels
    key: str
    primary_display_property_details: PrimaryProperty
    description: str | None = None


class ObjectUpdate(WireModel):
    """A changed object; at most three searchable properties."""

    searchable_properties: list[str]
    labels: Labels | None = None
    description: str | None = None


class Objects(Family):
    """`/objects`."""

    def list(self) -> list[Schema]:
        """Read every schema, HighLevel's own included."""
        found = self._list("/objects/", "objects", params={"locationId": self.location_id})
        return [schema for raw in found if (schema := read_schema(raw))["key"]]

    def create(self, schema: ObjectCreate) -> Record:
        """Create a schema with the agency token; ValueError when there is none."""
        body = {"locationId": self.location_id, **schema.wire()}
        return self._record("POST", "/objects/", "object", json=body, agency=True)

    def list_fields(self, key: str) -> FieldList:
        """Read the fields of a schema, the property that names a record among them."""
        params = {"locationId": self.location_id, "fetchProperties": True}
        found = self._list("/objects/{key}", "fields", path={"key": key}, params=params)
        return [read_field_v2(raw) for raw in found]

    def update(self, key: str, schema: ObjectUpdate) -> Record:
        """Change labels, description or searchable properties."""
        body = {"locationId": self.location_id, **schema.wire()}
        return self._record("PUT", "/objects/{key}", "object", path={"key": key}, json=body)
