"""The map as sheets of rows that a person answers.

Belongs here: which sheets, rows and choices there are, and what their columns are called, for
writing and for reading back. Does not: following the answers (`mapping.answers`), workbooks
(`reports.field_map_workbook`), map.yaml (`mapping.yaml_form`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import OBJECT_TYPES
from flitstack_pipeline.mapping.document import (
    ACTIVITY_FORMS,
    APPOINTMENT,
    DECISIONS,
    DUPLICATE_POLICIES,
    ESTIMATE_LINES,
    EXISTING_POLICIES,
    MESSAGE,
    PROPOSED,
    MapDocument,
)
from flitstack_pipeline.mapping.opt_outs import ALL, NONE, PREFIX
from flitstack_pipeline.mapping.transforms import TRANSFORMS

DECISION = "Decision"
OBJECT, FIELD, TRANSFORM = "HighLevel object", "HighLevel field", "Transform"
OPTION, STAGE, STATUS, USER, CHOICE = (
    "Option in HighLevel", "Pipeline stage", "Opportunity status", "HighLevel user (e-mail)",
    "Choice",
)  # fmt: skip
VALUES, STAGES, OWNERS, CHOICES = "Values", "Stages", "Owners", "Choices"
ACTIVITY = "activities: "
#: The order of the stages, as one text.
ORDER, THEN = "pipeline", " → "
_ABOUT_FORMS = {
    MESSAGE: "note, or message at its own time (needs a conversation provider; stays for ever).",
    APPOINTMENT: "note, or appointment at its own time (needs a calendar).",
}
SHEET_NAMES = {
    **{o.key: o.label for o in OBJECT_TYPES}, "estimate_items": "Estimate lines",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line: its key in the map, what it shows, and what may be chosen, by column."""

    key: str
    cells: dict[str, Any]
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    confidence: float = 1.0


@dataclass(frozen=True)
class Sheet:
    """A titled table; `answers` are the columns a person may change, `free` not only by list."""

    title: str
    about: str
    columns: tuple[str, ...]
    answers: tuple[str, ...]
    rows: tuple[Row, ...]
    free: tuple[str, ...] = ()


def sheets(document: MapDocument) -> list[Sheet]:
    """The map as sheets: one per object, then values, stages, owners and choices."""
    found = [_fields_sheet(document, dataset) for dataset in t.RULES]
    found += [_values_sheet(document), _stages_sheet(document), _owners_sheet(document)]
    found.append(_choices_sheet(document))
    return [sheet for sheet in found if sheet.rows]


def _fields_sheet(document: MapDocument, dataset: str) -> Sheet:
    entries = [e for e in document.fields if e.dataset == dataset]
    targets = {e.target for e in entries}
    # Rows share one list an object: a list a row is the square of a long map.
    known = {target: tuple(fields_of(document, target)) for target in targets}
    rows = tuple(
        Row(
            "\t".join(e.key),
            {
                "Source column": e.source.removeprefix("custom:"),
                "Kind": "custom" if e.is_custom_column else "standard",
                OBJECT: e.target, FIELD: e.field, "Type": e.data_type or "standard",
                TRANSFORM: e.transform, DECISION: e.status, "Confidence": e.confidence,
                "Evidence": e.evidence, "Runners-up": "; ".join(e.alternatives),
                "Changed": e.changed,
            },
            {
                OBJECT: targets_of(dataset), FIELD: known[e.target],
                TRANSFORM: tuple(TRANSFORMS), DECISION: DECISIONS,
            },
            e.confidence,
        )
        for e in entries
    )  # fmt: skip
    return Sheet(
        SHEET_NAMES[dataset],
        "Where each column goes. Choose another field or write the name of a new one; decide "
        "confirmed, or excluded to leave it out.",
        ("Source column", "Kind", OBJECT, FIELD, "Type", TRANSFORM, DECISION, "Confidence",
         "Evidence", "Runners-up", "Changed"),
        (OBJECT, FIELD, TRANSFORM, DECISION), rows, (FIELD,),
    )  # fmt: skip


def targets_of(dataset: str) -> tuple[str, ...]:
    """The objects that columns of a kind of export may go to."""
    declared = [rule.target for rule in t.RULES[dataset]]
    return tuple(dict.fromkeys([*declared, t.RECORD_OF[dataset]]))


def fields_of(document: MapDocument, target: str) -> list[str]:
    """The fields an object has: HighLevel's own, those of this migration, those in use."""
    known = [*t.STANDARD_FIELDS.get(target, ()), *(f.label for f in _ours(target))]
    used = [e.field for e in document.fields if e.target == target]
    return list(dict.fromkeys([*known, *used]))


