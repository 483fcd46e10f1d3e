"""Every document can be read by a screen reader: its main part, the scope of every heading cell."""

import re
from pathlib import Path

import pytest

from flitstack_pipeline.reports import document
from flitstack_pipeline.reports.conflicts import conflict_page

TEMPLATES = sorted((Path(document.__file__).parent / "templates").glob("*.j2"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_heading_cell_has_a_scope(template):
    cells = re.findall(r"<th\b[^>]*>", template.read_text(encoding="utf-8"))
    assert [cell for cell in cells if "scope=" not in cell] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_table_says_what_it_is_of(template):
    tables = re.findall(r"<table\b[^>]*>(.{9})", template.read_text(encoding="utf-8"))
    assert [begin for begin in tables if begin != "<caption "] == []


def test_a_document_has_one_main_part_that_begins_with_its_heading(tmp_path):
    page = document.render(conflict_page([]))
    assert page.count("<main>") == page.count("</main>") == page.count("<h1") == 1
    assert page.index("<main>") < page.index("<h1")


def test_conflicts_are_told_by_where_a_value_stands():
    row = dict.fromkeys(("label", "field", "reason", "decision", "value", "record_key"), "x")
    row |= {"last_written": "a", "ours": "b", "theirs": "c"}
    (section,) = conflict_page([row]).sections
    shown = section.rows[0]
    assert (shown["as we last wrote it"], shown["in the new export"]) == ("a", "b")
    assert shown["in HighLevel now"] == "c"
    assert not {"ours", "theirs"} & set(shown)
