"""Assembles the Definitions object; tests and other projects pass overrides."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg

from flitstack_pipeline.dagster.assets import MODULES
from flitstack_pipeline.dagster.catch_up import catch_up
from flitstack_pipeline.dagster.checks import CHECKS, definition_of
from flitstack_pipeline.dagster.confirm_map import confirm_map
from flitstack_pipeline.dagster.fleet import fleet, fleet_changed
from flitstack_pipeline.dagster.jobs import build_jobs
from flitstack_pipeline.dagster.notifications import notification_sensors
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.rollback import rollback, rollback_dry_run
from flitstack_pipeline.dagster.sensors import SCHEDULES, SENSORS
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.settings import Project


class CannotLoad(RuntimeError):
    """The environment does not allow this code location to load; the message lists everything."""


def check_environment() -> None:
    """Raise CannotLoad, naming every wrong variable and what to do, before anything is built."""
    problems = [f"{name}: {why}" for name, why in _wrong_settings()]
    if problems:
        raise CannotLoad(
            "flitstack_pipeline cannot load. Correct these, then press Reload:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
        )


def _wrong_settings() -> Iterator[tuple[str, str]]:
    """Variables of the environment that cannot be used, with the reason."""
    try:
        settings = Project.from_environment().settings
    except BadInput as wrong:
        yield "Settings", str(wrong)
        return
    if settings.data.exists() and not settings.data.is_dir():
        yield "FLITSTACK_DATA", f"{settings.data} is a file; name the folder of one migration"
    elif settings.data.exists() and not os.access(settings.data, os.W_OK):
        yield "FLITSTACK_DATA", f"{settings.data} cannot be written by this user"
    if settings.token is not None and not settings.location_id:
        yield (
            "HIGHLEVEL_LOCATION_ID",
            "HIGHLEVEL_TOKEN is set, but not the id of its sub-account (Settings → Business "
            "Profile)",
        )
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield (
            "FLITSTACK_TIME_ZONE",
            f"{settings.time_zone!r} is no time zone; say it like America/New_York",
        )


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The whole code location; `resources` replaces ours by name."""
    assets = [a for a in dg.load_assets_from_modules(MODULES) if isinstance(a, dg.AssetsDefinition)]
    checks = [definition_of(check) for check in CHECKS]
    parents = {
        spec.key: {dep.asset_key for dep in spec.deps} for asset in assets for spec in asset.specs
    }
    return dg.Definitions(
        assets=[*assets, fleet],
        asset_checks=checks,
        jobs=[*build_jobs(parents), confirm_map, rollback_dry_run, rollback, catch_up],
        sensors=[*SENSORS, fleet_changed, *notification_sensors()],
        schedules=SCHEDULES,
        resources={"project": MigrationProject(), **(resources or {})},
        executor=dg.in_process_executor,
    )
