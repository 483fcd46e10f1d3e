"""The stages of the job pipeline: the six default ones, or the contractor's own words.

Belongs here: which stages there are and their order. Does not: which status goes to which stage
(`mapping.status_maps`), making the pipeline (`migration.provisioning`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.statuses import WORK, closed
from flitstack_pipeline.cleaning.values.dates import NotADate, moment
from flitstack_pipeline.cleaning.values.formats import Format
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.status_hints import suggested
from flitstack_pipeline.mapping.transforms import Account

#: An account with so many statuses works by its own; with fewer than `FEW` nobody can tell.
SIX, FEW = len(t.STAGES), 4
#: Where a word that sounds like none of the six stands: between what goes on and what is over.
_JOB_STATUSES = closed(WORK)
_UNKNOWN_PLACE = _JOB_STATUSES.index("on_hold") + 0.5
_DATED = re.compile(r"^(?:date |entered |moved to )?(.*?)(?: (?:at|on|date|entered|since|time))?$")


@dataclass(frozen=True)
class OwnStage:
    """One stage: its name, the closed status it means ("" if unknown), its spellings, its jobs."""

    name: str
    status: str
    spellings: tuple[str, ...]
    jobs: int


def own_stages(con: duckdb.DuckDBPyConnection) -> list[OwnStage]:
    """The stages in the account's own words, in order; empty where the six default ones serve.

    Every status that jobs have is a stage, named as most jobs write it; spellings of one declared
    status are one stage. An account that has the default words and a few of its own keeps the six
    default stages, with its own words among them. All are ordered by the moments at which jobs
    entered them, where the exports tell, else by closeness to the six default stages.
    """
    found = _stages(con)
    unknown = [stage for stage in found if not stage.status]
    if not unknown:
        return []
    if not (len(found) >= SIX or (len(found) >= FEW and 2 * len(unknown) > len(found))):
        spelled = {stage.status: stage.spellings for stage in found}
        default = t.DEFAULT_STAGES["jobs"]
        found = [OwnStage(default[w][0], w, spelled.get(w, ()), 0) for w in _JOB_STATUSES] + unknown
    found.sort(key=lambda stage: (_place(stage), not stage.status, -stage.jobs, stage.name))
    return _by_dates(found, _entered(con, found))


def stage_like(stage: str, own: Iterable[OwnStage]) -> str:
    """The own stage that stands for one of the six default ones: the nearest in order."""
    listed = list(own)
    wanted = t.STAGES.index(stage)
    nearest = min(listed, key=lambda x: (abs(_place(x) - wanted), listed.index(x)))
    return nearest.name


def _stages(con: duckdb.DuckDBPyConnection) -> list[OwnStage]:
    rows = con.execute(
        f"SELECT status, trim(status_text), count(*) FROM {relation(con, 'clean.jobs')} "
        "WHERE trim(coalesce(status_text, '')) <> '' GROUP BY ALL ORDER BY 3 DESC, 2"
    ).fetchall()
    groups: dict[str, list[tuple[str, int]]] = {}
    closed: dict[str, str] = {}
    for status, text, jobs in rows:
        key = status or f"~{_plain(text)}"
        closed[key] = status or ""
        groups.setdefault(key, []).append((text, jobs))
    return [
        OwnStage(spelled[0][0], closed[key], tuple(text for text, _ in spelled),
                 sum(jobs for _, jobs in spelled))
        for key, spelled in groups.items()
    ]  # fmt: skip


def _place(stage: OwnStage) -> float:
    """How far along the six default stages a stage stands."""
    status = stage.status or suggested(stage.name, _JOB_STATUSES)[0]
    return _JOB_STATUSES.index(status) if status else _UNKNOWN_PLACE


def _entered(con: duckdb.DuckDBPyConnection, stages: list[OwnStage]) -> dict[str, dict[str, str]]:
    """Moments at which each job entered each stage: job → stage name → ISO text.

    Read from the columns of the declared stages (`In Progress At`) and from custom columns that
    are named after a stage (`Permit Pending At`).
    """
    jobs = relation(con, "clean.jobs")
    rows = con.execute(
        f"""
        SELECT source_key, e.key, e.value, NULL FROM (
            SELECT source_key, unnest(map_entries(stage_times)) AS e FROM {jobs})
        UNION ALL
        SELECT source_key, e.key, e.value, coalesce(custom_formats[e.key], '') FROM (
            SELECT source_key, unnest(map_entries(custom)) AS e, custom_formats FROM {jobs})
        """
    ).fetchall()
    zone = Account.load(con).time_zone
    by_status = {stage.status: stage.name for stage in stages if stage.status}
    by_word = {_plain(word): stage.name for stage in stages for word in stage.spellings}
    found: dict[str, dict[str, str]] = {}
    for job, column, cell, written in rows:
        dated = _DATED.match(_plain(column))
        name = by_status.get(column) or by_word.get(dated.group(1) if dated else "")
        at = _moment(cell, written, zone) if name else ""
        if name and at:
            found.setdefault(job, {})[name] = at
    return found


def _moment(cell: str, written: str | None, zone: str) -> str:
    """A moment as text that sorts; of a custom cell as its file writes it, "" where it is none."""
    if written is None:
        return cell.replace("T", " ")[:16]
    try:
        found = moment(cell, Format.of(written).date_order, zone)
    except NotADate:
        return ""
    return (found.exact or found.day.isoformat()).replace("T", " ")[:16] if found else ""


def _by_dates(stages: list[OwnStage], entered: Mapping[str, Mapping[str, str]]) -> list[OwnStage]:
    """The stages that have dates in the order in which most jobs went through them.

    They share the places they had among themselves; stages without dates stay where they are.
    """
    ahead: dict[tuple[str, str], int] = {}
    for moments in entered.values():
        for one, at in moments.items():
            for other, then in moments.items():
                if at < then:
                    ahead[one, other] = ahead.get((one, other), 0) + 1
    dated = [s for s in stages if any(s.name in pair for pair in ahead)]
    places = [i for i, stage in enumerate(stages) if stage in dated]

    def behind(stage: OwnStage) -> int:
        """How many other stages most jobs enter before this one."""
        others = (s.name for s in dated if s is not stage)
        return sum(ahead.get((o, stage.name), 0) > ahead.get((stage.name, o), 0) for o in others)

    ordered = list(stages)
    for place, stage in zip(places, sorted(dated, key=behind), strict=True):
        ordered[place] = stage
    return ordered


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()
