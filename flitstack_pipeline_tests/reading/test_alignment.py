"""A row that does not stand under its header is put right where one reading fits, else refused."""

import csv
import random

import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.reading.alignment import FITS, Shape, judge
from flitstack_pipeline.reading.column_kinds import (
    DATE,
    EMAIL,
    NUMBER,
    PHONE,
    ZIP,
    contradicted,
)
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline_tests.cleaning.corpus_lines import NO_VALUES, lines

HEADER = "Client ID,Client Name,Email,Phone,Address,City,State,Zip,Lead Source,Date Created,Notes"
GOOD = (
    "1,Ann Lee,ann@x.com,(813) 555-0101,1 Oak St,Tampa,FL,33601,Google,01/15/2024,hi",
    "3,Cy Poe,cy@x.com,(813) 555-0103,3 Oak St,Tampa,FL,33603,Yelp,01/17/2024,ok",
    "5,Eve Gil,eve@x.com,(813) 555-0105,5 Oak St,Miami,FL,33605,Yelp,01/19/2024,",
)
NAMES = ("client_id", "name", "email", "phone", "address", "city", "state", "zip",
         "lead_source", "created", "notes")  # fmt: skip


def read(con, folder, *lines, header=HEADER, dataset="clients"):
    (folder / f"{dataset}.csv").write_text("\n".join([header, *lines]) + "\n")
    return ingest_object(con, folder, dataset)


def row(con, client_id):
    listed = ", ".join(f"coalesce(\"{n}\", '')" for n in NAMES)
    found = con.execute(
        f"SELECT {listed} FROM raw.clients WHERE client_id = ?", [client_id]
    ).fetchall()
    return tuple(cell.strip() for cell in found[0]) if found else None


def refused(con):
    return con.execute('SELECT "row" FROM raw.misfits ORDER BY 1').fetchall()


def test_a_comma_inside_and_a_missing_last_cell_that_make_the_count_right(con, tmp_path):
    shifted = "2,Bob Ray,bob@x.com,(813) 555-0102,2 Oak St, Apt 4,Tampa,FL,33602,Google,01/06/2024"
    result = read(con, tmp_path, GOOD[0], shifted, *GOOD[1:])
    assert row(con, "2") == (
        "2", "Bob Ray", "bob@x.com", "(813) 555-0102", "2 Oak St, Apt 4", "Tampa", "FL", "33602",
        "Google", "01/06/2024", "",
    )  # fmt: skip
    assert any("1 rows had a cell too few or too many" in w for w in result.warnings)
    assert any("line 3" in w and "2 Oak St, Apt 4" in w for w in result.warnings)
    (line, cells) = con.execute("SELECT \"row\", cells->>'City' FROM raw.realigned").fetchone()
    assert (line, cells) == (3, " Apt 4")


def test_two_cells_that_ran_together(con, tmp_path):
    joined = "4,Dee Fox dee@x.com,(813) 555-0104,4 Oak St,Tampa,FL,33604,Google,01/18/2024,fine"
    read(con, tmp_path, *GOOD, joined)
    assert row(con, "4") == (
        "4", "Dee Fox", "dee@x.com", "(813) 555-0104", "4 Oak St", "Tampa", "FL", "33604",
        "Google", "01/18/2024", "fine",
    )  # fmt: skip


def test_a_thousands_comma_and_a_comma_in_the_last_cell_are_put_together(con, tmp_path):
    header = "Job #,Title,Client ID,Status,Amount,Start Date,Notes"
    good = [f"30{n},Deck,{n},Scheduled,{n}50.00,01/1{n}/2024,ok" for n in range(1, 8)]
    cut = ["401,Roof,4,Scheduled,$1,200.00,01/15/2024,ok", "402,Roof,4,New,90,01/15/2024,a, b"]
    read(con, tmp_path, *good, *cut, header=header, dataset="jobs")
    found = con.execute(
        "SELECT job_number, amount, start_date, notes FROM raw.jobs WHERE job_number LIKE '4%'"
        "ORDER BY 1"
    ).fetchall()
    assert found == [
        ("401", "$1,200.00", "01/15/2024", "ok"),
        ("402", "90", "01/15/2024", "a, b"),
    ]


