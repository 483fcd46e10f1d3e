"""Looks the sub-account over before a rollback, page by page: whose is what, and what was edited.

What belongs here: finding records edited since, other people's records that hang on ours, and what
of our schema other people's records use. What does not: undoing (rollback/records.py). A dry run
is a survey and nothing else.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from flitstack_pipeline.highlevel.errors import NotFound, Unauthorized
from flitstack_pipeline.migration.field_values import parts_of
from flitstack_pipeline.migration.journal.history import Scope, owners_of, taken_away, touches
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.owners import as_if_not_shared
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Found, can_be_read
from flitstack_pipeline.migration.record_types.messages import ACTIVITIES, EMAIL
from flitstack_pipeline.migration.rollback.changes import edits

PAGE = 500


@dataclass
class Survey:
    """What was found.

    edited: fields by record key of records we made and somebody changed. guests: by (kind,
    HighLevel id) of a record of ours, what of other people's would go with it. foreign: how many
    records or links in (`pipeline` | `association`, id) are not ours. used_fields, used_tags: what
    other people's records use, by (target, label) and name. caveats: what could not be looked at.
    """

    edited: dict[str, list[str]] = field(default_factory=dict)
    edited_ids: set[str] = field(default_factory=set)
    guests: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    foreign: Counter[tuple[str, str]] = field(default_factory=Counter)
    used_fields: set[tuple[str, str]] = field(default_factory=set)
    used_tags: set[str] = field(default_factory=set)
    totals: Counter[str] = field(default_factory=Counter)
    caveats: list[str] = field(default_factory=list)


def survey(ctx: Context, scope: Scope, only: Collection[str] = ()) -> Survey:
    """Read what the rollback is about (kinds in `only`, if any); one request per page.

    Raises HighLevelError.
    """
    found = Survey()
    kinds = set(ctx.journal.kinds(ctx.location))
    looker = _Looker(ctx, scope, found)
    wanted = {kind for kind, _ in kinds} | ({"contact", "opportunity", "task"} if kinds else set())
    wanted = wanted & set(only) if only else wanted
    if "contact" in wanted:
        looker.look("contact", "contact", looker.contact)
    if "opportunity" in wanted:
        looker.look("opportunity", "", looker.opportunity)
    if "company" in wanted:
        looker.look("company", "business", looker.company)
    for target in sorted(_record_targets(ctx, kinds) if not only else ()):
        looker.look("record", target, looker.record)
    if "task" in wanted:
        looker.tasks()
    if "message" in wanted:
        looker.messages()
    if "appointment" in wanted:
        looker.appointments()
    return found


def _record_targets(ctx: Context, kinds: set[tuple[str, str]]) -> set[str]:
    """Custom objects with records or links of ours."""
    targets = {target for kind, target in kinds if kind == "record"}
    for kind, target in kinds:
        association = ctx.catalog.associations.get(target)
        if kind == "relation" and association is not None:
            sides = (association.second, association.first)
            targets |= {s for s in sides if s.startswith("custom_objects.")}
    return targets


class _Looker:
    def __init__(self, ctx: Context, scope: Scope, found: Survey) -> None:
        self.ctx, self.scope, self.found = ctx, scope, found
        self._taken_away = cache(partial(taken_away, ctx.journal, ctx.location))

    def look(self, kind: str, target: str, notice: Callable[[Found, list[IdMapRow]], None]) -> None:
        """Read every record of a kind and notice each with its entries in the id map."""
        try:
            for page, owners in self._pages(kind, target):
                for seen in page:
                    self.found.totals[kind if kind != "record" else target] += 1
                    notice(seen, owners.get(seen.hl_id, []))
                self._links(page)
        except NotFound:
            return  # the object itself is gone

    def contact(self, seen: Found, owners: list[IdMapRow]) -> None:
        """A contact of somebody else's that is in a company of ours keeps that company."""
        if not _created(owners):
            self._foreign("contact", seen, owners)
            company = seen.details.get("business_id")
            linked = company and owners_of(
                self.ctx.journal, self.ctx.location, "company_link", [seen.hl_id]
            )
            if company and not linked:
                self.found.guests["company", company].append("a contact that is not ours")
        self._edited(seen, owners)

    def opportunity(self, seen: Found, owners: list[IdMapRow]) -> None:
        """An opportunity of somebody else's keeps its contact and its pipeline."""
        if not _created(owners):
            self._foreign("opportunity", seen, owners)
            contact, pipeline = seen.details.get("contact"), seen.details.get("pipeline_id")
            self.found.guests["contact", str(contact)].append("an opportunity that is not ours")
            self.found.foreign["pipeline", str(pipeline)] += 1
        self._edited(seen, owners)

    def company(self, seen: Found, owners: list[IdMapRow]) -> None:
        """A company."""
        if not _created(owners):
            self._foreign("business", seen, owners)
        self._edited(seen, owners)

    def record(self, seen: Found, owners: list[IdMapRow]) -> None:
        """A record of a custom object."""
        if not _created(owners):
            self._foreign(seen.target, seen, owners)
        self._edited(seen, owners)

    def tasks(self) -> None:
        """Tasks of somebody else's keep their contact."""
        try:
            for page, owners in self._pages("task", "task"):
                for seen in page:
                    contact = str(seen.details.get("contact"))
                    if not _created(owners.get(seen.hl_id, [])):
                        self.found.guests["task", contact].append("a task that is not ours")
                    self._edited(seen, owners.get(seen.hl_id, []))
        except Unauthorized as error:
            self._not_read(error, "Tasks", "locations/tasks.readonly")

    def messages(self) -> None:
        """Messages of somebody else's keep their conversation and their contact."""
        try:
            said = self.ctx.hl.conversations.iterate_all("", EMAIL)
            theirs = (r for r in said if not str(r.get("messageType")).startswith(ACTIVITIES))
            while page := list(itertools.islice(theirs, PAGE)):
                owners = owners_of(
                    self.ctx.journal, self.ctx.location, "message", [r["id"] for r in page]
                )
                for record in (r for r in page if r["id"] not in owners and self._stands(r)):
                    for kind in ("contact", "conversation"):
                        holder = str(record.get(f"{kind}Id"))
                        self.found.guests[kind, holder].append("a message that is not ours")
        except Unauthorized as error:
            self._not_read(error, "Messages", "conversations/message.readonly")

    def appointments(self) -> None:
        """Appointments of somebody else's in the calendars we wrote to keep their contact."""
        try:
            for page, owners in self._pages("appointment", ""):
                for seen in (f for f in page if f.hl_id not in owners):
                    contact = str(seen.details.get("contact"))
                    self.found.guests["contact", contact].append("an appointment that is not ours")
        except Unauthorized as error:
            self._not_read(error, "Appointments", "calendars/events.readonly")

    def _stands(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is there; those of ours went with the conversation they were in."""
        if message["id"] not in self._taken_away("message"):
            return True
        return can_be_read(lambda: self.ctx.hl.conversations.message(message["id"]))

    def _not_read(self, error: Unauthorized, what: str, scope: str) -> None:
        """A scope is missing: say so. Any other refusal of the token is raised."""
        if not error.scope_missing:
            raise error
        self.found.caveats.append(
            f"{what} could not be read (the token lacks the scope {scope}): whether other "
            f"people's {what.lower()} hang on our contacts was not looked at."
        )

    def _pages(
        self, kind: str, target: str
    ) -> Iterator[tuple[list[Found], dict[str, list[IdMapRow]]]]:
        """Records page by page with their entries in the id map, by HighLevel id.

        Without those that an interrupted rollback deleted: searches show them for a while.
        """
        handler = HANDLERS[kind]
        for page in pages(handler.scan(self.ctx, target)):
            owners = owners_of(self.ctx.journal, self.ctx.location, kind, [f.hl_id for f in page])
            yield (
                [
                    seen
                    for seen in page
                    if seen.hl_id not in self._taken_away(kind) or handler.is_there(self.ctx, seen)
                ],
                owners,
            )

    def _links(self, page: list[Found]) -> None:
        links = [(seen, x) for seen in page for x in seen.details.get("relations") or []]
        ids = [str(link["relationId"]) for _, link in links]
        ours = owners_of(self.ctx.journal, self.ctx.location, "relation", ids)
        for seen, link in links:
            if str(link["relationId"]) not in ours and self._still_linked(seen, link):
                self.found.foreign["association", str(link.get("associationId"))] += 1

    def _still_linked(self, seen: Found, link: dict[str, Any]) -> bool:
        """Whether a link that a search shows is there: one of ours may have been deleted."""
        if str(link["relationId"]) not in self._taken_away("relation"):
            return True
        links = self.ctx.hl.associations.list_relations(seen.hl_id, [link["associationId"]])
        return any(found["id"] == link["relationId"] for found in links)

    def _foreign(self, target: str, seen: Found, owners: list[IdMapRow]) -> None:
        """What of our schema a record uses that will still be there after the rollback."""
        written = {part for entry in owners for part in parts_of(entry.last_written)}
        for (part, name), value in parts_of(seen.logical).items():
            theirs = (part, name) not in written and part in ("custom", "fields")
            if theirs and not self._only_our_files(value):
                self.found.used_fields.add((target, name.casefold()))
        images = [e.before_image for e in owners if e.before_image is not None]
        for held in images or [seen.logical]:
            tags = (held or {}).get("fields", {}).get("tags") or []
            self.found.used_tags |= {str(tag).lower() for tag in tags}

    def _only_our_files(self, value: Any) -> bool:
        """Whether a value is files, each of which we put there and take out again."""
        if not (isinstance(value, list) and value and all(isinstance(f, dict) for f in value)):
            return False
        ids = [str(file.get("uuid")) for file in value]
        ours = owners_of(self.ctx.journal, self.ctx.location, "contact_file", ids)
        return all(hl_id in ours for hl_id in ids)

    def _edited(self, seen: Found, owners: list[IdMapRow]) -> None:
        for entry in owners:
            if entry.origin != "created" or not self.scope.holds(entry):
                continue
            changed = changed_since(self.ctx, entry, seen.logical) + self._moved(seen, entry)
            if changed:
                self.found.edited_ids.add(entry.hl_id)
                self.found.edited[entry.record_key] = changed

    def _moved(self, seen: Found, entry: IdMapRow) -> list[str]:
        """An opportunity somebody moved to another pipeline is edited, whatever its values."""
        if seen.kind != "opportunity" or not seen.target:
            return []
        return [] if seen.target.casefold() == entry.target.casefold() else ["pipeline"]


def changed_since(ctx: Context, entry: IdMapRow, current: Any) -> list[str]:
    """The fields of a record we made that somebody changed since our last write."""
    ours = partial(touches, ctx.journal, entry.location, entry.record_key)
    return edits(ctx.catalog, entry, as_if_not_shared(ctx, entry, current), ours)


def pages(records: Iterable[Found]) -> Iterator[list[Found]]:
    """Records some hundreds at a time."""
    iterator = iter(records)
    while page := list(itertools.islice(iterator, PAGE)):
        yield page


def _created(owners: list[IdMapRow]) -> bool:
    return any(entry.origin == "created" for entry in owners)
