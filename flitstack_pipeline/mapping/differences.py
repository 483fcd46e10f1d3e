"""What differs between two maps, entry by entry, in words and as data.

Belongs here: comparing maps. Does not: comparing exports with an account (`migration`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.mapping.document import NOTE, SKIP, FieldEntry, MapDocument

ADDED, GONE, CHANGED = "added", "gone", "changed"
_FIELD_PARTS = ("target", "field", "data_type", "transform", "options", "status")


@dataclass(frozen=True)
class Difference:
    """One entry that is new, gone or says something else; `before` and `after` in words."""

    kind: str
    entry: str
    what: str = ""
    before: str = ""
    after: str = ""


def differences(old: MapDocument, new: MapDocument) -> list[Difference]:
    """Everything a map decides differently from another; evidence and confidence do not count."""
    found = list(_of_fields(old, new))
    for kind, before, after in (
        ("values", old.values, new.values),
        ("stages", old.stages, new.stages),
    ):
        found += _of_maps(kind, dict(before), dict(after))
    found += _of_owners(old, new)
    for name in sorted({*old.links, *new.links}):
        found += _part("links", name, old.links.get(name, SKIP), new.links.get(name, SKIP))
    for name in sorted({*old.activities, *new.activities}):
        found += _part(
            "activities", name, old.activities.get(name, NOTE), new.activities.get(name, NOTE)
        )
    for name in ("fallback_owner", "duplicates", "existing", "estimate_lines"):
        found += _part(name, "", getattr(old, name), getattr(new, name))
    found += _part("routing", "default", old.routing.default, new.routing.default)
    found += _part("routing", "rules", old.routing.rules, new.routing.rules)
    return found


def _of_fields(old: MapDocument, new: MapDocument) -> Iterator[Difference]:
    before = {e.key: e for e in old.fields}
    after = {e.key: e for e in new.fields}
    for key, entry in after.items():
        if key not in before:
            yield Difference(ADDED, entry.label, "", "", f"{entry.status}, {entry.transform}")
            continue
        for part in _FIELD_PARTS:
            yield from _part(before[key].label, part, *_both(before[key], entry, part))
    for key, entry in before.items():
        if key not in after:
            yield Difference(GONE, entry.label, "", entry.status, "")


def _both(old: FieldEntry, new: FieldEntry, part: str) -> tuple[Any, Any]:
    return getattr(old, part), getattr(new, part)


def _of_maps(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        label = f"{kind} of {name}"
        if name not in old or name not in new:
            here = new.get(name) or old[name]
            yield Difference(
                ADDED if name in new else GONE, label, "", "", f"{len(here.map)} words"
            )
            continue
        yield from _part(label, "status", old[name].status, new[name].status)
        for word in dict.fromkeys([*old[name].map, *new[name].map]):
            yield from _part(
                f"{label}: {word!r}", "goal", old[name].map.get(word), new[name].map.get(word)
            )


def _of_owners(old: MapDocument, new: MapDocument) -> Iterator[Difference]:
    for key in dict.fromkeys([*old.owners, *new.owners]):
        before, after = old.owners.get(key), new.owners.get(key)
        person = after or before
        label = f"owner {person.name if person and person.name else key}"
        if before is None or after is None:
            yield Difference(ADDED if after else GONE, label)
            continue
        yield from _part(label, "user", before.user, after.user)
        yield from _part(label, "status", before.status, after.status)


def _part(entry: str, what: str, before: Any, after: Any) -> Iterator[Difference]:
    if before != after:
        yield Difference(CHANGED, entry, what, _shown(before), _shown(after))


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, dict):
        return " · ".join(str(v) for v in value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
