"""Stages in the contractor's own words, and what unknown words are taken for."""

import pytest

from flitstack_pipeline.catalog.statuses import ESTIMATE, INVOICE, WORK, closed
from flitstack_pipeline.mapping.own_stages import own_stages
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.mapping.schema import target_schema
from flitstack_pipeline.mapping.status_hints import suggested
from flitstack_pipeline_tests.mapping.small import put, warehouse

NINE = (
    "Inquiry", "Site Visit", "Quoted", "Permit Filed", "Materials Ordered", "Framing",
    "Punch List", "Final Walkthrough", "Closed Out",
)  # fmt: skip


@pytest.fixture
def con():
    con = warehouse()
    yield con
    con.close()


def jobs(con, *words, **more):
    for n, word in enumerate(words):
        put(con, "jobs", str(n), number=str(n), status_text=word, **more)


def test_nine_statuses_of_their_own_are_nine_stages_in_the_order_jobs_enter_them(con):
    """Each job went through all nine, a day each; the words alone would give another order."""
    entered = {f"{word} Date": f"{day + 1}/5/2024" for day, word in enumerate(NINE)}
    jobs(con, *reversed(NINE), custom=entered)
    document = propose(con)
    assert document.pipeline == list(NINE)
    assert target_schema(document, con, "USD").pipeline.stages == NINE
    assert {w: document.stages["jobs"].map[w]["stage"] for w in NINE} == {w: w for w in NINE}
    assert document.stages["jobs"].map["Closed Out"]["status"] == "won"
    assert sorted(document.stages["jobs"].open) == sorted(NINE)


def test_dates_of_entering_are_read_as_their_file_writes_them(con):
    """Day first: framing on 5 February, the punch list on 4 March; month first they would turn."""
    ways = {"Framing": "5/2/2024", "Punch List": "04/03/2024", "Quoted": "le 3 janvier 2024",
            "Inquiry": "2 Jan 2024 at 4:05 PM"}  # fmt: skip
    columns = {f"Entered {word}": text for word, text in ways.items()}
    written = {label: "day first|." for label in columns}
    jobs(con, "Punch List", "Framing", "Quoted", "Inquiry", custom=columns, custom_formats=written)
    assert [stage.name for stage in own_stages(con)] == [
        "Inquiry", "Quoted", "Framing", "Punch List",
    ]  # fmt: skip


def test_without_dates_they_stand_as_close_to_the_six_default_stages_as_they_sound(con):
    jobs(con, "Wrapped up", "Crew on site", "Booked in", "New inquiry", "Waiting on permit",
         "Called off - cancelled")  # fmt: skip
    assert [stage.name for stage in own_stages(con)] == [
        "New inquiry", "Booked in", "Crew on site", "Waiting on permit", "Wrapped up",
        "Called off - cancelled",
    ]  # fmt: skip


def test_other_spellings_of_one_status_are_one_stage(con):
    jobs(con, "Framing", "framing", "Punch list", "Punch List", "Inquiry", "Drywall", "Roofing",
         "Trim", "Paint", "Framing")  # fmt: skip
    names = [stage.name for stage in own_stages(con)]
    assert len(names) == 7 and "Framing" in names and "framing" not in names
    goals = propose(con).stages["jobs"].map
    assert goals["framing"]["stage"] == "Framing"


def test_documents_without_a_job_go_to_stages_that_exist(con):
    jobs(con, *NINE)
    document = propose(con)
    for dataset in ("estimates", "invoices"):
        assert {g["stage"] for g in document.stages[dataset].map.values()} <= set(NINE)
    assert document.stages["invoices"].map["paid"] == {"stage": "Closed Out", "status": "won"}


def test_the_default_words_keep_the_six_stages(con):
    for n, (status, word) in enumerate([("new", "Unscheduled"), ("completed", "Done")]):
        put(con, "jobs", str(n), number=str(n), status=status, status_text=word)
    document = propose(con)
    assert document.pipeline == [
        "New", "Scheduled", "In Progress", "On Hold", "Completed", "Cancelled",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "closed", "meant"),
    [
        ("Installed", closed(WORK), ""),  # holds "stall"
        ("Ready to install", closed(WORK), ""),
        ("Install in progress", closed(WORK), "in_progress"),
        ("Not completed", closed(WORK), "in_progress"),
        ("Incomplete", closed(WORK), "in_progress"),
        ("Isn't finished", closed(WORK), "in_progress"),
        ("Inactive", closed(WORK), ""),
        ("Not started", closed(WORK), "new"),
        ("Reopened", closed(WORK), ""),
        ("Waiting on permit", closed(WORK), "on_hold"),
        ("Complted", closed(WORK), "completed"),
        ("Not Approved", closed(ESTIMATE), "declined"),
        ("Disapproved", closed(ESTIMATE), "declined"),
        ("Never sent", closed(ESTIMATE), "draft"),
        ("Unpaid - final", closed(INVOICE), "unpaid"),
        ("Not paid yet", closed(INVOICE), "unpaid"),
        ("Unsettled", closed(INVOICE), "unpaid"),
        ("Prepaid", closed(INVOICE), ""),
        ("Past due 30", closed(INVOICE), "overdue"),
        ("Un-scheduled", closed(WORK), "new"),
        ("In-complete", closed(WORK), "in_progress"),
        ("Dis-approved", closed(ESTIMATE), "declined"),
        ("Un-paid - final", closed(INVOICE), "unpaid"),
        ("In progress 2", closed(WORK), "in_progress"),
        ("Uncancelled", closed(WORK), ""),
        ("No longer active", closed(WORK), ""),
        ("Off hold", closed(WORK), ""),
        ("Called off - cancelled", closed(WORK), "cancelled"),
        ("Needs scheduling", closed(WORK), "new"),
        ("To be scheduled", closed(WORK), "new"),
        ("Almost done", closed(WORK), "in_progress"),
        ("Awaiting approval", closed(ESTIMATE), "sent"),
        ("Not yet approved", closed(ESTIMATE), "sent"),
        ("Approval denied", closed(ESTIMATE), "declined"),
        ("Install complete", closed(WORK), "completed"),
    ],
)
def test_a_suggestion_hears_whole_words_and_negation(word, closed, meant):
    assert suggested(word, closed)[0] == meant
