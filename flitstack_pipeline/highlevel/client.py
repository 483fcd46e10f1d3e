"""One request to HighLevel: paced, sent, understood, and repeated only where that is safe.

What belongs here: connection, headers, URL, sending, turning an answer or a failure into an
`Answer` or an exception. What does not: what an operation means (the family modules), the
budget (pacing.py), how often to try (retry.py).
"""

from __future__ import annotations

import json as json_module
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    GarbledAnswer,
    HighLevelError,
    ServerFault,
    UnexpectedAnswer,
    Unreachable,
    describe,
    error_inside,
    parse_error,
    rule_of,
)
from flitstack_pipeline.highlevel.multipart import FilePart, multipart
from flitstack_pipeline.highlevel.pacing import Pacer
from flitstack_pipeline.highlevel.retry import RetryPolicy, retrying

_NEVER_LEFT = (NewConnectionError, ConnectTimeoutError, NameResolutionError)
_READING_POSTS = ("/search", "/search/filter-by-email")


@dataclass(frozen=True)
class Connection:
    """Which sub-account, with which token; tokens are never shown.

    `timeout_s` bounds the wait for an answer, `connect_timeout_s` that for a connection,
    `upload_timeout_s` that for the answer to an upload (HighLevel's proxy gives up at ~120 s).
    """

    base_url: str
    token: str = field(repr=False)
    location_id: str
    agency_token: str | None = field(default=None, repr=False)
    version: str = "v3"
    timeout_s: float = 30.0
    connect_timeout_s: float = 10.0
    upload_timeout_s: float = 130.0


@dataclass(frozen=True)
class Answer:
    """A success: status, parsed body, and what the journal wants to know."""

    status: int
    body: Any
    trace_id: str | None
    latency_ms: float
    headers: Mapping[str, str]
    route: str
    #: What the caller's `read` made of it.
    read: Any = None


@dataclass(frozen=True)
class Exchange:
    """One attempt as an observer sees it: no bodies, no secrets. `status` None: no answer.

    `at` is when it was over, in seconds since 1970.
    """

    method: str
    route: str
    status: int | None
    latency_ms: float
    trace_id: str | None
    paced_ms: float = 0.0
    at: float = field(default_factory=time.time)

    @property
    def write(self) -> bool:
        """Whether it was meant to change something."""
        return is_write(self.method, self.route)


@dataclass
class Usage:
    """What a client has sent: attempts, those that were writes, and those answered with 429."""

    requests: int = 0
    writes: int = 0
    throttled: int = 0

    def since(self, before: Usage) -> Usage:
        """What came after `before`."""
        return Usage(
            self.requests - before.requests,
            self.writes - before.writes,
            self.throttled - before.throttled,
        )


@dataclass(frozen=True)
class _Call:
    method: str
    route: str
    url: str
    body: bytes | None
    fields: Mapping[str, str] | None
    files: Sequence[FilePart] | None
    agency: bool
    write: bool
    version: str | None = None
    read: Callable[[Answer], Any] | None = None


