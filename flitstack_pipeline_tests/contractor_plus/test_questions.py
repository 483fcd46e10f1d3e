"""One model of a question: listed with evidence and choices, answered, changed, taken back."""

import csv

import pytest

from flitstack_pipeline import steps
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps.questions import answers, unapplied_answers

JOBS = "Job #,Job Title,Client Name,Start Date\n1,Roof,Ann,5/1/2024\n2,Deck,Bob,6/7/2024\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "data"))
    found = Project.from_environment().prepare()
    (found.exports / "jobs.csv").write_text(JOBS + "3,Shed,Cy,4/4/2024\n")
    (found.exports / "odd.csv").write_text("Colour,Size\nred,4\nblue,5\n")
    return found


def read(project):
    steps.read_object(project, "jobs")
    steps.clean_object(project, "jobs")


def listed(project):
    with (project.decisions / "questions.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def test_questions_are_listed_with_evidence_and_choices_and_answered_in_their_file(project):
    read(project)
    found = {row["key"]: row for row in steps.question_rows(project)}
    assert set(found) == {"file:odd.csv", "dates:*"}
    assert [c["word"] for c in found["dates:*"]["choices"]] == ["month first", "day first"]
    assert "start_date of jobs.csv" in found["dates:*"]["evidence"][0]

    steps.answer(project, "file:odd.csv", "Nothing", "Dana")
    lines = listed(project)
    assert (lines["file:odd.csv"]["answer"], lines["file:odd.csv"]["by"]) == ("nothing", "Dana")
    assert lines["file:odd.csv"]["at"] and lines["dates:*"]["answer"] == ""

    path = project.decisions / "questions.csv"
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace("month first | day first,", "month first | day first,Day first"))
    assert answers(project) == {"file:odd.csv": "nothing", "dates:*": "day first"}
    assert len(unapplied_answers(project)) == 2, "nothing was read again yet"
    read(project)
    assert steps.questions(project) == [] and unapplied_answers(project) == []
    with project.warehouse.connect() as con:
        (first,) = con.execute(
            "SELECT start_date::VARCHAR FROM clean.jobs WHERE number = '1'"
        ).fetchall()
    assert first == ("2024-01-05",)


def test_an_answer_shows_what_it_would_change_and_can_be_taken_back(project):
    read(project)
    told = steps.answer(project, "dates:*", "day first", preview=True)
    # 5/1 and 6/7 can be read either way; 4/4 is one day in both orders.
    assert told.facts["would change"] == "2 dates are read, that no order could be told for"
    assert answers(project) == {}

    steps.answer(project, "dates:*", "month first")
    read(project)
    told = steps.answer(project, "dates:*", "day first", preview=True)
    assert told.facts["would change"] == "2 dates move to another day"
    steps.answer(project, "dates:*", "")
    assert answers(project) == {}
    read(project)
    assert [q.key for q in steps.questions(project)] == ["dates:*", "file:odd.csv"]


def test_the_effect_of_naming_a_file_is_counted(project):
    read(project)
    told = steps.answer(project, "file:odd.csv", "nothing", preview=True)
    assert told.facts["would change"] == "2 rows of odd.csv are left out"
    told = steps.answer(project, "file:odd.csv", "Clients", preview=True)
    assert told.facts["answer"] == "clients"
    assert "read as clients; 0 of its 2 columns are known" in told.facts["would change"]


def test_an_answer_kept_in_the_map_by_an_older_version_counts_and_moves_over(project):
    MapDocument(answers={"dates:*": "day first", "file:odd.csv": "nothing"}).save(project.map_path)
    read(project)
    assert steps.questions(project) == []
    steps.answer(project, "dates:*", "month first")
    assert MapDocument.load(project.map_path).answers == {"file:odd.csv": "nothing"}
    assert answers(project) == {"file:odd.csv": "nothing", "dates:*": "month first"}


def test_a_wrong_word_in_the_file_is_named(project):
    read(project)
    steps.answer(project, "dates:*", "day first")
    path = project.decisions / "questions.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(",day first,", ",sometimes,"))
    with pytest.raises(ValueError, match=r"dates:\*: 'sometimes' is none of month first"):
        answers(project)
