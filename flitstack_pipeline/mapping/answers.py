"""The map as rows a person answers, and a person's answers as changes of the map.

Belongs here: which sheets, rows, choices and answers there are, declared once for writing and for
reading back; checking and applying answers. Does not: workbooks (`reports.field_map_workbook`),
map.yaml (`mapping.yaml_form`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import OBJECT_TYPES
from flitstack_pipeline.mapping.document import (
    ACTIVITY_FORMS,
    APPOINTMENT,
    CONFIRMED,
    DECISIONS,
    DUPLICATE_POLICIES,
    ESTIMATE_LINES,
    EXISTING_POLICIES,
    MESSAGE,
    PROPOSED,
    Decision,
    FieldEntry,
    MapDocument,
    MapError,
    StageMap,
    ValueMap,
)
from flitstack_pipeline.mapping.opt_outs import ALL, NONE, PREFIX
from flitstack_pipeline.mapping.transforms import TRANSFORMS
from flitstack_pipeline.mapping.yaml_form import check

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


@dataclass(frozen=True)
class Answer:
    """One changed cell: where it stands (`Clients!F12`), for which row, and what it says now."""

    place: str
    sheet: str
    key: str
    column: str
    value: str


@dataclass(frozen=True)
class Change:
    """What an answer changed in the map."""

    entry: str
    what: str
    before: str
    after: str


def sheets(document: MapDocument, *, fields: bool = True) -> list[Sheet]:
    """The map as sheets: one per object, then values, stages, owners and choices.

    `fields`: whether each row lists the fields it may go to, which are as many as the object has.
    """
    found = [_fields_sheet(document, dataset, fields) for dataset in t.RULES]
    found += [_values_sheet(document), _stages_sheet(document), _owners_sheet(document)]
    found.append(_choices_sheet(document))
    return [sheet for sheet in found if sheet.rows]


def _fields_sheet(document: MapDocument, dataset: str, fields: bool) -> Sheet:
    entries = [e for e in document.fields if e.dataset == dataset]
    targets = {e.target for e in entries}
    known = {target: fields_of(document, target) if fields else [] for target in targets}
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
                OBJECT: _targets_of(dataset), FIELD: _choices_of(e, known[e.target]),
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


def _targets_of(dataset: str) -> tuple[str, ...]:
    declared = [rule.target for rule in t.RULES[dataset]]
    return tuple(dict.fromkeys([*declared, t.RECORD_OF[dataset]]))


def _choices_of(entry: FieldEntry, known: Sequence[str]) -> tuple[str, ...]:
    """What a target may be changed to: runners-up first, then what the object has."""
    others = [a.split(" · ")[0] for a in entry.alternatives]
    return tuple(dict.fromkeys([entry.field, *others, *known]))


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


def apply_answers(
    document: MapDocument, answers: Sequence[Answer], by: str
) -> tuple[MapDocument, list[Change]]:
    """The map with exactly these answers in it, and what they changed.

    Raises MapError naming every answer that cannot be followed by sheet and cell; then nothing is
    changed. `document` itself is left as it was.
    """
    changed = copy.deepcopy(document)
    entries = _entries(changed)
    changes: list[Change] = []
    problems: list[str] = []
    places: dict[str, str] = {}
    for answer in sorted(answers, key=lambda a: a.column == DECISION):
        entry = entries.get((answer.sheet, answer.key))
        if entry is None:
            problems.append(f"{answer.place}: the map has no such entry any more; propose again "
                            "for a new workbook")  # fmt: skip
            continue
        try:
            changes += _apply(changed, entry, answer, by)
        except _Refused as refused:
            problems.append(f"{answer.place}: {refused}")
        places.setdefault(_name_of(entry, answer), answer.place)
    problems = problems + _disagreeing(answers, _entries(document)) or _unfollowable(
        changed, places
    )
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise MapError(f"Nothing was changed. Correct these cells:\n{listed}")
    return changed, changes


class _Refused(ValueError):
    """An answer that cannot be followed, and why."""


def _unfollowable(document: MapDocument, places: dict[str, str]) -> list[str]:
    """What the map as a whole would now have wrong, with the cell that brought it about."""
    return [
        f"{next((place for name, place in places.items() if text.startswith(name)), 'the map')}: "
        f"{text}"
        for text in check(document)
    ]


def _entries(document: MapDocument) -> dict[tuple[str, str], Any]:
    """(sheet, row key) → the entry of the map that row is about."""
    found: dict[tuple[str, str], Any] = {
        (SHEET_NAMES[e.dataset], "\t".join(e.key)): e for e in document.fields
    }
    for sheet, maps in ((VALUES, dict(document.values)), (STAGES, dict(document.stages))):
        for name, entry in maps.items():
            found |= {(sheet, f"{name}\t{word}"): entry for word in entry.map}
    found |= {(OWNERS, key): owner for key, owner in document.owners.items()}
    names = (
        "fallback_owner",
        "duplicates",
        "existing",
        "estimate_lines",
        ORDER,
        *map(ACTIVITY.__add__, ACTIVITY_FORMS),
    )
    return found | {(CHOICES, name): document for name in names}


def _name_of(entry: Any, answer: Answer) -> str:
    if isinstance(entry, FieldEntry):
        return entry.label
    first, _, word = answer.key.partition("\t")
    if answer.sheet in (VALUES, STAGES):
        what = "" if answer.column == DECISION else f": {word!r}"
        return f"{answer.sheet.lower()} of {first}{what}"
    return f"owner {entry.name or first}" if answer.sheet == OWNERS else answer.key


def _apply(document: MapDocument, entry: Any, answer: Answer, by: str) -> list[Change]:
    name = _name_of(entry, answer)
    if answer.column == DECISION:
        if _names_word(entry, answer):
            return _decide_word(document, entry, name, answer, by)
        return _decide(entry, name, answer.value, by)
    setter = _SETTERS.get((answer.sheet, answer.column)) or _SETTERS[("", answer.column)]
    before = setter(document, entry, answer)
    if _names_word(entry, answer):
        document.name_word(_word_of(answer)[0], _word_of(answer)[1], by)
    elif isinstance(entry, Decision):
        entry.decided_by = by
    return [Change(name, answer.column, before, answer.value)]


def _word_of(answer: Answer) -> tuple[str, str]:
    """The kind of export and the status word a row of values or stages is about."""
    name, _, word = answer.key.partition("\t")
    return name.split(".")[0], word


def _names_word(entry: Any, answer: Answer) -> bool:
    """Whether the answer is about a status word that a person names by itself."""
    if not isinstance(entry, ValueMap | StageMap):
        return False
    return _word_of(answer)[1] in (*entry.open, *entry.named)


def _decide_word(
    document: MapDocument, entry: Any, name: str, answer: Answer, by: str
) -> list[Change]:
    if answer.value not in DECISIONS:
        raise _Refused(f"{answer.value!r} is none of {', '.join(DECISIONS)}")
    dataset, word = _word_of(answer)
    if answer.value == PROPOSED:
        entry.named.pop(word, None)
        entry.open = list(dict.fromkeys([*entry.open, word]))
        return [Change(f"{name}: {word!r}", DECISION, CONFIRMED, answer.value)]
    document.name_word(dataset, word, by)
    return [Change(f"{name}: {word!r}", DECISION, PROPOSED, answer.value)]


def _decide(entry: Decision, name: str, value: str, by: str) -> list[Change]:
    if value not in DECISIONS:
        raise _Refused(f"{value!r} is none of {', '.join(DECISIONS)}")
    before = entry.status
    if before == value:
        return []
    entry.status = value
    entry.decided_by = "" if value == PROPOSED else by
    if value == CONFIRMED:
        entry.changed = ""
    return [Change(name, DECISION, before, value)]


def _set_object(document: MapDocument, entry: FieldEntry, answer: Answer) -> str:
    if answer.value not in _targets_of(entry.dataset):
        allowed = ", ".join(_targets_of(entry.dataset))
        raise _Refused(f"{entry.dataset} cannot go to {answer.value!r}, only to {allowed}")
    before, entry.target = entry.target, answer.value
    return before


def _set_field(document: MapDocument, entry: FieldEntry, answer: Answer) -> str:
    if not answer.value:
        raise _Refused("name a field, or decide excluded")
    before, entry.field = entry.field, answer.value
    known = t.field_named(entry.target, answer.value)
    if known:
        entry.data_type = known.data_type
    elif answer.value in t.STANDARD_FIELDS.get(entry.target, ()):
        entry.data_type = ""
    return before


def _set_transform(document: MapDocument, entry: FieldEntry, answer: Answer) -> str:
    if answer.value not in TRANSFORMS:
        raise _Refused(f"{answer.value!r} is none of {', '.join(TRANSFORMS)}")
    before, entry.transform = entry.transform, answer.value
    return before


def _set_option(document: MapDocument, entry: Any, answer: Answer) -> str:
    word = answer.key.partition("\t")[2]
    if not answer.value:
        raise _Refused(f"{word!r} needs an option: write one, or keep the word itself")
    before = entry.map[word]
    entry.map[word] = answer.value
    return str(before)


def _set_goal(part: str) -> Callable[[MapDocument, Any, Answer], str]:
    def set_goal(document: MapDocument, entry: Any, answer: Answer) -> str:
        allowed = document.pipeline if part == "stage" else t.OPPORTUNITY_STATUSES
        if answer.value not in allowed:
            raise _Refused(f"{answer.value!r} is none of {', '.join(allowed)}")
        goal = entry.map[answer.key.partition("\t")[2]]
        before, goal[part] = goal.get(part, ""), answer.value
        if part == "stage" and not goal.get("status"):
            goal["status"] = "open"
        return str(before)

    return set_goal


def _set_user(document: MapDocument, entry: Any, answer: Answer) -> str:
    if answer.value and "@" not in answer.value:
        raise _Refused(f"{answer.value!r} is no e-mail address")
    before, entry.user = entry.user, answer.value
    return str(before)


def _set_choice(document: MapDocument, entry: Any, answer: Answer) -> str:
    allowed: dict[str, tuple[str, ...]] = {
        "duplicates": DUPLICATE_POLICIES,
        "existing": EXISTING_POLICIES,
        "estimate_lines": ESTIMATE_LINES,
    }
    allowed |= {f"{ACTIVITY}{kind}": forms for kind, forms in ACTIVITY_FORMS.items()}
    if answer.key in allowed and answer.value not in allowed[answer.key]:
        raise _Refused(f"{answer.value!r} is none of {', '.join(allowed[answer.key])}")
    if answer.key.startswith(ACTIVITY):
        kind = answer.key.removeprefix(ACTIVITY)
        before, document.activities[kind] = document.activities[kind], answer.value
        return before
    if answer.key == ORDER:
        return _set_order(document, answer.value)
    before = str(getattr(document, answer.key))
    setattr(document, answer.key, answer.value)
    return before


def _set_order(document: MapDocument, value: str) -> str:
    before = document.pipeline
    wanted = [name.strip() for name in value.split(THEN.strip())]
    if sorted(wanted) != sorted(before):
        raise _Refused(f"name each stage once, with {THEN.strip()} between: {THEN.join(before)}")
    document.pipeline = wanted
    return THEN.join(before)


_SETTERS: dict[tuple[str, str], Callable[[MapDocument, Any, Answer], str]] = {
    ("", OBJECT): _set_object,
    ("", FIELD): _set_field,
    ("", TRANSFORM): _set_transform,
    (VALUES, OPTION): _set_option,
    (STAGES, STAGE): _set_goal("stage"),
    (STAGES, STATUS): _set_goal("status"),
    (OWNERS, USER): _set_user,
    (CHOICES, CHOICE): _set_choice,
}


def _disagreeing(answers: Sequence[Answer], entries: dict[tuple[str, str], Any]) -> list[str]:
    """All declared words of one map share one decision: two different answers are a mistake."""
    said: dict[tuple[str, str], Answer] = {}
    problems = []
    for answer in answers:
        if answer.column != DECISION or answer.sheet not in (VALUES, STAGES):
            continue
        if _names_word(entries.get((answer.sheet, answer.key)), answer):
            continue
        name = (answer.sheet, answer.key.partition("\t")[0])
        first = said.setdefault(name, answer)
        if first.value != answer.value:
            problems.append(
                f"{answer.place}: {answer.value!r}, but {first.place} says {first.value!r} for "
                f"the same field {name[1]}"
            )
    return problems
