"""Custom objects, their records, and the system object `business` (companies), both doors."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, not_found, unprocessable
from flitstack_pipeline.sandbox.formats import e164, is_date, is_email, iso, mongo_id
from flitstack_pipeline.sandbox.routes.shared import (
    SEARCH_BODY,
    drop_relations,
    page_of,
    refuse_long_text,
    shown_field,
    stamps,
)
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Anything, ListOf, Obj, Text, body, query

MOST_OBJECTS, MOST_SEARCHABLE = 10, 3
BUSINESS_TEXTS = ("name", "phone", "email", "website", "address", "city", "state", "postalcode",
                  "country", "description")  # fmt: skip
SYSTEM = {
    "contact": ("Contact", "Contacts", "contact.name"),
    "opportunity": ("Opportunity", "Opportunities", "opportunity.name"),
    "business": ("Company", "Companies", "business.name"),
}
_LABELS = Obj({"singular": Text(required=True), "plural": Text(required=True)}, required=True)


def shown_schema(entry: Entry) -> Json:
    """A custom object's schema."""
    return {**entry.doc, "locationId": entry.location, **stamps(entry)}


def _system(call: Call, key: str) -> Json:
    singular, plural, display = SYSTEM[key]
    location = call.entry("location", call.location, "Location")
    return {
        "id": f"{call.location}-{key}",
        "standard": True,
        "key": key,
        "labels": {"singular": singular, "plural": plural},
        "description": "",
        "locationId": call.location,
        "primaryDisplayProperty": display,
        "type": "SYSTEM_DEFINED",
        **stamps(location),
    }


@endpoint("GET", "/objects/", scope="objects/schema.readonly", query=query(["locationId"]))
def listed(call: Call) -> Json:
    """Every object schema, the system ones first."""
    own = [shown_schema(e) for e in call.state.definitions("object", call.location)]
    return {"objects": [*(_system(call, key) for key in SYSTEM), *own]}


@endpoint(
    "POST",
    "/objects/",
    status=201,
    access="agency",
    body=body(
        labels=_LABELS,
        key=Text(required=True),
        description=Text(),
        locationId=Text(required=True),
        primaryDisplayPropertyDetails=Obj(
            {
                "key": Text(required=True),
                "name": Text(required=True),
                "dataType": Text(required=True, one_of=("TEXT", "NUMERICAL")),
            },
            required=True,
        ),
    ),
    creates=True,
)
def create(call: Call) -> Json:
    """Create a custom object (agency only, ten per sub-account)."""
    key = call.body["key"]
    key = key if key.startswith("custom_objects.") else f"custom_objects.{key}"
    known = call.state.definitions("object", call.location)
    if any(e.doc["key"] == key for e in known):
        raise bad_request(f"Object with key {key} already exists")
    if len(known) >= MOST_OBJECTS:
        raise bad_request(f"Maximum of {MOST_OBJECTS} custom objects per location reached")
    display = call.body["primaryDisplayPropertyDetails"]
    name = display["key"].split(".")[-1]
    doc = {
        "id": mongo_id(),
        "standard": False,
        "key": key,
        "labels": call.body["labels"],
        "description": call.body.get("description", ""),
        "primaryDisplayProperty": f"{key}.{name}",
        "searchableProperties": [f"{key}.{name}"],
        "type": "USER_DEFINED",
    }
    entry = call.state.create("object", call.location, doc)
    folder = {"id": mongo_id(), "objectKey": key, "locationId": call.location,
              "name": f"{call.body['labels']['singular']} info"}  # fmt: skip
    call.state.create("folder", call.location, folder, parent=key)
    field = {
        "id": mongo_id(), "name": display["name"], "fieldKey": f"{key}.{name}",
        "dataType": display["dataType"], "objectKey": key, "standard": True, "options": [],
        "locationId": call.location, "parentId": folder["id"], "showInForms": True,
    }  # fmt: skip
    call.state.create("object_field", call.location, field, parent=key)
    return {"object": shown_schema(entry)}


