"""map.yaml on disk: a readable form with comments, and a reading that names every mistake."""

from __future__ import annotations

import copy
import functools
import os
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from flitstack_pipeline.mapping.document import (
    DECISIONS,
    DUPLICATE_POLICIES,
    ESTIMATE_LINES,
    FieldEntry,
    MapDocument,
    MapError,
    OwnerEntry,
    Routing,
    StageMap,
    ValueMap,
)
from flitstack_pipeline.mapping.transforms import TRANSFORMS
from flitstack_pipeline.spec.targets import OPPORTUNITY_STATUSES, STAGES

_HEAD = """The map of this migration: what goes where in HighLevel. Made by `flitstack map propose`.
status: proposed (open), confirmed (a person agreed), excluded (is not moved).
Nothing is loaded while a required entry is only proposed. Edit freely; proposing again keeps
your decisions and notes under `changed` what the source changed since."""
_SECTIONS = {
    "fields": "Source field -> target object and field. `custom:` marks a custom column.",
    "values": "Words of a source field -> option labels in HighLevel. Every word needs a label.",
    "stages": "Status -> pipeline stage, and opportunity status (open, won, lost, abandoned).",
    "owners": "Team member -> HighLevel user by e-mail. An empty user falls to fallback_owner.",
    "fallback_owner": "E-mail of the HighLevel user who owns what nobody else can.",
    "duplicates": "A record that exists already: match (use it), create (anyway) or ask.",
    "estimate_lines": "records: one Opportunity Product per line. compact: one Estimate record.",
    "routing": "Rules {by: workspace | clients.city | clients.custom:X, equals: …, location: …}.",
    "confirmations": "Who confirmed, and when.",
}
_DECISION = ("confidence", "evidence", "status", "changed", "decided_by")
_FIELD = ("source", "target", "field", "data_type", "transform", "options", "required")


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = 10_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def write_document(document: MapDocument, path: Path) -> None:
    """Write the document beside its place, then move it there: a reader never sees half a map."""
    root = _root(document)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".map-", suffix=".yaml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            _yaml().dump(root, out)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _root(document: MapDocument) -> CommentedMap:
    root = CommentedMap()
    root["version"] = 1
    root["fields"] = _fields(document)
    root["values"] = CommentedMap(
        (k, _entry(v, "map", "hints")) for k, v in document.values.items()
    )
    root["stages"] = CommentedMap(
        (k, _entry(v, "map", "hints")) for k, v in document.stages.items()
    )
    root["owners"] = CommentedMap(
        (k, _entry(o, "name", "email", "user")) for k, o in document.owners.items()
    )
    root["fallback_owner"] = document.fallback_owner
    root["duplicates"] = document.duplicates
    root["estimate_lines"] = document.estimate_lines
    root["routing"] = {"default": document.routing.default, "rules": document.routing.rules}
    root["confirmations"] = document.confirmations
    root.yaml_set_start_comment(_HEAD)
    for section, text in _SECTIONS.items():
        root.yaml_set_comment_before_after_key(section, before="\n" + text)
    return root


def _fields(document: MapDocument) -> CommentedMap:
    by_dataset = CommentedMap()
    for entry in document.fields:
        by_dataset.setdefault(entry.dataset, CommentedSeq()).append(_entry(entry, *_FIELD))
        if entry.alternatives:
            by_dataset[entry.dataset][-1]["alternatives"] = list(entry.alternatives)
    for dataset, entries in by_dataset.items():
        opened = sum(e["status"] == "proposed" for e in entries)
        note = f"{dataset}: {len(entries)} entries, {opened} open"
        by_dataset.yaml_set_comment_before_after_key(dataset, before=note, indent=2)
    return by_dataset


def _entry(entry: Any, *names: str) -> CommentedMap:
    out = CommentedMap()
    for name in names:
        value = getattr(entry, name)
        if value not in ("", [], {}):
            out[name] = _flow(value)
    for name in _DECISION:
        value = getattr(entry, name)
        if value != "":
            out[name] = round(value, 3) if name == "confidence" else value
    return out


def _flow(value: Any) -> Any:
    """Lists and the inner maps of stages on one line, so that a diff shows one line a change."""
    if isinstance(value, list):
        seq = CommentedSeq(value)
        seq.fa.set_flow_style()
        return seq
    if isinstance(value, dict):
        out = CommentedMap()
        for key, inner in value.items():
            out[key] = CommentedMap(inner) if isinstance(inner, dict) else inner
            if isinstance(inner, dict):
                out[key].fa.set_flow_style()
        return out
    return value


