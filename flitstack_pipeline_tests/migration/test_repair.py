"""Copies of the journal, and a broken one made again from a copy and from HighLevel."""

import random
import sqlite3
import time
from dataclasses import replace

import pytest

from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.migration.adopted_entries import Lost
from flitstack_pipeline.migration.adoption import Exports
from flitstack_pipeline.migration.journal import copies as copies
from flitstack_pipeline.migration.journal.integrity import JournalDamaged, JournalUnusable
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.repair import catch_up
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline.migration.update import BEFORE_LOST
from flitstack_pipeline.services import repairing
from flitstack_pipeline.services.copies import keep_copy
from flitstack_pipeline.services.repairing import repair
from flitstack_pipeline.settings import Project, Settings
from flitstack_pipeline_tests.migration.conftest import contact, many, small_schema

OPTIONS = LoadOptions(search_lag_s=0.2, workers=4)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, Settings(FLITSTACK_DATA=tmp_path)).prepare()


def journal_of(project):
    return Journal(project.journal_url)


def test_the_last_three_copies_are_kept_for_their_owner_only(project):
    made = []
    for number in range(5):
        with journal_of(project) as journal:
            journal.set_setting("number", number)
        keep_copy(project)
        made.append(copies.newest_copy(project.root / "journal.sqlite"))
    kept = copies.copies(project.root / "journal.sqlite")
    assert kept == made[:1:-1]
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*kept, kept[0].parent])
    with sqlite3.connect(kept[0]) as con:
        assert con.execute("SELECT value FROM settings").fetchall() == [(4,)]
        assert con.execute("PRAGMA user_version").fetchall() == [(2,)]
    con.close()


def test_nothing_is_copied_twice(project):
    with journal_of(project) as journal:
        journal.set_setting("a", 1)
    keep_copy(project)
    keep_copy(project)
    assert len(copies.copies(project.root / "journal.sqlite")) == 1


def test_a_copy_taken_while_a_load_writes_is_whole(project):
    with journal_of(project) as journal:
        journal.start_run("loc", "cutover")
        keep_copy(project)
        (copy,) = copies.copies(project.root / "journal.sqlite")
        assert copies.is_sound(copy)
    with sqlite3.connect(copy) as con:
        assert con.execute("SELECT stage FROM runs").fetchall() == [("cutover",)]
    con.close()


def test_a_copy_that_fails_is_said_and_stops_nothing(project):
    with journal_of(project) as journal:
        journal.set_setting("a", 1)
    (project.root / copies.FOLDER).write_text("no folder")
    said = []
    keep_copy(project, said.append)
    assert "could not be copied" in said[0] and "make room" in said[0]


def test_the_newest_copy_is_the_newest_that_is_sound(project):
    for number in range(2):
        with journal_of(project) as journal:
            journal.set_setting("number", number)
        keep_copy(project)
    newer, older = copies.copies(project.root / "journal.sqlite")
    newer.write_bytes(newer.read_bytes()[:5000] + random.Random(1).randbytes(40000))
    assert copies.newest_copy(project.root / "journal.sqlite") == older


def test_without_a_good_copy_a_person_is_sent_to_adopt(project):
    journal_of(project).close()
    (project.root / "journal.sqlite").write_text("no database" * 999)
    with pytest.raises(
        JournalUnusable, match=r"no good copy.*set aside.*flitstack preflight --adopt"
    ):
        repair(project)
    assert [p.read_text()[:11] for p in project.root.glob("journal.damaged-*")] == ["no database"]
    journal_of(project).close()  # a new one may begin


def test_a_sound_journal_is_left_alone(project):
    journal_of(project).close()
    assert "nothing to repair" in repair(project).step
    assert not list(project.root.glob("journal.damaged-*"))


def test_a_folder_in_its_place_is_moved_away_and_the_copy_put_there(project):
    path = project.root / "journal.sqlite"
    with journal_of(project) as journal:
        journal.set_setting("a", 1)
    keep_copy(project)
    path.unlink()
    path.mkdir()
    with pytest.raises(JournalDamaged, match="is a folder"):
        journal_of(project)
    copies.put_in_place(path, copies.newest_copy(path))
    with journal_of(project) as journal:
        assert journal.get_setting("a") == 1
    assert path.stat().st_mode & 0o077 == 0


def test_a_repair_killed_as_the_copy_is_put_in_place_is_not_taken_for_done(project, monkeypatch):
    """A journal in its place that does not know it is a copy would count as sound."""
    with journal_of(project) as journal:
        journal.set_setting("a", 1)
    keep_copy(project)
    (project.root / "journal.sqlite").write_text("no database" * 999)

    def put_and_die(path, copy):
        copies.put_in_place(path, copy)
        raise KeyboardInterrupt

    monkeypatch.setattr(repairing, "put_in_place", put_and_die)
    with pytest.raises(KeyboardInterrupt):
        repair(project)
    with journal_of(project) as journal:
        assert journal.get_setting("a") == 1
        assert journal.get_setting(repairing.UNREAD) is not None
    assert not list(project.root.glob("tmp*"))


# --- against the sandbox --------------------------------------------------------------------------


