"""map.yaml on disk: a readable form with comments, and a reading that names every mistake."""

from __future__ import annotations

import copy
import difflib
import functools
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.targets import OPPORTUNITY_STATUSES, PIPELINE, RULES, STAGES
from flitstack_pipeline.mapping.column_names import unknown_columns
from flitstack_pipeline.mapping.document import (
    ACTIVITY_FORMS,
    DECISIONS,
    DUPLICATE_POLICIES,
    ESTIMATE_LINES,
    EXISTING_POLICIES,
    LINK_POLICIES,
    LINKS,
    NOTE,
    PROPOSED,
    SKIP,
    STUB,
    FieldEntry,
    MapDocument,
    MapError,
    OwnerEntry,
    Routing,
    StageMap,
    ValueMap,
)
from flitstack_pipeline.mapping.opt_outs import PREFIX, problems_of
from flitstack_pipeline.mapping.routing import rule_problems
from flitstack_pipeline.mapping.transforms import TRANSFORMS
from flitstack_pipeline.mapping.yaml_text import (
    Comments,
    Flow,
    YamlProblem,
    comments_of,
    dump,
    parse,
    places,
)

_HEAD = """The map of this migration: what goes where in HighLevel. Made by `flitstack map propose`.
status: proposed (open), confirmed (a person agreed), excluded (is not moved).
Nothing is loaded while a required entry is only proposed. Edit freely; proposing again keeps
your decisions and notes under `changed` what the source changed since."""
_SECTIONS = {
    "fields": "Source field -> target object and field. `custom:` marks a custom column.",
    "values": "Words of a source field -> option labels in HighLevel. Every word needs a label.\n"
    "`opt-outs:` says whom not to reach: word -> call, sms, email, whatsapp (several by commas), "
    "all or none.",
    "stages": "Status -> pipeline stage, and opportunity status (open, won, lost, abandoned).\n"
    "A word under `open` waits for a person: correct its goal, then take it from the list.",
    "pipeline": f"The stages of the pipeline {PIPELINE!r}, in order; rename and order them here\n"
    "(and in `stages`).",
    "owners": "Team member -> HighLevel user by e-mail. An empty user falls to fallback_owner.",
    "fallback_owner": "E-mail of the HighLevel user who owns what nobody else can.",
    "duplicates": "A record that exists already: match (use it), create (anyway) or ask.",
    "existing": "A record that was there before and is used: fill (its empty fields; differing "
    "values stay and are listed),\noverwrite (ours replace theirs) or ask (nothing before a person "
    "decided). The stricter opt-out always wins.",
    "estimate_lines": "records: one Opportunity Product per line. compact: one Estimate record.",
    "links": "Parent not in HighLevel: skip (the child waits), stub (a placeholder contact), stop.",
    "activities": "What calls, texts, e-mails and meetings become: note;\n"
    "message (needs HIGHLEVEL_CONVERSATION_PROVIDER_ID; no API can change or delete it later);\n"
    "appointment (needs HIGHLEVEL_CALENDAR_ID). What cannot be one becomes a note all the same.",
    "routing": "Rules {by: workspace | city | clients.city | custom:X, equals: …, location: …}.",
    "answers": "Answers of older versions about the exports; newer ones stand in "
    "decisions/questions.csv. See `flitstack questions --answered`.",
    "confirmations": "Who confirmed, and when.",
}
_OUR_LINES = frozenset("\n".join([_HEAD, *_SECTIONS.values()]).split("\n"))
_COUNT = re.compile(r"[^:]*: \d+ entries, \d+ open")
_DECISION = ("confidence", "evidence", "status", "changed", "decided_by")
_WORDS = ("map", "hints", "open", "named")
_FIELD = (
    "source", "target", "field", "data_type", "transform", "options", "required", "alternatives",
)  # fmt: skip


def write_document(document: MapDocument, path: Path) -> None:
    """Write the document beside its place, then move it there: a reader never sees half a map.

    A person's comments in the map that stands there stay.
    """
    sections = {(name,): f"\n{text}" for name, text in _SECTIONS.items()}
    text = dump(_root(document), _HEAD, {**sections, **_counts(document)}, _comments(path))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".map-", suffix=".yaml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def counts_stand(document: MapDocument, path: Path) -> bool:
    """Whether the map at `path` tells how many entries of each object are open, as it is now."""
    lines = {line.strip() for line in read_text(path).split("\n")}
    return all(f"# {count}" in lines for count in _counts(document).values())


