"""The facts of the official OpenAPI document, read the way its own defects make necessary.

Used by the contract tests of both sides: what we send (highlevel/) and what the sandbox answers
(sandbox/). The facts lie beside this file, made by `openapi_contract`; without them tests fail.
"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from typing import Any

from flitstack_pipeline_tests.openapi_contract import FACTS


@cache
def document() -> dict[str, Any]:
    """The facts. Raises FileNotFoundError where they are missing."""
    return json.loads(gzip.decompress(FACTS.read_bytes()))


def resolve(spec: dict[str, Any], node: Any) -> Any:
    """A part of the document with references inlined and OpenAPI 3.0's nullable as a type."""
    if isinstance(node, list):
        return [resolve(spec, part) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return resolve(spec, spec["components"]["schemas"][node["$ref"].split("/")[-1]])
    out = {k: resolve(spec, v) for k, v in node.items() if k not in ("example", "nullable")}
    if node.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if isinstance(out.get("items"), dict) and "maxLength" in out["items"]:
        out["items"].pop("maxLength")  # `ids` says 50 characters and means 50 ids
    return out


@cache
def _templates() -> list[tuple[str, re.Pattern[str]]]:
    spec = document()
    found = [
        (path, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$")) for path in spec["paths"]
    ]
    return sorted(found, key=lambda item: item[0].count("{"))


def template_of(method: str, path: str) -> str | None:
    """The route template of a path under this method, the one with the fewest parameters."""
    spec = document()
    for template, pattern in _templates():
        if pattern.match(path) and method.lower() in spec["paths"][template]:
            return template
    return None


@cache
def operation(method: str, template: str) -> dict[str, Any]:
    """One operation with everything inlined."""
    spec = document()
    return resolve(spec, spec["paths"][template][method.lower()])
