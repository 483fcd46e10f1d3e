"""Contacts, with their notes, tasks, tags, followers and company links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flitstack_pipeline.sandbox.calls import Call, Dialect, Json, Reply, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, not_found, unprocessable
from flitstack_pipeline.sandbox.formats import birthday, e164, is_email, iso, short_id
from flitstack_pipeline.sandbox.routes import conversations
from flitstack_pipeline.sandbox.routes.shared import (
    SEARCH_BODY,
    drop_relations,
    field_list,
    field_values,
    page_of,
    present,
    set_field_values,
    stamps,
)
from flitstack_pipeline.sandbox.search_index import Search
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Anything, Flag, ListOf, Obj, Rule, Text, body, query

_TEXTS = (
    "firstName", "lastName", "name", "email", "phone", "address1", "city", "state", "postalCode",
    "country", "website", "timezone", "source", "dateOfBirth", "assignedTo",
)  # fmt: skip
#: A setting that the API does not show; the seed file can switch it off.
OWNER_SYNC = "syncOwners"
_COMMON: dict[str, Rule] = {
    **{name: Text() for name in _TEXTS},
    "tags": ListOf(Text()),
    "dnd": Flag(),
    "dndSettings": Anything(),
    "inboundDndSettings": Anything(),
}
_NEW: dict[str, Rule] = {
    "locationId": Text(required=True),
    "gender": Text(),
    "companyName": Text(),
}


def _body(**more: Rule) -> Callable[[Dialect], Obj]:
    """A contact's body in either dialect, with the keys of one operation beside the common ones."""
    return lambda dialect: body(**_COMMON, **more, customFields=field_values("contact", dialect))


_CREATE = _body(**_NEW)
_UPSERT = _body(**_NEW, createNewIfDuplicateAllowed=Flag())
_UPDATE = _body()


def shown(entry: Entry) -> Json:
    """A contact in its read shape."""
    doc = entry.doc
    name = " ".join(p for p in (doc.get("firstName"), doc.get("lastName")) if p)
    return {
        "id": entry.id,
        "locationId": entry.location,
        "contactName": name.lower() or None,
        "name": name or None,
        **{k: doc.get(k) for k in _TEXTS if k not in ("name",)},
        "companyName": doc.get("companyName"),
        "businessId": doc.get("businessId"),
        "type": "lead",
        "dnd": bool(doc.get("dnd")),
        "dndSettings": doc.get("dndSettings", {}),
        "tags": doc.get("tags", []),
        "followers": doc.get("followers", []),
        "customFields": field_list(doc.get("customFields", {})),
        "additionalEmails": [],
        **stamps(entry),
    }


def answered(entry: Entry) -> Json:
    """A contact as an answer about it alone shows it."""
    return present(shown(entry))


def _written(call: Call, known: Json) -> Json:
    """The contact's document after a write; texts trimmed, e-mail and phone normalised."""
    given, doc = call.body, dict(known)
    for name in (*_TEXTS, "gender", "companyName"):
        if name in given:
            value = given[name]
            doc[name] = value.strip() or None if isinstance(value, str) else value
    if given.get("name") and not given.get("firstName") and not given.get("lastName"):
        doc["firstName"], _, doc["lastName"] = given["name"].strip().partition(" ")
    _normalise(doc, given)
    if given.get("assignedTo") and call.state.get("user", given["assignedTo"]) is None:
        raise bad_request(f"assignedTo: no user {given['assignedTo']}")
    if "tags" in given:
        doc["tags"] = _tags(call, given["tags"] or [])
    doc |= {name: given[name] for name in ("dnd", "dndSettings") if name in given}
    doc["customFields"] = set_field_values(
        call, "contact", known.get("customFields", {}), given.get("customFields")
    )
    return {k: v for k, v in doc.items() if v is not None}


