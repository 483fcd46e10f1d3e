"""Kinds of export of Contractor+ that are understood and counted, and stay behind.

Why each does stands in `not_moved`.
"""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import JOB_NO, columns
from flitstack_pipeline.catalog.model import Dataset

LEFT_BEHIND: tuple[Dataset, ...] = (
    Dataset(
        "expenses",
        "Expenses",
        (
            *columns(
                """
                expense_id: Expense ID|id
                date: Date|expense date
                vendor: Vendor|merchant|supplier
                category: Category|expense category
                amount: Amount|total
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
                date:
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
