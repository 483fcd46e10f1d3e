"""The journal: durable, shared, append-only; the lock: one run at a time."""

import hashlib
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from flitstack_pipeline.migration import lock
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.export import export_operations, write_operations
from flitstack_pipeline.migration.journal.integrity import JournalDamaged, JournalOutdated
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent, Journal, Outcome, new_id
from flitstack_pipeline.migration.journal.versions import upgrade
from flitstack_pipeline.migration.lock import RunInProgress, exclusive


def intent(run, key="contact:main/clients/1", operation="create"):
    return Intent(run.id, run.location, "clients", key, key.split(":", 1)[1], "contact", "contact",
                  operation, "POST /contacts/", "hash", {"payload": {"fields": {}}})  # fmt: skip


def entry(run, key="contact:main/clients/1", hl_id="hl1"):
    return IdMapRow(run.location, key, key.split(":", 1)[1], "clients", "contact", "contact", hl_id,
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
from flitstack_pipeline.migration.journal.store import open_engine
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


def put_lock(journal, **values):
    """A lock of a run on another machine, whose heartbeat came just now."""
    row = {"name": "loc", "owner": "x", "host": "elsewhere", "pid": 1, "process_start": "1:2:3",
           "what": "full load of jobs", "acquired_at": time.time(),
           "heartbeat_at": time.time()} | values  # fmt: skip
    with journal.engine.begin() as con:
        con.execute(t.locks.insert(), row)


def taken(journal):
    try:
        with exclusive(journal.engine, "loc", "mine"):
            return "taken"
    except RunInProgress as refused:
        return str(refused)


def test_a_lock_of_a_clock_a_day_ahead_is_watched(journal, monkeypatch):
    monkeypatch.setattr(lock, "WATCH_S", 0.1)
    put_lock(journal, acquired_at=time.time() + 86400, heartbeat_at=time.time() + 86400)
    assert taken(journal) == "taken"


def test_a_lock_of_a_clock_a_day_ahead_that_beats_is_alive(journal, monkeypatch):
    tomorrow = time.time() + 86400
    put_lock(journal, acquired_at=tomorrow, heartbeat_at=tomorrow)

    def beat(seconds):
        with journal.engine.begin() as con:
            con.execute(t.locks.update().values(heartbeat_at=tomorrow + seconds))

    monkeypatch.setattr(lock.time, "sleep", beat)
    said = taken(journal)
    assert "full load of jobs" in said and "by its clock, which is ahead of this one" in said


@pytest.mark.parametrize(
    ("place", "result"),
    [
        ("here", "taken"),  # no such process: it heals at once
        ("other boot", "full load of jobs"),  # a machine of the same name: its heartbeat counts
        ("other namespace", "full load of jobs"),  # a container of this machine
    ],
)
def test_a_process_is_looked_for_only_where_it_may_be(journal, place, result):
    boot, namespace = lock._place().split(":")
    where = {"here": f"{boot}:{namespace}", "other boot": f"0000aaaa:{namespace}",
             "other namespace": f"{boot}:1"}[place]  # fmt: skip
    put_lock(journal, host=socket.gethostname(), pid=2**22 + 1, process_start=f"{where}:77")
    assert result in taken(journal)


def test_the_version_stands_for_these_tables_and_columns():
    """Whoever changes them raises VERSION, writes a step in journal/versions.py, and this."""
    described = sorted(f"{c.table.name}.{c.name}" for x in t.metadata.tables.values() for c in x.c)
    digest = hashlib.sha256("\n".join(described).encode()).hexdigest()[:12]
    assert (t.VERSION, digest) == (2, "727e79d3c2a1")


def old_journal(tmp_path):
    """A journal as written before versions were kept, without the table of originals."""
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    with Journal(url) as made:
        run = made.start_run("loc", "cutover")
        made.conclude([], [entry(run)], wait=True)
    with sqlite3.connect(tmp_path / "old.sqlite") as con:
        con.execute("DROP TABLE originals")
        con.execute("ALTER TABLE runs DROP COLUMN summary")
        con.execute("PRAGMA user_version = 0")
    con.close()
    return url


def test_an_older_journal_is_upgraded_with_a_backup_for_its_owner_only(tmp_path):
    url = old_journal(tmp_path)
    with pytest.raises(JournalOutdated, match=r"originals, runs.summary.*`flitstack journal mig"):
        Journal(url)
    done = upgrade(url)
    assert (done.before, done.added) == (0, ("originals", "runs.summary"))
    with Journal(url) as journal:
        assert journal.entry("loc", "contact:main/clients/1").hl_id == "hl1"
        assert [r["summary"] for r in journal.runs()] == [None]
        journal.put_original({"location": "l", "kind": "contact", "hl_id": "x", "answer": {},
                              "at": 1.0})  # fmt: skip
    backup = Path(done.backup)
    assert backup.stat().st_mode & 0o077 == 0
    with sqlite3.connect(backup) as con:
        assert con.execute("SELECT hl_id FROM id_map").fetchall() == [("hl1",)]
        assert "originals" not in {n for (n,) in con.execute("SELECT name FROM sqlite_master")}
    assert upgrade(url).backup == ""


def test_an_older_journal_without_what_cannot_be_empty_is_not_upgraded(tmp_path):
    url = old_journal(tmp_path)
    with sqlite3.connect(tmp_path / "old.sqlite") as con:
        con.execute("DROP INDEX ix_id_map_hl_id")
        con.execute("ALTER TABLE id_map DROP COLUMN hl_id")
    con.close()
    with pytest.raises(JournalDamaged, match=r"lacks id_map.hl_id. `flitstack journal repair`"):
        upgrade(url)


def test_a_journal_of_before_versions_that_lacks_nothing_is_taken_as_it_is(tmp_path):
    url = f"sqlite:///{tmp_path / 'j.sqlite'}"
    Journal(url).close()
    with sqlite3.connect(tmp_path / "j.sqlite") as con:
        con.execute("PRAGMA user_version = 0")
    con.close()
    Journal(url).close()
    with sqlite3.connect(tmp_path / "j.sqlite") as con:
        assert con.execute("PRAGMA user_version").fetchone() == (2,)
    con.close()
