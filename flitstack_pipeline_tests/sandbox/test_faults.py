"""Every fault the sandbox can be told to make happens on the wire, the same for one seed."""

import time

import pytest
import requests

from flitstack_pipeline.sandbox.faults import Faults
from flitstack_pipeline.sandbox_process import start_sandbox

HEADERS = {"Authorization": "Bearer pit-sandbox", "Version": "v3"}


class Wire:
    """A sandbox, and requests to it as HighLevel would see them."""

    def __init__(self, url):
        self.url = url

    def faults(self, **spec):
        requests.post(f"{self.url}/_sandbox/faults", json=spec, timeout=5).raise_for_status()

    def injected(self):
        return requests.get(f"{self.url}/_sandbox/faults", timeout=5).json()["injected"]

    def create(self, name="Ann", timeout=5.0):
        body = {"locationId": "sandbox-location", "firstName": name}
        return requests.post(f"{self.url}/contacts/", json=body, headers=HEADERS, timeout=timeout)

    def search(self, limit=100):
        body = {"locationId": "sandbox-location", "pageLimit": limit,
                "sort": [{"field": "dateAdded", "direction": "asc"}]}  # fmt: skip
        answer = requests.post(f"{self.url}/contacts/search", json=body, headers=HEADERS, timeout=5)
        return [contact["firstName"] for contact in answer.json()["contacts"]]

    def stored(self):
        return len(requests.get(f"{self.url}/_sandbox/dump", timeout=5).json()["contacts"])


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    state = tmp_path_factory.mktemp("faults") / "s.sqlite"
    with start_sandbox(
        state, rate="none", daily=0, search_lag_ms=0, profile="documented"
    ) as sandbox:
        yield Wire(sandbox.url)


@pytest.fixture
def wire(running):
    running.faults()
    requests.post(f"{running.url}/_sandbox/reset", timeout=5).raise_for_status()
    return running


@pytest.mark.parametrize(("kind", "kept"), [("http_500_before", 0), ("http_500_after", 1)])
def test_a_server_fault_comes_before_or_after_the_commit(wire, kind, kept):
    wire.faults(**{kind: "#1"})
    assert wire.create().status_code in (500, 502, 503, 504)
    assert wire.stored() == kept and wire.injected() == {kind: 1}
    assert wire.create("Bob").status_code == 201


@pytest.mark.parametrize("status", [404, 422])
def test_a_path_or_a_body_may_be_refused_and_nothing_is_done(wire, status):
    wire.faults(**{f"http_{status}_before": "#1"})
    assert wire.create().status_code == status
    assert wire.stored() == 0 and wire.injected() == {f"http_{status}_before": 1}


@pytest.mark.parametrize(
    ("kind", "kept"), [("reset_before", 0), ("reset_after", 1), ("reset_after_commit", 1)]
)
def test_a_connection_is_reset_before_or_after_the_commit(wire, kind, kept):
    wire.faults(**{kind: "#1"})
    with pytest.raises(requests.ConnectionError):
        wire.create()
    assert wire.stored() == kept


@pytest.mark.parametrize(("kind", "kept"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_time_out_comes_before_or_after_the_commit(wire, kind, kept):
    wire.faults(**{kind: "#1:400ms"})
    with pytest.raises(requests.Timeout):
        wire.create(timeout=0.15)
    assert wire.stored() == kept


def test_a_refusal_may_come_although_the_record_was_made(wire):
    wire.faults(**{"422_after_create": "#1"})
    assert wire.create().status_code == 422
    assert wire.stored() == 1


def test_a_storm_refuses_requests_in_a_row_and_counts_none_of_them(wire):
    wire.faults(http_429_storm="#2:3")
    codes = [wire.create(str(n)).status_code for n in range(6)]
    assert codes == [201, 429, 429, 429, 201, 201]
    assert wire.stored() == 3


def test_a_slow_answer_takes_its_time(wire):
    wire.faults(slow="#1:300ms")
    started = time.monotonic()
    assert wire.create().status_code == 201
    assert time.monotonic() - started >= 0.29


def test_searches_trail_writes_each_by_its_own_time(wire):
    wire.faults(search_lag="300..600ms")
    for name in ("a", "b", "c"):
        wire.create(name)
    assert wire.search() == [] and wire.stored() == 3
    time.sleep(0.9)
    assert sorted(wire.search()) == ["a", "b", "c"]
    assert Faults("search_lag=0..60s").search_lag == (0, 60_000)


def test_pages_may_be_short_and_out_of_order(wire):
    names = [str(n) for n in range(30)]
    for name in names:
        wire.create(name)
    wire.faults(short_pages="#1", shuffle_pages="#2")
    short, shuffled, usual = wire.search(30), wire.search(30), wire.search(30)
    assert len(short) < 30 and short == names[: len(short)]
    assert sorted(shuffled) == sorted(names) and shuffled != names
    assert usual == names


def test_a_token_expires_and_works_again_when_it_is_renewed(wire):
    wire.faults(token_expires_after=2)
    assert [wire.create(str(n)).status_code for n in range(4)] == [201, 201, 401, 401]
    wire.faults()
    assert wire.create("again").status_code == 201


def test_the_daily_quota_is_reached_and_says_so(wire):
    wire.faults(daily_quota=2)
    answers = [wire.create(str(n)) for n in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 429]
    assert answers[2].headers["X-RateLimit-Daily-Remaining"] == "0"


def test_one_seed_makes_one_sequence_of_faults():
    def drawn(seed):
        faults = Faults(f"seed={seed},http_500_after=0.3,reset_before=0.1,slow=0.2:1s")
        return [sorted(faults.decide("POST", "/contacts/").kinds) for _ in range(200)]

    assert drawn(7) == drawn(7) != drawn(8)
    assert 30 < sum("http_500_after" in kinds for kinds in drawn(7)) < 90


def test_faults_keep_to_what_they_are_limited_to(wire):
    wire.faults(http_500_before=1.0, only="POST:/contacts/", after=2, most=1)
    assert [wire.create(str(n)).status_code >= 500 for n in range(3)] == [False, True, False]


@pytest.mark.parametrize("spec", ["nonsense=1", "slow=2", "http_500_after=x", "search_lag=5s..1s"])
def test_a_spec_that_cannot_be_read_is_refused_by_name(wire, spec):
    with pytest.raises(ValueError, match=spec.partition("=")[0]):
        Faults(spec)
    name, _, value = spec.partition("=")
    url = f"{wire.url}/_sandbox/faults"
    assert requests.post(url, json={name: value}, timeout=5).status_code == 422
