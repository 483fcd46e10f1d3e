"""HighLevel's answers made into one form per family, whichever of the recorded shapes they have.

What belongs here: one `read_*` per family, from raw JSON to the canonical record, tolerant of keys
that are missing, null, extra, renamed or of another type (live: L1-L16). What does not: fetching
what an answer does not tell (the family modules), what a value means (values.py).

Nothing above this package sees raw JSON. `missing` of a record names the canonical keys its answer
does not tell: rows of searches are partial, and what is missing is never the same as empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from flitstack_pipeline.highlevel.answer_types import (
    Appointment,
    Association,
    Cell,
    Contact,
    FieldOption,
    FieldV1,
    FieldV2,
    Link,
    Message,
    Named,
    Note,
    ObjectRecord,
    Opportunity,
    Pipeline,
    Relation,
    Schema,
    Stage,
    Task,
    User,
)
from flitstack_pipeline.highlevel.errors import UnexpectedAnswer

Raw = Mapping[str, Any]

#: Where a custom field's value may stand, in this order; typed ones are `fieldValue<Type>`.
_VALUE_KEYS = ("value", "fieldValue", "field_value")
_CONTACT_TEXTS = (
    "firstName", "lastName", "email", "phone", "address1", "city", "state", "postalCode", "country",
    "website", "companyName", "source", "dateOfBirth", "timezone", "assignedTo", "businessId",
)  # fmt: skip
_COUNTRIES = {
    "united states": "US", "united states of america": "US", "usa": "US", "canada": "CA",
    "mexico": "MX", "united kingdom": "GB", "great britain": "GB", "australia": "AU",
    "new zealand": "NZ", "ireland": "IE", "puerto rico": "PR", "south africa": "ZA",
}  # fmt: skip
#: Where a row may show the whole name though it shows neither part of it.
_WHOLE_NAMES = ("name", "contactName", "fullNameLowerCase")
_PARTS_OF_NAME = tuple(
    f"{part}{form}" for part in ("firstName", "lastName") for form in ("", "Raw", "LowerCase")
)
_YES = frozenset({"true", "yes", "1", "completed", "complete", "done"})
_NO = frozenset({"false", "no", "0", ""})
#: Keys that are yes or no, whichever family they are in.
_FLAGS = frozenset(
    ("deleted", "dnd", "completed", "standard", "isActive", "unique", "isUnique", "new",
     "allowDuplicateContact", "allowDuplicateOpportunity")
)  # fmt: skip


def canonical(raw: Raw) -> dict[str, Any]:
    """A record of any family with its id under `id`, and its flags as flags, told as text or not.

    Every record passes here before its family reads it.
    """
    found = dict(raw)
    if not found.get("id") and found.get("_id"):
        found["id"] = found["_id"]
    for name in _FLAGS & found.keys():
        found[name] = flag(found[name])
    if isinstance(found.get("settings"), Mapping):
        found["settings"] = canonical(found["settings"])
    return found


def flag(value: Any) -> Any:
    """Yes or no where a text says so; everything else as it stands."""
    said = value.strip().casefold() if isinstance(value, str) else None
    return said in _YES if said in _YES | _NO else value


def read_contact(raw: Raw, *, row: bool = False) -> Contact:
    """A contact from any of its recorded shapes (R01-R05).

    Args:
        raw: the answer's record.
        row: whether it is a row of a search or a list, whose names may be in lower case.
    """
    found: dict[str, Any] = {"id": identity(raw)}
    missing: set[str] = set()
    for key in _CONTACT_TEXTS:
        value, known = _contact_text(raw, key, row=row)
        if value not in (None, ""):
            found[key] = value
        if not known:
            missing.add(key)
    if not missing & {"firstName", "lastName"}:
        name = " ".join(str(found[k]) for k in ("firstName", "lastName") if found.get(k))
        if name or raw.get("name"):
            found["name"] = name or raw["name"]
    else:
        missing.add("name")
    for key in ("tags", "dnd", "dndSettings", "inboundDndSettings"):
        if raw.get(key) not in (None, "", [], {}):
            found[key] = raw[key]
    if row and "tags" not in raw:
        missing.add("tags")
    found["customFields"], told = read_cells(raw)
    if row and not told:
        missing.add("customFields")
    found["dateAdded"] = text(raw, "dateAdded", "createdAt")
    found["dateUpdated"] = text(raw, "dateUpdated", "updatedAt")
    found["missing"] = frozenset(missing)
    return cast("Contact", found)


def _contact_text(raw: Raw, key: str, *, row: bool) -> tuple[Any, bool]:
    """(the value, whether the answer tells it) of one of a contact's texts."""
    value = raw.get(key)
    if key in ("firstName", "lastName"):
        return _name(raw, key, row=row)
    if key == "address1" and value in (None, ""):
        value = raw.get("address")
        return value, not row or key in raw or "address" in raw
    if key == "companyName" and value in (None, ""):
        # `businessName` is the linked company's name, not the contact's own text
        return None, not row or (key in raw and not raw.get("businessName"))
    if key == "country" and isinstance(value, str):
        return _COUNTRIES.get(value.strip().casefold(), value), True
    if key == "dateOfBirth" and isinstance(value, str):
        return value[:10], True
    return value, True


