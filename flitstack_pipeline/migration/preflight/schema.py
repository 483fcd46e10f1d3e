"""Whether the schema the map needs is there or can be made: objects, fields, options, pipeline.

What belongs here: turning compared items (schema_state.py) into lines. Facts:
docs/highlevel.md#objects (ten of them, agency token, the unique flag no API shows), and
docs/highlevel.md#object-fields, #custom-fields, #pipelines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flitstack_pipeline.catalog.target_schema import TargetSchema
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.checklist import Todo, object_name, object_todo
from flitstack_pipeline.migration.preflight.lines import Line, failed, few, passed, warned
from flitstack_pipeline.migration.provision import not_unique
from flitstack_pipeline.migration.schema_state import DRIFTED, Item, State, compare_schema

OBJECTS_MOST = 10


def schema_lines(
    schema: TargetSchema, catalog: Catalog, items: Iterable[Mapping[str, Any]], agency: bool
) -> list[Line]:
    """Every line about the schema. `items`: what the journal knows; `agency`: token at hand."""
    known = list(items)
    compared = compare_schema(schema, catalog, known)
    return [
        _objects([i for i in compared if i.kind == "object"], catalog, agency),
        *_fields([i for i in compared if i.kind == "field"]),
        _simple("associations", [i for i in compared if i.kind == "association"]),
        *(_pipeline(i) for i in compared if i.kind == "pipeline"),
        *_drift(compared, {i["item_key"] for i in known}),
        _unique(schema, catalog),
    ]


def objects_by_hand(schema: TargetSchema, catalog: Catalog) -> list[Todo]:
    """Checklist steps for the objects that are not there."""
    why = "only an agency token may create custom objects"
    return [
        object_todo(o, why) for o in schema.objects
        if o.key not in catalog.objects
    ]  # fmt: skip


def _objects(items: Sequence[Item], catalog: Catalog, agency: bool) -> Line:
    check = "custom objects"
    missing = [i for i in items if i.state is not State.READY]
    if not missing:
        return passed(check, f"{few(i.name for i in items)}: there")
    own = [k for k in catalog.all_objects if k.startswith("custom_objects.")]
    names = few(i.name for i in missing)
    over = len(own) + len(missing) - OBJECTS_MOST
    if over > 0:
        return failed(
            check,
            f"{names} must be made, but the sub-account has {len(own)} custom objects and holds "
            f"{OBJECTS_MOST} at most",
            f"Delete {over} that are no longer used (Settings → Objects), or change what the map "
            "needs (estimate_lines), then run the preflight again.",
        )
    if not agency:
        return failed(
            check,
            f"{names} must be made, and only an agency token may do that",
            "Set HIGHLEVEL_AGENCY_TOKEN, or make them by hand as reports/schema-checklist.html "
            "says, then run the preflight again.",
        )
    return passed(check, f"{names} will be made; {len(own)} of {OBJECTS_MOST} there already")


def _fields(items: Sequence[Item]) -> Iterator[Line]:
    """One line per object, and one for every field that stands in the way."""
    for target in dict.fromkeys(i.target for i in items):
        mine = [i for i in items if i.target == target]
        there = sum(i.state in (State.READY, State.RENAMED, State.LACKING) for i in mine)
        made = sum(i.state in (State.MISSING, State.DELETED) for i in mine)
        options = sum(len(i.lacks) for i in mine if i.state is State.LACKING)
        found = f"{there} there, {made} will be made"
        found += f", {options} options will be added" if options else ""
        yield passed(f"custom fields on {object_name(target)}", found)
    for item in items:
        if item.blocks:
            yield failed(f"custom field {item.name}", item.sentence, item.what_to_do)


def _simple(check: str, items: Sequence[Item]) -> Line:
    wrong = [i for i in items if i.blocks]
    if wrong:
        return failed(
            check, "; ".join(i.sentence for i in wrong), " ".join(i.what_to_do for i in wrong)
        )
    made = sum(i.state in (State.MISSING, State.DELETED) for i in items)
    return passed(check, f"{len(items) - made} there, {made} will be made")


def _pipeline(item: Item) -> Line:
    check = f"pipeline {item.name}"
    if item.blocks:
        return failed(check, item.sentence, item.what_to_do)
    if item.state in (State.MISSING, State.DELETED):
        return passed(check, "will be made")
    if item.state is State.LACKING:
        return passed(check, f"there; its stages {few(item.lacks)} will be added")
    return passed(check, "there" if item.ours else "there with all its stages; it is used")


def _drift(compared: Sequence[Item], known: set[str]) -> Iterator[Line]:
    """What was changed in HighLevel since provisioning, apart from what blocks."""
    changed = [
        i for i in compared if i.item_key in known and i.state in DRIFTED and not i.blocks
    ]  # fmt: skip
    if not known:
        return
    if not changed:
        yield passed("drift", "nothing of the schema has changed since it was provisioned")
        return
    yield warned(
        "drift", "; ".join(i.sentence for i in changed[:12]),
        "Provisioning makes deleted fields and lost options again (the values that were in them "
        "are gone: load again); renamed ones are still written, by their id.",
    )  # fmt: skip


def _unique(schema: TargetSchema, catalog: Catalog) -> Line:
    """The flag is in no API schema: only an answer that happens to show it counts."""
    check = "unique Source ID"
    if not schema.objects:
        return passed(check, "no custom objects needed")
    todo = not_unique(schema, catalog)
    absent = [
        o for o in schema.objects if o.key not in catalog.objects
    ]  # fmt: skip
    if not todo and not absent:
        return passed(check, "HighLevel refuses a second record with the same Source ID")
    names = few([o.plural for o in absent] + [object_name(t.on) for t in todo])
    return warned(
        check, f"cannot be seen or set through the API: {names}",
        "After provisioning, tick “Unique” on Source_System_ID__c of each (Settings → Objects → "
        "Fields); the schema setup checklist lists the clicks. Without it a record is still "
        "looked up by its Source ID before it is ever sent again.",
    )  # fmt: skip
