"""The whole audit as one value: what reports, JSON and metadata are written from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.audit import advice
from flitstack_pipeline.audit.effort import Effort
from flitstack_pipeline.audit.facts import Facts
from flitstack_pipeline.audit.grade import Grade
from flitstack_pipeline.audit.inventory import Rows
from flitstack_pipeline.audit.quote import Quote

#: What is said of the grade and the price of an empty folder.
NOTHING_READ = "cannot be told: no file was read"


@dataclass(frozen=True)
class Audit:
    """Numbers, grade, price and effort, and every list of the page as rows."""

    facts: Facts
    effort: Effort
    grade: Grade
    quote: Quote
    counts: Rows
    sessions: Rows
    files: Rows
    columns: Rows
    cells: Rows
    custom_fields: Rows
    dates: Rows
    totals: Rows
    duplicates: Rows
    attachments: Rows
    oddities: Rows
    orphans: Rows
    left_behind: Rows
    on_screen: Rows
    questions: Rows
    warnings: Rows
    open_pairs: Rows
    open_links: Rows

    @property
    def blocking(self) -> list[str]:
        """What must be mended or answered first, in words."""
        if not self.files:
            return ["stage the exports"]
        waiting = sum(not row["acknowledged by"] for row in self.left_behind)
        unsettled = sum(not row["settled"] for row in self.on_screen)
        told = (
            (waiting, "rows and files to mend, or to acknowledge that they stay behind"),
            (len(self.questions), "questions to answer"),
            (unsettled, "on-screen counts that differ"),
        )
        return [f"{n:,} {words}" for n, words in told if n]

    def as_dict(self) -> dict[str, Any]:
        """For programs: everything the page shows, without the cells of what stays behind."""
        lists = ("counts", "sessions", "files", "columns", "cells", "custom_fields", "dates",
                 "totals", "duplicates", "attachments", "oddities", "orphans", "on_screen",
                 "questions", "warnings")  # fmt: skip
        return {
            "facts": dataclasses.asdict(self.facts),
            "grade": {**dataclasses.asdict(self.grade), "points": self.grade.points},
            "quote": {
                "currency": self.quote.currency,
                "total": None if self.quote.total is None else str(self.quote.total),
                "lines": [{"line": x, "amount": str(amount)} for x, amount in self.quote.lines],
            },
            "effort": {
                "records": self.effort.records,
                "requests": self.effort.requests,
                "hours": round(self.effort.hours, 2),
                "days": self.effort.days,
                "by_kind": self.effort.rows(),
            },
            "blocking": self.blocking,
            **{name: getattr(self, name) for name in lists},
            "left_behind": [{k: v for k, v in r.items() if k != "row"} for r in self.left_behind],
            "to_decide": {"duplicates": len(self.open_pairs), "links": len(self.open_links)},
            "cannot_move": advice.CANNOT_MOVE,
            "by_hand": advice.BY_HAND,
            "highlevel": advice.HIGHLEVEL,
        }
