"""The fingerprints of one migration as it stands: map, cleaned schema, sample's result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from flitstack_pipeline.answers_file import read_answers
from flitstack_pipeline.migration.fingerprints import schema_fingerprint
from flitstack_pipeline.services.project_context import map_fingerprint
from flitstack_pipeline.settings import Project


def fingerprints(project: Project) -> dict[str, str]:
    """Fingerprints of the map and of the cleaned schema; empty text for what is not there yet."""
    given = read_answers(project.decisions)

    def find() -> str:
        with project.warehouse.connect() as con:
            return schema_fingerprint(con)

    schema = project.warehouse.remembered("schema fingerprint", find)
    return {"map": _with_answers(map_fingerprint(project), given), "schema": schema}


def _with_answers(fingerprint: str, given: Mapping[str, str]) -> str:
    """The map as it is followed: another answer about the exports reads them otherwise."""
    if not fingerprint or not given:
        return fingerprint
    text = fingerprint + json.dumps(dict(given), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
