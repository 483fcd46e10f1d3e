"""Comparing everything that was read back: records per second, and memory as the account grows.

    .venv/bin/python benchmarks/reconciliation.py [RECORDS]

No HTTP: pages of found records are made as they are asked for. Prints the speed beside a bare
dictionary comparison of the same values in the same run, and the growth of memory from a tenth of
the records to all of them (flat is about 1).
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.journal.store import IdMapRow, Journal
from flitstack_pipeline.migration.reconcile import reconcile
from flitstack_pipeline.migration.record_types.base import Found
from flitstack_pipeline.migration.rows import MappedRow

LOCATION = "benchmark"


def payload(n: int) -> dict[str, dict[str, object]]:
    """An invoice as it should be."""
    fields = {t.NAME: f"Invoice #{n}", t.SOURCE_ID: f"main/invoices/{n}", "Total__c": f"{n}.25",
              "Amount_Paid__c": f"{n}.00", "Balance__c": "0.25", "Issue_Date__c": "2026-01-02",
              "Invoice_Status__c": "Paid", "Notes__c": "called, paid by check"}  # fmt: skip
    return {"fields": dict(fields)}


def rows(count: int) -> Iterator[MappedRow]:
    """The planned records."""
    for n in range(count):
        key = f"invoice:main/invoices/{n}"
        yield MappedRow(key, key, "record", t.INVOICE, payload(n), "h", object_key="invoices")


def found(count: int) -> Iterator[Found]:
    """What HighLevel holds, newest first."""
    for n in reversed(range(count)):
        details = {"created": "2026-01-01", "relations": []}
        yield Found("record", t.INVOICE, f"hl{n}", payload(n), f"main/invoices/{n}", details)


def fill(journal: Journal, count: int) -> None:
    """The id map of a finished load."""
    for start in range(0, count, 1000):
        journal.conclude([], [entry(n) for n in range(start, min(start + 1000, count))])
    journal.flush()


def entry(n: int) -> IdMapRow:
    """The id map's row of one invoice."""
    key = f"invoice:main/invoices/{n}"
    return IdMapRow(
        LOCATION, key, f"main/invoices/{n}", "invoices", "record", t.INVOICE, f"hl{n}", "created",
        "h", {}, None, {}, "run", f"{n:09}", 0.0,
    )  # fmt: skip


def run(journal: Journal, count: int, trace: bool) -> tuple[float, int]:
    """Seconds of one reconciliation and its peak of Python memory (when traced)."""
    if trace:
        tracemalloc.start()
    started = time.perf_counter()
    with PlannedRecords() as planned:
        planned.add(journal, LOCATION, rows(count))
        result = reconcile(planned, found(count), {"main": {}})
    seconds = time.perf_counter() - started
    assert result.good, result.problems[:3]
    peak = tracemalloc.get_traced_memory()[1] if trace else 0
    if trace:
        tracemalloc.stop()
    return seconds, peak


def bare(count: int) -> float:
    """Seconds that comparing the same values takes when all of them are in memory."""
    started = time.perf_counter()
    held = {f.source_id: f.logical for f in found(count)}
    assert all(held[f"main/invoices/{n}"] == payload(n) for n in range(count))
    return time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal(f"sqlite:///{Path(folder) / 'journal.sqlite'}") as journal,
    ):
        fill(journal, count)
        seconds, _ = run(journal, count, trace=False)
        _, small = run(journal, count // 10, trace=True)
        _, large = run(journal, count, trace=True)
    floor = bare(count)
    print(f"records:                    {count:,}")
    print(f"records compared per second: {count / seconds:,.0f}")
    print(f"times a bare comparison in memory: {seconds / floor:.1f}")
    print(f"peak of Python memory, a tenth / all: {small / 1e6:.1f} / {large / 1e6:.1f} MB")
    print(f"growth of memory over ten times the records: {large / small:.2f}")
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak of the whole process:  {rss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
