"""The profile `live` is the default, and plays the harshest recorded shape of every family.

Each shape is named by its finding (L) and recording (R); what is wanted is read off the recording.
"""

import itertools
import json
from pathlib import Path

import pytest
import requests

from flitstack_pipeline.sandbox_process import start_sandbox

RECORDED = {
    answer["id"]: answer["body"]
    for answer in json.loads(
        (Path(__file__).parent.parent / "highlevel" / "recorded.json").read_text()
    )
}
numbers = itertools.count(100)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """As it is started without a word about shapes; faults are tested by themselves."""
    seed = tmp_path_factory.mktemp("live") / "seed.json"
    seed.write_text(
        json.dumps(
            {
                "locations": [
                    {
                        "id": "sandbox-location",
                        "users": [{"id": "u1", "name": "A B", "email": "a@b.co"}],
                    }
                ]
            }
        )
    )
    with start_sandbox(search_lag_ms=0, rate="none", faults="", seed_location=seed) as running:
        yield running


@pytest.fixture
def call(sandbox):
    return caller(sandbox)


def caller(sandbox):
    def send(method, path, body=None, query=None, files=None, version="v3", data=None):
        headers = {"Authorization": f"Bearer {sandbox.token}", "Version": version}
        sent = {} if body is None else {"json": body}
        return requests.request(method, sandbox.url + path, headers=headers, params=query,
                                files=files, data=data, timeout=10, **sent)  # fmt: skip

    send.location = sandbox.location_id
    return send


