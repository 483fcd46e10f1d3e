"""Export rows about people: clients, leads, team members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from flitstack_pipeline.examples import mess, people
from flitstack_pipeline.examples.business import Sizes
from flitstack_pipeline.examples.dice import Dice
from flitstack_pipeline.examples.people import ANCHOR

CLIENT_HEADER = [
    "Client ID", "Client Name", "Business Name", "Website", "Email", "Phone", "Mobile",
    "Billing Address", "Street", "City", "State", "Zip", "Country", "Lead Source", "Tags",
    "Status", "Notes", "Assigned To", "Created Date", "Roof Type", "Gate Code",
    "Annual Budget", "Warranty Until", "Services Wanted",
]  # fmt: skip


def clients(seed: int, first: int, last: int, *, later: bool = False) -> Iterator[list[str]]:
    """Clients `first` to `last`, some entered twice; the later session has newer phones."""
    yield CLIENT_HEADER
    for number in range(first, last + 1):
        yield client_row(seed, number, later)
        if number % 33 == 0:
            twin = client_row(seed, number, later)
            twin[0] = str(90_000_000 + number)
            twin[1], twin[16] = twin[1].strip(), "entered twice"
            yield twin
    if later and last > 20:
        nobody = [""] * 15
        yield [*nobody, "Active", "a row with nothing in it", *([""] * 7)]


def client_row(seed: int, number: int, later: bool) -> list[str]:
    """One client as typed: address split or joined, ZIP without its zero, notes like formulas."""
    c, rng = people.client(seed, number), Dice(f"{seed}/row/{number}")
    city, code, state, postcode, area = c.city
    joined = rng.random() < 0.3
    digits = c.phone if number % 47 else f"{area}5550100"
    mobile = (
        mess.phone(rng, f"{area}{rng.randint(2000000, 8999999)}") if rng.random() < 0.25 else ""
    )
    shown_zip = postcode.lstrip("0") if rng.random() < 0.5 else postcode
    notes = rng.choice(
        ("", "", "", f"Gate {rng.randint(1000, 9999)}\nDog in yard", "=call first", "Pays late")
    )
    return [
        c.id,
        mess.name(rng, c),
        c.business,
        f"www.{c.business.split()[0].lower()}.com" if c.business and rng.random() < 0.4 else "",
        mess.email(rng, c),
        mess.phone(rng, digits if not later or number % 9 else digits[:-1] + "7"),
        mobile,
        f"{c.street}, {city}, {code} {postcode}" if joined else "",
        "" if joined else c.street,
        "" if joined else city,
        "" if joined else (state if rng.random() < 0.3 else code),
        "" if joined else shown_zip,
        rng.choice(("USA", "United States", "US", "")),
        rng.choice(people.SOURCES),
        ", ".join(rng.some(people.TAGS, 2)),
        "Archived" if rng.random() < 0.06 else "Active",
        notes,
        people.owner(rng) if rng.random() < 0.6 else "",
        mess.us_date(c.created),
        rng.choice((*people.ROOFS, "", "shingle")),
        str(rng.randint(1000, 9999)) if rng.random() < 0.2 else "",
        mess.money(rng, rng.randint(10, 900) * 10_000) if rng.random() < 0.3 else "",
        mess.us_date(c.created + dt.timedelta(days=730)) if rng.random() < 0.25 else "",
        "; ".join(rng.some(people.SERVICES, 3)),
    ]


def changed_client(seed: int, number: int) -> list[str]:
    """A client whose phone changed before the delta."""
    row = client_row(seed, number, True)
    row[5], row[16] = f"813-444-{1000 + number}", "moved office in the delta"
    return row


def leads(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Leads: every fifth became a client, some others are a client already, unmarked."""
    yield ["Lead ID", "Lead Name", "Email", "Phone", "Address", "Lead Source", "Lead Status",
           "Estimated Value", "Converted", "Converted Client ID", "Follow-up Date", "Assigned To",
           "Created Date", "Notes"]  # fmt: skip
    for number in range(1, sizes.leads + 1):
        rng = Dice(f"{seed}/lead/{number}")
        converted = number % 5 == 0
        known = converted or number % 16 == 7
        source = rng.randint(1, sizes.clients) if known else 10_000_000 + number
        c = people.client(seed, source)
        status = "Won" if converted else rng.choice(("New", "Contacted", "Estimate Sent", "Lost"))
        created = c.created if known else ANCHOR - dt.timedelta(days=rng.randint(1, 200))
        yield [
            f"L-{number:04d}",
            c.name,
            c.email,
            mess.phone(rng, c.phone),
            f"{c.street}, {c.city[0]}, {c.city[1]} {c.city[3]}",
            rng.choice(people.SOURCES),
            mess.word(rng, status),
            mess.money(rng, rng.randint(5, 300) * 10_000),
            "Yes" if converted else "No",
            c.id if converted and number % 10 == 0 else "",
            mess.us_date(ANCHOR + dt.timedelta(days=rng.randint(1, 60))),
            people.owner(rng),
            mess.us_date(created),
            rng.choice(("", "Wants a call in the morning", "Saw our truck")),
        ]


def team() -> Iterator[list[str]]:
    """Team members; one without e-mail, one only invited."""
    yield ["First Name", "Last Name", "Email", "Phone", "Role", "Status", "Type"]
    for i, (first, last, email, role, status, kind) in enumerate(people.TEAM):
        yield [first, last, email, f"(813) 200-{1200 + i}", role, status, kind]
