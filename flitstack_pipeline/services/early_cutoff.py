"""Early cut-off: a step runs only where something it depends on is another than when it last ran.

Belongs here: what a step is (`Step`), when it is skipped (`perform`), the fingerprints of files,
code and settings. Does not: fingerprints of tables (`table_prints`), what a step does, and which
inputs it has (the modules of the steps). What a step was run with, and what it left, stands in
`cache.steps` of the warehouse: taken out before it runs and put in when it has ended, so that a
step that was killed runs again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

import flitstack_pipeline
from flitstack_pipeline.catalog.declared import FILES
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.yaml_form import sections_of
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.services.table_prints import moving, print_of
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

#: Fingerprints by the name of what they are of, in the words in which a change is told.
Prints = dict[str, str]
UNCHANGED, BECAUSE = "unchanged since", "ran because"
#: Changes named in a report; the others are counted.
NAMED = 4
#: Rooms that decide nothing of what a step leaves.
_SHELL = frozenset({"sandbox", "examples", "review", "cli", "dagster"})
_DDL = """CREATE TABLE IF NOT EXISTS cache.steps (
  step VARCHAR PRIMARY KEY, inputs JSON, left_behind VARCHAR, report JSON, ended VARCHAR)"""


def _none() -> Prints:
    return {}


@dataclass(frozen=True)
class Step:
    """A step as early cut-off sees it.

    `inputs` tells everything that decides its result, `rewrites` those of them that it writes
    itself (compared as it left them), `left` fingerprints its result where that lies, `writes`
    names the schemas of the warehouse in which it may write, with those of its support tables.
    """

    name: str
    inputs: Callable[[], Prints]
    run: Callable[[], list[StepReport]]
    left: Callable[[], str]
    writes: frozenset[str]
    rewrites: Callable[[], Prints] = _none


@dataclass(frozen=True)
class Record:
    """How a step was last run: its inputs, what it left, its reports, when."""

    inputs: Prints
    left: str
    reports: list[StepReport]
    at: str


def perform(project: Project, step: Step) -> list[StepReport]:
    """Run a step, unless its inputs and what it left are as they were when it last ended.

    Returns its reports: those it gave then, the first with `unchanged since`, or new ones, with
    what changed under `ran because`.
    """
    with project.warehouse.connect() as con:
        con.execute(_DDL)
        last = _recorded(con, step.name)
        given = step.inputs()
        inputs = {**given, **step.rewrites()}
        if last and last.inputs == inputs and last.left == step.left():
            return _noted(last.reports, UNCHANGED, last.at)
        con.execute("DELETE FROM cache.steps WHERE step = ?", [step.name])
    with moving(project, step.writes):
        reports = step.run()
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    with project.warehouse.connect() as con:
        con.execute(
            "INSERT INTO cache.steps VALUES (?, ?, ?, ?, ?)",
            [
                step.name,
                json.dumps({**given, **step.rewrites()}),
                step.left(),
                dump_reports(reports),
                at,
            ],
        )
    return _noted(reports, BECAUSE, _why(last, inputs))


def is_outdated(project: Project, step: Step) -> bool:
    """Whether a step that has run would run again: its inputs are others than they were then."""
    with project.warehouse.connect() as con:
        con.execute(_DDL)
        last = _recorded(con, step.name)
        return last is not None and last.inputs != {**step.inputs(), **step.rewrites()}


def _noted(reports: list[StepReport], name: str, text: str) -> list[StepReport]:
    first = replace(reports[0], facts={**reports[0].facts, name: text})
    return [first, *reports[1:]]


def ran_or_not(report: StepReport) -> str:
    """Why a step ran, or since when its result stands, in words."""
    if UNCHANGED in report.facts:
        return f"{UNCHANGED} {report.facts[UNCHANGED]}"
    return str(report.facts.get(BECAUSE, ""))


def record(con: duckdb.DuckDBPyConnection, name: str) -> Record | None:
    """How a step was last run; None when it was not, or did not end."""
    return _recorded(con, name) if table_exists(con, "cache.steps") else None


def _recorded(con: duckdb.DuckDBPyConnection, name: str) -> Record | None:
    found = con.execute(
        "SELECT inputs, left_behind, report, ended FROM cache.steps WHERE step = ?", [name]
    ).fetchall()
    if not found:
        return None
    inputs, left, reports, at = found[0]
    return Record(json.loads(inputs), left, load_reports(reports), at)


def note_left(con: duckdb.DuckDBPyConnection, step: Step) -> None:
    """Keep as the result of a step what a later step, its continuation, has made of it."""
    con.execute("UPDATE cache.steps SET left_behind = ? WHERE step = ?", [step.left(), step.name])


def forget(project: Project) -> None:
    """Forget every fingerprint: each step runs again (`--again`)."""
    with project.warehouse.connect() as con:
        con.execute("DROP TABLE IF EXISTS cache.steps; DROP TABLE IF EXISTS cache.surveyed")


# --- fingerprints ---------------------------------------------------------------------------------


def prints_of_files(folder: Path, paths: Iterable[Path]) -> Prints:
    """The content of files by their name below a folder's parent; "" for one that is not there."""
    return {
        path.relative_to(folder.parent).as_posix(): _print_of_file(path) if path.is_file() else ""
        for path in paths
    }


