"""Every column of a clean table is filled by its declaration or by the function of its rows."""

import pytest

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.cleaning import rows
from flitstack_pipeline.cleaning.cells import Cells


def cells(dataset):
    return Cells({}, frozenset(BY_KEY[dataset].by_name))


@pytest.mark.parametrize("dataset", BY_DATASET)
def test_every_kind_of_export_fills_its_clean_table(dataset):
    assert rows.row_of(dataset, cells(dataset))


@pytest.mark.parametrize(
    ("filled", "told"),
    [({}, "differ in address"), ({"address": "NULL", "adress": "NULL"}, "differ in adress")],
)
def test_a_column_that_nothing_fills_or_that_is_not_there_is_an_error(monkeypatch, filled, told):
    monkeypatch.setitem(rows._FUNCTIONS, "properties", lambda c: filled)
    with pytest.raises(LookupError, match=f"clean.properties: .*{told}"):
        rows.row_of("properties", cells("properties"))
