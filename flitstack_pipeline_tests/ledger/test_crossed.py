"""Columns whose values change places, against a list of meanings written by hand."""

import pytest

from flitstack_pipeline.catalog.targets import RULES
from flitstack_pipeline.ledger import columns
from flitstack_pipeline.ledger.columns import Source
from flitstack_pipeline.ledger.crossed import crossed_columns, is_line_crossed
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument


def declared(**moved: str) -> MapDocument:
    """The declared map, in which `dataset__word` of `moved` go to other fields."""
    entries = []
    for dataset, rules in RULES.items():
        for rule in rules:
            field = moved.get(f"{dataset}__{rule.column}", rule.field)
            entries.append(
                FieldEntry(dataset=dataset, source=rule.column, target=rule.target, field=field)
            )
    return MapDocument(fields=entries)


@pytest.mark.parametrize("dataset", RULES)
def test_nothing_is_crossed_as_declared(dataset):
    assert crossed_columns(dataset, declared()) == set()
    assert not is_line_crossed(dataset, declared())


def test_two_targets_swapped_in_the_map_are_seen_by_both_columns():
    document = declared(jobs__start_date="Job_End_Date__c", jobs__end_date="Job_Start_Date__c")
    assert crossed_columns("jobs", document) == {"start_date", "end_date"}


def test_three_targets_that_change_places_in_a_circle_are_seen():
    document = declared(
        invoices__subtotal="Tax__c", invoices__tax="Total__c", invoices__total="Subtotal__c"
    )
    assert crossed_columns("invoices", document) == {"subtotal", "tax", "total"}


def test_a_value_that_a_person_sends_elsewhere_is_not_crossed():
    assert crossed_columns("jobs", declared(jobs__notes="Job_Instructions__c")) == set()
    assert crossed_columns("jobs", declared(jobs__notes="A field of ours")) == set()


def test_a_custom_column_and_a_known_one_that_change_places_are_seen():
    document = declared(clients__notes="Gate Code")
    document.fields.append(
        FieldEntry(
            dataset="clients", source="custom:Gate Code", target="contact",
            field="Contractor_Notes__c",
        )
    )  # fmt: skip
    assert crossed_columns("clients", document) == {"custom:Gate Code", "notes"}


def test_lines_that_go_to_the_text_of_other_lines_are_seen():
    document = declared(
        invoices__payments="Change_Orders__c", invoices__change_orders="Payments__c"
    )
    assert is_line_crossed("payments", document)
    assert is_line_crossed("change_orders", document)
    assert not is_line_crossed("invoice_items", document)


def test_columns_that_cleaning_reads_into_each_others_fields_are_seen(monkeypatch):
    mistaken = {
        **columns.fields_of("work_orders"),
        "order_date": (Source("scheduled_date"),),
        "scheduled_date": (Source("order_date"),),
    }
    monkeypatch.setattr("flitstack_pipeline.ledger.crossed.fields_of", lambda _: mistaken)
    assert crossed_columns("work_orders", declared()) == {"order_date", "scheduled_date"}
