"""Rows of jobs, visits, estimates, invoices, their lines, payments and work orders."""

from __future__ import annotations

from flitstack_pipeline.cleaning import words
from flitstack_pipeline.cleaning.money import quantity_and_unit
from flitstack_pipeline.cleaning.people import CleanRow, stamps
from flitstack_pipeline.cleaning.statuses import canonical
from flitstack_pipeline.cleaning.tools import RawRow, RefusedRow, Tools
from flitstack_pipeline.spec.clean import JOB_STATUSES
from flitstack_pipeline.spec.keys import source_key


def job(row: RawRow, t: Tools) -> CleanRow:
    """A job; its amount is the estimated or quoted value."""
    status, shown = t.status(row, "status", "jobs")
    return {
        "number": _number(row, t, "job_number"),
        "title": words.one_line(t.raw(row, "title")),
        **_client(row, t),
        "estimate_refs": words.split_numbers(t.raw(row, "estimate_number")),
        "invoice_refs": words.split_numbers(t.raw(row, "invoice_number")),
        "service_address": words.one_line(t.raw(row, "service_address")),
        "status": status,
        "status_text": shown,
        "instructions": t.note(row, "instructions"),
        "amount": t.money(row, "amount", critical=True),
        "start_date": t.day(row, "start_date"),
        "end_date": t.day(row, "end_date"),
        "start_time": t.time(row, "start_time"),
        "end_time": t.time(row, "end_time"),
        "anytime": words.boolean(t.raw(row, "anytime")),
        "repeat": t.text(row, "repeat"),
        "assigned_to": words.split_people(t.raw(row, "assigned_to")),
        "signature": words.boolean(t.raw(row, "signature")),
        "completed": t.day(row, "completed"),
        "stage_times": _stage_times(row, t),
        "notes": t.note(row, "notes"),
        "tags": words.split_list(t.raw(row, "tags")),
        "line_items": t.text(row, "line_items"),
        **stamps(row, t),
    }


def _stage_times(row: RawRow, t: Tools) -> dict[str, str]:
    """Moments a stage was entered, only what the source has: nothing is invented."""
    found = {}
    for status in JOB_STATUSES:
        moment = t.date(row, f"entered_{status}")
        if moment:
            found[status] = moment.exact or moment.day.isoformat()
    return found


def visit(row: RawRow, t: Tools) -> CleanRow:
    """One visit of a job."""
    return {
        "job_ref": _number(row, t, "job_number"),
        "visit_date": t.day(row, "visit_date"),
        "start_time": t.time(row, "start_time"),
        "end_time": t.time(row, "end_time"),
        "assigned_to": words.split_people(t.raw(row, "assigned_to")),
        "status": t.text(row, "status"),
        "instructions": t.text(row, "instructions"),
    }


def estimate(row: RawRow, t: Tools) -> CleanRow:
    """An estimate; its stated total is kept, never recomputed from lines."""
    status, shown = t.status(row, "status", "estimates")
    return {
        "number": _number(row, t, "estimate_number"),
        "title": words.one_line(t.raw(row, "title")),
        **_client(row, t),
        "job_refs": words.split_numbers(t.raw(row, "job_number")),
        "invoice_refs": words.split_numbers(t.raw(row, "invoice_number")),
        "service_address": words.one_line(t.raw(row, "service_address")),
        "estimate_date": t.day(row, "estimate_date"),
        "expiration_date": t.day(row, "expiration_date"),
        "status": status,
        "status_text": shown,
        **_totals(row, t),
        "markup": t.text(row, "markup"),
        "deposit": t.text(row, "deposit"),
        "signed_date": t.day(row, "signed_date"),
        "created_by": words.one_line(t.raw(row, "created_by")),
        "line_items": t.text(row, "line_items"),
        "notes": t.note(row, "notes"),
        **stamps(row, t),
    }


def invoice(row: RawRow, t: Tools) -> CleanRow:
    """An invoice with what was paid and what is open."""
    status, shown = t.status(row, "status", "invoices")
    return {
        "number": _number(row, t, "invoice_number"),
        "title": words.one_line(t.raw(row, "title")),
        **_client(row, t),
        "estimate_refs": words.split_numbers(t.raw(row, "estimate_number")),
        "job_refs": words.split_numbers(t.raw(row, "job_number")),
        "service_address": words.one_line(t.raw(row, "service_address")),
        "issue_date": t.day(row, "invoice_date"),
        "due_date": t.day(row, "due_date"),
        "status": status,
        "status_text": shown,
        **_totals(row, t),
        "late_fee": t.money(row, "late_fee"),
        "amount_paid": t.money(row, "amount_paid"),
        "balance": t.money(row, "balance", critical=True),
        "paid_date": t.day(row, "paid_date"),
        "payment_method": t.text(row, "payment_method"),
        "line_items": t.text(row, "line_items"),
        "notes": t.note(row, "notes"),
        **stamps(row, t),
    }


