"""Every answer that live clients recorded, through our client: what it must be understood as.

`recorded.json` and where its answers come from (`recorded_sources.md`) lie beside this file. What
is wanted of each is worked out by hand from the recording.
"""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.associations import RelationCreate
from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate
from flitstack_pipeline.highlevel.api.files import FieldFile
from flitstack_pipeline.highlevel.api.opportunities import OpportunityCreate
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    BadRequest,
    DuplicateContact,
    DuplicateOpportunity,
    DuplicateRelation,
    Forbidden,
    GarbledAnswer,
    HighLevelError,
    NotFound,
    RateLimited,
    ServerFault,
    Unauthorized,
    UnexpectedAnswer,
    ValidationRejected,
    parse_error,
)
from flitstack_pipeline.highlevel.values import decode_custom_value, held_files
from flitstack_pipeline_tests.highlevel.conftest import Told

RECORDED = {
    answer["id"]: answer
    for answer in json.loads(Path(__file__).with_name("recorded.json").read_text())
}
SOURCE = {"id": "SRCFIELD000000000001", "value": "main/clients/1"}
JOB_SOURCE = {"id": "OSRC0000000000000001", "value": "main/jobs/1"}
DEAL = OpportunityCreate(name="J", pipeline_id="p1", status="open", contact_id="c1")


def told(name: str) -> Told:
    answer = RECORDED[name]
    body = answer["body"]
    return Told(
        answer["status"], body.encode() if isinstance(body, str) else body, answer["headers"]
    )


@pytest.fixture
def api(client, server):
    """The API; `play` makes every answer the recorded one."""
    found = HighLevel(client)
    found.play = lambda name: setattr(server, "answer", lambda asked: told(name))  # type: ignore
    return found


# --- what a success means ---------------------------------------------------------------------


def search_official(api):
    (row,) = api.contacts.search().records
    assert row["missing"] == {"firstName", "lastName", "name", "companyName"}
    assert (row["address1"], row["country"], row["email"]) == (
        "12 Example St", "US", "someone@example.com",
    )  # fmt: skip
    assert row["customFields"] == [SOURCE, {"id": "NUMF0000000000000001", "value": "1500"}]
    page = api.contacts.search()
    assert (page.total, page.search_after) == (1, [1717700097221, "c0000000000000000001"])


def contact_list(api):
    (row,) = api.contacts.iterate_list()
    assert (row["firstName"], row["lastName"], row["name"]) == ("Deo", "McCarthy", "Deo McCarthy")
    assert row["missing"] == frozenset()
    assert row["dndSettings"] == {"Call": {"status": "active", "message": "STOP"}}
    assert not {"phone", "address1", "companyName", "tags"} & set(row)


def contact_get(api):
    found = api.contacts.get("c1")
    assert (found["name"], found["tags"]) == ("Deo McCarthy", ["contractor+ client"])
    values = {cell["id"]: cell["value"] for cell in found["customFields"]}
    assert values["CHKF0000000000000001"] == ["Roof", "Gutter"]
    assert found["missing"] == frozenset()


def contact_dates_as_numbers(api):
    values = {c["id"]: c["value"] for c in api.contacts.get("c1")["customFields"]}
    assert decode_custom_value("DATE", values["DATEF000000000000001"]) == "2025-07-01"
    assert decode_custom_value("NUMERICAL", values["NUMF0000000000000001"]) == Decimal("1500.50")


def contact_created(api):
    made = api.contacts.create(ContactCreate(first_name="A"))
    assert (made["id"], made["firstName"]) == ("c9", "A")


def one_deal(whole):
    """A check of a search with one row, which is whole or tells no custom fields."""

    def check(api):
        (row,) = api.opportunities.search().records
        assert (row["id"], row["name"], row["contactId"]) == ("o1", "Project Example", "c1")
        assert (row["pipelineId"], row["pipelineStageId"], row["status"]) == ("p1", "s1", "open")
        if whole:
            assert JOB_SOURCE in row["customFields"] and row["missing"] == frozenset()
        else:
            assert row["customFields"] == [] and row["missing"] == {"customFields"}

    return check


def deals_without_total(api):
    one_deal(False)(api)
    page = api.opportunities.search()
    assert (page.total, page.search_after) == (None, None)


def deals_by_sort(api):
    one_deal(False)(api)
    page = api.opportunities.search()
    assert (page.total, page.search_after) == (2, [1778004572849, "c1"])


def deals_typed(api):
    one_deal(True)(api)
    (row,) = api.opportunities.search().records
    assert {"id": "MONF0000000000000001", "value": 3} in row["customFields"]


