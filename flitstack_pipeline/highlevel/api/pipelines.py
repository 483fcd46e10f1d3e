"""Pipelines and their stages (v3 only; docs/highlevel.md#pipelines).

`locationId`: body of create, query of list; in the body of replace it is a 422.
"""

from __future__ import annotations

from typing import Literal

from flitstack_pipeline.highlevel.answer_types import Pipeline
from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.models import Number, WireModel
from flitstack_pipeline.highlevel.reading import read_pipeline


class Stage(WireModel):
    """A stage; `id` keeps an existing one when a pipeline is replaced."""

    id: str | None = None
    name: str
    position: int | None = None
    show_in_funnel: bool | None = None
    show_in_pie_chart: bool | None = None
    stage_win_probability: Number | None = None
    color: str | None = None


class PipelineBody(WireModel):
    """A pipeline; when it replaces one, a stage left out is deleted and its cards move."""

    name: str
    stages: list[Stage]
    show_in_funnel: bool | None = None
    show_in_pie_chart: bool | None = None
    use_opportunity_probability: bool | None = None
    color_render_mode: Literal["dot", "bg-tint", "none"] | None = None


class Pipelines(Family):
    """`/opportunities/pipelines`."""

    def list(self) -> list[Pipeline]:
        """Read every pipeline with its stages."""
        params = {"locationId": self.location_id}
        found = self._list("/opportunities/pipelines", "pipelines", params=params)
        return [read_pipeline(raw) for raw in found]

    def create(self, pipeline: PipelineBody) -> Record:
        """Create a pipeline; read its stage ids again afterwards, the answer may omit them."""
        body = {"locationId": self.location_id, **pipeline.wire()}
        return self._record("POST", "/opportunities/pipelines", "pipeline", json=body)

    def get(self, pipeline_id: str) -> Pipeline:
        """Read a pipeline."""
        route, path = "/opportunities/pipelines/{pipelineId}", {"pipelineId": pipeline_id}
        return self._one(route, read_pipeline, "pipeline", path=path)

    def replace(self, pipeline_id: str, pipeline: PipelineBody) -> Record:
        """Replace name, settings and all stages; the answer may tell none of them."""
        route, path = "/opportunities/pipelines/{pipelineId}", {"pipelineId": pipeline_id}
        return self._record("PUT", route, "pipeline", path=path, json=pipeline.wire())

    def delete(self, pipeline_id: str) -> None:
        """Delete a pipeline AND every opportunity in it."""
        path = {"pipelineId": pipeline_id}
        self._call("DELETE", "/opportunities/pipelines/{pipelineId}", path=path)
