"""Share of HighLevel's allowance three writers use in steady state, side by side.

    .venv/bin/python benchmarks/pacing.py [--seconds 60] [--rate 100/10] [--latency-ms 260]

Each writer has a sandbox of its own (same rate, same latency) and runs at the same time as the
others: ours (shared pacer, requests in flight by Little's law), one request after another, and a
plain token bucket (refilled evenly, burst of the whole window) over the same number of threads.
The first window is left out. Prints the share of the allowance, the share of 429s, the ratio.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from flitstack_pipeline.highlevel.client import Connection, Exchange, HighLevelClient
from flitstack_pipeline.highlevel.concurrency import InFlight
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.highlevel.pace_store import pace_engine
from flitstack_pipeline.highlevel.pacing import Pacer, SharedPacer, UnlimitedPacer
from flitstack_pipeline.highlevel.retry import RetryPolicy

TOKEN, LOCATION = "pit-sandbox", "sandbox-location"
THREADS = 24


class TokenBucket(UnlimitedPacer):
    """The pacer of most write-ups: evenly refilled, a burst as large as the window."""

    def __init__(self, limit: int, window_s: float) -> None:
        super().__init__()
        self._limit, self._rate = limit, limit / window_s
        self._tokens, self._at = float(limit), time.monotonic()
        self._lock = threading.Lock()

    def acquire(self, n: int = 1, reserve: bool = False) -> float:
        """Wait for tokens."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._limit, self._tokens + (now - self._at) * self._rate)
            self._at = now
            self._tokens -= n
            wait = max(0.0, -self._tokens / self._rate)
        time.sleep(wait)
        return wait


@dataclass
class Run:
    """One writer's answers: the moment and status of each."""

    name: str
    answers: list[tuple[float, int | None]] = field(default_factory=list)

    def observe(self, exchange: Exchange) -> None:
        """Take note of one answer."""
        self.answers.append((time.monotonic(), exchange.status))

    def shares(self, start: float, end: float, allowance: float) -> tuple[float, float]:
        """Return the share of the allowance used, and the share of answers that were 429."""
        inside = [status for at, status in self.answers if start <= at < end]
        good = sum(status is not None and status < 400 for status in inside)
        return good / (allowance * (end - start)), inside.count(429) / max(1, len(inside))


def serve(rate: str, latency_ms: int, folder: Path, name: str) -> tuple[subprocess.Popen, str]:
    """Start a sandbox and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flitstack_pipeline.sandbox", "--port", str(port)]
    command += ["--state", str(folder / f"{name}.sqlite"), "--rate", rate]
    command += ["--latency-ms", str(latency_ms), "--token", TOKEN, "--location", LOCATION]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            if requests.get(f"{url}/_sandbox/stats", timeout=1).ok:
                return process, url
        except requests.RequestException:
            time.sleep(0.1)
    process.kill()
    raise SystemExit("the sandbox did not start")


def load(run: Run, url: str, pacer: Pacer, threads: int, end: float, rate: float) -> None:
    """Send until the end, with so many threads behind a gate of fitting width."""
    patient = RetryPolicy(first_wait_s=0.1, throttled_tries=10_000, interval_s=1.0)
    client = HighLevelClient(
        Connection(url, TOKEN, LOCATION), pacer, observer=run.observe, retry=patient
    )
    gate = InFlight(1 if threads == 1 else 2, threads, rate_per_s=rate)

    def work() -> None:
        while time.monotonic() < end:
            with gate:
                try:
                    answer = client.call(
                        "GET", "/locations/{locationId}/tags", path={"locationId": LOCATION}
                    )
                    gate.observe(answer.latency_ms / 1000)
                except HighLevelError as error:
                    print(f"{run.name}: {error}", file=sys.stderr)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    time.sleep(max(0.0, end - time.monotonic()))


def measure(rate: str, latency_ms: int, seconds: float) -> list[tuple[str, float, float]]:
    """Run the three writers together; return name, share used and share of 429s of each."""
    limit, _, span = rate.partition("/")
    window = float(span or 10)
    allowance = int(limit) / window
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = pace_engine(folder / "pace.sqlite")
        makers: dict[str, tuple[Callable[[], Pacer], int]] = {
            "shared pacer": (lambda: SharedPacer(engine, "bench", int(limit), window), THREADS),
            "sequential": (UnlimitedPacer, 1),
            "token bucket": (lambda: TokenBucket(int(limit), window), THREADS),
        }
        servers = {key: serve(rate, latency_ms, folder, key.split()[0]) for key in makers}
        start = time.monotonic()
        end = start + window + seconds
        runs = [Run(key) for key in makers]
        drivers = [
            threading.Thread(
                target=load,
                args=(run, servers[run.name][1], maker(), threads, end, allowance),
                daemon=True,
            )
            for run, (maker, threads) in zip(runs, makers.values(), strict=True)
        ]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.join()
        for process, _url in servers.values():
            process.kill()
            process.wait()
        engine.dispose()
    return [(run.name, *run.shares(start + window, end, allowance)) for run in runs]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rate", default="100/10")
    options.add_argument("--latency-ms", type=int, default=260)
    chosen = options.parse_args()
    results = measure(chosen.rate, chosen.latency_ms, chosen.seconds)
    ours = results[0][1]
    print(f"{chosen.rate} requests/s allowed, {chosen.latency_ms} ms median latency")
    print(f"{'writer':<16}{'of allowance':>14}{'429s':>10}{'ours is':>10}")
    for name, used, refused in results:
        print(f"{name:<16}{used:>13.2%}{refused:>10.3%}{ours / max(used, 1e-9):>9.2f}x")


if __name__ == "__main__":
    main()
