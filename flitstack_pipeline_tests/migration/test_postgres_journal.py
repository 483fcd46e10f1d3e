"""The journal, the lock and the pace in Postgres, for a team on several machines."""

import threading

import duckdb
import pytest

from flitstack_pipeline.highlevel.pacing import SharedPacer
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.journal.export import export_operations
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import load
from flitstack_pipeline.migration.lock import RunInProgress, exclusive
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import many, small_schema
from flitstack_pipeline_tests.migration.postgres import server_folder, throw_away_postgres
from flitstack_pipeline_tests.migration.test_journal import intent
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


def test_a_database_that_refuses_a_write_stops_the_run(url):
    with Journal(url) as journal:
        run = journal.start_run("loc", "cutover")
        twice = intent(run)
        journal.intend([twice])
        with pytest.raises(JournalFailed, match="goes on"):
            journal.intend([twice])