def test_where_two_readings_fit_the_words_of_the_other_rows_decide(con, tmp_path):
    lines = [
        f"{n},Ann Lee,a{n}@x.com,(813) 555-01{n},{n} Oak St,{city},FL,33601,Google,01/15/2024,hi"
        for n, city in zip(range(10, 22), ["Tampa", "Miami"] * 6, strict=True)
    ]
    cut = "22,Bo Ray,b@x.com,(813) 555-0122,2 Oak St,Rear House,Tampa,FL,33602,Yelp,01/16/2024,ok"
    read(con, tmp_path, *lines, cut)
    assert row(con, "22")[4:7] == ("2 Oak St,Rear House", "Tampa", "FL")


def test_where_two_readings_fit_and_nothing_decides_the_row_is_quarantined(con, tmp_path):
    header = "Client ID,Client Name,Email,Lead Source,Notes"
    cut = "2,Bo Ray,b@x.com,Angi,Home,call first"  # "Angi,Home" or "Home,call first"?
    read(con, tmp_path, "1,Ann Lee,a@x.com,Yelp,ok", cut, "3,Cy Poe,c@x.com,Google,", header=header)
    assert refused(con) == [(3,)]
    clean_object(con, "clients", CleanContext(exports=tmp_path))
    assert con.execute("SELECT count(*) FROM clean.clients").fetchone() == (2,)
    told = con.execute("SELECT file, line, rule, what_to_do, raw->>'Notes' FROM quarantine.rows")
    ((file, line, rule, what_to_do, notes),) = told.fetchall()
    assert (file, line, rule, notes) == ("clients.csv", 3, "row_does_not_fit", "Home")
    assert "quotation marks" in what_to_do
    assert check_accounting(con, "clients").problems == []
    (counted,) = con.execute("SELECT rows_read, loaded, quarantined, excluded FROM clean.accounting"
                             " WHERE dataset = 'clients'").fetchall()  # fmt: skip
    assert counted == (3, 2, 1, 0)
    assert con.execute("SELECT records FROM clean.record_counts").fetchall() == [(3,)]


def test_two_cuts_are_not_guessed(con, tmp_path):
    cut = "2,Bo,b@x.com,(813) 555-0122,2 Oak St,Apt 4,Rear,Tampa,FL,33602,Yelp,01/16/2024,ok"
    read(con, tmp_path, *GOOD, cut)
    assert refused(con) == [(5,)] and row(con, "2") is None


def test_a_row_that_lost_its_first_cell_is_quarantined(con, tmp_path):
    lost = "Bob Ray,bob@x.com,(813) 555-0102,2 Oak St,Tampa,FL,33602,Google,01/16/2024,hi"
    read(con, tmp_path, *GOOD, lost)
    assert refused(con) == [(5,)]


@pytest.mark.parametrize(
    "line",
    [
        "2,Bob Ray,bob@x.com,(813) 555-0102,2 Oak St,Tampa",  # short at its end only
        "2,Bob Ray,,,,,,,,,,,,",  # empty cells beyond the header
        "2,Bob Ray,see notes,call the office,2 Oak St,Tampa,FL,33602,Google,TBD,hi",
        "2,Bob Ray,bob@x.com,813-555-0102 x12; +1 813 555 0109 (cell),2 Oak St,Tampa,Florida,"
        "33602-1234,Google,Jan 5 2024,hi",
        "2,Bob Ray,bob@x.com / bo@y.com,8135550102,,Tampa,N/A,-,Google,2024-01-05 09:30,hi",
    ],
)
def test_odd_rows_that_are_not_shifted_stay_as_they_are(con, tmp_path, line):
    read(con, tmp_path, *GOOD, line)
    cells = [c.strip() for c in line.split(",")][:11]
    assert row(con, "2") == (*cells, *[""] * (11 - len(cells)))
    assert con.execute("SELECT count(*) FROM raw.realigned").fetchone() == (0,)


