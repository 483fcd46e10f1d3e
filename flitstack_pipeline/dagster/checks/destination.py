"""Checks before any write: the map is confirmed, the sub-account is fit."""

from __future__ import annotations

from flitstack_pipeline import services
from flitstack_pipeline.dagster.assets.destination import PREFLIGHT
from flitstack_pipeline.dagster.assets.map import MAP_CONFIRMATION, MAPPED
from flitstack_pipeline.dagster.checks.check import Check, Verdict, verdict
from flitstack_pipeline.services import ledger
from flitstack_pipeline.settings import Project


def _map_confirmed(project: Project, key: str) -> Verdict:
    entries = services.unconfirmed_entries(project)
    return verdict(entries, "Every entry of the map was decided by a person.")


def _every_cell_accounted(project: Project, key: str) -> Verdict:
    problems = ledger.check_cells(project, key)
    fates = ledger.cells_by_fate(project, key)
    return verdict(problems, "Every cell is in the record it belongs to, or told.", fates=fates)


def _preflight_passed(project: Project, key: str) -> Verdict:
    lines = services.preflight_lines(project)
    problems = [x["what_to_do"] for x in lines if x["verdict"] == "fail"]
    return verdict(problems, "The sub-account is fit.", lines=lines)


CHECKS = (
    Check(
        MAP_CONFIRMATION,
        "map_confirmed",
        "Every required entry of the map is confirmed by a person. To confirm: launch the job "
        "03_confirm_map with your name.",
        _map_confirmed,
    ),
    Check(
        MAPPED,
        "every_cell_accounted",
        "Every non-empty cell of every record row is in a named field of a named record, or its "
        "fate is told (reports/ledger.html). Asked when the last object type is mapped; nothing "
        "is written to HighLevel while a cell is not accounted for.",
        _every_cell_accounted,
    ),
    Check(
        PREFLIGHT,
        "preflight_passed",
        "No line of the preflight failed; each failing line says what to switch on in HighLevel.",
        _preflight_passed,
        blocking=True,
    ),
)
MAP_CONFIRMED = CHECKS[0]
