"""The document for the person who approves: the sample, source → expected → found, value by value.

What belongs here: collecting the comparisons of a few hundred records, adding where each value came
from, the HTML page and its CSV. What does not: comparing (migration/reconcile.py), choosing
(migration/sample.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.objects import BY_KEY, KEYS
from flitstack_pipeline.ledger.trace import cells_of_records
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.compare import FieldDiff, Verdict
from flitstack_pipeline.migration.expected_records import Planned
from flitstack_pipeline.migration.reconcile import Reconciliation
from flitstack_pipeline.reports.document import (
    render_template,
    shown,
    write_csv,
    write_json,
    write_text,
)
from flitstack_pipeline.reports.links import record_url
from flitstack_pipeline.reports.sources import SourceValues

BAD = (Verdict.DIFFERENT, Verdict.MISSING)
_ORDER = {Verdict.MISSING: 0, Verdict.DIFFERENT: 1, Verdict.BY_RULE: 2, Verdict.SAME: 3}
_NAMES = {
    "contact": "Contacts",
    "company": "Companies",
    "company_link": "Contacts of companies",
    "opportunity": "Opportunities",
    "note": "Notes",
    "task": "Tasks",
    "conversation": "Conversations",
    "message": "Calls, texts and e-mails",
    "appointment": "Appointments",
    "contact_file": "Files on contacts",
    "opportunity_file": "Files on opportunities",
    "relation": "Links",
}


#: Which of the records of one source key shows the cells: the first that is there.
_MAIN = {"contact": 0, "opportunity": 1, "record": 2}


@dataclass
class SampleField:
    """One value: where it came from, what it should be, what HighLevel holds, the verdict."""

    field: str
    expected: Any
    found: Any
    verdict: str
    rule: str = ""
    column: str = ""
    source: Any = None


def _settled(field: SampleField) -> str:
    explained = field.field == "owner" and field.verdict == str(Verdict.BY_RULE)
    return str(Verdict.SAME) if explained else field.verdict


@dataclass
class SampleRecord:
    """One record of the sample with all its compared values."""

    planned: Planned
    url: str
    fields: list[SampleField] = field(default_factory=list)
    why: str = ""
    #: Every cell of the rows it was made of, with its fate, as the ledger has it.
    cells: list[dict[str, Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What the record is called."""
        return self.planned.row.label or self.planned.row.record_key

    @property
    def source_key(self) -> str:
        """Its key in the export."""
        return self.planned.row.source_key

    @property
    def verdicts(self) -> list[str]:
        """The verdicts that occur, worst first."""
        found = {Verdict(f.verdict) for f in self.fields} | (
            {Verdict.MISSING} if self.why else set()
        )
        return [str(v) for v in sorted(found, key=_ORDER.__getitem__)]

    @property
    def bad(self) -> bool:
        """Whether something differs or is missing."""
        return bool({str(v) for v in BAD} & set(self.verdicts))

    @property
    def tags(self) -> list[tuple[str, int]]:
        """(verdict, how often), worst first."""
        counts = Counter(f.verdict for f in self.fields)
        return [(v, counts[v] or 1) for v in self.verdicts]


