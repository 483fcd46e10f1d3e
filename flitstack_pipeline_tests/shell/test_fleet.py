"""Many migrations in one Dagster: each run opens one home, and nothing of one shows in another."""

import datetime as dt
import json
import shutil
import sqlite3
import tarfile
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.run_coordinator import SubmitRunContext
from dagster._utils.tags import TagConcurrencyLimitsCounter

from flitstack_pipeline import services
from flitstack_pipeline.accounts import accounts_of
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster import jobs
from flitstack_pipeline.dagster.assets.step import Step
from flitstack_pipeline.dagster.catch_up import instance_of, show_all
from flitstack_pipeline.dagster.closing import forget, refuse_running
from flitstack_pipeline.dagster.doctor import differences
from flitstack_pipeline.dagster.fleet import FLEET, fleet, fleet_changed
from flitstack_pipeline.dagster.partitions import add_migrations, partition_of
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.sensors import new_export_session
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.reading.manifest import sha256
from flitstack_pipeline.services import delta, registry
from flitstack_pipeline.services.project_context import accounts
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.shell.conftest import refusal
from flitstack_pipeline_tests.shell.homes import flitstack
from flitstack_pipeline_tests.shell.test_instance import YAML

CLIENTS = "Client ID,Client Name,Email\n{0}-1,{0} Client,{0}@example.com\n"
TOKEN = "pit-of-acme-alone"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two migrations, acme and beta, of one client each."""
    for name in ("FLITSTACK_DATA", "FLITSTACK_MIGRATION", "FLITSTACK_ARCHIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLITSTACK_MIGRATIONS", str(tmp_path / "all"))
    monkeypatch.setenv("FLITSTACK_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("FLITSTACK_MEMORY", "off")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("acme", "beta"):
        exports = tmp_path / "all" / name / "exports"
        exports.mkdir(parents=True)
        (exports / "clients.csv").write_text(CLIENTS.format(name))
    return tmp_path / "all"


@pytest.fixture
def instance(folder):
    with dg.DagsterInstance.ephemeral() as instance:
        add_migrations(instance)
        yield instance


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with our dagster.yaml, whose Dagster keeps its files in `kept`."""
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "dagster.yaml").write_text(YAML.read_text())
    monkeypatch.setenv("FLITSTACK_DAGSTER", str(tmp_path / "top" / "kept"))
    return tmp_path / "top"


@pytest.fixture
def secrets(tmp_path):
    """The token of acme as a file, and of beta none."""
    (tmp_path / "secrets" / "acme").mkdir(parents=True)
    (tmp_path / "secrets" / "acme" / "HIGHLEVEL_TOKEN").write_text(f"{TOKEN}\n")
    (tmp_path / "secrets" / "acme" / "HIGHLEVEL_LOCATION_ID").write_text("loc-acme\n")
    return tmp_path / "secrets"


def made(instance, asset):
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


# --- which home a run opens ---


def test_a_run_opens_the_home_of_its_migration_and_no_other(folder, press, instance):
    result = press("raw", "clients", migration="acme")
    (event,) = result.get_asset_materialization_events()
    assert event.partition == "acme|clients"
    assert event.materialization.metadata["dagster/row_count"].value == 1
    assert (folder / "acme" / "warehouse.duckdb").exists()
    assert {path.name for path in (folder / "beta").iterdir()} == {"exports"}
    assert made(instance, "raw") == {"acme|clients"}
    checked = result.get_asset_check_evaluations()
    assert all(check.partition == "acme|clients" for check in checked)


@pytest.mark.parametrize("named", ["nobody", "a|b", "../acme", "Acme", "closed"])
def test_a_run_of_what_is_no_migration_is_refused_before_anything(
    folder, defs, instance, named
):  # fmt: skip
    """As GraphQL launches it: Dagster starts a job for whatever partition it is told."""
    before = sorted(folder.parent.rglob("*"))
    for job in ("01_audit", "10_rollback", "catch_up"):
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, tags={"dagster/partition": named}, raise_on_error=False
        )
        said = refusal(result)
        wanted = "is no migration" if named == "nobody" else "cannot be a migration's name"
        assert wanted in said or "There is no migration" in said
    assert sorted(folder.parent.rglob("*")) == before


