"""What is wrong with the exports shuts the gate until a person has settled each point."""

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.settings import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "data"))
    found = Project.from_environment().prepare()
    (found.exports / "clients.csv").write_text("Client ID,Client Name,Email\n1,Ann Lee,\n")
    (found.exports / "odd.csv").write_text("Colour,Size\nred,4\n")
    (found.exports / "photo list.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    stage(found.exports, [], expected_counts={"clients": 2})
    return found


def read(project):
    services.read_object(project, "clients")
    services.clean_object(project, "clients")


def shut(project):
    names = ("what stays behind is acknowledged", "on-screen counts explained",
             "no open question about the exports")  # fmt: skip
    found = {c["condition"]: c for c in services.gate_conditions(project)}
    return {name: found[name]["what_to_do"] for name in names if not found[name]["ok"]}


def test_a_refused_file_a_missing_client_and_an_odd_file_shut_the_gate_until_settled(project):
    read(project)
    reasons = shut(project)
    assert "photo list.xls" in reasons["what stays behind is acknowledged"]
    assert "2 on screen, 1 distinct" in reasons["on-screen counts explained"]
    assert "odd.csv" in reasons["no open question about the exports"]

    services.answer(project, "file:odd.csv", "nothing")
    services.explain_count(project, "Clients", "one is archived", "Dana")
    services.acknowledge(project, "photo list.xls", "Dana")
    read(project)
    assert shut(project) == {}


def test_a_refused_file_that_holds_nothing_to_migrate_may_be_left_out_by_an_answer(project):
    read(project)
    services.answer(project, "file:photo list.xls", "nothing")
    read(project)
    assert "what stays behind is acknowledged" not in shut(project)


def test_an_acknowledgement_needs_a_name_and_something_to_acknowledge(project):
    read(project)
    with pytest.raises(ValueError, match="name of the person"):
        services.acknowledge(project, "all", " ")
    with pytest.raises(ValueError, match="waiting: refused_file"):
        services.acknowledge(project, "not_an_amount", "Dana")


def test_another_content_of_the_refused_file_opens_the_matter_again(project):
    read(project)
    services.acknowledge(project, "all", "Dana")
    assert "what stays behind is acknowledged" not in shut(project)
    (project.exports / "photo list.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\1" * 600)
    read(project)
    assert "photo list.xls" in shut(project)["what stays behind is acknowledged"]


def test_an_answer_to_no_question_is_refused(project):
    with pytest.raises(ValueError, match="no question"):
        services.answer(project, "colour", "red")
    with pytest.raises(ValueError, match="is no answer to"):
        services.answer(project, "dates:*", "sometimes")


def left(project):
    """FILE[:LINE] and rule of what waits for a person."""
    behind = [b for b in services.left_behind(project) if not b.by]
    return sorted((b.item.place, b.item.rule) for b in behind if b.item.rule != "not_moved")


def test_what_strangers_left_in_their_folder_waits_place_by_place(project):
    """A row that fits no header, an amount in words, a client nobody knows, papers."""
    (project.exports / "odd.csv").unlink()
    (project.exports / "photo list.xls").unlink()
    (project.exports / "jobs.csv").write_text(
        "Job #,Title,Client ID,Status,Amount,Start Date\n"
        "1,Roof,1,New,100.00,01/15/2024\n"
        "2,Deck,1,New,as agreed,01/16/2024\n"
        "3,Shed,77,New,30.00,01/17/2024\n"
        "4,Gate,of,the,yard,1,New,40.00,01/18/2024\n"
        "5,Wall,1,New,50.00,01/19/2024\n"
    )
    (project.exports / "plan.pdf").write_bytes(b"%PDF-1.7\n")
    (project.exports / "crew.numbers").mkdir()
    services.read_object(project, "clients")
    services.clean_object(project, "clients")
    services.read_object(project, "jobs")
    services.clean_object(project, "jobs")
    services.relate(project)
    assert left(project) == [
        ("crew.numbers", "refused_file"), ("jobs.csv:3", "not_an_amount"), ("jobs.csv:4", "orphan"),
        ("jobs.csv:5", "row_does_not_fit"), ("plan.pdf", "refused_file"),
    ]  # fmt: skip
    assert "what stays behind is acknowledged" in shut(project)

    services.acknowledge(project, "jobs.csv:3", "Dana")
    services.acknowledge(project, "plan.pdf", "Dana")
    assert [place for place, _ in left(project)] == ["crew.numbers", "jobs.csv:4", "jobs.csv:5"]
    services.acknowledge(project, services.ROWS, "Dana")
    assert [place for place, _ in left(project)] == ["crew.numbers"], "a file only by its name"
    services.acknowledge(project, "crew.numbers", "Dana")
    assert left(project) == [] and "what stays behind is acknowledged" not in shut(project)

    text = (project.exports / "jobs.csv").read_text()
    (project.exports / "jobs.csv").write_text(text.replace("as agreed", "see the letter"))
    services.read_object(project, "jobs")
    services.clean_object(project, "jobs")
    services.relate(project)
    assert left(project) == [("jobs.csv:3", "not_an_amount")], "the others say what they said"
