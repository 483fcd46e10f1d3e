"""Whose time zone local times are in: decided by headers and neighbours, else asked once a column.

The account is of New York: UTC-5 in January, UTC-4 in July. Chicago is an hour behind it.
"""

import csv

import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.values import dates
from flitstack_pipeline.cleaning.values.clocks import zone_named
from flitstack_pipeline.cleaning.values.dates import SKIPPED, TWICE
from flitstack_pipeline.cleaning.values.zones import (
    decide_zone,
    is_zone_column,
    shown_zone,
    zone_answer,
    zone_of_header,
    zone_of_title,
)
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.ledger.moments import zone_above
from flitstack_pipeline.mapping import transforms
from flitstack_pipeline.reading.ingest import ingest_object

NEW_YORK = "America/New_York"


def cleaned(con, folder, key, header, *rows, **answers):
    """(what is asked, by key; the clean rows in the order of their numbers)."""
    with (folder / f"{key}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    ingest_object(con, folder, key)
    context = CleanContext(exports=folder, time_zone=NEW_YORK, zone_answers=answers)
    asked = {q.key: q for q in clean_object(con, key, context).questions}
    return asked, con.execute(f"SELECT * FROM clean.{key} ORDER BY source_key").df()


CLIENTS = ["Client ID", "Client Name", "Created Date"]
MIXED = (
    ["1", "Ann Roe", "2024-01-05T19:05:00Z"],
    ["2", "Bob Fay", "2024-01-06 09:30"],
    ["3", "Cy Dee", "2024-07-06 22:30"],
    ["4", "Di Eck", "2024-07-06"],
)


def test_local_times_beside_times_of_utc_are_asked_about_once_with_values_both_ways(con, tmp_path):
    asked, rows = cleaned(con, tmp_path, "clients", CLIENTS, *MIXED)
    [(key, question)] = asked.items()
    assert (key, question.kind, question.column) == ("zone:clients.created", "zone", "created")
    assert [choice.word for choice in question.choices] == [NEW_YORK, "UTC"]
    assert question.evidence == (
        "'2024-01-06 09:30': 2024-01-06 09:30 if it is of America/New_York, "
        "or 2024-01-06 04:30 if it is of UTC",
        "'2024-07-06 22:30': 2024-07-06 22:30 if it is of America/New_York, "
        "or 2024-07-06 18:30 if it is of UTC",
    )
    assert [str(day)[:10] for day in rows["created"]] == ["2024-01-05", "NaT", "NaT", "2024-07-06"]


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (NEW_YORK, ["2024-01-06T09:30:00-05:00", "2024-07-06T22:30:00-04:00"]),
        ("UTC", ["2024-01-06T04:30:00-05:00", "2024-07-06T18:30:00-04:00"]),
        ("America/Denver", ["2024-01-06T11:30:00-05:00", "2024-07-07T00:30:00-04:00"]),
    ],
)
def test_an_answer_reads_every_local_time_of_the_column(con, tmp_path, answer, right):
    given = {"clients.created": answer}
    asked, rows = cleaned(con, tmp_path, "clients", CLIENTS, *MIXED, **given)
    assert asked == {}
    assert list(rows["created_at"][:3]) == ["2024-01-05T14:05:00-05:00", *right]


@pytest.mark.parametrize(
    "tails",
    [
        {"": 9, " AM": 2},  # local alone: the account's
        {"Z": 4, "-08:00": 3},  # each names its own
        {"": 1, "-05:00": 3, "-04:00": 2},  # the account's own offset beside
        {"": 1, " EDT": 3, " PM EST": 1},
        {"": 1, "Z": 3, " GMT-0500 (EST)": 1},  # somebody here wrote it
        {"": 1, " Eastern Time": 1, " America/New_York": 1},
    ],
)
def test_nobody_is_asked_where_only_one_reading_is_possible(tails):
    assert decide_zone(tails, "Created", NEW_YORK).zone == ""


def test_moments_of_the_accounts_offset_elsewhere_in_the_file_say_whose_clock_it_is():
    assert decide_zone({"": 4, "Z": 1}, "Due", NEW_YORK, near=["", " EST", "Z"]).zone == ""
    assert decide_zone({"": 4, "Z": 1}, "Due", NEW_YORK, near=["", " PST", "Z"]).undecided


