"""A browser and one `dagster dev` for the whole story; where there is none, skipped and told so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flitstack_pipeline.examples.generate import generate
from flitstack_pipeline.services import accounts_kept_open
from flitstack_pipeline.settings import Project, Settings
from flitstack_pipeline_tests.browser.server import ARTIFACTS, DagsterDev

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A data folder with a dozen clients and their work."""
    root = tmp_path_factory.mktemp("data")
    generate(root / "exports", clients=12, seed=5)
    return Project(root, Settings(FLITSTACK_DATA=root)).prepare()


@pytest.fixture(scope="module")
def chromium() -> str:
    """Where Debian's Chromium is; without it the tests are skipped before anything is started."""
    pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium: `apt-get install chromium` installs it (.ci/run does)")
    return CHROMIUM


@pytest.fixture(scope="module")
def ui(chromium, project, tmp_path_factory) -> Iterator[DagsterDev]:
    """The Dagster UI over that folder, as `make ui` serves it."""
    home = tmp_path_factory.mktemp("dagster")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with DagsterDev(home, project.root, ARTIFACTS / "dagster.log") as running:
        yield running


@pytest.fixture(scope="module")
def page(ui, chromium):
    """A page of Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


@pytest.fixture(scope="module")
def account(project) -> Iterator[str]:
    """The address of the sandbox all runs share; start it after the team is cleaned."""
    with accounts_kept_open(project):
        known = json.loads((project.sandbox_state.parent / "address.json").read_text())
        yield known["url"]


@pytest.fixture
def picture(page, request):
    """Keep a screenshot of what a person sees now."""

    def take(name: str) -> Path:
        path = ARTIFACTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
