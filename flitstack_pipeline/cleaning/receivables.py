"""What invoices are owed where an export does not say: paid amount, balance, paid date.

A stated value is never replaced. What is missing is computed from payments, total and status, and
named in the invoice's `computed`; what contradicts, or cannot be computed, is noted for a person.

Belongs here: the rules of receivables. Does not: reading amounts (`rows.documents`), the sums a
person compares (`audit`, `migration.reconcile`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.warehouse import row_count

#: The columns that may be computed, in the order in which they are named.
COMPUTED = ("amount_paid", "balance", "paid_date")
_CENT = "0.005"

#: Facts of every invoice: what it states, what its payments say, whether payments are known at all.
_FACTS = """
CREATE OR REPLACE TEMP TABLE receivables AS
WITH paid AS (
    SELECT invoice_key, sum(amount) AS payments,
           max(payment_date) FILTER (amount > 0) AS last_payment
    FROM clean.payments GROUP BY invoice_key
), facts AS (
    SELECT i.source_key, i.status, i.total, i.late_fee, p.payments, p.last_payment,
           i.amount_paid AS stated_paid, i.balance AS stated_balance, i.paid_date AS stated_date,
           i.status IN ('void', 'bad_debt') AS written_off,
           i.status IN ('unpaid', 'overdue')
               OR i.status IS NULL AND i.status_text IS NULL AND $payments_known AS unpaid
    FROM clean.invoices i LEFT JOIN paid p ON p.invoice_key = i.source_key
), settled AS (
    SELECT *, status = 'paid' AND coalesce(payments, 0) < total
              AND coalesce(stated_paid, total) >= total AS by_status
    FROM facts
), amounts AS (
    SELECT *, CASE
        WHEN stated_paid IS NOT NULL THEN stated_paid
        WHEN by_status THEN total
        WHEN payments IS NOT NULL THEN payments
        WHEN stated_balance IS NOT NULL AND NOT written_off THEN total - stated_balance
        WHEN unpaid AND $payments_known THEN 0
    END AS amount_paid
    FROM settled
)
SELECT *, CASE
        WHEN stated_balance IS NOT NULL THEN stated_balance
        WHEN written_off OR by_status THEN 0
        WHEN status = 'paid' AND stated_paid < total THEN NULL
        WHEN amount_paid IS NOT NULL THEN total - amount_paid
        WHEN unpaid THEN total
    END AS balance,
    coalesce(stated_date, CASE WHEN coalesce(payments, 0) > 0 AND NOT written_off
                               THEN last_payment END) AS paid_date
FROM amounts
"""

_FILL = """
UPDATE clean.invoices i SET
    amount_paid = r.amount_paid, balance = r.balance, paid_date = r.paid_date,
    computed = list_filter(list_concat(i.computed, [
        CASE WHEN r.stated_paid IS NULL AND r.amount_paid IS NOT NULL THEN 'amount_paid' END,
        CASE WHEN r.stated_balance IS NULL AND r.balance IS NOT NULL THEN 'balance' END,
        CASE WHEN r.stated_date IS NULL AND r.paid_date IS NOT NULL THEN 'paid_date' END
    ]), lambda c: c IS NOT NULL)
FROM receivables r
WHERE r.source_key = i.source_key
  AND (r.stated_paid IS DISTINCT FROM r.amount_paid OR r.stated_balance IS DISTINCT FROM r.balance
       OR r.stated_date IS DISTINCT FROM r.paid_date)
"""

#: What a person should look at: (column, value shown, condition, note).
_NOTES: tuple[tuple[str, str, str, str], ...] = (
    (
        "status",
        "status",
        "status = 'partial' AND amount_paid IS NULL",
        "partly paid, but the exports hold no payment of it: paid amount and balance stay empty",
    ),
    (
        "amount_paid",
        "stated_paid",
        f"abs(stated_paid - payments) > {_CENT}",
        "its payments add up to another amount; the stated one is kept",
    ),
    (
        "balance",
        "stated_balance",
        f"NOT written_off AND stated_paid IS NOT NULL "
        f"AND abs(stated_balance - (total - stated_paid)) > {_CENT} "
        f"AND abs(stated_balance - (total + coalesce(late_fee, 0) - stated_paid)) > {_CENT}",
        "it is not the total less what was paid; the stated one is kept",
    ),
    (
        "balance",
        "stated_balance",
        f"NOT written_off AND stated_paid IS NULL AND payments IS NOT NULL "
        f"AND abs(stated_balance - (total - payments)) > {_CENT} "
        f"AND abs(stated_balance - (total + coalesce(late_fee, 0) - payments)) > {_CENT}",
        "it is not the total less the payments; the stated one is kept",
    ),
    (
        "balance",
        "stated_balance",
        f"written_off AND abs(stated_balance) > {_CENT}",
        "written off, yet a balance is open; the stated one is kept",
    ),
    (
        "status",
        "status",
        f"status = 'paid' AND payments IS NOT NULL AND total - payments > {_CENT}",
        "paid by its status, but its payments add up to less than its total",
    ),
    (
        "status",
        "status",
        f"status = 'paid' AND total - stated_paid > {_CENT}",
        "paid by its status, but less than its total was paid by its paid amount",
    ),
    (
        "status",
        "status",
        f"unpaid AND payments > 0 AND payments - total > -{_CENT}",
        "unpaid by its status, but its payments add up to its total or more",
    ),
    (
        "balance",
        "balance",
        f"stated_balance IS NULL AND balance < -{_CENT}",
        "overpaid: more was paid than its total",
    ),
)


def compute_receivables(con: duckdb.DuckDBPyConnection) -> None:
    """Fill paid amount, balance and paid date of the clean invoices where they are missing.

    Reads `clean.invoices` and `clean.payments`; notes in `clean.notes` what contradicts. The rules:
    payments count first; an invoice that is paid by its status, with too few payments in the
    exports, is paid in full; a void one or a bad debt has no balance and keeps its amounts; an
    unpaid one owes its total, also where there is no payments export; a partly paid one without
    payments is left empty and noted; an overpaid one has a negative balance and is noted.
    """
    known = row_count(con, "clean.payments") > 0
    con.execute(_FACTS, {"payments_known": known})
    con.execute(_FILL)
    for column, value, condition, note in _NOTES:
        con.execute(
            "INSERT INTO clean.notes SELECT 'invoices', 'invoices', source_key, ?, "
            f"CAST({value} AS VARCHAR), ? FROM receivables WHERE {condition}",
            [column, note],
        )
    con.execute("DROP TABLE receivables")