def no_deals(api):
    assert list(api.opportunities.iterate_all()) == []


def deal(api):
    found = api.opportunities.get("o1")
    assert JOB_SOURCE in found["customFields"] and found["missing"] == frozenset()


def deal_with_files(api):
    (cell,) = api.opportunities.get("o1")["customFields"]
    (file,) = decode_custom_value("FILE_UPLOAD", cell["value"])
    assert (file["name"], file["size"], file["mimetype"]) == ("photo.png", 1234, "image/png")
    assert file["uuid"] == "11111111-1111-4111-8111-111111111111"
    assert list(held_files(cell["value"])) == [file["uuid"]]  # the deleted one does not come back


def pipelines(api):
    first, second = api.pipelines.list()
    assert [stage["name"] for stage in first["stages"]] == ["New Lead", "Lost"]
    assert (second["name"], second["stages"]) == ("Empty", [])


def tasks_of_the_account(api):
    (task,) = api.locations.iterate_tasks()
    assert (task["id"], task["completed"], task["contactId"]) == ("t1", True, "c1")


def tasks_of_a_contact(api):
    (task,) = api.contacts.list_tasks("c1")
    assert (task["id"], task["completed"], task["body"]) == ("t1", True, None)


def notes(api):
    (note,) = api.contacts.list_notes("c1")
    assert note["body"] == "Gate 1520\nContractor+ ref: main/activities/1"
    assert note["relations"] == [{"objectKey": "contact", "recordId": "c1"}]


def fields_of_both(api):
    found = {field["id"]: field for field in api.custom_fields.v1.list()}
    assert len(found) == 8 and "OBJF0000000000000001" not in found
    assert found["CHKF0000000000000001"]["picklistOptions"] == ["Roof", "Gutter"]
    assert {field["model"] for field in found.values()} == {"contact", "opportunity"}


def fields_of_an_object(api):
    ((field,), (folder,)) = api.custom_fields.v2.list("custom_objects.invoice")
    assert field["options"] == [
        {"key": "paid_in_full", "label": "Paid in full"}, {"key": "open", "label": "Open"},
    ]  # fmt: skip
    assert folder["name"] == "Invoice Info"


def records(api):
    (record,) = api.records.search("custom_objects.invoice").records
    assert record["missing"] == {"relations"} and record["owners"] == ["u1"]
    assert decode_custom_value("MONETORY", record["properties"]["total"]) == Decimal("100.5")


def record(api):
    found = api.records.get("custom_objects.invoice", "r1")
    assert (found["relations"], found["missing"]) == ([], {"relations"})


def associations(api):
    system, ours = api.associations.list()
    assert system["key"] == system["id"] == "OPPORTUNITIES_CONTACTS_ASSOCIATION"
    assert (ours["key"], ours["secondObjectKey"]) == ("contact_invoice", "custom_objects.invoice")


def messages(api):
    (message,) = api.conversations.messages("cv")
    assert (message["id"], message["contactId"]) == ("m1", "c1")


def message(api):
    assert api.conversations.message("m1")["status"] == "delivered"


def users(api):
    first, second = api.users.list("co")
    assert (first["name"], first["email"]) == ("A B", "a@example.com")
    assert (second["name"], second["email"]) == ("", "")


def media(api):
    (file,) = api.files.list_media()
    assert (file["id"], file["name"]) == ("f1", "a.png")


def upload(api):
    (done,) = api.files.upload_for_field("OFIL0000000000000001", [picture("1111")])
    assert done.url == "https://services.leadconnectorhq.com/documents/download/abc"
    assert done.meta["mimetype"] == "image/png"


def picture(file_id):
    return FieldFile(Path(__file__), "photo.png", file_id=file_id)


def files_by_id(api):
    value = RECORDED["R55-forms-upload"]["body"]["contact"]["customFields"][0]["value"]
    (file,) = decode_custom_value("FILE_UPLOAD", value)
    assert (file["name"], file["size"]) == ("photo.png", 48)
    assert held_files(value) == value  # what is there is written again as it stands


def one_file(api):
    (cell,) = api.contacts.get("c1")["customFields"]
    (file,) = decode_custom_value("FILE_UPLOAD", cell["value"])
    assert (file["url"], file["name"], file["size"]) == ("https://x/a.png", "a.png", 5)
    ((file_id, kept),) = held_files(cell["value"]).items()
    assert (kept["url"], kept["meta"]["uuid"]) == ("https://x/a.png", file_id)


def products(api):
    (product,) = api.products.list()
    assert (product["id"], product["name"]) == ("p1", "Roof")


