"""A row that was put right is witnessed by its line: a wrong one is not accounted for."""

import random

import duckdb
import pytest

from flitstack_pipeline.ledger.put_right import find_wrong
from flitstack_pipeline.ledger.realignment import kinds_of, why_wrong
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS
from flitstack_pipeline_tests.ledger import small
from flitstack_pipeline_tests.ledger.workshop import Workshop
from flitstack_pipeline_tests.reading.test_alignment import HEADER, NAMES, damaged, people

HEADERS = small.FILES["clients.csv"][0].split("|")
_ROW = (
    "{n}|Al {name}|||{mail}@mail.net|(813) 555-02{n}|813-555-03{n}|{n} Oak St|{place}|USA|Google|"
    "VIP|Active|Call first|Luis Ortega|2/{n}/2024 9:30 AM|G-{n}|{n}00.50|2/{n}/2020"
)
_PLACES = ("Tampa|FL|33602", "Austin|TX|78701", "Boise|ID|83702")
_NAMES = ("Poe", "Gil", "Hay", "Orr", "Pym", "Sax")
#: Six clients of one shape, and two rows that lost quotation marks or a comma: one has its unit in
#: the cell of the city, in the other state and postcode ran together.
GOOD = [
    _ROW.format(n=n, name=name, mail=name.lower(), place=_PLACES[n % 3])
    for n, name in enumerate(_NAMES, start=13)
]
CUT = _ROW.format(n=19, name="Fox", mail="fox", place=_PLACES[0]).replace("Oak St", "Oak St| Apt 4")
JOINED = _ROW.format(n=20, name="Roy", mail="roy", place="Austin|TX 78701")
FILES = {"clients.csv": [*small.FILES["clients.csv"], *GOOD, CUT, JOINED]}


@pytest.fixture(scope="module")
def shop():
    workshop = Workshop()
    with workshop.mutated(FILES):
        workshop.read("clients")
        workshop.relate()
        workshop.map()
        yield workshop
    workshop.close()


def test_rows_that_were_put_right_rightly_are_accounted_for(shop):
    told = shop.con.execute('SELECT "row", how FROM raw.realigned ORDER BY 1').fetchall()
    assert [line for line, _ in told] == [11, 12]
    assert shop.lost() == 0, shop.cells()
    cells = shop.con.execute(
        """SELECT text, fate FROM ledger.cells WHERE file = 'clients.csv' AND line = 11
        AND "column" IN ('Street', 'City', 'State') ORDER BY "column" """
    ).fetchall()
    assert [text for text, _ in cells] == ["Tampa", "FL", "19 Oak St, Apt 4"]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        # another border moved: the unit became the city, every cell after it one further
        ("UPDATE raw.clients SET street = '19 Oak St', city = ' Apt 4,Tampa' WHERE _row = 11",
         "cell 9 is not like its column (letters only)"),
        # a cell lost on the way
        ("UPDATE raw.clients SET lead_source = '' WHERE _row = 11",
         "its cells do not say what its line says"),
        # two cells swapped
        ("UPDATE raw.clients SET city = 'TX', state = 'Austin' WHERE _row = 12",
         "its cells do not say what its line says"),
        # the row as it was: its cells stand under the wrong headers
        ("UPDATE raw.clients SET street = '19 Oak St', city = ' Apt 4', state = 'Tampa', "
         "zip = 'FL', country = '33602', lead_source = 'USA' WHERE _row = 11", "do not say"),
        ("DELETE FROM raw.clients WHERE _row = 12", "it is not there"),
    ],
)  # fmt: skip
def test_a_row_put_right_wrongly_is_unaccounted_as_its_line_has_it(shop, broken, why):
    shop.con.execute("CREATE OR REPLACE TABLE kept.right_clients AS FROM raw.clients")
    try:
        shop.con.execute(broken)
        assert shop.lost() > 0
        line = int(broken[-2:])
        found = shop.con.execute(
            """SELECT "column", text, rule, what_to_do FROM ledger.cells
            WHERE file = 'clients.csv' AND line = ? AND fate = 'unaccounted'""", [line],
        ).fetchall()  # fmt: skip
    finally:
        shop.con.execute("CREATE OR REPLACE TABLE raw.clients AS FROM kept.right_clients")
    raw = CUT if line == 11 else JOINED
    assert [text for _, text, _, _ in found] == [cell for cell in raw.split("|") if cell]
    assert all(why in rule for _, _, rule, _ in found)
    assert all("quotation marks" in what for *_, what in found)


def _one_border(cells, separator):
    """Every reading of a row by one border more or less, written anew."""
    for i in range(len(cells) - 1):
        yield [*cells[:i], cells[i] + separator + cells[i + 1], *cells[i + 2 :]]
    for i, cell in enumerate(cells):
        for at, letter in enumerate(cell):
            if letter == " ":
                yield [*cells[:i], cell[:at], cell[at + 1 :], *cells[i + 1 :]]


def _realigned(folder, seed):
    """Rows of one file that the product put right, as read and as they stand, and the good rows."""
    rng = random.Random(seed)
    rows = list(people(rng, 120))
    hurt = set(rng.sample(range(120), 20))
    written = [damaged(rng, cells) if n in hurt else cells for n, cells in enumerate(rows)]
    folder.mkdir()
    small.write_file(folder / "clients.csv", ["|".join(r) for r in (HEADER.split(","), *written)])
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_object(con, folder, "clients")
        told = con.execute("SELECT read, stands FROM raw.realigned").fetchall()
    return told, [row for n, row in enumerate(rows) if n not in hurt]


def test_of_random_rows_every_right_one_passes_and_hardly_a_wrong_one(tmp_path):
    right = wrong = passed = 0
    for seed in range(12):
        told, good = _realigned(tmp_path / str(seed), seed)
        kinds = [kinds_of(column) for column in zip(*good, strict=True)]
        for read, stands in told:
            assert why_wrong(read, stands, ",", kinds) == ""
            right += 1
            for other in _one_border(read, ","):
                if len(other) <= len(NAMES) and [c for c in other if c] != [c for c in stands if c]:
                    wrong += 1
                    passed += why_wrong(read, other, ",", kinds) == ""
    assert right >= 50 and wrong >= 500
    assert passed < wrong / 20, "two columns of text beside each other cannot be told apart"


@pytest.mark.parametrize("more", ["", ", read VARCHAR[], columns VARCHAR[], separator VARCHAR"])
def test_rows_put_right_by_an_older_version_have_no_line_to_be_witnessed_by(more):
    with duckdb.connect() as con:
        con.execute(f"CREATE SCHEMA raw; CREATE TABLE raw.realigned (dataset VARCHAR{more})")
        names = ", NULL, NULL, NULL" if more else ""
        con.execute(f"ALTER TABLE raw.realigned ADD COLUMN file VARCHAR; "
                    f"ALTER TABLE raw.realigned ADD COLUMN sheet VARCHAR; "
                    f"INSERT INTO raw.realigned SELECT 'clients'{names}, 'f.csv', ''")  # fmt: skip
        assert list(find_wrong(con)) == []
