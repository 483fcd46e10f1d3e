"""What the sandbox holds, in the words of a person: titles, fields with labels, links, the board.

What belongs here: reading the state into plain data for the templates. What does not: routes
and HTML (views.py, templates/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.sandbox.formats import iso
from flitstack_pipeline.sandbox.state import Entry, State

CARDS, COLUMNS = 40, 5
COUNTED = {
    "contact": "Contacts",
    "opportunity": "Opportunities",
    "relation": "Links",
    "contact_note": "Notes",
    "task": "Tasks",
    "message": "Messages and calls",
    "appointment": "Appointments",
    "file": "Files of the media library",
    "upload": "Uploaded files",
    "tag": "Tags",
    "product": "Products",
    "user": "Users",
}
_INNER = {"id", "_id", "unique", "searchable", "objectId", "customFields", "properties", "roles"}


@dataclass(frozen=True)
class Link:
    """A way to another record: what it is, its page, its title."""

    what: str
    href: str
    title: str


def title(entry: Entry) -> str:
    """What a person calls a record."""
    doc, properties = entry.doc, entry.doc.get("properties") or {}
    person = " ".join(str(doc[k]) for k in ("firstName", "lastName") if doc.get(k))
    found = doc.get("name") or properties.get("name") or person or doc.get("email")
    return str(found or next(iter(properties.values()), "") or entry.id)


def link(entry: Entry, what: str = "") -> Link:
    """The way to a record's page."""
    return Link(what or entry.kind, f"/_page/{entry.kind}/{entry.id}", title(entry))


def overview(state: State) -> list[dict[str, Any]]:
    """Every sub-account with its counts and its objects."""
    return [
        {
            "id": location.id,
            "name": location.doc["name"],
            "counts": {label: state.count(kind, location.id) for kind, label in COUNTED.items()},
            "companies": state.count("record", location.id, parent="business"),
            "objects": [
                {
                    "href": f"/_page/object/{o.doc['key']}",
                    "name": o.doc["labels"]["plural"],
                    "records": state.count("record", location.id, parent=o.doc["key"]),
                }
                for o in state.definitions("object", location.id)
            ],
        }
        for location in state.all("location")
    ]


def board(state: State) -> list[dict[str, Any]]:
    """Every pipeline as columns of cards, each stage with its count and sum."""
    return [
        {"name": p.doc["name"], "stages": [_stage(state, p, s) for s in p.doc["stages"]]}
        for p in state.all("pipeline")
    ]


def _stage(state: State, pipeline: Entry, stage: dict[str, Any]) -> dict[str, Any]:
    cards = state.find("opportunity", pipeline.location, "stage", stage["id"])
    values = [float(card.doc.get("monetaryValue") or 0) for card in cards]
    shown = [
        {"link": link(card), "value": value, "status": card.doc["status"]}
        for card, value in zip(cards[:CARDS], values, strict=False)
    ]
    return {"name": stage["name"], "count": len(cards), "total": sum(values), "cards": shown,
            "hidden": max(0, len(cards) - CARDS)}  # fmt: skip


def columns(state: State, key: str) -> list[str]:
    """The first fields of an object, as columns of its list."""
    for location in state.all("location"):
        fields = state.definitions("object_field", location.id, parent=key)
        if fields:
            return [f.doc["fieldKey"].split(".")[-1] for f in fields[:COLUMNS]]
    return ["phone", "email", "website", "city"] if key == "business" else []


def facts(state: State, entry: Entry) -> list[tuple[str, Any]]:
    """Every field of a record that has a value: its label, then the value."""
    labels = _labels(state, entry)
    pipelines = state.listed("pipeline", entry.location)
    stages = {s["id"]: s["name"] for p in pipelines for s in p.doc["stages"]}
    named = {
        **{k: v for k, v in entry.doc.items() if k not in _INNER},
        **(entry.doc.get("properties") or {}),
        **(entry.doc.get("customFields") or {}),
    }
    readable = [
        (labels.get(key, key), stages.get(value, value) if isinstance(value, str) else value)
        for key, value in named.items()
        if value not in (None, "", [], {})
    ]
    return [*readable, ("created", iso(entry.created)), ("updated", iso(entry.updated))]


def _labels(state: State, entry: Entry) -> dict[str, str]:
    if entry.kind == "record":
        fields = state.definitions("object_field", entry.location, parent=entry.parent)
        return {f.doc["fieldKey"].split(".")[-1]: f.doc["name"] for f in fields}
    return {f.id: f.doc["name"] for f in state.definitions("contact_field", entry.location)}


def links(state: State, entry: Entry) -> list[Link]:
    """The records a record hangs together with."""
    found = []
    for relation in state.find("relation", entry.location, "record", entry.id):
        side = "second" if relation.doc["firstRecordId"] == entry.id else "first"
        key = relation.doc[f"{side}ObjectKey"]
        kind = key if key in ("contact", "opportunity") else "record"
        other = state.get(kind, relation.doc[f"{side}RecordId"])
        found.append(link(other, key) if other else Link(key, "", "gone"))
    if entry.kind == "contact":
        deals = state.find("opportunity", entry.location, "contactId", entry.id)
        found += [link(deal, "opportunity") for deal in deals]
        company = state.get("record", entry.doc.get("businessId") or "")
        found += [link(company, "company")] if company else []
    if entry.kind == "opportunity":
        contact = state.get("contact", entry.doc["contactId"])
        found += [link(contact, "contact")] if contact else []
    if entry.parent == "business":
        people = state.find("contact", entry.location, "businessId", entry.id)
        found += [link(person, "contact") for person in people]
    return found


def notes(state: State, entry: Entry) -> list[tuple[str, str]]:
    """(time, text) of a contact's notes."""
    if entry.kind != "contact":
        return []
    found = state.listed("contact_note", entry.location, parent=entry.id)
    return [(iso(note.created), str(note.doc.get("body", ""))) for note in found]
