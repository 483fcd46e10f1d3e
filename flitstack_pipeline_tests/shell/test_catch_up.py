"""What commands did is shown in Dagster: after `make demo`, `make ui` shows the story."""

import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
import requests

from flitstack_pipeline import services
from flitstack_pipeline.cli import terminal
from flitstack_pipeline.dagster import sensors
from flitstack_pipeline.dagster.catch_up import catch_up
from flitstack_pipeline.dagster.checks import CHECKS
from flitstack_pipeline.dagster.partitions import add_migrations, migration_in, object_in
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.sensors import done_elsewhere
from flitstack_pipeline.examples import generate
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services import steps_done
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.shell.homes import flitstack as flitstack_here
from flitstack_pipeline_tests.shell.homes import sql
from flitstack_pipeline_tests.shell.test_jobs import partitions_of
from flitstack_pipeline_tests.shell.test_values import found_in, planted

pytestmark = pytest.mark.timeout(900)
TOP = Path(__file__).parents[2]
CLIENTS = "Client ID,Client Name,Email\nC-1,Zelda Quimbleton,zelda@example.com\n"


@pytest.fixture
def told(project, monkeypatch, tmp_path_factory):
    """The same folder as a command has it: its steps are noted."""
    beside = tmp_path_factory.mktemp("beside")
    monkeypatch.setenv("FLITSTACK_DAGSTER", str(beside / "dagster"))
    monkeypatch.setenv("FLITSTACK_MEMORY", str(beside / "memory.json"))
    monkeypatch.setenv("XDG_STATE_HOME", str(beside / "state"))
    monkeypatch.setattr(terminal.console, "_width", 300)
    monkeypatch.delenv("FLITSTACK_SHOW_VALUES", raising=False)
    return replace(Project.from_environment(), notes_steps=True).prepare()


@pytest.fixture
def instance(told):
    """The Dagster that `make ui` would serve."""
    with dg.DagsterInstance.from_config(str(TOP)) as instance:
        add_migrations(instance)
        yield instance


@pytest.fixture
def look(instance):
    """Run `catch_up`; what it told: materialized and observed partitions, and check results."""

    def run():
        result = catch_up.execute_in_process(
            instance=instance, partition_key="main", resources={"project": MigrationProject()}
        )
        made, seen, asked = set(), set(), {}
        for event in result.all_events:
            if event.event_type_value == "ASSET_MATERIALIZATION":
                made.add((event.asset_key.to_user_string(), of_main(event.partition)))
            elif event.event_type_value == "ASSET_OBSERVATION":
                seen.add((event.asset_key.to_user_string(), of_main(event.partition)))
            elif event.event_type_value == "ASSET_CHECK_EVALUATION":
                found = event.asset_check_evaluation_data
                place = (found.asset_key.to_user_string(), found.check_name)
                asked[*place, of_main(found.partition)] = (found.passed, found.description)
        return made, seen, asked

    return run


def of_main(partition):
    """The object type of a partition of `main`; None for the whole migration."""
    assert migration_in(partition) == "main"
    return object_in(partition) or None


def test_a_migration_from_the_command_line_looks_in_dagster_as_one_by_jobs(told, look, instance):
    generate(told.exports, clients=12, seed=7)
    services.run_audit(told)
    services.run_map(told, confirm_as="Ann")
    services.acknowledge(told, services.LISTED, "Ann")
    with services.accounts_kept_open(told):
        services.run_prepare(told)
        services.run_sample(told)
        services.approve(told, "Ann")
        services.run_cutover(told)
        services.run_reconcile(told)
        made, _, asked = look()
        assert {("raw", "clients"), ("mapped", "jobs"), ("full_load/deals", "jobs")} <= made
        assert {("journal", None), ("sample_approval", None), ("reconciliation", None)} <= made
        begun = [c for c in CHECKS if c.step.stage != "delta"]
        for check in begun:  # no Partitions tab says "Missing" or shows an older verdict
            states = partitions_of(instance, check)
            assert set(states) == set(check.step.objects or ("",)), check.name
            assert all(current for _, current in states.values()), check.name
        assert [c for c in CHECKS if c not in begun and partitions_of(instance, c)] == []
        assert asked["full_load/deals", "preconditions_met", "jobs"][0]
        assert asked["sample_approval", "gate", None][0]
        assert look() == (set(), set(), {}), "nothing was done since"

        _somebody_deletes_a_contact(told)
        services.run_reconcile(told)
        made, _, asked = look()
        assert made == {("reconciliation", None)}
        assert not asked["reconciliation", "everything_reconciled", None][0]

        _change_the_map(told)
        made, _, asked = look()
        assert made == set()
        passed, why = asked["sample_approval", "gate", None]
        assert not passed and "the map changed" in why

        services.rollback(told)
    made, seen, asked = look()
    undone = {place for place, (passed, _) in asked.items() if place[1] == "still_in_place"}
    assert seen == {(load, key) for load, _, key in undone} and len(undone) == 18
    assert made == set()
    passed, why = asked["full_load/people", "still_in_place", "users"]
    assert not passed and why.startswith("Rolled back on ")
    passed, why = asked["reconciliation", "all_objects_passed", None]
    assert not passed and "still_in_place" in why
    _nothing_of_a_customer_lies_elsewhere(told)


