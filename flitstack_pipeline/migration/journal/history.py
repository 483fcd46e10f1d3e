"""Reads the journal backwards: what a run made, what it changed, what was there before.

What belongs here: the queries a rollback asks. What does not: undoing anything (rollback/),
writing the journal (journal/store.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.field_values import Part, parts_of
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.store import QUERY_KEYS, IdMapRow, Intent, Journal

#: Outcomes of an attempt that changed nothing for certain: HighLevel read it and said no.
REFUSED = range(400, 500)


class UnknownRun(BadInput):
    """No run of this sub-account is called that."""


@dataclass(frozen=True)
class Touch:
    """One change of ours to a record: what it held before and what we wrote (None: emptied).

    `before` is None when the change was journalled without it.
    """

    run_id: str
    before: dict[Part, Any] | None
    wrote: dict[Part, Any]


@dataclass(frozen=True)
class Scope:
    """What a rollback is about: runs and object type, everything when both are None."""

    runs: frozenset[str] | None = None
    object_key: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing was asked to stay."""
        return self.runs is None and self.object_key is None

    def holds(self, entry: IdMapRow) -> bool:
        """Whether the record was made (or taken over) by what is being undone."""
        return (self.runs is None or entry.run_id in self.runs) and (
            self.object_key is None or entry.object_key == self.object_key
        )


def resolve_runs(journal: Journal, location: str, name: str | None) -> frozenset[str] | None:
    """The run ids a name means: a run's id, the start of one, or a stage such as `delta`.

    None means every run. Raises UnknownRun naming the runs there are.
    """
    if not name:
        return None
    runs = [r for r in journal.runs(location) if r["stage"] != "rollback"]
    ids = {r["id"] for r in runs if name in (r["id"], r["stage"])}
    ids = ids or {r["id"] for r in runs if r["id"].startswith(name)}
    if not ids:
        known = [f"{r['id']} ({r['stage']} {r['object_key']})".replace(" )", ")") for r in runs]
        stages = sorted({r["stage"] for r in runs})
        raise UnknownRun(
            f"There is no run {name!r}. Name a stage ({', '.join(stages)}) "
            f"or a run: {', '.join(known[-20:]) or 'none yet'}."
        )
    return frozenset(ids)


def rolled_back(journal: Journal, location: str) -> dict[str, Any] | None:
    """The run that took a finished cutover back, while it is the last run; else None."""
    runs = journal.runs(location)
    if not runs or journal.get_setting("done:cutover"):
        return None
    last = runs[-1]
    ended = last["stage"] == "rollback" and last["state"] == "done"
    return last if ended and any(run["stage"] == "cutover" for run in runs) else None


def taken_back(
    journal: Journal, location: str, stage: str, object_key: str
) -> dict[str, Any] | None:
    """The rollback after which a load of an object type is no longer done; None while it stands.

    None, too, where it was never loaded.
    """
    if object_key in journal.get_setting(f"done:{stage}", []):
        return None
    runs = journal.runs(location)
    loads = [r["id"] for r in runs if (r["stage"], r["object_key"]) == (stage, object_key)]
    backs = [r for r in runs if r["stage"] == "rollback" and r["object_key"] in ("", object_key)]
    after = [r for r in backs if loads and r["id"] > loads[-1]]
    return after[-1] if after else None


def entries_in(journal: Journal, location: str, kind: str, scope: Scope) -> Iterator[IdMapRow]:
    """The records of a kind that what is being undone made or took over, newest first."""
    for run_id in sorted(scope.runs, reverse=True) if scope.runs is not None else [None]:
        yield from journal.iterate_entries(
            location, kind=kind, object_key=scope.object_key, run_id=run_id, newest_first=True
        )


def changed_in(journal: Journal, location: str, kind: str, scope: Scope) -> Iterator[IdMapRow]:
    """The records of a kind that others made and the runs being undone changed."""
    if scope.runs is None:
        return
    c = t.intents.c
    query = sa.select(c.record_key).distinct().where(
        c.location == location, c.kind == kind, c.operation == "update",
        c.run_id.in_(sorted(scope.runs)),
    )  # fmt: skip
    with journal.engine.connect() as con:
        keys = [key for (key,) in con.execute(query)]
    for entry in journal.entries(location, keys).values():
        same_object = scope.object_key in (None, entry.object_key)
        if same_object and entry.run_id not in scope.runs:
            yield entry


