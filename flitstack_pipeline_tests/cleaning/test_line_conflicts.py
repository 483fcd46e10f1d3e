"""Lines of one document in two files of one session: cut between them, the same, or a question."""

import pytest

from flitstack_pipeline_tests.cleaning.test_same_number import cleaned, con, found, states

__all__ = ["con"]
ITEM = ["Invoice #", "Line #", "Item", "Quantity", "Unit Price", "Total"]
BARE = ["Invoice #", "Item", "Quantity", "Unit Price", "Total"]
INVOICES = {"invoices.csv": [["Invoice #", "Client Name", "Total"], ["7", "Ann Roe", "90"]]}
TILE, GROUT = ["7", "1", "Tile", "4", "10", "40"], ["7", "2", "Grout", "5", "10", "50"]
DEAR = ["7", "2", "Grout", "5", "12", "60"]
KEY = "same-number:invoice_items:files"


def lines(con, folder, first, second, answers=None):
    """(keys of the questions, the lines kept) of two files of one session."""
    files = INVOICES | {"invoice_items_a.csv": first, "invoice_items_b.csv": second}
    asked = cleaned(con, folder, "invoices", answers, one=files)
    kept = "SELECT name, amount::INT FROM clean.invoice_items ORDER BY line_number"
    return [q.key for q in asked], found(con, kept), asked


def test_a_document_cut_between_two_files_is_no_question(con, tmp_path):
    asked, kept, _ = lines(con, tmp_path, [ITEM, TILE], [ITEM, GROUT])
    assert (asked, kept) == ([], [("Tile", 40), ("Grout", 50)])


def test_the_same_lines_in_two_files_are_no_question(con, tmp_path):
    asked, kept, _ = lines(con, tmp_path, [ITEM, TILE, GROUT], [ITEM, GROUT, TILE])
    assert (asked, kept) == ([], [("Tile", 40), ("Grout", 50)])
    assert states(con) == [("repeated", 2)]


def test_a_line_that_differs_in_two_files_is_asked_about_with_both(con, tmp_path):
    asked, _, [question] = lines(con, tmp_path, [ITEM, TILE, GROUT], [ITEM, TILE, DEAR])
    assert asked == [KEY]
    assert question.lines == (
        "invoice_items_a.csv:2", "invoice_items_a.csv:3",
        "invoice_items_b.csv:2", "invoice_items_b.csv:3",
    )  # fmt: skip
    assert "2 Grout 5 10 50" in question.evidence[0] and "2 Grout 5 12 60" in question.evidence[0]
    assert [c.word for c in question.choices] == ["all lines", "later file"]


@pytest.mark.parametrize(
    ("word", "kept", "told"),
    [("all lines", [("Tile", 40), ("Grout", 50), ("Grout", 60)], [("repeated", 1)]),
     ("later file", [("Tile", 40), ("Grout", 60)], [("decided", 1), ("repeated", 1)])],
)  # fmt: skip
def test_the_answer_says_which_lines_count(con, tmp_path, word, kept, told):
    first, second = [ITEM, TILE, GROUT], [ITEM, TILE, DEAR]
    asked, found_, _ = lines(con, tmp_path, first, second, {KEY: word})
    assert (asked, found_, states(con)) == ([], kept, told)


def test_lines_without_numbers_differ_where_the_files_do_not_hold_the_same(con, tmp_path):
    tile, grout = ["7", "Tile", "4", "10", "40"], ["7", "Grout", "5", "10", "50"]
    asked, _, _ = lines(con, tmp_path, [BARE, tile], [BARE, grout])
    assert asked == [KEY]
    asked, kept, _ = lines(con, tmp_path, [BARE, tile], [BARE, grout], {KEY: "all lines"})
    assert (asked, kept) == ([], [("Tile", 40), ("Grout", 50)])


def test_between_sessions_the_newer_lines_replace_the_older_without_a_question(con, tmp_path):
    asked = cleaned(
        con, tmp_path, "invoices",
        one=INVOICES | {"invoice_items_a.csv": [ITEM, TILE, GROUT]},
        two={"invoice_items_b.csv": [ITEM, TILE, DEAR]},
    )  # fmt: skip
    assert asked == []
    assert found(con, "SELECT sum(amount)::INT FROM clean.invoice_items") == [(100,)]
