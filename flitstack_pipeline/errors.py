"""The errors a person is told in a sentence, and the exit code each ends a command with.

Belongs here: the base classes of our own errors; errors of the system and of libraries (disk,
rights, files in each other's place, databases) in words. What is neither is a bug: it ends with
its trace.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
MISPLACED = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST}
GO_ON = "start the same command again: it goes on where it was"
#: How DuckDB, which has no error numbers, says it.
_DUCKDB_FULL = ("no space left", "file too large", "disk quota", "max_temp_directory_size")
_DUCKDB_DENIED = ("permission denied", "read-only file system", "operation not permitted")


class Exit(IntEnum):
    """What the exit code of a command means."""

    DONE = 0
    BAD_INPUT = 2
    WAITING = 3
    PREFLIGHT_FAILED = 4
    INCOMPLETE = 5
    STOPPED = 6
    BUG = 70  # EX_SOFTWARE of sysexits.h


class FlitstackError(Exception):
    """An end of a step that we foresaw: the message says what is wrong and what to do."""

    exit_code: ClassVar[Exit] = Exit.STOPPED


class BadInput(FlitstackError, ValueError):
    """A file, a value, a decision or an option that cannot be followed; the message names it."""

    exit_code = Exit.BAD_INPUT


class Stopped(FlitstackError, RuntimeError):
    """A step that could not go on; started again it goes on where it was."""


class WarehouseDamaged(Stopped):
    """The DuckDB file could not be read; it was set aside, and is to be made again."""


@dataclass(frozen=True)
class Trouble:
    """What broke and what to do; `passes` when the same command, repeated, can go on."""

    sentence: str
    passes: bool


def exit_code(error: BaseException) -> Exit:
    """What a command ends with after an error: its own code, that of its trouble, or BUG."""
    if isinstance(error, FlitstackError):
        return error.exit_code
    trouble = trouble_of(error)
    if trouble is None:
        return Exit.BUG
    return Exit.STOPPED if trouble.passes else Exit.BAD_INPUT


def trouble_of(error: BaseException) -> Trouble | None:
    """The trouble behind an error of the system or of a library; None for everything else."""
    if isinstance(error, OSError):
        return _of_system(error)
    kind = type(error).__module__.partition(".")[0]
    if kind == "sqlalchemy" and getattr(error, "orig", None) is not None:
        return _of_database(error.orig)  # type: ignore[attr-defined]
    if kind == "sqlite3":
        return _of_database(error)
    if kind in ("duckdb", "_duckdb"):
        return _of_duckdb(str(error))
    if kind == "lxml" and str(error) in ("IO_ENOSPC", "IO_EFBIG", "IO_EDQUOT"):
        return Trouble(f"The disk is full: a workbook could not be written. Make room and {GO_ON}.",
                       True)  # fmt: skip
    return None


def _of_system(error: OSError) -> Trouble | None:
    where = str(error.filename or "a file")
    if error.errno in FULL:
        return Trouble(f"The disk is full: {where} could not be written. Make room and {GO_ON}.",
                       True)  # fmt: skip
    if error.errno in DENIED:
        return Trouble(
            f"{where} may not be read or written by this user ({error.strerror}). Give yourself "
            f"the right (chmod, chown, a disk mounted writable) and {GO_ON}.",
            False,
        )
    if error.errno in MISPLACED:
        return Trouble(
            f"{where} is a folder where a file belongs, or a file where a folder belongs "
            f"({error.strerror}). Move it away and {GO_ON}.",
            False,
        )
    if error.errno == errno.ENOENT:
        return Trouble(f"{where} does not exist. Name another, or put it there.", False)
    if error.errno == errno.EIO:
        return Trouble(f"The disk of {where} cannot be read or written ({error.strerror}). Look "
                       f"after the disk or the network drive and {GO_ON}.", True)  # fmt: skip
    return None


def _of_database(error: Any) -> Trouble | None:
    """SQLite by its error's name; any other database as one that cannot be reached."""
    name = getattr(error, "sqlite_errorname", None)
    if name is None:
        if type(error).__module__.partition(".")[0] != "psycopg":
            return None
        return Trouble(f"The journal's database cannot be reached or written: {error}. When it can "
                       f"be again, {GO_ON}.", True)  # fmt: skip
    if name == "SQLITE_FULL" or name.startswith(("SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHM")):
        return Trouble(f"The disk is full: a database could not be written ({error}). Make room "
                       f"and {GO_ON}.", True)  # fmt: skip
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return Trouble(
            f"A database of the data folder may not be opened or written by this user ({error}). "
            f"Give yourself the right (chmod, chown, a disk mounted writable) and {GO_ON}.",
            False,
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Trouble(
            f"A database is damaged ({error}). Is it the journal, `flitstack journal repair` "
            "rebuilds it from its newest good copy.",
            False,
        )
    return Trouble(f"A database cannot be used ({error}). Try again in a moment.", True)


def _of_duckdb(said: str) -> Trouble | None:
    low = said.lower()
    if any(words in low for words in _DUCKDB_FULL):
        return Trouble(f"The disk is full: the warehouse could not be written ({said}). Make room "
                       f"and {GO_ON}.", True)  # fmt: skip
    if any(words in low for words in _DUCKDB_DENIED):
        return Trouble(f"The warehouse may not be read or written by this user ({said}). Give "
                       f"yourself the right (chmod, chown) and {GO_ON}.", False)  # fmt: skip
    return None
