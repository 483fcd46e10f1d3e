"""The ways people and spreadsheets spoil a value: phones, names, money, dates, statuses."""

from __future__ import annotations

import datetime as dt
import random

from flitstack_pipeline.contractor_plus.examples.people import Client


def phone(rng: random.Random, digits: str) -> str:
    """Ten digits in one of the forms people type."""
    a, b, c = digits[:3], digits[3:6], digits[6:]
    forms = (f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", digits, f"+1 {a} {b} {c}")
    text = rng.choice(forms)
    return f"{text} x{rng.randint(10, 99)}" if rng.random() < 0.04 else text


def name(rng: random.Random, client: Client) -> str:
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


def email(rng: random.Random, client: Client) -> str:
    """An e-mail cell: one, several, shouted, a placeholder, or nothing."""
    roll = rng.random()
    if roll < 0.05:
        return ""
    if roll < 0.08:
        return rng.choice(("none@none.com", "n/a", "-"))
    if roll < 0.12:
        return f"{client.email}; office{client.number}@mailbox.net"
    return client.email.upper() if roll < 0.16 else client.email


def money(rng: random.Random, cents: int) -> str:
    """An amount in cents as a US spreadsheet shows it."""
    text = f"{abs(cents) / 100:,.2f}"
    if cents < 0:
        return f"({text})"
    return f"${text}" if rng.random() < 0.7 else text


def us_date(day: dt.date | None) -> str:
    """MM/DD/YYYY without padding, blank for none."""
    return f"{day.month}/{day.day}/{day.year}" if day else ""


def word(rng: random.Random, text: str) -> str:
    """A status in another letter case or with spaces, now and then."""
    roll = rng.random()
    if roll < 0.05:
        return text.upper()
    return f"{text.lower()} " if roll < 0.1 else text
