"""dagster.yaml: history survives a restart, two loads never meet, only died runs are retried."""

from pathlib import Path

import dagster as dg
import pytest

from flitstack_pipeline.dagster.partitions import add_migrations

YAML = Path(__file__).parents[2] / "dagster.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with our dagster.yaml, as the top of the repository is for `make ui`."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "dagster.yaml").write_text(YAML.read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLITSTACK_DAGSTER", str(folder / "kept"))
        yield folder


def test_history_survives_a_restart(home, project, defs):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_migrations(instance)
        job = defs.resolve_job_def("06_cutover")
        run = job.execute_in_process(
            instance=instance, partition_key="main", raise_on_error=False
        ).run_id
    with dg.DagsterInstance.from_config(str(home)) as again:
        assert [r.run_id for r in again.get_runs()] == [run]
        gate = dg.AssetCheckKey(dg.AssetKey("sample_approval"), "gate")
        record = again.event_log_storage.get_latest_asset_check_execution_by_key([gate])[gate]
        assert record.status.value == "FAILED"
    assert {path.name for path in home.iterdir()} == {"dagster.yaml", "kept"}


def test_loads_never_meet_dead_ones_give_way_and_refusals_are_not_retried(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        config = instance.get_concurrency_config()
        each = {"applyLimitPerUniqueValue": True}
        one = [{"key": "flitstack/migration", "value": each, "limit": 1}]
        assert config.run_queue_config.tag_concurrency_limits == one
        monitoring = instance.get_settings("run_monitoring")
        assert monitoring["free_slots_after_run_end_seconds"] == 10
        assert instance.run_retries_enabled and instance.run_retries_max_retries == 1
        assert instance.run_retries_retry_on_asset_or_op_failure is False
        assert instance.telemetry_enabled is False and instance.nux_enabled is False
