"""What each step publishes for the review room: questions, map, pairs, links, sample, reports.

Belongs here: rows and facts of the sections. Does not: the file they go to (`services.page_store`),
what a person decides on them (`services.clicks`), how they look (`review`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from flitstack_pipeline import answers_file
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.decisions import (
    DUPLICATES,
    INVOICE_LINKS,
    WORK_ORDER_LINKS,
    DecisionFile,
    read_decisions,
)
from flitstack_pipeline.mapping.answer_sheets import FIELD, SHEET_NAMES, fields_of, sheets
from flitstack_pipeline.mapping.document import PROPOSED, SURE, MapDocument
from flitstack_pipeline.questions import Question
from flitstack_pipeline.reports.certificate import lists, without_lists
from flitstack_pipeline.reports.document import Document
from flitstack_pipeline.reports.document import Section as ReportSection
from flitstack_pipeline.reports.sources import READ_FROM
from flitstack_pipeline.services.click_files import pending
from flitstack_pipeline.services.page_store import PageRow, publish, rows_of
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import filled_tables, table_exists

if TYPE_CHECKING:
    from flitstack_pipeline.reports.sample import SampleBook, SampleRecord

QUESTIONS, MAP, SAMPLES, DUPLICATE_PAIRS, LINKS, SAMPLE, ROLLBACK, LEFT_BEHIND = (
    "questions", "map", "samples", "duplicates", "links", "sample", "rollback", "left behind",
)  # fmt: skip
RECONCILIATION, CERTIFICATE = "reconciliation", "certificate"
OPEN, ANSWERED, MERGED, DECIDED = "To decide", "Answered", "Merged already", "Decided"
#: What a decided pair shows of which only the decision is known (any more): of people, of a link.
_BLANK = {
    True: dict.fromkeys(("left_address", "right_address", "evidence", "how", "kept", "by"), ""),
    False: dict.fromkeys(
        ("number", "job_number", "title", "job_title", "amount", "job_amount", "date", "job_date",
         "client", "method", "by"), ""),
}  # fmt: skip
#: Fact of the map: its fingerprints before clicks were folded in, which closed entries alone.
EARLIER = "earlier"
#: Columns of the map's sheets that name an entry.
_NAMES = ("Source column", "Source word", "Status", "Team member", "Name", "E-mail")
SAMPLES_SHOWN, SAMPLE_CUT = 3, 60


def publish_questions(project: Project, asked: Iterable[Question]) -> None:
    """The open questions with their evidence and choices, and those that have an answer."""
    lines = answers_file.read_lines(project.decisions)
    open_rows = [
        PageRow(
            q.key,
            {
                "question": q.text, "kind": q.kind, "file": q.file, "sheet": q.sheet,
                "column": q.column, "rows": list(q.lines), "evidence": list(q.evidence),
                "choices": [vars(c) for c in q.choices], "answer": "", "by": "", "at": "",
            },
            OPEN,
        )
        for q in asked
    ]  # fmt: skip
    answered = [
        PageRow(
            line.key,
            {
                "question": line.question, "kind": line.kind, "file": line.file,
                "sheet": line.sheet, "column": line.column,
                "rows": [line.rows] if line.rows else [],
                "evidence": line.evidence.split("; ") if line.evidence else [],
                "choices": [{"word": w, "effect": ""} for w in line.words],
                "answer": line.answer, "by": line.by, "at": line.at,
            },
            ANSWERED,
            1,
        )
        for line in lines.values()
        if line.answer
    ]  # fmt: skip
    publish(project, QUESTIONS, [*open_rows, *answered], {"open": len(open_rows)})


def publish_map(project: Project, document: MapDocument, earlier: Sequence[str] = ()) -> None:
    """The map sheet by sheet, doubtful entries first; what may be chosen for a field, by object.

    `earlier` are fingerprints it had while at least as much was open as is now.
    """
    listed: list[PageRow] = []
    clicked = pending(project)
    targets: dict[str, list[str]] = {}
    for entry in document.fields:
        if entry.target not in targets:
            targets[entry.target] = fields_of(document, entry.target)
    for sheet in sheets(document):
        dataset = next((d for d, title in SHEET_NAMES.items() if title == sheet.title), "")
        for row in sheet.rows:
            decided = row.cells.get("Decision")
            rank = 2 if decided != PROPOSED else int(row.confidence >= SURE)
            choices = {name: list(words) for name, words in row.choices.items() if name != FIELD}
            data = {
                "cells": row.cells, "choices": choices, "answers": list(sheet.answers),
                "free": list(sheet.free), "about": sheet.about,
                "sample": _sample_key(dataset, row.key) if dataset else "",
                "name": next(str(row.cells[c]) for c in _NAMES if row.cells.get(c)),
            }  # fmt: skip
            key = f"{sheet.title}\t{row.key}"
            listed.append(PageRow(key, data | clicked.get(key, {}), sheet.title, rank))
    facts = {
        "open": len(document.unconfirmed()),
        "doubtful": sum(r.rank == 0 for r in listed),
        "fields": targets,
        "pipeline": document.pipeline,
        "locations": document.routing.locations,
        "confirmations": document.confirmations[-5:],
        EARLIER: list(earlier),
    }
    publish(project, MAP, listed, facts, document.fingerprint)


def _sample_key(dataset: str, key: str) -> str:
    return f"{dataset}\t{key.split(chr(9))[1]}"


def publish_samples(
    project: Project, con: duckdb.DuckDBPyConnection, document: MapDocument
) -> None:
    """Three values of each mapped column as the export has them, with its own header."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in document.fields:
        wanted[entry.dataset].add(entry.source)
    publish(
        project,
        SAMPLES,
        [
            PageRow(f"{dataset}\t{source}", shown)
            for dataset, sources in wanted.items()
            for source, shown in _samples(con, dataset, sources)
        ],
    )


