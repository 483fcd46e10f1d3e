"""Calls, texts, e-mails and meetings at their own time: never doubled, proven, taken back."""

from collections import Counter
from dataclasses import replace

import pytest
import requests

from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.highlevel.api.conversations import InboundMessage
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.migration.conflict_resolution import Resolution, apply_resolutions
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.plan import plan_load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import reconcile
from flitstack_pipeline.migration.record_types.messages import Stamp, stamped, thousandths, type_of
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import (
    CALENDAR,
    PROVIDER,
    contact,
    row,
    small_schema,
)
from flitstack_pipeline_tests.migration.test_rollback import state

OPTIONS = LoadOptions(
    search_lag_s=1.0, workers=8, conversation_provider_id=PROVIDER, calendar_id=CALENDAR
)
WHEN = "2023-03-01T16:12:00Z"
PHONE = "+15125550{:03}"


def person(n):
    return contact(n, phone=PHONE.format(n))


def talk(n):
    key = f"main/clients/{n}"
    ends = [("contact", f"contact:{key}")]
    made = row(f"conversation:{key}", "conversation", "conversation", {}, ends, 1, "activities")
    return replace(made, source_key=f"conversation/{key}")


def said(n, name, kind="SMS", direction="outbound", date=WHEN, body="See you at nine", **fields):
    key = f"main/activities/{name}"
    values = {"type": kind, "direction": direction, "date": date, **fields}
    payload = {"fields": values}
    if kind == "Call":
        values.setdefault("status", "completed")
    else:
        payload["body"] = f"{body}\nContractor+ ref: {key}"
    ends = [("contact", f"contact:main/clients/{n}"),
            ("conversation", f"conversation:main/clients/{n}")]  # fmt: skip
    return row(f"message:{key}", "message", "message", payload, ends, 2, "activities")


def meeting(n, name="m", **fields):
    key = f"main/activities/{name}{n}"
    values = {"title": "Site walk", "startTime": WHEN, "status": "confirmed", **fields}
    payload = {"fields": values, "body": f"East wall\nContractor+ ref: {key}"}
    ends = [("contact", f"contact:main/clients/{n}")]
    return row(f"appointment:{key}", "appointment", "appointment", payload, ends, 2, "activities")


def of_every_kind(n):
    """A client with a call each way, a text, an e-mail and a meeting."""
    return [
        person(n), talk(n),
        said(n, f"in{n}", "Call", "inbound", status="voicemail"),
        said(n, f"out{n}", "Call"),
        said(n, f"sms{n}", direction="inbound"),
        said(n, f"mail{n}", "Email", body="<p>Our offer</p>", subject="Offer"),
        meeting(n, endTime="2023-03-01T17:42:00Z"),
    ]  # fmt: skip


def in_order(*rows):
    return sorted(rows, key=lambda r: r.phase)


class Native:
    """A small migration into an account with a conversation provider and a calendar."""

    def __init__(self, account, journal):
        self.account, self.journal, self.hl = account, journal, account.connect()
        self.location = self.hl.location_id
        self.provision()

    def provision(self):
        run = self.journal.start_run(self.location, "prepare")
        self.catalog = provision(self.hl, small_schema(), self.journal, run)

    def load(self, *rows, options=OPTIONS, stage="cutover", hl=None):
        run = self.journal.start_run(self.location, stage)
        result = load(
            hl or self.hl, self.journal, self.catalog, in_order(*rows), run, options=options
        )
        self.journal.end_run(run, "done")
        return result

    def rollback(self, **what):
        run = self.journal.start_run(self.location, "rollback")
        result = rollback(self.hl, self.journal, self.catalog, run, options=OPTIONS, **what)
        self.journal.end_run(run, "done")
        return result

    def compare(self, *rows):
        with PlannedRecords() as planned:
            planned.add(self.journal, self.location, rows)
            found = read_back(self.hl, self.catalog, self.journal, planned.pairs())
            return reconcile(planned, found, {"main": {}})

    def id_of(self, key):
        return self.journal.entry(self.location, key).hl_id

    def context(self):
        from flitstack_pipeline.migration.record_types.base import Context

        run = self.journal.start_run(self.location, "resolve")
        return Context(self.hl, self.catalog, self.journal, run, OPTIONS)

    def writes(self, prefix):
        routes = self.account.stats()["by_route"]
        return sum(r["count"] for r in routes
                   if r["route"].startswith(prefix) and r["method"] != "GET")  # fmt: skip


