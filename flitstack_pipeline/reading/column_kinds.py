"""What kind of value each column of a file holds, learned from its own cells.

A kind (an e-mail, a ZIP code, a date, an amount, the account's own pattern of numbers) is a pattern
that nearly all cells of a column follow; a cell that does not contradicts its column. Few rows say
little, so there a known column is taken for what it is by name.

Belongs here: the kinds, and learning which column is of which. Does not: judging a
row (`alignment`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from flitstack_pipeline.catalog.source import LINES_OF
from flitstack_pipeline.cleaning.values.columns import is_date_column, is_money_column
from flitstack_pipeline.cleaning.values.contact_points import is_email, is_phone
from flitstack_pipeline.cleaning.values.dates import is_day
from flitstack_pipeline.cleaning.values.money import DoubtfulAmount, amount
from flitstack_pipeline.cleaning.values.numbers import number

#: Share of a column's filled cells that must follow a pattern.
SUPPORT = 0.95
#: With fewer filled cells than this a known column is taken for what its name says.
FEW = 20
#: Columns of few different values: at least so many cells, and so large a share that repeats.
CHOICE_CELLS, CHOICE_SHARE = 8, 0.8

#: What stands where a value is still to come; said, so kept.
TO_COME = (
    r"[(]?(?:t\.?b\.?[dac]\.?|to be (?:determined|confirmed|announced|advised|agreed|decided)"
    r"|unknown|por (?:definir|determinar|confirmar)|\?)[)]?[.?!]*"
)
#: What stands in the cell of an amount that is not there.
NO_AMOUNT = r"|-+|n/?a|#n/a|none|null|nan|undefined"
_EMPTY = (
    rf"{TO_COME}|"
    r"[-–—?.\s]*|n/?a|#n/a|none|null|nil|undefined|nan|\{\}|\[\]|\(none\)"
    r"|#[A-Za-z0-9/]+[!?]|\[object object\]|not provided|invalid date"
)
_DAY = (
    r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}"
    r"|(?:[a-zéûä]{3,10},? )?[0-9]{1,2}[. -]{1,2}[a-zéûä]{3,10}[.,]?[ -][0-9]{2,4}"
    r"|(?:[a-zéûä]{3,10},? )?[a-zéûä]{3,10}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}"
    r"|[0-9]+ (?:second|minute|hour|day|week|month|year)s? ago|today|yesterday"
)
_STATES = (
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|"
    "hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|"
    "michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|"
    "new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|"
    "rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|"
    "west virginia|wisconsin|wyoming|district of columbia|puerto rico|alberta|british columbia|"
    "manitoba|new brunswick|nova scotia|ontario|quebec|saskatchewan|queensland|victoria|tasmania|"
    "new south wales"
)


@dataclass(frozen=True)
class Kind:
    """A kind of value: the pattern a whole cell follows, in a form both Python and DuckDB read.

    `strong` kinds are seldom met by a value of another column, so they can prove that a row is
    shifted; the others only help to choose between readings. `unlike` is a pattern of cells that
    are not of the kind though they follow its pattern. `reads` is the parser of the column's
    values: what it reads is of the column in whatever spelling, where no cell is missing.
    """

    name: str
    pattern: str
    strong: bool = True
    unlike: str = ""
    reads: Callable[[str], bool] | None = None

    @property
    def expression(self) -> str:
        """The pattern of a whole cell: of the kind, or empty in one of the usual words."""
        return rf"(?is)^\s*(?:{_EMPTY}|{self.pattern})\s*$"

    def fits(self, cell: str) -> bool:
        """Whether a cell is of this kind, or as good as empty."""
        return _fits(self, cell)

    def is_read(self, cell: str) -> bool:
        """Whether the parser of such a column reads a cell, whole."""
        return bool(self.reads and self.reads(cell))

    def is_value(self, cell: str) -> bool:
        """Whether a cell holds a value of this kind, and not just nothing."""
        return self.fits(cell) and not _EMPTY_CELL.match(cell)


_EMPTY_CELL = re.compile(rf"(?is)^\s*(?:{_EMPTY})\s*$")


def says_nothing(cell: str) -> bool:
    """Whether a cell is empty, or holds a word for nothing or for what is still to come."""
    return _EMPTY_CELL.match(cell) is not None


@lru_cache(maxsize=100_000)
def _fits(kind: Kind, cell: str) -> bool:
    if not re.match(kind.expression, cell):
        return False
    return not (kind.unlike and re.match(rf"(?is)^\s*(?:{kind.unlike})\s*$", cell))


def _is_number(cell: str) -> bool:
    return _reads_as(number, cell) or _reads_as(amount, cell)


def _reads_as(parser: Callable[..., Decimal | None], cell: str) -> bool:
    try:
        return parser(cell, comma=None) is not None
    except DoubtfulAmount:
        return True
    except ValueError:
        return False


_ONE_EMAIL = r"(?:mailto:)?[^\s,;@\"]+@[^\s,;@\"]+\.[^\s,;@\"]+"
EMAIL = Kind(
    "e-mail", rf"[\[\"<]*{_ONE_EMAIL}(?:[\s;,/|&\"]+{_ONE_EMAIL})*[>\"\]]*", reads=is_email
)
LOOSE_EMAIL = Kind("e-mail", r"[^@]*@.*")
_ONE_PHONE = (
    r"[a-z.: ]{0,14}(?:[+(]{0,2}[0-9][\s)./-]{0,3}){7,15}"
    r"(?:\s*(?:x|ext\.?|extension|#)\s*[0-9]{1,6})?\s*(?:[(\[]?[a-z][a-z .]{1,15}[)\]]?)?"
)
PHONE = Kind(
    "phone",
    rf"[\[\"]*{_ONE_PHONE}(?:(?:[\s\",;/|&]+|\s+or\s+){_ONE_PHONE})*[\"\]]*"
    r"|[0-9](?:\.[0-9]+)?E\+?[0-9]+",
    unlike=_DAY,
    reads=is_phone,
)
ZIP = Kind(
    "ZIP code",
    r"(?:[a-z]{1,2}[- ])?(?:[0-9]{3}\s[0-9]{2}|[0-9]{4,5}-[0-9]{3}|[0-9]{2}-[0-9]{3}|[0-9]{4,5})|"
    r"[0-9]{3,5}(?:[-\s]?[0-9]{4})?(?:\.0)?|[a-z][0-9][a-z][\s-]?[0-9][a-z][0-9]|[0-9]{6}"
    r"|[a-z]{1,2}[0-9][a-z0-9]?\s?[0-9][a-z]{2}|[0-9]{4}\s?[a-z]{2}|[a-z][0-9w]{2}\s?[a-z0-9]{4}",
)
STATE = Kind("state", rf"[a-z]{{2,3}}\.?|[a-z]\.\s?[a-z]\.?|{_STATES}")
DATE = Kind(
    "date",
    rf"(?:{_DAY})(?:[T\s,]+(?:at )?[0-9]{{1,2}}[:h][0-9]{{2}}[^,;|]*)?"
    r"|[34][0-9]{4}(?:\.[0-9]+)?|[12][0-9]{7,12}"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? [a-z0-9 :.+()-]*[0-9][a-z0-9 :.+()-]*",
    reads=is_day,
)
#: A date as people write it: a bare number may be one too, but proves nothing.
WRITTEN_DATE = Kind("date", rf"(?:{_DAY})(?:[T\s,]+(?:at )?[0-9]{{1,2}}[:h][0-9]{{2}}[^,;|]*)?")
#: `9:05 AM`, `14.05 Uhr`, `kl. 9`, `14h05`, `2:05 PM (EST)`, `noon`.
TIME = Kind(
    "time",
    r"(?:kl\.?\s?)?[0-9]{1,2}(?:[:.h][0-9]{2}){0,2}(?:\s?(?:[ap]\.?\s?m\.?|uhr|hrs?|h))?"
    r"(?:\s?[(\[]?(?:[a-z]{2,5}|[a-z]+/[a-z_]+|(?:utc|gmt)[+-][0-9:]+)[)\]]?)?"
    r"|0?\.[0-9]+|any ?time.*|noon|midday|midnight",
)
_SIGN = "[$€£¥₹₡₱₲₴₦₩₪₫₺₽฿]"
NUMBER = Kind(
    "number",
    rf"[-+(]?\s*(?:{_SIGN}|[a-z]{{1,3}}(?:\.|\$)?|[a-z]{{1,2}}\$)?\s*[-(]?"
    r"(?:[0-9]{1,3}(?:[,.' ][0-9]{2,3})*(?:[.,][0-9]{1,4})?|[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)"
    rf"(?:E[+-]?[0-9]+)?\)?(?:[.,:/]\s?[-=–]{{1,2}})?\s*(?:[a-z]{{3}}|kr\.?|zł|kč|{_SIGN}|%)?\s*[-)]?"
    r"(?:\s?\(?[cd]r\.?\)?)?"
    rf"|[(]?{_SIGN}\s*[(]?\s*-?\s*[)]{{0,2}}",
    reads=_is_number,
)
NAME = Kind("name", r"[^@]*[^\W\d_][^@]*", strong=False, unlike=_DAY)
WORDS = Kind("words", r"[^0-9@]*", strong=False)
PLACE = Kind(
    "place", r"[^0-9@,;|]*", strong=False,
    unlike=r"(?:apt|apartment|suite|ste|unit|bldg|building|floor|fl|rm|room|lot)\b.*|#.*",
)  # fmt: skip

_BY_NAME: dict[str, tuple[Kind, ...]] = {
    "email": (EMAIL, LOOSE_EMAIL),
    "phone": (PHONE,),
    "mobile": (PHONE,),
    "zip": (ZIP,),
    "state": (STATE, WORDS),
    "city": (PLACE, WORDS),
    "country": (PLACE, WORDS),
    "start_time": (TIME,),
    "end_time": (TIME,),
    "name": (NAME,),
    "client_name": (NAME,),
    "first_name": (NAME,),
    "last_name": (NAME,),
}
#: Kinds an unknown column, or a known one of free text, may show, the telling ones first.
_LEARNED = (EMAIL, DATE, NUMBER, WORDS)


@dataclass(frozen=True)
class Columns:
    """What was learned of a file: kinds by column, and the words of columns of few words.

    `told` are kinds that half of a column's cells follow, be they few: no proof against a row, but
    a row that is put right must follow them.
    """

    kinds: Mapping[str, Kind]
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    told: Mapping[str, Kind] = field(default_factory=dict)


def learn(cells: Mapping[str, Sequence[str]], known: frozenset[str], dataset: str) -> Columns:
    """What the columns of a file are, from a sample of their cells.

    Args:
        cells: Sampled cells by column: canonical names, and labels of unknown columns.
        known: The columns that have a canonical name.
        dataset: The kind of export; its line item names are no names of people.

    Returns:
        Kinds of the columns that have one, and the words of those that hold few words.
    """
    kinds, choices, told = {}, {}, {}
    for column, values in cells.items():
        texts = Counter(v.strip() for v in values if v)
        filled = Counter({v: n for v, n in texts.items() if not _EMPTY_CELL.match(v)})
        kind = _kind(column if column in known else "", filled, dataset)
        if kind:
            kinds[column] = kind
        half = _half(kind, filled)
        if half:
            told[column] = half
        words = _repeated(filled)
        if words:
            choices[column] = words
    return Columns(kinds, choices, told)


def _half(kind: Kind | None, filled: Counter[str]) -> Kind | None:
    """The kind that at least half of the cells tell, stricter than the column's own."""
    if kind not in (None, DATE, WORDS) or filled.total() < 3:
        return kind
    tellable = (WRITTEN_DATE,) if kind is DATE else (EMAIL, WRITTEN_DATE, NUMBER)
    return next((k for k in tellable if _mostly(k, filled, 0.5)), kind)


