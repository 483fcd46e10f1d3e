"""What an object type is declared with: its kinds of export, their columns, its record in HighLevel.

One file per object type holds one `ObjectType`. A column says in one line how its cells are headed,
how they are read and which field takes them; raw and clean tables, their schemas, how a row is
cleaned, the custom object with its fields and associations, the rules of the map, links, lines and
waves are derived from that. Belongs here: the shapes. Does not: any object type.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flitstack_pipeline.catalog.statuses import closed

TEXT, DATE, MONEY, BOOL, INT = "VARCHAR", "DATE", "DECIMAL(18,4)", "BOOLEAN", "BIGINT"
QUANTITY = "DECIMAL(18,6)"
LIST, MAP = "VARCHAR[]", "MAP(VARCHAR, VARCHAR)"
EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
E164_PATTERN = r"^\+[1-9]\d{6,14}$"
COUNTRY_PATTERN = r"^[A-Z]{2}$"
#: Objects of HighLevel.
CONTACT, OPPORTUNITY, BUSINESS = "contact", "opportunity", "business"
OPPORTUNITY_PRODUCT = "custom_objects.opportunity_product"
#: Rules of what is kept of every record beside its fields.
KEPT = (
    "merged_values Merged_Values__c long",
    "source_key Source_System_ID__c",
    "originals Original_Values__c lines",
)

#: Readings that ask for more than their cell → what `Column` then says.
_NEEDED = {
    "day_and_time": "beside", "time_beside": "beside", "key": "parent", "status": "words",
}  # fmt: skip
_NAME = re.compile(r"[a-z0-9_]+")


def _check_names(*names: str) -> None:
    """Names stand in SQL, in paths and in keys. Raises ValueError for one that must not."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r}: a name is of small letters, digits and `_`")


@dataclass(frozen=True)
class Reading:
    """How a cell is read: DuckDB type, HighLevel data type, and the transform between them."""

    type: str = TEXT
    target: str = "TEXT"
    transform: str = "text"


#: Word of `Column.read` → what goes with it. `cleaning.rows.declared` reads by the same words.
READINGS: dict[str, Reading] = {
    "text": Reading(),
    "long_text": Reading(target="LARGE_TEXT"),
    "one_line": Reading(),
    "long_line": Reading(target="LARGE_TEXT"),
    "plain_note": Reading(target="LARGE_TEXT"),
    "number": Reading(),
    "reference": Reading(),
    "numbers": Reading(LIST, transform="joined"),
    "people": Reading(LIST, transform="joined"),
    "words": Reading(LIST, transform="joined"),
    "boolean": Reading(BOOL, "SINGLE_OPTIONS", "yes_no"),
    "money": Reading(MONEY, "MONETORY", "money"),
    "critical_money": Reading(MONEY, "MONETORY", "money"),
    "key": Reading(),
    "day": Reading(DATE, "DATE", "date"),
    "day_and_time": Reading(DATE, "DATE", "date"),
    "time": Reading(),
    "time_beside": Reading(),
    "stamp": Reading(DATE, "DATE", "date"),
    "status": Reading(target="SINGLE_OPTIONS", transform="choice"),
}


@dataclass(frozen=True)
class Field:
    """One column of a clean table: name, DuckDB type, what it means, what must hold."""

    name: str
    type: str
    about: str
    required: bool = False
    unique: bool = False
    isin: tuple[str, ...] = ()
    matches: str = ""


