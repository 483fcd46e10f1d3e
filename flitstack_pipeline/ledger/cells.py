"""Finds the fate of every non-empty cell of every record row: `ledger.cells`.

Per kind of export: the rows' cells beside what their records hold, one wide statement, a column
each; cells that SQL is sure of are done, the others go distinct to the witness. Memory holds the
records of one batch of rows, and DuckDB at most `MEMORY`. Belongs here: the wide statement.
Does not: which fields (`provenance`), which records (`holders`), what of them says the same
(`ways`), which rows are no records of their own (`row_fates`), the second look (`settle`), how
fates lie in the database (`store`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import duckdb

from flitstack_pipeline.catalog.objects import KEYS, SCHEMA_DATASETS, object_of_dataset
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.ledger import (
    fates,
    holders,
    known,
    own_cells,
    put_right,
    refusals,
    row_fates,
    schema_rows,
    settle,
    several,
    store,
    witness,
)
from flitstack_pipeline.ledger.columns import fields_of
from flitstack_pipeline.ledger.crossed import crossed_columns, is_line_crossed
from flitstack_pipeline.ledger.near import HISTORY
from flitstack_pipeline.ledger.provenance import (
    ALL,
    ARRIVED,
    BY,
    LINKED,
    NEAR,
    PARENT,
    STAGES,
    Path,
    own_kind,
    paths_of,
)
from flitstack_pipeline.ledger.quick import (
    ASK,
    LOOK,
    ONE_PHONE,
    code,
    outcomes,
    sure_rule,
)
from flitstack_pipeline.ledger.sure import sure
from flitstack_pipeline.ledger.texts import Account
from flitstack_pipeline.ledger.ways import Readings, form_of, ways_of
from flitstack_pipeline.mapping.document import EXCLUDED, MapDocument
from flitstack_pipeline.warehouse import filled_tables, limited, literal, table_exists

#: So many rows are joined to their records together: a join holds all of these in memory.
BATCH = 250_000
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
        several.prepare(con)
        refusals.prepare(con, around.parted)
        row_fates.prepare(con)
        filled = filled_tables(con, "raw")
        columns = {d: _columns_in(con, d) for d in BY_KEY if d in filled}
        counts = {d: _pairs(con, d, found) for d, found in columns.items()}
        for dataset in (d for d in columns if d in only):
            _Dataset(con, dataset, columns[dataset], around, counts).fill()
        store.make_view(con)
        put_right.judge(con)
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
    con: duckdb.DuckDBPyConnection, dataset: str, columns: list[str]
) -> dict[tuple[str, str], tuple[int, int, int]]:
    dated = {c: cell_sql(c) for c in columns if _is_dated(dataset, c)}
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
        columns: list[str],
        around: Surroundings,
        counts: dict[str, dict[tuple[str, str], tuple[int, int, int]]],
    ) -> None:
        self.con, self.dataset, self.around, self.columns = con, dataset, around, columns
        self.cells = [cell_sql(c) for c in columns]
        self.object = object_of_dataset(dataset) or (
            "schema" if dataset in SCHEMA_DATASETS else dataset
        )
        self.team = chr(31).join(holders.team(con, around.document))
        self.paths = self._paths()
        numbers = {p.column: cell_sql(p.column) for p in self.paths if "{sign}" in p.kind}
        dated = [c for c in columns if _is_dated(dataset, c)]
        self.readings = Readings(
            around.account,
            witness.orders(dataset, counts, around.answers),
            around.answers.get("dates:*", witness.MONTH),
            frozenset(witness.commas(con, f'raw."{dataset}"', numbers)),
            witness.zones(con, dataset, dated, around.answers),
        )
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
            names = ["dataset", "column", "place", "field", "kind", "fate"]
            store.insert(
                con, "ledger.provenance", dict(zip(names, zip(*told, strict=True), strict=True))
            )
        row_fates.make(con, self.dataset, self.object)
        self._write_whole_rows()
        if not self.paths:
            return
        late = {
            place for place in dict.fromkeys(p.place for p in self.paths) if self._is_late(place)
        }
        self.holders = holders.make(con, self.dataset, self.around.document, self.paths, late)
        self._words()
        self.readings = replace(self.readings, labels=_labels(con))
        self.ways = ways_of(self.columns, self.paths, self.holders, self.readings)
        self._store_outcomes()
        last = con.execute(f'SELECT max(rowid) FROM raw."{self.dataset}"').fetchall()[0][0]
        last = -1 if last is None else last
        for start in range(0, last + 1, BATCH):
            rows = f"BETWEEN {start} AND {start + BATCH - 1} AND s.fate IS NULL"
            if last >= BATCH:
                con.execute(
                    "CREATE OR REPLACE TEMP TABLE ledger_keys AS SELECT DISTINCT kept AS key "
                    f"FROM ledger_state s WHERE row {rows}"
                )
            keys = "ledger_keys" if last >= BATCH else ""
            con.execute(f"INSERT INTO {store.table_of(self.dataset)} {self._wide(rows, keys)}")
        self._look_again(NEAR in late)

    def _write_columns(self) -> None:
        """Temporary table of the columns by number, and what is said of cells without a path."""
        headers = dict(
            self.con.execute(
                "SELECT name, any_value(header) FROM raw.headers WHERE dataset = ? GROUP BY name",
                [self.dataset],
            ).fetchall()
        ) if table_exists(self.con, "raw.headers") else {}  # fmt: skip
        self.shown = [headers.get(c, c.removeprefix("custom:")) for c in self.columns]
        left_out = _left_out(self.dataset, self.around.document)
        excluded = [left_out.get(c, "") for c in self.columns]
        kinds = [fates.not_moved(self.dataset, c) for c in self.columns]
        reasons = [k.reason if k else "" for k in kinds]
        instead = [k.instead if k else "" for k in kinds]
        self.untold = list(zip(excluded, reasons, instead, strict=True))
        crossed = [c in self.crossed for c in self.columns]
        store.make_temporary(
            self.con,
            "ledger_column",
            {"n": range(len(self.shown)), "shown": self.shown, "excluded": excluded,
             "reason": reasons, "instead": instead, "crossed": crossed},
        )  # fmt: skip

    def _write_paths(self) -> list[str]:
        """Temporary tables of the paths by number, and of their kinds of reading by file.

        Returns the SQL of when a `value` surely says the same as a `text`, by `reading`.
        """
        readings: dict[str, int] = {}
        rows, kinds = [], []
        ways = sorted((w for found in self.ways for w in found), key=lambda w: w.number)
        for way in ways:
            number, path = way.number, way.path
            usual, told = self.readings.kinds(path)
            kinds += [(number, file, kind) for file, kind in told.items()]
            place, slot, rest = self.holders.where(path)
            reading = readings.setdefault(sure(path.kind, "text", "value"), len(readings))
            rows.append(
                {"n": number, "col": self.columns.index(path.column), "place": place,
                 "slot": slot, "rest": rest, "form": form_of(path), "reading": reading,
                 "kind": usual, "words": path.words, "named": path.named, "field": path.field,
                 "fate": path.fate, "rule": sure_rule(path), "sole": path.sole,
                 "misses": path.sole or path.filled, "timed": path.timed,
                 "one_phone": path.kind == ONE_PHONE, "keeps": path.kind == "in:kept",
                 "near": path.place == NEAR, "ahead": way.is_ahead}
            )  # fmt: skip
        store.make_temporary(self.con, "ledger_path", {k: [r[k] for r in rows] for k in rows[0]})
        columns = zip(*kinds, strict=True) if kinds else ([0], [""], [""])
        names = ("path", "file", "kind")
        store.make_temporary(self.con, "ledger_kind", dict(zip(names, columns, strict=True)))
        return list(readings)

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
        self._write_columns()
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

    # --- the cells ---

    def _wide(self, rows: str, keys: str) -> str:
        """SELECT of the rows whose rowid is so, with the number of each cell (`c0` …).

        Each level adds columns, computed where they are used: cells and values, values made of
        them, outcomes. `keys` is the table of their keys, "" when these are all.
        """
        ways = [(f"t{n}", w) for n, found in enumerate(self.ways) for w in found]
        texts = [f"{cell} AS t{n}" for n, cell in enumerate(self.cells)]
        values = [f"{w.formed} AS {w.value}" for _, w in ways if w.is_formed]
        values += [
            f"lower(trim(t{n})) AS w{n}"
            for n, found in enumerate(self.ways)
            if any(w.path.words for w in found)
        ]
        outcomes = [
            f"{self.readings.filled_in(w.outcome(text))} AS o{w.number}"
            for text, w in ways
            if w.is_ahead
        ]
        found = (
            "SELECT r._row_id AS row_id, r._file AS file, r._sheet AS sheet, r._row AS line, "
            f"s.kept AS record, s.several, {settle.WORKSPACE} AS workspace, "
            f"{self._told()} AS told, "
            f"{', '.join(texts)}, {self.holders.selected()} "
            f'FROM raw."{self.dataset}" r JOIN ledger_state s ON s.row = r.rowid'
            f"{self.holders.joins(keys)} WHERE r.rowid {rows}"
        )
        for added in (values, outcomes):
            found = f"SELECT *{''.join(f', {x}' for x in added)} FROM ({found})"
        codes = ", ".join(f"({self._code(n)})::SMALLINT" for n in range(len(self.columns)))
        return f"SELECT row_id, file, sheet, line, record, {codes} FROM ({found})"

    def _told(self) -> str:
        """SQL of the cell that tells the kind of the record a row hangs on."""
        told = {p.named.removeprefix(BY) for p in self.paths if p.named.startswith(BY)}
        return cell_sql(told.pop()) if told else "NULL::VARCHAR"

    def _code(self, n: int) -> str:
        """SQL of the number of the cells of a column; one of swapped targets is looked at."""
        if self.columns[n] in self.crossed:
            return code(f"t{n}", [], LOOK)
        return code(f"t{n}", self.ways[n], self._without(n))

    def _look_again(self, near_late: bool) -> None:
        """Settle the cells that SQL is not sure of, piece by piece."""
        con = self.con
        con.execute(settle.look(self.dataset, self.cells, self._told()))
        last = con.execute("SELECT max(piece) FROM ledger_look").fetchall()[0][0]
        if last is None:
            return
        readings = self._write_paths()
        for piece in range(last + 1):
            keys = f"SELECT DISTINCT record FROM ledger_look WHERE piece = {piece}"
            held = self.holders.listed(con, keys)
            con.execute(self.readings.filled_in(settle.asked(piece, held, readings, near_late)))
            several.ask(con, self.dataset)
            con.execute(settle.NONE_SETTLED)
            for first in (True, False):  # the other paths only of cells that these do not settle
                con.execute(settle.slow(first))
                witness.bear_witness(
                    con, f"(SELECT * FROM ledger_slow WHERE out = {ASK})", self.around.account
                )
                con.execute(settle.SETTLED)
            told = {"object": self.object, "dataset": self.dataset, "piece": piece}
            con.execute(settle.WRITE, told)

    def _is_late(self, place: str) -> bool:
        """Whether the records of a place need to be found only for cells that are nowhere else.

        So it is with linked records and the texts of parents where each column has a field of its
        own elsewhere, and none must lead to such a record.
        """
        here = [p for p in self.paths if p.place == place]
        if not (place == NEAR or place.startswith(PARENT)) or any(p.sole for p in here):
            return False
        fates_there = (ARRIVED, LINKED) if place == NEAR else (ARRIVED,)
        others = {
            p.column for p in self.paths
            if p.place != place and p.fate in fates_there and not p.kind.startswith("in:")
        }  # fmt: skip
        return {p.column for p in here} <= others

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
        store.make_table(self.con, self.object, self.dataset, self.cells, found)


_MAPPED_OBJECTS = frozenset(KEYS) - {"users"}


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


def _labels(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[str]]]:
    """Word list → its labels, each with the words it is for; short lists only.

    Those are in the temporary table `ledger_label`, too.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ledger_label AS SELECT DISTINCT * FROM ledger_words "
        f"QUALIFY count(*) OVER (PARTITION BY words) <= {FEW_WORDS}"
    )
    found: dict[str, dict[str, list[str]]] = {}
    for words, label, said in con.execute(
        "SELECT words, label, list(text ORDER BY text) FROM ledger_label GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found.setdefault(words, {})[label] = said
    return found


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
    if dataset not in HISTORY:
        return []
    columns = [c.name for c in BY_KEY[dataset].columns]
    kinds = {c: own_kind(dataset, c) for c in [*columns, "custom:*"]}
    if dataset == "attachments":
        kinds |= dict.fromkeys(("file_name", "location"), "file")
    return [Path(c, ALL, ("text",), f"in:{kind}") for c, kind in kinds.items()]
