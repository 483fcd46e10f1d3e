"""Proposing the map from the clean tables: declared columns, custom columns, words, owners.

Belongs here: what the map should say, with evidence; keeping what a person decided. Does not:
applying it (`mapping.build`), matching foreign header lists (`mapping.matcher`).
"""

from __future__ import annotations

from typing import Any

import duckdb

from flitstack_pipeline.mapping.custom_columns import (
    ColumnType,
    Definition,
    choose_place,
    infer_type,
    option_map,
)
from flitstack_pipeline.mapping.declared import CUSTOM_TARGETS, DECLARED, STATUS_COLUMNS
from flitstack_pipeline.mapping.document import (
    EXCLUDED,
    PROPOSED,
    Decision,
    FieldEntry,
    MapDocument,
    OwnerEntry,
    StageMap,
    ValueMap,
)
from flitstack_pipeline.mapping.profiles import Profile, custom_profiles
from flitstack_pipeline.mapping.schema import used_columns
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.spec import targets as t
from flitstack_pipeline.spec.clean import BY_DATASET

Destination = dict[str, list[dict[str, Any]]]
_SINGULAR = {
    "clients": "Client",
    "leads": "Lead",
    "jobs": "Job",
    "estimates": "Estimate",
    "estimate_items": "Line",
    "invoices": "Invoice",
    "work_orders": "Work Order",
}


def propose(
    con: duckdb.DuckDBPyConnection,
    previous: MapDocument | None = None,
    destination: Destination | None = None,
) -> MapDocument:
    """The map for the clean tables as they are; decisions of `previous` are kept.

    `destination` lists the sub-account's custom fields by target, each `{name, dataType,
    options}`; without it every custom column is proposed as a new field.
    """
    document = MapDocument()
    taken = {target: {f.label.casefold() for f in fields} for target, fields in t.FIELDS.items()}
    for target, names in t.STANDARD_FIELDS.items():
        taken[target] |= {name.casefold() for name in names}
    for dataset in DECLARED:
        document.fields += _declared(con, dataset)
        _custom(con, dataset, document, destination or {}, taken)
        _status_words(con, dataset, document)
    _item_types(document)
    document.owners = _owners(con)
    return _keep_decisions(document, previous) if previous else document


def _declared(con: duckdb.DuckDBPyConnection, dataset: str) -> list[FieldEntry]:
    used = used_columns(con, dataset)
    known = {f.name: f.about for f in BY_DATASET[dataset].fields}
    entries = []
    for rule in DECLARED[dataset]:
        base = rule.column.split(".")[0]
        about = known.get(base, "derived from the row and what is linked to it")
        declared = t.field_named(rule.target, rule.field)
        entries.append(
            FieldEntry(
                dataset=dataset,
                source=rule.column,
                target=rule.target,
                field=rule.field,
                data_type=declared.data_type if declared else "",
                transform=rule.transform,
                confidence=1.0,
                evidence=f"declared: {about}",
                required=base not in known or base in used,
            )
        )
    return entries


def _custom(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    document: MapDocument,
    destination: Destination,
    taken: dict[str, set[str]],
) -> None:
    """Entries and value maps of the custom columns, in the order of their headers."""
    target = CUSTOM_TARGETS[dataset]
    definitions = _definitions(con, dataset)
    for header, profile in custom_profiles(con, dataset).items():
        wanted = infer_type(profile, definitions.get(header.strip().casefold()))
        others: tuple[str, ...] = ()
        shared = _shared_person_field(document, dataset, header)
        if shared:
            place_label, data_type, options = shared.field, shared.data_type, tuple(shared.options)
            confidence, evidence = wanted.confidence, f"as for clients: {header}"
            if data_type != wanted.data_type:
                shared = None
        if not shared:
            place = choose_place(
                header, wanted, destination.get(target, []), taken[target], _SINGULAR[dataset]
            )
            place_label, data_type, options = place.label, place.data_type, place.options
            confidence, evidence, others = place.confidence, place.evidence, place.alternatives
        taken[target].add(place_label.casefold())
        entry = FieldEntry(
            dataset=dataset,
            source=f"custom:{header}",
            target=target,
            field=place_label,
            data_type=data_type,
            transform=_transform(wanted, data_type),
            options=list(options),
            confidence=confidence,
            evidence=evidence,
            alternatives=list(others),
            required=profile.filled > 0,
        )
        document.fields.append(entry)
        if entry.transform in ("choice", "multi"):
            _value_map(document, entry, wanted, profile, options)


def _shared_person_field(document: MapDocument, dataset: str, header: str) -> FieldEntry | None:
    """Leads and clients are both contacts: the same header is the same field."""
    if dataset != "leads":
        return None
    wanted = header.strip().casefold()
    return next(
        (
            e
            for e in document.fields
            if e.dataset == "clients"
            and e.is_custom_column
            and e.source.removeprefix("custom:").strip().casefold() == wanted
        ),
        None,
    )


def _transform(wanted: ColumnType, data_type: str) -> str:
    """A text field takes the text as it is, whatever the values look like."""
    return "text" if data_type in (t.TEXT, t.LARGE_TEXT) else wanted.transform