def _schema(call: Call, key: str) -> Entry | None:
    """The custom object named by key or id; None for `business`; 400 for anything else."""
    if key == "business":
        return None
    for entry in call.state.definitions("object", call.location):
        if key in (entry.doc["key"], entry.id):
            return entry
    raise not_found("Object", key)


@endpoint(
    "GET", "/objects/{key}", scope="objects/schema.readonly",
    query=query(["locationId"], ["fetchProperties"]),
)  # fmt: skip
def get(call: Call) -> Json:
    """A schema with its fields."""
    key = call.path["key"]
    body = _system(call, key) if key in SYSTEM else shown_schema(_required(call, key))
    found = call.state.definitions("object_field", call.location, parent=body["key"])
    fields = [shown_field(f) for f in found]
    wanted = str(call.query.get("fetchProperties", "true")).lower() != "false"
    return {"object": body, "cache": False, "fields": fields if wanted else []}


def _required(call: Call, key: str) -> Entry:
    entry = _schema(call, key)
    if entry is None:
        raise not_found("Object", key)
    return entry


@endpoint(
    "PUT",
    "/objects/{key}",
    body=body(
        locationId=Text(required=True),
        searchableProperties=ListOf(Text(), required=True),
        labels=Obj({"singular": Text(), "plural": Text()}),
        description=Text(),
    ),
)
def update(call: Call) -> Json:
    """Change labels and the searchable properties (three at most)."""
    entry = _required(call, call.path["key"])
    searchable = call.body["searchableProperties"]
    if len(searchable) > MOST_SEARCHABLE:
        raise bad_request(f"A maximum of {MOST_SEARCHABLE} searchable properties is allowed")
    known = {f.doc["fieldKey"] for f in call.state.definitions(
        "object_field", call.location, parent=entry.doc["key"])}  # fmt: skip
    unknown = [p for p in searchable if p not in known]
    if unknown:
        raise bad_request(f"Unknown searchable properties: {', '.join(unknown)}")
    changes = {k: v for k, v in call.body.items() if k != "locationId"}
    return {"object": shown_schema(call.state.update(entry, {**entry.doc, **changes}))}


# --- records -----------------------------------------------------------------------------------

_RECORD = Obj(
    {
        "locationId": Text(required=True),
        "properties": Obj({}, required=True, open=True),
        "owners": ListOf(Text(), most=1),
        "followers": ListOf(Text(), most=10),
    }
)
_CHANGE = Obj({"properties": Obj({}, open=True), "owners": Anything(), "followers": Anything()})


def shown_record(entry: Entry, key: str) -> Json:
    """A record in its read shape.

    The description names the owner `owner`, live searches `owners`; reads by id give
    `dateAdded`, searches `createdAt` (docs/highlevel.md#record-searches): all of them are here.
    """
    doc = entry.doc
    return {
        "id": entry.id,
        "objectId": doc.get("objectId") or f"{entry.location}-{key}",
        "objectKey": key,
        "locationId": entry.location,
        "owner": doc.get("owners", []),
        "owners": doc.get("owners", []),
        "followers": doc.get("followers", []),
        "properties": doc["properties"],
        **stamps(entry),
        **stamps(entry, "createdAt", "updatedAt"),
    }


def _written_by(moment: int) -> Json:
    """Who wrote a record, as searches tell it."""
    return {
        "channel": "INTEGRATION",
        "createdAt": iso(moment),
        "source": "PUBLIC_API",
        "sourceId": "private-integration",
    }


def _fields(call: Call, key: str) -> dict[str, Json]:
    found = call.state.definitions("object_field", call.location, parent=key)
    fields = {f.doc["fieldKey"].split(".")[-1]: f.doc for f in found}
    if key == "business":
        fields |= {n: {"dataType": "TEXT", "name": n} for n in BUSINESS_TEXTS}
        fields["phone"] = {"dataType": "PHONE", "name": "phone"}
        fields["email"] = {"dataType": "EMAIL", "name": "email"}
    return fields


