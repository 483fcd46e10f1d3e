"""The reconciliation's report: differences first, then money, links, counts; HTML, CSV, JSON."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from flitstack_pipeline.migration.compare import FieldDiff, Verdict
from flitstack_pipeline.migration.expected_records import Planned
from flitstack_pipeline.migration.reconcile import Reconciliation
from flitstack_pipeline.reports.document import (
    Document,
    Section,
    csv_cell,
    private_file,
    write_html,
    write_json,
)
from flitstack_pipeline.reports.field_words import sums_in_words
from flitstack_pipeline.reports.links import record_url

COLUMNS = ("verdict", "object", "record", "label", "field", "expected", "found", "rule", "hl_id")


@contextmanager
def differences_csv(path: Path) -> Iterator[Callable[[Planned, FieldDiff], None]]:
    """A sink that writes every value that is not the same, as it comes; memory stays flat."""
    with private_file(path) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)

        def sink(planned: Planned, diff: FieldDiff) -> None:
            if diff.verdict is Verdict.SAME:
                return
            row = planned.row
            values = (str(diff.verdict), row.object_key, row.record_key, row.label, diff.field,
                      diff.expected, diff.found, diff.rule, planned.hl_id)  # fmt: skip
            writer.writerow([csv_cell(v) for v in values])

        yield sink


def write(folder: Path, result: Reconciliation, page: Document) -> Path:
    """Write reconciliation.html (the page) and .json; return the path of the page.

    The JSON also holds what the page lists of the exports: what stayed behind, and cells.
    """
    behind, cells = (list(section.rows) for section in page.sections[-2:])
    facts = {"good": result.good, **asdict(result), "left_behind": behind, "cells": cells}
    write_json(facts, folder / "reconciliation.json")
    return write_html(page, folder / "reconciliation.html")


def requests_in_words(requests: Mapping[str, Any]) -> str:
    """What reading everything back cost, beside the loads."""
    told = f"{requests['reconciliation']:,} to read everything back"
    if not requests.get("loads"):
        return told
    return f"{told}, {requests['percent']} % of the {requests['loads']:,} of the loads"


def document(
    result: Reconciliation,
    account: str,
    location: str = "",
    pages: str = "",
    *,
    left_behind: Sequence[Mapping[str, Any]] = (),
    cells: Sequence[Mapping[str, Any]] = (),
) -> Document:
    """The report as a document.

    Args:
        result: What was compared.
        account: How a person knows the sub-account.
        location: Its id, for links.
        pages: Where HighLevel's own pages are, for links.
        left_behind: What does not move, with who acknowledged it.
        cells: Counts of the cells of the exports by object and fate.
    """
    planned = sum(v["planned"] for v in result.by_object.values())
    verified = sum(v["verified"] for v in result.by_object.values())
    figures = {
        "records planned": planned,
        "records verified": verified,
        "values compared": sum(result.verdicts.values()),
        "changed by rule": result.verdicts.get(Verdict.BY_RULE, 0),
        "differences": sum(result.counts.values()),
    }
    facts: dict[str, Any] = {"account": account}
    if result.requests:
        facts["requests"] = requests_in_words(result.requests)
    if result.before:
        facts["there before the migration"] = ", ".join(
            f"{n:,} {kind.replace('_', ' ')}" for kind, n in sorted(result.before.items())
        )
    return Document(
        "Reconciliation",
        _headline(result),
        result.good,
        facts,
        [*_sections(result, location, pages), *_of_exports(left_behind, cells)],
        "Everything HighLevel holds of this migration was read back and compared with what was "
        "meant: every record, every mapped field, every link, every file, every sum of money.",
        figures,
    )


def _headline(result: Reconciliation) -> str:
    if result.good:
        return "Everything arrived as meant."
    words = {
        "missing": "records missing", "extra": "records nobody planned",
        "fields": "fields or links that differ", "sums": "sums that differ",
        "receivables": "client balances that differ",
    }  # fmt: skip
    return "Not everything agrees: " + ", ".join(
        f"{result.counts[k]:,} {word}" for k, word in words.items() if result.counts.get(k)
    ) + "."  # fmt: skip


def _sections(result: Reconciliation, location: str, pages: str) -> list[Section]:
    wrong = [r for r in result.receivables if Decimal(r["difference"])]
    per_client = [
        {**{k: v for k, v in r.items() if k != "hl_id"},
         "url": record_url("contact", "contact", r["hl_id"], location, pages)}
        for r in (wrong or result.receivables[:200])
    ]  # fmt: skip
    return [
        Section("Missing in HighLevel", result.missing, "Planned, but not there.",
                empty="Nothing is missing."),
        Section("Nobody planned these", result.extra,
                "In HighLevel since the migration began, and not from it.",
                empty="Nothing was found that nobody planned."),
        Section("Fields and links that differ", [_line(d) for d in result.diffs],
                "What was meant and what was found.", "verdict", "No value differs."),
        Section("Money", sums_in_words(result.sums), "Every money field, summed over all records."),
        Section("Receivables per client" + (": differences" if wrong else ""), per_client,
                "Jobs, invoices, paid and unpaid per client, as HighLevel's own links say."),
        Section("Records by object", _by_object(result.by_object)),
        Section("Records by status", result.statuses),
        Section("Links", [{"link": k, **v} for k, v in result.links.items()]),
        Section("Files", [result.files] if result.files else [], empty="No files."),
        Section("Owners", result.owners, "Records per team member; nobody: no HighLevel user."),
        Section("Orphans", result.orphans, "Records whose parent is not in HighLevel.",
                empty="No record lost its parent."),
        Section("Changed by rule", [_line(d) for d in result.by_rule[:2000]],
                "Stored in HighLevel's own form, or explained by a rule; nothing is lost.",
                "verdict"),
        Section("Explained", result.explained,
                "In HighLevel, not in the plan, and known why.", empty="Nothing to explain."),
    ]  # fmt: skip


def _of_exports(
    left_behind: Sequence[Mapping[str, Any]], cells: Sequence[Mapping[str, Any]]
) -> list[Section]:
    return [
        Section("What stayed behind", left_behind,
                "Rows, records without their parent and files of the exports that were not moved "
                "as they are, and who acknowledged it.", empty="Everything moved."),
        Section("Cells of the exports", cells,
                "Every filled cell by what became of it, after the read-back; ledger.csv lists "
                "those that did not arrive as written.", empty="No ledger was made."),
    ]  # fmt: skip


def _line(diff: FieldDiff) -> dict[str, Any]:
    return {
        "verdict": str(diff.verdict), "record": diff.record_key, "field": diff.field,
        "expected": diff.expected, "found": diff.found, "rule": diff.rule,
    }  # fmt: skip


def _by_object(counts: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [{"object": k, **v} for k, v in counts.items() if v["planned"]]
