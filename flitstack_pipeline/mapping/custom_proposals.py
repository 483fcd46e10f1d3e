"""Entries and value maps of the custom columns of one object.

Belongs here: bringing together what a column holds, what the sub-account has, what was confirmed
before and what a language model says. Does not: the type of a column and where one goes
(`mapping.custom_columns`), the status columns (`mapping.status_maps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import RECORDS
from flitstack_pipeline.mapping.custom_columns import (
    ColumnType,
    Definition,
    Place,
    choose_place,
    infer_type,
    option_map,
)
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, ValueMap
from flitstack_pipeline.mapping.matcher import Candidate, Header, Match, match_headers
from flitstack_pipeline.mapping.memory import Memory, values_key
from flitstack_pipeline.mapping.profiles import Profile, custom_profiles, profile_samples
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.questions import Choice, Question, ask

Destination = dict[str, list[dict[str, Any]]]
_SINGULAR = {
    "clients": "Client",
    "leads": "Lead",
    "jobs": "Job",
    "estimates": "Estimate",
    "estimate_items": "Line",
    **{o.key: o.record[0] for o in RECORDS if o.record},
}
_VALUE_TYPES = {
    t.NUMERICAL: "number", t.MONEY: "money", t.DATE: "date", "PHONE": "phone", "EMAIL": "email",
    t.CHOICE: "choice", t.MULTI: "choice", "RADIO": "choice", "CHECKBOX": "choice",
}  # fmt: skip


@dataclass
class Surroundings:
    """What a proposal looks at besides the exports.

    `destination`: the sub-account's custom fields by target, each `{name, dataType, options}`;
    `memory`: earlier maps; `refine`: a language model's second opinion on a list of matches;
    `activities`: what calls, texts, e-mails and meetings can become beside notes;
    `answers`: a person's, by the key of the question.
    """

    destination: Destination = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    refine: Any = None
    activities: dict[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    def existing(self, target: str) -> list[dict[str, Any]]:
        """Fields of the sub-account that are not ours: ours are declared."""
        ours = {f.label.casefold() for f in t.FIELDS.get(target, ())}
        found = self.destination.get(target, [])
        return [f for f in found if str(f["name"]).casefold() not in ours]


def propose_custom(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    document: MapDocument,
    around: Surroundings,
    taken: dict[str, set[str]],
) -> None:
    """Entries and value maps of the custom columns, in the order of their headers.

    `taken` are casefolded labels in use, by target; what is proposed is added.
    """
    target = t.RECORD_OF[dataset]
    definitions = definitions_of(con, dataset)
    profiles = custom_profiles(con, dataset)
    types = {
        h: infer_type(
            h,
            p,
            definitions.get(h.strip().casefold()),
            around.answers.get(type_key(dataset, h), ""),
        )
        for h, p in profiles.items()
    }
    ask(con, f"map:{dataset}", _type_questions(dataset, profiles, types))
    matches = _against_account(target, profiles, types, around)
    for header, profile in profiles.items():
        wanted = types[header]
        place = _as_for_clients(document, dataset, header, wanted) or _place(
            header, wanted, matches[header], around, target, taken[target], _SINGULAR[dataset]
        )
        taken[target].add(place.label.casefold())
        entry = FieldEntry(
            dataset=dataset,
            source=f"custom:{header}",
            target=target,
            field=place.label,
            data_type=place.data_type,
            transform=_transform(wanted, place.data_type),
            options=list(place.options),
            confidence=round(place.confidence, 3),
            evidence=place.evidence,
            alternatives=list(place.alternatives),
            required=profile.filled > 0,
        )
        document.fields.append(entry)
        if entry.transform == "date" and profile.moments:
            document.fields.append(_whole_moment(entry, profile, taken[target]))
        if entry.transform in ("choice", "multi"):
            name = f"{dataset}.{entry.source}"
            document.values[name] = _values(header, entry, wanted, profile, around.memory)


def type_key(dataset: str, header: str) -> str:
    """The key of the question what a custom column holds."""
    return f"type:{dataset}.{header}"


def _type_questions(
    dataset: str, profiles: dict[str, Profile], types: dict[str, ColumnType]
) -> Iterator[Question]:
    """One question for each custom column that mostly, but not nearly always, fits a type."""
    for header, wanted in types.items():
        if wanted.doubt:
            yield Question(
                type_key(dataset, header),
                "type",
                f"What does the column {header!r} of {dataset} hold? {wanted.evidence}",
                dataset=dataset,
                column=header,
                evidence=tuple(profiles[header].odd.get(wanted.doubt, ())),
                choices=(
                    Choice(wanted.doubt, _read_so(profiles[header], wanted.doubt)),
                    Choice("text", "every value stays as it is written"),
                ),
            )


def _read_so(profile: Profile, transform: str) -> str:
    """What reading a column so does, with some of its values before and after."""
    shown = "; ".join(profile.read_as(transform))
    return f"values that do not fit go to Original_Values__c ({shown})"


def _whole_moment(entry: FieldEntry, profile: Profile, taken: set[str]) -> FieldEntry:
    """A text field for the moments of a date column: HighLevel has no field for date and time."""
    label = f"{entry.field} (time)"
    taken.add(label.casefold())
    share = f"{profile.moments:.0%} of the values have a time of day"
    return replace(
        entry,
        field=label,
        data_type=t.TEXT,
        transform="moment",
        options=[],
        alternatives=[],
        evidence=f"the whole moment of {entry.field!r}: {share}",
    )


def _against_account(
    target: str,
    profiles: dict[str, Profile],
    types: dict[str, ColumnType],
    around: Surroundings,
) -> dict[str, Match]:
    """The account's fields for each column, one to one over the whole object."""
    columns = [
        Header(h, profile=p, type=_VALUE_TYPES.get(types[h].data_type, ""))
        for h, p in profiles.items()
    ]
    fields = [
        Header(
            str(f["name"]),
            type=_VALUE_TYPES.get(str(f.get("dataType")), ""),
            profile=profile_samples([str(o) for o in f.get("options") or ()]),
        )
        for f in around.existing(target)
    ]
    found = match_headers(columns, fields, around.memory.fields(target))
    if around.refine is not None and columns and fields:
        found = around.refine(target, columns, fields, found)
    return dict(zip(profiles, found, strict=True))


