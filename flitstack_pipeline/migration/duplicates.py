"""Records that are there already: ours by source key, or somebody else's by policy.

What belongs here: adopting, matching, creating beside, asking. What does not: sending (sending.py).
Two clients who share a phone are two clients: when the existing contact is another record of ours,
the shared value is left off the second one and reported, never merged.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

from flitstack_pipeline.catalog.targets import ORIGINALS
from flitstack_pipeline.highlevel.errors import (
    DuplicateContact,
    DuplicateOpportunity,
    HighLevelError,
)
from flitstack_pipeline.migration.existing import OVERWRITE
from flitstack_pipeline.migration.journal.pending import KEPT_ASIDE
from flitstack_pipeline.migration.journal.store import IdMapRow, new_id
from flitstack_pipeline.migration.marker import tell_taken
from flitstack_pipeline.migration.originals import keep_original
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Found, Item, Logical, Written
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL
from flitstack_pipeline.migration.sending import Sender, UnconfirmedWrite
from flitstack_pipeline.migration.update import (
    BEFORE_BY_ID,
    KEPT,
    MATCHED_BY,
    TAKEN_OVER,
    write_changes,
)


class ExistingRecords:
    """What was in the sub-account before and is not in our id map, read page by page."""

    def __init__(self, ctx: Context, kind: str, target: str) -> None:
        self._by_source: dict[str, Found] = {}
        self._by_value: dict[str, Found] = {}
        page: list[Found] = []
        for found in HANDLERS[kind].scan_rows(ctx, target):
            page.append(found)
            if len(page) >= 200:
                self._learn(ctx, kind, page)
                page = []
        self._learn(ctx, kind, page)

    def _learn(self, ctx: Context, kind: str, page: list[Found]) -> None:
        ours = ctx.journal.known_ids(ctx.location, kind, [found.hl_id for found in page])
        for found in page:
            if found.hl_id in ours:
                continue
            if found.source_id:
                self._by_source.setdefault(found.source_id, found)
            else:
                for value in match_values(kind, found.logical):
                    self._by_value.setdefault(value, found)

    def same_source(self, item: Item) -> Found | None:
        """The record that carries the item's source key (an earlier journal's work)."""
        return self._by_source.get(item.row.source_id)

    def same_values(self, item: Item) -> Found | None:
        """A record of nobody's migration with the same e-mail, phone or company name."""
        for value in match_values(item.row.kind, item.row.payload):
            if value in self._by_value:
                return self._by_value[value]
        return None


def match_values(kind: str, payload: Logical) -> list[str]:
    """What two records of a kind are recognised by, strongest first."""
    fields = payload.get("fields", {})
    if kind == "contact":
        digits = re.sub(r"\D", "", str(fields.get("phone") or ""))[-10:]
        email = str(fields.get("email") or "").strip().lower()
        return [v for v in (f"e:{email}" if email else "", f"p:{digits}" if digits else "") if v]
    if kind == "company" and fields.get("name"):
        return ["n:" + " ".join(str(fields["name"]).casefold().split())]
    return []


def policy_for(ctx: Context, item: Item) -> str:
    """match, create or ask: a person's decision on this record, else the map's policy."""
    return ctx.options.decisions.get(item.row.record_key, ctx.options.duplicate_policy)


def settle_existing(sender: Sender, item: Item, existing: ExistingRecords) -> bool:
    """Deal with an item whose record was there before; False when it is to be created."""
    found = existing.same_source(item)
    if found is not None:
        current = _read(sender, item, found.hl_id)
        if current is not None:
            take_over(sender, item, found.hl_id, current, "adopted")
            return True
    found = existing.same_values(item)
    if found is None or policy_for(sender.ctx, item) == "create":
        return False
    if sender.ctx.journal.owner_of(sender.ctx.location, found.hl_id, item.row.kind):
        return False  # another of our records took it meanwhile
    current = _read(sender, item, found.hl_id)
    if current is None:  # deleted, and still shown by the search (live: L20)
        return False
    theirs = _source_of(current)
    if theirs and theirs != item.row.source_id:
        return False  # another of our records, whose row did not show its source key
    if theirs:
        take_over(sender, item, found.hl_id, current, "adopted")
    elif policy_for(sender.ctx, item) == "ask":
        ask(sender, item, found.hl_id, current)
    else:
        take_over(sender, item, found.hl_id, current, "matched")
    return True


