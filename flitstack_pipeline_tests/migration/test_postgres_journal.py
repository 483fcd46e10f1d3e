"""The journal, the lock and the pace in Postgres, for a team on several machines."""

import re
import threading
from dataclasses import replace

import duckdb
import pytest
import sqlalchemy as sa

from flitstack_pipeline.destination import budget_of
from flitstack_pipeline.highlevel.pacing import SharedPacer
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.export import export_operations
from flitstack_pipeline.migration.journal.integrity import (
    JournalNewer,
    JournalOutdated,
    set_version,
)
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.journal.versions import upgrade
from flitstack_pipeline.migration.load import load
from flitstack_pipeline.migration.lock import RunInProgress, exclusive
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline.migrations import home_of, schema_of
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.project_context import accounts, open_account, open_journal
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.migration.conftest import many, small_schema
from flitstack_pipeline_tests.migration.postgres import server_folder, throw_away_postgres
from flitstack_pipeline_tests.migration.test_journal import entry, intent
from flitstack_pipeline_tests.migration.test_loading import QUICK, counts, of_each

PROGRAMS = server_folder()
pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="no Postgres server programs: apt-get install postgresql"
)


@pytest.fixture(scope="module")
def url():
    with throw_away_postgres(PROGRAMS) as address:
        yield address


def test_a_migration_journalled_in_postgres_is_loaded_once_and_taken_back(account, url):
    hl = account.connect()
    with Journal(url) as journal:
        with journal.running(hl.location_id, "cutover") as run:
            catalog = provision(hl, small_schema(), journal, run)
            assert load(hl, journal, catalog, many(8), run, options=QUICK).complete
            assert load(hl, journal, catalog, many(8), run, options=QUICK).requests == 0
        assert counts(account.dump()) == of_each(8)
        con = duckdb.connect()
        assert export_operations(journal, con) >= len(many(8))
        done = con.execute(
            "SELECT count(*) FROM journal.operations WHERE result = 'done' AND status = 201 "
            "AND trace_id IS NOT NULL AND latency_ms > 0 AND kind = 'opportunity'"
        ).fetchall()
        assert done == [(8,)]
        with journal.running(hl.location_id, "rollback") as run:
            assert rollback(hl, journal, catalog, run, options=QUICK).clean
    assert account.dump()["contacts"] == []


def test_two_machines_exclude_each_other_and_share_one_pace(url):
    with Journal(url) as one, Journal(url) as two:
        refused = []

        def second():
            try:
                with exclusive(two.engine, "loc", "delta"):
                    pass
            except RunInProgress as error:
                refused.append(str(error))

        with exclusive(one.engine, "loc", "cutover"):
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
        assert "cutover" in refused[0]
        pacers = [SharedPacer(journal.engine, "k", limit=1000) for journal in (one, two)]
        for pacer in pacers:
            pacer.acquire(5)
            pacer.close()
        assert pacers[0].snapshot().used_today == 10


def in_schema(url, name):
    return f"{url}&schema={schema_of(name)}"


def test_migrations_of_one_database_have_a_journal_each_and_share_their_locks_and_pace(
    url, tmp_path, monkeypatch
):
    monkeypatch.setenv("FLITSTACK_MIGRATIONS", str(tmp_path))
    monkeypatch.setenv("FLITSTACK_JOURNAL_URL", url)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("FLITSTACK_SECRETS", str(tmp_path / "Secrets"))
    monkeypatch.setenv("HIGHLEVEL_BASE_URL", "http://127.0.0.1:1")
    names = ["acme", "acme-2", "x" * 63, "x" * 62 + "y"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / "Secrets" / name).mkdir(parents=True)
        (tmp_path / "Secrets" / name / "HIGHLEVEL_TOKEN").write_text("pit-x")
        (tmp_path / "Secrets" / name / "HIGHLEVEL_LOCATION_ID").write_text("one-account")
    projects = [Project.of_home(home_of(name)).prepare() for name in names]
    for project in projects:
        with Journal(project.journal_url) as journal:
            assert journal.runs() == []
            journal.start_run("one-account", "cutover")
            journal.set_setting("seen", project.root.name)
    for project in projects:
        with Journal(project.journal_url) as journal:
            assert len(journal.runs()) == 1 and journal.get_setting("seen") == project.root.name

    # a second machine: its own state folder, and only the database in common
    with exclusive_run(projects[0], "cutover"):
        refused = []

        def second():
            elsewhere = projects[1].settings.model_copy(update={"state_home": tmp_path / "other"})
            try:
                with exclusive_run(replace(projects[1], settings=elsewhere), "delta"):
                    pass
            except RunInProgress as error:
                refused.append(str(error))

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        assert "cutover" in refused[0]
    for project in projects[:2]:
        with open_account(project) as (_, destination):
            destination.hl.client.pacer.acquire(3)
        with open_journal(project) as journal:
            used = budget_of(project, journal.engine, accounts(project)[0]).used_today
    assert used == 6


def test_an_older_journal_is_upgraded_with_a_backup_and_a_newer_one_refused(url):
    place = in_schema(url, "older")
    with Journal(place) as journal:
        run = journal.start_run("loc", "cutover")
        journal.conclude([], [entry(run)], wait=True)
        with journal.engine.begin() as con:
            con.execute(sa.text("DROP TABLE originals"))
            con.execute(sa.text("ALTER TABLE runs DROP COLUMN summary"))
        set_version(journal.engine, 1)
    with pytest.raises(JournalOutdated, match=r"originals, runs.summary.*`flitstack journal mig"):
        Journal(place)
    done = upgrade(place)
    assert (done.before, done.added) == (1, ("originals", "runs.summary"))
    with Journal(place) as journal:
        assert journal.entry("loc", "contact:main/clients/1").hl_id == "hl1"
        backup = re.search(r"flitstack_backup_\w+", done.backup)[0]
        with journal.engine.connect() as con:
            kept = con.execute(sa.text(f"SELECT hl_id FROM {backup}.id_map")).scalars().all()
            tables = sa.inspect(con).get_table_names(schema=backup)
        assert kept == ["hl1"] and "originals" not in tables
        set_version(journal.engine, t.VERSION + 1)
    for opened in (Journal, upgrade):
        with pytest.raises(JournalNewer, match=f"of version {t.VERSION + 1}.*nothing was changed"):
            opened(place)


def test_a_database_that_refuses_a_write_stops_the_run(url):
    with Journal(url) as journal:
        run = journal.start_run("loc", "cutover")
        twice = intent(run)
        journal.intend([twice])
        with pytest.raises(JournalFailed, match="goes on"):
            journal.intend([twice])
