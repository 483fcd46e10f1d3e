"""A browser and one `dagster dev` for the whole story; where there is none, skipped and told so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from flitstack_pipeline.examples.generate import generate
from flitstack_pipeline.services import accounts_kept_open
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.browser.server import ARTIFACTS, REPOSITORY, DagsterDev

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def migrations(tmp_path_factory) -> Iterator[Path]:
    """A folder with two migrations: acme has a dozen clients and their work, beta a few."""
    folder = tmp_path_factory.mktemp("migrations")
    for name, clients, seed in (("acme", 12, 5), ("beta", 4, 9)):
        generate(folder / name / "exports", clients=clients, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLITSTACK_MIGRATIONS", str(folder))
        patch.setenv("FLITSTACK_MEMORY", "off")
        yield folder


@pytest.fixture(scope="module")
def project(migrations) -> Project:
    """The migration of the story, acme."""
    return Project.named("acme").prepare()


@pytest.fixture(scope="module")
def chromium() -> str:
    """Where Debian's Chromium is; without it the tests are skipped before anything is started."""
    pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium: `apt-get install chromium` installs it (.ci/run does)")
    return CHROMIUM


@pytest.fixture(scope="module")
def ui(chromium, migrations, tmp_path_factory) -> Iterator[DagsterDev]:
    """The Dagster UI over both migrations, as `make ui` serves them."""
    home = tmp_path_factory.mktemp("dagster")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    log = ARTIFACTS / "dagster.log"
    with DagsterDev(home, migrations, log, "FLITSTACK_MIGRATIONS") as running:
        yield running


@pytest.fixture(scope="module")
def beta(ui) -> Iterator[subprocess.Popen]:
    """The other migration, by the command meanwhile, which tells the same Dagster."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "FLITSTACK_MIGRATION": "beta",
                   "FLITSTACK_DAGSTER": str(ui.home / "kept")}  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "flitstack_pipeline.cli", "migrate", "--confirm-map", "Bo Diaz",
         "--approve-sample", "Bo Diaz"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.fixture(scope="module")
def instance(ui) -> Iterator[dg.DagsterInstance]:
    """What the UI shows, as it is stored."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLITSTACK_DAGSTER", str(ui.home / "kept"))
        instance = dg.DagsterInstance.from_config(str(ui.home))
    with instance:
        yield instance


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
