"""What a delta will do: one look at HighLevel, what changed on either side, what vanished.

What belongs here: planning a delta, the values its load needs, its summary. What does not: the
window and the pickup (delta.py), loading (loading.py), people's decisions (conflicts.py).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from flitstack_pipeline.catalog.keys import split_source_key
from flitstack_pipeline.catalog.objects import BY_KEY, KEYS, object_of_dataset
from flitstack_pipeline.catalog.source import BY_KEY as BY_DATASET
from flitstack_pipeline.catalog.source import ITEMS_OF
from flitstack_pipeline.migration.drift_detection import Observation, observe
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.field_values import parts_of
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.reports.delta import write_delta
from flitstack_pipeline.services.conflicts import open_conflicts, write_conflicts
from flitstack_pipeline.services.delta import READ
from flitstack_pipeline.services.expected_records import plan_into
from flitstack_pipeline.services.project_context import (
    account_catalog,
    accounts,
    open_account,
    open_journal,
)
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

ADDED = "delta:added"
EDITABLE = ("contact", "company", "opportunity", "record")
#: An export of fewer rows than this share of all known ones is partial: nothing vanished.
WHOLE_SHARE = 0.5
PAGE = 500
#: Vanished records a terminal lists; the report lists them all.
SHOWN = 25


def plan_path(project: Project) -> Path:
    """Where the plan of the running delta lies, with the current values of changed records."""
    return project.root / "cache" / "delta.sqlite"


@noted()
def plan_delta(project: Project) -> StepReport:
    """Look at HighLevel once, page by page, and say what the delta would do.

    Edits of people are noted and stay; records they deleted become conflicts; the current values
    of changed records are kept for the load. Writes nothing to HighLevel.
    """
    path = plan_path(project)
    path.unlink(missing_ok=True)
    total = Observation()
    with PlannedRecords(path) as planned:
        for account in accounts(project):
            with open_account(project, account, purpose="delta") as (journal, destination):
                plan_into(planned, project, account.alias, destination.location_id, journal)
                ctx = Context(
                    destination.hl,
                    account_catalog(project, journal, destination),
                    journal,
                    journal.start_run(destination.location_id, "delta-plan"),
                )
                before = destination.hl.client.usage.requests
                found = read_back(ctx.hl, ctx.catalog, journal, _to_read(planned))
                _add(total, observe(ctx, planned, found, account.alias))
                journal.end_run(
                    ctx.run, "done", {"requests": destination.hl.client.usage.requests - before}
                )
        rows, unplanned = vanished_rows(project), _unplanned(project, planned)
        changes = _changes(planned, rows, unplanned)
    lines = vanished_lines(project)
    vanished = [*rows, *unplanned, *lines]
    with open_journal(project) as journal:
        journal.set_setting(ADDED, {**(journal.get_setting(ADDED) or {}), **total.added})
    write_conflicts(project)
    seen = {
        "by object": changes,
        "edited": total.edited,
        "deleted": total.deleted,
        "added": _by_kind(total.added),
        "vanished": vanished,
    }
    report = write_delta(project.reports, seen, open_conflicts(project))
    facts = {
        "report": report,
        "edits in HighLevel that stay": len(total.edited),
        "records people added": len(total.added),
        "records people deleted": len(total.deleted),
        "no longer in the exports": len(vanished),
    }
    tables = {"by object": changes, "edited in HighLevel": total.edited[:25],
              "no longer in the exports": vanished[:SHOWN]}  # fmt: skip
    return StepReport("delta planned", sum(c["new"] + c["changed"] for c in changes), facts, tables)


@noted()
def delta_summary(project: Project, loads: Sequence[StepReport]) -> StepReport:
    """What the delta did, once loaded; the list of conflicts is written anew."""
    conflicts = write_conflicts(project)
    plan_path(project).unlink(missing_ok=True)
    seen = json.loads((project.reports / "delta.json").read_text(encoding="utf-8"))
    changes = seen["by object"]
    names = ("created", "updated", "conflicts", "rejected")
    done = {n: sum(int(r.facts.get(n) or 0) for r in loads) for n in names}
    totals = {n: sum(c[n] for c in changes) for n in ("new", "changed", "unchanged", "vanished")}
    report = write_delta(project.reports, seen, open_conflicts(project), done)
    facts: dict[str, Any] = {"report": report, **totals, **done}
    if conflicts:
        facts["decide in"] = project.decisions / "conflicts.csv"
    listed = [{k: c[k] for k in ("record_key", "field", "ours", "theirs")} for c in conflicts]
    problems = [c["message"] for c in conflicts]
    return StepReport("delta done", totals["new"] + totals["changed"], facts,
                      {"by object": changes, "conflicts": listed,
                       "no longer in the exports": seen["vanished"][:SHOWN]}, problems)  # fmt: skip


def delta_loads(project: Project) -> list[StepReport]:
    """What the loads since the delta was last planned came to, from their runs in the journal."""
    found: list[StepReport] = []
    with open_journal(project) as journal:
        for account in accounts(project):
            runs = journal.runs(account.location_id)
            planned = [r["id"] for r in runs if r["stage"] == "delta-plan"]
            since = planned[-1] if planned else ""
            found += [
                StepReport(f"delta {r['object_key']}", None, dict(r["summary"]))
                for r in runs
                if r["stage"] == "delta" and r["id"] > since and r["summary"]
            ]
    return found


@contextmanager
def current_values(project: Project, again: bool) -> Iterator[Any]:
    """What HighLevel held of changed records when the delta was planned, by record key.

    Plans the delta first when it was not, or when it is to be planned `again`.
    """
    if again or not plan_path(project).exists():
        plan_delta(project)
    with PlannedRecords(plan_path(project)) as planned:
        yield planned.current


def vanished_rows(project: Project) -> list[dict[str, Any]]:
    """Records that the newest whole exports no longer hold; they are reported, never deleted.

    An export counts as whole when the files that the last load had not read hold at least half of
    the records of their kind.
    """
    with open_journal(project) as journal:
        known = sorted(dict(journal.get_setting(READ) or {}).values())
    with project.warehouse.connect() as con:
        return [
            row for key in KEYS for d in BY_KEY[key].datasets for row in _vanished(con, d, known)
        ]


def _vanished(
    con: duckdb.DuckDBPyConnection, dataset: str, known: list[str]
) -> list[dict[str, Any]]:
    if not (table_exists(con, f"raw.{dataset}") and table_exists(con, f"clean.{dataset}")):
        return []
    rows = con.execute(
        f"""
        WITH fresh AS (SELECT DISTINCT file FROM raw.files WHERE NOT list_contains(?, sha256)),
        latest AS (
            SELECT c.source_key, r._file AS file, r._file IN (SELECT file FROM fresh) AS is_fresh
            FROM clean."{dataset}" c JOIN raw."{dataset}" r ON r._row_id = c.raw_id)
        SELECT source_key, file FROM latest
        WHERE NOT is_fresh AND (SELECT avg(is_fresh::INT) FROM latest) >= ?
        ORDER BY source_key""",  # noqa: S608
        [known, WHOLE_SHARE],
    ).fetchall()
    return [{"record": key, "what": "", "last seen in": file} for key, file in rows]


def vanished_lines(project: Project) -> list[dict[str, Any]]:
    """Lines that the newer version of their estimate or invoice has no longer.

    Those of a version that the last load had read; a line that only changed is none.
    """
    with open_journal(project) as journal:
        known = sorted(dict(journal.get_setting(READ) or {}).values())
    with project.warehouse.connect() as con:
        return [row for dataset in ITEMS_OF.values() for row in _lost_lines(con, dataset, known)]


def _lost_lines(
    con: duckdb.DuckDBPyConnection, dataset: str, known: list[str]
) -> list[dict[str, Any]]:
    if not (table_exists(con, f"raw.{dataset}") and table_exists(con, "clean.row_states")):
        return []
    shown = ", ".join(f"nullif(trim(r.\"{c}\"), '')" for c in ("name", "quantity", "amount"))
    rows = con.execute(
        f"""
        WITH fresh AS (SELECT DISTINCT file FROM raw.files WHERE NOT list_contains($known, sha256)),
        renewed AS (
            SELECT c.document_key FROM clean."{dataset}" c JOIN raw."{dataset}" r
            ON r._row_id = c.raw_id WHERE r._file IN (SELECT file FROM fresh))
        SELECT DISTINCT s.source_key || ' line ' || coalesce(r.line_number, ''),
               concat_ws(', ', {shown}), r._file || ':' || r._row
        FROM clean.row_states s JOIN raw."{dataset}" r ON r._row_id = s.row_id
        WHERE s.dataset = '{dataset}' AND s.state = 'superseded' AND s.twin_row_id IS NULL
          AND r._file NOT IN (SELECT file FROM fresh)
          AND replace(s.source_key, '/{dataset}/', '/{BY_DATASET[dataset].lines_of}/')
              IN (SELECT document_key FROM renewed)
        ORDER BY ALL""",  # noqa: S608
        {"known": known},
    ).fetchall()
    return [{"record": key, "what": what, "last seen in": place} for key, what, place in rows]


def _unplanned(project: Project, planned: PlannedRecords) -> list[dict[str, Any]]:
    """Records we wrote that nothing of the exports plans any more, with what they are called."""
    found: list[dict[str, Any]] = []
    for account in accounts(project):
        with open_journal(project) as journal:
            entries = journal.iterate_entries(account.location_id)
            while page := list(itertools.islice(entries, PAGE)):
                gone = planned.not_planned([entry.record_key for entry in page])
                found += [
                    {"record": entry.record_key, "what": _called(entry.last_written),
                     "last seen in": "", "object": entry.object_key}
                    for entry in page if entry.record_key in gone
                ]  # fmt: skip
    return found


def _called(written: dict[str, Any] | None) -> str:
    """What a record is called, from the values we wrote."""
    fields = (written or {}).get("fields") or {}
    person = " ".join(str(fields[k]) for k in ("firstName", "lastName") if fields.get(k))
    name = fields.get("name") or fields.get("title") or person or (written or {}).get("body")
    values = [str(v) for (part, _), v in parts_of(written).items() if part and v != name]
    return str(name or ", ".join(values[:4]))[:120]


def _changes(
    planned: PlannedRecords, rows: list[dict[str, Any]], unplanned: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """New, changed, unchanged and vanished records by object type.

    Vanished are rows that the exports no longer hold, and records we wrote that nothing plans.
    """
    counts = {c["object"]: c for c in planned.changes()}
    vanished = dict.fromkeys(KEYS, 0)
    for row in rows:
        key = object_of_dataset(split_source_key(row["record"])[1])
        vanished[key or KEYS[0]] += 1
    for record in unplanned:
        vanished[record["object"]] = vanished.get(record["object"], 0) + 1
    none = {"new": 0, "changed": 0, "unchanged": 0}
    return [
        {"object": key, **none, **counts.get(key, {}), "vanished": vanished[key]}
        for key in KEYS
        if key in counts or vanished[key]
    ]


def _to_read(planned: PlannedRecords) -> set[tuple[str, str]]:
    """Everything a person may edit; notes, read contact by contact, only when some changed."""
    changed = {kind for kind, _ in planned.changed_pairs()}
    return {(k, t) for k, t in planned.pairs() if k in EDITABLE or (k == "note" and k in changed)}


def _by_kind(added: dict[str, str]) -> list[dict[str, Any]]:
    counts = Counter(added.values())
    return [{"kind": kind.replace("_", " "), "records": n} for kind, n in sorted(counts.items())]


def _add(total: Observation, more: Observation) -> None:
    total.edited += more.edited
    total.added |= more.added
    total.deleted += more.deleted
    total.settled += more.settled
    total.read += more.read
