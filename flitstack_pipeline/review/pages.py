"""The pages of a migration: what is shown.

Belongs here: one function per page. Does not: forms (`review.forms`), who may look (`review.here`),
how a page looks (templates).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from flitstack_pipeline.errors import FlitstackError, trouble_of
from flitstack_pipeline.mapping.answer_sheets import CHOICES, ORDER, STAGES
from flitstack_pipeline.review import runs
from flitstack_pipeline.review.access import NotAllowed
from flitstack_pipeline.review.app import visit_of
from flitstack_pipeline.review.here import Here, looking
from flitstack_pipeline.review.homes import Homes
from flitstack_pipeline.review.render import conflicts_digest, render
from flitstack_pipeline.review.report_pages import report_response, reports_of
from flitstack_pipeline.services import conflicts, page_store
from flitstack_pipeline.services.click_folding import refused_clicks
from flitstack_pipeline.services.decision_trail import trail
from flitstack_pipeline.services.journey import Journey, journey, kept_journey
from flitstack_pipeline.services.project_context import on_the_clock, open_journal, shown_accounts
from flitstack_pipeline.services.publishing import (
    CERTIFICATE,
    DUPLICATE_PAIRS,
    LEFT_BEHIND,
    LINKS,
    MAP,
    QUESTIONS,
    RECONCILIATION,
    ROLLBACK,
    SAMPLE,
    SAMPLES,
)
from flitstack_pipeline.services.status import progress_line, under_way

router = APIRouter()
PAGE, MIGRATIONS = 50, 25
#: The row of the map that says in which order the stages stand.
_ORDER = f"{CHOICES}\t{ORDER}"
#: An open page asks anew after this.
PROGRESS_S = 600


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


def _number(request: Request) -> int:
    """Which page of a list the address asks for; the first for anything else."""
    asked = request.query_params.get("page", "")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1


def _paged(here: Here, section: str, request: Request) -> dict[str, Any]:
    """One page of a section as the address asks for it: tab, words, number of the page."""
    asked = request.query_params
    parts = page_store.parts(here.project, section)
    part = asked.get("part") or next(iter(parts), "")
    words = asked.get("words", "")[:200]
    number = _number(request)
    found, count = page_store.rows(here.project, section, part, words, PAGE * (number - 1), PAGE)
    return {
        "rows": found, "count": count, "parts": parts, "part": part, "words": words,
        "number": number, "last": max(1, -(-count // PAGE)),
        "head": page_store.section(here.project, section),
    }  # fmt: skip


@router.get("/")
def every_migration(request: Request) -> Response:
    """All migrations with who must do what next; a customer is led to their own."""
    visit = visit_of(request)
    homes = request.app.state.homes
    if visit.migration:
        return RedirectResponse(f"/m/{visit.migration}/", 303)
    words = request.query_params.get("words", "")[:200]
    names = [name for name in homes.names() if words.casefold() in name]
    if len(names) == 1 and not words:
        return RedirectResponse(f"/m/{names[0]}/", 303)
    number = _number(request)
    shown = names[MIGRATIONS * (number - 1) : MIGRATIONS * number]
    values = {"ways": [_way(homes, name) for name in shown], "count": len(names), "number": number,
              "words": words, "last": max(1, -(-len(names) // MIGRATIONS)), "visit": visit,
              "csrf": request.app.state.doors.form_token(visit.session)}  # fmt: skip
    return render(request, "all.html.j2", values)


def _way(homes: Homes, name: str) -> tuple[str, Journey | None, str]:
    """(name, where it stands, why that cannot be told): a broken folder hides no other."""
    try:
        return name, kept_journey(homes.root(name)) or journey(homes.project(name)), ""
    except Exception as error:
        trouble = trouble_of(error)
        if not isinstance(error, FlitstackError) and trouble is None:
            raise
        return name, None, trouble.sentence if trouble else str(error)


@router.get("/m/{name}/")
def overview(request: Request, name: str) -> Response:
    """Where the migration stands, who is next, what runs."""
    here = looking(request, name)
    left, count = page_store.rows(here.project, LEFT_BEHIND, most=30)
    return _page(
        request, here, "overview.html.j2", reports=reports_of(here.project), left=left,
        left_count=count, behind=page_store.section(here.project, LEFT_BEHIND),
        refused=refused_clicks(here.project),
    )  # fmt: skip


@router.get("/m/{name}/events")
async def events(request: Request, name: str) -> Response:
    """Progress of the run under way, once a second, until it has ended."""
    await run_in_threadpool(looking, request, name)
    return StreamingResponse(_progress(request, name), media_type="text/event-stream")


async def _progress(request: Request, name: str) -> AsyncIterator[str]:
    """Events until the run or the visit ends; no thread is held while nothing is told."""
    until = time.monotonic() + PROGRESS_S
    while time.monotonic() < until and not await request.is_disconnected():
        try:
            told = await run_in_threadpool(_told, request, name)
        except NotAllowed:
            return
        yield f"data: {json.dumps(told)}\n\n"
        if not told["running"]:
            return
        await asyncio.sleep(1)


def _told(request: Request, name: str) -> dict[str, Any]:
    """Whether something runs, and how far it is; the engineer also reads the log's last line."""
    here = looking(request, name)
    run = runs.last_run(here.project)
    with open_journal(here.project) as journal:
        known = shown_accounts(here.project)
        what, since = under_way(journal, known)
        line = progress_line(here.project, journal, known, what, since) if what else ""
    if here.visit.engineer and run and run.running:
        line += " " + run.log.strip().rpartition("\n")[2].strip()[:200]
    return {"running": bool(what or (run and run.running)), "line": line.strip()}


