from datetime import date
from decimal import Decimal

import pytest

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.mapping.build import map_object, target_schema
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.people import derive_person
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.mapping.sources import MissingStep
from flitstack_pipeline.migration.rows import payload_hash
from flitstack_pipeline_tests.mapping.small import link, mapped, put, warehouse


@pytest.fixture
def con():
    con = warehouse()
    user = put(con, "users", "7", name="Luis Ortega", email="luis@acme.example")
    client = put(
        con, "clients", "1", name="Ann Lee", first_name="Ann", last_name="Lee", is_business=True,
        business_name="Lee Roofing", email="ann@lee.example", phone="+15125550100",
        tags=["VIP"], created=date(2024, 3, 5), extra_emails=["b@lee.example"],
        custom={"Gate Code": "0042", "Budget": "1,200.50"}, originals={"name": "LEE, Ann"},
    )  # fmt: skip
    put(con, "leads", "9", name="Bo", lead_status="new", estimated_value=Decimal("500"))
    put(con, "leads", "10", name="Ann Lee")
    con.execute(
        "INSERT INTO clean.merges VALUES ('leads', 'main/clients/1', 'main/leads/10'); "
        "INSERT INTO clean.merge_reasons VALUES ('leads', 'main/leads/10', 'same e-mail')"
    )
    job = put(
        con, "jobs", "101", number="101", title="New roof", status="completed",
        status_text="Done", amount=Decimal("900"), stage_times={"completed": "2024-05-01T10:00"},
    )  # fmt: skip
    orphan_job = put(con, "jobs", "102", number="102", status_text="Weird")
    estimate = put(
        con, "estimates", "E1", number="E1", status="approved", total=Decimal("1000"),
        estimate_date=date(2024, 4, 1),
    )  # fmt: skip
    own = put(con, "estimates", "E2", number="E2", status="declined", total=Decimal("50"))
    for doc in (estimate, own):
        put(
            con, "estimate_items", f"{doc[-2:]}#1", document_key=doc, line_number=1,
            name="Shingle", type="material", quantity=Decimal("2.5"), unit_price=Decimal("20"),
            amount=Decimal("50"), optional=True,
        )  # fmt: skip
    invoice = put(con, "invoices", "I1", number="I1", status="paid", total=Decimal("1000"))
    old = put(con, "invoices", "I2", number="I2", status="unpaid", total=Decimal("7.25"))
    order = put(con, "work_orders", "W1", number="W1", assigned_to=["Luis Ortega"])
    about = {"caption": "Before", "uploaded_by": "Luis Ortega"}
    photo = put(
        con, "attachments", "f1", record_type="jobs", record_ref="101", file_name="a.jpg",
        custom={"Room": "Attic"}, **about,
    )  # fmt: skip
    deed = put(con, "attachments", "f2", record_type="invoices", record_ref="I1", file_name="b.pdf")
    card = put(
        con, "attachments", "f4", record_type="clients", record_ref="1", file_name="d.pdf", **about
    )
    link(con, card, "record", client)
    lost = put(con, "attachments", "f3", record_type="jobs", record_ref="999", file_name="c.pdf")
    note = put(
        con, "activities", "n1", record_type="jobs", record_ref="101", kind="call",
        occurred=date(2024, 3, 5), occurred_at="2024-03-05T14:12:00-06:00", author="Luis Ortega",
        text="Called back",
    )  # fmt: skip
    for child in (job, own, invoice, old, order):
        link(con, child, "client", client)
    link(con, job, "owner", user)
    link(con, order, "technician", user)
    link(con, estimate, "job", job)
    link(con, order, "job", job)
    con.execute(
        "INSERT INTO clean.invoice_links VALUES (?, ?, 'number', 0.99, 'accepted')", [invoice, job]
    )
    con.execute(
        "INSERT INTO clean.invoice_links VALUES (?, ?, 'amount', 0.4, 'rejected')", [old, job]
    )
    for child, record in ((photo, job), (deed, invoice), (note, job)):
        link(con, child, "record", record)
    assert lost and orphan_job
    yield con
    con.close()


@pytest.fixture
def document(con):
    return propose(con)


def rows(con, document, key):
    map_object(con, key, document)
    return mapped(con, key)


