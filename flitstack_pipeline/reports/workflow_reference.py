"""The workflow reference: a page to rebuild each automation by, and the same for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.reports.document import Document, Section, write_html, write_json
from flitstack_pipeline.workflows.rebuild import Candidate, Rebuild, Step, Verdict, as_json

ABOUT = (
    f"Automations are not moved: {SOURCE.name} does not export them. This is how each can be "
    "rebuilt in HighLevel (Automation → Workflows → Create workflow). Keep every workflow a draft "
    "until the migration is reconciled. The nearest building blocks were found by words; a person "
    "decides."
)


def write_workflow_reference(rebuilds: Sequence[Rebuild], folder: Path) -> tuple[Path, Path]:
    """Write `workflow-reference.html` and `.json`; returns both paths."""
    counts = Counter(r.verdict for r in rebuilds)
    whole, none = counts[Verdict.WHOLE], counts[Verdict.NONE] + counts[Verdict.PARTLY]
    verdict = (
        f"{whole} of {len(rebuilds)} can be rebuilt as they are; {none} have parts without an "
        "equivalent."
    )
    sections = [
        Section("Overview", [_overview(r) for r in rebuilds]),
        Section("Without an equivalent", _lacking(rebuilds),
                "What HighLevel cannot do, why, and what to do instead.", empty="Nothing."),
        *(_section(r) for r in rebuilds),
    ]  # fmt: skip
    facts = {str(name): count for name, count in counts.items()}
    page = Document("Workflow reference", verdict, not none, facts, sections, ABOUT)
    return (
        write_html(page, folder / "workflow-reference.html"),
        write_json(as_json(rebuilds), folder / "workflow-reference.json"),
    )


def _overview(found: Rebuild) -> dict[str, Any]:
    return {
        "automation": found.automation.name,
        "in use": found.automation.active,
        "trigger in HighLevel": _best(found.trigger),
        "actions in HighLevel": " → ".join(_best(step) for step in found.actions),
        "verdict": str(found.verdict),
    }


def _best(step: Step) -> str:
    if not step.candidates:
        return "–"
    return step.candidates[0].name + ("" if step.sure else " (?)")


def _lacking(rebuilds: Sequence[Rebuild]) -> list[dict[str, Any]]:
    return [
        {"automation": r.automation.name, "what": step.text, "why": step.why_not,
         "instead": step.instead}
        for r in rebuilds
        for step in (r.trigger, *r.actions)
        if not step.candidates
    ]  # fmt: skip


def _section(found: Rebuild) -> Section:
    rows = [_row("When", found.trigger, _stage_setup(found))]
    if found.conditions:
        rows.append(_condition(found))
    rows += [_row(f"Then {n}", step, "") for n, step in enumerate(found.actions, 1)]
    return Section(f"{found.automation.name}: {found.verdict}", rows, found.automation.notes)


def _condition(found: Rebuild) -> dict[str, Any]:
    return {
        "step": "Only if",
        "described as": found.automation.conditions,
        "HighLevel": "If / Else",
        "how": found.conditions,
        "mind": "",
        "or": "",
    }


def _stage_setup(found: Rebuild) -> str:
    return f"Stage: {', '.join(found.stages)}." if found.stages else ""


def _row(step: str, found: Step, more: str) -> dict[str, Any]:
    if not found.candidates:
        return {"step": step, "described as": found.text, "HighLevel": "–", "how": found.instead,
                "mind": found.why_not, "or": ""}  # fmt: skip
    best, *others = found.candidates
    how = " ".join(part for part in (f"{best.setup}." if best.setup else "", more) if part)
    return {
        "step": step,
        "described as": found.text,
        "HighLevel": f"{best.name} ({best.group}, {best.score:.0%} by {best.because})",
        "how": how,
        "mind": best.note,
        "or": "; ".join(_short(c) for c in others),
    }


def _short(candidate: Candidate) -> str:
    return f"{candidate.name} ({candidate.score:.0%})"
