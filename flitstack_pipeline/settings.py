"""Where one migration lives and which account it writes to, from the environment.

One data folder is one migration. Secrets are read from the environment and from files of their own
(`secret_files`) only, and shown nowhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flitstack_pipeline import migrations, secret_files
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.secret_files import SecretFile
from flitstack_pipeline.warehouse import Warehouse

#: Words that turn off what a variable else names.
OFF = ("off", "no", "none")
HIGHLEVEL_URL = "https://services.leadconnectorhq.com"


class DataFolderUnusable(BadInput):
    """The data folder cannot be one; the message says why and what to do."""


class Environment(BaseSettings):
    """Settings read from the environment."""

    @classmethod
    def from_environment(cls, **said: Any) -> Self:
        """What the environment says; `said`, by its variables, comes first. Raises BadInput."""
        try:
            return cls(**said)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadInput(f"The environment cannot be followed. {wrong}.") from None


class Settings(Environment):
    """The environment of one migration (README.md#configuration)."""

    model_config = SettingsConfigDict(
        env_prefix="", extra="ignore", populate_by_name=True, arbitrary_types_allowed=True
    )

    data: Path = Field(Path("data"), alias="FLITSTACK_DATA")
    journal_url: str | None = Field(None, alias="FLITSTACK_JOURNAL_URL")
    token: SecretStr | SecretFile | None = Field(None, alias="HIGHLEVEL_TOKEN")
    location_id: str | None = Field(None, alias="HIGHLEVEL_LOCATION_ID")
    conversation_provider_id: str = Field("", alias="HIGHLEVEL_CONVERSATION_PROVIDER_ID")
    calendar_id: str = Field("", alias="HIGHLEVEL_CALENDAR_ID")
    agency_token: SecretStr | SecretFile | None = Field(None, alias="HIGHLEVEL_AGENCY_TOKEN")
    base_url: str = Field(HIGHLEVEL_URL, alias="HIGHLEVEL_BASE_URL")
    search_lag_s: float = Field(65.0, alias="FLITSTACK_SEARCH_LAG_S", ge=0)
    sandbox_profile: str = Field(
        "live", alias="FLITSTACK_SANDBOX_PROFILE", pattern="^(live|documented)$"
    )
    state_home: Path = Field(Path("~/.local/state"), alias="XDG_STATE_HOME")
    allow_hosts: str = Field("", alias="FLITSTACK_ALLOW_HOSTS")
    time_zone: str = Field("America/New_York", alias="FLITSTACK_TIME_ZONE")
    country: str = Field("US", alias="FLITSTACK_COUNTRY")
    currency: str = Field("USD", alias="FLITSTACK_CURRENCY")
    workspace: str = Field("main", alias="FLITSTACK_WORKSPACE")
    memory: str = Field("", alias="FLITSTACK_MEMORY")
    prices: Path | None = Field(None, alias="FLITSTACK_PRICES")
    dagster: str = Field("", alias="FLITSTACK_DAGSTER")

    delta_hours: float = Field(48, gt=0, alias="FLITSTACK_DELTA_HOURS")
    delta_start: dt.datetime | None = Field(None, alias="FLITSTACK_DELTA_START")
    delta_end: dt.datetime | None = Field(None, alias="FLITSTACK_DELTA_END")

    _accounts: Mapping[str, str | SecretFile] | None = PrivateAttr(default=None)

    @classmethod
    def of_home(cls, home: Path) -> Settings:
        """The settings of a home: its `migration.toml`, its secrets' files, the environment.

        Raises BadInput for what the file may not say, and for what cannot be followed.
        """
        accounts = secret_files.variables(home)
        fields = {str(field.alias): field for field in cls.model_fields.values()}
        known = {
            name: accounts.get(name, field.default)
            for name, field in fields.items() if secret_files.is_of_accounts(name)
        }  # fmt: skip
        said = {"data": home, **migrations.said_of(home)}
        known |= {str(cls.model_fields[name].alias): value for name, value in said.items()}
        settings = cls.from_environment(**known)
        settings._accounts = accounts
        return settings

    @property
    def accounts(self) -> Mapping[str, str | SecretFile]:
        """What is said of its accounts, by variable (`secret_files.variables`)."""
        return os.environ if self._accounts is None else self._accounts

    @property
    def machine_pace(self) -> Path:
        """Where the processes of this machine share request budgets, whatever their data folder."""
        return self.state_home.expanduser() / "flitstack" / "pace.sqlite"

    def dagster_home(self, place: Path) -> Path | None:
        """Where Dagster keeps what it knows of a folder of migrations, or of one data folder."""
        named = self.dagster.strip()
        if named.lower() in OFF:
            return None
        if named:
            return Path(named).expanduser().resolve()
        name = f"{place.name}-{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"
        return self.state_home.expanduser() / "flitstack" / "dagster" / name

    @property
    def uses_embedded_sandbox(self) -> bool:
        """True when no HighLevel account is configured: the migration starts its own sandbox."""
        return self.token is None


@dataclass(frozen=True)
class Project:
    """The data folder of one migration and everything in it.

    `notes_steps` where Dagster does not run the steps and is to be told of them.
    """

    root: Path
    settings: Settings
    notes_steps: bool = False

    @classmethod
    def from_environment(cls) -> Project:
        """The migration that FLITSTACK_MIGRATION chooses, else the one of FLITSTACK_DATA.

        That is `data/` in the working directory by default. Raises DataFolderUnusable when it is
        set to nothing, BadInput for a migration that is none.
        """
        if (chosen := migrations.chosen_home()) is not None:
            return cls.of_home(chosen)
        if os.environ.get("FLITSTACK_DATA", "x").strip() == "":
            raise DataFolderUnusable(
                "FLITSTACK_DATA is set, but empty: name the folder of the migration, or unset it "
                "for `data` in the working directory."
            )
        return cls.of_home(Settings.from_environment().data.resolve())

    @classmethod
    def of_home(cls, home: Path) -> Project:
        """The project of a home, as its `migration.toml` and the environment say.

        Raises BadInput for what the file may not say.
        """
        return cls(home, Settings.of_home(home))

    @classmethod
    def named(cls, name: str) -> Project:
        """A migration by its name, whichever the environment chooses.

        Raises BadInput for what is no name, one that is not there, and as `of_home`.
        """
        if migrations.folder() is not None:
            return cls.of_home(migrations.home_of(name))
        if name != migrations.ALONE:
            raise BadInput(
                f"There is no migration {name!r}: {migrations.FOLDER} names no folder, so there is "
                f"{migrations.ALONE} alone, the one of FLITSTACK_DATA."
            )
        return cls.from_environment()

    @property
    def name(self) -> str:
        """What the migration is called (`migrations.name_of`)."""
        return migrations.name_of(self.root)

    @property
    def exports(self) -> Path:
        """Where export files lie: `exports/`."""
        return self.root / "exports"

    @property
    def map_path(self) -> Path:
        """The map document, `map.yaml`."""
        return self.root / "map.yaml"

    @property
    def memory_path(self) -> Path | None:
        """Memory of confirmed maps, shared by the migrations beside this one; None when off.

        FLITSTACK_MEMORY names the file, or `off`; by default `.flitstack/map-memory.json` beside
        the data folder.
        """
        named = self.settings.memory.strip()
        if named.lower() in OFF:
            return None
        return Path(named) if named else self.root.parent / ".flitstack" / "map-memory.json"

    @property
    def decisions(self) -> Path:
        """Files a person edits: duplicate decisions, invoice links, conflicts."""
        return self.root / "decisions"

    @property
    def reports(self) -> Path:
        """Documents for people: `reports/`."""
        return self.root / "reports"

    @property
    def dagster_home(self) -> Path | None:
        """Where Dagster keeps runs, events and logs of this migration; None when it is off.

        FLITSTACK_DAGSTER names the folder, or `off`; by default it lies in the user's state folder:
        one for the migrations of a folder, one for each data folder that stands alone.
        """
        alone = self.name == migrations.ALONE
        return self.settings.dagster_home(self.root if alone else self.root.parent)

    @property
    def sandbox_state(self) -> Path:
        """State file of the embedded sandbox."""
        return self.root / "sandbox" / "state.sqlite"

    @property
    def inline_images(self) -> Path:
        """Images taken out of notes, until they are in HighLevel."""
        return self.root / "inline_images"

    @property
    def journal_url(self) -> str:
        """SQLAlchemy URL of the journal: Postgres when configured, else SQLite in the folder.

        Migrations of the registry have a schema each in one Postgres database.
        """
        url = self.settings.journal_url
        if url is None:
            return f"sqlite:///{self.root / 'journal.sqlite'}"
        if not self.shares_database:
            return url
        return f"{url}{'&' if '?' in url else '?'}schema={migrations.schema_of(self.root.name)}"

    @property
    def shares_database(self) -> bool:
        """Whether the journals of other migrations lie in the same Postgres database."""
        is_postgres = (self.settings.journal_url or "").startswith("postgres")
        return is_postgres and self.root.parent == migrations.folder()

    @cached_property
    def warehouse(self) -> Warehouse:
        """The DuckDB file, `warehouse.duckdb`."""
        return Warehouse(self.root / "warehouse.duckdb", exports=self.exports)

    def prepare(self) -> Project:
        """Make the folder, for its owner only where we made it ourselves; return self.

        Raises DataFolderUnusable when something else has the place of one of its folders, or it
        cannot be written.
        """
        for folder in (self.root, self.exports, self.reports, self.decisions):
            if folder.exists() and not folder.is_dir():
                raise DataFolderUnusable(
                    f"{folder} is a file, and must be a folder: move the file away, or name "
                    "another data folder in FLITSTACK_DATA."
                )
            if not folder.exists():
                folder.mkdir(parents=True, mode=0o700)
        by_effect = os.access in os.supports_effective_ids
        if not os.access(self.root, os.W_OK | os.X_OK, effective_ids=by_effect):
            raise DataFolderUnusable(
                f"The data folder {self.root} cannot be written by this user (read-only?). Give "
                "yourself the right (chmod, chown, a disk mounted writable), or name another in "
                "FLITSTACK_DATA."
            )
        return self
