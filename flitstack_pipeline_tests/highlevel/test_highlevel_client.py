"""The client over real HTTP: what is sent, what is repeated, what is never repeated."""

from __future__ import annotations

import threading

import pytest

from flitstack_pipeline.highlevel import errors
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient, is_write
from flitstack_pipeline.highlevel.multipart import FilePart
from flitstack_pipeline.highlevel.pacing import UnlimitedPacer
from flitstack_pipeline_tests.highlevel.conftest import QUICK, TOKEN, Told


def test_a_request_carries_the_token_the_version_and_json(client, server):
    server.tell(Told(201, {"contact": {"id": "c1"}, "traceId": "t1"}))
    answer = client.call("POST", "/contacts/", json={"firstName": "Zoë"})
    asked = server.asked[0]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["version"] == "v3"
    assert asked.json == {"firstName": "Zoë"}
    assert (answer.status, answer.trace_id, answer.route) == (201, "t1", "/contacts/")
    assert answer.latency_ms > 0


def test_paths_and_queries_are_escaped_and_empty_parameters_left_out(client, server):
    client.call(
        "GET", "/contacts/{contactId}", path={"contactId": "a/b ?"},
        params={"email": "a+b@c.de", "number": None, "fetch": True},
    )  # fmt: skip
    assert server.asked[0].path == "/contacts/a%2Fb%20%3F"
    assert server.asked[0].query == {"email": "a+b@c.de", "fetch": "true"}


def test_an_empty_path_part_is_refused_before_anything_is_sent(client, server):
    with pytest.raises(ValueError, match="contactId is empty"):
        client.call("DELETE", "/contacts/{contactId}", path={"contactId": ""})
    assert server.asked == []


def test_an_agency_call_uses_the_agency_token_and_says_when_there_is_none(client, server):
    client.call("POST", "/objects/", json={}, agency=True)
    assert server.asked[0].headers["authorization"] == "Bearer pit-agency-secret"
    without = HighLevelClient(Connection(server.url, TOKEN, "loc1"), UnlimitedPacer())
    with pytest.raises(ValueError, match="HIGHLEVEL_AGENCY_TOKEN"):
        without.call("POST", "/objects/", json={}, agency=True)


@pytest.mark.parametrize(
    ("method", "route", "write"),
    [
        ("GET", "/contacts/{contactId}", False),
        ("POST", "/contacts/search", False),
        ("POST", "/objects/{schemaKey}/records/search", False),
        ("POST", "/users/search/filter-by-email", False),
        ("POST", "/contacts/", True),
        ("PUT", "/opportunities/{id}", True),
        ("DELETE", "/notes/{id}", True),
    ],
)
def test_searches_are_reads_and_everything_else_but_get_is_a_write(method, route, write):
    assert is_write(method, route) is write


@pytest.mark.parametrize("trouble", [Told(fault="reset"), Told(502), Told(fault="timeout"),
                                     Told(200, b"{", fault="cut")])  # fmt: skip
def test_a_read_is_repeated_until_it_is_answered(client, server, trouble):
    server.tell(trouble, Told(200, {"contact": {"id": "c1"}}))
    answer = client.call("GET", "/contacts/{contactId}", path={"contactId": "c1"})
    assert answer.body == {"contact": {"id": "c1"}}
    assert len(server.asked) == 2


@pytest.mark.parametrize("trouble", [Told(fault="reset"), Told(500), Told(fault="timeout"),
                                     Told(201, b"{", fault="cut"), Told(201, b"oops")])  # fmt: skip
def test_a_write_that_may_have_happened_is_never_repeated(client, server, trouble):
    server.tell(trouble)
    with pytest.raises(errors.AmbiguousOutcome) as caught:
        client.call("POST", "/contacts/", json={"firstName": "Ann"})
    assert len(server.asked) == 1
    assert caught.value.cause is not None
    assert "may or may not" in str(caught.value)


def test_a_write_that_never_left_is_unreachable_and_not_ambiguous():
    nobody = HighLevelClient(Connection("http://127.0.0.1:9", TOKEN, "l"), UnlimitedPacer(),
                             retry=QUICK)  # fmt: skip
    with pytest.raises(errors.Unreachable):
        nobody.call("POST", "/contacts/", json={})


