"""A small mark kept in a sub-account: which journal migrated into it, from which workspaces.

What belongs here: the mark (a custom value), reading it, setting it, whose it is. What does not:
taking over what a lost journal wrote (adoption.py), what a person answered
(services/foreign_migrations.py). Without it a second data folder, or an emptied one, would make
everything a second time.

The mark also tells what a lost journal could not: when the migration began (by HighLevel's clock),
which records made later by other people it took for ours, and what of the schema was there before.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from flitstack_pipeline.highlevel.answer_types import Named
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    Forbidden,
    NotFound,
    Unauthorized,
)
from flitstack_pipeline.migration import snapshot
from flitstack_pipeline.migration.checklist import Todo
from flitstack_pipeline.migration.journal.store import Journal, new_id
from flitstack_pipeline.migration.provisioning.making import ADOPTED_THERE, ATTEMPTS, Maker

NAME = "Flitstack migration"
JOURNAL_ID, ADOPTED, BESIDE = "journal_id", "adopted_journals", "beside_journals"
MARK = "mark"
#: How many records or schema items a mark names at most.
MOST_NAMED = 200
_lock = threading.RLock()
ENDPOINT = "POST /locations/{locationId}/customValues"


@dataclass(frozen=True)
class Mark:
    """One migration's mark.

    since: when it was set (ISO 8601, UTC); empty when it does not say. taken: ids of records that
    other people made after that and the migration took for ours. there: the schema items that were
    there before it; None while it is not said.
    """

    value_id: str
    journal: str
    workspaces: tuple[str, ...] = ()
    since: str = ""
    taken: tuple[str, ...] = ()
    there: tuple[str, ...] | None = None

    @property
    def text(self) -> str:
        """The mark as it is kept. One that would grow too long says less, and never a wrong thing:
        without `since` every person and company may have been there before."""
        told: dict[str, Any] = {"journal": self.journal, "workspaces": list(self.workspaces)}
        if len(self.taken) <= MOST_NAMED:
            told |= {"since": self.since, "taken": list(self.taken)}
        if self.there is not None and len(self.there) <= MOST_NAMED:
            told["there"] = list(self.there)
        return json.dumps(told)

    @property
    def sentence(self) -> str:
        """How a person knows the migration."""
        from_ = f", workspace {', '.join(self.workspaces)}" if self.workspaces else ""
        return f"journal {self.journal}{from_}, since {self.since or 'an unknown day'}"


def journal_id(journal: Journal) -> str:
    """The id of this journal, given at its first use."""
    known = journal.get_setting(JOURNAL_ID)
    if known is None:
        known = new_id("jrn-")
        journal.set_setting(JOURNAL_ID, known)
    return str(known)


def read_marks(hl: HighLevel) -> list[Mark] | None:
    """The marks in a sub-account; None when the token may not read them. Raises HighLevelError."""
    try:
        values = hl.locations.list_custom_values()
    except (Unauthorized, Forbidden) as error:
        if isinstance(error, Unauthorized) and not error.scope_missing:
            raise
        return None
    return [mark for value in values if (mark := _mark_of(value)) is not None]


def _mark_of(value: Named) -> Mark | None:
    if not str(value.get("name") or "").startswith(NAME):
        return None
    try:
        held = json.loads(str(value.get("value") or ""))
        workspaces, taken = (
            tuple(str(x) for x in held.get(name) or ()) for name in ("workspaces", "taken")
        )
        there = None if held.get("there") is None else tuple(str(x) for x in held["there"])
        return Mark(
            str(value["id"]), str(held["journal"]), workspaces, str(held.get("since", "")), taken,
            there,
        )  # fmt: skip
    except (ValueError, KeyError, AttributeError, TypeError):
        return Mark(str(value.get("id")), "an unreadable one")


def others(marks: Iterable[Mark], journal: Journal) -> list[Mark]:
    """The marks of migrations this journal neither made nor adopted nor stands beside."""
    ours = {
        journal_id(journal),
        *journal.get_setting(ADOPTED, []),
        *journal.get_setting(BESIDE, []),
    }
    return [mark for mark in marks if mark.journal not in ours]


def set_mark(maker: Maker, workspaces: Collection[str]) -> None:
    """Mark the sub-account as this journal's, before anything else is written; journalled.

    The mark of an adopted journal becomes ours. A token that may not write it leaves a line on the
    checklist that stops nothing.
    """
    own, known = journal_id(maker.journal), read_marks(maker.hl)
    item_key = f"marker:{own}"
    if known is None:
        return
    mine = next((m for m in known if m.journal == own), None)
    if mine is not None:
        maker.exists(item_key, "marker", mine.value_id, ours=True)
        _remember(maker, mine)
        return
    adopted = [m for m in known if m.journal in maker.journal.get_setting(ADOPTED, [])]
    mark = _new_mark(maker.hl, own, workspaces, adopted)
    name = f"{NAME} {own}"
    locations = maker.hl.locations
    value_id = maker.make(
        item_key,
        "marker",
        ENDPOINT,
        (lambda: locations.update_custom_value(adopted[0].value_id, name, mark.text))
        if adopted
        else (lambda: locations.create_custom_value(name, mark.text)),
        lambda: next((m.value_id for m in read_marks(maker.hl) or () if m.journal == own), None),
        Todo(
            "custom value",
            name,
            clicks="Private Integrations → the token → Scopes: tick locations/customValues.write",
            required=False,
        ),
    )
    if value_id is not None:
        _remember(maker, replace(mark, value_id=value_id))


def tell_what_was_there(maker: Maker) -> None:
    """Add to our mark what of the schema was there before us; one request, when it changed.

    Raises HighLevelError.
    """
    there = {key for key, item in maker.known.items() if item["origin"] == "existing"}
    before = snapshot.before(maker.hl, maker.journal)
    there |= {f"tag:{name.lower()}" for name in (before or {}).get("tags", {})}
    _tell(maker.hl, maker.journal, there=tuple(sorted(there)))
    maker.journal.set_setting(_setting(ADOPTED_THERE, maker.hl), None)


def tell_taken(hl: HighLevel, journal: Journal, hl_id: str, created: str) -> None:
    """Add to our mark a record of somebody's, made after our beginning, that we take for ours.

    Without it a later adoption would think that we had made it, and a rollback delete it.

    Args:
        hl: the account.
        journal: ours.
        hl_id: the record's id.
        created: when it was made (ISO 8601), empty when HighLevel does not say.
    """
    with _lock:
        mark = _own(hl, journal)
        if mark is None or hl_id in mark.taken or (created and created[:19] < mark.since[:19]):
            return
        _tell(hl, journal, taken=(*mark.taken, hl_id))


def _new_mark(hl: HighLevel, own: str, workspaces: Collection[str], adopted: list[Mark]) -> Mark:
    """The mark to set; what an adopted one tells of its beginning stays said."""
    since = min((m.since for m in adopted if m.since), default="")
    if not adopted:
        since = _now(hl)
    taken = tuple(dict.fromkeys(hl_id for m in adopted for hl_id in m.taken))
    return Mark("", own, tuple(sorted(workspaces)), since, taken)


def _tell(hl: HighLevel, journal: Journal, **more: Any) -> None:
    mark = _own(hl, journal)
    if mark is None or mark == (changed := replace(mark, **more)):
        return
    for attempt in range(1, ATTEMPTS + 1):
        try:
            hl.locations.update_custom_value(mark.value_id, f"{NAME} {mark.journal}", changed.text)
            break
        except NotFound:  # somebody deleted it: the next preparation makes it anew
            journal.set_setting(_setting(MARK, hl), None)
            return
        except AmbiguousOutcome:  # the same text again changes nothing
            if attempt == ATTEMPTS:
                raise
    journal.set_setting(_setting(MARK, hl), asdict(changed))


def _own(hl: HighLevel, journal: Journal) -> Mark | None:
    """Our mark as last written; None where the token may not write one."""
    kept = journal.get_setting(_setting(MARK, hl))
    if not kept:
        return None
    lists = {name: tuple(kept[name]) for name in ("workspaces", "taken")}
    there = None if kept["there"] is None else tuple(kept["there"])
    return Mark(kept["value_id"], kept["journal"], since=kept["since"], there=there, **lists)


def _remember(maker: Maker, mark: Mark) -> None:
    maker.journal.set_setting(_setting(MARK, maker.hl), asdict(mark))


def _setting(name: str, hl: HighLevel) -> str:
    return f"{name}:{hl.location_id}"


def _now(hl: HighLevel) -> str:
    """The moment by HighLevel's clock, whose records' times it is compared with; else by ours."""
    answer = hl.client.call(
        "GET", "/locations/{locationId}/customValues", path={"locationId": hl.location_id}
    )
    try:
        moment = parsedate_to_datetime(str(answer.headers.get("Date")))
    except (TypeError, ValueError):
        moment = dt.datetime.now(dt.UTC)
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
