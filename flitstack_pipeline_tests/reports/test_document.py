"""Documents stay readable and harmless whatever the CRM holds."""

import csv

from flitstack_pipeline.reports.document import Document, Section, render, write_csv, write_html

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def page(text):
    return Document(
        HOSTILE,
        text,
        False,
        {text: text},
        [Section(text, [{text: text}], text, status_column=text)],
    )


def test_hostile_text_is_shown_and_never_run():
    html = render(page(HOSTILE))
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_very_long_note_is_cut_and_says_how_long_it_was():
    html = render(page("x" * 100_000))
    assert "(100,000 characters)" in html


def test_a_formula_is_text_in_the_csv(tmp_path):
    path = write_csv([{"note": '=HYPERLINK("http://x")'}, {"note": "plain"}], tmp_path / "a.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [r["note"] for r in csv.DictReader(file)] == ['\'=HYPERLINK("http://x")', "plain"]


def test_an_image_of_a_note_is_shown_by_its_name(tmp_path):
    note = f"see {{{{image:{'6b7fa434f92a8b80' * 4}}}}} here"
    named = "see [image note-image-6b7fa434f92a8b80] here"
    html = render(Document("t", "v", True, {}, [Section("s", [{"note": note}])]))
    assert named in html and "{{image" not in html
    assert named in write_csv([{"note": note}], tmp_path / "a.csv").read_text("utf-8-sig")


def test_a_report_is_readable_by_its_owner_only(tmp_path):
    path = write_html(Document("t", "v", True), tmp_path / "r.html")
    assert path.stat().st_mode & 0o077 == 0
