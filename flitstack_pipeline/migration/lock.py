"""One run per sub-account at a time.

What belongs here: taking, keeping and healing the lock. What does not: what the run does, which
locks a step takes (services/locking.py). The lock is a row of a database: of the journal's, so that
it holds across processes and, on Postgres, machines; and of a file of this machine, so that it
holds across data folders. A run that died leaves its row; it heals at once when its process is gone
from this machine, else when its heartbeat stops for `STALE_AFTER_S`. On Postgres every heartbeat is
told by the clock of the database; one ahead of the clock is watched, because it says nothing.
A run that was silent (network cut, process stopped, machine asleep) may not know that another has
taken its lock: before each write it makes sure (`check_held`), or doubles what the other writes.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flitstack_pipeline.errors import Stopped
from flitstack_pipeline.highlevel.pace_store import beside_others
from flitstack_pipeline.migration.journal.tables import locks

HEARTBEAT_S = 5.0
STALE_AFTER_S = 60.0
#: After a silence of such a part of that, the database is asked before anything else is written;
#: the rest is for a request under way.
SURE_FOR = 0.5
#: A heartbeat so far ahead is of another clock: whether it still beats is watched for so long.
AHEAD_S = 120.0
WATCH_S = 20.0
_held: dict[tuple[str, str, int], Lock] = {}


class RunInProgress(Stopped):
    """Another run is working on this sub-account."""


class LockLost(Stopped):
    """Another run took the lock over, because this one gave no sign of life for too long."""


class Lock:
    """A lock this process holds, kept alive by a thread; `beside` is one held for the same end."""

    def __init__(
        self, engine: sa.Engine, name: str, owner: str, beside: Lock | None = None
    ) -> None:
        self._engine, self.name, self.owner, self._beside = engine, name, owner, beside
        self._ended = threading.Event()
        self._lost = False
        self._beaten, self._beating = _awake_or_not(), threading.Lock()
        self._thread = threading.Thread(target=self._beat, name="run lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise LockLost when the lock, or the one beside it, is no longer ours."""
        if self._beside is not None:
            self._beside.check()
        if self._is_silent() and not self._lost:
            with self._beating:
                if self._is_silent():
                    self._beat_once()
        if self._lost:
            raise LockLost(
                f"The lock on {self.name} was taken over by another run, because this one was "
                "silent for too long (was the machine asleep?). Start it again when that one ends."
            )

    def release(self) -> None:
        """Give the lock back; when the database cannot be written, it heals as a dead run's."""
        self._ended.set()
        self._thread.join()
        with suppress(sa.exc.SQLAlchemyError), self._engine.begin() as con:
            con.execute(locks.delete().where(*self._mine()))

    def _mine(self) -> tuple[Any, Any]:
        return locks.c.name == self.name, locks.c.owner == self.owner

    def _is_silent(self) -> bool:
        return _awake_or_not() - self._beaten > STALE_AFTER_S * SURE_FOR

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            # a busy moment; the journal itself reports a broken database
            with suppress(sa.exc.SQLAlchemyError):
                self._beat_once()
            if self._lost:
                return

    def _beat_once(self) -> None:
        """Say that we live, and learn whether the lock is still ours."""
        asked = _awake_or_not()
        with self._engine.begin() as con:
            beat = locks.update().where(*self._mine()).values(heartbeat_at=_now(con))
            self._lost = con.execute(beat).rowcount == 0
        self._beaten = asked


def check_held() -> None:
    """Raise LockLost when a lock of this process is no longer ours; asked before every write.

    After a silence that asks the database, and waits as long as it cannot be reached.
    """
    for lock in list(_held.values()):
        lock.check()


def machine_locks(engine: sa.Engine) -> sa.Engine:
    """Make the table of locks in a database that is no journal; returns the engine."""
    beside_others(lambda: locks.create(engine, checkfirst=True))
    return engine


@contextmanager
def exclusive(
    engine: sa.Engine, name: str, what: str, beside: Lock | None = None
) -> Iterator[Lock]:
    """Hold the lock `name` (a location id) during the block; the same thread may nest.

    `what` says what runs, for whoever is refused. Raises RunInProgress, saying who holds it since
    when and what to do.
    """
    place = (str(engine.url), name, threading.get_ident())
    if place in _held:
        yield _held[place]
        return
    lock = Lock(engine, name, _acquire(engine, name, what), beside)
    _held[place] = lock
    try:
        yield lock
    finally:
        del _held[place]
        lock.release()


