"""Twenty mutants of the mutation test, drawn with a seed: the ledger or the reading sees each.

All of them: `python -m flitstack_pipeline_tests.ledger.mutation`.
"""

import pytest

from flitstack_pipeline_tests.ledger import controls, export_mutants, product_mutants
from flitstack_pipeline_tests.ledger.workshop import Workshop

SEED = 7
EXPORTS = export_mutants.kinds()
PRODUCT = {
    "mapping dropped": 2, "targets swapped": 1, "targets swapped in the map": 2,
    "parser broken: comma": 1, "parser broken: sign": 1, "parser broken: day order": 1,
    "parser broken: zone": 1, "batch dropped": 2, "join dropped": 2, "record overwritten": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def shop():
    shop = Workshop()
    yield shop
    shop.close()


def test_every_cell_of_the_small_exports_is_accounted_for(shop):
    assert shop.lost() == 0, shop.cells()


@pytest.mark.parametrize("kind", PRODUCT)
def test_the_ledger_sees_what_is_broken_in_the_product(shop, kind):
    before, tried = shop.payloads(), 0
    for mutant in product_mutants.shuffled(product_mutants.kinds(shop)[kind], SEED):
        found = product_mutants.is_found(shop, mutant, before)
        assert found is not False, mutant.name
        tried += found is not None
        if tried == PRODUCT[kind]:
            return
    pytest.fail(f"only {tried} of the mutants changed what is written")


@pytest.mark.parametrize("kind", EXPORTS)
def test_damage_of_an_export_comes_to_what_its_maker_worked_out(shop, kind):
    for damage in export_mutants.shuffled(EXPORTS[kind], SEED)[:2]:
        assert export_mutants.outcome(shop, damage) in damage.expected, damage.name


def test_harmless_changes_raise_no_alarm(shop):
    (group, *_) = controls.runs([c for k in controls.kinds().values() for c in k], SEED)
    assert len(group) > 5
    assert controls.alarms(shop, group) == {}


def test_there_are_forty_of_each_kind_and_five_hundred_in_all(shop):
    kinds = {**product_mutants.kinds(shop), **EXPORTS}
    assert all(len(mutants) >= 40 for mutants in kinds.values())
    assert sum(map(len, kinds.values())) >= 500
    assert all(len(changes) >= 40 for changes in controls.kinds().values())
