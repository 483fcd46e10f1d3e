"""Who owns the records in HighLevel: team members matched by e-mail, or as a person chose.

What belongs here: the match, the choice for everybody it leaves out, the roster. What does not:
inviting anybody (a HighLevel user is a login, which only the admin gives), writing owners
(kinds/). Roles are not moved. Facts: docs/highlevel.md#users.

The choice is made in map.yaml under `owners`: `user` is the e-mail of the HighLevel user who takes
the member's records; empty means `fallback_owner`, and nobody when that is empty too; `excluded`
means nobody. A confirmed member whose own e-mail no HighLevel user has is treated as empty: that
is what the proposal says. An e-mail a person typed must exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import duckdb

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.mapping.document import CONFIRMED, EXCLUDED, MapDocument, OwnerEntry
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.warehouse import table_exists


class Outcome(StrEnum):
    """What becomes of the records of one team member."""

    MATCHED = "matched"  # the user with the same e-mail
    CHOSEN = "chosen"  # another user, named by a person
    FALLBACK = "fallback owner"
    NOBODY = "no owner"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Member:
    """A Contractor+ team member and how many records are theirs in one sub-account."""

    source_key: str
    name: str
    email: str = ""
    role: str = ""
    status: str = ""
    records: int = 0


@dataclass(frozen=True)
class Resolved:
    """One member with what was decided; `user` is HighLevel's record, `why` says what is wrong."""

    member: Member
    outcome: Outcome
    user: Mapping[str, Any] | None = None
    suggestion: str = ""
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether records wait for a person's choice."""
        return self.outcome is Outcome.UNDECIDED and self.member.records > 0


@dataclass
class Team:
    """Everybody of one sub-account."""

    people: list[Resolved] = field(default_factory=list)

    @property
    def users(self) -> dict[str, str]:
        """HighLevel user ids by source key, those with the same e-mail first."""
        ordered = sorted(self.people, key=lambda r: r.outcome is not Outcome.MATCHED)
        return {r.member.source_key: str(r.user["id"]) for r in ordered if r.user}

    @property
    def unmatched(self) -> list[Resolved]:
        """Members without a HighLevel user of their own."""
        return [r for r in self.people if r.outcome is not Outcome.MATCHED]

    def roster(self, sub_account: str) -> list[dict[str, Any]]:
        """Rows for the admin: who is who, what becomes of their records, whom to invite."""
        return [
            {
                "sub-account": sub_account,
                "name": r.member.name,
                "email": r.member.email,
                f"role in {SOURCE.name}": r.member.role,
                "status": r.member.status,
                "records": r.member.records,
                "outcome": str(r.outcome),
                "HighLevel user": str((r.user or {}).get("email") or ""),
                "suggestion": r.suggestion,
                "what to do": _what_to_do(r),
            }
            for r in self.people
        ]

    def problems(self) -> list[str]:
        """Members whose records wait for a person's choice, and why."""
        return [
            f"“{r.member.name}” ({r.member.records} records): {r.why}"
            for r in self.people
            if r.open
        ]


def resolve_team(
    existing: Iterable[Mapping[str, Any]],
    members: Sequence[Member],
    owners: Mapping[str, OwnerEntry] | None = None,
    fallback: str = "",
) -> Team:
    """Who takes whose records (pure). `existing` are the sub-account's users as read."""
    users = [u for u in existing if not u.get("deleted")]
    by_email = {_folded(u.get("email")): u for u in users if u.get("email")}
    by_name = {_folded(u.get("name")): u for u in users if u.get("name")}
    owners = owners or {}
    return Team([
        _resolve(member, owners.get(member.source_key), fallback, by_email, by_name)
        for member in members
    ])  # fmt: skip


