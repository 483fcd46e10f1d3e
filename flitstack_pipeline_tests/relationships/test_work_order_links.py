"""Which jobs work orders belong to: by number, else by client, day, title and address."""

import pytest

from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, links, related, rows

LINKS = "SELECT work_order_key, job_key, decision FROM clean.work_order_links ORDER BY ALL"


@pytest.fixture
def con():
    con = empty_warehouse()
    add(con, "clients", "1", name="Ann Lee")
    return con


def job(con, number, **more):
    return add(con, "jobs", number, client_ref="1", **more)


def test_a_work_order_finds_the_job_of_its_day_title_and_place(con, tmp_path):
    right = job(con, "J1", title="Fence", start_date="2024-01-10", service_address="12 Oak St")
    job(con, "J2", title="Roof", start_date="2024-05-10", service_address="9 Elm St")
    sure = add(con, "work_orders", "W1", client_ref="1", title="Fence", scheduled_date="2024-01-10",
               service_address="12 Oak St")  # fmt: skip
    vague = add(con, "work_orders", "W2", client_ref="1", scheduled_date="2024-05-10")
    related(con, tmp_path)
    assert links(con, "job") == {sure: right}
    assert rows(con, "SELECT child_key, reason FROM clean.orphans WHERE role = 'job'") == [
        (vague, "no job named; likely J2 (0.4)")
    ]


def test_a_work_order_takes_a_job_that_fits_less_well_only_if_no_other_comes_near(con, tmp_path):
    near = job(con, "J1", title="Fence", start_date="2024-01-10", service_address="1 Oak St")
    job(con, "J2", title="Roof", start_date="2024-06-10", service_address="9 Elm St")
    order = add(con, "work_orders", "W1", client_ref="1", title="Visit",
                scheduled_date="2024-01-10", service_address="1 Oak St")  # fmt: skip
    related(con, tmp_path)
    assert links(con, "job") == {order: near}
    job(con, "J3", title="Deck", start_date="2024-01-10", service_address="2 Oak St")
    related(con, tmp_path)
    assert links(con, "job") == {order: near}
    job(con, "J4", title="Deck", start_date="2024-01-10", service_address="1 Oak St")
    related(con, tmp_path)
    assert links(con, "job") == {}


@pytest.mark.parametrize(
    ("written", "title", "decision"),
    [("JOB-7", "Roof", "accepted"), ("JOB-7", "Fence", "review"), ("7", "Roof", "review")],
)
def test_another_clients_job_needs_its_exact_number_and_something_else_in_common(
    con, tmp_path, written, title, decision
):
    add(con, "clients", "2", name="Bo Ray")
    theirs = add(con, "jobs", "JOB-7", client_ref="2", title="Roof")
    mine = add(con, "work_orders", "W1", client_ref="1", title=title, job_refs=[written])
    related(con, tmp_path)
    assert rows(con, LINKS) == [(mine, theirs, decision)]
    assert links(con, "job") == ({mine: theirs} if decision == "accepted" else {})
    said = rows(con, "SELECT reason FROM clean.orphans WHERE child_key = 'main/work_orders/W1'")
    assert said == (
        []
        if decision == "accepted"
        else [("the job named is none of this client's here; likely JOB-7 (0.7)",)]
    )


def test_a_person_says_that_another_clients_job_is_right(con, tmp_path):
    add(con, "clients", "2", name="Bo Ray")
    theirs = add(con, "jobs", "JOB-7", client_ref="2", title="Roof")
    mine = add(con, "work_orders", "W1", client_ref="1", job_refs=["7"])
    (tmp_path / "work_order_links.csv").write_text(
        f"work_order_key,job_key,decision\n{mine},{theirs},link\n"
    )
    related(con, tmp_path)
    assert rows(con, LINKS) == [(mine, theirs, "accepted")]
    assert links(con, "job") == {mine: theirs}
