"""What the client answers where HighLevel shows neither a thing nor that there is none.

What belongs here: answers in no recorded shape, each asked for through the client. What is wanted
follows from one rule: an answer that is not understood is never "nothing there", and what is there
is never left out.
"""

from __future__ import annotations

import pytest

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate, ContactUpsert
from flitstack_pipeline.highlevel.api.pipelines import PipelineBody, Stage
from flitstack_pipeline.highlevel.errors import AmbiguousOutcome, GarbledAnswer, UnexpectedAnswer
from flitstack_pipeline_tests.highlevel.conftest import Told


@pytest.fixture
def api(client):
    return HighLevel(client)


LISTS = {
    "contacts.search": lambda a: a.contacts.search(),
    "contacts.list": lambda a: list(a.contacts.iterate_list()),
    "contacts.of_business": lambda a: a.contacts.of_business("b"),
    "contacts.list_notes": lambda a: a.contacts.list_notes("c"),
    "contacts.list_tasks": lambda a: a.contacts.list_tasks("c"),
    "contacts.find_duplicate": lambda a: a.contacts.find_duplicate(email="a@b.co"),
    "contacts.count": lambda a: a.contacts.count(),
    "opportunities.search": lambda a: a.opportunities.search(),
    "opportunities.lost_reasons": lambda a: a.opportunities.lost_reasons(),
    "pipelines.list": lambda a: a.pipelines.list(),
    "businesses.list": lambda a: a.businesses.list(),
    "records.search": lambda a: a.records.search("business"),
    "objects.list": lambda a: a.objects.list(),
    "objects.list_fields": lambda a: a.objects.list_fields("custom_objects.invoice"),
    "fields.v1.list": lambda a: a.custom_fields.v1.list(),
    "fields.v2.list": lambda a: a.custom_fields.v2.list("business"),
    "associations.list": lambda a: a.associations.list(),
    "associations.relations": lambda a: a.associations.list_relations("r"),
    "products.list": lambda a: a.products.list(),
    "products.prices": lambda a: a.products.list_prices("p"),
    "locations.tags": lambda a: a.locations.list_tags(),
    "locations.tasks": lambda a: list(a.locations.iterate_tasks()),
    "locations.custom_values": lambda a: a.locations.list_custom_values(),
    "notes": lambda a: list(a.notes.iterate_all()),
    "conversations.find": lambda a: a.conversations.find("c"),
    "conversations.total": lambda a: a.conversations.total(),
    "conversations.messages": lambda a: list(a.conversations.messages("v")),
    "conversations.export": lambda a: list(a.conversations.iterate_all()),
    "calendars.list": lambda a: a.calendars.list(),
    "calendars.events": lambda a: a.calendars.events("k", 0, 1),
    "workflows.list": lambda a: a.workflows.list(),
    "users.list": lambda a: a.users.list("co"),
    "users.by_email": lambda a: a.users.by_email("co", ["a@b.co"]),
    "files.media": lambda a: a.files.list_media(),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "body",
    [
        {"result": [{"id": "1"}], "total": 1},
        {},
        {"items": [{"id": "1"}]},
        "nothing",
        {"message": "ok"},
    ],
)
def test_every_list_and_look_up_raises_for_an_envelope_it_does_not_know(api, server, name, body):
    server.answer = lambda asked: Told(200, body)
    with pytest.raises(UnexpectedAnswer):
        LISTS[name](api)


@pytest.mark.parametrize("name", ["contacts.search", "products.list", "locations.tags"])
def test_a_list_of_something_else_than_records_raises(api, server, name):
    envelope = {
        "contacts.search": "contacts",
        "products.list": "products",
        "locations.tags": "tags",
    }
    server.answer = lambda asked: Told(200, {envelope[name]: ["c1", "c2"]})
    with pytest.raises(UnexpectedAnswer, match="no records"):
        LISTS[name](api)


