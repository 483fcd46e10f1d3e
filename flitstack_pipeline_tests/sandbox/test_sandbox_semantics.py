"""The sandbox is no kinder than HighLevel: the traps of the reference, one by one, over HTTP."""

import json
import time

import pytest
import requests

from flitstack_pipeline.sandbox_process import start_sandbox


@pytest.fixture(scope="module")
def sandbox():
    options = {"search_lag_ms": 0, "rate": "none", "agency_token": "pit-agency",
               "profile": "documented"}  # fmt: skip
    with start_sandbox(allow_duplicate_opportunity=False, **options) as running:
        yield running


@pytest.fixture
def call(sandbox):
    requests.post(f"{sandbox.url}/_sandbox/reset", timeout=10).raise_for_status()

    def send(method, path, body=None, *, token=None, version="v3"):
        headers = {"Authorization": f"Bearer {token or sandbox.token}"}
        if version:
            headers["Version"] = version
        answer = requests.request(
            method, sandbox.url + path, json=body, headers=headers, timeout=10
        )
        return answer.status_code, answer.json()

    send.location = sandbox.location_id
    return send


def contact(call, **fields):
    return call("POST", "/contacts/", {"locationId": call.location, **fields})


def pipeline(call, *stages):
    listed = [{"name": name, "position": i} for i, name in enumerate(stages)]
    body = {"name": "Jobs", "locationId": call.location, "stages": listed}
    call("POST", "/opportunities/pipelines", body)
    return call("GET", f"/opportunities/pipelines?locationId={call.location}")[1]["pipelines"][0]


def opportunity(call, who, where, **more):
    body = {"locationId": call.location, "pipelineId": where["id"], "contactId": who}
    return call("POST", "/opportunities/", {**body, "name": "J", "status": "open", **more})


def custom_field(call, name, dataType="TEXT", **more):
    body = {"name": name, "dataType": dataType, **more}
    return call("POST", f"/locations/{call.location}/customFields", body)[1]["customField"]


def custom_object(call, key="invoice"):
    body = {
        "labels": {"singular": key, "plural": f"{key}s"},
        "key": key,
        "locationId": call.location,
        "primaryDisplayPropertyDetails": {"key": "name", "name": "Name", "dataType": "TEXT"},
    }
    return call("POST", "/objects/", body, token="pit-agency")


def test_a_token_and_a_version_are_required(call):
    assert call("GET", f"/locations/{call.location}", token="wrong")[0] == 401
    assert call("GET", f"/locations/{call.location}", version="")[0] == 401
    assert call("GET", "/locations/another-location")[0] in (400, 403)


def test_unknown_and_missing_keys_are_a_422_with_a_list(call):
    status, body = contact(call, foo=1)
    assert (status, body["message"]) == (422, ["property foo should not exist"])
    status, body = call("POST", "/contacts/", {})
    assert status == 422 and "locationId should not be empty" in body["message"]
    assert body["traceId"]


def test_a_duplicate_contact_names_the_one_that_exists(call):
    first = contact(call, email="A@B.co", phone="(813) 555-2102")[1]["contact"]
    assert (first["email"], first["phone"]) == ("a@b.co", "+18135552102")
    status, body = contact(call, email="a@b.co")
    assert status == 400
    assert body["meta"] == {"contactId": first["id"], "matchingField": "email"}


def test_a_second_opportunity_of_a_contact_in_a_pipeline_is_refused(call):
    who, where = contact(call, firstName="A")[1]["contact"]["id"], pipeline(call, "New", "Done")
    first = opportunity(call, who, where)[1]["opportunity"]
    assert first["pipelineStageId"] == where["stages"][0]["id"]
    status, body = opportunity(call, who, where, status="won")
    assert (status, body["code"]) == (400, "OPPORTUNITY_NO_DUPLICATE")
    assert body["meta"]["existingId"] == first["id"]


def test_only_the_agency_makes_objects_and_ten_is_the_most(call):
    body = {
        "labels": {"singular": "a", "plural": "b"},
        "key": "x",
        "locationId": call.location,
        "primaryDisplayPropertyDetails": {"key": "n", "name": "N", "dataType": "TEXT"},
    }
    assert call("POST", "/objects/", body)[0] == 401
    for number in range(10):
        assert custom_object(call, f"thing_{number}")[0] == 201
    assert custom_object(call, "eleventh")[0] == 400


