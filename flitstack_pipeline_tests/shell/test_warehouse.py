"""The DuckDB file: blocks nest, tables and views are seen, only the owner may read it."""

import pytest

from flitstack_pipeline.warehouse import Warehouse, row_count, table_exists


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
