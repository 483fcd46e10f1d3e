"""Notes of the v3 API, which hang on several records at once."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.formats import mongo_id
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Anything, Flag, ListOf, Obj, Text, body, query

_RELATION = Obj({"objectKey": Text(required=True), "recordId": Text(required=True)})


def shown_note(entry: Entry) -> Json:
    """A v3 note."""
    return {**entry.doc, "locationId": entry.location, **stamps(entry)}


@endpoint(
    "POST", "/notes/", status=201, v3_only=True, scope="notes.write", query=query(["locationId"]),
    creates=True,
    body=body(body=Text(required=True), userId=Text(required=True), title=Text(), color=Text(),
              pinned=Flag(), relations=ListOf(_RELATION, required=True, least=1)),
)  # fmt: skip
def create_note(call: Call) -> Json:
    """One note on several records."""
    return {
        "note": shown_note(
            call.state.create("note", call.location, {"id": mongo_id(), **call.body})
        )
    }


@endpoint(
    "POST", "/notes/search", status=200, v3_only=True, scope="notes.readonly",
    body=body(locationId=Text(required=True), query=Text(), sources=ListOf(Text()),
              createdByUserId=Text(), limit=Anything(), skip=Anything(), sortBy=Text(),
              sortOrder=Text(), count=Flag(), relations=ListOf(Text()),
              includeRelationRecords=Flag()),
)  # fmt: skip
def search_notes(call: Call) -> Json:
    """Notes of every record, oldest first, a page at a time."""
    limit, skip = int(call.body.get("limit") or 20), int(call.body.get("skip") or 0)
    wanted = set(call.body.get("relations") or ())
    notes = [e for kind in ("contact_note", "note") for e in call.state.all(kind, call.location)]
    notes = [e for e in notes if not wanted or wanted & _hangs_on(e)]
    page = sorted(notes, key=lambda e: (e.created, e.seq))[skip : skip + limit]
    return {"notes": [shown_note(e) for e in page], "count": len(notes)}


def _hangs_on(note: Entry) -> set[str]:
    return {relation["recordId"] for relation in note.doc.get("relations", ())}


def _note(call: Call) -> Entry:
    return call.entry("note", call.path["id"], "Note")


@endpoint("GET", "/notes/{id}", v3_only=True, query=query([], ["locationId"]))
def get_note(call: Call) -> Json:
    """One note."""
    return {"note": shown_note(_note(call))}


@endpoint("DELETE", "/notes/{id}", v3_only=True, query=query([], ["locationId"]))
def delete_note(call: Call) -> Json:
    """Delete a note."""
    call.state.delete(_note(call))
    return {"success": True, "id": call.path["id"]}
