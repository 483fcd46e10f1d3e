"""What the witness reads in SQL, each against values worked out by hand; the rest it leaves."""

import duckdb
import pytest

from flitstack_pipeline.ledger.sure import is_nobody_sql, sure
from flitstack_pipeline.ledger.witness import is_phone_sql


@pytest.fixture(scope="module")
def con():
    con = duckdb.connect()
    yield con
    con.close()


@pytest.mark.parametrize(
    ("kind", "text", "value", "surely"),
    [
        ("date:", "2/3/2024", "2024-02-03", True),
        ("date:", "2/3/2024", "2024-03-02", False),
        ("date:", "02/03/2024", "2024-02-03", True),
        ("date:", "13/3/2024", "2024-03-13", False),
        ("date:", "13/13/2024", "2024-13-13", False),
        ("date:", "1/15/2024 3:04 PM", "2024-01-15T15:04:00-05:00", True),
        ("date:", "1/15/2024 3:04 PM", "2024-01-15T15:04:00-06:00", False),
        ("number:", "$1,234.50", "1234.50", True),
        ("number:", "1,5", "15.00", False),
        ("number:", "(50.00)", "-50.00", False),
        ("phone", "(813) 555-0102", "+18135550103\x1f+18135550102", True),
        ("phone", "(813) 555-0102", "+18135550120", False),
        ("email", "Ann@X.com", "ann@x.com\x1fb@x.com", True),
        ("address", "1 Oak St, Tampa, FL 33602", "1 Oak St Tampa FL 33602 US", True),
        ("address", "1 Oak St, Tampa", "1 Oak St Tampabay", False),
        ("time", "9:05 PM", "21:05", True),
        ("time", "9:05 PM", "09:05", False),
        ("time", "12:30 AM", "00:30", True),
        ("time", "12:30 PM", "12:30", True),
        ("time", "09:05 AMs", "09:05", False),
        ("list", "Gutters; Roof", '["Gutters","Roof","contractor+ client"]', True),
        ("list", "Roof, gutters", "Gutters\x1fRoof", True),
        ("list", "Gutters; Siding", '["Gutters","Roof"]', False),
        ("list", "Gut", '["Gutters"]', False),
        ("url", "www.roe.com", "https://www.roe.com", True),
        ("url", "www.roe.com", "https://www.roe.com/shop", False),
        ("address:state", "Massachusetts", "MA", True),
        ("address:state", "Virginia", "WV", False),
        ("address:country", "USA", "US", True),
        ("address:country", "USA", "CA", False),
        ("address:zip", "6103", "06103", True),
        ("address:zip", "6103", "61030", False),
        ("id", "PAY-1", "main/payments/X@PAY-1\x1fmain", True),
        ("id", "42", "main/jobs/142", False),
        ("numbered", "#12", "Invoice #12", True),
        ("numbered", "2", "Invoice #12", False),
        ("in:text", "Check", "2024-01-05 · 50.00 · Check · PAY-1", True),
        ("in:text", "Che", "2024-01-05 · 50.00 · Check · PAY-1", False),
        ("in:number:", "$50", "2024-01-05 · 50.00 · Check", True),
        ("in:date:", "1/5/2024", "2024-01-05 · 50.00 · Check", True),
        ("in:kept", "Ann Lee", "client_name: Ann Lee", True),
        ("in:kept", "Lee", "client_name: Ann Lee", False),
    ],
)
def test_only_a_value_that_says_the_same_is_sure(con, kind, text, value, surely):
    said = sure(kind, "t", "v")
    for sign, meant in (("{mdy}", "true"), ("{dmy}", "false"), ("{point}", "true"),
                        ("{american}", "true"), ("{zone}", "'America/New_York'")):  # fmt: skip
        said = said.replace(sign, meant)
    found = con.execute(
        f"SELECT coalesce({said}, false) FROM (SELECT ? AS t, ? AS v)", [text, value]
    )
    assert found.fetchall() == [(surely,)]


@pytest.mark.parametrize(
    ("text", "team", "nobody"),
    [
        ("Ray Dubois", "", True),
        ("Ray Dubois", "Dana Whitfield\x1fLuis Ortega", True),
        ("Whitfield, Dana", "Dana Whitfield\x1fLuis Ortega", False),
        ("Dana Reyes", "Dana Whitfield", True),
        ("Lu\u00eds Ortega", "Ann Lee", False),  # accents are read in Python
        ("Ray Dubois", "?", False),
    ],
)
def test_a_cell_that_names_nobody_of_the_team_is_told(con, text, team, nobody):
    found = con.execute(f"SELECT {is_nobody_sql('t', team)} FROM (SELECT ? AS t)", [text])
    assert found.fetchall() == [(nobody,)]


@pytest.mark.parametrize(
    ("text", "american", "is_phone"),
    [
        ("(813) 555-0102", True, True),
        ("home 1-813-555-0102 or call wife", True, True),
        ("+44 20 7946 0011", True, True),
        ("030 1234567", True, False),
        ("813-555-200", True, False),
        ("812-0555-20031", True, False),
        ("call wife", True, False),
        ("2222222222", True, False),
        ("030 1234567", False, True),
        ("x 12", False, False),
    ],
)
def test_a_phone_is_told_from_words_and_numbers_nobody_has(con, text, american, is_phone):
    said = is_phone_sql("t").replace("{american}", str(american).lower())
    assert con.execute(f"SELECT {said} FROM (SELECT ? AS t)", [text]).fetchall() == [(is_phone,)]
