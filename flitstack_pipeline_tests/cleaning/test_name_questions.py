"""Names of patterns that firms and people share: asked once a pattern, read as answered."""

import duckdb
import pytest

from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS

ROWS = [
    "1,Smith & Wesson,,a1@mailbox.net,",
    "2,Kowalski and Meyer,,a2@mailbox.net,",
    "3,Nowak & Braun,,a3@mailbox.net,",
    "4,Adler & Vogel,,a4@mailbox.net,",
    "5,Kessler Plaza,,a5@mailbox.net,",
    "6,Lorenz & Weber,Lorenz & Weber,a6@mailbox.net,",
    "7,Hahn & Bauer,,a7@mailbox.net,hahnbauer.com",
    "8,Ann & Bob Lee,,a8@mailbox.net,",
    "9,Amy Flowers,,a9@mailbox.net,",
    "10,Smith & Sons,,a10@mailbox.net,",
]


@pytest.fixture
def cleaned(tmp_path):
    header = "Client ID,Client Name,Business Name,Email,Website"
    (tmp_path / "clients.csv").write_text("\n".join([header, *ROWS]) + "\n")
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_object(con, tmp_path, "clients")

        def clean(**answers):
            given = {f"names:{pattern}": word for pattern, word in answers.items()}
            context = CleanContext(exports=tmp_path, answers=given)
            questions = clean_object(con, "clients", context).questions
            rows = con.execute(
                "SELECT source_id, first_name, last_name, business_name FROM clean.clients"
            ).fetchall()
            return questions, {number: rest for number, *rest in rows}

        yield clean


def test_each_pattern_is_asked_once_with_three_names_read_either_way(cleaned):
    questions, _ = cleaned()
    assert [q.key for q in questions] == ["names:joined", "names:trade"]
    joined, trade = questions
    assert "4 clients" in joined.text and "1 clients" in trade.text
    assert joined.evidence == (
        "'Adler & Vogel': a firm, or first name 'Adler & Vogel'",
        "'Kowalski and Meyer': a firm, or first name 'Kowalski and Meyer'",
        "'Nowak & Braun': a firm, or first name 'Nowak & Braun'",
    )
    assert trade.evidence == (
        "'Kessler Plaza': a firm, or first name 'Kessler', last name 'Plaza'",
    )
    assert [c.word for c in joined.choices] == ["firms", "people"]


def test_names_are_read_as_answered_and_not_asked_again(cleaned):
    questions, rows = cleaned(joined="people", trade="firms")
    assert questions == []
    assert rows["1"] == ["Smith & Wesson", None, None]
    assert rows["5"] == [None, None, "Kessler Plaza"]
    questions, rows = cleaned(joined="firms", trade="people")
    assert questions == []
    assert rows["1"] == [None, None, "Smith & Wesson"]
    assert rows["5"] == ["Kessler", "Plaza", None]


def test_what_other_columns_or_the_name_itself_tell_is_not_asked(cleaned):
    _, rows = cleaned(joined="people", trade="people")
    assert rows["6"][2] == "Lorenz & Weber"
    assert rows["8"] == ["Ann & Bob", "Lee", None]
    assert rows["9"] == ["Amy", "Flowers", None]
    assert rows["10"] == [None, None, "Smith & Sons"]


def questions_and_rows(folder, rows, answers):
    questions, found = asked_and_rows(folder, rows, answers)
    return [q.key for q in questions], found


def asked_and_rows(folder, rows, answers):
    header = "Client ID,Client Name,Business Name,Email,Website"
    (folder / "clients.csv").write_text("\n".join([header, *rows]) + "\n")
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_object(con, folder, "clients")
        context = CleanContext(exports=folder, answers=answers)
        questions = clean_object(con, "clients", context).questions
        found = con.execute(
            "SELECT source_id, first_name, last_name, business_name, business_evidence "
            "FROM clean.clients"
        ).fetchall()
    return questions, {number: rest for number, *rest in found}


def test_a_name_that_is_the_domain_of_its_e_mail_is_a_firms_and_not_asked(tmp_path):
    rows = [
        "1,Kessler Plaza,,desk@kesslerplaza.com,",
        "2,Adler & Vogel,,info@adlervogel.co.uk,",
        "3,Braun Plaza,,braun.plaza@mailbox.net,",
    ]
    asked, found = questions_and_rows(tmp_path, rows, {})
    assert asked == ["names:trade"]
    own = "the e-mail has its name as domain"
    assert found["1"] == [None, None, "Kessler Plaza", own]
    assert found["2"] == [None, None, "Adler & Vogel", own]
    assert found["3"][:3] == ["Braun", "Plaza", None]


def test_who_writes_people_last_name_first_writes_firms_without_a_comma(tmp_path):
    people = [f'{n},"Bak{chr(87 + n)}r, Ann",,p{n}@mailbox.net,' for n in range(10, 36)]
    doubtful = ["1,Kessler Plaza,,a@mailbox.net,", '2,"Plaza, Ulf",,b@mailbox.net,']
    asked, found = questions_and_rows(tmp_path, [*people, *doubtful], {})
    assert asked == []
    assert found["1"][:3] == [None, None, "Kessler Plaza"]
    assert found["2"][:3] == ["Ulf", "Plaza", None]
    (tmp_path / "clients.csv").unlink()
    asked, found = questions_and_rows(tmp_path, doubtful, {})
    assert asked == ["names:trade"]
    assert found["1"][:3] == ["Kessler", "Plaza", None]


def test_names_that_may_begin_with_the_family_name_are_asked_about_once(tmp_path):
    rows = [
        "1,Le Minh Tuan,,a1@leminhtuan.com,",
        "2,Nguyen Tran,,a2@mailbox.net,",
        "3,Nguyen Van Minh,,a3@mailbox.net,",
        "4,Minh Nguyen,,a4@mailbox.net,",
    ]
    questions, _ = asked_and_rows(tmp_path, rows, {})
    [question] = questions
    assert question.key == "names:order"
    assert [choice.word for choice in question.choices] == ["family name first", "given name first"]
    assert question.evidence == (
        "'Le Minh Tuan': first name 'Minh Tuan', last name 'Le', "
        "or first name 'Le Minh', last name 'Tuan'",
        "'Nguyen Tran': first name 'Tran', last name 'Nguyen', "
        "or first name 'Nguyen', last name 'Tran'",
    )
    answer = {"names:order": "family name first"}
    questions, found = asked_and_rows(tmp_path, rows, answer)
    assert questions == []
    assert {number: (first, last) for number, (first, last, *_) in found.items()} == {
        "1": ("Minh Tuan", "Le"), "2": ("Tran", "Nguyen"), "3": ("Van Minh", "Nguyen"),
        "4": ("Minh", "Nguyen"),
    }  # fmt: skip
