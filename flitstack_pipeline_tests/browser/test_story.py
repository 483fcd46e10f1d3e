"""The days of two customers in one Dagster UI, as a person clicks through them.

One story in chapters, each test a chapter; the screenshots lie in artifacts/browser/. What a person
decides for acme is clicked (the refused wave, the approval, the rollback); the jobs between are
launched through the API the UI uses, and their outcome is read from the rendered page. Meanwhile
beta is migrated by the command; in the end acme is rolled back and beta is green.
"""

from __future__ import annotations

import csv
import json
import re
import time

import dagster as dg
import pytest
import requests

from flitstack_pipeline.catalog.objects import KEYS, waves
from flitstack_pipeline.dagster.checks.loads import STILL_IN_PLACE
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.services import steps_done
from flitstack_pipeline.services.project_context import open_journal
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.shell.test_jobs import partitions_of
from flitstack_pipeline_tests.shell.test_values import found_in, planted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ACME, ASSET_JOB = "acme", "__ASSET_JOB"
#: Each migration, and whether it stands in the end.
NAMES = {ACME: False, "beta": True}
PEOPLE = waves()[0].objects


def open_page(page, ui, path: str, *texts: str) -> None:
    """Go to a page of the UI and wait until it shows these texts."""
    page.goto(ui.url + path)
    for text in texts:
        page.get_by_text(text).first.wait_for()


def choose(page, ui, job: str, *texts: str) -> None:
    """Open the launchpad of a job for acme."""
    open_page(page, ui, f"/locations/flitstack_pipeline/jobs/{job}/playground", *texts)
    choose_acme(page)


def choose_acme(page) -> None:
    """In a launchpad, choose acme as the partition."""
    page.get_by_placeholder("Partition").click()
    page.get_by_text("acme", exact=True).locator("visible=true").last.click()


