"""What every API family shares: sending, unwrapping, paging.

What belongs here: the base class and the search cursor. What does not: any operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.highlevel.client import Answer, HighLevelClient, is_write
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, HighLevelError, UnexpectedAnswer
from flitstack_pipeline.highlevel.reading import cursor_of, total_of

Record = dict[str, Any]
RecordList = list[Record]  # `list` is a method of several families


@dataclass(frozen=True)
class Page:
    """One page of a search: the records, how many there are in all, the cursor of the next."""

    records: list[Any]
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
        return rows(answer.body, envelope, f"GET {route}")

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


def rows(body: Any, envelope: str, method_route: str = "GET ") -> list[Record]:
    """Return the list under an envelope key, or the body itself when it is the list.

    A body without the list is another answer than the one asked for, never "nothing there".

    Args:
        body: the parsed answer.
        envelope: the key the list stands under; also looked for inside `data`.
        method_route: what was asked, for the error.

    Raises:
        UnexpectedAnswer: the list is nowhere.
    """
    inner = body.get("data") if isinstance(body, dict) else None
    for place in (body, inner):
        if isinstance(place, list):
            return [row for row in place if isinstance(row, dict)]
        found = place.get(envelope) if isinstance(place, dict) else None
        if isinstance(found, list):
            return [row for row in found if isinstance(row, dict)]
    method, _, route = method_route.partition(" ")
    raise UnexpectedAnswer(method, route, messages=[f"no list of {envelope} in the answer"])


def unwrap(method: str, answer: Answer, *envelopes: str) -> Record:
    """Return the record an answer wraps.

    A write whose success shows no record did happen, but its id is unknown: AmbiguousOutcome.
    """
    body = answer.body if isinstance(answer.body, dict) else {}
    for envelope in envelopes:
        if isinstance(body.get(envelope), dict) and (method != "POST" or _named(body[envelope])):
            return body[envelope]
    inner = body.get("data")
    if isinstance(inner, dict) and _named(inner):
        return inner
    if _named(body):
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


def _named(record: Record) -> bool:
    return bool(record.get("id") or record.get("_id"))


def search_page(body: Any, envelope: str, method_route: str, read: Callable[[Record], Any]) -> Page:
    """Read one page of a search: its rows in their canonical form, the total, the cursor."""
    found = rows(body, envelope, method_route)
    return Page([read(row) for row in found], total_of(body), furthest(found))


def furthest(records: Sequence[Record]) -> list[Any] | None:
    """Return the cursor that lies furthest: pages may come out of order (searches ascend)."""
    cursors = [cursor for record in records if (cursor := cursor_of(record))]
    try:
        return max(cursors, default=None)
    except TypeError:
        return cursors[-1]


Fetch = Callable[[list[Any] | None, int], Page]


def iterate(fetch: Fetch, method_route: str) -> Iterator[Any]:
    """Yield every record of an ascending search once.

    `fetch` takes a cursor, or None and the number of the page. Pages are found by cursor; where
    rows carry none, by number. Ends at an empty page, or when all that the search counts were
    seen; a short page is not the end. Records that come twice are yielded once.

    Raises:
        UnexpectedAnswer: pages by number bring nothing new though the search counts more.
    """
    seen: set[str] = set()
    cursor: list[Any] | None = None
    number, stale, by_number = 1, 0, False
    while True:
        page = fetch(cursor, number)
        fresh = [record for record in page.records if record["id"] not in seen]
        seen.update(record["id"] for record in fresh)
        yield from fresh
        if not page.records or (page.total is not None and len(seen) >= page.total):
            return
        stale = 0 if fresh else stale + 1
        if stale > 1:
            method, _, route = method_route.partition(" ")
            raise UnexpectedAnswer(
                method, route, messages=["the search gives no way to its next page"]
            )
        number += 1
        by_number = by_number or page.search_after in (None, cursor)
        cursor = None if by_number else page.search_after