def contact(call, **fields):
    body = {"locationId": call.location, "firstName": "Deo", "lastName": "McCarthy", **fields}
    answer = call("POST", "/contacts/", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["contact"]


def field(call, name, data_type, model="contact", **more):
    body = {"name": f"{name} {next(numbers)}", "dataType": data_type, "model": model, **more}
    answer = call("POST", f"/locations/{call.location}/customFields", body)
    return answer.json()["customField"]["id"]


def pipeline(call):
    body = {"name": f"Jobs {next(numbers)}", "locationId": call.location,
            "stages": [{"name": "New", "position": 0}, {"name": "Won", "position": 1}]}  # fmt: skip
    made = call("POST", "/opportunities/pipelines", body).json()["id"]
    return call("GET", f"/opportunities/pipelines/{made}").json()


def opportunity(call, where, who, **more):
    body = {"locationId": call.location, "pipelineId": where["id"], "contactId": who, "name": "J",
            "status": "open", **more}  # fmt: skip
    return call("POST", "/opportunities/", body)


def search(call, family, **body):
    asked = {"locationId": call.location, **body}
    answer = call("POST", f"/{family}/search", asked)
    assert answer.ok, answer.text
    return answer.json()


def test_rows_of_contacts_have_names_in_lower_case_and_values_as_text(call):
    number, day = field(call, "Budget", "NUMERICAL"), field(call, "Warranty", "DATE")
    cells = [{"id": number, "fieldValue": 1500}, {"id": day, "fieldValue": "2025-07-01"}]
    made = contact(call, address1="12 Example St", country="US", tags=["VIP"], customFields=cells)
    (row,) = search(call, "contacts", pageLimit=1, query="deo")["contacts"]
    assert row["id"] == made["id"]
    recorded = RECORDED["R01-contacts-search-official"]["contacts"][0]
    names = {"firstName", "lastName", "address1", "firstNameLowerCase", "lastNameLowerCase",
             "address", "businessName"}  # fmt: skip
    assert names & row.keys() == names & recorded.keys()
    assert (row["firstNameLowerCase"], row["address"], row["country"]) == (
        "deo", "12 Example St", "United States",
    )  # fmt: skip
    assert row["tags"] == ["vip"]  # L9
    values = {cell["id"]: cell["value"] for cell in row["customFields"]}
    assert values == {number: "1500", day: 1751328000000}  # 2025-07-01 00:00 UTC in milliseconds


def test_the_list_of_contacts_has_the_names_as_typed_beside(call):
    made = contact(call)
    listed = call("GET", "/contacts/", query={"locationId": call.location, "limit": 100},
                  version="2021-07-28").json()["contacts"]  # fmt: skip
    row = next(r for r in listed if r["id"] == made["id"])
    assert [row[k] for k in ("firstName", "lastName", "firstNameRaw", "lastNameRaw")] == [
        "deo", "mccarthy", "Deo", "McCarthy",
    ]  # fmt: skip


def test_a_second_contact_with_a_phone_is_refused_and_the_refusal_names_nobody(call):
    phone = f"+1702555{next(numbers):04}"
    contact(call, phone=phone)
    other = contact(call)
    again = call("POST", "/contacts/", {"locationId": call.location, "phone": phone})
    put = call("PUT", f"/contacts/{other['id']}", {"phone": phone})
    for refused in (again, put):  # L12, R07
        assert refused.status_code == 400 and "meta" not in refused.json()
        assert refused.json()["message"] == RECORDED["R07-duplicate-400-without-meta"]["message"]


def test_rows_of_opportunities_show_custom_fields_empty_typed_or_renamed(call):
    where, who = pipeline(call), contact(call)["id"]
    key = field(call, "Key", "TEXT", "opportunity")
    amount = field(call, "Amount", "MONETORY", "opportunity")
    cells = [{"id": key, "fieldValue": "main/jobs/1"}, {"id": amount, "fieldValue": 3}]
    made = [opportunity(call, where, who, customFields=cells) for _ in range(24)]
    assert {answer.status_code for answer in made} == {201}  # duplicates are allowed when live
    page = search(call, "opportunities", limit=100, searchAfter=[])
    assert page.keys() >= {"meta"} and "total" not in page and page["meta"]["total"] >= 24
    forms = set()
    for row in page["opportunities"]:
        assert "searchAfter" not in row and isinstance(row["sort"], list)  # L4, R13
        if "custom_fields" in row:
            assert row["custom_fields"] == cells and "customFields" not in row  # R16
            forms.add("renamed")
        elif row["customFields"]:
            assert row["customFields"] == [
                {"id": key, "fieldValueString": "main/jobs/1", "type": "string"},
                {"id": amount, "fieldValueNumber": 3, "type": "number"},
            ]  # R14
            forms.add("typed")
        else:
            forms.add("empty")  # R15
    assert forms == {"renamed", "typed", "empty"}


def test_page_and_cursor_together_are_refused(call):
    body = {"locationId": call.location, "limit": 20, "page": 1, "searchAfter": []}
    assert call("POST", "/opportunities/search", body).status_code == 400  # L4


def test_the_owner_of_an_opportunity_becomes_that_of_its_contact_and_back(call):
    where, who = pipeline(call), contact(call)["id"]
    made = opportunity(call, where, who, assignedTo="u1").json()["opportunity"]["id"]
    assert call("GET", f"/contacts/{who}").json()["contact"]["assignedTo"] == "u1"  # L8
    call("PUT", f"/contacts/{who}", {"assignedTo": None})
    assert not call("GET", f"/opportunities/{made}").json()["opportunity"].get("assignedTo")


def test_a_long_text_holds_12000_characters_and_the_refusal_repeats_it(call):
    text, who = field(call, "Long", "LARGE_TEXT"), contact(call)["id"]

    def write(length):
        cells = [{"id": text, "fieldValue": "x" * length}]
        return call("PUT", f"/contacts/{who}", {"customFields": cells})

    assert write(12_000).status_code == 200
    refused = write(12_001)
    assert refused.status_code == 400 and "x" * 12_001 in refused.json()["message"]  # L10


def test_a_door_that_takes_files_replaces_what_the_field_held(call):
    held, who = field(call, "Files", "FILE_UPLOAD", isMultipleFile=True), contact(call)["id"]
    for name in ("one", "two"):
        uuid = f"11111111-1111-4111-8111-11111111111{len(name)}"
        part = {f"{held}_{uuid[:-1]}{name == 'two':d}": (f"{name}.png", b"x", "image/png")}
        query = {"contactId": who, "locationId": call.location}
        assert call("POST", "/forms/upload-custom-files", query=query, files=part).ok
    (cell,) = call("GET", f"/contacts/{who}").json()["contact"]["customFields"]
    (file,) = cell["value"].values()
    assert file["meta"]["originalname"] == "two.png"  # L6


def test_an_upload_names_the_files_otherwise_and_in_another_order(call):
    held = field(call, "Files", "FILE_UPLOAD", "opportunity")
    parts = [(f"{held}_{n}", (f"{n}.png", b"x", "image/png")) for n in ("aa", "bb")]
    answer = call("POST", f"/locations/{call.location}/customFields/upload", files=parts,
                  data={"id": held, "maxFiles": "2"})  # fmt: skip
    assert answer.status_code == 201
    told = answer.json()
    assert not {"aa.png", "bb.png"} & told["uploadedFiles"].keys()  # L13
    assert [meta["originalname"] for meta in told["meta"]] == ["bb.png", "aa.png"]


def test_tasks_have_another_id_and_a_status(call):
    who = contact(call)["id"]
    task = {"title": "T", "dueDate": "2026-01-01T00:00:00Z", "completed": True}
    call("POST", f"/contacts/{who}/tasks", task)
    answer = call("POST", f"/locations/{call.location}/tasks/search", {"contactId": [who]})
    (row,) = answer.json()["tasks"]
    assert answer.status_code == 201 and "id" not in row and "completed" not in row  # L2
    assert row["_id"] and row["status"] == "completed" and row["searchAfter"]


def test_system_associations_have_no_key_and_a_bad_business_id_is_no_objectid(call):
    where = {"locationId": call.location, "skip": 0, "limit": 20}
    system, *_ = call("GET", "/associations/", query=where).json()["associations"]
    assert system == RECORDED["R29-associations"]["associations"][0]  # L16
    refused = call("GET", "/businesses/abc")
    assert refused.json()["message"] == RECORDED["R28-business-bad-id"]["message"]  # L15


def test_a_deleted_contact_stays_in_searches_longer_than_writes_trail():
    with start_sandbox(search_lag_ms=200, rate="none", faults="") as running:
        call = caller(running)
        made = contact(call)["id"]
        shown = lambda: search(call, "contacts", pageLimit=1)["contacts"]  # noqa: E731
        while not shown():
            pass
        call("DELETE", f"/contacts/{made}")
        assert call("GET", f"/contacts/{made}").status_code == 400
        assert [row["id"] for row in shown()] == [made]  # L20


def test_refusals_that_pass_and_pages_of_the_proxy_come_by_default():
    with start_sandbox() as running:
        told = requests.get(f"{running.url}/_sandbox/faults", timeout=10).json()["spec"]
        assert {"transient_400", "cloudflare"} <= told.keys()  # L11
        requests.post(f"{running.url}/_sandbox/faults", timeout=10,
                      json={"transient_400": "#1", "cloudflare": "#2"})  # fmt: skip
        call = caller(running)
        passing, page = [call("GET", "/contacts/abc") for _ in range(2)]
        recorded = RECORDED["R08-search-400-transient"]["message"]
        assert (passing.status_code, passing.json()["message"]) == (400, recorded)
        assert page.headers["content-type"].startswith("text/html") and "<title>" in page.text


@pytest.mark.parametrize(("profile", "refused"), [("live", False), ("documented", True)])
def test_duplicate_opportunities_are_the_profiles_own_and_contacts_never_allowed(profile, refused):
    with start_sandbox(profile=profile, search_lag_ms=0, faults="") as running:
        call = caller(running)
        settings = call("GET", f"/locations/{call.location}").json()["location"]["settings"]
        assert settings["allowDuplicateContact"] is False
        assert settings["allowDuplicateOpportunity"] is not refused
        where, who = pipeline(call), contact(call)["id"]
        assert opportunity(call, where, who).status_code == 201
        assert opportunity(call, where, who).status_code == (400 if refused else 201)
