"""A person's comments in map.yaml survive every writing of the map."""

import re

import pytest

from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline.mapping.yaml_form import counts_stand
from flitstack_pipeline.mapping.yaml_text import Comments, comments_of, dump, parse
from flitstack_pipeline_tests.mapping.small import put, warehouse


@pytest.fixture
def con():
    con = warehouse()
    put(con, "users", "7", name="Luis", email="luis@acme.example")
    for i, pipe in enumerate(["PVC", "pvc", "Copper"] * 4):
        put(con, "clients", str(i), name=f"Client {i}", custom={"Pipe": pipe, "Unit #": f"u{i}"})
    put(con, "jobs", "1", number="1", status_text="Parked")
    yield con
    con.close()


def after(text, line, added):
    """The text with a line added above the only line that begins so."""
    lines = text.split("\n")
    (at,) = [n for n, found in enumerate(lines) if found.strip().startswith(line)]
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    return "\n".join([*lines[:at], indent + added, *lines[at:]])


def beside(text, line, added):
    lines = text.split("\n")
    (at,) = [n for n, found in enumerate(lines) if found.strip().startswith(line)]
    return "\n".join([*lines[:at], f"{lines[at]}  {added}", *lines[at + 1 :]])


def commented(path):
    """Comments at an entry, a section, the ends of lines, a word, and the end of the file."""
    text = path.read_text()
    text = after(text, "- source: custom:Pipe", "# entry: asked Dana about pipes")
    text = after(text, "owners:", "# section: the team of 2024")
    text = beside(text, "duplicates: match", "# end of line: agreed on Monday")
    text = beside(text, "Parked: {", "# the yard's word")
    path.write_text(text + "# last: remember the roofers\n")


def above(path, comment):
    """The line below a comment."""
    lines = path.read_text().split("\n")
    return lines[lines.index(comment) + 1].strip()


def check_comments(path):
    text = path.read_text()
    assert above(path, "  # entry: asked Dana about pipes").startswith("- source: custom:Pipe")
    assert above(path, "# section: the team of 2024") == "owners:"
    assert re.search(r"^duplicates: match +# end of line: agreed on Monday$", text, re.M)
    assert re.search(r"^ +Parked: {.*} +# the yard's word$", text, re.M)
    assert text.endswith("# last: remember the roofers\n")
    for once in ("entry: asked", "section: the", "end of line:", "yard's", "last: remember"):
        assert text.count(once) == 1, once
    assert text.count("The map of this migration") == 1
    assert text.count("# Who confirmed, and when.") == 1


def test_comments_survive_proposing_again_confirming_and_answering(con, tmp_path):
    path = tmp_path / "map.yaml"
    propose(con).save(path)
    commented(path)
    put(con, "clients", "99", name="New", custom={"Pipe": "Lead", "Roof": "flat"})
    propose(con, MapDocument.load(path)).save(path)
    check_comments(path)
    document = MapDocument.load(path)
    document.confirm_all("Dana")
    document.save(path)
    check_comments(path)
    document.name_word("jobs", "Parked", "Dana", "On Hold, open")
    document.save(path)
    check_comments(path)
    before = path.read_text()
    MapDocument.load(path).save(path)
    assert path.read_text() == before


def test_a_comment_whose_entry_has_gone_stands_with_what_is_around_it(con, tmp_path):
    path = tmp_path / "map.yaml"
    document = propose(con)
    document.save(path)
    commented(path)
    document.fields = [e for e in document.fields if e.source != "custom:Pipe"]
    document.save(path)
    assert above(path, "  # entry: asked Dana about pipes") == "clients:"


def test_a_sign_in_a_value_is_no_comment_and_one_beside_it_is():
    text = 'a:\n  "b # c": "d # e"  # seen\n  f: [g, "# h"]\n  # inner\nz: 1\n'
    found = comments_of(text, lambda comment: False)
    assert found.beside == {("a", "b # c"): "seen"}
    assert found.above == {("a", "f"): ["inner"]}  # further in than what is below


def test_what_is_written_with_comments_reads_back_as_data_and_as_comments():
    data = {"one": {"x": "#", "y": ["- a", "b"]}, "list": [{"source": "s", "n": "1"}]}
    kept = Comments(
        {("one", "x"): ["first", "second"], ("list", ("s", "", "")): ["an item"]},
        {("one",): "beside", ("list", ("s", "", ""), "n"): "number"},
        ["after all"],
    )
    text = dump(data, "head", {("one",): "ours"}, kept)
    assert parse(text) == data
    assert comments_of(text, {"head", "ours"}.__contains__) == kept


def test_the_counts_in_the_comments_stand_until_somebody_decides_by_hand(con, tmp_path):
    path = tmp_path / "map.yaml"
    document = propose(con)
    document.save(path)
    assert counts_stand(document, path)
    wanted = next(e for e in document.fields if e.required and e.status == "proposed")
    before, entry, after = path.read_text().partition(f"- source: {wanted.source}\n")
    path.write_text(before + entry + after.replace("  status: proposed", "  status: confirmed", 1))
    assert not counts_stand(MapDocument.load(path), path)
