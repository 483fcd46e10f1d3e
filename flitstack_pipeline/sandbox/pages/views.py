"""The read-only pages of the sandbox: overview, lists, the board, one record with its links."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from flitstack_pipeline.sandbox.pages import holdings
from flitstack_pipeline.sandbox.pipeline import Sandbox
from flitstack_pipeline.sandbox.state import Entry, State

PAGE = 100
KINDS = frozenset({"contact", "opportunity", "record"})
_TEMPLATES = Environment(
    loader=PackageLoader("flitstack_pipeline.sandbox.pages"), autoescape=True, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip


def _html(template: str, *, status: int = 200, **data: Any) -> Response:
    return HTMLResponse(_TEMPLATES.get_template(template).render(**data), status_code=status)


def page_routes(sandbox: Sandbox) -> list[Route]:
    """The routes; they need no token, count against no rate and change nothing."""
    state = sandbox.state

    async def overview(request: Request) -> Response:
        return _html("overview.html.j2", locations=holdings.overview(state))

    async def contacts(request: Request) -> Response:
        return _list(state, request, "Contacts", "contact", "", ["email", "phone", "companyName"])

    async def records(request: Request) -> Response:
        key = request.path_params["key"]
        name = "Companies" if key == "business" else key.removeprefix("custom_objects.")
        return _list(state, request, name, "record", key, holdings.columns(state, key))

    async def board(request: Request) -> Response:
        return _html("board.html.j2", title="Opportunities", pipelines=holdings.board(state))

    async def record(request: Request) -> Response:
        kind, found = request.path_params["kind"], None
        if kind in KINDS:
            found = state.get(kind, request.path_params["id"])
        if found is None:
            return _html("record.html.j2", status=404, title="No such record")
        return _html(
            "record.html.j2",
            title=holdings.title(found),
            id=found.id,
            facts=holdings.facts(state, found),
            links=holdings.links(state, found),
            notes=holdings.notes(state, found),
        )

    return [
        Route("/", overview),
        Route("/_page/contacts", contacts),
        Route("/_page/board", board),
        Route("/_page/object/{key}", records),
        Route("/_page/{kind}/{id}", record),
    ]


def _list(
    state: State, request: Request, title: str, kind: str, parent: str, names: list[str]
) -> Response:
    asked = request.query_params.get("skip", "")
    skip = int(asked) if asked.isdigit() else 0
    found = [
        entry
        for location in state.all("location")
        for entry in state.listed(kind, location.id, parent=parent, limit=PAGE, skip=skip)
    ]
    rows = [(holdings.link(entry), [_cell(entry, name) for name in names]) for entry in found]
    after = skip + PAGE if len(found) >= PAGE else None
    return _html("list.html.j2", title=title, names=names, rows=rows, after=after)


def _cell(entry: Entry, name: str) -> Any:
    value = (entry.doc.get("properties") or entry.doc).get(name, "")
    return value.get("value", value) if isinstance(value, dict) else value
