"""A small mark kept in a sub-account: which journal migrated into it, from which workspaces.

What belongs here: the mark (a custom value), reading it, setting it, whose it is. What does not:
taking over what a lost journal wrote (adoption.py), what a person answered (steps/others.py).
Without it a second data folder, or an emptied one, would make everything a second time.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import Forbidden, Unauthorized
from flitstack_pipeline.migration.checklist import Todo
from flitstack_pipeline.migration.journal import Journal, new_id
from flitstack_pipeline.migration.provisioning.making import Maker

NAME = "Flitstack migration"
JOURNAL_ID, ADOPTED, BESIDE = "journal_id", "adopted_journals", "beside_journals"
ENDPOINT = "POST /locations/{locationId}/customValues"


@dataclass(frozen=True)
class Mark:
    """One migration's mark; `since` is when it was set (ISO 8601, UTC)."""

    value_id: str
    journal: str
    workspaces: tuple[str, ...] = ()
    since: str = ""

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


def _mark_of(value: dict[str, Any]) -> Mark | None:
    if not str(value.get("name") or "").startswith(NAME):
        return None
    try:
        held = json.loads(str(value.get("value") or ""))
        workspaces = tuple(str(w) for w in held.get("workspaces") or ())
        return Mark(str(value["id"]), str(held["journal"]), workspaces, str(held.get("since", "")))
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
        return
    adopted = [m for m in known if m.journal in maker.journal.get_setting(ADOPTED, [])]
    since = min((m.since for m in adopted if m.since), default="") or _now()
    value = json.dumps({"journal": own, "workspaces": sorted(workspaces), "since": since})
    name = f"{NAME} {own}"
    locations = maker.hl.locations
    maker.make(
        item_key,
        "marker",
        ENDPOINT,
        (lambda: locations.update_custom_value(adopted[0].value_id, name, value))
        if adopted
        else (lambda: locations.create_custom_value(name, value)),
        lambda: next((m.value_id for m in read_marks(maker.hl) or () if m.journal == own), None),
        Todo(
            "custom value",
            name,
            clicks="Private Integrations → the token → Scopes: tick locations/customValues.write",
            required=False,
        ),
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
