"""Several sub-accounts: every record goes to one, with its parents; each has its own token."""

import json
import shutil
from collections import Counter

import pytest
import requests
from typer.testing import CliRunner

from flitstack_pipeline import services
from flitstack_pipeline.accounts import NotConfigured, accounts_of, unconfigured
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.cli import app, exit_code, spread_names
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.mapping.document import MapDocument, OwnerEntry
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.migration.preflight import mapped
from flitstack_pipeline.migration.provisioning import making
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline.services.foreign_migrations import OtherJournal
from flitstack_pipeline.services.loading import load_keys
from flitstack_pipeline.services.prepare import undecided_owners
from flitstack_pipeline.services.project_context import accounts, open_account
from flitstack_pipeline.services.workflows import WorkflowsRunning
from flitstack_pipeline.settings import Project, Settings
from flitstack_pipeline_tests.mapping.small import link, put, warehouse

MAIN = {"Authorization": "Bearer pit-main", "Version": "v3"}
TOKENS = {"HIGHLEVEL_TOKEN__DALLAS_TX": "pit-dallas", "HIGHLEVEL_LOCATION_ID__DALLAS_TX": "loc-d"}


def settings(**values):
    return Settings(token="pit-main", location_id="loc-m", **values)  # type: ignore[arg-type]


def test_a_further_account_has_its_token_and_id_in_variables_named_after_it():
    main, dallas = accounts_of(settings(), ["main", "dallas-tx"], TOKENS)
    assert (main.location_id, main.token, main.is_default) == ("loc-m", "pit-main", True)
    assert (dallas.location_id, dallas.token, dallas.is_default) == ("loc-d", "pit-dallas", False)
    assert "pit-" not in repr([main, dallas])


def test_each_account_has_its_own_conversation_provider_and_calendar():
    own = {"HIGHLEVEL_CONVERSATION_PROVIDER_ID__DALLAS_TX": "prov-d"}
    main, dallas = accounts_of(
        settings(conversation_provider_id="prov-m", calendar_id="cal-m"),
        ["main", "dallas-tx"], TOKENS | own,
    )  # fmt: skip
    assert (main.conversation_provider_id, main.calendar_id) == ("prov-m", "cal-m")
    assert (dallas.conversation_provider_id, dallas.calendar_id) == ("prov-d", "")
    (missing,) = unconfigured(dallas, {"note", "message", "appointment"})
    assert "Set HIGHLEVEL_CALENDAR_ID__DALLAS_TX" in missing
    assert unconfigured(dallas, {"note", "message"}) == []


def test_the_name_of_an_account_is_its_id_unless_said_otherwise():
    only_token = {"HIGHLEVEL_TOKEN__VE9EPM42": "pit-x"}
    assert accounts_of(settings(), ["main", "ve9EPM42"], only_token)[1].location_id == "ve9EPM42"


def test_everything_that_is_missing_is_named_at_once():
    with pytest.raises(NotConfigured) as error:
        accounts_of(Settings(token="pit-main", location_id=""), ["main", "dallas", "reno"], {})
    for name in ("HIGHLEVEL_LOCATION_ID:", "HIGHLEVEL_TOKEN__DALLAS:", "HIGHLEVEL_TOKEN__RENO:"):
        assert name in str(error.value)


def test_two_names_of_one_account_are_refused():
    same = {"HIGHLEVEL_TOKEN__B": "pit-b", "HIGHLEVEL_LOCATION_ID__B": "loc-m"}
    with pytest.raises(NotConfigured, match="same sub-account, loc-m"):
        accounts_of(settings(), ["main", "b"], same)


def test_the_embedded_sandbox_has_every_account_of_the_map():
    found = accounts_of(Settings(token=None), ["main", "dallas"])
    assert [a.location_id for a in found] == ["sandbox-location", "dallas"]


