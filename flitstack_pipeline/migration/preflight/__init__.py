"""The preflight: everything about one sub-account that could spoil a migration, before any write.

What belongs here: asking in order, and gathering the lines. What does not: one question (the
modules of this package). Reads only; asking twice gives the same answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.catalog.target_schema import TargetSchema
from flitstack_pipeline.highlevel.answer_types import User
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.checklist import Todo, object_name
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.plan import Plan
from flitstack_pipeline.migration.preflight.access import Access, try_access
from flitstack_pipeline.migration.preflight.activities import appointments_line, messages_line
from flitstack_pipeline.migration.preflight.contents import (
    Recognisable,
    existing_lines,
    quota_line,
)
from flitstack_pipeline.migration.preflight.lines import Line, Verdict, few, passed, warned
from flitstack_pipeline.migration.preflight.schema import objects_by_hand, schema_lines
from flitstack_pipeline.migration.preflight.settings import (
    contacts_line,
    crowded_line,
    opportunities_line,
    owners_line,
    time_zone_line,
)
from flitstack_pipeline.migration.preflight.workflows import (
    Released,
    objects_of_others,
    published_line,
    unlisted_line,
)
from flitstack_pipeline.migration.schema_state import adopt_renamed
from flitstack_pipeline.migration.users import Member, Outcome, Team, resolve_team

__all__ = ["Examination", "Line", "Needs", "Recognisable", "Verdict", "examine"]


@dataclass(frozen=True)
class Needs:
    """What the migration asks of one sub-account.

    `source_zone` is the zone the exports are read in; `members` the team with the records each owns
    here, `owners` and `fallback_owner` the map's decisions about them;
    `policy` the map's policy for records that are there already; `plan` the load as planned;
    `crowded` names contacts with more opportunities than one may have; `differing_owners` counts
    contacts with jobs of another owner; `astray` counts links between records that are routed to
    different sub-accounts; `activities` is what calls, texts, e-mails and meetings are to become,
    with the ids that takes; `released` what a person decided about published workflows;
    `workspaces` those our records come from.
    """

    schema: TargetSchema
    source_zone: str
    members: Sequence[Member] = ()
    owners: Mapping[str, Any] = field(default_factory=dict)
    fallback_owner: str = ""
    recognisable: Sequence[Recognisable] = ()
    policy: str = "match"
    plan: Plan = field(default_factory=Plan)
    astray: int = 0
    activities: Mapping[str, str] = field(default_factory=dict)
    conversation_provider_id: str = ""
    calendar_id: str = ""
    released: Released = field(default_factory=Released)
    crowded: Mapping[str, int] = field(default_factory=dict)
    differing_owners: int = 0
    workspaces: Sequence[str] = ()


@dataclass
class Examination:
    """What was found: the lines, the team, HighLevel's users, and what to make by hand."""

    lines: list[Line]
    team: Team
    users: list[User] = field(default_factory=list)
    by_hand: list[Todo] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the sub-account may be written to."""
        return not any(line.verdict is Verdict.FAIL for line in self.lines)


def examine(hl: HighLevel, journal: Journal, needs: Needs) -> Examination:
    """Look at everything the migration depends on; writes nothing.

    Raises HighLevelError when the account stops answering midway.
    """
    items = journal.schema_items(hl.location_id)
    keys = [o.key for o in needs.schema.objects]
    access = try_access(hl, keys, wrote=any(i["origin"] == "created" for i in items))
    users = access.users or []
    team = Team()  # nobody is unmatched while the sub-account's users are not known
    if access.users is not None:
        team = resolve_team(users, needs.members, needs.owners, needs.fallback_owner)
    if not access.reachable:
        return Examination(access.lines, team, users)
    unanswered = journal.unanswered_keys(hl.location_id, "provision")
    lines = [
        *access.lines,
        *_workflows(access, needs, keys, items, unanswered),
        *_settings(access, needs),
    ]
    if not access.complete:
        return Examination(lines, team, users)
    catalog = access.catalog
    lines += schema_lines(needs.schema, catalog, items, access.agency)
    lines.append(_users(team))
    adopt_renamed(needs.schema, catalog, items)
    existing, to_match = existing_lines(hl, catalog, journal, needs)
    lines += existing
    lines += [
        messages_line(hl, needs.activities, needs.conversation_provider_id),
        appointments_line(hl, needs.activities, needs.calendar_id),
    ]
    lines += [_routing(needs.astray), quota_line(needs.plan, hl.client.pacer.snapshot(), to_match)]
    by_hand = [] if access.agency else objects_by_hand(needs.schema, catalog)
    return Examination(lines, team, users, by_hand)


def _workflows(
    access: Access,
    needs: Needs,
    keys: Sequence[str],
    items: Sequence[Mapping[str, Any]],
    unanswered: Collection[str],
) -> list[Line]:
    there = access.catalog.all_objects
    others = objects_of_others(keys, there, items, unanswered)
    names = [object_name(key) for key in others]
    return [published_line(access.automations, needs.released),
            unlisted_line(names, needs.released)]  # fmt: skip


def _settings(access: Access, needs: Needs) -> list[Line]:
    """Lines from the sub-account's own record; none when it could not be read."""
    catalog: Catalog = access.catalog
    if not catalog.location:
        return []
    shared = sum(r.shared for r in needs.recognisable if r.kind == "contact")
    zone = str(catalog.location.get("timezone") or "")
    return [
        time_zone_line(zone, needs.source_zone, dt.datetime.now(dt.UTC).date()),
        opportunities_line(catalog.settings),
        contacts_line(catalog.settings, shared),
        owners_line(needs.differing_owners, catalog.settings),
        crowded_line(needs.crowded),
    ]


def _users(team: Team) -> Line:
    check = "users"
    problems = team.problems()
    if problems:
        return warned(
            check, "; ".join(problems),
            "Before the cutover: invite them in HighLevel (Settings → My Staff), or choose in "
            "map.yaml under `owners` who takes their records (an e-mail, or empty for "
            "fallback_owner); see reports/roster.html.",
        )  # fmt: skip
    left = [
        r for r in team.unmatched
        if r.member.records and r.outcome in (Outcome.NOBODY, Outcome.FALLBACK)
    ]  # fmt: skip
    if left:
        return warned(
            check,
            few(f"“{r.member.name}” ({r.member.records} records: {r.outcome})" for r in left),
            "As confirmed in the map. If that is not meant, invite them in HighLevel before the "
            "cutover; see reports/roster.html.",
        )
    return passed(
        check, f"{len(team.users)} of {len(team.people)} matched; nobody else owns records"
    )


def _routing(astray: int) -> Line:
    check = "routing"
    if astray:
        return warned(
            check, f"{astray} links join records routed to different sub-accounts",
            "Sub-accounts cannot see each other's records: these links are left out and reported "
            "as missing parents. Route both ends alike (routing in map.yaml).",
        )  # fmt: skip
    return passed(check, "every record goes where its parents go")