def test_bare_days_have_no_zone(con, tmp_path):
    rows = (MIXED[0], MIXED[3], ["5", "Ed Fox", "2024-01-06 00:00"], ["6", "Flo Gee", "1/16/2024"])
    assert cleaned(con, tmp_path, "clients", CLIENTS, *rows)[0] == {}


def test_a_custom_column_is_asked_about_too(con, tmp_path):
    header = ["Client ID", "Client Name", "Last Touch"]
    asked, _ = cleaned(con, tmp_path, "clients", header, *MIXED)
    assert list(asked) == ["zone:clients.Last Touch"]


HEADERS = [
    ("Created (UTC)", "2024-01-05 19:05", "2024-01-05T14:05:00-05:00"),
    ("created_at_utc", "2024-07-05 19:05", "2024-07-05T15:05:00-04:00"),
    ("Created Date (PST)", "7/15/2024 11:30 PM", "2024-07-16T02:30:00-04:00"),
    ("Date Created [Central Time]", "2024-01-05 14:05", "2024-01-05T15:05:00-05:00"),
    ("Created (Europe/Berlin)", "2024-01-05 20:05", "2024-01-05T14:05:00-05:00"),
    ("Created (EST)", "2024-07-05 14:05", "2024-07-05T14:05:00-04:00"),
]


def test_a_header_that_names_a_zone_is_believed(con, tmp_path):
    for n, (header, cell, _) in enumerate(HEADERS[1:], start=1):
        text = f"Client ID,Client Name,{header}\n{n},Ann {'ABCDEF'[n]}oe,{cell}\n"
        (tmp_path / f"clients_{n}.csv").write_text(text)
    header, cell, _ = HEADERS[0]
    row = ["0", "Ann Roe", cell]
    asked, rows = cleaned(con, tmp_path, "clients", [*CLIENTS[:2], header], row)
    assert (asked, list(rows["created_at"])) == ({}, [right for *_, right in HEADERS])


JOBS = ["Job #", "Job Title", "Client ID", "Status", "Start Date", "Start Time"]


def test_a_time_beside_its_date_is_of_the_zone_it_or_its_header_names(con, tmp_path):
    asked, rows = cleaned(
        con, tmp_path, "jobs", [*JOBS, "End Date", "End Time (PST)"],
        ["7", "Deck", "1", "New", "1/15/2024", "2:05 PM CST", "1/15/2024", "9:30 PM"],
        ["8", "Roof", "1", "New", "1/15/2024", "2:05 PM", "1/16/2024", ""],
    )  # fmt: skip
    assert asked == {}
    assert [[str(day)[:10] for day in rows[c]] for c in ("start_date", "end_date")] == [
        ["2024-01-15", "2024-01-15"], ["2024-01-16", "2024-01-16"],
    ]  # fmt: skip
    assert (list(rows["start_time"]), rows["end_time"][0]) == (["15:05", "14:05"], "00:30")
    assert rows["originals"][0] == {
        "start_date": "1/15/2024", "start_time": "2:05 PM CST",
        "end_date": "1/15/2024", "end_time": "9:30 PM",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("time", "right"),
    [
        ("14:05+02:00", "07:05"), ("14:05 -0800", "17:05"), ("2:05 PM pst", "17:05"),
        ("14:05 MEZ", "08:05"), ("14:05 US/Pacific", "17:05"), ("14:05 z", "09:05"),
        ("14:05 Central European Summer Time", "07:05"), ("2:05 pm", "14:05"),
        ("14.05 Uhr", "14:05"), ("noon", "12:00"),
    ],
)  # fmt: skip
def test_every_zone_that_is_known_is_known_beside_a_date(con, tmp_path, time, right):
    _, rows = cleaned(con, tmp_path, "jobs", JOBS, ["7", "Deck", "1", "New", "1/15/2024", time])
    assert rows["start_time"][0] == right
    assert ("start_time" in (rows["originals"][0] or {})) == (right not in ("14:05", "12:00"))


