"""Opportunities (reference 4.1).

`locationId` stands in the body of create and search, in the query of lost reasons, and is a 422
elsewhere. `status: all` is a search value that leaked into the write enum: it cannot be sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from flitstack_pipeline.highlevel.family import Family, Page, Record, iterate, search_page
from flitstack_pipeline.highlevel.models import (
    CustomFieldValue,
    IsoText,
    Number,
    WireModel,
    all_of,
    condition,
)

Status = Literal["open", "won", "lost", "abandoned"]
ASCENDING = [{"field": "date_added", "direction": "asc"}]
_NO_DETAILS = {"notes": False, "tasks": False, "calendarEvents": False,
               "unReadConversations": False}  # fmt: skip


class OpportunityUpdate(WireModel):
    """What an opportunity can be changed to; its contact cannot."""

    name: str | None = None
    pipeline_id: str | None = None
    pipeline_stage_id: str | None = None
    status: Status | None = None
    monetary_value: Number | None = None
    assigned_to: str | None = None
    custom_fields: list[CustomFieldValue] | None = None
    forecast_expected_close_date: IsoText | None = None
    forecast_probability: Number | None = None


class OpportunityCreate(OpportunityUpdate):
    """A new opportunity; a contact is mandatory, FILE_UPLOAD values can only be given here."""

    name: str
    pipeline_id: str
    status: Status
    contact_id: str


class OpportunityStatus(WireModel):
    """A status, and why an opportunity was lost."""

    status: Status
    lost_reason_id: str | None = None


class Opportunities(Family):
    """`/opportunities`."""

    def create(self, opportunity: OpportunityCreate) -> Record:
        """Create; DuplicateOpportunity when the sub-account allows one per contact only."""
        body = {"locationId": self.location_id, **opportunity.wire()}
        return self._record("POST", "/opportunities/", "opportunity", json=body)

    def update(
        self, opportunity_id: str, opportunity: OpportunityUpdate, clear: Iterable[str] = ()
    ) -> Record:
        """Change an opportunity; a filled FILE_UPLOAD field stays as it is (reference 9)."""
        return self._record(
            "PUT",
            "/opportunities/{id}",
            "opportunity",
            path={"id": opportunity_id},
            json=opportunity.wire(clear),
        )

    def set_status(self, opportunity_id: str, status: OpportunityStatus) -> None:
        """Set the status; the only way to give a lost reason."""
        path = {"id": opportunity_id}
        self._call("PUT", "/opportunities/{id}/status", path=path, json=status.wire())

    def get(self, opportunity_id: str) -> Record:
        """Read an opportunity as it is now; its notes never come along (I#305)."""
        path = {"id": opportunity_id}
        return self._record("GET", "/opportunities/{id}", "opportunity", path=path)

    def delete(self, opportunity_id: str) -> None:
        """Delete an opportunity."""
        self._call("DELETE", "/opportunities/{id}", path={"id": opportunity_id})

    def lost_reasons(self) -> list[Record]:
        """Read the reasons an opportunity can be lost for."""
        params = {"locationId": self.location_id}
        return self._listed("/opportunities/lost-reason", "lostReasons", params, 100)

    def add_followers(self, opportunity_id: str, user_ids: Sequence[str]) -> Record:
        """Let users follow an opportunity."""
        return self._call(
            "POST",
            "/opportunities/{id}/followers",
            path={"id": opportunity_id},
            json={"followers": list(user_ids)},
        )

    # --- searching (the index lags writes by seconds) ------------------------------------------

    def search(
        self,
        *,
        filters: Sequence[dict[str, Any]] | None = None,
        query: str = "",
        limit: int = 100,
        search_after: list[Any] | None = None,
        sort: Sequence[dict[str, str]] | None = None,
    ) -> Page:
        """Read one page; `limit` at most 100, `query` at most 75 characters."""
        body: dict[str, Any] = {
            "locationId": self.location_id,
            "query": query,
            "limit": limit,
            "page": 0,
            "searchAfter": search_after or [],
            "additionalDetails": _NO_DETAILS,
        }
        if filters:
            body["filters"] = list(filters)
        if sort:
            body["sort"] = list(sort)
        answer = self._call("POST", "/opportunities/search", json=body)
        return search_page(answer, "opportunities")

    def iterate_all(self, page_limit: int = 100) -> Iterator[Record]:
        """Yield every opportunity, oldest first."""
        return iterate(
            lambda cursor: self.search(limit=page_limit, search_after=cursor, sort=ASCENDING),
            "POST /opportunities/search",
        )

    def find_by_custom_field(self, field_id: str, value: str) -> list[Record]:
        """Find opportunities by a custom field's value (how a source key finds its record)."""
        return self.search(
            filters=all_of(condition(f"custom_fields.{field_id}", value)), limit=20
        ).records
