"""A review room over real HTTP: two migrations whose pages were published by hand."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import uvicorn

from flitstack_pipeline.mapping.document import FieldEntry, MapDocument, ValueMap
from flitstack_pipeline.questions import Choice, Question
from flitstack_pipeline.review.access import Doors
from flitstack_pipeline.review.app import Place, make_app, serving_options
from flitstack_pipeline.review.homes import Homes
from flitstack_pipeline.services.publishing import publish_map, publish_questions, publish_review
from flitstack_pipeline.settings import Project

SECRET = b"a secret of the tests, long enough"


@dataclass
class Room:
    """A room that is served, and who opens it."""

    url: str
    homes: Homes
    doors: Doors

    def project(self, name: str = "acme") -> Project:
        """A migration of the room."""
        return self.homes.project(name)

    def visitor(self, migration: str = "acme", role: str = "customer", **more) -> Visitor:
        """A person who came by a link of their own."""
        token = self.doors.invite(self.project(migration), migration, "Ann Lee", role, 14, **more)
        person = Visitor(self, requests.Session())
        assert person.post("/come", migration=migration, token=token, csrf=None).status_code == 303
        return person


@dataclass
class Visitor:
    """A browser without a screen: keeps its cookie, fills in forms as the page made them."""

    room: Room
    session: requests.Session

    def get(self, path: str, **more) -> requests.Response:
        """A page."""
        return self.session.get(self.room.url + path, allow_redirects=False, **more)

    def token(self, migration: str = "acme") -> str:
        """The token of this visit's forms."""
        return re.search(r'name="csrf" value="(\w+)"', self.get(f"/m/{migration}/").text)[1]

    def post(self, path: str, headers=None, **fields) -> requests.Response:
        """Send a form; its token is filled in unless given (None: without one)."""
        if "csrf" not in fields:
            fields["csrf"] = self.token(path.split("/")[2])
        sent = {k: v for k, v in fields.items() if v is not None}
        return self.session.post(
            self.room.url + path, data=sent, allow_redirects=False,
            headers={"Origin": self.room.url, **(headers or {})},
        )  # fmt: skip


def small_map() -> MapDocument:
    """A map with a sure entry, a doubtful one and the words of a dropdown."""
    return MapDocument(
        fields=[
            FieldEntry(dataset="clients", source="email", target="contact", field="email",
                       confidence=1.0, evidence="declared: e-mail"),
            FieldEntry(dataset="clients", source="custom:Roof", target="contact", field="Roof Type",
                       data_type="SINGLE_OPTIONS", transform="choice", options=["Tile", "Slate"],
                       confidence=0.6, evidence="values look like a choice"),
        ],
        values={"clients.custom:Roof": ValueMap(map={"tile": "Tile", "slate": "Slate"},
                                                confidence=0.97)},
    )  # fmt: skip


ASKED = Question(
    "dates:jobs.start_date", "dates", "Are the dates day first or month first?",
    file="jobs.csv", column="Start Date", evidence=("02/03/2024",),
    choices=(Choice("month first"), Choice("day first", "214 dates move")),
)  # fmt: skip


def pair(left: str, right: str, name: str = "Lee Ann") -> dict:
    """A pair of people as relating lists it."""
    return {
        "left_key": left, "right_key": right, "decision": "", "so far": "yours", "score": 0.7,
        "evidence": "same phone", "left_name": "Ann Lee", "right_name": name,
        "left_email": "ann@x.co", "right_email": "", "left_phone": "+18135550102",
        "right_phone": "+18135550102", "left_address": "1 Oak St", "right_address": "1 Oak St",
    }  # fmt: skip


def publish_all(project: Project, name: str = "Lee Ann") -> None:
    """What the steps would have published after an audit and a proposal."""
    project.prepare()
    small_map().save(project.map_path)
    publish_map(project, small_map())
    publish_questions(project, [ASKED])
    pairs = [pair(f"main/clients/{n}", f"main/clients/{n + 100}", name) for n in range(1, 4)]
    lists = {"duplicates.csv": pairs, "invoice_links.csv": [], "work_order_links.csv": []}
    publish_review(project, lists, "merged unless you keep them apart")


@pytest.fixture
def homes(tmp_path, monkeypatch) -> Homes:
    """Two migrations, acme and bolt, after the audit."""
    for variable in ("HIGHLEVEL_TOKEN", "FLITSTACK_JOURNAL_URL", "FLITSTACK_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("FLITSTACK_MEMORY", "off")
    for name in ("acme", "bolt"):
        (tmp_path / "migrations" / name).mkdir(parents=True)
    found = Homes(tmp_path / "migrations")
    for name in found.names():
        publish_all(found.project(name), "Bob Bolt" if name == "bolt" else "Lee Ann")
    return found


@pytest.fixture
def room(homes) -> Iterator[Room]:
    """The room of both, as people reach it from outside: nobody comes in without a link."""
    with serving(homes, public=True) as found:
        yield found


@pytest.fixture
def local_room(homes) -> Iterator[Room]:
    """The same on one's own machine: who opens it is the engineer."""
    with serving(homes, public=False) as found:
        yield found


class serving:
    """Serve a room on a free port for the length of a block.

    `public_url` stands for an address that a proxy at `proxy` serves, else the port's own one.
    """

    def __init__(self, homes: Homes, public: bool, public_url: str = "", proxy: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        doors = Doors(SECRET)
        url = f"http://127.0.0.1:{port}"
        place = Place(port, (public_url or url) if public else "", "engineer")
        options = serving_options("127.0.0.1", port, proxy)
        config = uvicorn.Config(make_app(homes, doors, place), **options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._room = Room(url, homes, doors)

    def __enter__(self) -> Room:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        return self._room

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)


def lines_of(path: Path) -> list[str]:
    """The lines of a file, none when it is not there."""
    return path.read_text(encoding="utf-8-sig").splitlines() if path.exists() else []
