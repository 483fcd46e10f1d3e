"""What exists before a migration: the sub-account, its users, and what a seed file adds.

The seed file is JSON: `{"locations": [{"id": …, "name": …, "timezone": …, "settings": {…},
"users": [{"firstName", "lastName", "name", "email", "deleted"}], "contacts": [contact bodies as
`POST /contacts/` takes them, without `locationId`], "businesses": [{"properties": {…}}],
"pipelines": [{"name", "stages": [names]}], "tags": [names], "custom_fields": [v1 bodies],
"objects": [keys], "workflows": [{"name", "status": draft or published}], "calendars": [{"id",
"name"}], "conversationProviders": [ids], "deniedScopes": [scopes the token lacks]}]}`. Every key
but `id` is optional; an `id` that is no configured sub-account is made one. Contacts'
`customFields` are given by id of a field, so seeded contacts usually have none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flitstack_pipeline.sandbox.formats import e164, mongo_id, short_id, uuid_id
from flitstack_pipeline.sandbox.state import State

COMPANY = "sandbox-company"


def plant(state: State, location: str, settings: dict[str, bool], seed: dict[str, Any]) -> None:
    """Make a sub-account that is not there yet, with what its seed says; counts as no write.

    One that is there gets the calendars and conversation providers its seed names since.
    """
    known = state.get("location", location)
    if known is not None:
        providers = {
            *known.doc.get("conversationProviders", []),
            *seed.get("conversationProviders", []),
        }
        doc = {**known.doc, "conversationProviders": sorted(providers)}
        if doc != known.doc:
            state.update(known, doc, silent=True)
        _calendars(state, location, seed)
        return
    state.create(
        "location",
        location,
        {
            "id": location,
            "companyId": COMPANY,
            "name": seed.get("name", "Sandbox Contracting"),
            "email": "office@sandbox.example",
            "timezone": seed.get("timezone", "America/New_York"),
            "country": "US",
            "settings": {
                "allowDuplicateContact": False,
                "allowDuplicateOpportunity": False,
                "allowFacebookNameMerge": False,
                "disableContactTimezone": False,
                "contactUniqueIdentifiers": ["email", "phone"],
                **settings,
                **seed.get("settings", {}),
            },
            "conversationProviders": seed.get("conversationProviders", []),
            "deniedScopes": seed.get("deniedScopes", []),
        },
        silent=True,
    )
    for user in seed.get("users", []):
        _user(state, location, user)
    _records(state, location, seed)


def _user(state: State, location: str, user: dict[str, Any]) -> None:
    name = user.get("name") or f"{user.get('firstName', '')} {user.get('lastName', '')}".strip()
    doc = {
        "id": user.get("id") or short_id(),
        "companyId": COMPANY,
        "name": name,
        "firstName": user.get("firstName", ""),
        "lastName": user.get("lastName", ""),
        "email": user.get("email", ""),
        "phone": user.get("phone", ""),
        "extension": "",
        "scopes": [],
        "roles": {"type": "account", "role": "user", "locationIds": [location]},
        "deleted": bool(user.get("deleted", False)),
    }
    state.create("user", location, doc, silent=True)


def _records(state: State, location: str, seed: dict[str, Any]) -> None:
    for contact in seed.get("contacts", []):
        doc = {**contact, "id": contact.get("id") or short_id(), "customFields": {}}
        if doc.get("phone"):
            doc["phone"] = e164(doc["phone"]) or doc["phone"]
        if doc.get("email"):
            doc["email"] = doc["email"].lower()
        state.create("contact", location, doc, silent=True)
    for business in seed.get("businesses", []):
        doc = {"id": mongo_id(), "properties": business["properties"]}
        state.create("record", location, doc, parent="business", silent=True)
    for pipeline in seed.get("pipelines", []):
        stages = [
            {"id": uuid_id(), "name": name, "position": i, "showInFunnel": True,
             "showInPieChart": True}
            for i, name in enumerate(pipeline["stages"])
        ]  # fmt: skip
        doc = {"id": short_id(), "name": pipeline["name"], "stages": stages}
        state.create("pipeline", location, doc, silent=True)
    for name in seed.get("tags", []):
        state.create("tag", location, {"id": short_id(), "name": name.lower()}, silent=True)
    for field in seed.get("custom_fields", []):
        model = field.get("model", "contact")
        key = f"{model}.{field['name'].lower().replace(' ', '_')}"
        doc = {"id": short_id(), "model": model, "fieldKey": key, "standard": False,
               "picklistOptions": field.get("options", []),
               **{k: v for k, v in field.items() if k != "options"}}  # fmt: skip
        state.create("contact_field", location, doc, silent=True)
    for workflow in seed.get("workflows", []):
        doc = {"id": uuid_id(), "name": workflow["name"], "status": workflow["status"]}
        state.create("workflow", location, doc, silent=True)
    _calendars(state, location, seed)
    for key in seed.get("objects", []):
        full = f"custom_objects.{key.removeprefix('custom_objects.')}"
        doc = {"id": mongo_id(), "standard": False, "key": full, "description": "",
               "labels": {"singular": key, "plural": f"{key}s"}, "searchableProperties": [],
               "primaryDisplayProperty": f"{full}.name", "type": "USER_DEFINED"}  # fmt: skip
        state.create("object", location, doc, silent=True)


def _calendars(state: State, location: str, seed: dict[str, Any]) -> None:
    for calendar in seed.get("calendars", []):
        if state.get("calendar", calendar["id"]) is None:
            doc = {"id": calendar["id"], "name": calendar["name"], "isActive": True,
                   "teamMembers": [], "slotDuration": 30, "slotDurationUnit": "mins"}  # fmt: skip
            state.create("calendar", location, doc, silent=True)


def read_seed(path: Path | None) -> dict[str, dict[str, Any]]:
    """Seeds by location id. Raises ValueError for a file that is not what it should be."""
    if path is None:
        return {}
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        listed = data.get("locations", [data])
        return {item["id"]: item for item in listed}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"seed file {path}: {error!r}; see sandbox/seed.py for its form"
        ) from error
