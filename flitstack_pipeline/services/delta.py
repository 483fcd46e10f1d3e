"""The delta's window and pickup: when new exports count, and which files are new.

Belongs here: the window after the cutover, what the last load had read, whether the sensor should
launch. Does not: loading what changed (`loading`), deciding conflicts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.reading.folder import export_files, is_media, problem_of
from flitstack_pipeline.reading.manifest import sha256
from flitstack_pipeline.services.project_context import open_journal
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

#: A file counts when nothing has touched it for so long: before, it may still be copied.
SETTLED_S = 5.0
SHOWN = 6
OPENED, READ = "delta_window", "delta_base"


@dataclass(frozen=True)
class Window:
    """When new exports are picked up."""

    opens: dt.datetime
    closes: dt.datetime

    def refusal(self, now: dt.datetime) -> str:
        """Why nothing is picked up at `now`; empty inside the window."""
        if now < self.opens:
            return f"The delta window opens at {_clock(self.opens)}."
        if now > self.closes:
            return (
                f"The delta window closed at {_clock(self.closes)}. To extend it set "
                "FLITSTACK_DELTA_END or FLITSTACK_DELTA_HOURS."
            )
        return ""


@dataclass(frozen=True)
class DeltaDecision:
    """Whether the sensor should launch, with the run key, or the reason why not.

    `cursor` is to be kept and handed in the next time: it saves hashing unchanged files again and
    remembers what was launched.
    """

    run_key: str | None
    reason: str
    cursor: str


@dataclass
class _Cursor:
    """What the last tick knew: hash per file with what it was hashed at, and the last launch."""

    files: dict[str, list[Any]] = field(default_factory=dict)
    launched: str = ""

    @classmethod
    def parse(cls, text: str | None) -> _Cursor:
        try:
            known = json.loads(text or "{}")
            return cls(dict(known.get("files", {})), str(known.get("launched", "")))
        except (ValueError, AttributeError, TypeError):
            return cls()

    def text(self) -> str:
        return json.dumps({"files": self.files, "launched": self.launched}, sort_keys=True)


def open_window(project: Project, journal: Journal, stage: str) -> None:
    """A load of `stage` has run: the cutover opens the window; remember which files it had read."""
    if stage not in ("cutover", "delta"):
        return
    if stage == "cutover" and not journal.get_setting(OPENED):
        opened = dt.datetime.now(dt.UTC)
        closes = opened + dt.timedelta(hours=project.settings.delta_hours)
        journal.set_setting(OPENED, [opened.isoformat(), closes.isoformat()])
    journal.set_setting(READ, _files_read(project))


def delta_window(project: Project, journal: Journal) -> Window | None:
    """The window, from the cutover and the settings; None before the cutover."""
    stored = journal.get_setting(OPENED)
    if not stored:
        return None
    settings = project.settings
    opens = settings.delta_start or dt.datetime.fromisoformat(stored[0])
    closes = settings.delta_end or opens + dt.timedelta(hours=settings.delta_hours)
    return Window(_aware(opens), _aware(closes))


def delta_refusals(project: Project, now: dt.datetime | None = None) -> list[str]:
    """Why no delta may run now; empty when one may."""
    with open_journal(project) as journal:
        window = delta_window(project, journal)
    if window is None:
        return ["The delta window opens with the cutover, and the cutover has not begun."]
    refusal = window.refusal(now or dt.datetime.now(dt.UTC))
    return [refusal] if refusal else []


def delta_wanted(
    project: Project, cursor: str | None, now: dt.datetime | None = None
) -> DeltaDecision:
    """Launch once for each new content of the exports folder inside the window.

    Compares the folder with what the last load had read, by content: a touched file is not new, a
    file that is still being written waits. Raises OSError when the folder cannot be read.
    """
    known = _Cursor.parse(cursor)
    with open_journal(project) as journal:
        window = delta_window(project, journal)
        base = dict(journal.get_setting(READ) or {})
    if window is None:
        return _no(known, "The cutover has not started; the delta window opens with it.")
    closed = window.refusal(now or dt.datetime.now(dt.UTC))
    if closed:
        return _no(known, closed)
    present, unsettled = _hashes(project.exports, known)
    seen = f"{len(present)} export files in {project.exports}; window until {_clock(window.closes)}"
    if unsettled:
        return _no(known, f"Still being written: {_few(unsettled)}. Looking again soon. {seen}.")
    changed = _changes(base, present)
    if not changed:
        return _no(known, f"Nothing new: {seen}.")
    key = hashlib.sha256(json.dumps(present, sort_keys=True).encode()).hexdigest()
    if key == known.launched:
        return _no(
            known,
            f"A delta was launched for this content ({changed}). If that run failed, launch the "
            f"job delta by hand: it continues where it stopped. {seen}.",
        )
    known.launched = key
    return DeltaDecision(key, f"{changed}; {seen}", known.text())


def _no(known: _Cursor, reason: str) -> DeltaDecision:
    return DeltaDecision(None, reason, known.text())


def _hashes(exports: Path, known: _Cursor) -> tuple[dict[str, str], list[str]]:
    """Content hash per file, and the files too fresh to trust; `known.files` is renewed."""
    present: dict[str, str] = {}
    unsettled, renewed = [], {}
    if not exports.is_dir():
        raise BadInput(f"{exports} is not there: is the disk mounted?")
    for path in export_files(exports):
        if is_media(path) or problem_of(path):
            continue  # no export: told when the exports are read
        name, before = path.relative_to(exports).as_posix(), _stamp(path)
        if 0 <= time.time() - path.stat().st_ctime < SETTLED_S:
            unsettled.append(name)
            continue
        stamp, digest = known.files.get(name, [None, ""])
        if stamp != before:
            digest = sha256(path)
        if _stamp(path) != before:
            unsettled.append(name)
            continue
        present[name] = digest
        renewed[name] = [before, digest]
    known.files = renewed
    return present, unsettled


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _files_read(project: Project) -> dict[str, str]:
    """Content hash of every file as the last reading found it."""
    with project.warehouse.connect() as con:
        if not table_exists(con, "raw.files"):
            return {}
        rows = con.execute("SELECT DISTINCT file, sha256 FROM raw.files").fetchall()
    return {file: digest for file, digest in rows if digest}


def _changes(base: dict[str, str], present: dict[str, str]) -> str:
    """What is new and changed, in words; a file that left the folder is not a delta by itself."""
    new = [name for name in present if name not in base]
    changed = [name for name in present if name in base and base[name] != present[name]]
    parts = [
        f"{what}: {_few(names)}" for what, names in (("new", new), ("changed", changed)) if names
    ]
    return "; ".join(parts)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _clock(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