class HighLevelClient:
    """Sends requests; safe to use from many threads, each with a kept-alive session of its own.

    `reserve` lets the calls use the part of the daily quota kept for the delta. `before_write` is
    called when a write is about to leave, after every wait; what it raises keeps it from leaving.
    """

    def __init__(
        self,
        connection: Connection,
        pacer: Pacer,
        *,
        observer: Callable[[Exchange], None] | None = None,
        retry: RetryPolicy | None = None,
        reserve: bool = False,
        before_write: Callable[[], None] | None = None,
    ) -> None:
        self.connection, self.pacer, self._before_write = connection, pacer, before_write
        self._observer, self._reserve = observer, reserve
        self._base = connection.base_url.rstrip("/")
        self._headers = {
            False: _headers(connection, connection.token),
            True: _headers(connection, connection.agency_token or ""),
        }
        self._send = retrying(self._attempt, retry or RetryPolicy())
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._usage, self._counting = Usage(), threading.Lock()

    @property
    def usage(self) -> Usage:
        """Attempts so far, those repeated by the retry policy included."""
        with self._counting:
            return replace(self._usage)

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """Collect every attempt the calling thread makes during the block."""
        before: list[Exchange] | None = getattr(self._local, "record", None)
        record: list[Exchange] = []
        self._local.record = record
        try:
            yield record
        finally:
            self._local.record = before
            if before is not None:
                before += record

    @property
    def location_id(self) -> str:
        """The sub-account every call is about."""
        return self.connection.location_id

    @property
    def last_exchange(self) -> Exchange | None:
        """The latest attempt of the calling thread (status, trace id, latency for the journal)."""
        return getattr(self._local, "exchange", None)

    def call(
        self,
        method: str,
        route: str,
        *,
        path: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        files: Sequence[FilePart] | None = None,
        data: Mapping[str, str] | None = None,
        agency: bool = False,
        write: bool | None = None,
        version: str | None = None,
        read: Callable[[Answer], Any] | None = None,
    ) -> Answer:
        """Send one request and return its success.

        `route` is the template, `path` fills it; parameters that are None are left out; `files`
        and `data` make a multipart body streamed from disk; `write` is guessed from the route;
        `version` overrules the connection's for operations v3 no longer has. What `read` makes of
        a success is in the answer's `read`; where it raises UnexpectedAnswer, a read is repeated.
        Raises HighLevelError: AmbiguousOutcome for a write that may have happened.
        """
        if agency and not self.connection.agency_token:
            raise ValueError(
                f"{method} {route} needs an agency token: set HIGHLEVEL_AGENCY_TOKEN, "
                "or make the change in HighLevel by hand"
            )
        call = _Call(
            method,
            route,
            self._url(route, path, params),
            None if json is None else _dump(json),
            data,
            files,
            agency,
            is_write(method, route) if write is None else write,
            version,
            read,
        )
        return self._send(call)

    def stop(self) -> None:
        """End every wait for a moment to send: the calls that wait raise PacerClosed."""
        self.pacer.close()

    def close(self) -> None:
        """Close every session."""
        for session in list(self._sessions):
            session.close()

    def _url(
        self, route: str, path: Mapping[str, str] | None, params: Mapping[str, Any] | None
    ) -> str:
        filled = route
        for name, value in (path or {}).items():
            if not value:
                raise ValueError(f"{route}: {name} is empty")
            filled = filled.replace("{" + name + "}", quote(str(value), safe=""))
        query = [(key, _text(value)) for key, value in (params or {}).items() if value is not None]
        return f"{self._base}{filled}?{urlencode(query)}" if query else f"{self._base}{filled}"

    # --- one attempt ---------------------------------------------------------------------------

    def _attempt(self, call: _Call) -> Answer:
        paced = self.pacer.acquire(reserve=self._reserve)
        if call.write and self._before_write is not None:
            self._before_write()
        started = time.perf_counter()
        try:
            response = self._exchange(call)
        except requests.RequestException as failure:
            self._note(call, None, _since(started), None, paced)
            raise _from_failure(call, failure) from failure
        latency = _since(started)
        if not call.agency:  # an agency token has an allowance of its own
            self.pacer.observe(response.headers, response.status_code)
        if response.status_code >= 400:
            error = parse_error(call.method, call.route, response, call.body)
            self._note(call, response.status_code, latency, error.trace_id, paced)
            if call.write and isinstance(error, ServerFault):
                raise AmbiguousOutcome(call.method, call.route, error)
            raise error
        try:
            body = _body(call, response)
        except HighLevelError:
            self._note(call, response.status_code, latency, None, paced)
            raise
        trace_id = body.get("traceId") if isinstance(body, dict) else None
        self._note(call, response.status_code, latency, trace_id, paced)
        return _understood(
            call,
            Answer(response.status_code, body, trace_id, latency, response.headers, call.route),
        )

    def _exchange(self, call: _Call) -> requests.Response:
        """Send through the adapter itself: sessions cost more CPU than the request does."""
        request = requests.PreparedRequest()
        request.method, request.url = call.method, call.url
        headers: CaseInsensitiveDict[str] = self._headers[call.agency].copy()
        if call.version:
            headers["Version"] = call.version
        request.headers = headers
        timeout = (self.connection.connect_timeout_s, self.connection.timeout_s)
        if call.files is None and call.fields is None:
            if call.body is not None:
                request.body = call.body
                headers["Content-Type"] = "application/json"
                headers["Content-Length"] = str(len(call.body))
            elif call.method != "GET":
                headers["Content-Length"] = "0"
            return self._deliver(request, timeout)
        with multipart(call.fields or {}, call.files or ()) as body:
            request.body = body  # anything readable will do
            headers["Content-Type"] = body.content_type
            headers["Content-Length"] = str(body.len)
            timeout = (timeout[0], self.connection.upload_timeout_s)
            return self._deliver(request, timeout)

    def _deliver(
        self, request: requests.PreparedRequest, timeout: tuple[float, float]
    ) -> requests.Response:
        response = self._adapter().send(request, timeout=timeout, proxies=None)
        response.content  # noqa: B018  (read now: an answer cut short is a failure to send)
        return response

    def _adapter(self) -> HTTPAdapter:
        adapter: HTTPAdapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            session = requests.Session()
            session.trust_env = False
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
            session.mount(self._base, adapter)
            self._local.session, self._local.adapter = session, adapter
            self._sessions.add(session)
        return adapter

    def _note(
        self,
        call: _Call,
        status: int | None,
        latency_ms: float,
        trace_id: str | None,
        paced_s: float,
    ) -> None:
        exchange = Exchange(call.method, call.route, status, latency_ms, trace_id, paced_s * 1000)
        self._local.exchange = exchange
        record = getattr(self._local, "record", None)
        if record is not None:
            record.append(exchange)
        with self._counting:
            self._usage.requests += 1
            self._usage.writes += call.write
            self._usage.throttled += status == 429
        if self._observer is not None:
            self._observer(exchange)


