"""A link that is rightly refused is no alarm; the same text kept without a refusal is one."""

import pytest

from flitstack_pipeline.ledger.cells import Surroundings, build
from flitstack_pipeline_tests.ledger import small
from flitstack_pipeline_tests.ledger.workshop import Workshop


@pytest.fixture(scope="module")
def shop():
    workshop = Workshop()
    yield workshop
    workshop.close()


def _edited(name: str, *changes: tuple[str, str]) -> list[str]:
    text = "\n".join(small.FILES[name])
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text.split("\n")


def _fates(shop, file, column, parted=()):
    """Fates and rules of a column, and how many cells are lost in all."""
    shop.map()
    totals = build(shop.con, Surroundings(shop.document, parted=parted))
    cells = shop.con.execute(
        'SELECT text, fate, field FROM ledger.cells WHERE file = ? AND "column" = ? ORDER BY line',
        [file, column],
    ).fetchall()
    return cells, totals.get("unaccounted", 0)


def test_another_clients_job_is_left_for_review_and_kept_as_text(shop):
    # 502 is Bob Roe's roof for 9,876.25; Ann Lee's bill of 1,234.50 cannot be of it
    with shop.mutated({"invoices.csv": _edited("invoices.csv", ("I-1|501|E-1", "I-1|502|"))}):
        shop.read("invoices")
        shop.relate()
        cells, lost = _fates(shop, "invoices.csv", "Job #")
    assert cells[0][:2] == ("502", "arrived") and "Original_Values__c" in cells[0][2]
    assert lost == 0


@pytest.mark.parametrize("said", [True, False])
def test_a_job_that_a_person_parted_is_kept_as_text_and_only_then(shop, said):
    decisions = shop.folder / "decisions"
    decisions.mkdir(exist_ok=True)
    path = decisions / "work_order_links.csv"
    path.write_text(
        "work_order_key,job_key,decision\nmain/work_orders/W-1,main/jobs/501,do not link\n"
    )
    try:
        with shop.mutated():
            shop.relate()
            parted = {"main/work_orders/W-1"} if said else ()
            cells, lost = _fates(shop, "work_orders.csv", "Job #", parted)
    finally:
        path.unlink()
    assert cells[0][:2] == ("501", "arrived" if said else "unaccounted")
    assert lost == (0 if said else 1)


def test_another_name_of_the_client_whose_id_stands_beside_it_is_kept_as_text(shop):
    changed = _edited("work_orders.csv", ("Kitchen visit|Ann Lee|101", "Kitchen visit|Cy Dee|101"))
    with shop.mutated({"work_orders.csv": changed}):
        shop.read("work_orders")
        shop.relate()
        cells, lost = _fates(shop, "work_orders.csv", "Client Name")
    assert cells[0][:2] == ("Cy Dee", "arrived")
    assert lost == 0


#: A cell that names two records, the export and column it stands in, and where each must lead.
_TWO_OF_ONE_CLIENT = {
    "jobs.csv": _edited("jobs.csv", ("101|E-1|I-1", "101|E-1, E-3|I-1")),
    "estimates.csv": _edited("estimates.csv", ("E-3|Cy Dee|103", "E-3|Ann Lee|101")),
}


@pytest.mark.parametrize(
    ("broken", "fate"),
    [
        ("SELECT 1", "linked"),
        ("DELETE FROM clean.links WHERE 'main/estimates/E-3' IN (child_key, parent_key) "
         "AND 'main/jobs/501' IN (child_key, parent_key)", "unaccounted"),
    ],
)  # fmt: skip
def test_each_of_several_records_in_one_cell_is_owed_its_link(shop, broken, fate):
    with shop.mutated(_TWO_OF_ONE_CLIENT):
        for key in ("estimates", "jobs"):
            shop.read(key)
        shop.relate()
        shop.con.execute(broken)
        cells, lost = _fates(shop, "jobs.csv", "Estimate #")
    assert cells[0][:2] == ("E-1, E-3", fate)
    assert lost == (fate == "unaccounted"), "the other estimate has a client through its job"


@pytest.mark.parametrize(
    ("cell", "broken", "fate"),
    [
        ("501, 999", "SELECT 1", "linked"),  # 999 is in no export: kept as text beside the link
        (
            "501, 999",
            "UPDATE clean.invoices SET originals = MAP {}, job_refs = job_refs[:1]",
            "unaccounted",
        ),
        ("501; 502", "SELECT 1", "linked"),  # Bob's 502 is left for review and kept as text
    ],
)
def test_one_of_several_that_leads_nowhere_is_kept_as_text(shop, cell, broken, fate):
    changed = {"invoices.csv": _edited("invoices.csv", ("I-1|501|E-1", f"I-1|{cell}|E-1"))}
    with shop.mutated(changed):
        shop.read("invoices")
        shop.relate()
        shop.con.execute(broken)
        cells, _ = _fates(shop, "invoices.csv", "Job #")
    assert cells[0][:2] == (cell, fate)


#: 501 is Ann Lee's kitchen, E-1 her estimate of it; E-2 is Bob Roe's and names the job, too.
_TWO_CLIENTS = {
    "jobs.csv": _edited("jobs.csv", ("101|E-1|", "101|E-1, E-2|"), ("102|E-2|", "102||")),
    "estimates.csv": _edited("estimates.csv", ("500.00|502|", "500.00|501|")),
}


def test_both_estimates_of_a_job_are_kept_though_they_are_of_two_clients(shop):
    with shop.mutated(_TWO_CLIENTS):
        for key in ("estimates", "jobs"):
            shop.read(key)
        shop.relate()
        cells, lost = _fates(shop, "estimates.csv", "Job #")
        clients, _ = _fates(shop, "estimates.csv", "Client ID")
        named, _ = _fates(shop, "jobs.csv", "Estimate #")
        told = shop.con.execute(
            "SELECT file, line, why FROM clean.orphan_rows WHERE why LIKE '%client' ORDER BY ALL"
        ).fetchall()
    assert lost == 0
    assert [(text, fate) for text, fate, _ in cells] == [("501", "linked"), ("501", "arrived")]
    assert "Estimate_Original_Values__c" in cells[1][2]
    assert [fate for _, fate, _ in clients] == ["linked"] * 3
    assert [cell[:2] for cell in named] == [("E-1, E-2", "linked")]
    assert told == [
        ("estimates.csv", 3, "job 501: it is a job of another client"),
        ("jobs.csv", 2, "estimate E-2: it is an estimate of another client"),
    ]


def test_an_estimate_of_another_client_that_stays_on_the_job_is_not_accounted_for(shop):
    """The link as it was before: the estimate's client leads to the job's."""
    with shop.mutated(_TWO_CLIENTS):
        for key in ("estimates", "jobs"):
            shop.read(key)
        shop.relate()
        shop.con.execute(
            "INSERT INTO clean.links SELECT 'main/estimates/E-2', 'estimates', 'job', '501', "
            "'main/jobs/501', 'number', 1.0, 1"
        )
        cells, lost = _fates(shop, "estimates.csv", "Client ID")
    assert cells[1][1] == "unaccounted" and lost > 0