def _value_map(
    document: MapDocument,
    entry: FieldEntry,
    wanted: ColumnType,
    profile: Profile,
    options: tuple[str, ...],
) -> None:
    words, confidence = option_map(wanted.words, options)
    document.values[f"{entry.dataset}.{entry.source}"] = ValueMap(
        map=words,
        confidence=min(confidence, wanted.confidence + 0.05),
        evidence=f"{len(words)} words; {len(options)} options exist",
    )


def _definitions(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, Definition]:
    found = con.execute(
        f"SELECT lower(trim(label)), type, options "  # noqa: S608
        f"FROM {relation(con, 'clean.custom_fields')} WHERE module = ?",
        [dataset],
    ).fetchall()
    return {label: Definition(type_ or "", tuple(options or ())) for label, type_, options in found}


def _status_words(con: duckdb.DuckDBPyConnection, dataset: str, document: MapDocument) -> None:
    """Value map (and stages) of the status column: closed words, then words nobody knows."""
    if dataset not in STATUS_COLUMNS:
        return
    column, text_column = STATUS_COLUMNS[dataset]
    closed = next(f for f in BY_DATASET[dataset].fields if f.name == column).isin
    unknown = [
        row[0]
        for row in con.execute(
            f"SELECT DISTINCT {text_column} FROM {relation(con, f'clean.{dataset}')} "  # noqa: S608
            f"WHERE {column} IS NULL AND trim(coalesce({text_column}, '')) <> '' ORDER BY 1"
        ).fetchall()
    ]
    confidence = 0.5 if unknown else 1.0
    evidence = f"unknown words: {', '.join(unknown)}" if unknown else "declared status words"
    if dataset != "jobs":
        words = {w: t.label_of(w) for w in closed} | {w: w for w in unknown}
        name = f"{dataset}.{column}"
        document.values[name] = ValueMap(map=words, confidence=confidence, evidence=evidence)
    if dataset in t.DEFAULT_STAGES:
        goals = {
            w: {"stage": s, "status": o} for w, (s, o) in t.DEFAULT_STAGES[dataset].items()
        } | {w: {"stage": "New", "status": "open"} for w in unknown}
        document.stages[dataset] = StageMap(map=goals, confidence=confidence, evidence=evidence)


def _item_types(document: MapDocument) -> None:
    closed = next(f for f in BY_DATASET["estimate_items"].fields if f.name == "type").isin
    document.values["estimate_items.type"] = ValueMap(
        map={w: t.label_of(w) for w in closed}, evidence="declared item types"
    )


def _owners(con: duckdb.DuckDBPyConnection) -> dict[str, OwnerEntry]:
    """Every team member, to the HighLevel user of the same e-mail."""
    found = con.execute(
        f"SELECT source_key, name, email FROM {relation(con, 'clean.users')} ORDER BY 1"  # noqa: S608
    ).fetchall()
    return {
        key: OwnerEntry(
            name=name or "",
            email=email or "",
            user=email or "",
            confidence=1.0 if email else 0.3,
            evidence="same e-mail" if email else "has no e-mail: falls to fallback_owner",
        )
        for key, name, email in found
    }


def _keep_decisions(new: MapDocument, old: MapDocument) -> MapDocument:
    """The new proposal with the old decisions; what changed in the source since is marked."""
    before = {e.key: e for e in old.fields}
    for i, entry in enumerate(new.fields):
        was = before.pop(entry.key, None)
        if was is not None and was.status != PROPOSED:
            new.fields[i] = _decided_field(entry, was)
    for was in before.values():
        if was.is_custom_column and was.status != PROPOSED:
            was.changed, was.required = "no longer in the source", False
            new.fields.append(was)
    for name, values in new.values.items():
        if name in old.values:
            _keep_map(values, old.values[name])
    for name, stages in new.stages.items():
        if name in old.stages:
            _keep_map(stages, old.stages[name])
    for key, owner in new.owners.items():
        if key in old.owners and old.owners[key].status != PROPOSED:
            owner.user = old.owners[key].user
            _copy_decision(owner, old.owners[key])
    for name in ("fallback_owner", "duplicates", "estimate_lines", "routing", "confirmations"):
        setattr(new, name, getattr(old, name))
    return new


def _decided_field(entry: FieldEntry, was: FieldEntry) -> FieldEntry:
    """The decision stands; a source that now looks different is said so, and asked again.

    It is asked again only when values would no longer fit the decided type.
    """
    was.required = entry.required
    was.evidence, was.alternatives = was.evidence or entry.evidence, entry.alternatives
    if was.status == EXCLUDED or was.transform == entry.transform or was.transform == "text":
        return was
    was.changed = f"values now look like {entry.data_type} ({entry.transform}): {entry.evidence}"
    return was


def _keep_map(new: ValueMap | StageMap, old: ValueMap | StageMap) -> None:
    """Old words keep their goal; new words reopen the map."""
    added = [word for word in new.map if word not in old.map]
    if old.status == PROPOSED:
        return
    new.map = {**new.map, **old.map}  # type: ignore[assignment]
    _copy_decision(new, old)
    if added and old.status != EXCLUDED:
        new.status, new.decided_by = PROPOSED, ""
        new.changed = f"new since: {', '.join(added)}"


def _copy_decision(new: Decision, old: Decision) -> None:
    new.status, new.decided_by, new.changed = old.status, old.decided_by, ""
