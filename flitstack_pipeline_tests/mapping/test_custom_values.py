"""Custom columns are read by the parsers of known ones: with the account's answers and the
evidence of their files."""

import csv

import duckdb
import pytest

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.targets import ORIGINALS
from flitstack_pipeline.cleaning.build import CleanContext, clean_object, clean_schema
from flitstack_pipeline.mapping.apply import Mapper
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.propose import Surroundings, propose
from flitstack_pipeline.mapping.transforms import Account
from flitstack_pipeline.questions import open_questions
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS, dicts


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        yield connection


def clean(con, folder, columns, file="clients.csv", **context):
    """Clients with these custom columns, cleaned."""
    rows = max(map(len, columns.values()))
    with (folder / file).open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["Client ID", "Client Name", "Email", "Phone", *columns])
        for n in range(rows):
            cells = [values[n % len(values)] for values in columns.values()]
            writer.writerow([f"{file}{n}", f"Ann Roe{n}", f"p{n}@{file}.net", "", *cells])
    ingest_object(con, folder, "clients")
    return clean_object(con, "clients", CleanContext(exports=folder, **context))


def mapped(con, **answers):
    """(custom fields of every client by its number, with the fields' types)."""
    document = propose(con, around=Surroundings(answers=answers))
    types = {e.field: e.data_type for e in document.entries("clients") if e.is_custom_column}
    mapper = Mapper(document, Account.load(con))
    rows = dicts(con, "SELECT * FROM clean.clients ORDER BY length(source_id), source_id")
    made = [mapper.values("clients", t.CONTACT, row).with_kept().custom for row in rows]
    for one in made:
        one.pop(t.SOURCE_ID, None)
    return made, types


def test_numbers_are_read_with_the_decimal_sign_of_their_column(con, tmp_path):
    clean(con, tmp_path, {"Depth": ["1,5", "12,5", "1.250,5", "1.250"]})
    made, types = mapped(con)
    assert types == {"Depth": "NUMERICAL"}
    assert [m["Depth"] for m in made] == ["1.5", "12.5", "1250.5", "1250"]


def test_two_files_may_write_one_custom_column_in_two_ways(con, tmp_path):
    clean(con, tmp_path, {"Depth": ["2,5", "1.250"], "Seen": ["13/02/2024", "02/03/2024"]})
    clean(con, tmp_path, {"Depth": ["2.5", "1,250"], "Seen": ["02/13/2024", "02/03/2024"]},
          file="clients_2.csv")  # fmt: skip
    made, types = mapped(con)
    assert types == {"Depth": "NUMERICAL", "Seen": "DATE"}
    assert [m["Depth"] for m in made] == ["2.5", "1250", "2.5", "1250"]
    assert [m["Seen"] for m in made] == ["2024-02-13", "2024-03-02", "2024-02-13", "2024-02-03"]


def test_dates_obey_the_answer_and_keep_their_time_of_day(con, tmp_path):
    cells = {"Permit": ["02/03/2024 2:05 PM", "04/05/2024"]}
    asked = clean(con, tmp_path, cells, country="GB", time_zone="Europe/London")
    assert [q.key for q in asked.questions] == ["dates:*"]
    for answers in ({"*": "day first"}, {"clients.Permit": "day first"}):
        zone = {"country": "GB", "time_zone": "Europe/London"}
        assert clean(con, tmp_path, cells, date_answers=answers, **zone).questions == []
        made, types = mapped(con)
        assert types == {"Permit": "DATE", "Permit (time)": "TEXT"}
        assert made == [
            {"Permit": "2024-03-02", "Permit (time)": "2024-03-02T14:05:00+00:00"},
            {"Permit": "2024-05-04"},
        ]


def test_an_undecided_custom_date_waits_and_is_kept_as_it_is_written(con, tmp_path):
    clean(con, tmp_path, {"Permit": ["02/03/2024", "04/05/2024"]})
    made, types = mapped(con)
    assert types == {"Permit": "DATE"}
    assert [m[ORIGINALS] for m in made] == ["Permit: 02/03/2024", "Permit: 04/05/2024"]


