"""What the families make of answers: records out of envelopes, whole searches out of pages."""

from __future__ import annotations

import random
import threading

import pytest

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.highlevel.api.conversations import CallDetails, OutboundCall
from flitstack_pipeline.highlevel.concurrency import InFlight, workers_for
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, UnexpectedAnswer
from flitstack_pipeline_tests.highlevel.conftest import Told


@pytest.fixture
def api(client):
    return HighLevel(client)


def pages(total, chance=None):
    """A search over `total` records, ascending; with `chance` pages come short and shuffled."""
    whole = {"firstName": "Ann", "lastName": "Lee", "address1": None, "companyName": None,
             "tags": [], "customFields": []}  # fmt: skip
    rows = [{"id": f"c{n:04}", **whole, "searchAfter": [n // 3, f"c{n:04}"]} for n in range(total)]

    def answer(asked):
        wanted = asked.json
        after = wanted.get("searchAfter") or [-1, ""]
        size = wanted["pageLimit"]
        if chance:
            size = chance.randint(1, size)
        page = [row for row in rows if row["searchAfter"] > after][:size]
        if chance:
            chance.shuffle(page)
        return Told(200, {"contacts": page, "total": total})

    return answer


@pytest.mark.parametrize("total", [0, 1, 20, 41])
def test_a_search_yields_every_record_once(api, server, total):
    server.answer = pages(total)
    found = [record["id"] for record in api.contacts.iterate_all(page_limit=20)]
    assert found == [f"c{n:04}" for n in range(total)]
    # a last page that is full may be all the server counts: one more is asked for
    assert len(server.asked) == {0: 1, 1: 1, 20: 2, 41: 3}[total]


def test_short_and_shuffled_pages_lose_and_double_nothing(api, server):
    server.answer = pages(90, random.Random(3))
    found = [record["id"] for record in api.contacts.iterate_all(page_limit=10)]
    assert sorted(found) == [f"c{n:04}" for n in range(90)]


def test_a_search_without_a_way_on_says_so_instead_of_running_for_ever(api, server):
    server.answer = lambda asked: Told(200, {"contacts": [{"id": "c1"}], "total": 5})
    with pytest.raises(UnexpectedAnswer, match="next page"):
        list(api.contacts.iterate_all())


def test_the_record_comes_out_of_its_envelope(api, server):
    server.tell(Told(201, {"contact": {"id": "c1"}, "traceId": "t"}))
    assert api.contacts.create(ContactCreate(first_name="Ann"))["id"] == "c1"
    server.tell(Told(201, {"success": True, "buiseness": {"id": "b1"}}))
    from flitstack_pipeline.highlevel.api.businesses import BusinessCreate

    assert api.businesses.create(BusinessCreate(name="B")) == {"id": "b1"}


def test_a_create_that_answers_no_record_may_have_happened(api, server):
    server.tell(Told(201, {"succeded": True}))
    with pytest.raises(AmbiguousOutcome):
        api.contacts.create(ContactCreate(first_name="Ann"))


def test_lists_that_page_by_skip_are_read_to_the_end(api, server):
    everyone = [{"id": f"u{n}", "deleted": n == 3} for n in range(230)]

    def answer(asked):
        skip, limit = int(asked.query["skip"]), int(asked.query["limit"])
        return Told(200, {"users": everyone[skip : skip + limit]})

    server.answer = answer
    assert len(api.users.list("co1")) == 229
    assert len(server.asked) == 3


def test_fifty_contacts_at_a_time_and_no_more(api):
    with pytest.raises(ValueError, match="50"):
        api.contacts.bulk_link_business("b1", [str(n) for n in range(51)])


def test_uploads_tell_where_each_file_lies(api, server, tmp_path):
    from flitstack_pipeline.highlevel.api.files import FieldFile

    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF")
    meta = {"originalname": "a.pdf", "size": 4, "url": "https://x/a.pdf"}
    server.tell(Told(200, {"uploadedFiles": {"a.pdf": "https://x/a.pdf"}, "meta": [meta]}))
    uploaded = api.files.upload_for_field("f1", [FieldFile(path, file_id="u-1")])
    assert uploaded[0].url == "https://x/a.pdf"
    assert uploaded[0].meta["mimetype"] == "application/pdf"
    assert b'name="f1_u-1"; filename="a.pdf"' in server.asked[0].body


@pytest.mark.parametrize(
    ("rate", "latency", "workers"), [(10, 0.26, 5), (10, 2.0, 27), (10, 0.001, 2), (1000, 1, 64)]
)
def test_littles_law_chooses_the_workers(rate, latency, workers):
    assert workers_for(rate, latency) == workers


def test_the_gate_widens_with_the_latency_and_lets_no_more_through():
    gate = InFlight(2, 20, rate_per_s=10, latency_s=0.05)
    assert gate.limit == 2
    for _ in range(200):
        gate.observe(1.0)
    assert gate.limit == 14
    inside, most, lock = [0], [0], threading.Lock()

    def work():
        with gate:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.005)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(40)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert most[0] <= 14


def test_an_import_that_answers_no_message_may_have_happened(api, server):
    server.tell(Told(200, {"success": True}))
    call = OutboundCall(conversation_id="v", conversation_provider_id="p", call=CallDetails(to="1"),
                        date="2024-01-02T10:00:00Z")  # fmt: skip
    with pytest.raises(AmbiguousOutcome, match="messageId"):
        api.conversations.import_outbound_call(call)
    assert server.asked[0].json["call"] == {"to": "1", "status": "completed"}


@pytest.mark.parametrize("nested", [False, True])
def test_messages_are_read_page_by_page_whichever_way_the_list_stands(api, server, nested):
    said = [{"id": f"m{n}"} for n in range(250)]

    def answer(asked):
        last = asked.query.get("lastMessageId")
        start = int(last[1:]) + 1 if last else 0
        page = said[start : start + int(asked.query["limit"])]
        inner = {"lastMessageId": page[-1]["id"], "nextPage": start + len(page) < len(said),
                 "messages": page}  # fmt: skip
        return Told(200, {"messages": inner} if nested else inner)

    server.answer = answer
    assert [m["id"] for m in api.conversations.messages("v1")] == [m["id"] for m in said]
    assert len(server.asked) == 3


def test_all_messages_come_by_cursor_a_channel_after_the_other(api, server):
    def answer(asked):
        first = "cursor" not in asked.query
        more = {"nextCursor": "c2"} if first else {}
        name = f"{asked.query.get('channel', 'any')}{1 if first else 2}"
        return Told(200, {"messages": [{"id": name}], "total": 2, **more})

    server.answer = answer
    found = [m["id"] for m in api.conversations.iterate_all("", "Email")]
    assert found == ["any1", "any2", "Email1", "Email2"]