def test_a_list_that_is_null_is_empty_unless_the_answer_counts_more(api, server):
    server.answer = lambda asked: Told(200, {"opportunities": None, "meta": {"total": 0}})
    assert list(api.opportunities.iterate_all()) == []
    server.answer = lambda asked: Told(200, {"notes": None})
    assert api.contacts.list_notes("c1") == []
    server.answer = lambda asked: Told(200, {"opportunities": None, "meta": {"total": "3"}})
    with pytest.raises(UnexpectedAnswer, match="no list of opportunities"):
        list(api.opportunities.iterate_all())


def test_a_null_page_after_the_first_is_the_end_whatever_the_search_counts(api, server):
    """A server that says null for an empty list, and counts the whole search on every page."""

    def answer(asked):
        first = not asked.json.get("searchAfter")
        row = {"id": "o1", "customFields": [{"id": "f", "fieldValue": "x"}], "sort": [1, "o1"]}
        return Told(200, {"opportunities": [row] if first else None, "total": 1})

    server.answer = answer
    assert [row["id"] for row in api.opportunities.iterate_rows(1)] == ["o1"]
    server.answer = lambda asked: Told(200, {"products": None, "total": 1})
    with pytest.raises(UnexpectedAnswer, match="no list of products"):
        api.products.list()


def test_messages_and_appointments_are_read_whatever_their_keys_are_called(api, server):
    said = {"_id": "m1", "createdAt": "2024-04-01T15:00:00.123Z", "messageType": "TYPE_CALL",
            "body": None, "meta": None, "contactId": "c1"}  # fmt: skip
    wanted = {
        "id": "m1", "body": "", "direction": "", "dateAdded": "2024-04-01T15:00:00.123Z",
        "messageType": "TYPE_CALL", "contactId": "c1", "conversationId": "", "meta": {},
    }  # fmt: skip
    server.answer = lambda asked: Told(200, {"messages": [said]})
    assert list(api.conversations.messages("v")) == [wanted]
    assert list(api.conversations.iterate_all()) == [wanted]
    event = {"_id": "e1", "notes": "About the roof", "createdAt": "2024-04-01", "deleted": "false"}
    server.answer = lambda asked: Told(200, {"appointment": event})
    read = api.calendars.get_appointment("e1")
    assert (read["id"], read["description"], read["deleted"]) == ("e1", "About the roof", False)
    assert (read["dateAdded"], read["title"], read["endTime"]) == ("2024-04-01", "", "")


def test_the_contact_asked_for_is_none_only_where_the_answer_says_so(api, server):
    for nobody in ({"contact": None}, {"contact": {}}):
        server.answer = lambda asked, body=nobody: Told(200, body)
        assert api.contacts.find_duplicate(email="a@b.co") is None
    server.answer = lambda asked: Told(200, {"contact": {"id": "c1", "email": "a@b.co"}})
    assert api.contacts.find_duplicate(email="a@b.co")["id"] == "c1"
    server.answer = lambda asked: Told(200, {"contact": {"email": "a@b.co"}})
    with pytest.raises(UnexpectedAnswer):  # somebody, and nobody knows who
        api.contacts.find_duplicate(email="a@b.co")


@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": 500, "message": "Internal error"},
        {"status": "404", "message": "Contact not found for id:c1"},
        {"success": False},
        {"succeded": False, "contact": {"id": "c1"}},
        {"error": "Bad Request", "message": ["phone is invalid"], "traceId": "t"},
    ],
)
def test_an_error_in_the_body_of_a_success_is_neither_an_answer_nor_done(api, server, body):
    server.answer = lambda asked: Told(200, body)
    with pytest.raises(GarbledAnswer, match="an error in a success"):
        api.contacts.get("c1")
    for write in (
        lambda: api.contacts.create(ContactCreate(first_name="A")),
        lambda: api.contacts.update("c1", ContactUpdate(first_name="A")),
        lambda: api.contacts.delete("c1"),
        lambda: api.contacts.upsert(ContactUpsert(first_name="A")),
    ):
        with pytest.raises(AmbiguousOutcome):
            write()


def test_a_draft_status_or_an_error_word_of_a_record_is_no_error(api, server):
    server.answer = lambda asked: Told(
        200, {"workflows": [{"id": "w", "status": "draft"}], "error": None, "status": "ok"}
    )
    assert api.workflows.list()[0]["status"] == "draft"


