"""`flitstack retry`, `journal export` and `status` on a small project of a configured account."""

import csv
import json

import pytest
from typer.testing import CliRunner

from flitstack_pipeline import services
from flitstack_pipeline.cli import app
from flitstack_pipeline.cli.terminal import Exit
from flitstack_pipeline.highlevel.pacing import PaceSnapshot
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.progress import (
    LoadProgress,
    Meter,
    budget_sentence,
    duration,
    log_lines,
)
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.migration.rows import COLUMNS
from flitstack_pipeline.migration.sending import LoadResult
from flitstack_pipeline.services.loading import load_keys
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.migration.conftest import contact, job, small_schema


@pytest.fixture
def project(account, tmp_path, monkeypatch):
    """A project whose sample is mapped and whose sub-account is ready."""
    for name, value in {
        "FLITSTACK_DATA": tmp_path / "data",
        "HIGHLEVEL_TOKEN": "pit-sandbox",
        "HIGHLEVEL_LOCATION_ID": "sandbox-location",
        "HIGHLEVEL_AGENCY_TOKEN": "pit-agency-sandbox",
        "HIGHLEVEL_BASE_URL": account.url,
        "XDG_STATE_HOME": tmp_path / "state",
    }.items():
        monkeypatch.setenv(name, str(value))
    opened = Project.from_environment().prepare()
    with Journal(opened.journal_url) as journal:
        hl = account.connect()
        with journal.running(hl.location_id, "prepare") as run:
            provision(hl, small_schema(), journal, run)
        journal.set_setting("objects", ["custom_objects.invoice"])
    return opened


def map_rows(project, rows):
    """Put rows in place of what is mapped."""
    with project.warehouse.connect() as con:
        con.execute("CREATE OR REPLACE TABLE clean.users (source_key VARCHAR, name VARCHAR, "
                    "email VARCHAR, role VARCHAR, status VARCHAR)")  # fmt: skip
        for key in ("clients", "jobs"):
            listed = ", ".join(f'"{c}" {"INTEGER" if c == "phase" else "VARCHAR"}' for c in COLUMNS)
            con.execute(f"CREATE OR REPLACE TABLE mapped.{key} ({listed})")
            for row in (r for r in rows if r.object_key == key):
                values = [getattr(row, name) for name in COLUMNS]
                cells = [json.dumps(v) if isinstance(v, dict | list) else v for v in values]
                con.execute(
                    f"INSERT INTO mapped.{key} VALUES ({', '.join('?' * len(cells))})", cells
                )


def bad(n):
    row = contact(n)
    row.payload["custom"]["Source_Type__c"] = "Alien"
    return row


def flitstack(*arguments):
    return CliRunner().invoke(app, list(arguments))


def load_sample(project):
    for key in ("clients", "jobs"):
        load_keys(project, "sample", key, None)


def test_rejected_records_and_their_children_get_through_when_mended_and_retried(account, project):
    map_rows(project, [bad(1), contact(2), job(1, 1), job(2, 2)])
    load_sample(project)
    assert len(account.dump()["contacts"]) == len(account.dump()["opportunities"]) == 1
    stuck = flitstack("retry", "--class", "validation")
    assert stuck.exit_code == Exit.INCOMPLETE and "Alien" in stuck.output
    map_rows(project, [contact(1), contact(2), job(1, 1), job(2, 2)])
    only_jobs = flitstack("retry", "--object", "jobs")
    assert only_jobs.exit_code == Exit.INCOMPLETE and "missing parent" in only_jobs.output
    again = flitstack("retry")
    assert again.exit_code == 0, again.output
    assert "tried: 2" in again.output and "rejected again: 0" in again.output
    assert len(account.dump()["contacts"]) == len(account.dump()["opportunities"]) == 2


def test_what_the_cutover_rejected_is_only_retried_through_the_gate(account, project):
    map_rows(project, [bad(1)])
    load_keys(project, "cutover", "clients", None)
    with pytest.raises(Refused, match="retry"):
        services.retry(project)


def test_an_unknown_class_or_object_is_refused_with_the_choices(project):
    with pytest.raises(ValueError, match="missing_parent"):
        services.retry(project, "", "nonsense")
    with pytest.raises(ValueError, match="clients"):
        services.retry(project, "gizmos")


