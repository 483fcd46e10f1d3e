"""What calls, texts, e-mails and meetings become, and that a person can see why."""

from datetime import date

import pytest

from flitstack_pipeline.mapping.activity_words import (
    call_status,
    direction_of,
    meeting_status,
    plain,
)
from flitstack_pipeline.mapping.answer_sheets import sheets
from flitstack_pipeline.mapping.answers import Answer, apply_answers
from flitstack_pipeline.mapping.build import map_object
from flitstack_pipeline.mapping.differences import differences
from flitstack_pipeline.mapping.document import ACTIVITY_FORMS, MapDocument, MapError
from flitstack_pipeline.mapping.propose import Surroundings, propose
from flitstack_pipeline.migration.rows import payload_hash
from flitstack_pipeline_tests.mapping.small import link, mapped, put, warehouse

NATIVE = {kind: forms[-1] for kind, forms in ACTIVITY_FORMS.items()}
MOMENT = {"occurred": date(2024, 3, 5), "occurred_at": "2024-03-05T14:12:00-06:00"}
UTC = "2024-03-05T20:12:00Z"


@pytest.fixture
def con():
    con = warehouse()
    put(con, "clients", "1", name="Ann Lee", phone="+15125550100", email="ann@lee.example",
        is_business=False)  # fmt: skip
    put(con, "clients", "2", name="Bo Diaz", is_business=False)
    user = put(con, "users", "7", name="Luis Ortega", email="luis@acme.example")
    for number, kind in enumerate(("note", "call", "sms", "email", "meeting", "task"), 1):
        activity(con, f"a{number}", kind, owner=user)
    return con


def activity(con, name, kind, client="1", owner=None, **values):
    about = {"record_type": "clients", "record_ref": client, "kind": kind, "text": "Hello"}
    key = put(con, "activities", name, **{**about, **MOMENT, **values})
    link(con, key, "record", f"main/clients/{client}")
    if owner:
        link(con, key, "owner", owner)
    return key


def made(con, **choices):
    """Mapped activities by record key, as the choices say (native by default)."""
    document = propose(con)
    document.activities |= NATIVE | choices
    map_object(con, "activities", document)
    return mapped(con, "activities")


def of(found, name):
    """The records one activity became, by kind."""
    return {k.split(":")[0]: v for k, v in found.items() if k.endswith(f"/{name}")}


# --- forms ----------------------------------------------------------------------------------------


def test_by_default_everything_but_tasks_is_a_note(con):
    map_object(con, "activities", propose(con))
    found = mapped(con, "activities")
    assert {v["kind"] for k, v in found.items() if not k.endswith("/a6")} == {"note"}
    assert of(found, "a6").keys() == {"task"}


def test_a_text_becomes_a_message_of_its_clients_one_conversation(con):
    found = made(con)
    message = of(found, "a3")["message"]
    assert message["payload"]["fields"] == {
        "type": "SMS", "direction": "outbound", "date": UTC,
    }  # fmt: skip
    assert message["payload"]["body"] == "Hello\nContractor+ ref: main/activities/a3"
    roles = {p["role"]: p["record_key"] for p in message["parents"]}
    assert roles["contact"] == "contact:main/clients/1"
    talk = found[roles["conversation"]]
    assert (talk["kind"], talk["payload"], talk["phase"]) == ("conversation", {}, 0)
    assert [v["kind"] for v in found.values()].count("conversation") == 1
    assert of(found, "a3").keys() == {"message"}


def test_a_call_keeps_its_note_for_what_a_call_has_no_place_for(con):
    activity(con, "c", "call", author="Luis Ortega", duration_minutes=12, text="Left a message")
    found = of(made(con), "c")
    assert found["message"]["payload"] == {
        "fields": {"type": "Call", "direction": "outbound", "date": UTC, "status": "voicemail"}
    }
    body = found["note"]["payload"]["body"].split("\n")
    assert body == [
        "[2024-03-05 14:12 · call · Luis Ortega]", "minutes: 12", "Left a message",
        "Contractor+ ref: main/activities/c",
    ]  # fmt: skip


def test_an_e_mail_keeps_subject_html_author_and_record(con):
    activity(con, "html", "email", text="<p>Our <b>offer</b></p>", subject="Offer", author="L & O")
    activity(con, "text", "email", text="1 < 2\nRegards", record_type="invoices", record_ref="9")
    found = made(con)
    mail = of(found, "html")["message"]["payload"]
    assert mail["fields"]["subject"] == "Offer"
    assert mail["body"] == (
        "<p>Our <b>offer</b></p><p>L &amp; O<br>Contractor+ ref: main/activities/html</p>"
    )
    plain_mail = of(found, "text")["message"]["payload"]
    assert "subject" not in plain_mail["fields"]
    assert plain_mail["body"].startswith("1 &lt; 2<br>Regards<p>invoices 9<br>Contractor+ ref")