def test_numbers_nothing_decides_are_asked_and_read_as_answered(con, tmp_path):
    cells = {"Budget": ["1.250", "3.400"]}
    (question,) = clean(con, tmp_path, cells).questions
    assert (question.key, question.evidence) == (
        "decimal:*", ("Budget of clients.csv: '1.250', '3.400'",),
    )  # fmt: skip
    assert {c.word for c in question.choices} == {"comma", "point"}
    answers = {"clients.Budget": "comma"}
    assert clean(con, tmp_path, cells, decimal_answers=answers).questions == []
    assert [m["Budget"] for m in mapped(con)[0]] == ["1250", "3400"]


def test_thousands_as_everybody_in_the_country_writes_them_need_no_question(con, tmp_path):
    assert clean(con, tmp_path, {"Budget": ["1,250", "3,400"]}).questions == []
    assert [m["Budget"] for m in mapped(con)[0]] == ["1250", "3400"]


@pytest.mark.parametrize(
    "cells",
    [["98765432109876543", "12345678901234567"], ["00123", "00456"], ["12 Oak", "7 Elm"]],
)
def test_what_a_number_field_would_damage_is_text(con, tmp_path, cells):
    clean(con, tmp_path, {"Serial": cells})
    made, types = mapped(con)
    assert types == {"Serial": "TEXT"}
    assert [m["Serial"] for m in made] == cells


def test_one_odd_value_among_120_keeps_the_type_and_is_kept(con, tmp_path):
    days = [f"{n % 12 + 1:02d}/{n % 15 + 13}/2024" for n in range(119)]
    clean(con, tmp_path, {"Visit": [*days, "call first"]})
    made, types = mapped(con)
    assert types == {"Visit": "DATE"}
    assert made[0]["Visit"] == "2024-01-13"
    assert made[-1] == {ORIGINALS: "Visit: call first"}
    evidence = next(e.evidence for e in propose(con).fields if e.field == "Visit")
    assert "1 that do not fit are kept in Original_Values__c" in evidence


def test_a_column_that_mostly_fits_is_asked_and_is_text_until_then(con, tmp_path):
    days = [f"{n % 12 + 1:02d}/{n % 15 + 13}/2024" for n in range(18)]
    clean(con, tmp_path, {"Visit": [*days, "call first", "soon"]})
    made, types = mapped(con)
    assert types == {"Visit": "TEXT"}
    assert (made[0]["Visit"], made[-1]["Visit"]) == ("01/13/2024", "soon")
    (question,) = open_questions(con)
    assert question.key == "type:clients.Visit"
    assert [c.word for c in question.choices] == ["date", "text"]
    assert question.evidence == ("call first", "soon")
    assert question.choices[0].effect.endswith(
        "('01/13/2024' is 2024-01-13; '01/25/2024' is 2024-01-25; '02/14/2024' is 2024-02-14)"
    )
    made, types = mapped(con, **{"type:clients.Visit": "date"})
    assert types == {"Visit": "DATE"}
    assert (made[0]["Visit"], made[-1]) == ("2024-01-13", {ORIGINALS: "Visit: soon"})
    assert open_questions(con) == []


def test_an_answer_holds_for_a_column_that_was_confirmed_with_the_map_before_it(con, tmp_path):
    days = [f"{n % 12 + 1:02d}/{n % 15 + 13}/2024" for n in range(18)]
    clean(con, tmp_path, {"Visit": [*days, "call first", "soon"]})
    before = propose(con)
    before.confirm_all("Ann")
    said = Surroundings({}, answers={"type:clients.Visit": "date"})
    [entry] = [e for e in propose(con, before, around=said).fields if e.source == "custom:Visit"]
    assert (entry.data_type, entry.transform, entry.decided_by) == ("DATE", "date", "Ann")
    [entry] = [e for e in propose(con, before).fields if e.source == "custom:Visit"]
    assert entry.transform == "date", "and stays so"