def column_samples(
    project: Project, document: MapDocument
) -> dict[tuple[str, str], dict[str, Any]]:
    """The published header and values of each mapped column, by (dataset, source)."""
    places = {(e.dataset, e.source): f"{e.dataset}\t{e.source}" for e in document.fields}
    found = {row.key: dict(row.data) for row in rows_of(project, SAMPLES, list(places.values()))}
    return {place: found[key] for place, key in places.items() if key in found}


def _samples(
    con: duckdb.DuckDBPyConnection, dataset: str, sources: Iterable[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    table = f"raw.{dataset}"
    if not table_exists(con, table):
        return
    known = {c[0] for c in con.execute(f'SELECT * FROM raw."{dataset}" LIMIT 0').description or ()}  # noqa: S608
    headers = dict(
        con.execute(
            "SELECT name, any_value(header) FROM raw.headers WHERE dataset = ? GROUP BY name",
            [dataset],
        ).fetchall()
        if table_exists(con, "raw.headers")
        else []
    )
    declared = {c.name: c.header for c in DATASETS[dataset].columns}
    is_filled = dataset in filled_tables(con, "raw")
    for source in sorted(sources):
        if source.startswith("custom:"):
            header = source.removeprefix("custom:")
            cell, values = "_extra[?]", [header]
        else:
            columns = [
                c for c in (source, *READ_FROM.get(source, ())) if c in known and c in declared
            ]
            if not columns:
                continue
            filled = [c for c in columns if c in headers] or columns
            header = headers.get(filled[0], declared[filled[0]])
            cell, values = (
                "coalesce({})".format(", ".join(f"nullif(\"{c}\", '')" for c in filled)),
                [],
            )
        found = (
            con.execute(
                f"SELECT value FROM (SELECT {cell} AS value, min(rowid) AS first FROM {table} "  # noqa: S608
                "GROUP BY 1) WHERE trim(coalesce(value, '')) <> '' ORDER BY first LIMIT ?",
                [*values, SAMPLES_SHOWN],
            ).fetchall()
            if is_filled
            else []
        )
        yield source, {"header": header, "values": [str(v)[:SAMPLE_CUT] for (v,) in found]}


def publish_review(
    project: Project, rows: Mapping[str, list[dict[str, Any]]], merged_word: str
) -> None:
    """Pairs of people to decide, and documents whose job is not sure; then what was decided.

    A decision holds from the next reading on, which does not list the pair any more: it stays on
    the tab of the decided, where it can be taken back.
    """
    pairs = [
        PageRow("\t".join((r["left_key"], r["right_key"])), {**_plain(r), "by": ""},
                MERGED if r["so far"] == merged_word else OPEN)
        for r in rows[DUPLICATES.name]
    ]  # fmt: skip
    listed = _with_decided(project, DUPLICATES, pairs)
    publish(project, DUPLICATE_PAIRS, listed, {"open": _undecided(listed)})
    links: list[PageRow] = []
    for kind, part in ((INVOICE_LINKS, "Invoices"), (WORK_ORDER_LINKS, "Work orders")):
        document, job = kind.keys
        found = [
            PageRow("\t".join((kind.name, r[document], r[job])),
                    {**_plain(r), "document": r[document], "by": ""}, part)
            for r in rows[kind.name]
        ]  # fmt: skip
        links += _with_decided(project, kind, found, (kind.name,))
    waiting = {r.data["document"] for r in links if not r.data["decision"]}
    publish(project, LINKS, links, {"open": len(waiting)})


def _undecided(rows: Iterable[PageRow]) -> int:
    return sum(r.part == OPEN and not r.data["decision"] for r in rows)


def _with_decided(
    project: Project, kind: DecisionFile, rows: Iterable[PageRow], prefix: tuple[str, ...] = ()
) -> list[PageRow]:
    """The rows with what a person decided of them, and decided ones that are not listed (now)."""
    found = {row.key: replace(row, data={**row.data, "decision": ""}) for row in rows}
    for told in read_decisions(project.decisions / kind.name, kind):
        keys = (told[kind.keys[0]], told[kind.keys[1]])
        key, turned = ("\t".join((*prefix, *k)) for k in (keys, keys[::-1]))
        key = turned if turned in found else key
        there = found.pop(key, PageRow(key, {**_BLANK[kind.symmetric], "document": keys[0]}))
        found[key] = PageRow(key, {**there.data, **told}, DECIDED)
    return list(found.values())


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, int | float) else str(v or "") for k, v in row.items()}