def test_where_there_are_several_a_run_says_which(folder, defs, instance):
    result = defs.resolve_job_def("01_audit").execute_in_process(
        instance=instance, raise_on_error=False
    )
    assert "It is of no migration: launch it for one" in refusal(result)
    job = defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey("raw")}
    )
    both = job.execute_in_process(
        instance=instance, raise_on_error=False,
        tags={"dagster/asset_partition_range_start": f"acme|{KEYS[0]}",
              "dagster/asset_partition_range_end": f"beta|{KEYS[-1]}"},
    )  # fmt: skip
    assert "It is of several migrations (acme, beta)" in refusal(both)


def test_no_partition_depends_on_one_of_another_migration(defs, instance):
    graph, asked = defs.resolve_asset_graph(), 0
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        for parent in node.parent_keys:
            above, below = graph.get(parent).partitions_def, node.partitions_def
            ours = [k for k in below.get_partition_keys(dynamic_partitions_store=instance)
                    if k.split("|")[0] == "acme"]  # fmt: skip
            found = node.partition_mappings.get(parent)
            mapping = found or dg.IdentityPartitionMapping()
            for one in ours:
                needed = mapping.get_upstream_mapped_partitions_result_for_partitions(
                    below.subset_with_partition_keys([one]), below, above,
                    dynamic_partitions_store=instance,
                ).partitions_subset.get_partition_keys()  # fmt: skip
                assert {k.split("|")[0] for k in needed} == {"acme"}, (key, parent, one)
                asked += 1
    assert asked > 100


# --- one run of a migration at a time ---


def test_a_second_run_of_a_migration_waits_in_the_queue_and_anothers_does_not(
    home, folder, defs
):  # fmt: skip
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_migrations(instance)
        place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "repository")
        origin = RemoteJobOrigin(place, "01_audit")
        runs = [
            instance.run_coordinator.submit_run(SubmitRunContext(run, workspace=None))
            for run in (
                instance.create_run_for_job(
                    defs.resolve_job_def("01_audit"), tags=tags, remote_job_origin=origin
                )
                for tags in (
                    {"dagster/partition": "acme"},
                    {"dagster/partition": "acme|jobs"},
                    {"dagster/asset_partition_range_start": "acme|users"},
                    {"dagster/partition": "beta"},
                )
            )
        ]
        named = [instance.get_run_by_id(run.run_id).tags["flitstack/migration"] for run in runs]
        assert named == ["acme", "acme", "acme", "beta"]
        runs = [instance.get_run_by_id(run.run_id) for run in runs]
        limits = instance.get_concurrency_config().run_queue_config.tag_concurrency_limits
        counter = TagConcurrencyLimitsCounter(limits, [runs[0]])
        assert [counter.is_blocked(run) for run in runs[1:]] == [True, True, False]


# --- one sensor for all ---


def ready_for_delta(name, monkeypatch):
    """A migration inside its window, with one file more than its cutover read."""
    monkeypatch.setattr(delta, "SETTLED_S", 0.0)
    project = Project.named(name).prepare()
    with Journal(project.journal_url) as journal:
        now = dt.datetime.now(dt.UTC).isoformat()
        journal.set_setting(delta.OPENED, [now, now])
        journal.set_setting(delta.READ, {p.name: sha256(p) for p in project.exports.iterdir()})
    (project.exports / "jobs.csv").write_text("Job Number,Client\nJ-1,Ann\n")


def tick(sensor, instance, cursor=None):
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        return sensor(context)


