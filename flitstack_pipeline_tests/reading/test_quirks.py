"""Quirks of docs/contractor_plus.md#quirks from a file to the clean table, by their number.

Those of single values are in cleaning/test_values and test_value_quirks, those of links between
records in relationships/, those of dialects in test_reading.
"""

import csv
import datetime as dt
import json

import openpyxl
import pytest

from flitstack_pipeline.catalog.objects import BY_KEY, KEYS
from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.cleaning.excluded_rows import left_out
from flitstack_pipeline.cleaning.validate import check_accounting
from flitstack_pipeline.reading.ingest import ingest_object


def table(path, *rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def cleaned(con, folder, key, query):
    ingest_object(con, folder, key)
    clean_object(con, key, CleanContext(exports=folder))
    assert check_accounting(con, key).problems == []
    return con.execute(query).fetchall()


CLIENT = ["Client ID", "Client Name", "Email", "Phone"]


def test_2_trailing_empty_columns_are_no_custom_fields(con, tmp_path):
    table(tmp_path / "clients.csv", [*CLIENT, "", ""], ["1", "Ann Lee", "", "", "", ""])
    assert cleaned(con, tmp_path, "clients", "SELECT custom FROM clean.clients") == [({},)]


def test_4_every_sheet_of_a_workbook_goes_where_its_columns_say(con, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "People"
    book.active.append(["All clients"])
    book.active.merge_cells("A1:D1")
    for row in (CLIENT, ["1", "Ann Lee", "", ""]):
        book.active.append(row)
    jobs = book.create_sheet("Work")
    jobs.append(["Job #", "Title", "Status", "Start Date", "Amount"])
    jobs.append([7, "Deck", "New", dt.datetime(2026, 3, 7), 1200.5])
    book.save(tmp_path / "everything.xlsx")
    assert cleaned(con, tmp_path, "clients", "SELECT name FROM clean.clients") == [("Ann Lee",)]
    found = cleaned(con, tmp_path, "jobs", "SELECT number, start_date, amount FROM clean.jobs")
    assert [(n, str(d), float(a)) for n, d, a in found] == [("7", "2026-03-07", 1200.5)]


def test_5_sessions_pasted_together_with_other_columns_are_read_by_their_own_header(con, tmp_path):
    table(
        tmp_path / "clients.csv",
        CLIENT,
        ["1", "Ann Lee", "a@x.co", ""],
        ["Client Name", "Client ID", "Phone", "Roof Type"],
        ["Bob Ray", "2", "813-555-2102", "Metal"],
    )
    query = "SELECT source_id, name, email, phone, custom FROM clean.clients ORDER BY 1"
    assert cleaned(con, tmp_path, "clients", query) == [
        ("1", "Ann Lee", "a@x.co", None, {}),
        ("2", "Bob Ray", None, "+18135552102", {"Roof Type": "Metal"}),
    ]


def test_6_a_column_that_stands_twice_keeps_both_cells(con, tmp_path):
    table(tmp_path / "clients.csv", [*CLIENT, "Email"], ["1", "Ann Lee", "a@x.co", "", "b@x.co"])
    query = "SELECT email, map_values(custom) FROM clean.clients"
    assert cleaned(con, tmp_path, "clients", query) == [("a@x.co", ["b@x.co"])]


def test_6_sessions_with_other_columns_hidden_complete_nothing_but_break_nothing(con, tmp_path):
    table(tmp_path / "clients_1.csv", CLIENT, ["1", "Ann Lee", "a@x.co", ""])
    table(tmp_path / "clients_2.csv", ["Client ID", "Client Name", "Gate"], ["2", "Bo Li", "9"])
    query = "SELECT source_id, email, custom FROM clean.clients ORDER BY 1"
    assert cleaned(con, tmp_path, "clients", query) == [
        ("1", "a@x.co", {}),
        ("2", None, {"Gate": "9"}),
    ]


def test_8_modules_the_plan_lacks_are_legal(con, tmp_path):
    for key in KEYS:
        assert cleaned(con, tmp_path, key, f'SELECT * FROM clean."{BY_KEY[key].dataset}"') == []


def test_9_without_an_id_two_people_of_one_name_stay_two(con, tmp_path):
    table(
        tmp_path / "clients.csv",
        ["Client Name", "Email", "Phone"],
        ["Ann Lee", "a@x.co", ""],
        ["Ann Lee", "", "813-555-2102"],
    )
    found = cleaned(con, tmp_path, "clients", "SELECT DISTINCT source_id FROM clean.clients")
    assert len(found) == 2 and all(key.startswith("~") for (key,) in found)


def test_12_one_number_in_two_workspaces_is_two_records_and_zeros_stay(con, tmp_path):
    header = ["Invoice #", "Workspace", "Client Name", "Due Date", "Total", "Balance Due"]
    rows = [["#0042", w, "Ann", "", "5.00", "0"] for w in ("north", "south")]
    table(tmp_path / "invoices.csv", header, *rows, ["42.0", "north", "Ann", "", "6.00", "0"])
    found = cleaned(con, tmp_path, "invoices", "SELECT source_key FROM clean.invoices ORDER BY 1")
    assert found == [
        ("north/invoices/0042",),
        ("north/invoices/42",),
        ("south/invoices/0042",),
    ]


@pytest.mark.parametrize("name", ["😀 Ann Lee", "José Núñez", "Zoë Brontë-Groß", "李 小龍"])
def test_18_no_character_of_a_name_is_lost(con, tmp_path, name):
    table(tmp_path / "clients.csv", CLIENT, ["1", name, "", ""])
    ((first, last, originals),) = cleaned(
        con, tmp_path, "clients", "SELECT first_name, last_name, originals FROM clean.clients"
    )
    kept = originals.get("name") or " ".join(p for p in (first, last) if p)
    assert kept == name


def test_22_a_percentage_where_an_amount_belongs_is_kept_as_it_was(con, tmp_path):
    header = ["Estimate #", "Estimate Date", "Expiration Date", "Discount", "Total", "Deposit"]
    table(tmp_path / "estimates.csv", header, ["5", "2026-01-05", "", "10%", "90.00", "25%"])
    query = "SELECT discount, originals['discount'], deposit, total FROM clean.estimates"
    ((discount, original, deposit, total),) = cleaned(con, tmp_path, "estimates", query)
    assert (discount, original, deposit, float(total)) == (None, "10%", "25%", 90.0)


def estimate(folder, total, *lines):
    header = ["Estimate #", "Estimate Date", "Expiration Date", "Total"]
    table(folder / "estimates.csv", header, ["5", "2026-01-05", "", total])
    header = ["Estimate #", "Line #", "Type", "Optional", "Selected", "Parent Assembly",
              "Item Name", "Quantity", "Amount"]  # fmt: skip
    table(folder / "estimate_items.csv", header, *(["5", "", *line] for line in lines))


TOTAL_NOTES = "SELECT note FROM clean.notes WHERE \"column\" = 'total'"


def test_23_a_total_its_lines_do_not_add_up_to_is_kept_and_noted(con, tmp_path):
    estimate(tmp_path, "100.00", ["Labor", "", "", "", "Work", "1", "80.00"])
    ((note,),) = cleaned(con, tmp_path, "estimates", TOTAL_NOTES)
    assert "add up to 80.00" in note and "kept" in note


def test_24_text_lines_unchosen_options_and_components_are_not_counted(con, tmp_path):
    estimate(
        tmp_path,
        "100.00",
        ["Labor", "No", "", "", "Work", "0.5", "120.00"],
        ["Labor", "No", "", "", "Returned", "-1", "(20.00)"],
        ["Text", "No", "", "", "Please note", "", ""],
        ["Material", "Yes", "No", "", "Skylight", "1", "900.00"],
        ["Material", "No", "", "Deck kit", "Screws", "0", "7.00"],
    )
    assert cleaned(con, tmp_path, "estimates", TOTAL_NOTES) == []
    assert con.execute("SELECT count(*) FROM clean.estimate_items").fetchall() == [(5,)]


def test_25_line_items_crushed_into_one_cell_stay_as_text(con, tmp_path):
    header = ["Estimate #", "Estimate Date", "Expiration Date", "Total", "Line Items"]
    text = "2 x Door @ $350.00; 1 x Labor @ $90.00"
    table(tmp_path / "estimates.csv", header, ["5", "2026-01-05", "", "790.00", text])
    found = cleaned(con, tmp_path, "estimates", "SELECT line_items FROM clean.estimates")
    assert found == [(text,)]


def test_32_a_label_on_two_modules_stays_on_each_with_its_own_value(con, tmp_path):
    table(tmp_path / "clients.csv", [*CLIENT, "Gate"], ["1", "Ann Lee", "", "", "12"])
    table(tmp_path / "jobs.csv", ["Job #", "Title", "Status", "Gate"], ["7", "x", "New", "north"])
    assert cleaned(con, tmp_path, "clients", "SELECT custom FROM clean.clients") == [
        ({"Gate": "12"},)
    ]
    assert cleaned(con, tmp_path, "jobs", "SELECT custom FROM clean.jobs") == [({"Gate": "north"},)]


def test_33_a_cell_as_long_as_excel_allows_is_told_to_be_cut(con, tmp_path):
    table(tmp_path / "clients.csv", [*CLIENT, "Notes"], ["1", "Ann Lee", "", "", "x" * 32_767])
    result = ingest_object(con, tmp_path, "clients")
    assert any("32,767" in w for w in result.warnings)


@pytest.mark.parametrize("text", ["=SUM(A1:A9)", "+1 call", "-5 days", "@home"])
def test_34_a_cell_like_a_formula_is_text(con, tmp_path, text):
    table(tmp_path / "clients.csv", [*CLIENT, "Notes"], ["1", "Ann Lee", "", "", text])
    assert cleaned(con, tmp_path, "clients", "SELECT notes FROM clean.clients") == [(text,)]


def test_35_an_unknown_status_keeps_its_words_and_is_listed(con, tmp_path):
    table(tmp_path / "jobs.csv", ["Job #", "Title", "Status"], ["7", "x", "Awaiting parts"])
    query = "SELECT status, status_text FROM clean.jobs"
    assert cleaned(con, tmp_path, "jobs", query) == [(None, "Awaiting parts")]
    listed = con.execute("SELECT dataset, word, count FROM clean.unknown_words").fetchall()
    assert listed == [("jobs", "Awaiting parts", 1)]


def test_36_dates_that_contradict_each_other_are_noted_and_not_changed(con, tmp_path):
    header = ["Invoice #", "Client Name", "Invoice Date", "Due Date", "Paid Date", "Total",
              "Balance Due", "Status"]  # fmt: skip
    row = ["1", "Ann", "2026-01-20", "2026-01-02", "2026-01-03", "5.00", "5.00", "Paid"]
    table(tmp_path / "invoices.csv", header, row)
    query = "SELECT issue_date::VARCHAR, due_date::VARCHAR FROM clean.invoices"
    assert cleaned(con, tmp_path, "invoices", query) == [("2026-01-20", "2026-01-02")]
    notes = {n for (n,) in con.execute("SELECT note FROM clean.notes").fetchall()}
    assert notes == {
        "due before it was issued; left as it is",
        "paid before it was issued; left as it is",
        "paid, yet a balance is open; left as it is",
    }


def test_40_each_file_keeps_the_time_it_was_exported_at(con, tmp_path):
    for name in ("clients_1", "clients_2"):
        table(tmp_path / f"{name}.csv", CLIENT, [name, "Ann Lee", "", ""])
    times = [{"file": f"clients_{n}.csv", "exported_at": f"2026-11-0{n}T09:00+02:00"} for n in "12"]
    (tmp_path / "export_manifest.json").write_text(json.dumps({"files": times}))
    ingest_object(con, tmp_path, "clients")
    found = con.execute("SELECT exported_at::VARCHAR FROM raw.files ORDER BY file").fetchall()
    assert found == [("2026-11-01 07:00:00",), ("2026-11-02 07:00:00",)]


def test_a_refused_file_stays_behind_until_a_person_acknowledges_it(con, tmp_path):
    (tmp_path / "customers.csv").write_text('Client ID,Client Name,Email\n1,"Ann\n2,Bo,\n')
    ingest_object(con, tmp_path, "clients")
    clean_object(con, "clients", CleanContext(exports=tmp_path))
    (item,) = left_out(con)
    assert (item.rule, item.file) == ("refused_file", "customers.csv")
    assert "never closed" in item.why
