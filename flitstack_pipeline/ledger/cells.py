"""Finds the fate of every non-empty cell of every record row: `ledger.cells`.

Per kind of export and batch of rows: the row's cells beside what its records hold, one wide
statement, a column each; cells that SQL is sure of are done, the others go distinct to the witness.
Memory holds one batch. Belongs here: the wide statement. Does not: which fields (`provenance`),
which records (`holders`), which rows are no records of their own (`row_fates`), comparing
(`witness`), how fates lie in the database (`store`).
"""

# ruff: noqa: S608 - names in the SQL come from our own specification, labels are quoted

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from flitstack_pipeline.ledger import (
    fates,
    holders,
    known,
    own_cells,
    refusals,
    row_fates,
    schema_rows,
    settle,
    store,
    witness,
)
from flitstack_pipeline.ledger.columns import fields_of
from flitstack_pipeline.ledger.crossed import crossed_columns, is_line_crossed
from flitstack_pipeline.ledger.provenance import (
    ALL,
    BY,
    COMPANY,
    KEY,
    MERGED,
    NEAR,
    STAGES,
    WRITTEN,
    Path,
    own_kind,
    paths_of,
)
from flitstack_pipeline.ledger.quick import ASK, LOOK, Way, code, outcomes, read_ahead, sure_rule
from flitstack_pipeline.ledger.sql import literal
from flitstack_pipeline.ledger.sure import sure
from flitstack_pipeline.ledger.texts import Account
from flitstack_pipeline.mapping.document import EXCLUDED, MapDocument
from flitstack_pipeline.spec.objects import SCHEMA_DATASETS, object_of_dataset
from flitstack_pipeline.spec.source import BY_KEY
from flitstack_pipeline.warehouse import limited, table_exists

BATCH = 150_000
#: Word lists up to this length stand in the statement itself.
FEW_WORDS = 200
MEMORY = "2GB"
PROVENANCE_DDL = """CREATE OR REPLACE TABLE ledger.provenance (
  dataset VARCHAR, "column" VARCHAR, place VARCHAR, field VARCHAR, kind VARCHAR, fate VARCHAR)"""


@dataclass(frozen=True)
class Surroundings:
    """What the ledger must know besides the tables: the map, the account, people's answers."""

    document: MapDocument
    account: Account = field(default_factory=Account)
    answers: Mapping[str, str] = field(default_factory=dict)
    #: Documents that a person parted from a job.
    parted: Collection[str] = ()


def build(
    con: duckdb.DuckDBPyConnection, around: Surroundings, only: Collection[str] = tuple(BY_KEY)
) -> dict[str, int]:
    """Fill `ledger.cells` and `ledger.provenance` anew; how many cells have each fate.

    Args:
        con: The warehouse.
        around: What the ledger must know besides the tables.
        only: The kinds of export whose cells are looked at; the others count as evidence.
    """
    store.begin(con)
    con.execute(PROVENANCE_DDL)
    with limited(con, MEMORY):
        holders.prepare(con)
        known.prepare(con)
        refusals.prepare(con, around.parted)
        row_fates.prepare(con)
        counts = {d: _pairs(con, d) for d in BY_KEY if table_exists(con, f"raw.{d}")}
        for dataset in (d for d in counts if d in only):
            _Dataset(con, dataset, around, counts).fill()
        store.make_view(con)
        own_cells.put_in(con)
        row_fates.add_copies(con)
        store.count(con)
    return totals(con)


