from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flitstack_pipeline.cleaning import invoice_links
from flitstack_pipeline.cleaning.assignment import assign, contested
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, links, related, rows

LINKS = "SELECT invoice_key, job_key, decision FROM clean.invoice_links ORDER BY ALL"


@pytest.fixture
def con():
    con = empty_warehouse()
    add(con, "clients", "1", name="Ann Lee")
    return con


def job(con, number, amount=None, day=None, **more):
    return add(con, "jobs", number, client_ref="1", amount=amount, completed=day, **more)


def invoice(con, number, total=None, day=None, **more):
    return add(con, "invoices", number, client_ref="1", total=total, issue_date=day, **more)


def decisions(con):
    return {(i, j): d for i, j, d in rows(con, LINKS)}


def test_numbers_link_in_every_direction_and_several_at_once(con, tmp_path):
    one, two, three = (job(con, n) for n in ("J1", "J2", "J3"))
    estimate = add(con, "estimates", "E9", client_ref="1", job_refs=["J3"])
    named = invoice(con, "10", job_refs=["1", "J2"])
    by_job = invoice(con, "11")
    job4 = job(con, "J4", invoice_refs=["INV-0011"])
    through = invoice(con, "12", estimate_refs=["E9"])
    related(con, tmp_path)
    assert decisions(con) == {
        (named, one): "accepted",
        (named, two): "accepted",
        (by_job, job4): "accepted",
        (through, three): "accepted",
    }
    assert links(con, "estimate") == {through: estimate}
    assert {named, by_job, through} <= links(con, "job").keys()


def test_progress_invoices_and_a_shared_invoice_are_not_forced_to_be_one_to_one(con, tmp_path):
    shared = job(con, "J1", invoice_refs=["1", "2", "3"])
    made = [invoice(con, n) for n in "123"]
    related(con, tmp_path)
    assert decisions(con) == {(i, shared): "accepted" for i in made}


def test_without_numbers_amount_and_date_decide_together_not_greedily(con, tmp_path):
    early = job(con, "J1", 100, "2024-01-10")
    late = job(con, "J2", 100, "2024-06-10")
    first = invoice(con, "1", 100, "2024-01-12")
    second = invoice(con, "2", 100, "2024-06-11")
    related(con, tmp_path)
    assert decisions(con) == {(first, early): "accepted", (second, late): "accepted"}


def test_two_pairs_that_could_be_swapped_go_to_a_person(con, tmp_path):
    for n in "12":
        job(con, f"J{n}", 100, "2024-01-10")
        invoice(con, n, 100, "2024-01-12")
    related(con, tmp_path)
    assert set(decisions(con).values()) == {"review"}
    assert links(con, "job") == {}


def test_a_weak_match_is_listed_and_not_linked_and_none_is_said_to_be_none(con, tmp_path):
    place = job(con, "J1", 900, "2024-01-10")
    weak = invoice(con, "1", 100, "2024-01-12")
    far = add(con, "invoices", "2", total=5)
    related(con, tmp_path)
    assert decisions(con) == {(weak, place): "review", (far, None): "none"}
    assert links(con, "job") == {}


def test_invoices_that_add_up_to_one_job_are_progress_billing(con, tmp_path):
    place = job(con, "J1", 1000, "2024-03-01")
    job(con, "J2", 77, "2021-03-01")
    parts = [
        invoice(con, "1", 300, "2024-02-01"),
        invoice(con, "2", 300, "2024-02-20"),
        invoice(con, "3", 400, "2024-03-02"),
    ]
    related(con, tmp_path)
    assert decisions(con) == {(i, place): "accepted" for i in parts}
    assert {m for (m,) in rows(con, "SELECT method FROM clean.invoice_links")} == {
        "progress billing"
    }


def test_a_job_with_an_invoice_takes_another_only_for_what_is_unbilled(con, tmp_path):
    place = job(con, "J1", 1000, "2024-03-01")
    invoice(con, "1", 600, "2024-02-25", job_refs=["J1"])
    rest = invoice(con, "2", 400, "2024-03-02")
    more = invoice(con, "3", 350, "2024-03-02")
    related(con, tmp_path)
    assert decisions(con)[rest, place] == "accepted"
    assert decisions(con)[more, None] == "none"


def test_an_invoice_that_names_a_missing_job_is_never_linked_by_likeness_alone(con, tmp_path):
    place = job(con, "J1", 100, "2024-01-10", title="Fence")
    named = invoice(con, "1", 100, "2024-01-10", title="Fence", job_refs=["999"])
    related(con, tmp_path)
    assert decisions(con) == {(named, place): "review"}


def test_another_clients_job_is_no_candidate(con, tmp_path):
    add(con, "clients", "2", name="Bo Ray")
    add(con, "jobs", "J1", client_ref="2", amount=100, completed="2024-01-10")
    alone = invoice(con, "1", 100, "2024-01-10")
    related(con, tmp_path)
    assert decisions(con) == {(alone, None): "none"}


def test_a_number_that_only_looks_like_another_clients_job_goes_to_a_person(con, tmp_path):
    add(con, "clients", "2", name="Bo Ray")
    theirs = add(con, "jobs", "JOB-7", client_ref="2")
    mine = invoice(con, "1", job_refs=["7"])
    related(con, tmp_path)
    assert decisions(con) == {(mine, theirs): "review"}
    assert links(con, "job") == {}


@pytest.mark.parametrize(("total", "decision"), [(100, "accepted"), (777, "review")])
def test_an_exact_number_of_another_clients_job_needs_something_else_in_common(
    con, tmp_path, total, decision
):
    add(con, "clients", "2", name="Bo Ray")
    theirs = add(con, "jobs", "JOB-7", client_ref="2", amount=100)
    mine = invoice(con, "1", total, job_refs=["JOB-7"])
    related(con, tmp_path)
    assert decisions(con) == {(mine, theirs): decision}


