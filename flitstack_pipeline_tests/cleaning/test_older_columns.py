"""What a newer, narrower export does not have stays as the older one said."""

import datetime as dt

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.older_columns import NOTE
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS, dicts

WIDE = """Client ID,Client Name,Email,Phone,Created Date,Roof,Pipe
1,Ann Roe,ann@mailbox.net,813-555-2001,25/03/2024,Metal,PVC
2,Bob Fay,bob@mailbox.net,813-555-2002,04/03/2024,Tile,Copper
"""


@pytest.fixture
def clean(tmp_path):
    """Clean several exports of one object, oldest first; its rows by id, and what was kept."""

    def made(key, *texts, answers=None):
        for n, text in enumerate(texts, 1):
            (tmp_path / f"{key}_{n}.csv").write_text(text)
        with duckdb.connect() as con:
            for schema in SCHEMAS:
                con.execute(f"CREATE SCHEMA {schema}")
            ingest_object(con, tmp_path, key, answers=answers)
            clean_object(con, key, CleanContext(exports=tmp_path, date_answers=answers or {}))
            assert check_accounting(con, key).problems == []
            rows = dicts(con, f"SELECT * FROM clean.{key}")
            asked = 'SELECT source_key, "column" FROM clean.notes WHERE note = ?'
            kept = con.execute(asked, [NOTE]).fetchall()
        return {row["source_id"]: row for row in rows}, sorted(kept)

    return made


def test_a_column_that_is_not_there_changes_nothing_an_empty_cell_does(clean):
    narrow = "Client ID,Client Name,Phone,Roof\n1,Ann Roe,,\n"
    rows, kept = clean("clients", WIDE, narrow)
    ann, bob = rows["1"], rows["2"]
    assert (ann["email"], ann["phone"]) == ("ann@mailbox.net", None)
    assert ann["custom"] == {"Pipe": "PVC"}
    assert bob["email"] == "bob@mailbox.net" and bob["custom"] == {"Roof": "Tile", "Pipe": "Copper"}
    assert kept == [("main/clients/1", "created"), ("main/clients/1", "email")]


def test_a_kept_date_is_read_as_its_own_file_is_written(clean):
    narrow = "Client ID,Client Name,Phone\n1,Ann Roe,813-555-2009\n2,Bob Fay,813-555-2002\n"
    rows, _ = clean("clients", WIDE, narrow)
    assert rows["2"]["created"] == dt.date(2024, 3, 4), "25/03 says: day first"
    assert rows["1"]["phone"] == "+18135552009"


def test_the_newest_export_that_has_the_column_counts(clean):
    later = "Client ID,Client Name,Email,Roof\n1,Ann Roe,roe@mailbox.net,Slate\n"
    narrow = "Client ID,Client Name\n1,Ann Roe\n"
    rows, _ = clean("clients", WIDE, later, narrow)
    ann = rows["1"]
    assert (ann["email"], ann["phone"]) == ("roe@mailbox.net", "+18135552001")
    assert ann["custom"] == {"Roof": "Slate", "Pipe": "PVC"}


def test_parts_of_one_value_are_not_mixed_from_two_exports(clean):
    whole = 'Client ID,Client Name,Address\n1,Ann Roe,"12 Oak St, Tampa, FL 33602"\n'
    parts = "Client ID,First Name,Last Name,Street,City\n1,Ann,Roe-Fay,9 Elm St,Miami\n"
    rows, kept = clean("clients", whole, parts)
    ann = rows["1"]
    assert (ann["name"], ann["address1"], ann["city"]) == ("Ann Roe-Fay", "9 Elm St", "Miami")
    assert (ann["state"], ann["postal_code"], kept) == (None, None, [])


def test_a_balance_is_not_kept_beside_a_newer_payment(clean):
    old = "Invoice #,Client Name,Total,Amount Paid,Balance Due,Status\n9,Ann,500,0,500,Unpaid\n"
    new = "Invoice #,Client Name,Total,Amount Paid,Status\n9,Ann,500,500,Paid\n"
    rows, _ = clean("invoices", old, new)
    assert rows["9"]["balance"] == 0