def totals(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many cells have each fate."""
    rows = con.execute("SELECT fate, sum(cells) FROM ledger.counts GROUP BY fate").fetchall()
    found = {fate: int(cells) for fate, cells in rows}
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
        self.near_late = self._is_near_late()
        at_hand = [p for p in self.paths if not (self.near_late and p.place == NEAR)]
        self.tables = holders.make(con, self.dataset, self.around.document, at_hand)
        self._words()
        self.labels = _labels(con)
        self.ways = self._ways()
        self._store_outcomes()
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
        self.shown, self.untold = shown, list(zip(excluded, reasons, instead, strict=True))
        crossed = [c in self.crossed for c in self.columns]
        columns = pa.table(
            {"n": range(len(shown)), "shown": shown, "excluded": excluded, "reason": reasons,
             "instead": instead, "crossed": crossed}
        )  # fmt: skip
        rules = [sure_rule(p) for p in self.paths]
        paths = pa.table(
            {"n": range(len(self.paths)), "field": [p.field for p in self.paths],
             "fate": [p.fate for p in self.paths], "sole": [p.sole for p in self.paths],
             "keeps": [p.kind == "in:kept" for p in self.paths], "rule": rules,
             "near": [p.place == NEAR for p in self.paths],
             "named": [p.named for p in self.paths],
             "ahead": [bool(read_ahead([Way(0, p, "", "")])) for p in self.paths]}
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
        self._write_names()
        told = schema_rows.became(self.con, self.dataset, self.around.document)
        cells = ", ".join(_whole(i, c, told.get(c)) for i, c in enumerate(self.columns))
        self.con.execute(
            f"""
            INSERT INTO ledger.looked
            SELECT {literal(self.object)}, {literal(self.dataset)}, _row_id, _file, _sheet, _row,
                   k.shown, c.text, coalesce(fate, c.fate, '{fates.NOT_MOVED}'),
                   coalesce(rule, c.rule, k.reason), coalesce(c.field, ''), coalesce(record, ''),
                   coalesce(what_to_do, CASE WHEN c.fate IS NULL THEN k.instead ELSE '' END)
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
        con.execute(
            "CREATE OR REPLACE TEMP TABLE ledger_keys AS SELECT DISTINCT kept AS key "
            f"FROM ledger_state WHERE row BETWEEN {first} AND {last} AND fate IS NULL"
        )
        wide = f"CREATE OR REPLACE TEMP TABLE ledger_wide AS {self._wide(first, last)}"
        try:
            con.execute(wide)
        except (duckdb.InvalidInputException, duckdb.InternalException):
            # DuckDB's rewriting stumbles over expressions of an empty field: without it, then.
            con.execute("PRAGMA disable_optimizer")
            try:
                con.execute(wide)
            finally:
                con.execute("PRAGMA enable_optimizer")
        numbers = ", ".join(f'"c{n}"' for n in range(len(self.columns)))
        con.execute(
            f"INSERT INTO {store.table_of(self.dataset)} "
            f"SELECT _row_id, _file, _sheet, _row, record, {numbers} FROM ledger_wide"
        )
        self._look_again()
        if not con.execute("SELECT 1 FROM ledger_look LIMIT 1").fetchall():
            return
        if self.near_late:
            holders.make_near(con, self.dataset, "SELECT record FROM ledger_look")
        con.execute(settle.NONE_SETTLED)
        for first in (True, False):  # the other paths only of cells that these do not settle
            con.execute(settle.slow(first))
            witness.bear_witness(
                con, f"(SELECT * FROM ledger_slow WHERE out = {ASK})", self.around.account
            )
            con.execute(settle.SETTLED)
        con.execute(settle.WRITE, {"object": self.object, "dataset": self.dataset})

    def _look_again(self) -> None:
        """Temporary table `ledger_look`: the cells that SQL is not sure of, with their paths."""
        places = ", ".join(f'count(*) FILTER ("c{n}" = {LOOK})' for n in range(len(self.columns)))
        counts = self.con.execute(f"SELECT {places} FROM ledger_wide").fetchall()[0]
        asked = " UNION ALL ".join(
            f"SELECT row, _row_id, _file AS file, _sheet, _row, record, several, {n}::INT AS n, "
            f'"a{n}".text AS text, "a{n}".asks AS asks FROM ledger_wide WHERE "c{n}" = {LOOK}'
            for n, count in enumerate(counts) if count
        ) or (
            "SELECT 0 AS row, '' AS _row_id, '' AS file, '' AS _sheet, 0 AS _row, '' AS record, "
            f"false AS several, 0 AS n, '' AS text, CAST([] AS {settle.ASKS}) AS asks WHERE false"
        )  # fmt: skip
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE ledger_look AS {asked}")

    def _wide(self, first: int, last: int) -> str:
        """SELECT of the rows of a batch: the number of each cell (`c0` …), and the paths of those
        that are to be looked at (`a0` …). Each level adds columns, computed where they are used."""
        joins = "".join(
            f" LEFT JOIN (FROM {table} SEMI JOIN ledger_keys USING (key)) h{i} ON h{i}.key = s.kept"
            for i, (table, _) in enumerate(self.tables.values())
        )
        holders_ = "".join(f", h{i}" for i in range(len(self.tables)))
        found = (
            f"SELECT r, s, r.rowid AS row, r._file AS file{holders_} "
            f'FROM raw."{self.dataset}" r JOIN ledger_state s ON s.row = r.rowid{joins} '
            f"WHERE r.rowid BETWEEN {first} AND {last} AND s.fate IS NULL"
        )
        columns = range(len(self.columns))
        texts = [f'{cell_sql(c)} AS "t{n}"' for n, c in enumerate(self.columns)]
        ahead = [(n, w) for n in columns for w in read_ahead(self.ways[n])]
        texts += [f'{self._value(w.path)} AS "v{w.number}"' for _, w in ahead]
        outcomes = [
            f'{self._of_country(w.outcome(f"t{n}", f"v{w.number}"))} AS "o{w.number}"'
            for n, w in ahead
        ]
        codes = [f'({self._code(n)})::SMALLINT AS "c{n}"' for n in columns]
        asks = [f'CASE WHEN "c{n}" = {LOOK} THEN {self._asks(n)} END AS "a{n}"' for n in columns]
        for added in (texts, outcomes, codes):
            found = f"SELECT *{''.join(f', {x}' for x in added)} FROM ({found})"
        numbers = "".join(f', "c{n}"' for n in columns)
        return (
            "SELECT row, r._row_id, r._file, r._sheet, r._row, s.kept AS record, s.several"
            f"{numbers}, {', '.join(asks)} FROM ({found})"
        )

    def _code(self, n: int) -> str:
        """SQL of the number of the cells of a column; one of swapped targets is looked at."""
        if self.columns[n] in self.crossed:
            return code(f"t{n}", [], LOOK)
        return code(f"t{n}", self.ways[n], self._without(n))

    def _ways(self) -> list[list[Way]]:
        """The paths of each column with what they hold and when it surely says the same."""
        found: list[list[Way]] = [[] for _ in self.columns]
        place = {column: n for n, column in enumerate(self.columns)}
        for number, path in enumerate(self.paths):
            n = place[path.column]
            late = self.near_late and path.place == NEAR
            value = "NULL" if late else self._value(path)
            way = Way(number, path, value, "false")
            held = f"v{number}" if read_ahead([way]) else value
            found[n].append(replace(way, sure=self._sure(path, f"t{n}", held)))
        return found

    def _sure(self, path: Path, text: str, value: str) -> str:
        """SQL of when a value surely says the same as a cell."""
        if value == "NULL":
            return "false"
        found = sure(path.kind, text, value)
        if path.words in self.labels:
            listed = ", ".join(literal(x) for x in self.labels[path.words])
            said = f"list_contains([{listed}], lower(trim({text})) || chr(31) || {value})"
            found = f"({said} OR {found})"
        for mark, mapped in _ORDERS.items():
            if mark in path.kind:
                for order, sign in ((witness.MONTH, "{mdy}"), (witness.DAY, "{dmy}")):
                    found = found.replace(sign, self._is_order(path.column, mapped, order))
        found = found.replace("{point}", self._is_point(path.column))
        found = found.replace("{zone}", literal(self.around.account.zone))
        return self._of_country(found)

    def _of_country(self, sql: str) -> str:
        """SQL that knows whether the account's phones are American."""
        american = self.around.account.country in ("US", "CA", "PR")
        return sql.replace("{american}", str(american).lower())

    def _asks(self, n: int) -> str:
        """SQL of a cell to be looked at, with the paths to ask about."""
        text = f"t{n}"
        ahead = {w.number for w in read_ahead(self.ways[n])}
        asks = []
        for way in self.ways[n]:
            known = way.number in ahead
            out = f"o{way.number}" if known else self._of_country(way.outcome(text, way.value))
            value = f"v{way.number}" if known else f"({way.value})::VARCHAR"
            asks.append(
                f"{{'path': {way.number}, 'out': ({out})::INT, 'kind': {self._kind(way.path)}, "
                f"'value': {value}, 'words': {literal(way.path.words)}}}"
            )
        asked = f"[{', '.join(asks)}]" if asks else f"CAST([] AS {settle.ASKS})"
        return f"{{'text': {text}, 'asks': {asked}}}"

    def _is_near_late(self) -> bool:
        """Whether linked records need to be found only for cells that are nowhere else."""
        if any(p.place == NEAR and p.sole for p in self.paths):
            return False
        near = {p.column for p in self.paths if p.place == NEAR}
        others = {
            p.column for p in self.paths
            if p.place != NEAR and p.fate != MERGED and not p.kind.startswith("in:")
        }  # fmt: skip
        return near <= others

    def _without(self, n: int) -> int:
        """The number of the cells of a column that has no path, LOOK where that depends."""
        return 2 * len(self.paths) + 1 + n if any(self.untold[n]) else LOOK

    def _store_outcomes(self) -> None:
        """Make the table of this kind of export, and say what the numbers in it mean."""
        shown = dict(zip(self.columns, self.shown, strict=True))
        found = [(number, shown[c], fate, rule, field, "")
                 for number, c, fate, rule, field in outcomes(self.paths)]  # fmt: skip
        for n, (excluded, reason, instead) in enumerate(self.untold):
            fate = fates.EXCLUDED if excluded else fates.NOT_MOVED
            found.append(
                (2 * len(self.paths) + 1 + n, self.shown[n], fate, excluded or reason, "",
                 "" if excluded else instead)
            )  # fmt: skip
        cells = [cell_sql(c) for c in self.columns]
        store.make_table(self.con, self.object, self.dataset, cells, found)

    def _value(self, path: Path) -> str:
        """SQL of what the path's fields hold; several as one text, NULL without a record."""
        if path.place == KEY:
            there = " OR ".join(f"h{i}.key IS NOT NULL" for i in range(len(self.tables)))
            key = "s.kept || chr(31) || split_part(s.kept, '/', 1)"
            return f"CASE WHEN {there or 's.kept IS NOT NULL'} THEN {key} END"
        table = list(self.tables).index(path.place)
        places = self.tables[path.place][1]
        held = [f"h{table}.held[{places[label]}]" for label in path.labels]
        if path.place == COMPANY:
            return f"coalesce({held[0]}, '')"
        if path.named:
            return f"CASE WHEN {self._is_named(path)} THEN coalesce({held[0]}, '') END"
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

    def _is_order(self, column: str, mapped: str, order: str) -> str:
        """SQL: whether the file writes the days of a column in an order."""
        told = {f: o for (f, c), o in self.orders.items() if c == column}
        usual = mapped or self.around.answers.get("dates:*", witness.MONTH)
        known = {f: mapped if mapped and o == witness.UNDECIDED else o for f, o in told.items()}
        others = [literal(f) for f, o in known.items() if (o == order) != (usual == order)]
        if not others:
            return str(usual == order).lower()
        return f"(file {'NOT ' if usual == order else ''}IN ({', '.join(others)}))"

    def _is_point(self, column: str) -> str:
        files = ", ".join(literal(f) for f, c in self.commas if c == column)
        return f"file NOT IN ({files})" if files else "true"


_ORDERS = {"{order}": "", "{mdy}": witness.MONTH, "{dmy}": witness.DAY}
_MAPPED_OBJECTS = frozenset(
    {"clients", "leads", "jobs", "estimates", "invoices", "work_orders", "attachments",
     "activities"}
)  # fmt: skip


def _whole(n: int, column: str, became: schema_rows.Became | None) -> str:
    """SQL of a cell of a row with one fate as a whole, and what the cell became all the same."""
    told = f"'n': {n}, 'text': {cell_sql(column)}"
    for name in ("fate", "rule", "field"):
        value = "NULL::VARCHAR"
        if became:
            said = literal(getattr(became, name))
            value = f"CASE WHEN s.fate IS NULL AND {became.condition} THEN {said} END"
        told += f", '{name}': {value}"
    return f"{{{told}}}"


def _labels(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Word list → its words, each with its label behind a unit separator; short lists only."""
    rows = con.execute(
        "SELECT words, list(DISTINCT text || chr(31) || label) FROM ledger_words GROUP BY words"
    ).fetchall()
    return {words: sorted(listed) for words, listed in rows if len(listed) <= FEW_WORDS}


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
