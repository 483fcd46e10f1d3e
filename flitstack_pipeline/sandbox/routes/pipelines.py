"""Pipelines and their stages: create, full replacement, delete with everything in them."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.errors import bad_request
from flitstack_pipeline.sandbox.formats import now_ms, short_id, uuid_id
from flitstack_pipeline.sandbox.routes.shared import drop_relations, stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import (
    Flag,
    ListOf,
    Number,
    Obj,
    Rule,
    Text,
    body,
    query,
)

_STAGE = Obj(
    {
        "id": Text(),
        "name": Text(required=True, longest=255),
        "position": Number(required=True),
        "showInFunnel": Flag(),
        "showInPieChart": Flag(),
        "stageWinProbability": Number(least=0, most=100),
        "color": Text(),
    }
)
_LOOK: dict[str, Rule] = {
    "showInFunnel": Flag(),
    "showInPieChart": Flag(),
    "useOpportunityProbability": Flag(),
    "colorRenderMode": Text(one_of=("dot", "bg-tint", "none")),
}
_STAGES = ListOf(_STAGE, required=True, least=1)


def shown(entry: Entry) -> Json:
    """A pipeline in its read shape."""
    return {**entry.doc, "locationId": entry.location, **stamps(entry)}


def _stages(given: list[Json], known: dict[str, Json]) -> list[Json]:
    names = [s["name"].strip().casefold() for s in given]
    if len(set(names)) != len(names):
        raise bad_request("Stage names must be unique within a pipeline.")
    ordered, stages = sorted(given, key=lambda s: s["position"]), []
    all_given = all("stageWinProbability" in s for s in ordered)
    for place, stage in enumerate(ordered):
        if stage.get("id") and stage["id"] not in known:
            raise bad_request(f"Stage {stage['id']} does not belong to this pipeline.")
        chance = (
            stage["stageWinProbability"] if all_given else (place + 1) / (len(ordered) + 1) * 100
        )
        stages.append(
            {
                "id": stage.get("id") or uuid_id(),
                "name": stage["name"].strip(),
                "position": place,
                "showInFunnel": stage.get("showInFunnel", True),
                "showInPieChart": stage.get("showInPieChart", True),
                "stageWinProbability": round(chance, 2),
                "color": stage.get("color"),
            }
        )
    return stages


def _refuse_same_name(call: Call, name: str, but: str = "") -> None:
    for entry in call.state.find("pipeline", call.location, "name", name):
        if entry.id != but:
            raise bad_request(f"A pipeline named {name} already exists.")


@endpoint(
    "GET", "/opportunities/pipelines", scope="opportunities.readonly", query=query(["locationId"])
)
def listed(call: Call) -> Json:
    """Every pipeline of the sub-account; the list trails writes, too (docs/highlevel.md#lag)."""
    seen = now_ms() - max(call.state.index.lag(), call.trail_ms)  # by seconds when live (L20)
    found = call.state.listed("pipeline", call.location)
    return {"pipelines": [shown(e) for e in found if e.created <= seen]}


@endpoint(
    "POST",
    "/opportunities/pipelines",
    scope="pipelines.create",
    v3_only=True,
    body=body(
        name=Text(required=True, longest=255),
        locationId=Text(required=True),
        stages=_STAGES,
        **_LOOK,
    ),
    creates=True,
)
def create(call: Call) -> Json:
    """Create a pipeline; its stage ids must be read afterwards (the docs' answer omits them)."""
    _refuse_same_name(call, call.body["name"])
    doc = {
        "id": short_id(),
        "name": call.body["name"].strip(),
        "stages": _stages(call.body["stages"], {}),
        "position": f"a{call.state.count('pipeline', call.location)}",
        **{k: call.body[k] for k in _LOOK if k in call.body},
    }
    return {**shown(call.state.create("pipeline", call.location, doc)), "stages": []}


def _entry(call: Call) -> Entry:
    return call.entry("pipeline", call.path["pipelineId"], "Pipeline")


@endpoint(
    "GET",
    "/opportunities/pipelines/{pipelineId}",
    v3_only=True,
    query=query([], ["locationId"]),
)
def get(call: Call) -> Json:
    """One pipeline."""
    return shown(_entry(call))


@endpoint(
    "PUT",
    "/opportunities/pipelines/{pipelineId}",
    scope="pipelines.write",
    v3_only=True,
    body=Obj({"name": Text(longest=255), "stages": ListOf(_STAGE, least=1), **_LOOK}),
)
def replace(call: Call) -> Json:
    """Replace the stages: kept by id, added without, left out means deleted (cards move down)."""
    entry = _entry(call)
    doc = {**entry.doc, **{k: v for k, v in call.body.items() if k != "stages"}}
    if "name" in call.body:
        _refuse_same_name(call, call.body["name"], entry.id)
    if "stages" in call.body:
        known = {s["id"]: s for s in entry.doc["stages"]}
        doc["stages"] = _stages(call.body["stages"], known)
        left = {s["id"] for s in doc["stages"]}
        for gone in set(known) - left:
            for card in call.state.find("opportunity", call.location, "stage", gone):
                call.state.update(card, {**card.doc, "pipelineStageId": doc["stages"][0]["id"]})
    return shown(call.state.update(entry, doc))


@endpoint("DELETE", "/opportunities/pipelines/{pipelineId}", scope="pipelines.write", v3_only=True)
def delete(call: Call) -> Json:
    """Delete a pipeline and every opportunity in it."""
    entry = _entry(call)
    for card in call.state.find("opportunity", call.location, "pipelineId", entry.id):
        drop_relations(call, card.id)
        call.state.delete(card)
    call.state.delete(entry)
    return {"succeded": True, "succeeded": True}
