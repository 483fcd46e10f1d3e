"""No button walks past what must come first: each refuses, and says what to press."""

import dagster as dg
import pytest

from flitstack_pipeline.dagster.jobs import STORIES
from flitstack_pipeline_tests.shell.conftest import refusal

STEPS = {step.key: step for story in STORIES for step in story.steps}
FIRST = {
    "raw": "holds no export file",
    "source_schema": "holds no export file",
    "clean": "Materialize raw[",
    "relationships": "Materialize clean[",
    "source_audit": "Materialize clean[",
    "field_map": "Materialize clean[",
    "mapped": "Materialize relationships first",
    "preflight": "Materialize mapped[",
    "destination_schema": "Materialize preflight first",
    "sample_choice": "Materialize mapped[",
    "sample_diff": "Launch the job 05_sample",
    "reconciliation": "Launch the job 06_cutover",
    "journal": "Launch the job 06_cutover",
    "conflict_decisions": "Launch the job 06_cutover",
    "delta_plan": "Launch the job 06_cutover",
    "delta_report": "Launch the job 06_cutover",
}


CASES = [
    pytest.param(step, step.objects[-1] if step.objects else None, id=step.name)
    for step in STEPS.values()
]


@pytest.mark.parametrize(("step", "partition"), CASES)
def test_on_an_empty_folder_every_button_refuses_and_says_what_comes_first(
    project, press, step, partition
):
    result = press(step.name, partition)
    said = refusal(result)
    assert "was refused; nothing ran" in said
    assert FIRST.get(step.name, "Materialize mapped[") in said
    assert not result.get_asset_materialization_events()


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.name)
def test_the_same_reasons_name_commands_to_a_person_at_a_terminal(project, step):
    reasons = step.needs(project, step.objects[-1] if step.objects else "")
    for reason in reasons:
        assert "aterialize" not in reason


@pytest.mark.parametrize("stage", ["sample_load", "full_load", "delta_load"])
def test_jobs_cannot_load_before_clients(project, press, stage):
    said = refusal(press(f"{stage}/deals", "jobs"))
    assert "jobs need their parents first: load users, clients, leads" in said


def test_a_refused_load_is_a_red_check_of_its_partition(project, press):
    result = press("full_load/documents", "invoices")
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.partition) == (
        "preconditions_met",
        False,
        "main|invoices",
    )
    reasons = [r.data["what to do"] for r in check.metadata["to do"].value.records]
    assert "Materialize mapped[invoices] first." in reasons
    assert any("Materialize `sample_approval`" in r for r in reasons)


def test_an_approval_needs_a_name_and_a_sample(project, press):
    said = refusal(press("sample_approval", approved_by=" "))
    assert "needs the name of the person" in said
    assert "Launch the job 05_sample" in said


def test_the_approval_button_opens_a_form_because_a_name_is_required(defs):
    asset = defs.resolve_assets_def(dg.AssetKey("sample_approval"))
    fields = asset.op.config_schema.config_type.fields
    assert fields["approved_by"].is_required and not fields["note"].is_required


def test_the_cutover_job_stops_at_the_gate_with_every_condition(project, defs, instance):
    result = defs.resolve_job_def("06_cutover").execute_in_process(
        instance=instance, partition_key="main", raise_on_error=False
    )
    said = refusal(result)
    assert (
        "The cutover was refused" in said and "not been examined. Launch the job 04_prepare" in said
    )
    (gate,) = [
        e.asset_check_evaluation_data
        for e in result.all_events
        if e.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    assert (gate.check_name, gate.passed) == ("gate", False)
    states = {
        r.data["condition"]: r.data["state"] for r in gate.metadata["conditions"].value.records
    }
    assert states["sample approved"] == "open"
    started = {e.step_key for e in result.all_events if e.event_type_value == "STEP_START"}
    assert started == {"gate"}, "nothing of the job ran behind the shut gate"


def test_the_failed_step_says_what_failed_what_is_safe_and_what_to_do(project, defs, instance):
    result = defs.resolve_job_def("05_sample").execute_in_process(
        instance=instance, partition_key="main", raise_on_error=False
    )
    failed = next(e for e in result.all_events if e.is_step_failure)
    metadata = failed.step_failure_data.user_failure_data.metadata
    assert "refused; nothing ran" in metadata["what failed"].value
    assert "continues and doubles none" in metadata["what is safe"].value
    assert "Materialize mapped[" in metadata["what to do next"].value
