"""The room's web application: its doors, its guards, and one router of pages.

Belongs here: Host and Origin checks, headers, visits, links, errors in words. Does not: the pages
of a migration (`review.pages`), signing (`review.access`).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from flitstack_pipeline.errors import FlitstackError, trouble_of
from flitstack_pipeline.review.access import (
    ENGINEER,
    VISIT_S,
    Doors,
    NotAllowed,
    Visit,
    end_visit,
    has_ended,
    invite_of,
)
from flitstack_pipeline.review.homes import Homes
from flitstack_pipeline.review.render import render
from flitstack_pipeline.settings import Project

log = logging.getLogger("flitstack.review")
COOKIE = "flitstack_review"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TYPES = {"css": "text/css", "js": "text/javascript"}


@dataclass(frozen=True)
class Place:
    """Where the room is: `public_url` off loopback, else the port on this machine."""

    port: int
    public_url: str = ""
    engineer_name: str = "engineer"

    @property
    def local(self) -> bool:
        """Whether only people at this machine reach it; they are engineers without a link."""
        return not self.public_url

    @property
    def origins(self) -> set[str]:
        """`scheme://host` of every address the room answers to."""
        if self.public_url:
            url = urlsplit(self.public_url.lower())
            usual = url.port is None or url.port == {"https": 443, "http": 80}.get(url.scheme)
            return {f"{url.scheme}://{url.hostname if usual else url.netloc}"}
        return {f"http://{host}:{self.port}" for host in LOOPBACK}

    @property
    def url(self) -> str:
        """What a link begins with."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")


def serving_options(host: str, port: int, trusted_proxy: str = "") -> dict[str, Any]:
    """How uvicorn serves the room: forwarded headers are believed from the trusted proxy alone."""
    return {
        "host": host, "port": port, "log_level": "warning", "access_log": False,
        "server_header": False, "proxy_headers": bool(trusted_proxy),
        "forwarded_allow_ips": trusted_proxy or "",
    }  # fmt: skip