# --- a migration into two ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _served(tmp_path_factory):
    """A mapped project whose clients in Dallas go to a second sub-account, served over HTTP."""
    folder = tmp_path_factory.mktemp("two-accounts")
    office = {"name": "Office", "email": "office@example.com"}
    ana = {"name": "Ana", "email": "ana@example.com"}
    places = [{"id": "loc-m", "users": [ana, office]}, {"id": "loc-d", "users": [office]}]
    seed = folder / "seed.json"
    seed.write_text(json.dumps({"locations": places}))
    with pytest.MonkeyPatch.context() as patch, start_sandbox(
        rate="none", daily=0, search_lag_ms=0, allow_duplicate_opportunity=True,
        allow_duplicate_contact=True, seed_location=seed,
        location=["loc-m=pit-main", "loc-d=pit-dallas"],
    ) as running:  # fmt: skip
        environment = TOKENS | {
            "HIGHLEVEL_BASE_URL": running.url, "HIGHLEVEL_TOKEN": "pit-main",
            "HIGHLEVEL_LOCATION_ID": "loc-m", "HIGHLEVEL_AGENCY_TOKEN": running.agency_token,
            "FLITSTACK_DATA": str(folder / "data"), "FLITSTACK_SEARCH_LAG_S": "1",
        }  # fmt: skip
        for name, value in environment.items():
            patch.setenv(name, value)
        # the sandbox lists at once what it made: half a minute of looking would find nothing more
        patch.setattr(making, "LOOK_PAUSES", (0.0, 0.2))
        project = Project.from_environment().prepare()
        with project.warehouse.connect():
            _fill(project)
            yield project, running.url, project.map_path.read_text()


@pytest.fixture
def two_accounts(_served):
    """The same, with empty accounts, a new journal and the map as it was confirmed."""
    project, url, confirmed = _served
    requests.post(f"{url}/_sandbox/reset", timeout=10).raise_for_status()
    _lose_the_journal(project)
    project.map_path.write_text(confirmed)
    with services.accounts_kept_open(project):
        yield project, url


def _fill(project):
    with project.warehouse.connect() as con:
        ana = _clients_with_jobs(warehouse(con))
        document = propose(con, None, None)
    document.routing.rules = [{"by": "clients.city", "equals": "Dallas", "location": "dallas-tx"}]
    document.owners[ana] = OwnerEntry(name="Ana", email="ana@example.com", user="ana@example.com")
    document.fallback_owner = "office@example.com"
    document.confirm_all("Tester")
    document.save(project.map_path)
    for key in KEYS:
        services.map_object(project, key)


def _clients_with_jobs(con):
    """Three clients with a job and an invoice each, all Ana's; returns Ana's key."""
    ana = put(con, "users", 1, name="Ana", email="ana@example.com")
    for n, city in enumerate(["Dallas", "Reno", "dallas"]):
        client = put(con, "clients", n, name=f"Client {n}", first_name=f"Client {n}", city=city,
                     email=f"c{n}@example.com")  # fmt: skip
        job = put(con, "jobs", n, number=f"J-{n}", status="new")
        invoice = put(con, "invoices", n, number=f"INV-{n}", total="12.50")
        link(con, job, "client", client)
        link(con, job, "owner", ana)
        link(con, invoice, "client", client)
        link(con, invoice, "job", job)
    return ana


def held(url, location):
    dump = requests.get(f"{url}/_sandbox/dump?locationId={location}", timeout=10).json()
    return dump, Counter(
        contacts=len(dump["contacts"]), jobs=len(dump["opportunities"]),
        invoices=len(dump["objects"].get("custom_objects.invoice", {"records": []})["records"]),
        relations=len(dump["relations"]),
    )  # fmt: skip


def load_everything(project):
    return {key: load_keys(project, "cutover", key, None) for key in KEYS}


