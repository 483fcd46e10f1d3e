"""Workflows, as far as the API shows them: id, name, status."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.validate import query


@endpoint("GET", "/workflows/", scope="workflows.readonly", query=query(["locationId"]))
def listed(call: Call) -> Json:
    """Every workflow of the sub-account."""
    found = call.state.all("workflow", call.location)
    return {
        "workflows": [
            {**e.doc, "locationId": e.location, "version": 1, **stamps(e, "createdAt", "updatedAt")}
            for e in found
        ]
    }