@pytest.fixture
def native(account, journal):
    return Native(account, journal)


# --- loading and truth ----------------------------------------------------------------------------


def test_messages_calls_and_appointments_keep_their_own_time_and_reconcile(native):
    rows = of_every_kind(1)
    assert native.load(*rows).complete
    dump = native.account.dump()
    messages = {(m["type"], m["direction"]): m for m in dump["messages"]}
    assert {m["dateAdded"][:19] for m in dump["messages"]} == {WHEN[:19]}
    assert messages["Call", "inbound"]["call"] == {"from": PHONE.format(1), "status": "voicemail"}
    assert messages["Call", "outbound"]["call"] == {"to": PHONE.format(1), "status": "completed"}
    assert messages["SMS", "inbound"]["altId"] == "main/activities/sms1"
    assert messages["Email", "outbound"]["subject"] == "Offer"
    (visit,) = dump["appointments"]
    assert (visit["startTime"], visit["endTime"], visit["toNotify"]) == (
        "2023-03-01T16:12:00.000Z", "2023-03-01T17:42:00.000Z", False,
    )  # fmt: skip
    assert len(dump["conversations"]) == 1
    result = native.compare(*rows)
    assert result.good, result.problems
    assert result.by_object["activities"] == {"planned": 6, "verified": 6, "wrong": 0}
    assert result.links["message to conversation"] == {"planned": 4, "right": 4}


def test_nothing_that_sends_is_ever_called(native):
    native.load(*of_every_kind(1))
    routes = {r["route"] for r in native.account.stats()["by_route"] if r["method"] == "POST"}
    assert "/conversations/messages/inbound" in routes
    assert "/conversations/messages" not in routes


def test_a_second_load_writes_nothing(native):
    native.load(*of_every_kind(1))
    before = native.account.stats()["writes"]
    assert native.load(*of_every_kind(1)).unchanged == 7
    assert native.account.stats()["writes"] == before


@pytest.mark.parametrize(
    "fault",
    [
        {"timeout_after": "0.5:1s"}, {"reset_after": 0.5}, {"http_500_after": 0.5},
        {"http_422_after_create": 0.5},
    ],
    ids=lambda fault: next(iter(fault)),
)  # fmt: skip
def test_an_answer_lost_after_the_commit_doubles_nothing(native, fault):
    rows = [r for n in range(4) for r in of_every_kind(n)]
    native.account.faults(seed=5, only="POST:/conversations|POST:/calendars", **fault)
    result = native.load(*rows, hl=native.account.connect(timeout_s=0.4))
    native.account.faults()
    assert result.complete, native.journal.dead_letters(native.location)
    dump = native.account.dump()
    counts = [len(dump[name]) for name in ("conversations", "messages", "appointments")]
    assert counts == [4, 16, 4]
    assert native.journal.open_intents(native.location) == []
    assert native.compare(*rows).good
    assert any(o["result"] in ("ambiguous", "refused") for o in native.journal.operations())


def test_two_calls_of_one_second_are_told_apart_when_answers_are_lost(native):
    rows = [person(1), talk(1), *(said(1, f"c{n}", "Call") for n in range(6))]
    native.account.faults(seed=3, http_500_after=0.5, only="POST:/conversations/messages")
    assert native.load(*rows).complete
    native.account.faults()
    moments = Counter(m["dateAdded"] for m in native.account.dump()["messages"])
    assert set(moments.values()) == {1} and len(moments) == 6
    assert {native.id_of(r.record_key) for r in rows[2:]} == {
        m["id"] for m in native.account.dump()["messages"]
    }


def test_what_the_search_does_not_show_yet_is_waited_for(native):
    native.account.faults(
        seed=1, search_lag="600ms", reset_after="#1+2", only="POST:/conversations/"
    )
    native.load(person(1), person(2))
    native.account.faults(search_lag="600ms", reset_after=1.0, most=2, only="POST:/conversations/")
    assert native.load(person(1), person(2), talk(1), talk(2)).complete
    native.account.faults()
    assert len(native.account.dump()["conversations"]) == 2


