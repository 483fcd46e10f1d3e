"""What the destination must have for the map to be carried out: fields, objects, pipeline, …

Belongs here: the wish list. Does not: creating it (`migration.provision`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.declared import RECORDS
from flitstack_pipeline.catalog.model import LIST, MAP
from flitstack_pipeline.catalog.target_schema import PipelineSpec, TargetSchema
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument
from flitstack_pipeline.mapping.price_list import products
from flitstack_pipeline.mapping.sources import as_migrated, has_further_estimates
from flitstack_pipeline.warehouse import filled_tables

#: Fields that records carry whatever the map says.
ALWAYS: dict[str, tuple[str, ...]] = {
    t.CONTACT: (t.SOURCE_ID, t.SOURCE_TYPE, t.FILES, t.ORIGINALS),
    t.BUSINESS: (t.SOURCE_ID,),
    t.OPPORTUNITY: (
        t.SOURCE_ID, "Original_Create_Date__c", "Invoice_Status__c", "Invoice_Number__c",
        t.FILES, t.ORIGINALS,
    ),
    **{o.target: (t.ORIGINALS, *t.OBJECTS[o.target].searchable) for o in RECORDS},
    t.OPPORTUNITY_PRODUCT: (t.NAME, t.SOURCE_ID, t.ORIGINALS, "Estimate_Number__c"),
    t.ESTIMATE: (
        t.NAME, t.SOURCE_ID, "Estimate_Number__c", "Estimate_Line_Items__c",
        "Estimate_Original_Values__c",
    ),
}  # fmt: skip


def target_schema(
    document: MapDocument, con: duckdb.DuckDBPyConnection, currency: str
) -> TargetSchema:
    """The schema the map needs, given which columns hold anything at all.

    Args:
        document: The field map.
        con: The warehouse, cleaned.
        currency: That of the account's prices, three letters of ISO 4217.
    """
    unused = ""
    if document.estimate_lines == "compact":
        unused = t.OPPORTUNITY_PRODUCT
    elif not has_further_estimates(con):
        unused = t.ESTIMATE
    objects = [o for o in t.OBJECTS.values() if o.key != unused]
    filled = filled_tables(con, "clean")
    used = {d: used_columns(con, d) if d in filled else set() for d in BY_DATASET}
    targets = [t.CONTACT, t.BUSINESS, t.OPPORTUNITY, *(o.key for o in objects)]
    return TargetSchema(
        {target: _fields(document, target, used) for target in targets},
        tuple(objects),
        tuple(a for a in t.ASSOCIATIONS.values() if a.second != unused),
        PipelineSpec(t.PIPELINE, tuple(document.pipeline)),
        products(con),
        tuple(t.TYPE_TAGS.values()),
        currency,
        tuple(document.routing.locations),
    )


def used_columns(con: duckdb.DuckDBPyConnection, dataset: str) -> set[str]:
    """Columns of a clean table that hold a value in some row as it is migrated.

    A merge or fold may be what makes the first second phone or e-mail: no raw row has one.
    """
    columns = BY_DATASET[dataset].fields
    tests = [
        f'count(*) FILTER (cardinality("{f.name}") > 0)' if f.type == MAP
        else f'count(*) FILTER (len("{f.name}") > 0)' if f.type == LIST
        else f'count("{f.name}")'
        for f in columns
    ]  # fmt: skip
    sql = f"SELECT {', '.join(tests)} FROM {as_migrated(con, dataset)}"
    [counts] = con.execute(sql).fetchall()
    return {f.name for f, n in zip(columns, counts, strict=True) if n}


def _fields(
    document: MapDocument, target: str, used: dict[str, set[str]]
) -> tuple[t.TargetField, ...]:
    """Custom fields of one target, each label once, options of all its sources together."""
    found: dict[str, t.TargetField] = {}
    for label in ALWAYS.get(target, ()):
        declared = t.field_named(target, label)
        if declared:
            found[label] = declared
    for entry in document.fields:
        if not _feeds(document, entry, target) or not _holds_values(entry, used):
            continue
        if entry.field in t.STANDARD_FIELDS.get(target, ()):
            continue
        wanted = _wanted(document, entry, target)
        before = found.get(wanted.label)
        options = tuple(dict.fromkeys((*(before.options if before else ()), *wanted.options)))
        found[wanted.label] = t.TargetField(wanted.label, wanted.data_type, options, wanted.about)
    return tuple(found.values())


def _feeds(document: MapDocument, entry: FieldEntry, target: str) -> bool:
    """Compact estimates hold the same header fields as the opportunity."""
    if not entry.active:
        return False
    return entry.target == target or (target == t.ESTIMATE and entry.dataset == "estimates")


def _holds_values(entry: FieldEntry, used: dict[str, set[str]]) -> bool:
    columns = {f.name for f in BY_DATASET[entry.dataset].fields}
    base = entry.source.split(".")[0]
    return entry.is_custom_column or base not in columns or base in used[entry.dataset]


def _wanted(document: MapDocument, entry: FieldEntry, target: str) -> t.TargetField:
    declared = t.field_named(target, entry.field)
    data_type = entry.data_type or (declared.data_type if declared else t.TEXT)
    options: tuple[str, ...] = ()
    if data_type in (t.CHOICE, t.MULTI):
        values = document.values.get(f"{entry.dataset}.{entry.source}")
        labels = [v for v in values.map.values() if v] if values else []
        own = declared.options if declared else ()
        if entry.transform == "yes_no":
            own = (*own, *t.YES_NO)
        options = tuple(dict.fromkeys((*own, *entry.options, *labels)))
    return t.TargetField(entry.field, data_type, options, declared.about if declared else "")
