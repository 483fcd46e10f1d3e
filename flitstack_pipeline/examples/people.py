"""People of the example company: clients, leads, team; each from the seed and its number alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, lru_cache

from mimesis import Address, Finance, Locale, Person

from flitstack_pipeline.examples.dice import Dice

ANCHOR = dt.date(2026, 11, 2)
CITIES = (
    ("Tampa", "FL", "Florida", "33602", "813"),
    ("Orlando", "FL", "Florida", "32801", "407"),
    ("Boston", "MA", "Massachusetts", "02134", "617"),
    ("Hartford", "CT", "Connecticut", "06103", "860"),
    ("Austin", "TX", "Texas", "78701", "512"),
    ("Denver", "CO", "Colorado", "80202", "303"),
)
TRADES = ("Roofing", "Plumbing", "Properties", "Builders", "Electric", "Landscaping", "Realty")
FORMS = ("LLC", "Inc", "Co.", "Group")
SOURCES = ("Referral", "Google", "Facebook", "Yard Sign", "Repeat", "Website")
TAGS = ("VIP", "Net-30", "Warranty", "Commercial", "Do not text")
ROOFS = ("Shingle", "Metal", "Tile", "Flat")
SERVICES = ("Roofing", "Gutters", "Siding", "Windows", "Maintenance plan")
ACCENTED = ("José Núñez", "Zoë Brontë", "François Lefèvre", "Anaïs Muñoz", "Jürgen Groß")
TEAM = (
    ("Luis", "Ortega", "luis@sunbelt-contracting.com", "Admin", "Active", "Employee"),
    ("Dana", "Whitfield", "dana@sunbelt-contracting.com", "Project Manager", "Active", "Employee"),
    ("Marcus", "Bell", "marcus@sunbelt-contracting.com", "Estimator", "Active", "Employee"),
    ("Priya", "Nair", "PRIYA@sunbelt-contracting.com", "Estimator", "Active", "Employee"),
    ("Tom", "Kowalski", "tom@sunbelt-contracting.com", "Crew Lead", "Active", "Employee"),
    ("Grace", "Okafor", "grace@sunbelt-contracting.com", "Crew Lead", "Active", "Employee"),
    ("Hank", "Miller", "hank@sunbelt-contracting.com", "Crew Lead", "Active", "Employee"),
    ("Sofia", "Reyes", "sofia@sunbelt-contracting.com", "Supervisor", "Active", "Employee"),
    ("Ben", "Foster", "ben@sunbelt-contracting.com", "Crew Lead", "Inactive", "Employee"),
    ("Wei", "Zhang", "wei@sunbelt-contracting.com", "Estimator", "Invited", "Employee"),
    ("Ray", "Dubois", "", "Crew Lead", "Active", "Subcontractor"),
    ("Nina", "Castillo", "nina@partner-tile.com", "Crew Lead", "Active", "Partner"),
)


@dataclass(frozen=True)
class Client:
    """One client as the truth has it; the exports write it in messy ways."""

    number: int
    first: str
    last: str
    business: str
    email: str
    phone: str
    street: str
    city: tuple[str, str, str, str, str]
    created: dt.date

    @property
    def id(self) -> str:
        """The id Contractor+ shows."""
        return str(48_000 + self.number)

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


@cache
def _pools(seed: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names and streets, drawn once: picking from a pool is many times faster than inventing."""
    person, address = Person(Locale.EN, seed=seed), Address(Locale.EN, seed=seed)
    finance = Finance(Locale.EN, seed=seed)
    return (
        tuple(person.first_name() for _ in range(900)),
        tuple(person.last_name() for _ in range(1_500)),
        tuple(address.street_name() for _ in range(700)),
        tuple(finance.company().split()[0].strip(",") for _ in range(400)),
    )


@lru_cache(maxsize=4_096)
def _letters(name: str) -> str:
    """The plain letters of a name, as they stand in an e-mail address."""
    return "".join(c for c in name.lower() if c.isascii() and c.isalpha())


@lru_cache(maxsize=4_096)
def client(seed: int, number: int) -> Client:
    """Client `number` (from 1): always the same for the same seed."""
    rng = Dice(f"{seed}/client/{number}")
    firsts, lasts, streets, companies = _pools(seed)
    first, last = rng.choice(firsts), rng.choice(lasts)
    if number % 41 == 0:
        first, last = ACCENTED[number % len(ACCENTED)].split(" ", 1)
    if number % 29 == 0:
        last = f"de la {last}"
    city = rng.choice(CITIES)
    business = ""
    if rng.random() < 0.22:
        business = f"{rng.choice(companies)} {rng.choice(TRADES)} {rng.choice(FORMS)}"
    return Client(
        number,
        first,
        last,
        business,
        f"{first[:1].lower() if first[:1].isascii() else 'z'}.{_letters(last)}{number}@mailbox.net",
        f"{city[4]}{rng.randint(2, 8)}{rng.randint(0, 9)}{number % 10}{rng.randint(1000, 9999)}",
        f"{rng.randint(1, 9899)} {rng.choice(streets)} {rng.choice(('St', 'Ave', 'Rd', 'Ln'))}",
        city,
        ANCHOR - dt.timedelta(days=rng.randint(30, 1_400)),
    )


def owner(rng: Dice) -> str:
    """The display name of some team member."""
    member = rng.choice(TEAM)
    return f"{member[0]} {member[1]}"
