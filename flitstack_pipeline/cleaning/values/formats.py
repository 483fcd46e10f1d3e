"""How one column of one file writes its values: day or month first, comma or point.

Belongs here: the decision from counted evidence, and what a person may answer. Does not: counting
(`evidence`), reading a value (`dates`, `money`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

from flitstack_pipeline.cleaning.values.dates import (
    DAY_FIRST,
    IN_ZONE,
    MONTH_FIRST,
    UNDECIDED,
    UTC_DAYS,
)
from flitstack_pipeline.errors import BadInput

POINT, COMMA = ".", ","
#: What a person answers about the decimal sign → the sign.
SIGN_WORDS = {"point": POINT, "comma": COMMA}
#: Cells that can be read with either sign, by the mark they have ("1.250", "1,250").
EITHER = {POINT: "either point", COMMA: "either comma"}
NO_NUMBER_DECIDES = "no number of any export says which"
#: The share of telling cells that must agree.
AGREEING = 0.95


@dataclass(frozen=True)
class Format:
    """What a parser must know of a column besides the cell. The default is the American way."""

    order: str = MONTH_FIRST
    sign: str = POINT
    utc_days: bool = False
    #: Of times that name none; "" is the account's.
    zone: str = ""

    @property
    def date_order(self) -> str:
        """The order, and the zone of local times, as `dates.moment` takes it."""
        order = f"{self.order}{UTC_DAYS}" if self.utc_days else self.order
        return f"{order}{IN_ZONE}{self.zone}" if self.zone else order

    @property
    def word(self) -> str:
        """The format as one text, to be kept in a table."""
        return f"{self.date_order}|{self.sign}"

    @classmethod
    def of(cls, word: str | None) -> Format:
        """The format a text stands for; the default for none."""
        if not word:
            return cls()
        told, _, sign = word.partition("|")
        order, _, zone = told.partition(IN_ZONE)
        return cls(order.removesuffix(UTC_DAYS), sign, order.endswith(UTC_DAYS), zone)


@dataclass(frozen=True)
class DecimalSign:
    """The decimal sign of a column, or undecided, and the evidence in words."""

    sign: str = POINT
    evidence: str = "no value depends on it"

    @property
    def undecided(self) -> bool:
        """Whether a person must say which it is."""
        return self.sign == UNDECIDED


Signs = Mapping[str | None, int]


def decide_sign(own: Signs, nearby: Iterable[tuple[str, Signs]], country: str) -> DecimalSign:
    """The decimal sign of a column.

    Args:
        own: How many of its cells can only be read with a comma, with a point, or either way.
        nearby: What other columns say, the nearest first, each with its name.
        country: The account's; "1,250" in the United States is written as everybody there does.
    """
    doubtful = {mark: own.get(word, 0) for mark, word in EITHER.items() if own.get(word, 0)}
    found = telling(own)
    if found:
        return DecimalSign(found, f"{own[found]:,} values can only be read so")
    if own.get(POINT) and own.get(COMMA):
        if not doubtful:
            return DecimalSign(POINT, "every value says for itself")
        said = f"{own[POINT]:,} values only make sense with a point, {own[COMMA]:,} with a comma"
        return DecimalSign(UNDECIDED, said)
    if not doubtful:
        return DecimalSign()
    for where, signs in nearby:
        found = telling(signs)
        if found:
            return DecimalSign(found, f"{signs[found]:,} values of {where} can only be read so")
    mark, sign = thousands_mark(country)
    if set(doubtful) == {mark}:
        return DecimalSign(sign, f"thousands as usual in {country}")
    return DecimalSign(UNDECIDED, NO_NUMBER_DECIDES)


def telling(signs: Signs) -> str | None:
    """The sign nearly all cells that tell one agree on."""
    point, comma = signs.get(POINT, 0), signs.get(COMMA, 0)
    if not point + comma:
        return None
    most = POINT if point >= comma else COMMA
    return most if max(point, comma) >= AGREEING * (point + comma) else None


@cache
def thousands_mark(country: str) -> tuple[str, str]:
    """(the mark between thousands, the decimal sign) of a country; marks may be blanks."""
    try:
        symbols = Locale.parse(f"und_{country}").number_symbols
    except (UnknownLocaleError, ValueError):
        return COMMA, POINT
    usual = symbols.get("latn", symbols)
    return str(usual["group"]), str(usual["decimal"])


def comma_of(sign: str) -> bool | None:
    """Whether a decimal sign is the comma, as `money.amount` takes it; None when undecided."""
    return {COMMA: True, POINT: False}.get(sign)


def decimal_answer(answers: Mapping[str, str], dataset: str, column: str) -> str | None:
    """The sign a person named for a column, its dataset or all. Raises BadInput for no sign."""
    word = answered(answers, dataset, column)
    if word is not None and word not in SIGN_WORDS:
        raise BadInput(
            f"{word!r} is no decimal sign for {dataset}.{column}; write 'comma' or 'point'"
        )
    return SIGN_WORDS[word] if word else None


def order_answer(answers: Mapping[str, str], dataset: str, column: str) -> str | None:
    """The order a person named for a column, its dataset or all. Raises BadInput for no order."""
    word = answered(answers, dataset, column)
    if word not in (None, DAY_FIRST, MONTH_FIRST):
        raise BadInput(
            f"{word!r} is no order of day and month for {dataset}.{column}. "
            f"Write {DAY_FIRST!r} or {MONTH_FIRST!r}."
        )
    return word


def answered(answers: Mapping[str, str], dataset: str, column: str) -> str | None:
    """A person's word for a column (a custom one by its header), its dataset or everything."""
    keys = (f"{dataset}.{column}", dataset, "*")
    return next((answers[k] for k in keys if k in answers), None)


def united(counts: Iterable[Signs]) -> Counter[str | None]:
    """The cells of several columns together."""
    found: Counter[str | None] = Counter()
    for one in counts:
        found.update(one)
    return found
