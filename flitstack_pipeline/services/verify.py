"""Steps that read HighLevel back: the sample's comparison and the reconciliation."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.cleaning.merges_told import merged_counts, merged_records, taken_apart
from flitstack_pipeline.destination import Destination
from flitstack_pipeline.ledger.after import LINK, WHOLE
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.compare import FieldDiff, Verdict
from flitstack_pipeline.migration.expected_records import Planned, PlannedRecords
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import Reconciliation, Sink
from flitstack_pipeline.migration.reconcile import reconcile as compare_all
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.migration.update import DELETED
from flitstack_pipeline.reading.counts import distinct_records
from flitstack_pipeline.reports import certificate, reconciliation
from flitstack_pipeline.reports.sample import SampleBook, write_sample
from flitstack_pipeline.services.acknowledging import (
    DEAD_FILE,
    acknowledged_files,
    dead_files,
    left_behind,
)
from flitstack_pipeline.services.early_cutoff import UNCHANGED
from flitstack_pipeline.services.expected_records import plan_into
from flitstack_pipeline.services.fingerprints import fingerprints
from flitstack_pipeline.services.ledger import cells_read_back, mapped_records
from flitstack_pipeline.services.load_records import listed_opt_outs
from flitstack_pipeline.services.open_matters import open_matters
from flitstack_pipeline.services.project_context import (
    Log,
    account_catalog,
    accounts,
    accounts_kept_open,
    map_document,
    open_account,
    open_journal,
    silent,
)
from flitstack_pipeline.services.publishing import (
    RECONCILIATION,
    publish_certificate,
    publish_document,
    publish_sample,
)
from flitstack_pipeline.services.questions import question_reasons
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project

LOADS = ("sample", "cutover", "delta")
KNOWN_TO_DELTA = "delta:added"


@dataclass
class Opened:
    """The accounts of a migration, opened, with what is planned for them."""

    planned: PlannedRecords
    accounts: list[tuple[Journal, Destination, Catalog]]

    @property
    def name(self) -> str:
        """How a person knows the accounts."""
        return "; ".join(destination.name for _, destination, _ in self.accounts)

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return sum(destination.hl.client.usage.requests for _, destination, _ in self.accounts)


@contextmanager
def opened_with_plan(project: Project, sample_only: bool = False) -> Iterator[Opened]:
    """Every account, and the records (or the sample) planned for it with their HighLevel ids."""
    with ExitStack() as stack:
        planned = stack.enter_context(PlannedRecords())
        found = []
        for account in accounts(project):
            journal, destination = stack.enter_context(
                open_account(project, account, purpose="reconcile")
            )
            plan_into(
                planned, project, account.alias, destination.location_id, journal, sample_only
            )
            found.append((journal, destination, account_catalog(project, journal, destination)))
        yield Opened(planned, found)


@noted()
def verify_sample(project: Project) -> StepReport:
    """Read the sample back, compare field by field, write the document for the approver."""
    with accounts_kept_open(project), opened_with_plan(project, sample_only=True) as opened:
        book = SampleBook({d.alias: (d.location_id, d.pages) for _, d, _ in opened.accounts})
        behind = acknowledged_files(project)
        result = _compared(opened, whole=False, sink=book.take, left_behind=behind)
        for record in opened.planned.unseen():
            if record.kept.get("") == DELETED or record.row.record_key in behind:
                continue  # deleted in HighLevel, or it cannot be moved, and a person agreed
            why = "its id is not there any more" if record.hl_id else "it was never written"
            book.missing(record, why)
        name = opened.name
    with project.warehouse.connect() as con:
        book.add_sources(con, map_document(project))
        book.add_cells(con)
    choice = _store_sample(project, book, result)
    path = write_sample(project.reports, book, result, choice, name)
    figures = {"account": name, "records": book.records_count, **result.verdicts}
    publish_sample(project, book, figures, book.fingerprint())
    facts = {"report": path, "coverage": _percent(choice.get("coverage")), **result.verdicts}
    tables = {
        "by object": _by_object(result),
        "differences": book.differences(25),
        "changed by rule": _rules(result),
    }
    return StepReport("sample compared", book.records_count, facts, tables, result.problems)


def standing_sample(project: Project) -> StepReport | None:
    """The last comparison of the sample, where looking at it again would say nothing new.

    After the cutover, while nothing it is of has changed: what people edited since is told by the
    reconciliation, which looks at everything. None while there is a difference.
    """
    with open_journal(project) as journal:
        outcome = dict(journal.get_setting("sample") or {})
        loaded = set(journal.get_setting("done:cutover") or [])
    if not outcome or outcome["problems"] or not loaded >= set(KEYS):
        return None
    same = {"of": mapped_records(project), **fingerprints(project)}
    if any(outcome.get(name) != value for name, value in same.items()):
        return None
    facts = {"report": project.reports / "sample.html", **outcome["verdicts"],
             UNCHANGED: outcome["at"]}  # fmt: skip
    return StepReport("sample compared", outcome["records"], facts)


def _store_sample(project: Project, book: SampleBook, result: Reconciliation) -> dict[str, Any]:
    """Keep the outcome for the gate, with the fingerprints it holds for; returns the choice."""
    with open_journal(project) as journal:
        choice = dict(journal.get_setting("sample:choice") or {})
        outcome = {
            "problems": result.problems[:200],
            "records": book.records_count,
            "verdicts": result.verdicts,
            "coverage": choice.get("coverage"),
            "result": book.fingerprint(),
            "at": _now(),
            "of": mapped_records(project),
            **fingerprints(project),
        }
        journal.set_setting("sample", outcome)
    return choice


@noted()
def reconcile(project: Project, log: Log = silent) -> StepReport:
    """Read everything back and compare it; write the report, and the certificate."""
    csv = project.reports / "reconciliation.csv"
    files = dead_files(project)
    with accounts_kept_open(project), opened_with_plan(project) as opened:
        before = opened.sent
        wrong: list[tuple[str, str]] = []
        with reconciliation.differences_csv(csv) as sink:
            keys = {key for key, dead in files.items() if dead.by}
            result = _compared(opened, whole=True, sink=_noting(sink, wrong), left_behind=keys)
        wrong += _not_there(opened, keys)
        cells = cells_read_back(project, wrong)
        result.requests = _requests(opened, opened.sent - before)
        journal, destination, _ = opened.accounts[0]
        summary = {
            "problems": result.problems[:500],
            "by_object": result.by_object,
            "counts": result.counts,
            "requests": result.requests,
            "at": _now(),
        }
        journal.set_setting("reconciliation", summary)
        place = (opened.name, destination.location_id, destination.pages)
        behind = [b.as_row() for b in (*left_behind(project), *files.values())]
        page = reconciliation.document(result, *place, left_behind=behind, cells=cells)
        report = reconciliation.write(project.reports, result, page)
        publish_document(project, RECONCILIATION, page)
        facts = {**_certificate(project, result, opened, behind), "cells": cells}
        paper = certificate.write(project.reports, facts)
        publish_certificate(project, facts)
    facts = {"report": report, "certificate": paper, **result.verdicts}
    facts["left behind"] = len(behind)
    facts["requests"] = reconciliation.requests_in_words(result.requests)
    tables = {
        "by object": _by_object(result),
        "money": result.sums,
        "links": _rows_of(result.links),
        "changed by rule": _rules(result),
        "cells of the exports": cells,
    }
    brought, listed = listed_opt_outs(project)
    facts, tables = facts | brought, tables | listed
    count = sum(v["planned"] for v in result.by_object.values())
    return StepReport("reconciled", count, facts, tables, result.problems)


def _noting(sink: Sink, wrong: list[tuple[str, str]]) -> Sink:
    """A sink that also notes which fields were not read back as they were meant."""

    def noting(planned: Planned, diff: FieldDiff) -> None:
        if diff.verdict in (Verdict.DIFFERENT, Verdict.MISSING):
            wrong.append((diff.record_key, diff.field))
        sink(planned, diff)

    return noting


def _not_there(opened: Opened, acknowledged: Collection[str]) -> Iterator[tuple[str, str]]:
    """Records that were not read back at all, but for those a person agreed to."""
    for planned in opened.planned.unseen():
        if planned.kept.get("") != DELETED and planned.row.record_key not in acknowledged:
            link = planned.row.kind in ("relation", "company_link")
            yield planned.row.record_key, LINK if link else WHOLE


def reconciliation_problems(project: Project) -> list[str]:
    """What the last reconciliation found."""
    with open_journal(project) as journal:
        found = journal.get_setting("reconciliation")
    return ["nothing was reconciled yet"] if found is None else list(found["problems"])


def _compared(
    opened: Opened, whole: bool, sink: Sink, left_behind: Collection[str] = ()
) -> Reconciliation:
    """Everything the accounts hold of the planned kinds, compared as it is read."""

    def known(kind: str, ids: list[str]) -> dict[str, str]:
        reasons: dict[str, str] = {}
        for journal, destination, _ in opened.accounts:
            added = journal.get_setting(KNOWN_TO_DELTA) or {}
            reasons |= {i: "added in HighLevel, seen by the delta" for i in ids if i in added}
            ours = journal.known_ids(destination.location_id, kind, ids)
            reasons |= dict.fromkeys(ours, "we wrote it; it is no longer in the exports")
        return reasons

    pairs = opened.planned.pairs()
    found = itertools.chain.from_iterable(
        read_back(destination.hl, catalog, journal, pairs)
        for journal, destination, catalog in opened.accounts
    )
    parents = [m for j, d, _ in opened.accounts for m in j.missing_parents(d.location_id)]
    users = {d.alias: catalog.users for _, d, catalog in opened.accounts}
    return compare_all(
        opened.planned, found, users, known=known, whole=whole, sink=sink,
        missing_parents=parents, left_behind=left_behind,
    )  # fmt: skip


def _requests(opened: Opened, reading: int) -> dict[str, Any]:
    """Requests of the reconciliation beside those of the loads, and their share in percent."""
    loads = sum(
        int((run["summary"] or {}).get("requests") or 0)
        for journal, destination, _ in opened.accounts
        for run in journal.runs(destination.location_id)
        if run["stage"] in LOADS
    )
    share = round(100 * reading / loads, 2) if loads else None
    return {"loads": loads, "reconciliation": reading, "percent": share}


def _certificate(
    project: Project, result: Reconciliation, opened: Opened, behind: list[dict[str, Any]]
) -> dict[str, Any]:
    journal, destination, _ = opened.accounts[0]
    approvals = journal.approvals(destination.location_id)
    places = [(j, d.location_id) for j, d, _ in opened.accounts]
    with project.warehouse.connect() as con:
        merged, apart = merged_records(con), taken_apart(con, project.decisions)
        exported = {key: distinct_records(con, key) for key in KEYS if key in BY_DATASET}
        joined = merged_counts(con)
    return certificate.content(
        result,
        account=opened.name,
        location=", ".join(place for _, place in places),
        approval=approvals[0] if approvals else None,
        runs=[r for j, place in places for r in j.runs(place) if r["stage"] in LOADS],
        fingerprints=fingerprints(project),
        coverage=(journal.get_setting("sample") or {}).get("coverage"),
        open_matters={
            "rejected records": sum(len(j.dead_letters(place)) for j, place in places)
            - len(acknowledged_files(project)),
            "conflicts": sum(len(j.conflicts(place, waiting=True)) for j, place in places),
            "open questions": len(question_reasons(project)),
            "rows and files left behind that nobody acknowledged": sum(
                not row["acknowledged by"] and row["rule"] != DEAD_FILE for row in behind
            ),
        },
        exported=exported,
        joined=joined,
        to_settle=open_matters(project),
        left_behind=behind,
        merged=merged,
        taken_apart=apart,
    )


def _rules(result: Reconciliation) -> list[dict[str, Any]]:
    return [{"rule": rule, "fields": n} for rule, n in result.rules.items()]


def _by_object(result: Reconciliation) -> list[dict[str, Any]]:
    return [{"object": k, **v} for k, v in result.by_object.items() if v["planned"]]


def _rows_of(links: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [
        {"link": k, **{n: v.get(n, 0) for n in ("planned", "right", "wrong")}}
        for k, v in links.items()
    ]


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
