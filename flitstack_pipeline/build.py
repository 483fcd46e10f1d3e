"""Assembles the Definitions object; tests and other projects pass overrides."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

# Partitioned asset checks are a preview feature of 1.13, links from assets to code a beta one;
# only those warnings are silenced.
warnings.filterwarnings("ignore", message=".*partitions_def.*", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", message=".*CodeReference.*", category=dg.BetaWarning)

from flitstack_pipeline.assets import MODULES  # noqa: E402
from flitstack_pipeline.checks import CHECKS, definition_of  # noqa: E402
from flitstack_pipeline.jobs import build_jobs  # noqa: E402
from flitstack_pipeline.resources import MigrationProject  # noqa: E402
from flitstack_pipeline.sensors import SCHEDULES, SENSORS  # noqa: E402


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The whole code location; `resources` replaces ours by name."""
    assets = [a for a in dg.load_assets_from_modules(MODULES) if isinstance(a, dg.AssetsDefinition)]
    checks = [definition_of(check) for check in CHECKS]
    parents = {
        spec.key: {dep.asset_key for dep in spec.deps} for asset in assets for spec in asset.specs
    }
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=build_jobs(parents),
        sensors=SENSORS,
        schedules=SCHEDULES,
        resources={"project": MigrationProject(), **(resources or {})},
        executor=dg.in_process_executor,
    )
