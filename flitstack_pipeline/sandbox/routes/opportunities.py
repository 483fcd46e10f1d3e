"""Opportunities and their search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flitstack_pipeline.sandbox.calls import Call, Dialect, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request, unprocessable
from flitstack_pipeline.sandbox.formats import iso, now_ms, short_id
from flitstack_pipeline.sandbox.routes.contacts import share_owner
from flitstack_pipeline.sandbox.routes.shared import (
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
from flitstack_pipeline.sandbox.validate import (
    Anything,
    Flag,
    ListOf,
    Number,
    Obj,
    Query,
    Rule,
    Text,
    body,
    query,
)

STATUSES = ("open", "won", "lost", "abandoned", "all")
_COMMON: dict[str, Rule] = {
    "pipelineStageId": Text(),
    "monetaryValue": Number(),
    "assignedTo": Text(),
    "forecastExpectedCloseDate": Text(),
    "forecastProbability": Number(least=0, most=100),
}
_NEW: dict[str, Rule] = {
    "pipelineId": Text(required=True),
    "locationId": Text(required=True),
    "name": Text(required=True),
    "status": Text(required=True, one_of=STATUSES),
    "contactId": Text(required=True),
}
_CHANGE: dict[str, Rule] = {
    "pipelineId": Text(),
    "name": Text(),
    "status": Text(one_of=STATUSES),
}


def _body(**more: Rule) -> Callable[[Dialect], Obj]:
    """An opportunity's body in either dialect: one operation's keys beside the common ones."""
    return lambda dialect: body(
        **{**_COMMON, **more}, customFields=field_values("opportunity", dialect)
    )


_CREATE, _UPDATE = _body(**_NEW), _body(**_CHANGE)
_STATUS = body(status=Text(required=True, one_of=STATUSES), lostReasonId=Text())


def shown(call: Call, entry: Entry) -> Json:
    """An opportunity in its read shape."""
    doc = entry.doc
    contact = call.state.get("contact", doc["contactId"])
    about = contact.doc if contact else {}
    name = " ".join(p for p in (about.get("firstName"), about.get("lastName")) if p)
    keys = (
        "name", "monetaryValue", "pipelineId", "pipelineStageId", "assignedTo", "status",
        "contactId", "forecastExpectedCloseDate", "forecastProbability", "lostReasonId",
    )  # fmt: skip
    return {
        "id": entry.id,
        **{k: doc.get(k) for k in keys},
        "source": None,
        "locationId": entry.location,
        "followers": doc.get("followers", []),
        "customFields": field_list(doc.get("customFields", {}), "fieldValue"),
        "contact": {
            "id": doc["contactId"],
            "name": name,
            "companyName": about.get("companyName"),
            "email": about.get("email"),
            "phone": about.get("phone"),
            "tags": about.get("tags", []),
        },
        "lastStatusChangeAt": doc.get("lastStatusChangeAt"),
        "lastStageChangeAt": doc.get("lastStageChangeAt"),
        "lastActionDate": None,
        **stamps(entry, "createdAt", "updatedAt"),
    }


def _answered(call: Call, entry: Entry) -> Json:
    """An opportunity as an answer about it alone shows it."""
    return present(shown(call, entry))


def _written(call: Call, known: Json) -> Json:
    given, doc = call.body, dict(known)
    if given.get("status") == "all":
        raise unprocessable(
            "status must be one of the following values: open, won, lost, abandoned"
        )
    for name in (*_COMMON, "pipelineId", "name", "status", "contactId"):
        if name in given:
            doc[name] = given[name].strip() if isinstance(given[name], str) else given[name]
    _place(call, doc, given)
    if given.get("assignedTo") and call.state.get("user", given["assignedTo"]) is None:
        raise bad_request(f"assignedTo: no user {given['assignedTo']}")
    doc["customFields"] = set_field_values(
        call, "opportunity", known.get("customFields", {}), given.get("customFields")
    )
    return doc


def _place(call: Call, doc: Json, given: Json) -> None:
    """Pipeline and stage belong together; a stage left out is the first one."""
    pipeline = call.state.get("pipeline", doc["pipelineId"])
    if pipeline is None or pipeline.location != call.location:
        raise bad_request(f"The pipeline id {doc['pipelineId']} is invalid.")
    stages = [s["id"] for s in pipeline.doc["stages"]]
    if "pipelineId" in given and not given.get("pipelineStageId"):
        doc["pipelineStageId"] = stages[0]
    if doc.get("pipelineStageId") not in stages:
        raise bad_request(f"The pipeline stage id {doc.get('pipelineStageId')} is invalid.")


@endpoint(
    "POST", "/opportunities/", status=201, scope="opportunities.write", body=_CREATE, creates=True
)
def create(call: Call) -> Json:
    """Create an opportunity; the duplicate setting decides over a second one per pipeline."""
    call.entry("contact", call.body["contactId"], "Contact")
    doc = _written(call, {})
    pair = f"{doc['contactId']}|{doc['pipelineId']}"
    known = call.state.find("opportunity", call.location, "pair", pair)
    if known and not call.location_settings().get("allowDuplicateOpportunity"):
        raise bad_request(
            "Can not create duplicate opportunity for the contact.",
            code="OPPORTUNITY_NO_DUPLICATE",
            meta={"existingId": known[0].id},
        )
    entry = call.state.create("opportunity", call.location, {"id": short_id(), **_timed(doc, {})})
    if doc.get("assignedTo"):
        share_owner(call, doc["contactId"], doc["assignedTo"])
    return {"opportunity": _answered(call, entry)}


@endpoint("GET", "/opportunities/search", query=lambda dialect: _search_query(dialect))
def search(call: Call) -> Json:
    """The older search: pages by `startAfter` and `startAfterId`."""
    q, filters = call.query, []
    names = {"pipeline": "pipeline_id", "contact": "contact_id", "assigned": "assigned_to"}
    for given, value in q.items():
        stem = given.split("_")[0].removesuffix("Id").removesuffix("To").removesuffix("StageId")
        if "tage" in given and "ipeline" in given:
            filters.append({"field": "pipeline_stage_id", "operator": "eq", "value": value})
        elif stem in names and given != "page":
            filters.append({"field": names[stem], "operator": "eq", "value": value})
    if q.get("status") and q["status"] != "all":
        filters.append({"field": "status", "operator": "eq", "value": q["status"]})
    limit = call.number("limit", 20)
    start = [int(q["startAfter"]), str(q["startAfterId"])] if q.get("startAfterId") else None
    skip = 0 if start else (max(1, call.number("page", 1)) - 1) * limit
    wanted = Search("opportunity", call.location, "", filters, str(q.get("q", "")).lower(),
                    [], start, call.shorten(limit), skip)  # fmt: skip
    hits, total = call.state.index.search(wanted)
    last = hits[-1] if hits else None
    return {
        "opportunities": [_hit(call, h) for h in call.arrange(hits)],
        "meta": {
            "total": total,
            **({"startAfter": last.created, "startAfterId": last.id} if last else {}),
            "currentPage": call.number("page", 1),
        },
        "aggregations": {},
    }


def _search_query(dialect: Dialect) -> Query:
    camel = ("pipelineId", "pipelineStageId", "contactId", "assignedTo")
    snake = ("pipeline_id", "pipeline_stage_id", "contact_id", "assigned_to")
    shared = (
        "q", "status", "limit", "page", "startAfter", "startAfterId", "order", "date", "endDate",
        "country", "campaignId", "getCalendarEvents", "getNotes", "getTasks", "id",
    )  # fmt: skip
    if dialect == "v3":
        return query(["locationId"], [*camel, *shared], limit=100)
    return query(["location_id"], [*snake, *shared], limit=100)


@endpoint(
    "POST",
    "/opportunities/search",
    body=Obj(
        {
            "locationId": Text(required=True),
            "query": Text(longest=75),
            "limit": Number(least=1, most=500),
            "page": Number(least=0),
            "searchAfter": ListOf(Anything()),
            "additionalDetails": Anything(),
            "filters": Anything(),
            "sort": Anything(),
        }
    ),
)
def search_more(call: Call) -> Json:
    """The newer search: filters in snake_case, `page` from 0, `searchAfter` cursors."""
    if call.live:
        if "page" in call.body and "searchAfter" in call.body:
            raise bad_request("page should not be provided with searchAfter")
        call.body["page"] = max(0, int(call.body.get("page") or 1) - 1)
    call.body["page"] = int(call.body.get("page") or 0) + 1
    hits, total = page_of(call, "opportunity")
    return {"opportunities": [_hit(call, h) for h in hits], "total": total}


def _hit(call: Call, hit: Any) -> Json:
    entry = Entry(0, "opportunity", hit.id, call.location, "", 0, hit.created, hit.updated, hit.doc)
    found = call.state.find("relation", call.location, "record", hit.id)
    relations = [
        {
            "associationId": r.doc["associationId"],
            "relationId": r.id,
            "recordId": r.doc["secondRecordId"]
            if r.doc["firstRecordId"] == hit.id
            else r.doc["firstRecordId"],
        }
        for r in found
    ]
    return {
        **_answered(call, entry),
        "relations": relations,
        "sort": hit.cursor,
        "searchAfter": hit.cursor,
    }


@endpoint("GET", "/opportunities/lost-reason", query=query(["locationId"], ["limit", "skip"]))
def lost_reasons(call: Call) -> Json:
    """Lost reasons; read only, and none by default."""
    location = call.state.get("location", call.location)
    return {"lostReasons": location.doc.get("lostReasons", []) if location else []}


def _entry(call: Call) -> Entry:
    return call.entry("opportunity", call.path["id"], "Opportunity")


@endpoint("GET", "/opportunities/{id}", scope="opportunities.readonly")
def get(call: Call) -> Json:
    """One opportunity."""
    return {"opportunity": _answered(call, _entry(call))}


@endpoint("PUT", "/opportunities/{id}", scope="opportunities.write", body=_UPDATE)
def update(call: Call) -> Json:
    """Change an opportunity."""
    entry = _entry(call)
    doc = _timed(_written(call, entry.doc), entry.doc)
    entry = call.state.update(entry, {**doc, "id": entry.id})
    if "assignedTo" in call.body:
        share_owner(call, doc["contactId"], call.body["assignedTo"])
    return {"opportunity": _answered(call, entry)}


def _timed(doc: Json, before: Json) -> Json:
    """The document with the server's times of its last status and stage change."""
    now = iso(now_ms())
    for name, moment in (
        ("status", "lastStatusChangeAt"),
        ("pipelineStageId", "lastStageChangeAt"),
    ):
        if before.get(name) != doc.get(name):
            doc[moment] = now
    return doc