def _normalise(doc: Json, given: Json) -> None:
    """Bring e-mail, phone and birthday into the forms HighLevel keeps; refuse what has none."""
    if doc.get("email"):
        if not is_email(doc["email"]):
            raise unprocessable("email must be an email")
        doc["email"] = doc["email"].lower()
    if doc.get("phone"):
        doc["phone"] = e164(doc["phone"]) or doc["phone"]
    if given.get("dateOfBirth"):
        doc["dateOfBirth"] = birthday(given["dateOfBirth"])
        if doc["dateOfBirth"] is None:
            raise unprocessable("dateOfBirth must be a valid date")
    if given.get("country") and len(str(doc["country"])) != 2:
        raise unprocessable("country must be a valid ISO 3166-1 alpha-2 code")


def _tags(call: Call, names: list[str]) -> list[str]:
    """Tags in lower case, made on the fly when the sub-account has them not."""
    tags = list(dict.fromkeys(n.strip().lower() for n in names if n.strip()))
    for name in tags:
        if not call.state.find("tag", call.location, "name", name):
            call.state.create("tag", call.location, {"id": short_id(), "name": name})
    return tags


def _duplicate(call: Call, doc: Json, but: str = "") -> tuple[Entry, str] | None:
    """Another contact with the same e-mail, else the same phone, and which of the two."""
    for name in ("email", "phone"):
        if doc.get(name):
            for entry in call.state.find("contact", call.location, name, doc[name]):
                if entry.id != but:
                    return entry, name
    return None


def _refuse_duplicate(call: Call, doc: Json, but: str = "") -> None:
    found = _duplicate(call, doc, but)
    if found and not call.location_settings().get("allowDuplicateContact"):
        raise bad_request(
            "This location does not allow duplicated contacts.",  # live without meta: R07
            meta=None if call.live else {"contactId": found[0].id, "matchingField": found[1]},
        )


def _create(call: Call, doc: Json) -> Entry:
    return call.state.create("contact", call.location, {"id": short_id(), **doc})


@endpoint("POST", "/contacts/", status=201, scope="contacts.write", body=_CREATE, creates=True)
def create(call: Call) -> Json:
    """Create a contact; a duplicate is refused unless the setting allows it."""
    doc = _written(call, {})
    _refuse_duplicate(call, doc)
    return {"contact": answered(_create(call, doc))}


@endpoint("POST", "/contacts/upsert", scope="contacts.write", body=_UPSERT, creates=True)
def upsert(call: Call) -> Json:
    """Update the first match by e-mail then phone, else create."""
    doc = _written(call, {})
    settings = call.location_settings()
    free = call.body.get("createNewIfDuplicateAllowed") and settings.get("allowDuplicateContact")
    found = None if free else _duplicate(call, doc)
    if found is None:
        return {"new": True, "contact": answered(_create(call, doc))}
    entry, matched = found
    merged = _written(call, entry.doc)
    other = "phone" if matched == "email" else "email"
    if call.state.find("contact", call.location, other, merged.get(other) or ""):
        merged[other] = entry.doc.get(other)
    return {"new": False, "contact": answered(call.state.update(entry, {**merged, "id": entry.id}))}


@endpoint(
    "GET",
    "/contacts/",
    scope="contacts.readonly",
    query=query(["locationId"], ["limit", "startAfter", "startAfterId", "query"], limit=100),
    v2_only=True,
)
def listed(call: Call) -> Json:
    """The list of contacts, newest first; only the older version has it."""
    q = call.query
    start = [int(q["startAfter"]), str(q["startAfterId"])] if q.get("startAfterId") else None
    wanted = Search("contact", call.location, "", [], str(q.get("query", "")).lower(), [], start,
                    call.shorten(call.number("limit", 20)))  # fmt: skip
    hits, total = call.state.index.search(wanted)
    rows = [{**_hit(call, h), "startAfter": h.cursor} for h in call.arrange(hits)]
    last = hits[-1] if hits else None
    meta: Json = {"total": total, "currentPage": 1, "nextPage": None, "prevPage": None}
    meta |= {"startAfter": last.created, "startAfterId": last.id} if last else {}
    return {"contacts": [{k: v for k, v in r.items() if k != "searchAfter"} for r in rows],
            "meta": meta, "count": total}  # fmt: skip