def _kind(name: str, filled: Counter[str], dataset: str) -> Kind | None:
    usual = _usual(name, dataset)
    if name.endswith(("_id", "_number")):
        return _shape(filled)
    if usual and filled.total() < FEW:
        return _likeliest(usual, filled)
    chain = (*usual, *_LEARNED) if filled.total() >= FEW else usual
    return next((k for k in chain if _mostly(k, filled, SUPPORT)), None)


def _usual(name: str, dataset: str) -> tuple[Kind, ...]:
    """The kinds a column has by its name, the strictest first."""
    if name == "name" and dataset in ("items", *LINES_OF):
        return ()
    if is_date_column(dataset, name):
        return (DATE,)
    return (NUMBER,) if is_money_column(dataset, name) else _BY_NAME.get(name, ())


def _likeliest(usual: tuple[Kind, ...], filled: Counter[str]) -> Kind | None:
    """The kind of a known column with few cells: by name, unless most cells are against it."""
    if filled.total() <= 2:
        return usual[0]
    return next((k for k in usual if _mostly(k, filled, 0.5)), None)


def _mostly(kind: Kind, counted: Counter[str], share: float) -> bool:
    """Whether so large a share of the cells is of a kind; each text is looked at once."""
    spare = counted.total() * (1 - share) + 1e-9
    for cell, count in counted.items():
        if not kind.fits(cell):
            spare -= count
            if spare < 0:
                return False
    return True


