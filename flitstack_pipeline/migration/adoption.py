"""Rebuilds the id map of a lost journal from the marks its records carry in HighLevel.

What belongs here: reading what is marked, whether it is this folder's, the order of taking it over.
What does not: one record's entry (adopted_entries.py), deciding to do it
(services/foreign_migrations.py). Nothing is written to HighLevel. Before-images are gone with the
lost journal: what was there before it is never given back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from flitstack_pipeline.migration.account_contents import Held
from flitstack_pipeline.migration.adopted_entries import Adopter, Lost
from flitstack_pipeline.migration.owners import is_shared
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.migration.update import KEPT, with_kept

CHUNK = 500
IN_FLIGHT = 16
NAMED = 5
#: The setting that names the tags of adopted records: HighLevel made them when we wrote those.
ADOPTED_TAGS = "adopted_tags"
#: Read whatever the exports plan: what carries a source key.
MARKED_KINDS = frozenset({("contact", ""), ("company", ""), ("opportunity", "")})


@dataclass(frozen=True)
class Exports:
    """This folder's exports, as an adoption asks them.

    rows: the planned rows in the order of a load, as often as asked. knows: of some source keys
    those that the exports name, whether or not a row is planned for them (any more). elsewhere:
    workspaces of migrations that live on beside this one, whose records are not looked at.
    """

    rows: Callable[[], Iterator[MappedRow]]
    knows: Callable[[Collection[str]], Collection[str]]
    elsewhere: Collection[str] = ()


@dataclass
class Adoption:
    """What was found: marked records, those no export of this folder has, and what became."""

    marked: int = 0
    strangers: list[str] = field(default_factory=list)
    adopted: int = 0
    before_lost: int = 0
    differing: int = 0
    incomplete: int = 0

    @property
    def count(self) -> str:
        """How many records are marked, and how many of those are this folder's, as a sentence."""
        ours = self.marked - len(self.strangers)
        return (
            f"{self.marked} records carry a source key; {ours} of those keys are in the exports of "
            "this folder"
        )

    @property
    def refusal(self) -> str:
        """Why it is not allowed; empty when it is."""
        if not self.strangers:
            return ""
        few = ", ".join(self.strangers[:NAMED])
        return (
            f"{self.marked} records carry a source key, and {len(self.strangers)} of those keys "
            f"are in no export of this folder ({few}). They are another migration's: use its data "
            "folder, or stage its exports here first."
        )


def count_marked(ctx: Context, exports: Exports) -> Adoption:
    """What an adoption would find; nothing is put into the id map. Raises HighLevelError."""
    with Held() as held:
        return _looked(ctx, exports, held)


def adopt(
    ctx: Context, exports: Exports, lost: Lost, adopts: Callable[..., Adopter] = Adopter
) -> Adoption:
    """Rebuild the id map; nothing is put into it when a marked record is not this folder's.

    Args:
        ctx: the account, with the options of its loads.
        exports: what this folder plans and knows.
        lost: what the mark tells of the lost migration.
        adopts: what takes the rows over; a repair of our own journal brings its own.

    Returns:
        The counts; its `refusal` says why nothing was taken over.

    Raises:
        HighLevelError: the account could not be read; asked again it goes on.
    """
    with Held() as held, ThreadPoolExecutor(IN_FLIGHT, "adopt") as pool:
        result = _looked(ctx, exports, held)
        if result.refusal:
            return result
        adopter = adopts(ctx, held, lost, result, pool)
        iterator = exports.rows()
        while chunk := list(itertools.islice(iterator, CHUNK)):
            for _, group in itertools.groupby(chunk, key=lambda row: row.phase):
                adopter.take(list(group))
        adopter.take_unplanned(held.unplanned())
    tags = {*adopter.tags, *(ctx.journal.get_setting(f"{ADOPTED_TAGS}:{ctx.location}") or ())}
    ctx.journal.set_setting(f"{ADOPTED_TAGS}:{ctx.location}", sorted(tags))
    ctx.journal.flush()
    _settle_shared_owners(ctx, result)
    return result


def _settle_shared_owners(ctx: Context, result: Adoption) -> None:
    """An owner that HighLevel shared between a contact and its opportunities is nobody's edit."""
    for conflict in ctx.journal.conflicts(ctx.location):
        if conflict["field"] != "owner" or conflict["reason"] != "edited":
            continue
        entry = ctx.journal.entry(ctx.location, conflict["record_key"])
        if entry is None or not is_shared(ctx, entry, conflict["found"]):
            continue
        settled = with_kept(entry, {}, [("", "owner")])
        written = {**settled.last_written, "owner": conflict["wanted"]}
        ctx.journal.put_entry(replace(settled, last_written=written))
        ctx.journal.settle_conflict(ctx.location, entry.record_key, "owner")
        result.differing -= KEPT not in settled.details


def _looked(ctx: Context, exports: Exports, held: Held) -> Adoption:
    pairs = _readable(ctx, held.plan(exports.rows()))
    found = read_back(ctx.hl, ctx.catalog, ctx.journal, pairs)
    held.take(f for f in found if f.source_id.split("/")[0] not in exports.elsewhere)
    loose = {found.source_id for found in held.unplanned()}
    known = set(exports.knows(loose)) if loose else set()
    return Adoption(held.marked_count(), sorted(loose - known))


def _readable(ctx: Context, planned: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """What is read by pages, of what is planned and there; what hangs on a record is read there."""
    objects = {("record", k) for k in ctx.catalog.objects if k.startswith("custom_objects.")}
    apart = {"record", "note", "task", "conversation", "message", "appointment"}
    return {(k, target) for k, target in planned if k not in apart} | MARKED_KINDS | objects
