"""The rollback as Dagster's job: a button, a dry run first, and `force` for what people edited."""

import dagster as dg
import pytest

from flitstack_pipeline.dagster.partitions import add_migrations
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.rollback import rollback as rollback_job
from flitstack_pipeline.dagster.rollback import rollback_dry_run
from flitstack_pipeline.highlevel.api.contacts import ContactUpdate
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.migration.conftest import contact, job, small_schema
from flitstack_pipeline_tests.migration.test_loading import QUICK


@pytest.fixture
def loaded(account, tmp_path, monkeypatch):
    """A data folder whose run wrote three contacts and a job; a person edited two contacts."""
    for name, value in {
        "FLITSTACK_DATA": tmp_path / "data", "XDG_STATE_HOME": tmp_path / "state",
        "HIGHLEVEL_TOKEN": "pit-sandbox", "HIGHLEVEL_LOCATION_ID": "sandbox-location",
        "HIGHLEVEL_AGENCY_TOKEN": "pit-agency-sandbox", "HIGHLEVEL_BASE_URL": account.url,
        "FLITSTACK_SEARCH_LAG_S": "0.2",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    hl = account.connect()
    with Journal(Project.from_environment().prepare().journal_url) as journal:
        with journal.running(hl.location_id, "prepare") as run:
            catalog = provision(hl, small_schema(), journal, run)
        with journal.running(hl.location_id, "cutover") as run:
            load(hl, journal, catalog, [*map(contact, range(3)), job(0, 0)], run, options=QUICK)
        keys = [row.record_key for row in map(contact, (1, 2))]
        for entry in journal.entries(hl.location_id, keys).values():
            hl.contacts.update(entry.hl_id, ContactUpdate(city="Edited"))
    return account


def press(job=rollback_job, **form):
    """Launch a job as the launchpad would; whether it succeeded, and what it said."""
    run_config = {"ops": {"take_back": {"config": form}}} if form else {}
    with dg.DagsterInstance.ephemeral() as instance:
        add_migrations(instance)
        result = job.execute_in_process(
            run_config=run_config,
            resources={"project": MigrationProject()},
            instance=instance,
            partition_key="main",
            raise_on_error=False,
        )
    failed = [e for e in result.all_events if e.is_step_failure]
    errors = [str(e.step_failure_data.error.message) for e in failed]
    assert result.success, errors
    (told,) = [
        e.step_output_data.metadata
        for e in result.all_events
        if e.event_type_value == "STEP_OUTPUT"
    ]
    return told


def left(account):
    return sorted(c["email"] for c in account.dump()["contacts"])


def test_the_job_undoes_edited_records_only_when_force_names_them(loaded):
    assert press(rollback_dry_run)["left"].value == 2
    assert len(left(loaded)) == 3
    assert press()["left"].value == 2
    assert left(loaded) == ["c1@example.com", "c2@example.com"]
    assert press(force=["main/clients/1"])["left"].value == 1
    assert left(loaded) == ["c2@example.com"]
    assert press(force=["clients"])["left"].value == 0
    assert left(loaded) == []
    described = str(rollback_job.description) + str(rollback_job.graph.node_defs[0].config_schema)
    assert "force" in described
