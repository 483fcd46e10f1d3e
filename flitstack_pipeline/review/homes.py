"""Which migrations the room serves: those below one folder, or the one data folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from flitstack_pipeline.settings import Project, Settings

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
FOLDER = "FLITSTACK_MIGRATIONS"
ALONE = "main"


class Homes:
    """The migrations by name; `folder` None serves the one of FLITSTACK_DATA as `main`."""

    def __init__(self, folder: Path | None = None) -> None:
        named = os.environ.get(FOLDER, "").strip()
        self.folder = folder or (Path(named) if named else None)

    def names(self) -> list[str]:
        """Every migration in the order of the alphabet."""
        return list(self._found()) if self.folder else [ALONE]

    def project(self, name: str) -> Project:
        """The migration of that name. Raises KeyError when there is none."""
        if self.folder is None:
            if name != ALONE:
                raise KeyError(name)
            return Project.from_environment()
        path = self.folder / name
        if not NAME.fullmatch(name) or not _is_home(path):
            raise KeyError(name)
        root = path.resolve()
        settings = Settings.from_environment()
        return Project(root, settings.model_copy(update={"data": root}))

    def _found(self) -> Iterator[str]:
        assert self.folder is not None
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if _is_home(path):
                yield path.name


def _is_home(path: Path) -> bool:
    return bool(NAME.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()