def test_the_conversation_a_contact_has_already_is_used(native):
    native.load(person(1))
    theirs = native.hl.conversations.create(native.id_of("contact:main/clients/1"))["id"]
    written(native, "contact:main/clients/1", theirs)
    assert native.load(person(1), talk(1), said(1, "s")).complete
    assert [c["id"] for c in native.account.dump()["conversations"]] == [theirs]
    assert native.journal.entry(native.location, "conversation:main/clients/1").details["existed"]


def written(native, contact_key, conversation, direction="inbound"):
    """Somebody else writes into a conversation."""
    said = InboundMessage(
        type="SMS",
        conversation_id=conversation,
        contact_id=native.id_of(contact_key),
        conversation_provider_id=PROVIDER,
        date="2026-01-02T10:00:00Z",
        direction=direction,
        message="Are you coming?",
    )
    return native.hl.conversations.import_message(said)["messageId"]


def test_without_a_provider_or_a_calendar_the_rows_wait_and_say_what_is_missing(native):
    result = native.load(*of_every_kind(1), options=LoadOptions(search_lag_s=0.2))
    assert result.rejected == 5
    told = {m for x in native.journal.dead_letters(native.location) for m in x["messages"]}
    assert any("HIGHLEVEL_CONVERSATION_PROVIDER_ID" in m for m in told)
    assert any("HIGHLEVEL_CALENDAR_ID" in m for m in told)
    assert native.load(*of_every_kind(1)).complete  # named since


def test_a_refused_call_is_a_dead_letter_with_highlevels_words(native):
    native.load(contact(1), talk(1), said(1, "c", "Call"))
    (letter,) = native.journal.dead_letters(native.location)
    assert letter["record_key"] == "message:main/activities/c"
    assert "no phone number" in letter["messages"][0]


# --- truth ----------------------------------------------------------------------------------------


def test_the_read_back_finds_what_somebody_changed_or_doubled(native):
    rows = of_every_kind(1)
    native.load(*rows)
    visit = native.id_of("appointment:main/activities/m1")
    put(native, f"/calendars/events/appointments/{visit}", {"title": "Another"})
    twin = next(m for m in native.account.dump()["messages"] if m["type"] == "Call")
    copy = {k: twin[k] for k in ("type", "conversationId", "conversationProviderId", "call")}
    copy |= {"date": twin["dateAdded"], "direction": twin["direction"],
             "contactId": twin["contactId"]}  # fmt: skip
    post(native, "/conversations/messages/inbound", copy)
    result = native.compare(*rows)
    assert [(d.field, d.found) for d in result.diffs] == [("title", "Another")]
    (extra,) = result.extra
    assert extra["kind"] == "message" and "source key" in extra["why"]


def test_a_message_that_is_gone_is_missed(native):
    rows = of_every_kind(1)
    native.load(*rows)
    native.hl.conversations.delete(native.id_of("conversation:main/clients/1"))
    missing = {m["record"].partition(":")[0] for m in native.compare(*rows).missing}
    assert missing == {"conversation", "message"}


def test_messages_are_read_from_their_conversations_when_the_export_does_not_work(
    native, monkeypatch
):
    rows = of_every_kind(1)
    native.load(*rows)

    def refuse(*channels, **options):
        raise HighLevelError("GET", "/conversations/messages/export", status=404)

    monkeypatch.setattr(native.hl.conversations, "iterate_all", refuse)
    assert native.compare(*rows).good


def test_a_silent_conversation_is_read_too(native):
    rows = [person(1), talk(1)]
    native.load(*rows)
    assert native.compare(*rows).good


def put(native, path, body):
    """Somebody changes an appointment, a past one too."""
    call(native, "PUT", path, {**body, "ignoreDateRange": True})


def post(native, path, body):
    call(native, "POST", path, body)


def call(native, method, path, body):
    headers = {"Authorization": "Bearer pit-sandbox", "Version": "v3"}
    answer = requests.request(
        method, native.account.url + path, json=body, headers=headers, timeout=10
    )
    answer.raise_for_status()


# --- the plan -------------------------------------------------------------------------------------


