"""The preflight against sub-accounts of every setting: right verdicts, and not one write."""

import datetime as dt
import json
from dataclasses import replace

import pytest
import requests

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.pacing import PaceSnapshot, UnlimitedPacer
from flitstack_pipeline.highlevel.retry import RetryPolicy
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.plan import Plan
from flitstack_pipeline.migration.preflight import Needs, Recognisable, examine
from flitstack_pipeline.migration.preflight.contents import quota_line
from flitstack_pipeline.migration.preflight.settings import time_zone_line
from flitstack_pipeline.migration.preflight.workflows import Released
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.users import Member
from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline_tests.migration.conftest import many, small_schema

GOOD = {"settings": {"allowDuplicateOpportunity": True, "allowDuplicateContact": True}}
ACCOUNTS = {
    "good": GOOD,
    "used": GOOD,
    "no-duplicates": {"settings": {"allowDuplicateOpportunity": False}},
    "full": GOOD | {"objects": [f"custom_objects.own{i}" for i in range(10)]},
    "almost-full": GOOD | {"objects": [f"custom_objects.own{i}" for i in range(9)]},
    "has-invoice": GOOD | {"objects": [t.INVOICE]},
    "conflicts": GOOD
    | {
        "custom_fields": [
            {"name": t.SOURCE_ID, "dataType": "NUMERICAL", "model": "contact"},
            {"name": "Source_System_Id__C!", "dataType": "TEXT", "model": "opportunity"},
            {"name": t.SOURCE_TYPE, "dataType": "RADIO", "model": "contact", "options": ["Client"]},
        ],
        "pipelines": [{"name": "job workflow", "stages": ["New", "Completed"]}],
    },
    "no-scopes": GOOD
    | {"deniedScopes": [f"{kind}.readonly" for kind in ("opportunities", "users", "workflows")]},
    "talks": GOOD
    | {
        "conversationProviders": ["a-provider"],
        "calendars": [{"id": "a-calendar", "name": "Visits"}],
    },
    "mute": GOOD
    | {"deniedScopes": ["conversations/message.readonly", "calendars.readonly"]},
    "lived-in": {
        "timezone": "America/Los_Angeles",
        "settings": {"allowDuplicateOpportunity": True, "allowDuplicateContact": False},
        "contacts": [{"firstName": "Old", "email": "C1@example.com"}, {"firstName": "New"}],
        "businesses": [{"properties": {"name": " company 0"}}],
        "workflows": [{"name": "Welcome", "status": "published"},
                      {"name": "Sleeping", "status": "draft"}],
        "users": [{"name": "Ana Diaz", "email": "ANA@example.com"},
                  {"name": "Old Boss", "email": "boss@example.com", "deleted": True}],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    seed = tmp_path_factory.mktemp("preflight") / "seed.json"
    places = [{"id": name, **about} for name, about in ACCOUNTS.items()]
    seed.write_text(json.dumps({"locations": places}))
    with start_sandbox(
        rate="none", daily=0, search_lag_ms=0, location=list(ACCOUNTS), seed_location=seed
    ) as running:
        yield running.url


def connect(url, location, token=None, agency="pit-agency-sandbox"):
    usual = "pit-sandbox" if location == "good" else f"pit-sandbox-{location}"
    connection = Connection(url, token or usual, location, agency)
    quick = RetryPolicy(first_wait_s=0.01, interval_s=0.05, longest_wait_s=0.1)
    return HighLevel(HighLevelClient(connection, UnlimitedPacer(), retry=quick))


def writes(url):
    return requests.get(f"{url}/_sandbox/stats", timeout=10).json()["writes"]


NEEDS = Needs(small_schema(), "America/New_York")


@pytest.fixture
def look(url, journal):
    """Examine an account; fails when anything was written."""

    def examined(location, needs=NEEDS, **how):
        before = writes(url)
        found = examine(connect(url, location, **how), journal, needs)
        assert writes(url) == before
        return found

    return examined


def line(found, check):
    (only,) = [x for x in found.lines if x.check == check]
    return only


def failures(found):
    return {x.check for x in found.lines if x.verdict == "fail"}


def test_an_empty_account_with_an_agency_token_passes(look):
    found = look("good")
    assert found.passed
    assert line(found, "scopes to read").verdict == "pass"
    assert line(found, "custom objects").found.startswith("Invoice will be made; 0 of 10")
    assert "5 will be made" in line(found, "custom fields on Contact").found
    assert line(found, "unique Source ID").verdict == "warn"
    assert found.by_hand == []


def test_one_opportunity_per_client_is_a_hard_stop(look):
    found = look("no-duplicates")
    assert failures(found) == {"duplicate opportunities"}
    assert "Allow Duplicate Opportunity" in line(found, "duplicate opportunities").what_to_do


def test_without_an_agency_token_missing_objects_go_on_the_checklist(look):
    found = look("good", agency=None)
    assert failures(found) == {"custom objects"}
    (todo,) = found.by_hand
    assert (todo.name, todo.key) == ("Invoice / Invoices", t.INVOICE)
    assert todo.data_type == "primary field Name (text)"


def test_without_an_agency_token_objects_made_by_hand_are_enough(look):
    found = look("has-invoice", replace(NEEDS, released=Released(checked_by="Ana")), agency=None)
    assert found.passed and found.by_hand == []


def test_an_agency_token_that_is_refused_counts_as_none(look):
    found = look("good", agency="pit-someone-elses")
    assert line(found, "agency token").verdict == "warn"
    assert failures(found) == {"custom objects"}


@pytest.mark.parametrize(("location", "passes"), [("full", False), ("almost-full", True)])
def test_ten_custom_objects_are_the_most(look, location, passes):
    found = look(location)
    assert found.passed is passes
    if not passes:
        assert "Delete 1" in line(found, "custom objects").what_to_do


def test_conflicting_fields_and_a_foreign_pipeline_are_named_one_by_one(look):
    found = look("conflicts")
    assert failures(found) == {
        f"custom field {t.SOURCE_ID}", "pipeline Job Workflow"}  # fmt: skip
    wrong = [x for x in found.lines if x.check == f"custom field {t.SOURCE_ID}"]
    assert "NUMERICAL, it must be TEXT" in wrong[0].found
    assert "has the key" in wrong[1].found
    assert "Scheduled" in line(found, "pipeline Job Workflow").what_to_do
    assert "3 options will be added" in line(found, "custom fields on Contact").found


NATIVE = replace(
    NEEDS, activities={"call": "message", "sms": "message", "email": "note",
                       "meeting": "appointment"},
    conversation_provider_id="a-provider", calendar_id="a-calendar",
)  # fmt: skip


def test_notes_need_neither_provider_nor_calendar(look):
    found = look("good")
    assert line(found, "messages").verdict == line(found, "appointments").verdict == "pass"
    named = look("good", replace(NEEDS, conversation_provider_id="p", calendar_id="c"))
    assert "choose message under `activities`" in line(named, "messages").found
    assert "choose appointment under `activities`" in line(named, "appointments").found


def test_a_calendar_is_looked_up_and_what_no_api_can_show_is_said(look):
    found = look("talks", NATIVE)
    assert found.passed
    messages = line(found, "messages")
    assert messages.verdict == "warn" and messages.found.startswith("call, sms become messages")
    assert "conversations/message.write" in messages.what_to_do
    assert "or delete a message" in messages.what_to_do
    assert "of the calendar 'Visits'" in line(found, "appointments").found


def test_a_provider_or_calendar_that_nobody_named_stops_the_migration(look):
    found = look("talks", replace(NATIVE, conversation_provider_id="", calendar_id=""))
    assert failures(found) == {"messages", "appointments"}
    assert "HIGHLEVEL_CONVERSATION_PROVIDER_ID" in line(found, "messages").what_to_do
    assert "HIGHLEVEL_CALENDAR_ID" in line(found, "appointments").what_to_do


def test_a_calendar_that_is_not_there_is_a_stop_that_names_the_others(look):
    found = look("talks", replace(NATIVE, calendar_id="another"))
    assert failures(found) == {"appointments"}
    assert "Visits (a-calendar)" in line(found, "appointments").found
    nowhere = look("good", replace(NATIVE, calendar_id="no-such"))
    assert "none at all" in line(nowhere, "appointments").found
    theirs = look("good", NATIVE)  # a calendar of another sub-account
    assert "there is no calendar a-calendar" in line(theirs, "appointments").found


def test_a_scope_that_messages_or_appointments_lack_is_named(look):
    found = look("mute", NATIVE)
    assert failures(found) == {"messages", "appointments"}
    assert "tick conversations.readonly" in line(found, "messages").what_to_do
    assert "tick calendars.readonly" in line(found, "appointments").what_to_do


def test_a_missing_scope_is_named_with_where_to_tick_it(look):
    found = look("no-scopes")
    scopes = line(found, "scopes to read")
    assert scopes.verdict == "fail"
    assert "opportunities.readonly, users.readonly" in scopes.what_to_do
    assert "duplicate opportunities" in {x.check for x in found.lines}
    workflows = line(found, "published workflows")
    assert workflows.verdict == "fail" and "lacks workflows.readonly" in workflows.found
    ticked = look("no-scopes", replace(NEEDS, released=Released(checked_by="Ana Diaz")))
    assert line(ticked, "published workflows").verdict == "pass"
    assert "Ana Diaz looked" in line(ticked, "published workflows").found


@pytest.mark.parametrize(
    ("location", "token", "says"),
    [
        ("good", "pit-wrong", "does not accept the token (401)"),
        ("used", "pit-sandbox", "not for the sub-account used (403)"),
    ],
)
def test_a_wrong_token_or_location_says_which(look, location, token, says):
    team = replace(NEEDS, members=[Member("main/users/1", "Ana", "ana@example.com", records=3)])
    found = look(location, team, token=token)
    assert not found.passed
    assert found.team.people == []  # nobody knows who has no user
    (only,) = found.lines
    assert says in only.found and only.what_to_do


def test_nobody_answers(journal):
    found = examine(connect("http://127.0.0.1:9", "good"), journal, NEEDS)
    (only,) = found.lines
    assert only.verdict == "fail" and "no usable answer" in only.found


def test_what_lives_in_the_account_is_counted_and_explained(look):
    values = {"e:c1@example.com": 1, "p:5551234567": 2}
    needs = replace(
        NEEDS,
        members=[Member("main/users/1", "Ana Diaz", "ana@example.com", records=3),
                 Member("main/users/2", "Boss", "boss@example.com", records=1)],
        recognisable=[Recognisable("contact", "contacts", values),
                      Recognisable("company", "companies", {"n:company 0": 1})],
    )  # fmt: skip
    found = look("lived-in", needs)
    assert failures(found) == {"published workflows"}
    assert line(found, "time zone").verdict == "warn"
    assert "2 contacts share" in line(found, "duplicate contacts").found
    assert "2 that no migration made, 1 of them match" in line(found, "existing contacts").found
    assert line(found, "existing companies").verdict == "warn"
    # a contact and a company, each read twice by its id
    assert "4 to read what was there before by its id" in line(found, "requests").found
    workflows = line(found, "published workflows")
    assert workflows.found == "Welcome"
    assert "Automation → Workflows → “Welcome” → Publish off (Draft)" in workflows.what_to_do
    assert "“Boss” (1 records)" in line(found, "users").found
    assert list(found.team.users) == ["main/users/1"]


def test_a_published_workflow_is_released_by_its_exact_name_only(look):
    named = look("lived-in", replace(NEEDS, released=Released(frozenset({"Welcome"}))))
    assert named.passed
    assert line(named, "published workflows").found == "released by a person: Welcome"
    other = look("lived-in", replace(NEEDS, released=Released(frozenset({"welcome"}))))
    assert failures(other) == {"published workflows"}


def test_workflows_of_custom_objects_that_were_there_are_looked_at_by_a_person(look):
    found = look("has-invoice")
    assert failures(found) == {"workflows of custom objects"}
    assert "Invoice" in line(found, "workflows of custom objects").found
    assert look("has-invoice", replace(NEEDS, released=Released(checked_by="Ana"))).passed
    assert line(look("good"), "workflows of custom objects").verdict == "pass"


def test_our_own_finished_migration_passes_again(look, url, journal):
    hl = connect(url, "used")
    run = journal.start_run(hl.location_id, "cutover")
    catalog = provision(hl, small_schema(), journal, run)
    rows = many(3)
    load(hl, journal, catalog, rows, run, options=LoadOptions(search_lag_s=0.1))
    values = {f"e:c{i}@example.com": 1 for i in range(3)}
    needs = replace(NEEDS, recognisable=[Recognisable("contact", "contacts", values)])
    found = look("used", needs, agency=None)
    assert found.passed
    assert line(found, "scopes to write").verdict == "pass"
    assert line(found, "drift").verdict == "pass"
    assert "0 that no migration made" in line(found, "existing contacts").found
    assert line(found, "custom fields on Contact").found == "5 there, 0 will be made"


def test_zones_that_keep_the_same_time_are_the_same():
    day = dt.date(2026, 1, 1)
    assert time_zone_line("America/Detroit", "America/New_York", day).verdict == "pass"
    assert time_zone_line("America/Phoenix", "America/Denver", day).verdict == "warn"
    assert time_zone_line("Mars/Olympus", "Mars/Olympia", day).verdict == "warn"
    assert time_zone_line("", "America/New_York", day).verdict == "warn"


def test_a_load_longer_than_the_day_says_how_many_days():
    pace = PaceSnapshot(100, 10.0, used_today=150_000, daily_limit=200_000)
    plan = Plan(write_requests=240_000, read_requests=20_000)
    late = quota_line(plan, pace)
    assert late.verdict == "warn" and "3 days" in late.what_to_do
    assert quota_line(Plan(write_requests=9), pace).verdict == "pass"


def test_reads_by_id_of_partial_rows_and_of_what_was_there_before_count_for_the_days():
    """50,000 requests are left: 49,000 with the partial rows, 51,000 with 1,000 matches."""
    pace = PaceSnapshot(100, 10.0, used_today=150_000, daily_limit=200_000)
    plan = Plan(write_requests=40_000, read_requests=5_000, more_reads=4_000)
    assert quota_line(plan, pace).verdict == "pass"
    late = quota_line(plan, pace, 2_000)
    assert late.verdict == "warn" and "up to 2 days" in late.what_to_do
    assert "2000 to read what was there before by its id" in late.found