def location(api):
    assert api.locations.get()["settings"]["allowDuplicateOpportunity"] is False


def bare_location(api):
    assert "settings" not in api.locations.get()


def objects(api):
    assert [schema["key"] for schema in api.objects.list()] == [
        "contact", "custom_objects.invoice",
    ]  # fmt: skip


def garbled(api):
    with pytest.raises(GarbledAnswer):
        api.contacts.search()
    with pytest.raises(AmbiguousOutcome):
        api.contacts.create(ContactCreate(first_name="A"))


def deleted(api):
    api.contacts.delete("c1")


# --- what a refusal means -----------------------------------------------------------------------


def refused(kind, say, read=None, words=""):
    """A check that `say` (and a read, given `read`) raises `kind`, whose text holds `words`."""

    def check(api):
        with pytest.raises(kind) as caught:
            say(api)
        assert type(caught.value) is kind and words in str(caught.value)
        if read is not None:
            with pytest.raises(read):
                api.contacts.get("c1")
        return caught.value

    return check


def create(api):
    return api.contacts.create(ContactCreate(first_name="A", phone="+15555550100"))


def create_deal(api):
    return api.opportunities.create(DEAL)


def relate(api):
    return api.associations.create_relation(
        RelationCreate(association_id="a", first_record_id="1", second_record_id="2")
    )


def duplicate(there, field):
    def check(api):
        for say in (create, lambda a: a.contacts.update("c2", ContactUpdate(phone="+15555550100"))):
            error = refused(DuplicateContact, say)(api)
            assert (error.contact_id, error.matching_field) == (there, field)

    return check


def duplicate_deal(there):
    def check(api):
        assert refused(DuplicateOpportunity, create_deal)(api).existing_id == there

    return check


def throttled(wait):
    def check(api):
        with pytest.raises(RateLimited) as caught:
            raise parse_error("GET", "/contacts/{contactId}", Recorded(api.played))
        assert wait(caught.value.retry_after_s)

    return check


class Recorded:
    """A recorded answer as `parse_error` reads one."""

    def __init__(self, name):
        answer = told(name)
        self.status_code = answer.status
        self.headers = answer.headers
        body = answer.body
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()


def missing_scope(api):
    assert refused(Unauthorized, create)(api).scope_missing


def a_page(words=""):
    """The proxy answered: a write may have happened, a read is repeated until the end of tries."""
    return refused(AmbiguousOutcome, create, ServerFault, words)


WANTED = {
    "R01-contacts-search-official": search_official,
    "R02-contacts-list-get": contact_list,
    "R03-contact-get": contact_get,
    "R04-contact-list-v1-date-epoch": contact_dates_as_numbers,
    "R05-contact-create-201": contact_created,
    "R06-duplicate-400": duplicate("c1", "phone"),
    "R07-duplicate-400-without-meta": duplicate(None, None),
    "R07b-duplicate-400-meta-without-contactId": duplicate(None, "phone"),
    "R08-search-400-transient": a_page("Error occurred"),
    "R09-contact-not-found-400": refused(NotFound, lambda api: api.contacts.get("abc")),
    "R09b-contact-with-id-not-found": refused(NotFound, lambda api: api.contacts.get("tasks")),
    "R10-phone-invalid": refused(BadRequest, create, BadRequest, "phone is invalid"),
    "R11-email-422": refused(ValidationRejected, create, None, "email must be an email"),
    "R12-opportunity-search-2025-08": deals_without_total,
    "R12b-empty": no_deals,
    "R13-opportunity-search-sort-cursor": deals_by_sort,
    "R14-opportunity-search-typed": deals_typed,
    "R15-opportunity-search-cf-empty": one_deal(False),
    "R16-opportunity-search-custom_fields": one_deal(True),
    "R17-opportunity-get": deal,
    "R18-opportunity-files-array": deal_with_files,
    "R19-duplicate-opportunity": duplicate_deal("o1"),
    "R19b-duplicate-opportunity-old": duplicate_deal(None),
    "R20-pipelines": pipelines,
    "R21-tasks-search": tasks_of_the_account,
    "R22-contact-tasks": tasks_of_a_contact,
    "R23-notes": notes,
    "R24-customFields-model-all": fields_of_both,
    "R25-custom-fields-object-key": fields_of_an_object,
    "R26-records-search": records,
    "R27-record-get-relations-empty": record,
    "R28-business-bad-id": refused(NotFound, lambda api: api.businesses.get("abc")),
    "R29-associations": associations,
    "R30-duplicate-relation": refused(DuplicateRelation, relate),
    "R31-picklist-unexpected-format": refused(BadRequest, create, None, "unexpected format"),
    "R32-large-text": refused(BadRequest, create, None, "maximum length of 12000 characters"),
    "R33-cloudflare-502": a_page("502 Bad Gateway"),
    "R34-cloudflare-524": a_page("A timeout occurred"),
    "R35-cloudflare-403": a_page("Just a moment"),
    "R36-200-html": garbled,
    "R37-401-jwt": refused(Unauthorized, create, Unauthorized, "Invalid JWT"),
    "R38-401-scope": missing_scope,
    "R39-403-location": refused(Forbidden, create, Forbidden, "access to this location"),
    "R40-401-iam": missing_scope,
    "R41-429-no-headers": throttled(lambda s: s is None),
    "R42-429-text": throttled(lambda s: s is None),
    "R43-429-http-date": throttled(
        lambda s: abs(s - max(0, 1795770000 - time.time())) < 5  # 2026-11-27 09:00 UTC
    ),
    "R44-empty-200": garbled,
    "R44c": deleted,
    "R45-404-cannot": refused(NotFound, create, NotFound, "Cannot POST"),
    "R46-422-should-not-exist": refused(ValidationRejected, create, None, "owner should not"),
    "R47-message-object": refused(BadRequest, create, None, "x"),
    "R48-error-array": refused(BadRequest, create, None, "bad"),
    "R49-conversation-messages": messages,
    "R50-message-detail": message,
    "R51-conversation-exists": refused(
        BadRequest, lambda api: api.conversations.create("c1"), None, "already exists"
    ),
    "R52-users-search": users,
    "R53-media-list": media,
    "R54-customFields-upload": upload,
    "R55-forms-upload": files_by_id,
    "R56-contact-single-file": one_file,
    "R57-products": products,
    "R58-location": location,
    "R59-location-no-settings": bare_location,
    "R60-objects-list": objects,
}


