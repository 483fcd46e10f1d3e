"""Whether automations of the sub-account would fire for the records a migration makes.

What belongs here: the verdict on published workflows, and what a person released. What does not:
reading them (highlevel/api/workflows.py), where the release is kept (services/workflows.py).
The API shows a workflow's name and status, never its trigger, so every published one is a stop;
workflows of custom objects are not in its list at all (live: L21), so a person looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import HighLevelError, Unauthorized
from flitstack_pipeline.migration.preflight.lines import Line, failed, passed

CHECK, UNLISTED = "published workflows", "workflows of custom objects"
WHERE = "Automation → Workflows"
TICK = '--workflows-checked "Your Name" (Dagster: `workflows_checked_by` of the resource `project`)'
RELEASE = "--workflows-may-run NAME (Dagster: `workflows_may_run` of the resource `project`)"


@dataclass(frozen=True)
class Released:
    """What a person decided about workflows: names that may stay published, and who looked.

    `checked_by` is the person who looked by hand at what the API does not show; empty: nobody.
    """

    names: frozenset[str] = frozenset()
    checked_by: str = ""


@dataclass(frozen=True)
class Automations:
    """The workflows of a sub-account as read; `refusal` says why they could not be."""

    workflows: Sequence[Mapping[str, Any]] = ()
    refusal: str = ""

    @property
    def published(self) -> list[str]:
        """Names of the published ones, in order."""
        status = [(str(w.get("status") or "").lower(), w) for w in self.workflows]
        return sorted(str(w.get("name") or w.get("id")) for s, w in status if s != "draft")


def read_automations(hl: HighLevel) -> Automations:
    """Read the workflows. Raises Unauthorized when the token as a whole is refused."""
    try:
        return Automations(hl.workflows.list())
    except HighLevelError as error:
        if isinstance(error, Unauthorized) and not error.scope_missing:
            raise
        missing = "the token lacks workflows.readonly"
        return Automations(refusal=missing if error.scope_missing else str(error))


def published_line(found: Automations, released: Released) -> Line:
    """Passes when no published workflow can fire that a person has not released."""
    if found.refusal and not released.checked_by:
        return failed(
            CHECK, f"cannot be seen: {found.refusal}",
            f"Tick workflows.readonly (Settings → Private Integrations → the token → Scopes), or "
            f"open {WHERE} yourself, set every published workflow to draft, and say so with "
            f"{TICK}.",
        )  # fmt: skip
    if found.refusal:
        return passed(CHECK, f"cannot be seen ({found.refusal}); {released.checked_by} looked")
    running = [name for name in found.published if name not in released.names]
    if running:
        return failed(CHECK, "; ".join(running), f"{pause_clicks(running)} {WHY}")
    let = [name for name in found.published if name in released.names]
    drafts = f"none of {len(found.workflows)}"
    return passed(CHECK, f"released by a person: {'; '.join(let)}" if let else drafts)


WHY = (
    "The API does not show what starts a workflow, and each record created can start it: "
    f"customers might be texted. One that may run is released by its exact name with {RELEASE}."
)


def pause_clicks(names: Iterable[str]) -> str:
    """The clicks that pause each workflow."""
    clicks = "; ".join(f"“{name}” → Publish off (Draft) → Save" for name in names)
    return f"Pause until the migration is reconciled: {WHERE} → {clicks}."


def unlisted_line(objects: Sequence[str], released: Released) -> Line:
    """Workflows of custom objects: the API lists none of them.

    `objects` are the names of those objects we write to that somebody made before us. An object
    this migration made has no workflow before its records come.
    """
    if not objects:
        return passed(UNLISTED, "no custom object written to was there before us")
    names = ", ".join(objects)
    if released.checked_by:
        return passed(UNLISTED, f"{names}: {released.checked_by} looked")
    return failed(
        UNLISTED, f"the API does not list them; there before us: {names}",
        f"Open {WHERE}, look for workflows that a record of {names} starts, set them to draft, "
        f"and say so with {TICK}.",
    )  # fmt: skip


def objects_of_others(
    wanted: Iterable[str],
    there: Iterable[str],
    items: Iterable[Mapping[str, Any]],
    unanswered: Iterable[str] = (),
) -> list[str]:
    """Keys of the wanted custom objects that are there and that we did not make.

    `unanswered` are item keys we tried to make when the process died: those that are there are
    ours.
    """
    made = {i["item_key"] for i in items if i["kind"] == "object" and i["origin"] == "created"}
    ours = {
        key.split(":", 1)[1] for key in made | {k for k in unanswered if k.startswith("object:")}
    }
    return sorted(set(wanted) & set(there) - ours)
