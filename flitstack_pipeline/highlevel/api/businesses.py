"""Companies by their own endpoints; custom fields only go through api/records.py.

Facts: docs/highlevel.md#companies.
`locationId`: body of create, query of list, nowhere else.
"""

from __future__ import annotations

from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.models import WireModel


class BusinessUpdate(WireModel):
    """What a company can be changed to by this door."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    description: str | None = None


class BusinessCreate(BusinessUpdate):
    """A new company; nothing makes its name unique."""

    name: str


class Businesses(Family):
    """`/businesses`; create and update answer under `buiseness`, as HighLevel spells it."""

    def create(self, business: BusinessCreate) -> Record:
        """Create a company."""
        body = {"locationId": self.location_id, **business.wire()}
        return self._record("POST", "/businesses/", "buiseness", "business", json=body)

    def update(self, business_id: str, business: BusinessUpdate) -> Record:
        """Change a company."""
        return self._record(
            "PUT",
            "/businesses/{businessId}",
            "buiseness",
            "business",
            path={"businessId": business_id},
            json=business.wire(),
        )

    def get(self, business_id: str) -> Record:
        """Read a company."""
        path = {"businessId": business_id}
        return self._record("GET", "/businesses/{businessId}", "business", path=path)

    def delete(self, business_id: str) -> None:
        """Delete a company; its contacts stay."""
        self._call("DELETE", "/businesses/{businessId}", path={"businessId": business_id})

    def list(self) -> list[Record]:
        """Read every company."""
        params = {"locationId": self.location_id}
        return self._listed("/businesses/", "businesses", params, 100)