def _name(raw: Raw, key: str, *, row: bool) -> tuple[Any, bool]:
    """A first or last name: as typed (`…Raw`), as shown, or not told but in lower case."""
    typed, shown = raw.get(f"{key}Raw"), raw.get(key)
    if typed not in (None, ""):
        return typed, True
    if not row:
        return shown, True
    lowered = raw.get(f"{key}LowerCase")
    if shown in (None, ""):
        told = key in raw and lowered in (None, "")
        return None, told and (_has(raw, _PARTS_OF_NAME) or not _has(raw, _WHOLE_NAMES))
    is_lowered = str(shown) == str(shown).lower() and any(c.isalpha() for c in str(shown))
    return (None, False) if is_lowered else (shown, True)


def _has(raw: Raw, keys: Iterable[str]) -> bool:
    return any(raw.get(key) for key in keys)


def read_opportunity(raw: Raw, *, row: bool = False) -> Opportunity:
    """An opportunity from any of its recorded shapes (R12-R18).

    Args:
        raw: the answer's record.
        row: whether it is a row of a search, whose custom fields may be shown empty though they
            are not (live: L3).
    """
    cells, _ = read_cells(raw)
    about = raw.get("contact")
    holder = about.get("id") if isinstance(about, Mapping) else None
    linked = [
        r.get("recordId") for r in listed(raw.get("relations")) if r.get("objectKey") == "contact"
    ]
    found: dict[str, Any] = {
        "id": identity(raw),
        "name": raw.get("name"),
        "status": raw.get("status"),
        "monetaryValue": raw.get("monetaryValue"),
        "pipelineId": raw.get("pipelineId"),
        "pipelineStageId": raw.get("pipelineStageId") or raw.get("pipelineStageUId"),
        "contactId": raw.get("contactId") or holder or next(iter(linked), None),
        "assignedTo": raw.get("assignedTo"),
        "customFields": cells,
        "createdAt": text(raw, "createdAt", "dateAdded"),
        "updatedAt": text(raw, "updatedAt", "dateUpdated"),
        "missing": frozenset({"customFields"} if row and not cells else ()),
    }
    return cast("Opportunity", found)


def read_task(raw: Raw) -> Task:
    """A task: of a contact's list (R22) or of the sub-account's search (R21)."""
    done = raw.get("completed")
    if done is None:
        done = raw.get("status") or raw.get("statusGroup") or ""
    return {
        "id": identity(raw),
        "title": raw.get("title"),
        "body": raw.get("body"),
        "dueDate": raw.get("dueDate"),
        "completed": done if isinstance(done, bool) else str(done).strip().casefold() in _YES,
        "assignedTo": raw.get("assignedTo"),
        "contactId": raw.get("contactId"),
        "deleted": bool(flag(raw.get("deleted"))),
    }


def read_note(raw: Raw) -> Note:
    """A note; one edited in HighLevel is HTML, and its plain text stands beside (R23)."""
    body = str(raw.get("body") or "")
    if body.lstrip().lower().startswith(("<p", "<div")) and raw.get("bodyText"):
        body = str(raw["bodyText"])
    return {
        "id": identity(raw),
        "body": body,
        "userId": raw.get("userId"),
        "title": raw.get("title"),
        "contactId": raw.get("contactId"),
        "dateAdded": text(raw, "dateAdded", "createdAt"),
        "relations": listed(raw.get("relations")),
    }


def read_message(raw: Raw) -> Message:
    """A message (R49)."""
    meta = raw.get("meta")
    return {
        "id": identity(raw),
        "body": text(raw, "body"),
        "direction": text(raw, "direction"),
        "dateAdded": text(raw, "dateAdded", "createdAt"),
        "messageType": text(raw, "messageType"),
        "contactId": text(raw, "contactId"),
        "conversationId": text(raw, "conversationId"),
        "meta": meta if isinstance(meta, Mapping) else {},
    }