def _properties(call: Call, key: str, known: Json, given: Json) -> Json:
    """Properties after a write; unknown keys and badly shaped values are a 422."""
    fields, values, wrong = _fields(call, key), dict(known), []
    for name, value in given.items():
        field = fields.get(name)
        if field is None:
            wrong.append(f"property {name} should not exist")
            continue
        refuse_long_text(call, field, value)
        try:
            stored = _value(field, value, values.get(name))
        except ValueError as problem:
            wrong.append(f"{name}: {problem}")
            continue
        if stored in (None, "", []):
            values.pop(name, None)
        else:
            values[name] = stored
    if wrong:
        raise unprocessable(*wrong)
    return values


def _value(field: Json, value: Any, known: Any) -> Any:
    kind = field["dataType"]
    if value is None:
        return None
    if kind in ("NUMERICAL",):
        return _number(value)
    if kind == "MONETORY":
        return _money(value)
    if kind == "DATE":
        if not is_date(value):
            raise ValueError("must be a date YYYY-MM-DD without a time")
        return value
    if kind in ("SINGLE_OPTIONS", "RADIO"):
        return _option(field, value)
    if kind in ("MULTIPLE_OPTIONS", "CHECKBOX"):
        return _options(field, value, known or [])
    if kind == "FILE_UPLOAD":
        return _files(value, known or [])
    return _text(kind, value)


