"""People and firms of our own invention, and how they get entered twice: for `duplicates.py`.

Belongs here: the truth and the rows made of it, from one seed. Does not: measuring. Names are
about as common as in the United States: the commonest given name is one person in fifty, four in
ten have a common surname.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara "
    "Richard Susan Joseph Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy "
    "Matthew Sandra Anthony Ashley Mark Emily Donald Kimberly Steven Donna Andrew Michelle Paul "
    "Carol Joshua Amanda Kenneth Melissa Kevin Deborah Brian Stephanie Timothy Rebecca Ronald "
    "Laura Jason Helen George Sharon Edward Cynthia Jeffrey Amy Ryan Angela Jacob Anna Nicholas "
    "Brenda Gary Pamela Eric Nicole Jonathan Ruth Stephen Katherine Larry Samantha Justin "
    "Christine Scott Catherine Brandon Virginia Benjamin Rachel Samuel Janet Gregory Maria "
    "Alexander Diane Patrick Julie Jack Joyce Raymond Victoria Dennis Kelly Jerry Christina Tyler "
    "Joan Aaron Evelyn Jose Lauren Adam Judith Nathan Olivia Henry Frances Zachary Martha Douglas "
    "Cheryl Peter Megan Kyle Andrea Noah Hannah Ethan Jacqueline Jeremy Wendy Walter Julia "
    "Luis Rosa Carlos Elena Miguel Ana Wei Priya Omar Fatima Ivan Olga Jan Jana Jon Joann Marie "
    "Eric Erica Erik Dana Dan Tim Tina Sean Shaun Brianna Briana Kristen Kristin"
)
SURNAMES = _words(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez "
    "Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris "
    "Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill "
    "Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips "
    "Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers "
    "Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson "
    "Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo "
    "Sanders Patel Myers Long Ross Foster Jimenez Smyth Andersen Johnston Thomsen Reid Clarke"
)
#: Short forms people write; some are in our table, some are not.
NICKNAMES = {
    "James": "Jim", "Robert": "Bob", "William": "Bill", "Richard": "Rick", "Michael": "Mike",
    "Elizabeth": "Liz", "Jennifer": "Jen", "Thomas": "Tom", "Christopher": "Chris",
    "Daniel": "Dan", "Matthew": "Matt", "Anthony": "Tony", "Steven": "Steve", "Andrew": "Andy",
    "Kenneth": "Ken", "Joshua": "Josh", "Deborah": "Debbie", "Timothy": "Tim", "Edward": "Ted",
    "Rebecca": "Becky", "Katherine": "Kate", "Gregory": "Greg", "Samuel": "Sam", "Jose": "Pepe",
    "Patricia": "Trish", "Susan": "Suzie", "Margaret": "Daisy", "Carlos": "Charly",
    "Jessica": "Jess", "Victoria": "Vix", "Nicholas": "Nick", "Benjamin": "Ben",
}  # fmt: skip
SYLLABLES = _words("an ber cal dor el fin gar hol is jor kel lun mar nor os pel quin ros sten tur")
STREETS = _words("Oak Elm Maple Cedar Pine Lake Hill Park Main River Church Mill Sunset Walnut")
KINDS = ("Street", "Avenue", "Road", "Drive", "Lane", "Court")
TRADES = _words("Roofing Plumbing Properties Builders Electric Landscaping Realty Dental Bakery")
FORMS = ("LLC", "Inc", "Ltd", "Corp")
PLACEHOLDER_PHONES, PLACEHOLDER_EMAILS = ("+15555555555",), ("none@none.com", "na@na.com")


@dataclass(frozen=True)
class Row:
    """One row of clients, and whose it is."""

    truth: str
    first: str = ""
    last: str = ""
    firm: str = ""
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    city: str | None = None
    postal: str | None = None

    @property
    def name(self) -> str:
        return self.firm or f"{self.first} {self.last}".strip()


@dataclass
class World:
    """Makes truths and rows from one seed."""

    random: random.Random
    made: int = 0
    phones: list[str] = field(default_factory=list)
    weights: dict[int, list[float]] = field(default_factory=dict)

    def rows(self, wanted: int) -> list[Row]:
        """About `wanted` rows, in random order."""
        found: list[Row] = []
        while len(found) < wanted:
            for row in self._household() if self.random.random() < 0.75 else self._firms():
                found.append(row)
                found.extend(self._again(row))
        self.random.shuffle(found)
        return found

    def _truth(self) -> str:
        self.made += 1
        return f"t{self.made}"

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _pick(self, words: list[str]) -> str:
        """Common words first: the commonest given name is one person in fifty or so."""
        weights = self.weights.setdefault(len(words), [1 / (25 + i) for i in range(len(words))])
        return self.random.choices(words, weights)[0]

    def _given(self) -> str:
        return self._pick(GIVEN) if self._chance(0.9) else self._coined().title()

    def _surname(self) -> str:
        """Four in ten have a common surname, as in the United States; the others a rare one."""
        return self._pick(SURNAMES) if self._chance(0.4) else self._coined().title()

    def _coined(self) -> str:
        return "".join(self.random.sample(SYLLABLES, self.random.choice((2, 2, 3))))

    def _phone(self) -> str:
        if self.phones and self._chance(0.002):
            return self.random.choice(self.phones)  # a number given to someone else since
        if self._chance(0.004):
            return self.random.choice(PLACEHOLDER_PHONES)
        self.phones.append(
            f"+1{self.random.randrange(201, 989)}{self.random.randrange(10**6, 10**7)}"
        )
        return self.phones[-1]

    def _email(self, first: str, last: str) -> str:
        if self._chance(0.004):
            return self.random.choice(PLACEHOLDER_EMAILS)
        self.made += 1
        return (
            f"{first}.{last}{self.made}@{self.random.choice(('mail', 'post', 'home'))}.com".lower()
        )

    def _place(self) -> dict[str, str]:
        number = self.random.randrange(200)
        street = f"{self.random.randrange(1, 9000)} {self.random.choice(STREETS)} "
        return {
            "street": street + self.random.choice(KINDS),
            "city": f"City {number}",
            "postal": f"{10000 + number * 7 + self.random.randrange(5)}",
        }

    def _person(self, first: str, last: str, **shared: str) -> Row:
        own = {"phone": self._phone(), "email": self._email(first, last)}
        return Row(self._truth(), first, last, **(own | shared))

    def _household(self) -> Iterator[Row]:
        place, last, first = self._place(), self._surname(), self._given()
        shared = dict(place)
        if self._chance(0.3):
            shared["phone"] = self._phone()
        if self._chance(0.12):
            shared["email"] = self._email("the", last)
        yield self._person(first, last, **shared)
        kind = self.random.random()
        if kind < 0.10:
            yield self._person(self._other_given(first), last, **shared)
        elif kind < 0.12:  # siblings and twins whose names are nearly alike
            yield self._person(self._alike(first), last, **shared)
        elif kind < 0.13:  # father and son
            yield self._person(first, last + " Jr", **shared)
        elif kind < 0.1315:  # father and son who both write no suffix
            yield self._person(first, last, **(shared if self._chance(0.3) else place))

    def _other_given(self, first: str) -> str:
        return next(n for n in iter(self._given, "") if n != first)

    def _alike(self, first: str) -> str:
        near = [
            n for n in GIVEN if n != first and n[:2] == first[:2] and abs(len(n) - len(first)) < 3
        ]
        return self.random.choice(near) if near else self._other_given(first)

    def _firms(self) -> Iterator[Row]:
        owner = (self._given(), self._surname())
        base = f"{self._surname()} {self.random.choice(TRADES)}"
        form = self.random.choice(FORMS) if self._chance(0.6) else ""
        domain = f"{base.replace(' ', '').lower()}{self.random.randrange(1000)}.com"
        office = {"phone": self._phone(), "email": f"office@{domain}"}
        firm = Row(self._truth(), firm=f"{base} {form}".strip(), **self._place(), **office)
        yield firm
        if self._chance(0.15):  # branches of one firm
            numbered = self._chance(0.5)
            for n in range(2, 2 + self.random.choice((1, 1, 2, 4))):
                mine = {"phone": self._phone(), "email": f"branch{n}@{domain}"}
                if self._chance(0.3):
                    mine = office
                name = f"{base} #{n}" if numbered else firm.firm
                yield Row(self._truth(), firm=name, **self._place(), **mine)
        if self._chance(0.25):  # people of the firm who are clients themselves
            for _ in range(self.random.choice((1, 1, 1, 2, 6))):
                person = self._person(*owner, **self._place(), phone=office["phone"])
                yield replace(person, email=office["email"]) if self._chance(0.1) else person
                owner = (self._given(), self._surname())

    def _again(self, row: Row) -> Iterator[Row]:
        """The same person or firm entered again, the way people do."""
        if self._chance(0.92):
            return
        for _ in range(self.random.choice((1, 1, 1, 1, 2, 3))):
            yield self._changed(row)

    def _changed(self, row: Row) -> Row:
        if self._chance(0.2):
            return row
        if row.firm:
            row = replace(row, firm=self._other_firm_name(row.firm))
        else:
            row = self._other_name(row)
        if self._chance(0.15):
            row = replace(row, **self._place())
        if self._chance(0.15):
            row = replace(row, phone=self._phone())
        if self._chance(0.15):
            row = replace(row, email=self._email(row.first or "new", row.last or "x"))
        for name, share in (("email", 0.25), ("phone", 0.15), ("street", 0.2), ("postal", 0.05)):
            if self._chance(share):
                row = replace(row, **{name: None})
        return row

    def _other_name(self, row: Row) -> Row:
        kind = self.random.random()
        if kind < 0.12:
            return replace(row, first=NICKNAMES.get(row.first, row.first))
        if kind < 0.20:
            return replace(row, first=self._typo(row.first))
        if kind < 0.28:
            return replace(row, last=self._typo(row.last))
        if kind < 0.32:
            return replace(row, last=self._surname())  # a married name
        if kind < 0.37:
            return replace(row, first=f"{row.first} {self.random.choice('ABCDEJLMR')}.")
        if kind < 0.39:
            return replace(row, first=row.first[0])
        if kind < 0.42:
            return replace(row, first=row.first.upper(), last=row.last.upper())
        return row

    def _other_firm_name(self, name: str) -> str:
        kind = self.random.random()
        if kind < 0.3 and name.split()[-1] in FORMS:
            return name.rsplit(" ", 1)[0]
        if kind < 0.35:
            return name + " " + self.random.choice(("Group", "Services", "and Sons"))
        return self._typo(name) if kind < 0.45 else name

    def _typo(self, word: str) -> str:
        if len(word) < 4:
            return word
        at = self.random.randrange(1, len(word) - 1)
        kind = self.random.randrange(4)
        letter = self.random.choice("aeiourstln")
        return (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
        )[kind]
