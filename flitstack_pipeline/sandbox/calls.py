"""The endpoint registry, and what a handler receives.

What belongs here: `endpoint` (the decorator that declares an operation: method, path, who may
call it, its query and body), `Call` and `Reply`. What does not: running them (pipeline.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from flitstack_pipeline.sandbox.errors import not_found, wrong_location
from flitstack_pipeline.sandbox.validate import Obj, Query

if TYPE_CHECKING:
    from flitstack_pipeline.sandbox.search_index import Found
    from flitstack_pipeline.sandbox.state import Entry, State

Json = dict[str, Any]
Access = Literal["location", "agency", "either"]
Dialect = Literal["v3", "v2"]


@dataclass(frozen=True)
class Upload:
    """One file of a multipart body."""

    field: str
    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Reply:
    """An answer that is not the endpoint's usual status, or not a JSON object."""

    body: Any
    status: int | None = None


@dataclass
class Call:
    """One request, checked: everything a handler may use.

    `live`: the sandbox plays what live clients recorded, not what the official pages say.
    """

    state: State
    method: str
    path: dict[str, str]
    query: dict[str, Any]
    body: Json
    location: str
    company: str
    dialect: Dialect
    base_url: str
    agency: bool = False
    live: bool = False
    trail_ms: int = 0
    uploads: list[Upload] = field(default_factory=list)
    arrange: Callable[[list[Found]], list[Found]] = lambda hits: hits
    shorten: Callable[[int], int] = lambda limit: limit

    def entry(self, kind: str, record_id: str, label: str) -> Entry:
        """Return a document of this sub-account; raise 400 if missing, 403 if another's."""
        found = self.state.get(kind, record_id)
        if found is None:
            raise not_found(label, record_id, live=self.live)
        if found.location != self.location:
            raise wrong_location()
        return found

    def location_settings(self) -> Json:
        """Return the settings of the sub-account."""
        location = self.state.get("location", self.location)
        return dict(location.doc["settings"]) if location else {}

    def number(self, name: str, default: int) -> int:
        """Return a numeric query parameter."""
        return int(self.query.get(name) or default)


Handler = Callable[[Call], "Json | Reply"]


@dataclass(frozen=True)
class Endpoint:
    """One operation of the API."""

    method: str
    path: str
    handler: Handler
    status: int
    access: Access
    scope: str
    query: Query | Callable[[Dialect], Query]
    body: Obj | Callable[[Dialect], Obj] | None
    multipart: bool
    creates: bool
    v3_only: bool
    v2_only: bool = False

    def query_rule(self, dialect: Dialect) -> Query:
        """Return the query rule of a dialect."""
        return self.query if isinstance(self.query, Query) else self.query(dialect)

    def body_rule(self, dialect: Dialect) -> Obj | None:
        """Return the body rule of a dialect; None when the operation takes no body."""
        return self.body if isinstance(self.body, Obj | None) else self.body(dialect)


ENDPOINTS: list[Endpoint] = []


def endpoint(
    method: str,
    path: str,
    *,
    status: int = 200,
    access: Access = "location",
    scope: str = "",
    query: Query | Callable[[Dialect], Query] = Query(),  # noqa: B008  (frozen)
    body: Obj | Callable[[Dialect], Obj] | None = None,
    multipart: bool = False,
    creates: bool = False,
    v3_only: bool = False,
    v2_only: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare a handler as an operation; `creates` marks targets of the 422-after-create fault."""

    def declare(handler: Handler) -> Handler:
        ENDPOINTS.append(
            Endpoint(
                method,
                path,
                handler,
                status,
                access,
                scope,
                query,
                body,
                multipart,
                creates,
                v3_only,
                v2_only,
            )
        )
        return handler

    return declare