def _text(kind: str, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    text = value.strip()
    if kind == "PHONE" and text:
        if not text.startswith("+") or e164(text) is None:
            raise ValueError("must be a phone number with country code")
        return e164(text)
    if kind == "EMAIL" and text:
        if not is_email(text):
            raise ValueError("must be an email")
        return text.lower()
    return text


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    return value


def _money(value: Any) -> Json:
    if not isinstance(value, dict) or set(value) != {"currency", "value"}:
        raise ValueError('must be {"currency": "default", "value": number}')
    if value["currency"] != "default":
        raise ValueError("currency must be default")
    return {"currency": "default", "value": _number(value["value"])}


def _option(field: Json, value: Any) -> Any:
    if value not in [o["key"] for o in field.get("options", [])]:
        raise ValueError(f"{value!r} is not an option key of {field['name']}")
    return value


def _options(field: Json, value: Any, known: list[Any]) -> list[Any]:
    if isinstance(value, dict):
        added, removed = value.get("add") or [], value.get("remove") or []
    elif isinstance(value, list):
        added, removed, known = value, [], []
    else:
        raise ValueError('must be {"add": [keys], "remove": [keys]}')
    for key in added:
        _option(field, key)
    return [*(k for k in known if k not in removed), *(k for k in added if k not in known)]


def _files(value: Any, known: list[Json]) -> list[Json]:
    if not isinstance(value, dict):
        raise ValueError('must be {"add": [{"url": …}]}')
    gone = {f.get("url") for f in value.get("remove") or []}
    return [*(f for f in known if f["url"] not in gone), *(value.get("add") or [])]


def _indexed(call: Call, key: str, doc: Json) -> Json:
    """The document with what uniqueness and search need beside it."""
    fields = _fields(call, key)
    schema = _schema(call, key)
    searchable = schema.doc.get("searchableProperties", []) if schema else ["business.name"]
    names = {p.split(".")[-1] for p in searchable}
    properties = doc["properties"]
    doc["unique"] = {
        n: properties[n] for n, f in fields.items() if f.get("unique") and n in properties
    }
    doc["searchable"] = {n: properties[n] for n in names if n in properties}
    return doc


def _refuse_same(call: Call, key: str, doc: Json, but: str = "") -> None:
    for name, value in doc["unique"].items():
        for entry in call.state.find("record", call.location, name, value, parent=key):
            if entry.id != but:
                raise bad_request(
                    f"Record with {name} {value!r} already exists",
                    code="DUPLICATE_UNIQUE_FIELD",
                    meta={"existingId": entry.id, "field": name},
                )


@endpoint(
    "POST", "/objects/{schemaKey}/records", status=201, scope="objects/record.write", body=_RECORD,
    creates=True,
)  # fmt: skip
def create_record(call: Call) -> Json:
    """Create a record; `locationId` stands in the body."""
    key = _key(call)
    if key == "business" and ("owners" in call.body or "followers" in call.body):
        raise unprocessable("owners and followers are only supported with custom objects")
    schema = _schema(call, key)
    doc = {
        "id": mongo_id(),
        "objectId": schema.id if schema else "",
        "properties": _properties(call, key, {}, call.body["properties"]),
        "owners": call.body.get("owners", []),
        "followers": call.body.get("followers", []),
    }
    if key == "business" and not doc["properties"].get("name"):
        raise unprocessable("name should not be empty")
    _refuse_same(call, key, _indexed(call, key, doc))
    entry = call.state.create("record", call.location, doc, parent=key)
    if key == "business":
        call.state.create("business", call.location, {"id": entry.id}, silent=True)
    return {"record": shown_record(entry, key)}


def _key(call: Call) -> str:
    schema = _schema(call, call.path["schemaKey"])
    return schema.doc["key"] if schema else "business"


def _record(call: Call) -> tuple[Entry, str]:
    key = _key(call)
    entry = call.entry("record", call.path["id"], "Record")
    if entry.parent != key:
        raise not_found("Record", entry.id)
    return entry, key


@endpoint("GET", "/objects/{schemaKey}/records/{id}", scope="objects/record.readonly")
def get_record(call: Call) -> Json:
    """One record."""
    return {"record": shown_record(*_record(call))}


@endpoint(
    "PUT", "/objects/{schemaKey}/records/{id}", scope="objects/record.write",
    query=query(["locationId"]), body=_CHANGE,
)  # fmt: skip
def update_record(call: Call) -> Json:
    """Change a record; `locationId` stands in the query."""
    entry, key = _record(call)
    doc = {**entry.doc, "properties": _properties(
        call, key, entry.doc["properties"], call.body.get("properties") or {})}  # fmt: skip
    for name in ("owners", "followers"):
        change = call.body.get(name)
        if isinstance(change, dict):
            left = [u for u in doc.get(name, []) if u not in (change.get("remove") or [])]
            doc[name] = [*left, *(change.get("add") or [])]
        elif isinstance(change, list):
            doc[name] = change
    if len(doc.get("owners", [])) > 1:
        raise unprocessable("owners must contain no more than 1 elements")
    _refuse_same(call, key, _indexed(call, key, doc), entry.id)
    return {"record": shown_record(call.state.update(entry, doc), key)}


@endpoint("DELETE", "/objects/{schemaKey}/records/{id}", scope="objects/record.write")
def delete_record(call: Call) -> Json:
    """Delete a record with its relations; a `locationId` query is refused."""
    entry, key = _record(call)
    _remove(call, entry, key)
    return {"id": entry.id, "success": True}


def _remove(call: Call, entry: Entry, key: str) -> None:
    drop_relations(call, entry.id)
    if key == "business":
        for contact in call.state.find("contact", call.location, "businessId", entry.id):
            call.state.update(contact, {**contact.doc, "businessId": None})
        shadow = call.state.get("business", entry.id)
        if shadow:
            call.state.delete(shadow, silent=True)
    call.state.delete(entry)


@endpoint(
    "POST", "/objects/{schemaKey}/records/search", scope="objects/record.readonly", body=SEARCH_BODY
)
def search_records(call: Call) -> Json:
    """A page of records with their relations."""
    key = _key(call)
    hits, total = page_of(call, "record", parent=key)
    return {"records": [_hit(call, key, h) for h in hits], "total": total}


def _hit(call: Call, key: str, hit: Any) -> Json:
    entry = Entry(0, "record", hit.id, call.location, key, 0, hit.created, hit.updated, hit.doc)
    relations = []
    for relation in call.state.find("relation", call.location, "record", hit.id):
        first = relation.doc["firstRecordId"] == hit.id
        other = "second" if first else "first"
        relations.append(
            {
                "associationId": relation.doc["associationId"],
                "relationId": relation.id,
                "objectKey": relation.doc.get(f"{other}ObjectKey"),
                "recordId": relation.doc[f"{other}RecordId"],
            }
        )
    body = {
        **shown_record(entry, key),
        "createdBy": _written_by(hit.created),
        "lastUpdatedBy": _written_by(hit.updated),
        "relations": relations,
    }
    return {**body, "searchAfter": hit.cursor, "sort": hit.cursor}


# --- companies through their own door ------------------------------------------------------------

_COMPANY_TEXTS = ("name", "phone", "email", "website", "address", "city", "postalCode", "state",
                  "country", "description")  # fmt: skip
_COMPANY = {name: Text() for name in _COMPANY_TEXTS}


def shown_business(entry: Entry) -> Json:
    """A company as `/businesses` shows it (`postalCode`, no custom fields)."""
    properties = entry.doc["properties"]
    known = {n: properties.get("postalcode" if n == "postalCode" else n) for n in _COMPANY_TEXTS}
    filled = {name: value for name, value in known.items() if value is not None}
    return {
        "id": entry.id,
        "locationId": entry.location,
        **filled,
        **stamps(entry, "createdAt", "updatedAt"),
    }


def _company_properties(call: Call, known: Json) -> Json:
    given = {
        ("postalcode" if k == "postalCode" else k): v
        for k, v in call.body.items()
        if k != "locationId"
    }
    return _properties(call, "business", known, given)


@endpoint(
    "POST", "/businesses/", status=201, scope="businesses.write", creates=True,
    body=Obj({**_COMPANY, "name": Text(required=True), "locationId": Text(required=True)}),
)  # fmt: skip
def create_business(call: Call) -> Json:
    """Create a company."""
    doc = {"id": mongo_id(), "properties": _company_properties(call, {})}
    entry = call.state.create(
        "record", call.location, _indexed(call, "business", doc), parent="business"
    )
    call.state.create("business", call.location, {"id": entry.id}, silent=True)
    return {"success": True, "buiseness": shown_business(entry), "business": shown_business(entry)}


@endpoint("GET", "/businesses/", query=query(["locationId"], ["limit", "skip"], limit=1000))
def businesses(call: Call) -> Json:
    """Companies of the sub-account."""
    found = call.state.listed(
        "record", call.location, parent="business", limit=call.number("limit", 100),
        skip=call.number("skip", 0),
    )  # fmt: skip
    return {"businesses": [shown_business(e) for e in found]}


def _company(call: Call) -> Entry:
    entry = call.entry("record", call.path["businessId"], "Business")
    if entry.parent != "business":
        raise not_found("Business", entry.id)
    return entry


@endpoint("GET", "/businesses/{businessId}")
def get_business(call: Call) -> Json:
    """One company."""
    return {"business": shown_business(_company(call))}


@endpoint("PUT", "/businesses/{businessId}", scope="businesses.write", body=Obj(_COMPANY))
def update_business(call: Call) -> Json:
    """Change a company."""
    entry = _company(call)
    doc = {**entry.doc, "properties": _company_properties(call, entry.doc["properties"])}
    entry = call.state.update(entry, _indexed(call, "business", doc))
    return {"success": True, "buiseness": shown_business(entry), "business": shown_business(entry)}


@endpoint("DELETE", "/businesses/{businessId}", scope="businesses.write")
def delete_business(call: Call) -> Json:
    """Delete a company; its contacts are unlinked."""
    _remove(call, _company(call), "business")
    return {"success": True}
