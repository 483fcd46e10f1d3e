"""Steps of the ledger: account for every cell, say what stops the first write, trace one row."""

# ruff: noqa: S608 - the fates in the SQL are our own words

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.cleaning.decisions import (
    INVOICE_LINKS,
    WORK_ORDER_LINKS,
    read_decisions,
)
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.ledger import after, cells, fates, trace
from flitstack_pipeline.ledger.texts import Account
from flitstack_pipeline.migration.report import Reason, Refused, StepReport
from flitstack_pipeline.reports.ledger import write_ledger
from flitstack_pipeline.services import table_prints
from flitstack_pipeline.services.early_cutoff import (
    Prints,
    Step,
    map_prints,
    perform,
    prints_of_files,
    surroundings,
)
from flitstack_pipeline.services.field_map import mapped_before_changes
from flitstack_pipeline.services.project_context import accounts, map_document, open_journal
from flitstack_pipeline.services.questions import answers
from flitstack_pipeline.services.source import records_left
from flitstack_pipeline.services.table_prints import print_of, print_of_tables
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import dicts, filled_tables, table_exists

#: Cells named one by one in a refusal; reports/ledger.csv lists them all.
NAMED = 5
_CHANGED = "Exports, answers or the map changed since the records were mapped."
MAP_AGAIN = Reason(
    _CHANGED,
    run="migrate",
    press=f"{_CHANGED} Launch the job {JOB['audit']}, then {JOB['prepare']}.",
)
_BUILT = "CREATE OR REPLACE TABLE ledger.built AS SELECT ? AS of"


def account_cells(project: Project) -> StepReport:
    """Find the fate of every cell, and write `reports/ledger.html`, `.csv`, `.xlsx`.

    Every object type must be mapped. Writes nothing to HighLevel, and does nothing while rows,
    records, map and answers are as they were.
    """

    def inputs() -> Prints:
        lists = [project.decisions / kind.name for kind in (INVOICE_LINKS, WORK_ORDER_LINKS)]
        return {
            **surroundings(project),
            "rows": print_of_tables(project, "raw"),
            "records": records_left(project),
            "mapped records": mapped_records(project),
            "answers": print_of(sorted(answers(project).items())),
            **map_prints(map_document(project)),
            **prints_of_files(project.decisions, lists),
        }

    def left() -> str:
        listed = table_prints.filled_relations(project, "ledger") - {"built"}
        pages = [project.reports / f"ledger.{kind}" for kind in ("html", "csv", "xlsx")]
        found = print_of_tables(project, "ledger", listed)
        return print_of(found, prints_of_files(project.reports, pages))

    writes = frozenset({"ledger"})
    report = perform(project, Step("ledger", inputs, lambda: [_account(project)], left, writes))[0]
    if map_document(project) is not None and not is_current(project):
        with project.warehouse.connect() as con:  # the same cells of a map that says the same
            con.execute(_BUILT, [_print(project)])
    return report


def mapped_records(project: Project) -> str:
    """Fingerprint of the records of every object type as they are mapped."""
    return print_of_tables(project, "mapped", (*KEYS, "skipped"))


def _account(project: Project) -> StepReport:
    document = map_document(project)
    if document is None:
        return StepReport("cells accounted for", 0)
    settings = project.settings
    around = cells.Surroundings(
        document, Account(settings.time_zone, settings.country), answers(project), _parted(project)
    )
    with project.warehouse.connect() as con:
        totals = cells.build(con, around)
        con.execute(_BUILT, [_print(project)])
        page = write_ledger(con, project.reports)
    problems = _problems(project)
    facts: dict[str, Any] = {**totals, "report": page}
    return StepReport("cells accounted for", sum(totals.values()), facts, {}, problems)


def _parted(project: Project) -> set[str]:
    """Source keys of invoices and work orders that a person parted from a job."""
    return {
        row[kind.keys[0]]
        for kind in (INVOICE_LINKS, WORK_ORDER_LINKS)
        for row in read_decisions(project.decisions / kind.name, kind)
        if row["decision"] == kind.words[1]
    }


def ledger_reasons(project: Project) -> list[str]:
    """Every reason why a cell is not accounted for, each with what to do; empty when all are.

    Looks again when the mapped records changed since; says nothing before everything is mapped.
    Cells of new records are not looked for among those mapped of earlier ones.
    """
    if not _is_mapped(project):
        return []
    if not is_current(project):
        if mapped_before_changes(project):
            return [MAP_AGAIN]
        account_cells(project)
    return _problems(project)


