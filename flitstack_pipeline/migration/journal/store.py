"""The journal: what we meant to do, what became of it, and which record is which.

What belongs here: reading and writing the journal's tables. What does not: what its rows are
(journal/records.py), what waits for a person (journal/pending.py), how the database is opened
(journal/engine.py), the writer thread (group_commit.py), publishing (journal/export.py), deciding
what to send (load.py).
Any process may read while a load runs (SQLite in WAL mode, or Postgres).
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from flitstack_pipeline.highlevel.errors import redact
from flitstack_pipeline.migration.group_commit import Change, GroupCommit, JournalFailed
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.copies import file_of
from flitstack_pipeline.migration.journal.engine import open_engine, open_sound_engine
from flitstack_pipeline.migration.journal.integrity import closed, opened
from flitstack_pipeline.migration.journal.pending import OpenMatters
from flitstack_pipeline.migration.journal.records import IdMapRow, Intent, Outcome, Run, new_id

__all__ = [
    "IdMapRow",
    "Intent",
    "Journal",
    "Outcome",
    "Run",
    "new_id",
    "open_engine",
    "operations_query",
]
QUERY_KEYS = 400


class Journal(OpenMatters):
    """The journal of one migration. Open it with a SQLAlchemy URL; close it in the end.

    Opening raises JournalUnusable for one that is damaged, newer or older, saying what to do.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.file = file_of(url)
        self.engine = open_sound_engine(url)
        opened(self.file)
        self._writer = GroupCommit(self.engine)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left and close the database."""
        self._writer.close()
        self.engine.dispose()
        closed(self.file)

    def flush(self) -> None:
        """Wait until everything told so far is durable."""
        self._writer.flush()

    @property
    def is_broken(self) -> bool:
        """Whether a write failed: nothing is written through this object any more."""
        return self._writer.is_broken

    @property
    def transactions(self) -> int:
        """Durable transactions so far (how well group commit works)."""
        return self._writer.transactions

    @property
    def cpu_s(self) -> float:
        """CPU seconds spent writing so far."""
        return self._writer.cpu_s

    # --- runs ----------------------------------------------------------------------------------

    def start_run(self, location: str, stage: str, object_key: str = "") -> Run:
        """Begin a run; returns it."""
        run = Run(new_id("run-"), location, stage, object_key)
        row = {**vars(run), "host": socket.gethostname(), "pid": os.getpid()}
        row |= {"started_at": time.time(), "ended_at": None, "state": "running", "summary": None}
        self._writer.write([Change("insert", t.runs, row)])
        return run

    def end_run(self, run: Run, state: str, summary: dict[str, Any] | None = None) -> None:
        """End a run as done, stopped or failed."""
        self.flush()
        values = {"ended_at": time.time(), "state": state, "summary": summary}
        with self.engine.begin() as con:
            con.execute(t.runs.update().where(t.runs.c.id == run.id).values(**values))

    @contextmanager
    def running(self, location: str, stage: str, object_key: str = "") -> Iterator[Run]:
        """A run for the length of a block: done at its end, failed when the block raises.

        What a person or the system interrupted is stopped.
        """
        run = self.start_run(location, stage, object_key)
        try:
            yield run
        except BaseException as error:
            state = "failed" if isinstance(error, Exception) else "stopped"
            why = {**run.summary, "reason": redact(f"{type(error).__name__}: {error}")}
            with suppress(JournalFailed, sa.exc.SQLAlchemyError):
                self.end_run(run, state, why)
            raise
        self.end_run(run, "done", run.summary)

    def runs(self, location: str | None = None) -> list[dict[str, Any]]:
        """All runs, oldest first."""
        query = sa.select(t.runs).order_by(t.runs.c.id)
        return self._rows(query.where(t.runs.c.location == location) if location else query)

    # --- intents and outcomes ------------------------------------------------------------------

    def intend(self, intents: Sequence[Intent]) -> None:
        """Write intents and wait until they are durable: only then may the request leave."""
        self._writer.write([Change("insert", t.intents, vars(i)) for i in intents])

    def conclude(
        self,
        outcomes: Sequence[Outcome],
        entries: Iterable[IdMapRow] = (),
        gone: Iterable[tuple[str, str]] = (),
        *,
        letters: Iterable[dict[str, Any]] = (),
        wait: bool = False,
    ) -> Future[None]:
        """Write outcomes with what they mean for the id map, in one transaction.

        `letters` are the dead letters of what was refused, `gone` are (location, record key) to
        forget. Not waited for unless `wait`: an outcome lost in a crash leaves an open intent,
        which the next run resolves by looking the record up.
        """
        entries = list(entries)
        changes = [Change("insert", t.outcomes, vars(o)) for o in outcomes]
        changes += [Change("upsert", t.id_map, vars(e)) for e in entries]
        changes += [
            Change("delete", t.dead_letters, {"location": e.location, "record_key": e.record_key})
            for e in entries
        ]
        changes += [
            Change("delete", t.id_map, {"location": place, "record_key": key})
            for place, key in gone
        ]
        changes += [Change("upsert", t.dead_letters, letter) for letter in letters]
        future = self._writer.submit(changes)
        if wait:
            future.result()
        return future

    def open_intents(self, location: str) -> list[Intent]:
        """Intents without a final outcome: their requests may or may not have been processed.

        A run that ended well, or was settled since, left none: only the others are searched.
        """
        runs, i, o = t.runs.c, t.intents.c, t.outcomes.c
        unended = sa.select(runs.id).where(
            runs.location == location, runs.state.not_in(("done", "interrupted"))
        )
        ended = sa.exists().where(o.intent_id == i.id, o.result.not_in(t.UNSETTLED))
        query = (
            sa.select(t.intents)
            .where(i.run_id.in_(unended), i.location == location, ~ended)
            .order_by(i.id)
        )
        return [Intent(**row) for row in self._rows(query)]

    def close_dead_runs(self, location: str, but: str) -> None:
        """Mark the runs that never ended, all but one, as settled when they left nothing open."""
        left = {intent.run_id for intent in self.open_intents(location)} | {but}
        c = t.runs.c
        dead = t.runs.update().where(
            c.location == location,
            c.state.in_(("running", "stopped", "failed")),
            c.id.not_in(left),
        )
        with self.engine.begin() as con:
            con.execute(dead.values(state="interrupted"))

    def intended_keys(self, location: str, operation: str) -> set[str]:
        """Record keys for which an operation was ever intended."""
        c = t.intents.c
        query = sa.select(c.record_key).distinct()
        rows = self._rows(query.where(c.location == location, c.operation == operation))
        return {row["record_key"] for row in rows}

    def unanswered_keys(self, location: str, operation: str) -> set[str]:
        """Record keys of attempts whose answer nobody saw: the process died before it came."""
        i, o = t.intents.c, t.outcomes.c
        settled = sa.exists().where(o.intent_id == i.id, o.result.not_in(t.UNSETTLED))
        query = sa.select(i.record_key).distinct()
        where = (i.location == location, i.operation == operation, ~settled)
        return {row["record_key"] for row in self._rows(query.where(*where))}

    def done_since(self, location: str, stage: str, moment: float) -> int:
        """Records a stage's runs have written since a moment (seconds since 1970)."""
        i, o, runs = t.intents.c, t.outcomes.c, t.runs.c
        of_stage = sa.select(runs.id).where(runs.location == location, runs.stage == stage)
        query = (
            sa.select(sa.func.count(i.record_key.distinct()).label("n"))
            .select_from(t.intents.join(t.outcomes, i.id == o.intent_id))
            .where(i.run_id.in_(of_stage), i.at >= moment, o.result.in_(("done", "found")))
        )
        return int(self._rows(query)[0]["n"])

    def rate(self, location: str, span_s: float) -> float:
        """Attempts per second over the last so many seconds."""
        c = t.intents.c
        begun = c.id >= f"{time.time_ns() - int(span_s * 1e9):016x}"  # ids sort by time
        query = sa.select(sa.func.count().label("n")).select_from(t.intents)
        return int(self._rows(query.where(c.location == location, begun))[0]["n"]) / span_s

    def operations(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """The audit log: every attempt with its outcomes, oldest first."""
        query = operations_query()
        return self._rows(query.where(t.intents.c.run_id == run_id) if run_id else query)

    # --- the id map ----------------------------------------------------------------------------

    def entry(self, location: str, record_key: str) -> IdMapRow | None:
        """The HighLevel record of one record key, or None."""
        return self.entries(location, [record_key]).get(record_key)

    def entries(self, location: str, record_keys: Iterable[str]) -> dict[str, IdMapRow]:
        """The known records among these keys, by record key."""
        found: dict[str, IdMapRow] = {}
        keys = list(dict.fromkeys(record_keys))
        with self.engine.connect() as con:
            for start in range(0, len(keys), QUERY_KEYS):
                part = keys[start : start + QUERY_KEYS]
                query = sa.select(t.id_map).where(
                    t.id_map.c.location == location, t.id_map.c.record_key.in_(part)
                )
                for row in con.execute(query).mappings():
                    found[row["record_key"]] = IdMapRow(**row)
        return found

    def iterate_entries(
        self,
        location: str,
        *,
        kind: str | None = None,
        object_key: str | None = None,
        run_id: str | None = None,
        origin: str | None = None,
        newest_first: bool = False,
        batch: int = 1000,
    ) -> Iterator[IdMapRow]:
        """Entries in the order they were written (or backwards), read page by page."""
        order = t.id_map.c.sequence
        wanted: dict[str, str | None] = {
            "kind": kind, "object_key": object_key, "run_id": run_id, "origin": origin
        }  # fmt: skip
        query = sa.select(t.id_map).where(t.id_map.c.location == location)
        for name, value in wanted.items():
            if value:
                query = query.where(t.id_map.c[name] == value)
        last: tuple[str, str] | None = None
        keys = sa.tuple_(order, t.id_map.c.record_key)
        while True:
            page = query
            if last is not None:
                after = sa.tuple_(*last)
                page = page.where(keys < after if newest_first else keys > after)
            by = (order, t.id_map.c.record_key)
            page = page.order_by(*(c.desc() if newest_first else c.asc() for c in by)).limit(batch)
            rows = self._rows(page)
            yield from (IdMapRow(**row) for row in rows)
            if len(rows) < batch:
                return
            last = (rows[-1]["sequence"], rows[-1]["record_key"])

    def owner_of(self, location: str, hl_id: str, kind: str) -> IdMapRow | None:
        """The entry a HighLevel record belongs to, or None when it is not ours."""
        query = sa.select(t.id_map).where(
            t.id_map.c.location == location, t.id_map.c.hl_id == hl_id, t.id_map.c.kind == kind
        )
        rows = self._rows(query.limit(1))
        return IdMapRow(**rows[0]) if rows else None

    def known_ids(self, location: str, kind: str, hl_ids: Sequence[str]) -> set[str]:
        """Which of these HighLevel ids are in the id map."""
        c = t.id_map.c
        query = sa.select(c.hl_id).where(
            c.location == location, c.kind == kind, c.hl_id.in_(list(hl_ids))
        )
        return {row["hl_id"] for row in self._rows(query)}

    def put_entry(self, entry: IdMapRow) -> None:
        """Put an entry in place (durable)."""
        self._writer.write([Change("upsert", t.id_map, asdict(entry))])

    def put_original(self, row: dict[str, Any]) -> None:
        """Keep a record that was there before us, as HighLevel answered it (durable)."""
        self._writer.write([Change("upsert", t.originals, row)])

    def forget_entry(self, location: str, record_key: str) -> None:
        """Take an entry out of the id map (durable); intents and outcomes stay."""
        row = {"location": location, "record_key": record_key}
        self._writer.write([Change("delete", t.id_map, row)])

    def kinds(self, location: str) -> list[tuple[str, str]]:
        """The (kind, target) pairs of the id map."""
        c = t.id_map.c
        rows = self._rows(sa.select(c.kind, c.target).distinct().where(c.location == location))
        return sorted((row["kind"], row["target"]) for row in rows)

    def counts(self, location: str) -> list[dict[str, Any]]:
        """Records by object, kind and origin."""
        c = t.id_map.c
        query = (
            sa.select(c.object_key, c.kind, c.origin, sa.func.count().label("records"))
            .where(c.location == location)
            .group_by(c.object_key, c.kind, c.origin)
            .order_by(c.object_key, c.kind, c.origin)
        )
        return self._rows(query)

    # --- the schema we provisioned ---------------------------------------------------------------

    def put_schema_item(self, row: dict[str, Any]) -> None:
        """Record a field, object, association, … of the sub-account (durable)."""
        self._writer.write([Change("upsert", t.schema_items, row)])

    def schema_items(self, location: str) -> list[dict[str, Any]]:
        """What provisioning made or found, oldest first."""
        c = t.schema_items.c
        return self._rows(
            sa.select(t.schema_items).where(c.location == location).order_by(c.sequence)
        )

    def forget_schema_item(self, location: str, item_key: str) -> None:
        """A provisioned item is gone."""
        row = {"location": location, "item_key": item_key}
        self._writer.write([Change("delete", t.schema_items, row)])

    # --- approvals and settings ----------------------------------------------------------------

    def approve(
        self,
        location: str,
        fingerprint: str,
        approved_by: str,
        note: str = "",
        details: dict[str, Any] | None = None,
    ) -> None:
        """Record a person's approval of one fingerprint."""
        row: dict[str, Any] = {"id": new_id("ok-"), "location": location}
        row |= {"fingerprint": fingerprint, "approved_by": approved_by, "note": note}
        row |= {"at": time.time()}
        self._writer.write([Change("insert", t.approvals, {**row, "details": details})])

    def approvals(self, location: str, fingerprint: str | None = None) -> list[dict[str, Any]]:
        """Approvals, newest first; of one fingerprint when given."""
        c = t.approvals.c
        query = sa.select(t.approvals).where(c.location == location).order_by(c.at.desc())
        return self._rows(query.where(c.fingerprint == fingerprint) if fingerprint else query)

    def note_decision(
        self, by: str, kind: str, what: str, decision: Mapping[str, Any], seen: str = ""
    ) -> None:
        """Keep who decided what, having seen what; durable when it returns."""
        row = {"id": new_id("by-"), "at": time.time(), "decided_by": by, "kind": kind,
               "what": what, "decision": dict(decision), "seen": seen}  # fmt: skip
        self._writer.write([Change("insert", t.decisions, row)])

    def decisions(self, most: int = 200, kind: str = "") -> list[dict[str, Any]]:
        """What people decided, newest first; of one kind when given."""
        c = t.decisions.c
        query = sa.select(t.decisions).order_by(c.at.desc(), c.id.desc()).limit(most)
        return self._rows(query.where(c.kind == kind) if kind else query)

    def get_setting(self, key: str, default: Any = None) -> Any:
        """A stored value, or the default."""
        rows = self._rows(sa.select(t.settings).where(t.settings.c.key == key))
        return rows[0]["value"] if rows else default

    def set_setting(self, key: str, value: Any) -> None:
        """Store a value (JSON)."""
        row = {"key": key, "value": value, "at": time.time()}
        self._writer.write([Change("upsert", t.settings, row)])

    def count_requests(self, location: str, purpose: str, requests: int) -> None:
        """Add to the requests sent to a sub-account for a purpose; a broken journal counts none."""
        if not requests:
            return
        row = {"location": location, "purpose": purpose, "requests": requests}
        with suppress(JournalFailed):
            self._writer.write([Change("insert", t.requests, {**row, "at": time.time()})])

    def requests_by_purpose(self, location: str) -> dict[str, int]:
        """Requests sent to a sub-account so far: prepare, a stage, reconcile, rollback, other."""
        c = t.requests.c
        query = sa.select(c.purpose, sa.func.sum(c.requests).label("n")).group_by(c.purpose)
        return {r["purpose"]: int(r["n"]) for r in self._rows(query.where(c.location == location))}


def operations_query() -> Any:
    """The audit log: one row per attempt, with what was answered and what settled it.

    `result` is empty when the answer was never seen (a run that was killed); `settled` then says
    what a look-up found (found, absent), and `hl_id` which record it is.
    """
    i, answer, settlement = t.intents.c, t.outcomes.alias("answer"), t.outcomes.alias("settlement")
    a, s = answer.c, settlement.c
    joined = t.intents.outerjoin(
        answer, sa.and_(i.id == a.intent_id, a.result.not_in(t.SETTLEMENTS))
    ).outerjoin(settlement, sa.and_(i.id == s.intent_id, s.result.in_(t.SETTLEMENTS)))
    columns = [c for c in t.intents.columns if c.name not in ("request", "at")]
    return (
        sa.select(
            *columns,
            i.at.label("sent_at"),
            a.result,
            a.status,
            sa.func.coalesce(a.hl_id, s.hl_id).label("hl_id"),
            a.trace_id,
            a.latency_ms,
            a.message,
            a.at.label("answered_at"),
            s.result.label("settled"),
            s.at.label("settled_at"),
        )
        .select_from(joined)
        .order_by(i.id, a.at)
    )
