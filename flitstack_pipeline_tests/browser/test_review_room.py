"""The office's days in the review room, from the invitation to the rollback, in a browser.

One story in chapters, each test a chapter, played at a desk and on a telephone. What must hold in
the end was worked out by hand from the seven clients and four jobs of `room.py`.
"""

from __future__ import annotations

import csv
import json
import os
import re

import pytest
import requests

from flitstack_pipeline.accounts import SANDBOX_TOKEN
from flitstack_pipeline.answers_file import read_answers
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.review.homes import Homes
from flitstack_pipeline.services import accounts_kept_open
from flitstack_pipeline.services.project_context import accounts, open_journal
from flitstack_pipeline_tests.browser.conftest import QUIET
from flitstack_pipeline_tests.browser.room import CLIENTS, MIGRATION, Person, write_exports
from flitstack_pipeline_tests.review.conftest import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=[1280, 390], ids=["desk", "telephone"])
def story(request, chromium, tmp_path_factory):
    """The room, the engineer, and Ann Lee of the office; the sandbox stays open."""
    from playwright.sync_api import sync_playwright

    migrations = write_exports(tmp_path_factory.mktemp("migrations"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("HIGHLEVEL", "FLITSTACK"))]:
            patch.delenv(name)
        patch.setenv("FLITSTACK_MEMORY", "off")
        homes = Homes(migrations)
        project = homes.project(MIGRATION).prepare()
        with (
            accounts_kept_open(project),
            serving(homes, public=True) as room,
            sync_playwright() as p,
        ):
            browser = p.chromium.launch(executable_path=chromium, args=QUIET)
            told = Story(room, browser, request.param)
            yield told
            browser.close()


class Story:
    """The room, and the two people who use it."""

    def __init__(self, room, browser, width):
        self.room, self.project = room, room.project(MIGRATION)
        self.engineer = Person.invited(room, browser, "Eve Stone", "engineer", 1280)
        self.ann = Person.invited(room, browser, "Ann Lee", "customer", width, may_rollback=True)

    def engineer_runs(self, name):
        self.engineer.go()
        self.engineer.press(name)
        self.engineer.watch()

    @property
    def url(self):
        return json.loads((self.project.root / "sandbox" / "address.json").read_text())["url"]

    def dump(self):
        return requests.get(f"{self.url}/_sandbox/dump", timeout=30).json()

    def contacts(self):
        """Contacts by first name, values by field name."""
        held = self.dump()
        names = {f["id"]: f["name"] for f in held["custom_fields"]}
        return {
            c["firstName"]: {**c, **{names[x["id"]]: x["value"] for x in c["customFields"]}}
            for c in held["contacts"]
        }

    def start_days(self):
        """The start of each job, as its opportunity holds it."""
        held = self.dump()
        (day,) = [f["id"] for f in held["custom_fields"] if f["name"] == "Job_Start_Date__c"]
        return {
            o["name"]: next(x["fieldValue"] for x in o["customFields"] if x["id"] == day)
            for o in held["opportunities"]
        }

    def faults(self, **spec):
        """Put faults in force; none: as usual."""
        url = f"{self.url}/_sandbox/faults"
        requests.post(url, json=spec, timeout=30).raise_for_status()

    def edited_in_highlevel(self, contact, **values):
        """Somebody changes a contact in HighLevel."""
        requests.put(
            f"{self.url}/contacts/{contact}", json=values, timeout=30,
            headers={"Authorization": f"Bearer {SANDBOX_TOKEN}", "Version": "v3"},
        ).raise_for_status()  # fmt: skip

    def exported_again(self, old, new):
        """A later export of the clients, with one text changed."""
        path = self.project.root / "clients_later.csv"
        path.write_text(CLIENTS.replace(f"dora@pratt.example,{old}", f"dora@pratt.example,{new}"))
        stage(self.project.exports, [path])


def test_a_question_is_answered_by_one_click_and_the_exports_are_read_again(story):
    story.engineer_runs("Read the exports")
    ann = story.ann
    ann.go()
    ann.follow("Go there")
    assert "'03/04/2024' is 03 April 2024" in ann.page.inner_text("main")
    with ann.page.expect_navigation():
        ann.page.get_by_role("button", name="day first").click()
    ann.watch()
    assert "by Ann Lee" in ann.go("questions?part=Answered").inner_text("main")


