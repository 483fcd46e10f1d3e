"""Which migrations the room serves: those below one folder, or the one data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from flitstack_pipeline.migrations import ALONE, FOLDER, NAME, is_home
from flitstack_pipeline.settings import Project


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
        return Project.of_home(self.root(name))

    def root(self, name: str) -> Path:
        """The folder of the migration of that name. Raises KeyError when there is none."""
        if self.folder is None:
            return self.project(name).root
        path = self.folder / name
        if not NAME.fullmatch(name) or not is_home(path):  # "." is a folder with a name, too
            raise KeyError(name)
        return path.resolve()

    def _found(self) -> Iterator[str]:
        assert self.folder is not None
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if is_home(path):
                yield path.name