def make_app(homes: Homes, doors: Doors, place: Place) -> FastAPI:
    """The application over these migrations."""
    from flitstack_pipeline.review import forms, pages

    app = FastAPI(title="flitstack review", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.homes, app.state.doors, app.state.place = homes, doors, place
    app.exception_handler(NotAllowed)(_refused)
    app.exception_handler(404)(_missing)
    app.exception_handler(RequestValidationError)(_incomplete)
    _add_doors(app, homes, doors, place)
    app.include_router(pages.router)
    app.include_router(forms.router)
    app.middleware("http")(_guard(place))  # the last one added is asked first
    return app


def _guard(place: Place) -> Callable[..., Awaitable[Response]]:
    """Refuse foreign hosts and foreign forms; put the protecting headers on every answer."""
    hosts = {origin.partition("://")[2] for origin in place.origins}

    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            log.warning("refused: a foreign Host, from %s", _address(request))
            return PlainTextResponse("This address is not served here.", 421)
        origin = request.headers.get("origin", "").lower()
        if request.method not in ("GET", "HEAD") and origin not in place.origins:
            log.warning("refused: a form from a foreign origin, from %s", _address(request))
            return PlainTextResponse("This form does not come from our pages.", 403)
        try:
            response = await answer(request)
        except Exception as error:
            response = _broken(request, error)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guard


def visit_of(request: Request) -> Visit:
    """Who is here. Raises NotAllowed when nobody we know is.

    A visit by a link is looked up in its migration at every request, so that a revoked one ends.
    """
    doors, place, homes = (getattr(request.app.state, n) for n in ("doors", "place", "homes"))
    said = doors.read(request.cookies.get(COOKIE, ""))
    project = _project(homes, said["m"]) if said and said["m"] else None
    if said and project is not None and has_ended(project, said["s"]):
        raise NotAllowed("You have left. Open your link again to come back.")
    if said and said["i"]:
        invite = invite_of(project, said["i"]) if project is not None else None
        if invite is None:
            raise NotAllowed("Your invitation has ended. Ask for a new link.")
        migration = "" if invite.role == ENGINEER else said["m"]
        return Visit(said["s"], invite.name, invite.role, migration, invite.may_rollback)
    if said and place.local:
        return Visit(said["s"], place.engineer_name, ENGINEER)
    raise NotAllowed("Open the room by the link you were sent.")


def _project(homes: Homes, migration: str) -> Project | None:
    """The migration of that name, if there is one."""
    try:
        return homes.project(migration)
    except KeyError:
        return None


def checked_form(request: Request, token: str) -> Visit:
    """Who sent a form. Raises NotAllowed for one that was not made for this visit."""
    visit = visit_of(request)
    if not request.app.state.doors.is_form_token(visit.session, token):
        log.warning("refused: a form without its token, from %s", _address(request))
        raise NotAllowed("This form is not of your visit. Open the page again and repeat it.")
    return visit


def _add_doors(app: FastAPI, homes: Homes, doors: Doors, place: Place) -> None:
    """Links, the end of a visit, our own style and script."""

    @app.middleware("http")
    async def begin_at_home(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """At this machine a visit begins by itself, as the engineer's."""
        path = request.url.path
        known = doors.read(request.cookies.get(COOKIE, "")) is not None
        begins = request.method == "GET" and (path == "/" or path.startswith("/m/"))
        if not place.local or known or not begins:
            return await answer(request)
        response = RedirectResponse(f"{path}?{request.url.query}".rstrip("?"), 303)
        _set_visit(response, doors.begin(ENGINEER), place)
        return response

    @app.get("/come/{migration}/{token}", response_class=HTMLResponse)
    def door(request: Request, migration: str, token: str) -> Response:
        """A page with a button: mail scanners open links, only the button begins the visit."""
        return render(request, "door.html.j2", {"migration": migration, "token": token})

    @app.post("/come")
    def come(
        request: Request, migration: Annotated[str, Form()], token: Annotated[str, Form()]
    ) -> Response:
        project, address = _project(homes, migration), _address(request)
        try:
            if project is None:
                raise NotAllowed("This link does not open anything (any more). Ask for a new one.")
            invite = doors.open_link(project, migration, token, address)
        except NotAllowed:
            log.warning("refused: a wrong link, from %s", address)
            raise
        response = RedirectResponse(f"/m/{migration}/", 303)
        _set_visit(response, doors.begin(invite.role, migration, invite.id), place)
        return response

    @app.post("/leave")
    def leave(request: Request, csrf: Annotated[str, Form()]) -> Response:
        checked_form(request, csrf)
        said = doors.read(request.cookies.get(COOKIE, ""))
        if said and said["m"]:  # at this machine a visit begins anew by itself
            end_visit(homes.project(said["m"]), said["s"], said["e"])
        response = render(request, "left.html.j2", {})
        response.delete_cookie(COOKIE)
        return response

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        folder = {"page.css": "flitstack_pipeline.reports"}.get(name, "flitstack_pipeline.review")
        kind = _TYPES.get(name.rpartition(".")[2])
        room = files(folder) / ("templates" if name == "page.css" else "static")
        found = room / name
        if kind is None or "/" in name or not found.is_file():
            return PlainTextResponse("There is no such file.", 404)
        headers = {"Cache-Control": "max-age=300"}
        return Response(found.read_bytes(), media_type=kind, headers=headers)


def _set_visit(response: Response, cookie: str, place: Place) -> None:
    secure = place.public_url.startswith("https://")
    response.set_cookie(COOKIE, cookie, max_age=VISIT_S, httponly=True, samesite="lax",
                        secure=secure, path="/")  # fmt: skip


def _address(request: Request) -> str:
    return request.client.host if request.client else "?"


def _refused(request: Request, error: Any) -> Response:
    return render(request, "refused.html.j2", {"why": str(error)}, 403)


def _incomplete(request: Request, error: Any) -> Response:
    why = "Something of the form is missing. Open the page again and repeat it."
    return render(request, "refused.html.j2", {"why": why}, 422)


def _broken(request: Request, error: Exception) -> Response:
    """What broke, in a sentence; of a bug the places in the code alone, no value of a customer."""
    trouble = trouble_of(error)
    if isinstance(error, FlitstackError):
        why = str(error)
    elif trouble is not None:
        why = trouble.sentence
    else:
        why = "This page broke. Nothing was changed by it; tell the engineer what you did."
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s at %s:\n%s", type(error).__name__, request.url.path, places)
    return render(request, "refused.html.j2", {"why": why}, 500)


def _missing(request: Request, error: Any) -> Response:
    return render(request, "refused.html.j2", {"why": "There is no such page."}, 404)
