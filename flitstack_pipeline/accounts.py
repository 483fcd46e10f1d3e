"""Which sub-accounts a migration writes to, and with which tokens: the environment and the map.

What belongs here: turning the names of map.yaml's `routing` into HighLevel locations and tokens.
What does not: calling them (destination.py), which record goes where (mapping/sources.py).

The default sub-account is HIGHLEVEL_LOCATION_ID with HIGHLEVEL_TOKEN. A further one, named NAME in
a routing rule, has its token in HIGHLEVEL_TOKEN__NAME; NAME is its location id, unless
HIGHLEVEL_LOCATION_ID__NAME says another. In the variables NAME is in capitals, and every character
that is no letter or digit is an underscore: `dallas-tx` reads HIGHLEVEL_TOKEN__DALLAS_TX. So do
HIGHLEVEL_CONVERSATION_PROVIDER_ID and HIGHLEVEL_CALENDAR_ID, which let messages and appointments
keep their own time; both are ids of one sub-account, and may be missing. Each may be a file of the
migration's instead (`secret_files`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.secret_files import SecretFile, value_of
from flitstack_pipeline.settings import Settings

PROVIDER, CALENDAR = "HIGHLEVEL_CONVERSATION_PROVIDER_ID", "HIGHLEVEL_CALENDAR_ID"
NATIVE = (PROVIDER, CALENDAR)
SANDBOX_LOCATION = "sandbox-location"
SANDBOX_TOKEN = "pit-sandbox"  # noqa: S105 - the sandbox's public default, no secret


def unconfigured(account: Account, forms: Collection[str]) -> list[str]:
    """What the map's choice of activities (`message`, `appointment`) needs and is not there."""
    needs = {
        "message": (PROVIDER, account.conversation_provider_id, "a conversation provider"),
        "appointment": (CALENDAR, account.calendar_id, "a calendar"),
    }
    return [
        f"Set {variable(name, account.alias) if not account.is_default else name} to the id of "
        f"{what} of {account.alias}, or choose note under `activities` in map.yaml: it says "
        f"{form}."
        for form, (name, value, what) in needs.items()
        if form in forms and not value
    ]


class NotConfigured(BadInput):
    """A sub-account without its id or its token; the message names every variable to set."""


@dataclass(frozen=True)
class Account:
    """One sub-account: `alias` is its name in map.yaml and in `mapped.*`.location.

    `secret` is its token, or the file that has it. `conversation_provider_id` and `calendar_id` are
    empty where there is none.
    """

    alias: str
    location_id: str
    secret: str | SecretFile = field(repr=False)
    is_default: bool = True
    conversation_provider_id: str = ""
    calendar_id: str = ""

    @property
    def token(self) -> str:
        """Its token, read now. Raises BadInput for a file that cannot be read."""
        return value_of({"": self.secret}, "")


def accounts_of(
    settings: Settings,
    aliases: Sequence[str],
    environ: Mapping[str, str | SecretFile] | None = None,
    *,
    shown: bool = False,
) -> list[Account]:
    """The sub-accounts of a map's routing, the default (the first alias) first.

    Args:
        settings: Of the migration. Without a token the embedded sandbox has all its accounts.
        aliases: Their names in the map.
        environ: What is said of accounts, by variable; of the migration by default.
        shown: For pages, which call nobody: a token that this process is not given is not missed.

    Raises:
        NotConfigured: With everything that is missing.
    """
    environ = settings.accounts if environ is None else environ
    if settings.uses_embedded_sandbox and not (shown and settings.location_id):
        if settings.location_id:
            raise NotConfigured(
                "Set in the environment:\n- HIGHLEVEL_TOKEN: the token of the sub-account "
                f"{settings.location_id} that HIGHLEVEL_LOCATION_ID names (without both, records "
                "go into the embedded sandbox)"
            )
        return _of_the_sandbox(settings, aliases)
    missing = [] if settings.location_id else [
        "HIGHLEVEL_LOCATION_ID: the id of the sub-account that HIGHLEVEL_TOKEN belongs to "
        "(Settings → Business Profile, or the address bar)"
    ]  # fmt: skip
    default, *others = aliases
    secret = (
        settings.token
        if isinstance(settings.token, SecretFile)
        else (settings.token.get_secret_value() if settings.token else "")
    )
    found = [
        Account(
            default,
            settings.location_id or "",
            secret,
            conversation_provider_id=settings.conversation_provider_id,
            calendar_id=settings.calendar_id,
        )
    ]
    for alias in others:
        name = variable("HIGHLEVEL_TOKEN", alias)
        if not environ.get(name) and not shown:
            missing.append(f"{name}: the token of the sub-account that map.yaml calls {alias!r}")
        location = value_of(environ, variable("HIGHLEVEL_LOCATION_ID", alias)) or alias
        ids = (value_of(environ, variable(name, alias)) for name in NATIVE)
        found.append(Account(alias, location, environ.get(name, ""), False, *ids))
    missing += _twice(found)
    if missing:
        raise NotConfigured("Set in the environment:\n" + "\n".join(f"- {m}" for m in missing))
    return found


def variable(name: str, alias: str) -> str:
    """The environment variable of one sub-account: `HIGHLEVEL_TOKEN__DALLAS_TX`."""
    return f"{name}__{re.sub(r'[^A-Za-z0-9]', '_', alias).upper()}"


def _of_the_sandbox(settings: Settings, aliases: Sequence[str]) -> list[Account]:
    """Every sub-account of the sandbox has the provider named, and a calendar of its own."""
    default, *others = aliases
    provider, calendar = settings.conversation_provider_id, settings.calendar_id
    return [
        Account(default, SANDBOX_LOCATION, SANDBOX_TOKEN, True, provider, calendar),
        *(
            Account(
                alias,
                alias,
                f"{SANDBOX_TOKEN}-{alias}",
                False,
                provider,
                calendar and f"{calendar}-{alias}",
            )
            for alias in others
        ),
    ]


def _twice(accounts: Sequence[Account]) -> list[str]:
    """Two names of one sub-account would load every record twice."""
    seen: dict[str, str] = {}
    problems = []
    for account in accounts:
        other = seen.setdefault(account.location_id, account.alias)
        if other != account.alias:
            problems.append(
                f"{variable('HIGHLEVEL_LOCATION_ID', account.alias)}: {account.alias!r} and "
                f"{other!r} are the same sub-account, {account.location_id}"
            )
    return problems
