"""A token that may not read workflows: every load stops until a person says that they looked.

The tick is `--workflows-checked` for the command and `workflows_checked_by` in the config that a
job of Dagster is launched with; a release of names says nothing of what nobody can see.
"""

import json
import shutil

import pytest
import requests
from typer.testing import CliRunner

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.cli import app
from flitstack_pipeline.examples import generate
from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline.services.project_context import open_journal
from flitstack_pipeline.services.workflows import released
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import close_unused
from flitstack_pipeline_tests.shell.conftest import refusal


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    """A sub-account whose token lacks workflows.readonly."""
    folder = tmp_path_factory.mktemp("blind")
    seed = folder / "seed.json"
    place = {"id": "loc-b", "deniedScopes": ["workflows.readonly"]}
    seed.write_text(json.dumps({"locations": [place]}))
    with start_sandbox(
        rate="none", daily=0, search_lag_ms=0, allow_duplicate_opportunity=True,
        allow_duplicate_contact=True, seed_location=seed, location=["loc-b=pit-b"], faults="",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Exports read, cleaned and mapped once; each test takes a copy."""
    root = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLITSTACK_DATA", str(root))
        patch.setenv("FLITSTACK_MEMORY", "off")
        for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID"):
            patch.delenv(name, raising=False)
        project = Project.from_environment().prepare()
        generate(project.exports, clients=2, seed=11, files=0)
        services.run_audit(project)
        services.run_map(project, confirm_as="Ana")
        services.acknowledge(project, "all", "Ana")
        close_unused()
    return root


@pytest.fixture
def project(home, blind, tmp_path, monkeypatch):
    for name, value in {
        "HIGHLEVEL_BASE_URL": blind.url, "HIGHLEVEL_TOKEN": "pit-b",
        "HIGHLEVEL_LOCATION_ID": "loc-b", "HIGHLEVEL_AGENCY_TOKEN": blind.agency_token,
        "FLITSTACK_DATA": str(tmp_path), "FLITSTACK_SEARCH_LAG_S": "1", "FLITSTACK_MEMORY": "off",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    requests.post(f"{blind.url}/_sandbox/reset", timeout=10).raise_for_status()
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    return Project.from_environment().prepare()


def writes(blind):
    return requests.get(f"{blind.url}/_sandbox/stats", timeout=10).json()["writes"]


def test_the_dagster_jobs_stop_until_their_config_names_who_looked(
    project, blind, defs, instance
):  # fmt: skip
    def launch(name, **config):
        resources = {"resources": {"project": {"config": config}}} if config else {}
        return defs.resolve_job_def(name).execute_in_process(
            partition_key="main", instance=instance, run_config=resources, raise_on_error=False
        )

    stopped = launch("04_prepare")
    assert "Tick workflows.readonly" in refusal(stopped)
    assert "workflows_checked_by" in refusal(stopped)
    named = launch("04_prepare", workflows_may_run=["Welcome text"])
    assert not named.success and writes(blind) == 0
    assert launch("04_prepare", workflows_checked_by="Ana").success
    with open_journal(project) as journal:
        assert released(journal).checked_by == "Ana"
    assert launch("05_sample").success  # the tick is in the journal
    held = requests.get(f"{blind.url}/_sandbox/dump?locationId=loc-b", timeout=10).json()
    assert held["contacts"]


def test_the_command_stops_with_4_until_its_option_names_who_looked(project, blind):
    run = CliRunner().invoke
    for key in KEYS:
        services.map_object(project, key)
    services.account_cells(project)
    refused = run(app, ["preflight"])
    assert refused.exit_code == 4
    assert run(app, ["preflight", "--workflows-may-run", "Welcome text"]).exit_code == 4
    assert writes(blind) == 0
    passed = run(app, ["preflight", "--workflows-checked", "Ana"])
    assert passed.exit_code == 0, passed.output
    (line,) = [x for x in services.preflight_lines(project) if x["check"] == "published workflows"]
    assert line["found"] == "cannot be seen (the token lacks workflows.readonly); Ana looked"