def test_a_meeting_becomes_an_appointment_of_its_length_with_its_owner(con):
    activity(con, "m", "meeting", owner="main/users/7", subject="Site walk", duration_minutes=90)
    found = of(made(con), "m")["appointment"]
    assert found["payload"]["fields"] == {
        "title": "Site walk", "startTime": UTC, "endTime": "2024-03-05T21:42:00Z",
        "status": "confirmed",
    }  # fmt: skip
    assert found["payload"]["owner"] == "main/users/7"
    assert found["payload"]["body"].endswith("Contractor+ ref: main/activities/m")
    assert "endTime" not in of(made(con), "a5")["appointment"]["payload"]["fields"]


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("call", {"client": "2"}, "its contact has no phone number"),
        ("sms", {"client": "2"}, "its contact has no phone number"),
        ("email", {"client": "2"}, "its contact has no e-mail address"),
        ("sms", {"occurred_at": None}, "its time of day is not known"),
        ("meeting", {"occurred_at": None}, "its time of day is not known"),
        ("call", {"occurred_at": None, "occurred": None}, "its time is not known"),
        ("email", {"text": "See {{image:" + "0" * 64 + "}}"}, "it holds pictures"),
    ],
)
def test_what_cannot_keep_its_own_time_is_a_note_that_says_why(con, kind, values, reason):
    activity(con, "x", kind, **values)
    found = of(made(con), "x")
    assert found.keys() == {"note"}
    assert found["note"]["remark"].startswith(f"{kind} as note: {reason}")


def test_a_phone_the_map_does_not_move_is_none(con):
    document = propose(con)
    document.activities |= NATIVE
    for entry in document.fields:
        if entry.field == "phone":
            entry.status = "excluded"
    map_object(con, "activities", document)
    assert of(mapped(con, "activities"), "a2").keys() == {"note"}


def test_the_choice_is_one_of_each_kind(con):
    found = made(con, email="note", meeting="note")
    assert of(found, "a4").keys() == of(found, "a5").keys() == {"note"}
    assert of(found, "a3").keys() == {"message"}


def test_mapping_twice_gives_the_same_with_the_hash_the_loader_reckons(con):
    first, second = made(con), made(con)
    assert first == second
    for row in first.values():
        assert row["payload_hash"] == payload_hash(row["payload"], row["parents"])


# --- the words of the export ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "direction"),
    [
        ({"kind": "call", "custom": {"Direction": "Inbound"}}, "inbound"),
        ({"kind": "call", "custom": {"In/Out": "out"}, "text": "Client called"}, "outbound"),
        ({"kind": "sms", "custom": {"Direction": "In"}}, "inbound"),
        ({"kind": "call", "kind_text": "Incoming call"}, "inbound"),
        ({"kind": "call", "kind_text": "Outgoing call", "text": "He called back"}, "outbound"),
        ({"kind": "call", "kind_text": "Missed call"}, "inbound"),
        ({"kind": "call", "kind_text": "Call", "text": "Left a message"}, "outbound"),
        ({"kind": "call", "text": "<p>Customer called about the leak</p>"}, "inbound"),
        ({"kind": "call", "text": "Called, no answer"}, "outbound"),
        ({"kind": "email", "author": "Ann Lee", "client_name": "ann lee"}, "inbound"),
        ({"kind": "email", "owner_key": "u", "text": "You sent us the wrong form"}, "outbound"),
        ({"kind": "email", "text": "Received your payment, thank you"}, "inbound"),
        ({"kind": "email", "text": "Hello, you called us yesterday"}, "outbound"),
        ({"kind": "sms", "kind_text": "SMS received"}, "inbound"),
        ({"kind": "call", "text": "Talked about colours"}, "outbound"),
    ],
)
def test_who_called_or_wrote_is_read_from_the_export(row, direction):
    assert direction_of(row).value == direction


