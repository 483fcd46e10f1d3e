"""Every line of every file lands in `raw`, or is excluded by a named rule, or is refused whole."""

import codecs
import json
import zipfile

import duckdb
import openpyxl
import pytest

from flitstack_pipeline.reading import cells, counting, raw_rows
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.reading.inspect import inspect_file
from flitstack_pipeline.reading.staging import stage


def test_rows_keep_file_line_and_unknown_columns(con, tmp_path):
    (tmp_path / "clients.csv").write_text(
        "Client ID,Client Name,CFT[Roof Type],Email\n1,Ann,Shingle,a@b.co\n2,Bob,,\n"
    )
    result = ingest_object(con, tmp_path, "clients")
    assert result.rows["clients"] == 2
    rows = con.execute(
        "SELECT client_id, name, _extra['Roof Type'], _row, phone FROM raw.clients ORDER BY _row"
    ).fetchall()
    assert rows == [("1", "Ann", "Shingle", 2, None), ("2", "Bob", "", 3, None)]


def test_a_custom_column_spelled_otherwise_in_a_later_export_is_the_same_column(con, tmp_path):
    for name, day, header, row in (
        ("b.csv", "01", "Roof Type,Cost ($)", "1,Ann,a@b.co,Tile,5"),
        ("a.csv", "02", "ROOF_TYPE,Cost (%),roof-type", "2,Bob,b@b.co,Slate,6,Tin"),
    ):
        source = tmp_path / name
        source.write_text(f"Client ID,Client Name,Email,{header}\n{row}\n")
        stage(tmp_path / "exports", [source], exported_at=f"2026-11-{day}")
    ingest_object(con, tmp_path / "exports", "clients")
    assert con.execute("SELECT _extra FROM raw.clients ORDER BY client_id").fetchall() == [
        ({"Roof Type": "Tile", "Cost ($)": "5"},),
        ({"Roof Type": "Slate", "Cost (%)": "6", "roof-type": "Tin"},),
    ]


def test_titles_totals_blank_lines_and_repeated_headers_are_excluded_by_name(con, tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["Invoice report"],
        ["January to March"],
        ["Invoice #", "Due Date", "Balance Due"],
        ["7", "2026-01-01", "5"],
        [],
        ["Invoice #", "Due Date", "Balance Due"],
        ["8", "2026-01-02", "6"],
        ["Total", None, "11"],
    ):
        book.active.append(row)
    book.save(tmp_path / "invoices.xlsx")
    assert ingest_object(con, tmp_path, "invoices").rows["invoices"] == 2
    rules = con.execute(
        "SELECT rule, count(*) FROM raw.excluded GROUP BY ALL ORDER BY 1"
    ).fetchall()
    assert dict(rules) == {
        "blank_line": 1,
        "repeated_header": 1,
        "title_line": 2,
        "totals_line": 1,
    }
    assert con.execute("SELECT rows_read FROM raw.files").fetchall() == [(7,)]


def test_a_row_longer_than_the_header_that_no_reading_explains_is_no_record(con, tmp_path):
    (tmp_path / "clients.csv").write_text("Client ID,Client Name,Email\n1,Ann\n2,Bob,b@c.co,more\n")
    result = ingest_object(con, tmp_path, "clients")
    assert con.execute("SELECT client_id FROM raw.clients").fetchall() == [("1",)]
    (told,) = con.execute("SELECT cells->>'(column 4)' FROM raw.misfits").fetchall()
    assert told == ("more",)
    assert any("1 rows are in quarantine, the first on line 3" in w for w in result.warnings)
    (sheet,) = inspect_file(tmp_path / "clients.csv").sheets
    assert any("1 rows have more cells than the header" in w for w in sheet.warnings)


SEVERAL_LAYOUTS = (
    "Clients of March\n"
    "Client ID,Client Name,Email,Roof\n"
    '1,"Ann\nLee",a@b.co,flat\n'
    "2,Bob\n"
    "3,Cy,c@b.co,,more,and more\n"
    "\n"
    "Client ID,Client Name,Email,Roof\n"
    '4,Di,d@b.co,"a ""new"" one"\n'
    "Email,Client ID,Client Name,Fence\n"
    '"e@b.co",5,"Ed\r\n\r\nPoe",wood\n'
    "f@b.co,6,Flo,\n"
    "Total: 6\n"
    "CLIENTS OF MARCH,,,\n"
    "g@b.co,7,Gil,steel"
)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_where_batches_end_changes_nothing(con, tmp_path, monkeypatch, size):
    (tmp_path / "clients.csv").write_text(SEVERAL_LAYOUTS)
    read = "SELECT *, _extra::VARCHAR FROM raw.clients ORDER BY _row"
    left_out = 'SELECT * FROM raw.excluded ORDER BY "row"'
    assert ingest_object(con, tmp_path, "clients").rows["clients"] == 7
    whole, others = con.execute(read).fetchall(), con.execute(left_out).fetchall()
    rules = ["title_line", "blank_line", "repeated_header", "repeated_header", "totals_line"]
    assert [rule for *_, rule, _ in others] == [*rules, "title_line"]
    monkeypatch.setattr(cells, "BATCH", size)
    monkeypatch.setattr(raw_rows, "ROWS", size)
    monkeypatch.setattr(counting, "_BLOCK", size)
    ingest_object(con, tmp_path, "clients")
    assert con.execute(read).fetchall() == whole
    assert con.execute(left_out).fetchall() == others


