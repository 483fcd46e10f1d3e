"""What can go wrong with a request, as exceptions a caller can tell apart.

What belongs here: the exceptions, and the pure translation of an answer into one of them.
What does not: deciding whether to try again (retry.py) or how to recover (migration/).

The error envelope is `{statusCode, message: str | [str], error, code?, meta?, traceId}`
(docs/highlevel.md#errors). No message here ever holds a token, a request body or a query string,
nor a value of a customer that HighLevel echoes (live: L10): a message is cut to its rule.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from flitstack_pipeline.errors import Exit, FlitstackError

_SECRET = re.compile(r"(?i)\b(?:pit-[\w-]+|bearer\s+\S+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)")
_NO_SCOPE = ("not authorized for this scope", "not yet supported by the iam service")
_NOT_THERE = re.compile(
    r"(?i)\b(?:not found|does not exist|no longer exists|not a valid objectid)\b"
)
#: A refusal that passes by itself (live: L11): repeated for reads, looked up for writes.
_PASSING = re.compile(r"(?i)error occurred while searching|please try again")
_DUPLICATE_CONTACT = re.compile(r"(?i)does not allow duplicated? contacts?")
_DUPLICATE_OPPORTUNITY = re.compile(r"(?i)duplicate opportunity")
_HTML = re.compile(rb"(?i)^\s*(?:<!doctype html|<html)")
_TITLE = re.compile(r"(?is)<title>(.*?)</title>")
_EMAIL = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+?\(?\d(?:[\s().-]*\d){8,14}(?!\w)")
_RULE = re.compile(
    r"(?i)\b(?:exceed|must|should|cannot|can not|is too|longer than|not allowed|invalid|unexpected)"
)
#: The parts of `meta` that name records, and no people.
_META = ("contactId", "matchingField", "existingId")
MESSAGE_MOST = 300
#: Values of a request that are ours or HighLevel's own words: a refusal may name them.
_OUR_KEYS = re.compile(r"(?:Ids?|Keys?|Type|_id)$|^(?:id|ids|key|status|model|type|field|sort)$")
ECHO_LEAST = 2
#: All that a body has which is an error and nothing else.
_ERROR_KEYS = frozenset(
    ("statusCode", "status", "message", "msg", "error", "name", "code", "meta", "traceId")
)


class HttpResponse(Protocol):
    """What `parse_error` reads of an answer (requests.Response fits)."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, found whatever their case."""

    @property
    def content(self) -> Any:
        """The body, bytes."""


class HighLevelError(FlitstackError):
    """A request HighLevel refused, or that got no usable answer.

    `status` is None when there was no answer; `messages` is the normalised `message`;
    `route` is the template, such as `/contacts/{contactId}`.
    """

    def __init__(
        self,
        method: str,
        route: str,
        *,
        status: int | None = None,
        messages: list[str] | None = None,
        code: str | None = None,
        meta: dict[str, Any] | None = None,
        trace_id: str | None = None,
    ) -> None:
        self.method, self.route, self.status = method, route, status
        self.messages = [redact(message) for message in messages or []]
        self.code, self.meta, self.trace_id = code, meta or {}, trace_id
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        answered = f"answered {self.status}" if self.status else "got no answer"
        text = f"{self.method} {self.route} {answered}"
        if self.messages:
            text += ": " + "; ".join(self.messages)
        details = [self.code or "", f"trace {self.trace_id}" if self.trace_id else ""]
        known = ", ".join(detail for detail in details if detail)
        return f"{text} ({known})" if known else text

    @property
    def scope_missing(self) -> bool:
        """True when the token is valid but lacks the scope of this operation (I#217, I#74)."""
        text = " ".join(self.messages).lower()
        return self.status in (401, 403) and any(phrase in text for phrase in _NO_SCOPE)


class BadRequest(HighLevelError):
    """400: refused for what it says."""


class DuplicateContact(BadRequest):
    """400: no second contact with this e-mail or phone is allowed (docs/highlevel.md#errors)."""

    @property
    def contact_id(self) -> str | None:
        """The id of the contact that is already there; None when the answer does not tell."""
        found = self.meta.get("contactId")
        return str(found) if found else None

    @property
    def matching_field(self) -> str | None:
        """`email` or `phone`, whichever matched."""
        return self.meta.get("matchingField")


