"""The DuckDB file of one migration: opened briefly, retried when another process holds it.

DuckDB lets one process at a time open a file, readers included (docs/dagster.md#duckdb), so every
use is a short `with warehouse.connect() as con:` and nothing holds it across HTTP. Opening costs
30 to 50 ms and a small migration has some 250 such blocks, so a file stays open for half a second
after the last of them: the next finds it open, and another process waits no longer than that.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import backoff
import duckdb

from flitstack_pipeline.errors import Stopped, WarehouseDamaged

SCHEMAS = ("raw", "clean", "mapped", "quarantine", "journal", "cache", "questions", "ledger")
LOCK_WAIT_SECONDS = 90
#: How long a file that nobody uses stays open.
IDLE_SECONDS = 0.5
#: A file written later than so long ago could be written again without its time of change telling.
SETTLED_NS = 50_000_000
#: Below, handing work to a second thread costs more than it saves.
SMALL_BYTES = 8 << 20

#: How DuckDB says that its own file is not (any more) what it wrote; it has no error numbers.
_DAMAGE = (
    "corrupt database file", "replaying wal", "database has been invalidated",
    "database file with version number",
)  # fmt: skip
#: The same, where the message names the file: it might be another one.
_DAMAGE_OF_FILE = ("not a valid duckdb database", "could not read enough bytes", "is a directory")


T = TypeVar("T")


Stamp = tuple[int, int, int]
Stamps = tuple[Stamp | None, Stamp | None]


class WarehouseBusy(Stopped):
    """Another process kept the DuckDB file open for longer than we wait."""


class Warehouse:
    """One DuckDB file, made on first use, readable by its owner only."""

    def __init__(
        self, path: Path, *, exports: Path | None = None, memory_limit: str | None = None
    ) -> None:
        self.path = Path(path)
        self.exports = exports
        self.memory_limit = memory_limit
        self._held = threading.local()

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection, closed on the way out even when the body raises.

        Blocks nest: inside an open block of the same thread the same connection comes back, so a
        caller may hold the file open across several short steps. What a block leaves uncommitted
        is rolled back, its temporary tables end with it.

        Raises WarehouseBusy when another process holds the file for longer than
        `LOCK_WAIT_SECONDS`; the message names that process. Raises WarehouseDamaged when the file
        cannot be read, at opening or later: it is set aside then, and the next block opens an
        empty one.
        """
        held = getattr(self._held, "con", None)
        if held is not None:
            yield held
            return
        try:
            with self._block() as con:
                yield con
        except duckdb.Error as error:
            if is_damage(error, self.path):
                raise self._set_aside(error) from error
            raise

    def remembered(self, name: str, find: Callable[[], T]) -> T:
        """What `find` reads in the file, read once while nobody writes the file, here or elsewhere.

        Args:
            name: What is found, one name for one thing.
            find: Reads the file, and depends on nothing else. Not to be asked inside a transaction.
        """
        now, before = time.time_ns(), self._stamps()
        stamps, found = _remembered.get(self.path, (None, {}))
        if stamps == before and name in found:
            known: T = found[name]
            return known
        value = find()
        settled = all(stamp is None or stamp[2] < now - SETTLED_NS for stamp in before)
        if settled and before[0] is not None and before == self._stamps():
            if stamps != before:
                found = {}
                _remembered[self.path] = (before, found)
            found[name] = value
        return value

    def _stamps(self) -> Stamps:
        """What the file and the log of what is not in it yet are like."""
        return _stamp(self.path), _stamp(self.path.with_name(f"{self.path.name}.wal"))

    @contextmanager
    def _block(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own on the open file, for the length of a block."""
        with _lock:
            file = self._used_file()
            file.users += 1
            con = self._held.con = file.con.cursor()
        try:
            con.execute("SET enable_progress_bar = false")  # it would write into command reports
            yield con
        finally:
            self._held.con = None
            con.close()
            with _lock:
                file.release()

    def _used_file(self) -> _OpenFile:
        """The file as this process holds it open; opened when it does not."""
        file = _open_files.get(self.path)
        if file is not None and (file.users or file.is_unchanged()):
            return file
        if file is not None:  # replaced or written by another while nobody here used it
            file.close()
        file = _open_files[self.path] = _OpenFile(self.path, self._open())
        return file

    def _open(self) -> duckdb.DuckDBPyConnection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        try:
            con = _connect(str(self.path))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            raise WarehouseBusy(
                f"{self.path} is open in another process, and only one may hold it. "
                f"Close it there (a notebook or DuckDB shell?) and try again. DuckDB says: {error}"
            ) from error
        if is_new:
            self.path.chmod(0o600)
        spill = self.path.with_name(f"{self.path.name}.tmp")  # DuckDB's own name for it
        spill.mkdir(mode=0o700, exist_ok=True)
        self._set_up(con)
        return con

    def _set_up(self, con: duckdb.DuckDBPyConnection) -> None:
        """Settings of all blocks, and the schemas."""
        con.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL preserve_insertion_order = true")
        if self.memory_limit:
            con.execute(f"SET GLOBAL memory_limit = '{self.memory_limit}'")
        if _is_small(self.path, self.exports):
            con.execute("SET GLOBAL threads = 1")
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")

    def _set_aside(self, error: duckdb.Error) -> WarehouseDamaged:
        """Move a damaged file out of the way, in place of one moved before; the error to raise."""
        with _lock, suppress(duckdb.Error):
            if self.path in _open_files:
                _open_files[self.path].close()
        aside = self.path.with_name(f"{self.path.stem}.damaged{self.path.suffix}")
        if aside.is_dir() and not aside.is_symlink():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)
        self.path.replace(aside)
        log = self.path.with_name(f"{self.path.name}.wal")
        if log.exists():
            log.replace(aside.with_name(f"{aside.name}.wal"))
        return WarehouseDamaged(
            f"{self.path} is damaged ({' '.join(str(error).split())[:200]}). It was set aside as "
            f"{aside.name}. Nothing is lost: everything in it comes from the exports, decisions/ "
            "and the journal. `flitstack audit`, or the job 01_audit, reads the exports again; "
            "`flitstack prepare` maps them."
        )


def _is_small(path: Path, exports: Path | None) -> bool:
    """Whether a file, and the files that are read into it, have less than `SMALL_BYTES`."""
    folders = os.walk(exports) if exports else ()
    beside = (Path(here, name) for here, _, names in folders for name in names)
    size = 0
    for each in itertools.chain([path], beside):
        size += each.stat().st_size if each.is_file() else 0
        if size >= SMALL_BYTES:
            return False
    return True


def is_damage(error: duckdb.Error, path: Path) -> bool:
    """Whether DuckDB says that its file at `path` is not whole."""
    said = str(error).lower()
    of_file = str(path).lower() in said and any(words in said for words in _DAMAGE_OF_FILE)
    return of_file or any(words in said for words in _DAMAGE)


class _OpenFile:
    """A file that this process holds open, for its users and for a moment after the last."""

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self.con = con
        self.users = 0
        self._is_closed = False
        self._watched = False
        self._idle_since = 0.0
        self._stamp = _stamp(path)

    def is_unchanged(self) -> bool:
        """Whether the path still leads to the file that was last used here, as it was left."""
        return self._stamp == _stamp(self.path)

    def release(self) -> None:
        """One user less. The last writes everything into the file and lets it close soon."""
        self.users -= 1
        if self.users:
            return
        if self.path.with_name(f"{self.path.name}.wal").exists():
            try:
                self.con.execute("CHECKPOINT")
            except duckdb.Error:  # a full disk; what was written lies in the file beside it
                self.close()
                raise
        self._stamp = _stamp(self.path)
        self._idle_since = time.monotonic()
        if not self._watched:  # one thread a file: a thread for each block would cost more than it
            self._watched = True
            watched = weakref.ref(self)
            watcher = threading.Thread(
                target=_close_when_idle, args=(watched,), name="warehouse", daemon=True
            )
            _watchers.add(watcher)
            watcher.start()

    def close_if_idle(self) -> float:
        """Close the file if nobody has used it for a moment; else the seconds until then."""
        if self._is_closed:
            return 0
        idle = 0.0 if self.users else time.monotonic() - self._idle_since
        if idle >= IDLE_SECONDS:
            self.close()
            return 0
        return IDLE_SECONDS - idle

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._is_closed = True
        _open_files.pop(self.path, None)
        self.con.close()


def _close_when_idle(watched: weakref.ref[_OpenFile]) -> None:
    """Close a file when nobody has used it for a moment; holds no connection at the end."""
    left = IDLE_SECONDS
    while left > 0 and not _is_ending.wait(left):
        with _lock:  # until DuckDB has let go of it, too: nobody forks in the middle of that
            file = watched()
            left = file.close_if_idle() if file else 0
            del file


_lock = threading.RLock()
_open_files: dict[Path, _OpenFile] = {}
#: The threads that close files; they end before the process does.
_watchers: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_is_ending = threading.Event()
#: What was found in a file, by name, while it was like this.
_remembered: dict[Path, tuple[Stamps | None, dict[str, Any]]] = {}


def _stamp(path: Path) -> Stamp | None:
    """Inode, size, and time of the last change."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def close_unused() -> None:
    """Close every file that nobody in this process uses at this moment."""
    with _lock:
        for file in [each for each in _open_files.values() if not each.users]:
            file.close()


@atexit.register
def _end() -> None:
    """Close every file, and wait for the threads that may be closing one.

    Python ends a thread that comes back from DuckDB while the process ends by unwinding its stack,
    which DuckDB's C++ does not allow: the process is aborted (exit code 134).
    """
    _is_ending.set()
    close_unused()
    for watcher in list(_watchers):
        watcher.join()


def _before_fork() -> None:
    """A child must inherit no open file, since both would write it, and no lock that nobody frees.

    The lock is held across the fork, by the one thread that the child has.
    """
    _lock.acquire()
    close_unused()


os.register_at_fork(
    before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release
)


@contextmanager
def limited(con: duckdb.DuckDBPyConnection, memory: str) -> Iterator[None]:
    """Let DuckDB hold at most so much memory ("1GB") inside the block; beyond, it uses the disk."""
    before = con.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    con.execute(f"SET memory_limit = '{memory}'")
    try:
        yield
    finally:
        con.execute(f"SET memory_limit = '{before}'")


@backoff.on_exception(
    backoff.expo,
    duckdb.IOException,
    max_time=LOCK_WAIT_SECONDS,
    max_value=2,
    factor=0.05,
    giveup=lambda e: "lock" not in str(e).lower(),
)
def _connect(path: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(path)


def literal(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def table_exists(con: duckdb.DuckDBPyConnection, qualified: str) -> bool:
    """Whether `schema.table` exists, as a table or a view. Not to be asked inside a transaction.

    Asked very often, so it is tried: DuckDB's own lists reckon the size of every table and take
    ten times longer. (Inside a transaction the failed try would abort it.)

    House rule for DuckDB 2.0: fetch to the end (`fetchall`); a half-read result blocks the
    connection.
    """
    schema, table = qualified.split(".", 1)
    try:
        con.execute(f'SELECT 1 FROM "{schema}"."{table}" LIMIT 0').fetchall()  # noqa: S608
    except duckdb.CatalogException:
        return False
    return True


def filled_tables(con: duckdb.DuckDBPyConnection, schema: str | None = None) -> set[str]:
    """The tables of a schema that hold a row, or held one. Not to be asked inside a transaction.

    Most tables of a small migration are empty: who goes over all of them asks this once. Without a
    schema: those of all schemas, as `schema.table`.
    """
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE estimated_size > 0"
    ).fetchall()
    return {name if schema else f"{s}.{name}" for s, name in rows if schema in (None, s)}


def row_count(con: duckdb.DuckDBPyConnection, qualified: str) -> int:
    """Rows of `schema.table`, 0 when it does not exist yet."""
    if not table_exists(con, qualified):
        return 0
    schema, table = qualified.split(".", 1)
    rows = con.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchall()  # noqa: S608
    return int(rows[0][0])


def dicts(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """The rows of a query, each by its column names."""
    cursor = con.execute(sql, parameters)
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
