"""The forms by which a person decides on a migration's pages, or starts a step.

Belongs here: one function per form. Does not: what a decision does (`services`), who may send a
form (`review.here`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.mapping.answer_sheets import CHOICE, DECISION, THEN
from flitstack_pipeline.mapping.document import CONFIRMED, EXCLUDED, PROPOSED
from flitstack_pipeline.review import runs
from flitstack_pipeline.review.folding import fold, fold_soon
from flitstack_pipeline.review.here import Here, deciding, running, taking_back
from flitstack_pipeline.review.render import conflict_digest, conflicts_digest
from flitstack_pipeline.services import clicks, conflicts, page_store
from flitstack_pipeline.services.acknowledging import LISTED
from flitstack_pipeline.services.click_files import locked
from flitstack_pipeline.services.decision_trail import NOT_YET, note
from flitstack_pipeline.services.project_context import open_journal, shown_accounts
from flitstack_pipeline.services.publishing import LEFT_BEHIND, MAP, QUESTIONS, ROLLBACK
from flitstack_pipeline.settings import Project

router = APIRouter()
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


async def _sent(request: Request) -> FormData:
    """A form whose fields the page's rows decide."""
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]


def _back(here: Here, page: str, said: str = "", problem: str = "") -> Response:
    told = urlencode({k: v for k, v in (("said", said), ("problem", problem)) if v})
    path, _, kept = page.partition("?")
    asked = "&".join(filter(None, (kept, told)))
    return RedirectResponse(f"{here.base}/{path}" + (f"?{asked}" if asked else ""), 303)


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


def _launch(here: Here, title: str, commands: list[runs.Command]) -> None:
    runs.launch(here.project, title, commands, here.by, here.name)


@router.post("/m/{name}/run/{what}")
def run_step(request: Request, name: str, what: str, csrf: Csrf) -> Response:
    """Start one of the engineer's steps."""
    here = running(request, name, csrf)
    if what not in STEPS:
        raise HTTPException(404)
    title, commands = STEPS[what]
    return _stored(here, "", lambda: _launch(here, title, commands))


@router.post("/m/{name}/acknowledge")
def acknowledge(request: Request, name: str, csrf: Csrf, seen: Seen) -> Response:
    """Agree that the rows and files on the list stay behind."""
    here = deciding(request, name, csrf)
    commands = [["acknowledge", LISTED, f"--by={here.by}"]]

    def store() -> None:
        shown = page_store.section(here.project, LEFT_BEHIND)
        if shown is None or shown.fingerprint != seen:
            raise clicks.Changed("The list is another one since you opened the page.")
        told = {"rows and files": shown.facts["open"]}
        note(here.project, here.by, "left behind", "what stays behind", told, seen)
        _launch(here, "Noting it", commands)

    return _stored(here, "", store)