def sections_of(document: MapDocument) -> dict[str, list[Any]]:
    """What the map says, by the name of each entry; who confirmed it when is left out."""
    found: dict[str, list[Any]] = {}
    for section, said in _root(document).items():
        if section == "fields":
            for dataset, entries in said.items():
                for entry in entries:
                    found.setdefault(f"{dataset}.{entry['source']}", []).append(entry)
        elif section != "confirmations":
            parts = said.items() if isinstance(said, dict) and said else [("", said)]
            found |= {f"{section}.{key}".rstrip("."): [part] for key, part in parts}
    return found


def _root(document: MapDocument) -> dict[str, Any]:
    by_dataset: dict[str, list[dict[str, Any]]] = {}
    for entry in document.fields:
        by_dataset.setdefault(entry.dataset, []).append(_entry(entry, *_FIELD))
    return {
        "version": 1,
        "fields": by_dataset,
        "values": {k: _entry(v, *_WORDS) for k, v in document.values.items()},
        "stages": {k: _entry(v, *_WORDS) for k, v in document.stages.items()},
        "pipeline": document.pipeline,
        "owners": {k: _entry(o, "name", "email", "user") for k, o in document.owners.items()},
        "fallback_owner": document.fallback_owner,
        "duplicates": document.duplicates,
        "existing": document.existing,
        "estimate_lines": document.estimate_lines,
        "links": document.links,
        "activities": document.activities,
        "routing": {"default": document.routing.default, "rules": document.routing.rules},
        "answers": document.answers,
        "confirmations": document.confirmations,
    }


def _comments(path: Path) -> Comments:
    """What a person wrote beside the entries of the map that stands at `path`."""
    if not path.is_file():
        return Comments()
    try:
        return comments_of(read_text(path), _is_ours)
    except (MapError, YamlProblem):  # it is replaced as a whole, as it always was
        return Comments()


def _is_ours(comment: str) -> bool:
    return comment in _OUR_LINES or bool(_COUNT.fullmatch(comment))


def _counts(document: MapDocument) -> dict[tuple[str, ...], str]:
    """The comment above each object: how many entries it has, and how many are open."""
    waits: dict[str, list[bool]] = {}
    for entry in document.fields:
        waits.setdefault(entry.dataset, []).append(entry.status == PROPOSED and entry.required)
    return {
        ("fields", d): f"{d}: {len(found)} entries, {sum(found)} open" for d, found in waits.items()
    }


