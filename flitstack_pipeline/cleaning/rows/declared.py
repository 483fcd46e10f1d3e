"""How the columns that the catalog declares as a whole are read: SQL by clean column."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.model import Column, Dataset
from flitstack_pipeline.cleaning.cells import Cells, Row


def _of_day(c: Cells, column: Column) -> Row:
    day, time = c.day_and_time(column.name, column.beside)
    return {column.cleaned: day, column.beside: time}


def _of_moment(c: Cells, column: Column) -> Row:
    day, exact = c.date(column.name)
    return {column.cleaned: day, f"{column.cleaned}_at": exact}


def _of_status(c: Cells, dataset: str, column: Column) -> Row:
    status, shown = c.status(column.name, dataset)
    return {column.cleaned: status, f"{column.cleaned}_text": shown}


#: Word of `Column.read` → how one clean column is read of it.
_ONE: dict[str, Callable[[Cells, Column], str]] = {
    "text": lambda c, column: c.text(column.name),
    "long_text": lambda c, column: c.text(column.name),
    "one_line": lambda c, column: c.one_line(column.name),
    "long_line": lambda c, column: c.one_line(column.name),
    "plain_note": lambda c, column: c.plain_note(column.name),
    "number": lambda c, column: c.number(column.name),
    "reference": lambda c, column: c.reference(column.name),
    "numbers": lambda c, column: c.numbers(column.name),
    "people": lambda c, column: c.people(column.name),
    "words": lambda c, column: c.words(column.name),
    "boolean": lambda c, column: c.boolean(column.name),
    "money": lambda c, column: c.money(column.name),
    "critical_money": lambda c, column: c.money(column.name, critical=True),
    "key": lambda c, column: c.key_of(column.parent, c.number(column.name)),
    "day": lambda c, column: c.day(column.name),
    "time": lambda c, column: c.time(column.name),
    "time_beside": lambda c, column: c.time_beside(column.name, column.beside),
}


def declared(c: Cells, dataset: Dataset) -> Row:
    """The clean columns of those columns of a kind of export that are declared as a whole."""
    row: Row = {}
    for column in dataset.columns:
        if column.read == "day_and_time":
            row |= _of_day(c, column)
        elif column.read == "stamp":
            row |= _of_moment(c, column)
        elif column.read == "status":
            row |= _of_status(c, dataset.key, column)
        elif column.read and column.cleaned not in row:
            row[column.cleaned] = _ONE[column.read](c, column)
        if column.required:
            _require(c, dataset, column, row[column.cleaned])
    return row


def _require(c: Cells, dataset: Dataset, column: Column, value: str) -> None:
    noun = next(iter(dataset.subjects), "row")
    what = f"Give the {noun} its {column.header.lower()}."
    c.refuse(f"{value} IS NULL", column.name, f"no_{column.name}", what)


def complete(dataset: str, row: Row, filled: Iterable[str]) -> Row:
    """The row itself. Raises LookupError when it does not fill the clean table exactly."""
    wanted = {f.name for f in BY_DATASET[dataset].fields} - set(filled)
    if wanted != set(row):
        told = ", ".join(sorted(wanted ^ set(row)))
        raise LookupError(f"clean.{dataset}: the row and the table differ in {told}")
    return row
