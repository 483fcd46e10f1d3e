"""Fills `ledger.cells`: the fate of every non-empty cell of every record row.

Per kind of export and batch of rows: the row's cells beside what its records hold, one wide
statement; cells that SQL is sure of are done, the others go distinct to the witness. Memory holds
one batch. Belongs here: the statements. Does not: which fields (`provenance`), which records
(`holders`), which rows are no records of their own (`row_fates`), comparing (`witness`).
"""

# ruff: noqa: S608 - names in the SQL come from our own specification, labels are quoted

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from flitstack_pipeline.ledger import fates, holders, known, row_fates, witness
from flitstack_pipeline.ledger.columns import fields_of
from flitstack_pipeline.ledger.crossed import crossed_columns, is_line_crossed
from flitstack_pipeline.ledger.holders import literal
from flitstack_pipeline.ledger.provenance import (
    ALL,
    BY,
    COMPANY,
    LINKED,
    MERGED,
    STAGES,
    WRITTEN,
    Path,
    own_kind,
    paths_of,
)
from flitstack_pipeline.ledger.readings import EMPTY_WORDS, VERBATIM
from flitstack_pipeline.ledger.texts import Account
from flitstack_pipeline.mapping.document import EXCLUDED, MapDocument
from flitstack_pipeline.spec.objects import SCHEMA_DATASETS, object_of_dataset
from flitstack_pipeline.spec.source import BY_KEY
from flitstack_pipeline.warehouse import limited, table_exists

BATCH = 100_000
MEMORY = "1GB"
CELLS_DDL = """CREATE OR REPLACE TABLE ledger.cells (
  object VARCHAR, dataset VARCHAR, row_id VARCHAR, file VARCHAR, sheet VARCHAR, line BIGINT,
  "column" VARCHAR, text VARCHAR, fate VARCHAR, rule VARCHAR, field VARCHAR, record VARCHAR,
  what_to_do VARCHAR)"""
PROVENANCE_DDL = """CREATE OR REPLACE TABLE ledger.provenance (
  dataset VARCHAR, "column" VARCHAR, place VARCHAR, field VARCHAR, kind VARCHAR, fate VARCHAR)"""
FIND_OUT = (
    "The value is in none of the fields the map names for it. Look at the column in map.yaml; when "
    "it is mapped rightly, tell us: this is a mistake of the program."
)
CROSSED = "the targets of two columns look swapped"
NONE, SAME, SURE, ASK, MISSING = range(5)


@dataclass(frozen=True)
class Surroundings:
    """What the ledger must know besides the tables: the map, the account, people's answers."""

    document: MapDocument
    account: Account = field(default_factory=Account)
    answers: Mapping[str, str] = field(default_factory=dict)


def build(
    con: duckdb.DuckDBPyConnection, around: Surroundings, only: Collection[str] = tuple(BY_KEY)
) -> dict[str, int]:
    """Fill `ledger.cells` and `ledger.provenance` anew; how many cells have each fate.

    Args:
        con: The warehouse.
        around: What the ledger must know besides the tables.
        only: The kinds of export whose cells are looked at; the others count as evidence.
    """
    con.execute(CELLS_DDL)
    con.execute(PROVENANCE_DDL)
    with limited(con, MEMORY):
        holders.prepare(con)
        known.prepare(con)
        row_fates.prepare(con)
        counts = {d: _pairs(con, d) for d in BY_KEY if table_exists(con, f"raw.{d}")}
        for dataset in (d for d in counts if d in only):
            _Dataset(con, dataset, around, counts).fill()
        row_fates.add_copies(con)
    return totals(con)


