"""A person's answers about the map, as changes of it.

Belongs here: checking and applying answers. Does not: which rows and choices there are
(`mapping.answer_sheets`), map.yaml (`mapping.yaml_form`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.mapping.answer_sheets import (
    ACTIVITY,
    CHOICE,
    CHOICES,
    DECISION,
    FIELD,
    OBJECT,
    OPTION,
    ORDER,
    OWNERS,
    SHEET_NAMES,
    STAGE,
    STAGES,
    STATUS,
    THEN,
    TRANSFORM,
    USER,
    VALUES,
    targets_of,
)
from flitstack_pipeline.mapping.document import (
    ACTIVITY_FORMS,
    CONFIRMED,
    DECISIONS,
    DUPLICATE_POLICIES,
    ESTIMATE_LINES,
    EXISTING_POLICIES,
    PROPOSED,
    Decision,
    FieldEntry,
    MapDocument,
    MapError,
    StageMap,
    ValueMap,
)
from flitstack_pipeline.mapping.transforms import TRANSFORMS
from flitstack_pipeline.mapping.yaml_form import check


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


def apply_answers(
    document: MapDocument, answers: Sequence[Answer], by: str
) -> tuple[MapDocument, list[Change]]:
    """The map with exactly these answers in it, and what they changed.

    Raises MapError naming every answer that cannot be followed by sheet and cell; then nothing is
    changed. `document` itself is left as it was.
    """
    changed = copy.deepcopy(document)
    entries = _entries(changed)
    moved = _moved(answers)
    changes: list[Change] = []
    problems: list[str] = []
    places: dict[str, str] = {}
    for answer in sorted(answers, key=lambda a: a.column == DECISION):
        row = (answer.sheet, answer.key)
        entry = entries.get(row) or entries.get((answer.sheet, moved.get(row, "")))
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


def _moved(answers: Sequence[Answer]) -> dict[tuple[str, str], str]:
    """The key a row of a standard column has once its answers are in the map.

    A workbook that is answered in two rounds names the row as it was before the first.
    """
    found: dict[tuple[str, str], str] = {}
    for answer in answers:
        row = (answer.sheet, answer.key)
        parts = found.get(row, answer.key).split("\t")
        place = {OBJECT: 2, FIELD: 3}.get(answer.column)
        if place and len(parts) == 4 and parts[3]:
            parts[place] = answer.value
            found[row] = "\t".join(parts)
    return found


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
    if answer.value not in targets_of(entry.dataset):
        allowed = ", ".join(targets_of(entry.dataset))
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
