"""The pages of a migration: what is shown, and the forms by which a person decides.

Belongs here: one function per page and per form. Does not: what a decision does (`steps`), who may
come in (`review.access`), how a page looks (templates).
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.datastructures import FormData

from flitstack_pipeline.mapping.answers import DECISION
from flitstack_pipeline.mapping.document import CONFIRMED, EXCLUDED, PROPOSED
from flitstack_pipeline.review import runs
from flitstack_pipeline.review.access import NotAllowed, Visit
from flitstack_pipeline.review.app import checked_form, visit_of
from flitstack_pipeline.review.render import conflict_digest, render
from flitstack_pipeline.review.report_pages import report_response, reports_of
from flitstack_pipeline.settings import Project
from flitstack_pipeline.steps import clicks, conflicts, pages
from flitstack_pipeline.steps.journey import Journey, journey
from flitstack_pipeline.steps.maps import take_clicks
from flitstack_pipeline.steps.opening import open_journal
from flitstack_pipeline.steps.publishing import (
    DUPLICATE_PAIRS,
    LEFT_BEHIND,
    LINKS,
    MAP,
    QUESTIONS,
    ROLLBACK,
    SAMPLE,
    SAMPLES,
)
from flitstack_pipeline.steps.standing import load_facts

router = APIRouter()
PAGE = 50
FOLD_AFTER_S = 0.7
#: What an engineer may run, and what it is called.
STEPS: dict[str, tuple[str, list[runs.Command]]] = {
    "read": ("Reading the exports and proposing the map", [["audit"], ["map", "propose"]]),
    "go-on": ("Going on with the migration", [["migrate"]]),
    "delta": ("Loading what changed", [["delta"]]),
    "reconcile": ("Reading everything back", [["reconcile"]]),
    "resolve": ("Applying the decided conflicts", [["resolve"]]),
}
Csrf = Annotated[str, Form()]
Key = Annotated[str, Form()]
Seen = Annotated[str, Form()]


@dataclass(frozen=True)
class Here:
    """One migration as one visitor sees it."""

    name: str
    project: Project
    visit: Visit

    @property
    def by(self) -> str:
        """Whose name stands beside a decision."""
        return self.visit.name

    @property
    def base(self) -> str:
        """What the addresses of its pages begin with."""
        return f"/m/{self.name}"


def _here(request: Request, name: str, visit: Visit) -> Here:
    """Raises NotAllowed for another's migration, and 404 for one that is not there."""
    if visit.migration and visit.migration != name:
        raise NotAllowed("This migration is not yours.")
    try:
        return Here(name, request.app.state.homes.project(name), visit)
    except KeyError:
        raise HTTPException(404) from None


def _looking(request: Request, name: str) -> Here:
    return _here(request, name, visit_of(request))


def _deciding(request: Request, name: str, csrf: str) -> Here:
    here = _here(request, name, checked_form(request, csrf))
    if not here.visit.decides:
        raise NotAllowed("You may look at everything here, and decide nothing.")
    return here


def _running(request: Request, name: str, csrf: str) -> Here:
    here = _here(request, name, checked_form(request, csrf))
    if not here.visit.engineer:
        raise NotAllowed("Only the engineer of this migration starts this.")
    return here


def _page(request: Request, here: Here, template: str, **values: Any) -> Response:
    """A page with what every page shows: the way, the counts, the run under way."""
    way = journey(here.project)
    shared = {
        "here": here, "way": way, "run": runs.last_run(here.project), "counts": _counts(way),
        "csrf": request.app.state.doors.form_token(here.visit.session),
        "message": request.query_params.get("said", "")[:300],
        "problem": request.query_params.get("problem", "")[:600],
    }  # fmt: skip
    return render(request, template, {**shared, **values})


def _counts(way: Journey) -> dict[str, int]:
    """What waits, by page."""
    counts = {step.page: step.count for step in way.steps if step.count}
    return counts | {page: int(way.facts.get(page) or 0) for page in (DUPLICATE_PAIRS, LINKS)}


