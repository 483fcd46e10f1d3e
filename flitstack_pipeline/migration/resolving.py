"""Finds out what became of attempts nobody answered, before anything is sent again.

What belongs here: looking up by source key, allowing for searches that trail writes; resuming
after a crash. What does not: sending (sending.py).

An absent record counts as absent when a record of the same kind that was sent later is visible in
two looks and ours in neither, or when the allowed lag is over.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor

from flitstack_pipeline.highlevel.errors import HighLevelError, Unauthorized
from flitstack_pipeline.migration.journal import Intent, Outcome, new_id
from flitstack_pipeline.migration.kinds import HANDLERS
from flitstack_pipeline.migration.kinds.base import Item, Written
from flitstack_pipeline.migration.sending import Sender, Suspect

PAUSES = (0.0, 0.5, 0.5, 1.0, 2.0, 3.0, 5.0)
REFUSAL_LOOKS = 2
SEARCHED = frozenset({"contact", "company", "opportunity", "record"})


def resolve(sender: Sender, suspects: list[Suspect], pool: Executor) -> None:
    """Settle every suspect: found, sent again, or put aside. Raises RunStopped."""
    waiting = list(suspects)
    while waiting and not sender.stopped.is_set():
        absent = _look(sender, waiting, pool)
        waiting = []
        for suspect in absent:
            waiting += _absent(sender, suspect)


def _look(sender: Sender, suspects: list[Suspect], pool: Executor) -> list[Suspect]:
    """Look until each is found or counts as absent; returns the absent ones."""
    absent: list[Suspect] = []
    visible: dict[str, int] = {}
    looks = 0
    while suspects:
        time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
        found = list(pool.map(lambda s: find(sender, s.item), suspects))
        undecided = []
        for suspect, written in zip(suspects, found, strict=True):
            if written is not None:
                adopt(sender, suspect, written)
            elif _counts_as_absent(sender, suspect, looks, visible):
                absent.append(suspect)
            else:
                undecided.append(suspect)
        suspects = undecided
    return absent


def _counts_as_absent(
    sender: Sender, suspect: Suspect, looks: int, visible: dict[str, int]
) -> bool:
    row = suspect.item.row
    if time.time() - suspect.failed_at > sender.ctx.options.search_lag_s:
        return True
    if suspect.refused is not None:
        return looks >= REFUSAL_LOOKS
    if row.kind not in SEARCHED:
        return looks >= 2
    later = sender.latest.get((row.kind, row.target))
    if later is None or later[0] <= suspect.failed_at:
        return False
    canary = later[1]
    if find(sender, canary) is not None:
        visible[row.record_key] = visible.get(row.record_key, 0) + 1
    return visible.get(row.record_key, 0) >= 2


def find(sender: Sender, item: Item) -> Written | None:
    """Look an item up; an error of the lookup itself counts as not seen."""
    sender.count("requests")
    try:
        return HANDLERS[item.row.kind].find(sender.ctx, item)
    except Unauthorized:
        raise
    except (HighLevelError, ValueError):
        return None


def adopt(sender: Sender, suspect: Suspect, written: Written) -> None:
    """The record is there: our request had been processed."""
    outcomes = sender.settled(suspect.item, "found", written.hl_id)
    outcomes.append(Outcome(suspect.intent_id, "found", hl_id=written.hl_id))
    unique = {(o.intent_id, o.result): o for o in outcomes}
    entry = sender.entry(suspect.item, written, "created", new_id())
    sender.ctx.journal.conclude(list(unique.values()), [entry])
    sender.count("created")
    if suspect.refused is not None:
        sender.count("rejected", -1)


def _absent(sender: Sender, suspect: Suspect) -> list[Suspect]:
    if suspect.refused is not None:
        return []  # the dead letter stands
    item = suspect.item
    outcomes = sender.settled(item, "absent")
    if suspect.intent_id not in {o.intent_id for o in outcomes}:
        outcomes.append(Outcome(suspect.intent_id, "absent"))
    sender.ctx.journal.conclude(outcomes)
    if item.attempt >= sender.ctx.options.attempts:
        sender.dead_letter(item, "unknown", f"no answer in {item.attempt} attempts")
        return []
    item.attempt += 1
    return sender.send([item])


def resume(sender: Sender, intents: list[Intent], pool: Executor) -> int:
    """Settle what an interrupted run left open; returns how many records were found.

    Nothing is sent: what is absent will be sent by the load whose rows hold it.
    """
    creates = [i for i in intents if i.operation == "create" and i.kind in HANDLERS]
    others = [i for i in intents if i.operation != "create" or i.kind not in HANDLERS]
    sender.ctx.journal.conclude([Outcome(i.id, "interrupted") for i in others])
    latest = {intent.record_key: intent for intent in creates}
    known = sender.ctx.journal.entries(sender.ctx.location, latest)
    suspects = []
    for key, intent in latest.items():
        if key not in known:
            suspects.append(Suspect(Item.from_intent(intent), intent.id, intent.at))
    absent = {s.item.row.record_key for s in _look(sender, suspects, pool)}
    closed = []
    for intent in creates:
        result = "absent" if intent.record_key in absent else "found"
        closed.append(Outcome(intent.id, result))
    sender.ctx.journal.conclude(closed, wait=True)
    return len(suspects) - len(absent)
