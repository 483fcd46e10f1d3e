"""A map is proposed from what the exports hold, so they must have been read."""

import pytest

from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.services.field_map import propose_map
from flitstack_pipeline.settings import Project, Settings


def test_exports_that_nobody_read_are_no_ground_for_a_map(tmp_path):
    project = Project(tmp_path, Settings(FLITSTACK_DATA=tmp_path)).prepare()
    (project.exports / "clients.csv").write_text("Client ID,Client Name,Email\n1,Ann,a@b.co\n")
    with pytest.raises(Refused, match="flitstack audit"):
        propose_map(project)
    assert not project.map_path.exists()
