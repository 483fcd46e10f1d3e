"""The sensor launches the delta once per new content, inside the window, and else says why not."""

import datetime as dt
import os
import time

import dagster as dg
import pytest

from flitstack_pipeline import services
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.dagster.sensors import new_export_session
from flitstack_pipeline.reading.manifest import sha256
from flitstack_pipeline.services import delta
from flitstack_pipeline.services.project_context import open_journal


@pytest.fixture
def exports(project):
    """A folder whose one file the cutover has read."""
    path = project.exports / "clients.csv"
    path.write_text("Client ID,Client Name\n1,Ann\n")
    return project.exports


@pytest.fixture
def after_cutover(project, exports, monkeypatch):
    monkeypatch.setattr(delta, "SETTLED_S", 0.0)
    opened = dt.datetime.now(dt.UTC)
    with open_journal(project) as journal:
        journal.set_setting(delta.OPENED, [opened.isoformat(), opened.isoformat()])
        read = {p.name: sha256(p) for p in exports.iterdir()}
        journal.set_setting(delta.READ, read)
    return project


class Ticks:
    """The sensor as the daemon ticks it: the cursor is kept from tick to tick."""

    def __init__(self) -> None:
        self.cursor: str | None = None

    def __call__(self) -> dg.RunRequest | str:
        with (
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance=instance, cursor=self.cursor) as context,
        ):
            found = new_export_session(context)
        self.cursor = found.cursor
        if found.skip_reason:
            return found.skip_reason.skip_message
        (request,) = found.run_requests
        assert request.partition_key == "main"
        return request


@pytest.fixture
def tick():
    return Ticks()


def test_before_the_cutover_it_waits_for_the_window(project, exports, tick):
    assert tick() == "The cutover has not started; the delta window opens with it."


def test_what_the_cutover_read_is_nothing_new(after_cutover, tick):
    said = tick()
    assert said.startswith("Nothing new: 1 export files in ")
    assert str(after_cutover.exports) in said and "window until 20" in said


def test_a_new_file_launches_one_run_and_only_one(after_cutover, tick):
    (after_cutover.exports / "jobs.csv").write_text("Job Number,Client\nJ-1,Ann\n")
    request = tick()
    assert isinstance(request, dg.RunRequest) and request.run_key
    assert "A delta was launched for this content (new: jobs.csv)" in tick()


def test_a_touched_file_is_not_new(after_cutover, tick):
    os.utime(after_cutover.exports / "clients.csv", (1, 1))
    assert tick().startswith("Nothing new")


def test_changed_content_launches_again_with_another_run_key(after_cutover, tick):
    path = after_cutover.exports / "clients.csv"
    keys = []
    for name in ("Bea", "Cy"):
        path.write_text(f"Client ID,Client Name\n1,{name}\n")
        keys.append(tick().run_key)
    assert len(set(keys)) == 2


def test_the_same_content_has_the_same_run_key_even_when_the_cursor_is_lost(after_cutover):
    (after_cutover.exports / "jobs.csv").write_text("Job Number,Client\nJ-1,Ann\n")
    assert Ticks()().run_key == Ticks()().run_key


def test_a_file_that_is_still_being_written_waits(after_cutover, tick, monkeypatch):
    monkeypatch.setattr(delta, "SETTLED_S", 60.0)
    (after_cutover.exports / "jobs.csv").write_text("Job Number,Cli")
    assert "Still being written: clients.csv, jobs.csv" in tick()


def test_attachments_and_leftovers_are_no_exports(after_cutover, tick):
    (after_cutover.exports / "~$clients.xlsx").write_text("lock")
    (after_cutover.exports / "photo.jpg").write_text("jpeg")
    assert tick().startswith("Nothing new")


def test_after_the_window_it_says_when_it_closed_and_how_to_go_on(after_cutover, tick, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DELTA_END", "2020-01-02T03:04:00Z")
    said = tick()
    assert said.startswith("The delta window closed at 2020-01-02 03:04 UTC.")
    assert "FLITSTACK_DELTA_END" in said


def test_before_a_start_set_in_the_configuration_it_waits(after_cutover, tick, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DELTA_START", "2999-01-01T00:00:00Z")
    assert tick() == "The delta window opens at 2999-01-01 00:00 UTC."


def test_the_window_is_as_long_as_configured(after_cutover, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DELTA_HOURS", "24")
    project = MigrationProject().open()
    with open_journal(project) as journal:
        window = services.delta_window(project, journal)
    assert window.closes - window.opens == dt.timedelta(hours=24)


def test_a_folder_that_is_gone_is_not_an_empty_folder(after_cutover, tick):
    exports = after_cutover.exports
    exports.rename(exports.with_name("away"))
    exports.write_text("")  # a file where the folder was
    assert "exports is a file, and must be a folder" in tick()


def test_a_load_remembers_which_files_it_had_read(project, exports):
    with project.warehouse.connect() as con:
        con.execute("CREATE TABLE raw.files (file VARCHAR, sha256 VARCHAR)")
        con.execute("INSERT INTO raw.files VALUES ('clients.csv', 'abc')")
    before = time.time()
    with open_journal(project) as journal:
        delta.open_window(project, journal, "sample")
        assert services.delta_window(project, journal) is None, "a sample opens no window"
        delta.open_window(project, journal, "cutover")
        window = services.delta_window(project, journal)
        assert journal.get_setting(delta.READ) == {"clients.csv": "abc"}
        first = window.opens
        delta.open_window(project, journal, "cutover")
        assert services.delta_window(project, journal).opens == first, "it opens once"
    assert before - 1 <= first.timestamp() <= time.time() + 1