def launched_run(page, ui, before: set[str]) -> str:
    """The run a click has just launched; `catch_up` is launched by a sensor."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        new = [r["runId"] for r in ui.runs()
               if r["runId"] not in before and r["jobName"] != "catch_up"]  # fmt: skip
        if new:
            return new[0]
        time.sleep(0.3)
    raise TimeoutError("the click launched no run")


def known_runs(ui) -> set[str]:
    return {run["runId"] for run in ui.runs()}


def test_the_jobs_wave_first_is_refused_and_says_what_to_press(page, ui, beta, picture):
    before = known_runs(ui)
    open_page(page, ui, "/assets/full_load/deals?view=partitions", "acme", "beta")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Confirm").click()  # Dagster warns too; a person insists
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").first.click()
    page.get_by_text("acme", exact=True).locator("visible=true").last.click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="All", exact=True).last.click()
    page.get_by_role("button", name=re.compile("^Launch")).last.click()
    run = launched_run(page, ui, before)
    assert ui.wait(run) == "FAILURE"
    open_page(page, ui, f"/runs/{run}", "full_load/deals[jobs] was refused")
    picture("1-jobs-wave-refused")
    checks = "/assets/full_load/deals?view=checks&checkDetail=preconditions_met"
    open_page(page, ui, checks, "Materialize mapped[jobs] first.")
    page.get_by_text("jobs need their parents first: load users, clients, leads").first.wait_for()
    picture("1-jobs-wave-check")


def test_the_audit_marks_every_partition_of_acme(page, ui, instance, picture):
    assert ui.wait(ui.launch("01_audit", partition=ACME)) == "SUCCESS"
    open_page(page, ui, "/assets/clean?view=partitions&partition=acme", "Materialized", "acme")
    assert made(instance, "clean") >= {f"acme|{key}" for key in KEYS}
    picture("2-clean-partitions")
    open_page(page, ui, "/assets/clean?view=checks", "pandera_schema", "accounting")
    picture("2-clean-checks")


def test_a_person_confirms_the_map_they_read_in_the_launchpad(page, ui, project, picture):
    """The form is filled in with the fingerprint; Dagster asks for nothing but the name."""
    assert ui.wait(ui.launch("02_propose_map", partition=ACME)) == "SUCCESS"
    checks = "/assets/map_confirmation?view=checks"
    open_page(page, ui, checks, "map_confirmed", "Failed")
    before = known_runs(ui)
    choose(page, ui, "03_confirm_map")
    editor = page.locator(".CodeMirror").first
    fingerprint = MapDocument.load(project.map_path).fingerprint[:12]
    editor.get_by_text(fingerprint).wait_for()
    editor.click()
    page.keyboard.press("Control+A")
    names = {"confirmed_by": "Ann Example", "acknowledged_by": "Ann Example"}
    form = {"ops": {"confirm": {"config": {**names, "fingerprint": fingerprint}}}}
    page.keyboard.insert_text(json.dumps(form))
    picture("3-confirm-map")
    page.get_by_role("button", name="Launch Run").click()
    assert ui.wait(launched_run(page, ui, before)) == "SUCCESS"
    open_page(page, ui, checks, "map_confirmed", "Passed")


def test_everything_runs_up_to_the_gate_and_the_gate_is_red_with_reasons(
    page, ui, account, picture
):
    assert ui.wait(ui.launch("04_prepare", partition=ACME)) == "SUCCESS"
    assert ui.wait(ui.launch("05_sample", partition=ACME)) == "SUCCESS"
    refused = ui.launch("06_cutover", partition=ACME)
    assert ui.wait(refused) == "FAILURE"
    open_page(page, ui, f"/runs/{refused}", "The cutover was refused; nothing ran.")
    picture("3-cutover-refused")
    open_page(page, ui, "/assets/sample_approval?view=checks", "Failed", "sample approved")
    states = page.get_by_text("open", exact=True)
    assert states.count() == 1, "only the approval is missing"
    picture("3-gate-red")
    open_page(page, ui, "/assets/sample_diff", "by object", "reports/sample.html")
    picture("3-sample-diff")


def test_a_person_approves_in_the_launchpad(page, ui, picture):
    before = known_runs(ui)
    open_page(page, ui, "/assets/sample_approval")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text('Missing required config entry "approved_by"').first.wait_for()
    choose_acme(page)
    picture("4-approval-form")
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(
        json.dumps({"ops": {"sample_approval": {"config": {"approved_by": "Ann Example"}}}})
    )
    button = page.get_by_role("dialog").get_by_role("button", name="Materialize")
    page.get_by_text('Missing required config entry "approved_by"').first.wait_for(state="hidden")
    button.click()
    assert ui.wait(launched_run(page, ui, before)) == "SUCCESS"
    open_page(page, ui, "/assets/sample_approval", "Ann Example")
    picture("4-approved")


def test_the_cutover_is_green(page, ui, instance, picture):
    run = ui.launch("06_cutover", partition=ACME)
    assert ui.wait(run) == "SUCCESS", ui.messages(run)
    open_page(page, ui, f"/runs/{run}", "Success", "RUN_SUCCESS")
    picture("5-cutover-run")
    open_page(page, ui, "/assets/full_load/people?view=partitions", "acme")
    assert {f"acme|{key}" for key in PEOPLE} <= made(instance, "full_load/people")
    picture("5-people-loaded")
    open_page(page, ui, "/assets/reconciliation?view=checks", "Passed")
    picture("5-reconciled")


def test_a_new_session_is_picked_up_and_a_conflict_is_listed(page, ui, account, project, picture):
    """Somebody edits a phone in HighLevel, somebody else in Contractor+: a person must decide."""
    client, phone = edited_in_highlevel(account, project)
    exported_again(project, client, "(860) 555-0144")
    run = picked_up(ui)
    assert ui.wait(run) == "SUCCESS", ui.messages(run)
    open_page(page, ui, "/locations/flitstack_pipeline/sensors/new_export_session", "Running")
    picture("6-sensor")
    open_page(
        page,
        ui,
        "/assets/delta_report?view=checks&checkDetail=conflicts_decided",
        "Conflicts waiting for a person: 1.",
    )
    page.get_by_text("+99999999999").first.wait_for()  # ours, beside theirs: not in Dagster
    assert page.get_by_text("18605550144").count() == page.get_by_text(phone[1:]).count() == 0
    picture("6-conflicts")
    kept = contact_of(account, client)["phone"]
    assert kept == phone, "nothing is overwritten while the conflict is open"


def test_a_person_decides_the_conflict_with_the_form(page, ui, account, project, picture):
    with (project.decisions / "conflicts.csv").open(newline="", encoding="utf-8-sig") as file:
        (conflict,) = csv.DictReader(file)
    form = {"record": conflict["record_key"], "field": conflict["field"], "decision": "ours"}
    config = {"ops": {"conflict_decisions": {"config": form}}}
    run = ui.launch(ASSET_JOB, assets=["conflict_decisions"], config=config, partition=ACME)
    assert ui.wait(run) == "SUCCESS", ui.messages(run)
    open_page(page, ui, "/assets/conflict_decisions", "still open", conflict["record_key"])
    picture("6-conflict-decided")
    conflicts = "/assets/delta_report?view=checks&checkDetail=conflicts_decided"
    open_page(page, ui, conflicts, "No conflict waits for a decision.")
    dump = requests.get(f"{account}/_sandbox/dump", timeout=30).json()
    assert "+18605550144" in {contact.get("phone") for contact in dump["contacts"]}


def test_one_is_rolled_back_and_the_other_stays_green(page, ui, instance, beta, project, picture):
    said, _ = beta.communicate(timeout=300)
    assert beta.returncode == 0, said
    before = known_runs(ui)
    choose(page, ui, "10_rollback", "run_id")
    picture("7-rollback-form")
    page.get_by_role("button", name="Launch Run").click()
    run = launched_run(page, ui, before)
    assert ui.wait(run) == "SUCCESS", ui.messages(run)
    other = Project.named("beta")
    wait_until_told(other)

    assert made(instance, "full_load/people") == {f"{n}|{k}" for n in NAMES for k in PEOPLE}
    for check in STILL_IN_PLACE:
        if check.step.stage == "cutover":
            for name, stands in NAMES.items():
                states = partitions_of(instance, check, name)
                assert states == dict.fromkeys(check.step.objects, (stands, True)), name
    checks = "/assets/full_load/people?view=checks&checkDetail=still_in_place"
    open_page(page, ui, checks, "still_in_place")
    page.get_by_text("Partitions", exact=True).last.click()
    page.get_by_text("beta", exact=True).first.wait_for()
    picture("7-one-rolled-back")

    runs = ui.runs()
    assert {tag["value"] for r in runs for tag in r["tags"] if tag["key"] == "flitstack/migration"
            and r["jobName"] != "catch_up"} == {ACME}  # fmt: skip
    assert all(any(t["key"] == "flitstack/migration" for t in r["tags"]) for r in runs)
    for one, another in ((project, other), (other, project)):
        only_here = told_by_one(one.exports, another.exports)
        assert len(only_here) > 10
        assert found_in(files_of(another), only_here) == set()
    records = {home.name: held(home) for home in (project, other)}
    assert records[ACME] == 0 and records["beta"] > 20


def test_the_fleet_shows_where_each_stands(page, ui, instance, picture):
    deadline = time.monotonic() + 90
    while ACME not in (by_name := rows(instance)) or "back" not in by_name[ACME]["next"]:
        assert time.monotonic() < deadline, by_name
        time.sleep(1)
    assert by_name[ACME]["next"].startswith("Everything was taken back.")
    assert by_name["beta"]["step"] in ("Delta", "Reconciliation")
    open_page(page, ui, "/assets/fleet", "acme", "beta", "Everything was taken back.")
    picture("8-fleet")


def made(instance, asset: str) -> set[str]:
    """The partitions of an asset that are materialized."""
    return set(instance.get_materialized_partitions(dg.AssetKey(asset.split("/"))))


def rows(instance) -> dict[str, dict[str, str]]:
    """The rows of the asset fleet, by migration."""
    event = instance.get_latest_materialization_event(dg.AssetKey("fleet"))
    if event is None:
        return {}
    shown = event.asset_materialization.metadata["migrations"].value.records
    return {record.data["migration"]: record.data for record in shown}


def told_by_one(exports, others) -> set[str]:
    """E-mails, phones and streets of these exports that stand nowhere in the others.

    Not names: both firms of the example have one team.
    """
    shared = {value for _, value in found_in(others.rglob("*.*"), planted(exports))}
    return {
        value for value in planted(exports)
        if re.search(r"[@\d]", value)
        and not {value.lower(), re.sub(r"\D", "", value)[-10:]} & shared
    }  # fmt: skip


def files_of(project):
    """What lies in a home."""
    return [path for path in project.root.rglob("*") if path.is_file()]


def held(project) -> int:
    """Records that the migration has in HighLevel, by its journal."""
    with open_journal(project) as journal:
        return sum(row["records"] for row in journal.counts("sandbox-location"))


def wait_until_told(project):
    deadline = time.monotonic() + 180
    while steps_done.waiting(project):
        assert time.monotonic() < deadline, "Dagster was not told"
        time.sleep(0.5)
    with steps_done.taken(project):  # the teller is done
        pass


def contact_of(account: str, client: dict[str, str]) -> dict[str, str]:
    """The contact of a client, as the sandbox holds it."""
    dump = requests.get(f"{account}/_sandbox/dump", timeout=30).json()
    found = [c for c in dump["contacts"] if c.get("email") == client["Email"].lower()]
    assert len(found) == 1, found
    return dict(found[0])


def edited_in_highlevel(account: str, project) -> tuple[dict[str, str], str]:
    """A user of the sub-account changes the phone of one client; the client, and the phone."""
    with (project.exports / "clients_1.csv").open(newline="", encoding="utf-8-sig") as file:
        client = next(r for r in csv.DictReader(file) if r["Email"] and r["Phone"])
    phone = "+18605550199"
    answer = requests.put(
        f"{account}/contacts/{contact_of(account, client)['id']}",
        json={"phone": phone},
        headers={"Authorization": "Bearer pit-sandbox", "Version": "v3"},
        timeout=30,
    )
    assert answer.ok, answer.text
    return client, phone


def exported_again(project, client: dict[str, str], phone: str) -> None:
    """A later export session with this one client, changed; put in place as a person does."""
    later = project.root / "clients_later.csv"
    with later.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(client))
        writer.writeheader()
        writer.writerow({**client, "Phone": phone})
    later.rename(project.exports / later.name)


def picked_up(ui) -> str:
    """The delta run the sensor launches; waits for a tick or two."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        runs = ui.runs("08_delta")
        if runs:
            return str(runs[0]["runId"])
        time.sleep(0.5)
    raise TimeoutError(f"the sensor launched nothing: {ui.sensor('new_export_session')}")
