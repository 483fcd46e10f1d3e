"""The fates after the read-back, on cells written by hand."""

import duckdb
import pytest

from flitstack_pipeline.ledger import store
from flitstack_pipeline.ledger.after import LINK, WHOLE, read_back

CELLS = [  # object, line, column, text, fate, field, record
    ("clients", 2, "Email", "ann@x.com", "arrived", "contact: email + Extra", "main/clients/1"),
    ("clients", 2, "Phone", "813 555 0101", "changed by rule", "contact: phone", "main/clients/1"),
    ("clients", 3, "Email", "bob@x.com", "arrived", "contact: email + Extra", "main/clients/2"),
    ("jobs", 2, "Client ID", "1", "linked", "near: linked record", "main/jobs/7"),
    ("jobs", 2, "Title", "Roof", "arrived", "opportunity: name", "main/jobs/7"),
    ("jobs", 2, "Crew", "n/a", "empty word", "", "main/jobs/7"),
]  # fmt: skip


@pytest.fixture
def con():
    con = duckdb.connect()
    for schema in ("ledger", "mapped"):
        con.execute(f"CREATE SCHEMA {schema}")
    store.begin(con)
    for kind, line, column, text, fate, field, record in CELLS:
        con.execute(
            "INSERT INTO ledger.looked VALUES (?, ?, ?, 'f.csv', '', ?, ?, ?, ?, '', ?, ?, '')",
            [kind, kind, f"{kind}-{line}", line, column, text, fate, field, record],
        )
    store.make_view(con)
    store.count(con)
    for key, prefix in (("clients", "contact"), ("jobs", "opportunity")):
        con.execute(
            f"CREATE TABLE mapped.{key} AS SELECT DISTINCT '{prefix}:' || record AS record_key, "
            f"record AS source_key FROM ledger.looked WHERE object = '{key}'"
        )
    yield con
    con.close()


def after(con, *wrong):
    return {(r["object"], r["fate"]): r["cells"] for r in read_back(con, wrong)}


def test_when_everything_was_read_back_the_fates_stay(con):
    assert after(con) == {
        ("clients", "arrived"): 2, ("clients", "changed by rule"): 1, ("jobs", "arrived"): 1,
        ("jobs", "empty word"): 1, ("jobs", "linked"): 1,
    }  # fmt: skip


def test_a_field_that_differs_takes_its_cells_back_and_names_them(con):
    found = after(con, ("contact:main/clients/1", "email"))
    assert found["clients", "arrived"] == 1 and found["clients", "unaccounted"] == 1
    lost = con.execute('SELECT line, "column", text, rule FROM ledger.lost').fetchall()
    assert lost == [(2, "Email", "ann@x.com", "not read back from HighLevel as it was meant")]


def test_a_record_that_is_missing_takes_all_its_cells_back_but_empty_words(con):
    found = after(con, ("opportunity:main/jobs/7", WHOLE))
    assert {k: n for k, n in found.items() if k[0] == "jobs"} == {
        ("jobs", "unaccounted"): 2, ("jobs", "empty word"): 1,
    }  # fmt: skip


def test_a_relation_that_is_missing_takes_the_cell_back_that_names_the_other_record(con):
    found = after(con, ("opportunity:main/jobs/7", f"{LINK} to contact"))
    assert found["jobs", "unaccounted"] == 1 and found["jobs", "arrived"] == 1
    assert ("jobs", "linked") not in found