@endpoint("GET", "/contacts/{contactId}", scope="contacts.readonly")
def get(call: Call) -> Json:
    """One contact."""
    return {"contact": answered(_entry(call))}


@endpoint("PUT", "/contacts/{contactId}", scope="contacts.write", body=_UPDATE)
def update(call: Call) -> Json:
    """Change a contact; tags overwrite."""
    entry = _entry(call)
    doc = {**_written(call, entry.doc), "id": entry.id}
    _refuse_duplicate(call, doc, entry.id)
    entry = call.state.update(entry, doc)
    if "assignedTo" in call.body:
        share_owner(call, entry.id, call.body["assignedTo"])
    return {"succeded": True, "succeeded": True, "contact": answered(entry)}


def share_owner(call: Call, contact_id: str, owner: str | None) -> None:
    """Give a contact and all its opportunities one owner (live: L8, unless it is switched off)."""
    if not call.live or not call.location_settings().get(OWNER_SYNC, True):
        return
    contact = call.state.get("contact", contact_id)
    deals = call.state.find("opportunity", call.location, "contactId", contact_id)
    for entry in (*([contact] if contact else []), *deals):
        if entry.doc.get("assignedTo") != owner:
            call.state.update(entry, {**entry.doc, "assignedTo": owner}, silent=True)


@endpoint("DELETE", "/contacts/{contactId}", scope="contacts.write")
def delete(call: Call) -> Json:
    """Delete a contact with its notes, tasks, conversation, relations and opportunities.

    Its appointments stay: the official help ("How to delete contacts and their data") names
    conversations, notes, tasks and the history of activities.
    """
    entry = _entry(call)
    for kind in ("contact_note", "task"):
        for child in call.state.listed(kind, call.location, parent=entry.id):
            call.state.delete(child)
    for opportunity in call.state.find("opportunity", call.location, "contactId", entry.id):
        drop_relations(call, opportunity.id)
        call.state.delete(opportunity)
    for conversation in call.state.find("conversation", call.location, "contactId", entry.id):
        conversations.drop(call, conversation)
    drop_relations(call, entry.id)
    call.state.delete(entry)
    return {"succeded": True, "succeeded": True}


def _entry(call: Call) -> Entry:
    return call.entry("contact", call.path["contactId"], "Contact")


def _search_name(name: str) -> str:
    return name


@endpoint("POST", "/contacts/search", scope="contacts.readonly", body=SEARCH_BODY)
def search(call: Call) -> Json:
    """A page of contacts as the lagging index sees them."""
    hits, total = page_of(call, "contact", rename=_search_name)
    return {"contacts": [_hit(call, h) for h in hits], "total": total}


def _hit(call: Call, hit: Any) -> Json:
    entry = Entry(0, "contact", hit.id, call.location, "", 0, hit.created, hit.updated, hit.doc)
    return {**shown(entry), "searchAfter": hit.cursor}


@endpoint(
    "GET",
    "/contacts/search/duplicate",
    scope="contacts.readonly",
    query=query(["locationId"], ["number", "email"]),
)
def duplicate(call: Call) -> Json:
    """The contact with this phone or e-mail."""
    asked = {"email": str(call.query.get("email", "")).lower()}
    asked["phone"] = e164(str(call.query.get("number", ""))) or ""
    found = _duplicate(call, asked)
    return {"contact": answered(found[0]) if found else None}


@endpoint(
    "GET",
    "/contacts/business/{businessId}",
    scope="contacts.readonly",
    query=query(["locationId"], ["limit", "skip", "query"], limit=100),
)
def of_business(call: Call) -> Json:
    """Contacts of a company."""
    found = call.state.find("contact", call.location, "businessId", call.path["businessId"])
    skip, limit = call.number("skip", 0), call.number("limit", 25)
    return {"contacts": [answered(e) for e in found[skip : skip + limit]], "count": len(found)}


