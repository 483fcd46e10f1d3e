"""Where a bucket is kept, so that processes and machines share it.

What belongs here: one table, read and compare-and-set. What does not: the rules (window.py).
A SQLite file of its own serves one machine (WAL, `synchronous=NORMAL`: losing the last moments
in a power cut costs nothing); Postgres by URL serves several, and its clock is then the clock.
"""

from __future__ import annotations

import array
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from flitstack_pipeline.highlevel.window import Bucket

T = TypeVar("T")
_METADATA = sa.MetaData()
_BUCKETS = sa.Table(
    "pace_buckets",
    _METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("limit", sa.BigInteger, nullable=False),
    sa.Column("window_s", sa.Double, nullable=False),
    sa.Column("daily_limit", sa.BigInteger, nullable=False),
    sa.Column("margin_s", sa.Double, nullable=False),
    sa.Column("margin_at", sa.Double, nullable=False),
    sa.Column("foreign", sa.BigInteger, nullable=False),
    sa.Column("paused_until", sa.Double, nullable=False),
    sa.Column("pause_reason", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("used_today", sa.BigInteger, nullable=False),
    sa.Column("strikes", sa.BigInteger, nullable=False),
    sa.Column("slots", sa.LargeBinary, nullable=False),
)
_TRIES = 200


def pace_engine(where: str | Path) -> sa.Engine:
    """Open the database buckets are kept in: a SQLite file by path, or any SQLAlchemy URL."""
    text = str(where)
    if "://" in text and not text.startswith("sqlite"):
        return sa.create_engine(text, pool_pre_ping=True)
    if "://" not in text:
        Path(text).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(text).touch(mode=0o600, exist_ok=True)
        text = f"sqlite:///{text}"
    engine = sa.create_engine(text, connect_args={"timeout": 5.0, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _tune(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    return engine


def beside_others(make: Callable[[], object]) -> None:
    """Make a table or a row that another process may be making at this moment.

    Raises DBAPIError when the database stays locked for a second.
    """
    for attempt in range(20):
        try:
            make()
        except IntegrityError:
            return  # it was faster
        except DBAPIError:
            if attempt == 19:
                raise
            time.sleep(0.05)
        else:
            return


def read_bucket(engine: sa.Engine, location_id: str, host: str) -> Bucket | None:
    """The bucket of a sub-account as it stands, of its app that was busiest last; None before any.

    No token is needed: a bucket's name (`pacing.bucket_key`) ends with sub-account and host.
    """
    if not sa.inspect(engine).has_table(_BUCKETS.name):
        return None
    with engine.connect() as connection:
        ours = _BUCKETS.c.key.endswith(f":{location_id}@{host}", autoescape=True)
        newest = (
            sa.select(_BUCKETS)
            .where(ours)
            .order_by(_BUCKETS.c.day.desc(), _BUCKETS.c.used_today.desc())
        )
        row = connection.execute(newest).mappings().first()
    return None if row is None else Bucket(**{name: row[name] for name in _FIELDS})


class PaceStore:
    """One bucket's row: `change` applies a function to it as one step, whoever else writes."""

    def __init__(self, engine: sa.Engine, key: str, first: Bucket) -> None:
        self._engine, self._key = engine, key
        self._own_clock = engine.dialect.name == "postgresql"
        by_key = _BUCKETS.c.key == sa.bindparam("of_key")
        columns: list[Any] = [_BUCKETS]
        if self._own_clock:
            columns.append(sa.func.extract("epoch", sa.func.clock_timestamp()).label("db_now"))
        self._select = sa.select(*columns).where(by_key)
        self._update = (
            _BUCKETS.update().where(by_key).where(_BUCKETS.c.version == sa.bindparam("of_version"))
        )
        self.clock_offset_s = 0.0
        beside_others(lambda: self._create(first))

    def read(self) -> Bucket:
        """Return the bucket as it stands."""
        with self._engine.connect() as connection:
            return self._load(connection)[0]

    def change(self, step: Callable[[Bucket], T]) -> T:
        """Apply `step` to the bucket and keep the result; repeated when another was faster.

        Raises OperationalError when the database stays locked for long.
        """
        for attempt in range(_TRIES):
            try:
                with self._engine.connect() as connection:
                    bucket, version = self._load(connection)
                    connection.rollback()  # no read lock held while another commits
                    result = step(bucket)
                    if self._save(connection, bucket, version):
                        return result
            except OperationalError:
                if attempt == _TRIES - 1:
                    raise
            time.sleep(random.uniform(0.0002, 0.004))
        raise OperationalError(f"bucket {self._key} is contended", None, TimeoutError())

    def _load(self, connection: sa.Connection) -> tuple[Bucket, int]:
        row = connection.execute(self._select, {"of_key": self._key}).mappings().one()
        if self._own_clock:
            self.clock_offset_s = float(row["db_now"]) - time.time()
        slots = array.array("d")
        slots.frombytes(row["slots"])
        values = {name: row[name] for name in _FIELDS}
        return Bucket(**values, slots=slots.tolist()), row["version"]

    def _save(self, connection: sa.Connection, bucket: Bucket, version: int) -> bool:
        values = {name: getattr(bucket, name) for name in _FIELDS}
        values |= {"version": version + 1, "slots": array.array("d", bucket.slots).tobytes()}
        done = connection.execute(
            self._update, {**values, "of_key": self._key, "of_version": version}
        )
        connection.commit()
        return done.rowcount == 1

    def _create(self, first: Bucket) -> None:
        _METADATA.create_all(self._engine)
        with self._engine.begin() as connection:
            found = connection.execute(self._select, {"of_key": self._key}).first()
            if found is None:
                values = {name: getattr(first, name) for name in _FIELDS}
                row = {**values, "key": self._key, "version": 0, "slots": b""}
                connection.execute(_BUCKETS.insert(), row)


_FIELDS = tuple(
    column.name for column in _BUCKETS.columns if column.name not in ("key", "version", "slots")
)
