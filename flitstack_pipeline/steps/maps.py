"""Steps of the stage `map`: propose, confirm, apply."""

from __future__ import annotations

import copy

from flitstack_pipeline.mapping.build import map_object as map_tables
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.opening import map_document


def propose_map(project: Project) -> StepReport:
    """Propose `map.yaml`, keeping every decision a person took."""
    with project.warehouse.connect() as con:
        document = propose(con, copy.deepcopy(map_document(project)), None)
    document.save(project.map_path)
    facts = {"map": project.map_path, "fingerprint": document.fingerprint[:12]}
    return StepReport(
        "map proposed", len(document.fields), {**facts, "open": len(document.unconfirmed())}
    )


def confirm_map(project: Project, name: str, above: float = 0.0) -> StepReport:
    """Confirm open entries of the map in a person's name."""
    document = MapDocument.load(project.map_path)
    confirmed = document.confirm_all(name, above)
    document.save(project.map_path)
    return StepReport("map confirmed", confirmed, {"by": name, "open": len(document.unconfirmed())})


def unconfirmed_entries(project: Project) -> list[str]:
    """Required entries of the map nobody confirmed."""
    document = map_document(project)
    return ["there is no map yet: propose it"] if document is None else document.unconfirmed()


def map_object(project: Project, key: str) -> StepReport:
    """Map one object type."""
    document = map_document(project) or MapDocument.load(project.map_path)
    with project.warehouse.connect() as con:
        found = map_tables(con, key, document)
    skipped = [
        {k: str(v) for k, v in vars(s).items()} if hasattr(s, "__dict__") else {"skipped": str(s)}
        for s in found.skipped
    ]
    return StepReport(f"map {key}", found.rows, dict(found.by_kind), {"not mapped": skipped})
