"""What can be looked up and what can be searched, per kind of document.

What belongs here: for each kind, the exact look-ups the server itself needs (`lookups`: the
e-mail of a contact, the pipeline of an opportunity) and the values a search can filter by
(`search_values`), plus the text a free query matches. What does not: storing or querying them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

Doc = dict[str, Any]
Pair = tuple[str, Any]

# Longer texts are not indexed for equality; a filter on one compares the document itself.
LONGEST_TERM = 300


def normal(value: Any) -> str:
    """Return the form in which two values count as equal: trimmed, lower case, 5.0 as 5."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip().lower()


def term(kind: str, location: str, name: str, value: Any) -> int:
    """Return a 64-bit number for (kind, location, name, value), small enough to index."""
    text = f"{kind}\x1f{location}\x1f{name}\x1f{normal(value)}"
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def flat(value: Any) -> list[Any]:
    """Return the scalar values in a stored value: list elements, a sum of money's amount."""
    if value is None:
        return []
    if isinstance(value, list):
        return [scalar for element in value for scalar in flat(element)]
    if isinstance(value, dict):
        if "value" in value:
            return flat(value["value"])
        return flat(value["url"]) if "url" in value else []
    return [value]


# --- look-ups the server needs -------------------------------------------------------------


def _contact_lookups(doc: Doc) -> Iterator[Pair]:
    for name in ("email", "phone", "businessId"):
        if doc.get(name):
            yield name, doc[name]


def _opportunity_lookups(doc: Doc) -> Iterator[Pair]:
    yield "contactId", doc["contactId"]
    yield "pipelineId", doc["pipelineId"]
    yield "stage", doc["pipelineStageId"]
    yield "pair", f"{doc['contactId']}|{doc['pipelineId']}"


def _relation_lookups(doc: Doc) -> Iterator[Pair]:
    yield "record", doc["firstRecordId"]
    if doc["secondRecordId"] != doc["firstRecordId"]:
        yield "record", doc["secondRecordId"]
    yield "association", doc["associationId"]
    yield "pair", f"{doc['associationId']}|{doc['firstRecordId']}|{doc['secondRecordId']}"


def _note_lookups(doc: Doc) -> Iterator[Pair]:
    for relation in doc.get("relations", []):
        yield "record", relation["recordId"]


def _unique_lookups(doc: Doc) -> Iterator[Pair]:
    yield from (doc.get("unique") or {}).items()


def _named(*names: str) -> Callable[[Doc], Iterator[Pair]]:
    def lookups(doc: Doc) -> Iterator[Pair]:
        for name in names:
            if doc.get(name) is not None:
                yield name, doc[name]

    return lookups


_LOOKUPS: dict[str, Callable[[Doc], Iterator[Pair]]] = {
    "contact": _contact_lookups,
    "opportunity": _opportunity_lookups,
    "relation": _relation_lookups,
    "note": _note_lookups,
    "record": _unique_lookups,
    "association": _named("key", "firstObjectKey", "secondObjectKey"),
    "object": _named("key"),
    "contact_field": _named("name", "fieldKey", "model"),
    "object_field": _named("fieldKey"),
    "tag": _named("name"),
    "pipeline": _named("name"),
    "conversation": _named("contactId"),
    "message": _named("contactId", "emailMessageId"),
    "appointment": _named("contactId", "calendarId"),
    "user": _named("email"),
}


def lookups(kind: str, doc: Doc) -> list[Pair]:
    """Return the (name, value) pairs by which the server finds this document."""
    make = _LOOKUPS.get(kind)
    return list(make(doc)) if make else []


# --- values a search filters by ------------------------------------------------------------

_CONTACT_FIELDS = (
    "id", "email", "phone", "tags", "assignedTo", "businessId", "source", "country", "city",
    "state", "postalCode", "companyName", "type", "firstName", "lastName", "website", "dnd",
    "timezone", "followers",
)  # fmt: skip
_OPPORTUNITY_FIELDS = {
    "id": "id", "name": "name", "pipelineId": "pipeline_id",
    "pipelineStageId": "pipeline_stage_id", "status": "status", "contactId": "contact_id",
    "assignedTo": "assigned_to", "source": "source", "followers": "followers",
    "monetaryValue": "monetary_value", "lostReasonId": "lost_reason_id",
}  # fmt: skip


def _contact_values(doc: Doc) -> dict[str, list[Any]]:
    values = {name: flat(doc.get(name)) for name in _CONTACT_FIELDS}
    values["firstNameLowerCase"], values["lastNameLowerCase"] = (
        values["firstName"],
        values["lastName"],
    )
    values["address"] = flat(doc.get("address1"))
    for field_id, value in (doc.get("customFields") or {}).items():
        values[f"customFields.{field_id}"] = flat(value)
    return values


def _opportunity_values(doc: Doc) -> dict[str, list[Any]]:
    values = {snake: flat(doc.get(camel)) for camel, snake in _OPPORTUNITY_FIELDS.items()}
    for field_id, value in (doc.get("customFields") or {}).items():
        values[f"custom_fields.{field_id}"] = flat(value)
    return values


def _record_values(doc: Doc) -> dict[str, list[Any]]:
    values = {f"properties.{key}": flat(value) for key, value in doc["properties"].items()}
    values["id"] = [doc["id"]]
    values["owners"] = flat(doc.get("owners"))
    values["followers"] = flat(doc.get("followers"))
    return values


_SEARCH_VALUES: dict[str, Callable[[Doc], dict[str, list[Any]]]] = {
    "contact": _contact_values,
    "opportunity": _opportunity_values,
    "record": _record_values,
    "pipeline": lambda doc: {},
    "conversation": lambda doc: {"id": [doc["id"]], "contactId": [doc["contactId"]]},
}
SEARCHED_KINDS = frozenset(_SEARCH_VALUES)


def search_values(kind: str, doc: Doc) -> dict[str, list[Any]]:
    """Return every filterable value of a document, by the name filters use."""
    return {name: values for name, values in _SEARCH_VALUES[kind](doc).items() if values}


def search_text(kind: str, doc: Doc) -> str:
    """Return the lower-case text that a free `query` is matched against."""
    if kind == "contact":
        names = ("firstName", "lastName", "email", "phone", "companyName")
        parts = [str(doc.get(name) or "") for name in names]
        parts.insert(0, " ".join(part for part in parts[:2] if part))
    elif kind == "opportunity":
        parts = [doc.get("name") or "", doc.get("contactText") or ""]
    elif kind == "record":
        parts = [str(value) for value in (doc.get("searchable") or {}).values()]
    else:
        parts = []
    return "\n".join(part for part in parts if part).lower()