def _shape(filled: Counter[str]) -> Kind | None:
    """The account's own pattern of numbers (`1001`, `INV-7`, `#12`), where nearly all follow it."""
    cells, shapes = filled.total(), Counter[str]()
    for value, times in filled.items():
        shapes[shape_of(value)] += times
    if not shapes:
        return None
    shape, count = shapes.most_common(1)[0]
    enough = count / cells >= SUPPORT if cells >= FEW else _most(count, cells)
    if not enough or "9" not in shape:
        return None
    pattern = re.escape(shape).replace("9", "[0-9]+").replace("A", "[a-z]+")
    return Kind(f"number like {next(iter(filled))!r}", rf"{pattern}(?:\.0)?")


def _most(count: int, cells: int) -> bool:
    return cells >= 3 and count > cells / 2


def shape_of(value: str) -> str:
    """A value with every run of letters as `A` and every run of digits as `9`."""
    return re.sub(r"[0-9]+", "9", re.sub(r"[^\W\d_]+", "A", value))


def _repeated(filled: Counter[str]) -> frozenset[str]:
    """The words of a column whose cells nearly all repeat one another, else nothing."""
    cells, counted = filled.total(), Counter[str]()
    for value, times in filled.items():
        counted[value.casefold()] += times
    again = {word for word, count in counted.items() if count > 1}
    share = sum(counted[word] for word in again) / cells if cells else 0
    if cells < CHOICE_CELLS or share < CHOICE_SHARE or len(again) > cells / 2:
        return frozenset()
    return frozenset(again)


def contradicted(cells: Iterable[str], kinds: Sequence[Kind | None]) -> list[int]:
    """Where cells contradict the kinds of their columns; cells beyond the kinds never do."""
    return [
        index
        for index, (cell, kind) in enumerate(zip(cells, kinds, strict=False))
        if kind and cell and not kind.fits(cell)
    ]
