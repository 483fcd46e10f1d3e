"""The `/_sandbox` endpoints for tests: the whole state, what was answered, start anew, faults,
the workflows people have (the API only shows them)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from flitstack_pipeline.sandbox.calls import Call
from flitstack_pipeline.sandbox.faults import Faults
from flitstack_pipeline.sandbox.formats import uuid_id
from flitstack_pipeline.sandbox.pipeline import Sandbox
from flitstack_pipeline.sandbox.routes import (
    associations,
    contacts,
    fields,
    notes,
    objects,
    opportunities,
    pipelines,
    products,
)


def _call(sandbox: Sandbox, location: str) -> Call:
    return Call(sandbox.state, "GET", {}, {}, {}, location, "", "v3", "")


def dump(sandbox: Sandbox, location: str | None = None) -> dict[str, Any]:
    """Everything in the API's read shapes."""
    state = sandbox.state

    def every(kind: str, show: Callable[[Any], Any] = lambda e: e.doc) -> list[Any]:
        return [show(e) for e in state.all(kind, location)]

    records = list(state.all("record", location))
    return {
        "contacts": every("contact", contacts.shown),
        "businesses": [
            objects.shown_record(r, "business") for r in records if r.parent == "business"
        ],
        "opportunities": every(
            "opportunity", lambda e: opportunities.shown(_call(sandbox, e.location), e)
        ),
        "pipelines": every("pipeline", pipelines.shown),
        "objects": {
            o.doc["key"]: {
                "schema": objects.shown_schema(o),
                "fields": [
                    f.doc for f in state.all("object_field", o.location) if f.parent == o.doc["key"]
                ],
                "records": [
                    objects.shown_record(r, r.parent) for r in records if r.parent == o.doc["key"]
                ],
            }
            for o in state.all("object", location)
        },
        "associations": every("association", associations.shown),
        "relations": every("relation", associations.shown_relation),
        "custom_fields": every("contact_field", fields.shown_v1)
        + [f.doc for f in state.all("object_field", location)],
        "users": every("user"),
        "products": every("product", products.shown),
        "prices": every("price", products.shown),
        "files": every("file") + _named_uploads(sandbox, location),
        "notes": every("contact_note", contacts.shown_note) + every("note", notes.shown_note),
        "tasks": every("task", contacts.shown_task),
        "tags": every("tag"),
        "conversations": every("conversation"),
        "messages": every("message"),
        "appointments": every("appointment"),
    }


def _named_uploads(sandbox: Sandbox, location: str | None) -> list[Any]:
    """Uploads that a contact or opportunity names; the others cannot be seen through the API."""
    named = json.dumps(
        [
            entry.doc.get("customFields")
            for kind in ("contact", "opportunity")
            for entry in sandbox.state.all(kind, location)
        ]
    )
    return [e.doc for e in sandbox.state.all("upload", location) if e.doc["url"] in named]


def stats(sandbox: Sandbox) -> dict[str, Any]:
    """What was answered since the start or reset, and what was changed."""
    changes = sandbox.state.changes
    return {
        "by_route": sandbox.stats.by_route(),
        "requests": sandbox.stats.total(),
        "writes": sum(changes.values()),
        **{f"{verb}s": sum(n for (v, _), n in changes.items() if v == verb)
           for verb in ("create", "update", "delete")},
        "changes": [{"verb": v, "kind": k, "count": n} for (v, k), n in sorted(changes.items())],
        "throttled": sandbox.limits.throttled,
        "max_in_window": sandbox.limits.max_in_window,
    }  # fmt: skip


def admin_routes(sandbox: Sandbox) -> list[Route]:
    """The routes; they need no token and count against no rate."""

    async def get_dump(request: Request) -> Response:
        return JSONResponse(dump(sandbox, request.query_params.get("locationId")))

    async def get_stats(request: Request) -> Response:
        return JSONResponse(stats(sandbox))

    async def reset(request: Request) -> Response:
        keep = request.query_params.get("keep_seed", "true").lower() != "false"
        sandbox.reseed(keep)
        return JSONResponse({"reset": True})

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            raw = await request.body()
            try:
                sandbox.set_faults(Faults(json.loads(raw) if raw else {}))
            except ValueError as error:
                return JSONResponse({"message": str(error)}, status_code=422)
        return JSONResponse(sandbox.faults.report())

    async def workflows(request: Request) -> Response:
        given = json.loads(await request.body())
        location = str(given["locationId"])
        for entry in list(sandbox.state.all("workflow", location)):
            sandbox.state.delete(entry, silent=True)
        for one in given["workflows"]:
            doc = {"id": uuid_id(), "name": one["name"], "status": one["status"]}
            sandbox.state.create("workflow", location, doc, silent=True)
        return JSONResponse({"workflows": len(given["workflows"])})

    async def file(request: Request) -> Response:
        found = sandbox.state.content(request.path_params["id"])
        if found is None:
            return Response(status_code=404)
        headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return Response(found[1], media_type=found[0], headers=headers)

    return [
        Route("/_sandbox/dump", get_dump),
        Route("/_sandbox/stats", get_stats),
        Route("/_sandbox/reset", reset, methods=["POST"]),
        Route("/_sandbox/faults", faults, methods=["GET", "POST"]),
        Route("/_sandbox/workflows", workflows, methods=["POST"]),
        Route("/_files/{id}/{name:path}", file),
    ]