def test_a_person_may_map_any_text_column_to_a_typed_field(con, tmp_path):
    clean(con, tmp_path, {"Plot": ["2,5 ", "1.250", "ask Bob", "at the back", "no idea"]})
    document: MapDocument = propose(con)
    entry = next(e for e in document.fields if e.source == "custom:Plot")
    assert entry.data_type == "TEXT"
    entry.data_type, entry.transform = "NUMERICAL", "number"
    mapper = Mapper(document, Account.load(con))
    rows = dicts(con, "SELECT * FROM clean.clients ORDER BY source_id")
    made = [mapper.values("clients", t.CONTACT, row).with_kept().custom for row in rows]
    assert [m.get("Plot") for m in made] == ["2.5", "1250", None, None, None]
    assert made[2][ORIGINALS] == "Plot: ask Bob"


def test_a_moment_in_utc_is_of_the_accounts_day(con, tmp_path):
    clean(con, tmp_path, {"Seen": ["2024-03-05T02:30:00Z", "2024-07-05T22:30:00.000Z"]})
    made, _ = mapped(con)
    assert made == [
        {"Seen": "2024-03-04", "Seen (time)": "2024-03-04T21:30:00-05:00"},
        {"Seen": "2024-07-05", "Seen (time)": "2024-07-05T18:30:00-04:00"},
    ]


def test_days_that_a_program_wrote_as_midnight_in_utc_stay_that_day(con, tmp_path):
    clean(con, tmp_path, {"Seen": ["2024-03-05T00:00:00.000Z", "2024-07-05T00:00:00Z"]})
    made, types = mapped(con)
    assert types == {"Seen": "DATE"}
    assert [m["Seen"] for m in made] == ["2024-03-05", "2024-07-05"]


def test_an_amount_that_is_not_known_yet_is_kept_and_counted(con, tmp_path):
    clean_schema(con, CleanContext(exports=tmp_path))
    with (tmp_path / "jobs.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([
            ["Job #", "Job Title", "Client Name", "Job Status", "Job Amount", "Start Date"],
            ["1", "Roof", "Ann", "Scheduled", "TBD", "tbd"],
            ["2", "Deck", "Ann", "Scheduled", "1,200.00", "3/15/2024"],
        ])  # fmt: skip
    ingest_object(con, tmp_path, "jobs")
    clean_object(con, "jobs", CleanContext(exports=tmp_path))
    kept = con.execute("SELECT originals FROM clean.jobs WHERE number = '1'").fetchall()
    assert sorted(kept[0][0].values()) == ["TBD", "tbd"]
    counted = con.execute("SELECT count(*) FROM clean.notes WHERE note LIKE 'not known yet%'")
    assert counted.fetchall() == [(2,)]


def test_a_custom_amount_that_is_not_known_yet_is_kept_and_does_not_change_the_type(con, tmp_path):
    clean(con, tmp_path, {"Bid": ["$1,200.00", "$310.50", "TBD"]})
    made, types = mapped(con)
    assert types == {"Bid": "MONETORY"}
    assert made == [{"Bid": "1200.00"}, {"Bid": "310.50"}, {ORIGINALS: "Bid: TBD"}]


def test_a_few_words_among_many_dates_or_numbers_do_not_make_a_dropdown(con, tmp_path):
    dates = ["03/25/2024", "05/14/2024", "06/20/2024"] * 13
    clean(con, tmp_path, {"Seen": [*dates, "when dry"], "Rooms": [*["3", "4", "5"] * 13, "loft"]})
    made, types = mapped(con)
    assert types == {"Seen": "DATE", "Rooms": "NUMERICAL"}
    assert (made[0]["Seen"], made[0]["Rooms"]) == ("2024-03-25", "3")
    assert set(made[39][ORIGINALS].split("\n")) == {"Rooms: loft", "Seen: when dry"}


def test_percentages_are_rates_and_not_torn_at_their_comma(con, tmp_path):
    clean(con, tmp_path, {"Markup": ["7%", "8,5%", "12 %", "10 percent"]})
    made, types = mapped(con)
    assert types == {"Markup (%)": "NUMERICAL"}
    assert [m["Markup (%)"] for m in made] == ["7", "8.5", "12", "10"]
