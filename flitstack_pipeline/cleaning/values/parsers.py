"""The row-wise parsers: one cell's text (or a few cells that belong together) in, typed values out.

Belongs here: what each parser reads, the shape of what it finds, and which cells it keeps as they
were because its values cannot give them back. Does not: how a value is recognised (`names`,
`dates`, `money`, …), and running the parsers over a table (`parsing`).

A parser is a pure function, so what it found is kept in a cache table and each distinct text is
parsed once, in whichever process. Several cells travel as one text, joined by `SEPARATOR`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.cleaning import files, line_items
from flitstack_pipeline.cleaning.html import clean_note, plain_note
from flitstack_pipeline.cleaning.values import (
    contact_points,
    dates,
    money,
    statuses,
    words,
    yes_no,
)
from flitstack_pipeline.cleaning.values.addresses import (
    AddressCells,
    clean_address,
    parse_line,
)
from flitstack_pipeline.cleaning.values.countries import country_code
from flitstack_pipeline.cleaning.values.formats import comma_of
from flitstack_pipeline.cleaning.values.names import (
    Name,
    decided,
    is_mailbox,
    natural_cases,
    split_name,
    without_signs,
)

#: A cell that is kept as it was: its column ("" for the only one), and why; silently when None.
Kept = tuple[str, str | None]
#: Between the cells a parser is asked with; white space, so a cell that holds it loses nothing.
SEPARATOR = "\x1f"
KEPT_SHAPE = [{"column": "VARCHAR", "note": "VARCHAR"}]


@dataclass(frozen=True)
class Context:
    """What the parsers know of the account: its zone, its country, where its exports lie."""

    time_zone: str
    country: str
    exports: str
    #: What a person said of patterns of names (`names.DOUBTS`) → firms or people.
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parser:
    """One parser: its name, the columns it reads, the shape of what it finds.

    `shape` gives a DuckDB type for every value `read` returns, in order; after them `read` returns
    what it keeps. `remembered` says that the same text always gives the same values. `beside` are
    columns that only say how the cells are read; their own values are another parser's.
    """

    name: str
    cells: tuple[str, ...]
    shape: dict[str, Any]
    read: Callable[..., tuple[Any, ...]]
    remembered: bool = True
    beside: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The temporary table of what it found in the batch at hand."""
        return f"found_{self.name}"

    @property
    def cache(self) -> str:
        """The table of what it ever found."""
        return f"cache.parsed_{self.name}"

    def found(self, texts: Sequence[str], context: Context) -> dict[str, Sequence[Any]]:
        """What is found in each text: a list by name of value, and one of what is kept."""
        last, read = len(self.cells) + len(self.beside) - 1, self.read
        rows = [read(context, *text.split(SEPARATOR, last)) for text in texts]
        *values, kept = zip(*rows, strict=True) if rows else [()] * (len(self.shape) + 1)
        told = [[{"column": c, "note": n} for c, n in each] if each else None for each in kept]
        return {**dict(zip(self.shape, values, strict=True)), "kept": told}


PARSERS: dict[str, Parser] = {}