def test_columns_of_mixed_values_judge_nothing(con, tmp_path):
    odd = ["call first", "(813) 555-0101", "ann@x.com", "none yet"]
    lines = [
        f"{n},Ann,{odd[n % 4]},{odd[(n + 1) % 4]},1 Oak St,Tampa,FL,33601,,01/15/2024,"
        for n in range(40)
    ]
    read(con, tmp_path, *lines)
    assert con.execute("SELECT count(*) FROM raw.clients").fetchone() == (40,)


def test_a_column_without_a_header_is_no_damage(con, tmp_path):
    read(con, tmp_path, *(f"{line},extra" for line in GOOD))
    found = con.execute("SELECT DISTINCT _extra['(column 12)'] FROM raw.clients").fetchall()
    assert found == [("extra",)]


def test_an_amount_cut_at_its_thousands_is_one_where_its_column_holds_amounts(con, tmp_path):
    header = "Customer No,Name,Mobile,Email,Street,Town,State,ZIP,Balance,Since"
    read(
        con, tmp_path,
        "C-1,Ann Roe,(813) 555-0101,ann@x.com,1 Elm St,Tampa,FL,33601,$10.00,01/20/2024",
        "C-2,Bob Ray,(813) 555-0102,bob@x.com,2 Oak St, Unit 4,Tampa,FL,33602,$20.00,01/21/2024",
        "C-3,Cy Dee,(813) 555-0103,cy@x.com,3 Ash St,Tampa,FL,33603,$1,200.00,01/22/2024",
        "C-5,Eve Gil,(813) 555-0105,eve@x.com,5 Yew St,Tampa,FL,33605,$50.00,01/25/2024",
        header=header,
    )  # fmt: skip
    assert refused(con) == []
    found = con.execute(
        "SELECT client_id, street, zip, _extra['Balance'], _extra['Since'] FROM raw.clients "
        "ORDER BY 1"
    ).fetchall()
    assert found[1:3] == [
        ("C-2", "2 Oak St, Unit 4", "33602", "$20.00", "01/21/2024"),
        ("C-3", "3 Ash St", "33603", "$1,200.00", "01/22/2024"),
    ]


def test_a_zip_code_is_no_date_of_a_row_that_lacks_one(con, tmp_path):
    read(
        con, tmp_path,
        "1,Roof,Ann Roe,33601,01/20/2024,$100.00,fine", "3,Bath,Cy Dee,33603,$300.00,fine",
        "4,Door,Dan Eck,33604,01/23/2024,$400.00,fine", "5,Wall,Eve Fox,33605,01/24/2024,$500.00,x",
        header="Job #,Title,Client Name,Zip,Start Date,Amount,Notes", dataset="jobs",
    )  # fmt: skip
    assert refused(con) == [(3,)], "33603 is a day of 1991 in Excel, and no date of this file"


def people(rng, count):
    """Good rows of clients, every cell of its column's kind; some cells quote a comma."""
    towns = [("Tampa", "FL", "336"), ("Austin", "TX", "787"), ("Boise", "ID", "837")]
    for n in range(count):
        city, state, area = rng.choice(towns)
        first, last = rng.choice(["Ann", "Bob", "Cy", "Dee"]), rng.choice(["Lee", "Ray", "Poe"])
        yield [
            str(1000 + n), f"{first} {last}", f"{first.lower()}{n}@x.com",
            f"(813) 555-{rng.randrange(10_000):04}",
            f"{rng.randrange(1, 99)} {rng.choice(['Oak', 'Elm'])} St"
            + rng.choice(["", "", ", Apt 4"]),
            city, state, f"{area}{rng.randrange(100):02}", rng.choice(["Google", "Yelp", "Angi"]),
            f"{rng.randrange(1, 13):02}/{rng.randrange(1, 28):02}/2024",
            rng.choice(["", "call first", "gate, side door"]),
        ]  # fmt: skip


