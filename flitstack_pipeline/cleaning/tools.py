"""What every row function needs: per-column evidence, and a place to say what was dropped.

One `Tools` per dataset run. Its methods read one cell of the row at hand, and either return the
value, note why it was dropped (the original is kept), or refuse the row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flitstack_pipeline.cleaning import contact_points, dates, money, statuses, words
from flitstack_pipeline.cleaning.evidence import Evidence
from flitstack_pipeline.cleaning.html import InlineImage, clean_note

RawRow = Mapping[str, object]


class RefusedRow(ValueError):
    """A row that goes to quarantine: which column, what it held, why, and what to do."""

    def __init__(self, column: str, value: str | None, rule: str, what_to_do: str) -> None:
        self.column, self.value, self.rule, self.what_to_do = column, value, rule, what_to_do
        super().__init__(f"{column}: {rule} ({value!r}). {what_to_do}")


@dataclass(frozen=True)
class CleanContext:
    """What the account is: its time zone, country, currency, and where the exports lie."""

    time_zone: str = "America/New_York"
    country: str = "US"
    currency: str = "USD"
    exports: Path = Path("data/exports")
    #: A person's answers to `clean.questions`: `dataset.column`, `dataset` or `*` → the order.
    date_answers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Tools:
    """Evidence per column of one dataset, and what happened to the row at hand."""

    context: CleanContext
    dataset: str
    evidence: Evidence = field(default_factory=Evidence)
    unknown_words: Counter[tuple[str, str]] = field(default_factory=Counter)
    images: dict[str, InlineImage] = field(default_factory=dict)
    notes: list[tuple[str, str | None, str]] = field(default_factory=list)
    originals: dict[str, str] = field(default_factory=dict)

    def start_row(self) -> None:
        """Forget the notes of the row before."""
        self.notes, self.originals = [], {}

    def raw(self, row: RawRow, column: str) -> str | None:
        """The cell as read."""
        value = row.get(column)
        return None if value is None else str(value)

    def text(self, row: RawRow, column: str) -> str | None:
        """Trimmed text of a cell."""
        return words.text(self.raw(row, column))

    def keep_original(self, row: RawRow, column: str, note: str) -> None:
        """Keep a cell as it was, and say why its typed value cannot give it back."""
        value = self.raw(row, column)
        if value:
            self.originals[column] = value
            self.notes.append((column, value, note))

    def date(self, row: RawRow, column: str) -> dates.Moment | None:
        """A date; an unreadable one is kept as original and noted."""
        order = self.evidence.date_orders.get((str(row.get("_file")), column))
        try:
            return dates.moment(
                self.raw(row, column),
                order.order if order else dates.MONTH_FIRST,
                self.context.time_zone,
            )
        except dates.NotADate as error:
            self.keep_original(row, column, str(error))
            return None

    def day(self, row: RawRow, column: str) -> str | None:
        """The ISO day of a date cell."""
        found = self.date(row, column)
        return found.day.isoformat() if found else None

    def time(self, row: RawRow, column: str) -> str | None:
        """HH:MM of a time cell."""
        try:
            return dates.time_of_day(self.raw(row, column))
        except dates.NotADate as error:
            self.keep_original(row, column, str(error))
            return None

    def money(self, row: RawRow, column: str, *, critical: bool = False) -> str | None:
        """An exact amount as decimal text; a critical one that cannot be read refuses the row."""
        try:
            return self._amount(row, column, self.raw(row, column))
        except money.NotAnAmount as error:
            if critical:
                raise RefusedRow(
                    column,
                    self.raw(row, column),
                    "not_an_amount",
                    "Correct the amount in Contractor+ and export again.",
                ) from error
            self.keep_original(row, column, str(error))
            return None

    def quantity(self, row: RawRow, column: str) -> str | None:
        """An exact quantity; a unit beside it ("3 hrs") is kept as original."""
        number, unit = money.quantity_and_unit(self.raw(row, column))
        try:
            found = self._amount(row, column, number)
        except money.NotAnAmount as error:
            self.keep_original(row, column, str(error))
            return None
        if unit:
            self.keep_original(row, column, "the unit stands in the quantity")
        return found

    def _amount(self, row: RawRow, column: str, value: str | None) -> str | None:
        if not value:
            return None
        comma = (str(row.get("_file")), column) in self.evidence.comma_places
        places = 6 if column == "quantity" else 4
        found, rounded = money.stored(value, comma, places)
        if rounded:
            self.keep_original(row, column, f"rounded to {places} decimals")
        return found

    def status(self, row: RawRow, column: str, vocabulary: str) -> tuple[str | None, str | None]:
        """(closed-vocabulary status, words as read); unknown words are counted."""
        shown = words.one_line(self.raw(row, column))
        known = statuses.canonical(vocabulary, shown)
        if shown and known is None:
            self.unknown_words[(column, shown)] += 1
            self.notes.append((column, shown, "unknown status word; decide it in the value map"))
        return known, shown

    def note(self, row: RawRow, column: str) -> str | None:
        """Sanitised text of a note; inline images are taken out and remembered."""
        found, images = clean_note(self.raw(row, column))
        for image in images:
            self.images[image.sha256] = image
        return found

    def phones(self, row: RawRow, *columns: str) -> list[contact_points.Phone]:
        """Every phone of the named columns, in order, without repeats."""
        found: dict[str, contact_points.Phone] = {}
        for column in columns:
            for phone in contact_points.phones(self.raw(row, column), self.context.country):
                found.setdefault(phone.e164 or phone.as_read, phone)
                if phone.remark:
                    self.keep_original(row, column, f"words beside a phone: {phone.remark}")
        return list(found.values())

    def emails(self, row: RawRow, column: str) -> list[str]:
        """Every valid e-mail of a cell; what was dropped is noted and kept as original."""
        good, dropped = contact_points.emails(self.raw(row, column))
        if dropped:
            self.keep_original(row, column, f"not an e-mail or a placeholder: {', '.join(dropped)}")
        return list(good)

    def custom(self, row: RawRow) -> dict[str, str]:
        """Unknown columns with a value, by label."""
        extra = row.get("_extra")
        if not isinstance(extra, Mapping):
            return {}
        return {str(k): str(v).strip() for k, v in extra.items() if words.text(str(v or ""))}


def is_numeric_date_column(name: str) -> bool:
    """Whether a canonical column holds dates, by its name in the spec."""
    return bool(
        re.search(r"(^|_)(date|created|updated|completed|follow_up)$|_date$|^entered_", name)
    )


MONEY_COLUMNS = frozenset(
    [
        "amount",
        "total",
        "subtotal",
        "discount",
        "tax",
        "balance",
        "amount_paid",
        "late_fee",
        "estimated_value",
        "unit_price",
        "unit_cost",
        "quantity",
    ]
)