def test_the_audit_log_is_exported_for_its_owner_and_without_secrets(account, project, tmp_path):
    map_rows(project, [contact(1), bad(2)])
    load_sample(project)
    out = tmp_path / "audit.csv"
    assert flitstack("journal", "export", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o077 == 0
    rows = [r for r in csv.DictReader(out.open()) if r["kind"] == "contact"]
    assert [r["result"] for r in rows] == ["done", "refused"]
    row, never_left = rows
    assert never_left["status"] == "" and "Alien" in never_left["message"]
    assert row["operation"] == "create" and row["endpoint"] == "POST /contacts/"
    assert row["source_key"] == "main/clients/1" and len(row["payload_hash"]) == 64
    assert row["status"] == "201" and row["trace_id"] and float(row["latency_ms"]) > 0
    assert "pit-" not in out.read_text()
    parquet = tmp_path / "audit.parquet"
    assert flitstack("journal", "export", str(parquet)).exit_code == 0
    with project.warehouse.connect() as con:
        counted = con.execute(f"SELECT count(*) FROM '{parquet}'").fetchall()
        assert counted == con.execute("SELECT count(*) FROM journal.operations").fetchall()
    with pytest.raises(ValueError, match="parquet"):
        services.export_journal(project, tmp_path / "x", "xlsx")


def test_the_plan_comes_first_and_status_tells_done_left_and_budget(account, project):
    map_rows(project, [contact(1), contact(2), job(1, 1)])
    planned = services.plan_stage(project, "cutover")
    assert planned.facts["requests"] >= 3 and planned.facts["days"] == 1
    with Journal(project.journal_url) as journal:
        from flitstack_pipeline.services.status import load_facts

        before = load_facts(project, journal)
    load_keys(project, "cutover", "clients", None)
    with Journal(project.journal_url) as journal:
        after = load_facts(project, journal)
    assert (before["done"], before["left"]) == (0, 3)
    assert (after["done"], after["left"]) == (2, 1)
    assert not after["rate"].startswith("0.0") and after["time left"] != "none"


# --- what is shown --------------------------------------------------------------------------------


def progress(done, total=1000, **budget):
    kept = {"limit": 100, "window_s": 10.0, "used_today": 40, "daily_limit": 200_000, **budget}
    result = LoadResult(created=done)
    return LoadProgress("cutover", "jobs", done, total, 9.9, 90.9, result, PaceSnapshot(**kept))


def test_a_line_of_progress_tells_pace_time_left_and_budget():
    line = progress(100).sentence()
    assert "100 of 1,000" in line and "9.9 records/s" in line and "2 min left" in line
    assert "40 of 200,000 requests today" in line
    paused = progress(1, paused_until=1.79e9, pause_reason="the daily quota is spent").sentence()
    assert "paused until 2026-09-21 14:13:20 UTC (the daily quota is spent)" in paused


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end():
    lines = []
    watch = log_lines(lines.append, every_s=3600)
    for done in range(0, 1001, 100):
        watch(progress(done))
    assert len(lines) == 1 and "1,000 of 1,000" in lines[0]


def test_the_time_left_follows_the_pace_of_the_last_half_minute():
    meter = Meter(1000)
    assert meter.read(0, now=0.0) == (0.0, None)
    assert meter.read(100, now=10.0) == (10.0, 90.0)
    for second in range(11, 60):
        meter.read(100 + (second - 10), now=float(second))
    per_s, left_s = meter.read(150, now=60.0)
    assert per_s == pytest.approx(1.0, abs=0.1) and left_s == pytest.approx(850, rel=0.1)


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (600, "10 min"), (7380, "2 h 3 min"), (200_000, "2 days 7 h")]
)
def test_spans_are_said_as_people_say_them(seconds, text):
    assert duration(seconds) == text


def test_a_day_of_which_only_the_reserve_is_left_says_until_when_loads_wait():
    def said(used):
        return budget_sentence(PaceSnapshot(100, 10.0, used, 200_000, daily_reserve=10_000))

    assert said(189_999) == "189,999 of 200,000 requests today"
    assert "paused until" in said(190_000)
    assert said(195_000).endswith("00:00:01 UTC (10,000 are kept for the delta)")
