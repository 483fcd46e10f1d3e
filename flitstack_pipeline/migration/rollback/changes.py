"""Whether somebody changed a record since our last write, and which values to give back.

What belongs here: comparing what we wrote, what was there before and what is there now. What does
not: reading or writing HighLevel (rollback/survey.py, rollback/records.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.existing import OPT_OUT
from flitstack_pipeline.migration.field_values import Part, joined, parts_of, same
from flitstack_pipeline.migration.journal.history import Scope, Touch
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline.migration.record_types.base import Logical
from flitstack_pipeline.migration.update import BEFORE_BY_ID

OWNER: Part = ("", "owner")
FIRST, LAST = ("fields", "firstName"), ("fields", "lastName")
#: Fields HighLevel fills by itself: a value in them that we did not write is nobody's edit.
SERVER_MAY_FILL = frozenset({"name", "dnd", "country", "source", "companyName", "tags", "timezone",
                             "endTime"})  # fmt: skip


@dataclass
class Restoration:
    """What giving a record back means: values to write, to empty, and what stands against it.

    `edited` are fields somebody changed since our last write: they stay, the others are given
    back; `later` are fields that a later run of ours wrote again; `unknown` are fields whose value
    before us the journal does not hold; `opt_outs` are those we brought, which stay as well.
    """

    back: dict[Part, Any] = field(default_factory=dict)
    clear: dict[Part, Any] = field(default_factory=dict)
    goal: dict[Part, Any] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    opt_outs: list[str] = field(default_factory=list)

    @property
    def kept(self) -> list[str]:
        """Fields that are not given back."""
        return [*self.edited, *self.later, *self.unknown, *self.opt_outs]

    @property
    def partial(self) -> bool:
        """Whether fields stay for which a person must be asked."""
        return bool(self.edited or self.later or self.unknown)

    @property
    def payload(self) -> Logical:
        """The values to write, in the payload's form."""
        return joined(self.back)

    @property
    def emptied(self) -> Logical:
        """The values to empty, in the payload's form."""
        return joined(self.clear)


def edits(
    catalog: Catalog, entry: IdMapRow, current: Logical, ours: Callable[[], list[Touch]]
) -> list[str]:
    """The fields of a record we created that somebody changed or filled in since.

    `ours` tells our own changes, asked only when something differs: the answer to our last one
    may have been lost.
    """
    last, now = parts_of(entry.last_written), parts_of(current)
    suspects = [k for k, v in last.items() if not _same(catalog, k, v, now.get(k))]
    suspects += [k for k in now if k not in last and _counts(k, now) and not _derived(k, last, now)]
    if not suspects:
        return []
    known = ours()
    return [k[1] for k in suspects if not _wrote(catalog, known, k, now.get(k))]


def _counts(part: Part, now: dict[Part, Any]) -> bool:
    """Whether a value we never wrote is somebody's, not HighLevel's own."""
    where, name = part
    if where == OPT_OUT:
        return True  # somebody asked not to be reached: that must not go with the record
    if where not in ("custom", "fields"):
        return name == "owner"
    if name in SERVER_MAY_FILL:
        return False
    value = now[part]
    if name == "monetaryValue":
        return not same("0", value)
    return not (isinstance(value, list) and value and isinstance(value[0], dict))  # files


def _derived(part: Part, last: dict[Part, Any], now: dict[Part, Any]) -> bool:
    """Whether HighLevel made a first or last name out of the name we wrote."""
    if part not in (FIRST, LAST):
        return False
    joined_name = " ".join(str(now[p]) for p in (FIRST, LAST) if now.get(p))
    return same(last.get(("fields", "name")), joined_name)


def restoration(
    catalog: Catalog,
    entry: IdMapRow,
    current: Logical,
    ours: list[Touch],
    scope: Scope,
    forced: Callable[[Part], bool] = lambda part: False,
) -> Restoration:
    """How to give back what we changed of a record that was there before us, or before a run.

    Field by field: what somebody edited since stays, and so does an opt-out, unless `forced`.
    """
    mine = [touch for touch in ours if scope.runs is None or touch.run_id in scope.runs]
    now, last = parts_of(current), parts_of(entry.last_written)
    before, unknown = _before(entry, mine, scope)
    latest = {part: touch for touch in ours for part in touch.wrote}
    result = Restoration(unknown=sorted(part[1] for part in unknown))
    for part, goal in before.items():
        if part[1] in HANDLERS[entry.kind].create_only:
            continue
        newest = latest.get(part)
        if newest is not None and newest not in mine:
            result.later.append(part[1])
            continue
        expected = newest.wrote[part] if newest else last.get(part)
        value = now.get(part)
        if value == goal or (value in (None, "", []) and goal is None):
            result.goal[part] = goal
            continue
        if part[0] == OPT_OUT and not forced(part):
            result.opt_outs.append(part[1])
            continue
        is_ours = _same(catalog, part, expected, value) or _wrote(catalog, ours, part, value)
        if not is_ours and not forced(part):
            result.edited.append(part[1])
            continue
        result.goal[part] = goal
        if goal is None:
            result.clear[part] = value
        else:
            result.back[part] = goal
    return result


def give_owner_back(plan: Restoration, entry: IdMapRow, owner: str | None) -> None:
    """Add the owner of a contact that was there before to what is given back.

    Args:
        plan: what is given back otherwise.
        entry: the contact in the id map.
        owner: the owner it has now, which HighLevel shared from an opportunity of ours.
    """
    image = entry.before_image
    if entry.kind != "contact" or image is None or OWNER in plan.goal:
        return
    goal = image.get("owner")
    plan.goal[OWNER] = goal
    if goal:
        plan.back[OWNER] = goal
    else:
        plan.clear[OWNER] = owner


def _before(entry: IdMapRow, mine: list[Touch], scope: Scope) -> tuple[dict[Part, Any], set[Part]]:
    """(value before us by part, parts whose value before is not known).

    An image of a search row is not whole: what it lacks may have been there. It is not used.
    """
    before: dict[Part, Any] = {}
    unknown: set[Part] = set()
    for touch in mine:
        for part in touch.wrote:
            if part in before or part in unknown:
                continue
            if touch.before is None:
                unknown.add(part)
            else:
                before[part] = touch.before.get(part)
    taken_over = scope.runs is None or entry.run_id in scope.runs
    is_whole = bool((entry.details or {}).get(BEFORE_BY_ID))
    if entry.before_image is not None and is_whole and taken_over:
        image = parts_of(entry.before_image)
        touched = before.keys() | unknown | parts_of(entry.last_written).keys()
        return {part: image.get(part) for part in touched}, set()
    return before, unknown


def restored_entry(entry: IdMapRow, done: Restoration) -> Logical:
    """What counts as last written once the values are back."""
    last = parts_of(entry.last_written)
    for part, value in done.goal.items():
        if value is None:
            last.pop(part, None)
        else:
            last[part] = value
    return joined(last)


def _wrote(catalog: Catalog, ours: Iterable[Touch], part: Part, value: Any) -> bool:
    """Whether a change of ours wrote this value."""
    return any(part in t.wrote and _same(catalog, part, t.wrote[part], value) for t in ours)


def _same(catalog: Catalog, part: Part, expected: Any, found: Any) -> bool:
    if part == ("", "owner"):
        return bool(_user(catalog, expected) == _user(catalog, found))
    return same(expected, found)


def _user(catalog: Catalog, owner: Any) -> Any:
    """An owner as HighLevel's user: two team members may be one user there."""
    return catalog.user(owner) or owner or None
