"""Finds the rows that stand under one number, tells records from versions, and asks what is unsure.

Belongs here: the SQL that finds such rows in the temporary table `versions` (see `identity`), reads
their cells in comparable form and writes down what they are; the questions. Does not: the rules
(`identity_rules`), grouping (`versions`). Only rows whose number repeats cost anything.

`clean.same_numbers` lists every record that shares its number with another, or whose number is
damaged: `shown_key` is the key the plain number would give, `source_key` the record's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.cleaning.cells import Cells
from flitstack_pipeline.cleaning.identity_rules import (
    DAMAGED,
    DATE,
    ID_COLUMN,
    IDENTITIES,
    MONEY,
    OTHER_CELLS,
    PLACE_COLUMNS,
    SCIENTIFIC,
    Identity,
    read,
)
from flitstack_pipeline.cleaning.parsing import Parsing
from flitstack_pipeline.cleaning.values.cell_sql import cell, literal, text
from flitstack_pipeline.cleaning.values.columns import is_date_column, is_money_column
from flitstack_pipeline.cleaning.versions import (
    BETWEEN,
    ONE_RECORD,
    OTHER_EVIDENCE,
    TWO_RECORDS,
    UNCLEAR,
    Doubt,
    Grouping,
    Version,
    group,
)
from flitstack_pipeline.questions import Choice, Question
from flitstack_pipeline.reading.line_rows import AMOUNTS_ADDED, ASKED, has_line_rows

DDL = """CREATE TABLE IF NOT EXISTS clean.same_numbers (
  object VARCHAR, dataset VARCHAR, shown_key VARCHAR, source_key VARCHAR, damaged BOOLEAN)"""
SHARED = "other rows have the same number but are another record; both are kept"
ROUNDED = (
    "a spreadsheet has rounded this number, so it says nothing: export again as CSV without "
    "opening it; until then records are told apart by their other cells"
)
KEY = "same-number:"
FILE = "file:"
PAGE = 20_000
#: Rows a question lists, and pairs it shows as evidence.
LISTED, SHOWN = 500, 3
_CUSTOM = "custom:"


@dataclass
class SameNumber:
    """Tells records from versions in one dataset; `questions` are those left open."""

    con: duckdb.DuckDBPyConnection
    object_key: str
    dataset: str
    cells: Cells
    parsing: Parsing
    answers: Mapping[str, str]
    questions: list[Question] = field(default_factory=list)

    def split(self) -> None:
        """Give the rows of `versions` that are records of their own a suffix and key of their own.

        Rows of one session whose contradiction a person settled are marked as `decided`.
        """
        identity = IDENTITIES.get(self.dataset, Identity(()))
        if not self._find(identity):
            return
        self._read(identity)
        given = {
            key.removeprefix(f"{KEY}{self.dataset}:"): word for key, word in self.answers.items()
        }
        doubts: dict[str, list[tuple[str, Doubt]]] = defaultdict(list)
        rows: list[tuple[int, str, bool]] = []
        shared: list[tuple[str, str, bool]] = []
        for key, damaged, versions in self._numbers(identity):
            found = group(identity, versions, damaged=damaged, answers=given)
            rows += _placed(found)
            if len(found.records) > 1:
                shared += ((key, key + r.suffix, damaged) for r in found.records)
            for doubt in found.doubts:
                doubts[doubt.pattern].append((key, doubt))
        self._write(rows, shared)
        self.questions += (self._question(p, doubts[p]) for p in sorted(doubts))
        self.con.execute("DROP TABLE identity_rows; DROP TABLE unsure")

    def _find(self, identity: Identity) -> bool:
        """Make the table `unsure` of the keys whose rows may be several records.

        Rows of one session are compared in every cell; those of several sessions as written in
        what tells records apart, so that only what is surely a version is left out.
        """
        present = [c.name for c in DATASETS[self.dataset].columns if c.name in self.cells.present]
        within = _any([_differs(c) for c in present])
        telling = _any([_differs(c) for c in identity.telling if c in self.cells.present])
        differ, constant = self._facets(identity)
        self.con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE unsure AS
            WITH crowd AS (
                SELECT v.key, v.session, v.place, s.* FROM versions v
                SEMI JOIN crowded USING (key, session)
                JOIN raw."{self.dataset}" s ON s.rowid = v.row
            ), between AS (
                SELECT v.key, {differ} AS differ, {constant} AS constant,
                       bool_or(v.named) <> bool_and(v.named) AS mixed
                FROM versions v JOIN raw."{self.dataset}" s ON s.rowid = v.row
                GROUP BY v.key HAVING min(v.session) <> max(v.session)
            ), keys AS (
                SELECT key FROM crowd s GROUP BY key, session, place HAVING {within}
                UNION ALL
                SELECT key FROM (
                    SELECT key, session, place, unnest(map_entries(_extra)) AS e FROM crowd)
                GROUP BY key, session, place, e.key
                HAVING min(nullif(e.value, '')) <> max(nullif(e.value, ''))
                UNION ALL
                SELECT key FROM crowd s GROUP BY key, session HAVING {telling}
                UNION ALL
                SELECT key FROM between WHERE mixed OR (differ >= 2 AND NOT constant)
                    OR (differ >= 1 AND {_damaged(self.dataset)})
            )
            SELECT DISTINCT key, {_damaged(self.dataset)} AS damaged FROM keys
            """
        )
        return bool(self.con.execute("SELECT key FROM unsure LIMIT 1").fetchall())

    def _facets(self, identity: Identity) -> tuple[str, str]:
        """SQL over the rows of a key: how many facets differ, whether one is the same in all."""
        differ, constant = ["0"], []
        for facet in identity.facets:
            columns = [c for c in facet.columns if c in self.cells.present]
            if columns:
                changed = _any([f"min({cell(c)}) <> max({cell(c)})" for c in columns])
                filled = _any([f"({text(f'min({cell(c)})')}) IS NOT NULL" for c in columns])
                differ.append(f"CAST(({changed}) AS INTEGER)")
                constant.append(f"(NOT ({changed}) AND ({filled}))")
        return " + ".join(differ), " OR ".join(constant) or "false"

    def _read(self, identity: Identity) -> None:
        """Make the table `identity_rows`: the cells of those rows in one form."""
        names = [c.name for c in DATASETS[self.dataset].columns]
        shown = {c: self._comparable(c) for c in names if c in self.cells.present}
        taken = [f'{sql} AS "{name}"' for name, sql in self.cells.texts.items()]
        taken += [f'{look.key} AS "{look.name}"' for look in self.cells.lookups.values()]
        taken += [f's."{c}"' for c in shown]
        self.con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE batch AS
            WITH sessions AS (
                SELECT _session, row_number() OVER (ORDER BY min(_exported_at), _session) AS session
                FROM raw."{self.dataset}" GROUP BY _session
            )
            SELECT v.row AS _at, v.key AS _key, v.age AS _age, v.named AS _named, n.session,
                   u.damaged AS _damaged, s._file, s._row, s._extra, {", ".join(taken)}
            FROM versions v JOIN unsure u ON u.key = v.key
            JOIN raw."{self.dataset}" s ON s.rowid = v.row JOIN sessions n USING (_session)
            """
        )
        self.parsing.look_up(self.cells.lookups.values())
        joins = "".join(
            f' LEFT JOIN {look.parser.table} "{look.name}" ON "{look.name}".cell = r."{look.name}"'
            for look in self.cells.lookups.values()
        )
        columns = ", ".join(f"'{name}': {sql}" for name, sql in shown.items())
        self.con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE identity_rows AS
            SELECT row_number() OVER (ORDER BY r._key, r._age) AS place,
                   r._at AS row, r._key AS key, r._age AS age, r._damaged AS damaged,
                   r.session, r._file AS file, r._named AS named,
                   {{{columns}}} AS cells, r._extra AS extra
            FROM batch r{joins}
            """
        )
        self.con.execute("DROP TABLE batch")

    def _comparable(self, column: str) -> str:
        """SQL of a cell in comparable form: dates and amounts as their file writes them."""
        written = self.cells.text(column)
        dates = (
            (f.columns for f in IDENTITIES[self.dataset].facets if f.kind == DATE)
            if self.dataset in IDENTITIES
            else ()
        )
        money = (
            (f.columns for f in IDENTITIES[self.dataset].facets if f.kind == MONEY)
            if self.dataset in IDENTITIES
            else ()
        )
        if is_date_column(self.dataset, column) or any(column in c for c in dates):
            day, exact = self.cells.date(column)
            return f"coalesce({exact}, CAST({day} AS VARCHAR), {written})"
        if is_money_column(self.dataset, column) or any(column in c for c in money):
            return f"coalesce(CAST({self.cells.money(column)} AS VARCHAR), {written})"
        return written

    def _numbers(self, identity: Identity) -> Iterator[tuple[str, bool, list[Version]]]:
        """(key, whether damaged, its rows) of each number."""
        place = PLACE_COLUMNS if self.dataset == "clients" else ()
        for key, of_one in groupby(_pages(self.con), key=lambda r: r[0]):
            several = list(of_one)
            versions = []
            for _, _, at, session, age, file, named, cells, extra, _ in several:
                told = {c: cells.get(c) for c in identity.columns}
                others = {c: v for c, v in cells.items() if c not in told and c != "workspace"}
                others |= {_CUSTOM + label: value for label, value in (extra or {}).items()}
                found = read(identity, told, others, place)
                versions.append(Version(at, session, age, found, file, named))
            yield str(key), bool(several[0][1]), versions

    def _write(
        self, rows: list[tuple[int, str, bool]], shared: list[tuple[str, str, bool]]
    ) -> None:
        """Put keys in place; list the records that share a number."""

        import pandas as pd

        self.con.register("placed", pd.DataFrame(rows, columns=["row", "suffix", "decided"]))
        self.con.execute(
            "UPDATE versions v SET key = v.key || p.suffix, decided = p.decided, "
            "suffix = coalesce(v.suffix, '') || p.suffix FROM placed p WHERE p.row = v.row"
        )
        self.con.unregister("placed")
        if shared:
            listed = pd.DataFrame(shared, columns=["shown", "own", "damaged"])
            self.con.register("shared", listed)
            self.con.execute(
                "INSERT INTO clean.same_numbers SELECT ?, ?, shown, own, damaged FROM shared",
                [self.object_key, self.dataset],
            )
            self.con.unregister("shared")

    def _question(self, pattern: str, found: list[tuple[str, Doubt]]) -> Question:
        """One question for all rows that are doubtful in one way."""
        numbers = len({key for key, _ in found})
        where = self._places([v.row for _, d in found[:LISTED] for v in (d.one, d.other)])
        evidence = tuple(
            f"{key.split('/', 2)[-1]}: "
            + " | ".join(f"{where[v.row]} {self._shown(v)}" for v in (d.one, d.other))
            for key, d in found[:SHOWN]
        )
        return Question(
            key=f"{KEY}{self.dataset}:{pattern}",
            kind="same number",
            text=_text(self.dataset, pattern, numbers),
            object=self.object_key,
            dataset=self.dataset,
            lines=tuple(dict.fromkeys(where.values())),
            evidence=evidence,
            choices=_choices(self.dataset, pattern, numbers, len(found)),
        )

    def _places(self, rows: list[int]) -> dict[int, str]:
        """FILE[#SHEET]:LINE of raw rows."""
        found = self.con.execute(
            f"""
            SELECT rowid, _file || CASE WHEN _sheet <> '' THEN '#' || _sheet ELSE '' END
                   || ':' || _row
            FROM raw."{self.dataset}" WHERE rowid IN (SELECT unnest(?::BIGINT[])) ORDER BY rowid
            """,
            [rows],
        ).fetchall()
        return dict(found)

    def _shown(self, version: Version) -> str:
        """The cells of a row in words: those that identify it, then the others."""
        told = []
        for name, value in version.cells.values.items():
            words = (
                value
                if isinstance(value, str)
                else " ".join(sorted(value) if isinstance(value, frozenset) else value or ())
            )
            if words.strip():
                told.append(f"{name} {words.strip()[:60]}")
        told += [f"{column} {value[:40]}" for column, value in version.cells.others.items()]
        return ", ".join(told[:10])


