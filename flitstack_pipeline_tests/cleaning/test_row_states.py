"""`clean.row_states`: what became of each raw row that is not loaded as it is, and its twin."""

import csv
import json

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS

CLIENT = ["Client ID", "Client Name", "Email", "Phone", "Billing Address"]
LINE = ["Estimate #", "Line #", "Item Name", "Quantity", "Unit Price", "Amount"]


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        yield connection


def states(con, folder, key, dataset, header, **files):
    """What the table says after cleaning, each row as FILE:LINE."""
    listed = []
    for number, (name, rows) in enumerate(files.items(), start=1):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        moment = f"2026-0{number}-01T00:00:00Z"
        listed.append({"file": f"{name}.csv", "exported_at": moment, "session": f"s{number}"})
    (folder / "export_manifest.json").write_text(json.dumps({"files": listed}))
    ingest_object(con, folder, key)
    clean_object(con, key, CleanContext(exports=folder))
    return con.execute(
        f"""
        WITH r AS (SELECT _row_id, replace(_file, '.csv', '') || ':' || _row AS place
                   FROM raw."{dataset}")
        SELECT a.place, s.source_key, s.state, b.place FROM clean.row_states s
        JOIN r a ON a._row_id = s.row_id LEFT JOIN r b ON b._row_id = s.twin_row_id
        WHERE s.object = ? AND s.dataset = ? ORDER BY 1
        """,
        [key, dataset],
    ).fetchall()


def test_an_equal_row_names_the_row_that_stands_for_it(con, tmp_path):
    row = ["7", "Ann Lee", "ann@x.co", "", "1 Oak St"]
    assert states(con, tmp_path, "clients", "clients", CLIENT, clients=[row, row]) == [
        ("clients:2", "main/clients/7", "repeated", "clients:3")
    ]


def test_an_older_version_of_another_session_is_superseded(con, tmp_path):
    old, new = ["7", "Ann Lee", "ann@x.co", "", ""], ["7", "Ann Lee", "ann@y.co", "", ""]
    found = states(con, tmp_path, "clients", "clients", CLIENT, clients_1=[old], clients_2=[new])
    assert found == [("clients_1:2", "main/clients/7", "superseded", "clients_2:2")]


def test_a_row_merged_into_its_client_names_it(con, tmp_path):
    rows = [["7", "Ann Lee", "", "", "1 Oak St"], ["7", "Ann Lee", "", "", "2 Elm St"]]
    assert states(con, tmp_path, "clients", "clients", CLIENT, clients=rows) == [
        ("clients:2", "main/clients/7", "merged", "clients:3")
    ]


def test_lines_replaced_as_a_whole_name_the_new_line_of_their_number(con, tmp_path):
    old = [["5", "1", "a", "1", "1", "1"], ["5", "2", "b", "1", "2", "2"]]
    new = [["5", "1", "a", "1", "9", "9"]]
    found = states(
        con, tmp_path, "estimates", "estimate_items", LINE,
        estimate_items_1=old, estimate_items_2=new,
    )  # fmt: skip
    key = "main/estimate_items/5"
    assert found == [
        ("estimate_items_1:2", key, "superseded", "estimate_items_2:2"),
        ("estimate_items_1:3", key, "superseded", None),
    ]


def test_a_refused_row_is_quarantined_and_has_no_twin(con, tmp_path):
    header = ["Client ID", "Client Name", "Email", "Phone", "Billing Address"]
    assert states(con, tmp_path, "clients", "clients", header, clients=[["7", "", "", "", ""]]) == [
        ("clients:2", "main/clients/7", "quarantined", None)
    ]
