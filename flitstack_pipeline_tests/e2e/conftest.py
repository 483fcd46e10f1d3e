"""A small migration played through the command against the embedded sandbox, over real HTTP.

The sandbox stays open for a whole story, so that tests can edit in it as its users would.
"""

import csv
import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from flitstack_pipeline import cli
from flitstack_pipeline.accounts import SANDBOX_TOKEN
from flitstack_pipeline.cli import terminal
from flitstack_pipeline.examples import generate
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.services.project_context import accounts_kept_open
from flitstack_pipeline.settings import Project

VARIABLES = ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", "FLITSTACK_JOURNAL_URL",
             "HIGHLEVEL_CONVERSATION_PROVIDER_ID", "HIGHLEVEL_CALENDAR_ID")  # fmt: skip


@dataclass
class Story:
    """One data folder and the sandbox behind it."""

    root: Path
    said: str = ""

    @property
    def project(self):
        return Project.from_environment()

    @property
    def url(self):
        return json.loads((self.root / "sandbox" / "address.json").read_text())["url"]

    def flitstack(self, *arguments):
        """Run the command; its exit code. What it said is in `said`."""
        sys.argv = ["flitstack", *arguments]
        with terminal.console.capture() as captured, terminal.errors.capture() as refused:
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = ended.code or 0
        self.said = captured.get() + refused.get()
        return code

    # --- HighLevel, as its users would change it -----------------------------------------------

    def call(self, method, path, body=None, **params):
        """One request of a person's own, outside the migration."""
        answer = requests.request(
            method, f"{self.url}{path}", json=body, params=params, timeout=20,
            headers={"Authorization": f"Bearer {SANDBOX_TOKEN}", "Version": "v3"},
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def dump(self):
        return requests.get(f"{self.url}/_sandbox/dump", timeout=30).json()

    def stats(self):
        return requests.get(f"{self.url}/_sandbox/stats", timeout=30).json()

    def faults(self, **spec):
        """Put faults in force; none: as usual."""
        url = f"{self.url}/_sandbox/faults"
        requests.post(url, json=spec, timeout=30).raise_for_status()

    def contacts(self):
        """Contacts by the number of their client or lead, values by field name."""
        held = self.dump()
        names = {f["id"]: f["name"] for f in held["custom_fields"]}
        found = {}
        for contact in held["contacts"]:
            custom = {names[c["id"]]: c["value"] for c in contact["customFields"]}
            key = str(custom.get("Source_System_ID__c", contact["id"])).rsplit("/", 1)[-1]
            found[key] = {**contact, "customFields": custom}
        return found

    def source_keys(self, object_key):
        """The source keys that the records of a custom object carry."""
        records = self.dump()["objects"][object_key]["records"]
        return {v for r in records for v in r["properties"].values() if isinstance(v, str)}

    # --- Contractor+, exported once more ---------------------------------------------------------

    def export(self, file, changes, drop=(), whole=True, name=None):
        """Stage a later export of a file: `changes` by id of the row, rows in `drop` left out."""
        with (self.root / "exports" / file).open(encoding="utf-8", newline="") as old:
            rows = list(csv.DictReader(old))
        key = next(iter(rows[0]))
        kept = [r | changes.get(r[key], {}) for r in rows if r[key] not in drop]
        kept = kept if whole else [r for r in kept if r[key] in changes]
        path = self.root / (name or f"later_{file}")
        with path.open("w", encoding="utf-8", newline="") as new:
            writer = csv.DictWriter(new, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(kept)
        stage(self.root / "exports", [path])


@contextmanager
def audited(root, **settings):
    """The story of the exports in a data folder, after the audit; its sandbox stays open.

    Args:
        root: The data folder.
        settings: Variables of the environment besides, of which none is left behind.
    """
    given = {"FLITSTACK_DATA": str(root), "COLUMNS": "200", **settings}
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        for name, value in given.items():
            patch.setenv(name, value)
        told = Story(root)
        assert told.flitstack("audit") == 0, told.said
        with accounts_kept_open(told.project):
            yield told


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A data folder with twelve clients, cleaned, and its sandbox kept open."""
    root = tmp_path_factory.mktemp("story")
    generate(root / "exports", clients=12, seed=11)
    with audited(root) as told:
        yield told
