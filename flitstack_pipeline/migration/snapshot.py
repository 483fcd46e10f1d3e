"""What a sub-account held before the first write of a migration, and whether it holds it again.

What belongs here: counting records, naming the schema, keeping that in the journal, comparing.
What does not: values of single records (their before-images are in the id map).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flitstack_pipeline.highlevel.answer_types import FieldV2
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import BadRequest, NotFound
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.provisioning.making import ADOPTED_THERE

#: Schema that outlives a rollback: the API cannot delete custom objects.
STAYS = ("object", "searchable")

Snapshot = dict[str, Any]


def remember_before(hl: HighLevel, journal: Journal) -> None:
    """Keep what the sub-account holds, unless a migration is under way. Raises HighLevelError."""
    items = journal.schema_items(hl.location_id)
    made = [i for i in items if i["kind"] not in STAYS]
    begun = made or journal.kinds(hl.location_id)
    if not begun and journal.get_setting(_key(hl)) is None:
        journal.set_setting(_key(hl), take(hl))


def before(hl: HighLevel, journal: Journal) -> Snapshot | None:
    """What the sub-account held before us; None when that was never written down."""
    held: Snapshot | None = journal.get_setting(_key(hl))
    return held


def forget(hl: HighLevel, journal: Journal) -> None:
    """The migration is undone: the next one takes its own snapshot."""
    journal.set_setting(_key(hl), None)


def leave_out_ours(hl: HighLevel, journal: Journal) -> None:
    """After an adoption: keep what the sub-account holds but for what the lost journal made.

    Tags are those that were there before, as the mark told them; an item of the schema goes by its
    id. Raises HighLevelError.
    """
    then = before(hl, journal) or take(hl)
    there = set(journal.get_setting(f"{ADOPTED_THERE}:{hl.location_id}") or ())
    items = [i for i in journal.schema_items(hl.location_id) if i["origin"] == "created"]
    ours = {str(i["hl_id"]) for i in items} | {i["item_key"].split(":", 1)[1] for i in items}
    kept: Snapshot = {"counts": dict(then["counts"])}
    for name in then.keys() - {"counts"}:
        kept[name] = {k: v for k, v in then[name].items() if v not in ours and k not in ours}
    kept["tags"] = {k: v for k, v in then["tags"].items() if f"tag:{k.lower()}" in there}
    names = {"contact": "contacts", "opportunity": "opportunities", "company": "companies"}
    for kind, target in journal.kinds(hl.location_id):
        counted = target if kind == "record" else names.get(kind, "")
        if counted in kept["counts"]:
            made = journal.iterate_entries(hl.location_id, kind=kind)
            kept["counts"][counted] -= sum(
                e.origin == "created" and e.target == target for e in made
            )
    journal.set_setting(_key(hl), kept)


def take(hl: HighLevel) -> Snapshot:
    """Counts of records, and ids of the schema by name, in about a dozen requests."""
    objects = {str(o["key"]): str(o.get("id") or o["key"]) for o in hl.objects.list()}
    custom = [key for key in objects if key.startswith("custom_objects.")]
    counted: dict[str, Callable[[], int]] = {
        "contacts": hl.contacts.count,
        "opportunities": hl.opportunities.count,
        "companies": lambda: _records(hl, "business"),
    }
    counts = {name: count() for name, count in counted.items()}
    counts |= {key: _records(hl, key) for key in custom}
    fields = _named(hl.custom_fields.v1.list("all"))
    for key in [*custom, "business"]:
        fields |= {f"{key}: {k}": v for k, v in _named(_fields(hl, key)).items()}
    return {
        "counts": counts,
        "custom fields": fields,
        "custom objects": {key: objects[key] for key in custom},
        "associations": {a["key"]: a["id"] for a in hl.associations.list()},
        "pipelines": _named(hl.pipelines.list()),
        "tags": _named(hl.locations.list_tags()),
        "products": _named(hl.products.list()),
    }


def compare(then: Snapshot, now: Snapshot) -> list[dict[str, Any]]:
    """One line per kind: before, now, and whether it is as it was.

    Fewer than before is a loss. More records than before are other people's since then: ours are
    proven gone one by one. More schema than before is named.
    """
    lines = []
    for name, count in then["counts"].items():
        found = now["counts"].get(name, 0)
        why = "" if found == count else f"{found - count} made by others since"
        if found < count:
            why = f"{count - found} fewer than before"
        lines.append(_line(name, count, found, found >= count, why))
    for name in (key for key in then if key != "counts"):
        lost = sorted(then[name].keys() - now[name].keys())
        more = sorted(now[name].keys() - then[name].keys())
        why = "; ".join(filter(None, (_few("lost", lost), _few("still there", more))))
        lines.append(_line(name, len(then[name]), len(now[name]), not lost, why))
    return lines


def _line(name: str, then: int, now: int, ok: bool, why: str) -> dict[str, Any]:
    return {"what": name, "before": then, "now": now, "as_before": "yes" if ok else "NO",
            "remark": why}  # fmt: skip


def _few(word: str, names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{word}: {', '.join(names[:most])}{more}" if names else ""


def _records(hl: HighLevel, key: str) -> int:
    try:
        return hl.records.count(key)
    except NotFound:
        return 0


def _fields(hl: HighLevel, key: str) -> list[FieldV2]:
    try:
        return hl.custom_fields.v2.list(key)[0]
    except (NotFound, BadRequest):  # no such object
        return []


def _named(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(r.get("name")): str(r["id"]) for r in records}


def _key(hl: HighLevel) -> str:
    return f"before:{hl.location_id}"