def test_a_read_that_keeps_failing_ends_with_the_last_failure(client, server):
    server.answer = lambda asked: Told(503, {"message": "down", "traceId": "t9"})
    with pytest.raises(errors.ServerFault) as caught:
        client.call("GET", "/locations/{locationId}", path={"locationId": "loc1"})
    assert len(server.asked) == QUICK.tries
    assert caught.value.trace_id == "t9"


def test_a_throttled_write_is_repeated_because_it_was_not_processed(client, server):
    waits = {"X-RateLimit-Interval-Milliseconds": 20, "X-RateLimit-Daily-Remaining": 5}
    server.tell(Told(429, {}, waits), Told(429, {}, {"Retry-After": "0"}), Told(201, {"id": "1"}))
    assert client.call("POST", "/contacts/", json={}).status == 201
    assert len(server.asked) == 3


def test_a_request_throttled_for_ever_gives_up_with_what_it_was_told(client, server):
    full = {"X-RateLimit-Interval-Milliseconds": "1", "X-RateLimit-Daily-Remaining": "9"}
    server.answer = lambda asked: Told(429, {"message": "Too Many Requests"}, full)
    with pytest.raises(errors.RateLimited, match="Too Many Requests"):
        client.call("POST", "/contacts/", json={})
    assert len(server.asked) == QUICK.throttled_tries


def test_a_spent_day_is_waited_out_however_often_it_takes(client, server):
    spent = Told(429, {}, {"X-RateLimit-Daily-Remaining": "0"})
    server.tell(*[spent] * (2 * QUICK.throttled_tries), Told(201, {"id": "1"}))
    assert client.call("POST", "/contacts/", json={}).status == 201
    assert client.usage.requests == 2 * QUICK.throttled_tries + 1
    assert client.usage.throttled == 2 * QUICK.throttled_tries


def test_the_observer_sees_every_attempt_without_bodies_or_secrets(connection, server):
    seen = []
    client = HighLevelClient(connection, UnlimitedPacer(), observer=seen.append, retry=QUICK)
    server.tell(Told(500), Told(200, {"traceId": "t2"}))
    client.call("GET", "/contacts/{contactId}", path={"contactId": "c1"})
    assert [(e.method, e.route, e.status, e.trace_id) for e in seen] == [
        ("GET", "/contacts/{contactId}", 500, None),
        ("GET", "/contacts/{contactId}", 200, "t2"),
    ]
    assert client.last_exchange == seen[-1]
    assert TOKEN not in repr(seen) + repr(client.connection)


def test_no_error_text_holds_the_token_or_the_query(client, server):
    server.tell(Told(401, {"message": f"Invalid token {TOKEN}"}), Told(fault="reset"))
    with pytest.raises(errors.Unauthorized) as refused:
        client.call("GET", "/users/{userId}", path={"userId": "u"})
    with pytest.raises(errors.AmbiguousOutcome) as lost:
        client.call("POST", "/notes/", params={"secretName": "Ann Smith"}, json={})
    assert TOKEN not in str(refused.value)
    assert "Ann" not in str(lost.value)


def test_connections_are_kept_alive_and_each_thread_has_its_own(client, server):
    ports = []

    def send() -> None:
        for _ in range(5):
            client.call("GET", "/businesses/")

    original = server.http.finish_request

    def counting(request, address):
        ports.append(address)
        original(request, address)

    server.http.finish_request = counting
    threads = [threading.Thread(target=send) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(server.asked) == 15
    assert len(ports) == 3


def test_files_are_streamed_and_sent_again_whole_after_a_429(client, server, tmp_path):
    path = tmp_path / "plan.pdf"
    path.write_bytes(b"%PDF" + bytes(300_000))
    server.tell(Told(429, {}, {"Retry-After": "0"}), Told(200, {"contact": {"id": "c1"}}))
    client.call(
        "POST", "/forms/upload-custom-files", params={"contactId": "c1"},
        data={"note": "é"}, files=[FilePart("f1_abc", path, 'Plan "A".pdf')],
    )  # fmt: skip
    first, second = server.asked
    for asked in (first, second):
        assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert path.read_bytes() in asked.body
        assert b'name="f1_abc"; filename="Plan \'A\'.pdf"' in asked.body
        assert b"Content-Type: application/pdf" in asked.body
        assert "é".encode() in asked.body


def test_numbers_that_json_does_not_know_are_refused(client, server):
    with pytest.raises(ValueError):
        client.call("POST", "/contacts/", json={"value": float("nan")})
    assert server.asked == []