@router.post("/m/{name}/questions")
def answer(
    request: Request, name: str, csrf: Csrf, key: Key, seen: Seen,
    word: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Answer a question, or take the answer back; the last one has the exports read again."""
    here = deciding(request, name, csrf)

    def store() -> None:
        clicks.answer_question(here.project, key, word, here.by, seen)
        _, still_open = page_store.rows(here.project, QUESTIONS, "To decide", most=1)
        if word and not still_open:
            title, commands = STEPS["read"]
            _launch(here, title, commands)

    return _stored(here, "questions", store)


@router.post("/m/{name}/map")
def decide_entry(request: Request, name: str, form: Sent) -> Response:
    """Confirm, change, leave out or reopen one entry of the map."""
    here = deciding(request, name, str(form.get("csrf", "")))
    key, seen = str(form.get("key", "")), str(form.get("seen", ""))

    def store() -> None:
        answers = _answers(here.project, key, form)
        if answers:
            clicks.decide_map(here.project, key, answers, here.by, seen)
            fold_soon(here.project)

    return _stored(here, f"map?{_kept(form)}", store)


@router.post("/m/{name}/map/confirm")
def confirm_above(request: Request, name: str, form: Sent) -> Response:
    """Confirm every open entry we are sure of; a status nobody declared stays open."""
    here = deciding(request, name, str(form.get("csrf", "")))
    share, seen = str(form.get("above", "0.95")), str(form.get("seen", ""))

    def store() -> None:
        if not re.fullmatch(r"[01](\.\d+)?", share):
            raise BadInput(f"{share!r} is no share of 1")
        clicks.confirm_above(here.project, float(share), here.by, seen)
        fold(here.project)

    return _stored(here, f"map?{_kept(form)}", store, "Confirmed in your name.")


@router.post("/m/{name}/map/order")
def order_stages(request: Request, name: str, form: Sent) -> Response:
    """Put the stages of the pipeline into the order of the numbers beside them."""
    here = deciding(request, name, str(form.get("csrf", "")))
    key, seen = str(form.get("key", "")), str(form.get("seen", ""))
    placed = zip(form.getlist("place"), form.getlist("stage"), strict=False)
    value = THEN.join(str(stage) for _, stage in sorted(placed, key=lambda x: _place(str(x[0]))))

    def store() -> None:
        clicks.decide_map(here.project, key, {CHOICE: value}, here.by, seen)
        fold(here.project)

    return _stored(here, "map?part=Stages", store)


def _place(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.inf


@router.post("/m/{name}/{page}/pair")
def decide_pair(request: Request, name: str, page: str, form: Sent) -> Response:
    """Say that two rows are one client or are not, that a document belongs to a job or does not."""
    here = deciding(request, name, str(form.get("csrf", "")))
    if page not in ("duplicates", "links"):
        raise HTTPException(404)
    key, word, seen = (str(form.get(n, "")) for n in ("key", "word", "seen"))
    return _stored(
        here, f"{page}?{_kept(form)}",
        lambda: clicks.decide_pair(here.project, key, word, here.by, seen),
    )  # fmt: skip


@router.post("/m/{name}/approve")
def approve(
    request: Request, name: str, csrf: Csrf, seen: Seen, typed: Annotated[str, Form()],
    words: Annotated[str, Form(alias="note")] = "", then: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Approve what the page showed, in a typed name; the cutover begins when that is asked for."""
    here = deciding(request, name, csrf)

    def store() -> None:
        with open_journal(here.project) as journal:
            outcome = journal.get_setting("sample") or {}
        if outcome.get("result") != seen:
            raise clicks.Changed("The sample is another one since you opened the page.")
        if not typed.strip():
            raise BadInput("type your name")
        who = f"{typed.strip()} ({here.by})" if typed.strip() != here.by else here.by
        approval = ["approve", f"--note={words.strip()}", "--", who]
        commands = [approval, *([["migrate"]] if then else [])]
        told = {"approved by": who, "note": words.strip(), "load at once": "yes" if then else "no"}
        note(here.project, here.by, "approval", "the sample", told, seen)
        _launch(here, "Approval" + (" and cutover" if then else ""), commands)

    return _stored(here, "" if typed.strip() else "sample", store)


@router.post("/m/{name}/not-yet")
def not_yet(
    request: Request, name: str, csrf: Csrf, seen: Seen,
    words: Annotated[str, Form(alias="note")],
) -> Response:  # fmt: skip
    """A note to the engineer: what is to be changed before the approval."""
    here = deciding(request, name, csrf)

    def store() -> None:
        if not words.strip():
            raise BadInput("say what is to be changed")
        told = {"note": words.strip()[:4000]}
        note(here.project, here.by, NOT_YET, "the sample", told, seen)

    return _stored(here, "sample", store, "Your note is on the overview, for the engineer.")


@router.post("/m/{name}/conflicts")
def decide_conflict(
    request: Request, name: str, csrf: Csrf, key: Key, seen: Seen,
    field: Annotated[str, Form()] = "", word: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "", alike: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Decide one conflict, or all of its kind the same way."""
    here = deciding(request, name, csrf)

    def store() -> None:
        known = shown_accounts(here.project)
        with locked(here.project):
            listed = conflicts.conflict_rows(here.project, known)
            one = next((r for r in listed if (r["record_key"], r["field"]) == (key, field)), None)
            if one is None or conflict_digest(one) != seen:
                raise clicks.Changed("This conflict is another one since you opened the page.")
            kind = (field, one["reason"])
            meant = [
                (r["record_key"], r["field"]) for r in listed
                if r is one or (alike and (r["field"], r["reason"]) == kind)
            ]  # fmt: skip
            what = f"{one['label']}: {field}" + (f" and all {len(meant)} alike" if alike else "")
            note(here.project, here.by, "conflict", what, {"decision": word, "value": value}, seen)
            conflicts.decide_all(here.project, meant, word, value, known)

    return _stored(here, "conflicts", store)


@router.post("/m/{name}/conflicts/apply")
def apply_conflicts(request: Request, name: str, csrf: Csrf, seen: Seen) -> Response:
    """Carry out what was decided about conflicts."""
    here = deciding(request, name, csrf)
    title, commands = STEPS["resolve"]

    def store() -> None:
        if (
            conflicts_digest(conflicts.conflict_rows(here.project, shown_accounts(here.project)))
            != seen
        ):
            raise clicks.Changed("The conflicts are others since you opened the page.")
        _launch(here, title, commands)

    return _stored(here, "", store)


@router.post("/m/{name}/rollback/look")
def look_before_rollback(request: Request, name: str, csrf: Csrf) -> Response:
    """Say first what a rollback would take back."""
    here = taking_back(request, name, csrf)
    commands = [["rollback", "--dry-run"]]
    return _stored(
        here, "rollback",
        lambda: _launch(here, "Looking what would be taken back", commands),
    )  # fmt: skip


@router.post("/m/{name}/rollback")
def do_rollback(
    request: Request, name: str, csrf: Csrf, seen: Seen, typed: Annotated[str, Form()] = ""
) -> Response:
    """Take everything back, when the company's name was typed and the dry run is still the last."""
    here = taking_back(request, name, csrf)

    def store() -> None:
        head = page_store.section(here.project, ROLLBACK)
        if head is None or head.fingerprint != seen or head.facts.get("dry run") != "True":
            raise clicks.Changed("Look first what would be taken back.")
        company = head.facts["company"]
        if " ".join(typed.split()).casefold() != " ".join(company.split()).casefold():
            raise BadInput(f"type {company} to take the migration back")
        told = {k: v for k, v in head.facts.items() if k in ("deleted", "restored", "left")}
        note(here.project, here.by, "rollback", "everything", told, seen)
        _launch(here, "Taking everything back", [["rollback", "--yes"]])

    return _stored(here, "rollback", store)


def _answers(project: Project, key: str, form: FormData) -> dict[str, str]:
    """What a form says differently from the row, and its decision."""
    shown = page_store.row(project, MAP, key)
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
