"""A document that calls its client otherwise than the client's record keeps what it says."""

import pytest

from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows


@pytest.fixture
def con():
    return empty_warehouse()


def originals(con, key):
    return rows(con, f"SELECT originals FROM clean.invoices WHERE source_key = '{key}'")[0][0]


@pytest.mark.parametrize(
    ("on_document", "kept"),
    [
        ("Yoshie Hutchinson", {"client_name": "Yoshie Hutchinson"}),
        ("TEXTRON Properties, Inc.", None),
        ("Lee, Ánn", None),
        (None, None),
    ],
)
def test_only_another_name_is_kept(con, tmp_path, on_document, kept):
    add(con, "clients", "1", name="Textron Properties Inc", first_name="Ann", last_name="Lee")
    key = add(con, "invoices", "7", client_ref="1", client_name=on_document)
    related(con, tmp_path)
    assert originals(con, key) == kept
    related(con, tmp_path)
    assert originals(con, key) == kept, "the same on a second run"


def test_what_was_kept_before_stays(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee")
    key = add(con, "invoices", "7", client_ref="1", client_name="Ann Day", originals={"total": "?"})
    related(con, tmp_path)
    assert originals(con, key) == {"total": "?", "client_name": "Ann Day"}
