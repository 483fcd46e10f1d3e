"""Definitions of custom fields: v1 for contacts and opportunities, v2 for objects and companies.

v1 (docs/highlevel.md#custom-fields): `locationId` in the path. v2
(docs/highlevel.md#object-fields): `locationId` in the body of create and update, in the query of
reads by object and of folder deletes, nowhere on delete.
"""

from __future__ import annotations

from typing import Literal

from flitstack_pipeline.highlevel.answer_types import FieldV1, FieldV2
from flitstack_pipeline.highlevel.api.base import Family, Record, RecordList, rows
from flitstack_pipeline.highlevel.client import Answer
from flitstack_pipeline.highlevel.models import WireModel
from flitstack_pipeline.highlevel.reading import read_field_v1, read_field_v2

DataTypeV2 = Literal[
    "TEXT", "LARGE_TEXT", "NUMERICAL", "PHONE", "MONETORY", "CHECKBOX", "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS", "DATE", "TEXTBOX_LIST", "FILE_UPLOAD", "RADIO", "EMAIL",
]  # fmt: skip
Format = Literal[
    ".pdf", ".docx", ".doc", ".jpg", ".jpeg", ".png", ".gif", ".csv", ".xlsx", ".xls", "all"
]


class TextBox(WireModel):
    """A line of a TEXTBOX_LIST field."""

    label: str
    prefill_value: str | None = None


class FieldUpdateV1(WireModel):
    """A changed contact or opportunity field; `options` replaces the list."""

    name: str
    placeholder: str | None = None
    options: list[str] | None = None
    accepted_format: list[str] | None = None
    is_multiple_file: bool | None = None
    max_number_of_files: int | None = None
    text_box_list_options: list[TextBox] | None = None
    position: int | None = None
    model: Literal["contact", "opportunity"] | None = None


class FieldCreateV1(FieldUpdateV1):
    """A new contact or opportunity field; the server makes its key from the name."""

    data_type: str
    model: Literal["contact", "opportunity"] = "contact"
    parent_id: str | None = None


class Option(WireModel):
    """An option of a v2 field: `key` is what records hold, `label` what people see."""

    key: str
    label: str
    url: str | None = None


class FieldCreateV2(WireModel):
    """A new field of an object; `field_key` such as `custom_objects.invoice.total`."""

    name: str
    data_type: DataTypeV2
    field_key: str
    object_key: str
    parent_id: str
    show_in_forms: bool = True
    description: str | None = None
    placeholder: str | None = None
    options: list[Option] | None = None
    accepted_formats: Format | None = None
    max_file_limit: int | None = None
    allow_custom_option: bool | None = None


class FieldUpdateV2(WireModel):
    """A changed field; `options` replaces the list and cannot take any away."""

    name: str | None = None
    show_in_forms: bool = True
    description: str | None = None
    placeholder: str | None = None
    options: list[Option] | None = None
    accepted_formats: Format | None = None
    max_file_limit: int | None = None


class FieldsV1(Family):
    """`/locations/{locationId}/customFields`."""

    _ALL = "/locations/{locationId}/customFields"
    _ONE = "/locations/{locationId}/customFields/{id}"

    def list(self, model: Literal["contact", "opportunity", "all"] = "all") -> list[FieldV1]:
        """Read the fields of contacts, opportunities or both.

        Fields of custom objects, which come along with `all` (live: L5), are left out.
        """
        path = {"locationId": self.location_id}
        found = self._list(self._ALL, "customFields", path=path, params={"model": model})
        fields = map(read_field_v1, found)
        return [field for field in fields if field["model"] in ("contact", "opportunity")]

    def create(self, field: FieldCreateV1) -> FieldV1:
        """Create a field; returns it with `id` and `fieldKey`."""
        path = {"locationId": self.location_id}
        made = self._record("POST", self._ALL, "customField", path=path, json=field.wire())
        return read_field_v1({**field.wire(), **made})

    def update(self, field_id: str, field: FieldUpdateV1) -> Record:
        """Change a field."""
        path = {"locationId": self.location_id, "id": field_id}
        return self._record("PUT", self._ONE, "customField", path=path, json=field.wire())

    def delete(self, field_id: str) -> None:
        """Delete a field with all its values."""
        path = {"locationId": self.location_id, "id": field_id}
        self._call("DELETE", self._ONE, path=path)


class FieldsV2(Family):
    """`/custom-fields`."""

    def list(self, object_key: str) -> tuple[list[FieldV2], list[Record]]:
        """Read the fields and the folders of an object."""
        route = "/custom-fields/object-key/{objectKey}"
        params = {"locationId": self.location_id}
        return self._read(
            "GET", route, _fields_and_folders, path={"objectKey": object_key}, params=params
        )

    def create(self, field: FieldCreateV2) -> FieldV2:
        """Create a field."""
        body = {"locationId": self.location_id, **field.wire()}
        made = self._record("POST", "/custom-fields/", "field", json=body)
        return read_field_v2({**field.wire(), **made})

    def update(self, field_id: str, field: FieldUpdateV2) -> Record:
        """Change a field."""
        body = {"locationId": self.location_id, **field.wire()}
        path = {"id": field_id}
        return self._record("PUT", "/custom-fields/{id}", "field", path=path, json=body)

    def delete(self, field_id: str) -> None:
        """Delete a field with all its values."""
        self._call("DELETE", "/custom-fields/{id}", path={"id": field_id})

    def create_folder(self, object_key: str, name: str) -> Record:
        """Create a folder for fields."""
        body = {"locationId": self.location_id, "objectKey": object_key, "name": name}
        return self._record("POST", "/custom-fields/folder", "folder", json=body)

    def delete_folder(self, folder_id: str) -> None:
        """Delete a folder."""
        self._call(
            "DELETE",
            "/custom-fields/folder/{id}",
            path={"id": folder_id},
            params={"locationId": self.location_id},
        )


def _fields_and_folders(answer: Answer) -> tuple[list[FieldV2], RecordList]:
    """Raises UnexpectedAnswer where fields lie in folders the answer does not show."""
    route = f"GET {answer.route}"
    fields = [read_field_v2(raw) for raw in rows(answer.body, "fields", route)]
    if "folders" not in answer.body and not any(field["parentId"] for field in fields):
        return fields, []
    return fields, rows(answer.body, "folders", route)


class CustomFields:
    """Both kinds: `v1` for contacts and opportunities, `v2` for objects and companies."""

    def __init__(self, v1: FieldsV1, v2: FieldsV2) -> None:
        self.v1, self.v2 = v1, v2
