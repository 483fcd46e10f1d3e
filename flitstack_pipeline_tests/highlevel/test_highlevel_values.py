"""Logical values survive the way to the wire and back, by both doors."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flitstack_pipeline.highlevel.values import (
    decode_custom_value,
    encode_custom_value,
    encode_properties,
    same_value,
)

OPTIONS = [{"key": "in_progress", "label": "In Progress"}, {"key": "done", "label": "Done"}]
LABELS = ["In Progress", "Done"]
FILES = [{"url": "https://b.co/a.pdf", "name": "a.pdf", "mimetype": "application/pdf", "size": 4}]


@pytest.mark.parametrize(
    ("data_type", "value", "v1", "v2"),
    [
        ("TEXT", "Ann", "Ann", "Ann"),
        ("NUMERICAL", "1234.50", 1234.5, 1234.5),
        ("NUMERICAL", Decimal("7"), 7, 7),
        ("MONETORY", "1234.50", 1234.5, {"currency": "default", "value": 1234.5}),
        ("DATE", date(2024, 3, 5), "2024-03-05", "2024-03-05"),
        ("DATE", "2024-03-05T10:00:00Z", "2024-03-05", "2024-03-05"),
        ("SINGLE_OPTIONS", "In Progress", "In Progress", "in_progress"),
        ("RADIO", "Done", "Done", "done"),
        ("MULTIPLE_OPTIONS", ["Done"], ["Done"], {"add": ["done"]}),
        ("CHECKBOX", LABELS, LABELS, {"add": ["in_progress", "done"]}),
        ("TEXT", "", None, None),
        ("CHECKBOX", [], None, None),
    ],
)
def test_each_type_has_its_wire_form_at_each_door(data_type, value, v1, v2):
    assert encode_custom_value(data_type, value, LABELS, "v1") == v1
    assert encode_custom_value(data_type, value, OPTIONS, "v2") == v2


@pytest.mark.parametrize("door", ["v1", "v2"])
@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("LARGE_TEXT", "two\nlines"),
        ("NUMERICAL", "0.1"),
        ("MONETORY", "1234.50"),
        ("DATE", "2024-03-05"),
        ("SINGLE_OPTIONS", "Done"),
        ("CHECKBOX", ["Done", "In Progress"]),
        ("FILE_UPLOAD", FILES),
        ("TEXTBOX_LIST", {"a": "1"}),
    ],
)
def test_what_is_written_compares_equal_when_read_back(door, data_type, value):
    options = OPTIONS if door == "v2" else LABELS
    wire = encode_custom_value(data_type, value, options, door)
    assert same_value(data_type, value, decode_custom_value(data_type, wire, options, door))


@pytest.mark.parametrize(
    ("data_type", "wire", "value"),
    [
        ("DATE", 1709596800000, "2024-03-05"),
        ("DATE", "1709596800000", "2024-03-05"),
        ("DATE", "2024-03-05T00:00:00.000Z", "2024-03-05"),
        ("NUMERICAL", "12.50", Decimal("12.50")),
        ("CHECKBOX", ["done"], ["Done"]),
        ("FILE_UPLOAD", "u", [{"url": "u"}]),
        ("TEXT", "", None),
    ],
)
def test_reads_that_drift_from_writes_are_understood(data_type, wire, value):
    assert decode_custom_value(data_type, wire, OPTIONS, "v2") == value


@pytest.mark.parametrize(
    ("data_type", "value", "complaint"),
    [
        ("NUMERICAL", "12 feet", "no number"),
        ("MONETORY", "NaN", "no number"),
        ("DATE", "05/03/2024", "YYYY-MM-DD"),
        ("DATE", "2024-02-31", "day"),
        ("RADIO", "Paused", "not among the options"),
    ],
)
def test_a_value_its_field_cannot_hold_is_refused(data_type, value, complaint):
    with pytest.raises(ValueError, match=complaint):
        encode_custom_value(data_type, value, OPTIONS, "v2")


def test_options_no_longer_wanted_are_removed():
    wire = encode_custom_value("CHECKBOX", ["Done"], OPTIONS, "v2", current=LABELS)
    assert wire == {"add": ["done"], "remove": ["in_progress"]}


def test_a_list_of_text_boxes_becomes_one_property_per_line():
    fields = [("sizes", "TEXTBOX_LIST", {"width": 3}, None), ("total", "MONETORY", "5", None)]
    assert encode_properties(fields) == {
        "sizes.width": "3",
        "total": {"currency": "default", "value": 5},
    }


@given(st.decimals(-(10**9), 10**9, places=2))
def test_money_keeps_its_cents(amount):
    for door in ("v1", "v2"):
        wire = encode_custom_value("MONETORY", amount, None, door)
        assert decode_custom_value("MONETORY", wire, None, door) == amount
