"""Seven clients and four jobs written by hand, a review room over them, and people who open it.

Belongs here: what the story of the review room is played with. Does not: what must hold (tests).
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page

from flitstack_pipeline_tests.browser.server import ARTIFACTS
from flitstack_pipeline_tests.review.conftest import Room

MIGRATION = "acme"
CLIENTS = """\
Client ID,First Name,Last Name,Email,Phone,Street,City,State,Zip,Roof Type,Gate Code
1,Ann,Lee,ann@lee-family.com,(813) 555-0101,1 Oak St,Tampa,FL,33602,tile,1234
2,Anne,Lee,,(813) 555-0101,1 Oak Street,Tampa,FL,33602,,
3,Bob,Cole,bob@cole.example,(813) 555-0103,7 Elm Ave,Tampa,FL,33603,shingle,
4,Robert,Cole,,(813) 555-0103,,,,,,77
5,Carla,Diaz,carla@diaz.example,(813) 555-0105,9 Pine Rd,Tampa,FL,33604,metal,
6,Carlos,Diaz,carlos@diaz.example,(813) 555-0105,9 Pine Rd,Tampa,FL,33604,,
7,Dora,Pratt,dora@pratt.example,(813) 555-0107,3 Ash Ct,Tampa,FL,33605,tile,
"""
#: Every date has day and month below 13: nobody can tell which comes first.
JOBS = """\
Job ID,Job Number,Job Name,Client ID,Status,Start Date,Total
100,J-100,Roof repair,1,Completed,03/04/2024,1200.00
101,J-101,Gutters,3,In Progress,05/06/2024,480.50
102,J-102,Skylight,5,Scheduled,07/08/2024,950.00
103,J-103,Inspection,7,Completed,02/03/2024,150.00
"""
AXE = Path(__file__).with_name("axe") / "axe.min.js"
_AUDIT = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html).join(" | ")}`)"""
_DARK = """() => ["html", "body", "main", ".item", "td"]
  .flatMap(s => [...document.querySelectorAll(s)])
  .map(e => getComputedStyle(e).backgroundColor)
  .filter(c => !["rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"].includes(c))"""


def write_exports(migrations: Path) -> Path:
    """The exports of one migration in a folder of migrations; the folder."""
    exports = migrations / MIGRATION / "exports"
    exports.mkdir(parents=True)
    (exports / "clients.csv").write_text(CLIENTS)
    (exports / "jobs.csv").write_text(JOBS)
    return migrations


@dataclass
class Person:
    """Somebody with a browser of their own, who came by a link."""

    room: Room
    page: Page
    complaints: list[str] = field(default_factory=list)
    looks: int = 0

    @classmethod
    def invited(
        cls, room: Room, browser: Browser, name: str, role: str, width: int, **more: bool
    ) -> Person:
        """Open the link of an invitation, and press its button."""
        token = room.doors.invite(room.project(MIGRATION), MIGRATION, name, role, 14, **more)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(60_000)
        person = cls(room, page)
        page.goto(f"{room.url}/come/{MIGRATION}/{token}")
        person.look()
        person.press("Come in")
        return person

    def go(self, page: str = "") -> Page:
        """Open a page of the migration, and look it over."""
        self.page.goto(f"{self.room.url}/m/{MIGRATION}/{page}")
        self.look()
        return self.page

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button and wait for the page that answers."""
        self._click((within or self.page).get_by_role("button", name=name, exact=True))

    def follow(self, name: str) -> None:
        """Follow a link to its page, and look it over."""
        self._click(self.page.get_by_role("link", name=name, exact=True))
        self.look()

    def _click(self, target: Locator) -> None:
        # a click returns before the page that answers has a document
        with self.page.expect_navigation():
            target.click()

    def key(self, key: str) -> None:
        """Press a key that decides, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def entry(self, name: str) -> Locator:
        """An entry, a pair or a question of the page, by its name."""
        return self.page.locator(".item", has=self.page.get_by_text(name, exact=True)).first

    def watch(self) -> str:
        """Stay on the page until the run under way has ended; the line of progress as it was."""
        line, told, without = self.page.locator("[data-events]"), "", 0
        while without < 3:  # the page loads itself anew when the run has ended
            without += 1
            with suppress(Error):  # it does so just now
                self.page.wait_for_load_state()
                for text in line.all_inner_texts():
                    told, without = max(told, text, key=len), 0
            self.page.wait_for_timeout(150)
        return told

    def look(self) -> None:
        """Nothing is wider than the window, axe finds nothing serious, it prints on white."""
        page = self.page
        path = re.sub(r"/come/.*", "/come", page.url.removeprefix(self.room.url))
        width = page.viewport_size["width"]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.complaints.append(f"{path}: {wide} px wide in a window of {width}")
        # our policy allows no script but our own: axe comes past it, by the protocol of the browser
        page.evaluate(AXE.read_text())
        self.complaints += [f"{path}: {found}" for found in page.evaluate(_AUDIT)]
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", path.split("?")[0].removeprefix(f"/m/{MIGRATION}")).strip("-")
        self.looks += 1
        page.screenshot(
            path=ARTIFACTS / f"room-{width}-{self.looks:02}-{name or 'overview'}.png",
            full_page=True,
        )
        page.emulate_media(media="print")
        self.complaints += [f"{path}: prints on {colour}" for colour in set(page.evaluate(_DARK))]
        page.emulate_media(media="screen")
