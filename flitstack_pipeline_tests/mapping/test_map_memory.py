"""What people confirmed in earlier maps lifts the next proposal, and says so."""

import pytest

from flitstack_pipeline.mapping.memory import Memory
from flitstack_pipeline.mapping.propose import Surroundings, propose
from flitstack_pipeline_tests.mapping.small import put, warehouse


@pytest.fixture
def con():
    con = warehouse()
    for i, pipe in enumerate(["PVC", "Copper", "Galv"] * 4):
        put(con, "clients", str(i), name=f"C {i}", custom={"Pipe Mat.": pipe, "Junk": f"j{i}"})
    put(con, "jobs", "1", number="1", status_text="Zzyzx")
    yield con
    con.close()


def entry(document, source):
    return next(e for e in document.fields if e.source == source)


@pytest.fixture
def memory(con):
    document = propose(con)
    entry(document, "custom:Pipe Mat.").field = "Pipe material"
    document.values["clients.custom:Pipe Mat."].map["Galv"] = "Galvanised steel"
    document.name_word("jobs", "Zzyzx", "Dana", "On Hold, open")
    entry(document, "custom:Junk").status = "excluded"
    entry(document, "custom:Junk").decided_by = "Dana"
    document.confirm_all("Dana")
    found = Memory()
    found.remember(document, "first")
    return found


def test_confirmed_choices_lift_the_next_proposal(con, memory):
    document = propose(con, None, None, Surroundings(memory=memory))
    pipe = entry(document, "custom:Pipe Mat.")
    assert pipe.field == "Pipe material" and pipe.confidence >= 0.95
    assert "confirmed as 'Pipe material' once before" in pipe.evidence
    assert pipe.status == "proposed"
    assert document.values["clients.custom:Pipe Mat."].map["Galv"] == "Galvanised steel"
    assert document.stages["jobs"].map["Zzyzx"]["stage"] == "On Hold"
    assert document.stages["jobs"].open == []  # confirmed earlier counts as sure
    assert "left out once before" in entry(document, "custom:Junk").evidence


def test_a_choice_counts_once_for_each_migration_and_is_forgotten_when_taken_back(con, memory):
    document = propose(con)
    document.confirm_all("Dana")
    memory.remember(document, "first")
    assert memory.choice("contact", "pipe mat.")[0] == "Pipe Mat."
    memory.remember(document, "second")
    memory.remember(document, "second")
    assert memory.choice("contact", "Pipe  Mat.")[2] == 2


def test_it_is_kept_for_its_owner_only_and_read_back(memory, tmp_path):
    path = tmp_path / "deep" / "memory.json"
    memory.save(path)
    assert Memory.load(path).choices == memory.choices
    assert path.stat().st_mode & 0o077 == 0 and path.parent.stat().st_mode & 0o077 == 0
    assert "j0" not in path.read_text()


def test_a_damaged_memory_is_told_and_not_used(tmp_path):
    path = tmp_path / "memory.json"
    path.write_text('{"choices": [{"kind": 3}]}')
    found = Memory.load(path)
    assert found.choices == {} and str(path) in found.problem
    assert Memory.load(None).problem == "" and Memory.load(tmp_path / "none").choices == {}


def test_it_knows_what_an_existing_field_was_used_for(con, memory):
    existing = {"contact": [{"name": "Pipe material", "dataType": "TEXT", "options": []}]}
    document = propose(con, None, None, Surroundings(existing, memory))
    pipe = entry(document, "custom:Pipe Mat.")
    assert pipe.field == "Pipe material" and "confirmed 1 time before" in pipe.evidence