def _parser(
    name: str,
    /,
    *cells: str,
    remembered: bool = True,
    beside: tuple[str, ...] = (),
    **shape: Any,
) -> Callable[[Callable[..., tuple[Any, ...]]], Callable[..., tuple[Any, ...]]]:
    def declared(read: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        PARSERS[name] = Parser(name, cells, shape, read, remembered, beside)
        return read

    return declared


#: Words for nothing that people are called as well, as they are written in names.
_SURNAMES_TOO = frozenset({"Null", "None", "Nil", "Na", "Nan"})

# --- people -------------------------------------------------------------------------------------


@_parser(
    "name", "name", "first_name", "last_name",
    display="VARCHAR", first="VARCHAR", last="VARCHAR", business="BOOLEAN", evidence="VARCHAR",
    doubt="VARCHAR",
)  # fmt: skip
def _name(
    context: Context, shown: str | None, first: str | None, last: str | None
) -> tuple[Any, ...]:
    """The name from its split columns when both are there, else from the display name.

    Emoji and stars, and a desk behind two names, are no part of it: `Lisa Ray`, `Office`.
    """
    cells = (_part(first, last), _part(last, first))
    given, family = map(without_signs, cells)
    if given and family and " " in given and is_mailbox(family):
        family = None
    name = _read_name(context, shown)
    if given and family:
        return _given(name, shown, cells, (given, family))
    columns = zip(("first_name", "last_name"), cells, (given, family), strict=True)
    kept: list[Kept] = [(column, None) for column, cell, bare in columns if cell != bare]
    if name is None and family and not given:
        return family, None, family, False, "a surname alone", None, kept
    if name is None:
        name = _read_name(context, " ".join(p for p in (given, family) if p) or None)
        return _as_values(name, kept)
    return _as_values(name, kept if name.invertible else [("name", None), *kept])


def _read_name(context: Context, shown: str | None) -> Name | None:
    """A name, as a person said where firms and people share its pattern."""
    name = split_name(shown)
    answer = context.names.get(name.doubt) if name and name.doubt else None
    return decided(shown, answer) if shown and answer else name


def _part(cell: str | None, other: str | None) -> str | None:
    """A part of a name; `Null` beside another part is somebody's surname, alone it is nothing."""
    bare = (cell or "").strip()
    return bare if bare in _SURNAMES_TOO and words.one_line(other) else words.one_line(cell)


def _given(
    name: Name | None,
    shown: str | None,
    cells: tuple[str | None, str | None],
    parts: tuple[str, str],
) -> tuple[Any, ...]:
    """The person of the split columns; a display name that says something else is kept."""
    tidy_first, tidy_last = natural_cases(*parts)
    whole = f"{tidy_first} {tidy_last}"
    columns = zip(("first_name", "last_name"), cells, (tidy_first, tidy_last), strict=True)
    kept: list[Kept] = [(column, None) for column, cell, tidy in columns if cell != tidy]
    if name and name.looks_like_business:
        return name.display, tidy_first, tidy_last, True, name.evidence, None, kept
    if name and words.one_line(shown) != whole:
        kept.append(("name", None))
    return whole, tidy_first, tidy_last, False, "first and last name given", None, kept


def _as_values(name: Name | None, kept: list[Kept]) -> tuple[Any, ...]:
    if name is None:
        return None, None, None, None, None, None, kept
    firm, doubt = name.looks_like_business, name.doubt or None
    return name.display, name.first, name.last, firm, name.evidence, doubt, kept


@_parser("emails", "email", first="VARCHAR", extra=["VARCHAR"])
def _emails(_: Context, cell: str) -> tuple[Any, ...]:
    good, dropped = contact_points.emails(cell)
    note = f"not an e-mail or a placeholder: {', '.join(dropped)}"
    return good[0] if good else None, good[1:], [("email", note)] if dropped else []


#: Columns of an address, as the parsers take them.
ADDRESS = ("address", "street", "street2", "city", "state", "zip", "country")


@_parser(
    "phones", "phone", "mobile", beside=ADDRESS,
    e164="VARCHAR", extension="VARCHAR", extra=["VARCHAR"], shown="VARCHAR",
)  # fmt: skip
def _phones(
    context: Context, phone: str | None, mobile: str | None, *address: str | None
) -> tuple[Any, ...]:
    """Every phone of both columns in order, without repeats; the first certain one apart.

    Where the row's address says another country than the account's, numbers without country code
    are of that one.
    """
    home = context.country
    if any(address):
        home = clean_address(AddressCells(*map(words.text, address)), home).country or home
    found: dict[str, contact_points.Phone] = {}
    kept: list[Kept] = []
    for column, numbers in (("phone", phone), ("mobile", mobile)):
        for one in contact_points.phones_of_row(numbers, context.country, home):
            found.setdefault(one.e164 or one.as_read, one)
            if one.remark:
                kept.append((column, f"words beside a phone: {one.remark}"))
    phones = list(found.values())
    first = next((p for p in phones if p.e164), None)
    extra = [p.shown for p in phones if p is not first]
    shown = phones[0].shown if phones else None
    return first and first.e164, first and first.extension, extra, shown, kept


@_parser(
    "address", *ADDRESS,
    street="VARCHAR", city="VARCHAR", state="VARCHAR", postal_code="VARCHAR", country="VARCHAR",
    line="VARCHAR", phones=["VARCHAR"],
)  # fmt: skip
def _address(context: Context, *read: str | None) -> tuple[Any, ...]:
    """The address, with what its parts cannot give back kept as it was."""
    cells = AddressCells(*(words.text(cell) for cell in read))
    found = clean_address(cells, context.country)
    kept: list[Kept] = []
    if cells.joined and not found.complete:
        kept.append(("address", "not every part of the address could be read"))
    elif cells.joined and found.differs:
        kept.append(("address", "the one-line address differs from its columns"))
    elif cells.joined and found.moved:
        kept.append(("address", None))
    if cells.country and country_code(cells.country) is None:
        kept.append(("country", "no known country; the account's was taken"))
    line = found.line or None
    country = found.country if line else None
    phones = contact_points.phones(found.phone, context.country) if found.phone else ()
    beside = [p.shown for p in phones]
    return found.street, found.city, found.state, found.postal_code, country, line, beside, kept


@_parser("line", "address", line="VARCHAR")
def _line(context: Context, cell: str) -> tuple[Any, ...]:
    """An address that is shown on one line, tidied where it can be read."""
    found = words.text(cell)
    return (parse_line(found, context.country).line or found) if found else None, []


# --- dates, times, money ------------------------------------------------------------------------


#: What is kept of a typed cell that says its value is not known yet.
_PENDING: list[Kept] = [("", f"not known yet in {SOURCE.name}; kept as it is written")]


@_parser("date", "order", "cell", day="DATE", exact="VARCHAR")
def _date(context: Context, order: str, cell: str) -> tuple[Any, ...]:
    """A day and, where the cell has a time, the exact moment; an unreadable cell is kept."""
    if words.pending(cell):
        return None, None, _PENDING
    try:
        found = dates.moment(cell, order, context.time_zone)
    except dates.NotADate as error:
        return None, None, [("", str(error))]
    if not found:
        return None, None, []
    return found.day.isoformat(), found.exact, [("", found.doubt)] if found.doubt else []


@_parser("time", "cell", value="VARCHAR")
def _time(_: Context, cell: str) -> tuple[Any, ...]:
    """A time of day; one that names its zone says nothing without its day (`date_time`)."""
    if words.pending(cell):
        return None, _PENDING
    try:
        return dates.time_of_day(cell), []
    except dates.NotADate as error:
        return None, [("", None if dates.names_zone(cell) else str(error))]


@_parser("date_time", "order", "date", "time", day="DATE", value="VARCHAR")
def _date_time(context: Context, order: str, date: str, time: str) -> tuple[Any, ...]:
    """The account's day and HH:MM of a date and the time of another zone beside it.

    Nothing where no zone is named, or either cannot be read: then they are read apart.
    """
    if dates.IN_ZONE not in order and not dates.names_zone(time):
        return None, None, []
    try:
        alone = dates.moment(date, order, context.time_zone)
        found = dates.moment(f"{date} {time}", order, context.time_zone) if alone else None
    except dates.NotADate:
        return None, None, []
    if found is None or (alone and alone.exact) or (found.doubt and not found.exact):
        return None, None, []
    clock = found.exact[11:16] if found.exact else "00:00"
    return found.day.isoformat(), clock, []


@_parser("done", "cell", value="BOOLEAN")
def _done(_: Context, cell: str) -> tuple[Any, ...]:
    """Whether it is done: yes or no, a word for either, or the day it was done."""
    found = yes_no.done(cell)
    if found is None and words.text(cell):
        try:
            dates.moment(cell, dates.UNDECIDED)
        except dates.NotADate as error:
            doubtful = dates.leading_pair(cell) is not None
            return (True, []) if doubtful else (None, [("", f"neither done nor open: {error}")])
        return True, [("", None)]
    return found, []


@_parser("money", "sign", "cell", value="DECIMAL(18,4)", refused="BOOLEAN")
def _money(_: Context, sign: str, cell: str) -> tuple[Any, ...]:
    """An exact amount; `sign` is the decimal sign the column writes."""
    if words.pending(cell):
        return None, False, _PENDING
    try:
        found, rounded = money.stored(cell, comma_of(sign), 4)
    except money.NotAnAmount as error:
        return None, True, [("", str(error))]
    return found, False, [("", "rounded to 4 decimals")] if rounded else []


@_parser("quantity", "sign", "cell", value="DECIMAL(18,6)", unit="VARCHAR")
def _quantity(_: Context, sign: str, cell: str) -> tuple[Any, ...]:
    """An exact quantity; a unit beside it ("3 hrs") is told, and the cell kept."""
    if words.pending(cell):
        return None, None, _PENDING
    number, unit = money.quantity_and_unit(words.text(cell))
    try:
        found, rounded = money.stored(number, comma_of(sign), 6) if number else (None, False)
    except money.NotAnAmount as error:
        return None, unit, [("", str(error))]
    kept: list[Kept] = [("", "rounded to 6 decimals")] if rounded else []
    if unit:
        kept.append(("", "the unit stands in the quantity"))
    return found, unit, kept


# --- words --------------------------------------------------------------------------------------


@_parser("status", "vocabulary", "cell", word="VARCHAR")
def _status(_: Context, vocabulary: str, cell: str) -> tuple[Any, ...]:
    return statuses.canonical(vocabulary, cell), []


@_parser("record_type", "cell", key="VARCHAR")
def _record_type(_: Context, cell: str) -> tuple[Any, ...]:
    return files.record_type(cell), []


@_parser("words", "cell", list=["VARCHAR"])
def _words(_: Context, cell: str) -> tuple[Any, ...]:
    return words.split_list(cell), []


@_parser("people", "cell", list=["VARCHAR"])
def _people(_: Context, cell: str) -> tuple[Any, ...]:
    return words.split_people(cell), []


@_parser("numbers", "cell", list=["VARCHAR"])
def _numbers(_: Context, cell: str) -> tuple[Any, ...]:
    return words.split_numbers(cell), []


@_parser(
    "crushed", "cell",
    lines=[{
        "name": "VARCHAR", "quantity": "DECIMAL(18,6)", "unit": "VARCHAR",
        "unit_price": "DECIMAL(18,4)", "amount": "DECIMAL(18,4)",
    }],
)  # fmt: skip
def _crushed(_: Context, cell: str) -> tuple[Any, ...]:
    """The lines that stand together in one cell; NULL when one cannot be read."""
    shown = [
        {name: None if value is None else str(value) for name, value in vars(line).items()}
        for line in line_items.split(cell) or []
    ]
    return shown or None, []


# --- notes and files: looked at anew each time, for they are large or lie on the disk ------------


@_parser(
    "note", "cell", remembered=False, text="VARCHAR", plain="VARCHAR",
    images=[{"sha256": "VARCHAR", "content_type": "VARCHAR", "data": "VARCHAR", "url": "VARCHAR",
             "file_name": "VARCHAR", "problem": "VARCHAR"}],
)  # fmt: skip
def _note(context: Context, cell: str) -> tuple[Any, ...]:
    """Sanitised and plain text, and the images taken out of it with their bytes in Base64."""
    text, images = clean_note(cell, lambda place: files.image_at(Path(context.exports), place))
    found = [
        {
            "sha256": image.sha256,
            "content_type": image.content_type,
            "data": base64.b64encode(image.data).decode(),
            "url": image.url or None,
            "file_name": image.file_name,
            "problem": image.problem or None,
        }
        for image in images
    ]
    return text, plain_note(text, images), found, []


@_parser(
    "file", "file_name", "location", "sha256", remembered=False,
    name="VARCHAR", path="VARCHAR", url="VARCHAR", sha256="VARCHAR", size_bytes="BIGINT",
    content_type="VARCHAR", problem="VARCHAR",
)  # fmt: skip
def _file(
    context: Context, name: str | None, location: str | None, sha256: str | None
) -> tuple[Any, ...]:
    found = files.look_at(Path(context.exports), name, location, sha256)
    return (*found.values(), [])
