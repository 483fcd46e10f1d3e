"""Finds out what became of attempts nobody answered, before anything is sent again.

What belongs here: looking up by source key, allowing for searches that trail writes; taking up
what a killed run left. What does not: sending (sending.py).

Searches trail writes by seconds, each write by its own time, so that a later record may be seen
before an earlier one. A record therefore counts as absent only when a look made after the allowed
lag did not show it, and a look that failed is no look.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from flitstack_pipeline.highlevel.errors import Forbidden, HighLevelError, Unauthorized
from flitstack_pipeline.migration.field_values import joined, parts_of, same
from flitstack_pipeline.migration.journal.store import Intent, Outcome, new_id
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Item, Written
from flitstack_pipeline.migration.sending import Sender, UnconfirmedWrite

PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
UNSURE_LOOKS = 6
#: Kinds found through HighLevel's searches; the others' lists show a write at once.
SEARCHED = frozenset({"contact", "company", "opportunity", "record"})
LIST_LAG_S = 5.0  # how long a request that was cut may still be under way


@dataclass(frozen=True)
class Look:
    """One look-up: what was found, and whether the look itself worked."""

    written: Written | None
    sure: bool = True


def resolve(sender: Sender, suspects: list[UnconfirmedWrite], pool: Executor) -> None:
    """Settle every suspect: found, sent again, or put aside. Raises RunStopped, JournalFailed."""
    waiting = list(suspects)
    while waiting and not sender.stopped.is_set():
        absent = look_until_sure(sender, waiting, pool)
        again = pool.map(lambda suspect: _absent(sender, suspect), absent)
        waiting = [suspect for more in again for suspect in more]


def look_until_sure(
    sender: Sender, suspects: list[UnconfirmedWrite], pool: Executor
) -> list[UnconfirmedWrite]:
    """Look until each is found, and adopted, or counts as absent; returns the absent ones."""
    absent: list[UnconfirmedWrite] = []
    unsure: dict[str, int] = {}
    looks = 0
    while suspects and not sender.stopped.is_set():
        _pause(sender, suspects, looks)
        looks += 1
        looked_at = time.time()
        due = [
            s for s in suspects if s.refused is None or looks == 1 or _over(sender, s, looked_at)
        ]
        seen = dict(zip(map(id, due), pool.map(lambda s: look(sender, s), due), strict=True))
        undecided = []
        for suspect in suspects:
            found = seen.get(id(suspect))
            if found is not None and found.written is not None:
                adopt(sender, suspect, found.written)
            elif found is None or not _over(sender, suspect, looked_at):
                undecided.append(suspect)
            elif found.sure:
                absent.append(suspect)
            elif _try_later(sender, suspect, unsure):
                undecided.append(suspect)
        suspects = undecided
    return absent


def look(sender: Sender, suspect: UnconfirmedWrite) -> Look:
    """Look a suspect up once. Raises RunStopped when the token is refused."""
    item = suspect.sent or suspect.item
    try:
        return Look(HANDLERS[item.row.kind].find(sender.ctx, item))
    except (Unauthorized, Forbidden) as error:
        raise sender.stop(error) from error
    except (HighLevelError, ValueError):
        return Look(None, sure=False)


def _pause(sender: Sender, suspects: list[UnconfirmedWrite], looks: int) -> None:
    """Wait before the next look, but no longer than until the last one's lag is over."""
    now = time.time()
    left = max(suspect.failed_at + _lag(sender, suspect) - now for suspect in suspects)
    pause = PAUSES[min(looks, len(PAUSES) - 1)]
    time.sleep(min(pause, left + 0.01) if left > 0 else min(pause, 1.0))


def _lag(sender: Sender, suspect: UnconfirmedWrite) -> float:
    lag = sender.ctx.options.search_lag_s
    return lag if suspect.item.row.kind in SEARCHED else min(lag, LIST_LAG_S)


def _over(sender: Sender, suspect: UnconfirmedWrite, now: float) -> bool:
    """Whether a look made `now` would show the record if there were one."""
    return now - suspect.failed_at >= _lag(sender, suspect)


def _try_later(sender: Sender, suspect: UnconfirmedWrite, unsure: dict[str, int]) -> bool:
    """Whether a suspect whose looks fail is looked for again; else it waits for the next run."""
    key = suspect.item.row.record_key
    unsure[key] = unsure.get(key, 0) + 1
    if unsure[key] < UNSURE_LOOKS:
        return True
    if suspect.refused is None:
        why = "HighLevel's search did not answer: whether the record was made is not known"
        sender.dead_letter(suspect.item, "unknown", why)
    return False