def test_one_sensor_makes_partitions_launches_deltas_and_a_broken_home_stops_no_other(
    folder, monkeypatch
):
    ready_for_delta("beta", monkeypatch)
    (folder / "acme" / "journal.sqlite").write_bytes(b"SQLite format 3\0" + b"no journal" * 400)
    with dg.DagsterInstance.ephemeral() as instance:
        first = tick(new_export_session, instance)
        (asked,) = first.dynamic_partitions_requests
        assert (asked.partitions_def_name, asked.partition_keys) == ("migration", ["acme", "beta"])
        (run,) = first.run_requests
        assert (run.partition_key, run.tags["flitstack/migration"]) == ("beta", "beta")
        add_migrations(instance)
        again = tick(new_export_session, instance, first.cursor)
        assert not again.run_requests and not again.dynamic_partitions_requests
        told = again.skip_reason.skip_message.splitlines()
        assert told[0].startswith("acme: ") and "damaged" in told[0]
        assert told[1].startswith("beta: A delta was launched for this content")


def test_a_cursor_of_before_there_were_many_is_that_of_main(project, monkeypatch):
    decision = services.delta_wanted(project, None)
    with dg.DagsterInstance.ephemeral() as instance:
        found = tick(new_export_session, instance, decision.cursor)
    assert json.loads(found.cursor) == {"migrations": {"main": decision.cursor}}


# --- secrets ---


def test_a_token_is_its_migrations_and_the_environments_is_nobody_elses(
    secrets, folder, monkeypatch
):
    monkeypatch.setenv("HIGHLEVEL_TOKEN", "pit-of-main")
    monkeypatch.setenv("HIGHLEVEL_LOCATION_ID", "loc-main")
    (account,) = accounts(Project.named("acme"))
    assert (account.location_id, account.token) == ("loc-acme", TOKEN)
    (account,) = accounts(Project.named("beta"))
    assert account.location_id == "sandbox-location", "it has none, and takes no other's"
    monkeypatch.setenv("FLITSTACK_MIGRATION", "beta")
    (account,) = accounts(Project.from_environment())
    assert (account.location_id, account.token) == ("loc-main", "pit-of-main")
    monkeypatch.delenv("FLITSTACK_MIGRATION")
    monkeypatch.setenv("FLITSTACK_MIGRATIONS", "")
    monkeypatch.setenv("FLITSTACK_DATA", str(folder / "beta"))
    (account,) = accounts(Project.from_environment())
    assert account.token == "pit-of-main", "alone it is main, whose the environment is"
    (secrets / "main").mkdir()
    (secrets / "main" / "HIGHLEVEL_TOKEN").write_text("pit-from-file")
    (account,) = accounts(Project.from_environment())
    assert account.token == "pit-from-file"


def test_a_further_sub_account_has_a_file_of_its_own(secrets, folder):
    (secrets / "acme" / "HIGHLEVEL_TOKEN__DALLAS").write_text("pit-dallas")
    settings = Project.named("acme").settings
    found = accounts_of(settings, ["office", "dallas"])
    assert [(a.location_id, a.token) for a in found] == [
        ("loc-acme", TOKEN), ("dallas", "pit-dallas"),
    ]  # fmt: skip


def test_only_the_run_of_a_migration_opens_its_secrets(secrets, folder, press, instance):
    """A folder in the place of the file: whoever opens it, fails."""
    (secrets / "acme" / "HIGHLEVEL_TOKEN").unlink()
    (secrets / "acme" / "HIGHLEVEL_TOKEN").mkdir()
    rows = registry.listed()
    assert [row["step"] for row in rows] == ["Audit", "Audit"]
    said = tick(new_export_session, instance).skip_reason.skip_message
    assert said.count("The cutover has not started") == 2
    assert press("raw", "clients", migration="beta").success
    (account,) = accounts(Project.named("acme"))
    with pytest.raises(BadInput, match="HIGHLEVEL_TOKEN cannot be read"):
        _ = account.token
    (secrets / "acme" / "HIGHLEVEL_TOKEN").rmdir()
    (secrets / "acme" / "HIGHLEVEL_TOKEN").write_text("\n")
    with pytest.raises(BadInput, match="HIGHLEVEL_TOKEN is empty"):
        _ = account.token


