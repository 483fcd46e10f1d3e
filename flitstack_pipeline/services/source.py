"""Steps of the stages `source` and `clean`: read, clean, relate."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import duckdb

from flitstack_pipeline.catalog.objects import BY_KEY, KEYS, REPORT_ONLY_DATASETS, SCHEMA_DATASETS
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.build import CleanContext, clean_schema
from flitstack_pipeline.cleaning.build import clean_object as clean_tables
from flitstack_pipeline.cleaning.decisions import DUPLICATES, INVOICE_LINKS, WORK_ORDER_LINKS
from flitstack_pipeline.cleaning.frozen import FILE as LEARNED
from flitstack_pipeline.cleaning.relationships import count_merges, summary
from flitstack_pipeline.cleaning.relationships import relate as relate_tables
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.cleaning.values.evidence import Counted, count
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.reading import manifest
from flitstack_pipeline.reading.folder import attachment_files, export_files
from flitstack_pipeline.reading.ingest import ingest_object, ingest_schema
from flitstack_pipeline.reading.survey import survey
from flitstack_pipeline.services.answer_effects import DECIMAL, ZONE
from flitstack_pipeline.services.early_cutoff import (
    BECAUSE,
    Prints,
    Step,
    is_outdated,
    note_left,
    perform,
    prints_of_files,
    record,
    surroundings,
)
from flitstack_pipeline.services.questions import answers, answers_about, date_answers
from flitstack_pipeline.services.steps_done import noted
from flitstack_pipeline.services.table_prints import (
    filled_relations,
    once,
    print_of,
    print_of_partition,
    print_of_tables,
)
from flitstack_pipeline.services.work_lists import read_review, remember_decisions, write_review
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import dicts

#: The partition of custom field definitions and line item templates, as cleaning calls it.
SCHEMA = "schema"
_READ = frozenset({"raw", "questions"})
_CLEANED = frozenset({"clean", "quarantine", "questions"})
_WRITTEN_DDL = """CREATE TABLE IF NOT EXISTS cache.written (
  dataset VARCHAR, of_rows VARCHAR, said VARCHAR)"""


def clean_context(project: Project) -> CleanContext:
    """Zone, country and currency of the source account, for the cleaners."""
    s, given = project.settings, answers(project)
    return CleanContext(
        s.time_zone,
        s.country,
        s.currency,
        project.exports,
        date_answers(project),
        answers_about(project, DECIMAL),
        answers_about(project, ZONE),
        given,
        _counted(project),
    )


def _counted(project: Project) -> dict[str, Counted]:
    """What was counted of the raw tables, for as long as nobody writes them."""
    return once(project, "raw", "counted", dict)


@noted("key")
def read_object(project: Project, key: str) -> StepReport:
    """Read the exports of one object type into `raw`, where they have changed."""
    return perform(project, _reading(project, key, BY_KEY[key].datasets, _read))[0]


def _read(project: Project, key: str) -> StepReport:
    given = answers(project)
    with project.warehouse.connect() as con:
        found = ingest_object(
            con,
            project.exports,
            key,
            default_workspace=project.settings.workspace,
            answers=given,
        )
    facts = {"files": ", ".join(found.files) or "no file", "lines excluded": found.excluded}
    warnings = [{"warning": w} for w in [*found.refused, *found.warnings]]
    return StepReport(f"read {key}", sum(found.rows.values()), facts, {"warnings": warnings})


@noted()
def read_schema(project: Project) -> StepReport:
    """Read and clean custom field definitions and line item templates, where they have changed."""
    datasets = (*SCHEMA_DATASETS, *REPORT_ONLY_DATASETS)
    perform(project, _reading(project, SCHEMA, datasets, _read_schema))
    return perform(project, _cleaning(project, SCHEMA))[0]


def _read_schema(project: Project, key: str) -> StepReport:
    given, workspace = answers(project), project.settings.workspace
    with project.warehouse.connect() as con:
        found = ingest_schema(con, project.exports, default_workspace=workspace, answers=given)
    return StepReport("schema sheets read", sum(found.rows.values()))


def _clean_schema(project: Project, key: str) -> StepReport:
    context = clean_context(project)
    with project.warehouse.connect() as con:
        cleaned = clean_schema(con, context)
    return StepReport("schema sheets", sum(cleaned.rows.values()))


@noted("key")
def clean_object(project: Project, key: str) -> StepReport:
    """Clean one object type, where its rows, or what says how they are written, have changed."""
    return perform(project, _cleaning(project, key))[0]


def _clean(project: Project, key: str) -> StepReport:
    context = clean_context(project)
    with project.warehouse.connect() as con:
        found = clean_tables(con, key, context)
        count_merges(con, BY_KEY[key].datasets)  # relating did, and may have nothing to do
        accounting = check_accounting(con, key).lines
        refused = con.execute(
            'SELECT file, line, "column", rule, what_to_do FROM quarantine.rows WHERE object = ? '
            "LIMIT 25",
            [key],
        ).fetchall()
        sample = dicts(con, f'SELECT * FROM clean."{BY_KEY[key].dataset}" LIMIT 5')  # noqa: S608 - our own table
    names = ("file", "line", "column", "rule", "what to do")
    return StepReport(
        f"clean {key}",
        sum(found.rows.values()),
        {
            "merged": found.merged,
            "superseded": found.superseded,
            "quarantined": found.quarantined,
        },
        {
            "accounting": accounting,
            "quarantine": [dict(zip(names, row, strict=True)) for row in refused],
            "unknown words": [{"word": w, "rows": n} for w, n in found.unknown_words.items()],
            "sample": [{name: str(v) for name, v in row.items()} for row in sample],
        },
    )


@noted()
def relate(project: Project) -> StepReport:
    """Relate all cleaned records, with the decisions a person made; write what is to decide.

    Where records or decisions have changed.
    """
    report = perform(project, _relating(project))[0]
    if BECAUSE in report.facts:
        with project.warehouse.connect() as con:
            for step in _all_cleaning(project):  # relating writes into what cleaning left
                note_left(con, step)
    return report


def _relate(project: Project) -> StepReport:
    remembered = remember_decisions(project)
    with project.warehouse.connect() as con:
        found = relate_tables(con, project.decisions)
        orphans = summary(con)
        review = read_review(con)
    write_review(project, review)
    facts = {**found.counts, **review.facts, "decisions remembered": remembered}
    return StepReport(
        "relationships", found.counts["clean.links"], facts,
        {"orphans": orphans, "duplicates to decide": review.open_pairs[:25]},
    )  # fmt: skip


def _reading(
    project: Project,
    key: str,
    datasets: tuple[str, ...],
    run: Callable[[Project, str], StepReport],
) -> Step:
    """The step that reads one object type: the sheets that feed it, and what a person said."""

    def inputs() -> Prints:
        said = {"answers": print_of(sorted(answers(project).items()))}
        found = once(project, "", "sheets", lambda: _sheets(project))
        fed = {name: seal for dataset, name, seal in found if dataset in (None, *datasets)}
        return {**surroundings(project), **said, **fed}

    def left() -> str:
        return print_of_partition(project, "raw", datasets, "dataset", datasets)

    return Step(f"read[{key}]", inputs, lambda: [run(project, key)], left, _READ)


def _sheets(project: Project) -> list[tuple[str | None, str, str]]:
    """(dataset, name, fingerprint) of every sheet; without a dataset, what all have to look at.

    The folder is surveyed where a file, the manifest or an answer is another than before.
    """
    told = manifest.read(project.exports)
    given = answers(project)
    files = [
        manifest.entry_of(project.exports, path, told.files)
        for path in export_files(project.exports)
    ]
    whole = print_of(files, told, sorted(given.items()), surroundings(project))
    counts = print_of(told.counts, [e.expected_count for e in files])
    with project.warehouse.connect() as con:
        con.execute("CREATE TABLE IF NOT EXISTS cache.surveyed (of_folder VARCHAR, found JSON)")
        known = con.execute(
            "SELECT found FROM cache.surveyed WHERE of_folder = ?", [whole]
        ).fetchall()
        if known:
            return [tuple(sheet) for sheet in json.loads(known[0][0])]
        found: list[tuple[str | None, str, str]] = [(None, "counts on screen", counts)]
        for r in survey(project.exports, given):
            seal = print_of(r.entry, r.number, r.layout, r.refused, r.copy_of, r.left_out, r.head)
            found.append((r.dataset, f"exports/{r.entry.file}#{r.sheet.name}".rstrip("#"), seal))
        con.execute("DELETE FROM cache.surveyed")
        con.execute("INSERT INTO cache.surveyed VALUES (?, ?)", [whole, json.dumps(found)])
    return found


def _cleaning(project: Project, key: str) -> Step:
    """The step that cleans one object type: its raw rows, how other exports write dates and
    numbers, a person's answers, the files that records name."""
    datasets = SCHEMA_DATASETS if key == SCHEMA else BY_KEY[key].datasets
    run = _clean_schema if key == SCHEMA else _clean

    def inputs() -> Prints:
        rows = print_of_partition(project, "raw", datasets, "dataset", datasets)
        return {
            **surroundings(project),
            "answers": print_of(sorted(answers(project).items())),
            f"rows of {', '.join(datasets)}": rows,
            "how other exports are written": _written_elsewhere(project, datasets),
            "files beside the exports": once(project, "", "beside", lambda: _beside(project)),
        }

    def left() -> str:
        return print_of(
            print_of_partition(project, "clean", datasets, "object", [key]),
            print_of_partition(project, "quarantine", [], "object", [key]),
        )

    return Step(f"clean[{key}]", inputs, lambda: [run(project, key)], left, _CLEANED)


