"""The entries of the id map for records that a lost journal wrote: one per planned row.

What belongs here: finding the record of a row, and what of it counts as written by us. What does
not: reading the account (adoption.py), the store (account_contents.py). A value that HighLevel
holds as meant was ours; one it holds otherwise stays and is listed; one it does not hold is filled
by the next load. A record that was, or may have been, there before is marked as never to be given
back.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.account_contents import Held
from flitstack_pipeline.migration.duplicates import their_company_stays
from flitstack_pipeline.migration.existing import TAGS
from flitstack_pipeline.migration.field_values import Part, joined, parts_of, same
from flitstack_pipeline.migration.file_source import local_file, sha256_of
from flitstack_pipeline.migration.inflight_recovery import SEARCHED
from flitstack_pipeline.migration.journal.store import IdMapRow, new_id
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Context, Found, Item, Logical
from flitstack_pipeline.migration.record_types.child_records import ListedHandler
from flitstack_pipeline.migration.record_types.files import JOINED, NUMBERED, file_id
from flitstack_pipeline.migration.record_types.notes import as_marked
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.update import BEFORE_LOST, KEPT, edited_conflict, kept_name

#: The payload hash of a record that lacks values we mean: the next load fills them.
INCOMPLETE = "adopted"
#: What can be there before us: records of other kinds are made by us alone.
MAY_BE_THEIRS = frozenset({"contact", "company"})
FILES = frozenset({"contact_file", "opportunity_file"})
_EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True)
class Lost:
    """What the mark tells of a lost migration.

    since: when it began, by HighLevel's clock (ISO 8601); empty when nobody knows. taken: ids of
    records made later by other people, which it took for ours.
    """

    since: str = ""
    taken: Collection[str] = ()


class Adopter:
    """Takes rows over, some at a time; `result` counts."""

    def __init__(self, ctx: Context, held: Held, lost: Lost, result: Any, pool: Executor) -> None:
        self.ctx, self.held, self.lost, self.result, self.pool = ctx, held, lost, result, pool
        self._finders: dict[str, Callable[[Item], IdMapRow | None]] = {
            **dict.fromkeys(SEARCHED, self._marked),
            "company_link": self._company_link,
            "relation": self._relation,
            "media": self._media,
            "opportunity_file": self._opportunity_file,
        }
        self.tags: set[str] = set()
        self._lock = threading.Lock()

    def take(self, rows: Sequence[MappedRow]) -> None:
        """Look for the records of rows of one phase; their parents are in the id map already."""
        ctx = self.ctx
        ctx.journal.flush()
        wanted = {p["record_key"] for row in rows for p in row.parents}
        known = ctx.journal.entries(ctx.location, [*wanted, *(row.record_key for row in rows)])
        groups: dict[Hashable, list[Item]] = defaultdict(list)
        for row in rows:
            if row.record_key in known or any(p["record_key"] not in known for p in row.parents):
                continue
            ends = {p["role"]: known[p["record_key"]] for p in row.parents}
            item = Item(row, {role: entry.hl_id for role, entry in ends.items()})
            groups[self._together(item)].append(item)
        for entries in self.pool.map(self._entries, groups.values()):
            self.result.adopted += len(entries)
            ctx.journal.conclude([], entries)

    def take_unplanned(self, found: Iterable[Found]) -> None:
        """Records the exports name and nothing plans (any more): as they are, for a rollback."""
        for one in found:
            prefix = (
                one.target.removeprefix("custom_objects.") if one.kind == "record" else one.kind
            )
            row = MappedRow(
                f"{prefix}:{one.source_id}", one.source_id, one.kind, one.target, one.logical, ""
            )
            entry = self._as_held(Item(row), one, one.logical)
            self.result.adopted += 1
            self.ctx.journal.conclude([], [replace(entry, payload_hash=INCOMPLETE)])

    def _together(self, item: Item) -> Hashable:
        """Rows whose records one request shows."""
        handler = HANDLERS[item.row.kind]
        if isinstance(handler, ListedHandler):
            return item.row.kind, item.parents[handler.holder]
        if item.row.kind == "contact_file":
            return item.row.kind, item.parents["contact"]
        return item.row.record_key

    def _entries(self, items: Sequence[Item]) -> list[IdMapRow]:
        kind = items[0].row.kind
        handler = HANDLERS[kind]
        if isinstance(handler, ListedHandler):
            return list(self._listed(handler, items))
        if kind == "contact_file":
            return list(self._contact_files(items))
        finder = self._finders.get(kind, self._looked_up)
        return [entry for item in items if (entry := finder(item)) is not None]

    # --- records with a source key of their own -------------------------------------------------

    def _marked(self, item: Item) -> IdMapRow | None:
        found = self.held.marked(item.row)
        if found is None:
            return None
        meant = HANDLERS[item.row.kind].intended(self.ctx, item)
        return self._as_held(item, found, meant)

    def _as_held(self, item: Item, found: Found, meant: Logical) -> IdMapRow:
        theirs = item.row.kind in MAY_BE_THEIRS and self._may_be_theirs(found)
        details: dict[str, Any] = {BEFORE_LOST: True} if theirs else {}
        if found.details.get("contact"):
            details["contact"] = found.details["contact"]
        if item.row.kind == "opportunity":
            details["files"] = self._files_of_job(item.row)
        with self._lock:
            self.result.before_lost += theirs
            self.tags |= {str(t).lower() for t in meant.get("fields", {}).get("tags") or ()}
        entry = self._entry(item, found.hl_id, {}, details, "matched" if theirs else "created")
        return self._compared(item, entry, meant, found.logical)

    def _may_be_theirs(self, found: Found) -> bool:
        """Whether a record was there before the lost migration, or nobody can say that it was not.

        One made by somebody later, and taken for ours, is named by the mark.
        """
        made, since = str(found.details.get("created") or "")[:19], self.lost.since[:19]
        return not (made and since and made >= since) or found.hl_id in self.lost.taken

    def _compared(self, item: Item, entry: IdMapRow, meant: Logical, held: Logical) -> IdMapRow:
        """The entry with what HighLevel holds as meant; what it holds otherwise is listed."""
        wanted, now = parts_of(meant), parts_of(held)
        agreed, missing = {}, False
        for part, value in wanted.items():
            if now.get(part) in _EMPTY:
                missing = missing or part[1] not in HANDLERS[item.row.kind].create_only
            elif self._agrees(part, value, now[part]):
                agreed[part] = value
        differing = [p for p in wanted if p not in agreed and now.get(p) not in _EMPTY]
        details = dict(entry.details)
        if differing:
            details[KEPT] = {kept_name(part): now[part] for part in differing}
        done = replace(entry, last_written=joined(agreed), details=details)
        if missing:
            done = replace(done, payload_hash=INCOMPLETE)
        for part in differing:
            self.ctx.journal.put_conflict(
                edited_conflict(self.ctx, done, part, wanted[part], now[part], item.row.label)
            )
        with self._lock:
            self.result.differing += bool(differing)
            self.result.incomplete += missing
        return done

    def _agrees(self, part: Part, ours: Any, held: Any) -> bool:
        """Whether HighLevel holds what we mean: several may be one user, tags may be more."""
        if part == ("", "owner"):
            user = self.ctx.catalog.user
            return (user(ours) or ours) == (user(held) or held)
        if part == TAGS and isinstance(held, list):
            return {str(x).casefold() for x in ours} <= {str(x).casefold() for x in held}
        return same(ours, held)

    # --- what hangs on a record -----------------------------------------------------------------

    def _listed(self, handler: ListedHandler, items: Sequence[Item]) -> Iterable[IdMapRow]:
        """Notes, tasks or messages of one holder, from one request; each record stands for one."""
        try:
            records = list(handler.listed(self.ctx, items[0].parents[handler.holder]))
        except NotFound:
            return
        for item in items:
            record = next((r for r in records if handler.is_ours(self.ctx, item, r)), None)
            if record is None:
                continue
            records.remove(record)
            written = handler.written(self.ctx, item, record)
            entry = self._entry(item, written.hl_id, written.payload, dict(written.details))
            if handler.unchangeable:
                yield entry
                continue
            held = as_marked(handler.logical(self.ctx, record), entry)
            yield self._compared(item, entry, written.payload, held)

    def _looked_up(self, item: Item) -> IdMapRow | None:
        """A conversation or an appointment, found by its handler."""
        handler = HANDLERS[item.row.kind]
        written = handler.find(self.ctx, item)
        if written is None:
            return None
        entry = self._entry(item, written.hl_id, written.payload, dict(written.details))
        held = handler.read(self.ctx, entry) if handler.editable else None
        return self._compared(item, entry, written.payload, held) if held else entry

    # --- links ----------------------------------------------------------------------------------

    def _company_link(self, item: Item) -> IdMapRow | None:
        contact, company = item.parents["contact"], item.parents["company"]
        held = self.held.company_of(contact)
        if not held:
            return None
        if held != company:  # somebody put the contact there: it stays
            entry, conflict = their_company_stays(self.ctx, item, held)
            self.ctx.journal.put_conflict(conflict)
            return entry
        owner = self.ctx.journal.owner_of(self.ctx.location, contact, "contact")
        lost = bool(owner and owner.details.get(BEFORE_LOST))
        details = {"contact": contact, "company": company} | ({BEFORE_LOST: True} if lost else {})
        origin = "matched" if lost else "created"
        return self._entry(item, contact, {"company": company}, details, origin)

    def _relation(self, item: Item) -> IdMapRow | None:
        ends = {"first": item.parents["first"], "second": item.parents["second"]}
        hl_id = self.held.link(item.row.target, ends["first"], ends["second"])
        return self._entry(item, hl_id, dict(ends), dict(ends)) if hl_id else None

    # --- files ----------------------------------------------------------------------------------

    def _media(self, item: Item) -> IdMapRow | None:
        name = item.row.payload["file_name"]
        found = self.held.named("media", name)
        if found is None:
            return None
        details = {"url": found.details["url"], "name": name}
        return self._entry(item, found.hl_id, {"file_name": name}, details)

    def _opportunity_file(self, item: Item) -> IdMapRow | None:
        """An upload is found in the opportunity that names it; one nothing names is sent again."""
        job = self.held.job_with(item.row.record_key)
        if job is None:
            return None
        found = self._same_file(item, self.held.files("opportunity_file", job.hl_id))
        if found is None:
            return None
        payload = item.row.payload
        details = {
            "field": payload["field"],
            "url": found.details.get("url"),
            "name": found.logical.get("file_name"),
            "content_type": payload.get("content_type"),
            "size_bytes": found.logical.get("size_bytes") or payload.get("size_bytes"),
            "file_id": file_id(item.row.record_key),
            **_sent_as(item, str(found.logical.get("file_name")), NUMBERED),
        }
        return self._entry(item, details["file_id"], {"field": payload["field"]}, details)

    def _files_of_job(self, row: MappedRow) -> list[dict[str, Any]]:
        """The uploads an opportunity names, as its entry keeps them."""
        keys = list(row.payload.get("files") or ())
        known = self.ctx.journal.entries(self.ctx.location, keys) if keys else {}
        return [known[key].details for key in keys if key in known]

    def _contact_files(self, items: Sequence[Item]) -> Iterable[IdMapRow]:
        """Files of one contact. The same content once more stands for the same file."""
        contact = items[0].parents["contact"]
        owner = self.ctx.journal.owner_of(self.ctx.location, contact, "contact")
        theirs = bool(owner and owner.details.get(BEFORE_LOST))
        held = self.held.files("contact_file", contact)
        by_content: dict[str, IdMapRow] = {}
        left = []
        for item in items:
            found = self._same_file(item, held)
            if found is None:
                left.append(item)
                continue
            entry = self._contact_file(item, found)
            if theirs and found.hl_id != file_id(item.row.record_key):
                entry.details["existed"] = True  # it may be a file of their own
            yield entry
            if len(items) > 1:
                by_content.setdefault(self._content(item), entry)
        for item in left if by_content else ():
            twin = by_content.get(self._content(item))
            if twin is not None:
                name = twin.details.get("sent_as") or (twin.last_written or {})["file_name"]
                details = {k: v for k, v in twin.details.items() if not k.startswith("sent_")}
                details |= {"sent_as": name, "sent_why": JOINED}
                yield self._entry(item, twin.hl_id, _file_logical(item), details)

    def _contact_file(self, item: Item, found: Found) -> IdMapRow:
        ref = self.ctx.catalog.field("contact", item.row.payload["field"])
        details = {
            "contact": item.parents["contact"],
            "field_id": ref.id,
            "url": found.details.get("url") or "",
            **_sent_as(item, str(found.logical.get("file_name")), NUMBERED),
        }
        return self._entry(item, found.hl_id, _file_logical(item), details)

    def _content(self, item: Item) -> str:
        """The hash of a file's content; its record key when it cannot be had."""
        options = self.ctx.options
        try:
            inline = item.row.payload.get("inline")
            root = options.images_root if inline else options.files_root
            with local_file(item.row.payload, root, options.allowed_hosts) as file:
                return sha256_of(file.path)
        except (ValueError, OSError):
            return item.row.record_key

    def _same_file(self, item: Item, held: Sequence[Found]) -> Found | None:
        """The file a row stands for: by the id we give, else by name and size in its field."""
        payload, ours = item.row.payload, file_id(item.row.record_key)
        here = [f for f in held if f.logical.get("field") == payload["field"]]
        by_id = next((f for f in here if f.hl_id == ours), None)
        if by_id is not None:
            return by_id
        size, name = payload.get("size_bytes"), str(payload["file_name"])
        fitting = [f for f in here if size is None or f.logical.get("size_bytes") in (None, size)]
        exact = (f for f in fitting if f.logical.get("file_name") == name)
        return next(exact, None) or next((f for f in fitting if size and _renamed(name, f)), None)

    def _entry(
        self,
        item: Item,
        hl_id: str,
        written: Logical,
        details: dict[str, Any],
        origin: str = "created",
    ) -> IdMapRow:
        row, ctx = item.row, self.ctx
        return IdMapRow(
            ctx.location, row.record_key, row.source_key, row.object_key, row.kind, row.target,
            hl_id, origin, row.payload_hash, written, None, details, ctx.run.id, new_id(), 0.0,
        )  # fmt: skip


def _renamed(name: str, found: Found) -> bool:
    """Whether a file is called as ours may have been sent: numbered, or with an ending."""
    stem = re.escape(name.rpartition(".")[0] or name)
    held = str(found.logical.get("file_name") or "")
    return re.fullmatch(rf"{stem}(?: \(\d+\))?(?:\.\w+)?", held) is not None


def _sent_as(item: Item, name: str, why: str) -> dict[str, str]:
    """The name a file was sent under, where it is another than the export's."""
    return {} if name == item.row.payload["file_name"] else {"sent_as": name, "sent_why": why}


def _file_logical(item: Item) -> Logical:
    payload = item.row.payload
    return {name: payload.get(name) for name in ("field", "file_name", "size_bytes")}