def note_damaged(con: duckdb.DuckDBPyConnection, object_key: str, dataset: str) -> None:
    """List records whose id a spreadsheet rounded, and note in each what shares its number.

    Reads the clean table of the dataset.
    """
    if dataset in ID_COLUMN:
        con.execute(
            f"""
            INSERT INTO clean.same_numbers
            SELECT ?, ?, c.source_key, c.source_key, true
            FROM clean."{dataset}" c JOIN raw."{dataset}" s ON s._row_id = c.raw_id
            WHERE regexp_matches({cell(ID_COLUMN[dataset])}, {literal(SCIENTIFIC)})
              AND c.source_key NOT IN (SELECT source_key FROM clean.same_numbers)
            """,
            [object_key, dataset],
        )
    con.execute(
        "INSERT INTO clean.notes SELECT ?, ?, source_key, '', shown_key, "
        "CASE WHEN damaged THEN ? ELSE ? END FROM clean.same_numbers "
        "WHERE object = ? AND dataset = ?",
        [object_key, dataset, ROUNDED, SHARED, object_key, dataset],
    )


def _text(dataset: str, pattern: str, numbers: int) -> str:
    label = DATASETS[dataset].label.lower()
    many = f"{numbers:,} number{'s' if numbers > 1 else ''} of {label}"
    if pattern == UNCLEAR:
        return f"{many}: a row may be a version of several records and is kept as one of its own"
    if pattern == OTHER_EVIDENCE:
        return (
            f"{many} stand in files that their columns tell and in files whose kind a person "
            "named, and differ; are they two records, or does the later row replace the other"
        )
    if pattern.startswith(BETWEEN):
        differ = _listed(pattern.removeprefix(BETWEEN))
        return (
            f"{many}: in a later export {differ} all changed; is it another record under the "
            "same number, or one record"
        )
    differ = f"{_listed(pattern)} differ{'' if '+' in pattern or pattern == OTHER_CELLS else 's'}"
    same = "rows of one export have the same number"
    return f"{many}: {same}, but {differ}; are they two records or one"


