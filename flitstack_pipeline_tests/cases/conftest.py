"""One case, migrated by the command into the warm sandbox that all cases share, in this process."""

import json
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from flitstack_pipeline.destination import serving_sandbox
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.services.project_context import accounts, accounts_kept_open
from flitstack_pipeline.settings import Project, Settings
from flitstack_pipeline_tests.e2e.conftest import VARIABLES, Story

CASES = Path(__file__).parent
PEOPLE = ("--confirm-map", "Ann", "--approve-sample", "Ann")


class Case(Story):
    """A case's data folder; its exit code in `code`."""

    code = -1

    def migrate(self, *answers):
        """Answer what the case's export leaves open, if anything, and migrate. The exit code.

        Args:
            answers: Pairs of a question's key and its answer.
        """
        if answers:
            assert self.flitstack("audit") == 0, self.said
        for key, answer in answers:
            assert self.flitstack("answer", key, answer, "--by", "Ann") == 0, self.said
        self.code = self.flitstack("migrate", *PEOPLE)
        return self.code

    def stage(self, folder):
        """Lay the files of a later session beside those that are there."""
        stage(self.root / "exports", sorted(folder.iterdir()))

    def questions(self):
        """What `flitstack questions` says."""
        self.flitstack("questions")
        return self.said

    # --- HighLevel, as its users see it ----------------------------------------------------------

    def people(self):
        """Contacts by name, custom field values by label beside HighLevel's own fields."""
        held = self.dump()
        return {
            " ".join(filter(None, (c.get("firstName"), c.get("lastName")))): c | _custom(held, c)
            for c in held["contacts"]
        }

    def deals(self):
        """Opportunities by name, custom field values by label beside HighLevel's own fields."""
        held = self.dump()
        return {o["name"]: o | _custom(held, o) for o in held["opportunities"]}

    def notes(self):
        """The notes' texts without their first and last line (when, who; source reference)."""
        bodies = [n["body"].split("\n") for n in self.dump()["notes"]]
        return {lines[-1].rsplit("/", 1)[-1]: "\n".join(lines[1:-1]) for lines in bodies}

    def records(self, object_key):
        """Properties of a custom object's records, amounts as numbers."""
        held = self.dump()["objects"][object_key]["records"]
        return [{k: _number(v) for k, v in r["properties"].items()} for r in held]


def _custom(held, record):
    names = {f["id"]: f["name"] for f in held["custom_fields"]}
    return {names[c["id"]]: c.get("value", c.get("fieldValue")) for c in record["customFields"]}


def _number(value):
    return value["value"] if isinstance(value, dict) and "currency" in value else value


@pytest.fixture(scope="session")
def warm_sandbox(tmp_path_factory):
    """One sandbox for all cases, emptied before each."""
    project = Project(tmp_path_factory.mktemp("warm"), Settings.from_environment())
    with serving_sandbox(project, accounts(project)) as url:
        yield url


@pytest.fixture
def case(tmp_path, monkeypatch, warm_sandbox):
    """Lay a case's exports into a data folder that the warm sandbox serves."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLITSTACK_MEMORY", "off")
    monkeypatch.setenv("COLUMNS", "200")
    requests.post(f"{warm_sandbox}/_sandbox/reset", timeout=30).raise_for_status()
    with ExitStack() as opened:

        def laid(name, exports="exports"):
            root = tmp_path / name
            shutil.copytree(CASES / name / exports, root / "exports")
            monkeypatch.setenv("FLITSTACK_DATA", str(root))
            found = Case(root)
            served = [account.location_id for account in accounts(found.project)]
            address = found.project.sandbox_state.parent / "address.json"
            address.parent.mkdir(parents=True)
            address.write_text(json.dumps({"url": warm_sandbox, "locations": served}))
            opened.enter_context(accounts_kept_open(found.project))
            return found

        yield laid
