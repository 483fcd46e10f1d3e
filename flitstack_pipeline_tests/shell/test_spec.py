"""The spec declares once; what is derived from it must hold together."""

from hypothesis import given
from hypothesis import strategies as st

from flitstack_pipeline.catalog import clean, keys, objects, source
from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.spelling import alias_table


def test_waves_put_every_object_type_after_all_its_parents():
    rank = {key: wave.rank for wave in objects.waves() for key in wave.objects}
    assert set(rank) == set(objects.KEYS)
    for key in objects.KEYS:
        for parent in objects.BY_KEY[key].parents:
            same_wave = rank[parent] == rank[key]
            assert rank[parent] < rank[key] or (same_wave and parent == "users"), (key, parent)


def test_ancestors_are_listed_in_load_order():
    assert objects.ancestors("jobs") == ("users", "clients", "leads")
    assert objects.ancestors("activities")[:3] == ("users", "clients", "leads")


def test_every_dataset_of_an_object_type_has_columns_and_a_clean_table():
    for object_type in objects.OBJECT_TYPES:
        for dataset in object_type.datasets:
            assert dataset in source.BY_KEY
            assert dataset in clean.BY_DATASET


def test_a_header_is_recognised_whatever_its_case_spaces_punctuation_and_unit():
    table = alias_table("invoices")
    for header in ("Total ($)", " TOTAL ", "total:", "Grand  Total"):
        assert table[normalise_header(header)] == "total"
    assert table[normalise_header("Invoice #")] == "invoice_number"


@given(
    st.text(min_size=1).filter(lambda t: "/" not in t),
    st.sampled_from(objects.KEYS),
    st.text(min_size=1),
)
def test_a_source_key_splits_into_what_it_was_made_of(workspace, dataset, source_id):
    assert keys.split_source_key(keys.source_key(workspace, dataset, source_id)) == (
        workspace,
        dataset,
        source_id,
    )