def test_location_stands_in_the_body_of_create_in_the_query_of_put_and_never_on_delete(call):
    custom_object(call)
    base = "/objects/custom_objects.invoice/records"
    made = call("POST", base, {"locationId": call.location, "properties": {"name": "1"}})[1]
    path = f"{base}/{made['record']['id']}"
    assert call("PUT", path, {"properties": {"name": "2"}})[0] == 422
    assert (
        call("PUT", f"{path}?locationId={call.location}", {"properties": {"name": "2"}})[0] == 200
    )
    assert call("DELETE", f"{path}?locationId={call.location}")[0] == 422
    assert call("DELETE", path)[0] == 200


def test_relating_twice_is_a_400_and_deleting_the_association_removes_its_relations(call):
    custom_object(call)
    who = contact(call, firstName="A")[1]["contact"]["id"]
    base = "/objects/custom_objects.invoice/records"
    record = call("POST", base, {"locationId": call.location, "properties": {"name": "1"}})[1][
        "record"
    ]
    association = call("POST", "/associations/", {
        "locationId": call.location, "key": "contact_invoice", "firstObjectLabel": "a",
        "firstObjectKey": "contact", "secondObjectLabel": "b",
        "secondObjectKey": "custom_objects.invoice"})[1]  # fmt: skip
    link = {"locationId": call.location, "associationId": association["id"],
            "firstRecordId": who, "secondRecordId": record["id"]}  # fmt: skip
    assert call("POST", "/associations/relations", link)[0] == 201
    assert "duplicate relation" in call("POST", "/associations/relations", link)[1]["message"]
    found = call(
        "POST", f"{base}/search", {"locationId": call.location, "page": 1, "pageLimit": 10}
    )
    assert found[1]["records"][0]["relations"][0]["recordId"] == who
    call("DELETE", f"/associations/{association['id']}")
    path = f"/associations/relations/{record['id']}?locationId={call.location}&skip=0&limit=10"
    assert call("GET", path)[1]["relations"] == []


def test_an_unknown_option_label_is_silently_emptied(call):
    field = custom_field(call, "Roof", dataType="SINGLE_OPTIONS", options=["Tile"])
    made = contact(call, firstName="A", customFields=[{"id": field["id"], "fieldValue": "tile"}])
    assert made[0] == 201
    assert made[1]["contact"]["customFields"] == []


@pytest.mark.parametrize(
    ("model", "version", "key", "status"),
    [
        ("contact", "v3", "fieldValue", 201),
        ("contact", "v3", "field_value", 201),
        ("contact", "v3", "value", 422),
        ("contact", "2021-07-28", "field_value", 201),
        ("contact", "2021-07-28", "fieldValue", 422),
        ("opportunity", "v3", "fieldValue", 201),
        ("opportunity", "v3", "field_value", 422),
        ("opportunity", "2021-07-28", "field_value", 201),
    ],
)
def test_the_key_of_a_field_value_depends_on_version_and_object(call, model, version, key, status):
    who, where = contact(call, firstName="A")[1]["contact"]["id"], pipeline(call, "New")
    value = {"id": custom_field(call, "Note", model=model)["id"], key: "x"}
    if model == "contact":
        body = {"locationId": call.location, "customFields": [value]}
        answer = call("POST", "/contacts/", body, version=version)
    else:
        body = {"locationId": call.location, "pipelineId": where["id"], "contactId": who,
                "name": "J", "status": "open", "customFields": [value]}  # fmt: skip
        answer = call("POST", "/opportunities/", body, version=version)
    assert answer[0] == status, answer


def test_an_opportunity_knows_since_when_it_is_in_its_stage_and_status(call):
    who, where = contact(call, firstName="A")[1]["contact"]["id"], pipeline(call, "New", "Done")
    made = opportunity(call, who, where)[1]["opportunity"]
    assert made["lastStageChangeAt"] == made["lastStatusChangeAt"]
    path = f"/opportunities/{made['id']}"
    call("PUT", path, {"pipelineStageId": where["stages"][1]["id"]})
    moved = call("GET", path)[1]["opportunity"]
    assert moved["lastStageChangeAt"] > made["lastStageChangeAt"]
    assert moved["lastStatusChangeAt"] == made["lastStatusChangeAt"]