class SampleBook:
    """The comparisons of one sample, record by record."""

    def __init__(self, places: Mapping[str, tuple[str, str]]) -> None:
        """`places`: by the sub-account's name in the map, its id and a sandbox's pages."""
        self.places = places
        self.records: dict[str, SampleRecord] = {}

    @property
    def records_count(self) -> int:
        """How many records were compared."""
        return len(self.records)

    def take(self, planned: Planned, diff: FieldDiff) -> None:
        """Keep one comparison."""
        self.record(planned).fields.append(
            SampleField(diff.field, diff.expected, diff.found, str(diff.verdict), diff.rule)
        )

    def record(self, planned: Planned) -> SampleRecord:
        """The record of this book for a planned one."""
        row = planned.row
        if row.record_key not in self.records:
            place = self.places.get(row.location, ("", ""))
            url = record_url(row.kind, row.target, planned.hl_id, *place)
            self.records[row.record_key] = SampleRecord(planned, url)
        return self.records[row.record_key]

    def missing(self, planned: Planned, why: str) -> None:
        """A record that is not in HighLevel."""
        self.record(planned).why = f"Not in HighLevel: {why}."

    def add_sources(self, con: duckdb.DuckDBPyConnection, document: MapDocument | None) -> None:
        """Add to every value the cell it came from, as the export has it."""
        rows = [r.planned.row for r in self.records.values()]
        sources = SourceValues(con, document, rows)
        for record in self.records.values():
            for one in record.fields:
                one.column, one.source = sources.of(record.planned.row, one.field)

    def add_cells(self, con: duckdb.DuckDBPyConnection) -> None:
        """Add every cell of the rows behind the records, once for each source key."""
        first: dict[str, SampleRecord] = {}
        for record in sorted(self.records.values(), key=lambda r: _MAIN.get(r.planned.row.kind, 9)):
            first.setdefault(record.source_key, record)
        for key, cell in cells_of_records(con, first):
            first[key].cells.append(cell)

    def fingerprint(self) -> str:
        """SHA-256 of every value that was meant and its verdict: what an approval approves.

        HighLevel gives a contact the owner of whichever of its opportunities was written last, so
        an owner that a rule explains counts as the same.
        """
        values = sorted(
            [key, f.field, f.expected, _settled(f)]
            for key, record in self.records.items()
            for f in record.fields
        )
        missing = sorted(k for k, r in self.records.items() if r.why)
        text = json.dumps([values, missing], sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def types(self) -> list[dict[str, Any]]:
        """Record types in the order of the migration, records with differences first."""
        groups: dict[tuple[int, str, str], list[SampleRecord]] = {}
        for record in self.records.values():
            row = record.planned.row
            key = (KEYS.index(row.object_key), row.kind, _type_name(row.kind, row.target))
            groups.setdefault(key, []).append(record)
        found: list[dict[str, Any]] = []
        for (rank, _, name), records in sorted(groups.items(), key=lambda g: (g[0][0], g[0][2])):
            source = BY_KEY[KEYS[rank]]
            for record in records:
                record.fields.sort(key=lambda f: _ORDER[Verdict(f.verdict)])
            records.sort(key=lambda r: (not r.bad, "changed by rule" not in r.verdicts, r.label))
            title = source.label if name == source.label else f"{source.label} → {name}"
            found.append(
                {"id": f"type-{len(found)}", "title": title, "records": records,
                 "about": f"{source.label} of {SOURCE.name} as {name.lower()} in HighLevel."}
            )  # fmt: skip
        return found

    def lines(self) -> Iterable[dict[str, Any]]:
        """Every comparison as a row, differences first."""
        every = [
            {
                "record": record.label, "record_key": key, "field": f.field, "verdict": f.verdict,
                "rule": f.rule, "column": f.column, "source": f.source, "expected": f.expected,
                "found": f.found, "url": record.url,
            }
            for key, record in self.records.items()
            for f in record.fields
        ]  # fmt: skip
        every += [
            {"record": r.label, "record_key": k, "field": "", "verdict": str(Verdict.MISSING),
             "rule": r.why, "column": "", "source": None, "expected": None, "found": None,
             "url": r.url}
            for k, r in self.records.items()
            if r.why
        ]  # fmt: skip
        return sorted(every, key=lambda x: _ORDER[Verdict(x["verdict"])])

    def differences(self, most: int) -> list[dict[str, Any]]:
        """The first differences, for a terminal or Dagster's metadata."""
        bad = [x for x in self.lines() if x["verdict"] in BAD]
        names = ("record_key", "field", "source", "expected", "found", "verdict", "rule")
        return [{n: _cut(shown(x[n])) for n in names} for x in bad[:most]]


def write_sample(
    folder: Path,
    book: SampleBook,
    result: Reconciliation,
    choice: Mapping[str, Any],
    account: str,
) -> Path:
    """Write sample.html, sample.csv and sample.json; return the path of the page."""
    wrong = sum(r.bad for r in book.records.values())
    figures = {
        "records": len(book.records),
        "values compared": sum(result.verdicts.values()),
        "same": result.verdicts.get(Verdict.SAME, 0),
        "changed by rule": result.verdicts.get(Verdict.BY_RULE, 0),
        "different or missing": sum(result.verdicts.get(v, 0) for v in BAD)
        + sum(bool(r.why) for r in book.records.values()),
    }
    facts = {"account": account}
    if choice.get("features"):
        share = 100 * choice["covered"] / choice["features"]
        facts["coverage"] = (
            f"{choice['covered']:,} of {choice['features']:,} fields, choices, rules, links and "
            f"extremes ({share:.1f} %); {choice.get('random', 0)} records picked at random"
        )
    headline = (
        "Every value arrived as meant."
        if not wrong
        else f"{wrong} of {len(book.records)} records differ. They stand first in each part."
    )
    page = render_template(
        "sample.html.j2", good=not wrong, headline=headline, figures=figures, facts=facts,
        rules=[{"rule": r, "values": n} for r, n in sorted(result.rules.items())],
        uncovered=[{"what": u} for u in choice.get("uncovered", [])], types=book.types(),
    )  # fmt: skip
    path = write_text(folder / "sample.html", page)
    lines = list(book.lines())
    write_csv(lines, folder / "sample.csv")
    write_json({"figures": figures, "facts": facts, "values": lines}, folder / "sample.json")
    return path


def _type_name(kind: str, target: str) -> str:
    if kind == "record":
        known = t.OBJECTS.get(target)
        return f"{known.plural} (records)" if known else target
    return _NAMES.get(kind, kind)


def _cut(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
