"""The pictures of the review room in the README, taken of the room as it is.

    .venv/bin/python -m flitstack_pipeline_tests.browser.pictures docs

Plays seven clients and four jobs (`room.py`) up to the sample, and takes the field map, the pairs
and the sample in Chromium. `make pictures` does it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from flitstack_pipeline import services
from flitstack_pipeline.review.homes import Homes
from flitstack_pipeline_tests.browser.conftest import CHROMIUM, QUIET
from flitstack_pipeline_tests.browser.room import MIGRATION, Person, write_exports
from flitstack_pipeline_tests.review.conftest import serving

HEIGHT = 820


def main(folder: Path) -> None:
    """Play the migration, and write `review-map.png`, `review-pairs.png`, `review-sample.png`."""
    os.environ["FLITSTACK_MEMORY"] = "off"
    with tempfile.TemporaryDirectory(prefix="pictures-") as scratch:
        homes = Homes(write_exports(Path(scratch)))
        project = homes.project(MIGRATION).prepare()
        with (
            services.accounts_kept_open(project),
            serving(homes, public=True) as room,
            sync_playwright() as play,
        ):
            browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            services.run_audit(project)
            services.answer(project, "dates:*", "day first", "Ann Lee")
            services.run_audit(project)
            services.run_map(project)
            ann = Person.invited(room, browser, "Ann Lee", "customer", 1280)
            ann.page.set_viewport_size({"width": 1280, "height": HEIGHT})
            _take(ann.go("map"), folder / "review-map.png")
            _take(ann.go("duplicates"), folder / "review-pairs.png")
            services.run_map(project, confirm_as="Ann Lee")
            services.run_prepare(project)
            services.run_sample(project)
            ann.go("sample")
            ann.page.locator("details.record summary").first.click()
            ann.page.locator(".tabs").evaluate("tabs => tabs.scrollIntoView()")
            _take(ann.page, folder / "review-sample.png")
            browser.close()


def _take(page: Page, path: Path) -> None:
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
