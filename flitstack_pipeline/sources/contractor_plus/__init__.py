"""Contractor+: its name, and what its plans and its portal mean for a migration.

What is known of its exports is in docs/contractor_plus.md. No public source shows a real header
row, so its headers are among the spellings that the files of the object types list.
"""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.catalog.model import Source

#: Clients and leads together on the free plan (docs/contractor_plus.md#plans).
FREEDOM_PEOPLE = 250
#: Estimates, and invoices, a month; sources disagree (docs/contractor_plus.md#plans).
FREEDOM_MONTH = 5
#: An idle free account is deleted after 90 days; from here on it is worth a warning.
IDLE_DAYS = 45


def advice(facts: Any) -> list[str]:
    """What the data of an account (`audit.facts`) warns of, given the tool's plans."""
    found = []
    if 0.95 * FREEDOM_PEOPLE <= facts.people <= FREEDOM_PEOPLE:
        found.append(
            f"{facts.people} clients and leads: at most {FREEDOM_PEOPLE} on the Freedom plan, so "
            "some may be missing; compare the numbers on screen"
        )
    if 0 < facts.busiest_month <= FREEDOM_MONTH:
        found.append(
            f"never more than {FREEDOM_MONTH} estimates or invoices a month: the Freedom plan's "
            "limit, which stops new ones without a word; ask for those written elsewhere"
        )
    if facts.exported and facts.last_activity:
        idle = (facts.exported - facts.last_activity).days
        if idle >= IDLE_DAYS:
            found.append(
                f"nothing was made for {idle} days before the export ({facts.last_activity}): free "
                "accounts idle for 90 days are deleted, so keep the exports and do not wait"
            )
    found.append(
        "the client portal shows every job linked to a client by default: look through the links "
        "before clients are invited to the new one"
    )
    return found


SOURCE = Source("Contractor+", advice=advice)