def read_appointment(raw: Raw) -> Appointment:
    """An appointment; some answers call its description notes."""
    return {
        "id": identity(raw),
        "title": text(raw, "title"),
        "description": text(raw, "description", "notes"),
        "startTime": text(raw, "startTime"),
        "endTime": text(raw, "endTime"),
        "appointmentStatus": text(raw, "appointmentStatus"),
        "assignedUserId": text(raw, "assignedUserId"),
        "contactId": text(raw, "contactId"),
        "dateAdded": text(raw, "dateAdded", "createdAt"),
        "deleted": bool(flag(raw.get("deleted"))),
    }


def read_record(raw: Raw) -> ObjectRecord:
    """A record of a custom object or a company (R26, R27); its links may not be told (L16)."""
    properties = raw.get("properties")
    if isinstance(properties, str):
        try:
            properties = json.loads(properties)
        except ValueError:
            properties = {}
    owners = raw.get("owners") or raw.get("owner") or []
    owners = owners if isinstance(owners, list) else [owners]
    links = [read_link(link) for link in listed(raw.get("relations"))]
    return {
        "id": identity(raw),
        "properties": dict(properties) if isinstance(properties, Mapping) else {},
        "owners": [o.get("id") if isinstance(o, Mapping) else o for o in owners],
        "relations": [link for link in links if link["relationId"] and link["associationId"]],
        "createdAt": text(raw, "createdAt", "dateAdded"),
        "updatedAt": text(raw, "updatedAt", "dateUpdated"),
        "missing": frozenset(() if links else {"relations"}),
        "has_relations": isinstance(raw.get("relations"), list),
    }


def read_link(raw: Raw) -> Link:
    """A link as one of its records shows it."""
    return {
        "relationId": raw.get("relationId") or identity(raw, required=False),
        "associationId": raw.get("associationId"),
        "recordId": raw.get("recordId"),
        "objectKey": raw.get("objectKey"),
    }


def read_relation(raw: Raw) -> Relation:
    """A link as the list of relations shows it: both its ends."""
    return {
        "id": identity(raw, required=False) or raw.get("relationId"),
        "associationId": raw.get("associationId"),
        "firstRecordId": raw.get("firstRecordId"),
        "secondRecordId": raw.get("secondRecordId"),
    }


def read_association(raw: Raw) -> Association:
    """An association; HighLevel's own may come without a key (L16)."""
    return {
        "id": identity(raw),
        "key": raw.get("key") or identity(raw),
        "firstObjectKey": raw.get("firstObjectKey") or "",
        "secondObjectKey": raw.get("secondObjectKey") or "",
        "associationType": text(raw, "associationType"),
    }


def read_pipeline(raw: Raw) -> Pipeline:
    """A pipeline with its stages in their order, whichever order they come in (R20)."""
    stages: list[Stage] = [
        {
            "id": identity(stage),
            "name": text(stage, "name"),
            "position": int(_number(stage.get("position"))),
        }
        for stage in listed(raw.get("stages"))
    ]
    stages.sort(key=lambda stage: stage["position"])
    return {"id": identity(raw), "name": text(raw, "name"), "stages": stages}


def read_field_v1(raw: Raw) -> FieldV1:
    """A field by v1: also those of custom objects, each with its model, come along (L5)."""
    key = str(raw.get("fieldKey") or "")
    model = str(raw.get("model") or key.partition(".")[0] or "contact")
    options = listed(raw.get("picklistOptions"), raw.get("options"))
    return {
        "id": identity(raw),
        "name": raw.get("name") or key.rpartition(".")[2],
        "model": model,
        "fieldKey": key,
        "dataType": raw.get("dataType") or "TEXT",
        "parentId": text(raw, "parentId"),
        "picklistOptions": [_label(o) for o in options],
    }


def read_field_v2(raw: Raw) -> FieldV2:
    """A field of a custom object or of companies; an option is `{key, label}` (R25)."""
    key = str(raw.get("fieldKey") or raw.get("key") or "")
    options = listed(raw.get("options"), raw.get("picklistOptions"))
    return {
        "id": raw.get("id") or raw.get("_id") or key,
        "name": raw.get("name") or key.rpartition(".")[2],
        "fieldKey": key,
        "dataType": raw.get("dataType") or "TEXT",
        "parentId": text(raw, "parentId"),
        "options": [_option(o) for o in options],
        "unique": next((bool(flag(raw[n])) for n in ("unique", "isUnique") if n in raw), None),
    }