def test_every_recorded_answer_has_a_wanted_meaning():
    assert set(WANTED) == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_answer_is_understood(api, name):
    api.play(name)
    api.played = name
    WANTED[name](api)


# --- what no recording holds, but follows from them -----------------------------------------------


def test_a_list_in_an_unknown_envelope_is_never_nothing_there(api, server):
    server.answer = lambda asked: Told(200, {"result": [{"id": "1"}]})
    for ask in (
        api.contacts.search, api.opportunities.search, api.associations.list, api.pipelines.list,
        api.custom_fields.v1.list, lambda: list(api.locations.iterate_tasks()),
        lambda: api.records.search("business"), lambda: api.contacts.list_notes("c1"),
    ):  # fmt: skip
        with pytest.raises(UnexpectedAnswer, match="no list of"):
            ask()


def test_a_refusal_that_echoes_a_long_text_is_cut_to_its_rule(api, server):
    text = ("Ann Lee owes for the roof at 12 Pine St. " * 300).strip()
    server.answer = lambda asked: Told(
        400, {"message": f"Value {text} for Notes exceeds the maximum length of 12000 characters"}
    )
    with pytest.raises(HighLevelError) as caught:  # echoed as it was sent
        api.contacts.create(ContactCreate(first_name=text))
    assert caught.value.messages == [
        "Value [value] for Notes exceeds the maximum length of 12000 characters"
    ]
    with pytest.raises(HighLevelError) as caught:  # echoed, but not what this request sent
        api.contacts.create(ContactCreate(first_name="A"))
    assert caught.value.messages == ["… exceeds the maximum length of 12000 characters"]


def test_a_refusal_names_no_address_or_number_of_a_customer(api, server):
    server.answer = lambda asked: Told(
        400, {"message": "ann@b.co and +1 (702) 555-0199 are taken", "meta": {"contactName": "Ann"}}
    )
    with pytest.raises(HighLevelError) as caught:
        create(api)
    assert caught.value.messages == ["[e-mail] and [number] are taken"]
    assert caught.value.meta == {}


