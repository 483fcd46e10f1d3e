"""Stage `clean`: typed tables per object type, their relationships, and the source audit."""

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster.assets.columns import clean_columns
from flitstack_pipeline.dagster.assets.source import RAW, SOURCE_SCHEMA
from flitstack_pipeline.dagster.assets.step import Step, step_asset
from flitstack_pipeline.services import preconditions

CLEAN = Step(
    key=dg.AssetKey("clean"),
    stage="clean",
    kinds=frozenset({"duckdb", "pandera", "pandas"}),
    description="""
        Typed, tidy rows of one object type: names, phones, e-mails, addresses, money, dates.

        What cannot be used is in `quarantine.rows` with the rule that refused it and what to do.
        Two blocking checks: every row holds to its Pandera schema, and every row read is accounted
        for.
        """,
    run=lambda project, key, log: services.clean_object(project, key),
    source=services.clean_object,
    needs=preconditions.before_cleaning,
    describe=lambda project, key, report: clean_columns(key, RAW.key),
    objects=KEYS,
    of_all=True,
)

RELATIONSHIPS = Step(
    key=dg.AssetKey("relationships"),
    stage="clean",
    kinds=frozenset({"duckdb", "splink"}),
    description="""
        Which records are the same, and which belong together: duplicates and merges, links between
        records, orphans, and the invoices whose job had to be inferred.
        """,
    run=lambda project, key, log: services.relate(project),
    source=services.relate,
    needs=lambda project, key: preconditions.before_relating(project),
)

SOURCE_AUDIT = Step(
    key=dg.AssetKey("source_audit"),
    stage="clean",
    kinds=frozenset({"html"}),
    description="""
        What the exports hold, how complex moving it is and what it takes, what needs a person, what
        cannot move: the source audit (reports/audit.html), to be read before anything is
        mapped.
        """,
    run=lambda project, key, log: services.audit(project),
    source=services.audit,
    needs=lambda project, key: preconditions.before_auditing(project),
)

clean = step_asset(CLEAN, [RAW, SOURCE_SCHEMA])
relationships = step_asset(RELATIONSHIPS, [CLEAN])
source_audit = step_asset(SOURCE_AUDIT, [RELATIONSHIPS])
