"""The field mapping document: own headers and values, doubtful entries first, plain words."""

import re

import pytest

from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, ValueMap
from flitstack_pipeline.reports.field_map import render_field_map
from flitstack_pipeline.reports.field_words import evidence_words, field_words, sure, type_words


def entry(source, field, confidence, status="proposed", **more):
    return FieldEntry(
        dataset="clients",
        source=source,
        target="contact",
        field=field,
        confidence=confidence,
        status=status,
        **more,
    )


@pytest.fixture
def page():
    document = MapDocument(
        fields=[
            entry("phone", "phone", 1.0, evidence="declared: first phone, E.164"),
            entry("custom:Gate", "Gate", 0.85, data_type="MONETORY", evidence="new field MONETORY"),
            entry("email", "email", 1.0, status="confirmed", decided_by="Ann"),
        ],
        values={
            "clients.custom:Roof": ValueMap(confidence=0.9, evidence="5 words", map={"a": "A"})
        },
    )
    samples = {("clients", "phone"): {"header": "Main Phone #", "values": ["813-555-0101", "x"]}}
    return render_field_map(document, samples)


def words(html):
    return " ".join(
        re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]+>", " ", html, flags=re.S).split()
    )


def test_what_is_not_sure_stands_first_and_the_rest_is_folded(page):
    first, folded = page.split("<h2>Objects</h2>")
    assert "Please look at these (2)" in words(first)
    assert "Gate" in words(first) and "values of clients.custom:Roof: 5 words" in words(first)
    assert "Main Phone" not in first
    details = folded.split('<details id="clients">')[1].split("</details>")[0]
    assert "3 columns, 2 open" in words(details)
    assert "Main Phone # 813-555-0101 · x" in words(details)
    assert "confirmed Ann" in words(details)


def test_it_says_how_to_answer_in_words_of_the_office(page):
    text = words(page)
    assert "3 entries are open, 2 of them are not sure and stand first." in text
    assert "flitstack map import reports/field-map.xlsx" in text
    assert "first phone, with the country code" in text and "new field money" in text
    for word in ("MONETORY", "E.164", "declared:"):
        assert word not in text
    assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", page))


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("firstName", "First name"),
        ("address1", "Street address"),
        ("monetaryValue", "Value"),
        ("Original_Create_Date__c", "Original Create Date"),
        ("Roof Type", "Roof Type"),
        ("city", "City"),
    ],
)
def test_fields_are_called_as_highlevel_shows_them(field, shown):
    assert field_words(field) == shown


def test_types_and_confidence_are_words():
    assert [type_words(t) for t in ("MONETORY", "", "SINGLE_OPTIONS")] == [
        "money",
        "HighLevel's own field",
        "one choice",
    ]
    assert [sure(c) for c in (0.95, 0.94, 0.8, 0.79, None)] == [
        "sure",
        "likely",
        "likely",
        "please look",
        "please look",
    ]
    assert evidence_words("new field TEXT: 2 values") == "new field text: 2 values"
