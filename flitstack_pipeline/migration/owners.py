"""The owner HighLevel shares between a contact and its opportunities, unless that is switched off.

What belongs here: telling such an owner from one that a person chose (live: L8). What does
not: comparing (compare.py), giving one back (rollback/changes.py).

The setting is not shown by the API, so an owner counts as shared when the migration gave it to the
contact or to one of its opportunities.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from flitstack_pipeline.migration.journal.store import IdMapRow, Journal
from flitstack_pipeline.migration.record_types.base import Context, Logical, owner_id

SHARING = ("contact", "opportunity")


@dataclass
class OwnerFamilies:
    """The owners we gave to each contact and its opportunities, by the contact's HighLevel id.

    Read from the id map once, when the first owner is met that is not the one we wrote.
    """

    journal: Journal
    location: str
    _owners: dict[str, set[str]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, entry: IdMapRow) -> set[str]:
        """The owners, as payloads name them, that a record of ours may have been given."""
        with self._lock:
            if self._owners is None:
                self._owners = defaultdict(set)
                for kind in SHARING:
                    for known in self.journal.iterate_entries(self.location, kind=kind):
                        owner = (known.last_written or {}).get("owner")
                        if owner:
                            self._owners[_contact_of(known)].add(owner)
            return set(self._owners.get(_contact_of(entry), ()))


def is_shared(ctx: Context, entry: IdMapRow, owner: str | None) -> bool:
    """Whether HighLevel gave a record of ours this owner because its contact's family has it."""
    if not owner or entry.kind not in SHARING:
        return False
    user = owner_id(ctx, owner) or owner
    return any(user == (owner_id(ctx, other) or other) for other in ctx.owner_families.of(entry))


def as_if_not_shared(ctx: Context, entry: IdMapRow, current: Logical) -> Logical:
    """A record as it is, but with the owner we gave it where HighLevel put a shared one instead.

    Args:
        ctx: the account; its journal knows the family.
        entry: the record in the id map.
        current: the record as read.
    """
    found = current.get("owner")
    meant = (entry.last_written or {}).get("owner")
    if not meant and entry.before_image is not None:
        meant = entry.before_image.get("owner")
    if found == meant or not is_shared(ctx, entry, found):
        return current
    rest = {name: value for name, value in current.items() if name != "owner"}
    return {**rest, "owner": meant} if meant else rest


def _contact_of(entry: IdMapRow) -> str:
    if entry.kind == "contact":
        return entry.hl_id
    return str((entry.details or {}).get("contact") or "")
