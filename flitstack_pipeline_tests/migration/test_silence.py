"""A run that was silent makes sure that its lock is its own before it writes.

The fleet's short story doubled an invoice without: a cut network delayed the journal's answer to an
intent until another run had taken over and was done; then the request left.
"""

import pytest

from flitstack_pipeline.migration import lock
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.load import load
from flitstack_pipeline.migration.lock import LockLost, exclusive
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline_tests.migration.conftest import many, small_schema
from flitstack_pipeline_tests.migration.test_loading import QUICK


@pytest.fixture
def silence(monkeypatch):
    """Let time pass as while a machine sleeps: no heartbeat comes by itself."""
    monkeypatch.setattr(lock, "HEARTBEAT_S", 3600.0)
    clock, passed = lock._awake_or_not, []
    monkeypatch.setattr(lock, "_awake_or_not", lambda: clock() + sum(passed))
    return passed.append


def test_a_lock_that_is_still_ours_is_made_sure_of_after_a_silence_and_not_before(journal, silence):
    def beaten():
        return lock.holder_of(journal.engine, "loc")["heartbeat_at"]

    with exclusive(journal.engine, "loc", "mine"):
        first = beaten()
        lock.check_held()
        assert beaten() == first
        silence(lock.STALE_AFTER_S)
        lock.check_held()
        assert beaten() > first


def test_a_write_does_not_leave_after_another_run_took_the_lock(
    account, journal, silence, monkeypatch
):
    hl = account.connect(before_write=lock.check_held)
    run = journal.start_run(hl.location_id, "cutover")
    catalog = provision(hl, small_schema(), journal, run)
    intend = journal.intend

    def answered_late(intents):
        intend(intents)
        with journal.engine.begin() as con:
            con.execute(t.locks.update().values(owner="another run"))
        silence(lock.STALE_AFTER_S)

    monkeypatch.setattr(journal, "intend", answered_late)
    with pytest.raises(LockLost):
        load(hl, journal, catalog, many(1), run, options=QUICK)
    assert account.dump()["contacts"] == []
    assert journal.open_intents(hl.location_id) == []


def test_the_destination_of_a_step_asks_before_each_write(tmp_path, monkeypatch, silence):
    from flitstack_pipeline.services.project_context import open_account
    from flitstack_pipeline.settings import Project

    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path))
    monkeypatch.delenv("HIGHLEVEL_TOKEN", raising=False)
    project = Project.from_environment().prepare()
    with open_account(project) as (journal, destination):
        location = destination.location_id
        with exclusive(journal.engine, location, "cutover"):
            with journal.engine.begin() as con:
                con.execute(t.locks.update().values(owner="another run"))
            silence(lock.STALE_AFTER_S)
            with pytest.raises(LockLost):
                destination.hl.contacts.delete("whatever")
        assert destination.hl.client.usage.writes == 0
