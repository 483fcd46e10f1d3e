"""A quotation mark too many at the end of a line, where the other lines prove it to be none."""

import pytest

from flitstack_pipeline.contractor_plus.cells import UnreadableFile, sheets

HEADER = "Client ID,Client Name,Email,Notes\n"
ROWS = [f"{n},Name {n},n{n}@mailbox.net,ok\n" for n in range(1, 8)]


def read(tmp_path, *lines, encoding="utf-8"):
    path = tmp_path / "clients.csv"
    path.write_text(HEADER + "".join(lines), encoding=encoding, newline="")
    (sheet,) = sheets(path)
    return [cells for _, cells in sheet.rows()], sheet.notes


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('3,Cy Dee,cy@mailbox.net,"\n', ["3", "Cy Dee", "cy@mailbox.net", ""]),
        ('3,Cy Dee,cy@mailbox.net,"call back""\n', ["3", "Cy Dee", "cy@mailbox.net", "call back"]),
        ('3,"Dee, Cy",cy@mailbox.net,"\r\n', ["3", "Dee, Cy", "cy@mailbox.net", ""]),
        (
            '"3","Cy ""C"" Dee","cy@mailbox.net","ok""\n',
            ["3", 'Cy "C" Dee', "cy@mailbox.net", "ok"],
        ),
    ],
)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_it_is_left_out_and_told(tmp_path, line, cells, place):
    lines = [*ROWS[:place], line, *ROWS[place + 1 :]]
    rows, (note,) = read(tmp_path, *lines)
    assert len(rows) == 8 and rows[place + 1] == cells
    assert note.startswith(f"line {place + 2} ends in a quotation mark too many")


def test_the_last_line_may_lack_its_break(tmp_path):
    rows, _ = read(tmp_path, *ROWS[:6], '7,Ed Fox,ed@mailbox.net,"')
    assert rows[-1] == ["7", "Ed Fox", "ed@mailbox.net", ""]


def test_several_such_lines_are_put_right_together(tmp_path):
    lines = list(ROWS)
    lines[1], lines[4] = '2,B,b@mailbox.net,"\n', '5,E,e@mailbox.net,"late""\n'
    rows, (note,) = read(tmp_path, *lines)
    assert len(rows) == 8 and rows[5] == ["5", "E", "e@mailbox.net", "late"]
    assert note.startswith("line 3, 6 ends")


def test_two_marks_do_not_swallow_the_rows_between_them(tmp_path):
    """With them the file would look sound: one long note, three clients fewer."""
    lines = list(ROWS)
    lines[1], lines[4] = '2,B,b@mailbox.net,"\n', '5,E,e@mailbox.net,"\n'
    rows, (note,) = read(tmp_path, *lines)
    assert [cells[0] for cells in rows[1:]] == list("1234567")
    assert note.startswith("line 3, 6 ends")


def test_a_row_pasted_into_a_note_stays_in_it(tmp_path):
    lines = [*ROWS[:2], '3,C,c@mailbox.net,"was:\n', "9,X,x@mailbox.net,old\n", 'so"\n', *ROWS[3:]]
    rows, notes = read(tmp_path, *lines)
    assert rows[3][3] == "was:\n9,X,x@mailbox.net,old\nso" and notes == []


def test_a_cell_of_several_lines_is_no_stray_mark(tmp_path):
    lines = [*ROWS[:2], '3,C,c@mailbox.net,"one\n', 'two"\n', *ROWS[3:]]
    rows, notes = read(tmp_path, *lines)
    assert rows[3] == ["3", "C", "c@mailbox.net", "one\ntwo"] and notes == []


@pytest.mark.parametrize(
    "lines",
    [
        [*ROWS[:3], '4,D,d@mailbox.net,"one\n', *ROWS[4:]],  # never closed: where does it end?
        [*ROWS[:3], '4,D,"\n', *ROWS[4:]],  # without the mark still a row of another width
        [*ROWS[:3], '4,D,d@mailbox.net,"\n', '5,"E,e@mailbox.net,ok\n', *ROWS[5:]],
    ],
)
def test_without_proof_the_file_is_refused(tmp_path, lines):
    with pytest.raises(UnreadableFile):
        read(tmp_path, *lines)


def test_a_mark_inside_the_last_cell_is_text(tmp_path):
    rows, notes = read(tmp_path, *ROWS[:2], '3,C,c@mailbox.net,door 36"\n', *ROWS[3:])
    assert rows[3][3] == 'door 36"' and notes == []