def test_a_write_whose_success_names_no_record_may_have_happened(api, server):
    for body in ({}, {"contact": {}}, {"contact": {"firstName": "A"}}, {"contact": None}):
        server.answer = lambda asked, body=body: Told(201, body)
        with pytest.raises(AmbiguousOutcome):
            api.contacts.create(ContactCreate(first_name="A"))
        with pytest.raises(AmbiguousOutcome):
            api.contacts.upsert(ContactUpsert(first_name="A"))


def contacts(*numbers):
    return [{"id": f"c{n}", "firstName": "A", "firstNameRaw": "A", "lastNameRaw": "B",
             "companyName": None, "address1": "x", "tags": [], "customFields": [],
             "searchAfter": [n]} for n in numbers]  # fmt: skip


def test_the_answer_to_a_written_pipeline_may_be_short(api, server):
    body = PipelineBody(name="Jobs", stages=[Stage(name="New")])
    server.answer = lambda asked: Told(201, {"pipeline": {"id": "p1", "stages": [{"name": "New"}]}})
    assert api.pipelines.create(body)["id"] == "p1"
    server.answer = lambda asked: Told(200, {"pipeline": {"name": "Jobs"}})
    assert api.pipelines.replace("p1", body) == {"name": "Jobs"}


@pytest.mark.parametrize("total", [0, 1, "1", None, 99])
def test_a_wrong_count_ends_no_search_and_counts_nobody(api, server, total):
    def answer(asked):
        start = (asked.json.get("searchAfter") or [-1])[0] + 1
        page = contacts(*range(start, min(start + 2, 5)))
        return Told(200, {"contacts": page, "total": total})

    server.answer = answer
    found = [row["id"] for row in api.contacts.iterate_rows(2)]
    assert found == ["c0", "c1", "c2", "c3", "c4"]
    if total in (0, None):
        assert api.contacts.count() == 5


def test_a_page_whose_count_is_the_pages_is_not_the_end(api, server):
    """Twenty rows a page whatever is asked, `count` of the page: 45 contacts."""

    def answer(asked):
        start = (asked.json.get("searchAfter") or [-1])[0] + 1
        page = contacts(*range(start, min(start + 20, 45)))
        return Told(200, {"contacts": page, "count": len(page)})

    server.answer = answer
    assert len(list(api.contacts.iterate_rows())) == 45


def served(rows, *, cap=100, heeds_skip=True, total=None, overlap=0):
    """A list of `rows` that pages by skip or offset, as servers do or do not."""

    def answer(asked):
        start = int(asked.query.get("skip", asked.query.get("offset", 0))) if heeds_skip else 0
        page = rows[max(0, start - overlap) :][:cap]
        return Told(200, {"products": page, **({"total": total} if total is not None else {})})

    return answer


def products(number):
    return [{"_id": f"p{n}", "name": f"Roof {n}"} for n in range(number)]


@pytest.mark.parametrize(
    "server_does",
    [
        {},
        {"cap": 20},  # pages shorter than asked for
        {"cap": 1000},  # all at once, whatever is asked
        {"cap": 1000, "heeds_skip": False},  # all at once, again and again
        {"overlap": 3},  # rows come twice
        {"cap": 37, "total": 250},  # an odd page, and a count
        {"total": [{"total": 250}]},
        {"total": 0},
    ],
    ids=str,
)
def test_every_row_of_a_list_is_read_once_however_it_pages(api, server, server_does):
    server.answer = served(products(250), **server_does)
    assert [p["id"] for p in api.products.list()] == [f"p{n}" for n in range(250)]


def test_a_list_without_a_way_to_its_next_page_says_so(api, server):
    server.answer = served(products(250), heeds_skip=False)
    with pytest.raises(UnexpectedAnswer, match="next page"):
        api.products.list()
    server.answer = served(products(30), cap=30, heeds_skip=False, total=31)
    with pytest.raises(UnexpectedAnswer, match="next page"):
        api.products.list()


