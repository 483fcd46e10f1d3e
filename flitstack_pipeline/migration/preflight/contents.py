"""What is in the sub-account already, and whether the day's requests suffice.

What belongs here: records that would be taken for ours, counted by paged search, and the budget.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.pacing import PaceSnapshot
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.duplicates import match_values
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.plan import Plan
from flitstack_pipeline.migration.preflight.lines import Line, failed, passed, warned
from flitstack_pipeline.migration.readback import reading_context
from flitstack_pipeline.migration.record_types import HANDLERS

PAGE = 200
#: Reads by id that a record takes which was there before: to keep what it held, and as answered.
READS_TO_TAKE = 2
POLICIES = {
    "match": "each is used and filled up, after its values were kept for the rollback",
    "create": "second ones are made beside them",
    "ask": "each waits in the conflicts for a person's decision",
}


@dataclass(frozen=True)
class Recognisable:
    """Records we are going to write, by what they can be recognised by.

    `values` maps a match value (duplicates.match_values) to how many of our records carry it.
    """

    kind: str
    plural: str
    values: Mapping[str, int]

    @property
    def shared(self) -> int:
        """How many records share a value with another."""
        return sum(count for count in self.values.values() if count > 1)


def existing_lines(
    hl: HighLevel,
    catalog: Catalog,
    journal: Journal,
    needs: Any,
) -> tuple[list[Line], int]:
    """Records of nobody's migration that would match ours, and ours of a lost journal.

    `needs` is what the migration asks: `recognisable`, `policy`, `workspaces`. Returns the lines,
    and how many more requests the matching records take: each is read by its id before a write.
    """
    found = [_existing(hl, catalog, journal, ours, needs) for ours in needs.recognisable]
    matching = sum(count for _, count in found)
    reads = {"match": READS_TO_TAKE, "ask": 1}.get(needs.policy, 0)
    return [line for line, _ in found], reads * matching


def _existing(
    hl: HighLevel, catalog: Catalog, journal: Journal, ours: Recognisable, needs: Any
) -> tuple[Line, int]:
    """The line about one kind of record, and how many of them match ours."""
    policy = needs.policy
    foreign, matching, adoptable = _counted(hl, catalog, journal, ours, needs.workspaces)
    check = f"existing {ours.plural}"
    found = f"{foreign} that no migration made, {matching} of them match ours"
    if adoptable:
        found += f"; {adoptable} carry our Source ID and are not in this journal"
    if adoptable and not journal.kinds(hl.location_id):
        return failed(
            check, found,
            "A migration of this workspace wrote them, whose journal is not in this data folder. "
            "Use that folder; or, if its journal was lost and these are its exports, `--adopt` "
            "reads the records back and takes them over.",
        ), matching  # fmt: skip
    what = []
    if matching:
        what.append(f"Policy `{policy}` (duplicates in map.yaml): {POLICIES[policy]}.")
    if adoptable:
        what.append(
            "Those with our Source ID are adopted: an earlier migration made them, whose journal "
            "is not in this data folder."
        )
    line = warned(check, found, " ".join(what)) if what else passed(check, found)
    return line, matching


def _counted(
    hl: HighLevel,
    catalog: Catalog,
    journal: Journal,
    ours: Recognisable,
    workspaces: Sequence[str],
) -> tuple[int, int, int]:
    """(foreign records, those that match ours, those that carry our Source ID), page by page."""
    foreign = matching = adoptable = 0
    scan = HANDLERS[ours.kind].scan_rows(reading_context(hl, catalog, journal), "")
    while page := list(itertools.islice(scan, PAGE)):
        known = journal.known_ids(hl.location_id, ours.kind, [found.hl_id for found in page])
        for found in page:
            if found.hl_id in known:
                continue
            if found.source_id:
                adoptable += not workspaces or found.source_id.split("/")[0] in workspaces
                continue
            foreign += 1
            matching += any(v in ours.values for v in match_values(ours.kind, found.logical))
    return foreign, matching, adoptable


def quota_line(plan: Plan, pace: PaceSnapshot, to_match: int = 0) -> Line:
    """Requests needed against those left today.

    Args:
        plan: the load.
        pace: the account's allowance.
        to_match: reads by id of records that were there before.
    """
    check = "requests"
    reads, writes = plan.read_requests, plan.write_requests
    needed = f"{writes} to write and {reads} to read back"
    if plan.more_reads:
        needed += f" (up to {plan.more_reads} more where searches show records in part)"
    if to_match:
        needed += f", {to_match} to read what was there before by its id"
    if not pace.daily_limit:
        return passed(check, f"{needed}; this account has no daily limit")
    left = pace.left_today
    found = f"{needed}, {plan.hours:.1f} h at the allowed pace; {left} left today"
    most = plan.requests + plan.more_reads + to_match
    if most <= left:
        return passed(check, found)
    days = 1 + -(-(most - left) // pace.daily_limit)
    return warned(
        check, found,
        f"The load takes up to {days} days: it pauses when the day's requests are used up and goes "
        "on after midnight UTC by itself.",
    )  # fmt: skip
