"""Every job of the README, one after the other, over exports like the bundled ones.

A real Dagster instance, the embedded sandbox over real HTTP; only the launcher is missing (the
browser's story has it).
"""

import csv
import json

import dagster as dg
import pytest

from flitstack_pipeline.dagster.checks import CHECKS
from flitstack_pipeline.dagster.checks.loads import STILL_IN_PLACE
from flitstack_pipeline.dagster.jobs import STORIES
from flitstack_pipeline.examples import generate
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline_tests.shell.test_values import planted

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def run(project, defs, instance, monkeypatch):
    """Run one job; its check evaluations by (asset, check), True when all partitions passed."""
    monkeypatch.setenv("FLITSTACK_MEMORY", "off")
    generate(project.exports, clients=12, seed=7)

    def launch(name):
        result = defs.resolve_job_def(name).execute_in_process(
            instance=instance, partition_key="main", raise_on_error=False
        )
        assert result.success, [
            e.step_failure_data.user_failure_data or e.step_failure_data.error
            for e in result.all_events
            if e.is_step_failure
        ]
        return evaluated(result)

    return launch


def evaluated(result):
    """Whether each check passed when it was last asked, of all partitions, by asset and name."""
    last = {}
    for event in result.all_events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            place = (check.asset_key.to_user_string(), check.check_name)
            last[place, check.partition] = check.passed
    found = {}
    for (place, _), passed in last.items():
        found[place] = found.get(place, True) and passed
    return found


def filled_in(defs, name):
    """The form of `confirm_map` as the launchpad shows it, with a person's name typed in."""
    config = defs.resolve_job_def("03_confirm_map").partitioned_config
    form = config.get_run_config_for_partition_key("main")
    form["ops"]["confirm"]["config"] |= {"confirmed_by": name, "acknowledged_by": name}
    return form


def partitions_of(instance, check, migration="main"):
    """What the check's Partitions tab shows, by object type: (passed, of the newest load)."""
    key = dg.AssetCheckKey(check.step.key, check.name)
    found = instance.event_log_storage.get_asset_check_partition_info([key])
    keys = {info.partition_key: info.partition_key.partition("|") for info in found}
    return {
        keys[info.partition_key][2]: (
            info.latest_execution_status.value == "SUCCEEDED", info.is_current
        )
        for info in found if keys[info.partition_key][0] == migration
    }  # fmt: skip


def later_export(project):
    """One client with another phone, exported once more."""
    path = next(p for p in sorted(project.exports.glob("clients*.csv")))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    phone = next(name for name in rows[0] if "phone" in name.lower())
    rows[0][phone] = "(813) 555-0177"
    later = project.root / "clients_later.csv"
    with later.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerow(rows[0])
    stage(project.exports, [later])


def test_every_job_of_the_readme_succeeds_and_every_check_is_asked(
    project, press, run, instance, defs
):
    before = {r.run_id for r in instance.get_runs()}
    seen = run("01_audit")
    assert not seen["source_audit", "left_behind_acknowledged"], "the exports hold such rows"
    seen |= run("02_propose_map")
    assert not seen["map_confirmation", "map_confirmed"], (
        "nothing is confirmed where it is proposed"
    )
    confirmed = defs.resolve_job_def("03_confirm_map").execute_in_process(
        instance=instance, partition_key="main", run_config=filled_in(defs, "Ann")
    )
    seen |= evaluated(confirmed)
    assert seen["map_confirmation", "map_confirmed"]
    seen |= run("04_prepare") | run("05_sample")
    assert press("sample_approval", approved_by="Ann").success
    seen |= run("06_cutover") | run("07_reconcile")
    later_export(project)
    seen |= run("08_delta")
    assert all(passed for (_, name), passed in seen.items() if name == "still_in_place")
    assert seen["sample_approval", "gate"], "the delta's map is the approved one"
    run("09_rollback_dry_run")
    for check in CHECKS:  # no Partitions tab says "Missing" or shows an older verdict
        states = partitions_of(instance, check)
        assert set(states) == set(check.step.objects or ("",)), check.name
        assert all(current for _, current in states.values()), check.name
    whole = {check.step.name: check for check in CHECKS if check.name == "all_objects_passed"}
    said = whole["source_audit"].answer(project, "", instance)
    assert not said.passed and "nothing_quarantined did not pass" in said.sentence
    assert whole["reconciliation"].answer(project, "", instance).passed
    certificate = project.reports / "certificate.json"
    assert "withdrawn" not in json.loads(certificate.read_text())
    undone = run("10_rollback")
    loads = {check.step.key.to_user_string() for check in STILL_IN_PLACE}
    assert undone == {(load, "still_in_place"): False for load in loads}
    for check in STILL_IN_PLACE:
        states = partitions_of(instance, check)
        assert states == dict.fromkeys(check.step.objects, (False, True))
    said = whole["reconciliation"].answer(project, "", instance)
    assert not said.passed
    assert said.sentence.startswith("full_load/people[users]: still_in_place did not pass")
    assert "everything was rolled back on" in json.loads(certificate.read_text())["withdrawn"]

    assert set(seen) >= {(c.step.key.to_user_string(), c.name) for c in CHECKS}
    blocking = {(c.step.key.to_user_string(), c.name) for c in CHECKS if c.blocking}
    assert [place for place in blocking if not seen[place]] == []
    assert all(passed for (_, name), passed in seen.items() if name == "preconditions_met")
    with project.warehouse.connect() as con:
        ((quarantined,),) = con.execute("SELECT count(*) FROM quarantine.rows").fetchall()
    assert quarantined > 0 and seen["source_audit", "left_behind_acknowledged"]
    assert {story.name for story in STORIES} == {
        "01_audit", "02_propose_map", "04_prepare", "05_sample", "06_cutover", "07_reconcile",
        "08_delta",
    }  # fmt: skip
    kept = [
        str(entry).lower()
        for r in instance.get_runs() if r.run_id not in before
        for entry in instance.all_logs(r.run_id)
    ]  # fmt: skip
    values = planted(project.exports)
    assert len(kept) > 800 and len(values) > 60
    assert [(v, e[:300]) for v in values for e in kept if v.lower() in e] == []