def test_a_business_client_becomes_contact_company_and_their_link(con, document):
    found = rows(con, document, "clients")
    contact = found["contact:main/clients/1"]["payload"]
    assert contact["fields"]["firstName"] == "Ann"
    assert contact["fields"]["tags"] == ["VIP", "contractor+ client"]
    assert contact["custom"]["Source_System_ID__c"] == "main/clients/1"
    assert contact["custom"]["Source_Type__c"] == "Client"
    assert contact["custom"]["Original_Create_Date__c"] == "2024-03-05"
    assert contact["custom"]["Original_Name__c"] == "LEE, Ann"
    assert contact["custom"]["Extra_Emails__c"] == "b@lee.example"
    assert contact["custom"]["Gate Code"] == "0042"
    assert contact["custom"]["Budget"] == "1200.5"
    assert "main/leads/10: merged (same e-mail)" in contact["custom"]["Merged_Values__c"]
    company = found["company:main/clients/1"]
    assert (company["target"], company["payload"]["fields"]["name"]) == ("business", "Lee Roofing")
    assert found["company_link:main/clients/1"]["parents"] == [
        {"role": "contact", "record_key": "contact:main/clients/1"},
        {"role": "company", "record_key": "company:main/clients/1"},
    ]


def test_a_job_without_client_gets_the_placeholder_contact_once(con, document):
    placeholder = rows(con, document, "clients")["contact:main/clients/~no-client"]
    assert placeholder["payload"]["fields"]["name"] == "No client (Contractor+)"
    job = rows(con, document, "jobs")["opportunity:main/jobs/102"]
    assert job["parents"][0]["record_key"] == "contact:main/clients/~no-client"
    assert job["payload"]["fields"]["name"] == "Job #102"
    assert job["payload"]["fields"]["stage"] == "Weird"  # a word of their own is a stage


def test_no_placeholder_where_every_record_has_a_client(con, document):
    con.execute("DELETE FROM clean.jobs WHERE source_id = '102'")
    assert "contact:main/clients/~no-client" not in rows(con, document, "clients")


def test_a_lead_folded_into_a_client_is_no_second_contact(con, document):
    found = rows(con, document, "leads")
    assert list(found) == ["contact:main/leads/9"]
    assert found["contact:main/leads/9"]["payload"]["custom"]["Source_Type__c"] == "Lead"
    assert found["contact:main/leads/9"]["payload"]["custom"]["Lead_Status__c"] == "New"
    assert found["contact:main/leads/9"]["payload"]["custom"]["Estimated_Value__c"] == "500.00"


def test_a_job_becomes_an_opportunity_with_stage_owner_estimate_and_both_totals(con, document):
    found = rows(con, document, "jobs")
    job = found["opportunity:main/jobs/101"]
    assert job["target"] == "Job Workflow"
    assert job["payload"]["fields"] == {
        "name": "New roof", "monetaryValue": "900.00", "stage": "Completed", "status": "won",
    }  # fmt: skip
    assert job["payload"]["owner"] == "main/users/7"
    custom = job["payload"]["custom"]
    assert (custom["Job_Amount__c"], custom["Estimate_Total__c"]) == ("900.00", "1000.00")
    assert (custom["Estimate_Number__c"], custom["Estimate_Status__c"]) == ("E1", "Approved")
    assert custom["Stage_Completed_At__c"] == "2024-05-01T10:00"
    assert job["payload"]["files"] == ["file:main/attachments/f1", "file:main/attachments/f2"]
    assert found["file:main/attachments/f1"]["phase"] < job["phase"]


def test_estimate_lines_become_records_with_relations_and_a_lone_estimate_an_opportunity(
    con, document
):
    found = rows(con, document, "estimates")
    line = found["line:main/estimate_items/E1#1"]["payload"]["fields"]
    assert line["Quantity__c"] == "2.5" and line["Total__c"] == "50.00"
    assert line["Optional__c"] == "Yes" and line["Item_Type__c"] == "Material"
    relation = found["relation:opportunity_product:main/estimate_items/E1#1"]
    assert [p["record_key"] for p in relation["parents"]] == [
        "opportunity:main/jobs/101", "line:main/estimate_items/E1#1",
    ]  # fmt: skip
    own = found["opportunity:main/estimates/E2"]
    assert own["payload"]["fields"]["status"] == "lost"
    assert own["payload"]["custom"]["Source_System_ID__c"] == "main/estimates/E2"


def test_the_compact_choice_makes_one_record_that_holds_its_lines(con, document):
    document.estimate_lines = "compact"
    found = rows(con, document, "estimates")
    fields = found["estimate:main/estimates/E1"]["payload"]["fields"]
    assert (
        fields["Estimate_Line_Items__c"]
        == "1 · 2.5 × Shingle @ 20.00 = 50.00 (optional; type: material)"
    )
    assert not [k for k in found if k.startswith("line:")]
    assert "custom_objects.estimate" in target_schema(document, con, "USD").fields


