"""A failure says what failed, what is safe and what to do next; only what can heal is retried."""

import dagster as dg
import pytest
import requests

from flitstack_pipeline.dagster.failures import (
    WHAT_IS_SAFE,
    Incomplete,
    failure_of,
    readable,
    say_what_to_do,
    summarise,
)
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.warehouse import WarehouseBusy

STAGES = ("source", "clean", "map", "destination", "sample", "cutover", "delta", "reconcile")


def test_every_stage_says_what_a_failure_leaves_behind():
    assert {*STAGES, "rollback", "catch_up"} == set(WHAT_IS_SAFE)


def test_a_refusal_lists_every_reason_and_is_not_retried():
    failure = failure_of("x[jobs]", "cutover", Refused("x", ["First this.", "Then that."]))
    assert "x[jobs] was refused; nothing ran." in failure.description
    assert "- First this.\n- Then that." in failure.description
    assert failure.allow_retries is False


@pytest.mark.parametrize("error", [WarehouseBusy("held"), requests.ConnectionError("no route")])
def test_what_may_heal_by_itself_is_retried(error):
    failure = failure_of("clean[jobs]", "clean", error)
    assert failure.allow_retries is True
    assert failure.metadata["a retry may help"].value is True


def test_a_bug_is_not_retried_and_keeps_its_message():
    summary = summarise("clean[jobs]", "clean", KeyError("column"))
    assert "KeyError: 'column'" in summary.failed
    assert "Nothing was written to HighLevel" in summary.safe


def test_a_rollback_that_left_records_says_which():
    summary = summarise("The rollback", "rollback", Incomplete(["contact:1 was left: edited"]))
    assert summary.failed == "The rollback left something undone."
    assert "- contact:1 was left: edited" in summary.next


def test_a_readable_refusal_carries_no_stack_of_causes():
    with pytest.raises(dg.Failure) as refused, readable("x", "sample"):
        raise Refused("x", ["Wait."])
    assert refused.value.__cause__ is None
    with pytest.raises(dg.Failure) as failed, readable("x", "sample"):
        raise ValueError("why")
    assert isinstance(failed.value.__cause__, ValueError)


def test_the_hook_writes_the_summary_as_the_last_line_of_the_log(caplog):
    @dg.op
    def load():
        raise failure_of("full_load[jobs]", "cutover", Refused("x", ["Approve the sample."]))

    @dg.job(hooks={say_what_to_do})
    def cutover():
        load()

    with dg.DagsterInstance.ephemeral() as instance:
        result = cutover.execute_in_process(instance=instance, raise_on_error=False)
        logs = instance.all_logs(result.run_id)
    said = next(e.user_message for e in logs if "did not finish" in e.user_message)
    for words in (
        "What failed: full_load[jobs]",
        "10_rollback takes them back",
        "Approve the sample.",
    ):
        assert words in said
