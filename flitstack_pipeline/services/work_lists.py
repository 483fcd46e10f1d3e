"""What relating asks of a person: decisions remembered before, work lists and pages written after.

Belongs here: moving files between `reports/` and `decisions/` around `relate`. Does not: which
pairs are asked about (`cleaning`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from flitstack_pipeline.cleaning import pending_decisions
from flitstack_pipeline.cleaning.decisions import (
    DUPLICATES,
    INVOICE_LINKS,
    WORK_ORDER_LINKS,
    DecisionFile,
    read_decisions,
    remember,
)
from flitstack_pipeline.reports.document import Document, Section, money, write_csv, write_html
from flitstack_pipeline.services.publishing import publish_review
from flitstack_pipeline.settings import Project

Rows = list[dict[str, Any]]
Decided = Mapping[DecisionFile, Sequence[Mapping[str, str]]]
_LISTS: dict[DecisionFile, Callable[[duckdb.DuckDBPyConnection], Rows]] = {
    DUPLICATES: pending_decisions.duplicate_pairs,
    INVOICE_LINKS: pending_decisions.invoice_links,
    WORK_ORDER_LINKS: pending_decisions.work_order_links,
}
_MERGED = "merged unless you keep them apart"


@dataclass(frozen=True)
class Review:
    """What is open: rows by file name, and decisions that fit no record."""

    rows: dict[str, Rows] = field(default_factory=dict)
    idle: Rows = field(default_factory=list)

    @property
    def open_pairs(self) -> Rows:
        """Pairs of people a person must decide."""
        return [r for r in self.rows[DUPLICATES.name] if r["so far"] != _MERGED]

    @property
    def merged_pairs(self) -> Rows:
        """Pairs that were merged without a person."""
        return [r for r in self.rows[DUPLICATES.name] if r["so far"] == _MERGED]

    @property
    def facts(self) -> dict[str, int]:
        """Counts for metadata."""
        return {
            "duplicates to decide": len(self.open_pairs),
            "invoices to decide": len({r["invoice_key"] for r in self.rows[INVOICE_LINKS.name]}),
            "work orders to decide": len(
                {r["work_order_key"] for r in self.rows[WORK_ORDER_LINKS.name]}
            ),
            "decisions without a record": len(self.idle),
        }


def remember_decisions(project: Project) -> int:
    """Take what was filled in on the work lists into `decisions/`; how many are new.

    Raises BadInput when a list holds a word that is no decision; nothing is lost then.
    """
    return sum(
        remember(project.reports / kind.name, project.decisions / kind.name, kind)
        for kind in _LISTS
    )


def read_review(con: duckdb.DuckDBPyConnection) -> Review:
    """What is open after relating."""
    rows = {kind.name: read(con) for kind, read in _LISTS.items()}
    return Review(rows, pending_decisions.idle_decisions(con))


def write_review(project: Project, review: Review) -> None:
    """Write the work lists (CSV), the pages in `reports/`, and those of the review room."""
    publish_review(project, review.rows, _MERGED)
    for name, rows in review.rows.items():
        write_csv(rows, project.reports / name)
    decided = {k: read_decisions(project.decisions / k.name, k) for k in _LISTS}
    write_html(_duplicates_page(review, decided), project.reports / "duplicates.html")
    write_html(_links_page(review, decided), project.reports / "links.html")


def _duplicates_page(review: Review, decided: Decided) -> Document:
    open_pairs, merged = review.open_pairs, review.merged_pairs
    by_evidence = Counter(str(r["evidence"]) for r in merged)
    return Document(
        "Duplicates",
        f"Pairs that wait for you: {len(open_pairs):,}; decided: {len(decided[DUPLICATES]):,}; "
        f"merged without you: {len(merged):,}.",
        not open_pairs,
        about="Two rows that may be one client. Write “merge” or “keep apart” in the column "
        "“decision” of reports/duplicates.csv and run flitstack audit: decisions are remembered "
        "in decisions/duplicates.csv, and taking one out there undoes it. A pair you leave alone "
        "stays as it is.",
        sections=[
            Section("To decide", [_side_by_side(r) for r in open_pairs], "Best first."),
            Section(
                "Decided by you",
                [
                    {
                        "one": r["left_name"] or r["left_key"],
                        "other": r["right_name"] or r["right_key"],
                        "decision": r["decision"],
                    }
                    for r in decided[DUPLICATES]
                ],
                empty="Nothing was decided so far.",
            ),
            Section(
                "Merged, by evidence",
                [{"evidence": e, "pairs": n} for e, n in by_evidence.most_common()],
                "Every merge has the whole name or nearly so, and an own e-mail, phone or street.",
            ),
            Section("Merged", [_side_by_side(r) for r in merged], "Undo one with “keep apart”."),
            Section(
                "Decisions that fit no record", review.idle, "Remembered, without effect today."
            ),
        ],
        blocks=False,
    )


def _side_by_side(row: dict[str, Any]) -> dict[str, Any]:
    def shown(side: str) -> str:
        values = (row[f"{side}_{what}"] for what in ("name", "email", "phone", "address"))
        return " · ".join(str(v) for v in values if v) + f" [{row[f'{side}_key']}]"

    return {
        "score": row["score"],
        "evidence": row["evidence"],
        "step by step": str(row["how"]).replace("; ", "\n"),
        "one": shown("left"),
        "other": shown("right"),
    }


def _links_page(review: Review, decided: Decided) -> Document:
    kinds = (INVOICE_LINKS, WORK_ORDER_LINKS)
    invoices, orders = ([_candidate(r, k) for r in review.rows[k.name]] for k in kinds)
    settled = [
        {"document": r[k.keys[0]], "job": r["job_key"], "decision": r["decision"]}
        for k in kinds
        for r in decided[k]
    ]
    return Document(
        "Links to jobs",
        f"{review.facts['invoices to decide']:,} invoices and "
        f"{review.facts['work orders to decide']:,} work orders wait for you.",
        not (invoices or orders),
        about="Documents that name no job and fit several, each with its best candidates. Write "
        "“link” or “do not link” in the column “decision” of reports/invoice_links.csv or "
        "reports/work_order_links.csv and run flitstack audit; decisions are remembered in "
        "decisions/. What you leave alone is migrated without a job.",
        sections=[
            Section("Invoices", invoices),
            Section("Work orders", orders),
            Section("Decided by you", settled, empty="Nothing was decided so far."),
        ],
        blocks=False,
    )


def _candidate(row: dict[str, Any], kind: DecisionFile) -> dict[str, Any]:
    """A document and a job it may belong to, as a person knows them."""
    return {
        "document": row["number"] or row[kind.keys[0]], "title": row["title"],
        "client": row["client"], "amount": money(str(row["amount"] or "")), "date": row["date"],
        "job": row["job_number"] or row["job_key"], "job title": row["job_title"],
        "job amount": money(str(row["job_amount"] or "")), "job date": row["job_date"],
        "why": row["method"], "confidence": row["confidence"],
    }  # fmt: skip
