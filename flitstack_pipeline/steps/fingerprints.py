"""The fingerprints of one migration as it stands: map, cleaned schema, sample's result."""

from __future__ import annotations

from flitstack_pipeline.migration.fingerprints import schema_fingerprint
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import map_fingerprint


def fingerprints(project: Project) -> dict[str, str]:
    """Fingerprints of the map and of the cleaned schema; empty text for what is not there yet."""
    with project.warehouse.connect() as con:
        schema = schema_fingerprint(con)
    return {"map": map_fingerprint(project), "schema": schema}
