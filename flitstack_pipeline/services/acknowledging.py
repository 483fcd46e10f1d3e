"""Rows and files that stay behind: who acknowledged them, and what still waits for a person.

Belongs here: `decisions/acknowledged.csv` and what it settles. Does not: what is left out and why
(`cleaning.excluded_rows`).

A line of the file holds for one row with this very content; a changed row, or a new one, opens the
matter again. To take an acknowledgement back, take its line out of the file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.answers_file import Line, read_lines
from flitstack_pipeline.cleaning.excluded_rows import NOT_MOVED, REFUSED, LeftOut, left_out
from flitstack_pipeline.decision_tables import Row, read_table, write_table
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services.project_context import accounts, open_journal
from flitstack_pipeline.services.publishing import publish_left_behind
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.settings import Project

FILE = "acknowledged.csv"
COLUMNS = ("digest", "rule", "object", "file", "sheet", "line", "what", "why", "by", "at")
ALL, LISTED, ROWS = "all", "what the audit lists", "the rows the audit lists"
DEAD_FILE = "dead_file"
#: Who stands for what the list of kinds declares, or an answer without a name.
DECLARED = "declared"
#: Rows that a reason names; the rest are counted.
NAMED = 4


@dataclass(frozen=True)
class Behind:
    """One row or file that stays behind, and who acknowledged it ("" for nobody)."""

    item: LeftOut
    by: str = ""
    at: str = ""

    def as_row(self) -> dict[str, Any]:
        """For reports and programs."""
        item = self.item
        return {
            "rule": item.rule, "object": item.object or item.dataset, "place": item.place,
            "what": item.what, "why": item.why, "acknowledged by": self.by, "at": self.at,
            "row": item.cells,
        }  # fmt: skip


def left_behind(project: Project) -> list[Behind]:
    """Everything that stays behind, as of the last reading, cleaning and relating."""
    known = _acknowledged(project)
    told = read_lines(project.decisions)

    def find() -> list[LeftOut]:
        with project.warehouse.connect() as con:
            return list(left_out(con))

    return [_behind(item, known, told) for item in project.warehouse.remembered("left out", find)]


def dead_files(project: Project) -> dict[str, Behind]:
    """Files that could not be had or sent when they were loaded, by the key of their record.

    They hold up no load, which tries them again, but the sample and the certificate, until they
    are mended or acknowledged.
    """
    known = _acknowledged(project)
    with open_journal(project) as journal:
        letters = [
            letter
            for account in accounts(project)
            for letter in journal.dead_letters(account.location_id)
            if letter["kind"].endswith("_file") or letter["kind"] == "media"
        ]
    return {x["record_key"]: _behind(_dead_file(x), known, {}) for x in letters}


def acknowledged_files(project: Project) -> set[str]:
    """Record keys of the dead files that a person acknowledged."""
    return {key for key, behind in dead_files(project).items() if behind.by}


def _dead_file(letter: Mapping[str, Any]) -> LeftOut:
    why = "; ".join(letter["messages"] or ())
    text = f"dead file|{letter['record_key']}|{letter['source_key']}"
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    label = str(letter["label"] or letter["record_key"])
    return LeftOut(digest, DEAD_FILE, letter["object_key"], "", label, "", None, label, why)


def _behind(item: LeftOut, known: Mapping[str, Row], told: Mapping[str, Line]) -> Behind:
    if item.rule == NOT_MOVED:
        sheet = f"#{item.sheet}" if item.sheet else ""
        line = told.get(f"file:{item.file}{sheet}") or told.get(f"file:{item.file}")
        return Behind(item, (line and line.by) or DECLARED, line.at if line else "")
    row = known.get(item.digest)
    return Behind(item, row["by"], row["at"]) if row else Behind(item)


def unacknowledged(project: Project) -> list[LeftOut]:
    """What stays behind and nobody has acknowledged."""
    return [behind.item for behind in left_behind(project) if not behind.by]


def unacknowledged_reasons(project: Project) -> list[str]:
    """What nobody has acknowledged, in one sentence for each rule, with what to do."""
    return _reasons(unacknowledged(project))


@noted()
def acknowledge(project: Project, which: str, by: str) -> StepReport:
    """Acknowledge that rows and files stay behind.

    Args:
        project: The migration.
        which: A rule such as `not_an_amount` or `orphan`, a place such as `jobs.csv:12` or
            `invoices.xlsx#Invoices:16`, a file, `all`, `LISTED` for what the audit lists, or
            `ROWS` for that without the files that cannot be read.
        by: Who acknowledges it.

    Raises:
        BadInput: without a name, or when nothing of the kind waits.
    """
    if not by.strip():
        raise BadInput("Acknowledging needs the name of the person who does it: --by NAME")
    waiting = unacknowledged(project)
    if which not in (LISTED, ROWS):
        waiting += [behind.item for behind in dead_files(project).values() if not behind.by]
    chosen = [item for item in waiting if _is_meant(item, which)]
    if not chosen and which not in (ALL, LISTED, ROWS):
        rules = ", ".join(sorted({item.rule for item in waiting})) or "nothing"
        raise BadInput(f"Nothing that waits is called {which!r}; waiting: {rules}")
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    rows = _acknowledged(project)
    rows |= {item.digest: _line(item, by.strip(), now) for item in chosen}
    if chosen:
        write_table(project.decisions / FILE, COLUMNS, rows.values())
        publish_left_behind(project, (behind.as_row() for behind in left_behind(project)))
    facts = {"by": by.strip(), "still waiting": len(waiting) - len(chosen)}
    counts: dict[str, int] = defaultdict(int)
    for item in chosen:
        counts[item.rule] += 1
    tables = {"left behind": [{"rule": rule, "rows": n} for rule, n in counts.items()]}
    return StepReport(f"acknowledged {len(chosen)} rows and files", len(chosen), facts, tables)


def _is_meant(item: LeftOut, which: str) -> bool:
    if which == ROWS:
        return item.rule != REFUSED
    return which in (ALL, LISTED, item.rule, item.place, item.file, f"{item.file}:{item.line}")


def _reasons(items: Iterable[LeftOut]) -> list[str]:
    by_rule: dict[str, list[LeftOut]] = defaultdict(list)
    for item in items:
        by_rule[item.rule].append(item)
    reasons = []
    for rule, found in by_rule.items():
        named = "; ".join(f"{item.place} ({item.what}: {item.why})" for item in found[:NAMED])
        more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
        reasons.append(
            f"{len(found)} left behind by the rule {rule}: {named}{more}. Mend them and export "
            f"again, or acknowledge that they stay behind: flitstack acknowledge {rule} --by NAME "
            "(all: `flitstack acknowledge all --by NAME`; in Dagster `acknowledged_by` of "
            "field_map)"
        )
    return reasons


def _acknowledged(project: Project) -> dict[str, Row]:
    rows = read_table(project.decisions / FILE, COLUMNS, ("digest", "by"))
    return {row["digest"]: row for _, row in rows if row["digest"] and row["by"]}


def _line(item: LeftOut, by: str, at: str) -> Row:
    line = "" if item.line is None else str(item.line)
    return {
        "digest": item.digest, "rule": item.rule, "object": item.object, "file": item.file,
        "sheet": item.sheet, "line": line, "what": item.what, "why": item.why, "by": by, "at": at,
    }  # fmt: skip
