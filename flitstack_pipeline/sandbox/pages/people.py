"""What the sandbox holds, shown to a person: contacts, companies, the board, a record's links."""

from __future__ import annotations

from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from flitstack_pipeline.sandbox.pipeline import Sandbox
from flitstack_pipeline.sandbox.state import Entry

PAGE = 100
_STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:1200px;color:#1d2733;
padding:0 1rem}nav a{margin-right:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;
border-bottom:1px solid #dfe5ec;padding:.3rem .6rem;overflow-wrap:anywhere}.board{display:flex;gap:1rem;
overflow-x:auto}.stage{flex:1;min-width:11rem;background:#f4f6f9;padding:.6rem;border-radius:6px}
.card{background:#fff;margin:.4rem 0;padding:.4rem .6rem;border-radius:4px;font-size:14px}
small{color:#5d6b7a}"""


def _page(title: str, body: str) -> Response:
    head = (
        f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    nav = (
        '<nav><a href="/">Overview</a><a href="/_page/contacts">Contacts</a>'
        '<a href="/_page/companies">Companies</a><a href="/_page/board">Opportunities</a></nav>'
    )
    return HTMLResponse(f"{head}{nav}<h1>{escape(title)}</h1>{body}")


def _title(entry: Entry) -> str:
    doc = entry.doc
    properties = doc.get("properties") or {}
    name = " ".join(str(doc[k]) for k in ("firstName", "lastName") if doc.get(k))
    return str(doc.get("name") or properties.get("name") or name or doc.get("email")
               or next(iter(properties.values()), entry.id))  # fmt: skip


def _link(entry: Entry) -> str:
    return f'<a href="/_page/{entry.kind}/{escape(entry.id)}">{escape(_title(entry))}</a>'


def _table(rows: list[list[str]], header: list[str]) -> str:
    top = "".join(f"<th>{escape(h)}</th>" for h in header)
    return f"<table><tr>{top}</tr>" + "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    ) + "</table>"  # fmt: skip


def page_routes(sandbox: Sandbox) -> list[Route]:
    """The routes of the page."""
    state = sandbox.state

    async def overview(request: Request) -> Response:
        rows = []
        for location in state.all("location"):
            counts = [
                f"{kind.replace('_', ' ')}: {state.count(kind, location.id)}"
                for kind in ("contact", "opportunity", "record", "relation", "contact_note", "file",
                             "user")
            ]  # fmt: skip
            rows.append([escape(location.id), escape(location.doc["name"]), "<br>".join(counts)])
        objects = [
            [f'<a href="/_page/object/{escape(o.doc["key"])}">{escape(o.doc["labels"]["plural"])}</a>',
             str(state.count("record", o.location, parent=o.doc["key"]))]
            for o in state.all("object")
        ]  # fmt: skip
        body = _table(rows, ["Sub-account", "Name", "Holds"]) + "<h2>Custom objects</h2>"
        return _page("HighLevel sandbox", body + _table(objects, ["Object", "Records"]))

    async def contacts(request: Request) -> Response:
        return _listing("Contacts", request, "contact", "", ["email", "phone", "companyName"])

    async def companies(request: Request) -> Response:
        return _listing("Companies", request, "record", "business", [])

    async def records(request: Request) -> Response:
        key = request.path_params["key"]
        return _listing(key, request, "record", key, [])

    def _listing(
        title: str, request: Request, kind: str, parent: str, names: list[str]
    ) -> Response:
        skip = max(0, int(request.query_params.get("skip", "0") or 0))
        rows = [
            [_link(e), *(escape(str(e.doc.get(n) or "")) for n in names)]
            for location in state.all("location")
            for e in state.listed(kind, location.id, parent=parent, limit=PAGE, skip=skip)
        ]
        more = f'<p><a href="?skip={skip + PAGE}">Next {PAGE}</a></p>' if len(rows) >= PAGE else ""
        return _page(title, _table(rows, ["Name", *names]) + more)

    async def board(request: Request) -> Response:
        body = ""
        for pipeline in state.all("pipeline"):
            columns = []
            for stage in pipeline.doc["stages"]:
                found = state.find("opportunity", pipeline.location, "stage", stage["id"])
                total = sum(float(c.doc.get("monetaryValue") or 0) for c in found)
                cards = "".join(
                    f"<div class=card>{_link(c)}<br><small>{float(c.doc.get('monetaryValue') or 0):,.2f}"
                    f" · {escape(str(c.doc['status']))}</small></div>"
                    for c in found[:40]
                )
                more = f"<small>and {len(found) - 40} more</small>" if len(found) > 40 else ""
                columns.append(
                    f"<div class=stage><b>{escape(stage['name'])}</b> <small>{len(found)} · {total:,.2f}"
                    f"</small>{cards}{more}</div>"
                )
            name = escape(pipeline.doc["name"])
            body += f"<h2>{name}</h2><div class=board>{''.join(columns)}</div>"
        return _page("Opportunities", body)

    async def record(request: Request) -> Response:
        entry = state.get(request.path_params["kind"], request.path_params["id"])
        if entry is None:
            return _page("Not found", "")
        body = _table(_facts(entry), ["Field", "Value"]) + "<h2>Links</h2>" + _links(entry)
        return _page(_title(entry), body)

    def _facts(entry: Entry) -> list[list[str]]:
        names = {f.id: f.doc["name"] for f in state.definitions("contact_field", entry.location)}
        doc: dict[str, Any] = dict(entry.doc)
        custom = doc.pop("customFields", None) or {}
        properties = doc.pop("properties", None) or {}
        shown = {**doc, **properties, **{names.get(k, k): v for k, v in custom.items()}}
        return [
            [escape(str(k)), escape(str(v))]
            for k, v in shown.items()
            if v not in (None, "", [], {})
        ]

    def _links(entry: Entry) -> str:
        rows = []
        for relation in state.find("relation", entry.location, "record", entry.id):
            side = "second" if relation.doc["firstRecordId"] == entry.id else "first"
            key = relation.doc[f"{side}ObjectKey"]
            kind = key if key in ("contact", "opportunity") else "record"
            other = state.get(kind, relation.doc[f"{side}RecordId"])
            rows.append([escape(key), _link(other) if other else "gone"])
        if entry.kind == "contact":
            rows += [["opportunity", _link(o)] for o in
                     state.find("opportunity", entry.location, "contactId", entry.id)]  # fmt: skip
            company = state.get("record", entry.doc.get("businessId") or "")
            rows += [["company", _link(company)]] if company else []
        if entry.kind == "opportunity":
            contact = state.get("contact", entry.doc["contactId"])
            rows += [["contact", _link(contact)]] if contact else []
        return _table(rows, ["Object", "Record"])

    return [
        Route("/", overview),
        Route("/_page/contacts", contacts),
        Route("/_page/companies", companies),
        Route("/_page/board", board),
        Route("/_page/object/{key}", records),
        Route("/_page/{kind}/{id}", record),
    ]