@dataclass(frozen=True)
class Column:
    """One column of an export: its canonical name, its usual header and other spellings.

    `unsure` are spellings that count only where the cells look like it.

    Where `read` is given the column is declared as a whole: `read` is a word of `READINGS`, `to`
    the field of the record that takes it ("" for none; of a `stamp` the fields of day and moment),
    `clean` its name in the clean table where that is another, `about` what it means. A row without
    a `required` one is refused. `beside` is the column of the times of a `day_and_time`, and that
    of the day of a `time_beside`. `words` are the closed words of a status, each followed by other
    spellings. `parent` is the object type whose record a reference names. Where `read` is not
    given, the row's function in `cleaning.rows` reads it; `holds` then says as what, of dates and
    amounts, whose files are asked how they are written.
    """

    name: str
    header: str
    aliases: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    read: str = ""
    to: str = ""
    clean: str = ""
    about: str = ""
    beside: str = ""
    words: tuple[str, ...] = ()
    parent: str = ""
    required: bool = False
    holds: str = ""

    def __post_init__(self) -> None:
        _check_names(self.name, self.cleaned)
        for word in filter(None, (self.read, self.holds)):
            if word not in READINGS:
                raise ValueError(f"column {self.name}: {word!r} is no reading of {[*READINGS]}")
        needed = _NEEDED.get(self.read, "name")
        if not getattr(self, needed):
            raise ValueError(f"column {self.name}: read as {self.read} it needs `{needed}`")

    @property
    def held(self) -> str:
        """What its cells hold, in a word of `READINGS`; "" for any text."""
        return self.read or self.holds

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every known spelling, the canonical name included."""
        return (self.header, self.name.replace("_", " "), *self.aliases)

    @property
    def cleaned(self) -> str:
        """Its name in the clean table."""
        return self.clean or self.name

    @property
    def closed(self) -> tuple[str, ...]:
        """The closed words of a status."""
        return closed(self.words)

    def fields(self) -> Iterator[Field]:
        """What it is in the clean table, where it is declared as a whole."""
        if not self.read:
            return
        about, type_ = self.about or self.header, READINGS[self.read].type
        required = self.required or self.read in ("number", "key")
        yield Field(self.cleaned, type_, about, required=required, isin=self.closed)
        if self.read == "status":
            yield Field(f"{self.cleaned}_text", TEXT, f"{self.header.lower()} as read")
        if self.read == "stamp":
            yield Field(f"{self.cleaned}_at", TEXT, f"{about}: the exact moment, ISO 8601")


@dataclass(frozen=True)
class Dataset:
    """One kind of export file: its columns, which of them is the id, which tell it apart.

    `signature` names columns that no other dataset has together. `subjects` are the nouns of its
    records: they name its own id ("Job ID"), and say nothing new before one of its columns ("Job
    Status"). `business_keys` identify a row where the export has no id: of each group ("name or
    first_name", written `name|first_name`) one column must be there. `lines_of` names the documents
    whose lines the rows are; the first id column names the document of a row.

    `target` is the object of HighLevel whose fields take the columns; `rules` are lines of the map
    for what is no column as it stands (see `rule`), `further` the clean columns that the function
    of the rows or a later step fills. Rows that become a line in a text of their parent are
    `joined` into it: (kind of export of the parent, column of the text). Unknown columns are custom
    fields of what `is_open`.

    Where a row has no id, one is derived of the `derived_id` columns. `tells` says what tells two
    rows of one number apart: facets `name [kind [columns]]` separated by `;`, after `any:` where
    each difference makes two records (`cleaning.identity_rules`). Equal rows of what `repeats` are
    two records: paying 500 in cash twice a day is legal.
    """

    key: str
    label: str
    columns: tuple[Column, ...]
    id_columns: tuple[str, ...]
    signature: tuple[str, ...]
    file_stems: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    business_keys: tuple[str, ...] = ()
    lines_of: str = ""
    target: str = ""
    rules: tuple[str, ...] = ()
    further: tuple[Field, ...] = ()
    joined: tuple[str, str] = ("", "")
    is_open: bool = True
    derived_id: tuple[str, ...] = ()
    tells: str = ""
    repeats: bool = False
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        _check_names(self.key)
        names = Counter(c.name for c in self.columns)
        if twice := [name for name, n in names.items() if n > 1]:
            raise ValueError(f"{self.key}: several columns are called {', '.join(twice)}")
        if len(worded := [c.name for c in self.columns if c.words]) > 1:
            raise ValueError(f"{self.key}: one column has closed words, not {', '.join(worded)}")
        object.__setattr__(self, "by_name", {c.name: c for c in self.columns})

    @property
    def own_id(self) -> str:
        """The column of its records' own ids, "" where it has none."""
        first = self.by_name[self.id_columns[0]]
        is_id = first.name.endswith(("_id", "_number")) and not first.parent
        return first.name if is_id and not self.lines_of else ""

    @property
    def cleaned(self) -> tuple[Field, ...]:
        """Its own columns of the clean table: declared as a whole, then the others."""
        return (*(f for column in self.columns for f in column.fields()), *self.further)


@dataclass(frozen=True)
class Source:
    """The tool whose exports are read: what people call it, and the words that only it has.

    By kind of export: `spellings` are lines `column: Header|header` of its own headers, `words` the
    closed words of a status, each followed by its own words for it, `stems` the names of its files.
    `advice` says what its exports warn of.
    """

    name: str
    spellings: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    advice: Callable[[Any], list[str]] = lambda facts: []

    def of(self, dataset: Dataset) -> Dataset:
        """A kind of export with the tool's words.

        Raises LookupError for an unknown column, and for an unknown closed word.
        """
        headers = dict(
            line.strip().split(": ", 1)
            for line in self.spellings.get(dataset.key, "").strip().splitlines()
        )
        if unknown := sorted(headers.keys() - dataset.by_name.keys()):
            raise LookupError(f"{dataset.key} has no column {', '.join(unknown)}")
        known = {word for c in dataset.columns for word in c.closed}
        if strange := sorted({*closed(self.words.get(dataset.key, ()))} - known):
            raise LookupError(f"{dataset.key} has no status {', '.join(strange)}")
        columns = (self._worded(dataset.key, c, headers.get(c.name, "")) for c in dataset.columns)
        stems = (*dataset.file_stems, *self.stems.get(dataset.key, ()))
        return replace(dataset, columns=tuple(columns), file_stems=stems)

    def _worded(self, kind: str, column: Column, headers: str) -> Column:
        aliases = (*column.aliases, *filter(None, headers.split("|")))
        own = {word.split()[0]: word for word in self.words.get(kind, ())}
        words = tuple(f"{w} {own.get(w.split()[0], '')}".strip() for w in column.words)
        return replace(column, aliases=aliases, words=words)


@dataclass(frozen=True)
class ObjectType:
    """One object type of the source: a partition key of every partitioned asset.

    `parents` are the object types whose HighLevel records must exist before ours can be
    written; `exports` are the kinds of export file that feed it, the main one first. `record` names
    the custom object whose records its rows become, in the singular and in the plural; its fields,
    its associations with the records of the parents and the rules of the map are derived. The
    records of what `is_special` are made by a builder of their own in `mapping`.
    """

    key: str
    label: str
    becomes: str
    parents: tuple[str, ...] = ()
    exports: tuple[Dataset, ...] = ()
    record: tuple[str, str] | None = None
    is_special: bool = False
    datasets: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        _check_names(self.key)
        object.__setattr__(self, "datasets", tuple(d.key for d in self.exports))
        numbers = [c for c in self.main.columns if c.read == "number" and c.to]
        if self.record and not numbers:
            raise ValueError(f"{self.key}: one column must be read as its number, with a field")

    @property
    def dataset(self) -> str:
        """The main kind of export file (its rows are the records)."""
        return self.datasets[0]

    @property
    def main(self) -> Dataset:
        """The declaration of the main kind of export file."""
        return self.exports[0]

    @property
    def lines(self) -> Dataset | None:
        """The declaration of its lines, if it has any."""
        return next((d for d in self.exports if d.lines_of == self.key), None)

    @property
    def singular(self) -> str:
        """The word for one of its records in keys of records, roles of links and associations."""
        return self.key.removesuffix("s")

    @property
    def target(self) -> str:
        """The key of its custom object."""
        return f"custom_objects.{self.singular}"


@dataclass(frozen=True)
class Rule:
    """One declared line of the map: clean column → field of a target, by a transform.

    What a builder derives while it reads a row is `made_of` clean columns, else None.
    """

    column: str
    target: str
    field: str
    transform: str = "text"
    data_type: str = "TEXT"
    made_of: tuple[str, ...] | None = None


_TYPES = {"money": "MONETORY", "number": "NUMERICAL", "date": "DATE", "lines": "LARGE_TEXT",
          "yes_no": "SINGLE_OPTIONS", "choice": "SINGLE_OPTIONS"}  # fmt: skip


def rule(target: str, line: str) -> Rule:
    """A rule from `column field [transform] [DATA_TYPE] [@target]`; `long` is a long text.

    `derived<one,another field` is of a column that a builder derives from those two.
    """
    name, label, *rest = line.split()
    column, derived, sources = name.partition("<")
    made_of = tuple(filter(None, sources.split(","))) if derived else None
    transform = next((word for word in rest if word.islower() and word[0] != "@"), "text")
    if transform == "long":
        transform, rest = "text", [*rest, "LARGE_TEXT"]
    data_type = next((word for word in rest if word.isupper()), _TYPES.get(transform, "TEXT"))
    target = next((word[1:] for word in rest if word.startswith("@")), target)
    return Rule(column, target, label, transform, data_type, made_of)


def rules_of(columns: Iterable[Column], target: str) -> Iterator[Rule]:
    """The rules of some columns, those of whole moments included."""
    for c in columns:
        reading = READINGS.get(c.read, Reading())
        labels = c.to.split()
        if labels:
            yield Rule(c.cleaned, target, labels[0], reading.transform, reading.target)
        if len(labels) > 1:
            yield Rule(f"{c.cleaned}_at", target, labels[1])