def test_deleting_a_pipeline_deletes_every_opportunity_in_it(call):
    who, where = contact(call, firstName="A")[1]["contact"]["id"], pipeline(call, "New")
    made = opportunity(call, who, where)[1]["opportunity"]
    assert call("DELETE", f"/opportunities/pipelines/{where['id']}")[0] == 200
    assert call("GET", f"/opportunities/{made['id']}")[0] == 400


def test_the_list_of_pipelines_trails_its_writes_and_reading_one_does_not():
    with start_sandbox(search_lag_ms=60_000, rate="none") as running:
        headers = {"Authorization": f"Bearer {running.token}", "Version": "v3"}
        url = f"{running.url}/opportunities/pipelines"
        body = {"name": "Jobs", "locationId": running.location_id,
                "stages": [{"name": "New", "position": 0}]}  # fmt: skip
        made = requests.post(url, json=body, headers=headers, timeout=10).json()
        query = {"locationId": running.location_id}
        found = requests.get(url, params=query, headers=headers, timeout=10).json()
        assert found["pipelines"] == []
        one = requests.get(f"{url}/{made['id']}", headers=headers, timeout=10).json()
        assert [s["name"] for s in one["stages"]] == ["New"]


def test_searches_trail_writes_and_the_rate_is_a_sliding_window():
    with start_sandbox(search_lag_ms=60_000, rate="5/60") as running:
        headers = {"Authorization": f"Bearer {running.token}", "Version": "v3"}
        body = {"locationId": running.location_id, "firstName": "A"}
        made = requests.post(f"{running.url}/contacts/", json=body, headers=headers, timeout=10)
        assert made.headers["X-RateLimit-Max"] == "5"
        search = {"locationId": running.location_id, "pageLimit": 10}
        found = requests.post(
            f"{running.url}/contacts/search", json=search, headers=headers, timeout=10
        )
        assert found.json()["total"] == 0
        path = f"{running.url}/contacts/{made.json()['contact']['id']}"
        codes = [requests.get(path, headers=headers, timeout=10).status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]


def test_state_survives_a_kill(tmp_path):
    state = tmp_path / "state.sqlite"
    with start_sandbox(state, search_lag_ms=0) as running:
        headers = {"Authorization": f"Bearer {running.token}", "Version": "v3"}
        body = {"locationId": running.location_id, "firstName": "Kept"}
        requests.post(f"{running.url}/contacts/", json=body, headers=headers, timeout=10)
        running.kill()
    with start_sandbox(state) as running:
        held = requests.get(f"{running.url}/_sandbox/dump", timeout=10).json()
        assert [c["firstName"] for c in held["contacts"]] == ["Kept"]


def test_the_page_for_people_escapes_what_the_crm_holds(sandbox, call):
    made = contact(call, firstName="<script>alert(1)</script>")[1]["contact"]
    page = requests.get(f"{sandbox.url}/_page/contact/{made['id']}", timeout=10).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_pages_show_lists_the_board_and_a_records_links(sandbox, call):
    who, where = contact(call, firstName="Ann", lastName="Lee")[1]["contact"], pipeline(call, "New")
    deal = opportunity(call, who["id"], where, monetaryValue=1200.5)[1]["opportunity"]

    def page(path):
        answer = requests.get(sandbox.url + path, timeout=10)
        return answer.status_code, answer.text

    assert "Ann Lee" in page("/_page/contacts")[1]
    assert "1,200.50" in page("/_page/board")[1]
    assert f"/_page/opportunity/{deal['id']}" in page(f"/_page/contact/{who['id']}")[1]
    assert "Sandbox Contracting" in page("/")[1]
    assert page("/_page/object/business")[0] == 200
    assert page("/_page/contact/nobody")[0] == 404
    assert page("/_page/location/nobody")[0] == 404


