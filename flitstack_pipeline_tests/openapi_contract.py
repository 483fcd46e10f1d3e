"""Makes the contract of bare facts that the contract tests hold us to, from the official OpenAPI.

    python -m flitstack_pipeline_tests.openapi_contract highlevel-v3.json

What belongs here: leaving out all prose (descriptions, examples, titles, links, security) and what
no operation of ours can meet. The official file is CC0 (GoHighLevel/highlevel-api-docs); download
it, run the command, and commit `highlevel/openapi_facts.json.gz`.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

FACTS = Path(__file__).with_name("highlevel") / "openapi_facts.json.gz"
METHODS = ("get", "post", "put", "patch", "delete")
#: The keywords of a schema that state facts.
_KEYWORDS = frozenset({
    "$ref", "type", "properties", "items", "required", "enum", "allOf", "anyOf", "oneOf",
    "nullable", "additionalProperties", "minimum", "maximum", "minLength", "maxLength",
    "minItems", "maxItems", "format", "pattern",
})  # fmt: skip


def facts_of(document: dict[str, Any]) -> dict[str, Any]:
    """The paths, methods, parameters, schemas and enumerations of an OpenAPI document.

    Args:
        document: the official description, parsed.

    Returns:
        The same form, with everything that is prose left out.
    """
    paths = {
        path: {method: _operation(item[method]) for method in METHODS if method in item}
        for path, item in document["paths"].items()
    }
    schemas = document["components"]["schemas"]
    return {
        "openapi": document["openapi"],
        "paths": paths,
        "components": {"schemas": {name: _schema(schema) for name, schema in schemas.items()}},
    }


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "parameters": [_parameter(p) for p in operation.get("parameters", ())],
        "responses": {
            status: _content(answer) for status, answer in operation.get("responses", {}).items()
        },
    }
    if "requestBody" in operation:
        found["requestBody"] = _content(operation["requestBody"])
    return found


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    kept = {k: parameter[k] for k in ("name", "in", "required") if k in parameter}
    return {**kept, "schema": _schema(parameter.get("schema", {}))}


def _content(body: dict[str, Any]) -> dict[str, Any]:
    content = {
        media: {"schema": _schema(about["schema"])} if "schema" in about else {}
        for media, about in body.get("content", {}).items()
    }
    return {"content": content} if content else {}


def _schema(schema: Any) -> Any:
    """A schema without prose; names of properties are facts, whatever they are called."""
    if isinstance(schema, list):
        return [_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword not in _KEYWORDS:
            continue
        if keyword == "properties":
            kept[keyword] = {name: _schema(part) for name, part in value.items()}
        elif keyword in ("required", "enum", "type"):
            kept[keyword] = value
        else:
            kept[keyword] = _schema(value)
    return kept


def main(arguments: list[str]) -> int:
    """Derive the facts of the named file and write them; returns the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    facts = facts_of(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True)
    with FACTS.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(text.encode())
    print(f"{FACTS}: {len(facts['paths'])} paths, {FACTS.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