ZONED = [*JOBS, "Created", "Time Zone"]
IN_TWO_ZONES = (
    ["7", "Deck", "1", "New", "1/15/2024", "2:05 PM", "2024-01-04 23:30", "America/Chicago"],
    ["8", "Roof", "1", "New", "1/15/2024", "10:30 PM", "", "Eastern Time (US & Canada)"],
)


def test_an_account_that_spans_zones_is_asked_once_a_column(con, tmp_path):
    asked, _ = cleaned(con, tmp_path, "jobs", ZONED, *IN_TWO_ZONES)
    assert sorted(asked) == ["zone:jobs.created", "zone:jobs.start_time"]
    question = asked["zone:jobs.start_time"]
    assert [choice.word for choice in question.choices] == [NEW_YORK, "each row's own"]
    assert question.evidence[1] == (
        "'2:05 PM': 14:05 if it is of America/New_York, or 15:05 if it is of America/Chicago"
    )


def test_each_row_of_its_own_zone(con, tmp_path):
    given = {"jobs": "each row's own"}
    asked, rows = cleaned(con, tmp_path, "jobs", ZONED, *IN_TWO_ZONES, **given)
    assert asked == {}
    assert list(rows["start_time"]) == ["15:05", "22:30"]
    assert rows["created_at"][0] == "2024-01-05T00:30:00-05:00"
    assert rows["originals"][0]["created"] == "2024-01-04 23:30"


def test_where_rows_name_the_accounts_zone_nobody_is_asked(con, tmp_path):
    rows = [[*row[:-1], "US/Eastern"] for row in IN_TWO_ZONES]
    assert cleaned(con, tmp_path, "jobs", ZONED, *rows)[0] == {}


def test_what_stands_behind_a_clock_is_shown_as_a_zone():
    shown = {"Z": "UTC", " PM": "", " PM EST": "UTC-05:00", "-08:00": "UTC-08:00",
             " GMT-0800 (PST)": "UTC-08:00", " EST 2024": "UTC-05:00", "": "",
             " America/Chicago": "America/Chicago", "+05:30": "UTC+05:30"}  # fmt: skip
    assert {tail: shown_zone(tail) for tail in shown} == shown


def test_headers_that_name_no_zone():
    for header in ("Tax (CT)", "Start Date (Est)", "Total (USD)", "Start (local)", "Agmt", "Start"):
        assert zone_of_header(header) == "", header


def test_a_header_may_call_its_zone_local():
    assert zone_of_header("Created (local, CST)") == "CT"


def test_columns_of_zones_are_known_by_their_header():
    assert all(map(is_zone_column, ("Time Zone", "timezone", "TZ", "time_zone", "TZID")))
    assert not any(map(is_zone_column, ("Zone", "Sales Zone", "Time", "Blitz")))


def test_an_answer_must_be_a_zone():
    with pytest.raises(BadInput, match=r"jobs\.created"):
        zone_answer({"jobs": "the moon"}, "jobs", "created")
    assert zone_named("Central Time (US & Canada)").key == "America/Chicago"


def test_an_account_of_utc_is_never_asked():
    assert decide_zone({"": 4, "Z": 3}, "Created", "UTC").zone == ""


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("All times in UTC", "UTC"),
        ("All times are in UTC.", "UTC"),
        ("Times shown in Eastern Time", "Eastern Time"),
        ("Time zone: Eastern Time (US & Canada)", "Eastern Time (US & Canada)"),
        ("Timezone: America/Chicago", "America/Chicago"),
        ("Dates and times are in Central European Time", "Central European Time"),
        ("Printed at 9:05 AM EST", ""),
        ("Generated: 01/20/2024 09:00 AM (UTC)", ""),
        ("Report for the time in Tampa", ""),
        ("All times are local", ""),
    ],
)
def test_a_line_above_the_header_names_the_zone_of_all_times_or_none(line, zone):
    assert (zone_of_title(line), zone_above(line)) == (zone, zone)


