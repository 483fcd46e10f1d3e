"""Proves a rollback by reading back: what we deleted is gone, what we changed is as before.

What belongs here: the read-back and its lines. What does not: undoing anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration import snapshot
from flitstack_pipeline.migration.field_values import parts_of, same
from flitstack_pipeline.migration.journal.history import touches
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.originals import differences_now, original
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.record_types.opt_outs import CHANNELS
from flitstack_pipeline.migration.rollback.changes import Restoration
from flitstack_pipeline.migration.rollback.dependents import Place
from flitstack_pipeline.migration.rollback.result import RollbackResult

#: Searches trail writes: how long to wait, in seconds, before a record counts as still there.
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
SCANNED = ("contact", "company", "opportunity", "record", "task", "media", "appointment",
           "message")  # fmt: skip


def prove(
    ctx: Context,
    result: RollbackResult,
    deleted: Mapping[Place, set[str]],
    restored: list[tuple[IdMapRow, Restoration]],
) -> None:
    """Read back, page by page, what can be; single records otherwise."""
    for (kind, target), ids in sorted(deleted.items()):
        if kind in SCANNED and ids:
            _prove_gone(ctx, result, kind, target, ids)
    wrong = [line for entry, plan in restored for line in _not_as_before(ctx, entry, plan)]
    result.not_proven += wrong
    _prove_originals(ctx, result, restored)
    if restored:
        result.proof.append(_line("records given back", len(restored), len(wrong), "as before"))


def prove_whole(ctx: Context, result: RollbackResult) -> None:
    """Compare the whole sub-account with the snapshot taken before the first write."""
    then = snapshot.before(ctx.hl, ctx.journal)
    if then is None:
        return
    for _ in _looks(ctx):
        lines = snapshot.compare(then, snapshot.take(ctx.hl))
        if all(line["as_before"] == "yes" for line in lines):
            break
    result.proof += lines
    result.not_proven += [
        f"{line['what']}: {line['before']} before, {line['now']} now ({line['remark']})"
        for line in lines
        if line["as_before"] != "yes"
    ]


def _looks(ctx: Context) -> Iterator[None]:
    """Moments to look: at once, then at growing distances until no search can trail any more."""
    waited = 0.0
    for pause in PAUSES:
        time.sleep(pause)
        waited += pause
        yield
        if waited >= ctx.options.search_lag_s:
            return


def _prove_gone(
    ctx: Context, result: RollbackResult, kind: str, target: str, ids: set[str]
) -> None:
    still = ids
    for _ in _looks(ctx):
        where = target if kind == "record" else ""
        try:
            still = HANDLERS[kind].still_there(ctx, where, ids)
        except NotFound:
            still = set()
        if not still:
            break
    name = target if kind == "record" else kind
    result.proof.append(_line(f"{name} deleted", len(ids), len(still), "gone"))
    result.not_proven += [f"{kind} {hl_id} is still there" for hl_id in sorted(still)]


def _prove_originals(
    ctx: Context, result: RollbackResult, restored: list[tuple[IdMapRow, Restoration]]
) -> None:
    """Hold the records given back to what HighLevel answered of them before our first write.

    Fields that were left for a reason, and fields we never wrote that hold another value now, are
    other people's since; a value that is gone is never explained by that.
    """
    looked = wrong = 0
    for entry, plan in restored:
        then = original(ctx.journal, ctx.location, entry.kind, entry.hl_id)
        if then is None or entry.origin != "matched" or plan.later:
            continue
        looked += 1
        ours = touches(ctx.journal, entry.location, entry.record_key)
        wrote = {part[1] for touch in ours for part in touch.wrote} | {p[1] for p in plan.goal}
        bad = []
        for one in differences_now(ctx.hl, entry.kind, entry.hl_id, then):
            name = _name_of(ctx, entry, one.path)
            if name not in plan.kept and (one.erased or name in wrote):
                bad.append(name)
        wrong += bool(bad)
        if bad:
            fields = ", ".join(sorted(bad))
            result.not_proven.append(f"{entry.record_key} is not as it was before us in {fields}")
    if looked:
        what = "records that were there before"
        result.proof.append(_line(what, looked, wrong, "answered before our first write"))


def _name_of(ctx: Context, entry: IdMapRow, path: str) -> str:
    """The field a path of an answer is about, as payloads name it."""
    first, _, rest = path.partition(".")
    if first == "dndSettings":
        return next((n for n, v in CHANNELS.items() if rest.split(".")[0] in v), first)
    if first == "customFields":
        ref = ctx.catalog.labels_by_id(entry.target).get(rest.split(".")[0])
        return ref.label if ref else rest
    if first == "properties":
        ref = ctx.catalog.labels_by_key(entry.target).get(rest.split(".")[0])
        return ref.label if ref else rest
    return {"assignedTo": "owner", "businessId": "company"}.get(first, first)


def _not_as_before(ctx: Context, entry: IdMapRow, plan: Restoration) -> list[str]:
    now = parts_of(HANDLERS[entry.kind].read(ctx, entry))
    wrong = [part[1] for part, goal in plan.goal.items() if not same(goal, now.get(part))]
    return [f"{entry.record_key} differs from before in {', '.join(wrong)}"] if wrong else []


def _line(what: str, count: int, wrong: int, word: str) -> dict[str, Any]:
    remark = f"{count - wrong} read back as {word}"
    return {"what": what, "before": "", "now": wrong if word == "gone" else "",
            "as_before": "NO" if wrong else "yes", "remark": remark}  # fmt: skip
