"""What only a person knows about an export: on-screen counts, and what an odd file holds."""

import json

import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.questions import open_questions
from flitstack_pipeline.reading import manifest
from flitstack_pipeline.reading.counts import check_counts, explain
from flitstack_pipeline.reading.ingest import ingest_object, ingest_schema
from flitstack_pipeline.reading.inspect import inspect_file
from flitstack_pipeline.reading.staging import stage


def clients(path, *ids):
    path.write_text("Client ID,Client Name,Email\n" + "".join(f"{i},Ann {i},\n" for i in ids))
    return path


def read(con, exports, **options):
    ingest_object(con, exports, "clients", **options)
    clean_object(con, "clients", CleanContext(exports=exports))


def test_the_distinct_records_of_all_sessions_together_are_compared_with_the_screen(con, tmp_path):
    exports = tmp_path / "exports"
    stage(exports, [clients(tmp_path / "a.csv", 1, 2, 3)], exported_at="2026-11-01")
    stage(
        exports,
        [clients(tmp_path / "b.csv", "#3", 4, "")],
        exported_at="2026-11-02",
        expected_counts={"Clients": 5},
    )
    read(con, exports)
    (check,) = check_counts(con, tmp_path)
    assert (check.on_screen, check.read, check.settled) == (5, 5, True)


def test_a_difference_is_a_problem_until_a_person_explains_these_very_numbers(con, tmp_path):
    exports = tmp_path / "exports"
    stage(exports, [clients(tmp_path / "a.csv", 1, 2)], expected_counts={"clients": 3})
    read(con, exports)
    (check,) = check_counts(con, tmp_path)
    assert "3 on screen, 2 distinct" in check.problem and "flitstack explain" in check.problem
    explain(tmp_path, check, "one client is archived", "Dana")
    (settled,) = check_counts(con, tmp_path)
    assert settled.problem == "" and settled.explanation.by == "Dana"
    stage(exports, [], expected_counts={"clients": 4})
    read(con, exports)
    assert check_counts(con, tmp_path)[0].problem


def test_an_explanation_needs_words_and_a_name_and_a_damaged_file_names_its_line(con, tmp_path):
    exports = tmp_path / "exports"
    stage(exports, [clients(tmp_path / "a.csv", 1)], expected_counts={"clients": 3})
    read(con, exports)
    (check,) = check_counts(con, tmp_path)
    with pytest.raises(ValueError, match="name of the person"):
        explain(tmp_path, check, "because", " ")
    (tmp_path / "counts.csv").write_text("module,on_screen,read,explanation,by\nclients,x,1,y,z\n")
    with pytest.raises(ValueError, match="line 2"):
        check_counts(con, tmp_path)


def test_a_module_with_a_count_and_no_file_at_all_differs_too(con, tmp_path):
    exports = tmp_path / "exports"
    stage(exports, [clients(tmp_path / "a.csv", 1)], expected_counts={"jobs": 7})
    read(con, exports)
    assert "7 on screen, 0 distinct" in check_counts(con, tmp_path)[0].problem


def test_what_is_not_cleaned_is_counted_by_its_numbers_as_read(con, tmp_path):
    """Clients before they are cleaned; expenses, which never are: E1 stands on two rows."""
    exports = tmp_path / "exports"
    expenses = tmp_path / "expenses.csv"
    expenses.write_text(
        "Expense ID,Job #,Date,Category,Amount\n"
        "E1,7,1/25/2024,Fuel,5.00\ne1 ,7,1/26/2024,Fuel,6.00\nE2,7,1/26/2024,Tools,9.00\n"
    )
    staged = [clients(tmp_path / "a.csv", 1, 2, 2, ""), expenses]
    stage(exports, staged, expected_counts={"clients": 3, "expenses": 2})
    ingest_object(con, exports, "clients")
    ingest_schema(con, exports)
    read_rows = {check.dataset: check.read for check in check_counts(con, tmp_path)}
    assert read_rows == {"clients": 3, "expenses": 2}