def test_an_invoice_links_to_its_job_or_to_a_historical_opportunity(con, document):
    found = rows(con, document, "invoices")
    linked = found["relation:opportunity_invoice:main/invoices/I1"]["parents"]
    assert linked[0]["record_key"] == "opportunity:main/jobs/101"
    assert "relation:contact_invoice:main/invoices/I1" in found
    assert "opportunity:main/invoices/I1" not in found
    historical = found["opportunity:main/invoices/I2"]
    assert historical["payload"]["custom"]["Invoice_Status__c"] == "Unpaid"
    assert historical["payload"]["fields"]["monetaryValue"] == "7.25"
    assert historical["phase"] == 0


def test_an_invoice_without_job_is_related_to_the_opportunity_of_the_estimate_it_names(
    con, document
):
    link(con, "main/invoices/I2", "estimate", "main/estimates/E2")
    found = rows(con, document, "invoices")
    ends = {
        key: [p["record_key"] for p in row["parents"]]
        for key, row in found.items()
        if key.startswith("relation:opportunity_invoice:main/invoices/I2")
    }
    assert ends == {
        "relation:opportunity_invoice:main/invoices/I2": [
            "opportunity:main/invoices/I2", "invoice:main/invoices/I2",
        ],
        "relation:opportunity_invoice:main/invoices/I2~2": [
            "opportunity:main/estimates/E2", "invoice:main/invoices/I2",
        ],
    }  # fmt: skip


def test_an_estimate_of_another_job_than_the_invoices_own_is_kept_as_text(con, document):
    link(con, "main/invoices/I1", "estimate", "main/estimates/E2")
    fields = rows(con, document, "invoices")["invoice:main/invoices/I1"]["payload"]["fields"]
    assert "estimate: E2" in fields["Original_Values__c"].split("\n")


def test_a_converted_lead_that_no_client_stands_for_says_so(con, document):
    con.execute("UPDATE clean.leads SET converted = true WHERE source_id = '9'")
    custom = rows(con, document, "leads")["contact:main/leads/9"]["payload"]["custom"]
    assert custom["Original_Values__c"] == "converted: Yes"


def test_a_work_order_keeps_its_technician_and_both_links(con, document):
    found = rows(con, document, "work_orders")
    record = found["work_order:main/work_orders/W1"]["payload"]
    assert record["owner"] == "main/users/7"
    assert record["fields"]["Technician__c"] == "Luis Ortega"
    assert {k.split(":")[1] for k in found if k.startswith("relation:")} == {
        "opportunity_work_order", "contact_work_order",
    }  # fmt: skip


def test_files_of_no_job_and_notes_hang_on_the_contact_of_their_record(con, document):
    result = map_object(con, "attachments", document)
    assert list(mapped(con, "attachments")) == ["file:main/attachments/f4"]
    assert "999" in result.skipped[0].reason
    note = rows(con, document, "activities")["note:main/activities/n1"]
    assert note["parents"][0]["record_key"] == "contact:main/clients/1"
    body = note["payload"]["body"].split("\n")
    assert body[0] == "[2024-03-05 14:12 · call · Luis Ortega]"
    assert body[-1] == "Contractor+ ref: main/activities/n1"


def test_what_was_written_about_a_file_stands_on_the_record_it_hangs_on(con, document):
    job = rows(con, document, "jobs")["opportunity:main/jobs/101"]
    contact = rows(con, document, "clients")["contact:main/clients/1"]
    assert job["payload"]["custom"]["File_Notes__c"] == "a.jpg · Before · Luis Ortega · Room: Attic"
    assert contact["payload"]["custom"]["File_Notes__c"] == "d.pdf · Before · Luis Ortega"


def test_every_object_maps_twice_the_same_with_the_hash_the_loader_reckons(con, document):
    for key in KEYS:
        first, second = rows(con, document, key), rows(con, document, key)
        assert first == second
        for row in first.values():
            assert row["payload_hash"] == payload_hash(row["payload"], row["parents"])


def test_every_label_a_payload_uses_is_in_the_target_schema(con, document):
    schema = target_schema(document, con, "USD")
    labels = {target: {f.label for f in fields} for target, fields in schema.fields.items()}
    kinds = {"contact": "contact", "company": "business", "opportunity": "opportunity"}
    for key in KEYS:
        for row in rows(con, document, key).values():
            if row["kind"] == "record":
                assert set(row["payload"]["fields"]) <= labels[row["target"]]
            elif row["kind"] in kinds:
                assert set(row["payload"]["custom"]) <= labels[kinds[row["kind"]]]
    assert [(p.name, p.price) for p in schema.products] == [("Shingle", "20.00")]
    assert schema.pipeline.stages[0] == "New"


def test_a_value_that_no_longer_fits_its_field_is_kept_as_text(con, document):
    con.execute("UPDATE clean.clients SET custom = map(['Budget'], ['about 12k'])")
    contact = rows(con, document, "clients")["contact:main/clients/1"]["payload"]["custom"]
    assert "Budget" not in contact
    assert "Budget: about 12k" in contact["Original_Values__c"]