def test_a_token_is_in_nothing_that_dagster_keeps(
    secrets, folder, home, monkeypatch
):  # fmt: skip
    """Even where a step shows its account and its settings."""

    def work(project, key, log):
        (account,) = accounts(project)
        assert account.token == TOKEN
        log(f"{account} {project.settings}")
        return StepReport("done", None, {"account": account, "settings": project.settings})

    step = Step(dg.AssetKey("shows"), "source", "Shows.", frozenset(), run=work, source=work)
    job = jobs.build_job(jobs.Story("shows_all", "Shows.", (step,)), {step.key: set()})
    monkeypatch.setenv("FLITSTACK_SHOW_VALUES", "yes")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_migrations(instance)
        result = job.execute_in_process(
            instance=instance, partition_key="acme", resources={"project": MigrationProject()}
        )
        assert result.success
    kept = b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())
    assert b"loc-acme" in kept
    assert TOKEN.encode() not in kept


# --- the fleet at a glance ---


def test_the_fleet_has_a_row_for_each_migration_and_is_renewed_when_one_has_changed(
    folder, press, instance
):
    first = tick(fleet_changed, instance)
    (event,) = first.asset_events
    rows = [record.data for record in event.metadata["migrations"].value.records]
    assert [(row["migration"], row["step"], row["waits for"]) for row in rows] == [
        ("acme", "Audit", "engineer"), ("beta", "Audit", "engineer"),
    ]  # fmt: skip
    assert rows[0]["next"] == "Lay the exports into the folder and read them."
    assert rows[0]["records"] == "0"
    assert tick(fleet_changed, instance, first.cursor).skip_reason
    services.run_audit(Project.named("acme").prepare())
    shutil.rmtree(folder / "beta")
    (event,) = tick(fleet_changed, instance, first.cursor).asset_events
    (row,) = [record.data for record in event.metadata["migrations"].value.records]
    assert (row["migration"], row["step"]) == ("acme", "Field map")
    pressed = dg.materialize([fleet], instance=instance).get_asset_materialization_events()
    assert pressed[0].materialization.metadata["migrations"] == event.metadata["migrations"]


# --- closing ---


def test_closing_leaves_nothing_of_a_migration_in_dagster_and_all_of_the_others(
    folder, home, defs
):  # fmt: skip
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_migrations(instance)
        job = defs.resolve_job_def("06_cutover")  # stops at the gate, which is a check
        runs = {
            name: job.execute_in_process(
                instance=instance, partition_key=name, raise_on_error=False
            ).run_id
            for name in ("beta", "acme")
        }
        for name in ("beta", "acme"):
            event = dg.AssetMaterialization(
                "raw", partition=partition_of(name, "clients"), tags={DATA_VERSION_TAG: name}
            )
            instance.report_runless_asset_event(event)
        instance.report_runless_asset_event(dg.AssetMaterialization(FLEET, metadata={"of": "acme"}))
        waiting = instance.create_run_for_job(job, tags={"flitstack/migration": "acme"})
        with pytest.raises(Refused, match="1 runs of acme under way"):
            refuse_running(instance, "acme")
        instance.delete_run(waiting.run_id)
        refuse_running(instance, "acme")

        assert of(instance, "acme") == {"events": 3, "checks": 1, "tags": 1}
        before = of(instance, "beta")
        kept = home / "kept"
        assert list(kept.rglob(f"{runs['acme']}*"))
        assert forget(instance, "acme", kept) == 1
        assert of(instance, "acme") == {"events": 0, "checks": 0, "tags": 0}
        assert of(instance, "beta") == before
        assert [run.run_id for run in instance.get_runs()] == [runs["beta"]]
        assert instance.get_dynamic_partitions("migration") == ["beta"]
        newest = instance.get_latest_materialization_event(dg.AssetKey("raw"))
        assert newest.asset_materialization.partition == "beta|clients"
        assert instance.get_latest_materialization_event(FLEET) is None
        assert not list(kept.rglob(f"{runs['acme']}*"))
    of_any_run = [
        found for path in kept.glob("history/runs/*.db") for found in _about(path, "acme")
    ]
    assert of_any_run == []
    assert _about(kept / "history" / "runs" / ".db", "beta")


