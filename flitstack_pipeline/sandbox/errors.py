"""HighLevel's error answers, as one exception.

What belongs here: the envelope (`statusCode`, `message`, `error`, `code`, `meta`) and the
recurring refusals. What does not: deciding when to refuse (that is the pipeline's and the
routes' work). `traceId` is added by the pipeline, since every body carries one.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """A refusal in HighLevel's envelope; raised anywhere, answered by the pipeline."""

    def __init__(
        self,
        status: int,
        message: str | list[str],
        *,
        code: str | None = None,
        meta: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.meta = meta
        self.error = error or HTTPStatus(status).phrase

    def body(self) -> dict[str, Any]:
        """Return the JSON body, without `traceId`."""
        body: dict[str, Any] = {"statusCode": self.status, "message": self.message}
        if self.code:
            body["code"] = self.code
        if self.meta:
            body["meta"] = self.meta
        body["error"] = self.error
        return body


def bad_request(message: str, **details: Any) -> ApiError:
    """Return a 400."""
    return ApiError(400, message, **details)


_MONGO_IDS = frozenset({"Business", "Record", "Association", "Relation", "Field"})


def not_found(what: str, record_id: str, *, live: bool = False) -> ApiError:
    """Return the answer to an id that does not exist.

    HighLevel's v3 files list 400 and no 404 for nearly every family, so a missing record is a
    400 whose message says so.
    """
    if live and what in _MONGO_IDS and not re.fullmatch(r"[0-9a-f]{24}", record_id):
        return ApiError(400, f"{record_id} is not a valid ObjectId")  # recording R28
    if live and what == "Contact":
        return ApiError(400, f"Contact not found for id:{record_id}")  # recording R09
    return ApiError(400, f"{what} with id {record_id} not found")


def unprocessable(*messages: str) -> ApiError:
    """Return a 422 with class-validator's list of messages."""
    return ApiError(422, list(messages), error="Unprocessable Entity")


def unauthorized(message: str) -> ApiError:
    """Return a 401."""
    return ApiError(401, message)


def wrong_location() -> ApiError:
    """Return the refusal of a token used on another sub-account."""
    return ApiError(403, "The token does not have access to this location.")


def too_many_requests() -> ApiError:
    """Return a 429; its body is undocumented, so it says no more than it must."""
    return ApiError(429, "Too Many Requests", error="Too Many Requests")
