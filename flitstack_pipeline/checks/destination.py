"""Checks before any write: the map is confirmed, the sub-account is fit."""

from __future__ import annotations

from flitstack_pipeline import steps
from flitstack_pipeline.assets.destination import PREFLIGHT
from flitstack_pipeline.assets.map import FIELD_MAP
from flitstack_pipeline.checks.check import Check, Verdict, verdict
from flitstack_pipeline.settings import Project


def _map_confirmed(project: Project, key: str) -> Verdict:
    entries = steps.unconfirmed_entries(project)
    return verdict(entries, "Every entry of the map was decided by a person.")


def _preflight_passed(project: Project, key: str) -> Verdict:
    lines = steps.preflight_lines(project)
    problems = [x["what_to_do"] for x in lines if x["verdict"] == "fail"]
    return verdict(problems, "The sub-account is fit.", lines=lines)


CHECKS = (
    Check(
        FIELD_MAP,
        "map_confirmed",
        "Every required entry of the map is confirmed by a person. To confirm: shift-click "
        "Materialize on field_map and type your name in `confirmed_by`.",
        _map_confirmed,
    ),
    Check(
        PREFLIGHT,
        "preflight_passed",
        "No line of the preflight failed; each failing line says what to switch on in HighLevel.",
        _preflight_passed,
        blocking=True,
    ),
)
