"""Where a migration stands on its way, and who must do what next, without the warehouse.

Belongs here: the steps a customer lives through, each with its state, from what the steps published
and from the journal; keeping that until one of their files changes. Does not: the gate
(`services.gate`), which alone decides what may run.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline import migrations
from flitstack_pipeline.migration.journal.history import rolled_back
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.services.decision_trail import NOT_YET
from flitstack_pipeline.services.page_store import Section, sections
from flitstack_pipeline.services.project_context import open_journal, shown_accounts
from flitstack_pipeline.services.publishing import DUPLICATE_PAIRS, LINKS, MAP, QUESTIONS, SAMPLE
from flitstack_pipeline.services.status import under_way
from flitstack_pipeline.settings import Project
from flitstack_pipeline.summary import file_stamp

DONE, WAITS, OPEN, LATER = "done", "waits for you", "to do", "later"
CUSTOMER, ENGINEER, NOBODY = "customer", "engineer", ""


@dataclass(frozen=True)
class Step:
    """One step: its name, its state (`done`, `waits for you`, `to do`, `later`), a few words.

    `page` is where it is done, `count` how much waits for a person there.
    """

    name: str
    state: str
    about: str = ""
    page: str = ""
    count: int = 0


@dataclass(frozen=True)
class Journey:
    """All steps in order; who must do what next, and on which page."""

    steps: list[Step]
    who: str = NOBODY
    what: str = ""
    page: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def here(self) -> Step:
        """The step the migration stands at: the first that is not done, else the last."""
        return next((s for s in self.steps if s.state != DONE), self.steps[-1])


#: What a way is found from, in the data folder; a database's log stands beside it.
_FILES = (
    migrations.FILE, "journal.sqlite", "journal.sqlite-wal",
    "review/pages.sqlite", "review/pages.sqlite-wal",
)  # fmt: skip
#: Of a file that changed so lately, a second change may leave the same times.
_SETTLED_NS = 100_000_000
_Stamps = tuple[tuple[int, ...], ...]
_kept: dict[Path, tuple[_Stamps, Journey]] = {}


def kept_journey(root: Path) -> Journey | None:
    """The way of the migration in a folder as last found; None where a file has changed since."""
    stamps, found = _kept.get(root, ((), None))
    return found if found is not None and stamps == _stamps(root) else None


def journey(project: Project) -> Journey:
    """The way of a migration as it stands now."""
    if (known := kept_journey(project.root)) is not None:
        return known
    stamps = _stamps(project.root)
    found = _journey(project)
    newest = max((stamp[1] for stamp in stamps if stamp), default=0)
    # A lock ends by the clock, too, and another database has no file here.
    ends_alone = found.facts["running"] or project.settings.journal_url
    if not ends_alone and newest < time.time_ns() - _SETTLED_NS:
        _kept[project.root] = (stamps, found)
    return found


def _stamps(root: Path) -> _Stamps:
    return tuple(file_stamp(root / name) for name in _FILES)


def _journey(project: Project) -> Journey:
    shown = sections(project)
    with open_journal(project) as journal:
        state = _state(project, journal, shown.get(SAMPLE))
    waiting = state["waiting"]
    asked, mapped = _count(shown.get(QUESTIONS), "open"), _count(shown.get(MAP), "open")
    sample, approved = state["sample"], state["approved"]
    differ = len(sample["problems"]) if sample else 0
    steps = [
        Step("Audit", DONE if QUESTIONS in shown else OPEN, "The exports are read and cleaned."),
        _decided("Questions", asked, "to answer", "questions"),
        _decided("Field map", mapped, "entries to confirm", "map", OPEN if asked == 0 else LATER),
        Step("Schema", _after(bool(state["preflight"]) and not state["refused"], mapped == 0),
             f"{state['refused']} lines of the preflight failed" if state["refused"] else ""),
        Step("Sample", _after(sample is not None, bool(state["preflight"])),
             f"{sample['records']:,} records, {differ:,} differences" if sample else "", "sample"),
        Step("Approval", DONE if approved else WAITS if sample and not differ else LATER,
             f"by {approved['approved_by']}" if approved else NOT_YET if state[NOT_YET] else "",
             "sample"),
        Step("Cutover", _after(state["loaded"], bool(approved)), "", "run"),
        Step("Delta", WAITS if waiting else _after(state["delta"], state["loaded"]),
             f"{waiting:,} conflicts to decide" if waiting else "", "conflicts", waiting),
        Step("Reconciliation", _after(state["reconciled"] is not None, state["loaded"]),
             f"{len(state['reconciled']['problems']):,} differences" if state["reconciled"] else "",
             "reconciliation"),
    ]  # fmt: skip
    who, what, page = _next(steps, differ, state)
    pairs = {n: _count(shown.get(n), "open") for n in (DUPLICATE_PAIRS, LINKS)}
    return Journey(steps, who, what, page, {**state, **pairs})


def _state(project: Project, journal: Journal, shown: Section | None) -> dict[str, Any]:
    known = shown_accounts(project)
    places = [account.location_id for account in known]
    place = places[0]
    sample = journal.get_setting("sample")
    newest = next(iter(journal.approvals(place)), None)
    details = (newest or {}).get("details") or {}
    holds = sample and all(details.get(k) == sample.get(k) for k in ("map", "schema", "result"))
    preflight = journal.get_setting("preflight") or []
    loaded = bool(journal.get_setting("done:cutover"))
    return {
        "sample": sample, "approved": newest if holds else None, "preflight": preflight,
        "refused": sum(x["verdict"] == "fail" for x in preflight), "loaded": loaded,
        "delta": bool(journal.get_setting("done:delta")),
        "reconciled": journal.get_setting("reconciliation"),
        "waiting": sum(len(journal.conflicts(p, waiting=True)) for p in places),
        "rolled back": rolled_back(journal, place) is not None,
        NOT_YET: None if holds else _not_yet(journal, shown),
        "running": under_way(journal, known)[0],
    }  # fmt: skip


def _not_yet(journal: Journal, shown: Section | None) -> dict[str, Any] | None:
    """The newest note why the sample that is shown is not approved (yet)."""
    newest = next(iter(journal.decisions(1, NOT_YET)), None)
    since = dt.datetime.fromisoformat(shown.at).timestamp() if shown else 0.0
    return newest if newest and newest["at"] >= since else None


def _count(found: Section | None, name: str) -> int | None:
    return int(found.facts.get(name, 0)) if found else None


def _decided(name: str, count: int | None, what: str, page: str, before: str = LATER) -> Step:
    """A step of decisions, of which so many wait; None: no step published them so far."""
    if count is None:
        return Step(name, before, "", page)
    about = f"{count:,} {what}" if count else ""
    return Step(name, WAITS if count else DONE, about, page, count or 0)


def _after(done: bool, ready: bool) -> str:
    return DONE if done else OPEN if ready else LATER


def _next(steps: list[Step], differ: int, state: Mapping[str, Any]) -> tuple[str, str, str]:
    """(who, what, page) of what is to be done next."""
    by_name = {s.name: s for s in steps}
    if state["rolled back"]:
        return ENGINEER, "Everything was taken back. Begin again when you are ready.", "run"
    for name, what in (("Questions", "Answer the questions about the exports."),
                       ("Field map", "Confirm the field map."),
                       ("Delta", "Decide the conflicts.")):  # fmt: skip
        if by_name[name].state == WAITS:
            return CUSTOMER, what, by_name[name].page
    if state[NOT_YET]:
        told = state[NOT_YET]["decision"].get("note", "")
        return ENGINEER, f"The office does not approve yet: “{told}”", "sample"
    if differ:
        return ENGINEER, "The sample shows differences: mend them and compare again.", "sample"
    if by_name["Approval"].state == WAITS:
        return CUSTOMER, "Look at the sample and approve it.", "sample"
    words = {
        "Audit": "Lay the exports into the folder and read them.",
        "Field map": "Propose the field map.",
        "Schema": "Prepare the account and load the sample.",
        "Sample": "Load and compare the sample.",
        "Cutover": "Load everything.",
        "Reconciliation": "Read everything back and compare it.",
        "Delta": "Load what changed since, when the new exports are there.",
    }
    for name in words:
        if by_name[name].state == OPEN:
            return ENGINEER, words[name], "run"
    return NOBODY, "Nothing waits for anybody.", ""
