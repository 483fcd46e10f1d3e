"""What a person must know or do before anything moves: warnings, work by hand, what stays behind.

Facts about plans: docs/contractor_plus.md#plans, #promises; about HighLevel:
docs/highlevel.md#tokens, #limits, #associations, #files. What depends on the data is said only when
the data shows it.
"""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.audit.facts import Facts
from flitstack_pipeline.catalog.not_moved import NOT_MOVED

#: Clients and leads together on the free plan (docs/contractor_plus.md#plans).
FREEDOM_PEOPLE = 250
#: Estimates, and invoices, a month; sources disagree (docs/contractor_plus.md#plans).
FREEDOM_MONTH = 5
#: An idle free account is deleted after 90 days; from here on it is worth a warning.
IDLE_DAYS = 45
#: Numbers a warning names.
SHOWN = 8

Rows = list[dict[str, Any]]

CANNOT_MOVE: Rows = [{"what": n.what, "instead": n.instead} for n in NOT_MOVED]

BY_HAND: Rows = [
    {"what": "Attachments and photos",
     "how": "download them record by record into `exports/attachments/` and list them in "
     "`attachments.csv`"},
    {"what": "Signed contracts and completion signatures",
     "how": "save the PDF of each document and list it as an attachment"},
    {"what": "Automation rules and message templates",
     "how": "note trigger, wait and text of each for `flitstack workflows template`"},
    {"what": "The number of records each module shows on screen",
     "how": "`flitstack stage --expected clients=250`: a capped export looks like a whole one"},
]  # fmt: skip

HIGHLEVEL: Rows = [
    {"topic": "One silo per sub-account",
     "know": "ids of users, fields and pipelines hold in one sub-account only; several workspaces "
     "need several sub-accounts or the routing of the map"},
    {"topic": "Usage-based costs",
     "know": "phone, text, e-mail and AI features are billed by use, on top of the plan"},
    {"topic": "Workflows",
     "know": "have no equivalent elsewhere and are rebuilt by hand; pause the published ones "
     "before loading: creating contacts and opportunities fires them"},
    {"topic": "Branding", "know": "is not in the API; set it up in the sub-account"},
    {"topic": "Custom objects",
     "know": "invoices, work orders and estimate lines need them; only an agency token may create "
     "them, and a sub-account holds a limited number"},
    {"topic": "Users", "know": "must exist before the load; they are matched by e-mail"},
    {"topic": "Pace", "know": "100 requests per 10 seconds and 200,000 a day per sub-account"},
]  # fmt: skip


def warnings(facts: Facts, *, counts_told: bool) -> Rows:
    """What the data of this account warns of; `counts_told`: on-screen counts are known."""
    return [{"warning": text} for text in _warnings(facts, counts_told)]


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _warnings(facts: Facts, counts_told: bool) -> list[str]:
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
    if facts.absent:
        found.append(
            f"no records of: {', '.join(facts.absent)}. Right when the module is not used or not "
            "in the plan; else export it"
        )
    if facts.shared_numbers:
        found.append(
            f"{len(facts.shared_numbers)} numbers stand for several records that differ in client, "
            f"date, amount or name; all of them are kept: {_few(facts.shared_numbers)}"
        )
    if facts.rounded_ids:
        found.append(
            f"{len(facts.rounded_ids)} ids were rounded by a spreadsheet and say nothing; records "
            "are told apart and linked by their other cells. Export again as CSV without opening "
            f"it: {_few(facts.rounded_ids)}"
        )
    if not counts_told:
        found.append("no on-screen counts were given, so a capped export would not be noticed")
    found.append(
        "the client portal shows every job linked to a client by default: look through the links "
        "before clients are invited to the new one"
    )
    return found
