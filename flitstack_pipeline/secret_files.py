"""Secrets of one migration among many: files below FLITSTACK_SECRETS, each named as its variable.

    FLITSTACK_SECRETS/<migration>/HIGHLEVEL_TOKEN

Belongs here: whose the variables of the environment are, and reading a secret's file when it is
used and not before, so that a process opens the secrets of no migration but that it works for.
Does not: which variables an account needs (`accounts`, `settings`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flitstack_pipeline import migrations
from flitstack_pipeline.errors import BadInput

FOLDER = "FLITSTACK_SECRETS"
#: Variables of the account a migration writes to begin so; the address is that of every account.
OF_ACCOUNTS, ADDRESS = "HIGHLEVEL_", "HIGHLEVEL_BASE_URL"
#: What is no secret: ids of the account, read with the settings.
_IDS = ("HIGHLEVEL_LOCATION_ID", "HIGHLEVEL_CALENDAR_ID", "HIGHLEVEL_CONVERSATION_PROVIDER_ID")


@dataclass(frozen=True)
class SecretFile:
    """A secret that is read when it is asked for; it shows nothing but its path."""

    path: Path

    def get_secret_value(self) -> str:
        """The secret. Raises BadInput for a file that cannot be read or says nothing."""
        try:
            said = self.path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{self.path} cannot be read ({type(error).__name__}).") from None
        if not said:
            raise BadInput(f"{self.path} is empty: write the secret into it.")
        return said


def variables(home: Path) -> dict[str, str | SecretFile]:
    """What is said of the accounts of a home's migration, by variable: its files first.

    The environment is about the migration it chooses (FLITSTACK_MIGRATION), or the one alone; about
    no other, because all that run in one Dagster share it.
    """
    name = migrations.name_of(home)
    found: dict[str, str | SecretFile] = {}
    if not migrations.is_registered(home) or os.environ.get(migrations.CHOSEN, "").strip() == name:
        found |= {k: v for k, v in os.environ.items() if is_of_accounts(k)}
    for path in _files(name):
        file = SecretFile(path)
        found[path.name] = file.get_secret_value() if path.name.startswith(_IDS) else file
    return found


def is_of_accounts(variable: str) -> bool:
    """Whether a variable is about the account of one migration."""
    return variable.startswith(OF_ACCOUNTS) and variable != ADDRESS


def value_of(said: Mapping[str, str | SecretFile], name: str) -> str:
    """What a variable says, read now; empty without it."""
    found = said.get(name, "")
    return found if isinstance(found, str) else found.get_secret_value()


def _files(migration: str) -> list[Path]:
    named = os.environ.get(FOLDER, "").strip()
    folder = Path(named) / migration
    if not named or not folder.is_dir():
        return []
    # Kubernetes keeps the files of a mounted secret in hidden folders, and links to them
    return sorted(path for path in folder.iterdir() if is_of_accounts(path.name))