def test_counts_are_kept_apart_by_workspace(con, tmp_path):
    exports = tmp_path / "exports"
    north = clients(tmp_path / "a.csv", 1, 2)
    stage(exports, [north], workspace="north", expected_counts={"clients": 2})
    south = stage(exports, [north], workspace="south", expected_counts={"clients": 2})
    assert south.added == ["a_2.csv"]
    read(con, exports)
    assert [c.settled for c in check_counts(con, tmp_path)] == [True, True]
    assert con.execute("SELECT count(*) FROM clean.clients").fetchall() == [(4,)]


def test_a_count_noted_on_a_file_by_hand_stands_for_its_module(con, tmp_path):
    clients(tmp_path / "clients.csv", 1, 2)
    (tmp_path / manifest.NAME).write_text(
        json.dumps({"files": [{"file": "clients.csv", "expected_count": 9}]})
    )
    read(con, tmp_path)
    assert check_counts(con, tmp_path)[0].on_screen == 9
    (tmp_path / manifest.NAME).write_text(json.dumps({"expected_counts": {"Clients": 2}}))
    read(con, tmp_path)
    assert check_counts(con, tmp_path)[0].settled


def test_staging_again_changes_not_a_byte_of_the_manifest(tmp_path):
    exports, file = tmp_path / "exports", clients(tmp_path / "a.csv", 1)
    stage(exports, [file], expected_counts={"clients": 1})
    before = (exports / manifest.NAME).read_bytes()
    again = stage(exports, [file], expected_counts={"clients": 1})
    assert (again.added, again.known) == ([], ["a.csv"])
    assert (exports / manifest.NAME).read_bytes() == before
    assert "nothing changed" in str(again)


def test_one_unreadable_file_stages_none(tmp_path):
    bad = tmp_path / "jobs.xls"
    bad.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    with pytest.raises(ValueError, match=r"save it as \.xlsx"):
        stage(tmp_path / "exports", [clients(tmp_path / "a.csv", 1), bad])
    assert not (tmp_path / "exports").exists()


@pytest.mark.parametrize("count", [250, 500, 1000, 1500])
def test_a_round_number_of_rows_warns_of_a_cap(tmp_path, count):
    result = stage(tmp_path / "exports", [clients(tmp_path / "a.csv", *range(count))])
    assert any("cap" in w for w in result.warnings)


def odd(path):
    path.write_text("Colour,Size\nred,4\nblue,5\n")
    return path


def test_a_file_nobody_knows_is_a_question_and_an_answer_is_obeyed(con, tmp_path):
    odd(tmp_path / "export (3).csv")
    read(con, tmp_path)
    (question,) = open_questions(con)
    assert (question.kind, question.file) == ("file", "export (3).csv")
    assert "What does export (3).csv hold?" in str(question)
    assert "flitstack answer 'file:export (3).csv'" in str(question)
    read(con, tmp_path, answers={"file:export (3).csv": "Clients"})
    assert con.execute("SELECT dataset, rows_read FROM raw.files").fetchall() == [("clients", 2)]
    assert open_questions(con) == []
    read(con, tmp_path, answers={"file:export (3).csv": "nothing"})
    ((dataset, warnings),) = con.execute("SELECT dataset, warnings FROM raw.files").fetchall()
    assert dataset is None and "nothing of it is to be migrated" in warnings
    assert open_questions(con) == []


def test_an_answer_that_is_no_kind_of_export_is_refused_by_name(con, tmp_path):
    odd(tmp_path / "x.csv")
    with pytest.raises(ValueError, match=r"file:x\.csv.*known are"):
        read(con, tmp_path, answers={"file:x.csv": "kleints"})


def test_columns_that_fit_two_kinds_equally_are_a_question_and_nothing_is_read_meanwhile(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text("Name,Email,Phone\nAnn Lee,a@b.co,\n")
    (sheet,) = inspect_file(file).sheets
    assert sheet.dataset is None
    assert "'file:export.csv'" in sheet.question and "clients" in sheet.question