def _back(here: Here, page: str, said: str = "", problem: str = "") -> Response:
    told = urlencode({k: v for k, v in (("said", said), ("problem", problem)) if v})
    joint = "&" if "?" in page else "?"
    return RedirectResponse(f"{here.base}/{page}" + (f"{joint}{told}" if told else ""), 303)


def _stored(here: Here, page: str, do: Callable[[], Any], said: str = "") -> Response:
    """Carry out a decision; one that does not fit any more changes nothing and says so."""
    try:
        do()
    except clicks.Changed as changed:
        return _back(here, page, problem=f"Nothing was stored. {changed}")
    except ValueError as wrong:
        return _back(here, page, problem=f"Nothing was stored: {wrong}.")
    except runs.RunUnderWay as busy:
        return _back(here, page, problem=str(busy))
    return _back(here, page, said)


def _number(request: Request) -> int:
    """Which page of a list the address asks for; the first for anything else."""
    asked = request.query_params.get("page", "")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1


def _paged(here: Here, section: str, request: Request) -> dict[str, Any]:
    """One page of a section as the address asks for it: tab, words, number of the page."""
    asked = request.query_params
    parts = pages.parts(here.project, section)
    part = asked.get("part") or next(iter(parts), "")
    words = asked.get("words", "")[:200]
    number = _number(request)
    found, count = pages.rows(here.project, section, part, words, PAGE * (number - 1), PAGE)
    return {
        "rows": found, "count": count, "parts": parts, "part": part, "words": words,
        "number": number, "last": max(1, -(-count // PAGE)),
        "head": pages.section(here.project, section),
    }  # fmt: skip


# --- overview


@router.get("/")
def every_migration(request: Request) -> Response:
    """All migrations with who must do what next; a customer is led to their own."""
    visit = visit_of(request)
    homes = request.app.state.homes
    if visit.migration:
        return RedirectResponse(f"/m/{visit.migration}/", 303)
    names = homes.names()
    if len(names) == 1:
        return RedirectResponse(f"/m/{names[0]}/", 303)
    number = _number(request)
    shown = names[PAGE * (number - 1) : PAGE * number]
    ways = [(name, journey(homes.project(name))) for name in shown]
    values = {"ways": ways, "count": len(names), "number": number,
              "last": max(1, -(-len(names) // PAGE))}  # fmt: skip
    return render(request, "all.html.j2", values)


@router.get("/m/{name}/")
def overview(request: Request, name: str) -> Response:
    """Where the migration stands, who is next, what runs."""
    here = _looking(request, name)
    left, count = pages.rows(here.project, LEFT_BEHIND, most=30)
    return _page(request, here, "overview.html.j2", reports=reports_of(here.project), left=left,
                 left_count=count, refused=clicks.refused_clicks(here.project))  # fmt: skip


@router.get("/m/{name}/events")
def events(request: Request, name: str) -> Response:
    """Progress of the run under way, once a second, until it has ended."""
    here = _looking(request, name)
    return StreamingResponse(_progress(here), media_type="text/event-stream")


def _progress(here: Here) -> Iterator[str]:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        run = runs.last_run(here.project)
        with open_journal(here.project) as journal:
            facts = load_facts(here.project, journal)
        last = run.log.strip().rpartition("\n")[2].strip()[:200] if run else ""
        told = {"state": run.state if run else "", "title": run.title if run else "",
                "line": last if here.visit.engineer else "", "facts": facts}  # fmt: skip
        yield f"data: {json.dumps(told, default=str)}\n\n"
        if run is None or not run.running:
            return
        time.sleep(1)


@router.post("/m/{name}/run/{what}")
def run_step(request: Request, name: str, what: str, csrf: Csrf) -> Response:
    """Start one of the engineer's steps."""
    here = _running(request, name, csrf)
    if what not in STEPS:
        raise HTTPException(404)
    title, commands = STEPS[what]
    return _stored(here, "", lambda: runs.launch(here.project, title, commands, here.by))


@router.post("/m/{name}/acknowledge")
def acknowledge(request: Request, name: str, csrf: Csrf) -> Response:
    """Agree that the rows and files on the list stay behind."""
    here = _deciding(request, name, csrf)
    commands = [["acknowledge", "all", f"--by={here.by}"]]

    def store() -> None:
        runs.launch(here.project, "Noting it", commands, here.by)
        clicks.note(here.project, here.by, "left behind", {"acknowledged": "all"})

    return _stored(here, "", store)


# --- questions


@router.get("/m/{name}/questions")
def questions(request: Request, name: str) -> Response:
    """What the exports leave open, with evidence, and what was answered."""
    here = _looking(request, name)
    return _page(request, here, "questions.html.j2", **_paged(here, QUESTIONS, request))


@router.post("/m/{name}/questions")
def answer(
    request: Request, name: str, csrf: Csrf, key: Key, seen: Seen,
    word: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Answer a question, or take the answer back; the last one has the exports read again."""
    here = _deciding(request, name, csrf)

    def store() -> None:
        clicks.answer_question(here.project, key, word, here.by, seen)
        _, still_open = pages.rows(here.project, QUESTIONS, "To decide", most=1)
        if word and not still_open:
            title, commands = STEPS["read"]
            runs.launch(here.project, title, commands, here.by)

    return _stored(here, "questions", store)


# --- field map


@router.get("/m/{name}/map")
def field_map(request: Request, name: str) -> Response:
    """The map of one object: own column, three values, where it goes, how sure, what to decide."""
    here = _looking(request, name)
    values = _paged(here, MAP, request)
    keys = [r.data["sample"] for r in values["rows"] if r.data["sample"]]
    samples = {r.key: r.data for r in pages.rows_of(here.project, SAMPLES, keys)}
    targets = (values["head"].facts if values["head"] else {}).get("fields", {})
    used = {r.data["cells"].get("HighLevel object") for r in values["rows"]}
    fields = {target: known for target, known in targets.items() if target in used}
    return _page(request, here, "map.html.j2", samples=samples, fields=fields, **values)


@router.post("/m/{name}/map")
async def decide_entry(request: Request, name: str) -> Response:
    """Confirm, change, leave out or reopen one entry of the map."""
    form = await request.form()
    here = _deciding(request, name, str(form.get("csrf", "")))
    key, seen = str(form.get("key", "")), str(form.get("seen", ""))

    def store() -> None:
        answers = _answers(here.project, key, form)
        if answers:
            clicks.decide_map(here.project, key, answers, here.by, seen)
            _fold_soon(here.project)

    return _stored(here, f"map?{_kept(form)}", store)


@router.post("/m/{name}/map/confirm")
async def confirm_above(request: Request, name: str) -> Response:
    """Confirm every open entry we are sure of; a status nobody declared stays open."""
    form = await request.form()
    here = _deciding(request, name, str(form.get("csrf", "")))
    share, seen = str(form.get("above", "0.95")), str(form.get("seen", ""))

    def store() -> None:
        if not re.fullmatch(r"[01](\.\d+)?", share):
            raise ValueError(f"{share!r} is no share of 1")
        clicks.confirm_above(here.project, float(share), here.by, seen)
        take_clicks(here.project)

    return _stored(here, f"map?{_kept(form)}", store, "Confirmed in your name.")


def _answers(project: Project, key: str, form: FormData) -> dict[str, str]:
    """What a form says differently from the row, and its decision."""
    shown = pages.row(project, MAP, key)
    if shown is None:
        raise clicks.Changed("This entry is not there any more.")
    now = {**shown.data["cells"], **shown.data.get("pending", {})}
    changed = {
        column: str(form[column]).strip()
        for column in shown.data["answers"]
        if column != DECISION and column in form and str(form[column]).strip() != now[column]
    }
    do = str(form.get("do", "change"))
    decided = {"confirm": CONFIRMED, "exclude": EXCLUDED, "open": PROPOSED}.get(do, CONFIRMED)
    if do in ("exclude", "open"):
        changed = {}
    if DECISION in shown.data["answers"]:
        changed[DECISION] = decided
    return changed


def _kept(form: FormData) -> str:
    """The page a form stood on."""
    return urlencode({n: str(form.get(n, "")) for n in ("part", "words", "page") if form.get(n)})


_waiting: dict[str, threading.Timer] = {}


def _fold_soon(project: Project) -> None:
    """Fold the clicks into the map when nobody has clicked for a moment."""
    root = str(project.root)
    if (before := _waiting.pop(root, None)) is not None:
        before.cancel()
    _waiting[root] = threading.Timer(FOLD_AFTER_S, take_clicks, [project])
    _waiting[root].daemon = True
    _waiting[root].start()


# --- duplicates and links


@router.get("/m/{name}/duplicates")
def duplicates(request: Request, name: str) -> Response:
    """Pairs of rows that may be one client, side by side."""
    here = _looking(request, name)
    return _page(request, here, "duplicates.html.j2", **_paged(here, DUPLICATE_PAIRS, request))


@router.get("/m/{name}/links")
def links(request: Request, name: str) -> Response:
    """Documents that name no job and fit several, with their candidates."""
    here = _looking(request, name)
    return _page(request, here, "links.html.j2", **_paged(here, LINKS, request))


@router.post("/m/{name}/{page}/pair")
async def decide_pair(request: Request, name: str, page: str) -> Response:
    """Say that two rows are one client or are not, that a document belongs to a job or does not."""
    form = await request.form()
    here = _deciding(request, name, str(form.get("csrf", "")))
    if page not in ("duplicates", "links"):
        raise HTTPException(404)
    key, word, seen = (str(form.get(n, "")) for n in ("key", "word", "seen"))
    return _stored(
        here, f"{page}?{_kept(form)}",
        lambda: clicks.decide_pair(here.project, key, word, here.by, seen),
    )  # fmt: skip


# --- sample and approval


@router.get("/m/{name}/sample")
def sample(request: Request, name: str) -> Response:
    """The sample: the cells of the export left, HighLevel's fields right, differences first."""
    here = _looking(request, name)
    with open_journal(here.project) as journal:
        outcome = journal.get_setting("sample")
    return _page(request, here, "sample.html.j2", outcome=outcome, **_paged(here, SAMPLE, request))


@router.post("/m/{name}/approve")
def approve(
    request: Request, name: str, csrf: Csrf, seen: Seen, typed: Annotated[str, Form()],
    note: Annotated[str, Form()] = "", then: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Approve what the page showed, in a typed name; the cutover begins when that is asked for."""
    here = _deciding(request, name, csrf)

    def store() -> None:
        with open_journal(here.project) as journal:
            outcome = journal.get_setting("sample") or {}
        if outcome.get("result") != seen:
            raise clicks.Changed("The sample is another one since you opened the page.")
        if not typed.strip():
            raise ValueError("type your name")
        who = f"{typed.strip()} ({here.by})" if typed.strip() != here.by else here.by
        approval = ["approve", f"--note={note.strip()}", "--", who]
        commands = [approval, *([["migrate"]] if then else [])]
        runs.launch(here.project, "Approval" + (" and cutover" if then else ""), commands, here.by)
        clicks.note(here.project, who, "approval of the sample", {"note": note}, seen)

    return _stored(here, "" if typed.strip() else "sample", store)


@router.post("/m/{name}/not-yet")
def not_yet(request: Request, name: str, csrf: Csrf, note: Annotated[str, Form()]) -> Response:
    """A note to the engineer: what is to be changed before the approval."""
    here = _deciding(request, name, csrf)
    clicks.note(here.project, here.by, "not yet", {"note": note.strip()[:4000]})
    return _back(here, "sample", "Your note is on the overview, for the engineer.")


# --- conflicts


@router.get("/m/{name}/conflicts")
def conflict_page(request: Request, name: str) -> Response:
    """Values that changed on both sides: as last written, in the new export, in HighLevel now."""
    here = _looking(request, name)
    listed = conflicts.conflict_rows(here.project)
    return _page(request, here, "conflicts.html.j2", rows=listed[:500], count=len(listed))


@router.post("/m/{name}/conflicts")
def decide_conflict(
    request: Request, name: str, csrf: Csrf, key: Key, seen: Seen,
    field: Annotated[str, Form()] = "", word: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "", alike: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Decide one conflict, or all of its kind the same way."""
    here = _deciding(request, name, csrf)

    def store() -> None:
        with clicks.locked(here.project):
            listed = conflicts.conflict_rows(here.project)
            one = next((r for r in listed if (r["record_key"], r["field"]) == (key, field)), None)
            if one is None or conflict_digest(one) != seen:
                raise clicks.Changed("This conflict is another one since you opened the page.")
            meant = [one]
            if alike:
                meant = [r for r in listed if (r["field"], r["reason"]) == (field, one["reason"])]
            for row in meant:
                conflicts.decide(here.project, row["record_key"], row["field"], word, value)
        what = f"conflict: {key} {field}" + (" and all of its kind" if alike else "")
        clicks.note(here.project, here.by, what, {"decision": word, "value": value}, seen)

    return _stored(here, "conflicts", store)


@router.post("/m/{name}/conflicts/apply")
def apply_conflicts(request: Request, name: str, csrf: Csrf) -> Response:
    """Carry out what was decided about conflicts."""
    here = _deciding(request, name, csrf)
    title, commands = STEPS["resolve"]
    return _stored(here, "", lambda: runs.launch(here.project, title, commands, here.by))


# --- reports, rollback, trail


@router.get("/m/{name}/reports/{file}")
def report(request: Request, name: str, file: str) -> Response:
    """One of the documents that the steps wrote."""
    here = _looking(request, name)
    return report_response(here.project, file)


@router.get("/m/{name}/rollback")
def rollback(request: Request, name: str) -> Response:
    """What would be taken back and what stays; then the button that does it."""
    here = _looking(request, name)
    found, count = pages.rows(here.project, ROLLBACK, most=200)
    head = pages.section(here.project, ROLLBACK)
    return _page(request, here, "rollback.html.j2", rows=found, count=count, head=head)


@router.post("/m/{name}/rollback/look")
def look_before_rollback(request: Request, name: str, csrf: Csrf) -> Response:
    """Say first what a rollback would take back."""
    here = _taking_back(request, name, csrf)
    commands = [["rollback", "--dry-run"]]
    return _stored(
        here, "rollback",
        lambda: runs.launch(here.project, "Looking what would be taken back", commands, here.by),
    )  # fmt: skip


@router.post("/m/{name}/rollback")
def do_rollback(
    request: Request, name: str, csrf: Csrf, seen: Seen, typed: Annotated[str, Form()] = ""
) -> Response:
    """Take everything back, when the company's name was typed and the dry run is still the last."""
    here = _taking_back(request, name, csrf)

    def store() -> None:
        head = pages.section(here.project, ROLLBACK)
        if head is None or head.fingerprint != seen or head.facts.get("dry run") != "True":
            raise clicks.Changed("Look first what would be taken back.")
        if typed.strip().casefold() != here.name.casefold():
            raise ValueError(f"type {here.name} to take the migration back")
        runs.launch(here.project, "Taking everything back", [["rollback"]], here.by)
        clicks.note(here.project, here.by, "rollback", dict(head.facts), seen)

    return _stored(here, "rollback", store)


def _taking_back(request: Request, name: str, csrf: str) -> Here:
    here = _here(request, name, checked_form(request, csrf))
    if not here.visit.takes_back:
        raise NotAllowed("You may not take this migration back; ask the engineer.")
    return here


@router.get("/m/{name}/trail")
def decided_by(request: Request, name: str) -> Response:
    """Who decided what, newest first."""
    here = _looking(request, name)
    return _page(request, here, "trail.html.j2", lines=clicks.trail(here.project))