def test_what_the_database_refuses_is_raised_and_leaves_no_rows(con, tmp_path, monkeypatch):
    (tmp_path / "clients.csv").write_text("Client ID,Client Name,Email\n1,Ann,a@b.co\n")

    def broken(*_):
        raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr(raw_rows, "_insert_rows", broken)
    with pytest.raises(duckdb.OutOfMemoryException):
        ingest_object(con, tmp_path, "clients")
    assert con.execute("SELECT count(*) FROM raw.clients").fetchone() == (0,)


def test_files_copied_together_leave_a_mark_that_hides_no_header(con, tmp_path):
    parts = (
        "Client ID,Client Name,Email\r\n1,Ann,a@b.co\r\n",
        "Client ID,Client Name,Phone\r\n2,Bob,\r\n",
    )
    data = b"".join(codecs.BOM_UTF8 + part.encode() for part in parts)
    (tmp_path / "clients.csv").write_bytes(data)
    assert ingest_object(con, tmp_path, "clients").rows["clients"] == 2
    assert con.execute("SELECT client_id, name, email FROM raw.clients ORDER BY 1").fetchall() == [
        ("1", "Ann", "a@b.co"),
        ("2", "Bob", None),
    ]


def test_a_damaged_file_is_refused_whole_and_leaves_no_rows(con, tmp_path):
    (tmp_path / "clients.csv").write_text('Client ID,Client Name,Email\n1,"Ann,a@b.co\n2,Bob,x\n')
    result = ingest_object(con, tmp_path, "clients")
    assert result.rows["clients"] == 0
    assert "never closed" in result.refused[0]


def test_an_empty_and_a_header_only_file_are_legal(con, tmp_path):
    (tmp_path / "clients.csv").write_text("")
    (tmp_path / "clients_2.csv").write_text("Client ID,Client Name,Email\n")
    assert ingest_object(con, tmp_path, "clients").rows["clients"] == 0


def test_reading_twice_changes_nothing(con, tmp_path):
    (tmp_path / "clients.csv").write_text("Client ID,Client Name,Email\n1,Ann,a@b.co\n")
    for _ in range(2):
        ingest_object(con, tmp_path, "clients")
    assert con.execute("SELECT count(*) FROM raw.clients").fetchone() == (1,)
    assert con.execute("SELECT count(*) FROM raw.files").fetchone() == (1,)


def test_staging_the_same_file_twice_changes_nothing_and_counts_are_compared(tmp_path):
    source = tmp_path / "clients.csv"
    source.write_text("Client ID,Client Name,Email\n1,Ann,a@b.co\n")
    exports = tmp_path / "exports"
    first = stage(
        exports, [source], exported_at="2026-11-01T10:00:00Z", expected_counts={"clients": 2}
    )
    assert first.added == ["clients.csv"]
    assert any("2 on screen" in w for w in first.warnings)
    assert stage(exports, [source]).known == ["clients.csv"]
    assert len(json.loads((exports / "export_manifest.json").read_text())["files"]) == 1


def test_files_that_cannot_be_read_are_all_named_and_nothing_is_staged(tmp_path):
    good, cut, page = (tmp_path / n for n in ("clients.csv", "jobs.csv", "leads.xls"))
    good.write_text("Client ID,Client Name,Email\n1,Ann,a@b.co\n")
    cut.write_text('Job #,Title\n1,"Roof\n')
    page.write_text("<html></html>")
    with pytest.raises(ValueError, match="Nothing was staged: 2 of 3") as error:
        stage(tmp_path / "exports", [good, cut, page])
    said = str(error.value)
    assert "jobs.csv: the quotation mark opened on line 2" in said and "leads.xls" in said
    assert not (tmp_path / "exports").exists()


def _other_form(path, strict):
    """The workbook as Excel's "Strict Open XML", or with backslashes in the names of its parts."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, part in parts.items():
            if strict:
                main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
                part = part.replace(main, b"http://purl.oclc.org/ooxml/spreadsheetml/main")
                links = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
                part = part.replace(
                    links, b"http://purl.oclc.org/ooxml/officeDocument/relationships"
                )
            elif "sheet1" in name:
                name = name.replace("/", "\\")
            book.writestr(name, part)


@pytest.mark.parametrize("strict", [True, False])
def test_strict_workbooks_and_backslashes_in_the_names_of_parts_are_read(con, tmp_path, strict):
    book = openpyxl.Workbook()
    for row in (["Client ID", "Client Name", "Email"], ["1", "Ann Roe", "ann@mailbox.net"]):
        book.active.append(row)
    book.save(tmp_path / "clients.xlsx")
    _other_form(tmp_path / "clients.xlsx", strict)
    assert ingest_object(con, tmp_path, "clients").refused == []
    found = con.execute("SELECT client_id, name, email FROM raw.clients").fetchall()
    assert found == [("1", "Ann Roe", "ann@mailbox.net")]
