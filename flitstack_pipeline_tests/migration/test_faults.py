"""The loader under every fault the sandbox can make: it comes through, or stops and can go on.

Every fault of the spec stands in `THROUGH` or `STOPS`; a new one without a test fails here. The
full disk under the journal, which is no fault of HighLevel's, is in test_recovery.py.
"""

import threading
import time

import pytest

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.highlevel.client import HighLevelClient
from flitstack_pipeline.highlevel.pace_store import pace_engine
from flitstack_pipeline.highlevel.pacing import SharedPacer
from flitstack_pipeline.migration.load import LoadOptions, RunStopped, load
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.sandbox.faults import CHANCES
from flitstack_pipeline_tests.migration.conftest import many
from flitstack_pipeline_tests.migration.test_loading import counts, of_each, ready

__all__ = ["ready"]

OPTIONS = LoadOptions(search_lag_s=0.8, workers=8)
WRITES = "POST:/contacts/|POST:/opportunities/|POST:/objects|POST:/associations"
THROUGH = {
    "http_429_storm": {"http_429_storm": "0.05:5"},
    "reset_before": {"reset_before": 0.15, "only": WRITES},
    "reset_after": {"reset_after": 0.15, "only": WRITES},
    "timeout_before": {"timeout_before": "0.1:500ms", "only": WRITES},
    "timeout_after": {"timeout_after": "0.1:500ms", "only": WRITES},
    "http_500_before": {"http_500_before": 0.15, "only": WRITES},
    "http_500_after": {"http_500_after": 0.15, "only": WRITES},
    "http_422_after_create": {"http_422_after_create": 0.15, "only": WRITES},
    "http_404_before": {"http_404_before": 1.0, "only": "POST:/notes/search"},
    "http_422_before": {"http_422_before": 1.0, "only": "POST:/notes/search"},
    "transient_400": {"transient_400": 0.1},
    "cloudflare": {"cloudflare": 0.1},
    "empty": {"empty": 0.1},
    "slow": {"slow": "0.3:60ms"},
    "short_pages": {"short_pages": 0.7},
    "shuffle_pages": {"shuffle_pages": 0.7},
    "search_lag": {"search_lag": "0..600ms", "http_500_after": 0.15, "only": WRITES},
}
STOPS = {
    "token_expires_after": "test_loading.py, a token that expires",
    "daily_quota": "below, a spent day",
}
N = 6


def test_every_fault_of_the_spec_is_tried():
    assert {*THROUGH, *STOPS} == {*CHANCES, "search_lag", "token_expires_after", "daily_quota"}


@pytest.mark.parametrize("fault", THROUGH)
def test_a_load_and_its_read_back_come_through(ready, fault):
    account, hl, journal, catalog, run = ready
    for n in range(3):  # were there before, and are found on short and shuffled pages
        hl.contacts.create(ContactCreate(first_name="Old", email=f"c{n}@example.com"))
    account.faults(seed=6, **THROUGH[fault])
    hl = account.connect(timeout_s=0.3 if "timeout" in fault else 5.0)
    load(hl, journal, catalog, many(N), run, options=OPTIONS)
    there = {note["id"] for note in account.dump()["notes"]}
    read = {f.hl_id for f in read_back(hl, catalog, journal, {("note", "note")})}
    assert read == there
    assert account.injected().get(fault) or fault == "search_lag"
    account.faults()
    if "timeout" in fault:
        time.sleep(0.5)  # a write whose answer was late is still under way
    again = load(account.connect(), journal, catalog, many(N), run, options=OPTIONS)
    assert again.complete and journal.dead_letters(hl.location_id) == []
    assert journal.open_intents(hl.location_id) == []
    assert counts(account.dump()) == of_each(N)


def test_a_spent_day_pauses_the_load_which_can_be_stopped_and_goes_on_another_day(ready, tmp_path):
    account, hl, journal, catalog, run = ready
    stopped = []

    def paced():
        pacer = SharedPacer(pace_engine(tmp_path / "pace.sqlite"), "key")
        return HighLevel(HighLevelClient(hl.client.connection, pacer))

    def first():
        try:
            load(waiting, journal, catalog, many(N), run, options=OPTIONS)
        except RunStopped as error:
            stopped.append(str(error))

    waiting = paced()
    account.faults(daily_quota=hl.client.usage.requests + 20)
    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    while waiting.client.usage.requests < 5 or waiting.client.pacer.snapshot().left_today:
        time.sleep(0.02)
    assert thread.is_alive()  # it waits for the next day
    waiting.client.stop()  # a person's Ctrl-C ends the wait
    thread.join(20)
    assert "goes on where it was" in stopped[0]
    account.faults(daily_quota=100_000)  # another day
    assert load(paced(), journal, catalog, many(N), run, options=OPTIONS).complete
    assert counts(account.dump()) == of_each(N)