def test_messages_that_go_on_without_saying_where_are_an_error_not_an_end(api, server):
    page = [{"id": "m1"}, {"id": "m2"}]
    server.answer = lambda asked: Told(200, {"messages": page, "nextPage": True})
    with pytest.raises(UnexpectedAnswer, match="next page"):
        list(api.conversations.messages("v"))
    server.answer = lambda asked: Told(200, {"messages": page, "nextCursor": "n"})
    with pytest.raises(UnexpectedAnswer, match="next page"):
        list(api.conversations.iterate_all())


def test_conversations_of_others_are_not_none_of_this_contact(api, server):
    server.answer = lambda asked: Told(200, {"conversations": [{"id": "v", "contactId": "c9"}]})
    with pytest.raises(UnexpectedAnswer, match="other contacts"):
        api.conversations.find("c1")
    server.answer = lambda asked: Told(200, {"conversations": [], "total": 0})
    assert api.conversations.find("c1") is None and api.conversations.total() == 0


def test_folders_that_fields_lie_in_but_the_answer_does_not_show_are_an_error(api, server):
    field = {"id": "f", "name": "Total", "fieldKey": "business.total", "parentId": "folder1"}
    server.answer = lambda asked: Told(200, {"fields": [field]})
    with pytest.raises(UnexpectedAnswer, match="no list of folders"):
        api.custom_fields.v2.list("business")
    server.answer = lambda asked: Told(200, {"fields": []})
    assert api.custom_fields.v2.list("business") == ([], [])


def test_flags_told_as_text_are_flags(api, server):
    contact = {"id": "c1", "dnd": "false", "customFields": [{"_id": "f", "value": "x"}]}
    server.answer = lambda asked: Told(200, {"contact": contact})
    found = api.contacts.get("c1")
    assert not found["dnd"] if "dnd" in found else True
    assert found["customFields"] == [{"id": "f", "value": "x"}]
    task = {"_id": "t1", "deleted": "false", "completed": "false", "title": "Call"}
    server.answer = lambda asked: Told(200, {"tasks": [task]})
    (read,) = api.contacts.list_tasks("c1")
    assert (read["id"], read["completed"]) == ("t1", False)
    settings = {"allowDuplicateContact": "false", "allowDuplicateOpportunity": "true"}
    server.answer = lambda asked: Told(200, {"location": {"_id": "l", "settings": settings}})
    location = api.locations.get()
    assert location["id"] == "l"
    assert location["settings"] == {
        "allowDuplicateContact": False, "allowDuplicateOpportunity": True}  # fmt: skip


TAG = {"id": "t", "name": ""}
V1 = {"id": "v1", "contactId": "c1"}


@pytest.mark.parametrize(
    ("say", "unknown", "known", "wanted"),
    [
        (lambda a: a.locations.list_tags(), {"result": []}, {"tags": [{"_id": "t"}]}, [TAG]),
        (lambda a: a.locations.list_tags(), None, {"tags": [{"_id": "t"}]}, [TAG]),
        (lambda a: a.contacts.get("c1")["id"], {"contact": {}}, {"contact": {"id": "c1"}}, "c1"),
        (lambda a: a.contacts.get("c1")["id"], {"contact": {"city": "Elko"}}, {"id": "c1"}, "c1"),
        (lambda a: a.opportunities.get("o1")["id"], {"opportunity": {}}, {"id": "o1"}, "o1"),
        (lambda a: a.records.get("business", "r1")["id"], {"record": {}}, {"id": "r1"}, "r1"),
        (lambda a: len(a.objects.list_fields("k")), {"object": {}}, {"fields": [{"id": "f"}]}, 1),
        (
            lambda a: a.conversations.find("c1"),
            {"conversations": [{"id": "v", "contactId": "c9"}]},
            {"conversations": [V1]},
            V1,
        ),
        (lambda a: a.conversations.total(), {"conversations": [V1]},
         {"conversations": [V1], "total": 7}, 7),
    ],
)  # fmt: skip
def test_a_read_that_is_not_understood_is_asked_for_again(
    api, server, say, unknown, known, wanted
):  # fmt: skip
    server.tell(Told(200, unknown), Told(200, known))
    assert say(api) == wanted and len(server.asked) == 2
