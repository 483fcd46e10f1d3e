"""The few numbers that grade, quote and advice are made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.audit.effort import Effort
from flitstack_pipeline.audit.inventory import Rows
from flitstack_pipeline.catalog.clean import TABLES
from flitstack_pipeline.catalog.model import DATE
from flitstack_pipeline.catalog.objects import BY_KEY as OBJECTS
from flitstack_pipeline.catalog.objects import KEYS, REPORT_ONLY_DATASETS
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.warehouse import filled_tables, row_count, table_exists

#: What is done in Contractor+, as days on which something was made or changed there.
_DONE = ("created", "updated", "occurred", "uploaded", "issue_date", "estimate_date")


@dataclass(frozen=True)
class Facts:
    """What was found, in numbers.

    `records` counts clean records of all object types; `last_activity` is the newest day on which
    something was made, up to the newest export; `busiest_month` the most estimates and invoices
    that were dated in one month; `requests` leaves those for files apart, as does `weighed`: a
    migration is not harder because it has many photos.
    """

    records: int
    objects: int
    workspaces: int
    sessions: int
    people: int
    businesses: int
    estimate_lines: int
    custom_fields: int
    questions: int
    unknown_words: int
    quarantined: int
    orphans: int
    to_decide: int
    attachments: int
    attachments_stuck: int
    requests: int
    not_migrated: tuple[str, ...]
    absent: tuple[str, ...]
    exported: dt.date | None
    last_activity: dt.date | None
    busiest_month: int
    #: Numbers of several records, and ids that a spreadsheet rounded: `invoices 1001`.
    shared_numbers: tuple[str, ...] = ()
    rounded_ids: tuple[str, ...] = ()

    @property
    def weighed(self) -> int:
        """Records that grade and price go by: files apart."""
        return self.records - self.attachments


def gather(
    con: duckdb.DuckDBPyConnection, custom_fields: Rows, effort: Effort, questions: int
) -> Facts:
    """The facts of a warehouse whose records are cleaned and related."""
    filled = filled_tables(con, "clean")
    rows = {t.dataset: row_count(con, t.name) for t in TABLES if t.dataset in filled}
    counts = {key: rows.get(OBJECTS[key].dataset, 0) for key in KEYS}
    exported = _day(con, "SELECT max(exported_at)::DATE FROM raw.files")
    return Facts(
        records=sum(rows.values()),
        objects=sum(n > 0 for n in counts.values()),
        workspaces=len(_workspaces(con)),
        sessions=_number(con, "raw.files", "SELECT count(DISTINCT session) FROM raw.files"),
        people=counts["clients"] + counts["leads"],
        businesses=_number(
            con, "clean.clients", "SELECT count(*) FROM clean.clients WHERE is_business"
        ),
        estimate_lines=rows.get("estimate_items", 0),
        custom_fields=len(custom_fields),
        questions=questions,
        unknown_words=row_count(con, "clean.unknown_words"),
        quarantined=row_count(con, "quarantine.rows"),
        orphans=row_count(con, "clean.orphans"),
        to_decide=_number(
            con,
            "clean.duplicate_pairs",
            "SELECT count(*) FROM clean.duplicate_pairs WHERE decision = 'review'",
        ),
        attachments=counts["attachments"],
        attachments_stuck=_number(
            con,
            "clean.attachments",
            "SELECT count(*) FROM clean.attachments WHERE problem IS NOT NULL",
        ),
        requests=effort.requests_without_files,
        not_migrated=tuple(
            BY_KEY[d].label.lower() for d in REPORT_ONLY_DATASETS if row_count(con, f"raw.{d}")
        ),
        absent=tuple(OBJECTS[key].label for key in KEYS if not counts[key]),
        exported=exported,
        last_activity=_last_activity(con, exported),
        busiest_month=_busiest_month(con),
        shared_numbers=_numbers(con, "NOT damaged"),
        rounded_ids=_numbers(con, "damaged"),
    )


def _numbers(con: duckdb.DuckDBPyConnection, which: str) -> tuple[str, ...]:
    """Numbers of `clean.same_numbers` with their kind: `invoices 1001`."""
    if not table_exists(con, "clean.same_numbers"):
        return ()
    found = con.execute(
        f"SELECT DISTINCT dataset, shown_key FROM clean.same_numbers WHERE {which} ORDER BY ALL"
    ).fetchall()
    return tuple(f"{dataset} {key.split('/', 2)[-1]}" for dataset, key in found)


def _workspaces(con: duckdb.DuckDBPyConnection) -> set[str]:
    filled = filled_tables(con, "clean")
    return {
        workspace
        for key in KEYS
        if OBJECTS[key].dataset in filled
        for (workspace,) in con.execute(
            f'SELECT DISTINCT workspace FROM clean."{OBJECTS[key].dataset}"'
        ).fetchall()
    }


def _number(con: duckdb.DuckDBPyConnection, table: str, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0]) if table_exists(con, table) else 0


def _day(con: duckdb.DuckDBPyConnection, sql: str) -> dt.date | None:
    found: dt.date | None = con.execute(sql).fetchall()[0][0]
    return found


def _last_activity(con: duckdb.DuckDBPyConnection, until: dt.date | None) -> dt.date | None:
    """The newest day in a column that says when something was done; plans ahead do not count."""
    if until is None:
        return None
    filled = filled_tables(con, "clean")
    days = [
        _day(con, f'SELECT max("{f.name}") FROM {t.name} WHERE "{f.name}" <= DATE \'{until}\'')
        for t in TABLES
        if t.dataset in filled
        for f in t.fields
        if f.type == DATE and f.name in _DONE
    ]
    return max((day for day in days if day), default=None)


def _busiest_month(con: duckdb.DuckDBPyConnection) -> int:
    """The most estimates, or invoices, of one month; 0 without any date."""
    most = 0
    for dataset, column in (("estimates", "estimate_date"), ("invoices", "issue_date")):
        if table_exists(con, f"clean.{dataset}"):
            found = con.execute(
                f"SELECT count(*) AS n FROM clean.{dataset} WHERE {column} IS NOT NULL "
                f"GROUP BY workspace, date_trunc('month', {column}) ORDER BY n DESC LIMIT 1"
            ).fetchall()
            most = max(most, found[0][0] if found else 0)
    return most