def totals(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many cells have each fate."""
    rows = con.execute("SELECT fate, count(*) FROM ledger.cells GROUP BY fate").fetchall()
    found: dict[str, int] = dict(rows)
    return {fate: found[fate] for fate in fates.FATES if fate in found}


def cell_sql(column: str) -> str:
    """SQL of a cell of a raw row `r`: a known column, or `custom:Label` of the others."""
    if column.startswith("custom:"):
        return f"r._extra[{literal(column.removeprefix('custom:'))}]"
    return f'r."{column}"'


def _pairs(
    con: duckdb.DuckDBPyConnection, dataset: str
) -> dict[tuple[str, str], tuple[int, int, int]]:
    dated = {c: cell_sql(c) for c in _columns_in(con, dataset) if _is_dated(dataset, c)}
    return witness.count_pairs(con, f'raw."{dataset}"', dated)


def _is_dated(dataset: str, column: str) -> bool:
    return column.startswith("custom:") or own_kind(dataset, column).startswith("date")


def _columns_in(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    """The columns of a raw table that hold anything, unknown ones as `custom:Label`."""
    names = [c.name for c in BY_KEY[dataset].columns]
    filled = ", ".join(f"count(*) FILTER (\"{n}\" <> '')" for n in names)
    counts = con.execute(f'SELECT {filled} FROM raw."{dataset}"').fetchall()[0]
    extra = con.execute(
        f'SELECT DISTINCT unnest(map_keys(_extra)) AS label FROM raw."{dataset}" '
        "WHERE cardinality(_extra) > 0 ORDER BY label"
    ).fetchall()
    known = [n for n, count in zip(names, counts, strict=True) if count]
    return known + [f"custom:{label}" for (label,) in extra]


class _Dataset:
    """The cells of one kind of export."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        dataset: str,
        around: Surroundings,
        counts: dict[str, dict[tuple[str, str], tuple[int, int, int]]],
    ) -> None:
        self.con, self.dataset, self.around = con, dataset, around
        self.columns = _columns_in(con, dataset)
        self.object = object_of_dataset(dataset) or (
            "schema" if dataset in SCHEMA_DATASETS else dataset
        )
        self.team = chr(31).join(holders.team(con, around.document))
        self.paths = self._paths()
        self.orders = witness.orders(dataset, counts, around.answers)
        numbers = {p.column: cell_sql(p.column) for p in self.paths if "{sign}" in p.kind}
        self.commas = witness.commas(con, f'raw."{dataset}"', numbers)
        self.crossed = crossed_columns(dataset, around.document)
        if is_line_crossed(dataset, around.document):
            self.crossed |= {*self.columns}

    def _paths(self) -> list[Path]:
        """The paths of the columns that hold anything; `custom:*` stands for each unknown one."""
        if self.object not in _MAPPED_OBJECTS:
            return []
        found: list[Path] = []
        mapped = paths_of(self.dataset, self.around.document, self.columns)
        for path in [*mapped, *_history(self.dataset)]:
            if path.column == "custom:*":
                found += [replace(path, column=c) for c in self.columns if c.startswith("custom:")]
            elif path.column in self.columns:
                found.append(path)
        return [self._owned(p) for p in dict.fromkeys(found)]

    def _owned(self, path: Path) -> Path:
        kind = path.kind
        if kind == "owner":
            kind = f"owner:{self.team}"
        if "{own}" in kind:
            custom = path.column.startswith("custom:")
            kind = kind.replace("{own}", "text" if custom else own_kind(self.dataset, path.column))
        return replace(path, kind=kind)

    # --- the whole ---

    def fill(self) -> None:
        """Add the cells of this kind of export to `ledger.cells`."""
        con = self.con
        told = [
            (self.dataset, p.column, p.place, p.field, p.kind, p.fate)
            for p in dict.fromkeys(self.paths)
        ]
        if told:
            con.executemany("INSERT INTO ledger.provenance VALUES (?, ?, ?, ?, ?, ?)", told)
        row_fates.make(con, self.dataset, self.object)
        self._write_whole_rows()
        if not self.paths:
            return
        self.tables = holders.make(con, self.dataset, self.around.document, self.paths)
        self._words()
        last = con.execute(f'SELECT max(rowid) FROM raw."{self.dataset}"').fetchall()[0][0]
        for start in range(0, (last if last is not None else -1) + 1, BATCH):
            self._batch(start, start + BATCH - 1)

    def _write_names(self) -> None:
        """Temporary tables of columns and paths by number, for the last statement."""
        headers = dict(
            self.con.execute(
                "SELECT name, any_value(header) FROM raw.headers WHERE dataset = ? GROUP BY name",
                [self.dataset],
            ).fetchall()
        ) if table_exists(self.con, "raw.headers") else {}  # fmt: skip
        shown = [headers.get(c, c.removeprefix("custom:")) for c in self.columns]
        left_out = _left_out(self.dataset, self.around.document)
        excluded = [left_out.get(c, "") for c in self.columns]
        kinds = [fates.not_moved(self.dataset, c) for c in self.columns]
        reasons = [k.reason if k else "" for k in kinds]
        instead = [k.instead if k else "" for k in kinds]
        crossed = [c in self.crossed for c in self.columns]
        columns = pa.table(
            {"n": range(len(shown)), "shown": shown, "excluded": excluded, "reason": reasons,
             "instead": instead, "crossed": crossed}
        )  # fmt: skip
        rules = [witness.SURE_RULE.get(p.kind.partition(":")[0], "") for p in self.paths]
        paths = pa.table(
            {"n": range(len(self.paths)), "field": [p.field for p in self.paths],
             "fate": [p.fate for p in self.paths], "sole": [p.sole for p in self.paths],
             "keeps": [p.kind == "in:kept" for p in self.paths], "rule": rules}
        )  # fmt: skip
        for name, table in (("ledger_column", columns), ("ledger_path", paths)):
            self.con.register("incoming", table)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
            self.con.unregister("incoming")

    def _words(self) -> None:
        """Temporary table `ledger_words (words, text, label)`: what the confirmed map says."""
        rows = []
        for name in {p.words for p in self.paths if p.words}:
            rows += self._stages(name)
            values = self.around.document.values.get(name)
            for word, label in (values.map if values else {}).items():
                rows.append((name, word.casefold(), label))
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE ledger_words (words VARCHAR, text VARCHAR, label VARCHAR)"
        )
        if rows:
            self.con.executemany("INSERT INTO ledger_words VALUES (?, ?, ?)", rows)
        row_fates.add_read_words(self.con, self.dataset)

    def _stages(self, name: str) -> list[tuple[str, str, str]]:
        """The words of the map's stages: what each leads to, its stage or its status."""
        label = name.rpartition(".")[2]
        stages = self.around.document.stages.get(self.dataset)
        if not name.startswith(STAGES) or stages is None:
            return []
        goals = {w: goal for w, goal in stages.map.items() if goal.get("stage")}
        return [(name, word.casefold(), goal[label]) for word, goal in goals.items()]

    def _write_whole_rows(self) -> None:
        """Cells of rows that have one fate as a whole: superseded, quarantined, not moved."""
        if not self.columns:
            return
        every = self.object not in _MAPPED_OBJECTS
        cells = ", ".join(
            f"{{'n': {i}, 'text': {cell_sql(c)}}}" for i, c in enumerate(self.columns)
        )
        self._write_names()
        self.con.execute(
            f"""
            INSERT INTO ledger.cells
            SELECT {literal(self.object)}, {literal(self.dataset)}, _row_id, _file, _sheet, _row,
                   k.shown, c.text, coalesce(fate, '{fates.NOT_MOVED}'),
                   coalesce(rule, k.reason), '', coalesce(record, ''),
                   coalesce(what_to_do, k.instead)
            FROM (
                SELECT r._row_id, r._file, r._sheet, r._row, s.fate, s.rule, s.record,
                       s.what_to_do, unnest([{cells}]) AS c
                FROM raw."{self.dataset}" r JOIN ledger_state s ON s.row = r.rowid
                WHERE s.fate IS NOT NULL OR {every}
            ) JOIN ledger_column k ON k.n = c.n
            WHERE trim(c.text) <> ''
            """
        )

    # --- one batch ---

    def _batch(self, first: int, last: int) -> None:
        con = self.con
        con.execute(f"CREATE OR REPLACE TEMP TABLE ledger_look AS {self._looks(first, last)}")
        con.execute(_SLOW)
        witness.bear_witness(
            con, f"(SELECT * FROM ledger_slow WHERE out = {ASK})", self.around.account
        )
        con.execute(_SETTLED)
        con.execute(_WRITE, {"object": self.object, "dataset": self.dataset})

    def _looks(self, first: int, last: int) -> str:
        """SELECT of every cell of a batch: number, column, text, the path that surely holds it,
        or the paths to ask about."""
        joins = "".join(
            f" LEFT JOIN {table} h{i} ON h{i}.key = s.kept"
            for i, (table, _) in enumerate(self.tables.values())
        )
        outs, cells = [], []
        for n, column in enumerate(self.columns):
            mine = [(i, p) for i, p in enumerate(self.paths) if p.column == column]
            text = cell_sql(column)
            outs.append(f'{text} AS "t{n}"')
            for i, path in mine:
                outs.append(f'{self._value(path)} AS "v{i}"')
            cells.append((n, mine))
        first_stage = (
            "SELECT r.rowid AS row, r._row_id, r._file AS file, r._sheet, r._row, "
            f"s.kept AS record, s.several, {', '.join(outs)} "
            f'FROM raw."{self.dataset}" r JOIN ledger_state s ON s.row = r.rowid{joins} '
            f"WHERE r.rowid BETWEEN {first} AND {last} AND s.fate IS NULL"
        )
        structs = ", ".join(self._struct(n, mine) for n, mine in cells)
        return (
            "SELECT row, _row_id, file, _sheet, _row, record, several, c.* FROM ("
            f"SELECT row, _row_id, file, _sheet, _row, record, several, unnest([{structs}]) AS c "
            f"FROM ({self._outs(first_stage, cells)}) r) WHERE trim(c.text) <> ''"
        )

    def _outs(self, source: str, cells: list[tuple[int, list[tuple[int, Path]]]]) -> str:
        """The second stage: how each path fares, as SQL is sure of it."""
        outs = []
        for n, mine in cells:
            text = f'"t{n}"'
            for i, path in mine:
                value = f'"v{i}"'
                sure = witness.sure(path.kind, text, value)
                sure = sure.replace("{point}", self._is_point(path.column))
                american = self.around.account.country in ("US", "CA", "PR")
                sure = sure.replace("{american}", str(american).lower())
                missing = str(MISSING if path.sole or path.filled else NONE)
                if path.timed:
                    missing = (
                        f"CASE WHEN {witness.is_timed_sql(text)} THEN {missing} ELSE {NONE} END"
                    )
                outs.append(
                    f"CASE WHEN {value} IS NULL THEN {NONE} WHEN {value} = '' THEN {missing} "
                    f"WHEN {value} = {text} THEN {SAME} WHEN {sure} THEN {SURE} ELSE {ASK} END "
                    f'AS "o{i}"'
                )
        return f"SELECT *, {', '.join(outs) or '0 AS none'} FROM ({source})"

    def _struct(self, n: int, mine: list[tuple[int, Path]]) -> str:
        """One cell: done when its own fields surely hold it, else the list of paths to ask."""
        primary = [(i, p) for i, p in mine if not p.kind.startswith("in:") and p.fate != MERGED]
        quick = "-1"
        if primary:
            worst = f"greatest({', '.join(f'o{i}' for i, _ in primary)})"
            held = " ".join(f"WHEN o{i} = {SAME} THEN {i}" for i, _ in primary)
            held += " " + " ".join(f"WHEN o{i} = {SURE} THEN {i}" for i, _ in primary)
            quick = f"CASE WHEN {worst} <= {SURE} THEN CASE {held} ELSE -1 END ELSE -1 END"
        asks = ", ".join(
            f"{{'path': {i}, 'out': o{i}::INT, 'kind': {self._kind(p)}, 'value': v{i}, "
            f"'words': {literal(p.words)}}}"
            for i, p in mine
        )
        asked = f"[{asks}]" if asks else f"CAST([] AS {_ASKS})"
        same = " OR ".join(f"({quick}) = {i} AND o{i} = {SAME}" for i, _ in primary) or "false"
        return (
            f"{{'n': {n}, 'text': \"t{n}\", 'path': {quick}, 'same': {same}, "
            f"'asks': CASE WHEN ({quick}) = -1 THEN {asked} END}}"
        )

    def _value(self, path: Path) -> str:
        """SQL of what the path's fields hold; several as one text, NULL without a record."""
        table = list(self.tables).index(path.place)
        places = self.tables[path.place][1]
        held = [f"h{table}.held[{places[label]}]" for label in path.labels]
        if path.place == COMPANY:
            return f"coalesce({held[0]}, '')"
        if path.named:
            return f"CASE WHEN {self._is_named(path)} THEN {held[0]} END"
        if path.kind == "phone:one":  # one without area code is no number to call
            digits = f"length(regexp_replace({cell_sql(path.column)}, '[^0-9]', '', 'g'))"
            return f"CASE WHEN {digits} >= 10 THEN {held[0]} END"
        if len(held) == 1:
            return held[0]
        if path.kind == WRITTEN:
            said = f"regexp_replace(trim({cell_sql(path.column)}), '\\s+', ' ', 'g')"
            return f"CASE WHEN {said} <> trim({held[1]} || ' ' || {held[2]}) THEN {held[0]} END"
        if path.kind.startswith("address"):
            return f"CASE WHEN h{table}.key IS NOT NULL THEN concat_ws(' ', {', '.join(held)}) END"
        if path.kind == "name" or path.kind == "in:name":
            named = dict(zip(path.labels, held, strict=True))
            first, last = named.pop("firstName", "''"), named.pop("lastName", "''")
            rest = "".join(f", nullif({v}, '')" for v in named.values())
            whole = f"nullif(trim({first} || ' ' || {last}), '')"
            parts = f", nullif({first}, ''), nullif({last}, '')" if path.kind == "in:name" else ""
            joined = f"concat_ws(chr(31), {whole}{rest}{parts})"
            return f"CASE WHEN h{table}.key IS NOT NULL THEN {joined} END"
        listed = ", ".join(f"nullif({v}, '')" for v in held)
        return f"CASE WHEN h{table}.key IS NOT NULL THEN concat_ws(chr(31), {listed}) END"

    def _is_named(self, path: Path) -> str:
        """SQL: whether the cell names a record that is known."""
        kind = literal(path.named)
        if path.named.startswith(BY):
            kind = known.told_kind_sql(cell_sql(path.named.removeprefix(BY)))
        return known.is_known_sql(kind, cell_sql(path.column), "split_part(s.key, '/', 1)")

    def _kind(self, path: Path) -> str:
        """SQL of the kind of reading, which for days and numbers depends on the file."""
        kind = path.kind
        for mark, mapped in _ORDERS.items():
            if mark in kind:
                told = {f: o for (f, c), o in self.orders.items() if c == path.column}
                undecided = witness.UNDECIDED
                told = {f: mapped if mapped and o == undecided else o for f, o in told.items()}
                usual = mapped or self.around.answers.get("dates:*", witness.MONTH)
                return f"{literal(kind.replace(mark, ''))} || {_by_file(told, usual)}"
        if "{sign}" in kind:
            told = {f: "," for f, c in self.commas if c == path.column}
            return f"{literal(kind.replace('{sign}', ''))} || {_by_file(told, '.')}"
        return literal(kind)

    def _is_point(self, column: str) -> str:
        files = ", ".join(literal(f) for f, c in self.commas if c == column)
        return f"file NOT IN ({files})" if files else "true"