def settle_duplicate(
    sender: Sender, item: Item, error: DuplicateContact | DuplicateOpportunity
) -> list[UnconfirmedWrite]:
    """Deal with an item HighLevel refused as a duplicate."""
    if isinstance(error, DuplicateOpportunity):
        return _duplicate_opportunity(sender, item, error)
    there = error.contact_id or _looked_up(sender, item, error)
    if there is None:
        sender.dead_letter(item, "conflict", error)
        return []
    current = _read_if_it_can_be(sender, item, there)
    theirs = _source_of(current)
    if current is not None and theirs == item.row.source_id:
        _claim(sender, item, there)
        return []
    owner = sender.ctx.journal.owner_of(sender.ctx.location, there, "contact")
    policy = policy_for(sender.ctx, item)
    if theirs or owner or policy == "create":
        other = theirs or (owner.source_key if owner else "")
        return _create_beside(sender, item, error, there, other)
    if policy == "ask" or current is None:
        ask(sender, item, there, current or {})
        return []
    take_over(sender, item, there, current, "matched")
    return []


def _looked_up(sender: Sender, item: Item, error: DuplicateContact) -> str | None:
    """The contact a refusal is about that does not name it (live: L12): by e-mail, then phone."""
    fields = item.row.payload.get("fields", {})
    tried = [error.matching_field] if error.matching_field in ("email", "phone") else []
    for name in dict.fromkeys([*tried, "email", "phone"]):
        value = fields.get(name)
        if value and name not in item.left_out:
            asked = {"email": value} if name == "email" else {"number": value}
            try:
                found = sender.ctx.hl.contacts.find_duplicate(**asked)
            except HighLevelError:
                continue
            if found is not None:
                error.meta.setdefault("matchingField", name)
                return found["id"]
    return None


def take_over(sender: Sender, item: Item, hl_id: str, current: Logical, origin: str) -> None:
    """Make an existing record this item's: note what it held, then write what its policy allows.

    `current` is the record as read by its id: rows of a search lack values. Killed in between, the
    next run finds the entry marked as taken over and writes the rest. Raises HighLevelError.
    """
    before = current if origin == "matched" else None
    contact = item.parents.get("contact")
    details: dict[str, Any] = {"contact": contact} if contact else {}
    if before is not None:
        made = keep_original(sender.ctx.hl, sender.ctx.journal, item.row.kind, hl_id)
        tell_taken(sender.ctx.hl, sender.ctx.journal, hl_id, made)
        details |= {MATCHED_BY: matched_by(item, current), BEFORE_BY_ID: True}
    written = Written(hl_id, {}, details)
    entry = sender.entry(item, written, origin, new_id(), before)
    entry = replace(entry, payload_hash=TAKEN_OVER)
    sender.ctx.journal.conclude(sender.settled(item, "found", hl_id), [entry], wait=True)
    sender.count(origin)
    sender.count("floor", min(1, write_changes(sender.ctx, item, entry, current)))
    ctx = sender.ctx
    sender.count("conflicts", ctx.journal.has_conflicts(ctx.location, item.row.record_key))


def keeps_their_company(sender: Sender, item: Item) -> bool:
    """Whether a contact that was there before is in a company of its own, and stays in it.

    Then the link is not made but noted, and listed as a conflict, unless the map says overwrite.
    """
    ctx, contact = sender.ctx, item.parents["contact"]
    owner = ctx.journal.owner_of(ctx.location, contact, "contact")
    before = (owner.before_image or {}).get("company") if owner else None
    ours = item.parents["company"]
    if not before or before == ours or ctx.options.existing_policy == OVERWRITE:
        return False
    entry, conflict = their_company_stays(ctx, item, before)
    ctx.journal.conclude(sender.settled(item, "absent"), [entry])
    ctx.journal.put_conflict(conflict)
    sender.count("conflicts")
    return True


def their_company_stays(ctx: Context, item: Item, theirs: str) -> tuple[IdMapRow, dict[str, Any]]:
    """The entry of a link that is not made, and the conflict that tells of it.

    Args:
        ctx: the account and the run.
        item: the link, with its ends.
        theirs: the company the contact is in, and stays in.
    """
    row, contact = item.row, item.parents["contact"]
    details = {"contact": contact, "company": theirs, KEPT: {"link.company": theirs}}
    object_key = row.object_key or ctx.run.object_key
    entry = IdMapRow(
        ctx.location, row.record_key, row.source_key, object_key, row.kind, row.target, contact,
        "matched", row.payload_hash, {}, None, details, ctx.run.id, new_id(), time.time(),
    )  # fmt: skip
    conflict = {
        "location": ctx.location,
        "record_key": row.record_key,
        "field": "company",
        "object_key": object_key,
        "hl_id": contact,
        "reason": "there before",
        "wanted": item.parents["company"],
        "found": theirs,
        "last_written": None,
        "message": f"{row.label or row.record_key}: the contact was there before, in another "
        "company, and was left in it. Decide: theirs, or link it to ours by hand.",
        "run_id": ctx.run.id,
    }
    return entry, conflict


