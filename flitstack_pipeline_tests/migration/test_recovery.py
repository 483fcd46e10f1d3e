"""What happens when something breaks in the middle, and what the next run makes of it."""

import threading
from dataclasses import replace

import pytest

from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate
from flitstack_pipeline.migration.group_commit import JournalFailed
from flitstack_pipeline.migration.journal.store import IdMapRow, Intent, Journal, new_id
from flitstack_pipeline.migration.load import LoadOptions, RunStopped, load
from flitstack_pipeline.migration.lock import RunInProgress, exclusive
from flitstack_pipeline.migration.parents import StopOnMissingParent
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import contact, job, many, note, small_schema
from flitstack_pipeline_tests.migration.test_loading import QUICK, counts, of_each, ready

__all__ = ["ready"]


# --- the journal cannot be written ----------------------------------------------------------------


def test_a_full_disk_stops_the_run_clean_and_nothing_is_doubled_after(account, tmp_path):
    path = tmp_path / "full.sqlite"
    hl = account.connect()
    with Journal(f"sqlite:///{path}") as journal:
        run = journal.start_run(hl.location_id, "prepare")
        catalog = provision(hl, small_schema(), journal, run)
    used = path.stat().st_size // 4096
    with Journal(f"sqlite:///{path}?most_pages={used + 25}") as journal:
        run = journal.start_run(hl.location_id, "cutover")
        with pytest.raises(JournalFailed, match="goes on where it was"):
            load(hl, journal, catalog, many(60), run, options=QUICK)
    written = account.stats()["creates"]
    assert 0 < len(account.dump()["contacts"]) <= 60
    with Journal(f"sqlite:///{path}") as journal:
        run = journal.start_run(hl.location_id, "cutover")
        hl = account.connect()
        assert load(hl, journal, catalog, many(60), run, options=QUICK).complete
        assert journal.open_intents(hl.location_id) == []
    assert counts(account.dump()) == of_each(60)
    assert account.stats()["creates"] > written


def test_after_the_journal_failed_nothing_more_leaves(account, tmp_path, monkeypatch):
    hl = account.connect()
    with Journal(f"sqlite:///{tmp_path / 'j.sqlite'}") as journal:
        run = journal.start_run(hl.location_id, "cutover")
        catalog = provision(hl, small_schema(), journal, run)
        before = account.stats()["creates"]
        twice = Intent(run.id, "loc", "clients", "k", "k", "contact", "contact", "create", "POST /")
        journal.intend([twice])
        with pytest.raises(JournalFailed):
            journal.intend([twice])  # breaks the writer
        with pytest.raises(JournalFailed):
            load(hl, journal, catalog, many(5), run, options=QUICK)
    assert account.stats()["creates"] == before


# --- ambiguous outcomes ---------------------------------------------------------------------------


def test_a_later_record_seen_first_does_not_make_an_earlier_one_absent(ready):
    """Every write has a search lag of its own: only the lag's end proves an absence."""
    account, hl, journal, catalog, run = ready
    account.faults(seed=4, search_lag="0..1500ms", http_500_after=0.4, only="POST:/contacts/")
    rows = [contact(n, email=None) for n in range(30)]
    load(hl, journal, catalog, rows, run, options=LoadOptions(search_lag_s=1.7))
    account.faults()
    assert len(account.dump()["contacts"]) == 30
    settled = [o for o in journal.operations(run.id) if o["result"] == "ambiguous"]
    assert settled and {o["settled"] for o in settled} == {"found"}
    assert all(o["status"] >= 500 and o["latency_ms"] > 0 for o in settled)


def test_a_refusal_after_the_record_was_made_is_found_though_searches_trail(ready):
    account, hl, journal, catalog, run = ready
    rows = [contact(n) for n in range(6)]
    account.faults(seed=2, search_lag="800ms", http_422_after_create=0.5, only="POST:/contacts/")
    result = load(hl, journal, catalog, rows, run, options=LoadOptions(search_lag_s=1.0))
    account.faults()
    assert result.complete and journal.dead_letters(hl.location_id) == []
    assert len(account.dump()["contacts"]) == 6


def test_a_search_that_fails_is_no_proof_of_absence(ready):
    account, hl, journal, catalog, run = ready
    rows = [contact(1, email=None)]
    load(hl, journal, catalog, [contact(2)], run, options=QUICK)
    account.faults(http_500_after=1.0, after=2, only="POST:/contacts")  # the first reads pages
    result = load(hl, journal, catalog, rows, run, options=replace(QUICK, search_lag_s=0.2))
    account.faults()
    assert result.rejected == 1  # put aside, and its intent stays open
    assert [i.record_key for i in journal.open_intents(hl.location_id)] == [rows[0].record_key]
    load(hl, journal, catalog, rows, run, options=replace(QUICK, search_lag_s=0.2))
    assert len(account.dump()["contacts"]) == 2
    assert journal.dead_letters(hl.location_id) == []


def test_every_attempt_on_the_wire_is_in_the_audit_log(ready):
    account, hl, journal, catalog, run = ready
    account.faults(http_429_storm="#2:2", only="POST:/contacts/")
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    account.faults()
    attempts = [o for o in journal.operations(run.id) if o["kind"] == "contact"]
    assert [o["result"] for o in attempts] == ["throttled", "throttled", "done"]
    assert [o["status"] for o in attempts] == [429, 429, 201]
    assert all(o["trace_id"] and o["latency_ms"] > 0 for o in attempts)


