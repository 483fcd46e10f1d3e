"""Dagster resources: the project of this code location. Secrets stay in the environment."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from flitstack_pipeline.services.foreign_migrations import answer_others_by_name
from flitstack_pipeline.services.project_context import accounts_kept_open
from flitstack_pipeline.services.workflows import release_workflows
from flitstack_pipeline.settings import Project


class MigrationProject(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data folder of one migration; the HighLevel account comes from the environment."""

    data: str = Field(
        default="", description="Data folder; empty means FLITSTACK_DATA, else `data/`."
    )
    workflows_may_run: list[str] = Field(
        default=[],
        description="Names of published workflows that may run while records are created; each "
        "other one stops every load. Kept in the journal.",
    )
    workflows_checked_by: str = Field(
        default="",
        description="Your name says that you looked, in HighLevel, at the workflows the API does "
        "not list (those of custom objects, or all where the token may not read them).",
    )
    other_journal: str = Field(
        default="",
        description="For a sub-account that another journal migrated: `adopt` (that journal was "
        "lost, these are its exports) or `beside` (it is another workspace's). Empty: refused.",
    )
    _project: Project | None = PrivateAttr(default=None)
    _held: ExitStack | None = PrivateAttr(default=None)

    def open(self) -> Project:
        """The project, with its folders made; the same one for a whole run."""
        if self._project is None:
            if self.data:
                self._project = Project.of_home(Path(self.data).resolve())
            else:
                self._project = Project.from_environment()
            project = self._project.prepare()
            release_workflows(project, self.workflows_may_run, self.workflows_checked_by)
            answer_others_by_name(project, self.other_journal)
        return self._project.prepare()

    def hold_accounts(self) -> None:
        """Keep the accounts open to the end of the run: an embedded sandbox starts only once."""
        if self._held is None:
            with ExitStack() as stack:
                stack.enter_context(accounts_kept_open(self.open()))
                self._held = stack.pop_all()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Let go of the accounts at the end of a run."""
        if self._held is not None:
            self._held.close()
            self._held = None
