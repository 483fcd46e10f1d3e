"""People who do not read YAML answer in a workbook; exactly what they changed is read back."""

import copy

import openpyxl
import pytest

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.mapping.answer_sheets import sheets
from flitstack_pipeline.mapping.answers import apply_answers
from flitstack_pipeline.mapping.differences import differences
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, MapError
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.reports.field_map import render_field_map
from flitstack_pipeline.reports.field_map_workbook import (
    NotOurWorkbook,
    read_answers,
    write_workbook,
)
from flitstack_pipeline_tests.mapping.small import put, warehouse

HOSTILE = '=HYPERLINK("http://x","y")</td><script>alert(1)</script>'


@pytest.fixture(scope="module")
def document():
    con = warehouse()
    put(con, "users", "7", name="Luis", email="luis@acme.example")
    for i, pipe in enumerate(["PVC", "pvc", "Copper"] * 4):
        custom = {"Pipe": pipe, "Visited": "2024-03-05", HOSTILE: "x"}
        put(con, "clients", str(i), name=f"Client {i}", custom=custom)
    put(con, "jobs", "1", number="1", status_text="Parked")
    put(con, "jobs", "2", number="2", status_text="Zzyzx")
    yield propose(con)
    con.close()


@pytest.fixture
def workbook(document, tmp_path):
    return write_workbook(sheets(document), tmp_path / "field-map.xlsx", document.fingerprint)


def row_of(sheet, text, column=1):
    return next(r for r in sheet.iter_rows(min_row=4) if r[column - 1].value == text)


def cell_of(sheet, row, head):
    at = next(c.column for c in sheet[3] if c.value == head)
    return row[at - 1]


def answered(path, answers):
    """The workbook with cells changed: (sheet, first or second cell of the row, head) → value."""
    book = openpyxl.load_workbook(path)
    for (sheet, text, head), value in answers.items():
        row = row_of(book[sheet], text, 2 if sheet in ("Values", "Stages") else 1)
        cell_of(book[sheet], row, head).value = value
    book.save(path)
    return path


def test_an_untouched_workbook_changes_nothing(document, workbook):
    name, answers, _ = read_answers(workbook)
    assert (name, answers) == ("", [])
    assert workbook.stat().st_mode & 0o077 == 0


def test_exactly_the_changed_cells_are_changed(document, workbook):
    answered(workbook, {
        ("Clients", "Pipe", "HighLevel field"): "Pipe material",
        ("Clients", "Pipe", "Decision"): "confirmed",
        ("Clients", "Visited", "Decision"): "excluded",
        ("Values", "pvc", "Option in HighLevel"): "Plastic",
        ("Stages", "Zzyzx", "Pipeline stage"): "On Hold",
        ("Choices", "duplicates", "Choice"): "ask",
    })  # fmt: skip
    before = copy.deepcopy(document)
    _, answers, _ = read_answers(workbook)
    changed, changes = apply_answers(document, answers, "Dana")
    assert document == before
    found = {(d.entry, d.what): d.after for d in differences(before, changed)}
    assert found == {
        ("clients.custom:Pipe → contact.Pipe", "field"): "Pipe material",
        ("clients.custom:Pipe → contact.Pipe", "status"): "confirmed",
        ("clients.custom:Visited → contact.Visited", "status"): "excluded",
        ("values of clients.custom:Pipe: 'pvc'", "goal"): "Plastic",
        ("stages of jobs: 'Zzyzx'", "goal"): "On Hold · open",
        ("duplicates", ""): "ask",
    }
    assert len(changes) == 6
    pipe = next(e for e in changed.fields if e.source == "custom:Pipe")
    assert (pipe.status, pipe.decided_by) == ("confirmed", "Dana")


def test_a_standard_column_sent_elsewhere_stays_there_when_proposed_again(document, workbook):
    answered(workbook, {("Clients", "lead_source", "HighLevel field"): "Where from"})
    _, answers, _ = read_answers(workbook)
    changed, _ = apply_answers(document, answers, "Dana")
    con = warehouse()
    put(con, "clients", "1", name="A", lead_source="Web")
    again = propose(con, changed)
    fields = [e.field for e in again.fields if (e.dataset, e.source) == ("clients", "lead_source")]
    assert sorted(fields) == ["Lead_Source__c", "Where from"]
    con.close()


def test_one_workbook_is_answered_in_two_rounds(document, workbook):
    answered(workbook, {("Clients", "lead_source", "HighLevel field"): "Where from"})
    first, _ = apply_answers(document, read_answers(workbook).answers, "Dana")
    answered(workbook, {("Clients", "Visited", "Decision"): "excluded"})
    second, changes = apply_answers(first, read_answers(workbook).answers, "Dana")
    clients = [e for e in second.fields if e.dataset == "clients"]
    assert "Where from" in [e.field for e in clients if e.source == "lead_source"]
    assert [e.status for e in clients if e.source == "custom:Visited"] == ["excluded"]
    assert [c.entry for c in changes if c.before != c.after] == [
        "clients.custom:Visited → contact.Visited"
    ]


def test_what_is_neither_yes_nor_no_accepts_nothing(workbook):
    book = openpyxl.load_workbook(workbook)
    book["Start here"]["B4"] = "maybe"
    book.save(workbook)
    with pytest.raises(BadInput, match="'maybe' is neither yes nor no"):
        read_answers(workbook)