def publish_left_behind(project: Project, behind: Iterable[Mapping[str, Any]]) -> None:
    """Rows and files that stay behind and that nobody acknowledged yet."""
    waiting = [r for r in behind if not r["acknowledged by"]]
    rows = [PageRow(f"{n}\t{r['place']}", dict(r)) for n, r in enumerate(waiting)]
    publish(project, LEFT_BEHIND, rows, {"open": len(rows)})


def publish_sample(project: Project, book: SampleBook, facts: Mapping[str, Any], seal: str) -> None:
    """The sample record by record, those that differ first; `seal` is what an approval approves."""
    listed = [
        PageRow(record.planned.row.record_key, _record(record), part["title"], int(not record.bad))
        for part in book.types()
        for record in part["records"]
    ]
    publish(project, SAMPLE, listed, {**facts, "differ": sum(r.rank == 0 for r in listed)}, seal)


def _record(record: SampleRecord) -> dict[str, Any]:
    return {
        "label": record.label, "source_key": record.source_key, "url": record.url,
        "why": record.why, "bad": record.bad,
        "fields": [
            {"column": f.column, "source": f.source, "field": f.field, "expected": f.expected,
             "found": f.found, "verdict": f.verdict, "rule": f.rule}
            for f in record.fields
        ],
    }  # fmt: skip


def publish_document(project: Project, name: str, document: Document) -> None:
    """A report: its head as facts, each of its lists as a tab."""
    head = {
        "verdict": document.verdict, "good": document.good, "about": document.about,
        "figures": document.figures, "facts": document.facts,
    }  # fmt: skip
    _publish_lists(project, name, document.sections, head)


def publish_certificate(project: Project, facts: Mapping[str, Any]) -> None:
    """The certificate: what it says as facts, each of its long lists as a tab."""
    _publish_lists(project, CERTIFICATE, lists(facts), without_lists(facts))


def _publish_lists(
    project: Project, name: str, listed: Sequence[ReportSection], facts: Mapping[str, Any]
) -> None:
    rows = [
        PageRow(f"{section.title}\t{number}", row, section.title)
        for section in listed
        for number, row in enumerate(section.rows)
    ]
    tabs = [
        {"title": s.title, "about": s.about, "empty": s.empty, "status": s.status_column,
         "rows": len(s.rows)}
        for s in listed
    ]  # fmt: skip
    publish(project, name, rows, {**facts, "tabs": tabs})


def publish_rollback(project: Project, facts: Mapping[str, Any], problems: list[str]) -> None:
    """What a rollback, or its dry run, would take back or did, in numbers, and what stays."""
    kept = [PageRow(str(n), {"what": text}) for n, text in enumerate(problems)]
    shown = {k: str(v) for k, v in facts.items() if k not in ("report", "records")}
    publish(project, ROLLBACK, kept, shown)
