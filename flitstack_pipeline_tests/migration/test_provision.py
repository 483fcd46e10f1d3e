"""Provisioning: once, journalled, adding only what lacks; drift is seen; the rest is told."""

from dataclasses import replace

import pytest

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.api.custom_fields import (
    FieldCreateV1,
    FieldCreateV2,
    FieldUpdateV1,
    Option,
)
from flitstack_pipeline.highlevel.api.objects import ObjectUpdate
from flitstack_pipeline.highlevel.api.pipelines import PipelineBody, Stage
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.pacing import UnlimitedPacer
from flitstack_pipeline.migration.account_schema import build_catalog
from flitstack_pipeline.migration.checklist import required
from flitstack_pipeline.migration.journal.store import Intent, Outcome
from flitstack_pipeline.migration.load import LoadOptions
from flitstack_pipeline.migration.preflight import Needs, examine
from flitstack_pipeline.migration.preflight.workflows import objects_of_others
from flitstack_pipeline.migration.provision import not_unique, provision
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline.migration.schema_state import State, drift
from flitstack_pipeline_tests.migration.conftest import small_schema

LABEL = "Estimated_Value__c"


@pytest.fixture
def ready(account, journal):
    hl = account.connect()
    run = journal.start_run(hl.location_id, "prepare")
    return account, hl, journal, run


def made(ready):
    _, hl, journal, run = ready
    return provision(hl, small_schema(), journal, run)


def drifted(hl, journal):
    catalog = build_catalog(hl, [t.INVOICE], products=True)
    items = journal.schema_items(hl.location_id)
    return {i.item_key: i.state for i in drift(small_schema(), catalog, items)}


def test_everything_is_made_once_and_journalled(ready):
    account, hl, journal, run = ready
    catalog = made(ready)
    assert catalog.checklist == [] and drifted(hl, journal) == {}
    intents = [o for o in journal.operations(run.id) if o["operation"] == "provision"]
    assert intents and all(o["result"] == "done" for o in intents)
    writes = account.stats()["writes"]
    made(ready)
    assert account.stats()["writes"] == writes


def test_searchable_properties_lost_to_a_kill_are_set_the_next_time(ready):
    account, hl, journal, _ = ready
    made(ready)
    made(ready)  # finds the object there: it is still ours
    journal.forget_schema_item(hl.location_id, f"searchable:{t.INVOICE}")
    hl.objects.update(t.INVOICE, ObjectUpdate(searchable_properties=[f"{t.INVOICE}.name"]))
    made(ready)
    (found,) = [o for o in hl.objects.list() if o["key"] == t.INVOICE]
    wanted = {"name", "source_system_id_c"}
    assert {p.rsplit(".", 1)[-1] for p in found["searchableProperties"]} == wanted
    hl.objects.update(t.INVOICE, ObjectUpdate(searchable_properties=[f"{t.INVOICE}.name"]))
    made(ready)  # changed by a person since: the journal says it was done, HighLevel does not
    (found,) = [o for o in hl.objects.list() if o["key"] == t.INVOICE]
    assert {p.rsplit(".", 1)[-1] for p in found["searchableProperties"]} == wanted
    writes = account.stats()["writes"]
    made(ready)
    assert account.stats()["writes"] == writes


def test_options_that_lack_are_added_and_the_others_stay(ready):
    hl = ready[1]
    hl.custom_fields.v1.create(
        FieldCreateV1(name=t.SOURCE_TYPE, data_type="RADIO", options=["Walk-in", "Client"])
    )
    catalog = made(ready)
    field = catalog.field("contact", t.SOURCE_TYPE)
    assert list(field.options) == ["Walk-in", "Client", "Lead", "Vendor", "Contact person"]
    assert field.data_type == "RADIO" and catalog.checklist == []


def test_options_of_an_object_field_get_keys_of_their_own(ready):
    _, hl, journal, run = ready
    first = provision(hl, replace(small_schema(), fields={}), journal, run)
    assert t.INVOICE in first.objects
    folder = hl.custom_fields.v2.create_folder(t.INVOICE, "Old")["id"]
    hl.custom_fields.v2.create(
        FieldCreateV2(
            name="Invoice_Status__c", data_type="SINGLE_OPTIONS", object_key=t.INVOICE,
            field_key=f"{t.INVOICE}.invoice_status_c", parent_id=folder,
            options=[Option(key="paid", label="Paid in full")],
        )
    )  # fmt: skip
    options = made(ready).field(t.INVOICE, "Invoice_Status__c").options
    keys = [o["key"] for o in options]
    assert options[0]["label"] == "Paid in full" and "Paid" in [o["label"] for o in options]
    assert len(set(keys)) == len(keys)


def test_a_renamed_field_of_ours_is_still_written_by_its_id(ready):
    account, hl, journal, _ = ready
    before = made(ready).field("contact", LABEL)
    hl.custom_fields.v1.update(before.id, FieldUpdateV1(name="Value (rough)"))
    assert drifted(hl, journal) == {f"field:contact:{LABEL}": State.RENAMED}
    writes = account.stats()["writes"]
    again = made(ready)
    assert again.field("contact", LABEL).id == before.id
    assert account.stats()["writes"] == writes
    found = examine(hl, journal, Needs(small_schema(), "America/New_York"))
    assert found.passed
    (line,) = [x for x in found.lines if x.check == "drift"]
    assert line.verdict == "warn" and "Value (rough)" in line.found


