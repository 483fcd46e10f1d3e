"""Which files were exported together, and which of two is the later one."""

import os
from pathlib import Path

import pytest

from flitstack_pipeline.reading.manifest import Entry
from flitstack_pipeline.reading.sessions import mark_of, sessions_of
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.reading.survey import survey

BUNDLED = Path(__file__).parents[2] / "data" / "exports"


def sessions(*files: tuple[str, str], said: dict[str, str] | None = None) -> dict[str, str]:
    """Session by file name, of (name, time) laid by hand."""
    entries = [Entry(name, exported_at=time) for name, time in files]
    return {e.file: e.session for e in sessions_of(entries, said)}


def order(*files: tuple[str, str]) -> list[str]:
    """File names, the oldest export first."""
    entries = sessions_of([Entry(name, exported_at=time) for name, time in files])
    return [e.file for e in sorted(entries, key=lambda e: e.exported_at)]


NINE, TEN = "2026-11-02T09:00:00+00:00", "2026-11-02T10:00:00+00:00"
NEXT_DAY, LATER = "2026-11-03T08:59:00+00:00", "2026-11-04T09:01:00+00:00"


def test_files_laid_within_a_day_are_one_session_and_later_ones_another():
    found = sessions(("clients.csv", NINE), ("jobs.csv", NEXT_DAY), ("notes.csv", LATER))
    assert found["clients.csv"] == found["jobs.csv"] != found["notes.csv"]


def test_two_files_of_one_kind_laid_together_are_one_session():
    found = sessions(("a.csv", NINE), ("b.csv", NINE))
    assert found["a.csv"] == found["b.csv"]


def test_the_same_date_in_names_is_one_session_whatever_the_times():
    found = sessions(
        ("jobs 2024-05-01.csv", NINE), ("clients_20240501.csv", LATER),
        ("jobs 2024-06-01.csv", NINE),
    )  # fmt: skip
    assert found["jobs 2024-05-01.csv"] == found["clients_20240501.csv"] == "2024-05-01"
    assert found["jobs 2024-06-01.csv"] == "2024-06-01"


def test_the_same_sequence_in_names_is_one_session():
    found = sessions(("clients_1.csv", NINE), ("clients_2.csv", NINE), ("jobs (2).csv", LATER))
    assert found["clients_1.csv"] != found["clients_2.csv"] == found["jobs (2).csv"]


def test_a_higher_sequence_is_later_though_it_was_laid_earlier():
    assert order(("clients_2.csv", NINE), ("clients_1.csv", TEN)) == [
        "clients_1.csv", "clients_2.csv",
    ]  # fmt: skip
    assert order(("clients (1).csv", NINE), ("clients.csv", TEN)) == [
        "clients.csv", "clients (1).csv",
    ]  # fmt: skip
    assert order(("jobs_10.csv", NINE), ("jobs_9.csv", NINE)) == ["jobs_9.csv", "jobs_10.csv"]


def test_a_date_in_the_name_orders_versions():
    files = ("jobs 2024-06-01.csv", NINE), ("jobs 2024-05-01.csv", TEN)
    assert order(*files) == ["jobs 2024-05-01.csv", "jobs 2024-06-01.csv"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("jobs 2024-05-01.csv", "2024-05-01"), ("jobs_20240501_093000.csv", "2024-05-01"),
        ("May 1, 2024 jobs.csv", "2024-05-01"), ("jobs 1 May 2024.csv", "2024-05-01"),
        ("jobs 5-13-2024.csv", "2024-05-13"), ("jobs 13.5.2024.csv", "2024-05-13"),
        ("2024-05-01/jobs.csv", "2024-05-01"), ("session2/jobs.csv", "sequence 2"),
        ("jobs-v3.csv", "sequence 3"), ("export 4 jobs.csv", "sequence 4"),
        ("jobs.csv", ""), ("jobs_part2.csv", ""), ("invoices 1 of 3.csv", ""),
        ("2x4 prices.csv", ""), ("jobs 24-05-01.csv", "2024-05-01"),
        ("jobs 240501.csv", "2024-05-01"), ("jobs 24-05-20.csv", "24-05-20"),
        ("jobs 240520.csv", "240520"), ("jobs 2024-05-01T10-30.csv", "2024-05-01"),
        ("invoices 1501.csv", ""),
    ],
)  # fmt: skip
def test_what_a_name_says(name, label):
    assert mark_of(name).label == label