@endpoint(
    "POST",
    "/contacts/bulk/business",
    scope="contacts.write",
    body=body(
        locationId=Text(required=True),
        ids=ListOf(Text(), required=True, least=1, most=50),
        businessId=Text(),
    ),
)
def bulk_business(call: Call) -> Json:
    """Link up to 50 contacts to a company; null unlinks."""
    business = call.body.get("businessId")
    if business:
        call.entry("business", business, "Business")
    for contact_id in call.body["ids"]:
        entry = call.entry("contact", contact_id, "Contact")
        call.state.update(entry, {**entry.doc, "businessId": business})
    return {"success": True, "ids": call.body["ids"]}


@endpoint(
    "POST",
    "/contacts/bulk/tags/update/{type}",
    status=201,
    scope="contacts.write",
    body=body(
        contacts=ListOf(Text(), required=True, least=1),
        tags=ListOf(Text(), required=True),
        locationId=Text(required=True),
        removeAllTags=Flag(),
    ),
)
def bulk_tags(call: Call) -> Json:
    """Add or remove tags on many contacts."""
    responses = []
    for contact_id in call.body["contacts"]:
        entry = call.entry("contact", contact_id, "Contact")
        _change_tags(call, entry, call.body["tags"], add=call.path["type"] == "add")
        responses.append({"contactId": contact_id, "message": "Tags updated", "type": "success"})
    return {"succeded": True, "succeeded": True, "errorCount": 0, "responses": responses}


def _change_tags(call: Call, entry: Entry, names: list[str], *, add: bool) -> list[str]:
    known, given = entry.doc.get("tags", []), _tags(call, names)
    tags = list(dict.fromkeys([*known, *given])) if add else [t for t in known if t not in given]
    call.state.update(entry, {**entry.doc, "tags": tags})
    return tags


_TAG_BODY = body(tags=ListOf(Text(), required=True))


@endpoint("POST", "/contacts/{contactId}/tags", status=201, scope="contacts.write", body=_TAG_BODY)
def add_tags(call: Call) -> Json:
    """Add tags to a contact."""
    return {"tags": _change_tags(call, _entry(call), call.body["tags"], add=True)}


@endpoint("DELETE", "/contacts/{contactId}/tags", scope="contacts.write", body=_TAG_BODY)
def remove_tags(call: Call) -> Json:
    """Take tags off a contact."""
    return {"tags": _change_tags(call, _entry(call), call.body["tags"], add=False)}


_FOLLOWERS = body(followers=ListOf(Text(), required=True))


@endpoint("POST", "/contacts/{contactId}/followers", status=201, body=_FOLLOWERS)
def add_followers(call: Call) -> Json:
    """Add followers."""
    entry = _entry(call)
    known = entry.doc.get("followers", [])
    added = [f for f in call.body["followers"] if f not in known]
    call.state.update(entry, {**entry.doc, "followers": [*known, *added]})
    return {"followers": [*known, *added], "followersAdded": added}


@endpoint("DELETE", "/contacts/{contactId}/followers", body=_FOLLOWERS)
def remove_followers(call: Call) -> Json:
    """Remove followers."""
    entry = _entry(call)
    known, gone = entry.doc.get("followers", []), call.body["followers"]
    left = [f for f in known if f not in gone]
    call.state.update(entry, {**entry.doc, "followers": left})
    return {"followers": left, "followersRemoved": [f for f in known if f in gone]}


# --- notes and tasks -------------------------------------------------------------------------

_NOTE = body(body=Text(required=True), userId=Text(), title=Text(), color=Text(), pinned=Flag())


def shown_note(entry: Entry) -> Json:
    """A contact's note."""
    keys = ("body", "userId", "title", "color", "pinned")
    kept = {k: entry.doc[k] for k in keys if k in entry.doc}
    return {"id": entry.id, "contactId": entry.parent, "dateAdded": iso(entry.created), **kept}


