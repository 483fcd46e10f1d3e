"""When rows of one number are one record: the identity columns of each dataset, and the verdict.

Belongs here: which cells say who or what a record is, and what two rows of one number are to each
other. Does not: finding such rows (`same_number`) and marking them (`identity`). Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.catalog.model import Dataset
from flitstack_pipeline.catalog.source import CLEANED
from flitstack_pipeline.cleaning.match_keys import LEGAL_FORMS, TITLES
from flitstack_pipeline.cleaning.values.accents import without_accents

CLIENT, NAME = "client", "name"
#: How a facet is read: dates and money by the account's parsers, the others as written.
DATE, MONEY, PERSON, EMAILS, PHONES, TEXT, NUMBER = (
    "date", "money", "person", "emails", "phones", "text", "number",
)  # fmt: skip


@dataclass(frozen=True)
class Facet:
    """One thing that tells records apart, by the columns of the export it is read from."""

    name: str
    kind: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """The identity of one dataset.

    `leading`: rows whose leading facet agrees are one record whatever else differs (a client's
    name: telephone and e-mail change). `decisive`: any difference makes two records (payments).
    """

    facets: tuple[Facet, ...]
    leading: str = ""
    decisive: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the export that the facets read."""
        return tuple(dict.fromkeys(c for f in self.facets for c in f.columns))

    @property
    def telling(self) -> tuple[str, ...]:
        """The columns without a difference in which rows of one number are surely one record."""
        facets = [f for f in self.facets if not self.leading or f.name == self.leading]
        return tuple(dict.fromkeys(c for f in facets for c in f.columns))


def _f(name: str, kind: str, *columns: str) -> Facet:
    return Facet(name, kind, columns or (name,))


def _declared_facet(told: str) -> Facet:
    """A facet of a declaration: `name [kind [columns]]`."""
    name, kind, columns, *_ = [*told.split(), "", ""]
    if name == CLIENT:
        return _f(CLIENT, CLIENT, "client_name", "client_id")
    return _f(name, kind or TEXT, *filter(None, columns.split(",")))


def _identity(dataset: Dataset) -> Identity:
    """What tells the records of a kind of export apart."""
    if not dataset.tells:
        return Identity(tuple(_by_columns(dataset)))
    rule, _, told = dataset.tells.rpartition(":")
    facets = tuple(_declared_facet(part) for part in told.split(";"))
    leading = NAME if facets[0].kind == PERSON else ""
    return Identity(facets, leading, decisive=bool(rule))


def _by_columns(dataset: Dataset) -> Iterator[Facet]:
    """Of a record that says nothing of it: client, title, first amount, days."""
    columns = dataset.columns
    for name, facet in (("client_name", CLIENT), ("title", "title")):
        if name in dataset.by_name:
            yield _declared_facet(facet)
    yield from [_f("amount", MONEY, c.name) for c in columns if c.read == "money"][:1]
    days = (c for c in columns if c.read in ("day", "day_and_time"))
    for n, c in enumerate(days):
        yield _f(c.header.lower() if n else "date", DATE, c.name)


#: The column of a record's own id, where an export has one.
ID_COLUMN: dict[str, str] = {d.key: d.own_id for d in CLEANED if d.own_id}

#: What tells the rows of one client apart when there is one row per property.
PLACE_COLUMNS = ("address", "street", "street2", "city", "zip", "service_address")

IDENTITIES: dict[str, Identity] = {
    d.key: _identity(d) for d in CLEANED if d.tells or d.key in PLAIN
}


#: A facet of one row: words, numbers or addresses; a text; or (name, id) of a client.
Value = frozenset[str] | str | tuple[str, str] | None


class Verdict(Enum):
    """What two rows of one number are to each other."""

    SAME = "same"
    DIFFERENT = "different"
    DOUBTFUL = "doubtful"


#: What a pattern says of cells that differ though nothing that tells records apart does.
OTHER_CELLS = "other cells"