def read_named(raw: Raw) -> Named:
    """What is known by its name (R53, R57)."""
    found: dict[str, Any] = {"id": identity(raw), "name": str(raw.get("name") or "")}
    found |= {k: raw[k] for k in ("value", "status", "amount", "url") if raw.get(k) is not None}
    return cast("Named", found)


def read_schema(raw: Raw) -> Schema:
    """A schema (R60); one of HighLevel's own may come without an id."""
    key = str(raw.get("key") or "")
    primary = str(raw.get("primaryDisplayProperty") or "")
    found: Schema = {
        "id": identity(raw, required=False) or key, "key": key, "primaryDisplayProperty": primary
    }  # fmt: skip
    if isinstance(raw.get("searchableProperties"), list):  # not told is not none
        found["searchableProperties"] = raw["searchableProperties"]
    return found


def read_user(raw: Raw) -> User:
    """A user; names and addresses may be null (R52)."""
    name = raw.get("name") or " ".join(str(raw[k]) for k in ("firstName", "lastName") if raw.get(k))
    return {
        "id": identity(raw),
        "name": name or "",
        "email": text(raw, "email"),
        "deleted": bool(flag(raw.get("deleted"))),
    }


def read_cells(raw: Raw) -> tuple[list[Cell], bool]:
    """(custom field values, whether the answer tells all of them) of a contact or opportunity."""
    for name in ("customFields", "custom_fields", "customField"):
        cells = raw.get(name)
        if isinstance(cells, list):
            named = [(_cell_id(c), c) for c in cells if isinstance(c, Mapping)]
            known: list[Cell] = [{"id": k, "value": cell_value(c)} for k, c in named if k]
            return known, len(known) == len(cells)
        if isinstance(cells, Mapping):
            return [{"id": str(k), "value": v} for k, v in cells.items()], True
    return [], False


def _cell_id(cell: Raw) -> str:
    return identity(cell, required=False) or str(cell.get("fieldId") or cell.get("key") or "")


def may_hold(row: Contact | Opportunity, field_id: str, value: str) -> bool:
    """Whether the record of a search's row may hold a value that the row need not repeat.

    Args:
        row: a contact or opportunity as a search shows it.
        field_id: of the custom field.
        value: what it was searched for.
    """
    shown = [cell["value"] for cell in row["customFields"] if cell["id"] == field_id]
    return not shown or value in shown


def cell_value(cell: Raw) -> Any:
    """The value of a custom field as read: HighLevel names it differently per family and search."""
    for name in _VALUE_KEYS:
        if name in cell:
            return cell[name]
    return next((v for k, v in cell.items() if k.startswith("fieldValue")), None)


def total_of(body: Any) -> int | None:
    """How many there are in all, wherever an answer tells it (R12, R13, R57)."""
    if not isinstance(body, Mapping):
        return None
    meta = body.get("meta")
    inside = meta.get("total") if isinstance(meta, Mapping) else None
    for told in (body.get("total"), inside, body.get("count")):
        if isinstance(told, list):
            told = told[0].get("total") if told and isinstance(told[0], Mapping) else None
        if isinstance(told, int) and not isinstance(told, bool):
            return told
        if isinstance(told, str) and told.isdigit():
            return int(told)
    return None


def cursor_of(raw: Raw) -> list[Any] | None:
    """Where the next page of a search starts after this row (L4)."""
    for name in ("searchAfter", "sort", "startAfter"):
        told = raw.get(name)
        if isinstance(told, list) and told:
            return told
    return None


def identity(raw: Raw, *, required: bool = True) -> str:
    """The id of a record, by either of its names. Raises UnexpectedAnswer when it must have one."""
    found = raw.get("id") or raw.get("_id")
    if not found and required:
        raise UnexpectedAnswer("reading", "a record", messages=["it has no id"])
    return str(found or "")


def text(raw: Raw, *names: str) -> str:
    """The first of several names that has a value, as text."""
    return str(next((raw[name] for name in names if raw.get(name)), ""))


def listed(*values: Any) -> list[Any]:
    """The first of several values that is a list with something in it."""
    return next((list(v) for v in values if isinstance(v, list) and v), [])


def _option(option: Any) -> FieldOption:
    label = _label(option)
    told = (option.get("key") or option.get("id")) if isinstance(option, Mapping) else None
    return {"key": str(told or label), "label": label}


def _label(option: Any) -> str:
    if not isinstance(option, Mapping):
        return str(option)
    return str(option.get("label") or option.get("name") or option.get("key") or "")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