@router.get("/m/{name}/questions")
def questions(request: Request, name: str) -> Response:
    """What the exports leave open, with evidence, and what was answered."""
    here = looking(request, name)
    return _page(request, here, "questions.html.j2", **_paged(here, QUESTIONS, request))


@router.get("/m/{name}/map")
def field_map(request: Request, name: str) -> Response:
    """The map of one object: own column, three values, where it goes, how sure, what to decide."""
    here = looking(request, name)
    values = _paged(here, MAP, request)
    keys = [r.data["sample"] for r in values["rows"] if r.data["sample"]]
    samples = {r.key: r.data for r in page_store.rows_of(here.project, SAMPLES, keys)}
    targets = (values["head"].facts if values["head"] else {}).get("fields", {})
    used = {r.data["cells"].get("HighLevel object") for r in values["rows"]}
    fields = {target: known for target, known in targets.items() if target in used}
    order = page_store.row(here.project, MAP, _ORDER) if values["part"] == STAGES else None
    return _page(request, here, "map.html.j2", samples=samples, fields=fields, order=order,
                 order_key=_ORDER, **values)  # fmt: skip


@router.get("/m/{name}/duplicates")
def duplicates(request: Request, name: str) -> Response:
    """Pairs of rows that may be one client, side by side."""
    here = looking(request, name)
    return _page(request, here, "duplicates.html.j2", **_paged(here, DUPLICATE_PAIRS, request))


@router.get("/m/{name}/links")
def links(request: Request, name: str) -> Response:
    """Documents that name no job and fit several, with their candidates."""
    here = looking(request, name)
    return _page(request, here, "links.html.j2", **_paged(here, LINKS, request))


@router.get("/m/{name}/sample")
def sample(request: Request, name: str) -> Response:
    """The sample: the cells of the export left, HighLevel's fields right, differences first."""
    here = looking(request, name)
    with open_journal(here.project) as journal:
        outcome = journal.get_setting("sample")
    return _page(request, here, "sample.html.j2", outcome=outcome, **_paged(here, SAMPLE, request))


@router.get("/m/{name}/conflicts")
def conflict_page(request: Request, name: str) -> Response:
    """Values that changed on both sides: as last written, in the new export, in HighLevel now."""
    here = looking(request, name)
    listed = conflicts.conflict_rows(here.project, shown_accounts(here.project))
    number, waiting = _number(request), sum(map(conflicts.waits, listed))
    alike = Counter((r["field"], r["reason"]) for r in listed)
    return _page(
        request, here, "conflicts.html.j2", rows=listed[PAGE * (number - 1) : PAGE * number],
        count=len(listed), waiting=waiting, alike=alike, number=number, waits=conflicts.waits,
        last=max(1, -(-len(listed) // PAGE)), decided=sum(bool(r["decision"]) for r in listed),
        sealed=conflicts_digest(listed),
    )  # fmt: skip


@router.get("/m/{name}/reconciliation")
def reconciliation(request: Request, name: str) -> Response:
    """What reading everything back found, list by list: what differs, money, links, counts."""
    here = looking(request, name)
    return _page(request, here, "reconciliation.html.j2", **_report(here, RECONCILIATION, request))


@router.get("/m/{name}/certificate")
def certificate(request: Request, name: str) -> Response:
    """What was moved, approved by whom, what stayed behind, was merged or taken apart."""
    here = looking(request, name)
    return _page(request, here, "certificate.html.j2", **_report(here, CERTIFICATE, request))


def _report(here: Here, section: str, request: Request) -> dict[str, Any]:
    """A page of a report as published: its head, and one page of the list asked for."""
    values = _paged(here, section, request)
    head = values["head"]
    tabs = {tab["title"]: tab for tab in head.facts["tabs"]} if head else {}
    part = values["part"] if values["part"] in tabs else next(iter(tabs), "")
    return values | {
        "facts": head.facts if head else {}, "part": part, "tab": tabs.get(part, {}),
        "parts": {title: tab["rows"] for title, tab in tabs.items()},
        "written": [r for r in reports_of(here.project) if r["file"] == f"{section}.html"],
    }  # fmt: skip


@router.get("/m/{name}/reports/{file}")
def report(request: Request, name: str, file: str) -> Response:
    """One of the documents that the steps wrote."""
    here = looking(request, name)
    return report_response(here.project, file)


@router.get("/m/{name}/rollback")
def rollback(request: Request, name: str) -> Response:
    """What would be taken back and what stays; then the button that does it."""
    here = looking(request, name)
    found, count = page_store.rows(here.project, ROLLBACK, most=200)
    head = page_store.section(here.project, ROLLBACK)
    return _page(request, here, "rollback.html.j2", rows=found, count=count, head=head)


@router.get("/m/{name}/trail")
def decided_by(request: Request, name: str) -> Response:
    """Who decided what, newest first."""
    here = looking(request, name)
    lines = [{**line, "at": on_the_clock(here.project, line["at"])} for line in trail(here.project)]
    return _page(request, here, "trail.html.j2", lines=lines)