def _entry(entry: Any, *names: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in names:
        value = getattr(entry, name)
        if value not in ("", [], {}):
            out[name] = _one_line_goals(value) if isinstance(value, dict) else value
    for name in _DECISION:
        value = getattr(entry, name)
        if value != "":
            out[name] = round(value, 3) if name == "confidence" else value
    return out


def _one_line_goals(words: dict[str, Any]) -> dict[str, Any]:
    """The inner maps of stages on one line, so that a diff shows one line a change."""
    return {k: Flow(v) if isinstance(v, dict) else v for k, v in words.items()}


@functools.lru_cache(maxsize=2)
def _parsed(text: str) -> Any:
    """Plain data of a YAML text; every step asks for the map."""
    return parse(text)


def read_text(path: Path) -> str:
    """The text of map.yaml. Raises MapError when it is a folder or not in UTF-8."""
    if path.is_dir():
        raise MapError(
            f"{path} is a folder, and the map must be a file. Move it away; "
            "`flitstack map propose` makes a new map."
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MapError(
            f"{path} is not in UTF-8 (line {line}). Save it as UTF-8 in your editor, or restore it "
            "from git or reports/map-as-confirmed.yaml."
        ) from error


def read_document(path: Path) -> MapDocument:
    """Read and check map.yaml. Raises MapError with every mistake and where it is."""
    text = read_text(path)
    try:
        data = copy.deepcopy(_parsed(text))
    except YamlProblem as error:
        raise MapError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(data, dict):
        raise MapError(f"{path} is not a map document; run `flitstack map propose` to make one.")
    if unknown := _unknown_names(data):
        where = places(text)
        told = [f"line {where.line(name)}: {said}" for name, said in unknown]
        raise MapError(f"{path} cannot be followed:\n" + "\n".join(f"- {t}" for t in told))
    try:
        document = _document(data)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise MapError(
            f"{path}: an entry has an unknown or missing name or a wrong value: {error}"
        ) from error
    problems = check(document)
    if problems:
        raise MapError(f"{path} cannot be followed:\n" + "\n".join(f"- {p}" for p in problems))
    return document


def _unknown_names(data: dict[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Names that are no part of a map, each by its path and in a sentence with the likely one."""
    known: dict[str, Sequence[str]] = {
        "": ("version", *_SECTIONS), "fields": tuple(RULES), "links": LINKS,
        "routing": ("default", "rules"),
    }  # fmt: skip
    found: list[tuple[tuple[str, ...], str]] = []
    for section, names in known.items():
        part = data.get(section) if section else data
        for name in part if isinstance(part, dict) else ():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
                of = f"{section or 'the map'} knows no {name!r}; {meant}"
                found.append(((section, name) if section else (name,), of))
    return found


def _document(data: dict[str, Any]) -> MapDocument:
    fields = [
        FieldEntry(dataset=dataset, **_typed(entry))
        for dataset, entries in (data.get("fields") or {}).items()
        for entry in entries
    ]
    routing = data.get("routing") or {}
    return MapDocument(
        fields=fields,
        values={k: _values(v) for k, v in (data.get("values") or {}).items()},
        stages={k: StageMap(**_texts(v)) for k, v in (data.get("stages") or {}).items()},
        pipeline=[str(s) for s in data.get("pipeline") or STAGES],
        owners={k: OwnerEntry(**_typed(v)) for k, v in (data.get("owners") or {}).items()},
        fallback_owner=data.get("fallback_owner") or "",
        duplicates=data.get("duplicates") or "match",
        existing=data.get("existing") or "fill",
        estimate_lines=data.get("estimate_lines") or "records",
        links=dict.fromkeys(LINKS, SKIP) | dict(data.get("links") or {}),
        activities=dict.fromkeys(ACTIVITY_FORMS, NOTE) | dict(data.get("activities") or {}),
        routing=Routing(routing.get("default") or "main", routing.get("rules") or []),
        answers={str(k): str(v) for k, v in (data.get("answers") or {}).items()},
        confirmations=data.get("confirmations") or [],
    )


def _values(data: dict[str, Any]) -> ValueMap:
    return ValueMap(**_typed({**data, "map": dict(data.get("map") or {})}))


def _texts(data: dict[str, Any]) -> dict[str, Any]:
    return _typed({**data, "map": {k: dict(v or {}) for k, v in (data.get("map") or {}).items()}})


def _typed(entry: dict[str, Any]) -> dict[str, Any]:
    """The parts of an entry that are no text: confidence, required, and what is empty."""
    found = dict(entry)
    if "confidence" in found:
        found["confidence"] = float(found["confidence"])
    if "required" in found:
        found["required"] = str(found["required"]).lower() in ("true", "yes")
    for name in ("options", "alternatives", "hints", "open", "named"):
        if name in found and not found[name]:
            found[name] = {} if name in ("hints", "named") else []
    return found


def _link_problems(links: dict[str, str]) -> list[str]:
    problems = []
    for link, policy in links.items():
        if policy not in LINK_POLICIES:
            problems.append(f"links: {link}: {policy!r} is none of {', '.join(LINK_POLICIES)}")
        elif policy == STUB and not link.endswith(".contact"):
            problems.append(f"links: {link}: only a contact can have a placeholder (stub)")
    return problems


def _activity_problems(activities: dict[str, str]) -> list[str]:
    problems = []
    for kind, form in activities.items():
        forms = ACTIVITY_FORMS.get(kind)
        if forms is None:
            problems.append(f"activities: {kind!r} is none of {', '.join(ACTIVITY_FORMS)}")
        elif form not in forms:
            problems.append(f"activities: {kind}: {form!r} is none of {', '.join(forms)}")
    return problems


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
    for name, values in document.values.items():
        if name.startswith(PREFIX):
            problems += problems_of(name, values)
    for name, stages in document.stages.items():
        problems += _stage_problems(name, stages, document.pipeline)
    if document.duplicates not in DUPLICATE_POLICIES:
        problems.append(f"duplicates: {document.duplicates!r} is none of {DUPLICATE_POLICIES}")
    if document.existing not in EXISTING_POLICIES:
        problems.append(f"existing: {document.existing!r} is none of {EXISTING_POLICIES}")
    if document.estimate_lines not in ESTIMATE_LINES:
        problems.append(f"estimate_lines: {document.estimate_lines!r} is none of {ESTIMATE_LINES}")
    problems += _link_problems(document.links)
    problems += _activity_problems(document.activities)
    problems += unknown_columns(document)
    problems += _clashes(document)
    problems += rule_problems(document.routing.rules)
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


def _stage_problems(name: str, stages: StageMap, pipeline: list[str]) -> list[str]:
    return [
        f"stages of {name}, {word!r}: {goal} needs stage (one of {', '.join(pipeline)}) "
        f"and status (one of {', '.join(OPPORTUNITY_STATUSES)})"
        for word, goal in stages.map.items()
        if any(goal.values())  # an empty goal is open, and named by the gate
        and (goal.get("stage") not in pipeline or goal.get("status") not in OPPORTUNITY_STATUSES)
    ]