def _resolve(
    member: Member,
    entry: OwnerEntry | None,
    fallback: str,
    by_email: Mapping[str, Mapping[str, Any]],
    by_name: Mapping[str, Mapping[str, Any]],
) -> Resolved:
    if entry is not None and entry.status == EXCLUDED:
        return Resolved(member, Outcome.NOBODY)
    own, wanted = _folded(member.email), _folded(entry.user if entry else member.email)
    user = by_email.get(wanted) if wanted else None
    if user is not None:
        return Resolved(member, Outcome.MATCHED if wanted == own else Outcome.CHOSEN, user)
    known_by_name = by_name.get(_folded(member.name))
    suggestion = str(known_by_name["email"]) if known_by_name else ""
    if wanted and wanted != own:
        why = f"no HighLevel user has the e-mail {entry.user if entry else ''} that map.yaml names"
        return Resolved(member, Outcome.UNDECIDED, None, suggestion, why)
    if entry is None or entry.status != CONFIRMED:
        why = "no HighLevel user has this e-mail, and nobody decided who takes the records"
        return Resolved(member, Outcome.UNDECIDED, None, suggestion, why)
    if not fallback:
        return Resolved(member, Outcome.NOBODY, None, suggestion)
    user = by_email.get(_folded(fallback))
    if user is None:
        why = f"fallback_owner {fallback} is no HighLevel user of this sub-account"
        return Resolved(member, Outcome.UNDECIDED, None, suggestion, why)
    return Resolved(member, Outcome.FALLBACK, user, suggestion)


def members_of(con: duckdb.DuckDBPyConnection, location: str | None = None) -> list[Member]:
    """The team with the number of mapped records each owns, in one sub-account or in all.

    `location` is the sub-account's name in the map.
    """
    if not table_exists(con, "clean.users"):
        return []
    owned = _owned(con, location)
    rows = con.execute(
        "SELECT source_key, name, email, role, status FROM clean.users ORDER BY name, source_key"
    ).fetchall()
    return [
        Member(key, name or "", email or "", role or "", status or "", owned.get(key, 0))
        for key, name, email, role, status in rows
    ]


def _owned(con: duckdb.DuckDBPyConnection, location: str | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for object_key in KEYS:
        if not table_exists(con, f"mapped.{object_key}"):
            continue
        rows = con.execute(
            f"""SELECT payload->>'$.owner' AS owner, count(*) FROM mapped."{object_key}"
            WHERE payload->>'$.owner' IS NOT NULL
              AND ($location::VARCHAR IS NULL OR location = $location)
            GROUP BY owner""",  # noqa: S608 - the names come from our own specification
            {"location": location},
        ).fetchall()
        for owner, count in rows:
            counts[owner] = counts.get(owner, 0) + count
    return counts


def team_of(
    existing: Iterable[Mapping[str, Any]],
    con: duckdb.DuckDBPyConnection,
    document: MapDocument | None,
    location: str | None = None,
) -> Team:
    """The team of one sub-account, resolved as the map decides."""
    owners = document.owners if document else {}
    fallback = document.fallback_owner if document else ""
    return resolve_team(existing, members_of(con, location), owners, fallback)


def with_known_owners(rows: Iterable[MappedRow], catalog: Catalog) -> Iterator[MappedRow]:
    """The rows with the owner under whom their records are read back (Catalog.owner_key).

    A fallback owner stands for several team members; what was written and what is read must name
    the same one of them, or every record of the others would look edited.
    """
    for row in rows:
        owner = row.payload.get("owner")
        known = catalog.owner_key(owner) if owner else owner
        yield row if known == owner else replace(row, payload={**row.payload, "owner": known})


def _what_to_do(resolved: Resolved) -> str:
    member = resolved.member
    if resolved.outcome in (Outcome.MATCHED, Outcome.CHOSEN) or not member.records:
        return ""
    invite = f"invite {member.email}" if member.email else "invite them"
    choose = f"or name another user in map.yaml (owners, {member.source_key})"
    if resolved.outcome is Outcome.UNDECIDED:
        return f"{resolved.why}: {invite} in HighLevel (Settings → My Staff), {choose}"
    return f"if that is not meant: {invite} in HighLevel (Settings → My Staff), {choose}"


def _folded(text: Any) -> str:
    return " ".join(str(text or "").split()).casefold()