class DuplicateOpportunity(BadRequest):
    """400 OPPORTUNITY_NO_DUPLICATE: one per contact and pipeline (docs/highlevel.md#errors)."""

    @property
    def existing_id(self) -> str | None:
        """The id of the opportunity that is already there."""
        return self.meta.get("existingId")


class DuplicateRelation(BadRequest):
    """400: these two records are linked already; treat as done (I#73)."""


class Unauthorized(HighLevelError):
    """401: the token is missing, wrong, expired, or lacks the scope (see `scope_missing`)."""

    exit_code = Exit.PREFLIGHT_FAILED


class Forbidden(HighLevelError):
    """403: the token is not for this sub-account."""

    exit_code = Exit.PREFLIGHT_FAILED


class NotFound(HighLevelError):
    """404, or a 400 saying that the record is not there (most v3 families know no 404)."""


class ValidationRejected(HighLevelError):
    """422: unknown keys, missing keys, wrong values."""


class RateLimited(HighLevelError):
    """429: not processed; `retry_after_s` is what the answer told, if anything."""

    retry_after_s: float | None = None
    interval_s: float | None = None


class DailyQuotaSpent(RateLimited):
    """429 with nothing left of the day's quota."""


class ServerFault(HighLevelError):
    """5xx, and what passes like one: a transient 400, a page of the proxy before the API."""


class Unreachable(HighLevelError):
    """No answer to a read, or a write that certainly never left: nothing has happened."""


class UnexpectedAnswer(HighLevelError):
    """A success whose body is not what the operation answers."""


class GarbledAnswer(UnexpectedAnswer):
    """A success without a readable body: a maintenance page, an empty answer to a read."""


class AmbiguousOutcome(HighLevelError):
    """A write whose answer was lost, cut or a 5xx: it may or may not have happened.

    Never repeat it blindly: look the record up by its source key first. `cause` is what was seen.
    """

    def __init__(self, method: str, route: str, cause: BaseException) -> None:
        self.cause = cause
        status = getattr(cause, "status", None)
        super().__init__(
            method,
            route,
            status=status,
            messages=[f"the write may or may not have happened ({describe(cause)})"],
            trace_id=getattr(cause, "trace_id", None),
        )


_BY_STATUS: dict[int, type[HighLevelError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    422: ValidationRejected,
}


def redact(text: str) -> str:
    """Take anything that looks like a token out of a text."""
    return _SECRET.sub("[token]", text)


def describe(cause: BaseException) -> str:
    """Say what kind of failure this is, without addresses, queries or bodies."""
    if isinstance(cause, HighLevelError):
        return redact("; ".join(cause.messages) or f"status {cause.status}")
    inner = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else None
    reason = getattr(inner, "reason", None) or inner
    names = [type(cause).__name__]
    if isinstance(reason, BaseException):
        names.append(type(reason).__name__)
    return ": ".join(names)


def parse_error(
    method: str, route: str, response: HttpResponse, sent: bytes | None = None
) -> HighLevelError:
    """Turn an answer of status 400 or more into the exception it means (raises nothing).

    Args:
        method: of the request.
        route: its template.
        response: the answer.
        sent: the JSON body of the request, whose values are taken out of what HighLevel says.
    """
    status, headers = response.status_code, response.headers
    page = _page_title(response.content)
    body = _parsed(response.content)
    envelope = body if isinstance(body, dict) else {}
    told = [page] if page is not None else _messages(body, response.content)
    meta = envelope.get("meta")
    details: dict[str, Any] = {
        "status": status,
        "messages": [rule_of(message, sent) for message in told],
        "code": envelope.get("code"),
        "meta": {k: meta[k] for k in _META if meta.get(k)} if isinstance(meta, dict) else {},
        "trace_id": envelope.get("traceId") or headers.get("x-trace-id"),
    }
    if status == 429:
        return _rate_limited(method, route, headers, details)
    if page is not None:  # no answer of the API's at all, whatever its status
        return ServerFault(method, route, **details)
    return _class_of(status, details)(method, route, **details)


def _page_title(content: Any) -> str | None:
    """What an HTML page is called; None for everything else."""
    if not isinstance(content, bytes) or not _HTML.match(content):
        return None
    title = _TITLE.search(content[:4000].decode("utf-8", "replace"))
    return f"an HTML page instead of an answer: {' '.join(title[1].split())[:80] if title else ''}"


def _class_of(status: int, details: dict[str, Any]) -> type[HighLevelError]:
    if status >= 500:
        return ServerFault
    if status == 400:
        return _bad_request(" ".join(details["messages"]), details)
    return _BY_STATUS.get(status, HighLevelError)


def _bad_request(text: str, details: dict[str, Any]) -> type[HighLevelError]:
    meta = details["meta"]
    if "contactId" in meta or _DUPLICATE_CONTACT.search(text):
        return DuplicateContact
    if details["code"] == "OPPORTUNITY_NO_DUPLICATE" or "existingId" in meta:
        return DuplicateOpportunity
    if _DUPLICATE_OPPORTUNITY.search(text):
        return DuplicateOpportunity
    if "duplicate relation" in text.lower():
        return DuplicateRelation
    if _PASSING.search(text):
        return ServerFault
    return NotFound if _NOT_THERE.search(text) else BadRequest


def rule_of(text: str, sent: bytes | None = None) -> str:
    """What HighLevel says is wrong, without the values it is wrong about.

    Args:
        text: the message.
        sent: the JSON body of the request; its values are taken out wherever they stand.
    """
    for value in sorted(set(_texts(_parsed(sent))), key=len, reverse=True):
        if value in text:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "[value]", text)
    text = _PHONE.sub("[number]", _EMAIL.sub("[e-mail]", text))
    if len(text) <= MESSAGE_MOST:
        return text
    rules = list(_RULE.finditer(text))
    tail = text[rules[-1].start() :] if rules else ""
    return f"… {tail}" if 0 < len(tail) <= MESSAGE_MOST else f"a message of {len(text)} characters"


