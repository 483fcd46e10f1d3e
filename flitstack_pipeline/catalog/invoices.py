"""Invoices: records tied to client and job, with lines, payments and change orders as texts."""

from __future__ import annotations

from dataclasses import replace

from flitstack_pipeline.catalog.columns import (
    CLIENT_ID,
    CLIENT_NAME,
    CREATED,
    ESTIMATE_NO,
    INVOICE_NO,
    JOB_NO,
    LINE_ITEMS,
    NOTES,
    SERVICE_ADDRESS,
    STATUS,
    TITLE,
    UPDATED,
    WORKSPACE,
    also,
    column,
    columns,
    lines_of,
    totals,
)
from flitstack_pipeline.catalog.model import KEPT, LIST, Dataset, Field, ObjectType
from flitstack_pipeline.catalog.statuses import INVOICE

_LINES = lines_of("invoices", "Invoice line items", INVOICE_NO)
_CHANGE_ORDER = column(
    "change_order_number: Change Order #|change order; text as change_order_ref; ; change order as read"
)
_ITEMS = replace(
    _LINES,
    columns=(_LINES.columns[0], _CHANGE_ORDER, *_LINES.columns[1:]),
    file_stems=("invoice_items", "invoice_line_items"),
)
_PAYMENTS = Dataset(
    "payments",
    "Payments",
    (
        *columns(
            """
            payment_id: Payment ID|payment number|transaction id|reference|id
            payment_date: Payment Date|date|paid date|paid on|date paid; day; ; paid on
            amount: Amount|payment amount|paid|total|amount received|received amount; critical_money required; ; amount, refunds negative
            """
        ),
        also(
            INVOICE_NO,
            read="key",
            clean="invoice_key",
            about="source key of the invoice",
        ),
        *columns(
            """
            method: Payment Method|method|payment mode|paid by|payment type|paid with|tender type; text; ; method
            category: Payment Category|category; text; ; category
            proof: Proof|proof file|receipt; text; ; proof file as read
            """
        ),
        also(NOTES, about="notes"),
        WORKSPACE,
    ),
    ("payment_id",),
    ("payment_id", "payment_date", "amount"),
    ("payments", "payment_list"),
    ("payment", "transaction"),
    ("invoice_number", "payment_date", "amount"),
    joined=("invoices", "payments"),
    derived_id=("invoice_number", "payment_date", "amount", "method"),
    tells="any: amount money; date date payment_date",
    repeats=True,
)
_CHANGE_ORDERS = Dataset(
    "change_orders",
    "Change orders",
    (
        column("change_order_number: Change Order #|change order|co number|id"),
        also(INVOICE_NO, read="text", clean="invoice_ref", about="invoice number as read"),
        also(STATUS, read="text", about="as read"),
        *columns(
            """
            amount: Amount|total; money; ; amount
            date: Date|created date; day as change_date; ; date
            """
        ),
        WORKSPACE,
    ),
    ("change_order_number",),
    ("change_order_number", "invoice_number"),
    ("change_orders",),
    ("change order", "co"),
    ("invoice_number", "amount", "date|status"),
    joined=("invoices", "change_orders"),
    derived_id=("invoice_number", "date", "amount"),
    tells="any: invoice number invoice_number; amount money; date date",
    repeats=True,
)

INVOICES = ObjectType(
    "invoices",
    "Invoices",
    "Invoice records",
    ("clients", "jobs"),
    (
        Dataset(
            "invoices",
            "Invoices",
            (
                also(
                    INVOICE_NO,
                    "id|number|no",
                    read="number",
                    to="Invoice_Number__c",
                    clean="number",
                    about="invoice number as shown",
                    parent="",
                ),
                ESTIMATE_NO,
                JOB_NO,
                CLIENT_NAME,
                CLIENT_ID,
                also(TITLE, to="Title__c"),
                also(SERVICE_ADDRESS, to="Service_Address__c"),
                *columns(
                    """
                    invoice_date: Invoice Date|issue date|issued date|date|issued; day as issue_date; Issue_Date__c; invoice date
                    due_date: Due Date|due|payment due; day; Due_Date__c; due date
                    """
                ),
                also(
                    STATUS,
                    "invoice status|payment status",
                    read="status",
                    to="Invoice_Status__c",
                    words=INVOICE,
                ),
                *totals(),
                *columns(
                    """
                    late_fee: Late Fee|late fees; money; Late_Fee__c; late fee
                    amount_paid: Amount Paid|paid|paid amount|payments|paid to date|amount paid to date|total paid; money; Amount_Paid__c; paid so far
                    balance: Balance Due|balance|amount due|total due|outstanding|outstanding balance|remaining balance|open balance; critical_money; Balance__c; balance due
                    paid_date: Paid Date|date paid|marked paid date|payment date|paid on; day; Paid_Date__c; paid on
                    payment_method: Payment Method|method|paid by; text; Payment_Method__c; method as read
                    """
                ),
                also(NOTES, to="Notes__c"),
                LINE_ITEMS,
                CREATED,
                UPDATED,
                WORKSPACE,
            ),
            ("invoice_number",),
            ("invoice_number", "due_date", "balance"),
            ("invoices", "invoice_list"),
            ("invoice", "inv"),
            tells="client; title; amount money total; date date invoice_date",
            further=(
                Field("computed", LIST, "columns that the export leaves open and we computed"),
            ),
            rules=(
                "display_name<number Name",
                "computed Computed_Values__c joined",
                "payments Payments__c long",
                "lines<line_items Line_Items__c long",
                "change_orders Change_Orders__c long",
                *KEPT,
            ),
        ),
        _ITEMS,
        _PAYMENTS,
        _CHANGE_ORDERS,
    ),
    record=("Invoice", "Invoices"),
    is_special=True,
)
