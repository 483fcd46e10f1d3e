"""What cannot be moved into HighLevel, each with the reason: the one list of it, and its exports.

The audit's page of what stays behind is made from it, and so is the fate `not moved` of the cells
of a kind of file that is declared here.
"""

from __future__ import annotations

from dataclasses import dataclass

from flitstack_pipeline.catalog.columns import JOB_NO, columns
from flitstack_pipeline.catalog.model import Dataset


@dataclass(frozen=True)
class NotMoved:
    """One thing that stays behind: what it is, why or what is done instead.

    `key` is the kind of file that holds it, "" for what no export has.
    """

    what: str
    instead: str
    key: str = ""


NOT_MOVED: tuple[NotMoved, ...] = (
    NotMoved(
        "Automations and scheduling rules",
        "rebuilt by hand as workflows; `flitstack workflows` writes the reference",
    ),
    NotMoved("Roles and permissions", "set per user in HighLevel"),
    NotMoved(
        "Client portal: its settings, links and logins",
        "not in HighLevel's API; clients get new links",
    ),
    NotMoved("Branding, document and e-mail templates", "set up by hand"),
    NotMoved("Payment links and stored cards", "made anew by the payment provider"),
    NotMoved("Group and client chats", "no export exists"),
    NotMoved("Live local costs and price books", "line item templates move as Products"),
    NotMoved(
        "Expenses",
        "HighLevel keeps no books: the file is counted and stays with the accountant; `note` as "
        "the answer to its file keeps each row on its job",
        "expenses",
    ),
    NotMoved(
        "Time entries",
        "HighLevel has no time clock: the file is counted and stays with payroll; `note` keeps "
        "each row on its job",
        "time_clock",
    ),
    NotMoved("Mileage", "HighLevel has no mileage log: the file is counted and kept", "mileage"),
    NotMoved(
        "Stock and inventory levels",
        "HighLevel holds no stock; line item templates move as Products",
        "inventory",
    ),
    NotMoved(
        "Reports of sums (aging, profit, revenue, taxes)",
        "computed from records that are moved; kept as they are with the exports",
        "reports",
    ),
)

REASONS: dict[str, str] = {n.key: n.instead for n in NOT_MOVED if n.key}

#: Kinds of export that are understood and counted, and stay behind.
LEFT_BEHIND: tuple[Dataset, ...] = (
    Dataset(
        "expenses",
        "Expenses",
        (
            *columns(
                """
                expense_id: Expense ID|id
                date: Date|expense date; (day)
                vendor: Vendor|merchant|supplier
                category: Category|expense category
                amount: Amount|total; (money)
                """
            ),
            JOB_NO,
        ),
        ("expense_id",),
        ("vendor", "amount"),
        ("expenses",),
        ("expense",),
        ("vendor|category", "amount", "date"),
    ),
    Dataset(
        "time_clock",
        "Time clock",
        (
            *columns(
                """
                employee: Employee|team member|name
                clock_in: Clock In|start
                clock_out: Clock Out|end
                hours: Hours|duration
                """
            ),
            JOB_NO,
        ),
        ("employee", "clock_in"),
        ("clock_in", "clock_out"),
        (
            "time_clock",
            "timesheets",
            "timesheet",
            "time_entries",
            "time_tracking",
            "time_sheets",
            "timecards",
            "time_cards",
        ),
        ("time entry",),
        ("employee", "clock_in", "clock_out|hours"),
    ),
    Dataset(
        "mileage",
        "Mileage log",
        (
            *columns(
                """
                employee: Employee|team member|driver|name
                date: ; (day)
                miles: Miles|distance
                from_place: From|start point
                to_place: To|end point
                """
            ),
        ),
        ("employee", "date"),
        ("miles",),
        ("mileage", "mileage_log"),
        ("trip",),
        ("employee|from_place", "date", "miles"),
    ),
)
