"""A migration whose calls, texts, e-mails and meetings keep their own time, through the command.

What HighLevel should hold is computed here from the export, not by the migration. This is the story
that is told on the official pages' shapes; the others are told on what live clients recorded.
"""

import csv
import datetime as dt
import json
from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.examples import generate
from flitstack_pipeline_tests.e2e.conftest import audited

pytestmark = pytest.mark.e2e

PROVIDER, CALENDAR = "HIGHLEVEL_CONVERSATION_PROVIDER_ID", "HIGHLEVEL_CALENDAR_ID"
KINDS = ("Meeting", "SMS", "Email", "Call", "Incoming call", "Text message", "Note")
TYPES = {"SMS": "SMS", "Text message": "SMS", "Email": "Email", "Call": "Call",
         "Incoming call": "Call"}  # fmt: skip


def lifelike(path):
    """Let activities be of every kind, of one direction or the other, some with a length."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    for number, row in enumerate(rows):
        row[header.index("Kind")] = KINDS[number % len(KINDS)]
        row += [("Inbound", "Outbound")[number % 2], str(15 * (number % 4) or "")]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*header, "Direction", "Duration"], *rows])


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A data folder with an environment that names a conversation provider and a calendar."""
    root = tmp_path_factory.mktemp("native")
    generate(root / "exports", clients=8, seed=11)
    lifelike(root / "exports" / "notes.csv")
    settings = {PROVIDER: "a-provider", CALENDAR: "a-calendar"}
    with audited(root, FLITSTACK_SANDBOX_PROFILE="documented", **settings) as told:
        assert told.flitstack("acknowledge", "all", "--by", "Ann") == 0, told.said
        yield told


def exported(story):
    """The activities of the export by their id, each with its moment in UTC."""
    with (story.root / "exports" / "notes.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["Activity ID"]: row for row in csv.DictReader(file)}
    for row in rows.values():
        clock = dt.datetime.strptime(row["Date"], "%m/%d/%Y %I:%M %p")
        moment = clock.replace(tzinfo=ZoneInfo("America/New_York")).astimezone(dt.UTC)
        row["moment"] = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return rows


def test_the_proposal_takes_messages_and_says_that_they_stay(story):
    assert story.flitstack("map", "propose") == 0, story.said
    assert "meeting → appointment" in " ".join(story.said.split())
    assert story.flitstack("map", "confirm", "Ann") == 0
    assert "can neither change nor delete a message" in " ".join(story.said.split())


def test_a_provider_that_is_no_longer_named_stops_everything_before_a_write(story, monkeypatch):
    monkeypatch.delenv(PROVIDER)
    assert story.flitstack("migrate") == 4, story.said
    assert PROVIDER in story.said
    assert story.stats()["writes"] == 0


def test_lost_answers_double_nothing_and_every_moment_is_the_exports(story):
    story.faults(seed=4, reset_after=0.3, only="POST:/conversations|POST:/calendars")
    assert story.flitstack("migrate", "--approve-sample", "Ann") == 0, story.said
    faults = story.call("GET", "/_sandbox/faults")
    assert faults["injected"]["reset_after"] > 0
    story.faults()
    rows, dump = exported(story), story.dump()
    messages = {m["altId"].rsplit("/", 1)[-1]: m for m in dump["messages"]}
    assert len(messages) == len(dump["messages"]), "no message twice"
    assert {k: m["type"] for k, m in messages.items()} == {
        k: TYPES[r["Kind"]] for k, r in rows.items() if k in messages
    }
    for key, message in messages.items():
        assert message["dateAdded"][:19] == rows[key]["moment"]
        assert message["direction"] == rows[key]["Direction"].lower()
    visits = Counter(a["startTime"][:19] for a in dump["appointments"])
    assert visits == Counter(r["moment"] for r in rows.values() if r["Kind"] == "Meeting")
    assert max(Counter(c["contactId"] for c in dump["conversations"]).values()) == 1


def test_nothing_of_an_activity_is_lost(story):
    """Every activity of the export is in HighLevel, by its source key, in some form."""
    dump = story.dump()
    texts = [n["body"] for n in dump["notes"]] + [a["description"] for a in dump["appointments"]]
    texts += [str(m.get("html") or m.get("message")) for m in dump["messages"]]
    told = " ".join(texts)
    for key, row in exported(story).items():
        assert f"activities/{key}" in told
        assert row["Author"] in told
    calls = [m["altId"] for m in dump["messages"] if m["type"] == "Call"]
    noted = " ".join(n["body"] for n in dump["notes"])
    assert calls and all(f"Contractor+ ref: {key}" in noted for key in calls)


def test_the_plan_tells_what_activities_become_and_why(story):
    told = str(services.plan_stage(story.project, "cutover").tables["what activities become"])
    assert "meeting as appointment" in told and "sms as message" in told


def test_a_second_run_writes_nothing(story):
    before = story.stats()["writes"]
    assert story.flitstack("migrate") == 0, story.said
    assert story.stats()["writes"] == before


def test_a_delta_moves_a_meeting_and_leaves_a_changed_text_to_a_person(story):
    rows = exported(story)
    texted = {m["altId"].rsplit("/", 1)[-1] for m in story.dump()["messages"] if m["type"] == "SMS"}
    text = min(texted)
    visit = min(k for k, r in rows.items() if r["Kind"] == "Meeting")
    story.export("notes.csv", {text: {"Text": "Another text"}, visit: {"Date": "3/4/2024 9:30 AM"}},
                 whole=False)  # fmt: skip
    assert story.flitstack("delta") == 5, story.said
    dump = story.dump()
    assert "2024-03-04T14:30:00" in {a["startTime"][:19] for a in dump["appointments"]}
    (waiting,) = json.loads((story.root / "reports" / "delta.json").read_text())["conflicts"]
    assert "cannot change a message" in waiting["what"]
    assert story.flitstack("resolve", waiting["record"], "body", "theirs") == 0, story.said
    assert story.flitstack("reconcile") == 0, story.said


def test_rollback_says_before_what_it_does_and_leaves_nothing(story):
    assert story.flitstack("rollback", "--dry-run") == 0, story.said
    assert story.dump()["messages"]
    assert story.flitstack("rollback") == 0, story.said
    dump = story.dump()
    for name in ("messages", "conversations", "appointments", "notes", "contacts"):
        assert dump[name] == [], name