def test_the_plan_counts_a_request_each_and_reads_by_the_page(native):
    rows = [r for n in range(3) for r in of_every_kind(n)]
    plan = plan_load(native.journal, native.location, rows)
    kinds = plan.by_kind
    assert {k: kinds[k]["write_requests"] for k in kinds} == {
        "contact": 3, "conversation": 3, "message": 12, "appointment": 3,
    }  # fmt: skip
    assert kinds["conversation"]["read_requests"] == 0  # on the pages of the messages
    assert kinds["message"]["read_requests"] == 1 + 3  # a page, and each e-mail's subject
    assert native.load(*rows).requests - plan.write_requests <= 2  # contacts are looked for first


# --- the delta ------------------------------------------------------------------------------------


def test_a_changed_message_is_a_conflict_that_says_why_and_theirs_settles_it(native):
    native.load(person(1), talk(1), said(1, "s"))
    changed = said(1, "s", body="See you at ten")
    before = native.writes("/conversations")
    assert native.load(person(1), talk(1), changed, stage="delta").conflicts == 1
    (conflict,) = native.journal.conflicts(native.location)
    assert "cannot change a message" in conflict["message"]
    assert native.writes("/conversations") == before
    ours = Resolution(changed.record_key, "body", "ours")
    (refused,) = apply_resolutions(native.context(), [ours])
    assert not refused.done and "cannot change a message" in refused.message
    (settled,) = apply_resolutions(native.context(), [replace(ours, choice="theirs")])
    assert settled.done
    result = native.compare(person(1), talk(1), changed)
    assert result.good and result.rules == {"edited in HighLevel and kept": 1}
    assert native.load(person(1), talk(1), changed, stage="delta").conflicts == 0


def test_a_changed_meeting_changes_its_appointment_and_an_edited_one_is_a_conflict(native):
    native.load(person(1), meeting(1), meeting(1, "other"))
    edited = native.id_of("appointment:main/activities/other1")
    put(native, f"/calendars/events/appointments/{edited}", {"title": "Theirs"})
    moved = "2023-03-02T09:00:00Z"
    later = [meeting(1, startTime=moved), meeting(1, "other", title="Ours")]
    result = native.load(person(1), *later, stage="delta")
    assert (result.updated, result.conflicts) == (1, 1)
    visits = {a["id"]: a for a in native.account.dump()["appointments"]}
    mine = visits[native.id_of("appointment:main/activities/m1")]
    assert (mine["startTime"][:16], mine["endTime"][:16]) == (moved[:16], "2023-03-02T09:30")
    assert visits[edited]["title"] == "Theirs"
    assert all(a["toNotify"] is False for a in visits.values() if a["id"] != edited)


def test_a_meeting_of_which_no_end_is_shown_gets_the_usual_one(native, monkeypatch):
    native.load(person(1), meeting(1))
    whole = native.hl.calendars.get_appointment
    monkeypatch.setattr(
        native.hl.calendars, "get_appointment", lambda key: {**whole(key), "endTime": ""}
    )
    result = native.load(person(1), meeting(1, startTime="2023-03-02T09:00:00Z"), stage="delta")
    assert (result.updated, result.rejected) == (1, 0)
    (visit,) = native.account.dump()["appointments"]
    assert (visit["startTime"][:16], visit["endTime"][:16]) == (
        "2023-03-02T09:00",
        "2023-03-02T09:30",
    )


# --- rollback -------------------------------------------------------------------------------------


def test_rollback_takes_everything_away_and_proves_it(native):
    before = state(native.account)
    native.load(*of_every_kind(1), *of_every_kind(2))
    dry = native.rollback(dry_run=True)
    result = native.rollback()
    assert result.clean, (result.left, result.failed, result.not_proven)
    assert result.deleted == dry.deleted == 14 and result.stays == dry.stays == []
    assert {line["what"] for line in result.proof} >= {"appointment deleted", "message deleted"}
    after = state(native.account)
    assert after["messages"] == after["conversations"] == after["appointments"] == []
    assert before["contacts"] == after["contacts"] == []