def _about(path, name):
    """Events of a file that name a migration."""
    with sqlite3.connect(path) as con:
        return con.execute(
            "SELECT event FROM event_logs WHERE partition LIKE ?", [f"{name}%"]
        ).fetchall()


def of(instance, name):
    """Rows of Dagster's tables that are about a migration."""
    questions = {
        "events": "SELECT count(*) FROM event_logs WHERE partition LIKE :of OR event LIKE :named",
        "checks": "SELECT count(*) FROM asset_check_executions WHERE partition LIKE :of",
        "tags": "SELECT count(*) FROM asset_event_tags WHERE value LIKE :of",
    }
    with instance.event_log_storage.index_connection() as con:
        return {
            what: con.execute(sa.text(sql), {"of": f"{name}%", "named": f'%"{name}"%'}).scalar()
            for what, sql in questions.items()
        }


def test_the_command_closes_in_dagster_too(folder, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DAGSTER", "")
    project = Project.named("acme")
    with instance_of(project) as instance:
        show_all(instance, "acme")
        show_all(instance, "beta")
    assert project.dagster_home == Project.named("beta").dagster_home, "one for all of the folder"
    code, said, _ = flitstack("close", "acme", "--confirm", "acme")
    assert code == 0 and "migration acme closed" in said and not project.root.exists()
    with instance_of(Project.named("beta")) as instance:
        assert instance.get_dynamic_partitions("migration") == ["beta"]
        assert {run.tags["flitstack/migration"] for run in instance.get_runs()} == {"beta"}


# --- going over ---

BEFORE = Path(__file__).with_name("before_many_migrations.tar.xz")


def test_a_home_of_before_is_shown_with_the_new_partitions_on_the_first_start(
    tmp_path, monkeypatch
):
    """Made by commit 5a43267: two clients and a job, migrated by services, told to its Dagster."""
    with tarfile.open(BEFORE) as packed:
        packed.extractall(tmp_path, filter="data")
    for name, value in {"FLITSTACK_DATA": tmp_path / "home", "FLITSTACK_MIGRATIONS": "",
                        "FLITSTACK_DAGSTER": tmp_path / "dagster", "FLITSTACK_MEMORY": "off",
                        "XDG_STATE_HOME": tmp_path / "state"}.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    project = Project.from_environment().prepare()
    with instance_of(project) as instance:
        before = shown(instance)
        assert ("clean", "", "clients") in before and ("full_load/deals", "", "jobs") in before
        assert ("sample_approval", "gate", None) in before and len(before) > 150
        assert len(differences(project, instance)) > 40, "the doctor sees that Dagster lags behind"
        show_all(instance)
        after = shown(instance)
        for (asset, check, partition), passed in before.items():
            new = partition_of("main", partition or "")
            assert after[asset, check, new] == passed, (asset, check, partition)
        assert differences(project, instance) == []
        runs = len(instance.get_runs())
        show_all(instance)
        assert len(shown(instance)) == len(after) and len(instance.get_runs()) == runs + 1


def shown(instance):
    """By asset, check ("" for the asset itself) and partition: whether it is made, or passed."""
    with instance.event_log_storage.index_connection() as con:
        made = con.execute(sa.text(
            "SELECT DISTINCT asset_key, partition FROM event_logs "
            "WHERE dagster_event_type = 'ASSET_MATERIALIZATION'"
        )).fetchall()  # fmt: skip
        asked = con.execute(sa.text(
            "SELECT asset_key, check_name, partition, execution_status "
            "FROM asset_check_executions ORDER BY id"
        )).fetchall()  # fmt: skip

    def called(key):
        return "/".join(json.loads(key))

    return {(called(asset), "", partition): True for asset, partition in made} | {
        (called(asset), check, partition): status == "SUCCEEDED"
        for asset, check, partition, status in asked
    }
