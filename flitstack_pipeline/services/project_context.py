"""Opens what a step needs: the journal, the accounts, their catalogues, the map, their clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flitstack_pipeline.accounts import Account, accounts_of
from flitstack_pipeline.destination import Destination, open_destination, serving_sandbox
from flitstack_pipeline.mapping.build import target_schema
from flitstack_pipeline.mapping.document import DEFAULT_LOCATION, MapDocument, MapError
from flitstack_pipeline.migration.account_schema import Catalog, build_catalog
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.record_types.base import LoadOptions
from flitstack_pipeline.migration.schema_state import settle_schema
from flitstack_pipeline.migration.users import team_of
from flitstack_pipeline.services.click_folding import fold_clicks
from flitstack_pipeline.services.page_store import section
from flitstack_pipeline.settings import Project

Log = Callable[[str], None]

#: Catalogues read while accounts are kept open, by data folder and location.
_kept: dict[Path, dict[str, Catalog]] = {}
#: The journals that this thread keeps open, by URL.
_journals = threading.local()


def silent(message: str) -> None:
    """Nobody listens."""


@contextmanager
def accounts_kept_open(project: Project) -> Iterator[None]:
    """Several steps in a row: one embedded sandbox and one catalogue per account for all of them.

    Blocks nest; the outermost counts. Outside of one every step reads anew. Open it after the
    exports are cleaned: a new sandbox is seeded with their team.
    """
    if project.root in _kept:
        yield
        return
    _kept[project.root] = {}
    try:
        if project.settings.uses_embedded_sandbox:
            with serving_sandbox(project, accounts(project)):
                yield
        else:
            yield
    finally:
        del _kept[project.root]


@contextmanager
def open_journal(project: Project) -> Iterator[Journal]:
    """The journal of this migration, closed with the block; that of `journal_kept_open` in one."""
    kept = vars(_journals).get(project.journal_url)
    if kept is not None and not kept.is_broken:
        yield kept
        return
    with Journal(project.journal_url) as journal:
        yield journal


@contextmanager
def journal_kept_open(project: Project) -> Iterator[Journal]:
    """One open journal for every step of this thread inside the block: opening takes milliseconds.

    Blocks nest.
    """
    with open_journal(project) as journal:
        before = vars(_journals).get(project.journal_url)
        vars(_journals)[project.journal_url] = journal
        try:
            yield journal
        finally:
            vars(_journals)[project.journal_url] = before


def check_home(project: Project) -> None:
    """Open everything of the data folder once, so that what is broken is said before any work.

    Raises JournalUnusable, MapError, WarehouseBusy, WarehouseDamaged, OSError.
    """
    with open_journal(project), project.warehouse.connect():
        map_document(project)


def accounts(project: Project) -> list[Account]:
    """The sub-accounts this migration writes to, the default first.

    Raises NotConfigured when the map names one whose token is not in the environment.
    """
    document = map_document(project)
    aliases = document.routing.locations if document else [DEFAULT_LOCATION]
    return accounts_of(project.settings, aliases)


def shown_accounts(project: Project) -> list[Account]:
    """The sub-accounts as the map was published, for pages: a long map takes long to read.

    Raises NotConfigured like `accounts`, which knows them from the map itself.
    """
    found = section(project, "map")
    aliases = found.facts.get("locations") if found else None
    return accounts_of(project.settings, aliases or [DEFAULT_LOCATION], shown=True)


@contextmanager
def open_account(
    project: Project, account: Account | None = None, *, purpose: str = "other"
) -> Iterator[tuple[Journal, Destination]]:
    """The journal and one account (the default one when none is given), closed with the block.

    The requests sent meanwhile are counted under `purpose`; a `delta` may use the part of the
    day's quota that is kept for it.
    """
    known = accounts(project)
    chosen, reserve = account or known[0], purpose == "delta"
    with (
        open_journal(project) as journal,
        open_destination(project, journal.engine, chosen, known, reserve=reserve) as destination,
    ):
        try:
            yield journal, destination
        finally:
            usage = destination.hl.client.usage
            journal.count_requests(destination.location_id, purpose, usage.requests)


def on_the_clock(project: Project, seconds: float) -> str:
    """A moment (seconds of the Unix epoch) in the account's time zone, to the minute."""
    zone = ZoneInfo(project.settings.time_zone)
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d at %H:%M}"


def location_of(project: Project) -> str:
    """Id of the default sub-account of this migration: that of its approvals."""
    return accounts(project)[0].location_id


def map_document(project: Project) -> MapDocument | None:
    """The map document to read, or None before the first proposal; to change it, load it anew.

    What was decided in the review room is folded in first.
    """
    if not project.map_path.exists():
        return None
    fold_clicks(project)
    found = project.map_path.stat()
    return _read_map(project.map_path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _read_map(path: Path, changed_ns: int, size: int) -> MapDocument:
    """One reading per state of the file: the guard of every load asks for it."""
    return MapDocument.load(path)


def map_to_change(project: Project) -> MapDocument:
    """The map document, read anew, with what was decided in the review room; to be changed.

    Raises MapError naming everything that is wrong with it.
    """
    path = proposed_map(project)
    fold_clicks(project)
    return MapDocument.load(path)


def proposed_map(project: Project) -> Path:
    """Where `map.yaml` is. Raises MapError when nothing was proposed yet."""
    if not project.map_path.exists():
        raise MapError(
            f"There is no map yet ({project.map_path}): `flitstack map propose` makes it."
        )
    return project.map_path


def map_fingerprint(project: Project) -> str:
    """Fingerprint of the map; empty before the first proposal."""
    document = map_document(project)
    return document.fingerprint if document else ""


def account_catalog(project: Project, journal: Journal, destination: Destination) -> Catalog:
    """Names and ids of the sub-account, with the users matched; read once while kept open.

    Fields and pipelines of ours that were renamed in HighLevel are known by the map's names; what
    the map needs and the sub-account has not (any more) stands in `unready`.
    """
    kept = _kept.get(project.root, {})
    if destination.location_id in kept:
        return kept[destination.location_id]
    items = journal.schema_items(destination.location_id)
    objects = [i["item_key"].split(":", 1)[1] for i in items if i["kind"] == "object"]
    catalog = build_catalog(destination.hl, objects, products=True)
    existing = destination.hl.users.list(str(catalog.location.get("companyId", "")))
    document = map_document(project)
    with project.warehouse.connect() as con:
        catalog.users = team_of(existing, con, document).users
        currency = project.settings.currency
        schema = target_schema(document, con, currency) if document else None
    if schema is not None:
        settle_schema(schema, catalog, items)
    kept[destination.location_id] = catalog
    return catalog


def forget_catalogs(project: Project) -> None:
    """The schema of the accounts has changed: read the catalogues again."""
    _kept.get(project.root, {}).clear()


def load_options(project: Project, destination: Destination) -> LoadOptions:
    """How loads behave: search lag to allow for, duplicate policy, where files lie."""
    document = map_document(project)
    lag = 2.0 if destination.embedded else project.settings.search_lag_s
    return LoadOptions(
        search_lag_s=lag,
        duplicate_policy=document.duplicates if document else "match",
        existing_policy=document.existing if document else "fill",
        links=document.links if document else {},
        files_root=project.exports,
        images_root=project.inline_images,
        conversation_provider_id=destination.conversation_provider_id,
        calendar_id=destination.calendar_id,
        allowed_hosts=frozenset(
            host.strip().lower() for host in project.settings.allow_hosts.split(",") if host.strip()
        ),
    )