def test_messages_in_a_conversation_that_was_there_before_stay_and_are_named(native):
    native.hl.contacts.create(ContactCreate(email="C1@example.com", phone=PHONE.format(1)))
    native.load(person(1))
    theirs = native.hl.conversations.create(native.id_of("contact:main/clients/1"))["id"]
    held = written(native, "contact:main/clients/1", theirs)
    native.load(*of_every_kind(1))
    for result in (native.rollback(dry_run=True), native.rollback()):
        assert {x["record_key"] for x in result.stays} == {
            f"message:main/activities/{name}1" for name in ("in", "out", "sms", "mail")
        }
        assert all("cannot delete a message" in x["why"] for x in result.stays)
        assert result.left == [] == result.failed
    dump = native.account.dump()
    assert [c["id"] for c in dump["conversations"]] == [theirs]
    assert held in {m["id"] for m in dump["messages"]} and len(dump["messages"]) == 5
    assert dump["appointments"] == []
    native.provision()
    assert native.load(*of_every_kind(1)).complete
    assert len(native.account.dump()["messages"]) == 5, "nothing is doubled"


def test_a_conversation_we_opened_on_their_contact_goes_with_our_messages(native):
    native.hl.contacts.create(ContactCreate(first_name="Old", email="C1@example.com"))
    native.load(person(1), talk(1), said(1, "s"))
    result = native.rollback()
    assert result.clean and result.stays == []
    dump = native.account.dump()
    assert dump["messages"] == dump["conversations"] == [] and len(dump["contacts"]) == 1


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_what_somebody_wrote_since_keeps_conversation_and_contact(native, whose):
    if whose == "theirs":
        native.hl.contacts.create(ContactCreate(first_name="Old", email="C1@example.com"))
    native.load(person(1), talk(1), said(1, "s"))
    opened = native.id_of("conversation:main/clients/1")
    answer = written(native, "contact:main/clients/1", opened)
    result = native.rollback()
    assert any("a message that is not ours" in x["why"] for x in result.left)
    assert answer in {m["id"] for m in native.account.dump()["messages"]}
    assert [x["record_key"] for x in result.stays] == ["message:main/activities/s"]


def test_an_edited_appointment_is_left_unless_forced(native):
    native.load(person(1), meeting(1))
    visit = native.id_of("appointment:main/activities/m1")
    put(native, f"/calendars/events/appointments/{visit}", {"title": "Moved by hand"})
    result = native.rollback()
    assert {x["kind"] for x in result.left} == {"appointment", "contact"}
    assert native.rollback(force=[visit]).clean
    assert native.account.dump()["appointments"] == []


def test_undoing_one_run_leaves_a_conversation_that_another_run_wrote_into(native):
    native.load(person(1))
    native.load(talk(1), said(1, "first"), stage="sample")
    native.load(said(1, "second"))
    result = native.rollback(run_id="sample")
    assert len(native.account.dump()["messages"]) == 2
    assert any("message of ours" in x["why"] for x in result.left)
    assert [x["record_key"] for x in result.stays] == ["message:main/activities/first"]


# --- the moment that tells a call -----------------------------------------------------------------


def test_the_thousandths_come_from_the_source_key_and_leave_the_second_alone():
    one, other = "main/activities/1", "main/activities/2"
    assert stamped(WHEN, one)[:19] == WHEN[:19] and stamped(WHEN, one) != stamped(WHEN, other)
    assert all(1 <= thousandths(f"main/activities/{n}") <= 999 for n in range(2000))


@pytest.mark.parametrize(
    ("date", "same"),
    [
        (stamped(WHEN, "k"), True),
        (WHEN, True),  # a server that cuts the thousandths off
        ("2023-03-01T11:12:00-05:00", True),
        (stamped(WHEN, "another"), False),
        ("2023-03-01T16:12:01Z", False),
    ],
)
def test_a_call_is_known_by_its_moment(date, same):
    fields = {"type": "Call", "direction": "inbound", "date": WHEN}
    record = {"messageType": "TYPE_CALL", "direction": "inbound", "dateAdded": date}
    assert Stamp.of("c1", fields, "k").matches(record) is same


@pytest.mark.parametrize(
    ("name", "kind"),
    [("TYPE_SMS", "SMS"), ("TYPE_CUSTOM_PROVIDER_SMS", "SMS"), ("TYPE_CUSTOM_CALL", "Call"),
     ("TYPE_CUSTOM_PROVIDER_EMAIL", "Email"), ("TYPE_REVIEW", "TYPE_REVIEW")],
)  # fmt: skip
def test_the_type_of_a_provider_of_ones_own_is_the_type_it_was_imported_with(name, kind):
    assert type_of({"messageType": name}) == kind
