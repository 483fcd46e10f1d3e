"""What moving it takes, before there is a map: HighLevel records, requests, hours, days.

The counts are what the built-in map makes of the records (README, "What arrives where"); once a
map is applied, `services.planning` counts exactly. Facts: 100 requests per 10 seconds and 200,000 a
day per sub-account (docs/highlevel.md#limits), the cheapest faithful request per record
(docs/highlevel.md#floor).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import duckdb

from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.migration.plan import PAGE
from flitstack_pipeline.migration.record_types.files import FILES_PER_UPLOAD
from flitstack_pipeline.warehouse import row_count, table_exists

RATE_PER_S = 10.0
A_DAY = 200_000


@dataclass(frozen=True)
class Work:
    """HighLevel records of one kind that an object type becomes, and the requests they take."""

    object: str
    becomes: str
    records: int
    writes: int
    reads: int

    @property
    def requests(self) -> int:
        """Writing them and reading them back."""
        return self.writes + self.reads


@dataclass(frozen=True)
class Effort:
    """The whole of it at the allowed pace of one sub-account."""

    works: tuple[Work, ...]

    @property
    def records(self) -> int:
        """HighLevel records to create."""
        return sum(w.records for w in self.works)

    @property
    def requests(self) -> int:
        """Requests, the read-back included."""
        return sum(w.requests for w in self.works)

    @property
    def requests_without_files(self) -> int:
        """Requests, those that carry files apart."""
        return sum(w.requests for w in self.works if w.object != "attachments")

    @property
    def hours(self) -> float:
        """Hours at the allowed pace, never pausing."""
        return self.requests / RATE_PER_S / 3600

    @property
    def days(self) -> int:
        """Calendar days the daily limit makes of it."""
        return max(1, ceil(self.requests / A_DAY))

    def rows(self) -> list[dict[str, Any]]:
        """A row per kind of record."""
        return [
            {"object": w.object, "becomes": w.becomes, "records": w.records,
             "requests": w.requests}
            for w in self.works if w.records
        ]  # fmt: skip


def estimate_effort(con: duckdb.DuckDBPyConnection) -> Effort:
    """Count what the cleaned and related records become; a missing table counts as empty."""
    return Effort(tuple(_works(con)))


def _works(con: duckdb.DuckDBPyConnection) -> Iterator[Work]:
    count = _Counts(con)
    merged = "source_key NOT IN (SELECT merged_key FROM clean.merges)"
    firms = count("clients", f"is_business AND {merged}")
    yield _each("clients", "contact", count("clients", merged))
    yield _each("clients", "company", firms)
    yield Work("clients", "contact of its company", firms, firms, 0)
    yield _each("leads", "contact", count("leads", merged))
    yield _each("jobs", "opportunity", count("jobs"))
    lines = count("estimate_items")
    yield _each("estimates", "opportunity (without a job)", count.without_job("estimates"))
    yield _each("estimates", "line of an estimate", lines)
    yield Work("estimates", "line linked to its opportunity", lines, lines, 0)
    yield from _documents(count, "invoices", "invoice")
    yield _each("invoices", "opportunity (without a job)", count.without_job("invoices"))
    for declared in PLAIN.values():
        yield from _documents(count, declared.key, declared.singular.replace("_", " "))
    files = count("attachments", "problem IS NULL")
    uploads = ceil(files / FILES_PER_UPLOAD)
    yield Work("attachments", "file of a contact or opportunity", files, uploads, 0)
    notes = count("activities")
    yield Work("activities", "note of a contact", notes, notes, notes)


def _each(source: str, becomes: str, records: int) -> Work:
    page = PAGE.get(becomes, 100)
    return Work(source, becomes, records, records, ceil(records / page))


def _documents(count: _Counts, dataset: str, word: str) -> Iterator[Work]:
    """A custom object record each, linked to its contact and, where it has one, its job."""
    records = count(dataset)
    jobs = records if dataset == "invoices" else records - count.without_job(dataset)
    yield _each(dataset, word, records)
    yield Work(dataset, f"{word} linked to its contact", records, records, 0)
    yield Work(dataset, f"{word} linked to its opportunity", jobs, jobs, 0)


class _Counts:
    """Counts rows of clean tables."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def __call__(self, dataset: str, where: str = "") -> int:
        if not where:
            return row_count(self._con, f"clean.{dataset}")
        if not table_exists(self._con, f"clean.{dataset}"):
            return 0
        sql = f'SELECT count(*) FROM clean."{dataset}" WHERE {where}'
        return int(self._con.execute(sql).fetchall()[0][0])

    def without_job(self, dataset: str) -> int:
        """Documents that no link leads from, or to, a job."""
        return self(
            dataset,
            "source_key NOT IN (SELECT child_key FROM clean.links WHERE role = 'job' "
            "UNION ALL SELECT parent_key FROM clean.links WHERE child_object = 'jobs' "
            "AND parent_key IS NOT NULL)",
        )
