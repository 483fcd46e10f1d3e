"""What happens to each call, in HighLevel's order.

What belongs here: faults, the token, the version, the rate, validation, the transaction, the
answer. What does not: what an operation means (routes/), reading and writing (requests.py).

The order is that of a guarded API: who are you (401), which version (401), may you now (429),
is this operation yours (401), is this your sub-account (403), is the request well-formed
(400/422), then the work. The answer leaves after the commit. Everything runs on one event loop,
one request's work at a time, so the duplicate rules cannot be raced.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from flitstack_pipeline.sandbox.calls import Call, Dialect, Endpoint, Json, Reply, Upload
from flitstack_pipeline.sandbox.errors import (
    ApiError,
    too_many_requests,
    unauthorized,
    unprocessable,
    wrong_location,
)
from flitstack_pipeline.sandbox.faults import Decision, Faults
from flitstack_pipeline.sandbox.formats import uuid_id
from flitstack_pipeline.sandbox.limits import Limits
from flitstack_pipeline.sandbox.live_shapes import as_recorded
from flitstack_pipeline.sandbox.requests import (
    cut_line,
    json_body,
    multipart_body,
    query_of,
    send_answer,
)
from flitstack_pipeline.sandbox.search_index import Found
from flitstack_pipeline.sandbox.state import State
from flitstack_pipeline.sandbox.stats import Stats

# Five values are served side by side; all but v3 share the older spelling of requests.
VERSIONS: dict[str, Dialect] = {
    "v3": "v3",
    "2023-02-21": "v2",
    "2021-07-28": "v2",
    "2021-04-15": "v2",
    "legacy": "v2",
}
Headers = list[tuple[bytes, bytes]]
#: How many times as long as writes deleted records (and new pipelines) trail, when live (L20).
LINGERS = 5


@dataclass(frozen=True)
class Caller:
    """Whom a token belongs to."""

    location: str
    company: str
    agency: bool

    @property
    def rate_key(self) -> str:
        """Return the key of its allowance: the sub-account, or the company for an agency."""
        return self.company if self.agency else self.location


@dataclass
class Sandbox:
    """The parts one sandbox is made of; held by the application."""

    state: State
    limits: Limits
    stats: Stats
    faults: Faults = field(default_factory=Faults)
    tokens: dict[str, Caller] = field(default_factory=dict)
    latency_ms: int = 0
    search_lag_ms: int = 0
    live: bool = False
    reseed: Callable[[bool], None] = lambda keep_seed: None

    def __post_init__(self) -> None:
        """Put the given faults in force."""
        self.set_faults(self.faults)

    def set_faults(self, faults: Faults) -> None:
        """Put other faults in force."""
        self.faults = faults
        self.limits.daily_override = faults.numbers.get("daily_quota")
        self.state.index.lag = lambda: self.faults.write_lag(self.search_lag_ms)
        self.state.index.delete_lag_times = LINGERS if self.live else 1


PAGES = (
    (502, "502 Bad Gateway"), (520, "Web server is returning an unknown error"),
    (524, "services.leadconnectorhq.com | 524: A timeout occurred"), (403, "Just a moment..."),
)  # fmt: skip


class CutLine(Exception):
    """The connection is to be reset without an answer."""


@dataclass
class Answer:
    """A finished answer."""

    status: int
    body: Any
    headers: Headers


class Operation:
    """One endpoint as an ASGI application."""

    def __init__(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        """Bind an endpoint to a sandbox."""
        self.sandbox = sandbox
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or cut the line when a fault wants it so."""
        sandbox, endpoint = self.sandbox, self.endpoint
        decision = sandbox.faults.decide(scope["method"], scope["path"])
        status = 0
        try:
            answer = await self._answer(Request(scope, receive), decision)
            status, body = answer.status, answer.body
            if isinstance(body, dict):
                body = {**body, "traceId": uuid_id()}
            await send_answer(send, status, body, answer.headers)
        except CutLine:
            await cut_line(scope)
        except ClientDisconnect:
            pass  # the caller died before its request was whole: nothing was done, nobody listens
        finally:
            sandbox.stats.count(endpoint.method, endpoint.path, status)

    async def _answer(self, request: Request, decision: Decision) -> Answer:
        headers: Headers = []
        await self._before(decision)
        late_page = self.endpoint.method != "GET" and decision.draw >= 0.5
        if "cloudflare" in decision.kinds and not late_page:
            return self._proxy_page(decision)
        try:
            caller = self._caller(request.headers, decision)
            dialect = self._dialect(request.headers)
            self._admit(caller, decision, headers)
            self._authorize(caller)
            await self._pause(decision)
            call = await self._call(request, caller, dialect, decision)
            status, body = self._work(call)
        except ApiError as refusal:
            return Answer(refusal.status, refusal.body(), headers)
        await self._pause(decision)
        return await self._after(decision, Answer(status, body, headers))

    # --- faults around the work --------------------------------------------------------------

    async def _before(self, decision: Decision) -> None:
        if "reset_before" in decision.kinds:
            self.sandbox.faults.happened("reset_before")
            raise CutLine
        if "timeout_before" in decision.kinds:
            self.sandbox.faults.happened("timeout_before")
            await asyncio.sleep(decision.times["timeout_before"] / 1000)
            raise CutLine
        if "slow" in decision.kinds:
            self.sandbox.faults.happened("slow")

    async def _after(self, decision: Decision, answer: Answer) -> Answer:
        faults, kinds = self.sandbox.faults, decision.kinds
        if "reset_after" in kinds:
            faults.happened("reset_after")
            raise CutLine
        if "timeout_after" in kinds:
            faults.happened("timeout_after")
            await asyncio.sleep(decision.times["timeout_after"] / 1000)
            raise CutLine
        if "cloudflare" in kinds:
            return self._proxy_page(decision)
        if "empty" in kinds and answer.status < 300:  # live: L14
            faults.happened("empty")
            return Answer(answer.status, b"", answer.headers)
        if "http_500_after" in kinds:
            faults.happened("http_500_after")
            late = ApiError(decision.status, "Internal server error")
            return Answer(late.status, late.body(), answer.headers)
        if "http_422_after_create" in kinds and self.endpoint.creates and answer.status < 300:
            faults.happened("http_422_after_create")
            late = unprocessable("Unprocessable Entity")
            return Answer(late.status, late.body(), answer.headers)
        return answer

    def _proxy_page(self, decision: Decision) -> Answer:
        """The page a proxy shows instead of an answer (recordings R33 to R35)."""
        self.sandbox.faults.happened("cloudflare")
        status, title = PAGES[int(decision.draw * len(PAGES))]
        page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body></body></html>"
        headers = [(b"content-type", b"text/html; charset=UTF-8"), (b"cf-ray", b"8f1")]
        return Answer(status, page.encode(), headers)

    async def _pause(self, decision: Decision) -> None:
        """Wait for half of the latency: once before the work and once after it."""
        wait = 0.0
        if self.sandbox.latency_ms:
            # log-normal around the median, the usual shape of response times
            spread = random.Random(decision.number).gauss(0, 0.25)
            wait = self.sandbox.latency_ms * math.exp(spread) / 2
        if "slow" in decision.kinds:
            wait += decision.times["slow"] / 2
        if wait:
            await asyncio.sleep(wait / 1000)

    # --- who, which version, may they ----------------------------------------------------------

    def _caller(self, headers: Mapping[str, str], decision: Decision) -> Caller:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise unauthorized("Authentication token is missing or malformed")
        caller = self.sandbox.tokens.get(token.strip())
        if decision.token_expired:
            self.sandbox.faults.happened("token_expires_after")
        if caller is None or decision.token_expired:
            raise unauthorized("Invalid Private Integration token")
        return caller

    def _dialect(self, headers: Mapping[str, str]) -> Dialect:
        version = headers.get("version", "")
        if not version:
            raise unauthorized("version header was not found.")
        dialect = VERSIONS.get(version)
        if dialect is None:
            raise unauthorized("version header is invalid.")
        wrong = "v2" if self.endpoint.v3_only else "v3" if self.endpoint.v2_only else ""
        if dialect == wrong:
            raise ApiError(404, f"Cannot {self.endpoint.method} {self.endpoint.path}")
        return dialect

    def _admit(self, caller: Caller, decision: Decision, headers: Headers) -> None:
        """Count the request against its allowance; the headers are filled in either way."""
        limits, key = self.sandbox.limits, caller.rate_key
        storm = "http_429_storm" in decision.kinds
        if storm:
            limits.throttled += 1
        if storm or not limits.admit(key):
            headers += limits.headers(key, exhausted=True)
            raise too_many_requests()
        self.sandbox.state.count_request(key, limits.today())
        headers += limits.headers(key)
        if "http_500_before" in decision.kinds:
            self.sandbox.faults.happened("http_500_before")
            raise ApiError(decision.status, "Internal server error")
        if "transient_400" in decision.kinds:
            self.sandbox.faults.happened("transient_400")
            raise ApiError(400, "Error occurred while searching for contact")  # recording R08
        if "http_404_before" in decision.kinds:
            self.sandbox.faults.happened("http_404_before")
            raise ApiError(404, f"Cannot {self.endpoint.method} {self.endpoint.path}")
        if "http_422_before" in decision.kinds:
            self.sandbox.faults.happened("http_422_before")
            raise unprocessable("Unprocessable Entity")

    def _authorize(self, caller: Caller) -> None:
        access = self.endpoint.access
        if access != "either" and caller.agency != (access == "agency"):
            raise unauthorized("The token is not authorized for this scope.")
        if caller.agency or not self.endpoint.scope:
            return
        location = self.sandbox.state.get("location", caller.location)
        if location and self.endpoint.scope in location.doc.get("deniedScopes", ()):
            raise unauthorized("The token is not authorized for this scope.")

    # --- the request -----------------------------------------------------------------------------

    async def _call(
        self, request: Request, caller: Caller, dialect: Dialect, decision: Decision
    ) -> Call:
        endpoint, query = self.endpoint, query_of(request)
        uploads: list[Upload] = []
        body: Any = {}
        if endpoint.multipart:
            body, uploads = await multipart_body(request)
        elif endpoint.body is not None:
            body = await json_body(request)
        location = self._location(caller, request.path_params, query, body)
        problems = endpoint.query_rule(dialect).problems(query)
        rule = endpoint.body_rule(dialect)
        if rule is not None:
            problems += rule.problems("", body)
        if problems:
            raise unprocessable(*problems)
        return Call(
            state=self.sandbox.state,
            method=endpoint.method,
            path={name: str(value) for name, value in request.path_params.items()},
            query=query,
            body=body,
            location=location,
            company=caller.company,
            dialect=dialect,
            base_url=str(request.base_url).rstrip("/"),
            agency=caller.agency,
            live=self.sandbox.live,
            trail_ms=self.sandbox.search_lag_ms * LINGERS if self.sandbox.live else 0,
            uploads=uploads,
            **self._disturbance(decision),
        )

    def _location(self, caller: Caller, path: Mapping[str, Any], query: Json, body: Json) -> str:
        """Return the sub-account the call is about; refuse another's."""
        places = (path, query, body)
        named = {str(place[key]) for place in places for key in ("locationId", "altId")
                 if isinstance(place.get(key), str) and place[key]
                 and (key == "locationId" or "altType" in place)}  # fmt: skip
        if isinstance(query.get("location_id"), str):
            named.add(query["location_id"])
        if not caller.agency:
            if named - {caller.location}:
                raise wrong_location()
            return caller.location
        for name in named:
            entry = self.sandbox.state.get("location", name)
            if entry is None or entry.doc["companyId"] != caller.company:
                raise wrong_location()
        return min(named, default="")

    def _disturbance(self, decision: Decision) -> dict[str, Any]:
        """Return how this request's search pages are cut and mixed."""
        faults = self.sandbox.faults
        changes: dict[str, Any] = {}

        def shorten(limit: int) -> int:
            faults.happened("short_pages")
            return max(1, int(limit * (0.2 + 0.6 * decision.draw)))

        def arrange(hits: list[Found]) -> list[Found]:
            faults.happened("shuffle_pages")
            return random.Random(decision.number).sample(hits, len(hits))

        if "short_pages" in decision.kinds:
            changes["shorten"] = shorten
        if "shuffle_pages" in decision.kinds:
            changes["arrange"] = arrange
        return changes

    # --- the work ----------------------------------------------------------------------------

    def _work(self, call: Call) -> tuple[int, Any]:
        state = self.sandbox.state
        changes = state.changes.copy()
        state.begin()
        try:
            result = self.endpoint.handler(call)
            state.commit()
        except BaseException:
            state.rollback()
            state.changes = changes
            raise
        reply = result if isinstance(result, Reply) else Reply(result)
        status = reply.status or self.endpoint.status
        if not call.live:
            return status, reply.body
        return as_recorded(call, self.endpoint.method, self.endpoint.path, status, reply.body)