def test_a_client_with_very_many_jobs_is_matched_by_amount_and_month(con, tmp_path):
    made = {}
    for n in range(60):
        day = f"20{10 + n // 12}-{n % 12 + 1:02}-10"
        made[invoice(con, str(n), 100 + n, day)] = job(con, f"J{n}", 100 + n, day)
    related(con, tmp_path)
    assert decisions(con) == {pair: "accepted" for pair in made.items()}


scores_of_small_groups = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz")),
    st.integers(1, 100).map(lambda n: n / 100),
    min_size=1,
)


@settings(deadline=None, max_examples=60)
@given(scores_of_small_groups)
def test_no_other_assignment_has_a_greater_sum(scores):
    chosen = assign(scores)
    assert len(set(chosen.values())) == len(chosen)
    lefts = sorted({left for left, _ in scores})
    best = max(
        sum(scores.get(pair, 0.0) for pair in zip(lefts, order, strict=True))
        for order in permutations([*"vwxyz"], len(lefts))
    )
    assert sum(scores[pair] for pair in chosen.items()) == pytest.approx(best)


def test_the_greatest_sum_may_leave_the_single_best_pair_aside():
    scores = {("a", "x"): 0.9, ("a", "y"): 0.8, ("b", "x"): 0.8}
    assert assign(scores) == {"a": "y", "b": "x"}


def test_a_pair_with_an_equal_alternative_is_contested_and_a_clear_one_is_not():
    scores = {("a", "x"): 0.9, ("a", "y"): 0.88, ("b", "z"): 0.9, ("c", "z"): 0.3}
    assert contested(scores, {"a": "x", "b": "z"}, 0.1) == {"a"}


def test_parts_that_could_belong_to_two_jobs_of_one_price_go_to_a_person(con, tmp_path):
    for n in "12":
        job(con, f"J{n}", 1000, "2024-03-01")
    for n, total in (("1", 400), ("2", 600)):
        invoice(con, n, total, "2024-03-05")
    related(con, tmp_path)
    assert set(decisions(con).values()) == {"review"}


def test_one_invoice_for_several_jobs_is_linked_to_all_of_them(con, tmp_path):
    two = [job(con, f"J{n}", amount, "2024-03-01") for n, amount in (("1", 300), ("2", "449.50"))]
    job(con, "J3", 77, "2024-03-02")
    both = invoice(con, "1", "749.50", "2024-03-05")
    related(con, tmp_path)
    assert decisions(con) == {(both, place): "accepted" for place in two}
    assert rows(con, "SELECT DISTINCT method FROM clean.invoice_links") == [
        ("one invoice for several jobs",)
    ]


@pytest.mark.parametrize(("status", "expected"), [("Approved", "accepted"), ("Declined", "review")])
def test_a_change_order_explains_what_an_invoice_is_above_its_job(con, tmp_path, status, expected):
    place = job(con, "J1", 1000, "2024-03-01")
    job(con, "J2", 5000, "2021-03-01")
    bill = invoice(con, "7", 1250, "2024-03-05")
    add(con, "change_orders", "c", invoice_ref="INV-7", amount=250, status=status)
    related(con, tmp_path)
    assert decisions(con)[bill, place] == expected


def test_a_plan_of_equal_visits_is_assigned_as_a_whole(con, tmp_path):
    """Each visit was billed days later, the last of them long after."""
    days = ("2024-01-10", "2024-02-09", "2024-03-10")
    visits = [job(con, f"J{n}", 99, day) for n, day in enumerate(days)]
    bills = [invoice(con, str(n), 99, day) for n, day in enumerate(
        ("2024-01-20", "2024-02-14", "2024-03-21"))]  # fmt: skip
    related(con, tmp_path)
    assert decisions(con) == {pair: "accepted" for pair in zip(bills, visits, strict=True)}


def test_a_void_invoice_is_not_guessed_at(con, tmp_path):
    job(con, "J1", 100, "2024-03-01")
    void = invoice(con, "1", 100, "2024-03-01", status="void")
    related(con, tmp_path)
    assert decisions(con) == {(void, None): "none"}


def test_a_number_is_understood_however_it_is_written(con, tmp_path):
    place = job(con, "JOB-0042")
    written = ["42", "#42", "JOB-42", "42.0", "0042", "job 42", "# 42"]
    bills = {invoice(con, str(i), job_refs=[ref]): ref for i, ref in enumerate(written)}
    orders = [add(con, "work_orders", str(i), job_refs=[ref]) for i, ref in enumerate(written)]
    related(con, tmp_path)
    assert decisions(con) == {(bill, place): "accepted" for bill in bills}
    assert rows(con, "SELECT work_order_key, job_key, decision FROM clean.work_order_links "
                     "ORDER BY 1") == [(order, place, "accepted") for order in orders]  # fmt: skip


def test_deciding_in_small_batches_says_the_same_as_at_once(con, tmp_path, monkeypatch):
    for client in "234":
        add(con, "clients", client, name=f"Client {client}")
        for n in range(4):
            day = f"2024-0{n + 1}-10"
            add(con, "jobs", f"J{client}{n}", client_ref=client, amount=100, completed=day)
            add(con, "invoices", f"{client}{n}", client_ref=client, total=100, issue_date=day)
    related(con, tmp_path)
    at_once = decisions(con)
    assert len(at_once) == 12
    monkeypatch.setattr(invoice_links, "BATCH", 5)
    related(con, tmp_path)
    assert decisions(con) == at_once
