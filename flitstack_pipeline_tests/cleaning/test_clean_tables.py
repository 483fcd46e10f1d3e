"""The example exports, and any rows at all, come through with every row accounted for."""

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.objects import BY_KEY, KEYS
from flitstack_pipeline.cleaning import validate
from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.examples import generate
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS


def warehouse():
    con = duckdb.connect()
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA {schema}")
    return con


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    generate(folder, clients=40, seed=3)
    return folder


@pytest.mark.parametrize("key", KEYS)
def test_the_example_exports_become_valid_tables_with_every_row_accounted_for(examples, key):
    with warehouse() as con:
        ingest_object(con, examples, key)
        result = clean_object(con, key, CleanContext(exports=examples))
        assert sum(result.rows.values()) > 0
        assert check_accounting(con, key).problems == []
        for dataset in BY_KEY[key].datasets:
            assert validate_clean(con, dataset).failures == []


def clients_csv(folder, *rows, name="clients.csv"):
    lines = ["Client ID,Client Name,Email,Phone,Created Date", *rows]
    (folder / name).write_text("\n".join(lines) + "\n")


def test_the_newest_session_wins_and_the_older_version_is_counted(tmp_path):
    clients_csv(tmp_path, "1,Ann Lee,a@b.co,,", "2,Bob Ray,,,", name="clients_1.csv")
    clients_csv(tmp_path, "1,Ann Lee,new@b.co,,", name="clients_2.csv")
    (tmp_path / "export_manifest.json").write_text(
        '{"files": [{"file": "clients_1.csv", "exported_at": "2026-02-01T00:00:00Z"},'
        ' {"file": "clients_2.csv", "exported_at": "2026-01-01T00:00:00Z"}]}'
    )
    with warehouse() as con:
        ingest_object(con, tmp_path, "clients")
        assert clean_object(con, "clients", CleanContext(exports=tmp_path)).superseded == 1
        rows = con.execute("SELECT source_key, email FROM clean.clients ORDER BY 1").fetchall()
        assert rows[0] == ("main/clients/1", "a@b.co")
        assert check_accounting(con, "clients").passed


def test_a_row_that_cannot_be_used_is_in_quarantine_with_its_line_and_what_to_do(tmp_path):
    clients_csv(tmp_path, "1,Ann Lee,,,", "2,,,,")
    with warehouse() as con:
        ingest_object(con, tmp_path, "clients")
        clean_object(con, "clients", CleanContext(exports=tmp_path))
        line, rule, what = con.execute(
            "SELECT line, rule, what_to_do FROM quarantine.rows"
        ).fetchall()[0]
        assert (line, rule) == (3, "nothing_identifies")
        assert "export again" in what


CELL = st.text(st.characters(exclude_categories=["Cc", "Cs"], codec="utf-8"), max_size=10)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL), max_size=8))
def test_accounting_holds_for_any_rows(tmp_path_factory, rows):
    import csv

    folder = tmp_path_factory.mktemp("any")
    with (folder / "clients.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Client ID", "Client Name", "Email", "Phone", "Created Date"])
        writer.writerows(rows)
    with warehouse() as con:
        ingest_object(con, folder, "clients")
        clean_object(con, "clients", CleanContext(exports=folder))
        assert check_accounting(con, "clients").problems == []
        assert validate_clean(con, "clients").failures == []


def test_the_check_finds_what_breaks_the_schema_in_any_part_of_a_long_table(monkeypatch):
    monkeypatch.setattr(validate, "VECTORS", 1)
    with warehouse() as con:
        con.execute(BY_DATASET["items"].ddl)
        con.execute(
            "INSERT INTO clean.items (source_key, workspace, source_id, raw_id, name) "
            "SELECT 'main/items/' || i % 4999, 'main', i, i, CASE WHEN i <> 4000 THEN 'n' END "
            "FROM range(5000) r(i)"
        )
        result = validate_clean(con, "items")
        assert [(f["column"], f["check"]) for f in result.failures] == [
            ("name", "not_nullable"),
            ("source_key", "unique"),
        ]
        assert result.failure_count == 2


def test_a_time_of_day_in_a_date_column_is_the_start_time_or_stays_beside_the_day(tmp_path):
    (tmp_path / "jobs.csv").write_text(
        "Job #,Title,Client Name,Status,Amount,Start Date,Start Time,Completed Date\n"
        "1,Kitchen,Ann Lee,New,5,1/25/2024 9:05 AM,,1/26/2024 5:10 PM\n"
        "2,Bath,Ann Lee,New,5,1/25/2024 9:05 AM,10:30 AM,1/26/2024\n"
        "3,Deck,Ann Lee,New,5,2024-01-25T21:05:00-05:00,,1/26/2024\n"
    )
    with warehouse() as con:
        ingest_object(con, tmp_path, "jobs")
        clean_object(con, "jobs", CleanContext(exports=tmp_path, time_zone="America/New_York"))
        rows = con.execute(
            "SELECT CAST(start_date AS VARCHAR), start_time, CAST(completed AS VARCHAR), originals "
            "FROM clean.jobs ORDER BY number"
        ).fetchall()
    assert rows == [
        ("2024-01-25", "09:05", "2024-01-26", {"completed": "1/26/2024 5:10 PM"}),
        ("2024-01-25", "10:30", "2024-01-26", {"start_date": "1/25/2024 9:05 AM"}),
        ("2024-01-25", "21:05", "2024-01-26", {}),
    ]
