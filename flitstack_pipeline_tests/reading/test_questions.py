"""One model of a question: listed with evidence and choices, answered, changed, taken back."""

import csv

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.services.questions import answers, list_questions, unapplied_answers
from flitstack_pipeline.settings import Project

JOBS = "Job #,Job Title,Client Name,Start Date\n1,Roof,Ann,5/1/2024\n2,Deck,Bob,6/7/2024\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "data"))
    found = Project.from_environment().prepare()
    (found.exports / "jobs.csv").write_text(JOBS + "3,Shed,Cy,4/4/2024\n")
    (found.exports / "odd.csv").write_text("Colour,Size\nred,4\nblue,5\n")
    return found


def read(project):
    services.read_object(project, "jobs")
    services.clean_object(project, "jobs")


def listed(project):
    with (project.decisions / "questions.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def test_questions_are_listed_with_evidence_and_choices_and_answered_in_their_file(project):
    read(project)
    found = {row["key"]: row for row in services.question_rows(project)}
    assert set(found) == {"file:odd.csv", "dates:*"}
    assert [c["word"] for c in found["dates:*"]["choices"]] == ["month first", "day first"]
    assert "start_date of jobs.csv" in found["dates:*"]["evidence"][0]

    services.answer(project, "file:odd.csv", "Nothing", "Dana")
    lines = listed(project)
    assert (lines["file:odd.csv"]["answer"], lines["file:odd.csv"]["by"]) == ("nothing", "Dana")
    assert lines["file:odd.csv"]["at"] and lines["dates:*"]["answer"] == ""

    path = project.decisions / "questions.csv"
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace("month first | day first,", "month first | day first,Day first"))
    assert answers(project) == {"file:odd.csv": "nothing", "dates:*": "day first"}
    assert len(unapplied_answers(project)) == 2, "nothing was read again yet"
    read(project)
    assert services.questions(project) == [] and unapplied_answers(project) == []
    with project.warehouse.connect() as con:
        (first,) = con.execute(
            "SELECT start_date::VARCHAR FROM clean.jobs WHERE number = '1'"
        ).fetchall()
    assert first == ("2024-01-05",)


def test_an_answer_shows_what_it_would_change_and_can_be_taken_back(project):
    read(project)
    told = services.answer(project, "dates:*", "day first", preview=True)
    # 5/1 and 6/7 can be read either way; 4/4 is one day in both orders.
    assert told.facts["would change"] == (
        "2 dates are read, that were left open "
        "('5/1/2024' is 05 January 2024; '6/7/2024' is 06 July 2024)"
    )
    assert answers(project) == {}

    services.answer(project, "dates:*", "month first")
    read(project)
    told = services.answer(project, "dates:*", "day first", preview=True)
    assert told.facts["would change"].startswith("2 dates move to another day ")
    services.answer(project, "dates:*", "")
    assert answers(project) == {}
    read(project)
    assert [q.key for q in services.questions(project)] == ["dates:*", "file:odd.csv"]


def test_the_effect_of_naming_a_file_is_counted(project):
    read(project)
    told = services.answer(project, "file:odd.csv", "nothing", preview=True)
    assert told.facts["would change"] == "2 rows of odd.csv are left out"
    told = services.answer(project, "file:odd.csv", "Clients", preview=True)
    assert told.facts["answer"] == "clients"
    assert "read as clients; 0 of its 2 columns are known" in told.facts["would change"]


def test_an_answer_kept_in_the_map_by_an_older_version_counts_and_moves_over(project):
    MapDocument(answers={"dates:*": "day first", "file:odd.csv": "nothing"}).save(project.map_path)
    read(project)
    assert services.questions(project) == []
    services.answer(project, "dates:*", "month first")
    assert MapDocument.load(project.map_path).answers == {"file:odd.csv": "nothing"}
    assert answers(project) == {"file:odd.csv": "nothing", "dates:*": "month first"}


def test_a_wrong_word_in_the_file_is_named(project):
    read(project)
    services.answer(project, "dates:*", "day first")
    path = project.decisions / "questions.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(",day first,", ",sometimes,"))
    with pytest.raises(ValueError, match=r"dates:\*: 'sometimes' is none of month first"):
        answers(project)


def test_the_numbers_that_another_decimal_sign_would_change_are_counted(project):
    (project.exports / "odd.csv").unlink()
    (project.exports / "jobs.csv").write_text(
        "Job #,Job Title,Client Name,Amount,Budget\n"
        "1,Roof,Ann,1.250,2.500\n2,Deck,Bob,,1.000\n3,Shed,Cy,80,7\n"
    )
    read(project)
    # 80 and 7 are one number either way; the two columns are asked about once.
    [row] = services.question_rows(project)
    assert (row["key"], {c["word"]: c["effect"] for c in row["choices"]}) == (
        "decimal:*",
        {"point": "3 numbers are read, that were left open "
                  "('1.250' is 1.250; '1.000' is 1.000; '2.500' is 2.500)",
         "comma": "3 numbers are read, that were left open "
                  "('1.250' is 1,250; '1.000' is 1,000; '2.500' is 2,500)"},
    )  # fmt: skip
    told = services.answer(project, "decimal:jobs.amount", "comma", preview=True)
    assert told.facts["would change"] == ("1 number is read, that was left open ('1.250' is 1,250)")
    services.answer(project, "decimal:*", "comma")
    read(project)
    assert amounts(project) == [1250, None, 80]
    told = services.answer(project, "decimal:*", "point", preview=True)
    assert told.facts["would change"] == (
        "3 numbers move to another value ('1.250' is 1.250; '1.000' is 1.000; '2.500' is 2.500)"
    )
    told = services.answer(project, "decimal:*", "", preview=True)
    assert told.facts["would change"] == "3 numbers are left open again"
    services.answer(project, "decimal:*", "")
    read(project)
    assert [q.key for q in services.questions(project)] == ["decimal:*"]