_ASKS = 'STRUCT(path INT, "out" INT, kind VARCHAR, value VARCHAR, words VARCHAR)[]'
_ORDERS = {"{order}": "", "{mdy}": witness.MONTH, "{dmy}": witness.DAY}
_MAPPED_OBJECTS = frozenset(
    {"clients", "leads", "jobs", "estimates", "invoices", "work_orders", "attachments",
     "activities"}
)  # fmt: skip

#: The paths of cells that SQL is not sure of; a field of several rows may hold a cell as a piece.
_SLOW = f"""
CREATE OR REPLACE TEMP TABLE ledger_slow AS
SELECT l.row, l.n, l.several, a.path, a."out" AS out, a.kind, l.text, a.value, a.words
FROM (SELECT row, n, several, text, unnest(asks) AS a FROM ledger_look WHERE path = -1) l
WHERE a.value IS NOT NULL
UNION ALL
SELECT l.row, l.n, l.several, a.path, {ASK}, 'in:' || a.kind, l.text, a.value, a.words
FROM (SELECT row, n, several, text, unnest(asks) AS a FROM ledger_look
      WHERE path = -1 AND several) l
WHERE a.value <> '' AND NOT starts_with(a.kind, 'in:')
"""
#: The best path of each of those cells; one that contradicts (`against`) takes it back.
_SETTLED = f"""
CREATE OR REPLACE TEMP TABLE ledger_settled AS
WITH judged AS (
    SELECT s.row, s.n, s.several, s.path, p.fate, p.sole, p.keeps, s.out,
           NOT starts_with(s.words, '{STAGES}') OR k.text IS NOT NULL AS known,
           CASE WHEN s.out = {SAME} THEN '{VERBATIM}' WHEN s.out = {SURE} THEN p.rule
                WHEN w.label IS NOT NULL THEN 'label of the confirmed value map'
                ELSE v.rule END AS rule
    FROM ledger_slow s JOIN ledger_path p ON p.n = s.path
    LEFT JOIN ledger_verdict v ON v.kind = s.kind AND v.text = s.text AND v.value = s.value
        AND s.out = {ASK}
    LEFT JOIN (SELECT DISTINCT words, text, label FROM ledger_words) w
        ON s.out = {ASK} AND w.words = s.words AND w.text = lower(trim(s.text))
        AND w.label = s.value
    LEFT JOIN (SELECT DISTINCT words, text FROM ledger_words) k
        ON k.words = s.words AND k.text = lower(trim(s.text))
)
SELECT row, n, min_by(path, rank) FILTER (rule IS NOT NULL) AS path,
       min_by(rule, rank) FILTER (rule IS NOT NULL) AS rule,
       bool_or(sole AND rule IS NULL AND NOT several AND out = {ASK} AND known) AS against,
       bool_or(NOT several AND out = {MISSING}) AS missing,
       bool_or(rule = '{VERBATIM}' AND keeps) AS verbatim
FROM (SELECT *, CASE WHEN fate = '{MERGED}' THEN 40 WHEN fate = '{LINKED}' THEN 20 ELSE 0 END
             + CASE WHEN rule = '{VERBATIM}' THEN 0 ELSE 10 END + path / 1000.0 AS rank
      FROM judged WHERE fate <> '{MERGED}' OR several)
GROUP BY row, n
"""
_WRITE = f"""
INSERT INTO ledger.cells
WITH told AS (
    SELECT l.*, k.shown, k.excluded, k.reason, k.instead, k.crossed,
           coalesce(s.path, CASE WHEN l.path >= 0 THEN l.path END) AS way,
           CASE WHEN l.path >= 0 AND l.same THEN '{VERBATIM}'
                WHEN l.path >= 0 THEN q.rule ELSE s.rule END AS how,
           coalesce(s.against AND NOT s.verbatim, false) AS against,
           coalesce(s.missing AND NOT s.verbatim, false) AS missing
    FROM ledger_look l JOIN ledger_column k ON k.n = l.n
    LEFT JOIN ledger_settled s ON s.row = l.row AND s.n = l.n AND l.path = -1
    LEFT JOIN ledger_path q ON q.n = l.path
), judged AS (
    SELECT told.*, p.field, CASE
        WHEN crossed THEN '{fates.UNACCOUNTED}'
        WHEN way IS NOT NULL AND NOT against AND NOT missing THEN
            CASE p.fate WHEN '{MERGED}' THEN '{fates.MERGED}' WHEN '{LINKED}' THEN '{fates.LINKED}'
                 ELSE CASE WHEN how = '{VERBATIM}' THEN '{fates.ARRIVED}'
                           ELSE '{fates.BY_RULE}' END END
        WHEN {witness.is_empty_word_sql("text", EMPTY_WORDS)} THEN '{fates.EMPTY_WORD}'
        WHEN excluded <> '' THEN '{fates.EXCLUDED}'
        WHEN reason <> '' THEN '{fates.NOT_MOVED}'
        ELSE '{fates.UNACCOUNTED}' END AS fate
    FROM told LEFT JOIN ledger_path p ON p.n = way
)
SELECT $object, $dataset, _row_id, file, _sheet, _row, shown, text, fate,
       CASE fate WHEN '{fates.UNACCOUNTED}' THEN CASE WHEN crossed THEN '{CROSSED}'
                     WHEN against THEN 'the field says something else'
                     WHEN missing THEN 'the field is empty' ELSE 'found nowhere' END
                 WHEN '{fates.EMPTY_WORD}' THEN trim(text) || ' stands for nothing'
                 WHEN '{fates.EXCLUDED}' THEN excluded WHEN '{fates.NOT_MOVED}' THEN reason
                 WHEN '{fates.ARRIVED}' THEN '' ELSE how END,
       CASE WHEN fate IN ('{fates.EMPTY_WORD}', '{fates.EXCLUDED}', '{fates.NOT_MOVED}') THEN ''
            ELSE coalesce(field, '') END,
       coalesce(record, ''),
       CASE fate WHEN '{fates.UNACCOUNTED}' THEN '{FIND_OUT}'
                 WHEN '{fates.NOT_MOVED}' THEN instead ELSE '' END
FROM judged
"""