def _nothing_of_a_customer_lies_elsewhere(project):
    """People's names, addresses and numbers lie where the README says, and nowhere else."""
    values = planted(project.exports)
    assert len(values) > 60
    readme = (TOP / "README.md").read_text()
    page = readme[readme.index("## Where customer data lies") :].split("\n## ")[0]
    beside = project.dagster_home.parent
    assert found_in((p for p in beside.rglob("*") if p.is_file()), values) == set()
    within = (p for p in project.root.rglob("*") if p.is_file())
    places = {Path(p).relative_to(project.root).parts[0] for p, _ in found_in(within, values)}
    assert {"exports", "journal.sqlite", "reports"} <= places
    assert [place for place in places if f"`{place}" not in page] == []


def _somebody_deletes_a_contact(project):
    url = json.loads((project.sandbox_state.parent / "address.json").read_text())["url"]
    contact = requests.get(f"{url}/_sandbox/dump", timeout=30).json()["contacts"][0]
    headers = {"Authorization": "Bearer pit-sandbox", "Version": "v3"}
    assert requests.delete(f"{url}/contacts/{contact['id']}", headers=headers, timeout=30).ok


def _change_the_map(project):
    text = project.map_path.read_text()
    assert "estimate_lines: records" in text
    changed = text.replace("estimate_lines: records", "estimate_lines: compact")
    project.map_path.write_text(changed)


# --- the command --------------------------------------------------------------------------------


def flitstack(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "flitstack_pipeline.cli", *arguments],
        cwd=os.environ["FLITSTACK_DATA"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(TOP)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def wait_until_told(project):
    deadline = time.monotonic() + 120
    while steps_done.waiting(project):
        assert time.monotonic() < deadline, "Dagster was not told"
        time.sleep(0.2)
    with steps_done.taken(project):  # the teller is done
        pass


def test_a_command_tells_dagster_by_itself_and_only_what_it_did(told):
    (told.exports / "clients.csv").write_text(CLIENTS)
    before = sorted(TOP.iterdir())
    flitstack("audit")
    wait_until_told(told)
    flitstack("audit")  # nothing has changed
    assert steps_done.waiting(told) == []
    with dg.DagsterInstance.from_config(str(TOP)) as instance:
        assert [run.job_name for run in instance.get_runs()] == ["catch_up"]
        event = instance.get_latest_materialization_event(dg.AssetKey("source_audit"))
        assert event is not None
        clients = dg.AssetRecordsFilter(dg.AssetKey("raw"), asset_partitions=["main|clients"])
        (record,) = instance.fetch_materializations(clients, limit=5).records
        assert record.asset_materialization.metadata["dagster/row_count"].value == 1
    files = [path for path in told.dagster_home.rglob("*") if path.is_file()]
    assert files and not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files)
    assert stat.S_IMODE(told.dagster_home.stat().st_mode) == 0o700
    assert sorted(TOP.iterdir()) == before, "nothing lies in the checkout"