def _texts(value: Any) -> Iterator[str]:
    """The texts of a body that may be a customer's words."""
    if isinstance(value, dict):
        value = [part for key, part in value.items() if not _OUR_KEYS.search(key)]
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str) and len(value.strip()) >= ECHO_LEAST:
        yield value.strip()


def _rate_limited(
    method: str, route: str, headers: Mapping[str, str], details: dict[str, Any]
) -> RateLimited:
    spent = headers.get("X-RateLimit-Daily-Remaining", "").strip() == "0"
    error = (DailyQuotaSpent if spent else RateLimited)(method, route, **details)
    error.retry_after_s = _seconds(headers.get("Retry-After"))
    interval = _seconds(headers.get("X-RateLimit-Interval-Milliseconds"))
    error.interval_s = interval / 1000 if interval is not None else None
    return error


def _seconds(text: str | None) -> float | None:
    """A wait in seconds, told as a number or as an HTTP date."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def error_inside(body: Any) -> str | None:
    """What the body of a success says went wrong; None when it tells no error.

    A status of 400 or more, a flag of success that is false, or an `error` and nothing that an
    operation answers.
    """
    if not isinstance(body, dict):
        return None
    told = [body.get(name) for name in ("statusCode", "status")]
    failed = any(str(code).isdigit() and 400 <= int(str(code)) < 600 for code in told)
    failed |= any(body.get(name) is False for name in ("success", "succeeded", "succeded"))
    failed |= bool(body.get("error")) and body.keys() <= _ERROR_KEYS
    return "; ".join(_messages(body, None)) or "no reason told" if failed else None


def _parsed(content: Any) -> Any:
    try:
        return json.loads(content) if content else {}
    except ValueError:
        return None


def _messages(body: Any, content: Any) -> list[str]:
    """The messages of an error, whichever way they are wrapped."""
    if isinstance(body, list):
        return [said for part in body for said in _messages(part, None)]
    if isinstance(body, dict):
        message = body.get("message") or body.get("error") or body.get("msg")
        if isinstance(message, dict):
            return _messages(message, None) or [json.dumps(message)]
        if isinstance(message, list):
            return [
                said
                for part in message
                for said in (_messages(part, None) if isinstance(part, dict) else [str(part)])
            ]
        return [str(message)] if message else []
    if isinstance(body, str):
        return [body]
    if content:
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        return [" ".join(text.split())[:200]]
    return []
