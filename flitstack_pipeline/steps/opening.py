"""Opens what a step needs: the journal, the account, its catalogue, the map document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flitstack_pipeline.destination import SANDBOX_LOCATION, Destination, open_destination
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration.catalog import Catalog, build_catalog
from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.kinds.base import LoadOptions
from flitstack_pipeline.migration.users import match_users
from flitstack_pipeline.settings import Project

Log = Callable[[str], None]


def silent(message: str) -> None:
    """Nobody listens."""


@contextmanager
def open_journal(project: Project) -> Iterator[Journal]:
    """The journal of this migration, closed with the block."""
    with Journal(project.journal_url) as journal:
        yield journal


@contextmanager
def open_account(project: Project) -> Iterator[tuple[Journal, Destination]]:
    """The journal and the account it writes to, closed with the block."""
    with open_journal(project) as journal, open_destination(project, journal.engine) as destination:
        yield journal, destination


@contextmanager
def account_kept_open(project: Project) -> Iterator[Destination]:
    """One account for several steps: an embedded sandbox starts once and is reused inside.

    Open it after the exports are cleaned: a new sandbox is seeded with their team.
    """
    with open_account(project) as (_, destination):
        yield destination


def location_of(project: Project) -> str:
    """Id of the sub-account this migration writes to."""
    return project.settings.location_id or SANDBOX_LOCATION


def map_document(project: Project) -> MapDocument | None:
    """The map document, or None before the first proposal."""
    return MapDocument.load(project.map_path) if project.map_path.exists() else None


def map_fingerprint(project: Project) -> str:
    """Fingerprint of the map; empty before the first proposal."""
    document = map_document(project)
    return document.fingerprint if document else ""


def account_catalog(project: Project, journal: Journal, destination: Destination) -> Catalog:
    """Names and ids of the sub-account, with the users matched."""
    catalog = build_catalog(destination.hl, journal.get_setting("objects", []), products=True)
    company = str(destination.hl.locations.get().get("companyId", ""))
    with project.warehouse.connect() as con:
        catalog.users = match_users(destination.hl, con, company).users
    return catalog


def load_options(project: Project, destination: Destination) -> LoadOptions:
    """How loads behave: search lag to allow for, duplicate policy, where files lie."""
    document = map_document(project)
    lag = 2.0 if destination.embedded else 65.0
    return LoadOptions(
        search_lag_s=lag,
        duplicate_policy=document.duplicates if document else "match",
        files_root=project.exports,
    )


def as_rows(frame: Any) -> list[dict[str, Any]]:
    """A data frame as rows of text, for reports and metadata."""
    return [
        {k: str(v) if v is not None else "" for k, v in r.items()} for r in frame.to_dict("records")
    ]
