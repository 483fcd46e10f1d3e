"""Letters of wrong encodings: read right where the words tell, with a note that shows them."""

import csv

import openpyxl
import pytest

from flitstack_pipeline.reading.cells import sheets
from flitstack_pipeline.reading.encoding import detect_encoding
from flitstack_pipeline.reading.letters import best_encoding, put_right
from flitstack_pipeline_tests.cases.conftest import CASES

CASE = CASES / "22_wrong_letters" / "exports"
HEADER = ["Client ID", "Client Name", "Notes"]


def read(path):
    """(rows, notes) of the only sheet of a file."""
    (sheet,) = sheets(path)
    rows = [cells for _, cells in sheet.rows()]
    return rows, sheet.notes


def written(path, encoding, *rows):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def test_the_macintosh_csv_of_the_case_is_read_with_a_note():
    rows, (note,) = read(CASE / "clients_mac.csv")
    assert rows[1][1] == "José Núñez" and rows[1][6] == "It’s fine"
    assert note == (
        "2 cells hold letters that are mac_roman's; read as: line 2, column 'Client Name': "
        "'JosŽ Nœ–ez' as 'José Núñez'; line 2, column 'Notes': 'ItÕs fine' as 'It’s fine'. "
        "Compare them with the screen"
    )


def test_the_twice_encoded_csv_of_the_case_is_read_with_a_note():
    rows, (note,) = read(CASE / "clients_moji.csv")
    assert rows[1][1] == "José Núñez" and rows[1][6] == "It’s – fine"
    assert note == (
        "2 cells hold letters that were encoded twice; read as: line 2, column 'Client Name': "
        "'JosÃ© NÃºÃ±ez' as 'José Núñez'; line 2, column 'Notes': 'Itâ€™s â€“ fine' as "
        "'It’s – fine'. Compare them with the screen"
    )


NAMES = ["José Núñez", "García", "MUÑOZ", "Müller", "Peña, Ibáñez", "São Paulo", "Crème brûlée",
         "Søren Åberg", "“Deck” – gate", "Ann’s €50", "O’Neil", "It’s fine", "façade",
         "JOSÉ"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_one_name_is_enough_to_tell_the_encoding(name, encoding):
    best, _ = best_encoding(name.encode(encoding))
    assert name.encode(encoding).decode(best) == name


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850", "utf-8", "utf-8-sig",
                                      "utf-16", "utf-16-le", "utf-16-be", "utf-32"])  # fmt: skip
def test_a_file_reads_the_same_in_every_encoding_a_spreadsheet_writes(tmp_path, encoding):
    lines = [[str(n), name, "Crème"] for n, name in enumerate(["José Núñez", "Müller", "Peña"])]
    path = written(tmp_path / "c.csv", encoding, *lines)
    rows, notes = read(path)
    assert rows == [HEADER, *lines]
    assert bool(notes) == (encoding in ("mac_roman", "cp850"))


WINDOWS = ["“Deck” – 5’ wide…", "½ inch, 25°, m³, 3×4", "well–known and back—left", "10–12 €",
           "Acme™ Roofing®", "Señor’s", "don’t, we’ll, you’re, Bob’s", "SEÑORA PEÑA",
           "naïve Zoë"]  # fmt: skip


@pytest.mark.parametrize("text", WINDOWS)
def test_signs_and_quotes_of_windows_stay_what_they_are(tmp_path, text):
    path = written(tmp_path / "c.csv", "cp1252", ["1", "Ann Roe", text])
    assert detect_encoding(path).name == "cp1252"
    assert read(path)[0][1] == ["1", "Ann Roe", text]


@pytest.mark.parametrize(
    ("spoiled", "right"),
    [
        ("JosÃ© NÃºÃ±ez", "José Núñez"),
        ("MÃ¼ller, StraÃŸe", "Müller, Straße"),
        ("Itâ€™s â€“ â€œokâ€\x9d", "It’s – “ok”"),
        ("25Â°C, Â½, Â£5", "25°C, ½, £5"),
        ("CafÃƒÂ©", "Café"),  # three times
        ("It\x92s", "It’s"),  # Windows-1252 taken for Latin-1
        ("ðŸ˜€ hi", "😀 hi"),
        ("SeÃ±or Å\x81ukasz PeÃ±a", "Señor Łukasz Peña"),
    ],
)
def test_letters_encoded_twice_are_put_right(spoiled, right):
    assert put_right(spoiled) == right


@pytest.mark.parametrize(
    "text",
    ["SÃO PAULO", "José Núñez", "Spaß»", "IRMÃ’S", "Âge", "« Â »", "Å…", "Ã bientôt", "10 €",
     "naïve – “ok”", "Łukasz", "日本", "😀", "Âé"],
)  # fmt: skip
def test_letters_that_are_right_stay(text):
    assert put_right(text) == text


def test_a_workbook_of_twice_encoded_letters_is_read_right(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["1", "JosÃ©", "ok"])
    book.save(tmp_path / "c.xlsx")
    rows, (note,) = read(tmp_path / "c.xlsx")
    assert rows[1] == ["1", "José", "ok"]
    assert "line 2, column 'Client Name': 'JosÃ©' as 'José'" in note


def test_lost_letters_are_told_with_their_place(tmp_path):
    path = written(tmp_path / "c.csv", "utf-8", ["1", "Ann", "ok"], ["2", "Jos\ufffd", "ok"])
    rows, (note,) = read(path)
    assert rows[2][1] == "Jos\ufffd"
    assert note == (
        "1 rows hold \ufffd where a letter was lost before the export, the first on line 3, "
        "column 'Client Name'; export again as UTF-8"
    )
