"""What must be there before a step of the graph may run, and what to do to get it.

Belongs here: reasons, for a terminal and for Dagster. Does not: the gate of the cutover (`gating`),
the order of the loads (`loading`). Every function returns reasons and raises nothing.
"""

from __future__ import annotations

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.objects import BY_KEY, KEYS
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migration.report import Reason
from flitstack_pipeline.reading.folder import export_files
from flitstack_pipeline.services.field_map import unconfirmed_entries
from flitstack_pipeline.services.open_matters import open_matters
from flitstack_pipeline.services.project_context import open_journal
from flitstack_pipeline.settings import Project

SHOWN = 8
#: What makes the tables of a schema, and which command does.
DONE_BY = {"raw": ("read", "audit"), "clean": ("cleaned", "audit"), "mapped": ("mapped", "prepare")}


def before_reading(project: Project) -> list[str]:
    """Whether there is anything to read."""
    if any(export_files(project.exports)):
        return []
    return [
        f"{project.exports} holds no export file. Export every module in {SOURCE.name} (CSV or "
        "Excel) and put the files there; `flitstack examples DIR` makes some to try with."
    ]


def before_cleaning(project: Project, key: str) -> list[str]:
    """Raw rows of every object type: day or month first is told by all exports of an account."""
    return _missing(project, "raw", KEYS)


def before_relating(project: Project) -> list[str]:
    """Clean rows of every object type."""
    return _missing(project, "clean", KEYS)


def before_auditing(project: Project) -> list[str]:
    """Everything cleaned and related."""
    return _missing(project, "clean", KEYS) + _no_relationships(project)


def before_mapping(project: Project, key: str) -> list[str]:
    """Clean rows, relationships and a map."""
    reasons = _missing(project, "clean", [key]) + _no_relationships(project)
    if not project.map_path.exists():
        reasons.append(
            Reason(
                "There is no map yet.",
                run="map propose",
                press="There is no map yet. Materialize field_map first.",
            )
        )
    return reasons


def before_preflight(project: Project) -> list[str]:
    """The team, whose users are looked for, and records to look for room for."""
    return _missing(project, "clean", ["users"]) + _missing(project, "mapped", KEYS)


def before_provisioning(project: Project) -> list[str]:
    """Every matter settled, a confirmed map, a sub-account that passed its examination."""
    reasons = _missing(project, "mapped", KEYS) + open_matters(project)
    open_entries = unconfirmed_entries(project)
    if open_entries:
        why = f"{len(open_entries)} entries of the map wait for a person: {_few(open_entries)}."
        press = f"{why} Read map.yaml, then launch the job {JOB['confirm_map']} with your name."
        why = f"{why} Read map.yaml first."
        reasons.append(Reason(why, run='map confirm "Your Name"', press=press))
    with open_journal(project) as journal:
        lines = journal.get_setting("preflight")
    if lines is None:
        why = "The sub-account has not been examined."
        reasons.append(Reason(why, run="prepare", press=f"{why} Materialize preflight first."))
    reasons += [line["what_to_do"] for line in lines or [] if line["verdict"] == "fail"]
    return reasons


def before_choosing(project: Project) -> list[str]:
    """Every object type mapped."""
    return _missing(project, "mapped", KEYS) + _no_relationships(project)


def before_comparing_sample(project: Project) -> list[str]:
    """The whole sample loaded."""
    return _not_loaded(project, "sample", "sample_load")


def before_reconciling(project: Project) -> list[str]:
    """The cutover loaded."""
    return _not_loaded(project, "cutover", "full_load")


def _missing(project: Project, schema: str, keys: tuple[str, ...] | list[str]) -> list[str]:
    there = _tables(project, schema)
    lacking = [k for k in keys if _table(schema, k) not in there]
    if not lacking:
        return []
    done, command = DONE_BY[schema]
    names = ", ".join(lacking)
    press = f"Materialize {schema}[{names}] first."
    return [Reason(f"Not {done} yet: {names}.", run=command, press=press)]


def _table(schema: str, key: str) -> str:
    return key if schema == "mapped" else BY_KEY[key].dataset


def _no_relationships(project: Project) -> list[str]:
    there = "links" in _tables(project, "clean")
    if there:
        return []
    press = "Materialize relationships first."
    return [Reason("The records are not related yet.", run="audit", press=press)]


def _tables(project: Project, schema: str) -> set[str]:
    with project.warehouse.connect() as con:
        found = con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", [schema]
        ).fetchall()
    return {name for (name,) in found}


def _not_loaded(project: Project, stage: str, asset: str) -> list[str]:
    with open_journal(project) as journal:
        done = journal.get_setting(f"done:{stage}", [])
    lacking = [k for k in KEYS if k not in done]
    if not lacking:
        return []
    why = f"Not loaded yet: {', '.join(lacking)}."
    press = (
        f"{why} Launch the job {JOB[stage]}, or materialize the {asset} waves from left to right."
    )
    return [Reason(why, run="migrate", press=press)]


def _few(items: list[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return "; ".join(items[:SHOWN]) + more