def _ours(target: str) -> Sequence[t.TargetField]:
    return t.FIELDS.get(target, ())


def _values_sheet(document: MapDocument) -> Sheet:
    rows = []
    for name, values in document.values.items():
        options = tuple(dict.fromkeys([*_options_of(document, name), *values.map.values()]))
        for word, label in values.map.items():
            cells = {
                "Source field": name, "Source word": word, OPTION: label,
                DECISION: PROPOSED if word in values.open else values.status,
                "Confidence": values.confidence, "Why": values.hints.get(word, "same word"),
                "Evidence": values.evidence, "Changed": values.changed,
            }  # fmt: skip
            choices = {OPTION: tuple(o for o in options if o), DECISION: DECISIONS}
            rows.append(Row(f"{name}\t{word}", cells, choices, values.confidence))
    return Sheet(
        VALUES,
        "Each word of a dropdown and the option it becomes. Write a new option where none fits. "
        "All words of one field share one decision.",
        ("Source field", "Source word", OPTION, DECISION, "Confidence", "Why", "Evidence",
         "Changed"),
        (OPTION, DECISION), tuple(rows), (OPTION,),
    )  # fmt: skip


def _options_of(document: MapDocument, name: str) -> Iterator[str]:
    dataset, _, source = name.partition(".")
    if name.startswith(PREFIX):
        yield from (*t.OPT_OUTS, ALL, NONE)
    for entry in document.fields:
        if (entry.dataset, entry.source) == (dataset, source):
            declared = t.field_named(entry.target, entry.field)
            yield from (*(declared.options if declared else ()), *entry.options)


def _stages_sheet(document: MapDocument) -> Sheet:
    rows = [
        Row(
            f"{name}\t{word}",
            {
                "Document": name, "Status": word, STAGE: goal.get("stage", ""),
                STATUS: goal.get("status", ""),
                DECISION: PROPOSED if word in stages.open else stages.status,
                "Confidence": stages.confidence, "Why": stages.hints.get(word, "declared"),
                "Changed": stages.changed,
            },
            {STAGE: tuple(document.pipeline), STATUS: t.OPPORTUNITY_STATUSES, DECISION: DECISIONS},
            stages.confidence,
        )
        for name, stages in document.stages.items()
        for word, goal in stages.map.items()
    ]  # fmt: skip
    return Sheet(
        STAGES,
        "Each status and the pipeline stage and opportunity status it means.",
        ("Document", "Status", STAGE, STATUS, DECISION, "Confidence", "Why", "Changed"),
        (STAGE, STATUS, DECISION), tuple(rows),
    )  # fmt: skip


def _owners_sheet(document: MapDocument) -> Sheet:
    rows = [
        Row(
            key,
            {
                "Team member": o.name, "E-mail": o.email, USER: o.user, DECISION: o.status,
                "Confidence": o.confidence, "Evidence": o.evidence, "Changed": o.changed,
            },
            {DECISION: DECISIONS},
            o.confidence,
        )
        for key, o in document.owners.items()
    ]  # fmt: skip
    return Sheet(
        OWNERS,
        "Each team member and the HighLevel user who gets their records.",
        ("Team member", "E-mail", USER, DECISION, "Confidence", "Evidence", "Changed"),
        (USER, DECISION), tuple(rows), (USER,),
    )  # fmt: skip


def _choices_sheet(document: MapDocument) -> Sheet:
    listed: dict[str, tuple[str, tuple[str, ...], str]] = {
        "fallback_owner": (document.fallback_owner, (),
                           "E-mail of the HighLevel user who owns what nobody else can."),
        "duplicates": (document.duplicates, DUPLICATE_POLICIES,
                       "A record that exists already: match, create or ask."),
        "existing": (document.existing, EXISTING_POLICIES,
                     "A record that was there before: fill its empty fields, overwrite, or ask."),
        "estimate_lines": (document.estimate_lines, ESTIMATE_LINES,
                           "records: one Opportunity Product a line; compact: one Estimate."),
        ORDER: (THEN.join(document.pipeline), (),
                "The stages of the pipeline in their order, each name once."),
    }  # fmt: skip
    listed |= {
        f"{ACTIVITY}{kind}": (document.activities[kind], forms, _ABOUT_FORMS[forms[-1]])
        for kind, forms in ACTIVITY_FORMS.items()
    }
    rows = [
        Row(name, {"Name": name, CHOICE: value, "About": about}, {CHOICE: allowed})
        for name, (value, allowed, about) in listed.items()
    ]
    return Sheet(
        CHOICES, "Choices for the whole migration.", ("Name", CHOICE, "About"), (CHOICE,),
        tuple(rows), (),
    )  # fmt: skip
