"""Answers in the shapes that live clients recorded, made of the documented ones.

What belongs here: per operation, what the profile `live` shows instead of what the official pages
describe; always the harshest recorded shape. What does not: what the live API does otherwise (the
routes ask `call.live`). Sources: the recordings R01-R60 and findings L1-L22 that the tests keep.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from flitstack_pipeline.sandbox.calls import Call, Json
from flitstack_pipeline.sandbox.formats import parse_moment

Shape = Callable[[Call, Json], Json]
NUMBERS = ("NUMERICAL", "MONETORY", "FLOAT")
COUNTRIES = {"US": "United States", "CA": "Canada", "MX": "Mexico", "GB": "United Kingdom"}


def as_recorded(call: Call, method: str, path: str, status: int, body: Any) -> tuple[int, Any]:
    """The answer of an operation as live clients saw it: (status, body)."""
    shape = SHAPES.get((method, path))
    if shape is None or status >= 300 or not isinstance(body, dict):
        return status, body
    return STATUSES.get((method, path), status), shape(call, body)


# --- contacts (R01-R05) -------------------------------------------------------------------------


def _contact_rows(call: Call, body: Json) -> Json:
    """R01: names in lower case only, `address`, `businessName`, the country as a word."""
    return {**body, "contacts": [_contact_row(call, row) for row in body["contacts"]]}


def _contact_row(call: Call, row: Json) -> Json:
    gone = ("firstName", "lastName", "name", "contactName", "address1", "companyName")
    shown = {k: v for k, v in row.items() if k not in gone}
    business = call.state.get("record", row["businessId"]) if row.get("businessId") else None
    named = business.doc.get("properties", {}).get("name") if business else None
    return {
        **shown,
        "firstNameLowerCase": _lower(row.get("firstName")),
        "lastNameLowerCase": _lower(row.get("lastName")),
        "address": row.get("address1"),
        "businessName": named or row.get("companyName"),
        "country": COUNTRIES.get(row.get("country") or "", row.get("country")),
        "customFields": [_as_text(call, cell) for cell in row["customFields"]],
        "additionalPhones": [],
        "phoneLabel": None,
        "validEmail": True,
    }


def _as_text(call: Call, cell: Json) -> Json:
    """Numbers as text, dates as milliseconds, files as a contact shows them."""
    kind = _type_of(call, cell["id"])
    value = cell["value"]
    if kind in NUMBERS and isinstance(value, int | float):
        return {**cell, "value": f"{value:g}" if value == int(value) else repr(value)}
    if kind == "DATE":
        return {**cell, "value": parse_moment(value)}
    return _contact_file(call, cell)


def _contact_file(call: Call, cell: Json) -> Json:
    """L7: a field for a single file, or a signature, holds the file alone."""
    field = call.state.get("contact_field", cell["id"])
    value = cell["value"]
    if field is None or not isinstance(value, dict) or not value:
        return cell
    several = field.doc.get("isMultipleFile") or field.doc.get("maxNumberOfFiles", 2) != 1
    if field.doc["dataType"] == "FILE_UPLOAD" and several:
        return cell
    file = next(iter(value.values()))
    meta = file.get("meta", {})
    kept = {k: meta[k] for k in ("originalname", "size") if k in meta}
    return {**cell, "value": {"url": file.get("url"), "meta": kept}}


def _one_contact(call: Call, body: Json) -> Json:
    """R03: no `name`; lower-case names beside the typed ones."""
    contact = body.get("contact")
    if not contact:
        return body
    names = {f"{k}LowerCase": _lower(contact[k]) for k in ("firstName", "lastName", "email")
             if contact.get(k)}  # fmt: skip
    shown = {k: v for k, v in contact.items() if k not in ("name", "contactName")}
    cells = [_contact_file(call, cell) for cell in contact.get("customFields", [])]
    return {**body, "contact": {**shown, **names, "customFields": cells}}


def _contact_list(call: Call, body: Json) -> Json:
    """R02: names in lower case, as typed under `…Raw`."""
    rows = [
        {
            **{k: v for k, v in row.items() if k != "name"},
            "firstName": _lower(row.get("firstName")),
            "lastName": _lower(row.get("lastName")),
            "firstNameRaw": row.get("firstName"),
            "lastNameRaw": row.get("lastName"),
            "customFields": [_contact_file(call, cell) for cell in row["customFields"]],
        }
        for row in body["contacts"]
    ]
    return {**body, "contacts": rows}


# --- opportunities (R12-R18) ----------------------------------------------------------------------


def _opportunity_rows(call: Call, body: Json) -> Json:
    """R13-R16: custom fields empty, typed or elsewhere, the cursor in `sort`, total in `meta`."""
    rows = []
    for row in body["opportunities"]:
        contact = {"associationId": "OPPORTUNITIES_CONTACTS_ASSOCIATION", "relationId": row["id"],
                   "primary": True, "objectKey": "contact",
                   "recordId": row["contactId"]}  # fmt: skip
        shown = {k: v for k, v in row.items() if k not in ("searchAfter", "customFields")}
        rows.append(
            {
                **shown,
                "pipelineStageUId": row["pipelineStageId"],
                **_row_cells(row["id"], row["customFields"]),
                "relations": [contact],
                "indexVersion": 1,
            }
        )
    meta = {**body.get("meta", {}), "currentPage": 1, "nextPage": None, "prevPage": None}
    meta.setdefault("total", body.get("total"))
    return {"opportunities": rows, "meta": meta}


def _row_cells(opportunity_id: str, cells: list[Json]) -> Json:
    """The custom fields of a row: none for every other opportunity, else typed or renamed (L3)."""
    way = zlib.crc32(opportunity_id.encode()) % 4
    if way < 2:
        return {"customFields": []}
    if way == 2:
        return {
            "custom_fields": [{"id": c["id"], "fieldValue": c.get("fieldValue")} for c in cells]
        }
    return {"customFields": [_typed(cell["id"], cell.get("fieldValue")) for cell in cells]}


def _typed(field_id: str, value: Any) -> Json:
    """R14: the key of a value tells its type."""
    for kind, name in ((bool, "boolean"), (int | float, "number"), (list, "array")):
        if isinstance(value, kind):
            return {"id": field_id, f"fieldValue{name.title()}": value, "type": name}
    name = "file" if isinstance(value, dict) else "string"
    return {"id": field_id, f"fieldValue{name.title()}": value, "type": name}


def _one_opportunity(call: Call, body: Json) -> Json:
    """R18: files are a list, each with whether it was deleted."""
    opportunity = body.get("opportunity")
    if not opportunity:
        return body
    cells = []
    for cell in opportunity.get("customFields", []):
        value = cell.get("fieldValue")
        if _type_of(call, cell["id"]) == "FILE_UPLOAD" and isinstance(value, dict):
            value = [{"url": f.get("url"), "deleted": False, "meta": _meta(k, f)}
                     for k, f in value.items()]  # fmt: skip
        cells.append({**cell, "fieldValue": value})
    return {**body, "opportunity": {**opportunity, "customFields": cells}}


def _meta(file_id: str, file: Json) -> Json:
    meta = file.get("meta", {})
    kept = {k: meta[k] for k in ("size", "mimetype") if k in meta}
    return {"name": meta.get("originalname"), **kept, "uuid": meta.get("uuid") or file_id}


def _pipelines(call: Call, body: Json) -> Json:
    """R20: stages in any order."""
    return {**body, "pipelines": [
        {**p, "stages": list(reversed(p["stages"]))} for p in body["pipelines"]]}  # fmt: skip


# --- the rest -----------------------------------------------------------------------------------


def _tasks(call: Call, body: Json) -> Json:
    """R21: `_id`, a status instead of `completed`, a cursor."""
    rows = []
    for number, task in enumerate(body["tasks"]):
        shown = {k: v for k, v in task.items() if k not in ("id", "completed")}
        status = "completed" if task.get("completed") else "incomplete"
        rows.append(
            {
                **shown, "_id": task["id"], "status": status, "statusGroup": status,
                "deleted": False, "contactDetails": {"firstName": None, "lastName": None},
                "searchAfter": task.get("searchAfter", [number, task["id"]]),
            }
        )  # fmt: skip
    return {"tasks": rows}


def _fields(call: Call, body: Json) -> Json:
    """R24: with `model=all` the fields of custom objects too, their options as bare labels."""
    if call.query.get("model") != "all":
        return body
    extra = [
        {
            "id": field.doc["id"], "name": field.doc.get("name") or "",
            "model": field.parent, "fieldKey": field.doc["fieldKey"],
            "dataType": field.doc["dataType"], "locationId": field.location,
            "picklistOptions": [o["label"] for o in field.doc.get("options", [])],
        }
        for field in call.state.all("object_field", call.location)
    ]  # fmt: skip
    return {**body, "customFields": [*body["customFields"], *extra]}


def _record_rows(call: Call, body: Json) -> Json:
    """R26: no links in the rows."""
    rows = [{k: v for k, v in row.items() if k != "relations"} for row in body["records"]]
    return {**body, "records": [{**row, "sort": row.get("searchAfter")} for row in rows]}


def _one_record(call: Call, body: Json) -> Json:
    """R27: links are an empty list."""
    record = body.get("record")
    return {**body, "record": {**record, "relations": []}} if record else body


def _associations(call: Call, body: Json) -> Json:
    """R29: HighLevel's own association comes along, without a key."""
    system = {
        "id": "OPPORTUNITIES_CONTACTS_ASSOCIATION", "associationType": "SYSTEM_DEFINED",
        "firstObjectKey": "opportunity", "secondObjectKey": "contact",
        "firstObjectToSecondObjectMaxLimit": 25, "secondObjectToFirstObjectMaxLimit": 1000,
    }  # fmt: skip
    first = [] if call.number("skip", 0) else [system]
    return {"associations": [*first, *body["associations"]]}


