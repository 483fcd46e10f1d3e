"""Fills the clean tables of one object type from its raw tables, and accounts for every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.objects import BY_KEY, SCHEMA_DATASETS
from flitstack_pipeline.catalog.source import BY_KEY as DATASETS
from flitstack_pipeline.catalog.source import ITEMS_OF, LINES_OF
from flitstack_pipeline.cleaning import merged_rows
from flitstack_pipeline.cleaning.accounting import account, count_records, state_count
from flitstack_pipeline.cleaning.batches import REFUSED_DDL, Batches
from flitstack_pipeline.cleaning.cells import UNKNOWN_WORD, Cells
from flitstack_pipeline.cleaning.data_warnings import note_oddities
from flitstack_pipeline.cleaning.format_inference import (
    FORMATS_DDL,
    format_questions,
    store_formats,
)
from flitstack_pipeline.cleaning.identity import identified, mark, promote_last_good
from flitstack_pipeline.cleaning.line_conflicts import line_conflicts, lines_answer
from flitstack_pipeline.cleaning.line_totals import add_line_totals
from flitstack_pipeline.cleaning.name_order import writes_last_name_first
from flitstack_pipeline.cleaning.name_questions import DATASETS as PEOPLE
from flitstack_pipeline.cleaning.name_questions import answers_about_names, name_questions
from flitstack_pipeline.cleaning.note_images import DDL as NOTE_IMAGES_DDL
from flitstack_pipeline.cleaning.older_columns import with_older_columns
from flitstack_pipeline.cleaning.packed_line_items import split_crushed_lines
from flitstack_pipeline.cleaning.parsing import Parsing
from flitstack_pipeline.cleaning.quarantine import (
    quarantine_invalid,
    quarantine_misfits,
    quarantine_refused,
)
from flitstack_pipeline.cleaning.receivables import compute_receivables
from flitstack_pipeline.cleaning.row_states import DDL as ROW_STATES_DDL
from flitstack_pipeline.cleaning.row_states import record_states
from flitstack_pipeline.cleaning.rows import row_of
from flitstack_pipeline.cleaning.same_number import DDL as SAME_NUMBERS_DDL
from flitstack_pipeline.cleaning.same_number import FILE, KEY, SameNumber, note_damaged
from flitstack_pipeline.cleaning.shared_numbers import resolve_children
from flitstack_pipeline.cleaning.unnamed_files import list_unnamed
from flitstack_pipeline.cleaning.values.contact_points import NANP_REGIONS
from flitstack_pipeline.cleaning.values.evidence import Counted, Evidence, gather
from flitstack_pipeline.cleaning.values.parsers import Context
from flitstack_pipeline.garbage import looked_for_rarely
from flitstack_pipeline.questions import Question, ask, merged
from flitstack_pipeline.warehouse import limited, row_count, table_exists

#: What DuckDB may hold in memory; a batch needs less, and longer tables do not need more.
MEMORY = "1GB"
REPEATED = "a later row of the same session has the same id and cells; this one was left out"
_SUPPORT_DDL = (
    """CREATE TABLE IF NOT EXISTS quarantine.rows (
      object VARCHAR, dataset VARCHAR, raw_id VARCHAR, file VARCHAR, sheet VARCHAR, line BIGINT,
      "column" VARCHAR, value VARCHAR, rule VARCHAR, message VARCHAR, what_to_do VARCHAR,
      raw JSON)""",
    """CREATE TABLE IF NOT EXISTS clean.accounting (
      object VARCHAR, dataset VARCHAR, file VARCHAR, rows_read BIGINT, loaded BIGINT,
      merged BIGINT, superseded BIGINT, quarantined BIGINT, excluded BIGINT, excluded_by JSON)""",
    """CREATE TABLE IF NOT EXISTS clean.record_counts (
      object VARCHAR, dataset VARCHAR, workspace VARCHAR, records BIGINT)""",
    """CREATE TABLE IF NOT EXISTS clean.notes (
      object VARCHAR, dataset VARCHAR, source_key VARCHAR, "column" VARCHAR, value VARCHAR,
      note VARCHAR)""",
    """CREATE TABLE IF NOT EXISTS clean.unknown_words (
      object VARCHAR, dataset VARCHAR, "column" VARCHAR, word VARCHAR, count BIGINT)""",
    FORMATS_DDL,
    "DROP TABLE IF EXISTS clean.questions",  # of older versions
    """CREATE TABLE IF NOT EXISTS clean.inline_images (
      sha256 VARCHAR, content_type VARCHAR, data BLOB)""",
    "ALTER TABLE clean.inline_images ADD COLUMN IF NOT EXISTS url VARCHAR",
    SAME_NUMBERS_DDL,
    ROW_STATES_DDL,
    NOTE_IMAGES_DDL,
)
_PER_OBJECT = (
    "quarantine.rows",
    "clean.accounting",
    "clean.record_counts",
    "clean.row_states",
    "clean.notes",
    "clean.note_images",
    "clean.unknown_words",
    "clean.formats",
    "clean.same_numbers",
)


@dataclass(frozen=True)
class CleanContext:
    """What the account is: its time zone, country, currency, and where the exports lie."""

    time_zone: str = "America/New_York"
    country: str = "US"
    currency: str = "USD"
    exports: Path = Path("data/exports")
    #: A person's answers about day and month: `dataset.column`, `dataset` or `*` → the order.
    date_answers: Mapping[str, str] = field(default_factory=dict)
    #: Likewise → "comma" or "point".
    decimal_answers: Mapping[str, str] = field(default_factory=dict)
    #: Likewise → the time zone of times that name none.
    zone_answers: Mapping[str, str] = field(default_factory=dict)
    #: Every answer by the key of its question: about numbers that rows share, about files.
    answers: Mapping[str, str] = field(default_factory=dict)
    #: What was counted of each raw table, for several object types in a row; filled here.
    counted: dict[str, Counted] = field(default_factory=dict)


@dataclass
class CleanResult:
    """What one object type came to: rows per dataset, and what needs a person."""

    rows: dict[str, int] = field(default_factory=dict)
    superseded: int = 0
    merged: int = 0
    quarantined: int = 0
    unknown_words: dict[str, int] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


def clean_object(
    con: duckdb.DuckDBPyConnection, object_key: str, context: CleanContext
) -> CleanResult:
    """Clean every dataset of one object type, replacing its clean tables."""
    return _clean(con, object_key, BY_KEY[object_key].datasets, context)


def clean_schema(con: duckdb.DuckDBPyConnection, context: CleanContext) -> CleanResult:
    """Clean the schema sheets: custom field definitions and line item templates."""
    return _clean(con, "schema", SCHEMA_DATASETS, context)


def _clean(
    con: duckdb.DuckDBPyConnection, object_key: str, datasets: Iterable[str], context: CleanContext
) -> CleanResult:
    con.execute("BEGIN")  # one commit of thirty small changes
    for ddl in _SUPPORT_DDL:
        con.execute(ddl)
    for table in _PER_OBJECT:
        con.execute(f"DELETE FROM {table} WHERE object = ?", [object_key])
    con.execute(
        "CREATE OR REPLACE TABLE clean.account AS SELECT ? AS time_zone, ? AS country",
        [context.time_zone, context.country],
    )
    said = answers_about_names(context.answers)
    known = Context(context.time_zone, context.country, str(context.exports), said)
    cleaning = _Cleaning(con, object_key, context, Parsing(con, known))
    for dataset in datasets:
        con.execute(BY_DATASET[dataset].ddl)
        cleaning.result.rows[dataset] = 0
    con.execute("COMMIT")
    with limited(con, MEMORY), looked_for_rarely():
        if fed := [dataset for dataset in datasets if _is_fed(con, dataset)]:
            cleaning.clean_all(fed)
        if object_key == "attachments":
            list_unnamed(con, context.exports)
    cleaning.result.questions = merged(cleaning.result.questions)
    ask(con, f"clean:{object_key}", cleaning.result.questions)
    return cleaning.result


@dataclass
class _Cleaning:
    """The cleaning of one object type."""

    con: duckdb.DuckDBPyConnection
    object_key: str
    context: CleanContext
    parsing: Parsing
    result: CleanResult = field(default_factory=CleanResult)
    evidence: Evidence = field(default_factory=Evidence)
    #: Rows of clients that may be properties of theirs.
    further: int = 0

    def clean_all(self, datasets: Iterable[str]) -> None:
        """Clean the datasets that an export feeds, and what follows from several of them."""
        con, object_key = self.con, self.object_key
        for dataset in datasets:
            self.clean(dataset)
        if self.further:
            self.add_further_properties()
        resolve_children(con, object_key)
        add_line_totals(con, object_key)
        if object_key in ITEMS_OF and BY_DATASET[object_key].has("line_items"):
            split_crushed_lines(con, object_key, self.parsing)
            items = ITEMS_OF[object_key]
            self.result.rows[items] = row_count(con, f"clean.{items}")
        if object_key == "invoices":
            compute_receivables(con)
        self.tell_unknown_words()

    def clean(self, dataset: str) -> None:
        """Clean one dataset and account for its rows."""
        con, table = self.con, f"raw.{dataset}"
        rows = _places(con, table)
        con.execute(REFUSED_DDL)
        given = self.context.date_answers, self.context.decimal_answers
        zones, zone = self.context.zone_answers, self.context.time_zone
        country, seen = self.context.country, self.context.counted
        self.evidence = gather(con, dataset, *given, country, seen=seen, zones=zones, account=zone)
        self._mark(dataset, table)
        merged = state_count(con, "merged")
        source = merged_rows.completed(dataset) if merged else identified(dataset)
        source = with_older_columns(con, self.object_key, dataset, source, self.evidence)
        if rows:
            self._batches(dataset, table).run(source, rows)
        if merged:
            merged_rows.refuse_with_their_record(con)
        if merged and dataset == "clients":
            self.further = merged_rows.make_further(con)
        self.result.quarantined += quarantine_misfits(con, self.object_key, dataset)
        self._quarantine(dataset)
        while rows and promote_last_good(con, dataset):
            self._clean_promoted(dataset, table, rows)
        self._note(dataset)
        account(con, self.object_key, dataset)
        record_states(con, self.object_key, dataset)
        count_records(con, self.object_key, dataset)
        self.result.rows[dataset] = row_count(con, f"clean.{dataset}")
        self.result.superseded += state_count(con, "superseded", "decided")
        self.result.merged += state_count(con, "merged")

    def _quarantine(self, dataset: str) -> None:
        self.result.quarantined += quarantine_refused(self.con, self.object_key, dataset)
        self.result.quarantined += quarantine_invalid(self.con, self.object_key, dataset)

    def _clean_promoted(self, dataset: str, table: str, rows: int) -> None:
        """Clean the older versions that stay where the newer row cannot be used."""
        con = self.con
        con.execute(f"ALTER TABLE refused RENAME TO refused_before; {REFUSED_DDL}")
        chosen = f"FROM ({identified(dataset)}) WHERE _at IN (SELECT row FROM promoted)"
        self._batches(dataset, table).run(chosen, rows)
        self._quarantine(dataset)
        con.execute("INSERT INTO refused FROM refused_before; DROP TABLE refused_before")

    def _mark(self, dataset: str, table: str) -> None:
        """Tell which row is which record, and ask what rows of one number leave open."""
        cells = Cells(self.evidence.formats(), _columns_used(self.con, dataset, table)[0])
        answers = self.context.answers
        given = {key: word for key, word in answers.items() if key.startswith(KEY)}
        numbers = SameNumber(self.con, self.object_key, dataset, cells, self.parsing, given)
        named = [key.removeprefix(FILE) for key, word in answers.items()
                 if word and key.startswith(FILE)]  # fmt: skip
        lines = lines_answer(answers, dataset)
        mark(self.con, dataset, numbers.split, named, lines)
        self.result.questions += numbers.questions
        if dataset in LINES_OF and not lines:
            conflict = line_conflicts(self.con, self.object_key, dataset)
            self.result.questions += [conflict] if conflict else []

    def _batches(self, dataset: str, table: str) -> Batches:
        present, marked = _columns_used(self.con, dataset, table)
        inverted = dataset in PEOPLE and writes_last_name_first(self.con, dataset)
        american = self.context.country in NANP_REGIONS
        cells = Cells(self.evidence.formats(), present, inverted, american)
        row = row_of(dataset, cells)
        return Batches(self.con, self.object_key, dataset, cells, row, self.parsing, marked)

    def add_further_properties(self) -> None:
        """The places of merged rows of clients, cleaned like any property."""
        self._batches("properties", "further").run(merged_rows.FURTHER, self.further)
        merged_rows.tell_further(self.con, self.object_key)
        self.result.rows["properties"] = row_count(self.con, "clean.properties")

    def _note(self, dataset: str) -> None:
        """What a person may want to know: replaced rows, odd values, undecided dates."""
        self.con.execute(
            f"INSERT INTO clean.notes SELECT ?, ?, m.key, '', 'line ' || r._row, ? "
            f'FROM marks m JOIN raw."{dataset}" r ON r.rowid = m.row '
            "WHERE m.repeated AND m.state = 'superseded'",
            [self.object_key, dataset, REPEATED],
        )
        note_damaged(self.con, self.object_key, dataset)
        note_oddities(self.con, self.object_key, dataset)
        store_formats(self.con, self.object_key, dataset, self.evidence)
        about = format_questions(
            self.con, self.object_key, dataset, self.evidence, self.context.time_zone
        )
        self.result.questions += about
        if dataset in PEOPLE:
            self.result.questions += name_questions(self.con, self.object_key, dataset)

    def tell_unknown_words(self) -> None:
        """Count the status words nobody knows: they wait for the value map."""
        self.con.execute(
            'INSERT INTO clean.unknown_words SELECT object, dataset, "column", value, count(*) '
            "FROM clean.notes WHERE object = ? AND note = ? GROUP BY ALL",
            [self.object_key, UNKNOWN_WORD],
        )
        found = self.con.execute(
            'SELECT dataset, "column", word, count FROM clean.unknown_words WHERE object = ?',
            [self.object_key],
        ).fetchall()
        self.result.unknown_words = {f"{d}.{c}: {word}": n for d, c, word, n in found}


def _is_fed(con: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Whether a file brought a dataset, be it without a row that can be read."""
    if not table_exists(con, f"raw.{dataset}"):
        return False
    if con.execute(f'SELECT 1 FROM raw."{dataset}" LIMIT 1').fetchall():
        return True
    listed = "SELECT 1 FROM raw.files WHERE dataset = ? LIMIT 1"
    return bool(con.execute(listed, [dataset]).fetchall())


def _places(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """One more than the last rowid of a table: rows that were taken out leave gaps."""
    return int(con.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()[0][0])


def _columns_used(
    con: duckdb.DuckDBPyConnection, dataset: str, table: str
) -> tuple[frozenset[str], frozenset[str]]:
    """The canonical columns of which a table has any cell, be it an empty one; those with `<`."""
    names = [c.name for c in DATASETS[dataset].columns]
    counts = ", ".join(f'count("{n}"), bool_or(contains("{n}", \'<\'))' for n in names)
    found = con.execute(f"SELECT {counts} FROM {table}").fetchall()[0]
    told = list(zip(names, found[::2], found[1::2], strict=True))
    return frozenset(n for n, c, _ in told if c), frozenset(n for n, _, marked in told if marked)
