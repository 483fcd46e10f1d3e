"""What a person must know or do before anything moves: warnings, work by hand, what stays behind.

Facts about HighLevel: docs/highlevel.md#tokens, #limits, #associations, #files. What depends on the
data is said only when the data shows it; what depends on the tool, its source says.
"""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.audit.facts import Facts
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.not_moved import NOT_MOVED

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
    found = SOURCE.advice(facts)
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
    return found
