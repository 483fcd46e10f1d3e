"""Records of custom objects and of the `business` object.

Facts: docs/highlevel.md#records, #record-searches.
`locationId`: body of create and search, QUERY of update, a 422 on delete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from flitstack_pipeline.highlevel.answer_types import ObjectRecord
from flitstack_pipeline.highlevel.api.base import Family, Page, iterate, search_page
from flitstack_pipeline.highlevel.client import Answer
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.highlevel.models import WireModel, all_of, condition
from flitstack_pipeline.highlevel.reading import read_record

ASCENDING = [{"field": "createdAt", "direction": "asc"}]


class RecordCreate(WireModel):
    """A new record; property keys without the object's prefix, values of values.py (door v2)."""

    properties: dict[str, Any]
    owners: list[str] | None = Field(None, max_length=1)
    followers: list[str] | None = Field(None, max_length=10)


class Membership(WireModel):
    """Users to add and to remove."""

    add: list[str] | None = None
    remove: list[str] | None = None


class RecordUpdate(WireModel):
    """A changed record; a property set to None is cleared, one left out stays."""

    properties: dict[str, Any] | None = None
    owners: Membership | None = None
    followers: Membership | None = None


class Records(Family):
    """`/objects/{schemaKey}/records`."""

    def create(self, object_key: str, record: RecordCreate) -> ObjectRecord:
        """Create a record; a unique property already taken is a BadRequest."""
        made = self._record(
            "POST",
            "/objects/{schemaKey}/records",
            "record",
            path={"schemaKey": object_key},
            json={"locationId": self.location_id, **record.wire()},
        )
        return read_record(made)

    def get(self, object_key: str, record_id: str) -> ObjectRecord:
        """Read a record as it is now."""
        path = {"schemaKey": object_key, "id": record_id}
        route = "/objects/{schemaKey}/records/{id}"
        return self._one(route, read_record, "record", path=path)

    def get_if_there(self, object_key: str, record_id: str) -> ObjectRecord | None:
        """Read a record as it is now; None when there is none."""
        try:
            return self.get(object_key, record_id)
        except NotFound:
            return None  # deleted: searches show it for a while (live: L20)

    def update(self, object_key: str, record_id: str, record: RecordUpdate) -> None:
        """Change a record."""
        self._call(
            "PUT",
            "/objects/{schemaKey}/records/{id}",
            path={"schemaKey": object_key, "id": record_id},
            params={"locationId": self.location_id},
            json=record.wire(),
        )

    def delete(self, object_key: str, record_id: str) -> None:
        """Delete a record."""
        path = {"schemaKey": object_key, "id": record_id}
        self._call("DELETE", "/objects/{schemaKey}/records/{id}", path=path)

    # --- searching (the index lags writes by seconds) ------------------------------------------

    def search(
        self,
        object_key: str,
        *,
        filters: Sequence[dict[str, Any]] | None = None,
        query: str = "",
        page_limit: int = 100,
        search_after: list[Any] | None = None,
        sort: Sequence[dict[str, str]] | None = None,
    ) -> Page:
        """Read one page; a record whose row shows no links may have some (live: L16)."""
        body: dict[str, Any] = {
            "locationId": self.location_id,
            "page": 1,
            "pageLimit": page_limit,
            "query": query,
            "searchAfter": search_after or [],
        }
        if filters:
            body["filters"] = list(filters)
        if sort:
            body["sort"] = list(sort)
        return self._searched(object_key, body)

    def _searched(self, object_key: str, body: dict[str, Any]) -> Page:
        route, path = "/objects/{schemaKey}/records/search", {"schemaKey": object_key}

        def read(answer: Answer) -> Page:
            return search_page(answer.body, "records", f"POST {route}", read_record, body)

        return self._read("POST", route, read, path=path, json=body)

    def count(self, object_key: str) -> int:
        """How many records an object has, counted where no answer tells it."""
        told = self.search(object_key, page_limit=1).total
        return told if told is not None else sum(1 for _ in self.iterate_all(object_key))

    def iterate_all(self, object_key: str, page_limit: int = 100) -> Iterator[ObjectRecord]:
        """Yield every record of an object, oldest first."""

        def page(cursor: list[Any] | None, number: int) -> Page:
            body = {
                "locationId": self.location_id,
                "page": number if cursor is None else 1,
                "pageLimit": page_limit,
                "query": "",
                "searchAfter": cursor or [],
                "sort": ASCENDING,
            }
            return self._searched(object_key, body)

        return iterate(page, f"POST /objects/{object_key}/records/search")

    def find_by_property(self, object_key: str, name: str, value: Any) -> list[ObjectRecord]:
        """Find records by a property's value (how a source key finds its record).

        Each is read by its id: searches show deleted ones for a while (live: L20).
        """
        filters = all_of(condition(f"properties.{name}", value))
        found = self.search(object_key, filters=filters, page_limit=20).records
        likely = [r for r in found if r["properties"].get(name) in (None, "", value)]
        whole = (self.get_if_there(object_key, record["id"]) for record in likely)
        return [record for record in whole if record is not None]
