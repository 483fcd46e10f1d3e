"""Proposing the map from the clean tables: declared columns, custom columns, words, owners.

Belongs here: what the map should say, with evidence; keeping what a person decided. Does not:
applying it (`mapping.build`), matching foreign header lists (`mapping.matcher`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.statuses import label_of
from flitstack_pipeline.mapping.custom_proposals import Destination, Surroundings, propose_custom
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, OwnerEntry, ValueMap
from flitstack_pipeline.mapping.opt_outs import propose_opt_outs
from flitstack_pipeline.mapping.preserve_decisions import keep_decisions
from flitstack_pipeline.mapping.schema import used_columns
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.status_maps import status_words
from flitstack_pipeline.warehouse import filled_tables

__all__ = ["Destination", "Surroundings", "propose"]


def propose(
    con: duckdb.DuckDBPyConnection,
    previous: MapDocument | None = None,
    destination: Destination | None = None,
    around: Surroundings | None = None,
) -> MapDocument:
    """The map for the clean tables as they are; decisions of `previous` are kept.

    `destination` lists the sub-account's custom fields by target, each `{name, dataType,
    options}`; without it every custom column is proposed as a new field. `around` gives the same
    and more: memory of earlier maps, a language model.
    """
    around = around or Surroundings(destination or {})
    document = MapDocument()
    taken = {target: {f.label.casefold() for f in fields} for target, fields in t.FIELDS.items()}
    for target, names in t.STANDARD_FIELDS.items():
        taken[target] |= {name.casefold() for name in names}
    for dataset in t.RULES:
        document.fields += _declared(con, dataset)
        propose_custom(con, dataset, document, around, taken)
        status_words(con, dataset, document, around.memory)
    propose_opt_outs(con, document)
    _item_types(document)
    document.owners = _owners(con)
    document.activities |= around.activities
    return keep_decisions(document, previous) if previous else document


def _declared(con: duckdb.DuckDBPyConnection, dataset: str) -> list[FieldEntry]:
    used = used_columns(con, dataset) if dataset in filled_tables(con, "clean") else set()
    known = {f.name: f.about for f in BY_DATASET[dataset].fields}
    entries = []
    for rule in t.RULES[dataset]:
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


def _item_types(document: MapDocument) -> None:
    closed = next(f for f in BY_DATASET["estimate_items"].fields if f.name == "type").isin
    document.values["estimate_items.type"] = ValueMap(
        map={w: label_of(w) for w in closed}, evidence="declared item types"
    )


def _owners(con: duckdb.DuckDBPyConnection) -> dict[str, OwnerEntry]:
    """Every team member, to the HighLevel user of the same e-mail."""
    found = con.execute(
        f"SELECT source_key, name, email FROM {relation(con, 'clean.users')} ORDER BY 1"
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
