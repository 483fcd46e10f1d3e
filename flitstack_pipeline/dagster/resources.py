"""Dagster resources: the project of the run's migration. Secrets are no config of it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from flitstack_pipeline.dagster.failures import readable
from flitstack_pipeline.dagster.partitions import migration_in
from flitstack_pipeline.home_lease import working_on
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.migrations import ALONE, folder, store_url
from flitstack_pipeline.services.foreign_migrations import answer_others_by_name
from flitstack_pipeline.services.project_context import accounts_kept_open
from flitstack_pipeline.services.workflows import release_workflows
from flitstack_pipeline.settings import Project


class MigrationProject(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The home of the run's migration, and what its launchpad says of it."""

    data: str = Field(
        default="",
        description="Data folder of the migration main; empty means FLITSTACK_DATA, else `data/`.",
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
    _migration: str = PrivateAttr(default="")
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)
    _holds_accounts: bool = PrivateAttr(default=False)

    def here(self, context: Any) -> Project:
        """The project of the run's migration; the first line of every body.

        Raises Failure, readable, for a run of no migration, of several, and of one that is none.
        """
        with readable("The run", ""):
            return self.open(migration_of(context))

    def open(self, migration: str = ALONE) -> Project:
        """The project of a migration, with its folders made; the same one for a whole run.

        Raises BadInput for one that is not in the registry, Refused for a second one.
        """
        if self._project is None:
            if self.data and migration == ALONE:
                self._project = Project.of_home(Path(self.data).resolve())
            else:
                self._project = self._of_the_registry(migration)
            self._migration = migration
            project = self._project.prepare()
            release_workflows(project, self.workflows_may_run, self.workflows_checked_by)
            answer_others_by_name(project, self.other_journal)
        if migration != self._migration:
            raise Refused("The run", [f"It is of {self._migration}, and opens no other home."])
        return self._project.prepare()

    def _of_the_registry(self, migration: str) -> Project:
        """The project; a home of an object store is worked on, and put back at the run's end."""
        project = Project.named(migration)
        if store_url() is not None:
            self._held.enter_context(working_on(migration))
        return project

    def hold_accounts(self, project: Project) -> None:
        """Keep the accounts open to the end of the run: an embedded sandbox starts only once."""
        if not self._holds_accounts:
            self._held.enter_context(accounts_kept_open(project))
            self._holds_accounts = True

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Let go of accounts and home at the end of a run."""
        self._held.close()


def migration_of(context: Any) -> str:
    """Whose run it is. Raises Refused for several, and for none where there are several.

    Dagster launches a job for whatever partition it is told, and without one.
    """
    keys = partitions_in(context)
    named = sorted({migration_in(key) for key in keys})
    if not named and folder() is None:
        return ALONE
    if len(named) != 1:
        what = f"several migrations ({', '.join(named)})" if named else "no migration"
        raise Refused("The run", [f"It is of {what}: launch it for one, as its partition."])
    return named[0]


def partitions_in(context: Any) -> list[str]:
    """The partitions of a run: one, those of a range, or none."""
    if context.has_partition_key:
        return [context.partition_key]
    if getattr(context, "has_partition_key_range", False):
        return list(context.partition_keys)
    return []
