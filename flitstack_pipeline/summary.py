"""The last answer to "how far are we", given again while nothing it depends on has changed.

Belongs here: what an answer depends on (`stamps`), keeping it, giving it back. Does not: finding
the answer (`services.status`). It imports no library, so that `status` and
refusals need neither the warehouse nor the journal when a step has left its answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flitstack_pipeline import migrations
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.private_files import replacing

#: What begins the names of the variables that settings are read from.
_SETTINGS = ("FLITSTACK_", "HIGHLEVEL_", "XDG_STATE_HOME")
_CODE = Path(__file__).parent
Stamps = dict[str, str]


def data_folder() -> Path | None:
    """The data folder the environment names; None where it names none."""
    try:
        if (chosen := migrations.chosen_home()) is not None:
            return chosen
    except BadInput:
        return None
    named = os.environ.get("FLITSTACK_DATA", "data").strip()
    return Path(named).resolve() if named else None


def stamps(root: Path) -> Stamps:
    """What the answer of a data folder depends on, each as a text that changes with it.

    Files count as unchanged with the same size, times and inode. The journal must be the SQLite
    file of the folder: `keep` and `kept` know nothing of another database.
    """
    pace = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    return {
        "code": _of(_files(_CODE, ".py")),
        "settings": _digest(sorted(x for x in os.environ.items() if x[0].startswith(_SETTINGS))),
        "exports": _of(_files(root / "exports")),
        "map": _of([root / "map.yaml"]),
        "migration": _of([root / migrations.FILE]),
        "decisions": _of(_files(root / "decisions")),
        "journal": _of([root / "journal.sqlite", root / "journal.sqlite-wal"]),
        "warehouse": _of([root / "warehouse.duckdb", root / "warehouse.duckdb.wal"]),
        "requests": _of(
            [pace / "flitstack" / "pace.sqlite"] if "HIGHLEVEL_TOKEN" in os.environ else []
        ),
    }


def keep(root: Path, answer: dict[str, Any], depends: Stamps, until: float | None = None) -> None:
    """Keep an answer for its stamps, for the owner only, to be given until a moment (seconds)."""
    with replacing(_path(root)) as file:
        json.dump({"stamps": depends, "until": until, "answer": answer}, file, default=str)


def kept(root: Path | None) -> dict[str, Any] | None:
    """The answer kept for a data folder; None when there is none or anything has changed since."""
    if root is None or os.environ.get("FLITSTACK_JOURNAL_URL"):
        return None
    try:
        found = json.loads(_path(root).read_text())
        current = found["until"] is None or time.time() < found["until"]
        answer: dict[str, Any] = found["answer"]
        return answer if current and found["stamps"] == stamps(root) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(root: Path) -> Path:
    return root / "cache" / "summary.json"


def _files(folder: Path, suffix: str = "") -> Iterator[Path]:
    for here, _, names in os.walk(folder):
        yield from (Path(here, name) for name in names if name.endswith(suffix))


def _of(paths: Iterator[Path] | list[Path]) -> str:
    return _digest(sorted((str(path), *file_stamp(path)) for path in paths))


def file_stamp(path: Path) -> tuple[int, ...]:
    """Size, times and inode of a file, which change with it; () for none and for an empty one."""
    try:
        found = path.stat()
    except OSError:
        return ()
    if not found.st_size:  # a log of the database that comes and goes with reading
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _digest(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()