def is_write(method: str, route: str) -> bool:
    """True when the operation may change something: all but GETs and searches."""
    return method != "GET" and not (method == "POST" and route.endswith(_READING_POSTS))


def never_left(failure: requests.RequestException) -> bool:
    """True when there was no connection, so that the request cannot have been processed."""
    inner = failure.args[0] if failure.args else None
    reason = getattr(inner, "reason", inner)
    return isinstance(failure, requests.ConnectTimeout) or isinstance(reason, _NEVER_LEFT)


def _from_failure(call: _Call, failure: requests.RequestException) -> HighLevelError:
    if call.write and not never_left(failure):
        return AmbiguousOutcome(call.method, call.route, failure)
    return Unreachable(call.method, call.route, messages=[describe(failure)])


def _body(call: _Call, response: requests.Response) -> Any:
    """The parsed body of a success.

    Raises GarbledAnswer for a read that shows nothing readable, or an error in a success, and
    AmbiguousOutcome for such a write.
    """
    content = response.content
    if not content:
        if call.write or response.status_code == 204:
            return {}
        raise _garbled(call, response, "an empty body")
    try:
        body = json_module.loads(content)
    except ValueError:
        unusable = _garbled(call, response, "not JSON")
    else:
        said = "null" if body is None else error_inside(body)
        if said is None:
            return body
        told = f"an error in a success: {rule_of(said, call.body)}"
        unusable = _garbled(call, response, told)
    raise AmbiguousOutcome(call.method, call.route, unusable) if call.write else unusable


def _understood(call: _Call, answer: Answer) -> Answer:
    """The answer with what its caller reads in it (live: L14: another body comes now and then)."""
    if call.read is None:
        return answer
    try:
        return replace(answer, read=call.read(answer))
    except UnexpectedAnswer as error:
        if call.write:
            raise
        raise GarbledAnswer(
            call.method, call.route, status=answer.status, messages=error.messages,
            trace_id=answer.trace_id,
        ) from error  # fmt: skip


def _garbled(call: _Call, response: requests.Response, what: str) -> GarbledAnswer:
    return GarbledAnswer(call.method, call.route, status=response.status_code, messages=[what])


def _headers(connection: Connection, token: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict(
        {
            "Authorization": f"Bearer {token}",
            "Version": connection.version,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "flitstack-pipeline",
        }
    )


def _dump(value: Any) -> bytes:
    text = json_module.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(_text(part) for part in value)
    return str(value)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
