"""uvicorn with a way to cut a connection.

What belongs here: the HTTP protocol that hands its transport to the application, so that a
fault can reset the line, and running a server. What does not: the application (app.py).
"""

from __future__ import annotations

import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CuttableProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose scope carries the transport under `sandbox.transport`."""

    def on_headers_complete(self) -> None:
        """Add the transport before the request is dispatched."""
        scope: Any = self.scope
        scope["sandbox.transport"] = self.transport
        super().on_headers_complete()


def listening_socket(port: int) -> socket.socket:
    """Return a socket listening on loopback; port 0 picks a free one."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(2048)
    return sock


def run(app: Any, sock: socket.socket) -> None:
    """Serve the application on this socket until told to stop."""
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[sock])
