"""What every API family shares: sending, unwrapping, paging.

What belongs here: the base class and the search cursor. What does not: any operation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flitstack_pipeline.highlevel.client import Answer, HighLevelClient, is_write
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, HighLevelError, UnexpectedAnswer
from flitstack_pipeline.highlevel.reading import canonical, cursor_of, total_of

Record = dict[str, Any]
R = TypeVar("R")
RecordList = list[Record]  # `list` is a method of several families
#: What says where a page after the first begins.
_FURTHER = ("searchAfter", "startAfter", "skip", "offset", "lastMessageId", "cursor")
#: How long a page is where a server does not heed the length it is asked for.
USUAL_PAGES = frozenset({10, 20, 25, 50, 100, 200, 500, 1000})


@dataclass(frozen=True)
class Page:
    """One page of a search: the records, how many there are in all, the cursor of the next.

    `total` is None where the answer does not tell it, or tells fewer than it shows.
    """

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

    def _read(self, method: str, route: str, read: Callable[[Answer], R], **arguments: Any) -> R:
        """Send, and return what `read` makes of the answer; one it does not understand is asked
        for again, unless it was a write.
        """
        found: R = self._client.call(method, route, read=read, **arguments).read
        return found

    def _record(self, method: str, route: str, *envelopes: str, **arguments: Any) -> Record:
        """Send, and return the record from the first envelope key that holds one."""
        return self._read(method, route, lambda a: unwrap(method, a, *envelopes), **arguments)

    def _one(self, route: str, read: Callable[[Record], R], *envelopes: str, **arguments: Any) -> R:
        """Read one record, and return what `read` makes of it; asked again as `_read` does."""
        return self._read("GET", route, lambda a: read(unwrap("GET", a, *envelopes)), **arguments)

    def _list(self, route: str, envelope: str, **arguments: Any) -> list[Record]:
        return self._rows("GET", route, envelope, **arguments)[0]

    def _rows(
        self, method: str, route: str, envelope: str, **arguments: Any
    ) -> tuple[list[Record], Record]:
        """Send, and return the rows of a list with the answer they stand in."""

        goes_on = is_further(arguments.get("json") or arguments.get("params") or {})

        def read(answer: Answer) -> tuple[list[Record], Record]:
            found = rows(answer.body, envelope, f"{method} {route}", goes_on=goes_on)
            return found, answer.body if isinstance(answer.body, dict) else {}

        return self._read(method, route, read, **arguments)

    def _listed(
        self,
        route: str,
        envelope: str,
        params: Mapping[str, Any],
        size: int,
        skip: str = "skip",
        path: Mapping[str, str] | None = None,
    ) -> list[Record]:
        """Read every page of a list that pages by `limit` and `skip` (or `offset`)."""

        def fetch(start: int) -> tuple[list[Record], Record]:
            query = {**params, "limit": size, skip: start}
            return self._rows("GET", route, envelope, path=path, params=query)

        return list(every_row(fetch, f"GET {route}", size))


def is_further(asked: Mapping[str, Any]) -> bool:
    """Whether a request asks for a page after the first, by its query or body."""
    return any(asked.get(name) for name in _FURTHER) or (asked.get("page") or 1) > 1


def rows(
    body: Any, envelope: str, method_route: str = "GET ", *, goes_on: bool = False
) -> list[Record]:
    """Return the list under an envelope key, or the body itself when it is the list.

    A body without the list is another answer than the one asked for, never "nothing there"; nor is
    a list of something else than records. A list that is null is an empty one, unless the answer
    counts more; after the first page, where those counted came before, it is the end.

    Args:
        body: the parsed answer.
        envelope: the key the list stands under; also looked for inside `data`.
        method_route: what was asked, for the error.
        goes_on: whether it is a page after the first.

    Raises:
        UnexpectedAnswer: the list is nowhere, or holds no records.
    """
    method, _, route = method_route.partition(" ")
    inner = body.get("data") if isinstance(body, dict) else None
    for place in (body, inner):
        found = place.get(envelope) if isinstance(place, dict) else place
        if isinstance(place, dict) and envelope in place and found is None:
            found = [] if goes_on or not total_of(body) else None
        if isinstance(found, list):
            records = [row for row in found if row is not None]
            if all(isinstance(row, dict) for row in records):
                return [canonical(row) for row in records]
            raise UnexpectedAnswer(method, route, messages=[f"the {envelope} are no records"])
    raise UnexpectedAnswer(method, route, messages=[f"no list of {envelope} in the answer"])


def every_row(
    fetch: Callable[[int], tuple[list[Record], Record]], method_route: str, size: int
) -> Iterator[Record]:
    """Yield every row of a list that pages by how many rows to skip, each once.

    A page shorter than asked for is the end, unless the list counts more rows, or the page is as
    long as servers like to make one whatever they are asked for.

    Args:
        fetch: the rows from one on, and the answer they stand in.
        method_route: what is asked, for the error.
        size: how many rows a page was asked to have.

    Raises:
        UnexpectedAnswer: the list counts, or must have, more rows and gives no way to them.
    """
    seen: set[str] = set()
    start = 0
    while True:
        page, body = fetch(start)
        total = total_of(body) or 0
        fresh = {key: row for row in page if (key := _key_of(row)) not in seen}
        seen.update(fresh)
        yield from fresh.values()
        start += len(page)
        if page and not fresh and (total > len(seen) or len(page) == size):
            method, _, route = method_route.partition(" ")
            raise UnexpectedAnswer(
                method, route, messages=["the list gives no way to its next page"]
            )
        short = len(page) < size and len(page) not in USUAL_PAGES
        if not fresh or (short and total <= len(seen)):
            return


def _key_of(row: Record) -> str:
    """What tells a row of a list from the others: its id, or all of it."""
    return str(row.get("id") or json.dumps(row, sort_keys=True))


def unwrap(method: str, answer: Answer, *envelopes: str) -> Record:
    """Return the record an answer wraps.

    A write whose success shows no record did happen, but its id is unknown: AmbiguousOutcome.
    """
    body = answer.body if isinstance(answer.body, dict) else {}
    for envelope in envelopes:
        held = body.get(envelope)
        if isinstance(held, dict) and _suffices(method, held):
            return canonical(held)
    inner = body.get("data")
    if isinstance(inner, dict) and _named(inner):
        return canonical(inner)
    if _named(body):
        return canonical(body)
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


def _suffices(method: str, record: Record) -> bool:
    """Whether an answer's record tells what was asked: the id of what was made, what was read."""
    return _named(record) if method == "POST" else bool(record) or method != "GET"


def _named(record: Record) -> bool:
    return bool(record.get("id") or record.get("_id"))


def search_page(
    body: Any,
    envelope: str,
    method_route: str,
    read: Callable[[Record], Any],
    asked: Mapping[str, Any],
) -> Page:
    """Read one page of a search: its rows in their canonical form, the total, the cursor.

    Args:
        body: the parsed answer.
        envelope: the key the rows stand under.
        method_route: what was asked, for the error.
        read: makes the canonical form of a row.
        asked: the body of the request.
    """
    found = rows(body, envelope, method_route, goes_on=is_further(asked))
    total = total_of(body)
    believed = total if total is not None and total >= len(found) else None
    return Page([read(row) for row in found], believed, furthest(found))


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
    rows carry none, by number. Ends at an empty page, or at one of another than a usual length
    when all that the search counts were seen (its count may be the page's); a short page is not
    the end. Records that come twice are yielded once.

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
        counted = page.total is not None and len(seen) == page.total
        if not page.records or (counted and len(page.records) not in USUAL_PAGES):
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
