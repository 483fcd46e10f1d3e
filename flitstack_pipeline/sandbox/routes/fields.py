"""Custom fields: v1 on contacts and opportunities, v2 on custom objects and companies."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, not_found, unprocessable
from flitstack_pipeline.sandbox.formats import field_slug, mongo_id, short_id, uuid_id
from flitstack_pipeline.sandbox.routes.shared import shown_field, stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import (
    Anything,
    Flag,
    ListOf,
    Number,
    Obj,
    Rule,
    Text,
    body,
    query,
)

V1_TYPES = ("TEXT", "LARGE_TEXT", "NUMERICAL", "PHONE", "MONETORY", "CHECKBOX", "SINGLE_OPTIONS",
            "MULTIPLE_OPTIONS", "FLOAT", "TIME", "DATE", "TEXTBOX_LIST", "FILE_UPLOAD",
            "SIGNATURE", "RADIO")  # fmt: skip
V2_TYPES = (
    "TEXT", "LARGE_TEXT", "NUMERICAL", "PHONE", "MONETORY", "CHECKBOX", "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS", "DATE", "TEXTBOX_LIST", "FILE_UPLOAD", "RADIO", "EMAIL",
)  # fmt: skip
_WITH_OPTIONS = {"SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "CHECKBOX", "RADIO"}
_V1: dict[str, Rule] = {
    "placeholder": Text(), "acceptedFormat": ListOf(Text()), "isMultipleFile": Flag(),
    "maxNumberOfFiles": Number(), "textBoxListOptions": Anything(), "position": Number(),
    "model": Text(one_of=("contact", "opportunity")), "options": ListOf(Text()), "parentId": Text(),
}  # fmt: skip


def shown_v1(entry: Entry) -> Json:
    """A contact or opportunity field."""
    return {**entry.doc, "locationId": entry.location, "dateAdded": stamps(entry)["dateAdded"]}


@endpoint(
    "GET", "/locations/{locationId}/customFields",
    query=query([], ["model"]), scope="locations/customFields.readonly",
)  # fmt: skip
def listed_v1(call: Call) -> Json:
    """Fields of contacts (the default), opportunities or both."""
    model = call.query.get("model") or "contact"
    fields = call.state.definitions("contact_field", call.location)
    return {"customFields": [shown_v1(f) for f in fields if model in ("all", f.doc["model"])]}


@endpoint(
    "POST", "/locations/{locationId}/customFields", status=201, creates=True,
    scope="locations/customFields.write",
    body=body(name=Text(required=True), dataType=Text(required=True, one_of=V1_TYPES), **_V1),
)  # fmt: skip
def create_v1(call: Call) -> Json:
    """Create a field; its key is made by the server from the name."""
    given = call.body
    model, name = given.get("model") or "contact", given["name"].strip()
    key = f"{model}.{field_slug(name)}"
    known = call.state.definitions("contact_field", call.location)
    if any(f.doc["fieldKey"] == key for f in known):
        raise bad_request(f"Custom field with name {name} already exists")
    if given["dataType"] in _WITH_OPTIONS and not given.get("options"):
        raise unprocessable("options should not be empty")
    doc = {
        "id": short_id(), "name": name, "model": model, "fieldKey": key,
        "dataType": given["dataType"], "placeholder": given.get("placeholder", ""),
        "position": given.get("position", 0), "parentId": given.get("parentId"),
        "picklistOptions": list(dict.fromkeys(given.get("options") or [])),
        "isMultipleFile": bool(given.get("isMultipleFile")), "standard": False,
    }  # fmt: skip
    if "maxNumberOfFiles" in given:
        doc["maxNumberOfFiles"] = given["maxNumberOfFiles"]
    return {"customField": shown_v1(call.state.create("contact_field", call.location, doc))}


def _v1(call: Call) -> Entry:
    return call.entry("contact_field", call.path["id"], "Custom field")


@endpoint("GET", "/locations/{locationId}/customFields/{id}")
def get_v1(call: Call) -> Json:
    """One field."""
    return {"customField": shown_v1(_v1(call))}


@endpoint(
    "PUT", "/locations/{locationId}/customFields/{id}", scope="locations/customFields.write",
    body=Obj({"name": Text(), **_V1}),
)  # fmt: skip
def update_v1(call: Call) -> Json:
    """Change a field; options replace the list."""
    entry, given = _v1(call), dict(call.body)
    options = given.pop("options", None)
    given.pop("model", None)
    doc = {**entry.doc, **given}
    if options is not None:
        doc["picklistOptions"] = options
    return {"customField": shown_v1(call.state.update(entry, doc))}


@endpoint(
    "DELETE", "/locations/{locationId}/customFields/{id}", scope="locations/customFields.write"
)
def delete_v1(call: Call) -> Json:
    """Delete a field."""
    call.state.delete(_v1(call))
    return {"succeded": True, "succeeded": True}


@endpoint(
    "POST",
    "/locations/{locationId}/customFields/upload",
    multipart=True,
    body=Obj(open=True),
)
def upload(call: Call) -> Json:
    """Keep files; their addresses still have to be written into a record."""
    if not call.body.get("id"):
        raise unprocessable("id should not be empty")
    if not call.uploads:
        raise bad_request("No file uploaded")
    uploaded, meta = {}, []
    for file in call.uploads:
        stored = keep_file(call, file.filename, file.mimetype, file.content)
        uploaded[file.filename] = stored["url"]
        meta.append({"fieldname": file.field, "originalname": file.filename,
                     "mimetype": file.mimetype, "size": len(file.content), "uuid": uuid_id(),
                     "url": stored["url"]})  # fmt: skip
    return {"uploadedFiles": uploaded, "meta": meta}


def keep_file(
    call: Call, name: str, mimetype: str, content: bytes, folder: str = "", kind: str = "upload"
) -> Json:
    """Store a file and return its document with a public address.

    Of kind `file` it lies in the media library; an `upload` is known by those who name it only.
    """
    file_id = mongo_id()
    doc = {
        "id": file_id, "_id": file_id, "name": name, "type": "file", "contentType": mimetype,
        "size": len(content), "parentId": folder or None,
        "url": f"{call.base_url}/_files/{file_id}/{name}",
    }  # fmt: skip
    call.state.create(kind, call.location, doc)
    call.state.keep_content(file_id, mimetype, content)
    return doc


# --- v2 ------------------------------------------------------------------------------------------


def _object_key(call: Call, key: str) -> str:
    known = {"business"} | {e.doc["key"] for e in call.state.definitions("object", call.location)}
    if key not in known:
        raise bad_request(f"Object {key} does not exist; contacts and opportunities use v1 fields")
    return key


@endpoint("GET", "/custom-fields/object-key/{objectKey}", query=query(["locationId"]))
def by_object(call: Call) -> Json:
    """Fields and folders of an object."""
    key = _object_key(call, call.path["objectKey"])
    fields = call.state.definitions("object_field", call.location, parent=key)
    folders = call.state.listed("folder", call.location, parent=key)
    return {"fields": [shown_field(f) for f in fields], "folders": [f.doc for f in folders]}


@endpoint(
    "POST", "/custom-fields/folder", status=201, creates=True,
    body=body(**{n: Text(required=True) for n in ("objectKey", "name", "locationId")}),
)  # fmt: skip
def create_folder(call: Call) -> Json:
    """Create a folder of fields."""
    key = _object_key(call, call.body["objectKey"])
    doc = {
        "id": mongo_id(),
        "name": call.body["name"],
        "objectKey": key,
        "locationId": call.location,
    }
    return call.state.create("folder", call.location, doc, parent=key).doc


@endpoint(
    "PUT", "/custom-fields/folder/{id}", body=body(name=Text(required=True), locationId=Text())
)
def rename_folder(call: Call) -> Json:
    """Rename a folder."""
    entry = call.entry("folder", call.path["id"], "Folder")
    return call.state.update(entry, {**entry.doc, "name": call.body["name"]}).doc


@endpoint("DELETE", "/custom-fields/folder/{id}", query=query([], ["locationId"]))
def delete_folder(call: Call) -> Json:
    """Delete a folder."""
    entry = call.entry("folder", call.path["id"], "Folder")
    call.state.delete(entry)
    return {"succeded": True, "id": entry.id, "key": entry.doc["objectKey"]}


_OPTION = Obj({"key": Text(required=True), "label": Text(required=True), "url": Text()})


@endpoint(
    "POST", "/custom-fields/", status=201, creates=True,
    body=body(
        locationId=Text(required=True), name=Text(), description=Text(), placeholder=Text(),
        showInForms=Flag(required=True), options=ListOf(_OPTION), acceptedFormats=Text(),
        dataType=Text(required=True, one_of=V2_TYPES), fieldKey=Text(required=True),
        objectKey=Text(required=True), maxFileLimit=Number(), allowCustomOption=Flag(),
        parentId=Text(required=True),
    ),
)  # fmt: skip
def create_v2(call: Call) -> Json:
    """Create a field of a custom object or of companies."""
    given = call.body
    key = _object_key(call, given["objectKey"])
    name = given["fieldKey"].removeprefix(f"{key}.")
    if call.state.get("folder", given["parentId"]) is None:
        raise not_found("Folder", given["parentId"])
    known = call.state.definitions("object_field", call.location, parent=key)
    if any(f.doc["fieldKey"] == f"{key}.{name}" for f in known):
        raise bad_request(f"Field with key {key}.{name} already exists")
    if given["dataType"] in _WITH_OPTIONS and not given.get("options"):
        raise unprocessable("options should not be empty")
    kept = {k: v for k, v in given.items() if k != "locationId"}
    doc = {"id": mongo_id(), **kept, "fieldKey": f"{key}.{name}", "objectKey": key,
           "locationId": call.location, "options": given.get("options", [])}  # fmt: skip
    return {"field": shown_field(call.state.create("object_field", call.location, doc, parent=key))}


def _v2(call: Call) -> Entry:
    return call.entry("object_field", call.path["id"], "Field")


@endpoint("GET", "/custom-fields/{id}")
def get_v2(call: Call) -> Json:
    """One field."""
    return {"field": shown_field(_v2(call))}


@endpoint(
    "PUT", "/custom-fields/{id}",
    body=body(
        locationId=Text(required=True), name=Text(), description=Text(), placeholder=Text(),
        showInForms=Flag(), options=ListOf(_OPTION), acceptedFormats=Text(), maxFileLimit=Number(),
    ),
)  # fmt: skip
def update_v2(call: Call) -> Json:
    """Change a field; options replace the list but none can be removed."""
    entry = _v2(call)
    options = call.body.get("options")
    if options is not None:
        left = {o["key"] for o in options}
        if any(o["key"] not in left for o in entry.doc.get("options", [])):
            raise bad_request("Options can not be removed")
    changes = {k: v for k, v in call.body.items() if k != "locationId"}
    return {"field": shown_field(call.state.update(entry, {**entry.doc, **changes}))}


@endpoint("DELETE", "/custom-fields/{id}", query=query([], ["locationId"]))
def delete_v2(call: Call) -> Json:
    """Delete a field."""
    entry = _v2(call)
    call.state.delete(entry)
    return {"succeded": True, "id": entry.id, "key": entry.doc["fieldKey"]}