def test_a_path_nobody_knows_is_answered_in_the_apis_own_words(call):
    status, body = call("GET", "/no/such/path")
    assert (status, body["message"]) == (404, "Cannot GET /no/such/path")
    assert body["traceId"]


PROVIDER = "a-provider"


@pytest.fixture(scope="module")
def messaging(tmp_path_factory):
    """A sub-account with a conversation provider and a calendar."""
    seed = tmp_path_factory.mktemp("seed") / "seed.json"
    calendar = {"id": "a-calendar", "name": "Visits"}
    place = {"id": "office", "calendars": [calendar], "conversationProviders": [PROVIDER]}
    seed.write_text(json.dumps({"locations": [place]}))
    with start_sandbox(search_lag_ms=400, rate="none", seed_location=seed,
                       location=["office=pit-office"]) as running:  # fmt: skip

        def send(method, path, body=None):
            headers = {"Authorization": "Bearer pit-office", "Version": "v3"}
            answer = requests.request(
                method, running.url + path, json=body, headers=headers, timeout=10
            )
            return answer.status_code, answer.json()

        send.location = "office"
        yield send


def said(send, who, **more):
    """Import a message into the contact's conversation."""
    body = {"type": "SMS", "conversationProviderId": PROVIDER, "date": "2023-03-01T10:00:00.123Z",
            "message": "Hello", **who, **more}  # fmt: skip
    return send("POST", "/conversations/messages/inbound", body)


def person(call, **fields):
    """A contact with a conversation, as an import names it."""
    who = contact(call, firstName="A", **fields)[1]["contact"]["id"]
    body = {"locationId": call.location, "contactId": who}
    opened = call("POST", "/conversations/", body)[1]["conversation"]["id"]
    return {"conversationId": opened, "contactId": who}


def test_a_contact_has_one_conversation_and_the_refusal_does_not_name_it(messaging):
    who = person(messaging)
    body = {"locationId": messaging.location, "contactId": who["contactId"]}
    status, refusal = messaging("POST", "/conversations/", body)
    assert status == 400 and "already exists" in refusal["message"]
    assert who["conversationId"] not in str(refusal)
    asked = f"/conversations/search?locationId=office&contactId={who['contactId']}"
    assert messaging("GET", asked)[1]["conversations"] == [], "the search trails the write"
    time.sleep(0.6)
    found = messaging("GET", asked)[1]["conversations"]
    assert [c["id"] for c in found] == [who["conversationId"]]


def test_a_message_keeps_its_own_time_and_lists_do_not_show_our_id(messaging):
    who = person(messaging)
    status, done = said(messaging, who, altId="ours", direction="inbound")
    assert status == 200, done
    assert (status, done["dateAdded"]) == (200, "2023-03-01T10:00:00.123Z")
    listed = messaging("GET", f"/conversations/{who['conversationId']}/messages")[1]
    (shown,) = listed["messages"]
    assert (shown["body"], shown["direction"], shown["messageType"]) == (
        "Hello", "inbound", "TYPE_SMS",
    )  # fmt: skip
    assert "altId" not in shown and listed["nextPage"] is False


def test_a_message_needs_a_provider_that_exists_and_is_never_sent(messaging):
    who = person(messaging)
    assert said(messaging, who, conversationProviderId="unknown")[0] == 400
    status, refusal = said(messaging, who, conversationProviderId="")
    assert status == 422 and "conversationProviderId should not be empty" in refusal["message"]
    assert messaging("POST", "/conversations/messages", {"type": "SMS", **who})[0] == 404


def test_a_call_must_name_the_number_of_its_contact(messaging):
    who = person(messaging, phone="+18135552102")
    numbers = {"to": "+19995550000", "from": "+18135552102", "status": "voicemail"}
    status, done = said(messaging, who, type="Call", call=numbers)
    assert status == 200
    strange = {**numbers, "from": "+18135559999"}
    assert said(messaging, who, type="Call", call=strange)[0] == 400
    shown = messaging("GET", f"/conversations/messages/{done['messageId']}")[1]
    assert shown["meta"] == {"callStatus": "voicemail"} and shown["body"] == ""
    out = {"type": "Call", "conversationId": who["conversationId"], "call": numbers,
           "conversationProviderId": PROVIDER}  # fmt: skip
    assert messaging("POST", "/conversations/messages/outbound", out)[0] == 200
    status, refusal = messaging("POST", "/conversations/messages/outbound", {**out, "message": "x"})
    assert (status, refusal["message"]) == (422, ["property message should not exist"])


