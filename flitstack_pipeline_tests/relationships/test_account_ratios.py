"""Taxes on top, deposits and work billed together, as the account writes its other invoices."""

import json
import random
from decimal import Decimal

import pytest

from flitstack_pipeline.cleaning.account_ratios import frequent_ratios
from flitstack_pipeline.cleaning.frozen import FILE, freeze, kept_ratios
from flitstack_pipeline.cleaning.invoice_choice import Account, Candidate, decide
from flitstack_pipeline.cleaning.subset_sums import by_chance, only_sum
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows

LINKS = "SELECT invoice_key, job_key, method FROM clean.invoice_links WHERE decision = 'accepted'"
#: Amount of a job, and with 8.25 % on top, by hand: 8.25 % of 200 are 16.50, of 40.10 3.30825.
TAXED = [("200", "216.50"), ("1000", "1082.50"), ("400", "433"), ("640", "692.80"),
         ("88", "95.26"), ("140.10", "151.66")]  # fmt: skip


def account(con, pairs, numbered=True):
    """Clients with a job and an invoice each, a year before the others."""
    for n, (amount, total) in enumerate(pairs):
        client = f"k{n}"
        add(con, "clients", client, name=f"Known {n}")
        job = f"K{n}"
        add(con, "jobs", job, client_ref=client, amount=amount, completed="2023-02-01")
        add(con, "invoices", job, client_ref=client, total=total, issue_date="2023-02-03",
            job_refs=[job] if numbered else None)  # fmt: skip


def open_jobs(con, *jobs):
    add(con, "clients", "1", name="Ann Lee")
    return [add(con, "jobs", f"J{n}", client_ref="1", amount=amount, completed=day)
            for n, (amount, day) in enumerate(jobs)]  # fmt: skip


def bill(con, number, total, day):
    return add(con, "invoices", number, client_ref="1", total=total, issue_date=day)


def linked(con):
    return {(i, j) for i, j, _ in rows(con, LINKS) if "/K" not in i and "/k" not in i}


@pytest.mark.parametrize("numbered", [True, False])
def test_a_tax_that_comes_back_where_the_job_is_known_explains_the_others(tmp_path, numbered):
    con = empty_warehouse()
    account(con, TAXED, numbered)
    fence, roof = open_jobs(con, (300, "2024-03-01"), (5000, "2024-03-02"))
    taxed = bill(con, "1", "324.75", "2024-03-03")  # 300 and 8.25 %
    other = bill(con, "2", "5512.50", "2024-03-04")  # 5,000 and 10.25 %: no tax of this account
    related(con, tmp_path)
    assert kept_ratios(con) == [(Decimal("1.0825"), 6)]
    assert (taxed, fence) in linked(con)
    assert (other, roof) not in linked(con)


def test_a_ratio_seen_four_times_is_no_tax_of_the_account(tmp_path):
    con = empty_warehouse()
    account(con, TAXED[:4])
    open_jobs(con, (300, "2024-03-01"), (5000, "2024-03-02"))
    bill(con, "1", "324.75", "2024-03-03")
    related(con, tmp_path)
    assert kept_ratios(con) == [] and linked(con) == set()


def test_ratios_are_found_to_the_digit_among_others():
    drawn = random.Random(3)
    amounts = [Decimal(drawn.randrange(9_000, 900_000)) / 100 for _ in range(600)]
    rates = [Decimal("1.08875"), Decimal("1.06"), Decimal("0.3"), Decimal("0.95")]
    pairs = [(a, round(a * rates[n % 4], 2)) for n, a in enumerate(amounts)]
    pairs += [(a, a - drawn.randrange(1, 80)) for a in amounts]  # discounts are no ratio
    assert {ratio for ratio, _ in frequent_ratios(pairs)} == set(rates)


def test_the_ratios_that_were_approved_explain_the_deltas(tmp_path):
    con = empty_warehouse()
    account(con, TAXED)
    related(con, tmp_path)
    freeze(con, tmp_path, "print")
    assert json.loads((tmp_path / FILE).read_text())["ratios"] == [["1.082500", 6]]
    con.execute("DELETE FROM clean.invoices")
    fence, _ = open_jobs(con, (300, "2024-03-01"), (5000, "2024-03-02"))
    taxed = bill(con, "1", "324.75", "2024-03-03")
    related(con, tmp_path)
    assert kept_ratios(con) == [(Decimal("1.0825"), 6)]
    assert linked(con) == {(taxed, fence)}


