"""A server that answers every write with a new id and every search with nothing: no sandbox's work.

For measuring the loader alone over hundreds of thousands of requests.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ids = itertools.count()
_NOTHING = json.dumps({"contacts": [], "opportunities": [], "records": [], "total": 0}).encode()


class Yes(asyncio.Protocol):
    """HTTP/1.1, keep-alive, one request at a time per connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end]
            at = head.lower().find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.waiting) < end + 4 + size:
                return
            self.waiting = self.waiting[end + 4 + size :]
            self._answer(head.split(b" ", 2)[1])

    def _answer(self, path: bytes) -> None:
        body = _NOTHING
        if not path.split(b"?")[0].endswith(b"/search"):
            made = {"id": f"id{next(_ids)}"}
            body = json.dumps(
                {"contact": made, "opportunity": made, "record": made, **made}
            ).encode()
        head = (
            f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        self.transport.write(head.encode() + b"\r\n\r\n" + body)  # type: ignore[attr-defined]


@contextmanager
def saying_yes() -> Iterator[str]:
    """Its address, while the block lasts."""
    command = [sys.executable, "-m", "benchmarks.saying_yes"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Yes, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
