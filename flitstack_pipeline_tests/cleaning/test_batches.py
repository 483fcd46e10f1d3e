"""Tables are cleaned in batches, texts are parsed once, and neither changes what comes out."""

import csv
import random

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.cleaning import batches, parse_workers, parsing
from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.cleaning.values import cell_sql, contact_points, money, words, yes_no
from flitstack_pipeline.cleaning.values.parsers import Context
from flitstack_pipeline.examples import generate
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS

HERE = Context("America/New_York", "US", "exports")
ODD = st.lists(
    st.sampled_from([*" \t\n\u00a0\u200b\ufeff\u2028#-.,;&aAnNdD01xX/", "N/A", "\x1f"])
).map("".join)
TEXT = st.one_of(ODD, st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
SHARED = duckdb.connect()


def warehouse():
    con = duckdb.connect()
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA {schema}")
    return con


@pytest.fixture
def con():
    with warehouse() as connection:
        yield connection


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    generate(folder, clients=12, seed=11)
    return folder


def sql(expression, value):
    return SHARED.execute(f"SELECT {expression} FROM (SELECT ?::VARCHAR AS x)", [value]).fetchall()[
        0
    ][0]


@given(TEXT)
def test_a_cell_is_trimmed_in_sql_as_in_python(value):
    text = words.text(value)
    assert sql(cell_sql.text("x"), value) == text
    assert sql(cell_sql.boolean("x"), value) == yes_no.boolean(value)
    if text is not None:
        assert sql(cell_sql.one_line("x"), text) == words.one_line(value)
        assert sql(cell_sql.document_number("x"), text) == words.document_number(text)


@given(st.from_regex(contact_points._EVERYDAY, fullmatch=True))
def test_an_everyday_phone_is_read_as_the_long_way_would(value):
    with pytest.MonkeyPatch.context() as patch:
        quick = contact_points.phones.__wrapped__(value)
        patch.setattr(contact_points, "NANP_REGIONS", frozenset())
        assert [(p.e164, p.extension) for p in quick] == [
            (p.e164, p.extension) for p in contact_points.phones.__wrapped__(value)
        ]


@given(st.from_regex(money._EVERYDAY, fullmatch=True))
def test_an_everyday_amount_is_read_as_the_long_way_would(value):
    found, rounded = money.stored.__wrapped__(value, False, 4)
    assert (money.Decimal(found), rounded) == (money.amount.__wrapped__(value), False)


def tables(con):
    names = con.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('clean', 'quarantine') ORDER BY 1"
    ).fetchall()
    return {
        name: sorted(map(repr, con.execute(f"SELECT * FROM {name}").fetchall()))
        for (name,) in names
    }


def cleaned(con, folder):
    for key in KEYS:
        clean_object(con, key, CleanContext(exports=folder))
        assert check_accounting(con, key).problems == []
    return tables(con)


def test_the_size_of_a_batch_changes_nothing_and_cleaning_twice_changes_nothing(
    con, examples, monkeypatch
):
    for key in KEYS:
        ingest_object(con, examples, key)
    whole = cleaned(con, examples)
    monkeypatch.setattr(batches, "BATCH", 23)
    assert cleaned(con, examples) == whole


def test_what_was_parsed_once_is_not_parsed_again(con, examples, monkeypatch):
    asked = []
    answers = parsing.answers

    def counted(parser, context, pieces):
        asked.extend(parser for piece in pieces for _ in piece)
        return answers(parser, context, pieces)

    monkeypatch.setattr(parsing, "answers", counted)
    ingest_object(con, examples, "clients")
    clean_object(con, "clients", CleanContext(exports=examples))
    first, rows = asked.count("name"), con.execute("SELECT count(*) FROM raw.clients").fetchall()
    assert 0 < first <= rows[0][0]
    asked.clear()
    clean_object(con, "clients", CleanContext(exports=examples))
    assert not {"name", "phones", "emails", "address", "date"} & set(asked)
    clean_object(con, "clients", CleanContext(exports=examples, country="CA"))
    assert asked.count("name") == first, "another account: everything is parsed anew"


def test_processes_beside_us_find_what_we_would_find(monkeypatch):
    names = [["Ann Lee", "BOB RAY jr.", "Acme LLC\x1f\x1f"], ["O'Neil, Zoë\x1f\x1f", '"\n\\']]
    cells = [[c + "\x1f\x1f" if "\x1f" not in c else c for c in piece] for piece in names]
    here = list(parse_workers.answers("name", HERE, cells))
    monkeypatch.setattr(parse_workers, "WORTH_STARTING", 0)
    monkeypatch.setattr(parse_workers, "_cores", lambda: 2)
    workers = parse_workers._Workers()
    monkeypatch.setattr(parse_workers, "_workers", lambda: workers)
    try:
        assert list(parse_workers.answers("name", HERE, cells)) == here
        for process in workers.processes:
            process.kill()
            process.wait()
        assert list(parse_workers.answers("name", HERE, cells)) == here, "parsed here instead"
    finally:
        workers.stop()


def write(folder, name, header, rows):
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


LINES = ["Estimate #", "Line Number", "Item Name", "Amount"]


def test_lines_of_many_documents_keep_their_numbers_in_whatever_order_they_come(con, tmp_path):
    rows = [[f"E{d}", str(n), f"line {n} of {d}", "1.00"] for d in range(40) for n in range(1, 9)]
    random.Random(5).shuffle(rows)
    unnumbered = [["U1", "", f"line {n}", "1.00"] for n in range(1, 4)]
    write(tmp_path, "estimate_items.csv", LINES, [*rows, *unnumbered])
    ingest_object(con, tmp_path, "estimates")
    clean_object(con, "estimates", CleanContext(exports=tmp_path))
    found = con.execute("SELECT source_id, line_number, name FROM clean.estimate_items").fetchall()
    assert sorted(found) == sorted(
        [(f"{d}#{n}", int(n), name) for d, n, name, _ in rows]
        + [(f"U1#{n}", n, f"line {n}") for n in range(1, 4)]
    )


def test_what_a_further_row_of_a_client_says_otherwise_is_told_with_its_property(con, tmp_path):
    header = ["Client ID", "Client Name", "Phone", "Billing Address", "Gate Code"]
    rows = [
        ["7", "Ann Lee", "813-555-2101", "1 Oak St, Tampa, FL 33602", "11"],
        ["7", "Ann Lee", "813-555-2102", "2 Elm St, Tampa, FL 33602", "22"],
    ]
    write(tmp_path, "clients.csv", header, rows)
    ingest_object(con, tmp_path, "clients")
    clean_object(con, "clients", CleanContext(exports=tmp_path))
    assert con.execute("SELECT phone, custom['Gate Code'] FROM clean.clients").fetchall() == [
        ("+18135552102", "22")
    ]
    address, notes = con.execute("SELECT address, notes FROM clean.properties").fetchall()[0]
    assert address == "1 Oak St, Tampa, FL 33602"
    assert notes.splitlines() == ["Phone: 813-555-2101", "Gate Code: 11"]