@endpoint("PUT", "/opportunities/{id}/status", scope="opportunities.write", body=_STATUS)
def set_status(call: Call) -> Json:
    """Set the status, perhaps with a lost reason."""
    entry = _entry(call)
    if call.body["status"] == "all":
        raise unprocessable(
            "status must be one of the following values: open, won, lost, abandoned"
        )
    call.state.update(entry, _timed({**entry.doc, **call.body}, entry.doc))
    return {"succeded": True, "succeeded": True}


@endpoint("DELETE", "/opportunities/{id}", scope="opportunities.write")
def delete(call: Call) -> Json:
    """Delete an opportunity with its relations."""
    entry = _entry(call)
    drop_relations(call, entry.id)
    call.state.delete(entry)
    return {"succeded": True, "succeeded": True}


@endpoint(
    "POST",
    "/opportunities/upsert",
    scope="opportunities.write",
    body=_body(
        **{
            **_CHANGE,
            "locationId": Text(required=True),
            "pipelineId": Text(required=True),
            "contactId": Text(),
            "id": Text(),
            "followers": Anything(),
            "isRemoveAllFollowers": Flag(),
            "followersActionType": Text(),
            "lostReasonId": Text(),
        }
    ),
    creates=True,
)
def upsert(call: Call) -> Json:
    """Fold into the contact's opportunity of that pipeline, else create."""
    contact = call.body.get("contactId")
    if not contact:
        raise bad_request("contactId is required")
    pair = f"{contact}|{call.body['pipelineId']}"
    known = call.state.find("opportunity", call.location, "pair", pair)
    for extra in ("followers", "isRemoveAllFollowers", "followersActionType", "id"):
        call.body.pop(extra, None)
    if known:
        doc = _timed(_written(call, known[0].doc), known[0].doc)
        entry = call.state.update(known[0], {**doc, "id": known[0].id})
        return {"opportunity": _answered(call, entry), "new": False}
    call.body.setdefault("name", "Opportunity")
    call.body.setdefault("status", "open")
    entry = call.state.create(
        "opportunity", call.location, {"id": short_id(), **_timed(_written(call, {}), {})}
    )
    return {"opportunity": _answered(call, entry), "new": True}


_FOLLOWERS = body(followers=ListOf(Text(), required=True))


@endpoint("POST", "/opportunities/{id}/followers", status=201, body=_FOLLOWERS)
def add_followers(call: Call) -> Json:
    """Add followers."""
    entry = _entry(call)
    known = entry.doc.get("followers", [])
    added = [f for f in call.body["followers"] if f not in known]
    call.state.update(entry, {**entry.doc, "followers": [*known, *added]})
    return {"followers": [*known, *added], "followersAdded": added}


@endpoint("DELETE", "/opportunities/{id}/followers", body=_FOLLOWERS)
def remove_followers(call: Call) -> Json:
    """Remove followers."""
    entry = _entry(call)
    gone = call.body["followers"]
    left = [f for f in entry.doc.get("followers", []) if f not in gone]
    call.state.update(entry, {**entry.doc, "followers": left})
    return {"followers": left, "followersRemoved": gone}