def test_each_record_goes_to_one_account_with_its_parents(two_accounts):
    project, url = two_accounts
    checked = services.preflight(project)
    assert checked.passed
    assert {x["sub-account"] for x in services.preflight_lines(project)} == {"main", "dallas-tx"}
    assert requests.get(f"{url}/_sandbox/stats", timeout=10).json()["writes"] == 0
    assert services.provision(project).passed
    assert all(not r.problems and r.complete for r in load_everything(project).values())

    main, dallas = held(url, "loc-m"), held(url, "loc-d")
    assert main[1] == {"contacts": 1, "jobs": 1, "invoices": 1, "relations": 2}
    assert dallas[1] == {"contacts": 2, "jobs": 2, "invoices": 2, "relations": 4}
    users = {u["id"]: u["email"] for u in [*main[0]["users"], *dallas[0]["users"]]}
    owner = {users[j["assignedTo"]] for j in main[0]["opportunities"]}
    stand_in = {users[j["assignedTo"]] for j in dallas[0]["opportunities"]}
    assert owner == {"ana@example.com"} and stand_in == {"office@example.com"}

    again = load_everything(project)
    assert sum(r.requests for r in again.values()) == 0
    assert {c["email"]: c["city"] for c in dallas[0]["contacts"]}.keys() == {
        "c0@example.com", "c2@example.com"}  # fmt: skip

    undone = services.rollback(project)
    assert undone.passed, undone.facts
    for location in ("loc-m", "loc-d"):
        assert not +held(url, location)[1]


def test_the_command_ends_with_4_until_the_account_may_be_written_to(two_accounts, monkeypatch):
    project, url = two_accounts
    run = CliRunner().invoke
    assert run(app, ["preflight"]).exit_code == 0
    monkeypatch.setenv("HIGHLEVEL_TOKEN__DALLAS_TX", "pit-wrong")
    refused = run(app, ["preflight"])
    assert refused.exit_code == 4 and "set HIGHLEVEL_TOKEN__DALLAS_TX." in refused.output
    assert "does not accept the token" in (project.reports / "preflight.html").read_text()
    lines = {x["sub-account"]: x["verdict"] for x in services.preflight_lines(project)}
    assert lines["dallas-tx"] == "fail"
    assert run(app, ["prepare"]).exit_code == 4
    assert requests.get(f"{url}/_sandbox/stats", timeout=10).json()["writes"] == 0


def _workflows(url, *named):
    found = [{"name": name, "status": status} for name, status in named]
    body = {"locationId": "loc-m", "workflows": found}
    requests.post(f"{url}/_sandbox/workflows", json=body, timeout=10).raise_for_status()


def test_a_published_workflow_stops_preflight_and_every_load_until_released_by_name(two_accounts):
    project, url = two_accounts
    run = CliRunner().invoke
    _workflows(url, ("Welcome text", "published"), ("Old drip", "draft"))
    refused = run(app, ["preflight"])
    assert refused.exit_code == 4
    (stop,) = [x for x in services.preflight_lines(project) if x["verdict"] == "fail"]
    assert stop["found"] == "Welcome text" and "“Welcome text” → Publish off" in stop["what_to_do"]
    assert run(app, ["preflight", "--workflows-may-run", "Old drip"]).exit_code == 4
    assert run(app, ["preflight", "--workflows-may-run", "Welcome text"]).exit_code == 0
    assert run(app, ["preflight"]).exit_code == 0  # the release is in the journal
    services.provision(project)
    _workflows(url, ("Welcome text", "published"), ("Review request", "published"))
    with pytest.raises(WorkflowsRunning, match="published workflows: Review request"):
        load_everything(project)
    assert held(url, "loc-m")[1]["contacts"] == 0
    assert exit_code(WorkflowsRunning("the sample", ["x"])) == 4
    _workflows(url, ("Welcome text", "published"))
    assert load_keys(project, "cutover", "clients", None).complete
    _workflows(url, ("Welcome text", "published"), ("Review request", "published"))
    with pytest.raises(WorkflowsRunning, match="published workflows: Review request"):
        load_keys(project, "cutover", "jobs", None)  # in a later wave of the same stage
    MigrationProject(data=str(project.root), workflows_may_run=["Review request"]).open()
    assert all(r.complete for r in load_everything(project).values())  # as Dagster was told


def test_without_duplicate_opportunities_preflight_refuses_and_nothing_is_written(two_accounts):
    project, url = two_accounts
    run = CliRunner().invoke
    _duplicate_opportunities(url, allowed=False)
    try:
        for command in ("preflight", "prepare"):
            refused = run(app, [command])
            assert refused.exit_code == 4 and "duplicate opportunities" in refused.output
        stops = [x for x in services.preflight_lines(project) if x["verdict"] == "fail"]
        assert [(x["sub-account"], x["check"]) for x in stops] == [
            ("main", "duplicate opportunities")
        ]
        assert "Settings → Objects → Opportunities" in stops[0]["what_to_do"]
        assert held(url, "loc-m")[1]["contacts"] == 0
    finally:
        _duplicate_opportunities(url, allowed=True)
    assert run(app, ["preflight"]).exit_code == 0


