"""The workbook of cells that did not arrive verbatim, on cells written by hand."""

import duckdb
import openpyxl
import pytest

from flitstack_pipeline.ledger import store
from flitstack_pipeline.reports.ledger import write_ledger
from flitstack_pipeline.reports.ledger_workbook import write_ledger_workbook

CELLS = [  # line, column, text, fate, rule
    (2, "Email", "ann@x.com", "arrived", ""),
    (2, "Phone", "813 555 0101", "changed by rule", "phone to E.164"),
    (3, "Notes", "=HYPERLINK(1)", "quarantined", "no id"),
    (4, "Notes", "#N/A", "unaccounted", "found nowhere"),
    (5, "Client ID", "7", "linked", ""),
]


@pytest.fixture
def con():
    con = duckdb.connect()
    con.execute("CREATE SCHEMA ledger")
    store.begin(con)
    for line, column, text, fate, rule in CELLS:
        con.execute(
            "INSERT INTO ledger.looked VALUES ('clients', 'clients', 'r', 'f.csv', '', ?, ?, ?, ?, "
            "?, '', 'main/clients/1', '')",
            [line, column, text, fate, rule],
        )
    store.make_view(con)
    store.count(con)
    yield con
    con.close()


def test_it_lists_them_worst_first_under_a_filter_and_runs_no_formula(con, tmp_path):
    write_ledger(con, tmp_path)
    path = tmp_path / "ledger.xlsx"
    assert path.stat().st_mode & 0o777 == 0o600
    sheet = openpyxl.load_workbook(path)["Cells"]
    header = [c.value for c in sheet[1]]
    told = [dict(zip(header, row, strict=True)) for row in sheet.iter_rows(2, values_only=True)]
    assert [(r["line"], r["column"], r["text"], r["fate"], r["rule"]) for r in told] == [
        (4, "Notes", "#N/A", "unaccounted", "found nowhere"),
        (3, "Notes", "=HYPERLINK(1)", "quarantined", "no id"),
        (2, "Phone", "813 555 0101", "changed by rule", "phone to E.164"),
        (5, "Client ID", "7", "linked", None),
    ]
    text = header.index("text") + 1
    assert {sheet.cell(row, text).data_type for row in (2, 3)} == {"s"}
    assert sheet.auto_filter.ref == "A1:L5" and sheet.freeze_panes == "A2"


def test_what_is_too_much_for_it_is_told_by_fate_and_the_csv_is_whole(con, tmp_path):
    """Room for 36 cells: a third for each fate; what the 4 lost ones leave goes to the next."""
    con.execute("DELETE FROM ledger.looked; DELETE FROM ledger.counts")
    for fate, count in (("linked", 1_000), ("quarantined", 30), ("unaccounted", 4)):
        con.execute(
            "INSERT INTO ledger.looked SELECT 'clients', 'clients', 'r', 'f.csv', '', i, 'ID', "
            "i::VARCHAR, ?, '', '', '', '' FROM range(?) t(i)",
            [fate, count],
        )
    store.count(con)
    path = write_ledger_workbook(con, tmp_path / "ledger.xlsx", ("line", "fate"), most=36)
    book = openpyxl.load_workbook(path)
    (told,), header, *rows = [
        [c for c in row if c is not None] for row in book["Summary"].iter_rows(values_only=True)
    ]
    assert told == (
        "1,034 cells did not arrive verbatim. 998 of them are only in ledger.csv, which has all."
    )
    assert header == ["fate", "means", "cells", "in this workbook", "only in ledger.csv"]
    assert [(row[0], *row[2:]) for row in rows] == [
        ("unaccounted", 4, 4, 0), ("quarantined", 30, 20, 10), ("linked", 1_000, 12, 988),
    ]  # fmt: skip
    shown = [fate for _, fate in book["Cells"].iter_rows(2, values_only=True)]
    assert shown == ["unaccounted"] * 4 + ["quarantined"] * 20 + ["linked"] * 12
    write_ledger(con, tmp_path)
    lines = (tmp_path / "ledger.csv").read_text().splitlines()
    assert len(lines) == 1 + 1_034