def damaged(rng, cells):
    """The row with one separator too many or one lost, as the line would be written."""
    cells = list(cells)
    if rng.random() < 0.5:
        at = rng.choice([i for i, c in enumerate(cells) if " " in c])
        left, _, right = cells[at].partition(" ")
        cells[at : at + 1] = [left.rstrip(","), right]
        if at < 10 and rng.random() < 0.5:
            cells.pop()
        return cells
    at = rng.choice([i for i in range(len(cells) - 1) if cells[i] and cells[i + 1]])
    cells[at : at + 2] = [f"{cells[at]} {cells[at + 1]}"]
    return cells


def bare(cells):
    return [c.replace(",", " ").split() for c in cells]


@pytest.mark.parametrize("seed", range(12))
def test_a_shifted_row_becomes_the_right_row_or_goes_to_quarantine(con, tmp_path, seed):
    rng = random.Random(seed)
    rows = list(people(rng, 120))
    hurt = set(rng.sample(range(120), 4))
    written = [damaged(rng, cells) if n in hurt else cells for n, cells in enumerate(rows)]
    with (tmp_path / "clients.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER.split(","), *written])
    ingest_object(con, tmp_path, "clients")
    gone = {line - 2 for (line,) in refused(con)}
    assert gone <= hurt
    listed = ", ".join(f"coalesce(\"{n}\", '')" for n in NAMES)
    found = con.execute(f"SELECT _row - 2, {listed} FROM raw.clients").fetchall()
    assert {n for n, *_ in found} | gone == set(range(120))
    for number, *cells in found:
        right = list(rows[number])
        if number in hurt and not cells[10]:
            right[10] = ""  # the last cell was the one that is missing
        assert bare(cells) == bare(right)


#: Rows of the same header, each damaged in another way; by what was done to it, its right reading
#: where one can be told, else None: the row is refused.
_OF = ("Bo Ray", "b@x.com", "(813) 555-0122", "22 Oak St", "Tampa", "FL", "33602", "Web",
       "01/08/2024", "Call")  # fmt: skip


def _with(**changed):
    return ("2", *(changed.get(n, c) for n, c in zip(NAMES[1:], _OF, strict=True)))


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("2,Ray, Bo,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call",
         _with(name="Ray, Bo")),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Dog, cat",
         _with(notes="Dog, cat")),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602,Google, Maps,01/08/2024,Call",
         _with(lead_source="Google, Maps")),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,Jan 8, 2024,Call",
         _with(created="Jan 8, 2024")),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602 Web,01/08/2024,Call", _with()),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL 33602,Web,01/08/2024,Call", _with()),
        ("2,Bo Ray,b@x.com (813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call", _with()),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call,,,",
         _with()),
        ("2,Bo Ray,,(813) 555-0122,22 Oak St, Apt 3,Tampa,FL,33602,Web",
         _with(email="", address="22 Oak St, Apt 3", created="", notes="")),
        # quotation marks that open a cell and close none
        ('2,"Ray, Bo,b@x.com,(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call',
         _with(name="Ray, Bo")),
        ('2,Bo Ray,b@x.com,(813) 555-0122,"22 Oak St, Apt 3,Tampa,FL,33602,Web,01/08/2024,Call',
         _with(address="22 Oak St, Apt 3")),
        ('2,Bo Ray,b@x.com,"(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call', _with()),
        ('2,Bo Ray,(813) 555-0122,"b@x.com,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call', None),
        # a comma in the city would make it hold two places; in the street it leaves a wrong one
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa, Bay,FL,33602,Web,01/08/2024,Call", None),
        ("2,Bo Ray,(813) 555-0122,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call", None),
        ("2,Bo Ray,(813) 555-0122,b@x.com,22 Oak St,Tampa,FL,33602,Web,01/08/2024,Call", None),
        ("2,Bo Ray,b@x.com,(813) 555-0122,22 Oak St,Tampa,33602,FL,Web,01/08/2024,Call", None),
    ],
)  # fmt: skip
def test_a_damaged_row_is_put_right_as_a_person_would_or_refused(con, tmp_path, line, right):
    good = [
        f"1{n},Al {c}oe,a{n}@x.com,(813) 555-01{n + 40},{n + 2} Elm Ave,{town},{code},Google,"
        f"0{n % 9 + 1}/{n + 10}/2024,Note {n}"
        for n, (c, town, code) in enumerate(
            zip("BCDFGHJKLMNP", ["Tampa", "Austin", "Boise"] * 4, ["FL,33602", "TX,78701",
                "ID,83702"] * 4, strict=True)
        )
    ]  # fmt: skip
    read(con, tmp_path, *good[:6], line, *good[6:])
    assert row(con, "2") == right
    assert refused(con) == ([] if right else [(8,)])


