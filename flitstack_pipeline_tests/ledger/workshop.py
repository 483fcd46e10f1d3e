"""Runs the product over small exports in memory, and puts its tables back after each mutant.

Belongs here: reading, cleaning, relating and mapping once; asking the ledger; putting back. Does
not: what is broken (`product_mutants`, `export_mutants`).
"""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.cleaning.build import CleanContext, clean_object, clean_schema
from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline.ledger.cells import Surroundings, build
from flitstack_pipeline.ledger.fates import UNACCOUNTED
from flitstack_pipeline.mapping.build import map_object
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.reading.ingest import ingest_object, ingest_schema
from flitstack_pipeline.warehouse import SCHEMAS
from flitstack_pipeline_tests.ledger import small

_KEPT_SCHEMAS = ("raw", "clean", "mapped", "quarantine", "questions")


class Workshop:
    """Small exports, read, cleaned, related and mapped, with a copy of every table."""

    def __init__(
        self,
        write: Callable[[Path], Path] = small.write,
        answers: Mapping[str, str] | None = None,
    ) -> None:
        self.answers = answers or {}
        self.folder = Path(tempfile.mkdtemp(prefix="flitstack-mutants-"))
        self.exports = write(self.folder / "exports")
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'; SET threads = 1")
        for schema in (*SCHEMAS, "questions"):
            self.con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self.read_all()
        self.document = propose(self.con, None, None)
        self.document.confirm_all("Ann")
        self.map()
        self._keep()

    def close(self) -> None:
        """Close the database and remove the folder."""
        self.con.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- the product's steps ---

    def read_all(self) -> None:
        """Read, clean and relate every export."""
        ingest_schema(self.con, self.exports, answers=self.answers)
        clean_schema(self.con, self._context())
        for key in KEYS:
            self.read(key)
        self.relate()

    def read(self, key: str) -> None:
        """Read and clean the exports of one object type."""
        ingest_object(self.con, self.exports, key, answers=self.answers)
        clean_object(self.con, key, self._context())

    def relate(self) -> None:
        """Find duplicates and references again."""
        relate(self.con, self.folder / "decisions")

    def map(self, document: MapDocument | None = None, keys: Collection[str] = KEYS) -> None:
        """Map object types, by the confirmed map or by another."""
        for key in keys:
            map_object(self.con, key, document or self.document)

    def _context(self) -> CleanContext:
        return CleanContext(exports=self.exports)

    # --- what the ledger says ---

    def is_clean(self, first: Collection[str] = ()) -> bool:
        """Whether the ledger accounts for every cell; `first` names exports to look at first.

        What is found there is found: the others are looked at only when those are clean.
        """
        others = [d for d in BY_KEY if d not in first]
        return not any(self.lost(part) for part in (list(first), others) if part)

    def lost(self, only: Collection[str] = tuple(BY_KEY)) -> int:
        """How many cells of some exports the ledger does not account for."""
        return build(self.con, Surroundings(self.document), only).get(UNACCOUNTED, 0)

    def cells(self, fate: str = UNACCOUNTED) -> list[tuple]:
        """(dataset, line, column, text, rule) of the cells of a fate."""
        return self.con.execute(
            'SELECT dataset, line, "column", text, rule FROM ledger.cells WHERE fate = ?', [fate]
        ).fetchall()

    # --- what would be written ---

    def payloads(self) -> dict[str, str]:
        """Every mapped record with all that is written of it."""
        found: dict[str, str] = {}
        for key in KEYS:
            rows = self.con.execute(
                f'SELECT record_key, payload::VARCHAR, parents::VARCHAR FROM mapped."{key}"'
            ).fetchall()
            found |= {k: json.dumps([payload, parents]) for k, payload, parents in rows}
        return found

    # --- putting back ---

    @contextmanager
    def mutated(self, files: Mapping[str, Iterable[str]] | None = None) -> Iterator[None]:
        """A block after which every table, file and the map is what it was.

        Args:
            files: Exports to write before it, by name: their lines, cells apart by `|`; a file
                that was there is replaced.
        """
        document = copy.deepcopy(self.document)
        before = {name: self._bytes(name) for name in files or {}}
        try:
            for name, lines in (files or {}).items():
                small.write_file(self.exports / name, lines)
            yield
        finally:
            self.document = document
            for name, data in before.items():
                self._put_back(name, data)
            for schema, table in self._kept:
                self.con.execute(
                    f'CREATE OR REPLACE TABLE {schema}."{table}" AS FROM kept."{schema}_{table}"'
                )

    def _bytes(self, name: str) -> bytes | None:
        path = self.exports / name
        return path.read_bytes() if path.exists() else None

    def _put_back(self, name: str, data: bytes | None) -> None:
        path = self.exports / name
        path.unlink() if data is None else path.write_bytes(data)

    def _keep(self) -> None:
        self.con.execute("CREATE SCHEMA kept")
        rows = self.con.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE list_contains(?, table_schema) AND table_type = 'BASE TABLE'",
            [list(_KEPT_SCHEMAS)],
        ).fetchall()
        self._kept = sorted(rows)
        for schema, table in self._kept:
            self.con.execute(f'CREATE TABLE kept."{schema}_{table}" AS FROM {schema}."{table}"')