def _beside(project: Project) -> str:
    """The files that records may name: by size, times and inode, and exports by their name."""
    attached = [(str(path), manifest.stamp(path)) for path in attachment_files(project.exports)]
    return print_of(sorted(attached), [str(path) for path in export_files(project.exports)])


def _written_elsewhere(project: Project, datasets: tuple[str, ...]) -> str:
    """What the values of all other exports say of how dates and numbers are written."""
    told = []
    with project.warehouse.connect() as con:
        there = filled_relations(project, "raw")
        for name in (d for d in DATASETS if d not in datasets and d in there):
            find = partial(_written, project, con, name)
            told.append((name, once(project, "raw", f"written {name}", find)))
    return print_of(told)


def _written(project: Project, con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """The same of one export, counted once for each content of its table."""
    of = print_of(surroundings(project)["code"], print_of_tables(project, "raw", [dataset]))
    con.execute(_WRITTEN_DDL)
    known = con.execute(
        "SELECT said FROM cache.written WHERE dataset = ? AND of_rows = ?", [dataset, of]
    ).fetchall()
    if known:
        return str(known[0][0])
    seen = _counted(project)
    counted = seen[dataset] = seen.get(dataset) or count(con, dataset)
    signs = [sorted(signs.items(), key=str) for signs in counted.telling_signs.values()]
    said = print_of(sorted(counted.telling_dates.values(), key=str), sorted(signs, key=str))
    con.execute("DELETE FROM cache.written WHERE dataset = ?", [dataset])
    con.execute("INSERT INTO cache.written VALUES (?, ?, ?)", [dataset, of, said])
    return said


def _all_cleaning(project: Project) -> list[Step]:
    return [_cleaning(project, key) for key in (SCHEMA, *KEYS)]


def _relating(project: Project) -> Step:
    """The step that relates all records: every cleaned record, what a person decided."""
    cleaned = _all_cleaning(project)

    def rewrites() -> Prints:
        lists = [k.name for k in (DUPLICATES, INVOICE_LINKS, WORK_ORDER_LINKS)]
        with project.warehouse.connect() as con:
            ran = {s.name: (r.at if (r := record(con, s.name)) else "") for s in cleaned}
        return {
            **{s.name: print_of(ran[s.name], s.left()) for s in cleaned},
            **prints_of_files(project.reports, [project.reports / name for name in lists]),
            **prints_of_files(
                project.decisions, [project.decisions / name for name in (*lists, LEARNED)]
            ),
        }

    def inputs() -> Prints:
        return surroundings(project)

    return Step(
        "relate",
        inputs,
        lambda: [_relate(project)],
        lambda: records_left(project),
        _CLEANED,
        rewrites,
    )


def related_before_changes(project: Project) -> bool:
    """Whether rows were read, or something decided, since they were cleaned and related."""
    steps = [*_all_cleaning(project), _relating(project)]
    return any(is_outdated(project, step) for step in steps)


def records_left(project: Project) -> str:
    """Fingerprint of all cleaned and related records."""
    return print_of(print_of_tables(project, "clean"), print_of_tables(project, "quarantine"))


def schema_failures(project: Project, key: str) -> tuple[list[dict[str, Any]], int]:
    """Cells of one object type that break their Pandera schema (capped), and how many."""
    with project.warehouse.connect() as con:
        results = [validate_clean(con, dataset) for dataset in BY_KEY[key].datasets]
    return [f for r in results for f in r.failures], sum(r.failure_count for r in results)


def accounting(project: Project, key: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The accounting of one object type per file, and what does not add up."""
    with project.warehouse.connect() as con:
        found = check_accounting(con, key)
    return found.lines, found.problems
