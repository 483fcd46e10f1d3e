"""Tables of web pages saved as .xls, and lists of records in JSON, are sheets like any other."""

import json

import pytest

from flitstack_pipeline.reading.cells import UnreadableFile, sheets
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.reading.inspect import inspect_file

PAGE = """<html><head><meta charset="utf-8"><style>td{color:red}</style></head><body>
<h3>Client list</h3><table border=1>
<tr><th>Client ID<th>Client Name</th><th>Email</th><th>Notes</th></tr>
<tr><td>00042</td><td>Ann O&#39;Roe</td>
<td><a href="mailto:ann@mailbox.net">ann@mailbox.net</a></td>
<td>gate 12<br>34 dog &amp; cat</td></tr>
<tr><td>00043</td><td>José
 Núñez</td><td>&nbsp;</td><td><p>one</p><p>two &lt;3</p></td></tr>
</table></body></html>"""


def rows(path, content, encoding="utf-8"):
    """The cells of every sheet of a file with this content, by the sheet's name."""
    path.write_bytes(content.encode(encoding))
    return {sheet.name: [cells for _, cells in sheet.rows()] for sheet in sheets(path)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_table_of_a_page_is_read_as_a_person_sees_it(tmp_path, encoding):
    assert rows(tmp_path / "clients.xls", PAGE, encoding) == {
        "": [
            ["Client ID", "Client Name", "Email", "Notes"],
            ["00042", "Ann O'Roe", "ann@mailbox.net", "gate 12\n34 dog & cat"],
            ["00043", "José Núñez", "", "one\ntwo <3"],
        ]
    }


def test_a_page_of_an_older_encoding_is_read_as_it_says(tmp_path):
    page = PAGE.replace("utf-8", "windows-1252")
    found = rows(tmp_path / "clients.xls", page, "cp1252")
    assert found[""][2][1] == "José Núñez"


def test_a_page_goes_into_the_raw_table_with_its_lines_and_what_is_not_read_is_told(con, tmp_path):
    (tmp_path / "clients.xls").write_text(PAGE, encoding="utf-8")
    ingest_object(con, tmp_path, "clients")
    found = con.execute("SELECT _row, client_id, name, notes FROM raw.clients ORDER BY _row")
    assert found.fetchall() == [
        (2, "00042", "Ann O'Roe", "gate 12\n34 dog & cat"),
        (3, "00043", "José Núñez", "one\ntwo <3"),
    ]
    [(warnings,)] = con.execute("SELECT warnings FROM raw.files").fetchall()
    assert json.loads(warnings) == ["2 words of the page stand outside its tables and are not read"]


def test_cells_over_several_columns_or_rows_shift_no_other_cell(tmp_path):
    page = (
        "<table><tr><td colspan=3>Jobs of May</td></tr><tr><th>Job #</th><th>Title</th>"
        "<th>Amount</th></tr><tr><td rowspan=2>7</td><td>Deck</td><td>5</td></tr>"
        "<tr><td>Roof</td><td>6</td></tr><tr></tr></table>"
    )
    assert rows(tmp_path / "jobs.xls", page)[""] == [
        ["Jobs of May"], ["Job #", "Title", "Amount"], ["7", "Deck", "5"], ["", "Roof", "6"], [],
    ]  # fmt: skip


def test_images_ticks_and_several_tables_keep_what_they_say(tmp_path):
    page = (
        "<table><tr><td><table><caption>Done</caption><tr><td><input type=checkbox checked></td>"
        "<td><img src='a/1.png'></td></tr></table></td><td><table><tr><td>1</td><td>2</td></tr>"
        "</table></td></tr></table>"
    )
    assert rows(tmp_path / "list.html", page) == {
        "Done": [["x", "[image: a/1.png]"]],
        "table 2": [["1", "2"]],
    }


def test_a_page_whose_rows_two_parsers_count_differently_is_refused(tmp_path):
    page = "<table><tr><td>1</td><td>2</td></tr><!-- <tr><td>3</td><td>4</td></tr> --></table>"
    assert rows(tmp_path / "jobs.xls", page)[""] == [["1", "2"]]
    broken = "<table><tr><td>1</td><td>2</td></tr><td>3</td><td>4</td></table><tr><td>5</td></tr>"
    with pytest.raises(UnreadableFile, match="damaged"):
        rows(tmp_path / "jobs.xls", broken)


def test_records_in_json_are_rows_with_every_digit_as_written(tmp_path):
    records = (
        '[{"Job #": "0301", "Amount": 1200.50, "Paid": true, "Crew": ["Luis", "Dana"], '
        '"Site": {"Color": "red"}},\n {"Job #": 302, "Serial": 12345678901234567890, "Paid": null}]'
    )
    assert rows(tmp_path / "jobs.json", records) == {
        "": [
            ["Job #", "Amount", "Paid", "Crew", "Site Color", "Serial"],
            ["0301", "1200.50", "TRUE", "Luis; Dana", "red", ""],
            ["302", "", "", "", "", "12345678901234567890"],
        ]
    }
    assert inspect_file(tmp_path / "jobs.json").rows == 2


def test_several_lists_in_json_are_sheets_by_their_names(tmp_path):
    held = {
        "clients": [{"id": 1, "name": "Ann"}],
        "jobs": [{"id": 7, "title": "Deck"}],
        "leads": [],
    }
    assert rows(tmp_path / "all.json", "\ufeff" + json.dumps(held)) == {
        "clients": [["id", "name"], ["1", "Ann"]],
        "jobs": [["id", "title"], ["7", "Deck"]],
    }
