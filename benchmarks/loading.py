"""What a load costs: requests per second, CPU per request, the journal's part, memory.

    .venv/bin/python -m benchmarks.loading [--records 2000] [--watch-memory]

Against a sandbox without limit or latency, over real HTTP, in one run: the bare client writing
contacts (no journal, the same threads), then the loader writing contacts, opportunities, invoices
and relations with its journal (SQLite, synchronous=FULL). CPU is that of this process, all threads.
With --watch-memory a server that only says "created" takes the sandbox's place, so that hundreds of
thousands of operations pass in minutes; the resident memory is printed at every tenth of the way.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.rows import association, contact_rows, migration_rows, schema
from benchmarks.saying_yes import saying_yes
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.concurrency import UNBOUNDED
from flitstack_pipeline.highlevel.pacing import UnlimitedPacer
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.sandbox_process import start_sandbox

AIM_MS = 3.0


def connect(url: str) -> HighLevel:
    """A client without a pace."""
    connection = Connection(url, "pit-sandbox", "sandbox-location", "pit-agency-sandbox")
    return HighLevel(HighLevelClient(connection, UnlimitedPacer()))


def bare(url: str, count: int) -> tuple[float, float]:
    """Requests per second and CPU ms per request of the client alone."""
    hl = connect(url)
    bodies = [ContactCreate(**row.payload["fields"]) for row in contact_rows(count, "bare")]
    started, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(UNBOUNDED) as pool:
        list(pool.map(hl.contacts.create, bodies))
    return count / (time.perf_counter() - started), (time.process_time() - cpu) / count * 1000


def full(url: str, folder: Path, records: int) -> dict[str, float]:
    """The same for the loader, with its journal."""
    hl = connect(url)
    with Journal(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        with journal.running(hl.location_id, "prepare") as run:
            catalog = provision(hl, schema(), journal, run)
        with journal.running(hl.location_id, "cutover") as run:
            before, cpu, started = journal.cpu_s, time.process_time(), time.perf_counter()
            rows = list(migration_rows(records))
            result = load(hl, journal, catalog, rows, run, options=LoadOptions(search_lag_s=1.0))
            journal.flush()
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            assert result.complete, journal.dead_letters(hl.location_id)[:3]
            return {
                "per_s": result.requests / seconds,
                "cpu_ms": cpu / result.requests * 1000,
                "journal_ms": (journal.cpu_s - before) / result.requests * 1000,
                "requests": result.requests,
                "transactions": journal.transactions,
            }


def speed(records: int) -> None:
    """Print the table of speeds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with start_sandbox(folder / "s.sqlite", rate="none", daily=0, search_lag_ms=0,
                           allow_duplicate_contact=True,
                           allow_duplicate_opportunity=True) as sandbox:  # fmt: skip
            bare_per_s, bare_ms = bare(sandbox.url, max(200, records))
            ours = full(sandbox.url, folder, records)
    print(f"{'':<24}{'requests/s':>12}{'CPU ms/request':>16}{'of the client':>15}")
    print(f"{'client, no journal':<24}{bare_per_s:>12.0f}{bare_ms:>16.2f}{1:>14.2f}x")
    print(f"{'loader with journal':<24}{ours['per_s']:>12.0f}{ours['cpu_ms']:>16.2f}"
          f"{ours['cpu_ms'] / bare_ms:>14.2f}x")  # fmt: skip
    print(
        f"journal's writer: {ours['journal_ms']:.2f} ms, "
        f"{ours['journal_ms'] / ours['cpu_ms']:.0%} of the CPU; "
        f"{ours['requests']:.0f} requests in {ours['transactions']:.0f} durable transactions"
    )
    verdict = "kept" if ours["cpu_ms"] <= AIM_MS else "missed"
    print(f"aim: {AIM_MS} ms per request, journal included: {verdict}; at 10 requests/s one core "
          f"drives {100 / ours['cpu_ms']:.0f} sub-accounts")  # fmt: skip


def memory(operations: int) -> None:
    """Print the resident memory along a long load."""
    catalog = Catalog("sandbox-location")
    association(catalog)
    with tempfile.TemporaryDirectory() as name, saying_yes() as url:
        hl = connect(url)
        with Journal(f"sqlite:///{Path(name) / 'journal.sqlite'}") as journal:
            run = journal.start_run(hl.location_id, "cutover")
            rows = _watched(migration_rows(operations // 4), operations)
            started = time.perf_counter()
            result = load(hl, journal, catalog, rows, run, options=LoadOptions(search_lag_s=1.0))
            seconds = time.perf_counter() - started
    print(f"{result.created:,} operations in {seconds:.0f} s, {result.rejected} rejected")


def _watched(rows: Iterator[MappedRow], total: int) -> Iterator[MappedRow]:
    first = 0
    for number, row in enumerate(rows):
        if number % (total // 10) == 0 and number:
            now = resident_mib()
            first = first or now
            print(f"{number:>9,} operations: {now:>5} MiB, {now / first:.2f} of the first tenth",
                  flush=True)  # fmt: skip
        yield row
    print(f"most ever: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def resident_mib() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


def main() -> None:
    """Measure what is asked for."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--records", type=int, default=1000, help="of each of four kinds")
    options.add_argument("--watch-memory", action="store_true")
    options.add_argument("--operations", type=int, default=200_000)
    chosen = options.parse_args()
    if chosen.watch_memory:
        memory(chosen.operations)
    else:
        speed(chosen.records)


if __name__ == "__main__":
    main()
