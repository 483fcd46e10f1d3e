"""Where Dagster's web server is named, what the review room starts is a run there."""

import time

import pytest

from flitstack_pipeline.review import dagster_runs, runs
from flitstack_pipeline.settings import Project, Settings
from flitstack_pipeline_tests.browser.room import MIGRATION, write_exports
from flitstack_pipeline_tests.browser.server import ARTIFACTS, DagsterDev

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = write_exports(tmp_path_factory.mktemp("migrations")) / MIGRATION
    return Project(root, Settings(FLITSTACK_DATA=root)).prepare()


@pytest.fixture(scope="module")
def dagster(project, tmp_path_factory):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    home = tmp_path_factory.mktemp("dagster")
    with DagsterDev(home, project.root, ARTIFACTS / "dagster-room.log") as running:
        yield running


@pytest.fixture(autouse=True)
def named(dagster, monkeypatch):
    monkeypatch.setenv(dagster_runs.ADDRESS, dagster.url + "/")


def ended(project):
    until = time.monotonic() + 300
    while (run := runs.last_run(project)).running:
        assert time.monotonic() < until, run.log
        time.sleep(0.3)
    return run


def launched(dagster):
    """Its runs, newest first; `catch_up` is launched by a sensor."""
    return [run for run in dagster.runs() if run["jobName"] != "catch_up"]


def test_going_on_runs_the_jobs_up_to_what_a_person_must_settle(project, dagster):
    runs.launch(project, "Going on", [["migrate"]], "Eve Stone")
    run = ended(project)
    assert run.state == "waits", run.log
    assert "clients.email → contact.email" in run.log and "Day or month first?" in run.log
    newest, oldest = launched(dagster)
    assert (oldest["jobName"], oldest["status"]) == ("01_audit", "SUCCESS")
    assert (newest["jobName"], newest["status"]) == ("02_propose_map", "SUCCESS")
    assert {"key": "flitstack/from", "value": "review"} in oldest["tags"]
    assert f"{dagster.url}/runs/{oldest['runId']}" in run.log
    assert project.map_path.exists()


def test_a_refused_run_tells_its_reason_and_waits_for_a_person(project):
    name = "Ann Lee"
    runs.launch(project, "Approval", [["approve", "--note=now", "--", name]], name)
    run = ended(project)
    assert run.state == "waits" and "The sample was not loaded and compared" in run.log, run.log


def test_a_migration_that_dagster_does_not_know_is_not_run_there(project, dagster):
    before = len(launched(dagster))
    runs.launch(project, "Reading", [["audit"]], "Eve Stone", partition="acme")
    run = ended(project)
    assert run.state == "failed" and "no migration 'acme'; there are: main" in run.log
    assert len(launched(dagster)) == before