def test_deleted_fields_and_stages_are_seen_and_made_again(ready):
    _, hl, journal, _ = ready
    catalog = made(ready)
    hl.custom_fields.v1.delete(catalog.field("contact", LABEL).id)
    pipeline = catalog.pipeline(t.PIPELINE)
    stages = [s for s in pipeline.stages if s != "On Hold"]
    kept = [Stage(id=pipeline.stages[s], name=s, position=i) for i, s in enumerate(stages)]
    hl.pipelines.replace(pipeline.id, PipelineBody(name=t.PIPELINE, stages=kept))
    assert drifted(hl, journal) == {
        f"field:contact:{LABEL}": State.DELETED, f"pipeline:{t.PIPELINE}": State.LACKING
    }  # fmt: skip
    again = made(ready)
    assert again.has_field("contact", LABEL)
    stages = again.pipeline(t.PIPELINE).stages
    assert list(stages) == list(t.STAGES)
    assert stages["New"] == pipeline.stages["New"]
    assert drifted(hl, journal) == {}


def test_a_field_of_another_type_goes_on_the_checklist_with_its_exact_form(ready):
    hl = ready[1]
    hl.custom_fields.v1.create(FieldCreateV1(name=t.SOURCE_TYPE, data_type="NUMERICAL"))
    (todo,) = made(ready).checklist
    row = todo.as_row()
    assert (row["name"], row["on"], row["type"]) == (t.SOURCE_TYPE, "Contact", "SINGLE_OPTIONS")
    assert row["options"] == "Client\nLead\nVendor\nContact person" and "NUMERICAL" in row["why"]


def test_products_are_priced_in_the_currency_of_the_account(ready):
    account, hl, journal, run = ready
    provision(hl, replace(small_schema(), currency="GBP"), journal, run)
    (price,) = account.dump()["prices"]
    assert (price["amount"], price["currency"]) == (12.5, "GBP")


def test_a_foreign_pipeline_keeps_its_stages_and_the_missing_ones_are_told(ready):
    account, hl, *_ = ready
    hl.pipelines.create(PipelineBody(name="JOB WORKFLOW", stages=[Stage(name="New", position=0)]))
    catalog = made(ready)
    (todo,) = catalog.checklist
    assert todo.make == "stages" and "Completed" in todo.options
    (pipeline,) = account.dump()["pipelines"]
    assert [s["name"] for s in pipeline["stages"]] == ["New"]


def test_what_the_token_may_not_make_is_the_checklist_and_the_next_run_finds_it(ready):
    account, _, journal, run = ready
    connection = Connection(account.url, "pit-sandbox", "sandbox-location", None)
    limited = HighLevel(HighLevelClient(connection, UnlimitedPacer()))
    catalog = provision(limited, small_schema(), journal, run)
    (todo,) = catalog.checklist
    assert todo.key == t.INVOICE and todo.required and "agency token" in todo.why
    full = account.connect()
    provision(full, replace(small_schema(), fields={}), journal, run)
    again = provision(limited, small_schema(), journal, run)
    assert required(again.checklist) == []
    assert again.field(t.INVOICE, "Total__c") and again.association("opportunity_invoice")


def test_the_unique_flag_is_asked_for_once_per_object(ready):
    catalog = made(ready)
    (todo,) = not_unique(small_schema(), catalog)
    assert (todo.name, todo.on, todo.required) == (t.SOURCE_ID, t.INVOICE, False)
    assert "Unique" in todo.clicks


def test_rollback_takes_the_options_back_that_were_added_to_somebody_elses_field(ready):
    account, hl, journal, _ = ready
    hl.custom_fields.v1.create(
        FieldCreateV1(name=t.SOURCE_TYPE, data_type="RADIO", options=["Walk-in"])
    )
    catalog = made(ready)
    assert len(catalog.field("contact", t.SOURCE_TYPE).options) == 5
    run = journal.start_run(hl.location_id, "rollback")
    result = rollback(hl, journal, catalog, run, options=LoadOptions(search_lag_s=0.1))
    assert result.clean
    (field,) = [f for f in account.dump()["custom_fields"] if f.get("model")]
    assert (field["name"], field["picklistOptions"]) == (t.SOURCE_TYPE, ["Walk-in"])


def test_an_object_whose_making_was_never_answered_is_ours_to_the_preflight(ready):
    """The process died after its request: nobody's workflows can wait for such an object."""
    _, hl, journal, run = ready
    key = f"object:{t.INVOICE}"
    assert journal.unanswered_keys(hl.location_id, "provision") == set()
    intent = Intent(run.id, hl.location_id, "schema", key, key, "object", "schema", "provision",
                    "POST /objects/")  # fmt: skip
    journal.intend([intent])
    unanswered = journal.unanswered_keys(hl.location_id, "provision")
    assert objects_of_others([t.INVOICE], [t.INVOICE], [], unanswered) == []
    journal.conclude([Outcome(intent.id, "refused", 403)], wait=True)
    unanswered = journal.unanswered_keys(hl.location_id, "provision")
    assert objects_of_others([t.INVOICE], [t.INVOICE], [], unanswered) == [t.INVOICE]


def test_a_price_whose_answer_was_never_seen_is_not_made_a_second_time(ready):
    """The process died after its request: the journal knows the attempt, and no price."""
    account, hl, journal, _ = ready
    made(ready)
    journal.forget_schema_item(hl.location_id, "price:Paint")
    made(ready)
    (price,) = account.dump()["prices"]
    items = {i["item_key"]: i for i in journal.schema_items(hl.location_id)}
    assert items["price:Paint"]["hl_id"] == price["_id"]
    assert items["price:Paint"]["origin"] == "created"
