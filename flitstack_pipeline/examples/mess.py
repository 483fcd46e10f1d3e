"""The ways people and spreadsheets spoil a value: phones, names, money, dates, statuses."""

from __future__ import annotations

import datetime as dt

from flitstack_pipeline.examples.dice import Dice
from flitstack_pipeline.examples.people import Client

SPANISH = {
    "New": "Nuevo",
    "Scheduled": "Programado",
    "In Progress": "En Progreso",
    "Completed": "Completado",
    "Cancelled": "Cancelado",
    "Approved": "Aprobado",
    "Paid": "Pagado",
}


def phone(rng: Dice, digits: str) -> str:
    """Ten digits as people type them: many forms, an extension, two in a cell, no area code."""
    a, b, c = digits[:3], digits[3:6], digits[6:]
    forms = (f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", digits, f"+1 {a} {b} {c}")
    text = rng.choice(forms)
    roll = rng.random()
    if roll < 0.04:
        return f"{text} x{rng.randint(10, 99)}"
    if roll < 0.07:
        return f"{text}; {a}-{b}-{(int(c) + 1) % 10_000:04d}"
    return f"{b}-{c}" if roll < 0.08 else text


def name(rng: Dice, client: Client) -> str:
    """A client's display name: mostly plain, sometimes turned round, shouted or shared."""
    roll = rng.random()
    if client.business and roll < 0.3:
        return client.business
    if roll < 0.34:
        return f"{client.last}, {client.first}"
    if roll < 0.38:
        return client.name.upper()
    if roll < 0.41:
        return f"{client.first} & {rng.choice(('Ann', 'Lee', 'Sam'))} {client.last}"
    if roll < 0.44:
        return f"{client.name} {rng.choice(('Jr.', 'III', 'Sr.'))}"
    return f"  {client.name} " if roll < 0.46 else client.name


def email(rng: Dice, client: Client) -> str:
    """An e-mail cell: one, several, shouted, a placeholder, or nothing."""
    roll = rng.random()
    if roll < 0.05:
        return ""
    if roll < 0.08:
        return rng.choice(("none@none.com", "n/a", "-"))
    if roll < 0.12:
        return f"{client.email}; office{client.number}@mailbox.net"
    if roll < 0.14:
        return f"mailto:{client.email}"
    return client.email.upper() if roll < 0.18 else client.email


def money(rng: Dice, cents: int) -> str:
    """An amount in cents as a US spreadsheet shows it."""
    text = f"{abs(cents) / 100:,.2f}"
    if cents < 0:
        return f"({text})"
    return f"${text}" if rng.random() < 0.7 else text


def us_date(day: dt.date | None) -> str:
    """MM/DD/YYYY without padding, blank for none."""
    return f"{day.month}/{day.day}/{day.year}" if day else ""


def word(rng: Dice, text: str) -> str:
    """A status in another letter case, with spaces or in Spanish, now and then."""
    roll = rng.random()
    if roll < 0.05:
        return text.upper()
    if roll < 0.1:
        return f"{text.lower()} "
    return SPANISH.get(text, text) if roll < 0.13 else text