def cells_read_back(project: Project, wrong: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Cells by object type and fate after everything was read back; empty before a mapping.

    `wrong` is (record key, field) of what was not read back as meant (see `ledger.after`).
    """
    if not _is_mapped(project):
        return []
    if not is_current(project):
        account_cells(project)
    with project.warehouse.connect() as con:
        return after.read_back(con, wrong)


def refuse_unaccounted(project: Project, what: str) -> None:
    """Raise Refused, naming the cells, while one of them is not accounted for."""
    reasons = ledger_reasons(project)
    if reasons:
        raise Refused(what, reasons)


def is_current(project: Project) -> bool:
    """Whether the ledger is of the records as they are mapped now."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "ledger.built") or not table_exists(con, "ledger.counts"):
            return False
        found = con.execute("SELECT of FROM ledger.built").fetchall()
        return bool(found) and found[0][0] == _print(project)


def cells_by_fate(project: Project, key: str = "") -> list[dict[str, Any]]:
    """Cells by object type and fate, of one object type or of all; empty before a ledger."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "ledger.counts"):
            return []
        return dicts(
            con,
            "SELECT object, fate, sum(cells)::BIGINT AS cells FROM ledger.counts "
            "WHERE ? IN ('', object) GROUP BY ALL ORDER BY ALL",
            [key],
        )


def unaccounted(project: Project, key: str = "") -> list[dict[str, Any]]:
    """The cells that are not accounted for, of one object type or of all, at most 500."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "ledger.counts"):
            return []
        return dicts(
            con,
            'SELECT file, sheet, line, "column", text, rule, field, what_to_do FROM ledger.looked '
            f"WHERE fate = '{fates.UNACCOUNTED}' AND ? IN ('', object) "
            'ORDER BY file, sheet, line, "column" LIMIT 500',
            [key],
        )


def check_cells(project: Project, key: str) -> list[str]:
    """What `every_cell_accounted` says of one object type.

    The cells are looked for in the records of all object types, so a look is taken when the last
    of them is mapped.
    """
    if not _is_mapped(project) or (key != KEYS[-1] and not is_current(project)):
        return []
    if not is_current(project):
        account_cells(project)
    return [_sentence(row) for row in unaccounted(project, "" if key == KEYS[-1] else key)]


def trace_row(project: Project, what: str) -> StepReport:
    """One row's whole way: its cells, their fates and fields, the ids of its records in HighLevel.

    Args:
        project: The migration.
        what: `FILE:LINE`, `FILE#SHEET:LINE`, or a source key such as `main/jobs/301`.

    Raises BadInput when nothing is known of it.
    """
    with project.warehouse.connect() as con:
        rows = trace.cells_of(con, what)
        records = trace.records_of(con, rows, what)
    if not rows and not records:
        raise BadInput(
            f"nothing is known of {what!r}; say it as FILE:LINE, FILE#SHEET:LINE or as a source "
            "key such as main/jobs/301 (after `flitstack prepare` or `flitstack migrate`)"
        )
    with open_journal(project) as journal:
        for record in records:
            ids = [
                found.hl_id
                for account in accounts(project)
                if (found := journal.entry(account.location_id, record["record"]))
            ]
            record["HighLevel id"] = ", ".join(ids)
    facts = {"rows": ", ".join(dict.fromkeys(r["row"] for r in rows))}
    return StepReport(f"trace of {what}", len(rows), facts, {"cells": rows, "records": records})


def _is_mapped(project: Project) -> bool:
    if map_document(project) is None:
        return False

    def find() -> bool:
        with project.warehouse.connect() as con:
            return all(table_exists(con, f"mapped.{key}") for key in KEYS)

    return project.warehouse.remembered("is mapped", find)


def _print(project: Project) -> str:
    """What the ledger depends on: the files, the mapped records, the map, people's answers."""
    document = map_document(project)
    told = [document.fingerprint if document else "", str(sorted(answers(project).items()))]
    return "|".join([*told, *project.warehouse.remembered("mapped", lambda: _contents(project))])


def _contents(project: Project) -> list[str]:
    """The files that were read, and the mapped records of each object type, as fingerprints."""
    told = []
    with project.warehouse.connect() as con:
        if table_exists(con, "raw.files"):
            files = "SELECT bit_xor(hash(file, sheet, sha256, dataset)) FROM raw.files"
            told.append(str(con.execute(files).fetchall()[0][0]))
        filled = filled_tables(con, "mapped")
        for key in KEYS:
            if key in filled:
                found = con.execute(
                    f'SELECT count(*), bit_xor(hash(record_key, payload_hash)) FROM mapped."{key}"'
                ).fetchall()
                told.append(f"{key}:{found[0]}")
    return told


def _problems(project: Project) -> list[str]:
    def count() -> int:
        with project.warehouse.connect() as con:
            found = con.execute(
                f"SELECT count(*) FROM ledger.looked WHERE fate = '{fates.UNACCOUNTED}'"
            ).fetchall()
        return int(found[0][0])

    total = project.warehouse.remembered("unaccounted cells", count)
    if not total:
        return []
    named = [_sentence(row) for row in unaccounted(project)[:NAMED]]
    return [
        f"{total:,} cells are not accounted for; reports/ledger.html and reports/ledger.csv list "
        "them all. Nothing is written before they are.",
        *named,
    ]


def _sentence(row: dict[str, Any]) -> str:
    sheet = f"#{row['sheet']}" if row["sheet"] else ""
    text = row["text"] if len(row["text"]) <= 60 else f"{row['text'][:60]}…"
    return (
        f"{row['file']}{sheet}:{row['line']}, {row['column']} “{text}”: {row['rule']}. "
        f"{row['what_to_do']}"
    )
