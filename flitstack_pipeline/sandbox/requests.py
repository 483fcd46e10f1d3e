"""Reading a request and writing an answer: JSON, multipart, and cutting the line.

What belongs here: the wire. What does not: whether the request may pass (pipeline.py).
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Scope, Send

from flitstack_pipeline.sandbox.calls import Json, Upload
from flitstack_pipeline.sandbox.errors import ApiError, bad_request

LARGEST_BODY = 60 * 1024 * 1024


def query_of(request: Request) -> Json:
    """Return the query, a repeated parameter as a list (`name[]` counts as `name`)."""
    query: Json = {}
    for raw, value in request.query_params.multi_items():
        name = raw.removesuffix("[]")
        if name in query:
            known = query[name]
            query[name] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            query[name] = value
    return query


async def json_body(request: Request) -> Any:
    """Return the JSON body, an empty one as `{}`; raise 400 for what is no JSON object."""
    raw = await request.body()
    if not raw:
        return {}
    kind = request.headers.get("content-type", "")
    if "json" not in kind:
        raise ApiError(415, f"Unsupported media type {kind or 'none'}: send application/json")
    try:
        body = json.loads(raw)
    except ValueError:
        raise bad_request("Unexpected token in JSON") from None
    if not isinstance(body, dict):
        raise bad_request("Unexpected token in JSON: an object is expected")
    return body


async def multipart_body(request: Request) -> tuple[Json, list[Upload]]:
    """Return (text fields, files) of a multipart form."""
    if "multipart/form-data" not in request.headers.get("content-type", ""):
        raise ApiError(415, "Unsupported media type: send multipart/form-data")
    if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
        raise ApiError(413, "Payload Too Large")
    fields: Json = {}
    uploads = []
    async with request.form(max_files=100) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                kind = value.content_type or "application/octet-stream"
                uploads.append(Upload(name, value.filename or "file", kind, content))
            else:
                fields[name] = value
    return fields, uploads


async def send_answer(
    send: Send, status: int, body: Any, headers: list[tuple[bytes, bytes]]
) -> None:
    """Send a JSON answer, or a page that is bytes already."""
    is_page = isinstance(body, bytes)
    raw = body if is_page else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    json_type = [] if is_page else [(b"content-type", b"application/json; charset=utf-8")]
    start = [*json_type, (b"content-length", str(len(raw)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": raw})


async def cut_line(scope: Scope) -> None:
    """Reset the TCP connection (RST) without an answer.

    The server hands its transport in the scope (server.py); lingering zero seconds turns the
    close into a reset. A line the caller has closed meanwhile needs none.
    """
    transport = scope["sandbox.transport"]
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0.01)  # lets the server notice, so that it does not answer 500
