"""Rows of searches tell less than their records hold: what is believed, what is asked again."""

import pytest

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.highlevel.reading import read_contact
from flitstack_pipeline_tests.highlevel.conftest import Told

OURS = {"id": "F", "value": "main/jobs/1"}
THEIRS = {"id": "F", "value": "main/jobs/2"}
NOT_THERE = Told(400, {"message": "Contact not found for id:x"})


@pytest.fixture
def api(client):
    return HighLevel(client)


def answering(server, search, envelope, rows, records):
    """Searches answer `rows`; a record is read by id, or was deleted."""
    one = {"contacts": "contact", "opportunities": "opportunity", "records": "record"}[envelope]

    def answer(asked):
        if asked.path == search:
            return Told(201, {envelope: rows, "total": len(rows)})
        found = records.get(asked.path.rpartition("/")[2])
        return Told(200, {one: found}) if found else NOT_THERE

    server.answer = answer


@pytest.mark.parametrize(
    ("cells", "held", "found"),
    [
        ([], [OURS], ["x"]),  # shown empty, though it holds our key
        ([{"id": "G", "value": "1"}], [OURS], ["x"]),  # some are shown, ours is not
        ([OURS], [OURS], ["x"]),
        ([OURS], None, []),  # deleted, and still shown by the search
        ([THEIRS], [THEIRS], []),  # a search that did not heed the filter
    ],
)
@pytest.mark.parametrize("family", ["contacts", "opportunities"])
def test_what_a_search_finds_by_source_key_is_read_by_its_id(
    api, server, family, cells, held, found
):
    record = held and {"id": "x", "customFields": held}
    rows = [{"id": "x", "customFields": cells}]
    answering(server, f"/{family}/search", family, rows, {"x": record})
    hits = getattr(api, family).find_by_custom_field("F", "main/jobs/1")
    assert [hit["id"] for hit in hits] == found
    asked = [a.path for a in server.asked if a.method == "GET"]
    assert asked == ([] if cells == [THEIRS] else [f"/{family}/x"])


def test_a_record_deleted_since_is_not_found_by_its_source_key(api, server):
    rows = [{"id": name, "properties": {"source": "k"}} for name in ("gone", "there")]
    there = {"id": "there", "properties": {"source": "k"}}
    answering(server, "/objects/business/records/search", "records", rows, {"there": there})
    found = api.records.find_by_property("business", "source", "k")
    assert [record["id"] for record in found] == ["there"]


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        ({"firstName": None, "lastName": None}, set()),
        ({"firstName": None, "lastName": None, "contactName": "ann lee"},
         {"firstName", "lastName", "name"}),
        ({"firstNameRaw": "Ann", "lastName": None, "contactName": "ann"}, set()),
        ({"firstName": None, "firstNameLowerCase": "ann", "lastName": "Lee"},
         {"firstName", "name"}),
        ({"firstName": "ann", "lastName": "Lee"}, {"firstName", "name"}),
    ],
)  # fmt: skip
def test_a_name_that_is_null_or_in_lower_case_is_believed_only_where_nothing_speaks_against_it(
    row, missing
):
    told = {"id": "c", "companyName": None, "address1": None, "tags": [], "customFields": []}
    assert read_contact({**told, **row}, row=True)["missing"] == missing


@pytest.mark.parametrize(
    ("sent", "said", "kept"),
    [
        ({"first_name": "Ann"}, "firstName Ann is invalid", "firstName [value] is invalid"),
        ({"first_name": "Ann"}, "Annual limit reached", "Annual limit reached"),
        ({"tags": ["vip"]}, "tag vip must be shorter", "tag [value] must be shorter"),
        ({"city": "Rno"}, "Rno: is (702) 555-0100 yours", "[value]: is [number] yours"),
    ],
)
def test_a_refusal_keeps_no_value_however_short(api, server, sent, said, kept):
    server.answer = lambda asked: Told(400, {"message": said})
    with pytest.raises(HighLevelError) as caught:
        api.contacts.create(ContactCreate(**sent))
    assert caught.value.messages == [kept]


def test_records_are_counted_where_no_answer_tells_how_many(api, server):
    """Three rows in pages of two, by number; no answer has a total."""

    def answer(asked):
        family = "records" if "objects" in asked.path else asked.path.split("/")[1]
        number, size = asked.json.get("page", 1), asked.json.get("limit") or asked.json["pageLimit"]
        rows = [{"id": f"r{n}"} for n in range(3)]
        return Told(200, {family: rows[(number - 1) * min(size, 2) :][: min(size, 2)]})

    server.answer = answer
    assert api.contacts.count() == api.opportunities.count() == api.records.count("business") == 3