def test_a_client_whose_jobs_grew_past_highlevels_limit_stops_a_load_after_the_preflight(
    two_accounts, monkeypatch
):  # fmt: skip
    project, _ = two_accounts
    assert services.preflight(project).passed
    assert "opportunities of a contact" not in " ".join(
        services.load_refusals(project, "delta", "jobs")
    )
    monkeypatch.setattr(mapped, "OPPORTUNITIES_MOST", 0)  # each of the three clients has one job
    project.warehouse.path.touch()  # as if they had grown: the file was written
    said = " ".join(services.load_refusals(project, "delta", "jobs"))
    assert said.count("opportunities of a contact: more than HighLevel") == 2  # in each account
    assert all(f"Client {n} (1)" in said for n in (0, 1, 2))


def _duplicate_opportunities(url, allowed):
    requests.put(
        f"{url}/locations/loc-m", json={"settings": {"allowDuplicateOpportunity": allowed}},
        headers={"Authorization": "Bearer pit-agency-sandbox", "Version": "v3"}, timeout=10,
    ).raise_for_status()  # fmt: skip


def _lose_the_journal(project, emptied=False):
    """The journal and its copies: with one of those `journal repair` would rebuild it."""
    shutil.rmtree(project.root / "journal-copies", ignore_errors=True)
    for path in project.root.glob("journal.sqlite*"):
        path.unlink()
    if emptied:
        (project.root / "journal.sqlite").touch()


def test_a_lost_journal_is_refused_and_adopted_without_doubling_a_thing(two_accounts):
    project, url = two_accounts
    run = CliRunner().invoke
    services.preflight(project)
    services.provision(project)
    load_everything(project)
    before = held(url, "loc-m")[1], held(url, "loc-d")[1]
    marks = [v["value"] for v in _custom_values(url)]
    assert len(marks) == 1 and '"workspaces": ["main"]' in marks[0]
    _lose_the_journal(project)
    refused = run(app, ["preflight"])
    assert refused.exit_code == 4
    stops = {x["check"]: x for x in services.preflight_lines(project) if x["verdict"] == "fail"}
    assert "--adopt" in stops["other migrations"]["what_to_do"]
    assert run(app, ["preflight", "--beside"]).exit_code == 4  # the same workspace
    checked = ["--workflows-checked", "Ann"]  # the objects are not this journal's
    assert run(app, ["preflight", "--adopt", *checked]).exit_code == 0
    services.provision(project)
    results = load_everything(project)
    assert all(r.created == 0 for r in results.values())
    assert (held(url, "loc-m")[1], held(url, "loc-d")[1]) == before
    assert len(_custom_values(url)) == 1  # the mark is this journal's now
    assert run(app, ["preflight"]).exit_code == 0


def test_records_of_exports_that_are_not_here_are_not_adopted(two_accounts):
    project, _ = two_accounts
    services.preflight(project)
    services.provision(project)
    load_everything(project)
    _lose_the_journal(project, emptied=True)
    with project.warehouse.connect() as con:
        for table in ("mapped.invoices", "clean.invoices"):
            con.execute(f"CREATE TEMP TABLE kept_{table[:5]} AS SELECT * FROM {table}")
            con.execute(f"DELETE FROM {table} WHERE source_key = 'main/invoices/1'")
        assert CliRunner().invoke(app, ["preflight", "--adopt"]).exit_code == 4
        for table in ("mapped.invoices", "clean.invoices"):
            con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM kept_{table[:5]}")
    (stop,) = [x for x in services.preflight_lines(project)
               if x["check"] == "other migrations" and x["verdict"] == "fail"]  # fmt: skip
    assert "1 of those keys are in no export of this folder (main/invoices/1)" in stop["what_to_do"]


