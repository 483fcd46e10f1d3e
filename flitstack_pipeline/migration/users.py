"""Matches Contractor+ team members to HighLevel users by e-mail; nobody is ever created."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.warehouse import table_exists


@dataclass(frozen=True)
class TeamMatch:
    """Users by source key, and the roster a person reads."""

    users: dict[str, str]
    roster: list[dict[str, Any]]

    @property
    def unmatched(self) -> list[str]:
        """Names without a HighLevel user."""
        return [r["name"] for r in self.roster if not r["highlevel_user"]]


def match_users(hl: HighLevel, con: duckdb.DuckDBPyConnection, company_id: str) -> TeamMatch:
    """Match by e-mail, letter case aside; a name that fits is a suggestion, never a match."""
    existing = [u for u in hl.users.list(company_id) if not u.get("deleted")]
    by_email = {str(u.get("email", "")).casefold(): u for u in existing}
    by_name = {str(u.get("name", "")).casefold(): u for u in existing}
    users: dict[str, str] = {}
    roster = []
    team = (
        con.execute(
            "SELECT source_key, name, email, role, status FROM clean.users ORDER BY name"
        ).fetchall()
        if table_exists(con, "clean.users")
        else []
    )
    for key, name, email, role, status in team:
        found = by_email.get((email or "").casefold()) if email else None
        if found:
            users[key] = found["id"]
        suggestion = by_name.get(name.casefold()) if not found else None
        roster.append(
            {
                "name": name,
                "email": email,
                "role": role,
                "status": status,
                "highlevel_user": found["id"] if found else "",
                "suggestion": suggestion["email"] if suggestion else "",
            }
        )
    return TeamMatch(users, roster)
