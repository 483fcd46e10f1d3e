"""Every operation of every family, sent over real HTTP, is valid by the official OpenAPI.

DEFECTS names, per operation, what its own text gets wrong (docs/highlevel.md#defects):
nothing else is let by.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.associations import AssociationCreate, RelationCreate
from flitstack_pipeline.highlevel.api.businesses import BusinessCreate, BusinessUpdate
from flitstack_pipeline.highlevel.api.calendars import AppointmentCreate, AppointmentUpdate
from flitstack_pipeline.highlevel.api.contacts import (
    ContactCreate,
    ContactUpdate,
    ContactUpsert,
    NoteBody,
    TaskCreate,
    TaskUpdate,
)
from flitstack_pipeline.highlevel.api.conversations import CallDetails, InboundMessage, OutboundCall
from flitstack_pipeline.highlevel.api.custom_fields import (
    FieldCreateV1,
    FieldCreateV2,
    FieldUpdateV1,
    FieldUpdateV2,
    Option,
    TextBox,
)
from flitstack_pipeline.highlevel.api.files import FieldFile
from flitstack_pipeline.highlevel.api.locations import LocationSettings
from flitstack_pipeline.highlevel.api.notes import NoteCreate, NoteRelation
from flitstack_pipeline.highlevel.api.objects import (
    Labels,
    ObjectCreate,
    ObjectUpdate,
    PrimaryProperty,
)
from flitstack_pipeline.highlevel.api.opportunities import (
    OpportunityCreate,
    OpportunityStatus,
    OpportunityUpdate,
)
from flitstack_pipeline.highlevel.api.pipelines import PipelineBody, Stage
from flitstack_pipeline.highlevel.api.products import PriceBody, ProductBody
from flitstack_pipeline.highlevel.api.records import Membership, RecordCreate, RecordUpdate
from flitstack_pipeline.highlevel.client import HighLevelClient
from flitstack_pipeline.highlevel.models import CustomFieldValue
from flitstack_pipeline_tests.highlevel.conftest import QUICK, Told
from flitstack_pipeline_tests.openapi import document, resolve

SCALARS = "scalars are typed `object` (defect 5)"
EMPTY = "the body's schema is empty (defect 2)"
DEFECTS = {
    ("POST", "/contacts/"): SCALARS + ": dateOfBirth",
    ("PUT", "/contacts/{contactId}"): SCALARS + ": dateOfBirth",
    ("POST", "/contacts/upsert"): SCALARS + ": dateOfBirth",
    ("POST", "/contacts/search"): EMPTY,
    ("POST", "/objects/{schemaKey}/records"): EMPTY,
    ("PUT", "/objects/{schemaKey}/records/{id}"): EMPTY,
    ("POST", "/associations/"): SCALARS + ": keys and labels",
    ("POST", "/locations/{locationId}/customFields"): "lacks options and parentId (defect 12)",
    ("PUT", "/locations/{locationId}/customFields/{id}"): "lacks options (defect 12)",
    ("POST", "/locations/{locationId}/customFields/upload"): "lacks the files themselves",
    ("POST", "/opportunities/search"): "lacks filters and sort (docs/highlevel.md#opportunities)",
    (
        "POST",
        "/objects/{schemaKey}/records/search",
    ): "lacks filters and sort (docs/highlevel.md#searches)",
    ("POST", "/conversations/messages/inbound"): SCALARS + ": direction",
}
# Keys HighLevel takes that the document does not list, per operation with such a defect.
UNLISTED = {
    ("POST", "/locations/{locationId}/customFields"): {"options", "parentId"},
    ("PUT", "/locations/{locationId}/customFields/{id}"): {"options"},
    ("POST", "/opportunities/search"): {"filters", "sort"},
    ("POST", "/objects/{schemaKey}/records/search"): {"filters", "sort"},
}
FIELD = CustomFieldValue(id="f1", field_value="x")
PERSON = {
    "first_name": "Ann", "last_name": "Lee", "name": "Ann Lee", "email": "a@b.co",
    "phone": "+15551234567", "address1": "1 Main", "city": "Reno", "state": "NV",
    "postal_code": "89501", "country": "US", "website": "https://b.co",
    "timezone": "America/Denver", "dnd": False, "tags": ["a"], "source": "import",
    "date_of_birth": "1990-01-02", "assigned_to": "u1",
    "custom_fields": [FIELD, CustomFieldValue(id="f2", field_value=["a", "b"])],
    "dnd_settings": {"call": {"status": "inactive"}},
    "inbound_dnd_settings": {"all": {"status": "inactive"}},
}  # fmt: skip
DEAL = {
    "name": "Roof", "pipeline_id": "p1", "pipeline_stage_id": "s1", "status": "won",
    "monetary_value": "1234.50", "assigned_to": "u1", "custom_fields": [FIELD],
    "forecast_expected_close_date": "2026-01-02", "forecast_probability": 40,
}  # fmt: skip
COMPANY = {
    "name": "B Co", "phone": "+15551234567", "email": "a@b.co", "website": "https://b.co",
    "address": "1 Main", "city": "Reno", "state": "NV", "postal_code": "89501",
    "country": "us", "description": "d",
}  # fmt: skip
PIPELINE = PipelineBody(
    name="Job Workflow",
    stages=[Stage(id="s1", name="New", position=0, stage_win_probability=10, color="#fff",
                  show_in_funnel=True, show_in_pie_chart=True)],
    show_in_funnel=True, show_in_pie_chart=True, use_opportunity_probability=True,
    color_render_mode="dot",
)  # fmt: skip
V1 = {
    "name": "Status", "placeholder": "p", "options": ["A"], "accepted_format": [".pdf"],
    "is_multiple_file": True, "max_number_of_files": 5, "position": 1,
    "text_box_list_options": [TextBox(label="l", prefill_value="v")], "model": "contact",
}  # fmt: skip
V2 = {
    "name": "Status", "description": "d", "placeholder": "p", "show_in_forms": True,
    "options": [Option(key="a", label="A")], "accepted_formats": ".pdf", "max_file_limit": 3,
}  # fmt: skip
VISIT = {
    "title": "Visit", "start_time": "2026-01-02T10:00:00-08:00",
    "end_time": "2026-01-02T11:00:00-08:00", "appointment_status": "showed",
    "assigned_user_id": "u1", "address": "1 Main", "description": "d",
}  # fmt: skip
CALL = CallDetails(to="+15551234567", from_="+15557654321")
MESSAGE = {
    "conversation_id": "v1", "conversation_provider_id": "cp1", "date": "2024-01-02T10:00:00Z",
    "alt_id": "x1", "attachments": ["https://b.co/a.pdf"], "call": CALL,
}  # fmt: skip


def exercise(api: HighLevel, folder: Path) -> dict[str, Callable[[], object]]:
    """Every public operation, with every key its model knows."""
    file = folder / "a.pdf"
    file.write_bytes(b"%PDF")
    contacts, deals, records = api.contacts, api.opportunities, api.records
    fields, links, places = api.custom_fields, api.associations, api.locations
    return {
        "contacts.create": lambda: contacts.create(
            ContactCreate(**PERSON, gender="f", company_name="B Co")
        ),
        "contacts.upsert": lambda: contacts.upsert(
            ContactUpsert(**PERSON, create_new_if_duplicate_allowed=True)
        ),
        "contacts.update": lambda: contacts.update(
            "c1", ContactUpdate(**{**PERSON, "email": None}), clear=["email", "assigned_to"]
        ),
        "contacts.get": lambda: contacts.get("c1"),
        "contacts.delete": lambda: contacts.delete("c1"),
        "contacts.search": lambda: contacts.search(query="ann", search_after=[1, "c1"]),
        "contacts.iterate_all": lambda: list(contacts.iterate_all()),
        "contacts.find_by_custom_field": lambda: contacts.find_by_custom_field("f1", "x"),
        "contacts.find_duplicate": lambda: contacts.find_duplicate(email="a@b.co", number="1"),
        "contacts.of_business": lambda: contacts.of_business("b1"),
        "contacts.bulk_link_business": lambda: contacts.bulk_link_business("b1", ["c1", "c2"]),
        "contacts.bulk_unlink_business": lambda: contacts.bulk_link_business(None, ["c1"]),
        "contacts.bulk_tags": lambda: contacts.bulk_tags("add", ["c1"], ["a"]),
        "contacts.add_tags": lambda: contacts.add_tags("c1", ["a"]),
        "contacts.remove_tags": lambda: contacts.remove_tags("c1", ["a"]),
        "contacts.add_followers": lambda: contacts.add_followers("c1", ["u1"]),
        "contacts.remove_followers": lambda: contacts.remove_followers("c1", ["u1"]),
        "contacts.create_note": lambda: contacts.create_note(
            "c1", NoteBody(body="b", user_id="u1", title="t", color="#fff", pinned=True)
        ),
        "contacts.list_notes": lambda: contacts.list_notes("c1"),
        "contacts.update_note": lambda: contacts.update_note("c1", "n1", NoteBody(body="b")),
        "contacts.delete_note": lambda: contacts.delete_note("c1", "n1"),
        "contacts.create_task": lambda: contacts.create_task(
            "c1",
            TaskCreate(
                title="t",
                due_date="2024-01-02T00:00:00Z",
                completed=True,
                body="b",
                assigned_to="u1",
            ),
        ),
        "contacts.list_tasks": lambda: contacts.list_tasks("c1"),
        "contacts.update_task": lambda: contacts.update_task("c1", "t1", TaskUpdate(title="t")),
        "contacts.delete_task": lambda: contacts.delete_task("c1", "t1"),
        "businesses.create": lambda: api.businesses.create(BusinessCreate(**COMPANY)),
        "businesses.update": lambda: api.businesses.update("b1", BusinessUpdate(**COMPANY)),
        "businesses.get": lambda: api.businesses.get("b1"),
        "businesses.delete": lambda: api.businesses.delete("b1"),
        "businesses.list": lambda: api.businesses.list(),
        "opportunities.create": lambda: deals.create(OpportunityCreate(**DEAL, contact_id="c1")),
        "opportunities.update": lambda: deals.update("o1", OpportunityUpdate(**DEAL)),
        "opportunities.set_status": lambda: deals.set_status(
            "o1", OpportunityStatus(status="lost", lost_reason_id="l1")
        ),
        "opportunities.get": lambda: deals.get("o1"),
        "opportunities.delete": lambda: deals.delete("o1"),
        "opportunities.lost_reasons": lambda: deals.lost_reasons(),
        "opportunities.add_followers": lambda: deals.add_followers("o1", ["u1"]),
        "opportunities.search": lambda: deals.search(query="roof"),
        "opportunities.iterate_all": lambda: list(deals.iterate_all()),
        "opportunities.find_by_custom_field": lambda: deals.find_by_custom_field("f1", "x"),
        "pipelines.list": lambda: api.pipelines.list(),
        "pipelines.create": lambda: api.pipelines.create(PIPELINE),
        "pipelines.get": lambda: api.pipelines.get("p1"),
        "pipelines.replace": lambda: api.pipelines.replace("p1", PIPELINE),
        "pipelines.delete": lambda: api.pipelines.delete("p1"),
        "objects.list": lambda: api.objects.list(),
        "objects.create": lambda: api.objects.create(
            ObjectCreate(
                labels=Labels(singular="Invoice", plural="Invoices"),
                key="custom_objects.invoice",
                description="d",
                primary_display_property_details=PrimaryProperty(
                    key="custom_objects.invoice.number", name="Number"
                ),
            )
        ),
        "objects.list_fields": lambda: api.objects.list_fields("custom_objects.invoice"),
        "objects.update": lambda: api.objects.update(
            "custom_objects.invoice",
            ObjectUpdate(
                searchable_properties=["custom_objects.invoice.number"],
                description="d",
                labels=Labels(singular="I", plural="Is"),
            ),
        ),
        "records.create": lambda: records.create(
            "business", RecordCreate(properties={"name": "B"}, owners=["u1"], followers=["u1"])
        ),
        "records.update": lambda: records.update(
            "business", "r1", RecordUpdate(properties={"name": None}, owners=Membership(add=["u"]))
        ),
        "records.get": lambda: records.get("business", "r1"),
        "records.delete": lambda: records.delete("business", "r1"),
        "records.search": lambda: records.search("business", query="b"),
        "records.iterate_all": lambda: list(records.iterate_all("business")),
        "records.find_by_property": lambda: records.find_by_property("business", "name", "B"),
        "fields.v1.list": lambda: fields.v1.list("contact"),
        "fields.v1.create": lambda: fields.v1.create(
            FieldCreateV1(**V1, data_type="SINGLE_OPTIONS", parent_id="d1")
        ),
        "fields.v1.update": lambda: fields.v1.update("f1", FieldUpdateV1(**V1)),
        "fields.v1.delete": lambda: fields.v1.delete("f1"),
        "fields.v2.list": lambda: fields.v2.list("business"),
        "fields.v2.create": lambda: fields.v2.create(
            FieldCreateV2(
                **V2,
                data_type="RADIO",
                field_key="business.x",
                object_key="business",
                parent_id="d1",
                allow_custom_option=False,
            )
        ),
        "fields.v2.update": lambda: fields.v2.update("f1", FieldUpdateV2(**V2)),
        "fields.v2.delete": lambda: fields.v2.delete("f1"),
        "fields.v2.create_folder": lambda: fields.v2.create_folder("business", "Import"),
        "fields.v2.delete_folder": lambda: fields.v2.delete_folder("d1"),
        "associations.list": lambda: links.list(),
        "associations.create": lambda: links.create(
            AssociationCreate(
                key="k",
                first_object_label="Job",
                first_object_key="opportunity",
                second_object_label="Invoice",
                second_object_key="custom_objects.invoice",
            )
        ),
        "associations.delete": lambda: links.delete("a1"),
        "associations.create_relation": lambda: links.create_relation(
            RelationCreate(association_id="a1", first_record_id="o1", second_record_id="r1")
        ),
        "associations.list_relations": lambda: links.list_relations("r1", ["a1"]),
        "associations.delete_relation": lambda: links.delete_relation("rel1"),
        "users.list": lambda: api.users.list("co1"),
        "users.by_email": lambda: api.users.by_email("co1", ["a@b.co"]),
        "users.get": lambda: api.users.get("u1"),
        "locations.get": lambda: places.get(),
        "locations.update_settings": lambda: places.update_settings(
            "co1", LocationSettings(allow_duplicate_opportunity=True)
        ),
        "locations.list_tags": lambda: places.list_tags(),
        "locations.create_tag": lambda: places.create_tag("a"),
        "locations.delete_tag": lambda: places.delete_tag("t1"),
        "locations.list_custom_values": lambda: places.list_custom_values(),
        "locations.create_custom_value": lambda: places.create_custom_value("n", "v"),
        "locations.update_custom_value": lambda: places.update_custom_value("v1", "n", "v"),
        "locations.delete_custom_value": lambda: places.delete_custom_value("v1"),
        "products.list": lambda: api.products.list(),
        "products.create": lambda: api.products.create(
            ProductBody(name="Shingle", description="d", available_in_store=False)
        ),
        "products.get": lambda: api.products.get("p1"),
        "products.update": lambda: api.products.update("p1", ProductBody(name="Shingle")),
        "products.delete": lambda: api.products.delete("p1"),
        "products.list_prices": lambda: api.products.list_prices("p1"),
        "products.create_price": lambda: api.products.create_price(
            "p1", PriceBody(name="each", amount="12.50", currency="USD", sku="S1")
        ),
        "products.delete_price": lambda: api.products.delete_price("p1", "x1"),
        "files.upload_media": lambda: api.files.upload_media(file, parent_id="d1"),
        "files.host_media": lambda: api.files.host_media("https://b.co/a.pdf", "a.pdf"),
        "files.list_media": lambda: api.files.list_media(),
        "files.delete_media": lambda: api.files.delete_media(["m1"]),
        "files.upload_for_field": lambda: api.files.upload_for_field("f1", [FieldFile(file)]),
        "notes.create": lambda: api.notes.create(
            NoteCreate(
                body="b",
                user_id="u1",
                title="t",
                relations=[NoteRelation(object_key="contact", record_id="c1")],
            )
        ),
        "notes.get": lambda: api.notes.get("n1"),
        "notes.delete": lambda: api.notes.delete("n1"),
        "conversations.create": lambda: api.conversations.create("c1"),
        "conversations.get": lambda: api.conversations.get("v1"),
        "conversations.find": lambda: api.conversations.find("c1"),
        "conversations.messages": lambda: list(api.conversations.messages("v1")),
        "conversations.iterate_all": lambda: list(api.conversations.iterate_all("Call", "Email")),
        "conversations.message": lambda: api.conversations.message("m1"),
        "conversations.email": lambda: api.conversations.email("e1"),
        "conversations.delete": lambda: api.conversations.delete("v1"),
        "conversations.import_message": lambda: api.conversations.import_message(
            InboundMessage(
                type="Call",
                contact_id="c1",
                direction="inbound",
                message="m",
                html="<p>",
                subject="s",
                email_from="a@b.co",
                email_to="c@d.co",
                **MESSAGE,
            )
        ),
        "conversations.import_outbound_call": lambda: api.conversations.import_outbound_call(
            OutboundCall(**MESSAGE)
        ),
        "calendars.list": lambda: api.calendars.list(),
        "calendars.get": lambda: api.calendars.get("k1"),
        "calendars.events": lambda: api.calendars.events("k1", 0, 1),
        "calendars.create_appointment": lambda: api.calendars.create_appointment(
            AppointmentCreate(**VISIT, calendar_id="k1", contact_id="c1")
        ),
        "calendars.get_appointment": lambda: api.calendars.get_appointment("e1"),
        "calendars.update_appointment": lambda: api.calendars.update_appointment(
            "e1", AppointmentUpdate(**VISIT)
        ),
        "calendars.delete_event": lambda: api.calendars.delete_event("e1"),
    }


NAMES = list(exercise(HighLevel(None), Path("/tmp")))  # type: ignore[arg-type]
ENVELOPES = [
    "contact",
    "note",
    "task",
    "buiseness",
    "business",
    "opportunity",
    "pipeline",
    "object",
    "record",
    "customField",
    "field",
    "folder",
    "association",
    "relation",
    "user",
    "location",
    "tag",
    "customValue",
    "product",
    "price",
    "conversation",
    "event",
    "calendar",
]


LISTS = [
    "contacts", "notes", "tasks", "businesses", "lostReasons", "opportunities", "pipelines",
    "objects", "records", "customFields", "fields", "associations", "relations", "users", "tags",
    "customValues", "folders", "products", "prices", "files", "conversations", "messages",
    "calendars", "events", "workflows",
]  # fmt: skip


@pytest.fixture
def sent(connection, server, tmp_path):
    """Run one operation; return what was asked, with the route template it was called by."""
    routes = []
    client = HighLevelClient(connection, Unpaced(), observer=routes.append, retry=QUICK)
    server.answer = lambda asked: Told(
        200,
        {
            "id": "x1",
            "messageId": "x1",
            "url": "https://x/a.pdf",
            "total": 0,
            **{name: {"id": "x1"} for name in ENVELOPES},
            **{name: [] for name in LISTS},
            "uploadedFiles": {"a.pdf": "https://x/a.pdf"},
        },
    )
    operations = exercise(HighLevel(client), tmp_path)

    def run(name):
        operations[name]()
        return list(zip(routes, server.asked, strict=True))

    return run


class Unpaced:
    def acquire(self, n=1, reserve=False):
        return 0.0

    def observe(self, headers, status):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_the_request_is_valid_by_the_official_description(sent, name):
    spec = document()
    for exchange, asked in sent(name):
        operation = spec["paths"].get(exchange.route, {}).get(exchange.method.lower())
        assert operation, f"{exchange.method} {exchange.route} is not in the description"
        check_query(spec, operation, asked)
        check_body(spec, operation, (exchange.method, exchange.route), asked)


def check_query(spec, operation, asked):
    known = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "query"}
    assert set(asked.query) <= set(known), "unknown query parameters"
    needed = {name for name, parameter in known.items() if parameter.get("required")}
    assert needed <= set(asked.query), "missing query parameters"


def check_body(spec, operation, key, asked):
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        assert not asked.body, "a body where none belongs"
        return
    multipart = asked.headers["content-type"].startswith("multipart/")
    media = content["multipart/form-data" if multipart else "application/json"]
    schema = resolve(spec, media.get("schema", {}))
    if multipart:
        keys = set(re.findall(rb'name="([^"]+)"; filename|name="([^"]+)"', asked.body))
        names = {(a or b).decode() for a, b in keys}
        assert names <= set(schema.get("properties", names)) or key in DEFECTS
        return
    body = asked.json
    unlisted = UNLISTED.get(key, set())
    listed = schema.get("properties")
    if listed or key not in DEFECTS:
        assert set(body) - unlisted <= set(listed or ()), "unknown keys in the body"
    defect_of_types = DEFECTS.get(key, "").startswith(SCALARS)
    validator = jsonschema.Draft202012Validator(without_unlisted(schema))
    problems = [
        e for e in validator.iter_errors(body)
        if not (defect_of_types and is_scalar_defect(e)) and not is_page_defect(key, e)
    ]  # fmt: skip
    assert problems == []


def is_scalar_defect(error) -> bool:
    return error.validator == "type" and error.validator_value in ("object", ["object", "null"])


def is_page_defect(key, error) -> bool:
    """The document requires `page`; its own page "Search Opportunities" forbids it here (L4)."""
    return key == ("POST", "/opportunities/search") and error.message.startswith("'page' is a req")


def without_unlisted(schema):
    return {key: value for key, value in schema.items() if key != "additionalProperties"}


def test_a_key_no_operation_knows_is_refused_before_it_is_sent():
    with pytest.raises(ValueError, match="Extra inputs"):
        ContactUpdate(company_name="B Co")
    with pytest.raises(ValueError):
        OpportunityStatus(status="all")


@pytest.mark.parametrize(
    ("name", "body", "query"),
    [
        ("contacts.create", True, False),
        ("contacts.update", False, False),
        ("contacts.create_note", False, False),
        ("contacts.add_tags", False, False),
        ("records.create", True, False),
        ("records.update", False, True),
        ("records.delete", False, False),
        ("opportunities.update", False, False),
        ("pipelines.replace", False, False),
        ("associations.delete_relation", False, True),
        ("notes.create", False, True),
    ],
)
def test_the_location_stands_where_the_endpoint_wants_it(sent, name, body, query):
    asked = sent(name)[0][1]
    assert ("locationId" in (asked.json or {})) is body
    assert ("locationId" in asked.query) is query


def test_clearing_a_field_sends_null(sent):
    asked = sent("contacts.update")[0][1]
    assert asked.json["email"] is None
    assert asked.json["assignedTo"] is None
