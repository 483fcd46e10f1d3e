"""The code location loads, and what a person sees of it is complete."""

import re
from pathlib import Path

import dagster as dg
import pytest

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster.build import CannotLoad, check_environment
from flitstack_pipeline.dagster.checks import CHECKS
from flitstack_pipeline.dagster.fleet import FLEET
from flitstack_pipeline.dagster.jobs import STORIES
from flitstack_pipeline.dagster.partitions import MIGRATIONS
from flitstack_pipeline.dagster.picture import draw

STAGES = ["source", "clean", "map", "destination", "sample", "cutover", "delta", "reconcile"]


def specs(defs):
    return [defs.resolve_assets_def(k).get_asset_spec(k) for k in asset_keys(defs)]


def asset_keys(defs):
    return sorted(defs.resolve_asset_graph().get_all_asset_keys())


def steps_of(defs):
    """The assets of a migration."""
    return [key for key in asset_keys(defs) if key != FLEET]


def test_everything_loads(defs):
    dg.Definitions.validate_loadable(defs)


def test_the_readme_names_every_check_and_where_it_is(defs):
    text = (Path(__file__).parents[2] / "README.md").read_text()
    table = text[text.index("| check | on |") :].split("\n\n")[0]
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| .+ \|$", table, re.M)
    told = {name: on for names, on in rows for name in re.findall(r"`(\w+)`", names)}
    checks = defs.resolve_asset_graph().asset_check_keys
    assert set(told) == {check.name for check in checks}
    for check in checks:
        on = told[check.name]
        assert not on.startswith("`") or f"`{check.asset_key.path[0]}`" in on, check


def test_every_stage_of_the_story_is_a_group(defs):
    assert {spec.group_name for spec in specs(defs)} == {*STAGES, "fleet"}


def test_the_graph_reads_from_left_to_right(defs):
    """No asset depends on one of a later stage."""
    steps = [spec for spec in specs(defs) if spec.group_name != "fleet"]
    stage = {spec.key: STAGES.index(spec.group_name) for spec in steps}
    for spec in steps:
        for dep in spec.deps:
            assert stage[dep.asset_key] <= stage[spec.key], (dep.asset_key, spec.key)


def test_every_asset_says_what_it_is_who_owns_it_and_where_its_code_is(defs):
    for spec in specs(defs):
        assert spec.description and spec.kinds and spec.owners, spec.key
        assert spec.tags["stage"] == spec.group_name
        reference = spec.metadata["dagster/code_references"].code_references[0]
        assert reference.file_path.endswith(".py") and reference.line_number > 0


def test_what_a_list_shows_of_a_description_has_no_marks_of_markdown(defs):
    """Lists show the first paragraph as it is written; pages render it."""
    graph = defs.resolve_asset_graph()
    repository = defs.get_repository_def()
    described = [
        *specs(defs),
        *(graph.get_check_spec(key) for key in graph.asset_check_keys),
        *(job for job in repository.get_all_jobs() if not job.name.startswith("__")),
        *repository.sensor_defs,
        *repository.schedule_defs,
    ]
    assert len(described) > 80
    for one in described:
        first = one.description.split("\n\n")[0]
        assert first and not set("*`#") & set(first), one


def test_every_check_says_what_it_protects():
    assert len({(c.step.key, c.name) for c in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.about.endswith("."), check.name


def test_object_types_are_the_partitions_of_raw_clean_and_mapped(defs):
    for name in ("raw", "clean", "mapped"):
        partitions = defs.resolve_assets_def(dg.AssetKey(name)).partitions_def
        objects = partitions.get_partitions_def_for_dimension("object")
        assert objects.get_partition_keys() == list(KEYS)


def test_only_what_changes_nothing_in_highlevel_is_tried_again(defs):
    for key in steps_of(defs):
        asset = defs.resolve_assets_def(key)
        writes = asset.get_asset_spec(key).tags["highlevel"] == "writes"
        assert (asset.op.retry_policy is None) == writes, key


def test_every_asset_check_and_job_is_of_a_migration(defs):
    """Of one more dimension where there are object types; the fleet alone is of all of them."""
    graph = defs.resolve_asset_graph()
    for key in steps_of(defs):
        partitions = defs.resolve_assets_def(key).partitions_def
        if isinstance(partitions, dg.MultiPartitionsDefinition):
            partitions = partitions.get_partitions_def_for_dimension("migration")
        assert partitions == MIGRATIONS, key
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        assert spec.partitions_def == defs.resolve_assets_def(spec.asset_key).partitions_def, key
    for job in defs.get_repository_def().get_all_jobs():
        if not job.name.startswith("__"):
            assert job.partitions_def == MIGRATIONS, job.name


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.name)
def test_a_job_runs_every_partition_after_its_parents(defs, story):
    """Order of the ops, from the job's own dependencies: parents before children."""
    job = defs.resolve_job_def(story.name)
    order = [node.name for node in job.graph.nodes_in_topological_order]
    for step in story.steps:
        for key in step.objects or ("whole",):
            assert "__".join([*step.key.path, key]) in order
    if story.gated:
        assert order[0] == "gate"
    if story.name == "08_delta":
        assert order.index("clean__jobs") < order.index("relationships__whole")
        assert order.index("mapped__jobs") < order.index("delta_load__deals__jobs")
        assert order.index("delta_load__people__leads") < order.index("delta_load__deals__jobs")


def test_a_rollback_and_its_dry_run_are_two_buttons_that_ask_for_nothing(defs):
    for job, op in (("09_rollback_dry_run", "say_what_would_go"), ("10_rollback", "take_back")):
        schema = defs.resolve_job_def(job).graph.node_named(op).definition.config_schema
        fields = schema.config_type.fields
        assert set(fields) == {"run_id", "object_type", "force"}
        assert not any(field.is_required for field in fields.values())


def test_the_map_is_confirmed_by_a_form_of_its_own_that_asks_for_name_and_fingerprint(defs):
    proposing = defs.resolve_assets_def(dg.AssetKey("field_map")).op.config_schema
    assert not getattr(proposing.config_type, "fields", None)
    for op in (
        defs.resolve_assets_def(dg.AssetKey("map_confirmation")).op,
        defs.resolve_job_def("03_confirm_map").graph.node_named("confirm").definition,
    ):
        fields = op.config_schema.config_type.fields
        needed = {name for name, field in fields.items() if field.is_required}
        assert needed == {"confirmed_by", "fingerprint"}


def test_the_picture_in_the_readme_is_that_of_the_definitions(defs):
    committed = Path(__file__).parents[2] / "docs" / "asset-graph.svg"
    assert committed.read_text(encoding="utf-8") == draw(defs), "run `make picture`"


def test_a_code_location_that_cannot_load_says_everything_that_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "file"))
    monkeypatch.setenv("HIGHLEVEL_TOKEN", "pit-secret")
    monkeypatch.setenv("FLITSTACK_TIME_ZONE", "Mars/Olympus")
    with pytest.raises(CannotLoad) as error:
        check_environment()
    said = str(error.value)
    for name in ("FLITSTACK_DATA", "HIGHLEVEL_LOCATION_ID", "FLITSTACK_TIME_ZONE", "Reload"):
        assert name in said
    assert "pit-secret" not in said


def test_a_setting_of_the_wrong_kind_is_named(monkeypatch):
    monkeypatch.setenv("FLITSTACK_DELTA_HOURS", "two days")
    with pytest.raises(CannotLoad, match="FLITSTACK_DELTA_HOURS"):
        check_environment()
