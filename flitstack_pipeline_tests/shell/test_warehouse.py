"""The DuckDB file: blocks nest, tables and views are seen, only the owner may read it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import duckdb
import pytest

from flitstack_pipeline.warehouse import (
    Warehouse,
    WarehouseDamaged,
    _lock,
    close_unused,
    row_count,
    table_exists,
)
from flitstack_pipeline_tests.shell.homes import folder_in_place_of, halve, noise

COUNT = "import duckdb, sys; print(duckdb.connect(sys.argv[1]).sql('FROM raw.a').fetchall())"


def in_another_process(path):
    """What another process reads in table raw.a; None while it may not open the file."""
    run = subprocess.run([sys.executable, "-c", COUNT, path], capture_output=True, text=True)
    return run.stdout.strip() or None


def test_nested_blocks_share_one_connection_and_the_outermost_closes_it(tmp_path):
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with warehouse.connect() as outer:
        with warehouse.connect() as inner:
            assert inner is outer
        outer.execute("SELECT 1").fetchall()
    with pytest.raises(Exception, match="closed"):
        outer.execute("SELECT 1")


def test_an_error_inside_gives_the_file_back(tmp_path):
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with pytest.raises(ValueError, match="boom"), warehouse.connect(), warehouse.connect():
        raise ValueError("boom")
    with Warehouse(tmp_path / "w.duckdb").connect() as con:
        assert con.execute("SELECT 1").fetchall() == [(1,)]


def test_tables_and_views_are_seen_and_others_are_not(tmp_path):
    with Warehouse(tmp_path / "w.duckdb").connect() as con:
        con.execute("CREATE TABLE raw.a AS SELECT 1 AS x UNION ALL SELECT 2")
        con.execute("CREATE VIEW clean.b AS SELECT * FROM raw.a")
        assert table_exists(con, "raw.a") and table_exists(con, "clean.b")
        assert not table_exists(con, "clean.a")
        assert (row_count(con, "clean.b"), row_count(con, "clean.none")) == (2, 0)


def test_only_its_owner_may_read_the_file(tmp_path):
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with warehouse.connect():
        pass
    assert warehouse.path.stat().st_mode & 0o077 == 0


@pytest.fixture
def filled(tmp_path):
    """A file with one row, used a moment ago."""
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with warehouse.connect() as con:
        con.execute("CREATE TABLE raw.a AS SELECT 1 AS x")
    return warehouse


def test_what_a_block_wrote_lies_in_the_file_when_it_ends(filled, tmp_path):
    copy = shutil.copy(filled.path, tmp_path / "copy.duckdb")
    assert in_another_process(copy) == "[(1,)]"


def test_another_process_gets_the_file_when_nobody_uses_it_any_more(filled):
    close_unused()
    assert in_another_process(filled.path) == "[(1,)]"


def test_the_file_closes_by_itself_soon_after_its_last_use(filled):
    for thread in threading.enumerate():
        if thread.name == "warehouse":
            thread.join()
    assert in_another_process(filled.path) == "[(1,)]"


def test_temporary_tables_and_uncommitted_rows_end_with_their_block(filled):
    with filled.connect() as con:
        con.execute("CREATE TEMP TABLE t AS SELECT 1")
        con.execute("BEGIN")
        con.execute("INSERT INTO raw.a VALUES (2)")
    with filled.connect() as con:
        assert con.execute("FROM raw.a").fetchall() == [(1,)]
        assert not table_exists(con, "temp.t")


def settle(warehouse):
    """Let the file be as old as it must be for anything to be remembered of it."""
    old = time.time() - 60
    os.utime(warehouse.path, (old, old))


def remembered_rows(warehouse, looks):
    def find():
        looks.append(1)
        with warehouse.connect() as con:
            return con.execute("SELECT count(*) FROM raw.a").fetchall()[0][0]

    return warehouse.remembered("rows", find)


def test_what_was_found_is_remembered_until_somebody_writes(filled):
    looks = []
    settle(filled)
    assert [remembered_rows(filled, looks) for _ in range(3)] == [1, 1, 1]
    assert len(looks) == 1
    with filled.connect() as con:
        con.execute("INSERT INTO raw.a VALUES (2)")
        assert remembered_rows(filled, looks) == 2, "written, and not in the file itself yet"
        con.execute("INSERT INTO raw.a VALUES (3)")
        assert remembered_rows(filled, looks) == 3
    assert remembered_rows(filled, looks) == 3
    close_unused()
    more = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('INSERT INTO raw.a VALUES (4)')"
    subprocess.run([sys.executable, "-c", more, filled.path], check=True)
    assert remembered_rows(filled, looks) == 4, "written by another process"


def test_nothing_is_remembered_of_a_file_written_this_moment(filled):
    looks = []
    os.utime(filled.path)
    assert [remembered_rows(filled, looks) for _ in range(2)] == [1, 1]
    assert len(looks) == 2


def test_a_file_laid_in_its_place_is_noticed(filled, tmp_path):
    other = Warehouse(tmp_path / "other.duckdb")
    with other.connect() as con:
        con.execute("CREATE TABLE raw.a AS SELECT 7 AS x")
    shutil.copy(other.path, filled.path)
    with filled.connect() as con:
        assert con.execute("FROM raw.a").fetchall() == [(7,)]
    filled.path.unlink()
    with filled.connect() as con:
        assert not table_exists(con, "raw.a")


def test_a_forked_child_opens_the_file_for_itself(filled):
    child = os.fork()
    if not child:
        with filled.connect() as con:
            con.execute("INSERT INTO raw.a VALUES (2)")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with filled.connect() as con:
        assert con.execute("FROM raw.a").fetchall() == [(1,), (2,)]


def test_a_child_forked_while_a_thread_closes_files_is_not_held_up(filled):
    done = threading.Event()

    def keep_closing():
        while not done.is_set():
            with _lock:
                time.sleep(0.001)

    closing = threading.Thread(target=keep_closing)
    closing.start()
    child = os.fork()
    if not child:
        signal.alarm(20)
        with filled.connect():
            os._exit(0)
    done.set()
    closing.join()
    assert os.waitpid(child, 0)[1] == 0


def test_a_process_that_ends_with_the_file_open_says_nothing(filled):
    close_unused()
    ends = (
        "import sys, pathlib; from flitstack_pipeline.warehouse import Warehouse\n"
        "with Warehouse(pathlib.Path(sys.argv[1])).connect() as con: con.execute('FROM raw.a')"
    )
    run = subprocess.run([sys.executable, "-c", ends, filled.path], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def long_filled(path):
    """A file with more in it than a few blocks."""
    with Warehouse(path).connect() as con:
        con.execute("CREATE TABLE raw.a AS SELECT i, hash(i)::VARCHAR AS x FROM range(200000) t(i)")


@pytest.mark.parametrize(
    "broken",
    [halve, noise, folder_in_place_of, lambda path: path.write_bytes(b""),
     lambda path: path.write_text("no database" * 999)],
    ids=("half", "noise", "folder", "empty", "text"),
)  # fmt: skip
def test_a_damaged_file_is_said_to_be_damaged_set_aside_and_begun_anew(tmp_path, broken):
    path = tmp_path / "w.duckdb"
    long_filled(path)
    close_unused()
    broken(path)
    read = pytest.raises(WarehouseDamaged, match=r"damaged .*set aside as w.damaged.duckdb")
    with read, Warehouse(path).connect() as con:
        con.execute("SELECT sum(i), max(x) FROM raw.a").fetchall()
    assert (tmp_path / "w.damaged.duckdb").exists()
    with Warehouse(path).connect() as con:
        assert not table_exists(con, "raw.a")


def test_another_file_that_is_damaged_is_not_the_warehouse(tmp_path):
    (tmp_path / "x.parquet").write_text("no parquet")
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with pytest.raises(duckdb.Error), warehouse.connect() as con:
        con.execute(f"SELECT * FROM '{tmp_path / 'x.parquet'}'").fetchall()
    assert not (tmp_path / "w.damaged.duckdb").exists()


ENDS = """
import atexit, pathlib, sys, threading

# called after what the warehouse registers: the last registered is called first
atexit.register(lambda: print([t.name for t in threading.enumerate() if t.name == "warehouse"]))
from flitstack_pipeline.warehouse import Warehouse

with Warehouse(pathlib.Path(sys.argv[1])).connect() as con:
    con.execute("CREATE TABLE t AS SELECT range AS a FROM range(1000)")
print([t.name for t in threading.enumerate() if t.name == "warehouse"])
"""


def test_no_thread_is_left_in_duckdb_when_the_process_ends(tmp_path):
    """Python unwinds such a thread, and DuckDB's C++ aborts the process for it (exit code 134)."""
    command = [sys.executable, "-c", ENDS, str(tmp_path / "w.duckdb")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["['warehouse']", "[]"]