def test_rows_are_made_whole_from_the_list_and_by_id(api, server):
    """c1 stands in the list as typed, c2 only in lower case, c3 is deleted meanwhile."""
    rows = [
        {"id": f"c{n}", "firstNameLowerCase": f"ann{n}", "lastNameLowerCase": "lee", "tags": [],
         "customFields": [], "dateUpdated": "2026-01-01", "searchAfter": [n, f"c{n}"]}
        for n in (1, 2, 3)
    ]  # fmt: skip
    listed = {"id": "c1", "firstName": "ann1", "firstNameRaw": "Ann1", "lastName": "lee",
              "lastNameRaw": "Lee", "companyName": None, "address1": "1 Elm", "tags": [],
              "customFields": [], "dateUpdated": "2026-01-01"}  # fmt: skip
    low = {**listed, "id": "c2", "firstNameRaw": None, "lastNameRaw": None}

    def answer(asked):
        if asked.path == "/contacts/search":
            return Told(200, {"contacts": rows, "total": 3})
        if asked.path == "/contacts/":
            assert asked.headers["version"] == "2021-07-28"
            return Told(200, {"contacts": [] if "startAfterId" in asked.query else [listed, low]})
        if asked.path == "/contacts/c2":
            return Told(200, {"contact": {"id": "c2", "firstName": "Ann2", "lastName": "Lee"}})
        return Told(400, {"message": "Contact not found for id:c3"})

    server.answer = answer
    found = {c["id"]: c for c in api.contacts.iterate_all()}
    assert {k: (c["firstName"], c["lastName"]) for k, c in found.items()} == {
        "c1": ("Ann1", "Lee"), "c2": ("Ann2", "Lee"),
    }  # fmt: skip
    assert found["c1"]["address1"] == "1 Elm"


def test_a_row_changed_since_the_list_was_read_is_read_by_its_id(api, server):
    row = {"id": "c1", "firstNameLowerCase": "ann", "lastNameLowerCase": "lee",
           "dateUpdated": "2026-01-02", "searchAfter": [1, "c1"]}  # fmt: skip
    old = {"id": "c1", "firstNameRaw": "Old", "lastNameRaw": "Lee", "dateUpdated": "2026-01-01"}
    server.answer = lambda asked: {
        "/contacts/search": Told(200, {"contacts": [row], "total": 1}),
        "/contacts/": Told(200, {"contacts": [old]}),
    }.get(asked.path, Told(200, {"contact": {"id": "c1", "firstName": "Ann"}}))
    (found,) = api.contacts.iterate_all()
    assert found["firstName"] == "Ann"


def test_opportunities_are_paged_by_cursor_without_a_page_else_by_number(api, server):
    deals = [{"id": f"o{n}", "customFields": [{"id": "f", "fieldValueString": "x"}]}
             for n in range(5)]  # fmt: skip

    def by_cursor(asked):
        body = asked.json
        assert ("page" in body) != ("searchAfter" in body)
        start = body["searchAfter"][0] if body["searchAfter"] else 0
        page = [{**deal, "sort": [start + i + 1, "x"]} for i, deal in enumerate(deals[start:][:2])]
        return Told(200, {"opportunities": page, "meta": {"total": 5}})

    def by_number(asked):
        body = asked.json
        number = body.get("page", 1)
        return Told(200, {"opportunities": deals[2 * number - 2 : 2 * number]})

    for answer in (by_cursor, by_number):
        server.answer = answer
        found = [deal["id"] for deal in api.opportunities.iterate_all(page_limit=2)]
        assert found == ["o0", "o1", "o2", "o3", "o4"]


def test_tasks_are_paged_by_skip_or_where_that_is_not_heeded_by_cursor(api, server):
    tasks = [{"_id": f"t{n:03}", "status": "open", "searchAfter": [n, "t"]} for n in range(7)]

    def heeding_the_cursor_only(asked):
        start = (asked.json.get("searchAfter") or [-1])[0] + 1
        return Told(201, {"tasks": tasks[start : start + 3]})

    server.answer = heeding_the_cursor_only
    assert [t["id"] for t in api.locations.iterate_tasks(3)] == [f"t{n:03}" for n in range(7)]
    server.answer = lambda a: Told(201, {"tasks": tasks[a.json["skip"] : a.json["skip"] + 3]})
    assert [t["id"] for t in api.locations.iterate_tasks(3)] == [f"t{n:03}" for n in range(7)]


def test_uploads_are_matched_by_part_or_position_whatever_their_names(api, server):
    pair = [picture("aaaa"), picture("bbbb")]
    parts = {"uploadedFiles": {"zz": "https://x/b", "yy": "https://x/a"}, "meta": [
        {"fieldname": "f1_bbbb", "url": "https://x/b"},
        {"fieldname": "f1_aaaa", "url": "https://x/a"},
    ]}  # fmt: skip
    server.answer = lambda asked: Told(201, parts)
    assert [u.url for u in api.files.upload_for_field("f1", pair)] == ["https://x/a", "https://x/b"]
    server.answer = lambda asked: Told(
        201, {"uploadedFiles": {"u1-photo.png": "https://x/1", "u2-photo.png": "https://x/2"}}
    )
    assert [u.url for u in api.files.upload_for_field("f1", pair)] == ["https://x/1", "https://x/2"]
