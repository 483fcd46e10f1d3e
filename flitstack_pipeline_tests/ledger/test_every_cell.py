"""Every non-empty cell of every record row has one fate, counted by a reading of the test's own."""

import csv
import io
import random
import re
from collections import Counter

import openpyxl
import pytest

from flitstack_pipeline.examples.generate import generate
from flitstack_pipeline_tests.ledger import small
from flitstack_pipeline_tests.ledger.workshop import Workshop

#: Rows of kinds that are easily lost on the way: a repeated one, one whose record is missing, one
#: without its number, a payment of no invoice, a file listed twice by two people.
ODD = {
    "clients.csv": ["101"],
    "notes.csv": ["A-9|Job|999|3/8/2024 6:26 PM|Luis Ortega|Note|Of a job that is not there"],
    "payments.csv": ["I-99|PAY-9|4/22/2024|10.00|Cash|Invoice|No such invoice"],
    "attachments.csv": [
        "Record Type|Record #|File Name|Path or URL|Caption|Date|Uploaded By",
        "Job|501|a.txt|attachments/a.txt|Before|1/28/2024|Luis Ortega",
        "Job|501|a.txt|attachments/a.txt|Before|1/28/2024|Dana Whitfield",
        "Job|502|gone.txt|attachments/gone.txt|After|1/29/2024|Luis Ortega",
        "Job|998|a.txt|attachments/a.txt|After|1/29/2024|Luis Ortega",
    ],
}


def _with_odd_rows(folder):
    small.write(folder)
    (folder / "attachments").mkdir()
    (folder / "attachments" / "a.txt").write_text("a photograph in words")
    for name, lines in ODD.items():
        known = small.FILES.get(name, [])
        more = [
            next(k for k in known if k.startswith(f"{x}|")) if "|" not in x else x for x in lines
        ]
        small.write_file(folder / name, [*known, *more])
    return folder


def _generated(seed):
    def write(folder):
        generate(folder, clients=25, seed=seed)
        return folder

    return write


def _rows(data: bytes):
    """The rows below the header of a CSV file, read by nothing of the product."""
    try:
        text = data.decode("utf-16" if data[:2] == b"\xff\xfe" else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    text = re.sub(r"^sep=.\r?\n", "", text)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [row for row in rows if [c.strip() for c in row] != [c.strip() for c in header]]


def _counted(folder):
    """How often each (file, text) stands in the record rows of the CSV files."""
    return Counter(
        (path.name, " ".join(cell.split()))
        for path in sorted(folder.glob("*.csv"))
        for row in _rows(path.read_bytes())
        for cell in row
        if cell.strip()
    )


def _in_workbooks(folder):
    """How many filled cells stand below the headers of the workbooks, by file."""
    found = Counter()
    for path in sorted(folder.glob("*.xlsx")):
        for sheet in openpyxl.load_workbook(path).worksheets:
            rows = [
                r for r in sheet.iter_rows(values_only=True) if sum(c is not None for c in r) > 1
            ]
            records = [r for r in rows[1:] if not str(r[0]).casefold().startswith("total")]
            found[path.name] += sum(c is not None for row in records for c in row)
    return found


@pytest.mark.parametrize(
    "write", [_with_odd_rows, *map(_generated, random.Random(3).sample(range(999), 2))]
)
def test_every_filled_cell_of_every_record_row_has_exactly_one_fate(write):
    shop = Workshop(write)
    try:
        assert shop.lost() == 0, shop.cells()
        told = Counter(
            (file, " ".join(text.split()))
            for file, text in shop.con.execute("SELECT file, text FROM ledger.cells").fetchall()
        )
        counted, in_workbooks = _counted(shop.exports), _in_workbooks(shop.exports)
    finally:
        shop.close()
    workbooks = Counter()
    for key in [k for k in told if k[0] in in_workbooks]:
        workbooks[key[0]] += told.pop(key)
    assert workbooks == in_workbooks
    assert told - counted == Counter() and counted - told == Counter()
    assert sum(told.values()) > 400
