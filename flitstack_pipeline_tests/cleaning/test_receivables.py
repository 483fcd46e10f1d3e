"""Paid amounts and balances that an export leaves open; every expected value worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline_tests.cleaning.test_clean_tables import warehouse

HEADER = (
    "Invoice #,Client Name,Invoice Date,Due Date,Status,Total,Amount Paid,Balance Due,Paid Date"
)
MAY_9 = date(2024, 5, 9)


def cleaned(folder, invoice, payments):
    """(paid, balance, paid date, computed columns, columns noted) of one invoice."""
    (folder / "invoices.csv").write_text(f"{HEADER}\n1,Ann Lee,2024-05-01,2024-06-01,{invoice}\n")
    if payments is not None:
        lines = [f"{n},{number},{day},{amount},Cash" for n, (number, day, amount) in
                 enumerate(payments, start=1)]  # fmt: skip
        (folder / "payments.csv").write_text(
            "\n".join(["Payment ID,Invoice #,Payment Date,Amount,Method", *lines]) + "\n"
        )
    with warehouse() as con:
        ingest_object(con, folder, "invoices")
        clean_object(con, "invoices", CleanContext(exports=folder))
        found = con.execute(
            "SELECT amount_paid, balance, paid_date, computed FROM clean.invoices"
        ).fetchall()[0]
        noted = con.execute(
            "SELECT DISTINCT \"column\" FROM clean.notes WHERE source_key = 'main/invoices/1' "
            "AND note NOT LIKE '%left as it is' ORDER BY 1"
        ).fetchall()
    return *found[:3], list(found[3] or []), [c for (c,) in noted]


ELSE = (9, "2024-05-20", "10.00")  # a payment of another invoice: the payments export is there


@pytest.mark.parametrize(
    ("invoice", "payments", "paid", "balance", "paid_date", "computed", "noted"),
    [
        # the issue's own example: Partial, total 800, one payment of 300
        ("Partial,800.00,,,", [(1, "2024-05-09", "300.00")], "300", "500", MAY_9,
         ["amount_paid", "balance", "paid_date"], []),
        ("Partial,800.00,,,", [(1, "2024-05-02", "100.00"), (1, "2024-05-09", "200.00")],
         "300", "500", MAY_9, ["amount_paid", "balance", "paid_date"], []),
        # money given back later: the last payment is not the day of the refund
        ("Partial,800.00,,,", [(1, "2024-05-09", "300.00"), (1, "2024-05-20", "-50.00")],
         "250", "550", MAY_9, ["amount_paid", "balance", "paid_date"], []),
        # paid without a payment: in full, on a day nobody knows
        ("Paid,800.00,,,", [ELSE], "800", "0", None, ["amount_paid", "balance"], []),
        ("Paid,800.00,,,", None, "800", "0", None, ["amount_paid", "balance"], []),
        ("Paid,800.00,,,", [(1, "2024-05-09", "800.00")], "800", "0", MAY_9,
         ["amount_paid", "balance", "paid_date"], []),
        # paid by its status, payments incomplete: the status counts, the gap is told
        ("Paid,800.00,,,", [(1, "2024-05-09", "300.00")], "800", "0", MAY_9,
         ["amount_paid", "balance", "paid_date"], ["status"]),
        # partly paid without a payment: nothing is invented
        ("Partial,800.00,,,", [ELSE], None, None, None, [], ["status"]),
        ("Partial,800.00,,,", None, None, None, None, [], ["status"]),
        ("Partial,800.00,300.00,,", None, "300", "500", None, ["balance"], []),
        ("Partial,800.00,,500.00,", None, "300", "500", None, ["amount_paid"], []),
        # unpaid: the total is owed; without a payments export nothing is said of what was paid
        ("Unpaid,800.00,,,", None, None, "800", None, ["balance"], []),
        ("Unpaid,800.00,,,", [ELSE], "0", "800", None, ["amount_paid", "balance"], []),
        ("Overdue,800.00,,,", [(1, "2024-05-09", "300.00")], "300", "500", MAY_9,
         ["amount_paid", "balance", "paid_date"], []),
        # no status column filled, payments known
        (",800.00,,,", [ELSE], "0", "800", None, ["amount_paid", "balance"], []),
        # written off: nothing is owed, the amounts stay
        ("Void,800.00,,,", [ELSE], None, "0", None, ["balance"], []),
        ("Bad debt,800.00,200.00,,", None, "200", "0", None, ["balance"], []),
        ("Void,800.00,,800.00,", None, None, "800", None, [], ["balance"]),
        # a refund lowers what was paid: 800 - 100 = 700
        ("Partial,800.00,,,", [(1, "2024-05-02", "800.00"), (1, "2024-05-09", "-100.00")],
         "700", "100", date(2024, 5, 2), ["amount_paid", "balance", "paid_date"], []),
        # overpaid: a negative balance, listed
        ("Paid,800.00,,,", [(1, "2024-05-09", "900.00")], "900", "-100", MAY_9,
         ["amount_paid", "balance", "paid_date"], ["balance"]),
        # stated values that contradict are kept and listed
        ("Partial,800.00,250.00,600.00,2024-05-03", [(1, "2024-05-09", "300.00")],
         "250", "600", date(2024, 5, 3), [], ["amount_paid", "balance"]),
        ("Unpaid,800.00,,,", [(1, "2024-05-09", "800.00")], "800", "0", MAY_9,
         ["amount_paid", "balance", "paid_date"], ["status"]),
        # a stated zero is stated
        ("Unpaid,800.00,0.00,800.00,", [ELSE], "0", "800", None, [], []),
        # a draft is nobody's debt yet
        ("Draft,800.00,,,", [ELSE], None, None, None, [], []),
    ],
)  # fmt: skip
def test_what_is_owed_where_the_export_does_not_say(
    tmp_path, invoice, payments, paid, balance, paid_date, computed, noted
):
    found = cleaned(tmp_path, invoice, payments)
    amount = [None if x is None else Decimal(x) for x in (paid, balance)]
    assert found == (*amount, paid_date, computed, noted)