def test_mistakes_are_named_by_sheet_and_cell_and_nothing_is_changed(document, workbook):
    answered(workbook, {
        ("Clients", "Pipe", "HighLevel field"): "",
        ("Clients", "Visited", "Decision"): "yes please",
        ("Clients", "phone", "HighLevel object"): "the moon",
        ("Stages", "Parked", "Pipeline stage"): "Nowhere",
        ("Values", "Copper", "Option in HighLevel"): "",
        ("Owners", "Luis", "HighLevel user (e-mail)"): "Luis",
        ("Values", "Copper", "Decision"): "confirmed",
        ("Values", "PVC", "Decision"): "excluded",
    })  # fmt: skip
    _, answers, _ = read_answers(workbook)
    places = {a.place: a for a in answers}
    with pytest.raises(MapError) as error:
        apply_answers(document, answers, "Dana")
    for place in places:
        assert f"- {place}: " in str(error.value) or f"but {place} says" in str(error.value)
    assert "yes please" in str(error.value) and "Nowhere" in str(error.value)


def test_two_columns_sent_to_one_field_are_refused_by_their_cell(document, workbook):
    answered(workbook, {("Clients", "Visited", "HighLevel field"): "Pipe"})
    _, answers, _ = read_answers(workbook)
    with pytest.raises(MapError, match=rf"{answers[0].place}: .*already feeds that field"):
        apply_answers(document, answers, "Dana")


def test_the_name_in_the_workbook_is_who_decides(workbook):
    book = openpyxl.load_workbook(workbook)
    book["Start here"]["B3"] = "Dana Wu"
    book.save(workbook)
    assert read_answers(workbook)[0] == "Dana Wu"


def test_drop_downs_offer_targets_and_decisions(workbook):
    sheet = openpyxl.load_workbook(workbook)["Clients"]
    ranges = {str(v.sqref): v for v in sheet.data_validations.dataValidation}
    assert any("_lists" in v.formula1 for v in ranges.values())
    decision = next(c.column_letter for c in sheet[3] if c.value == "Decision")
    field = next(c.column_letter for c in sheet[3] if c.value == "HighLevel field")
    assert any(where.startswith(decision) and v.showErrorMessage for where, v in ranges.items())
    assert any(where.startswith(field) and not v.showErrorMessage for where, v in ranges.items())
    assert cell_of(sheet, row_of(sheet, "Pipe"), "Confidence").fill.fgColor.rgb != "00000000"


def test_a_long_map_lists_the_fields_of_an_object_once(tmp_path):
    entries = [
        FieldEntry(dataset="clients", source=f"custom:Column {n}", target=target, field=f"F{n}")
        for n, target in enumerate(["contact"] * 3 + ["business"] * 2 + ["contact"] * 300)
    ]
    write_workbook(sheets(MapDocument(fields=entries)), tmp_path / "map.xlsx", "x")
    book = openpyxl.load_workbook(tmp_path / "map.xlsx")
    clients = book["Clients"]
    at = next(c.column_letter for c in clients[3] if c.value == "HighLevel field")
    places = {
        str(rule.sqref): rule.formula1
        for rule in clients.data_validations.dataValidation
        if str(rule.sqref).startswith(at)
    }
    assert set(places) == {f"{at}4:{at}6 {at}9:{at}308", f"{at}7:{at}8"}
    first = places[f"{at}7:{at}8"].removeprefix("'_lists'!").replace("$", "")
    offered = [cell.value for (cell,) in book["_lists"][first]]
    assert offered[-2:] == ["F3", "F4"] and "F0" not in offered


def test_text_of_the_exports_is_never_a_formula(workbook):
    sheet = openpyxl.load_workbook(workbook)["Clients"]
    cell = row_of(sheet, HOSTILE)[0]
    assert cell.data_type == "s"


def test_something_else_is_refused_in_words(tmp_path, workbook):
    other = openpyxl.Workbook()
    other.save(tmp_path / "other.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    for name in ("other.xlsx", "text.xlsx"):
        with pytest.raises(NotOurWorkbook, match="flitstack map workbook"):
            read_answers(tmp_path / name)
    with pytest.raises(BadInput, match="does not exist"):
        read_answers(tmp_path / "none.xlsx")


def test_sorted_rows_and_moved_columns_are_still_understood(document, workbook):
    book = openpyxl.load_workbook(workbook)
    sheet = book["Clients"]
    row = row_of(sheet, "Pipe")
    cell_of(sheet, row, "Decision").value = "confirmed"
    values = [c.value for c in row]
    sheet.delete_rows(row[0].row)
    sheet.append(values)
    book.save(workbook)
    (answer,) = read_answers(workbook)[1]
    assert (answer.column, answer.value) == ("Decision", "confirmed")


def test_the_field_mapping_document_is_whole_and_safe_against_hostile_text(document):
    page = render_field_map(document)
    assert "<svg" in page and "Work Order" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "http://x" in page and 'href="http://x' not in page
    assert "src=" not in page.replace("script-src", "").replace("img-src", "")
    for name, _ in document.decisions():
        assert name.split(" ")[0].split(".")[0] in page
