"""Cells as they stood on the screen, and files of other habits; right values worked out by hand."""

import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.values.wrapping import unwrapped
from flitstack_pipeline.reading.cells import sheets
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline_tests.cleaning.test_clean_tables import warehouse

HEADER = "Client ID,Client Name,Email,Phone,Zip,Notes,Created Date"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="00042"', "00042"),
        ('= "00042"', "00042"),
        ('="say ""hi"""', 'say "hi"'),
        ("'00042", "00042"),
        ("'+18135552001", "+18135552001"),
        ("'Tis a gate", "'Tis a gate"),  # an apostrophe of the text
        ("O'Brien", "O'Brien"),
        ("one_x000D_\ntwo", "one\ntwo"),
        ("one_x000D_two", "one\ntwo"),
        ("my_x_file", "my_x_file"),
        ("Smith &amp; Sons", "Smith & Sons"),
        ("O&#39;Brien", "O'Brien"),
        ("O&amp;#39;Brien", "O'Brien"),
        ("AT&T; Bell", "AT&T; Bell"),  # no entity
        ("<p>Gate &amp; dog</p>", "<p>Gate &amp; dog</p>"),  # the sanitiser's
        ("Gate<br>dog", "Gate\ndog"),
        ("Gate 12\\ndog", "Gate 12\ndog"),
        ("Gate 12\\r\\ndog", "Gate 12\ndog"),
        ("photos\\new roof.png", "photos\\new roof.png"),  # a path
        ("see C:\\new\\plans", "see C:\\new\\plans"),
        ("\\\\server\\new", "\\\\server\\new"),
        ("a\x00b", "ab"),
        ('["a@mailbox.net","b@mailbox.net"]', "a@mailbox.net; b@mailbox.net"),
        ('{"street":"12 Oak St","city":"Tampa"}', "12 Oak St, Tampa"),
        ("[VIP] call first", "[VIP] call first"),
        ("=SUM(A1:A2)", "=SUM(A1:A2)"),
    ],
)
def test_what_a_tool_wrapped_around_a_cell_is_taken_off(cell, text):
    assert unwrapped(cell).replace("\r", "") == text


def rows(path, text):
    path.write_bytes(text.encode())
    return [cells for sheet in sheets(path) for _, cells in sheet.rows()]


def test_quotation_marks_escaped_by_a_backslash_shift_nothing(tmp_path):
    text = (
        'Client ID,Client Name,Notes\n201,"Cleo \\"Cee\\" Dorn","door 36\\" wide, white"\n'
        '202,Dan Eck,"She said \\"call me\\",\nthen left"\n'
    )
    assert rows(tmp_path / "clients.csv", text)[1:] == [
        ["201", 'Cleo "Cee" Dorn', 'door 36" wide, white'],
        ["202", "Dan Eck", 'She said "call me",\nthen left'],
    ]


def test_a_path_that_ends_in_a_backslash_is_no_escape(tmp_path):
    text = 'Client ID,Client Name,Notes\n1,Ann,"C:\\dir\\"\n2,"Bob ""B"" Ray",x\n'
    assert rows(tmp_path / "clients.csv", text)[1:] == [
        ["1", "Ann", "C:\\dir\\"], ["2", 'Bob "B" Ray', "x"],
    ]  # fmt: skip


def test_a_lone_carriage_return_is_a_line_break_inside_its_cell(tmp_path):
    text = "Client ID,Client Name,Notes\r\n801,Pam Quin,gate\rdog\r\n802,Ray Sue,hi\r\n"
    assert rows(tmp_path / "clients.csv", text)[1:] == [
        ["801", "Pam Quin", "gate\ndog"], ["802", "Ray Sue", "hi"],
    ]  # fmt: skip


def test_spaces_before_quotation_marks_open_a_cell_all_the_same(tmp_path):
    text = 'Client ID, Client Name, Notes\n1, "Roe, Ann", "x"\n2, "Ray, Bob", "y"\n'
    assert [r[1].strip() for r in rows(tmp_path / "clients.csv", text)[1:]] == [
        "Roe, Ann", "Ray, Bob",
    ]  # fmt: skip


def cleaned(folder, *lines):
    (folder / "clients.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    with warehouse() as con:
        ingest_object(con, folder, "clients")
        clean_object(con, "clients", CleanContext(exports=folder))
        return con.execute(
            "SELECT source_id, name, email, phone, extra_phones, postal_code, notes, "
            "created::VARCHAR FROM clean.clients ORDER BY source_id"
        ).fetchall()


def test_ids_phones_and_dates_in_excels_armour_are_what_they_are(tmp_path):
    found = cleaned(
        tmp_path, '"=""00042""",Ann Roe,a@mailbox.net,"=""8135552001""","=""02134""",hi,'
        '"=""1/13/2024"""', "'00044,Cy Dee,c@mailbox.net,8135552003,'02134,,1/14/2024",
    )  # fmt: skip
    assert found == [
        ("00042", "Ann Roe", "a@mailbox.net", "+18135552001", [], "02134", "hi", "2024-01-13"),
        ("00044", "Cy Dee", "c@mailbox.net", "+18135552003", [], "02134", None, "2024-01-14"),
    ]


@pytest.mark.parametrize(
    "word",
    ["undefined", "NaN", "nan", "null", "[object Object]", "#REF!", "#VALUE!", "{}", "[]",
     "Not provided", "(none)"],
)  # fmt: skip
def test_what_programs_write_for_nothing_is_nothing(tmp_path, word):
    found = cleaned(tmp_path, f"1,Vic Wu,{word},{word},{word},{word},{word}")
    assert found == [("1", "Vic Wu", None, None, [], None, None, None)]


def test_null_is_a_surname_beside_a_given_name(tmp_path):
    (tmp_path / "clients.csv").write_text(
        "Client ID,First Name,Last Name,Email\n1,Chris,Null,c@mailbox.net\n"
        "2,Ann,null,a@mailbox.net\n"
    )
    with warehouse() as con:
        ingest_object(con, tmp_path, "clients")
        clean_object(con, "clients", CleanContext(exports=tmp_path))
        names = con.execute("SELECT first_name, last_name FROM clean.clients ORDER BY source_id")
        assert names.fetchall() == [("Chris", "Null"), ("Ann", None)]
