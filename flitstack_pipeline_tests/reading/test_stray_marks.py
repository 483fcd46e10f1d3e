"""A quotation mark too many at the end of a line, where the other lines prove it to be none."""

import pytest

from flitstack_pipeline.reading.cells import UnreadableFile, sheets

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


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('3,"Cy Dee,cy@mailbox.net,ok\n', ["3", "Cy Dee", "cy@mailbox.net", "ok"]),
        ('"3,Cy Dee,cy@mailbox.net,ok\n', ["3", "Cy Dee", "cy@mailbox.net", "ok"]),
        ('3,Cy Dee,cy@mailbox.net,"one\n', ["3", "Cy Dee", "cy@mailbox.net", "one"]),
        ('3,"Dee, Cy",cy@mailbox.net,"6"" pipe\n', None),  # the mark behind 6 is text or a slip
        ('3,"Dee, Cy,cy@mailbox.net,ok\n', ["3", "Dee", " Cy", "cy@mailbox.net", "ok"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 3, 5])
def test_one_that_opens_a_cell_that_nothing_closes_is_left_out_and_told(
    tmp_path, line, cells, place
):
    """Of a name that holds a comma a cell more is left: its columns tell what belongs together."""
    lines = [*ROWS[:place], line, *ROWS[place + 1 :]]
    if cells is None:
        with pytest.raises(UnreadableFile, match=f"line {place + 2}"):
            read(tmp_path, *lines)
        return
    rows, (note,) = read(tmp_path, *lines)
    assert len(rows) == 8 and rows[place + 1] == cells
    assert note.startswith(f"line {place + 2} opens a cell with a quotation mark")


def test_one_at_an_end_and_one_at_a_start_are_put_right_together(tmp_path):
    lines = [*ROWS[:3], '4,D,d@mailbox.net,"\n', '5,"E,e@mailbox.net,ok\n', *ROWS[5:]]
    rows, notes = read(tmp_path, *lines)
    assert rows[4:6] == [["4", "D", "d@mailbox.net", ""], ["5", "E", "e@mailbox.net", "ok"]]
    assert [note[:12] for note in notes] == ["line 5 ends ", "line 6 opens"]


def test_a_note_with_pasted_rows_stays_one_beside_a_stray_mark(tmp_path):
    """Lines 3 to 5 are one note in which two rows were quoted; line 8 has a mark too many."""
    note = ['2,B,b@mailbox.net,"was:\n', "9,X,x@mailbox.net,old\n", '8,Y,y@mailbox.net,older"\n']
    with pytest.raises(UnreadableFile):
        read(tmp_path, ROWS[0], *note, *ROWS[2:5], '6,"F,f@mailbox.net,ok\n', ROWS[6])
    rows, notes = read(tmp_path, ROWS[0], *note, *ROWS[2:])
    assert len(rows) == 8 and rows[2][3].count("\n") == 2 and notes == []


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
        [*ROWS[:3], '4,D,"\n', *ROWS[4:]],  # without the mark still a row of another width
        [*ROWS[:3], '4,"D,d@mailbox.net\n', *ROWS[4:]],
        [*ROWS[:3], '4,D,d@mailbox.net,"one\n', "two\n", *ROWS[4:]],  # where does it end?
        [*ROWS[:3], '4,"D, E, F,d@mailbox.net,ok\n', *ROWS[4:]],  # two cells more than the header
        [*ROWS[:6], '7,G,g@mailbox.net,"the file is cut off he'],
        # an inch mark in a quoted cell is no slip: which mark is too many cannot be told
        [*ROWS[:3], '4,"D,d@mailbox.net,ok\n', '5,E,e@mailbox.net,"6" pipe"\n', *ROWS[5:]],
    ],
)
def test_without_proof_the_file_is_refused(tmp_path, lines):
    with pytest.raises(UnreadableFile, match=r"clients.csv.*line"):
        read(tmp_path, *lines)


def test_a_mark_inside_the_last_cell_is_text(tmp_path):
    rows, notes = read(tmp_path, *ROWS[:2], '3,C,c@mailbox.net,door 36"\n', *ROWS[3:])
    assert rows[3][3] == 'door 36"' and notes == []