@endpoint("POST", "/contacts/{contactId}/notes", status=201, body=_NOTE, creates=True)
def create_note(call: Call) -> Json:
    """Add a note; `locationId` in the body is refused, and its time is the server's."""
    entry = _entry(call)
    doc = {"id": short_id(), **call.body, "relations": [
        {"objectKey": "contact", "recordId": entry.id}]}  # fmt: skip
    note = call.state.create("contact_note", call.location, doc, parent=entry.id)
    return {"note": shown_note(note)}


@endpoint("GET", "/contacts/{contactId}/notes")
def notes(call: Call) -> Json:
    """The contact's notes, newest first."""
    entry = _entry(call)
    found = call.state.listed("contact_note", call.location, parent=entry.id, newest_first=True)
    return {"notes": [shown_note(n) for n in found]}


def _child(call: Call, kind: str, label: str, name: str) -> Entry:
    entry = call.entry(kind, call.path[name], label)
    if entry.parent != _entry(call).id:
        raise not_found(label, entry.id)
    return entry


@endpoint("GET", "/contacts/{contactId}/notes/{id}")
def get_note(call: Call) -> Json:
    """One note."""
    return {"note": shown_note(_child(call, "contact_note", "Note", "id"))}


@endpoint("PUT", "/contacts/{contactId}/notes/{id}", body=_NOTE)
def update_note(call: Call) -> Json:
    """Change a note."""
    entry = _child(call, "contact_note", "Note", "id")
    return {"note": shown_note(call.state.update(entry, {**entry.doc, **call.body}))}


@endpoint("DELETE", "/contacts/{contactId}/notes/{id}")
def delete_note(call: Call) -> Json:
    """Delete a note."""
    call.state.delete(_child(call, "contact_note", "Note", "id"))
    return {"succeded": True, "succeeded": True}


_TASK_KEYS = {"body": Text(), "assignedTo": Text()}
_TASK = body(
    title=Text(required=True),
    dueDate=Text(required=True, moment=True),
    completed=Flag(required=True),
    **_TASK_KEYS,
)
_TASK_CHANGE = body(title=Text(), dueDate=Text(moment=True), completed=Flag(), **_TASK_KEYS)


def shown_task(entry: Entry) -> Json:
    """A contact's task."""
    return {**entry.doc, "contactId": entry.parent}


@endpoint("POST", "/contacts/{contactId}/tasks", status=201, body=_TASK, creates=True)
def create_task(call: Call) -> Json:
    """Add a task."""
    doc = {"id": short_id(), **call.body}
    return {
        "task": shown_task(call.state.create("task", call.location, doc, parent=_entry(call).id))
    }


@endpoint("GET", "/contacts/{contactId}/tasks")
def tasks(call: Call) -> Json:
    """The contact's tasks."""
    found = call.state.listed("task", call.location, parent=_entry(call).id)
    return {"tasks": [shown_task(t) for t in found]}


@endpoint("GET", "/contacts/{contactId}/tasks/{taskId}")
def get_task(call: Call) -> Json:
    """One task."""
    return {"task": shown_task(_child(call, "task", "Task", "taskId"))}


@endpoint("PUT", "/contacts/{contactId}/tasks/{taskId}", body=_TASK_CHANGE)
def update_task(call: Call) -> Json:
    """Change a task."""
    entry = _child(call, "task", "Task", "taskId")
    return {"task": shown_task(call.state.update(entry, {**entry.doc, **call.body}))}


@endpoint(
    "PUT",
    "/contacts/{contactId}/tasks/{taskId}/completed",
    body=body(completed=Flag(required=True)),
)
def complete_task(call: Call) -> Json:
    """Tick a task off."""
    entry = _child(call, "task", "Task", "taskId")
    return {"task": shown_task(call.state.update(entry, {**entry.doc, **call.body}))}


@endpoint("DELETE", "/contacts/{contactId}/tasks/{taskId}")
def delete_task(call: Call) -> Reply:
    """Delete a task."""
    call.state.delete(_child(call, "task", "Task", "taskId"))
    return Reply({"succeded": True, "succeeded": True})
