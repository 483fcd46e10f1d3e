"""A small real HTTP server: answers what a test tells it to, remembers what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.pacing import UnlimitedPacer
from flitstack_pipeline.highlevel.retry import RetryPolicy

QUICK = RetryPolicy(tries=4, first_wait_s=0.001, longest_wait_s=0.005, throttled_tries=12,
                    interval_s=0.01, spent_wait_s=0.001)  # fmt: skip
TOKEN = "pit-11112222-secret"


@dataclass
class Asked:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body) if self.body else None


@dataclass
class Told:
    """One answer; `fault` is reset, timeout or cut."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    fault: str = ""


class Server:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Told] = []
        self.answer: Callable[[Asked], Told] = lambda asked: Told()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two packets: 40 ms each otherwise

            def handle_one(self) -> None:
                outer.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_one

            def log_message(self, *args) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def tell(self, *answers: Told) -> None:
        self.script += answers

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        size = int(request.headers.get("Content-Length") or 0)
        asked = Asked(
            request.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {k.lower(): v for k, v in request.headers.items()},
            request.rfile.read(size),
        )
        self.asked.append(asked)
        told = self.script.pop(0) if self.script else self.answer(asked)
        if told.fault == "timeout":
            time.sleep(1.3)
        if told.fault in ("reset", "timeout"):
            linger = struct.pack("ii", 1, 0)
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RD)
            return
        body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
        request.send_response(told.status)
        for name, value in told.headers.items():
            request.send_header(name, str(value))
        request.send_header("Content-Length", str(len(body) + (10 if told.fault == "cut" else 0)))
        request.end_headers()
        request.wfile.write(body)
        if told.fault == "cut":
            request.close_connection = True


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def connection(server):
    return Connection(server.url, TOKEN, "loc1", agency_token="pit-agency-secret", timeout_s=1.0)


@pytest.fixture
def client(connection):
    client = HighLevelClient(connection, UnlimitedPacer(), retry=QUICK)
    yield client
    client.close()