def test_a_date_that_may_be_two_days_orders_nothing_by_itself():
    assert mark_of("jobs 05-06-2024.csv").day is None
    assert mark_of("jobs 24-05-20.csv").day is None


@pytest.mark.parametrize(
    "names",
    [
        ("jobs 05-01-2024.csv", "jobs 06-01-2024.csv"),  # May and June, or both in January
        ("jobs 1.2.2024.csv", "jobs 2.2.2024.csv", "jobs 1.3.2025.csv"),
        ("jobs 1-5-24.csv", "jobs 1-6-24.csv"),
    ],
)
def test_dates_that_may_be_two_days_order_files_where_both_readings_agree(names):
    laid_the_other_way = zip(names, (LATER, TEN, NINE), strict=False)
    assert order(*laid_the_other_way) == list(names)


def test_where_the_readings_differ_the_times_of_the_files_count():
    """2 January and 1 March, or 1 February and 3 January."""
    assert order(("jobs 02-01-2024.csv", NINE), ("jobs 01-03-2024.csv", TEN)) == [
        "jobs 02-01-2024.csv", "jobs 01-03-2024.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sure", "doubtful", "label"),
    [("clients 05-13-2024.csv", "jobs 05-06-2024.csv", "2024-05-06"),
     ("clients 13.05.2024.csv", "jobs 05.06.2024.csv", "2024-06-05")],
)  # fmt: skip
def test_a_date_that_may_be_two_days_is_read_as_a_sure_one_beside_it(sure, doubtful, label):
    found = sessions((sure, NINE), (doubtful, NINE), (f"notes {label}.csv", NINE))
    assert found == {
        sure: "2024-05-13", doubtful: label, f"notes {label}.csv": label,
    }  # fmt: skip


def test_a_time_of_day_in_a_name_counts():
    files = ("jobs 2024-05-01T14-30.csv", NINE), ("jobs 2024-05-01T09-05.csv", TEN)
    assert order(*files) == ["jobs 2024-05-01T09-05.csv", "jobs 2024-05-01T14-30.csv"]


def test_a_person_can_say_otherwise():
    found = sessions(("a.csv", NINE), ("b.csv", NINE), said={"session:b.csv": "the second export"})
    assert found["b.csv"] == "the second export" != found["a.csv"]


def test_staged_files_keep_the_session_they_were_staged_in(tmp_path):
    for name, when in (("clients_2.csv", "2026-11-01"), ("clients_1.csv", "2026-11-02")):
        (tmp_path / name).write_text(f"Client ID,Client Name\n{when[-1]},Ann Roe\n")
        stage(tmp_path / "exports", [tmp_path / name], exported_at=when)
    found = {r.entry.file: r.entry.session[:10] for r in survey(tmp_path / "exports")}
    assert found == {"clients_2.csv": "2026-11-01", "clients_1.csv": "2026-11-02"}


def test_the_bundled_exports_keep_their_sessions():
    found = {r.entry.file: r.entry.session for r in survey(BUNDLED)}
    assert found.pop("clients_1.csv") == "2026-10-30"
    assert set(found.values()) == {"2026-11-02"}


def test_files_copied_into_the_folder_by_hand_are_one_session(tmp_path):
    for name in ("clients.csv", "more clients.csv"):
        (tmp_path / name).write_text("Client ID,Client Name\n1,Ann Roe\n")
    os.utime(tmp_path / "clients.csv", (1_800_000_000, 1_800_000_000))
    os.utime(tmp_path / "more clients.csv", (1_800_050_000, 1_800_050_000))
    assert len({r.entry.session for r in survey(tmp_path)}) == 1


@pytest.mark.parametrize(
    ("name", "label", "day"),
    [("jobs 1-5-24.csv", "1-5-24", None), ("jobs 1-6-24.csv", "1-6-24", None),
     ("jobs 1-25-24.csv", "2024-01-25", "2024-01-25"), ("jobs 24-05-20.csv", "24-05-20", None),
     ("clients 2.csv", "sequence 2", None)],
)  # fmt: skip
def test_a_year_of_two_digits_is_no_sequence(name, label, day):
    mark = mark_of(name)
    assert (mark.label, mark.day and mark.day.date().isoformat()) == (label, day)
