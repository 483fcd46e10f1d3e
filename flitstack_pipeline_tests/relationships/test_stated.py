"""What a document states stays with it, where its links go elsewhere or nowhere."""

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
def test_only_another_name_of_the_client_is_kept(con, tmp_path, on_document, kept):
    add(con, "clients", "1", name="Textron Properties Inc", first_name="Ann", last_name="Lee")
    key = add(con, "invoices", "7", client_ref="1", client_name=on_document)
    related(con, tmp_path)
    assert originals(con, key) == kept
    related(con, tmp_path)
    assert originals(con, key) == kept, "the same on a second run"


def test_what_was_kept_before_stays(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee")
    given = {"client_ref": "1", "client_name": "Ann Day", "originals": {"total": "?"}}
    key = add(con, "invoices", "7", **given)
    related(con, tmp_path)
    assert originals(con, key) == {"total": "?", "client_name": "Ann Day"}


def test_the_number_of_a_job_no_export_holds_and_a_client_nobody_knows_are_kept(con, tmp_path):
    key = add(con, "invoices", "7", client_name="Walk-in", job_refs=["99999"])
    related(con, tmp_path)
    assert originals(con, key)["client_name"] == "Walk-in"
    assert "client" not in originals(con, key)
    assert originals(con, key)["job"] == "99999"