def test_the_export_shows_e_mails_only_when_asked_and_subjects_never(messaging):
    who = person(messaging)
    said(messaging, who)
    said(messaging, who, type="Email", subject="Offer", html="<p>Hi</p>", altId="ours")
    export = f"/conversations/messages/export?locationId=office&contactId={who['contactId']}"
    everything = messaging("GET", export)[1]["messages"]
    assert [m["messageType"] for m in everything] == ["TYPE_SMS"]
    (mail,) = messaging("GET", export + "&channel=Email")[1]["messages"]
    assert "subject" not in mail and mail["body"] == "<p>Hi</p>"
    whole = messaging(
        "GET", f"/conversations/messages/email/{mail['meta']['email']['messageIds'][0]}"
    )
    assert (whole[1]["subject"], whole[1]["altId"]) == ("Offer", "ours")


def test_messages_page_by_the_last_one_seen(messaging):
    who = person(messaging)
    times = [f"2023-03-01T10:00:{n:02}.000Z" for n in range(25)]
    for moment in times:
        said(messaging, who, date=moment)
    first = messaging("GET", f"/conversations/{who['conversationId']}/messages")[1]
    assert len(first["messages"]) == 20 and first["nextPage"]
    rest = messaging("GET", f"/conversations/{who['conversationId']}/messages"
                            f"?lastMessageId={first['lastMessageId']}")[1]  # fmt: skip
    seen = [m["dateAdded"] for m in first["messages"] + rest["messages"]]
    assert seen == times[::-1] and not rest["nextPage"]


def test_a_conversation_goes_with_its_messages_and_with_its_contact(messaging):
    alone, held = person(messaging), person(messaging)
    done = said(messaging, alone)[1]
    assert messaging("DELETE", f"/conversations/{alone['conversationId']}")[0] == 200
    assert messaging("GET", f"/conversations/messages/{done['messageId']}")[0] == 400
    messaging("DELETE", f"/contacts/{held['contactId']}")
    assert messaging("GET", f"/conversations/{held['conversationId']}")[0] == 400


def test_a_past_appointment_needs_leave_and_a_calendar(messaging):
    who = person(messaging)
    body = {"calendarId": "a-calendar", "locationId": "office", "contactId": who["contactId"],
            "startTime": "2023-03-01T10:00:00Z", "title": "Site walk"}  # fmt: skip
    path = "/calendars/events/appointments"
    assert messaging("POST", path, body)[0] == 400
    assert messaging("POST", path, {**body, "ignoreDateRange": True, "calendarId": "x"})[0] == 400
    status, made = messaging("POST", path, {**body, "ignoreDateRange": True, "toNotify": False})
    assert (status, made["endTime"]) == (200, "2023-03-01T10:30:00.000Z")
    span = "startTime=1677628800000&endTime=1677715200000"
    (found,) = messaging(
        "GET", f"/calendars/events?locationId=office&calendarId=a-calendar&{span}"
    )[1]["events"]
    assert found["id"] == made["id"]
    assert messaging("GET", f"/calendars/events?locationId=office&{span}")[0] == 422
    assert (
        messaging("PUT", f"{path}/{made['id']}", {"title": "B", "ignoreDateRange": True})[0] == 200
    )
    assert messaging("GET", f"{path}/{made['id']}")[1]["event"]["title"] == "B"
    assert messaging("DELETE", f"/calendars/events/{made['id']}", {})[0] == 201
    assert messaging("GET", f"{path}/{made['id']}")[0] == 400


def test_calendars_can_be_listed(messaging):
    listed = messaging("GET", "/calendars/?locationId=office")[1]["calendars"]
    assert [(c["id"], c["name"]) for c in listed] == [("a-calendar", "Visits")]
    assert messaging("GET", "/calendars/a-calendar")[1]["calendar"]["name"] == "Visits"
    assert messaging("GET", "/calendars/unknown")[0] == 400
