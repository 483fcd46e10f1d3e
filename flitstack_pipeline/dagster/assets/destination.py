"""Stage `destination`: the sub-account is examined, made ready, and its users matched."""

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.map import MAPPED
from flitstack_pipeline.dagster.assets.step import Step, step_asset
from flitstack_pipeline.services import preconditions

PREFLIGHT = Step(
    key=dg.AssetKey("preflight"),
    stage="destination",
    kinds=frozenset({"api"}),
    description="""
        Token, settings, objects, fields, users, quota of the HighLevel sub-account: pass, warn or
        fail, before any write.
        """,
    run=lambda project, key, log: services.preflight(project),
    source=services.preflight,
    needs=lambda project, key: preconditions.before_preflight(project),
    touches=True,
)

DESTINATION_SCHEMA = Step(
    key=dg.AssetKey("destination_schema"),
    stage="destination",
    kinds=frozenset({"api"}),
    description="""
        Custom fields, objects, associations, the job pipeline and products: made once, journalled,
        found again the next time. What the token may not do becomes a checklist.

        Refused while the map is unconfirmed or the preflight shows a failure.
        """,
    run=lambda project, key, log: services.provision(project),
    source=services.provision,
    needs=lambda project, key: preconditions.before_provisioning(project),
    writes=True,
)

preflight = step_asset(PREFLIGHT, [MAPPED])
destination_schema = step_asset(DESTINATION_SCHEMA, [PREFLIGHT])
