"""Homes of migrations in an object store: worked on here by one process, and put back whole.

Belongs here: what lies where in the store, bringing a home here and putting it back. Does not:
whose turn it is (`home_lease`), what lies in a home (`settings`).

DuckDB must not open a file on network storage (two writers of one share lost rows without an
error), so FLITSTACK_MIGRATIONS as a URL (`s3://…`, `gs://…`, `file://…`: anything of fsspec) makes
the store the truth and a folder of this machine a copy to work on. In the store a home has

    NAME/exports/…, NAME/migration.toml    as people put them there; no run changes them
    NAME/objects/7-1f0c2a9b-3.zst          a file as generation 7 made it; never written again
    NAME/generations/7-1f0c2a9b.json       which objects are the files of that generation

Postgres says which generation counts. A put makes objects under names of its own, and counts only
if the generation it began with still does: one that is late is refused, and has overwritten
nothing. A run that died before its put leaves the generation before: its warehouse is made again
from the exports, and what it sent is in the journal.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from fsspec.core import url_to_fs

from flitstack_pipeline import migrations
from flitstack_pipeline.errors import Stopped
from flitstack_pipeline.private_files import replacing, replacing_bytes

_METADATA = sa.MetaData()
_HOMES = sa.Table(
    "homes",
    _METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("manifest", sa.Text, nullable=False),
)
#: What people put into a home by themselves; the rest is in generations.
EXPORTS = "exports"
#: DuckDB's folder for what does not fit into memory.
_SPILL = ".tmp"
_CHUNK = 1 << 20


class HomeTakenOver(Stopped):
    """Another process put the home back meanwhile; what was made here since is to be made again."""


@dataclass(frozen=True)
class Kept:
    """A file of a generation: its object in the store, and what the file is like."""

    object: str
    size: int
    digest: str


@dataclass
class Copy:
    """What of a home this machine has: the generation, its files, and the exports as they came.

    `seen` has size and time of change of each file as it was then; `exports` what the store said
    of each file that people put there.
    """

    generation: int = 0
    manifest: str = ""
    files: dict[str, Kept] = field(default_factory=dict)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)


class HomeStore:
    """The homes at a URL; `engine` is the Postgres database that says which generation counts."""

    def __init__(self, url: str, engine: sa.Engine) -> None:
        self._fs, root = url_to_fs(url)
        self._root = root.rstrip("/")
        self.engine = engine
        self._copies = migrations.scratch_of(url) / ".copies"

    def make_tables(self) -> None:
        """Make the table of generations, if missing."""
        with suppress(sa.exc.IntegrityError):  # another process is making it
            _METADATA.create_all(self.engine)

    def names(self) -> list[str]:
        """Every home there is, in the order of the alphabet."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        names = {PurePosixPath(path).name for path in found}
        return sorted(n for n in names if migrations.NAME.fullmatch(n) and n != migrations.CLOSED)

    def pull(self, name: str, place: Path) -> Copy:
        """Make the local copy of a home like the store's newest generation; what there is then.

        Files that are as they came stay, others are replaced, those of no generation deleted.
        """
        for attempt in range(3):
            copy = self._known(name)
            generation, manifest = self._current(name)
            try:
                if generation != copy.generation or manifest != copy.manifest:
                    copy = Copy(generation, manifest, self._read(name, manifest), copy.seen,
                                copy.exports)  # fmt: skip
                self._bring(name, place, copy)
                break
            except FileNotFoundError:  # put back, and tidied, while it was read
                if attempt == 2:
                    raise
        self._bring_exports(name, place, copy)
        self._remember(name, copy)
        return copy

    def put(self, name: str, place: Path, copy: Copy) -> None:
        """Make what lies here the next generation.

        Raises HomeTakenOver when `copy` is of one that counts no more; the store is as before then.
        """
        mark = f"{copy.generation + 1}-{secrets.token_hex(4)}"
        self._give_exports(name, place, copy)
        files: dict[str, Kept] = {}
        made: list[str] = []
        seen: dict[str, tuple[int, int]] = {}
        for path in _files(place):
            part = path.relative_to(place).as_posix()
            stamp, before = _stamp(path), copy.files.get(part)
            if before is None or copy.seen.get(part) != stamp:
                digest = _digest(path)
                if before is None or before.digest != digest:
                    before = Kept(f"objects/{mark}-{len(made)}.zst", stamp[0], digest)
                    made.append(before.object)
                    self._pack(path, f"{self._root}/{name}/{before.object}")
            files[part], seen[part] = before, stamp
        if files == copy.files and copy.generation:
            return
        manifest = f"generations/{mark}.json"
        self._fs.makedirs(f"{self._root}/{name}/generations", exist_ok=True)
        self._fs.pipe_file(f"{self._root}/{name}/{manifest}", json.dumps(_plain(files)).encode())
        if not self._count(name, copy.generation, manifest):
            self._delete(name, [*made, manifest])
            raise HomeTakenOver(
                f"The home of {name} was put back by another process since this one began. What "
                "this one made since is not kept: start it again. What it sent to HighLevel is in "
                "the journal."
            )
        left = {kept.object for kept in files.values()}
        gone = [kept.object for kept in copy.files.values() if kept.object not in left]
        self._delete(name, [*gone, copy.manifest])
        self._remember(name, Copy(copy.generation + 1, manifest, files, seen, copy.exports))

    # --- which generation counts ---------------------------------------------------------------

    def _current(self, name: str) -> tuple[int, str]:
        asked = sa.select(_HOMES.c.generation, _HOMES.c.manifest).where(_HOMES.c.name == name)
        with self.engine.connect() as con:
            found = con.execute(asked).first()
        return (0, "") if found is None else (int(found[0]), str(found[1]))

    def _count(self, name: str, before: int, manifest: str) -> bool:
        """Let the next generation count, if the one before still does."""
        row = {"name": name, "generation": before + 1, "manifest": manifest}
        c = _HOMES.c
        try:
            with self.engine.begin() as con:
                if before == 0:
                    con.execute(_HOMES.insert(), row)
                    return True
                newer = _HOMES.update().where(c.name == name, c.generation == before).values(**row)
                return con.execute(newer).rowcount == 1
        except sa.exc.IntegrityError:
            return False

    # --- from the store ------------------------------------------------------------------------

    def _read(self, name: str, manifest: str) -> dict[str, Kept]:
        said = json.loads(self._fs.cat_file(f"{self._root}/{name}/{manifest}"))
        return {part: Kept(**kept) for part, kept in said.items()}

    def _bring(self, name: str, place: Path, copy: Copy) -> None:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = self._known(name)
        for path in _files(place):
            part = path.relative_to(place).as_posix()
            if part not in copy.files:
                path.unlink()
        for part, kept in copy.files.items():
            path = place / part
            is_here = known.files.get(part) == kept and known.seen.get(part) == _stamp(path)
            if not is_here:
                self._unpack(f"{self._root}/{name}/{kept.object}", path)
            copy.seen[part] = _stamp(path)
        copy.seen = {part: stamp for part, stamp in copy.seen.items() if part in copy.files}

    def _bring_exports(self, name: str, place: Path, copy: Copy) -> None:
        """Bring what people put there; what they took away goes here as well."""
        home = f"{self._root}/{name}"
        there = self._exports(home)
        for part in set(copy.exports) - set(there):
            (place / part).unlink(missing_ok=True)
        for part, state in there.items():
            path = place / part
            if copy.exports.get(part) != state or not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with (
                    self._fs.open(f"{home}/{part}", "rb") as source,
                    replacing_bytes(path) as target,
                ):
                    shutil.copyfileobj(source, target, _CHUNK)
        copy.exports = there

    def _exports(self, home: str) -> dict[str, str]:
        """What the store says of each file that people put there: another text, another file."""
        self._fs.invalidate_cache()
        found = dict(self._fs.find(f"{home}/{EXPORTS}", detail=True))
        with suppress(FileNotFoundError):
            found[f"{home}/{migrations.FILE}"] = self._fs.info(f"{home}/{migrations.FILE}")
        return {
            PurePosixPath(path).relative_to(home).as_posix(): _state(info)
            for path, info in found.items()
        }

    # --- to the store --------------------------------------------------------------------------

    def _give_exports(self, name: str, place: Path, copy: Copy) -> None:
        """Put files there that came into the home here; one that is there is not overwritten."""
        home = f"{self._root}/{name}"
        here = [p for p in (place / EXPORTS).rglob("*") if p.is_file()] + [place / migrations.FILE]
        for path in here:
            part = path.relative_to(place).as_posix()
            if (
                part not in copy.exports
                and path.is_file()
                and not self._fs.exists(f"{home}/{part}")
            ):
                self._fs.makedirs(str(PurePosixPath(f"{home}/{part}").parent), exist_ok=True)
                self._fs.put_file(str(path), f"{home}/{part}")
                copy.exports[part] = _state(self._fs.info(f"{home}/{part}"))

    def _pack(self, path: Path, to: str) -> None:
        self._fs.makedirs(str(PurePosixPath(to).parent), exist_ok=True)
        with (
            path.open("rb") as source,
            self._fs.open(to, "wb") as target,
            pa.CompressedOutputStream(pa.PythonFile(target, "w"), "zstd") as packed,
        ):
            while part := source.read(_CHUNK):
                packed.write(part)

    def _unpack(self, source: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            self._fs.open(source, "rb") as packed,
            pa.CompressedInputStream(pa.PythonFile(packed, "r"), "zstd") as plain,
            replacing_bytes(path) as target,
        ):
            while part := plain.read(_CHUNK):
                target.write(part)

    def _delete(self, name: str, parts: list[str]) -> None:
        for part in filter(None, parts):
            with suppress(FileNotFoundError):
                self._fs.rm_file(f"{self._root}/{name}/{part}")

    # --- what this machine has -----------------------------------------------------------------

    def _known(self, name: str) -> Copy:
        try:
            said = json.loads((self._copies / f"{name}.json").read_text())
            files = {part: Kept(**kept) for part, kept in said.pop("files").items()}
            seen = {part: (stamp[0], stamp[1]) for part, stamp in said.pop("seen").items()}
            return Copy(files=files, seen=seen, **said)
        except (OSError, ValueError, TypeError, KeyError):
            return Copy()

    def _remember(self, name: str, copy: Copy) -> None:
        self._copies.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(self._copies / f"{name}.json") as file:
            json.dump({**vars(copy), "files": _plain(copy.files)}, file)


def _files(home: Path) -> Iterator[Path]:
    """The files of a home that generations hold, whoever made them."""
    for path in sorted(home.rglob("*")):
        part = path.relative_to(home)
        of_people = part.parts[0] in (EXPORTS, migrations.FILE)
        passing = path.suffix == ".partial" or any(x.endswith(_SPILL) for x in part.parts)
        if not of_people and not passing and path.is_file() and not path.is_symlink():
            yield path


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change; (-1, 0) without the file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (-1, 0)
    return found.st_size, found.st_mtime_ns


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(files: dict[str, Kept]) -> dict[str, dict[str, Any]]:
    return {part: vars(kept) for part, kept in files.items()}


def _state(info: dict[str, Any]) -> str:
    """What a file system says of a file, by which a changed one is known: size, and what it has."""
    said = [info.get(key) for key in ("size", "ETag", "etag", "md5", "mtime", "created")]
    return " ".join(str(x) for x in said if x is not None)
