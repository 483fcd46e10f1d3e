"""How rows of jobs, estimates, invoices, work orders and what belongs to them are cleaned."""

from __future__ import annotations

from flitstack_pipeline.catalog.clean import JOB_STATUSES
from flitstack_pipeline.catalog.model import Dataset
from flitstack_pipeline.catalog.source import BY_KEY, LINES_OF
from flitstack_pipeline.cleaning.cells import Cells, Row
from flitstack_pipeline.cleaning.rows.people import stamps


def job(c: Cells) -> Row:
    """A job; its amount is the estimated or quoted value."""
    status, shown = c.status("status", "jobs")
    start_date, start_time = c.day_and_time("start_date", "start_time")
    end_date, end_time = c.day_and_time("end_date", "end_time")
    return {
        "number": c.number("job_number"),
        "title": c.one_line("title"),
        **_client(c),
        "estimate_refs": c.numbers("estimate_number"),
        "invoice_refs": c.numbers("invoice_number"),
        "service_address": c.one_line("service_address"),
        "status": status,
        "status_text": shown,
        "instructions": c.plain_note("instructions"),
        "amount": c.money("amount", critical=True),
        "start_date": start_date,
        "end_date": end_date,
        "start_time": start_time,
        "end_time": end_time,
        "anytime": c.boolean("anytime"),
        "repeat": c.text("repeat"),
        "assigned_to": c.people("assigned_to"),
        "signature": c.boolean("signature"),
        "completed": c.day("completed"),
        "stage_times": _stage_times(c),
        "notes": c.plain_note("notes"),
        "tags": c.words("tags"),
        "line_items": c.text("line_items"),
        **stamps(c),
    }


def _stage_times(c: Cells) -> str:
    """Moments a stage was entered, only what the source has: nothing is invented."""
    entered = []
    for status in JOB_STATUSES:
        day, exact = c.date(f"entered_{status}")
        moment = f"coalesce({exact}, CAST({day} AS VARCHAR))"
        entered.append(f"{{'key': '{status}', 'value': {moment}}}")
    return f"map_from_entries(list_filter([{', '.join(entered)}], lambda e: e.value IS NOT NULL))"


def visit(c: Cells) -> Row:
    """One visit of a job."""
    visit_date, start_time = c.day_and_time("visit_date", "start_time")
    return {
        "job_ref": c.number("job_number"),
        "visit_date": visit_date,
        "start_time": start_time,
        "end_time": c.time_beside("end_time", "visit_date"),
        "assigned_to": c.people("assigned_to"),
        "status": c.text("status"),
        "instructions": c.plain_note("instructions"),
    }


def estimate(c: Cells) -> Row:
    """An estimate; its stated total is kept, never recomputed from lines."""
    status, shown = c.status("status", "estimates")
    return {
        "number": c.number("estimate_number"),
        "title": c.one_line("title"),
        **_client(c),
        "job_refs": c.numbers("job_number"),
        "invoice_refs": c.numbers("invoice_number"),
        "service_address": c.one_line("service_address"),
        "estimate_date": c.day("estimate_date"),
        "expiration_date": c.day("expiration_date"),
        "status": status,
        "status_text": shown,
        **_totals(c),
        "markup": c.text("markup"),
        "deposit": c.text("deposit"),
        "signed_date": c.day("signed_date"),
        "created_by": c.one_line("created_by"),
        "line_items": c.text("line_items"),
        "notes": c.plain_note("notes"),
        **stamps(c),
    }


def invoice(c: Cells) -> Row:
    """An invoice with what was paid and what is open."""
    status, shown = c.status("status", "invoices")
    return {
        "number": c.number("invoice_number"),
        "title": c.one_line("title"),
        **_client(c),
        "estimate_refs": c.numbers("estimate_number"),
        "job_refs": c.numbers("job_number"),
        "service_address": c.one_line("service_address"),
        "issue_date": c.day("invoice_date"),
        "due_date": c.day("due_date"),
        "status": status,
        "status_text": shown,
        **_totals(c),
        "late_fee": c.money("late_fee"),
        "amount_paid": c.money("amount_paid"),
        "balance": c.money("balance", critical=True),
        "paid_date": c.day("paid_date"),
        "payment_method": c.text("payment_method"),
        "line_items": c.text("line_items"),
        "notes": c.plain_note("notes"),
        **stamps(c),
    }


def payment(c: Cells) -> Row:
    """A payment of an invoice; refunds are negative."""
    amount = c.money("amount", critical=True)
    c.refuse(f"{amount} IS NULL", "amount", "no_amount", "Give the payment its amount.")
    return {
        "invoice_key": c.key_of("invoices", c.number("invoice_number")),
        "payment_date": c.day("payment_date"),
        "amount": amount,
        "method": c.text("method"),
        "category": c.text("category"),
        "proof": c.text("proof"),
        "notes": c.plain_note("notes"),
    }


def change_order(c: Cells) -> Row:
    """A change order of an invoice."""
    return {
        "invoice_ref": c.text("invoice_number"),
        "status": c.text("status"),
        "amount": c.money("amount"),
        "change_date": c.day("date"),
    }


def estimate_item(c: Cells) -> Row:
    """One line of an estimate."""
    return line_item(c, BY_KEY["estimate_items"])


def invoice_item(c: Cells) -> Row:
    """One line of an invoice, perhaps from a change order."""
    line = line_item(c, BY_KEY["invoice_items"])
    return {**line, "change_order_ref": c.text("change_order_number")}


def line_item(c: Cells, lines: Dataset) -> Row:
    """One line of a document."""
    number, (quantity, unit) = c.number(LINES_OF[lines.key]), c.quantity("quantity")
    other = f"CASE WHEN {c.text('type')} IS NOT NULL THEN 'other' END"
    return {
        "document_key": c.key_of(lines.lines_of, number),
        "line_number": "r._line",
        "type": f"coalesce({c.word('type', 'items')}, {other})",
        "optional": c.boolean("optional"),
        "selected": c.boolean("selected"),
        "recommended": c.boolean("recommended"),
        "parent_assembly": c.text("parent_assembly"),
        "name": c.one_line("name"),
        "description": c.plain_note("description"),
        "quantity": quantity,
        "unit": f"coalesce({c.text('unit')}, {unit})",
        "unit_cost": c.money("unit_cost"),
        "markup": c.text("markup"),
        "unit_price": c.money("unit_price"),
        "tax": c.money("tax"),
        "amount": c.money("amount"),
    }


def _totals(c: Cells) -> Row:
    return {
        "subtotal": c.money("subtotal"),
        "discount": c.money("discount"),
        "tax": c.money("tax"),
        "total": c.money("total", critical=True),
    }


def _client(c: Cells) -> Row:
    return {"client_ref": c.reference("client_id"), "client_name": c.one_line("client_name")}
