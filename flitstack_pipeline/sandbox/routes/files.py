"""The media library, and files put straight into a contact's file field."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import ApiError, bad_request, unprocessable
from flitstack_pipeline.sandbox.formats import mongo_id
from flitstack_pipeline.sandbox.routes.contacts import answered
from flitstack_pipeline.sandbox.routes.fields import keep_file
from flitstack_pipeline.sandbox.validate import Anything, ListOf, Obj, Text, body, query

MEDIA_LIMIT, FORM_LIMIT = 25 * 1024 * 1024, 50 * 1024 * 1024
FORM_TYPES = frozenset([
    "pdf", "docx", "doc", "jpg", "jpeg", "png", "gif", "csv", "xlsx", "xls", "mp4", "mpeg", "zip",
    "rar", "txt", "svg",
])  # fmt: skip


@endpoint(
    "POST", "/medias/upload-file", status=201, multipart=True, body=Obj(open=True), creates=True,
    scope="medias.write",
)  # fmt: skip
def upload(call: Call) -> Json:
    """Put a file into the media library."""
    if str(call.body.get("hosted", "")).lower() == "true":
        raise bad_request("fileUrl could not be fetched")
    if not call.uploads:
        raise bad_request("No file uploaded")
    file = call.uploads[0]
    if len(file.content) > MEDIA_LIMIT:
        raise ApiError(413, "File too large")
    name = str(call.body.get("name") or file.filename)
    stored = keep_file(
        call, name, file.mimetype, file.content, str(call.body.get("parentId") or ""), "file"
    )
    return {"fileId": stored["id"], "url": stored["url"], "traceId": mongo_id()}


@endpoint(
    "GET", "/medias/files",
    query=query(["altType", "altId"], ["type", "sortBy", "sortOrder", "limit", "offset", "query",
                                       "parentId", "fetchAll"]),
)  # fmt: skip
def listed(call: Call) -> Json:
    """Files of the media library."""
    found = call.state.listed(
        "file", call.location, limit=call.number("limit", 100), skip=call.number("offset", 0)
    )
    return {"files": [e.doc for e in found]}


@endpoint(
    "POST", "/medias/folder", creates=True,
    body=body(altId=Text(required=True), altType=Text(required=True), name=Text(required=True),
              parentId=Text()),
)  # fmt: skip
def folder(call: Call) -> Json:
    """Create a folder of the media library."""
    folder_id = mongo_id()
    doc = {"id": folder_id, "_id": folder_id, "type": "folder", **call.body}
    return call.state.create("media_folder", call.location, doc).doc


@endpoint(
    "PUT", "/medias/delete-files",
    body=body(altId=Text(required=True), altType=Text(required=True), status=Text(),
              filesToBeDeleted=ListOf(Anything(), required=True)),
)  # fmt: skip
def delete_many(call: Call) -> Json:
    """Trash several files."""
    for item in call.body["filesToBeDeleted"]:
        entry = call.state.get("file", item.get("_id") or item.get("id") or "")
        if entry is not None and entry.location == call.location:
            call.state.delete(entry)
    return {"success": True}


@endpoint("DELETE", "/medias/{id}", query=query(["altType", "altId"]))
def delete(call: Call) -> Json:
    """Delete a file."""
    call.state.delete(call.entry("file", call.path["id"], "File"))
    return {"success": True}


@endpoint(
    "POST", "/forms/upload-custom-files", multipart=True, body=Obj(open=True),
    query=query(["contactId", "locationId"]), scope="forms.write",
)  # fmt: skip
def upload_to_contact(call: Call) -> Json:
    """Put files into file fields of a contact; each part is named `<field id>_<uuid>`."""
    contact = call.entry("contact", str(call.query["contactId"]), "Contact")
    values = dict(contact.doc.get("customFields", {}))
    sent: set[str] = set()
    for file in call.uploads:
        field_id, _, key = file.field.partition("_")
        field = call.state.get("contact_field", field_id)
        if field is None or field.doc["dataType"] != "FILE_UPLOAD" or not key:
            raise unprocessable(f"{file.field}: no file field of that id, or no uuid after it")
        suffix = file.filename.rpartition(".")[2].lower()
        if suffix not in FORM_TYPES or len(file.content) > FORM_LIMIT:
            raise bad_request(f"File {file.filename} is not accepted")
        stored = keep_file(call, file.filename, file.mimetype, file.content)
        meta = {"fieldname": file.field, "originalname": file.filename, "encoding": "7bit",
                "mimetype": file.mimetype, "size": len(file.content), "uuid": key}  # fmt: skip
        known = {} if call.live and field_id not in sent else values.get(field_id) or {}
        sent.add(field_id)  # live, the field then holds what was sent and nothing else (L6)
        values[field_id] = {
            **known,
            key: {"meta": meta, "url": stored["url"], "documentId": stored["id"]},
        }
    entry = call.state.update(contact, {**contact.doc, "customFields": values})
    return {"contact": answered(entry)}
