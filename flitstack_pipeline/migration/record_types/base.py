"""What every kind of record has in common: the item to write, the context, the handler.

What belongs here: the interface and what several handlers need. What does not: one kind's ways.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import RootModel

from flitstack_pipeline.highlevel.answer_types import Cell
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.highlevel.models import CustomFieldValue
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent, Journal, Run
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL, MappedRow

Logical = dict[str, Any]

if TYPE_CHECKING:
    from flitstack_pipeline.migration.owners import OwnerFamilies

#: A null that survives a request model's dumping, which leaves plain None out.
NULL = RootModel[None](None)


#: Among a Found's details: the names of what a search's row does not tell of its record.
MISSING = "missing"


@dataclass(frozen=True)
class LoadOptions:
    """How a load behaves.

    workers: requests in flight at most; how many there are follows the rate and the latency.
    search_lag_s: how long HighLevel's searches may trail its
    writes before an absent record counts as absent. attempts: how often one record is sent.
    duplicate_policy: match (use the existing record), create (anyway) or ask, for records that
    were there before; `decisions` overrule it by record key. existing_policy: what may be written
    to one that is used: fill, overwrite or ask (existing.py). files_root: where relative file
    paths start, images_root: where images taken out of notes lie. allowed_hosts: private hosts
    files may be fetched from. links: what to do when a link's parent is not in HighLevel, by
    `<object type>.<parent's kind>`: skip (the child waits as a dead letter, the default), stub (a
    placeholder contact) or stop (the run).
    current: a record's values in HighLevel by record key, read by pages before (None: not there).
    conversation_provider_id, calendar_id: where messages and appointments go; empty for nowhere.
    """

    workers: int = 64
    search_lag_s: float = 65.0
    attempts: int = 4
    duplicate_policy: str = "match"
    existing_policy: str = "fill"
    decisions: dict[str, str] = field(default_factory=dict)
    files_root: Path = Path()
    images_root: Path = Path()
    allowed_hosts: frozenset[str] = frozenset()
    chunk: int = 1000
    links: dict[str, str] = field(default_factory=dict)
    current: Callable[[str], Logical | None] | None = None
    conversation_provider_id: str = ""
    calendar_id: str = ""


@dataclass
class Context:
    """Everything a handler needs: the account, its names, the journal, the run."""

    hl: HighLevel
    catalog: Catalog
    journal: Journal
    run: Run
    options: LoadOptions = field(default_factory=LoadOptions)

    @property
    def location(self) -> str:
        """The sub-account written to."""
        return self.hl.location_id

    @cached_property
    def owner_families(self) -> OwnerFamilies:
        """The owners HighLevel may have shared between contacts and opportunities of ours."""
        from flitstack_pipeline.migration.owners import OwnerFamilies

        return OwnerFamilies(self.journal, self.location)


@dataclass
class Item:
    """A row about to be written: its parents as HighLevel ids, its files as uploaded."""

    row: MappedRow
    parents: dict[str, str] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    attempt: int = 1

    def request(self) -> dict[str, Any]:
        """What the journal keeps, enough to find the record again after a crash."""
        return {
            "payload": self.row.payload,
            "parents": self.parents,
            "files": self.files,
            "left_out": self.left_out,
            "label": self.row.label,
        }

    @classmethod
    def from_intent(cls, intent: Intent) -> Item:
        """The item an intent was written for."""
        request = intent.request or {}
        row = MappedRow(
            record_key=intent.record_key,
            source_key=intent.source_key,
            kind=intent.kind,
            target=intent.target,
            payload=request.get("payload") or {},
            payload_hash=intent.payload_hash or "",
            label=request.get("label") or "",
            object_key=intent.object_key,
        )
        return cls(
            row,
            request.get("parents") or {},
            request.get("files") or [],
            request.get("left_out") or [],
            intent.attempt,
        )


@dataclass(frozen=True)
class Written:
    """A record that is in HighLevel: its id, what was written, and how to find it again."""

    hl_id: str
    payload: Logical
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A record of the sub-account as read: `source_id` empty when nobody's migration made it."""

    kind: str
    target: str
    hl_id: str
    logical: Logical
    source_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class Handler:
    """How one kind is written, found, read, changed and deleted. Stateless."""

    kind: str = ""
    endpoint: str = ""
    batch_limit: int = 1
    #: How many requests writing one batch takes at least.
    requests_each: int = 1
    #: Whether the kind's records carry values of their own that somebody may edit.
    editable: bool = True
    #: Whether a rollback reads a record before it takes it away: somebody may have changed it.
    read_before_undo: bool = True
    #: The parent in `details` whose deletion takes the record along (`contact`, …), if any.
    goes_with: str = ""
    #: Whether one request can take several records away.
    deletes_together: bool = False
    #: Another holder in `details` whose deletion takes the record along (`conversation`), if any.
    inside: str = ""
    #: Why the API cannot take a record away by itself; empty when it can.
    stays_because: str = ""
    #: What of a record is still at HighLevel when it was undone, because no API deletes it.
    leaves_behind: str = ""
    #: Why the API cannot change a record; empty when it can. A change in the export is a conflict.
    unchangeable: str = ""
    #: Why the API cannot put a record below another parent; empty when it can be made anew there.
    fixed_to: str = ""
    #: What to say of a record that was there before we meant to make it.
    existed_because: str = "somebody had linked the two before us"
    #: Fields HighLevel takes at creation only: an update never writes them.
    create_only: frozenset[str] = frozenset()

    def batch_key(self, item: Item) -> Hashable:
        """Items with the same key may go in one request."""
        return item.row.record_key

    def safe_to_repeat(self, ctx: Context, item: Item) -> bool:
        """Whether sending it twice cannot make two records."""
        return False

    def write(self, ctx: Context, items: Sequence[Item]) -> list[Written]:
        """Create the items in one request; one Written each, in order. Raises HighLevelError."""
        raise NotImplementedError

    def intended(self, ctx: Context, item: Item) -> Logical:
        """The payload as it can be written, in the form in which records are compared."""
        return item.row.payload

    def find(self, ctx: Context, item: Item) -> Written | None:
        """Look an item up by its source key; None when it is not (yet) to be seen."""
        raise NotImplementedError

    def read(self, ctx: Context, entry: IdMapRow) -> Logical | None:
        """The record as it is now, in the payload's form; None when it is gone."""
        raise NotImplementedError

    def change(self, ctx: Context, entry: IdMapRow, payload: Logical, clear: Logical) -> None:
        """Write the values of `payload`; empty those named in `clear` (same form)."""
        raise NotImplementedError

    def parent_now(self, ctx: Context, entry: IdMapRow, role: str) -> str | None:
        """The HighLevel id of a parent as it is now, as far as reading the record tells."""
        found = (entry.details or {}).get(role)
        return found if isinstance(found, str) else None

    def delete(self, ctx: Context, entry: IdMapRow) -> None:
        """Take the record away. Raises NotFound when it is gone already."""
        raise NotImplementedError

    def scan(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every record of the kind, read page by page, ours or not."""
        raise NotImplementedError

    def scan_rows(self, ctx: Context, target: str) -> Iterator[Found]:
        """Every record as far as it takes to recognise it; `details` say what is `missing`."""
        return self.scan(ctx, target)

    def still_there(self, ctx: Context, target: str, ids: set[str]) -> set[str]:
        """Those of these ids HighLevel still holds. Raises NotFound when their place is gone."""
        shown = {f.hl_id: f for f in self.scan_rows(ctx, target) if f.hl_id in ids}
        return {hl_id for hl_id, seen in shown.items() if self.is_there(ctx, seen)}

    def is_there(self, ctx: Context, seen: Found) -> bool:
        """Whether a record that a list shows is there: searches show deleted ones for a while."""
        return True

    # --- undoing several at once ---------------------------------------------------------------

    def undo_key(self, entry: IdMapRow) -> Hashable:
        """Entries with the same key are read and taken away together, one thread for all."""
        return entry.record_key

    def read_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> dict[str, Logical | None]:
        """The records of one undo key as they are now, by record key; None for those gone."""
        return {entry.record_key: self.read(ctx, entry) for entry in entries}

    def delete_many(self, ctx: Context, entries: Sequence[IdMapRow]) -> None:
        """Take the records of one undo key away, in as few requests as there can be."""
        for entry in entries:
            with suppress(NotFound):
                self.delete(ctx, entry)


def can_be_read(read: Callable[[], Any]) -> bool:
    """Whether reading a record by its id finds it."""
    try:
        read()
    except NotFound:
        return False
    return True


def owner_id(ctx: Context, owner: str | None) -> str | None:
    """The HighLevel user of an owner as payloads name it: a source key, or the user's own id."""
    if not owner:
        return None
    return ctx.catalog.user(owner) or (None if "/" in owner else owner)


def with_source_id(ctx: Context, target: str, row: MappedRow, values: Logical) -> Logical:
    """Custom values with the source key among them, when the target has the field."""
    if SOURCE_ID_LABEL in values or not ctx.catalog.has_field(target, SOURCE_ID_LABEL):
        return dict(values)
    return {**values, SOURCE_ID_LABEL: row.source_id}


def encode_v1(ctx: Context, target: str, values: Logical) -> list[CustomFieldValue]:
    """Custom values of a contact or opportunity; None values are emptied."""
    encoded = []
    for label, value in values.items():
        ref = ctx.catalog.field(target, label)
        wire = ref.encode(value)
        encoded.append(CustomFieldValue(id=ref.id, field_value=NULL if wire is None else wire))
    return encoded


def decode_v1(ctx: Context, target: str, cells: Sequence[Cell]) -> Logical:
    """Custom values of a contact or opportunity by label; empty ones left out."""
    refs = ctx.catalog.labels_by_id(target)
    values: Logical = {}
    for cell in cells:
        ref = refs.get(cell["id"])
        value = ref.decode(cell["value"]) if ref else None
        if ref and value is not None:
            values[ref.label] = value
    return values


def encode_v2(ctx: Context, target: str, values: Logical) -> dict[str, Any]:
    """Properties of a record from values by label; None values are cleared."""
    properties: dict[str, Any] = {}
    for label, value in values.items():
        ref = ctx.catalog.field(target, label)
        wire = ref.encode(value)
        if ref.data_type == "TEXTBOX_LIST" and isinstance(wire, dict):
            properties |= {f"{ref.key}.{line}": text for line, text in wire.items()}
        else:
            properties[ref.key] = wire
    return properties


def decode_v2(ctx: Context, target: str, properties: dict[str, Any]) -> tuple[Logical, Logical]:
    """(values by label of known custom fields, the other properties by key)."""
    refs = ctx.catalog.labels_by_key(target)
    known: Logical = {}
    other: Logical = {}
    for key, value in properties.items():
        short = key.rsplit(".", 1)[-1]
        ref = refs.get(short)
        if ref is None:
            other[short] = value
            continue
        decoded = ref.decode(value)
        if decoded is not None:
            known[ref.label] = decoded
    return known, other


def only(items: Sequence[Item]) -> Item:
    """The one item of a batch of one."""
    (item,) = items
    return item


def named(value: str, what: str, variable: str) -> str:
    """An id that the environment names. Raises ValueError, with what to do, when it does not."""
    if not value:
        raise ValueError(
            f"no {what} is named: set {variable}, or choose note under `activities` in map.yaml"
        )
    return value


Progress = Callable[[int, int, str], None]