def _print_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def surroundings(project: Project) -> Prints:
    """What decides over every step: our code, the libraries, time zone data, the account."""
    s = project.settings
    account = (s.time_zone, s.country, s.currency, s.workspace)
    return {"code": code(), "libraries": libraries(), "settings": print_of(account)}


@lru_cache(maxsize=1)
def code() -> str:
    """The program and its lists of words: every file of the rooms that steps use, and every
    declaration of the account's own."""
    digest = hashlib.sha256()
    home = Path(flitstack_pipeline.__file__).parent
    for path in sorted(p for p in home.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        if path.relative_to(home).parts[0] not in _SHELL:
            digest.update(path.relative_to(home).as_posix().encode())
            digest.update(path.read_bytes())
    for path in FILES:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


@lru_cache(maxsize=1)
def libraries() -> str:
    """Python, every installed distribution with its version, and the time zone data."""
    installed = {found.name for p in sys.path for found in Path(p).glob("*.dist-info")}
    zones = [Path(p, "tzdata.zi") for p in zoneinfo.TZPATH]
    data = [p.read_bytes() for p in zones if p.is_file()]
    return print_of(sys.version, sorted(installed), data)


#: The map that was printed last, with its prints: every step of mapping asks for those of one.
_printed: list[tuple[MapDocument, Prints]] = []


def map_prints(document: MapDocument | None) -> Prints:
    """What the map says, entry by entry. The document must not be changed afterwards."""
    if document is None:
        return {"map.yaml": ""}
    if not _printed or _printed[0][0] is not document:
        said = sections_of(document).items()
        _printed[:] = [(document, {f"map.yaml: {name}": print_of(what) for name, what in said})]
    return _printed[0][1]


# --- words and storage ----------------------------------------------------------------------------


def _why(last: Record | None, inputs: Prints) -> str:
    if last is None:
        return "it has not run yet, or not to its end"
    changed = [k for k in {**last.inputs, **inputs} if last.inputs.get(k) != inputs.get(k)]
    more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return f"changed: {', '.join(changed[:NAMED])}{more}" if changed else "its result was changed"


def dump_reports(reports: list[StepReport]) -> str:
    """Reports as JSON, paths as such, other values as text."""

    def told(value: Any) -> Any:
        return {"path": str(value)} if isinstance(value, Path) else str(value)

    return json.dumps([asdict(r) for r in reports], default=told, ensure_ascii=False)


def load_reports(text: str) -> list[StepReport]:
    """The reports that `dump_reports` wrote."""

    def read(value: dict[str, Any]) -> Any:
        return Path(value["path"]) if set(value) == {"path"} else value

    return [StepReport(**report) for report in json.loads(text, object_hook=read)]