@functools.lru_cache(maxsize=2)
def _parsed(text: str) -> Any:
    """Plain data of a YAML text; every step asks for the map, and parsing costs most of a second.

    YAML 1.2 as written: a 1.1 parser in C would be quicker and read the option "Yes" as true.
    """
    return YAML(typ="safe").load(text)


def read_document(path: Path) -> MapDocument:
    """Read and check map.yaml. Raises MapError with every mistake and where it is."""
    try:
        data = copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except YAMLError as error:
        raise MapError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(data, dict):
        raise MapError(f"{path} is not a map document; run `flitstack map propose` to make one.")
    try:
        document = _document(data)
    except (TypeError, AttributeError, KeyError) as error:
        raise MapError(f"{path}: an entry has an unknown or missing name: {error}") from error
    problems = check(document)
    if problems:
        raise MapError(f"{path} cannot be followed:\n" + "\n".join(f"- {p}" for p in problems))
    return document


def _document(data: dict[str, Any]) -> MapDocument:
    fields = [
        FieldEntry(dataset=dataset, **entry)
        for dataset, entries in (data.get("fields") or {}).items()
        for entry in entries
    ]
    routing = data.get("routing") or {}
    return MapDocument(
        fields=fields,
        values={k: _values(v) for k, v in (data.get("values") or {}).items()},
        stages={k: StageMap(**_texts(v)) for k, v in (data.get("stages") or {}).items()},
        owners={k: OwnerEntry(**v) for k, v in (data.get("owners") or {}).items()},
        fallback_owner=data.get("fallback_owner") or "",
        duplicates=data.get("duplicates") or "match",
        estimate_lines=data.get("estimate_lines") or "records",
        routing=Routing(routing.get("default") or "main", routing.get("rules") or []),
        confirmations=data.get("confirmations") or [],
    )


def _values(data: dict[str, Any]) -> ValueMap:
    words = data.get("map") or {}
    plain = {str(k): "" if v is None else str(v) for k, v in words.items()}
    return ValueMap(**{**data, "map": plain})


def _texts(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "map": {str(k): dict(v) for k, v in (data.get("map") or {}).items()}}


def check(document: MapDocument) -> list[str]:
    """Everything about a document that cannot be followed, in sentences."""
    problems = [
        f"{name}: status {entry.status!r} is none of {', '.join(DECISIONS)}"
        for name, entry in document.decisions()
        if entry.status not in DECISIONS
    ]
    for entry in document.fields:
        if entry.transform not in TRANSFORMS:
            problems.append(f"{entry.label}: unknown transform {entry.transform!r}")
        if entry.active and not (entry.target and entry.field):
            problems.append(f"{entry.label}: no target; name one or set status: excluded")
    for name, stages in document.stages.items():
        problems += _stage_problems(name, stages)
    if document.duplicates not in DUPLICATE_POLICIES:
        problems.append(f"duplicates: {document.duplicates!r} is none of {DUPLICATE_POLICIES}")
    if document.estimate_lines not in ESTIMATE_LINES:
        problems.append(f"estimate_lines: {document.estimate_lines!r} is none of {ESTIMATE_LINES}")
    problems += _clashes(document)
    problems += [
        f"routing rule {rule}: needs by, equals and location"
        for rule in document.routing.rules
        if not {"by", "equals", "location"} <= set(rule)
    ]
    return problems


def _clashes(document: MapDocument) -> list[str]:
    """Two source fields of one dataset may not feed the same field: one would be lost."""
    taken: dict[tuple[str, str, str], str] = {}
    problems = []
    for entry in document.fields:
        if not entry.active:
            continue
        place = (entry.dataset, entry.target, entry.field)
        if place in taken:
            problems.append(f"{entry.label}: {taken[place]} already feeds that field")
        taken.setdefault(place, entry.source)
    return problems


def _stage_problems(name: str, stages: StageMap) -> list[str]:
    return [
        f"stages of {name}, {word!r}: {goal} needs stage (one of {', '.join(STAGES)}) "
        f"and status (one of {', '.join(OPPORTUNITY_STATUSES)})"
        for word, goal in stages.map.items()
        if any(goal.values())  # an empty goal is open, and named by the gate
        and (goal.get("stage") not in STAGES or goal.get("status") not in OPPORTUNITY_STATUSES)
    ]