def test_one_invoice_for_two_jobs_of_long_ago_is_found_by_their_sum_taxed_too(tmp_path):
    con = empty_warehouse()
    account(con, TAXED)
    jobs = [("412.37", "2023-01-10"), ("998.14", "2023-11-20"), ("150.55", "2023-06-01"),
            ("73.08", "2023-07-01")]  # fmt: skip
    first, second, *_ = open_jobs(con, *jobs)
    both = bill(con, "1", "1526.88", "2024-03-03")  # 1,410.51 and 8.25 %
    related(con, tmp_path)
    assert linked(con) == {(both, first), (both, second)}


def test_round_sums_that_may_meet_by_chance_and_work_of_later_days_go_to_a_person(tmp_path):
    con = empty_warehouse()
    open_jobs(con, (300, "2023-01-10"), (500, "2023-03-10"), (950, "2023-06-10"),
              (350, "2023-08-10"), (600, "2023-10-10"))  # fmt: skip
    bill(con, "1", 1250, "2024-03-03")  # 300 + 950, and nothing else of two
    related(con, tmp_path)
    assert linked(con) == set()
    con = empty_warehouse()
    open_jobs(con, ("412.37", "2024-06-10"), ("998.14", "2024-07-20"))
    bill(con, "1", "1410.51", "2024-03-03")
    related(con, tmp_path)
    assert linked(con) == set()


def test_a_job_with_a_billed_twin_nearer_in_time_is_not_taken(tmp_path):
    con = empty_warehouse()
    early, late = open_jobs(con, ("542.16", "2024-04-12"), ("542.16", "2024-05-10"))
    add(con, "invoices", "7", client_ref="1", total="542.16", issue_date="2024-05-10",
        job_refs=["J1"])  # fmt: skip
    bill(con, "8", "542.16", "2024-05-11")  # the other visit, or the same billed again
    related(con, tmp_path)
    assert linked(con) == {("main/invoices/7", late)}
    assert early not in {j for _, j in linked(con)}


def test_a_deposit_of_a_share_the_account_often_bills_is_linked_alone(tmp_path):
    con = empty_warehouse()
    account(con, [(a, str(Decimal(a) * 3 / 10)) for a, _ in TAXED])
    deck, _ = open_jobs(con, (2500, "2024-03-10"), (1700, "2024-03-12"))
    deposit = bill(con, "1", 750, "2024-03-01")
    related(con, tmp_path)
    assert rows(con, LINKS + " AND invoice_key = 'main/invoices/1'") == [
        (deposit, deck, "a share the account often bills")
    ]


def test_the_one_job_of_a_client_is_linked_only_where_such_pairs_agree_and_says_so():
    pair = Candidate("i", "j", 0.4, Decimal(90), None, only_choice=True)
    assert [word for *_, word in decide([pair])] == ["review"]
    why = "the one job of this client (1,999 of 2,000 such pairs agree by amount)"
    assert decide([pair], account=Account(alone=why)) == [(pair, why, "accepted")]


@pytest.mark.parametrize(
    ("amounts", "total", "found"),
    [
        (["10", "20", "35"], "30", ("10", "20")),
        (["10", "20", "35"], "32.50", ()),
        (["10", "20", "35"], "32.48", ("10", "20")),  # 30 and 8.25 %, rounded
        (["10", "20", "15", "15"], "30", ()),  # two ways
        (["10", "20", "5", "25", "30"], "70", ("10", "5", "25", "30")),
        ([], "5", ()),
    ],
)
def test_the_only_smallest_set_that_adds_up_is_found(amounts, total, found):
    offered = [(a, Decimal(a)) for a in amounts]
    assert only_sum(offered, Decimal(total), [Decimal("1.0825")]) == found


def test_sums_of_round_amounts_meet_by_chance_and_those_of_cents_do_not():
    cents = [Decimal(a) for a in ("412.37", "998.14", "150.55", "73.08")]
    round_ones = [Decimal(a) for a in (300, 500, 950, 350)]
    assert by_chance(cents, cents[:2], Decimal("1410.51")) == pytest.approx(6 * 1 / 141_051)
    assert by_chance(round_ones, round_ones[1:3], Decimal(1450)) == pytest.approx(6 * 50 / 1450)
    dust = [Decimal("0.004"), Decimal("0.003")]
    assert by_chance(dust, dust, Decimal("0.01")) == 1