def amounts(project):
    with project.warehouse.connect() as con:
        rows = con.execute("SELECT amount FROM clean.jobs ORDER BY number").fetchall()
    return [None if n is None else float(n) for (n,) in rows]


def test_the_file_of_questions_says_what_each_choice_would_change(project):
    read(project)
    list_questions(project)
    lines = listed(project)
    assert lines["dates:*"]["effects"].split(" | ") == [
        "2 dates are read, that were left open "
        "('5/1/2024' is 01 May 2024; '6/7/2024' is 07 June 2024)",
        "2 dates are read, that were left open "
        "('5/1/2024' is 05 January 2024; '6/7/2024' is 06 July 2024)",
    ]
    assert "the certificate names it" in lines["file:odd.csv"]["effects"]


def test_a_change_of_session_names_the_files_it_parts(project):
    for name in ("clients.csv", "jobs.csv"):
        (project.exports / name).write_text((project.exports / "odd.csv").read_text())
    told = services.answer(project, "session:jobs.csv", "spring", preview=True)
    assert told.facts["would change"].startswith(
        "jobs.csv is of one session with no other file, no more with clients.csv, odd.csv"
    )


def test_an_answer_that_was_applied_still_says_what_another_would_change(project):
    (project.exports / "clients.csv").write_text(
        "Client ID,Client Name,Phone\n1,Clark & Weiss,8135550101\n2,Dorn & Falk,8135550102\n"
    )
    (project.exports / "odd.csv").unlink()
    services.read_object(project, "clients")
    services.clean_object(project, "clients")
    [question] = services.questions(project)
    assert question.kind == "names"
    first, second = (c.word for c in question.choices)
    services.answer(project, question.key, first)
    services.read_object(project, "clients")
    services.clean_object(project, "clients")
    told = services.answer(project, question.key, second, preview=True)
    assert told.facts["would change"] == f"2 clients become {second}"
    told = services.answer(project, question.key, "", preview=True)
    assert told.facts["would change"].startswith("the question is open again")


INVOICES = (
    "Invoice #,Client Name,Title,Invoice Date,Total\n"
    "1001,Ann Roe,Roof,1/25/2024,100\n1001,Bob Fay,Roof,1/25/2024,100\n"
    "1002,Ann Roe,Deck,1/26/2024,70\n1002,Cy Dee,Deck,1/26/2024,70\n"
    "1003,Cy Dee,Gate,1/27/2024,10\n"
)


@pytest.fixture
def strangers(project):
    (project.exports / "odd.csv").unlink()
    (project.exports / "jobs.csv").unlink()
    (project.exports / "invoices.csv").write_text(INVOICES)
    return project


def clients_of_invoices(project):
    services.read_object(project, "invoices")
    services.clean_object(project, "invoices")
    with project.warehouse.connect() as con:
        found = con.execute(
            "SELECT number, client_name FROM clean.invoices ORDER BY ALL"
        ).fetchall()
    return [f"{number} {name}" for number, name in found]


ALL_FIVE = ["1001 Ann Roe", "1001 Bob Fay", "1002 Ann Roe", "1002 Cy Dee", "1003 Cy Dee"]
LATER_ONES = ["1001 Bob Fay", "1002 Cy Dee", "1003 Cy Dee"]


def test_numbers_of_strangers_that_are_used_twice_are_one_question_with_its_rows(strangers):
    assert clients_of_invoices(strangers) == ALL_FIVE
    [row] = services.question_rows(strangers)
    assert (row["key"], row["kind"]) == ("same-number:invoices:client", "same number")
    assert row["rows"] == [f"invoices.csv:{line}" for line in (2, 3, 4, 5)]
    assert [c["effect"] for c in row["choices"]] == [
        "all are kept, as records of their own (2 numbers)",
        "2 records fewer; the earlier rows are left out",
    ]


def test_its_answer_counts_when_it_is_written_into_the_file_and_is_taken_back_there(strangers):
    clients_of_invoices(strangers)
    list_questions(strangers)
    path = strangers.decisions / "questions.csv"
    blank = path.read_text(encoding="utf-8-sig")
    word = "one record, the later row wins"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "answer": word, "by": "Eve"} for row in rows)
    assert clients_of_invoices(strangers) == LATER_ONES and services.questions(strangers) == []
    path.write_text(blank)
    assert clients_of_invoices(strangers) == ALL_FIVE
    assert [q.key for q in services.questions(strangers)] == ["same-number:invoices:client"]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("three records", "choose of: two records, one record, the later row wins"),
        ("", "the question is open again"),
        ("One record, the later row wins", "2 records fewer"),
    ],
)
def test_a_word_that_is_no_choice_is_refused_and_a_preview_changes_nothing(strangers, word, says):
    clients_of_invoices(strangers)
    key = "same-number:invoices:client"
    try:
        told = str(services.answer(strangers, key, word, preview=True).facts["would change"])
    except ValueError as error:
        told = str(error)
    assert says in told
    assert answers(strangers) == {} and clients_of_invoices(strangers) == ALL_FIVE
