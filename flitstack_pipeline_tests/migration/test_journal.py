"""The journal: durable, shared, append-only; the lock: one run at a time."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest
import sqlalchemy as sa

from flitstack_pipeline.migration import journal_tables as t
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.journal import Entry, Intent, Outcome, new_id
from flitstack_pipeline.migration.journal_export import export_operations, write_operations
from flitstack_pipeline.migration.lock import RunInProgress, exclusive


def intent(run, key="contact:main/clients/1", operation="create"):
    return Intent(run.id, run.location, "clients", key, key.split(":", 1)[1], "contact", "contact",
                  operation, "POST /contacts/", "hash", {"payload": {"fields": {}}})  # fmt: skip


def entry(run, key="contact:main/clients/1", hl_id="hl1"):
    return Entry(run.location, key, key.split(":", 1)[1], "clients", "contact", "contact", hl_id,
                 "created", "hash", {"fields": {"firstName": "Zoë"}}, None, {}, run.id, new_id(),
                 time.time())  # fmt: skip


def test_an_intent_is_on_disk_when_intend_returns(journal, tmp_path):
    run = journal.start_run("loc", "cutover", "clients")
    journal.intend([intent(run)])
    other = sa.create_engine(journal.url)
    with other.connect() as con:
        assert con.execute(sa.select(sa.func.count()).select_from(t.intents)).scalar() == 1
        assert con.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"


def test_the_journal_is_readable_by_its_owner_only(journal, tmp_path):
    assert (tmp_path / "journal.sqlite").stat().st_mode & 0o077 == 0


def test_an_intent_is_open_until_it_has_a_final_outcome(journal):
    run = journal.start_run("loc", "cutover")
    first, second = intent(run), intent(run, "contact:main/clients/2")
    journal.intend([first, second])
    journal.conclude([Outcome(first.id, "ambiguous")], wait=True)
    assert [i.id for i in journal.open_intents("loc")] == [first.id, second.id]
    journal.conclude([Outcome(first.id, "found", hl_id="x")], [entry(run)], wait=True)
    assert [i.id for i in journal.open_intents("loc")] == [second.id]
    assert journal.entry("loc", "contact:main/clients/1").last_written["fields"] == {
        "firstName": "Zoë"
    }


def test_many_threads_share_few_durable_transactions(journal):
    run = journal.start_run("loc", "cutover")
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda n: journal.intend([intent(run, f"contact:{n}")]), range(600)))
    assert len(journal.operations(run.id)) == 600
    assert journal.transactions < 600


def test_entries_come_back_in_either_order_page_by_page(journal):
    run = journal.start_run("loc", "cutover")
    journal.conclude([], [entry(run, f"contact:{n}", f"hl{n}") for n in range(25)], wait=True)
    forward = [e.hl_id for e in journal.iterate_entries("loc", batch=4)]
    backward = [e.hl_id for e in journal.iterate_entries("loc", batch=4, newest_first=True)]
    assert forward == [f"hl{n}" for n in range(25)] == backward[::-1]


def test_a_broken_journal_refuses_everything_after(journal):
    run = journal.start_run("loc", "cutover")
    one = intent(run)
    journal.intend([one])
    with pytest.raises(JournalFailed, match="Nothing more was sent"):
        journal.intend([one])  # the same id twice
    with pytest.raises(JournalFailed):
        journal.intend([intent(run)])


def test_a_dead_letter_goes_when_its_record_gets_through(journal):
    run = journal.start_run("loc", "cutover")
    row = {"location": "loc", "record_key": "contact:main/clients/1", "source_key": "s",
           "object_key": "clients", "kind": "contact", "label": "A", "reason_class": "validation",
           "status": 422, "messages": ["no"], "payload": {}, "attempts": 1,
           "run_id": run.id}  # fmt: skip
    journal.put_dead_letter(row)
    journal.flush()
    assert len(journal.dead_letters("loc", "clients", "validation")) == 1
    journal.conclude([], [entry(run)], wait=True)
    assert journal.dead_letters("loc") == []


def test_the_audit_log_is_published_to_duckdb_csv_and_parquet(journal, tmp_path):
    run = journal.start_run("loc", "cutover")
    one = intent(run)
    journal.intend([one])
    journal.conclude([Outcome(one.id, "done", 201, "hl1", "trace", 12.5)], [entry(run)])
    con = duckdb.connect()
    assert export_operations(journal, con) == 1
    for form in ("csv", "parquet"):
        write_operations(con, tmp_path / "out" / f"operations.{form}", form)
    row = con.execute(
        "SELECT record_key, result, status, trace_id, year(sent_at) > 2000 FROM journal.operations"
    ).fetchall()
    assert row == [("contact:main/clients/1", "done", 201, "trace", True)]
    assert con.execute("SELECT last_written->>'$.fields.firstName' FROM journal.id_map").fetchall()
    parquet = str(tmp_path / "out" / "operations.parquet")
    assert con.execute(f"SELECT count(*) FROM '{parquet}'").fetchall() == [(1,)]


def test_settings_and_approvals_are_kept(journal):
    journal.set_setting("plan", {"requests": 5})
    journal.set_setting("plan", {"requests": 6})
    assert journal.get_setting("plan") == {"requests": 6}
    journal.approve("loc", "print", "Ana", "fine")
    assert journal.approvals("loc", "print")[0]["approved_by"] == "Ana"
    assert journal.approvals("loc", "other") == []


def test_a_second_run_on_the_same_account_is_refused_with_who_and_what(journal):
    refused = []

    def second():
        try:
            with exclusive(journal.engine, "loc", "delta"):
                pass
        except RunInProgress as error:
            refused.append(str(error))

    with exclusive(journal.engine, "loc", "full load of jobs"):
        with exclusive(journal.engine, "loc", "nested"):
            pass
        with exclusive(journal.engine, "another", "full load"):
            pass
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "full load of jobs" in refused[0] and "loc" in refused[0]
    with exclusive(journal.engine, "loc", "afterwards"):
        pass


HOLD = """
import sys, time
from flitstack_pipeline.migration.journal import open_engine
from flitstack_pipeline.migration.lock import exclusive
with exclusive(open_engine(sys.argv[1]), "loc", "doomed"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_run_heals_at_once(journal):
    child = subprocess.Popen([sys.executable, "-c", HOLD, journal.url], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(RunInProgress), exclusive(journal.engine, "loc", "mine"):
        pass
    child.kill()
    child.wait()
    with exclusive(journal.engine, "loc", "mine"):
        pass