def test_the_map_is_confirmed_with_two_changes(story):
    ann = story.ann
    ann.go("map?part=Clients")
    roof = ann.entry("Roof Type")
    roof.get_by_label("HighLevel field").fill("Kind of Roof")
    ann.press("Confirm", roof)
    ann.press("Leave out", ann.entry("Gate Code"))
    ann.page.get_by_label("sure from").select_option("80 %")
    ann.press("Confirm all we are sure of")
    ann.look()
    assert "Every entry is decided" in ann.page.inner_text("main")


def test_three_duplicates_are_decided_by_the_keyboard(story):
    ann = story.ann
    ann.go("duplicates")
    ann.key("s")  # Bob and Robert Cole, the surest pair, has the focus
    ann.key("d")  # Ann and Anne Lee: a slip
    ann.page.locator(".item", has_text="Anne Lee").focus()
    ann.press("take back", ann.page.locator(".item", has_text="Anne Lee"))
    ann.page.keyboard.press("j")  # on to Carla and Carlos Diaz, and back
    ann.page.keyboard.press("k")
    ann.key("s")
    ann.key("d")
    ann.look()
    rows = csv.DictReader((story.project.decisions / "duplicates.csv").open(encoding="utf-8-sig"))
    assert {(r["left_name"], r["right_name"]): r["decision"] for r in rows} == {
        ("Bob Cole", "Robert Cole"): "merge",
        ("Ann Lee", "Anne Lee"): "merge",
        ("Carla Diaz", "Carlos Diaz"): "keep apart",
    }


def test_the_sample_is_looked_at_and_approved_and_the_cutover_is_watched(story):
    story.engineer_runs("Go on with the migration")
    ann = story.ann
    ann.go("sample")
    ann.page.get_by_label("Your name").fill("Ann Lee")
    ann.page.get_by_label("and load everything now").check()
    story.faults(slow="1:150ms")  # or it is done before anybody could look
    ann.press("Approve")
    told = ann.watch()
    story.faults()
    assert "Approval and cutover is under way, started by Ann Lee" in told
    assert "left" in told
    assert "done" in ann.go().inner_text("main")
    held = story.contacts()
    assert story.start_days() == {
        "Roof repair": "2024-04-03", "Gutters": "2024-06-05", "Skylight": "2024-08-07",
        "Inspection": "2024-03-02",
    }  # fmt: skip
    assert sorted(held) == ["Ann", "Bob", "Carla", "Carlos", "Dora"]
    assert {n: c.get("Kind of Roof") for n, c in held.items()} == {
        "Ann": "tile", "Bob": "shingle", "Carla": "metal", "Carlos": None, "Dora": "tile"
    }  # fmt: skip


def test_a_conflict_is_decided_and_carried_out(story):
    dora = story.contacts()["Dora"]
    story.edited_in_highlevel(dora["id"], phone="+18135550190")
    story.exported_again("(813) 555-0107", "(813) 555-0199")
    story.engineer_runs("Load what changed")
    assert story.contacts()["Dora"]["phone"] == "+18135550190", "nobody's edit is overwritten"
    ann = story.ann
    ann.go()
    ann.follow("Go there")
    item = ann.page.locator(".item.open")
    told = item.inner_text()
    assert "Dora Pratt · Phone" in told
    assert "+18135550107" in told and "+18135550199" in told and "+18135550190" in told
    ann.press("The new export", item)
    ann.press("Carry out what was decided (1)")
    ann.watch()
    assert "Applying the decided conflicts, started by Ann Lee: done" in ann.page.inner_text("main")
    assert story.contacts()["Dora"]["phone"] == "+18135550199"


def test_what_was_moved_is_told_as_the_customer_counts_it(story):
    ann = story.ann
    main = ann.go("reconciliation").inner_text("main")
    assert "Everything arrived as meant." in main
    ann.page.get_by_role("navigation", name="Lists").get_by_role("link", name="Money").press(
        "Enter"
    )
    ann.page.wait_for_url("**/reconciliation?part=Money")
    # 1,200.00 + 480.50 + 950.00 + 150.00, as planned and as found
    assert (
        ann.page.locator("tr", has_text="Opportunity: Value").get_by_text("2,780.50").count() == 2
    )
    main = ann.go("certificate").inner_text("main")
    # seven clients in the exports; two of them were merged into others
    assert "Clients\t7\t2\tContacts, and Companies for businesses\t5\t5\t0" in main
    assert "Approved by\nAnn Lee" in main
    merged = ann.page.get_by_role("table", name="Merged").locator("tbody tr")
    assert [row.partition("\t")[0] for row in merged.all_inner_texts()] == [
        "Ann Lee (main/clients/1)", "Bob Cole (main/clients/3)"
    ]  # fmt: skip