def test_a_line_above_the_header_is_believed(con, tmp_path):
    (tmp_path / "clients.csv").write_text(
        "Client list\nAll times in UTC\n\nClient ID,Client Name,Created Date\n"
        "1,Ann Roe,01/13/2024 3:00 AM\n2,Bob Fay,01/14/2024\n"
    )
    ingest_object(con, tmp_path, "clients")
    found = clean_object(con, "clients", CleanContext(exports=tmp_path, time_zone=NEW_YORK))
    assert not found.questions
    rows = con.execute("SELECT created, created_at FROM clean.clients ORDER BY source_key")
    assert [(str(day), at) for day, at in rows.fetchall()] == [
        ("2024-01-12", "2024-01-12T22:00:00-05:00"),
        ("2024-01-14", None),
    ]


@pytest.mark.parametrize(
    ("text", "zone", "exact", "told"),
    [
        # New York set its clocks from 2:00 to 3:00 on 10 March, from 2:00 to 1:00 on 3 November
        ("2024-03-10 01:59", NEW_YORK, "2024-03-10T01:59:00-05:00", ""),
        ("2024-03-10 02:00", NEW_YORK, None, SKIPPED),
        ("3/10/2024 2:30 AM", NEW_YORK, None, SKIPPED),
        ("3/10/2024 3:00 AM", NEW_YORK, "2024-03-10T03:00:00-04:00", ""),
        ("45361.1041666667", NEW_YORK, None, SKIPPED),  # Excel's number of 2:30 that day
        ("2024-03-10 02:30 EST", NEW_YORK, "2024-03-10T03:30:00-04:00", ""),
        ("2024-03-10T07:30:00Z", NEW_YORK, "2024-03-10T03:30:00-04:00", ""),
        ("2024-03-10 02:30", "America/Phoenix", "2024-03-10T02:30:00-07:00", ""),  # never changes
        ("2024-03-10 02:30 ET", "America/Los_Angeles", None, SKIPPED),
        ("2024-11-03 00:59", NEW_YORK, "2024-11-03T00:59:00-04:00", ""),
        ("11/3/2024 1:30 AM", NEW_YORK, "2024-11-03T01:30:00-04:00", TWICE),
        ("2024-11-03 01:30 EDT", NEW_YORK, "2024-11-03T01:30:00-04:00", ""),
        ("2024-11-03 01:30 EST", NEW_YORK, "2024-11-03T01:30:00-05:00", ""),
        ("2024-11-03 02:00", NEW_YORK, "2024-11-03T02:00:00-05:00", ""),
        ("2024-03-31 02:30", "Europe/Berlin", None, SKIPPED),
        ("2024-10-27 02:30", "Europe/Berlin", "2024-10-27T02:30:00+02:00", TWICE),
        ("2024-10-06 02:15", "Australia/Sydney", None, SKIPPED),  # spring is in October there
    ],
)
def test_an_hour_that_clocks_skip_or_show_twice_is_told(text, zone, exact, told):
    found = dates.moment(text, zone=zone)
    assert (found.exact, found.doubt) == (exact, told)


def test_a_moment_in_a_skipped_hour_keeps_its_day_and_its_text_and_is_listed(con, tmp_path):
    rows = (
        ["1", "Ann Roe", "2024-03-10 02:30"],
        ["2", "Bob Fay", "2024-11-03 01:30"],
        ["3", "Cy Dee", "2024-11-03 12:30"],
    )
    asked, clean = cleaned(con, tmp_path, "clients", CLIENTS, *rows)
    assert asked == {}
    assert [str(day)[:10] for day in clean["created"]] == ["2024-03-10", "2024-11-03", "2024-11-03"]
    assert clean["originals"][0] == {"created": "2024-03-10 02:30"}
    listed = con.execute(
        "SELECT split_part(source_key, '/', -1), value, note FROM clean.notes ORDER BY ALL"
    ).fetchall()
    assert listed == [("1", "2024-03-10 02:30", SKIPPED), ("2", "2024-11-03 01:30", TWICE)]


def test_a_custom_moment_in_a_changed_hour_claims_no_offset():
    assert transforms.moment("2024-11-03 01:30", zone=NEW_YORK) == "2024-11-03T01:30:00"
    with pytest.raises(transforms.Unfit):
        transforms.moment("2024-03-10 02:30", zone=NEW_YORK)