@dataclass(frozen=True)
class Comparison:
    """Facets in which two rows agree and conflict.

    `hard` when their clients surely differ; `others` when cells that tell no records apart differ.
    """

    agree: frozenset[str]
    conflict: frozenset[str]
    hard: bool = False
    others: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing comparable agrees, and more than one thing differs."""
        return not self.agree and len(self.conflict) > 1

    @property
    def pattern(self) -> str:
        """What differs, as the key of a question names it."""
        return "+".join(sorted(self.conflict)) or OTHER_CELLS


@dataclass(frozen=True)
class Cells:
    """The cells of one row in comparable form.

    `values` by facet; `text` the identity cells as written and `whole` all cells, for hashing;
    `others` every other filled cell by column; `place` tells rows of one client apart that are its
    properties.
    """

    values: Mapping[str, frozenset[str] | str | tuple[str, str]] = field(default_factory=dict)
    text: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    place: str = ""

    @property
    def filled(self) -> int:
        """How many facets are filled."""
        return sum(bool(v) and v != ("", "") for v in self.values.values())

    @property
    def whole(self) -> str:
        """Every cell, for hashing."""
        return self.text + "".join(f"\x1e{k}\x1f{v}" for k, v in sorted(self.others.items()))


def compare(identity: Identity, a: Cells, b: Cells) -> Comparison:
    """Compare two rows; an empty cell neither agrees nor conflicts."""
    agree: set[str] = set()
    conflict: set[str] = set()
    hard = False
    for facet in identity.facets:
        told, surely = _facet(facet, a.values.get(facet.name), b.values.get(facet.name))
        hard = hard or surely
        if told is not None:
            (agree if told else conflict).add(facet.name)
    others = any(value != b.others.get(column, value) for column, value in a.others.items())
    return Comparison(frozenset(agree), frozenset(conflict), hard, others)


def _facet(facet: Facet, mine: Value, theirs: Value) -> tuple[bool | None, bool]:
    """(whether a facet agrees, None when nothing compares; whether clients surely differ)."""
    if facet.kind == CLIENT:
        return _clients(mine, theirs)  # type: ignore[arg-type]
    if not mine or not theirs:
        return None, False
    if isinstance(mine, frozenset) and isinstance(theirs, frozenset):
        one = _names(mine, theirs) if facet.kind == PERSON else bool(mine & theirs)
        return one, False
    return mine == theirs, False


def verdict(identity: Identity, found: Comparison, *, one_place: bool) -> Verdict:
    """What two rows of one number within one export are to each other.

    Args:
        identity: What tells the records of the dataset apart.
        found: The comparison of the two rows.
        one_place: Whether both rows name the same place; rows of one client may be its properties.
    """
    if identity.leading:
        return _of_people(identity.leading, found, one_place)
    if not found.conflict:
        return Verdict.DOUBTFUL if found.others else Verdict.SAME
    if identity.decisive:
        return Verdict.DIFFERENT
    others, several = found.agree - {CLIENT}, len(found.conflict) > 1
    if found.hard:
        return Verdict.DIFFERENT if several or not others else Verdict.DOUBTFUL
    return Verdict.DIFFERENT if several and not others else Verdict.DOUBTFUL


def _of_people(leading: str, found: Comparison, one_place: bool) -> Verdict:
    """People: one name at two places is one client; a contradicted name is not, or is asked."""
    if leading in found.conflict:
        return Verdict.DOUBTFUL if found.agree else Verdict.DIFFERENT
    if not found.conflict and not found.others:
        return Verdict.SAME
    if leading in found.agree:
        return Verdict.DOUBTFUL if one_place else Verdict.SAME
    if found.agree or not found.conflict:
        return Verdict.DOUBTFUL if one_place else Verdict.SAME
    return Verdict.DIFFERENT if len(found.conflict) > 1 else Verdict.DOUBTFUL


def _clients(
    mine: tuple[str, str] | None, theirs: tuple[str, str] | None
) -> tuple[bool | None, bool]:
    """(whether two (name, id) agree, None when nothing compares; whether they surely differ)."""
    (name, number), (other, code) = mine or ("", ""), theirs or ("", "")
    by_name = _names(frozenset(name.split()), frozenset(other.split())) if name and other else None
    by_number = number == code if number and code else None
    if by_name is None or by_number is None:
        told = by_number if by_name is None else by_name
        return told, told is False
    return by_name and by_number, not by_name and not by_number


def _names(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two names are one: the words of one are all in the other."""
    return mine <= theirs or theirs <= mine


# --- reading the cells of a facet ----------------------------------------------------------------


def read(
    identity: Identity,
    row: Mapping[str, str | None],
    others: Mapping[str, str | None] | None = None,
    place: tuple[str, ...] = (),
) -> Cells:
    """The cells of one row in comparable form.

    Args:
        identity: What tells the records of the dataset apart.
        row: Trimmed texts by column; dates and amounts already in one form (`2024-01-31`, `12.5`).
        others: The cells that tell no records apart, likewise.
        place: The columns that tell rows of one client apart.
    """
    values = {f.name: _value(f, [row.get(c) or "" for c in f.columns]) for f in identity.facets}
    written = (plain(row.get(c) or "") for c in identity.columns)
    told = {k: v for k, text in (others or {}).items() if (v := _comparable(text or ""))}
    where = "\x1f".join(told.pop(c, "") for c in place)
    return Cells(values, "\x1f".join(written), told, where)


def _value(facet: Facet, cells: list[str]) -> frozenset[str] | str | tuple[str, str]:
    if facet.kind == CLIENT:
        return " ".join(sorted(name_words(cells[0]))), _number(cells[1])
    if facet.kind == PERSON:
        own = cells[0] or " ".join(cells[1:3]).strip() or " ".join(cells[3:])
        return name_words(own)
    if facet.kind == EMAILS:
        return frozenset(re.findall(r"[^\s;,<>()\[\]:]+@[^\s;,<>()\[\]]+", cells[0].lower()))
    if facet.kind == PHONES:
        return frozenset(_phones(" ; ".join(cells)))
    if facet.kind == NUMBER:
        return _number(cells[0])
    if facet.kind == TEXT:
        return plain(" ".join(cells))
    return cells[0]


def _comparable(text: str) -> str:
    """A cell for comparing; the sign and the decimals of a number count."""
    return text if re.fullmatch(r"-?[\d.]+", text) else plain(text)


def plain(text: str) -> str:
    """A text in lower case without accents and punctuation, its words one space apart."""
    bare = without_accents(text).casefold()
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


def name_words(text: str) -> frozenset[str]:
    """The words that name somebody, without titles and legal forms."""
    words = frozenset(plain(re.sub(r"['’.]", "", text)).split())
    return words - {*TITLES, *LEGAL_FORMS} or words


def _number(text: str) -> str:
    return re.sub(r"\.0$", "", text.strip().lstrip("#").strip().casefold())


def _phones(text: str) -> list[str]:
    """The last ten digits of each number in a text."""
    parts = (re.split(r"(?i)\b(?:x|ext)\b", part)[0] for part in re.split(r"[;,/|\n]", text))
    numbers = (re.sub(r"\D", "", part) for part in parts)
    return [digits[-10:] for digits in numbers if len(digits) >= 7]


#: Ids that a spreadsheet rounded: scientific notation; and, where several rows have one, zeros
#: beyond the fifteen digits it keeps.
SCIENTIFIC = r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$|^[0-9][.,][0-9]+[eE][0-9]+$"
DAMAGED = SCIENTIFIC + r"|^[1-9][0-9]{14}0+$"