@pytest.mark.parametrize("workspace", ["west", "main"])
def test_a_migration_of_another_workspace_is_stood_beside_one_of_the_same_is_not(
    two_accounts, workspace
):
    project, url = two_accounts
    mark = {"journal": "jrn-other", "workspaces": [workspace], "since": "2026-01-01T00:00:00+00:00"}
    requests.post(
        f"{url}/locations/loc-m/customValues", timeout=10, headers=MAIN,
        json={"name": "Flitstack migration jrn-other", "value": json.dumps(mark)},
    ).raise_for_status()  # fmt: skip
    run = CliRunner().invoke
    refused = run(app, ["preflight"])
    assert refused.exit_code == 4
    (stop,) = [x for x in services.preflight_lines(project) if x["verdict"] == "fail"]
    assert f"journal jrn-other, workspace {workspace}" in stop["found"]
    with pytest.raises(OtherJournal, match="journal jrn-other"):
        services.provision(project)  # not even the mark is written
    assert len(_custom_values(url)) == 1
    with pytest.raises(ValueError, match="say adopt, beside, or nothing"):
        MigrationProject(data=str(project.root), other_journal="both").open()
    MigrationProject(data=str(project.root), other_journal="beside").open()  # as Dagster is told
    assert run(app, ["preflight"]).exit_code == (0 if workspace == "west" else 4)
    if workspace == "west":
        assert services.provision(project).passed
        assert {json.loads(v["value"])["journal"] for v in _custom_values(url)} > {"jrn-other"}
        services.rollback(project)
        assert [json.loads(v["value"])["journal"] for v in _custom_values(url)] == ["jrn-other"]


def _custom_values(url):
    answer = requests.get(f"{url}/locations/loc-m/customValues", timeout=10, headers=MAIN)
    return answer.json()["customValues"]


def test_names_after_one_option_are_read_one_by_one():
    asked = ["migrate", "--workflows-may-run", "A", "B c", "--confirm-map", "Ann"]
    assert spread_names(asked, "--workflows-may-run") == [
        "migrate", "--workflows-may-run", "A", "--workflows-may-run", "B c", "--confirm-map", "Ann",
    ]  # fmt: skip


def test_the_gate_waits_for_owners_until_a_person_has_decided(two_accounts):
    project, _ = two_accounts
    assert undecided_owners(project) is None
    services.preflight(project)
    assert undecided_owners(project) == []
    document = MapDocument.load(project.map_path)
    (ana,) = document.owners
    for user, status, fallback, is_open in [
        ("typo@example.com", "confirmed", "office@example.com", True),
        ("ana@example.com", "proposed", "office@example.com", True),
        ("ana@example.com", "confirmed", "nobody@example.com", True),
        ("", "confirmed", "", False),
        ("ana@example.com", "excluded", "", False),
    ]:
        document.owners[ana].user, document.owners[ana].status = user, status
        document.fallback_owner = fallback
        document.save(project.map_path)
        assert bool(undecided_owners(project)) is is_open, (user, status, fallback)
        conditions = {c["condition"]: c["ok"] for c in services.gate_conditions(project)}
        assert conditions["users resolved"] is not is_open


def test_the_embedded_sandbox_serves_the_routed_accounts(tmp_path, monkeypatch):
    for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", "HIGHLEVEL_AGENCY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "data"))
    project = Project.from_environment().prepare()
    _fill(project)
    checked = services.preflight(project)
    assert checked.passed
    found = {x["sub-account"]: x["found"] for x in checked.tables["lines"]
             if x["check"] == "sub-account"}  # fmt: skip
    assert "(sandbox-location)" in found["main"] and "(dallas-tx)" in found["dallas-tx"]


def test_a_load_is_refused_while_one_account_lacks_what_the_map_needs(two_accounts):
    project, url = two_accounts
    services.preflight(project)
    services.provision(project)
    dallas = accounts(project)[1]
    with open_account(project, dallas) as (_, destination):
        fields = destination.hl.custom_fields.v1
        gone = next(f for f in fields.list("all") if f["name"] == "Job_Number__c")
        fields.delete(gone["id"])
    with pytest.raises(Refused, match="Job_Number__c' was deleted since we made it"):
        load_everything(project)
    assert held(url, "loc-d")[1]["contacts"] == 0
    services.provision(project)
    assert all(r.complete for r in load_everything(project).values())