def old_friend(hl, n, **values):
    """A contact that is there before the migration, with the e-mail of client n."""
    there = {"first_name": "Old", "last_name": "Friend", "email": f"c{n}@example.com", **values}
    return hl.contacts.create(ContactCreate(**there))["id"]


def moved(n):
    """Client n with a website it did not have before."""
    return contact(n, website="https://new.example.com")


def exports(rows):
    return Exports(lambda: iter(rows), lambda keys: set(keys))


def noise(journal):
    journal.write_bytes(b"noise" * 5000)


def cut_in_half(journal):
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])


def a_torn_page(journal):
    held = bytearray(journal.read_bytes())
    held[8192:12288] = bytes(4096)
    journal.write_bytes(held)


@pytest.mark.parametrize("damage", [noise, cut_in_half, a_torn_page])
def test_what_came_after_the_copy_is_taken_up_and_nothing_is_doubled(account, tmp_path, damage):
    hl = account.connect()
    friends = {n: old_friend(hl, n) for n in (0, 1)}
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1))
    time.sleep(1.1)
    before, url = account.dump(), f"sqlite:///{tmp_path / 'journal.sqlite'}"
    with Journal(url) as journal:
        run = journal.start_run(hl.location_id, "cutover")
        catalog = provision(hl, small_schema(), journal, run)
        # before the copy: client 0, who was there; after it: everything else, and client 0 again
        load(hl, journal, catalog, [contact(0)], run, options=OPTIONS)
        journal.end_run(run, "done")
    copy = copies.copy_journal(tmp_path / "journal.sqlite")
    rows = [moved(0) if r.record_key == "contact:main/clients/0" else r for r in many(3)]
    with Journal(url) as journal:
        run = journal.start_run(hl.location_id, "delta")
        load(hl, journal, catalog, rows, run, options=OPTIONS)
    there = account.dump()
    damage(tmp_path / "journal.sqlite")
    with pytest.raises(JournalDamaged):
        Journal(url)
    copies.put_in_place(tmp_path / "journal.sqlite", copy)
    with Journal(url) as journal:
        run = journal.start_run(hl.location_id, "repair")
        ctx = Context(hl, catalog, journal, run, OPTIONS)
        found = catch_up(ctx, exports(rows), Lost(since))
        journal.end_run(run, "done")
        assert found.refusal == "" and found.gone == [] and found.caught_up == 1
        # client 1 was there before, and was first written after the copy
        lost = ["company_link:main/clients/1", "contact:main/clients/1"]
        assert sorted(found.before_lost) == lost
        entries = {e.record_key: e for e in journal.iterate_entries(hl.location_id)}
        assert entries.keys() == {r.record_key for r in rows}
        zero = entries["contact:main/clients/0"]
        assert zero.last_written["fields"]["website"] == "https://new.example.com"
        assert BEFORE_LOST not in zero.details
        run = journal.start_run(hl.location_id, "cutover")
        again = load(hl, journal, catalog, rows, run, options=OPTIONS)
        assert (again.created, again.rejected) == (0, 0)
        now = account.dump()
        for kind in ("contacts", "opportunities", "notes", "relations", "businesses"):
            assert len(now[kind]) == len(there[kind]), kind
        later = [moved(2) if r.record_key == "contact:main/clients/2" else r for r in rows]
        delta = load(hl, journal, catalog, later, run, options=OPTIONS)
        assert (delta.created, delta.updated, delta.rejected) == (0, 1, 0)
        undone = rollback(hl, journal, catalog, run, options=OPTIONS)
    left = {x["record_key"]: x["hl_id"] for x in undone.left}  # and the company she is in
    assert left.keys() == {*lost, "company:main/clients/0"}
    assert left["contact:main/clients/1"] == friends[1]
    after = {c["id"]: c for c in account.dump()["contacts"]}
    was = {c["id"]: c for c in before["contacts"]}
    assert after.keys() == was.keys()
    for name in ("firstName", "lastName", "email", "website", "city", "customFields", "phone"):
        assert after[friends[0]][name] == was[friends[0]][name], name


def test_a_record_known_by_a_search_row_only_and_changed_since_is_not_given_back(account, journal):
    hl = account.connect()
    old_friend(hl, 0)
    run = journal.start_run(hl.location_id, "cutover")
    catalog = provision(hl, small_schema(), journal, run)
    load(hl, journal, catalog, [contact(0)], run, options=OPTIONS)
    known = journal.entry(hl.location_id, "contact:main/clients/0")
    hl_id = known.hl_id
    load(hl, journal, catalog, [moved(0)], run, options=OPTIONS)
    details = {k: v for k, v in known.details.items() if k != "before_by_id"}
    journal.put_entry(replace(known, details=details))  # as the copy has it
    ctx = Context(hl, catalog, journal, run, OPTIONS)
    found = catch_up(ctx, exports([moved(0)]), Lost("2000-01-01"))
    assert found.before_lost == ["contact:main/clients/0"]
    undone = rollback(hl, journal, catalog, run, options=OPTIONS)
    assert [x["record_key"] for x in undone.left] == ["contact:main/clients/0"]
    assert hl.contacts.get(hl_id)["website"] == "https://new.example.com"