def _acquire(engine: sa.Engine, name: str, what: str) -> str:
    row = _row(name, what)
    for _ in range(3):
        try:
            with engine.begin() as con:
                now = _now(con)
                row |= {"acquired_at": now, "heartbeat_at": now}
                con.execute(locks.insert(), row)
            return str(row["owner"])
        except sa.exc.IntegrityError:
            holder, now = _holder(engine, name)
        if holder is None:
            continue
        if not is_stale(holder, now) and not _is_silent(engine, holder, now):
            raise RunInProgress(_sentence(holder))
        if _take_over(engine, holder, row):
            return str(row["owner"])
    raise RunInProgress(f"The lock on {name} changes hands too fast; try again.")


def is_stale(holder: dict[str, Any], now: float) -> bool:
    """Whether the holder of a lock is dead: its process ended here, or its heartbeat stopped."""
    if now - holder["heartbeat_at"] > STALE_AFTER_S:
        return True
    place, _, start = holder["process_start"].rpartition(":")
    if holder["host"] != socket.gethostname() or place not in ("", _place()):
        return False
    return bool(process_start(holder["pid"]) != start)


def holder_of(engine: sa.Engine, name: str) -> dict[str, Any] | None:
    """Who holds the lock now (`what`, `acquired_at`, …); None while nobody alive does."""
    holder, now = _holder(engine, name)
    return None if holder is None or is_stale(holder, now) else holder


def _is_silent(engine: sa.Engine, holder: dict[str, Any], now: float) -> bool:
    """Whether a holder whose heartbeat is ahead of the clock shows no life while it is watched."""
    if holder["heartbeat_at"] - now < AHEAD_S:
        return False
    time.sleep(WATCH_S)
    again, _ = _holder(engine, holder["name"])
    return again is None or again["heartbeat_at"] == holder["heartbeat_at"]


def _awake_or_not() -> float:
    """Seconds that also pass while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _place() -> str:
    """Which processes of a host a process id is one of: the boot, and the PID namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _now(con: sa.Connection) -> float:
    """Seconds since 1970: of the database on Postgres, where several machines meet."""
    if con.dialect.name != "postgresql":
        return time.time()
    return float(con.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def process_start(pid: int) -> str:
    """When a process of this machine started (kernel ticks); empty when it does not live."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"


def _row(name: str, what: str) -> dict[str, Any]:
    return {
        "name": name,
        "owner": secrets.token_hex(16),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_start": ":".join(filter(None, (_place(), process_start(os.getpid())))),
        "what": what,
    }


def _holder(engine: sa.Engine, name: str) -> tuple[dict[str, Any] | None, float]:
    """(who holds the lock, the time now by the clock its heartbeat is told by)."""
    with engine.connect() as con:
        row = con.execute(sa.select(locks).where(locks.c.name == name)).mappings().first()
        return (dict(row) if row else None), _now(con)


def _take_over(engine: sa.Engine, holder: dict[str, Any], row: dict[str, Any]) -> bool:
    """Put our row in place of a dead holder's, unless somebody was faster or it came alive."""
    same = (
        locks.c.name == holder["name"],
        locks.c.owner == holder["owner"],
        locks.c.heartbeat_at == holder["heartbeat_at"],
    )
    with engine.begin() as con:
        row |= {"acquired_at": (now := _now(con)), "heartbeat_at": now}
        return con.execute(locks.update().where(*same).values(**row)).rowcount == 1


def _sentence(holder: dict[str, Any]) -> str:
    since = datetime.fromtimestamp(holder["acquired_at"], UTC).strftime("%Y-%m-%d %H:%M UTC")
    pid, host = holder["pid"], holder["host"]
    ahead = holder["acquired_at"] - time.time() > AHEAD_S
    clock = " (by its clock, which is ahead of this one)" if ahead else ""
    name = holder["name"]
    what = name if name.startswith("the home of ") else f"sub-account {name}"
    return (
        f"Another run ({holder['what']}) has been working on {what} since "
        f"{since}{clock}: process {pid} on {host}. Two at once would double records. Wait for it "
        f"or stop it (Ctrl-C there, or `kill {pid}` on {host}: it ends clean, and goes on when "
        "started again); a run that died frees the sub-account by itself within a minute."
    )