def _by_file(told: Mapping[str, str], usual: str) -> str:
    cases = "".join(
        f" WHEN file = {literal(f)} THEN {literal(v)}" for f, v in told.items() if v != usual
    )
    return f"CASE{cases} ELSE {literal(usual)} END" if cases else literal(usual)


def _left_out(dataset: str, document: MapDocument) -> dict[str, str]:
    """Columns that a person left out of the map → in whose name."""
    found: dict[str, str] = {}
    for entry in document.fields:
        if entry.dataset == dataset and entry.status == EXCLUDED:
            sources = fields_of(dataset).get(entry.source, ()) if not entry.is_custom_column else ()
            columns = [s.column for s in sources] or [entry.source]
            by = entry.decided_by or "a person"
            found |= dict.fromkeys(columns, f"left out in the map by {by}")
    return found


def _history(dataset: str) -> list[Path]:
    """Rows that become a note, a message or a file: each cell is a piece of what that holds."""
    if dataset not in holders.HISTORY:
        return []
    columns = [c.name for c in BY_KEY[dataset].columns]
    kinds = {c: own_kind(dataset, c) for c in [*columns, "custom:*"]}
    if dataset == "attachments":
        kinds |= dict.fromkeys(("file_name", "location"), "file")
    return [Path(c, ALL, ("text",), f"in:{kind}") for c, kind in kinds.items()]
