"""Assembles the Definitions object; tests and other projects pass overrides."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

# Partitioned asset checks are a preview feature of 1.13; only that warning is silenced.
warnings.filterwarnings("ignore", message=".*partitions_def.*", category=dg.PreviewWarning)

from flitstack_pipeline.assets import clean, destination, source, waves  # noqa: E402
from flitstack_pipeline.assets import map as map_stage  # noqa: E402
from flitstack_pipeline.checks import clean as clean_checks  # noqa: E402
from flitstack_pipeline.checks import gate as gate_checks  # noqa: E402
from flitstack_pipeline.jobs import JOBS  # noqa: E402
from flitstack_pipeline.resources import MigrationProject  # noqa: E402
from flitstack_pipeline.sensors import new_export_session  # noqa: E402


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The whole code location; `resources` replaces ours by name."""
    return dg.Definitions(
        assets=[
            *dg.load_assets_from_modules([source, clean, map_stage, destination]),
            *waves.sample_waves,
            waves.sample_diff,
            waves.sample_approval,
            *waves.cutover_waves,
            *waves.delta_waves,
            waves.reconciliation,
        ],
        asset_checks=[
            *dg.load_asset_checks_from_modules([clean_checks, gate_checks]),
        ],
        jobs=JOBS,
        sensors=[new_export_session],
        resources={"project": MigrationProject(), **(resources or {})},
        executor=dg.in_process_executor,
    )
