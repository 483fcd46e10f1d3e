"""Opens the accounts a migration writes to: the configured ones, or the embedded sandbox.

The only module besides the CLI that starts the sandbox (as a process, over real HTTP), so that the
same code serves both. When a sandbox already serves this data folder, it is reused.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import Engine

from flitstack_pipeline.accounts import Account
from flitstack_pipeline.errors import Stopped
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.pace_store import pace_engine, read_bucket
from flitstack_pipeline.highlevel.pacing import (
    Pacer,
    PaceSnapshot,
    SharedPacer,
    UnlimitedPacer,
    bucket_key,
    snapshot_of,
)
from flitstack_pipeline.migration.journal.engine import open_engine
from flitstack_pipeline.migration.lock import check_held
from flitstack_pipeline.sandbox_process import (
    RunningSandbox,
    SandboxInUse,
    SandboxNotStarted,
    start_sandbox,
)
from flitstack_pipeline.settings import HIGHLEVEL_URL, Project, Settings
from flitstack_pipeline.warehouse import table_exists

SANDBOX_PAGES = "http://127.0.0.1:8787"
SANDBOX_AGENCY_TOKEN = "pit-sandbox-agency"  # noqa: S105 - the sandbox's own, no secret
#: How long we wait for another command that has just begun to serve the sandbox, or ends.
IN_USE_S = 10.0


class SandboxUnusable(Stopped):
    """The embedded sandbox cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Destination:
    """One HighLevel sub-account, ready to be called; `alias` is its name in the map."""

    hl: HighLevel
    url: str
    location_id: str
    embedded: bool
    alias: str = "main"
    conversation_provider_id: str = ""
    calendar_id: str = ""

    @property
    def name(self) -> str:
        """How a person knows it."""
        where = "embedded sandbox" if self.embedded else "HighLevel"
        return f"{where}, sub-account {self.location_id} at {self.url}"

    @property
    def pages(self) -> str:
        """Where a sandbox shows its records to a person; empty for HighLevel itself.

        The embedded sandbox ends with each command, so its pages are where `flitstack sandbox`
        serves it.
        """
        if self.embedded:
            return SANDBOX_PAGES
        return "" if self.url.rstrip("/") == HIGHLEVEL_URL else self.url.rstrip("/")


@contextmanager
def open_destination(
    project: Project,
    engine: Engine,
    account: Account,
    all_accounts: Sequence[Account] = (),
    *,
    reserve: bool = False,
) -> Iterator[Destination]:
    """The sub-account `account`; an embedded sandbox we started ends with the block.

    `engine` is the journal's database. An embedded sandbox serves `all_accounts`. With `reserve`
    the part of the day's quota that is kept for the delta may be used too.
    """
    if project.settings.uses_embedded_sandbox:
        with serving_sandbox(project, all_accounts or [account]) as url:
            yield _connect(url, account, SANDBOX_AGENCY_TOKEN, UnlimitedPacer(), True)
        return
    settings = project.settings
    agency = settings.agency_token.get_secret_value() if settings.agency_token else None
    with _pace_engine(project, engine) as shared:
        pacer = SharedPacer(shared, _pace_key(settings, account))
        try:
            yield _connect(settings.base_url, account, agency, pacer, False, reserve)
        finally:
            pacer.close()


def budget_of(project: Project, engine: Engine, account: Account) -> PaceSnapshot | None:
    """The request budget of a sub-account as last seen, asking nobody; None when not known."""
    settings = project.settings
    if settings.uses_embedded_sandbox:
        return None
    with _pace_engine(project, engine) as shared:
        bucket = read_bucket(shared, account.location_id, urlsplit(settings.base_url).netloc)
    return None if bucket is None else snapshot_of(bucket, time.time())


@contextmanager
def _pace_engine(project: Project, journal: Engine) -> Iterator[Engine]:
    """Where budgets are shared: a Postgres journal serves every machine, else this machine's file.

    A SQLite journal, or a schema of Postgres, serves one data folder only, and two folders may
    write to one sub-account.
    """
    if journal.dialect.name != "sqlite" and not project.shares_database:
        yield journal
        return
    try:
        if project.shares_database:
            engine = open_engine(str(project.settings.journal_url))
        else:
            engine = pace_engine(project.settings.machine_pace)
    except OSError:  # no home to write to: at least the runs of this data folder share it
        yield journal
        return
    try:
        yield engine
    finally:
        engine.dispose()


def _pace_key(settings: Settings, account: Account) -> str:
    return bucket_key(account.token, account.location_id, urlsplit(settings.base_url).netloc)