def test_a_space_alone_makes_no_border_between_two_columns_of_text(con, tmp_path):
    header = "Job #,Title,Client Name,Client ID,Amount,Start Date"
    good = [f"70{n},Deck {n},Al Poe,10{n},{n}00.50,01/1{n}/2024" for n in range(1, 9)]
    read(con, tmp_path, *good, "709,Bo Ray,102,900.00,01/08/2024", header=header, dataset="jobs")
    assert refused(con) == [(10,)], "its title is lost; 'Bo' is none"


@pytest.mark.parametrize(
    "cells",
    [
        ("12.000,- €", "9 Uhr"), ("1 250:-", "kl. 9"), ("Rs. 45,000/-", "9:05 AM IST"),
        ("R$ 1.500,00", "14h05"), ("₹1,25,000.00", "2:05 PM (EST)"), ("12 500 kr", "14.05"),
    ],
)  # fmt: skip
def test_amounts_and_times_of_other_countries_stand_under_their_headers(con, tmp_path, cells):
    amount, time = cells
    lines = [f'{n},Deck,1,New,"{amount}",2024-02-13,{time}' for n in range(1, 4)]
    header = "Job #,Job Title,Client ID,Status,Amount,Start Date,Start Time"
    read(con, tmp_path, *lines, header=header, dataset="jobs")
    assert refused(con) == []
    assert con.execute("SELECT DISTINCT amount, start_time FROM raw.jobs").fetchall() == [cells]


def test_postcodes_of_other_countries_are_postcodes():
    codes = ("111 34", "SE-111 34", "D-10115", "01310-200", "1000-001", "00-238", "M5V 2T6",
             "SW1A 2AA", "1015 CJ", "2134", "560001", "33602-1234")  # fmt: skip
    assert [code for code in codes if not ZIP.is_value(code)] == []
    assert not any(map(ZIP.is_value, ("Tampa", "12 Oak St", "$12.50", "FL")))


@pytest.mark.parametrize(
    ("corpus", "kind"), [("dates", DATE), ("moments", DATE), ("money", NUMBER), ("numbers", NUMBER)]
)
def test_whatever_the_parser_of_a_column_reads_is_of_the_column(corpus, kind):
    texts = [line["text"] for line in lines(corpus) if line["right"] not in NO_VALUES]
    assert [text for text in texts if not kind.fits(text) and not kind.is_read(text)] == []


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (EMAIL, ["ann@mailbox.net;", "ann@mailbox.net or b@x.net"]),
        (PHONE, ["'8135552102", "813\u2011555\u20112102", "+1 813-555-2102;ext=12"]),
    ],
)
def test_addresses_and_phones_in_other_spellings_are_of_their_column(kind, cells):
    assert [kind.is_read(cell) for cell in cells] == [True] * len(cells)


def test_an_odd_date_beside_an_odd_amount_is_no_shifted_row():
    words = (frozenset(),) * 3
    shape = Shape(("Name", "Date", "Total"), (None, DATE, NUMBER), words, ",")
    row = ("Ann", "5 de enero de 2024", "1\u202f234,50\xa0\u20ac")
    assert judge(row, 3, shape).outcome == FITS


def test_a_value_of_another_column_contradicts_the_column():
    cells = ["12 Oak St", "Ann Roe", "not yet", "FL", "Kitchen"]
    for kind in (EMAIL, PHONE, DATE, NUMBER):
        assert contradicted(cells, [kind] * len(cells)) == [0, 1, 2, 3, 4], kind.name
        assert not any(map(kind.is_read, cells)), kind.name
