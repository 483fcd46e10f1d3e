"""Dagster resources: the project of this code location. Secrets stay in the environment."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from pydantic import Field

from flitstack_pipeline.settings import Project, Settings


class MigrationProject(dg.ConfigurableResource):
    """The data folder of one migration; the HighLevel account comes from the environment."""

    data: str = Field(
        default="", description="Data folder; empty means FLITSTACK_DATA, else `data/`."
    )

    def open(self) -> Project:
        """The project, with its folders made."""
        if not self.data:
            return Project.from_environment().prepare()
        settings = Settings()  # type: ignore[call-arg]
        return Project(Path(self.data).resolve(), settings).prepare()
