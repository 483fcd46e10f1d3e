"""The workflow reference: from a customer's list to HighLevel's building blocks, or a clear no."""

import csv
import json

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from flitstack_pipeline.cli import app
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.workflows.actions import ACTIONS, NO_ACTION
from flitstack_pipeline.workflows.automations import (
    COLUMNS,
    Automation,
    TemplateError,
    read_automations,
    write_template,
)
from flitstack_pipeline.workflows.rebuild import Verdict, as_json, rebuild, split_actions
from flitstack_pipeline.workflows.triggers import NO_TRIGGER, TRIGGERS
from flitstack_pipeline.workflows.words import Matcher

TRIGGER_WORDS = {
    "When a job is completed": "Pipeline Stage Changed",
    "Quote rejected": "Estimates",
    "An estimate is aproved by the client": "Estimates",  # misspelt
    "3 days after an estimate was sent": "Custom Date Reminder",
    "Client replies to a text": "Customer Replied",
    "Invoice is past due": "Invoice",
    "Work order assigned to a technician": "Custom Object Record Changed",
    "Missed call from a customer": "Call Status",
    "Every Monday at 8am": "Scheduler",
    "Contract signed": "Documents & Contracts",
    "Technician arrives on site": None,
    "Crew member clocks out": None,
    "Photo uploaded to a job": None,
    "Material runs low": None,
}
ACTION_WORDS = {
    "Text the client a thank-you message": "Send SMS",
    "Email the homeowner a reminder": "Send Email",
    "Ask the client for a Google review": "Send Review Request",
    "Create a task for the estimator to call": "Add Task",
    "Notify the office by email": "Send Internal Notification",
    "Mark job as completed": "Create or Update Opportunity",
    "Wait 2 days": "Wait",
    "Sync invoice to QuickBooks": "Custom Webhook",
    "Request signature on contract": "Send Documents & Contracts",
    "Post in the team chat": None,
    "Order materials from supplier": None,
    "Apply a late fee of 5%": None,
}


def best(matcher, text):
    found = matcher.nearest(text)
    return found[0].entry.name if found and found[0].entry else None


@pytest.mark.parametrize(("text", "name"), TRIGGER_WORDS.items())
def test_a_trigger_is_found_by_what_contractors_call_it(text, name):
    assert best(Matcher(TRIGGERS, NO_TRIGGER), text) == name


@pytest.mark.parametrize(("text", "name"), ACTION_WORDS.items())
def test_an_action_is_found_by_what_contractors_call_it(text, name):
    assert best(Matcher(ACTIONS, NO_ACTION), text) == name


def test_words_that_say_nothing_find_nothing():
    assert Matcher(TRIGGERS, NO_TRIGGER).nearest("purple monkeys dance") == []
    assert Matcher(TRIGGERS, NO_TRIGGER).nearest("") == []


def test_each_building_block_finds_itself():
    for entries, missing in ((TRIGGERS, NO_TRIGGER), (ACTIONS, NO_ACTION)):
        matcher = Matcher(entries, missing)
        for entry in entries:
            for phrase in entry.phrases:
                found = matcher.nearest(phrase)
                top = [m.entry.name for m in found if m.entry and m.score == found[0].score]
                assert entry.name in top, (phrase, found)


def test_a_description_is_taken_apart_into_single_actions():
    text = (
        "Wait 2 days, send email to owner, admin and crew; text client then create task. "
        "Notify Bob and assign to Ana\n1. Add tag\n2) Move job"
    )
    assert split_actions(text) == [
        "Wait 2 days", "send email to owner, admin and crew", "text client", "create task",
        "Notify Bob", "assign to Ana", "Add tag", "Move job",
    ]  # fmt: skip


def test_the_verdict_says_how_much_can_be_rebuilt():
    done = Automation("a", "A job is completed", "", "Text the client")
    part = Automation("b", "A job is completed", "", "Text the client\nApply a late fee")
    none = Automation("c", "Technician arrives on site", "", "Text the client")
    assert [rebuild(x).verdict for x in (done, part, none)] == [
        Verdict.WHOLE, Verdict.PARTLY, Verdict.NONE]  # fmt: skip
    assert "does not know where people are" in rebuild(none).trigger.why_not


def test_a_job_status_becomes_its_stage_and_estimates_say_where_the_migrated_ones_are():
    job = rebuild(Automation("a", "Job is put On Hold", "", "Notify the office"))
    assert job.stages == ("On Hold",)
    estimate = rebuild(Automation("b", "Estimate approved", "", "Notify the office"))
    assert "Estimate_Status__c" in estimate.trigger.candidates[0].note


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_the_template_is_filled_in_and_read_back(tmp_path, name):
    path = write_template(tmp_path / name)
    values = ["Chase", "Invoice is overdue", "", "Text the client", "yes", "politely"]
    with pytest.raises(TemplateError, match="lists no automation"):
        read_automations(path)
    if name.endswith("xlsx"):
        book = load_workbook(path)
        book.active.append(values)
        book.save(path)
    else:
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(values)
    (found,) = read_automations(path)
    assert (found.name, found.trigger, found.notes) == ("Chase", "Invoice is overdue", "politely")
    with pytest.raises(TemplateError, match="there already"):
        write_template(path)


def test_an_unusable_list_names_row_and_column(tmp_path):
    path = tmp_path / "list.csv"
    headings = ",".join(f'"{heading}"' for heading, _ in COLUMNS.values())
    path.write_text(f"{headings}\nChase,,,Text the client,,\n,x,,,,\n")
    with pytest.raises(TemplateError) as error:
        read_automations(path)
    assert "row 2, column 'When (trigger)' is empty" in str(error.value)
    assert "row 3, column 'Name' is empty" in str(error.value)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TemplateError, match="no column 'Name'"):
        read_automations(path)


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv"])
def test_what_is_no_list_at_all_is_said(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"garbage \0 of any kind")
    with pytest.raises(BadInput, match=str(path)):
        read_automations(path)


def test_a_list_as_excel_saves_it_is_read(tmp_path):
    path = write_template(tmp_path / "list.csv")
    row = "Café,Invoice is overdue,,Text the client,yes,\n"
    path.write_bytes(path.read_text(encoding="utf-8-sig").encode("cp1252") + row.encode("cp1252"))
    assert [one.name for one in read_automations(path)] == ["Café"]


def test_the_command_writes_a_page_and_json(tmp_path, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "data"))
    path, run = tmp_path / "list.csv", CliRunner().invoke
    assert run(app, ["workflows", "template", str(path)]).exit_code == 0
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(["<Chase>", "Invoice overdue", "", "Text the client", "", ""])
    result = run(app, ["workflows", "document", str(path)])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "data/reports/workflow-reference.html").read_text()
    assert "&lt;Chase&gt;" in page and "Send SMS" in page
    data = json.loads((tmp_path / "data/reports/workflow-reference.json").read_text())
    (automation,) = data["automations"]
    assert automation["highlevel"]["trigger"]["candidates"][0]["name"] == "Invoice"


def test_json_keeps_the_description_beside_the_proposal():
    (one,) = as_json([rebuild(Automation("a", "A job is completed", "paid", "Text the client"))])[
        "automations"
    ]
    assert one["trigger"] == "A job is completed"
    assert one["highlevel"]["conditions"].endswith("paid")
    assert one["highlevel"]["actions"][0]["candidates"][0]["score"] > 0.7