def adopt(sender: Sender, suspect: UnconfirmedWrite, written: Written) -> None:
    """The record is there: our request had been processed."""
    item = suspect.sent or suspect.item
    outcomes = sender.settled(item, "found", written.hl_id)
    sender.ctx.journal.conclude(outcomes, [sender.entry(item, written, "created", new_id())])
    sender.count("created")
    sender.count("floor")
    if suspect.refused is not None:
        sender.count("rejected", -1)


def _absent(sender: Sender, suspect: UnconfirmedWrite) -> list[UnconfirmedWrite]:
    if suspect.refused is not None:
        return []  # the dead letter stands
    item = suspect.item
    sender.ctx.journal.conclude(sender.settled(item, "absent"))
    if item.attempt >= sender.ctx.options.attempts:
        sender.dead_letter(item, "unknown", f"no answer in {item.attempt} attempts")
        return []
    item.attempt += 1
    return sender.send([item])


# --- after a run that died -----------------------------------------------------------------------


def recover(
    sender: Sender, intents: Iterable[Intent], pool: Executor
) -> dict[str, UnconfirmedWrite]:
    """Settle what can be settled at once of the intents a dead run left open.

    Returns the rest, by record key: they may have made their records, so nothing may be sent for
    them before `resolve`. Raises RunStopped.
    """
    creates: dict[str, list[Intent]] = {}
    updates: list[Intent] = []
    others: list[Outcome] = []
    for intent in intents:
        if intent.operation == "create" and intent.kind in HANDLERS:
            creates.setdefault(intent.record_key, []).append(intent)
        elif intent.operation == "update":
            updates.append(intent)
        else:  # done again when still wanted: deleting or restoring twice changes nothing
            others.append(Outcome(intent.id, "interrupted"))
    known = sender.ctx.journal.entries(sender.ctx.location, creates)
    for key, entry in known.items():
        others += [Outcome(i.id, "found", hl_id=entry.hl_id) for i in creates.pop(key)]
    sender.ctx.journal.conclude(others)
    _settle_updates(sender, updates)
    return _first_look(sender, creates, pool)


def _settle_updates(sender: Sender, updates: list[Intent]) -> None:
    """Note what an update that was cut had written, so that nobody takes it for an edit."""
    journal = sender.ctx.journal
    for intent in updates:
        entry = journal.entry(sender.ctx.location, intent.record_key)
        request = intent.request or {}
        if entry is None:
            journal.conclude([Outcome(intent.id, "interrupted")])
            continue
        try:
            now = parts_of(HANDLERS[entry.kind].read(sender.ctx, entry))
        except (Unauthorized, Forbidden) as error:
            raise sender.stop(error) from error
        except (HighLevelError, ValueError):
            continue  # stays open for the next run
        meant, cleared = parts_of(request.get("payload")), parts_of(request.get("clear"))
        if not all(same(value, now.get(key)) for key, value in meant.items()):
            journal.conclude([Outcome(intent.id, "absent", hl_id=entry.hl_id)])
            continue
        kept = {k: v for k, v in parts_of(entry.last_written).items() if k not in cleared}
        after = replace(entry, last_written=joined(kept | meant))
        journal.conclude([Outcome(intent.id, "found", hl_id=entry.hl_id)], [after])


def _first_look(
    sender: Sender, creates: dict[str, list[Intent]], pool: Executor
) -> dict[str, UnconfirmedWrite]:
    suspects = []
    for key, made in creates.items():
        sender.remember(key, [intent.id for intent in made])
        sent = Item.from_intent(made[-1])
        suspects.append(UnconfirmedWrite(sent, max(i.at for i in made), sent=sent))
    found = list(pool.map(lambda suspect: look(sender, suspect), suspects))
    waiting = {}
    for suspect, seen in zip(suspects, found, strict=True):
        if seen.written is not None:
            adopt(sender, suspect, seen.written)
        else:
            waiting[suspect.item.row.record_key] = suspect
    return waiting


def settle(sender: Sender, suspects: list[UnconfirmedWrite], pool: Executor) -> None:
    """Find out about suspects that shall not be sent again: found, or absent for good."""
    for suspect in look_until_sure(sender, suspects, pool):
        sender.ctx.journal.conclude(sender.settled(suspect.item, "absent"))


def resume(sender: Sender, intents: list[Intent], pool: Executor) -> None:
    """Settle everything an interrupted run left open, waiting for it; nothing is sent."""
    settle(sender, list(recover(sender, intents, pool).values()), pool)
    sender.ctx.journal.flush()