def _connect(
    url: str,
    account: Account,
    agency: str | None,
    pacer: Pacer,
    embedded: bool,
    reserve: bool = False,
) -> Destination:
    connection = Connection(
        base_url=url, token=account.token, location_id=account.location_id, agency_token=agency
    )
    client = HighLevelClient(connection, pacer, reserve=reserve, before_write=check_held)
    return Destination(
        HighLevel(client), url, account.location_id, embedded, account.alias,
        account.conversation_provider_id, account.calendar_id,
    )  # fmt: skip


@contextmanager
def serving_sandbox(project: Project, accounts: Sequence[Account]) -> Iterator[str]:
    """The address of a sandbox serving this data folder: the running one, or a new one.

    Raises SandboxUnusable when it does not start.
    """
    address = project.sandbox_state.parent / "address.json"
    served = [a.location_id for a in accounts]
    with ExitStack() as stack:
        patience = time.monotonic() + IN_USE_S
        while True:
            running = _running(address, served)
            if running:
                yield running
                return
            try:
                sandbox = stack.enter_context(_new_sandbox(project, accounts))
                break
            except SandboxInUse as error:
                if time.monotonic() > patience:
                    raise SandboxUnusable(
                        f"The embedded sandbox of this data folder is in use ({_last(error)}). "
                        "Wait until the other command has ended, or end it, and start again."
                    ) from error
                time.sleep(0.2)
            except SandboxNotStarted as error:
                raise SandboxUnusable(
                    f"The embedded sandbox does not start ({_last(error)}). It keeps its records "
                    f"in {project.sandbox_state}: make room where the disk is full, or delete that "
                    "file; an empty sandbox begins then."
                ) from error
        known = {"url": sandbox.url, "pid": os.getpid(), "locations": served}
        address.write_text(json.dumps(known))
        try:
            yield sandbox.url
        finally:
            address.unlink(missing_ok=True)


def _new_sandbox(
    project: Project, accounts: Sequence[Account]
) -> AbstractContextManager[RunningSandbox]:
    """A sandbox of this data folder, to be entered; it is as patient as a test needs."""
    project.sandbox_state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return start_sandbox(
        state=project.sandbox_state,
        profile=project.settings.sandbox_profile,
        rate="none",
        search_lag_ms=0,
        allow_duplicate_opportunity=True,
        agency_token=SANDBOX_AGENCY_TOKEN,
        location=[f"{a.location_id}={a.token}" for a in accounts],
        seed_location=_seed_file(project, accounts),
    )


def _last(error: SandboxNotStarted) -> str:
    """The last line of what a sandbox said."""
    return str(error).strip().splitlines()[-1]


def _running(address: Path, locations: Sequence[str]) -> str | None:
    """The address of a live sandbox that serves these sub-accounts, or None."""
    if not address.exists():
        return None
    for _ in range(3):
        try:
            known = json.loads(address.read_text())
            url = str(known["url"])
            if not set(locations) <= set(known["locations"]):
                return None
            requests.get(f"{url}/_sandbox/stats", timeout=2).raise_for_status()
        except (OSError, ValueError, KeyError, requests.RequestException):
            time.sleep(0.2)
        else:
            return url
    address.unlink(missing_ok=True)
    return None


def _seed_file(project: Project, accounts: Sequence[Account]) -> Path | None:
    """What the embedded sandbox has before: the team, the conversation provider, the calendar.

    HighLevel users must exist before a migration, so the demo has those team members that are
    active and have an e-mail; the others stay unmatched and show up in the roster report.
    """
    users = _team(project)
    if users is None:
        return None
    path = project.sandbox_state.parent / "seed.json"
    places = [{"id": a.location_id, "users": users, **_services(a)} for a in accounts]
    path.write_text(json.dumps({"locations": places}))
    path.chmod(0o600)
    return path


def _services(account: Account) -> dict[str, Any]:
    """The provider and the calendar the environment names, as if they had been made before."""
    provider, calendar = account.conversation_provider_id, account.calendar_id
    return {
        "conversationProviders": [provider] if provider else [],
        "calendars": [{"id": calendar, "name": "Meetings"}] if calendar else [],
    }


def _team(project: Project) -> list[dict[str, Any]] | None:
    """The team members who can be users; None before the exports were cleaned."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "clean.users"):
            return None
        team = con.execute(
            "SELECT first_name, last_name, name, email FROM clean.users "
            "WHERE email IS NOT NULL AND coalesce(status, '') NOT ILIKE 'inv%' "
            "AND coalesce(status, '') NOT ILIKE 'inactive%' ORDER BY source_key"
        ).fetchall()
    return [
        {
            "firstName": first or name,
            "lastName": last or "",
            "name": name,
            "email": email,
        }
        for first, last, name, email in team
    ]