def payment(row: RawRow, t: Tools) -> CleanRow:
    """A payment of an invoice; refunds are negative."""
    amount = t.money(row, "amount", critical=True)
    if amount is None:
        raise RefusedRow("amount", None, "no_amount", "Give the payment its amount.")
    number = _number(row, t, "invoice_number")
    return {
        "invoice_key": source_key(str(row["_workspace"]), "invoices", number),
        "payment_date": t.day(row, "payment_date"),
        "amount": amount,
        "method": t.text(row, "method"),
        "category": t.text(row, "category"),
        "proof": t.text(row, "proof"),
        "notes": t.text(row, "notes"),
    }


def change_order(row: RawRow, t: Tools) -> CleanRow:
    """A change order of an invoice."""
    return {
        "invoice_ref": t.text(row, "invoice_number"),
        "status": t.text(row, "status"),
        "amount": t.money(row, "amount"),
        "change_date": t.day(row, "date"),
    }


def work_order(row: RawRow, t: Tools) -> CleanRow:
    """A work order; a job is often not named (contractor_plus.md §1.9)."""
    status, shown = t.status(row, "status", "work_orders")
    return {
        "number": _number(row, t, "work_order_number"),
        "title": words.one_line(t.raw(row, "title")),
        **_client(row, t),
        "job_refs": words.split_numbers(t.raw(row, "job_number")),
        "service_address": words.one_line(t.raw(row, "service_address")),
        "order_date": t.day(row, "order_date"),
        "scheduled_date": t.day(row, "scheduled_date"),
        "start_time": t.time(row, "start_time"),
        "end_time": t.time(row, "end_time"),
        "assigned_to": words.split_people(t.raw(row, "assigned_to")),
        "job_type": words.one_line(t.raw(row, "job_type")),
        "status": status,
        "status_text": shown,
        "description": t.note(row, "description"),
        **stamps(row, t),
    }


def estimate_item(row: RawRow, t: Tools) -> CleanRow:
    """One line of an estimate."""
    return _item(row, t, "estimates", "estimate_number")


def invoice_item(row: RawRow, t: Tools) -> CleanRow:
    """One line of an invoice, perhaps from a change order."""
    line = _item(row, t, "invoices", "invoice_number")
    return {**line, "change_order_ref": t.text(row, "change_order_number")}


def _item(row: RawRow, t: Tools, document: str, column: str) -> CleanRow:
    number = _number(row, t, column)
    kind = canonical("items", t.text(row, "type")) or ("other" if t.text(row, "type") else None)
    return {
        "document_key": source_key(str(row["_workspace"]), document, number),
        "line_number": row["_line"],
        "type": kind,
        "optional": words.boolean(t.raw(row, "optional")),
        "selected": words.boolean(t.raw(row, "selected")),
        "recommended": words.boolean(t.raw(row, "recommended")),
        "parent_assembly": t.text(row, "parent_assembly"),
        "name": words.one_line(t.raw(row, "name")),
        "description": t.text(row, "description"),
        "quantity": t.quantity(row, "quantity"),
        "unit": t.text(row, "unit") or quantity_and_unit(t.raw(row, "quantity"))[1],
        "unit_cost": t.money(row, "unit_cost"),
        "markup": t.text(row, "markup"),
        "unit_price": t.money(row, "unit_price"),
        "tax": t.money(row, "tax"),
        "amount": t.money(row, "amount"),
    }


def _totals(row: RawRow, t: Tools) -> CleanRow:
    return {
        "subtotal": t.money(row, "subtotal"),
        "discount": t.money(row, "discount"),
        "tax": t.money(row, "tax"),
        "total": t.money(row, "total", critical=True),
    }


def _client(row: RawRow, t: Tools) -> CleanRow:
    reference = t.text(row, "client_id")
    return {
        "client_ref": words.document_number(reference) if reference else None,
        "client_name": words.one_line(t.raw(row, "client_name")),
    }


def _number(row: RawRow, t: Tools, column: str) -> str:
    found = t.text(row, column)
    if found is None:
        raise RefusedRow(
            column, t.raw(row, column), "no_number", "Give the row its number and export again."
        )
    return words.document_number(found)
