"""Makes the sub-account ready: fields, objects, associations, pipeline, products, tags.

What belongs here: the order, and what is read back. What does not: making one thing
(provisioning/), what should exist (catalog/targets.py and the map), taking it away
(rollback/schema.py). What the API or the token cannot do becomes a line of the checklist.
"""

from __future__ import annotations

from collections.abc import Collection

from flitstack_pipeline.catalog.target_schema import TargetSchema
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.migration.account_schema import Catalog, build_catalog
from flitstack_pipeline.migration.checklist import Todo, unique_todo
from flitstack_pipeline.migration.journal.store import Journal, Run
from flitstack_pipeline.migration.marker import set_mark, tell_what_was_there
from flitstack_pipeline.migration.provisioning.fields import make_fields
from flitstack_pipeline.migration.provisioning.making import Maker
from flitstack_pipeline.migration.provisioning.objects import (
    make_associations,
    make_objects,
    make_searchable,
)
from flitstack_pipeline.migration.provisioning.selling import (
    make_pipeline,
    make_products,
    make_tags,
)
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL
from flitstack_pipeline.migration.schema_state import adopt_renamed
from flitstack_pipeline.migration.snapshot import leave_out_ours, remember_before


def provision(
    hl: HighLevel,
    schema: TargetSchema,
    journal: Journal,
    run: Run,
    workspaces: Collection[str] = (),
) -> Catalog:
    """Create what `schema` declares and the sub-account lacks; returns the catalog.

    The sub-account is marked first as migrated by this journal from `workspaces`. A second run
    writes nothing. What could not be made stands in the catalog's `checklist`. Raises
    HighLevelError.
    """
    remember_before(hl, journal)
    keys = [o.key for o in schema.objects]
    catalog = build_catalog(hl, keys, products=bool(schema.products))
    maker = Maker(hl, journal, run, catalog)
    set_mark(maker, workspaces)
    adopt_renamed(schema, catalog, maker.known.values())
    make_objects(maker, schema.objects)
    make_fields(maker, schema.fields)
    make_searchable(maker, schema.objects)
    make_associations(maker, schema.associations)
    make_pipeline(maker, schema.pipeline)
    make_tags(maker, schema.tags)
    make_products(maker, schema.products, schema.currency)
    if maker.adopting:
        leave_out_ours(hl, journal)
    tell_what_was_there(maker)
    if not maker.made:
        return catalog
    made = build_catalog(hl, keys, users=catalog.users, products=bool(schema.products))
    made.checklist = catalog.checklist
    adopt_renamed(schema, made, maker.known.values())
    return made


def not_unique(schema: TargetSchema, catalog: Catalog) -> list[Todo]:
    """Steps to tick “Unique” on Source ID, for objects whose field does not show it."""
    return [
        unique_todo(target.key, SOURCE_ID_LABEL)
        for target in schema.objects
        if target.key in catalog.objects
        and catalog.has_field(target.key, SOURCE_ID_LABEL)
        and not catalog.field(target.key, SOURCE_ID_LABEL).unique
    ]
