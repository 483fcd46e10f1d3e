"""A source column that map.yaml spells wrongly is named with the column that is meant."""

import pytest

from flitstack_pipeline.mapping.column_names import misspelt_columns
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, MapError
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline_tests.mapping.small import put, warehouse


def proposed():
    con = warehouse()
    put(con, "clients", "1", first_name="Ann", custom={"Roof Type": "Shingle", "Gate": "12"})
    return con, propose(con, None, None)


def test_a_proposed_map_has_no_mistake(tmp_path):
    con, document = proposed()
    document.save(tmp_path / "map.yaml")
    assert misspelt_columns(con, MapDocument.load(tmp_path / "map.yaml")) == []


def test_a_declared_column_spelt_wrongly_cannot_be_followed(tmp_path):
    _, document = proposed()
    document.save(tmp_path / "map.yaml")
    text = (tmp_path / "map.yaml").read_text()
    (tmp_path / "map.yaml").write_text(text.replace("source: email\n", "source: emial\n", 1))
    with pytest.raises(MapError, match="no export has a column 'emial'; did you mean email"):
        MapDocument.load(tmp_path / "map.yaml")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Rof Type", "no export has a column 'Rof Type'; did you mean custom:Roof Type?"),
        ("roof type", "no export has a column 'roof type'; did you mean custom:Roof Type?"),
        ("Warranty", None),  # an export of another time may have had it
        ("Roof Type", None),
    ],
)
def test_a_custom_column_is_misspelt_only_where_one_has_nearly_its_name(column, said):
    con, document = proposed()
    entry = FieldEntry(
        dataset="clients", source=f"custom:{column}", target="contact", field="Another"
    )
    document.fields = [entry]
    problems = misspelt_columns(con, document)
    assert problems == ([f"{entry.label}: {said}"] if said else [])