def test_a_silent_export_is_said_to_be_silent(con):
    activity(con, "x", "call", text="Talked about colours")
    activity(con, "y", "call", text="Talked", custom={"Direction": "Inbound"})
    found = made(con)
    assert "HighLevel's default" in of(found, "x")["message"]["remark"]
    assert of(found, "y")["message"]["remark"] == "call as message, inbound (Direction)"


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"text": "Left a voicemail"}, "voicemail"),
        ({"text": "Called, no answer"}, "no-answer"),
        ({"custom": {"Call Outcome": "Busy"}, "text": "left a message"}, "busy"),
        ({"kind_text": "Missed call"}, "no-answer"),
        ({"text": "Agreed on Monday"}, "completed"),
    ],
)
def test_how_a_call_ended_is_read_from_the_export(row, status):
    assert call_status(row) == status


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"custom": {"Status": "No show"}}, "noshow"),
        ({"text": "Cancelled by the client"}, "cancelled"),
        ({"custom": {"Result": "Held"}}, "showed"),
        ({"text": "Site walk"}, "confirmed"),
    ],
)
def test_what_became_of_a_meeting_is_read_from_the_export(row, status):
    assert meeting_status(row) == status


def test_a_text_without_its_html():
    assert plain("<p>One &amp; two</p><div>three<br>four</div>") == "One & two\nthree\nfour"


# --- the map --------------------------------------------------------------------------------------


def test_a_proposal_takes_what_the_accounts_can_do_and_keeps_what_a_person_chose(con):
    document = propose(con, around=Surroundings(activities=NATIVE))
    assert document.activities == NATIVE
    document.activities["call"] = "note"
    again = propose(con, document, around=Surroundings(activities=NATIVE))
    assert again.activities == NATIVE | {"call": "note"}


def test_the_map_keeps_the_choice_and_an_old_map_loads_without_one(tmp_path, con):
    document, path = propose(con), tmp_path / "map.yaml"
    document.activities |= NATIVE
    document.save(path)
    assert MapDocument.load(path).activities == NATIVE
    text = path.read_text()
    old = text[: text.index("\n# What calls, texts")] + text[text.index("\n# Rules {by") :]
    path.write_text(old)
    loaded = MapDocument.load(path)
    assert set(loaded.activities.values()) == {"note"}
    assert loaded.fingerprint == propose(con).fingerprint != document.fingerprint


def test_a_choice_that_cannot_be_is_named(tmp_path, con):
    document, path = propose(con), tmp_path / "map.yaml"
    document.activities |= {"meeting": "message", "fax": "note"}
    document.save(path)
    with pytest.raises(MapError) as error:
        MapDocument.load(path)
    assert "activities: meeting: 'message' is none of note, appointment" in str(error.value)
    assert "activities: 'fax' is none of call, sms, email, meeting" in str(error.value)


def test_a_person_chooses_in_the_workbook_and_the_difference_shows(con):
    document = propose(con)
    choices = next(s for s in sheets(document) if s.title == "Choices")
    offered = {r.key: r.choices["Choice"] for r in choices.rows}
    assert offered["activities: meeting"] == ("note", "appointment")
    answer = Answer("Choices!B5", "Choices", "activities: call", "Choice", "message")
    changed, changes = apply_answers(document, [answer], "Ann")
    assert changed.activities["call"] == "message" and changes[0].before == "note"
    (difference,) = differences(document, changed)
    assert (difference.entry, difference.what, difference.after) == (
        "activities", "call", "message",
    )  # fmt: skip
    wrong = Answer("Choices!B5", "Choices", "activities: call", "Choice", "appointment")
    with pytest.raises(MapError, match="B5"):
        apply_answers(document, [wrong], "Ann")


# --- tasks ----------------------------------------------------------------------------------------


def test_a_task_is_due_and_completed_as_its_own_columns_say(con):
    due = {"due": date(2024, 4, 9), "due_at": None}
    activity(con, "t1", "task", **due, done=False)
    activity(con, "t2", "task", done=True, due=date(2024, 4, 9), due_at="2024-04-09T09:00:00-05:00")
    activity(con, "t3", "task", done=False)
    found = made(con)
    fields = {n: of(found, n)["task"]["payload"]["fields"] for n in ("t1", "t2", "t3")}
    assert (fields["t1"]["dueDate"], fields["t1"]["completed"]) == ("2024-04-09T12:00:00Z", "no")
    assert (fields["t2"]["dueDate"], fields["t2"]["completed"]) == ("2024-04-09T14:00:00Z", "yes")
    assert (fields["t3"]["dueDate"], fields["t3"]["completed"]) == (UTC, "no")
    assert "Due: 2024-04-09\nCompleted: No" in of(found, "t1")["task"]["payload"]["body"]