def _place(
    header: str,
    wanted: ColumnType,
    match: Match,
    around: Surroundings,
    target: str,
    taken: set[str],
    prefix: str,
) -> Place:
    existing = around.existing(target)
    place = choose_place(header, wanted, match, existing, taken, prefix)
    choice = around.memory.choice(target, header)
    if choice and not place.exists and choice[0].casefold() not in taken:
        label, data_type, times = choice
        if label.casefold() not in {str(f["name"]).casefold() for f in existing}:
            same = data_type in (wanted.data_type, t.TEXT, t.LARGE_TEXT)
            place = replace(
                place,
                label=label,
                data_type=data_type if same else place.data_type,
                confidence=max(place.confidence, 0.95) if same else place.confidence,
                evidence=f"{place.evidence}; confirmed as {label!r} {_times(times)} before",
            )
    left_out = around.memory.excluded(target, header)
    if left_out:
        place = replace(place, evidence=f"{place.evidence}; left out {_times(left_out)} before")
    return place


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _as_for_clients(
    document: MapDocument, dataset: str, header: str, wanted: ColumnType
) -> Place | None:
    """Leads and clients are both contacts: the same header of the same type is the same field."""
    if dataset != "leads":
        return None
    plain = header.strip().casefold()
    for e in document.fields:
        if e.dataset != "clients" or not e.is_custom_column:
            continue
        if e.source.removeprefix("custom:").strip().casefold() == plain:
            if e.data_type != wanted.data_type:
                return None
            evidence = f"as for clients: {header}; {wanted.evidence}"
            return Place(
                e.field, e.data_type, tuple(e.options), True, wanted.confidence, evidence
            )  # fmt: skip
    return None


def _transform(wanted: ColumnType, data_type: str) -> str:
    """A text field takes the text as it is, whatever the values look like."""
    return "text" if data_type in (t.TEXT, t.LARGE_TEXT) else wanted.transform


def _values(
    header: str, entry: FieldEntry, wanted: ColumnType, profile: Profile, memory: Memory
) -> ValueMap:
    found = option_map(wanted.words, tuple(entry.options))
    remembered = memory.labels("value", values_key(header), list(wanted.words))
    for word, label in remembered.items():
        found.labels[word], found.hints[word] = label, "confirmed before"
    counted = profile.common(entry.transform == "multi")
    options = f"{len(entry.options)} options exist" if entry.options else "no options exist yet"
    return ValueMap(
        map=found.labels,
        hints=found.hints,
        confidence=round(min(found.confidence, wanted.confidence + 0.05), 3),
        evidence=f"{len(found.labels)} words ({counted}); {options}",
    )


def definitions_of(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, Definition]:
    """The source's own definitions of a dataset's custom fields, by label in lower case."""
    found = con.execute(
        f"SELECT lower(trim(label)), type, options "
        f"FROM {relation(con, 'clean.custom_fields')} WHERE module = ?",
        [dataset],
    ).fetchall()
    return {label: Definition(type_ or "", tuple(options or ())) for label, type_, options in found}


__all__ = ["Candidate", "Destination", "Surroundings", "definitions_of", "propose_custom"]
