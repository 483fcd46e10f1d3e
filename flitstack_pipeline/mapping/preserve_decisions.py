"""Proposing again: a person's decisions stay, and what changed since is marked on the entry.

Belongs here: old map + new proposal → the map. Does not: proposing (`mapping.propose`).
"""

from __future__ import annotations

from flitstack_pipeline.mapping.custom_columns import SAID, UNTIL_SAID
from flitstack_pipeline.mapping.document import (
    EXCLUDED,
    PROPOSED,
    Decision,
    FieldEntry,
    MapDocument,
    StageMap,
    ValueMap,
)

Key = tuple[str, str, str, str]
CHOICES = (
    "fallback_owner",
    "duplicates",
    "existing",
    "estimate_lines",
    "links",
    "activities",
    "routing",
    "answers",
    "confirmations",
)


def keep_decisions(new: MapDocument, old: MapDocument) -> MapDocument:
    """The new proposal with the old decisions; what changed in the source since is marked."""
    _keep_fields(new, old)
    for name, values in new.values.items():
        if name in old.values:
            _keep_map(values, old.values[name])
    for name, stages in new.stages.items():
        if name in old.stages:
            _keep_map(stages, old.stages[name])
    _keep_pipeline(new, old)
    _keep_owners(new, old)
    for name in CHOICES:
        setattr(new, name, getattr(old, name))
    return new


def _keep_fields(new: MapDocument, old: MapDocument) -> None:
    before = {e.key: e for e in old.fields}
    moved = _moved(new, before)
    for i, entry in enumerate(new.fields):
        was = before.pop(entry.key, None) or before.pop(moved.get(entry.key, entry.key), None)
        if was is not None and _is_decided(was):
            new.fields[i] = _decided_field(entry, was)
        elif was is None and old.fields and entry.is_custom_column:
            entry.changed = "new in the source since the map was last proposed"
    for was in before.values():
        if was.is_custom_column and _is_decided(was):
            was.changed, was.required = "no longer in the source", False
            new.fields.append(was)


def _keep_owners(new: MapDocument, old: MapDocument) -> None:
    for key, owner in new.owners.items():
        if key in old.owners and old.owners[key].status != PROPOSED:
            owner.user = old.owners[key].user
            _copy_decision(owner, old.owners[key])
            if old.owners[key].email.casefold() != owner.email.casefold():
                owner.changed = f"the e-mail was {old.owners[key].email or 'empty'}"
        elif key not in old.owners and old.owners:
            owner.changed = "new in the source since the map was last proposed"


def _is_decided(entry: Decision) -> bool:
    """A person confirmed or excluded it, or answered something about it and left it open."""
    return entry.status != PROPOSED or bool(entry.decided_by)


def _moved(new: MapDocument, before: dict[Key, FieldEntry]) -> dict[Key, Key]:
    """Declared columns a person gave another field: the new entry's key → the old entry's."""
    after = {e.key for e in new.fields}
    elsewhere = [e for e in before.values() if e.key not in after and _is_decided(e)]
    found: dict[Key, Key] = {}
    for entry in new.fields:
        if entry.key in before or entry.is_custom_column:
            continue
        same = [e for e in elsewhere if (e.dataset, e.source) == (entry.dataset, entry.source)]
        if same:
            elsewhere.remove(same[0])
            found[entry.key] = same[0].key
    return found


def _decided_field(entry: FieldEntry, was: FieldEntry) -> FieldEntry:
    """The decision stands; a source that now looks different is said so on the entry.

    Values that no longer fit the decided type are kept in Original_Values__c, never lost. A column
    that was confirmed with the map as text until a person says what it is, is what was said since.
    """
    if SAID in entry.evidence and UNTIL_SAID in was.evidence and was.transform == "text":
        was.data_type, was.transform, was.options = entry.data_type, entry.transform, entry.options
        was.evidence, was.confidence = entry.evidence, entry.confidence
    now_filled = entry.required and not was.required
    was.required = entry.required
    was.evidence, was.alternatives = was.evidence or entry.evidence, entry.alternatives
    was.changed = ""
    if was.status == EXCLUDED:
        was.changed = "holds values now" if now_filled else ""
    elif was.transform not in (entry.transform, "text"):
        was.changed = (
            f"values now look like {entry.data_type} ({entry.transform}): {entry.evidence}"
        )
    elif now_filled and was.is_custom_column:
        was.changed = "was empty, holds values now"
    return was


def _keep_map(new: ValueMap | StageMap, old: ValueMap | StageMap) -> None:
    """Old words keep their goal; new words reopen the map; words that went are named.

    A status word that a person named, or confirmed with the map, stays settled; one that is new in
    the source waits by itself and reopens nothing else.
    """
    settled = {w for w in old.map if w in old.named or old.status != PROPOSED} - {*old.open}
    new.named = dict(old.named)
    for word in settled.intersection(new.open):
        new.map[word] = old.map[word]  # type: ignore[assignment]
        new.hints.pop(word, None)
    new.open = [word for word in new.open if word not in settled]
    if old.status == PROPOSED:
        return
    added = [word for word in new.map if word not in old.map]
    gone = [word for word in old.map if word not in new.map]
    new.map = {**new.map, **old.map}  # type: ignore[assignment]
    new.hints = {w: why for w, why in new.hints.items() if w in added or w in new.open}
    _copy_decision(new, old)
    if [word for word in added if word not in new.open] and old.status != EXCLUDED:
        new.status, new.decided_by = PROPOSED, ""
        new.changed = f"new since: {', '.join(added)}"
    elif gone:
        new.changed = f"no longer in the source: {', '.join(gone)}"


def _keep_pipeline(new: MapDocument, old: MapDocument) -> None:
    """Stages of a map in use stay, in a person's order; new ones stand where proposed."""
    jobs = old.stages.get("jobs")
    if jobs is None or not (jobs.named or jobs.status != PROPOSED):
        return
    used = {goal.get("stage") for stages in new.stages.values() for goal in stages.map.values()}
    kept = list(old.pipeline)
    for place, stage in enumerate(new.pipeline):
        if stage in used and stage not in kept:
            before = next((s for s in reversed(new.pipeline[:place]) if s in kept), None)
            kept.insert(kept.index(before) + 1 if before else 0, stage)
    new.pipeline = kept


def _copy_decision(new: Decision, old: Decision) -> None:
    new.status, new.decided_by, new.changed = old.status, old.decided_by, ""
