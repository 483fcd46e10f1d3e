"""The registry of migrations: a folder with one home for each, and what its `migration.toml` says.

Belongs here: names, where a home is, reading and writing `migration.toml`. Does not: making and
closing one (`services.registry`), what lies in a home (`settings`), homes of an object store
(`home_lease`). It imports no library, because answers that need none read it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from flitstack_pipeline.errors import BadInput

FOLDER, CHOSEN = "FLITSTACK_MIGRATIONS", "FLITSTACK_MIGRATION"
#: The migration that FLITSTACK_DATA names, alone.
ALONE = "main"
FILE = "migration.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: Beside the homes, what closed migrations left.
CLOSED = "closed"
#: What the file may say, as settings call it; secrets are none of it.
SETTINGS: dict[str, type | tuple[type, ...]] = {
    "country": str, "time_zone": str, "currency": str, "workspace": str, "location_id": str,
    "delta_hours": (int, float), "delta_start": dt.datetime, "delta_end": dt.datetime,
}  # fmt: skip


def folder() -> Path | None:
    """The folder of homes that FLITSTACK_MIGRATIONS names; None without one.

    Where it names an object store, that of the copies which are worked on here.
    """
    named = os.environ.get(FOLDER, "").strip()
    if "://" in named:
        return scratch_of(named)
    return Path(named).resolve() if named else None


def store_url() -> str | None:
    """The object store that FLITSTACK_MIGRATIONS names; None where it names a folder."""
    named = os.environ.get(FOLDER, "").strip()
    return named if "://" in named else None


def named() -> str:
    """The folder of homes, or their object store, for the environment of another process."""
    return store_url() or str(folder() or "")


def scratch_of(url: str) -> Path:
    """Where this machine works on copies of the homes of an object store."""
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    digest = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:12]
    return state.resolve() / "flitstack" / "homes" / digest


def named_folder() -> Path:
    """The same. Raises BadInput without one."""
    found = folder()
    if found is None:
        raise BadInput(f"{FOLDER} names no folder: set it to the one that holds the migrations.")
    return found


def names() -> list[str]:
    """Every migration of the folder or the object store, in the order of the alphabet."""
    if store_url() is not None:
        from flitstack_pipeline import home_lease  # libraries, for a store alone

        return home_lease.names()
    home = folder()
    if home is None or not home.is_dir():
        return []
    return sorted(path.name for path in home.iterdir() if is_home(path))


def served() -> list[str]:
    """Every migration there is: those of the folder; without one, that of FLITSTACK_DATA."""
    return names() if folder() is not None else [ALONE]


def name_of(home: Path) -> str:
    """What the migration of a home is called: by its folder's name, alone it is `main`."""
    return home.name if is_registered(home) else ALONE


def is_registered(home: Path) -> bool:
    """Whether a home is one of the folder's."""
    return home.parent == folder() and is_home(home)


def is_home(path: Path) -> bool:
    """Whether a folder is a migration's: by its name, and no link that leads elsewhere."""
    is_named = bool(NAME.fullmatch(path.name)) and path.name != CLOSED
    return is_named and path.is_dir() and not path.is_symlink()


def place_of(name: str) -> Path:
    """Where the home of a migration is, or would be. Raises BadInput for what is no name."""
    if not NAME.fullmatch(name) or name == CLOSED:
        raise BadInput(
            f"{name!r} cannot be a migration's name: small letters, digits and hyphens, beginning "
            "with a letter or digit; not closed, where closed ones are kept."
        )
    return named_folder() / name


def home_of(name: str) -> Path:
    """The home of a migration. Raises BadInput for what is no name, and where there is none."""
    place = place_of(name)
    if store_url() is not None:
        from flitstack_pipeline import home_lease

        home_lease.look_at(name)
    if not is_home(place):
        known = ", ".join(names()) or "none yet"
        raise BadInput(f"There is no migration {name!r} in {named_folder()}; there are: {known}.")
    return place.resolve()


def schema_of(name: str) -> str:
    """The schema in which the journal of a migration lies where many share a Postgres database.

    Postgres cuts names at 63 characters, so a long one ends in a digest of the whole.
    """
    found = f"m_{name.replace('-', '_')}"
    if len(found) <= 63:
        return found
    return f"{found[:50]}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def chosen_home() -> Path | None:
    """The home that FLITSTACK_MIGRATION chooses; None where FLITSTACK_DATA names it.

    Raises BadInput as `home_of`.
    """
    name = os.environ.get(CHOSEN, "").strip()
    if not name or (name == ALONE and folder() is None):
        return None
    return home_of(name)


def said_of(home: Path) -> dict[str, Any]:
    """What `migration.toml` says, by the names of settings; nothing without the file.

    Raises BadInput for what it may not say, and for a value of another kind.
    """
    path = home / FILE
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} cannot be read as TOML: {error}") from None
    wrong = [
        f"{name}: it may say {', '.join(SETTINGS)}"
        if name not in SETTINGS
        else f"{name}: {type(value).__name__} is no value for it"
        for name, value in said.items()
        if not isinstance(value, SETTINGS.get(name, ()))
    ]
    if wrong:
        raise BadInput(f"{path}: {'; '.join(wrong)}. Tokens stand in the environment only.")
    return said


def write(home: Path, said: dict[str, str]) -> None:
    """Write `migration.toml` of a new home, with what is not said as a remark."""
    lines = ["# What this migration is about; what is not said here is as the environment says.",
             "# Tokens never stand here: HIGHLEVEL_TOKEN in the environment."]  # fmt: skip
    for name in SETTINGS:
        text = said.get(name, "").replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{name} = "{text}"' if text else f"# {name} =")
    (home / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
