"""What is wrong with the exports shuts the gate until a person has settled each point."""

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.contractor_plus.staging import stage
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
