import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, MapError, ValueMap
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline_tests.mapping.small import put, warehouse


@pytest.fixture
def con():
    con = warehouse()
    put(con, "users", "7", name="Luis", email="luis@acme.example")
    for i, pipe in enumerate(["PVC", "pvc", "Copper"] * 4):
        put(
            con, "clients", str(i), name=f"Client {i}",
            custom={"Pipe": pipe, "Visited": f"2024-0{i % 9 + 1}-03", "Pets": "x" if i else "no"},
        )  # fmt: skip
    put(con, "jobs", "1", number="1", status_text="Parked")
    yield con
    con.close()


def entry(document, source):
    return next(e for e in document.fields if e.source == source)


def test_a_name_the_map_does_not_know_is_refused_with_its_line_and_the_likely_one(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text(
        "version: 1\nfields:\n  clinets: []\nduplicate: ask\nlinks:\n  invoices.contct: stop\n"
        "routing:\n  default: main\n  rule: []\ncolour: blue\n"
    )
    with pytest.raises(MapError) as error:
        MapDocument.load(path)
    assert str(error.value).split("\n")[0] == f"{path} cannot be followed:"
    told = str(error.value).split("\n")[1:]
    assert [line.partition("; known are")[0] for line in told] == [
        "- line 4: the map knows no 'duplicate'; did you mean duplicates?",
        "- line 10: the map knows no 'colour'",
        "- line 3: fields knows no 'clinets'; did you mean clients?",
        "- line 6: links knows no 'invoices.contct'; did you mean invoices.contact?",
        "- line 9: routing knows no 'rule'; did you mean rules?",
    ]


def test_a_saved_map_reads_back_the_same_and_explains_itself(con, tmp_path):
    document = propose(con)
    path = tmp_path / "map.yaml"
    document.save(path)
    assert MapDocument.load(path) == document
    text = path.read_text()
    assert "# The map of this migration" in text and "# clients:" in text
    assert path.stat().st_mode & 0o077 == 0


def test_the_fingerprint_follows_decisions_not_bytes(con, tmp_path):
    document = propose(con)
    before = document.fingerprint
    path = tmp_path / "map.yaml"
    document.save(path)
    path.write_text("# another comment\n" + path.read_text())
    assert MapDocument.load(path).fingerprint == before
    document.fields[0].evidence = "other words"
    assert document.fingerprint == before
    document.fields[0].status = "excluded"
    assert document.fingerprint != before


def test_custom_columns_are_proposed_by_what_they_hold(con):
    document = propose(con)
    assert entry(document, "custom:Pipe").data_type == "SINGLE_OPTIONS"
    assert document.values["clients.custom:Pipe"].map["pvc"] == "PVC"
    assert entry(document, "custom:Visited").transform == "date"
    assert entry(document, "custom:Pets").transform == "yes_no"


def test_an_existing_field_of_the_same_name_and_type_is_used(con):
    existing = {"contact": [{"name": "Pipe", "dataType": "SINGLE_OPTIONS", "options": ["P.V.C"]}]}
    document = propose(con, None, existing)
    assert "the sub-account has 'Pipe'" in entry(document, "custom:Pipe").evidence


def test_an_existing_field_of_another_type_is_left_alone(con):
    existing = {"contact": [{"name": "Pipe", "dataType": "DATE", "options": []}]}
    found = entry(propose(con, None, existing), "custom:Pipe")
    assert found.field == "Pipe (Contractor+)"
    assert "would lose values" in found.evidence


def test_unknown_status_words_are_named_and_wait_for_a_person(con):
    document = propose(con)
    assert "Parked" in document.stages["jobs"].map
    assert document.confirm_all("Dana", above=0.95)
    document.confirm_all("Dana")
    (left,) = document.unconfirmed()
    assert left.startswith("stages of jobs: 'Parked' is a status nobody declared")
    assert "sounds like 'On hold'" in left and '--word "jobs: Parked"' in left
    document.name_word("jobs", "parked", "Dana")
    assert document.unconfirmed() == []
    assert document.stages["jobs"].named == {"Parked": "Dana"}
    document.confirm_all("Dana")
    assert document.unconfirmed() == []


def test_unconfirming_one_entry_names_it(con):
    document = propose(con)
    document.confirm_all("Dana")
    document.name_word("jobs", "Parked", "Dana")
    entry(document, "custom:Pipe").status = "proposed"
    assert document.unconfirmed() == ["clients.custom:Pipe → contact.Pipe"]


def test_a_confirmation_needs_a_name(con):
    with pytest.raises(MapError, match="name"):
        propose(con).confirm_all(" ")


def test_proposing_again_keeps_decisions_and_marks_what_changed(con):
    document = propose(con)
    document.confirm_all("Dana")
    document.name_word("jobs", "Parked", "Dana")
    pipe = entry(document, "custom:Pipe")
    pipe.field = "Pipe material"
    document.values["clients.custom:Pipe"].map["PVC"] = "Plastic"
    again = propose(con, document)
    assert again.fingerprint == document.fingerprint and again.unconfirmed() == []
    put(con, "clients", "99", name="New", custom={"Pipe": "Lead", "Roof": "flat"})
    third = propose(con, again)
    assert entry(third, "custom:Pipe").field == "Pipe material"
    assert third.values["clients.custom:Pipe"].map["PVC"] == "Plastic"
    assert third.values["clients.custom:Pipe"].changed == "new since: Lead"
    assert set(third.unconfirmed()) == {
        "clients.custom:Roof → contact.Roof", "values of clients.custom:Pipe",
    }  # fmt: skip


def test_a_map_that_cannot_be_followed_names_every_mistake(con, tmp_path):
    document = propose(con)
    document.fields[0].transform = "magic"
    document.fields[1].status = "maybe"
    document.duplicates = "guess"
    document.stages["jobs"].map["new"] = {"stage": "Nowhere", "status": "open"}
    document.save(tmp_path / "map.yaml")
    with pytest.raises(MapError) as error:
        MapDocument.load(tmp_path / "map.yaml")
    for word in ("magic", "maybe", "guess", "Nowhere"):
        assert word in str(error.value)


WORD = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


@given(st.dictionaries(WORD, WORD, max_size=8), st.lists(WORD, max_size=4))
@example(
    {"Yes": "No", "null": "~", "007": "1e3", "a: b": "# no", "- x": "{y}", " ": "\x00\x85"}, []
)
def test_any_word_is_written_and_read_back_as_it_is(words, options):
    document = MapDocument(
        fields=[FieldEntry(dataset="clients", source="custom:X", target="contact", field="X",
                           options=options, evidence="; ".join(options))],
        values={f"clients.custom:{word}": ValueMap(map=words, hints=words) for word in words},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.yaml"
        document.save(path)
        assert MapDocument.load(path) == document


def test_a_word_that_stands_twice_is_a_mistake_with_its_line(con, tmp_path):
    path = tmp_path / "map.yaml"
    propose(con).save(path)
    path.write_text(path.read_text() + "duplicates: ask\n")
    with pytest.raises(MapError, match="'duplicates' stands twice"):
        MapDocument.load(path)


def test_one_changed_decision_is_one_changed_line(con, tmp_path):
    document = propose(con)
    document.save(tmp_path / "a.yaml")
    document.stages["jobs"].map["Parked"] = {"stage": "Scheduled", "status": "open"}
    document.save(tmp_path / "b.yaml")
    before, after = ((tmp_path / name).read_text().splitlines() for name in ("a.yaml", "b.yaml"))
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_every_unknown_word_waits_for_a_person_by_itself(con):
    put(con, "jobs", "2", number="2", status_text="Zzyzx")
    put(con, "jobs", "3", number="3", status="completed", status_text="Completed")
    document = propose(con)
    assert document.pipeline == [
        "New", "Scheduled", "In Progress", "On Hold", "Parked", "Zzyzx", "Completed", "Cancelled",
    ]  # fmt: skip
    stages = document.stages["jobs"]
    assert stages.map["Parked"] == {"stage": "Parked", "status": "open"}
    document.confirm_all("Dana")
    document.name_word("jobs", "Zzyzx", "Dana", "completed, won")
    assert stages.map["Zzyzx"] == {"stage": "Completed", "status": "won"}
    assert [u.split(" is ")[0] for u in document.unconfirmed()] == ["stages of jobs: 'Parked'"]
    with pytest.raises(MapError, match="no stage and status"):
        document.name_word("jobs", "Parked", "Dana", "Nowhere")
    with pytest.raises(MapError, match="no status 'Lost'"):
        document.name_word("jobs", "Lost", "Dana")


def test_a_word_named_once_stays_named_when_the_map_is_proposed_again(con):
    document = propose(con)
    document.confirm_all("Dana")
    document.name_word("jobs", "Parked", "Dana", "On Hold, open")
    put(con, "jobs", "2", number="2", status_text="Zzyzx")
    again = propose(con, document)
    stages = again.stages["jobs"]
    assert stages.map["Parked"] == {"stage": "On Hold", "status": "open"}
    assert (stages.open, stages.status) == (["Zzyzx"], "confirmed")
    assert "Zzyzx" in again.pipeline


def test_every_link_has_a_policy_and_a_placeholder_is_only_for_contacts(tmp_path):
    path = tmp_path / "map.yaml"
    MapDocument().save(path)
    document = MapDocument.load(path)
    assert document.links["jobs.contact"] == "skip"
    before = document.fingerprint
    document.links["jobs.contact"] = "stop"
    assert document.fingerprint != before
    document.save(path)
    assert MapDocument.load(path).links["jobs.contact"] == "stop"
    document.links |= {"invoices.opportunity": "stub", "jobs.contact": "maybe"}
    document.save(path)
    with pytest.raises(MapError, match="only a contact can have a placeholder") as error:
        MapDocument.load(path)
    assert "'maybe' is none of skip, stub, stop" in str(error.value)


def test_a_word_that_ends_in_a_new_line_keeps_it(tmp_path):
    entry = FieldEntry(
        dataset="clients", source="custom:X", target="contact", field="X", options=["A\n", "B"]
    )
    MapDocument(fields=[entry]).save(tmp_path / "map.yaml")
    assert MapDocument.load(tmp_path / "map.yaml").fields[0].options == ["A\n", "B"]
