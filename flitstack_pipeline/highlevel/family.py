"""What every API family shares: sending, unwrapping, paging.

What belongs here: the base class and the search cursor. What does not: any operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.highlevel.client import Answer, HighLevelClient, is_write
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, HighLevelError, UnexpectedAnswer

Record = dict[str, Any]
RecordList = list[Record]  # `list` is a method of several families


@dataclass(frozen=True)
class Page:
    """One page of a search: the records, how many there are in all, the cursor of the next."""

    records: list[Record]
    total: int | None
    search_after: list[Any] | None


class Family:
    """A group of operations on one client."""

    def __init__(self, client: HighLevelClient) -> None:
        self._client = client

    @property
    def location_id(self) -> str:
        """The sub-account every operation is about."""
        return self._client.location_id

    def _call(self, method: str, route: str, **arguments: Any) -> Record:
        answer = self._client.call(method, route, **arguments)
        return answer.body if isinstance(answer.body, dict) else {"items": answer.body}

    def _record(self, method: str, route: str, *envelopes: str, **arguments: Any) -> Record:
        """Send, and return the record from the first envelope key that holds one."""
        answer = self._client.call(method, route, **arguments)
        return unwrap(method, answer, *envelopes)

    def _list(self, route: str, envelope: str, **arguments: Any) -> list[Record]:
        answer = self._client.call("GET", route, **arguments)
        return rows(answer.body, envelope)

    def _listed(
        self, route: str, envelope: str, params: Mapping[str, Any], size: int, skip: str = "skip"
    ) -> list[Record]:
        """Read every page of a list that pages by `limit` and `skip` (or `offset`)."""
        found: list[Record] = []
        while True:
            query = {**params, "limit": size, skip: len(found)}
            page = self._list(route, envelope, params=query)
            found += page
            if len(page) < size:
                return found


def rows(body: Any, envelope: str) -> list[Record]:
    """Return the list under an envelope key, or the body itself when it is the list."""
    if isinstance(body, list):
        return body
    found = body.get(envelope) if isinstance(body, dict) else None
    return found if isinstance(found, list) else []


def unwrap(method: str, answer: Answer, *envelopes: str) -> Record:
    """Return the record an answer wraps.

    A write whose success shows no record did happen, but its id is unknown: AmbiguousOutcome.
    """
    body = answer.body if isinstance(answer.body, dict) else {}
    for envelope in envelopes:
        if isinstance(body.get(envelope), dict):
            return body[envelope]
    if "id" in body or "_id" in body:
        return body
    unusable: HighLevelError = UnexpectedAnswer(
        method,
        answer.route,
        status=answer.status,
        messages=[f"no {' or '.join(envelopes) or 'id'} in the answer"],
        trace_id=answer.trace_id,
    )
    if is_write(method, answer.route):
        raise AmbiguousOutcome(method, answer.route, unusable)
    raise unusable


def search_page(body: Record, envelope: str) -> Page:
    """Read one page of a search."""
    records = rows(body, envelope)
    return Page(records, body.get("total"), furthest(records))


def furthest(records: Sequence[Record]) -> list[Any] | None:
    """Return the cursor that lies furthest: pages may come out of order (searches ascend)."""
    cursors = [record["searchAfter"] for record in records if record.get("searchAfter")]
    try:
        return max(cursors, default=None)
    except TypeError:
        return cursors[-1]


def iterate(fetch: Callable[[list[Any] | None], Page], method_route: str) -> Iterator[Record]:
    """Yield every record of an ascending search once.

    Ends at an empty page, or when all that the search counts were seen; a short page is not the
    end. Records that come twice are yielded once.
    """
    seen: set[str] = set()
    cursor: list[Any] | None = None
    while True:
        page = fetch(cursor)
        fresh = [record for record in page.records if record["id"] not in seen]
        seen.update(record["id"] for record in fresh)
        yield from fresh
        if not page.records or (page.total is not None and len(seen) >= page.total):
            return
        if page.search_after is None or page.search_after == cursor:
            method, _, route = method_route.partition(" ")
            raise UnexpectedAnswer(
                method, route, messages=["the search gives no way to its next page"]
            )
        cursor = page.search_after