def test_turned_off_nothing_is_noted(told, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DAGSTER", "off")
    off = replace(Project.from_environment(), notes_steps=True)
    steps_done.note(off, "audit", StepReport("audit"))
    assert steps_done.waiting(off) == []


def test_a_note_is_kept_until_it_was_told_and_one_that_came_meanwhile_beyond(told):
    steps_done.note(told, "audit", StepReport("audit", 3, {"report": Path("/a.html")}))
    with pytest.raises(RuntimeError), steps_done.taken(told):
        raise RuntimeError("Dagster's disk is full")
    with steps_done.taken(told) as notes:
        assert [(n.step, n.report.rows, n.report.facts) for n in notes] == [
            ("audit", 3, {"report": Path("/a.html")})
        ]
        steps_done.note(told, "relate", StepReport("é"))
    assert [(n.step, n.report.step) for n in steps_done.waiting(told)] == [("relate", "é")]


def test_without_a_named_folder_dagster_keeps_each_migration_apart_outside_the_checkout(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("FLITSTACK_DAGSTER", "")
    homes = set()
    for name in ("a/data", "b/data"):
        monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / name))
        homes.add(Project.from_environment().dagster_home)
    assert len(homes) == 2
    assert all(home.parent == tmp_path / "state" / "flitstack" / "dagster" for home in homes)


def test_a_bare_dagster_stops_without_the_folder_and_writes_nothing_into_the_checkout():
    before = sorted(TOP.iterdir())
    environment = {k: v for k, v in os.environ.items() if k != "FLITSTACK_DAGSTER"}
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", "0"],
        cwd=TOP, capture_output=True, text=True, check=False, env=environment, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "FLITSTACK_DAGSTER" in done.stderr
    assert sorted(TOP.iterdir()) == before


def test_the_sensor_shows_what_was_changed_since_the_last_run_once_and_after_a_minute(
    told, look, instance, monkeypatch
):
    def ticks():
        with dg.build_sensor_context(instance=instance) as context:
            found = done_elsewhere(context)
        return found.skip_reason.skip_message if found.skip_reason else "launches"

    assert ticks() == "launches", "this Dagster never heard of it"
    look()
    assert "Nothing was changed" in ticks()
    decided = told.decisions / "questions.csv"
    decided.write_text("key,answer\n")
    assert "within a minute" in ticks()
    monkeypatch.setattr(sensors, "QUIET_S", 0)
    assert ticks() == "launches"
    look()
    assert "Nothing was changed" in ticks()


def test_the_doctor_says_where_dagster_and_journal_differ_and_mends_what_can_be(told, instance):
    """A Dagster that was off meanwhile; then one that shows a load nobody did."""
    project = replace(told, notes_steps=False)
    (project.exports / "clients.csv").write_text(CLIENTS)
    services.run_audit(project)
    services.propose_map(project)
    with Journal(project.journal_url) as journal:
        journal.set_setting("done:sample", ["users", "clients"])
    code, said, _ = flitstack_here("doctor")
    told_of = [line.split()[0] for line in said.splitlines() if "never made" in line]
    assert code == 5
    assert set(told_of) >= {"raw[clients]", "clean[jobs]", "relationships", "field_map",
                            "sample_load/people[users]", "sample_load/people[clients]"}  # fmt: skip
    assert "mapped[jobs]" not in told_of and "sample_load/people[leads]" not in told_of
    code, said, _ = flitstack_here("doctor", "--mend")
    assert code == 0 and "Dagster shows what is." in said
    services.confirm_map(project, "Ann")
    code, said, _ = flitstack_here("doctor")
    assert code == 5 and "map_confirmation: map_confirmed" in said
    assert flitstack_here("doctor", "--mend")[0] == 0

    of_nobody = dg.AssetMaterialization(["sample_load", "people"], partition="main|leads")
    instance.report_runless_asset_event(of_nobody)
    for arguments in (["doctor"], ["doctor", "--mend"]):
        code, said, _ = flitstack_here(*arguments)
        assert code == 5 and "sample_load/people[leads]" in said
        assert "not loaded, by the journal" in said


def test_a_new_dagster_is_told_what_stands(told, look):
    (told.exports / "clients.csv").write_text(CLIENTS)
    services.run_audit(replace(told, notes_steps=False))
    made, _, asked = look()
    assert {("raw", "clients"), ("clean", "jobs"), ("source_audit", None)} <= made
    assert asked["clean", "accounting", "clients"][0]


def test_what_cannot_be_told_is_said_in_a_sentence_and_kept(told):
    steps_done.note(told, "audit", StepReport("audit"))
    with Journal(told.journal_url):
        pass
    sql(told.root / "journal.sqlite", "PRAGMA user_version = 99")
    done = subprocess.run(
        [sys.executable, "-m", "flitstack_pipeline.dagster.catch_up"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(TOP)},
    )  # fmt: skip
    assert done.returncode == 1 and "Update flitstack" in done.stdout
    assert [note.step for note in steps_done.waiting(told)] == ["audit"]
