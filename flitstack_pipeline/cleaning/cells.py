"""What a clean row is declared with: each method reads cells of a raw row and gives the SQL of a
typed value, and remembers what else the statement needs.

A declaration (`people.client`, `documents.job`, …) runs once per table, not once per row. What a
cell needs of a row-wise parser becomes a `Lookup`; what cannot be given back from the typed value
is kept as original with a note; what makes a row useless refuses it. `batches` runs the statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.cleaning.values import cell_sql
from flitstack_pipeline.cleaning.values.cell_sql import cell, literal
from flitstack_pipeline.cleaning.values.columns import CUSTOM, Place
from flitstack_pipeline.cleaning.values.dates import IN_ZONE, MONTH_FIRST
from flitstack_pipeline.cleaning.values.formats import POINT, Format
from flitstack_pipeline.cleaning.values.parsers import PARSERS, SEPARATOR, Parser
from flitstack_pipeline.cleaning.values.zones import ROW

#: A clean row: SQL by column of the clean table. A raw row is `r`.
Row = dict[str, str]
UNKNOWN_WORD = "unknown status word; decide it in the value map"
KEPT_TYPE = 'STRUCT("column" VARCHAR, value VARCHAR, note VARCHAR, original BOOLEAN)'
_SEPARATOR = f"chr({ord(SEPARATOR)})"
#: `Null` is a surname, too.
_NAMES = frozenset({"name", "first_name", "last_name"})
#: A time of day with nothing behind it; what else there is, a zone perhaps, the parser says.
_BARE_CLOCK = r"\s*[0-9]{1,2}([:.][0-9]{2})*\s*([AaPp]\.?\s?[Mm]?\.?)?\s*"
#: How Americans write a phone, or anybody one with its country code: needs no look at the address.
_WITH_CODE = r"(\+|00)[0-9 ().\-]+"
_AMERICAN_PHONE = r"(\+?1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]?\d{3}[ .-]?\d{4}"
_SEVERAL = r"[;,|\n&]|\b[aA][nN][dD]\b"


@dataclass(frozen=True)
class Lookup:
    """One use of a parser: the columns it reads, and the SQL of the text it is asked with.

    Without a `key` the table has none of the columns: there is nothing to ask, and nothing found.
    """

    name: str
    parser: Parser
    columns: tuple[str, ...]
    key: str = ""

    def found(self, value: str) -> str:
        """SQL of one of the values as the parser found it."""
        return f'"{self.name}".found."{value}"'

    def value(self, value: str, type_: str = "VARCHAR") -> str:
        """SQL of one of the values found, or NULL."""
        return f"CAST({self.found(value) if self.key else 'NULL'} AS {type_})"

    def list(self, value: str) -> str:
        """SQL of one of the lists found, or an empty one."""
        return f"coalesce({self.found(value)}, [])" if self.key else "CAST([] AS VARCHAR[])"


@dataclass
class Cells:
    """The cells of one raw table. `present` are its columns that hold anything at all."""

    formats: Mapping[Place, Format]
    present: frozenset[str]
    #: Whether the account writes people "Last, First" (`name_order`).
    last_name_first: bool = False
    #: Whether the account's phones are of the North American plan.
    american: bool = True
    #: Further columns the batch needs: trimmed texts, by their name.
    texts: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, Lookup] = field(default_factory=dict)
    #: (condition, a list of `KEPT_TYPE`): what is kept of a row, and what is noted.
    kept: list[tuple[str, str]] = field(default_factory=list)
    #: (condition, a struct): why a row is refused, the first that holds.
    refusals: list[tuple[str, str]] = field(default_factory=list)

    # --- cells as they are ---

    def raw(self, column: str) -> str:
        """The cell as read; NULL when the table has no such column."""
        return f'r."{column}"' if column in self.present else "CAST(NULL AS VARCHAR)"

    def text(self, column: str) -> str:
        """Trimmed text of a cell; NULL for a placeholder."""
        if column not in self.present:
            return self.raw(column)
        name = f"text({column})"
        self.texts[name] = cell_sql.text(cell(column))
        return f'r."{name}"'

    def one_line(self, column: str) -> str:
        """Trimmed text with every run of white space made one space."""
        return cell_sql.one_line(self.text(column))

    def boolean(self, column: str) -> str:
        """Yes or no; NULL for an absent column or another word."""
        return cell_sql.boolean(self.raw(column))

    def done(self, column: str) -> str:
        """Whether something is completed; an empty cell of the column says it is not."""
        if column not in self.present:
            return "CAST(NULL AS BOOLEAN)"
        found = self._look("done", column).value("value", "BOOLEAN")
        return f"CASE WHEN {cell_sql.stripped(self.raw(column))} = '' THEN false ELSE {found} END"

    def number(self, column: str) -> str:
        """A document number; a row without one is refused."""
        found = self.text(column)
        self.refuse(
            f"{found} IS NULL", column, "no_number", "Give the row its number and export again."
        )
        return cell_sql.document_number(found)

    def reference(self, column: str) -> str:
        """The number of another record, or NULL."""
        return cell_sql.document_number(self.text(column))

    def custom(self) -> str:
        """Unknown columns with a value, by label."""
        value = cell_sql.stripped("e.value")
        return (
            "CASE WHEN cardinality(r._extra) > 0 THEN map_from_entries(list_transform(list_filter("
            f"map_entries(r._extra), lambda e: ({cell_sql.said('e.value')}) IS NOT NULL), "
            f"lambda e: {{'key': e.key, 'value': {value}}})) ELSE MAP {{}} END"
        )

    def custom_formats(self) -> str:
        """How the file of each custom cell writes it, by label, where that is not as usual."""
        unusual: dict[str, dict[str, str]] = {}
        for (file, column), found in self.formats.items():
            if column.startswith(CUSTOM) and found != Format():
                unusual.setdefault(column.removeprefix(CUSTOM), {})[file] = found.word
        if not unusual:
            return "MAP {}"
        entries = ", ".join(
            f"{{'key': {literal(label)}, 'value': {_by_file(files, '', 'r')}}}"
            for label, files in sorted(unusual.items())
        )
        told = "lambda e: e.value <> '' AND r._extra[e.key] IS NOT NULL"
        return f"map_from_entries(list_filter([{entries}], {told}))"

    # --- cells that a parser reads ---

    def date(self, column: str) -> tuple[str, str]:
        """(day, exact moment as ISO 8601 text or NULL) of a date cell."""
        orders = {f: o.date_order for (f, c), o in self.formats.items() if c == column}
        order = _by_file(orders, MONTH_FIRST)
        found = self._look("date", column, before=order)
        if any(ROW in way for way in orders.values()):  # the zone stands in another cell
            self.keep(f"contains({self.raw(column)}, ':')", column, None)
        return found.value("day", "DATE"), found.value("exact")

    def day(self, column: str) -> str:
        """The day of a date cell; one with a time of day is kept as it is written, too."""
        day, exact = self.date(column)
        self._keep_time(f"{exact} IS NOT NULL", column)
        return day

    def day_and_time(self, column: str, time_column: str) -> tuple[str, str]:
        """(day, HH:MM) of a date cell and the time beside it, which the date may hold itself."""
        day, exact = self.date(column)
        time, within = self.time(time_column), f"substr({exact}, 12, 5)"
        self._keep_time(f"{time} <> {within} OR substr({exact}, 18, 2) <> '00'", column)
        if not {column, time_column} <= self.present:
            return day, f"coalesce({time}, {within})"
        both = self._in_a_zone(column, time_column)
        day_there, time_there = both.value("day", "DATE"), both.value("value")
        for one in (column, time_column):
            self.keep(f"{time_there} IS NOT NULL", one, None)
        return f"coalesce({day_there}, {day})", f"coalesce({time_there}, {time}, {within})"

    def time_beside(self, column: str, date_column: str) -> str:
        """HH:MM of a time cell whose day stands in another column."""
        time = self.time(column)
        if not {column, date_column} <= self.present:
            return time
        there = self._in_a_zone(date_column, column).value("value")
        self.keep(f"{there} IS NOT NULL", column, None)
        return f"coalesce({there}, {time})"

    def _in_a_zone(self, column: str, time_column: str) -> Lookup:
        """The lookup of a date with the time beside it, where that is not of the account's zone."""
        told = {f: o.date_order for (f, c), o in self.formats.items() if c == column}
        zones = {f: o.zone for (f, c), o in self.formats.items() if c == time_column and o.zone}
        orders = told | {
            f: f"{told.get(f, MONTH_FIRST).partition(IN_ZONE)[0]}{IN_ZONE}{zone}"
            for f, zone in zones.items()
        }
        strange = sorted(f for f, order in orders.items() if IN_ZONE in order)
        files = f"s._file IN ({', '.join(map(literal, strange))})" if strange else "false"
        date, time = self._written(column), self._written(time_column)
        zoned = f"({files} OR NOT regexp_full_match({time}, '{_BARE_CLOCK}'))"
        asked = f"{date} <> '' AND {time} <> '' AND {zoned}"
        plain = (f"replace({c}, {_SEPARATOR}, ' ')" for c in (date, time))
        key = f"concat_ws({_SEPARATOR}, {_by_file(orders, MONTH_FIRST)}, {', '.join(plain)})"
        name = f"date_time({column}, {time_column})"
        found = Lookup(
            name, PARSERS["date_time"], (column, time_column), f"CASE WHEN {asked} THEN {key} END"
        )
        return self.lookups.setdefault(name, found)

    def time(self, column: str) -> str:
        """HH:MM of a time cell."""
        return self._look("time", column).value("value")

    def money(self, column: str, *, critical: bool = False) -> str:
        """An exact amount; a critical one that cannot be read refuses the row."""
        found = self._look("money", column, before=self._sign(column))
        if found.key and critical:
            what = f"Correct the amount in {SOURCE.name} and export again."
            self.refuse(found.found("refused"), column, "not_an_amount", what)
        return found.value("value", "DECIMAL(18,4)")

    def quantity(self, column: str) -> tuple[str, str]:
        """(an exact quantity, the unit beside it or NULL)."""
        found = self._look("quantity", column, before=self._sign(column))
        return found.value("value", "DECIMAL(18,6)"), found.value("unit")

    def status(self, column: str, vocabulary: str) -> tuple[str, str]:
        """(closed-vocabulary status, words as read); unknown words are noted."""
        shown = self.one_line(column)
        known = self.word(column, vocabulary)
        entry = _kept(literal(column), shown, literal(UNKNOWN_WORD), original=False)
        self.kept.append((f"{known} IS NULL AND {shown} IS NOT NULL", f"[{entry}]"))
        return known, shown

    def word(self, column: str, vocabulary: str) -> str:
        """The word of a closed vocabulary, or NULL."""
        return self._look("status", column, before=literal(vocabulary)).value("word")

    def note(self, column: str) -> str:
        """Sanitised HTML or text of a note; images in it are marked and kept apart."""
        return self._note(column, "text")

    def plain_note(self, column: str) -> str:
        """Likewise as plain text, for a field; its images become files of the record."""
        return self._note(column, "plain")

    def _note(self, column: str, value: str) -> str:
        """One of the readings of a note; only what may be HTML needs the sanitiser."""
        if column not in self.present:
            return self.raw(column)
        read = cell(column)
        html = f"CASE WHEN contains({read}, '<') THEN {read} END"
        found = self._look("note", column, read=html)
        shown = cell_sql.written(self.raw(column))
        plain = f"nullif({cell_sql.stripped(shown)}, '')"
        return f"CASE WHEN contains({shown}, '<') THEN {found.value(value)} ELSE {plain} END"

    def words(self, column: str) -> str:
        """A list in a cell, such as tags."""
        return self._look("words", column).list("list")

    def people(self, column: str) -> str:
        """Display names in a cell."""
        return self._look("people", column).list("list")

    def numbers(self, column: str) -> str:
        """Document numbers in a cell; only a cell that may hold several needs the parser."""
        if column not in self.present:
            return "CAST([] AS VARCHAR[])"
        one, read = self.text(column), cell(column)
        several = f"CASE WHEN regexp_matches({read}, '{_SEVERAL}') THEN {read} END"
        found = self._look("numbers", column, read=several)
        return (
            f"CASE WHEN regexp_matches({self.raw(column)}, '{_SEVERAL}') "
            f"THEN {found.list('list')} WHEN {one} IS NULL THEN [] "
            f"ELSE [{cell_sql.document_number(one)}] END"
        )

    def read(self, parser: str, column: str, value: str) -> str:
        """One value of any parser of one cell."""
        return self._look(parser, column).value(value)

    def together(self, parser: str) -> Lookup:
        """What a parser finds in the columns it names."""
        return self._look(parser, *PARSERS[parser].cells)

    def phones(self) -> Lookup:
        """The phones of a row, with its address where a number is not written as Americans do."""
        parser, found = PARSERS["phones"], self.together("phones")
        if not found.key:
            return found
        usual = f"{_AMERICAN_PHONE}|{_WITH_CODE}" if self.american else _WITH_CODE
        odd = " OR ".join(
            f"({self._written(c)} <> '' AND NOT regexp_full_match(trim({self._written(c)}), "
            f"'{usual}'))"
            for c in parser.cells
            if c in self.present
        )
        beside = [f"CASE WHEN {odd} THEN {self._written(c)} END" for c in parser.beside]
        plain = (f"replace(coalesce({c}, ''), {_SEPARATOR}, ' ')" for c in beside)
        key = f"concat_ws({_SEPARATOR}, {found.key}, {', '.join(plain)})"
        key = f"CASE WHEN {found.key} IS NOT NULL THEN {key} END"
        self.lookups[found.name] = replace(found, key=key)
        return self.lookups[found.name]

    def key_of(self, dataset: str, number: str) -> str:
        """The source key of another record of the row's workspace."""
        return f"{cell_sql.workspace('r')} || '/{dataset}/' || {number}"

    # --- what becomes of a row ---

    def keep(self, condition: str, column: str, note: str | None) -> None:
        """Keep a cell as it was where the condition holds, and note why, if anything is to say."""
        value = self.raw(column)
        entry = _kept(literal(column), value, literal(note))
        self.kept.append((f"({condition}) AND {value} <> ''", f"[{entry}]"))

    def tell(self, condition: str, column: str, note: str) -> None:
        """Note something of a cell that a field holds all the same."""
        entry = _kept(literal(column), self.raw(column), literal(note), original=False)
        self.kept.append((condition, f"[{entry}]"))

    def refuse(self, condition: str, column: str, rule: str, what_to_do: str) -> None:
        """Refuse the row where the condition holds."""
        told = f"'column': '{column}', 'value': {self.raw(column)}, 'rule': '{rule}'"
        self.refusals.append((condition, f"{{{told}, 'what_to_do': {literal(what_to_do)}}}"))

    # --- inside ---

    def _keep_time(self, condition: str, column: str) -> None:
        """Keep a date cell whose time of day stands nowhere else, without a remark."""
        if column in self.present:
            self.keep(condition, column, None)

    def _sign(self, column: str) -> str:
        signs = {f: o.sign for (f, c), o in self.formats.items() if c == column}
        return _by_file(signs, POINT)

    def _look(
        self,
        parser: str,
        *columns: str,
        before: str | None = None,
        read: str | None = None,
    ) -> Lookup:
        """The lookup of a parser, made once; `before` is what it must know besides the cells."""
        name = f"{parser}({', '.join(columns)})"
        if not self.present.intersection(columns):
            return Lookup(name, PARSERS[parser], columns)
        if name in self.lookups:
            return self.lookups[name]
        cells = [read] if read else [self._written(c) for c in columns]
        key = f"nullif({cells[0]}, '')"
        if len(cells) > 1:
            any_cell = " OR ".join(f"{c} <> ''" for c in cells if c != "NULL")
            plain = (f"replace(coalesce({c}, ''), {_SEPARATOR}, ' ')" for c in cells)
            key = f"CASE WHEN {any_cell} THEN concat_ws({_SEPARATOR}, {', '.join(plain)}) END"
        elif before:
            key = f"{before} || {_SEPARATOR} || {key}"
        found = self.lookups[name] = Lookup(name, PARSERS[parser], columns, key)
        self._keep_found(found, columns[0])
        return found

    def _written(self, column: str) -> str:
        """A cell as a parser is asked with it; names decide themselves what is nobody's."""
        if column not in self.present:
            return "NULL"
        return cell(column) if column in _NAMES else cell_sql.written(cell(column))

    def _keep_found(self, found: Lookup, column: str) -> None:
        """Keep what the parser says cannot be given back."""
        shown, value = f"'{column}'", self.raw(column)
        if len(found.columns) > 1:
            cases = " ".join(f"WHEN '{c}' THEN {self.raw(c)}" for c in found.columns)
            shown, value = 'k."column"', f'CASE k."column" {cases} END'
        entry = _kept(shown, value, "k.note")
        kept = found.found("kept")
        self.kept.append((f"{kept} IS NOT NULL", f"list_transform({kept}, lambda k: {entry})"))


def _kept(column: str, value: str, note: str, *, original: bool = True) -> str:
    told = f"'column': {column}, 'value': {value}, 'note': {note}"
    return f"{{{told}, 'original': {str(original).lower()}}}"


def _way_sql(way: str) -> str:
    """SQL of how a cell is written; of a zone that its row names, that of the row."""
    order, by_row, label = way.partition(f"{IN_ZONE}{ROW}")
    if not by_row:
        return literal(way)
    return f"({literal(order + IN_ZONE)} || coalesce(trim(s._extra[{literal(label)}]), ''))"


def _by_file(told: dict[str, str], usual: str, row: str = "s") -> str:
    """SQL of what is told by file, and of the usual for every other."""
    cases = ""
    for value in sorted({v for v in told.values() if v != usual}):
        files = ", ".join(literal(f) for f, v in told.items() if v == value)
        cases += f" WHEN {row}._file IN ({files}) THEN {_way_sql(value)}"
    return f"CASE{cases} ELSE {literal(usual)} END" if cases else literal(usual)
