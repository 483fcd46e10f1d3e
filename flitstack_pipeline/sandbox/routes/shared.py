"""What several families share: custom field values through the v1 door, relations, page reading."""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.sandbox.calls import Call, Dialect, Json
from flitstack_pipeline.sandbox.errors import bad_request, unprocessable
from flitstack_pipeline.sandbox.formats import iso, parse_moment
from flitstack_pipeline.sandbox.search_index import Search
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Anything, ListOf, Number, Obj, Text

# Which key carries a custom field's value, by version and object (docs/highlevel.md#versions):
# contacts still take the older spelling under v3, opportunities do not.
_VALUE_KEYS: dict[tuple[str, Dialect], tuple[str, ...]] = {
    ("contact", "v3"): ("fieldValue", "field_value"),
    ("opportunity", "v3"): ("fieldValue",),
    ("contact", "v2"): ("field_value",),
    ("opportunity", "v2"): ("field_value",),
}


def field_values(model: str, dialect: Dialect) -> ListOf:
    """The rule of `customFields` in a body, for contacts or opportunities."""
    return ListOf(Obj({k: Anything() for k in ("id", "key", *_VALUE_KEYS[model, dialect])}))


SEARCH_BODY = Obj(
    {
        "locationId": Text(required=True),
        "page": Number(least=0),
        "pageLimit": Number(least=1, most=500),
        "searchAfter": ListOf(Anything()),
        "query": Text(longest=75),
        "filters": Anything(),
        "sort": Anything(),
    }
)
LARGE_TEXT_MOST = 12_000
_MULTI = {"CHECKBOX", "MULTIPLE_OPTIONS"}
_SINGLE = {"SINGLE_OPTIONS", "RADIO"}


def set_field_values(call: Call, model: str, known: Json, items: list[Json] | None) -> Json:
    """Custom field values after a write, by field id; an item names its field by id or key.

    Option labels the field does not have are silently dropped, as HighLevel does; a field that
    does not exist is a 422.
    """
    values = dict(known)
    fields = call.state.definitions("contact_field", call.location)
    for item in items or []:
        named = item.get("id") or item.get("key")
        field = next(
            (
                f.doc
                for f in fields
                if f.doc["model"] == model
                and named in (f.doc["id"], f.doc["fieldKey"], f.doc["fieldKey"].split(".", 1)[1])
            ),
            None,
        )
        if field is None:
            raise unprocessable(f"customFields: no custom field {named!r} on {model}")
        value = next((item[k] for k in ("fieldValue", "field_value") if k in item), None)
        refuse_long_text(call, field, value)
        stored = _stored(field, value)
        if model == "opportunity" and field["dataType"] == "FILE_UPLOAD" and field["id"] in known:
            continue  # write-once: a later value is accepted and ignored
        if stored in (None, "", []):
            values.pop(field["id"], None)
        else:
            values[field["id"]] = stored
    return values


def refuse_long_text(call: Call, field: Json, value: Any) -> None:
    """A long text holds 12,000 characters; the refusal repeats what was sent (live: L10)."""
    if not call.live or field["dataType"] != "LARGE_TEXT" or not isinstance(value, str):
        return
    if len(value) > LARGE_TEXT_MOST:
        raise bad_request(
            f"Value {value} for {field['name']} exceeds the maximum length of {LARGE_TEXT_MOST} "
            "characters"
        )


def _stored(field: Json, value: Any) -> Any:
    kind, options = field["dataType"], field.get("picklistOptions", [])
    if value is None:
        return None
    if kind in _SINGLE:
        return value if value in options else None
    if kind in _MULTI:
        chosen = value if isinstance(value, list) else [value]
        return [v for v in chosen if v in options]
    if kind in ("NUMERICAL", "MONETORY", "FLOAT"):
        return _number(field, value)
    if kind == "DATE":
        return _date(field, value)
    return value.strip() if isinstance(value, str) else value


def _number(field: Json, value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(str(value))
    except ValueError:
        raise unprocessable(f"{field['name']} must be a number") from None


def _date(field: Json, value: Any) -> Any:
    moment = parse_moment(value)
    if moment is None:
        raise unprocessable(f"{field['name']} must be a valid date")
    return iso(moment)[:10]


def field_list(values: Json, name: str = "value") -> list[Json]:
    """Custom field values in a family's read shape."""
    return [{"id": field_id, name: value} for field_id, value in values.items()]


def page_of(call: Call, kind: str, *, parent: str = "", rename: Any = str) -> tuple[list[Any], int]:
    """One page of a POST search: (hits, total). `page` counts from 1, `searchAfter` wins."""
    body = call.body
    limit = int(body.get("pageLimit") or body.get("limit") or 20)
    sort = [(s["field"], str(s.get("direction", "desc"))) for s in _listed(body.get("sort"))]
    after = body.get("searchAfter") or None
    page = max(1, int(body.get("page") or 1))
    wanted = Search(
        kind,
        call.location,
        parent,
        _listed(body.get("filters")),
        str(body.get("query") or "").lower(),
        sort,
        after,
        call.shorten(limit),
        0 if after else (page - 1) * limit,
        rename,
    )
    hits, total = call.state.index.search(wanted)
    return call.arrange(hits), total


def _listed(value: Any) -> list[Json]:
    if not value:
        return []
    return value if isinstance(value, list) else [value]


def shown_field(entry: Entry) -> Json:
    """A field of a custom object or of companies (v2) in its read shape."""
    return {**entry.doc, **stamps(entry)}


def present(doc: Json) -> Json:
    """An answer about one record: what has no value is left out, one level down as well.

    Searches show such keys as null; the official description allows null in neither.
    """
    return {
        key: present(value) if isinstance(value, dict) and key == "contact" else value
        for key, value in doc.items()
        if value is not None
    }


def drop_relations(call: Call, record_id: str) -> None:
    """Remove every relation of a record that goes."""
    for relation in call.state.find("relation", call.location, "record", record_id):
        call.state.delete(relation)


def stamps(entry: Entry, added: str = "dateAdded", updated: str = "dateUpdated") -> Json:
    """Server times in a family's spelling."""
    return {added: iso(entry.created), updated: iso(entry.updated)}