def touches(journal: Journal, location: str, record_key: str) -> list[Touch]:
    """Every change of ours to a record that happened, or may have, oldest first."""
    found = []
    for intent, outcomes in _history(journal, location, record_key):
        if intent.operation != "update" or _certainly_refused(outcomes):
            continue
        request = intent.request or {}
        wrote = parts_of(request.get("payload"))
        wrote |= dict.fromkeys(parts_of(request.get("clear")))
        before = parts_of(request["before"]) if "before" in request else None
        found.append(Touch(intent.run_id, before, wrote))
    return found


def made_before(
    journal: Journal, location: str, record_key: str, runs: Collection[str]
) -> Intent | None:
    """The create that stood before the runs put another in its place; None when there was none."""
    standing: Intent | None = None
    for intent, outcomes in _history(journal, location, record_key):
        if intent.operation == "create" and intent.run_id in runs:
            return standing
        if intent.operation == "create" and {"done", "found"} & {r for r, _ in outcomes}:
            standing = intent
        elif intent.operation == "delete" and "done" in {r for r, _ in outcomes}:
            standing = None
    return None


def owners_of(
    journal: Journal, location: str, kind: str, hl_ids: Sequence[str]
) -> dict[str, list[IdMapRow]]:
    """The entries of a kind by HighLevel id; several source records may be one of HighLevel's."""
    found: dict[str, list[IdMapRow]] = defaultdict(list)
    ids = list(dict.fromkeys(hl_ids))
    with journal.engine.connect() as con:
        for start in range(0, len(ids), QUERY_KEYS):
            query = sa.select(t.id_map).where(
                t.id_map.c.location == location,
                t.id_map.c.kind == kind,
                t.id_map.c.hl_id.in_(ids[start : start + QUERY_KEYS]),
            )
            for row in con.execute(query).mappings():
                found[row["hl_id"]].append(IdMapRow(**row))
    return dict(found)


def taken_away(journal: Journal, location: str, kind: str) -> frozenset[str]:
    """HighLevel ids of a kind that we made and that the id map no longer holds.

    An earlier rollback deleted them: searches may go on showing them for a while.
    """
    i, o = t.intents.c, t.outcomes.c
    held = sa.select(t.id_map.c.hl_id).where(
        t.id_map.c.location == location, t.id_map.c.kind == kind
    )
    query = (
        sa.select(o.hl_id)
        .distinct()
        .join_from(t.intents, t.outcomes, i.id == o.intent_id)
        .where(i.location == location, i.kind == kind, i.operation == "create")
        .where(o.hl_id.is_not(None), o.hl_id.not_in(held))
    )
    with journal.engine.connect() as con:
        return frozenset(hl_id for (hl_id,) in con.execute(query))


def created_payloads(journal: Journal, location: str, kind: str) -> Iterator[dict[str, Any]]:
    """Every payload of a kind we ever meant to write, creates and updates alike."""
    c = t.intents.c
    query = sa.select(c.request).where(
        c.location == location, c.kind == kind, c.operation.in_(("create", "update"))
    )
    with journal.engine.connect() as con:
        for (request,) in con.execute(query):
            yield (request or {}).get("payload") or {}


def _history(
    journal: Journal, location: str, record_key: str
) -> Iterator[tuple[Intent, list[tuple[str, int | None]]]]:
    """A record's attempts, oldest first, each with its (result, status) pairs."""
    i, o = t.intents.c, t.outcomes.c
    query = (
        sa.select(*t.intents.columns, o.result, o.status)
        .select_from(t.intents.outerjoin(t.outcomes, i.id == o.intent_id))
        .where(i.location == location, i.record_key == record_key)
        .order_by(i.id)
    )
    with journal.engine.connect() as con:
        rows = [dict(row) for row in con.execute(query).mappings()]
    by_id: dict[str, tuple[Intent, list[tuple[str, int | None]]]] = {}
    for row in rows:
        result, status = row.pop("result"), row.pop("status")
        _, outcomes = by_id.setdefault(row["id"], (Intent(**row), []))
        if result is not None:
            outcomes.append((result, status))
    yield from by_id.values()


def _certainly_refused(outcomes: list[tuple[str, int | None]]) -> bool:
    """Whether an attempt changed nothing: refused, never processed, or looked up and not there."""
    if not outcomes:
        return False
    results = {result for result, _ in outcomes}
    if results <= {"unsent", "throttled"}:
        return False  # killed before its last answer
    return "absent" in results or all(
        result in ("unsent", "throttled") or (result == "refused" and status in REFUSED)
        for result, status in outcomes
    )
