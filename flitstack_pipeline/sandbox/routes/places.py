"""The sub-account itself: settings, tags, custom values, users, and its task search."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, not_found
from flitstack_pipeline.sandbox.formats import short_id
from flitstack_pipeline.sandbox.routes.contacts import OWNER_SYNC, shown_task
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import (
    Anything,
    Flag,
    ListOf,
    Number,
    Obj,
    Text,
    body,
    query,
)


def _location(call: Call) -> Entry:
    return call.entry("location", call.path["locationId"], "Location")


@endpoint("GET", "/locations/{locationId}", access="either", scope="locations.readonly")
def get(call: Call) -> Json:
    """The sub-account with its settings."""
    entry = call.state.get("location", call.path["locationId"])
    if entry is None:
        raise not_found("Location", call.path["locationId"])
    shown = {k: v for k, v in entry.doc.items() if k != "deniedScopes"}
    settings = {k: v for k, v in shown["settings"].items() if k != OWNER_SYNC}
    return {"location": {**shown, "settings": settings}}


@endpoint("PUT", "/locations/{locationId}", access="agency", body=Obj(open=True))
def update(call: Call) -> Json:
    """Change settings (agency only)."""
    entry = call.state.get("location", call.path["locationId"])
    if entry is None:
        raise not_found("Location", call.path["locationId"])
    settings = {**entry.doc["settings"], **(call.body.get("settings") or {})}
    kept = {k: v for k, v in call.body.items() if k not in ("settings", "companyId", "id")}
    return call.state.update(entry, {**entry.doc, **kept, "settings": settings}).doc


@endpoint("GET", "/locations/{locationId}/timezones")
def time_zones(call: Call) -> Json:
    """Some time zones."""
    return {"timeZones": ["America/New_York", "America/Chicago", "America/Denver",
                          "America/Los_Angeles", "Europe/Madrid"]}  # fmt: skip


def _tag(entry: Entry) -> Json:
    return {"id": entry.id, "name": entry.doc["name"], "locationId": entry.location}


@endpoint("GET", "/locations/{locationId}/tags", scope="locations/tags.readonly")
def tags(call: Call) -> Json:
    """Tags."""
    return {"tags": [_tag(e) for e in call.state.listed("tag", call.location)]}


@endpoint(
    "POST", "/locations/{locationId}/tags", scope="locations/tags.write",
    body=body(name=Text(required=True)), creates=True,
)  # fmt: skip
def create_tag(call: Call) -> Json:
    """Create a tag (lower case)."""
    name = call.body["name"].strip().lower()
    if call.state.find("tag", call.location, "name", name):
        raise bad_request("The tag name is already exist.")
    return {"tag": _tag(call.state.create("tag", call.location, {"id": short_id(), "name": name}))}


@endpoint("GET", "/locations/{locationId}/tags/{tagId}")
def get_tag(call: Call) -> Json:
    """One tag."""
    return {"tag": _tag(call.entry("tag", call.path["tagId"], "Tag"))}


@endpoint("PUT", "/locations/{locationId}/tags/{tagId}", body=body(name=Text(required=True)))
def rename_tag(call: Call) -> Json:
    """Rename a tag."""
    entry = call.entry("tag", call.path["tagId"], "Tag")
    return {"tag": _tag(call.state.update(entry, {**entry.doc, "name": call.body["name"].lower()}))}


@endpoint("DELETE", "/locations/{locationId}/tags/{tagId}")
def delete_tag(call: Call) -> Json:
    """Delete a tag."""
    call.state.delete(call.entry("tag", call.path["tagId"], "Tag"))
    return {"succeded": True, "succeeded": True}


_VALUE = body(name=Text(required=True), value=Text(required=True))


def _value(entry: Entry) -> Json:
    return {**entry.doc, "locationId": entry.location}


@endpoint("GET", "/locations/{locationId}/customValues")
def values(call: Call) -> Json:
    """Custom values."""
    return {"customValues": [_value(e) for e in call.state.listed("custom_value", call.location)]}


@endpoint("POST", "/locations/{locationId}/customValues", status=201, body=_VALUE, creates=True)
def create_value(call: Call) -> Json:
    """Create a custom value."""
    doc = {"id": short_id(), **call.body, "fieldKey": f"{{{{custom_values.{call.body['name']}}}}}"}
    return {"customValue": _value(call.state.create("custom_value", call.location, doc))}


def _value_entry(call: Call) -> Entry:
    return call.entry("custom_value", call.path["id"], "Custom value")


@endpoint("GET", "/locations/{locationId}/customValues/{id}")
def get_value(call: Call) -> Json:
    """One custom value."""
    return {"customValue": _value(_value_entry(call))}


@endpoint("PUT", "/locations/{locationId}/customValues/{id}", body=_VALUE)
def update_value(call: Call) -> Json:
    """Change a custom value."""
    entry = _value_entry(call)
    return {"customValue": _value(call.state.update(entry, {**entry.doc, **call.body}))}


@endpoint("DELETE", "/locations/{locationId}/customValues/{id}")
def delete_value(call: Call) -> Json:
    """Delete a custom value."""
    call.state.delete(_value_entry(call))
    return {"succeded": True, "succeeded": True}


@endpoint(
    "POST", "/locations/{locationId}/tasks/search",
    body=Obj({
        "contactId": ListOf(Text()), "completed": Flag(), "assignedTo": ListOf(Text()),
        "query": Text(), "limit": Number(), "skip": Number(), "businessId": Text(),
        "searchAfter": ListOf(Anything()),
    }),
)  # fmt: skip
def search_tasks(call: Call) -> Json:
    """Tasks of the sub-account."""
    asked, found = call.body, []
    for entry in call.state.all("task", call.location):
        doc = entry.doc
        if asked.get("contactId") and entry.parent not in asked["contactId"]:
            continue
        if "completed" in asked and bool(doc.get("completed")) != asked["completed"]:
            continue
        if asked.get("assignedTo") and doc.get("assignedTo") not in asked["assignedTo"]:
            continue
        found.append(shown_task(entry))
    skip, limit = int(asked.get("skip") or 0), int(asked.get("limit") or 25)
    if call.live:  # paged by cursor alone (R21)
        after = asked.get("searchAfter")
        skip = int(after[0]) + 1 if after else 0
        found = [{**task, "searchAfter": [n, task["id"]]} for n, task in enumerate(found)]
    return {"tasks": found[skip : skip + limit]}


# --- users ---------------------------------------------------------------------------------


def _company_users(call: Call, location: str | None) -> list[Entry]:
    return [
        e
        for e in call.state.all("user")
        if e.doc["companyId"] == call.company
        and (location is None or location in e.doc["roles"]["locationIds"])
    ]


@endpoint(
    "GET", "/users/search", access="either", scope="users.readonly",
    query=query(
        ["companyId"],
        ["locationId", "query", "skip", "limit", "role", "type", "ids", "sort", "sortDirection",
         "enabled2waySync"],
        limit=100,
    ),
)  # fmt: skip
def search_users(call: Call) -> Json:
    """Users of the company; a sub-account's token sees its own."""
    location = call.query.get("locationId") or (None if call.agency else call.location)
    found = [e.doc for e in _company_users(call, location)]
    text = str(call.query.get("query", "")).lower()
    if text:
        found = [u for u in found if text in f"{u['name']} {u['email']}".lower()]
    skip, limit = call.number("skip", 0), call.number("limit", 25)
    return {"users": found[skip : skip + limit], "count": len(found)}


@endpoint(
    "POST", "/users/search/filter-by-email", access="agency",
    body=body(companyId=Text(required=True), emails=Anything(required=True), deleted=Flag(),
              skip=Text(), limit=Text(), projection=Text()),
)  # fmt: skip
def users_by_email(call: Call) -> Json:
    """Users by e-mail (agency only)."""
    emails = call.body["emails"]
    wanted = {e.strip().lower() for e in (emails.split(",") if isinstance(emails, str) else emails)}
    found = [e.doc for e in _company_users(call, None) if e.doc["email"].lower() in wanted]
    return {"users": found, "count": len(found)}


@endpoint("GET", "/users/{userId}", access="either")
def get_user(call: Call) -> Json:
    """One user."""
    entry = call.state.get("user", call.path["userId"])
    if entry is None or entry.doc["companyId"] != call.company:
        raise not_found("User", call.path["userId"])
    return entry.doc
