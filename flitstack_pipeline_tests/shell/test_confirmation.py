"""A person confirms the map they read, and no other."""

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline_tests.shell.conftest import refusal
from flitstack_pipeline_tests.shell.homes import flitstack

CLIENTS = "Client ID,Client Name,Email\nC-1,Ann Lee,ann@example.com\n"


@pytest.fixture
def proposed(project, monkeypatch):
    """A map of one client, proposed."""
    monkeypatch.setenv("FLITSTACK_MEMORY", "off")
    (project.exports / "clients.csv").write_text(CLIENTS)
    services.run_audit(project)
    services.propose_map(project)
    return project


def now(project):
    return MapDocument.load(project.map_path).fingerprint


def test_only_the_map_that_was_read_is_confirmed(proposed, press):
    def confirm(fingerprint):
        return press("map_confirmation", confirmed_by="Ann", fingerprint=fingerprint)

    read = now(proposed)
    for wrong in ("", read[:7], "0123456789ab"):
        assert f"The map is {read[:12]} now" in refusal(confirm(wrong))
    text = proposed.map_path.read_text()
    proposed.map_path.write_text(text.replace("estimate_lines: records", "estimate_lines: compact"))
    assert now(proposed) != read
    assert "Read it again" in refusal(confirm(read[:12])), "somebody edited it meanwhile"
    proposed.map_path.write_text(text)

    (proposed.exports / "clients_2.csv").write_text(CLIENTS.replace("C-1,Ann Lee", "C-2,Bo Diaz"))
    services.run_audit(proposed)
    said = refusal(confirm(read[:12]))
    assert "Launch the job 02_propose_map" in said, "the new client was not looked at"
    assert services.unconfirmed_entries(proposed)
    services.propose_map(proposed)

    result = confirm(now(proposed)[:12])
    assert result.success and services.unconfirmed_entries(proposed) == []
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["by"].value == "Ann"


def test_the_command_confirms_the_map_as_it_is_and_prints_its_fingerprint(proposed):
    code, said, _ = flitstack("map", "confirm", "Ann")
    assert code == 0 and f"fingerprint: {now(proposed)[:12]}" in said
