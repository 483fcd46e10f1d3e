"""The workbook of cells that did not arrive verbatim, on cells written by hand."""

import duckdb
import openpyxl
import pytest

from flitstack_pipeline.ledger import store
from flitstack_pipeline.reports.ledger import write_ledger

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
    sheet = openpyxl.load_workbook(path).active
    header = [c.value for c in sheet[2]]
    told = [dict(zip(header, row, strict=True)) for row in sheet.iter_rows(3, values_only=True)]
    assert [(r["line"], r["column"], r["text"], r["fate"], r["rule"]) for r in told] == [
        (4, "Notes", "#N/A", "unaccounted", "found nowhere"),
        (3, "Notes", "=HYPERLINK(1)", "quarantined", "no id"),
        (5, "Client ID", "7", "linked", None),
        (2, "Phone", "813 555 0101", "changed by rule", "phone to E.164"),
    ]
    text = header.index("text") + 1
    assert {sheet.cell(row, text).data_type for row in (3, 4)} == {"s"}
    assert sheet.auto_filter.ref == "A2:L6" and sheet.freeze_panes == "A3"
