"""Checks on every clean partition, from the spec: Pandera, accounting, words, quarantine."""

from __future__ import annotations

from flitstack_pipeline import services
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.objects import BY_KEY
from flitstack_pipeline.dagster.assets.clean import CLEAN, RELATIONSHIPS
from flitstack_pipeline.dagster.assets.metadata import table
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.services import issues
from flitstack_pipeline.settings import Project


def _pandera_schema(project: Project, key: str) -> Verdict:
    failures, count = services.schema_failures(project, key)
    tables = [BY_DATASET[dataset] for dataset in BY_KEY[key].datasets]
    metadata = {
        "failures": count,
        "schemas": ", ".join(t.name for t in tables),
        "rules": sum(_rules(t.fields) for t in tables),
    }
    if failures:
        metadata["failing rows"] = table(failures)
    sentence = f"{count} cells break their schema." if count else "Every row holds to its schema."
    return Verdict(count == 0, sentence, metadata)


def _rules(fields: tuple[object, ...]) -> int:
    """Rules declared for these fields, besides their types."""
    names = ("required", "unique", "isin", "matches")
    return sum(bool(getattr(field, name)) for field in fields for name in names)


def _accounting(project: Project, key: str) -> Verdict:
    lines, problems = services.accounting(project, key)
    return verdict(problems, "Every row that was read is accounted for.", files=lines)


def _nothing_quarantined(project: Project, key: str) -> Verdict:
    rows, count = issues.quarantined(project, key)
    problems = [f"{r['file']}, line {r['line']}: {r['rule']}. {r['what_to_do']}" for r in rows]
    found = verdict(problems, "No row was refused.", quarantine=rows)
    return Verdict(found.passed, found.sentence, {**found.metadata, "quarantined": count})


def _known_picklist_values(project: Project, key: str) -> Verdict:
    rows = issues.unknown_words(project, key)
    problems = [f"{r['dataset']}.{r['column']}: “{r['word']}” in {r['rows']} rows" for r in rows]
    return verdict(problems, "Every status and type is a known word.", words=rows)


def _no_orphans(project: Project, key: str) -> Verdict:
    rows = issues.orphans(project)
    problems = [f"{r['records']} {r['object']} without {r['link']}: {r['reason']}" for r in rows]
    return verdict(problems, "Every reference leads to a record.", orphans=rows)


def _duplicates_decided(project: Project, key: str) -> Verdict:
    rows = issues.duplicates_to_decide(project)
    problems = (
        [
            f"{len(rows)} pairs may be the same. See reports/duplicates.html, and decide in "
            "reports/duplicates.csv."
        ]
        if rows
        else []
    )
    return verdict(problems, "No pair of records waits for a decision.", pairs=rows)


def _links_decided(project: Project, _key: str) -> Verdict:
    found = {name: issues.links_to_decide(project, name) for name in issues.LINKS}
    problems = [
        f"{len(rows)} candidates for {name}. See reports/links.html, and decide in "
        f"reports/{name.replace(' ', '_')}.csv."
        for name, rows in found.items()
        if rows
    ]
    tables = {name.replace(" ", "_"): rows for name, rows in found.items()}
    return verdict(problems, "Every document has its job, or fits none.", **tables)


CHECKS = (
    Check(
        CLEAN,
        "pandera_schema",
        "Every row holds to the Pandera schema of its table: types, required and unique columns, "
        "vocabularies, forms of e-mails and phones. Failing rows are listed.",
        _pandera_schema,
        blocking=True,
    ),
    Check(
        CLEAN,
        "accounting",
        "Rows read = loaded + merged + superseded + quarantined + excluded, for each file.",
        _accounting,
        blocking=True,
    ),
    Check(
        CLEAN,
        "nothing_quarantined",
        "No row was refused. Refused rows are listed with the rule and what to do.",
        _nothing_quarantined,
    ),
    Check(
        CLEAN,
        "known_picklist_values",
        "Every status, type and kind is a word we know; others are kept as text and listed.",
        _known_picklist_values,
    ),
    Check(
        RELATIONSHIPS,
        "no_orphans",
        "Every reference leads to a record. Orphans are counted by object, link and reason.",
        _no_orphans,
    ),
    Check(
        RELATIONSHIPS,
        "duplicates_decided",
        "Pairs that are neither surely the same nor surely different wait for a person.",
        _duplicates_decided,
    ),
    Check(
        RELATIONSHIPS,
        "links_decided",
        "Invoices and work orders that name no job and fit several wait for a person; until then "
        "they are migrated without a job.",
        _links_decided,
    ),
)
