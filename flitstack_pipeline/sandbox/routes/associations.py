"""Associations between objects, and the relations between records."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, not_found
from flitstack_pipeline.sandbox.formats import mongo_id
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Text, body, query

_KIND_OF = {"contact": "contact", "opportunity": "opportunity"}
_NAMES = ("key", "firstObjectLabel", "firstObjectKey", "secondObjectLabel", "secondObjectKey")


def shown(entry: Entry) -> Json:
    """An association."""
    return {**entry.doc, "locationId": entry.location, "associationType": "USER_DEFINED"}


def _object_exists(call: Call, key: str) -> bool:
    if key in ("contact", "opportunity", "business"):
        return True
    return any(e.doc["key"] == key for e in call.state.definitions("object", call.location))


@endpoint(
    "POST", "/associations/", status=201, scope="associations.write", creates=True,
    body=body(locationId=Text(required=True), **{n: Text(required=True) for n in _NAMES}),
)  # fmt: skip
def create(call: Call) -> Json:
    """Create an association between two objects."""
    if call.state.find("association", call.location, "key", call.body["key"]):
        raise bad_request(f"Association with key {call.body['key']} already exists")
    for place in ("firstObjectKey", "secondObjectKey"):
        if not _object_exists(call, call.body[place]):
            raise bad_request(f"Object {call.body[place]} does not exist")
    doc = {"id": mongo_id(), **{n: call.body[n] for n in _NAMES}}
    return shown(call.state.create("association", call.location, doc))


@endpoint("GET", "/associations/", query=query(["locationId", "skip", "limit"]))
def listed(call: Call) -> Json:
    """Associations of the sub-account."""
    found = call.state.listed(
        "association", call.location, limit=call.number("limit", 20), skip=call.number("skip", 0)
    )
    total = call.state.count("association", call.location)
    return {"associations": [shown(e) for e in found], "total": total}


@endpoint("GET", "/associations/key/{key_name}", query=query(["locationId"]))
def by_key(call: Call) -> Json:
    """An association by key."""
    found = call.state.find("association", call.location, "key", call.path["key_name"])
    if not found:
        raise not_found("Association", call.path["key_name"])
    return shown(found[0])


@endpoint("GET", "/associations/objectKey/{objectKey}", query=query([], ["locationId"]))
def by_object(call: Call) -> Json:
    """Associations of one object."""
    key = call.path["objectKey"]
    found = {
        e.id: e
        for place in ("firstObjectKey", "secondObjectKey")
        for e in call.state.find("association", call.location, place, key)
    }
    return {"associations": [shown(e) for e in found.values()]}


def _entry(call: Call) -> Entry:
    return call.entry("association", call.path["associationId"], "Association")


@endpoint("GET", "/associations/{associationId}")
def get(call: Call) -> Json:
    """One association."""
    return shown(_entry(call))


@endpoint(
    "PUT", "/associations/{associationId}",
    body=body(firstObjectLabel=Text(required=True), secondObjectLabel=Text(required=True)),
)  # fmt: skip
def update(call: Call) -> Json:
    """Change labels; keys are immutable."""
    entry = _entry(call)
    return shown(call.state.update(entry, {**entry.doc, **call.body}))


@endpoint("DELETE", "/associations/{associationId}", scope="associations.write")
def delete(call: Call) -> Json:
    """Delete an association with all its relations."""
    entry = _entry(call)
    for relation in call.state.find("relation", call.location, "association", entry.id):
        call.state.delete(relation)
    call.state.delete(entry)
    return {"deleted": True, "id": entry.id, "message": "Association deleted"}


def shown_relation(entry: Entry) -> Json:
    """A relation."""
    return {**entry.doc, "locationId": entry.location, **stamps(entry, "createdAt", "updatedAt")}


def _must_exist(call: Call, object_key: str, record_id: str) -> None:
    entry = call.state.get(_KIND_OF.get(object_key, "record"), record_id)
    right = entry is not None and entry.location == call.location
    if right and object_key not in _KIND_OF:
        right = entry is not None and entry.parent == object_key
    if not right:
        raise bad_request(f"Record {record_id} of {object_key} does not exist")


@endpoint(
    "POST", "/associations/relations", status=201, creates=True,
    scope="associations/relation.write",
    body=body(
        locationId=Text(required=True), associationId=Text(required=True),
        firstRecordId=Text(required=True), secondRecordId=Text(required=True),
    ),
)  # fmt: skip
def relate(call: Call) -> Json:
    """Relate two records, in the association's order; the same pair again is a 400."""
    association = call.entry("association", call.body["associationId"], "Association")
    first, second = call.body["firstRecordId"], call.body["secondRecordId"]
    _must_exist(call, association.doc["firstObjectKey"], first)
    _must_exist(call, association.doc["secondObjectKey"], second)
    pair = f"{association.id}|{first}|{second}"
    if call.state.find("relation", call.location, "pair", pair):
        raise bad_request(
            "Could not create relation: duplicate relation of object Ids for given association "
            f"{association.id}"
        )
    doc = {
        "id": mongo_id(),
        "associationId": association.id,
        "firstObjectKey": association.doc["firstObjectKey"],
        "firstRecordId": first,
        "secondObjectKey": association.doc["secondObjectKey"],
        "secondRecordId": second,
    }
    return shown_relation(call.state.create("relation", call.location, doc))


@endpoint(
    "GET", "/associations/relations/{recordId}",
    query=query(["locationId", "skip", "limit"], ["associationIds"]),
)  # fmt: skip
def relations(call: Call) -> Json:
    """Relations of a record."""
    found = call.state.find("relation", call.location, "record", call.path["recordId"])
    wanted = call.query.get("associationIds")
    if wanted:
        ids = wanted if isinstance(wanted, list) else str(wanted).split(",")
        found = [r for r in found if r.doc["associationId"] in ids]
    skip, limit = call.number("skip", 0), call.number("limit", 20)
    return {
        "relations": [shown_relation(r) for r in found[skip : skip + limit]],
        "total": len(found),
    }


@endpoint(
    "DELETE", "/associations/relations/{relationId}", scope="associations/relation.write",
    query=query(["locationId"]),
)  # fmt: skip
def unrelate(call: Call) -> Json:
    """Remove a relation."""
    entry = call.entry("relation", call.path["relationId"], "Relation")
    call.state.delete(entry)
    return {"deleted": True, "id": entry.id, "message": "Relation deleted"}