def test_every_other_page_is_looked_at(story):
    for page in ("questions", "map?part=Stages", "map?part=Values", "map?part=Choices", "links",
                 "conflicts", "trail", "reconciliation?part=Links", "certificate"):  # fmt: skip
        story.ann.go(page)
    reports = story.ann.go().locator("a[href*='/reports/'][href$='.html']")
    for place in reports.evaluate_all("links => links.map(link => link.pathname)"):
        story.ann.go(place.removeprefix(f"/m/{MIGRATION}/"))


def test_everything_is_taken_back_when_the_company_s_name_is_typed(story):
    ann = story.ann
    ann.go("rollback")
    ann.press("Look what would be taken back")
    ann.watch()
    ann.look()
    assert re.search(r"records we made, deleted\s+9\b", ann.page.inner_text("main"))
    ann.page.get_by_label("Type").fill(MIGRATION)
    ann.press("Take everything back")
    assert "type Sandbox Contracting to take" in ann.page.inner_text("main")
    ann.page.get_by_label("Type").fill("sandbox contracting")
    ann.press("Take everything back")
    assert "Taking everything back is under way, started by Ann Lee" in ann.watch()
    ann.look()
    assert "What was taken back" in ann.page.inner_text("main")
    assert "Everything was taken back" in ann.go().inner_text("main")
    assert "Withdrawn: everything was rolled back on" in ann.go("certificate").inner_text("main")


def test_afterwards_everything_holds_exactly_what_was_decided(story):
    project = story.project
    document = MapDocument.load(project.map_path)
    by_source = {e.source: e for e in document.fields if e.dataset == "clients"}
    roof, gate = by_source["custom:Roof Type"], by_source["custom:Gate Code"]
    assert (roof.field, roof.status, roof.decided_by) == ("Kind of Roof", "confirmed", "Ann Lee")
    assert (gate.status, gate.decided_by) == ("excluded", "Ann Lee")
    others = {(e.status, e.decided_by) for e in document.fields if e not in (roof, gate)}
    assert others == {("confirmed", "Ann Lee")}
    assert read_answers(project.decisions) == {"dates:*": "day first"}
    with open_journal(project) as journal:
        told = [(d["decided_by"], d["kind"], d["what"], next(iter(d["decision"].values())))
                for d in reversed(journal.decisions())]  # fmt: skip
        (approval,) = journal.approvals(accounts(project)[0].location_id)
        assert journal.conflicts(accounts(project)[0].location_id, waiting=True) == []
    assert approval["approved_by"] == "Ann Lee"
    assert told == [
        ("Ann Lee", "question", "Day or month first? no date of any export says which",
         "day first"),
        ("Ann Lee", "map", "Clients: Roof Type", "Kind of Roof"),
        ("Ann Lee", "map", "Clients: Gate Code", "excluded"),
        ("Ann Lee", "map", "every open entry", "confirmed, 80% sure or more"),
        ("Ann Lee", "duplicate", "Bob Cole and Robert Cole", "merge"),
        ("Ann Lee", "duplicate", "Ann Lee and Anne Lee", "keep apart"),
        ("Ann Lee", "duplicate", "Ann Lee and Anne Lee", ""),
        ("Ann Lee", "duplicate", "Ann Lee and Anne Lee", "merge"),
        ("Ann Lee", "duplicate", "Carla Diaz and Carlos Diaz", "keep apart"),
        ("Ann Lee", "approval", "the sample", "Ann Lee"),
        ("Ann Lee", "conflict", "Dora Pratt: phone", "ours"),
        ("Ann Lee", "rollback", "everything", "9"),
    ]  # fmt: skip
    held = story.dump()
    assert held["contacts"] == [] and held["opportunities"] == []


def test_nothing_was_wrong_with_any_page(story):
    found = sorted(set(story.ann.complaints + story.engineer.complaints))
    assert not found, "\n".join(found)