def _upload(call: Call, body: Json) -> Json:
    """R54: the names are not the files' own, and they come in another order."""
    named = list(body["uploadedFiles"].values())
    parts = [meta["fieldname"].rpartition("_")[2] for meta in body["meta"]]
    renamed = {f"{part}-{n}": url for n, (part, url) in enumerate(zip(parts, named, strict=True))}
    return {"uploadedFiles": dict(reversed(renamed.items())), "meta": body["meta"][::-1]}


def _notes(call: Call, body: Json) -> Json:
    """R23: the plain text beside the body, and what the note hangs on."""
    notes = [
        {**note, "bodyText": note["body"], "userId": note.get("userId"),
         "relations": note.get("relations")
         or [{"objectKey": "contact", "recordId": note.get("contactId")}]}
        for note in body["notes"]
    ]  # fmt: skip
    return {**body, "notes": notes}


def _type_of(call: Call, field_id: str) -> str:
    field = call.state.get("contact_field", field_id)
    return str(field.doc["dataType"]) if field else ""


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


SHAPES: dict[tuple[str, str], Shape] = {
    ("POST", "/contacts/search"): _contact_rows,
    ("GET", "/contacts/"): _contact_list,
    ("GET", "/contacts/business/{businessId}"): _contact_list,
    ("GET", "/contacts/{contactId}"): _one_contact,
    ("POST", "/contacts/"): _one_contact,
    ("PUT", "/contacts/{contactId}"): _one_contact,
    ("GET", "/contacts/search/duplicate"): _one_contact,
    ("GET", "/contacts/{contactId}/notes"): _notes,
    ("GET", "/opportunities/search"): _opportunity_rows,
    ("POST", "/opportunities/search"): _opportunity_rows,
    ("GET", "/opportunities/{id}"): _one_opportunity,
    ("POST", "/opportunities/"): _one_opportunity,
    ("PUT", "/opportunities/{id}"): _one_opportunity,
    ("GET", "/opportunities/pipelines"): _pipelines,
    ("POST", "/locations/{locationId}/tasks/search"): _tasks,
    ("GET", "/locations/{locationId}/customFields"): _fields,
    ("POST", "/locations/{locationId}/customFields/upload"): _upload,
    ("POST", "/objects/{schemaKey}/records/search"): _record_rows,
    ("GET", "/objects/{schemaKey}/records/{id}"): _one_record,
    ("GET", "/associations/"): _associations,
}
#: Where live answers have another status than the official pages.
STATUSES = {
    ("POST", "/locations/{locationId}/tasks/search"): 201,
    ("POST", "/objects/{schemaKey}/records/search"): 201,
    ("POST", "/opportunities/search"): 201,
    ("POST", "/locations/{locationId}/customFields/upload"): 201,
}