def _listed(pattern: str) -> str:
    *first, last = pattern.split("+")
    return f"{', '.join(first)} and {last}" if first else last


def _choices(dataset: str, pattern: str, numbers: int, pairs: int) -> tuple[Choice, ...]:
    both = Choice(TWO_RECORDS, f"all are kept, as records of their own ({numbers} numbers)")
    if pattern == UNCLEAR:
        return (both,)
    one = Choice(ONE_RECORD, f"{pairs:,} records fewer; the earlier rows are left out")
    if f"{KEY}{dataset}:{pattern}" != ASKED.format(dataset=dataset) or not has_line_rows(dataset):
        return both, one
    return both, one, Choice(AMOUNTS_ADDED, f"{numbers} records whose total is the sum of its rows")


def _pages(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of `identity_rows`, number by number."""
    last = 0
    while True:
        found = con.execute(
            "SELECT key, damaged, row, session, age, file, named, cells, extra, place "
            "FROM identity_rows WHERE place > ? ORDER BY place LIMIT ?",
            [last, PAGE],
        ).fetchall()
        yield from found
        if len(found) < PAGE:
            return
        last = found[-1][-1]


def _placed(found: Grouping) -> Iterator[tuple[int, str, bool]]:
    """(row, suffix of its record, whether a person settled its contradiction)."""
    for record in found.records:
        for version in record.rows:
            yield version.row, record.suffix, version.row in record.decided


def _differs(column: str) -> str:
    value = f"lower({text(cell(column))})"
    return f"min({value}) <> max({value})"


def _any(conditions: list[str]) -> str:
    """SQL of whether any condition holds; NULL is no."""
    return " OR ".join(f"coalesce({c}, false)" for c in conditions) or "false"


def _damaged(dataset: str) -> str:
    """SQL of whether the id in a `key` is one that a spreadsheet rounded."""
    if dataset not in ID_COLUMN:
        return "false"
    shown = f"split_part(split_part(key, '/{dataset}/', -1), '@', 1)"
    return f"regexp_matches({shown}, {literal(DAMAGED)})"
