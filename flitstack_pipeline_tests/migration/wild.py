"""A proxy in front of the sandbox that answers in shapes and with troubles nobody recorded.

What belongs here: rewriting answers by chance, the same for the same seed and order of requests.
What does not: what the API does (the sandbox). Nothing here knows the client, so that what it
cannot read is found out by playing whole migrations through it (test_wild_answers.py).

Shapes: keys by their other names, empty lists null or left out, nulls left out, numbers and flags
as text, keys nobody knows, rows that come twice, counts of 0 beside rows. Troubles, before or after
the work is done: an error in the body of a success, a creation without its record, an HTML page,
an empty body, a cut one, another envelope, a refusal for a duplicate that names nobody.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

Json = dict[str, Any]
PASSED_ON = ("authorization", "version", "content-type", "accept")
#: Other names that HighLevel has for a key, in one family or version or another.
OTHER_NAMES = {
    "id": "_id", "customFields": "custom_fields", "dateAdded": "createdAt",
    "createdAt": "dateAdded", "dateUpdated": "updatedAt", "updatedAt": "dateUpdated",
    "fieldValue": "value", "picklistOptions": "options", "pipelineStageId": "pipelineStageUId",
}  # fmt: skip
#: Under these keys lies what the customer's records hold, not names of the API's.
DATA = ("properties", "uploadedFiles", "dndSettings", "value", "fieldValue")
#: What only the server that gave it reads.
OPAQUE = ("searchAfter", "sort", "startAfter", "startAfterId", "meta")
PAGES = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body></body></html>"
ERRORS = (
    {"statusCode": 500, "message": "Internal server error"},
    {"success": False, "message": "Something went wrong"},
    {"status": 400, "message": "Error occurred", "name": "HttpException"},
    {"error": "Service Unavailable", "message": "try later"},
)
SHAPES = ("rename", "null_lists", "drop_nulls", "numbers", "flags", "extra", "twice", "total")
TROUBLES = ("error_200", "no_record", "html", "empty", "cut", "envelope")


class Wild:
    """What is played, and what was.

    Args:
        target: the sandbox's address.
        seed: of all chances.
        shapes: which shapes are mixed in.
        troubles: how likely a trouble is, per request and kind.

    What is asked of the sandbox itself (`/_sandbox/…`) is left alone, and there is no trouble
    before the account is first looked at: people are in it before the migration.
    """

    def __init__(
        self,
        target: str,
        seed: int,
        shapes: Collection[str] = SHAPES,
        troubles: Mapping[str, float] | None = None,
    ) -> None:
        self.target, self.seed, self.shapes = target, seed, shapes
        self.troubles, self.begun = dict(troubles or {}), False
        self.played: Counter[str] = Counter()
        self._lock, self._number = threading.Lock(), 0

    def answer(
        self, method: str, path: str, headers: Json, body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        """What the caller gets: status, body, headers."""
        if path.startswith("/_"):
            self.begun |= path == "/_sandbox/dump"
            told = self._asked(method, path, headers, body)
            return told.status_code, told.content, _kept(told.headers)
        with self._lock:
            self._number += 1
            chance = random.Random(f"{self.seed}:{self._number}")
        trouble = self._trouble(chance)
        if trouble in ("error_200", "html") and chance.random() < 0.5:
            return self._troubled(trouble, chance, 200, {})  # before anything was done
        told = self._asked(method, path, headers, body)
        try:
            found = told.json()
        except ValueError:
            return told.status_code, told.content, _kept(told.headers)
        if told.status_code < 300:
            found = self._shaped(found, chance)
            if trouble:
                return self._troubled(trouble, chance, told.status_code, found)
        return told.status_code, json.dumps(found).encode(), _kept(told.headers)

    def _asked(self, method: str, path: str, headers: Json, body: bytes) -> requests.Response:
        sent = {k: v for k, v in headers.items() if k.lower() in PASSED_ON}
        return requests.request(method, f"{self.target}{path}", headers=sent, data=body, timeout=60)

    def _trouble(self, chance: random.Random) -> str:
        drawn = chance.random()
        for trouble, how_often in self.troubles.items() if self.begun else ():
            drawn -= how_often
            if drawn < 0:
                return trouble
        return ""

    def _troubled(
        self, trouble: str, chance: random.Random, status: int, found: Any
    ) -> tuple[int, bytes, dict[str, str]]:
        page = {"Content-Type": "text/html"}
        whole = json.dumps(found).encode()
        self.played[trouble] += 1
        if trouble == "error_200":
            return 200, json.dumps(chance.choice(ERRORS)).encode(), {}
        if trouble == "html":
            return chance.choice((502, 200)), PAGES.encode(), page
        if trouble == "empty":
            return status, chance.choice((b"", b"null")), {}
        if trouble == "cut":
            return status, whole[: len(whole) // 2], {}
        if trouble == "envelope":
            return status, json.dumps({"result": found}).encode(), {}
        if trouble == "no_record" and status == 201:
            return status, b'{"traceId": "t"}', {}
        self.played[trouble] -= 1
        return status, whole, {}

    # --- shapes ----------------------------------------------------------------------------------

    def _shaped(self, body: Any, chance: random.Random) -> Any:
        if not isinstance(body, dict):
            return body
        for name, rows in list(body.items()):
            if isinstance(rows, list) and rows and isinstance(rows[0], dict):
                body[name] = self._rows(rows, chance)
        if "total" in body and self._plays("total", chance):
            body["total"] = 0
        return self._walk(body, chance, "envelope")

    def _rows(self, rows: list[Any], chance: random.Random) -> list[Any]:
        if self._plays("twice", chance):
            rows = [*rows, chance.choice(rows)]
        return rows

    def _plays(self, shape: str, chance: random.Random, how_often: float = 0.6) -> bool:
        played = shape in self.shapes and chance.random() < how_often
        self.played[shape] += played
        return played

    def _walk(self, value: Any, chance: random.Random, where: str = "record") -> Any:
        """A value mangled; `where` it is: the envelope, a record, or in data of the customer's."""
        if isinstance(value, list):
            return [self._walk(v, chance, where) for v in value]
        if not isinstance(value, dict):
            return self._as_text(value, chance)
        made: Json = {}
        for key, held in value.items():
            if held == [] and self._plays("null_lists", chance):
                if where == "envelope" or chance.random() < 0.5:
                    made[key] = None
            elif held is not None or not self._plays("drop_nulls", chance):
                inside = "data" if key in DATA or where == "data" else "record"
                name = self._name(key, value, chance, where)
                made[name] = held if key in OPAQUE else self._walk(held, chance, inside)
        if where == "record" and self._plays("extra", chance):
            made["somethingNew"] = {"id": None, "list": [None]}
        return made

    def _name(self, key: str, record: Json, chance: random.Random, where: str) -> str:
        other = OTHER_NAMES.get(key, key)
        known = where != "record" or other in record
        return key if known or not self._plays("rename", chance) else other

    def _as_text(self, value: Any, chance: random.Random) -> Any:
        if isinstance(value, bool):
            return str(value).lower() if self._plays("flags", chance) else value
        if isinstance(value, int | float) and self._plays("numbers", chance):
            return str(value)
        return value


def _kept(headers: Any) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower().startswith(("x-", "retry", "content-t"))}


@contextmanager
def serving(wild: Wild) -> Iterator[str]:
    """The proxy's address, for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two packets: 40 ms each otherwise

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told, headers = wild.answer(
                self.command, self.path, dict(self.headers.items()), body
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