def matched_by(item: Item, current: Logical) -> str:
    """The strongest value the record has in common with ours: email, phone, name, or nothing."""
    theirs = set(match_values(item.row.kind, current))
    shared = [v for v in match_values(item.row.kind, item.row.payload) if v in theirs]
    return {"e": "email", "p": "phone", "n": "name"}[shared[0][0]] if shared else ""


def ask(sender: Sender, item: Item, hl_id: str, found: Logical) -> None:
    """Leave a duplicate to a person."""
    row, ctx = item.row, sender.ctx
    ctx.journal.conclude(sender.settled(item, "absent"))
    ctx.journal.put_conflict(
        {
            "location": ctx.location,
            "record_key": row.record_key,
            "field": "",
            "object_key": row.object_key or ctx.run.object_key,
            "hl_id": hl_id,
            "reason": "duplicate",
            "wanted": row.payload,
            "found": found,
            "last_written": None,
            "message": f"{row.label or row.record_key} looks like record {hl_id}, which was there "
            "before. Decide: match (use it), or create (a second one).",
            "run_id": ctx.run.id,
        }
    )
    sender.count("conflicts")


def _claim(sender: Sender, item: Item, hl_id: str) -> None:
    """The existing record carries our source key: an answer of ours was lost."""
    handler = HANDLERS[item.row.kind]
    found = handler.find(sender.ctx, item)
    written = found or Written(hl_id, handler.intended(sender.ctx, item))
    written = replace(written, hl_id=hl_id)
    ours = sender.settled(item, "found", hl_id)
    origin = "created" if ours else "adopted"
    sender.ctx.journal.conclude(ours, [sender.entry(item, written, origin, new_id())])
    sender.count(origin)


def _create_beside(
    sender: Sender, item: Item, error: DuplicateContact, there: str, other: str
) -> list[UnconfirmedWrite]:
    """Create a second contact without the value HighLevel allows only once."""
    shared = error.matching_field or ("phone" if "phone" not in item.left_out else "email")
    value = item.row.payload.get("fields", {}).get(shared)
    if shared in item.left_out or value is None:
        sender.dead_letter(item, "conflict", error)
        return []
    row, ctx = item.row, sender.ctx
    kept = ctx.catalog.has_field("contact", ORIGINALS)
    ctx.journal.put_conflict(
        {
            "location": ctx.location,
            "record_key": row.record_key,
            "field": shared,
            "object_key": row.object_key or ctx.run.object_key,
            "hl_id": there,
            "reason": KEPT_ASIDE if kept else "shared_field",
            "wanted": value,
            "found": None,
            "last_written": None,
            "message": f"{row.label or row.record_key} shares its {shared} with "
            f"{other or there}; HighLevel allows it once, so it was left off here"
            + (f" and kept in {ORIGINALS}" if kept else "")
            + ". Switch on Allow Duplicate Contact to write it on both.",
            "run_id": ctx.run.id,
        }
    )
    item.left_out.append(shared)
    item.attempt += 1
    return sender.send([item])


def _duplicate_opportunity(
    sender: Sender, item: Item, error: DuplicateOpportunity
) -> list[UnconfirmedWrite]:
    there = error.existing_id
    current = _read_if_it_can_be(sender, item, there) if there else None
    theirs = _source_of(current)
    if error.existing_id and theirs == item.row.source_id:
        _claim(sender, item, error.existing_id)
        return []
    sender.ctx.journal.conclude(sender.settled(item, "absent"))
    sender.dead_letter(
        item,
        "conflict",
        f"{error}. The sub-account allows one opportunity per contact and pipeline: switch on "
        "Allow Duplicate Opportunity in its settings, then run `flitstack retry`.",
    )
    return []


def _source_of(current: Logical | None) -> str:
    """The source key a record carries; empty when nobody's migration made it."""
    return str((current or {}).get("custom", {}).get(SOURCE_ID_LABEL) or "")


def _read_if_it_can_be(sender: Sender, item: Item, hl_id: str) -> Logical | None:
    try:
        return _read(sender, item, hl_id)
    except HighLevelError:
        return None


def _read(sender: Sender, item: Item, hl_id: str) -> Logical | None:
    stand_in: Any = IdMapRow(
        sender.ctx.location, item.row.record_key, item.row.source_key, "", item.row.kind,
        item.row.target, hl_id, "", "", {}, None, {}, "", "", 0.0,
    )  # fmt: skip
    return HANDLERS[item.row.kind].read(sender.ctx, stand_in)
