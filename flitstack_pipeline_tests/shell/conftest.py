"""A code location over an empty data folder, and a Dagster instance for the module."""

import dagster as dg
import pytest

from flitstack_pipeline.dagster.build import build_defs
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.settings import Project


@pytest.fixture(autouse=True)
def no_account(monkeypatch):
    """No HighLevel account is configured: the embedded sandbox would be used."""
    for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", "FLITSTACK_JOURNAL_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path))
    return Project.from_environment().prepare()


@pytest.fixture(scope="session")
def defs() -> dg.Definitions:
    """The code location as Dagster loads it; the data folder is read from the environment."""
    return build_defs({"project": MigrationProject()})


@pytest.fixture(scope="session")
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("migration", ["main"])
        yield instance


@pytest.fixture
def press(defs, instance):
    """Press Materialize on one asset of `main` (of one object type); returns the result."""

    def materialize(name: str, key: str | None = None, migration: str = "main", **config):
        asset = defs.resolve_assets_def(dg.AssetKey(name.split("/")))
        run_config = {"ops": {name.replace("/", "__"): {"config": config}}} if config else {}
        return dg.materialize(
            [asset],
            partition_key=f"{migration}|{key}" if key else migration,
            instance=instance,
            run_config=run_config,
            raise_on_error=False,
        )

    return materialize


def refusal(result) -> str:
    """What a refused run says to the person who pressed the button."""
    assert not result.success
    failed = [e for e in result.all_events if e.is_step_failure]
    assert failed, "the run failed without a failed step"
    described = failed[0].step_failure_data.user_failure_data
    assert described is not None, failed[0].step_failure_data.error
    return described.description
