"""The review room with much in it: how long until a page is painted, beside an empty migration.

    .venv/bin/python -m benchmarks.review_room [--rows 20000] [--pairs 50000] [--migrations 200]

Publishes a map of so many entries and a list of so many pairs into one of so many migrations, as
the steps do, serves the room in a process of its own and opens pages in Chromium: milliseconds from
the click to the first paint, the best and the middle of some openings, each beside the same page of
a migration with three entries and three pairs (the floor) in the same run, and the bytes of the
page. Also how long one decision takes, with the page that answers it, and how long and how much
memory it takes to put clicks into the map, beside putting them into the small one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flitstack_pipeline.mapping.answer_sheets import DECISION, SHEET_NAMES
from flitstack_pipeline.mapping.document import EXCLUDED, FieldEntry, MapDocument
from flitstack_pipeline.review.homes import Homes
from flitstack_pipeline.review.runs import environment_of
from flitstack_pipeline.services import clicks, page_store, publishing
from flitstack_pipeline.settings import Project

MUCH, LITTLE = "much", "little"
PORT = 8799
_PAINT = """async () => { for (;;) {
  const found = performance.getEntriesByName("first-contentful-paint")[0];
  if (found) return found.startTime;
  await new Promise(done => setTimeout(done, 5)); } }"""


def publish(project: Project, rows: int, pairs: int) -> None:
    """A map of so many entries and so many pairs, as the steps would publish them."""
    project.prepare()
    entries = [
        FieldEntry(dataset="clients", source=f"custom:Column {n}", target="contact",
                   field=f"Field {n}", data_type="TEXT", confidence=0.5 + n % 50 / 100,
                   evidence="new field TEXT: 412 values, 300 distinct, free text")
        for n in range(rows)
    ]  # fmt: skip
    document = MapDocument(fields=entries)
    document.save(project.map_path)
    publishing.publish_map(project, document)
    listed = [_pair(n) for n in range(pairs)]
    empty: dict[str, list[dict[str, Any]]] = {"invoice_links.csv": [], "work_order_links.csv": []}
    publishing.publish_review(project, {"duplicates.csv": listed, **empty}, "merged")
    publishing.publish_questions(project, [])


def _pair(n: int) -> dict[str, Any]:
    return {
        "left_key": f"main/clients/{n}", "right_key": f"main/clients/{n + 10**6}", "decision": "",
        "so far": "yours", "score": 0.7, "evidence": "same phone, names nearly alike",
        "left_name": f"Ann Lee {n}", "right_name": f"Lee Ann {n}", "left_email": f"ann{n}@x.co",
        "right_email": "", "left_phone": f"+1813555{n % 10_000:04}", "right_phone": "",
        "left_address": f"{n} Oak St, Tampa, FL, 33602", "right_address": f"{n} Oak Street",
        "how": "same phone +12.0 makes +4.0; names nearly alike -1.5 makes +2.5",
    }  # fmt: skip


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The room in a process of its own, as `flitstack review` serves it; its address."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HIGHLEVEL")}
    environment |= {"FLITSTACK_MIGRATIONS": str(folder), "FLITSTACK_MEMORY": "off"}
    process = subprocess.Popen(
        [sys.executable, "-m", "flitstack_pipeline.cli", "review", "--port", str(PORT)],
        env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{PORT}"
    finally:
        process.terminate()
        process.wait(60)


def painted(page: Any, address: str, times: int) -> tuple[float, float, int]:
    """(best, middle) milliseconds to the first paint of so many openings, and bytes of the page."""
    took, size = [], 0
    for _ in range(times):
        size = len(page.goto(address).body())
        took.append(float(page.evaluate(_PAINT)))
    return min(took), statistics.median(took), size


def decided(page: Any, address: str, pause: float) -> float:
    """Milliseconds from pressing a button that decides to the page that answers.

    After a pause what was decided before is being folded into the map.
    """
    page.goto(address)
    time.sleep(pause)
    start = time.perf_counter()
    with page.expect_navigation():
        page.locator(".item.open button[data-key=s]").first.click()
    return 1000 * (time.perf_counter() - start)


def folded(project: Project) -> tuple[float, float]:
    """(seconds, most MB in use) of a process that puts a click into the map of a migration."""
    command = [sys.executable, "-m", "flitstack_pipeline.review.folding"]
    subprocess.run(command, env=environment_of(project), check=True)  # what was clicked before
    shown, _ = page_store.rows(project, publishing.MAP, SHEET_NAMES["clients"], most=1)
    clicks.decide_map(project, shown[0].key, {DECISION: EXCLUDED}, "benchmark", shown[0].digest)
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment_of(project))
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = code  # it was waited for here
    if code or f"status: {EXCLUDED}" not in project.map_path.read_text():
        raise SystemExit("the click was not put into the map")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def _until_there(page: Any, address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            page.goto(address)
            return
        except Exception:  # it does not listen yet
            time.sleep(0.2)
    raise SystemExit("the room did not begin")


def main() -> None:
    """Publish, serve, open, print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser()
    for name, usual in (("rows", 20_000), ("pairs", 50_000), ("migrations", 200), ("times", 7)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    print("load of the machine before: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = Path(tempfile.mkdtemp(prefix="room-"))
    for n in range(given.migrations - 2):
        (folder / f"m{n:03}").mkdir()
    for name in (MUCH, LITTLE):
        (folder / name).mkdir()
    homes = Homes(folder)
    start = time.perf_counter()
    publish(homes.project(MUCH), given.rows, given.pairs)
    print(f"published {given.rows:,} entries, {given.pairs:,} pairs: "
          f"{time.perf_counter() - start:.1f} s")  # fmt: skip
    publish(homes.project(LITTLE), 3, 3)
    for n in range(given.migrations - 2):
        publish(homes.project(f"m{n:03}"), 3, 3)
    with served(folder) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        _until_there(page, f"{url}/m/{LITTLE}/")
        _print_table(page, url, given.times)
        browser.close()
    for name in (LITTLE, MUCH):
        took, most = folded(homes.project(name))
        print(f"a click put into the map of {name}: {took:.1f} s, at most {most:,.0f} MB")
    print("load of the machine after: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    shutil.rmtree(folder)


def _print_table(page: Any, url: str, times: int) -> None:
    print(f"{'page':<34} {'best ms':>8} {'middle':>8} {'floor':>8} {'ratio':>6} {'KB':>6}")
    pages = ("", "map", "map?page=200", "map?words=19999", "duplicates", "duplicates?page=900",
             "duplicates?words=49999")  # fmt: skip
    for path in pages:
        best, middle, size = painted(page, f"{url}/m/{MUCH}/{path}", times)
        floor = painted(page, f"{url}/m/{LITTLE}/{path}", times)[0]
        print(f"{path or 'overview':<34} {best:>8.0f} {middle:>8.0f} {floor:>8.0f} "
              f"{best / floor:>6.2f} {size / 1000:>6.0f}")  # fmt: skip
    best, middle, size = painted(page, f"{url}/", times)
    floor = painted(page, f"{url}/m/{LITTLE}/", times)[0]
    print(f"{'all migrations':<34} {best:>8.0f} {middle:>8.0f} {floor:>8.0f} "
          f"{best / floor:>6.2f} {size / 1000:>6.0f}")  # fmt: skip
    for what, path in (("pair", "duplicates"), ("entry of the map", "map")):
        much, little = (
            [decided(page, f"{url}/m/{name}/{path}", pause) for pause in (0, 0, 1.5)]
            for name in (MUCH, LITTLE)
        )
        print(f"one {what} decided: {min(much):.0f} to {max(much):.0f} ms, "
              f"floor {min(little):.0f} to {max(little):.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