def test_routing_sends_a_client_and_its_records_to_one_sub_account(con, document):
    document.routing.rules = [
        {"by": "clients.custom:Gate Code", "equals": "0042", "location": "north"}
    ]
    assert rows(con, document, "clients")["contact:main/clients/1"]["location"] == "north"
    jobs = rows(con, document, "jobs")
    assert jobs["opportunity:main/jobs/101"]["location"] == "north"
    assert jobs["file:main/attachments/f1"]["location"] == "north"
    assert jobs["opportunity:main/jobs/102"]["location"] == "main"
    assert target_schema(document, con, "USD").locations == ("main", "north")


def test_mapping_before_relationships_says_what_is_missing():
    con = warehouse()
    con.execute("DROP TABLE clean.links")
    with pytest.raises(MissingStep, match="not related yet"):
        map_object(con, "jobs", MapDocument())


def test_a_further_estimate_of_a_job_keeps_its_whole_header_as_a_record(con, document):
    further = put(
        con, "estimates", "E3", number="E3", status="declined", total=Decimal("700"),
        discount=Decimal("25"), tax=Decimal("50"), deposit="100.00", notes="Cheaper shingles",
        custom={"Salesman": "Ray"},
    )  # fmt: skip
    link(con, further, "job", "main/jobs/101")
    document = propose(con, document)
    found = rows(con, document, "estimates")
    record = found["estimate:main/estimates/E3"]["payload"]["fields"]
    assert {k: record[k] for k in record if k != "Name"} == {
        "Source_System_ID__c": "main/estimates/E3",
        "Estimate_Source_ID__c": "main/estimates/E3",
        "Estimate_Number__c": "E3",
        "Estimate_Status__c": "Declined",
        "Estimate_Total__c": "700.00",
        "Estimate_Discount__c": "25.00",
        "Estimate_Tax__c": "50.00",
        "Estimate_Deposit__c": "100.00",
        "Estimate_Notes__c": "Cheaper shingles",
        "Salesman": "Ray",
    }
    link_to_job = found["relation:opportunity_estimate:main/estimates/E3"]["parents"]
    assert [p["record_key"] for p in link_to_job] == [
        "opportunity:main/jobs/101", "estimate:main/estimates/E3",
    ]  # fmt: skip
    assert "estimate:main/estimates/E1" not in found  # the main one is the opportunity's own
    schema = target_schema(document, con, "USD")
    assert {"Estimate_Discount__c", "Salesman"} <= {
        f.label for f in schema.fields["custom_objects.estimate"]
    }
    assert "opportunity_estimate" in {a.key for a in schema.associations}


BOLT = {"is_business": True, "business_name": "Bolt Builders, LLC"}


@pytest.mark.parametrize(
    ("second", "companies"),
    [
        ({}, 1),  # the same legal name, and nothing speaks against it
        ({"business_name": "BOLT BUILDERS L.L.C."}, 1),
        ({"business_name": "Bolt Builders"}, 1),
        ({"city": "Orlando", "email": "sue@boltbuilders.com"}, 1),  # the domain decides
        ({"city": "Orlando", "phone": "+18135550101"}, 1),
        ({"city": "Orlando"}, 2),
        ({"email": "sue@bolt-builders.example"}, 2),
        ({"business_name": "Bolt Builders Inc"}, 2),
        ({"business_name": "Bolt Builders of Tampa, LLC"}, 2),
    ],
)
def test_a_company_is_one_per_business(con, document, second, companies):
    put(con, "clients", "70", name="Bob Ray", email="bob@boltbuilders.com", city="Tampa",
        phone="+18135550101", created=date(2024, 1, 1), **BOLT)  # fmt: skip
    put(con, "clients", "71", **{"name": "Sue Day", "created": date(2024, 2, 1), **BOLT, **second})
    found = rows(con, document, "clients")
    made = [k for k in found if k.startswith("company:main/clients/7")]
    assert len(made) == companies and "company:main/clients/70" in made
    link_of_second = found["company_link:main/clients/71"]["parents"]
    named_after = "70" if companies == 1 else "71"
    assert [p["record_key"] for p in link_of_second] == [
        "contact:main/clients/71", f"company:main/clients/{named_after}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "business", "first", "shown"),
    [("Billing Dept", False, "Billing Dept", None), ("Oak LLC", True, None, "Oak LLC")],
)
def test_a_desk_is_a_first_name_so_that_no_word_of_it_becomes_a_surname(
    name, business, first, shown
):
    row = {"first_name": None, "last_name": None, "name": name, "is_business": business,
           "originals": {}, "business_name": name if business else None, "tags": []}  # fmt: skip
    derive_person(row, "Client")
    assert (row["first_name"], row["last_name"], row["display_name"]) == (first, None, shown)
