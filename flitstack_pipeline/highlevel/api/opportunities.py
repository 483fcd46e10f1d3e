"""Opportunities (docs/highlevel.md#opportunities).

`locationId` stands in the body of create and search, in the query of lost reasons, and is a 422
elsewhere. `status: all` is a search value that leaked into the write enum: it cannot be sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from flitstack_pipeline.highlevel.answer_types import Opportunity
from flitstack_pipeline.highlevel.api.base import Family, Page, Record, iterate, search_page
from flitstack_pipeline.highlevel.client import Answer
from flitstack_pipeline.highlevel.errors import (
    BadRequest,
    HighLevelError,
    NotFound,
    ValidationRejected,
)
from flitstack_pipeline.highlevel.models import (
    CustomFieldValue,
    IsoText,
    Number,
    WireModel,
    all_of,
    condition,
)
from flitstack_pipeline.highlevel.reading import may_hold, read_opportunity

IN_FLIGHT = 8
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

    def create(self, opportunity: OpportunityCreate) -> Opportunity:
        """Create; DuplicateOpportunity when the sub-account allows one per contact only."""
        body = {"locationId": self.location_id, **opportunity.wire()}
        return read_opportunity(self._record("POST", "/opportunities/", "opportunity", json=body))

    def update(
        self, opportunity_id: str, opportunity: OpportunityUpdate, clear: Iterable[str] = ()
    ) -> None:
        """Change an opportunity; a filled file field stays as it is (docs/highlevel.md#files)."""
        self._call(
            "PUT",
            "/opportunities/{id}",
            path={"id": opportunity_id},
            json=opportunity.wire(clear),
        )

    def set_status(self, opportunity_id: str, status: OpportunityStatus) -> None:
        """Set the status; the only way to give a lost reason."""
        path = {"id": opportunity_id}
        self._call("PUT", "/opportunities/{id}/status", path=path, json=status.wire())

    def get(self, opportunity_id: str) -> Opportunity:
        """Read an opportunity as it is now, whole; its notes never come along (I#305)."""
        path = {"id": opportunity_id}
        return self._one("/opportunities/{id}", read_opportunity, "opportunity", path=path)

    def get_if_there(self, opportunity_id: str) -> Opportunity | None:
        """Read an opportunity as it is now; None when there is none."""
        try:
            return self.get(opportunity_id)
        except NotFound:
            return None  # deleted: searches show it for a while (live: L20)

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
        """Read one page; `limit` at most 100, `query` at most 75 characters.

        A row may show its custom fields empty though they are not (live: L3): `missing` says so.
        """
        body = self._body(filters, query, limit, sort)
        return self._searched(body, search_after)

    def _body(
        self,
        filters: Sequence[dict[str, Any]] | None,
        query: str,
        limit: int,
        sort: Sequence[dict[str, str]] | None,
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "locationId": self.location_id,
            "query": query,
            "limit": limit,
            "additionalDetails": _NO_DETAILS,
        }
        if filters:
            body["filters"] = list(filters)
        if sort:
            body["sort"] = list(sort)
        return body

    def _searched(self, body: dict[str, Any], cursor: list[Any] | None, number: int = 1) -> Page:
        """Send a search for the page at a cursor, else by its number.

        `page` and `searchAfter` exclude each other (docs, live: L4), though the official
        description requires both: where one alone is refused, the other forms are tried.
        """
        route = "/opportunities/search"
        refusal: HighLevelError | None = None
        for place in _places(cursor, number):
            try:
                return self._page(route, {**body, **place})
            except (BadRequest, ValidationRejected) as error:
                refusal = refusal or error
        assert refusal is not None
        raise refusal

    def _page(self, route: str, body: dict[str, Any]) -> Page:
        def read(answer: Answer) -> Page:
            return search_page(answer.body, "opportunities", f"POST {route}", _row, body)

        return self._read("POST", route, read, json=body)

    def count(self) -> int:
        """How many opportunities there are, counted where no answer tells it (R12)."""
        told = self.search(limit=1).total
        return told if told is not None else sum(1 for _ in self.iterate_rows())

    def iterate_rows(self, page_limit: int = 100) -> Iterator[Opportunity]:
        """Yield a row of every opportunity, oldest first; rows are partial (see `search`)."""

        def page(cursor: list[Any] | None, number: int) -> Page:
            body = self._body(None, "", page_limit, ASCENDING)
            return self._searched(body, cursor, number)

        return iterate(page, "POST /opportunities/search")

    def iterate_all(self, page_limit: int = 100) -> Iterator[Opportunity]:
        """Yield every opportunity whole, oldest first; one deleted meanwhile is left out."""
        found = self.iterate_rows(page_limit)
        while page := list(itertools.islice(found, page_limit)):
            yield from self.complete(page)

    def complete(self, found: Sequence[Opportunity]) -> list[Opportunity]:
        """The opportunities of these rows, those not whole read by id; those gone left out."""
        left = [row["id"] for row in found if row["missing"]]
        whole: dict[str, Opportunity | None] = {row["id"]: row for row in found}
        if left:
            with ThreadPoolExecutor(min(IN_FLIGHT, len(left))) as pool:
                whole |= dict(zip(left, pool.map(self.get_if_there, left), strict=True))
        return [one for one in whole.values() if one is not None]

    def find_by_custom_field(self, field_id: str, value: str) -> list[Opportunity]:
        """Find opportunities by a custom field's value (how a source key finds its record).

        Each is read by its id: a row need not repeat the value (live: L3), and may be of an
        opportunity that was deleted.
        """
        filters = all_of(condition(f"custom_fields.{field_id}", value))
        found = self.search(filters=filters, limit=20).records
        whole = (self.get_if_there(row["id"]) for row in found if may_hold(row, field_id, value))
        return [opportunity for opportunity in whole if opportunity is not None]


def _row(raw: Record) -> Opportunity:
    return read_opportunity(raw, row=True)


def _places(cursor: list[Any] | None, number: int) -> list[dict[str, Any]]:
    """The ways to say which page is wanted, the one the documentation asks for first."""
    if cursor is not None:
        return [{"searchAfter": cursor}, {"page": 1, "searchAfter": cursor}]
    by_number: list[dict[str, Any]] = [{"page": number}, {"page": number, "searchAfter": []}]
    return by_number if number > 1 else [{"searchAfter": []}, *by_number]
