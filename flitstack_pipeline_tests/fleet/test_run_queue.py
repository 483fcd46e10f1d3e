"""Which migration a run is of, by the tags Dagster gives it."""

import pytest

from flitstack_pipeline.dagster.run_queue import MIGRATION, migration_of
from flitstack_pipeline.errors import BadInput

PARTITION = "dagster/partition"
START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({PARTITION: "acme"}, "acme"),
        ({PARTITION: "acme|clients"}, "acme"),
        ({PARTITION: "x|y", "dagster/partition/migration": "acme"}, "acme"),
        ({START: "acme|clients", END: "acme|users"}, "acme"),
        ({START: "acme", END: "acme"}, "acme"),
        ({MIGRATION: "acme"}, "acme"),
        ({MIGRATION: "typed-by-hand", PARTITION: "acme"}, "acme"),
        ({"dagster/backfill": "b"}, ""),
    ],
)
def test_the_partition_of_a_run_or_its_range_says_whose_it_is(tags, name):
    assert migration_of(tags) == name


def test_a_run_over_two_migrations_is_refused():
    with pytest.raises(BadInput, match="acme to bolt: launch one for each"):
        migration_of({START: "acme|clients", END: "bolt|clients"})
