"""The code location loads, and its buttons refuse what must not run yet."""

import dagster as dg
import pytest

from flitstack_pipeline.build import build_defs
from flitstack_pipeline.resources import MigrationProject


@pytest.fixture
def defs(tmp_path, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path))
    return build_defs({"project": MigrationProject(data=str(tmp_path))})


def test_the_code_location_loads_with_every_stage_as_a_group(defs):
    graph = defs.resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert {
        "source", "clean", "map", "destination", "sample", "cutover", "delta", "reconcile",
    } <= groups  # fmt: skip


def test_loading_jobs_before_anything_else_is_refused_with_what_to_press(defs):
    with dg.DagsterInstance.ephemeral() as instance:
        asset = defs.resolve_assets_def(dg.AssetKey(["full_load", "deals"]))
        result = dg.materialize(
            [asset],
            partition_key="jobs",
            instance=instance,
            raise_on_error=False,
            selection=[asset],
        )
        assert not result.success
        failure = next(e for e in result.all_events if e.is_step_failure)
        assert "Materialize mapped[jobs] first" in str(failure)
