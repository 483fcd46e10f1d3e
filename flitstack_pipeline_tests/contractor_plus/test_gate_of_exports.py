"""What is wrong with the exports shuts the gate until a person has settled each point."""

import pytest

from flitstack_pipeline import steps
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
    steps.read_object(project, "clients")
    steps.clean_object(project, "clients")


def shut(project):
    names = ("every row accounted for", "on-screen counts explained",
             "no open question about the exports")  # fmt: skip
    found = {c["condition"]: c for c in steps.gate_conditions(project)}
    return {name: found[name]["what_to_do"] for name in names if not found[name]["ok"]}


def test_a_refused_file_a_missing_client_and_an_odd_file_shut_the_gate_until_settled(project):
    read(project)
    reasons = shut(project)
    assert "photo list.xls" in reasons["every row accounted for"]
    assert "2 on screen, 1 distinct" in reasons["on-screen counts explained"]
    assert "odd.csv" in reasons["no open question about the exports"]

    steps.answer(project, "file:odd.csv", "nothing")
    steps.answer(project, "file:photo list.xls", "nothing")
    steps.explain_count(project, "Clients", "one is archived", "Dana")
    read(project)
    rest = shut(project)
    assert "photo list.xls" not in rest.get("every row accounted for", "")
    assert not rest.keys() & {"on-screen counts explained", "no open question about the exports"}


def test_an_answer_to_no_question_is_refused(project):
    with pytest.raises(ValueError, match="no question"):
        steps.answer(project, "colour", "red")
    with pytest.raises(ValueError, match="is no answer to"):
        steps.answer(project, "dates:*", "sometimes")
