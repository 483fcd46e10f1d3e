"""The search index: a copy of searched documents that trails the writes.

What belongs here: following writes after a delay, equality terms, filters turned into SQL,
pages with a cursor. What does not: the request and answer shapes of the search endpoints.

HighLevel's searches lag its writes by seconds, so a write first waits in `search_queue` until
its moment has come, and only then replaces what searches see: until then a new record is
missing, a changed one shows its old values, a deleted one is still found. The queue lives in
the file, so the lag survives a restart too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flitstack_pipeline.sandbox.errors import unprocessable
from flitstack_pipeline.sandbox.formats import now_ms, parse_moment
from flitstack_pipeline.sandbox.terms import (
    LONGEST_TERM,
    normal,
    search_text,
    search_values,
    term,
)

if TYPE_CHECKING:
    from flitstack_pipeline.sandbox.state import Entry

_SCHEMA = """
CREATE TABLE IF NOT EXISTS search_docs (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    location TEXT NOT NULL,
    parent TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    text TEXT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS search_by_created
    ON search_docs (kind, location, parent, created, id);
CREATE INDEX IF NOT EXISTS search_by_updated
    ON search_docs (kind, location, parent, updated, id);
CREATE TABLE IF NOT EXISTS search_terms (
    term INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (term, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_terms_by_doc ON search_terms (seq);
CREATE TABLE IF NOT EXISTS search_queue (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    due INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    location TEXT NOT NULL,
    parent TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    doc TEXT
);
CREATE INDEX IF NOT EXISTS search_queue_by_due ON search_queue (due);
"""
_CREATED_NAMES = frozenset({"dateAdded", "createdAt", "date_added", "created_at"})
_UPDATED_NAMES = frozenset({"dateUpdated", "updatedAt", "date_updated", "updated_at"})
OPERATORS = frozenset(
    {"eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"}
)  # fmt: skip


@dataclass
class Found:
    """One search hit: the document as searches see it, and its cursor."""

    id: str
    created: int
    updated: int
    doc: dict[str, Any]
    cursor: list[Any]


@dataclass
class Search:
    """What to search for.

    `filters` is a tree of `{"group", "filters"}` and `{"field", "operator", "value"}`; `sort` a
    list of (field, "asc" | "desc"), of which the first counts; `after` the cursor of a hit.
    """

    kind: str
    location: str
    parent: str = ""
    filters: list[dict[str, Any]] = field(default_factory=list)
    query: str = ""
    sort: list[tuple[str, str]] = field(default_factory=list)
    after: list[Any] | None = None
    limit: int = 20
    skip: int = 0
    rename: Callable[[str], str] = str


@dataclass
class _Clause:
    sql: str
    values: list[Any]


class SearchIndex:
    """The lagging copy, in the same SQLite file as the documents."""

    def __init__(self, con: sqlite3.Connection) -> None:
        """Use this connection; `lag` returns the delay in milliseconds of the next write."""
        self.con = con
        self.lag: Callable[[], int] = lambda: 0
        self.delete_lag_times = 1
        con.create_function("holds", 3, _holds, deterministic=True)
        con.create_function("sort_value", 3, _sort_value, deterministic=True)

    def prepare(self) -> None:
        """Make the tables."""
        self.con.executescript(_SCHEMA)

    # --- following the writes ----------------------------------------------------------------

    def follow(self, entry: Entry, *, deleted: bool) -> None:
        """Take note of a write: at once without lag, else when its time has come."""
        lag = self.lag() * (self.delete_lag_times if deleted else 1)
        doc = None if deleted else json.dumps(entry.doc)
        version = entry.version + 1 if deleted else entry.version
        row = (entry.seq, entry.kind, entry.location, entry.parent, entry.id, version,
               entry.created, entry.updated, doc)  # fmt: skip
        if lag <= 0:
            self._apply(row)
            return
        self.con.execute(
            "INSERT INTO search_queue (due, seq, kind, location, parent, id, version, created,"
            " updated, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (now_ms() + lag, *row),
        )

    def drain(self, most: int = -1) -> int:
        """Apply the writes whose time has come (at most so many); return how many there were."""
        rows = self.con.execute(
            "SELECT place, seq, kind, location, parent, id, version, created, updated, doc"
            " FROM search_queue WHERE due <= ? ORDER BY due, place LIMIT ?",
            (now_ms(), most),
        ).fetchall()
        if not rows:
            return 0
        own = not self.con.in_transaction
        if own:
            self.con.execute("BEGIN IMMEDIATE")
        for place, *row in rows:
            self._apply(tuple(row))
            self.con.execute("DELETE FROM search_queue WHERE place = ?", (place,))
        if own:
            self.con.execute("COMMIT")
        return len(rows)

    def _apply(self, row: tuple[Any, ...]) -> None:
        seq, kind, location, parent, record_id, version, created, updated, doc = row
        seen = self.con.execute("SELECT version FROM search_docs WHERE seq = ?", (seq,)).fetchone()
        if seen and seen[0] >= version:
            return  # a later write overtook this one
        if seen:
            self.con.execute("DELETE FROM search_terms WHERE seq = ?", (seq,))
        if doc is None:
            # the emptied row stays until nothing older waits, so that it cannot come back
            waiting = self.con.execute(
                "SELECT 1 FROM search_queue WHERE seq = ? AND version < ? LIMIT 1", (seq, version)
            ).fetchone()
            self.con.execute("DELETE FROM search_docs WHERE seq = ?", (seq,))
            if waiting:
                self.con.execute(
                    "DELETE FROM search_queue WHERE seq = ? AND version < ?", (seq, version)
                )
            return
        content = json.loads(doc)
        self.con.execute(
            "INSERT OR REPLACE INTO search_docs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, kind, location, parent, record_id, version, created, updated,
             search_text(kind, content), doc),
        )  # fmt: skip
        scope = f"{location}/{parent}"
        terms = {
            (term(kind, scope, name, value), seq)
            for name, values in search_values(kind, content).items()
            for value in values
            if len(str(value)) <= LONGEST_TERM
        }
        self.con.executemany("INSERT OR IGNORE INTO search_terms VALUES (?, ?)", terms)

    # --- searching -----------------------------------------------------------------------------

    def search(self, wanted: Search) -> tuple[list[Found], int]:
        """Return one page of hits and the total; raise a 422 for an unknown operator."""
        self.drain()
        where = _where(wanted)
        order, direction, order_values = _order(wanted)
        total = self._count(where)
        page = _Clause(where.sql, list(where.values))
        if wanted.after:
            sign = ">" if direction == "ASC" else "<"
            page.sql += f" AND ({order}, id) {sign} (?, ?)"
            page.values += [*order_values, wanted.after[0], str(wanted.after[-1])]
        # Every fragment below is a constant of this module; values are always bound.
        rows = self.con.execute(
            f"SELECT id, created, updated, doc, {order} FROM search_docs WHERE {page.sql}"  # noqa: S608
            f" ORDER BY {order} {direction}, id {direction} LIMIT ? OFFSET ?",
            [*order_values, *page.values, *order_values, wanted.limit, wanted.skip],
        ).fetchall()
        hits = [
            Found(record_id, created, updated, json.loads(doc), [key, record_id])
            for record_id, created, updated, doc, key in rows
        ]
        return hits, total

    def _count(self, where: _Clause) -> int:
        row = self.con.execute(
            f"SELECT count(*) FROM search_docs WHERE {where.sql}",  # noqa: S608
            where.values,
        ).fetchone()
        return int(row[0])


def _where(wanted: Search) -> _Clause:
    clause = _Clause(
        "kind = ? AND location = ? AND parent = ?", [wanted.kind, wanted.location, wanted.parent]
    )
    if wanted.query.strip():
        clause.sql += " AND instr(text, ?) > 0"
        clause.values.append(wanted.query.strip().lower())
    for node in wanted.filters:
        inner = _node(wanted, node)
        clause.sql += f" AND {inner.sql}"
        clause.values += inner.values
    return clause


def _order(wanted: Search) -> tuple[str, str, list[Any]]:
    name, direction = wanted.sort[0] if wanted.sort else ("dateAdded", "desc")
    way = "ASC" if direction == "asc" else "DESC"
    if name in _CREATED_NAMES:
        return "created", way, []
    if name in _UPDATED_NAMES:
        return "updated", way, []
    return "sort_value(kind, doc, ?)", way, [wanted.rename(name)]


def _node(wanted: Search, node: dict[str, Any]) -> _Clause:
    if "filters" not in node:
        return _leaf(wanted, node)
    glue = " OR " if str(node.get("group", "AND")).upper() == "OR" else " AND "
    inner = [_node(wanted, child) for child in node["filters"]]
    if not inner:
        return _Clause("1", [])
    return _Clause(
        "(" + glue.join(clause.sql for clause in inner) + ")",
        [value for clause in inner for value in clause.values],
    )


def _leaf(wanted: Search, leaf: dict[str, Any]) -> _Clause:
    operator, value = leaf.get("operator"), leaf.get("value")
    if operator not in OPERATORS:
        raise unprocessable(f"Invalid operator {operator} passed for field {leaf.get('field')}")
    name = wanted.rename(str(leaf.get("field") or ""))
    column = "created" if name in _CREATED_NAMES else "updated" if name in _UPDATED_NAMES else ""
    if column:
        return _moment_clause(column, operator, value)
    if operator in ("eq", "not_eq") and _short(value):
        clause = _equal_clause(wanted, name, value)
        return clause if operator == "eq" else _Clause(f"NOT {clause.sql}", clause.values)
    rule = json.dumps({"field": name, "operator": operator, "value": value})
    return _Clause("holds(kind, doc, ?)", [rule])


def _short(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return all(len(str(element)) <= LONGEST_TERM for element in values)


def _equal_clause(wanted: Search, name: str, value: Any) -> _Clause:
    scope = f"{wanted.location}/{wanted.parent}"
    values = value if isinstance(value, list) else [value]
    terms = [term(wanted.kind, scope, name, element) for element in values]
    return _Clause(
        "seq IN (SELECT seq FROM search_terms WHERE term IN (SELECT value FROM json_each(?)))",
        [json.dumps(terms)],
    )


def _moment_clause(column: str, operator: str, value: Any) -> _Clause:
    if operator == "range" and isinstance(value, dict):
        low, high = parse_moment(value.get("gte")), parse_moment(value.get("lte"))
        above, below = parse_moment(value.get("gt")), parse_moment(value.get("lt"))
        if low is None:
            low = above + 1 if above is not None else 0
        if high is None:
            high = below - 1 if below is not None else 1 << 62
        bounds = [low, high]
        return _Clause(f"{column} BETWEEN ? AND ?", bounds)
    if operator == "eq":
        return _Clause(f"{column} = ?", [parse_moment(value)])
    return _Clause("1" if operator == "exists" else "0", [])


def _holds(kind: str, doc: str, rule: str) -> bool:
    """Decide the uncommon operators on the document itself (called by SQLite)."""
    wanted = json.loads(rule)
    values = search_values(kind, json.loads(doc)).get(wanted["field"], [])
    operator, value = wanted["operator"], wanted["value"]
    if operator in ("exists", "not_exists"):
        exists: bool = operator == "exists"
        return bool(values) == exists
    if operator == "range":
        return any(_within(element, value) for element in values)
    texts = [normal(element) for element in values]
    needles = [normal(element) for element in (value if isinstance(value, list) else [value])]
    if operator.endswith("contains"):
        hit = any(needle in text for needle in needles for text in texts)
    else:
        hit = any(needle == text for needle in needles for text in texts)
    return not hit if operator.startswith("not_") else hit


def _within(element: Any, bounds: Any) -> bool:
    if not isinstance(bounds, dict):
        return False
    for name, bound in bounds.items():
        left, right = _comparable(element), _comparable(bound)
        if bound is None or type(left) is not type(right):
            continue
        ok = {"gte": left >= right, "lte": left <= right, "gt": left > right, "lt": left < right}
        if not ok.get(name, True):
            return False
    return True


def _comparable(value: Any) -> Any:
    if isinstance(value, int | float):
        return float(value)
    return str(value)


def _sort_value(kind: str, doc: str, name: str) -> Any:
    """Return what a document is sorted by (called by SQLite)."""
    values = search_values(kind, json.loads(doc)).get(name, [])
    if not values:
        return ""
    return values[0] if isinstance(values[0], int | float) else normal(values[0])
