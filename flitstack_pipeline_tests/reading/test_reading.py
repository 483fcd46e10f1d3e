"""Whatever a spreadsheet writes is read back cell for cell, or refused with a reason."""

import csv
import io
import json
import re

import openpyxl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.reading.cells import UnreadableFile, sheets
from flitstack_pipeline.reading.inspect import inspect_file, write_cells
from flitstack_pipeline.reading.letters import best_encoding, put_right

HEADER = ["Client ID", "Client Name", "Email", "Notes"]
CELL = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n",;\t|"'),
    max_size=12,
)
TABLES = st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=12)


def write(path, rows, encoding="utf-8", separator=",", terminator="\r\n"):
    text = io.StringIO(newline="")
    # Python 3.11's writer leaves a line feed unquoted when rows end in a carriage return.
    quoting = csv.QUOTE_ALL if terminator == "\r" else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=separator, lineterminator=terminator, quoting=quoting)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def cells(path):
    return [row for sheet in sheets(path) for _, row in sheet.rows()]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=TABLES,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    terminator=st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_any_table_in_any_dialect_reads_back_cell_for_cell(
    tmp_path_factory, rows, encoding, separator, terminator
):
    path = tmp_path_factory.mktemp("t") / "clients.csv"
    table = [HEADER, *([_unwrapped(cell) for cell in row] for row in rows)]
    written = write(path, table, encoding, separator, terminator)
    assume(encoding != "cp1252" or _is_only_windows(written.read_bytes()))
    assert cells(written) == table


def _is_only_windows(data):
    """Whether the bytes of a Windows-1252 file say nothing in UTF-8 or another encoding, too."""
    try:
        return data.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return best_encoding(data)[0] in ("", "cp1252")


#: What tools wrap around a cell, which is taken off (test_wrapping.py tells how).
WRAPPED = re.compile(
    r"""^\s*=\s*"|^\s*'[0-9+(=-]|_x[0-9a-f]{4}_|&#?\w+;|<br|^\s*[\[{]\s*"|[\x00\x0b]|\\[nr]""",
    re.I,
)


def _unwrapped(cell):
    if put_right(cell) != cell:
        return "letters encoded twice"
    return "a wrapped cell" if WRAPPED.search(cell) else cell


def test_the_separator_named_in_the_first_line_wins(tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text("sep=;\r\nClient ID;Client Name\r\n1;Doe, John\r\n")
    assert cells(path) == [["Client ID", "Client Name"], ["1", "Doe, John"]]


def test_a_quotation_mark_that_never_closes_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text('Client ID,Client Name\n1,"Doe\n2,Roe\n3,Poe\n')
    with pytest.raises(UnreadableFile, match="opened on line 2 is never closed"):
        cells(path)


def test_inches_inside_a_cell_are_no_quotation_marks(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text('Name,Price\n5" pipe,3.50\n')
    assert cells(path)[1] == ['5" pipe', "3.50"]


def test_a_workbook_gives_dates_numbers_and_percents_as_a_person_sees_them(tmp_path):
    import datetime as dt

    path, book = tmp_path / "invoices.xlsx", openpyxl.Workbook()
    book.active.append(["Invoice #", "Due Date", "Balance", "Tax"])
    book.active.append([42.0, dt.datetime(2026, 1, 15), 1234.5, 0.25])
    book.active["D2"].number_format = "0%"
    book.save(path)
    assert cells(path)[1] == ["42", "2026-01-15", "1234.5", "25%"]


def test_a_csv_named_xls_is_read_and_a_binary_xls_is_refused(tmp_path):
    path = write(tmp_path / "clients.xls", [HEADER, ["1", "a", "b", "c"]])
    assert cells(path)[0] == HEADER
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    with pytest.raises(UnreadableFile, match=r"save it as \.xlsx"):
        cells(path)


def test_inspection_says_what_a_file_is_and_why(tmp_path):
    path = write(
        tmp_path / "export.csv",
        [["Invoice #", "Due Date", "Balance Due", "Colour"], ["1", "1/2/2026", "3", "red"]],
        "cp1252",
        ";",
    )
    found = inspect_file(path)
    assert (found.dataset, found.dialect, found.rows) == ("invoices", "semicolon", 1)
    assert found.sheets[0].unknown_columns == ["Colour"]
    assert all(found.evidence[topic] for topic in ("encoding", "dialect"))
    shown = json.loads(found.to_json())
    assert shown["columns"][0] == {"header": "Invoice #", "field": "invoice_number"}
    assert shown["columns"][3] == {"header": "Colour", "field": None}
    assert (shown["object_type"], shown["header_row"], shown["rows"]) == ("invoices", 1, 1)


def test_cells_are_written_out_exactly_as_read(tmp_path):
    rows = [HEADER, ["1", " two ", "a\nb", 'say "hi"']]
    path = write(tmp_path / "clients.csv", rows, "utf-16", "\t")
    assert write_cells(path, tmp_path / "out.csv") == 2
    assert cells(tmp_path / "out.csv") == rows


def test_a_space_before_a_quotation_mark_in_a_few_rows_is_nothing(tmp_path):
    (tmp_path / "clients.csv").write_text(
        'Client ID,Client Name,Email,Notes\n1,Ann Roe,ann@mailbox.net, "said ""hi"", ok"\n'
        '2,Bob Fay,bob@mailbox.net,"a, b"\n3,Cy Dee,cy@mailbox.net,"c, d"\n'
    )
    assert [row[3] for row in cells(tmp_path / "clients.csv")[1:]] == [
        'said "hi", ok', "a, b", "c, d",
    ]  # fmt: skip


def test_spaces_before_quotation_marks_in_a_file_of_backslashes_are_nothing(tmp_path):
    (tmp_path / "clients.csv").write_text(
        "Client ID,Client Name,Email,Notes\n"
        '1,"Ann \\"A\\" Roe",ann@mailbox.net, "said \\"hi, you\\", ok"\n'
        '2, "Fay, Bob",bob@mailbox.net,"a, b"\n "3","Cy Dee",cy@mailbox.net,plain\n'
    )
    assert cells(tmp_path / "clients.csv")[1:] == [
        ["1", 'Ann "A" Roe', "ann@mailbox.net", 'said "hi, you", ok'],
        ["2", "Fay, Bob", "bob@mailbox.net", "a, b"],
        ["3", "Cy Dee", "cy@mailbox.net", "plain"],
    ]


def test_a_space_before_a_quotation_mark_inside_a_cell_stays(tmp_path):
    rows = [HEADER, ["1", "Ann", "", 'x, "y", z'], ["2", "Bob", "", "a, b"]]
    path = write(tmp_path / "clients.csv", rows)
    assert cells(path) == rows