# --- runs that died -------------------------------------------------------------------------------


def test_a_row_that_changed_since_the_run_died_is_brought_up_to_date(ready):
    account, hl, journal, catalog, run = ready
    row = contact(1)
    journal.intend([_intent_of(row, run, catalog)])
    hl.contacts.create(_as_sent(row, catalog))
    changed = contact(1, city="Sparks")
    result = load(hl, journal, catalog, [changed], run, options=QUICK)
    assert (result.created, result.updated) == (1, 1)
    (only,) = account.dump()["contacts"]
    assert only["city"] == "Sparks"
    assert load(hl, journal, catalog, [changed], run, options=QUICK).requests == 0


def test_an_update_that_was_cut_is_not_taken_for_somebodys_edit(ready):
    _, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    changed = contact(1, city="Sparks")
    intent = replace(_intent_of(changed, run, catalog), operation="update", id=new_id(),
                     request={"payload": {"fields": {"city": "Sparks"}}, "clear": {}})  # fmt: skip
    journal.intend([intent])
    entry = journal.entry(hl.location_id, changed.record_key)
    hl.contacts.update(entry.hl_id, ContactUpdate(city="Sparks"))  # and then the run died
    result = load(hl, journal, catalog, [changed], run, options=QUICK)
    assert result.complete and journal.conflicts(hl.location_id) == []
    assert journal.open_intents(hl.location_id) == []
    assert rollback(hl, journal, catalog, run, options=QUICK).clean


def test_a_match_that_was_cut_keeps_what_the_person_had(ready):
    """Killed after noting the record and before writing to it: nothing of theirs is emptied."""
    account, hl, journal, catalog, run = ready
    row = contact(1)
    old = hl.contacts.create(ContactCreate(first_name="Old", email="c1@example.com", city="Elko"))
    before = {"fields": {"firstName": "Old", "email": "c1@example.com", "city": "Elko"}}
    entry = IdMapRow(
        hl.location_id, row.record_key, row.source_key, "clients", "contact", "contact",
        old["id"], "matched", "before", {}, before, {}, run.id, new_id(), 0.0,
    )  # fmt: skip
    journal.put_entry(entry)
    load(hl, journal, catalog, [row], run, options=QUICK)
    now = hl.contacts.get(old["id"])
    assert (now["firstName"], now["city"]) == ("Old", "Elko")
    listed = {c["field"]: (c["reason"], c["wanted"], c["found"])
              for c in journal.conflicts(hl.location_id)}  # fmt: skip
    assert listed == {"firstName": ("there before", "Zoë 1", "Old"),
                      "lastName": ("there before", "O'Neil", None)}  # fmt: skip
    assert rollback(hl, journal, catalog, run, options=QUICK).clean
    assert account.dump()["contacts"][0]["firstName"] == "Old"


def test_a_second_load_of_the_account_is_refused_while_one_runs(ready):
    _, hl, journal, catalog, run = ready
    refused = []

    def second():
        try:
            load(hl, journal, catalog, many(1), run, options=QUICK)
        except RunInProgress as error:
            refused.append(str(error))

    with exclusive(journal.engine, hl.location_id, "cutover jobs"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "cutover jobs" in refused[0] and "Wait for it or stop it" in refused[0]


def test_an_account_that_cannot_be_reached_stops_the_run_with_a_sentence(ready):
    _, hl, journal, catalog, run = ready
    from flitstack_pipeline_tests.migration.conftest import connect

    nowhere = connect("http://127.0.0.1:1")
    with pytest.raises(RunStopped, match="goes on where it was"):
        load(nowhere, journal, catalog, [contact(1)], run, options=QUICK)
    assert load(hl, journal, catalog, [contact(1)], run, options=QUICK).created == 1


# --- missing parents ------------------------------------------------------------------------------


def test_the_map_may_ask_for_a_placeholder_which_the_real_row_then_fills(ready):
    account, hl, journal, catalog, run = ready
    options = replace(QUICK, links={"activities.contact": "stub"})
    result = load(hl, journal, catalog, [note(7)], run, options=options)
    assert result.missing_parents == 0 and result.rejected == 0
    assert account.dump()["contacts"][0]["firstName"] == "Missing"
    load(hl, journal, catalog, [contact(7)], run, options=options)
    (only,) = account.dump()["contacts"]
    assert only["firstName"] == "Zoë 7" and only["lastName"] == "O'Neil"


def test_the_map_may_ask_that_a_missing_parent_stops_the_run(ready):
    _, hl, journal, catalog, run = ready
    with pytest.raises(StopOnMissingParent, match="contact:main/clients/99"):
        load(
            hl,
            journal,
            catalog,
            [job(1, 99)],
            run,
            options=replace(QUICK, links={"jobs.contact": "stop"}),
        )
    (missing,) = journal.missing_parents(hl.location_id)
    assert (missing["role"], missing["policy"]) == ("contact", "stop")


def _intent_of(row, run, catalog):
    return Intent(run.id, run.location, "clients", row.record_key, row.source_key, row.kind,
                  row.target, "create", "POST /contacts/", row.payload_hash,
                  {"payload": row.payload, "parents": {}})  # fmt: skip


def _as_sent(row, catalog):
    from flitstack_pipeline.migration.record_types.base import Context, encode_v1

    ctx = Context(None, catalog, None, None)
    custom = encode_v1(ctx, "contact", row.payload["custom"])
    return ContactCreate(**row.payload["fields"], custom_fields=custom)
