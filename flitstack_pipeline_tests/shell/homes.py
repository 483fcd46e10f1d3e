"""A small data folder, and the ways in which people's data folders are broken."""

import ctypes
import os
import random
import resource
import shutil
import sqlite3
import sys
from contextlib import contextmanager

from flitstack_pipeline import cli
from flitstack_pipeline.cli import terminal

JOURNAL, WAREHOUSE, MAP = "journal.sqlite", "warehouse.duckdb", "map.yaml"
TABLES = ("acknowledged", "conflicts", "counts", "duplicates", "invoice_links", "questions",
          "work_order_links")  # fmt: skip
#: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, and the layout of the kernel's answer.
READ_AND_WRITE_ALL, CAPABILITIES_V3 = 0b110, 0x20080522


def flitstack(*arguments):
    """Run the command in this process: (exit code, what it said on stdout, on stderr)."""
    sys.argv = ["flitstack", *arguments]
    with terminal.console.capture() as said, terminal.errors.capture() as refused:
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
    return code, said.get(), refused.get()


def halve(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def noise(path, seed=1):
    """Half of the bytes behind the first tenth become noise."""
    data, chance = bytearray(path.read_bytes()), random.Random(seed)
    start = len(data) // 10
    data[start : start + len(data) // 2] = chance.randbytes(len(data) // 2)
    path.write_bytes(data)


def folder_in_place_of(path):
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    path.mkdir()


def file_in_place_of(path):
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("no folder")


def sql(path, *statements):
    with sqlite3.connect(path) as con:
        for statement in statements:
            con.execute(statement)
    con.close()


def not_utf8(path):
    path.write_bytes("# Größe\n".encode("latin-1") + path.read_bytes())


def scrambled_decisions(home):
    for name in TABLES:
        (home / "decisions" / f"{name}.csv").write_bytes(random.Random(2).randbytes(2000))


def emptied_with_a_copy(home):
    copies = home / "journal-copies"
    copies.mkdir()
    shutil.copy(home / JOURNAL, copies / "journal-20260101T000000-000000000.sqlite")
    (home / JOURNAL).write_bytes(b"")


@contextmanager
def rights_count():
    """Root without its privilege to read and write everything, as any user."""
    if os.geteuid() != 0:
        yield
        return
    header, data = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(header, data) == 0
    effective = data[0]
    data[0] = effective & ~READ_AND_WRITE_ALL
    assert libc.capset(header, data) == 0
    try:
        yield
    finally:
        data[0] = effective
        assert libc.capset(header, data) == 0


@contextmanager
def full_disk(most=8192):
    """No file grows beyond so many bytes: writes fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
