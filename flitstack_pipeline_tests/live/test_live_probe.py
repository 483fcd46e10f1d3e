"""The live probe against the sandbox: the right verdict for each profile, and nothing left behind.

Verdicts are worked out by hand from what each profile plays.
"""

import json
import time

import pytest
import requests

from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline_tests.live.__main__ import main

LIVE_HOLDS = ("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L12", "L13", "L15",
              "L16", "L19", "L20", "L21", "L22")  # fmt: skip
#: What the official pages describe too.
ALWAYS_HOLD = ("L9", "L12", "L21", "L22")
#: The official pages show no system association, hence no limit of one.
NOT_SHOWN = ("L16", "L19")
#: What is never provoked.
NEVER = ("L11", "L14", "L17", "L18")
CUSTOMER = {"firstName": "Katharina", "lastName": "Lindqvist", "email": "kl@lindqvist.test",
            "phone": "+17025550199", "city": "Elko", "tags": ["gold-member"]}  # fmt: skip
SEED = {
    "id": "sandbox-location", "contacts": [CUSTOMER],
    "users": [{"name": "Ana Diaz", "email": "ana@roofers.test"}],
    "workflows": [{"name": "Welcome", "status": "draft"}],
}  # fmt: skip


@pytest.fixture(scope="module", params=["live", "documented"])
def served(request, tmp_path_factory):
    """A lived-in account of each profile; searches trail by 40 ms when live."""
    seed = tmp_path_factory.mktemp("probe") / "seed.json"
    seed.write_text(json.dumps({"locations": [SEED]}))
    with start_sandbox(
        profile=request.param, rate="none", faults="", seed_location=seed,
        search_lag_ms=40 if request.param == "live" else 0, allow_duplicate_opportunity=True,
    ) as running:  # fmt: skip
        running.profile = request.param
        yield running


@pytest.fixture
def account(served):
    """The account with a custom object; `run` probes it: (exit code, lines)."""
    post(served, "/_sandbox/faults", {})
    requests.post(f"{served.url}/_sandbox/reset?keep_seed=true", timeout=10).raise_for_status()
    body = {
        "labels": {"singular": "Roof", "plural": "Roofs"},
        "key": "roof",
        "locationId": served.location_id,
        "primaryDisplayPropertyDetails": {"key": "name", "name": "N", "dataType": "TEXT"},
    }
    headers = {"Authorization": f"Bearer {served.agency_token}", "Version": "v3"}
    requests.post(f"{served.url}/objects/", json=body, headers=headers, timeout=10)
    shown(served)
    named = {"HIGHLEVEL_TOKEN": served.token, "HIGHLEVEL_LOCATION_ID": served.location_id,
             "HIGHLEVEL_BASE_URL": served.url}  # fmt: skip

    def run(*arguments, **environment):
        lines = []
        code = main(["--pause", "0", "--wait", "3", *arguments], named | environment, lines.append)
        return code, lines

    served.run = run
    return served


def post(served, path, body):
    requests.post(served.url + path, json=body, timeout=10).raise_for_status()


def shown(served):
    """Wait until searches show the customer: they trail the reset."""
    headers = {"Authorization": f"Bearer {served.token}", "Version": "v3"}
    body = {"locationId": served.location_id, "pageLimit": 1}
    for _ in range(100):
        found = requests.post(
            f"{served.url}/contacts/search", json=body, headers=headers, timeout=9
        )
        if found.json()["contacts"]:
            return
        time.sleep(0.02)
    pytest.fail("the search never showed the customer")


def dump(served):
    return requests.get(f"{served.url}/_sandbox/dump", timeout=10).json()


def verdicts(lines):
    """The verdict on each finding, as printed."""
    found = {}
    for line in lines:
        name, _, rest = line.partition(" ")
        if name[0] == "L" and name[1:].isdigit():
            words = ("not probed", "does not", "holds")
            found[name] = next(w for w in words if rest.strip().startswith(w))
    return found


def wanted(profile):
    found = dict.fromkeys((f"L{n}" for n in range(1, 23)), "does not")
    holds = LIVE_HOLDS if profile == "live" else ALWAYS_HOLD
    found |= dict.fromkeys(holds, "holds") | dict.fromkeys(NEVER, "not probed")
    return found | (dict.fromkeys(NOT_SHOWN, "not probed") if profile == "documented" else {})


def test_every_finding_gets_the_verdict_of_its_profile_and_everything_is_taken_away(
    account, tmp_path
):
    before = dump(account)
    recording = tmp_path / "recorded.json"
    code, lines = account.run("--record", str(recording))
    assert code == 0, lines
    assert verdicts(lines) == wanted(account.profile)
    assert dump(account) == before
    assert sum(line.startswith("made ") for line in lines) == 10
    assert not any(value.lower() in "\n".join(lines).lower() for value in private_words())
    entries = json.loads(recording.read_text())
    assert {"id", "source", "note", "status", "headers", "body"} == set(entries[0])
    text = recording.read_text().lower()
    assert [word for word in private_words() if word.lower() in text] == []
    shapes = {entry["id"]: entry["body"] for entry in entries}
    (row,) = shapes["contacts-search"]["contacts"]
    assert ("firstNameLowerCase" in row, "firstName" in row) == (
        (True, False) if account.profile == "live" else (False, True)
    )
    assert row["email"] == "someone@example.com" and row["phone"] == "+15555550100"


def private_words():
    return ["Katharina", "Lindqvist", "7025550199", "Elko", "gold-member", "Ana", "roofers",
            "pit-sandbox", "sandbox-location", "Roof"]  # fmt: skip


def test_a_published_workflow_stops_it_before_anything_is_written(account):
    before = dump(account)
    body = {
        "locationId": account.location_id,
        "workflows": [{"name": "Text everybody", "status": "published"}],
    }
    post(account, "/_sandbox/workflows", body)
    try:
        code, lines = account.run()
        assert code == 4 and "Text everybody" in lines[0] and verdicts(lines) == {}
        code, lines = account.run("--read-only")
        found = verdicts(lines)
        assert code == 0 and found["L15"] != "not probed" and found["L9"] == "not probed"
    finally:
        draft = [{"name": "Welcome", "status": "draft"}]
        post(account, "/_sandbox/workflows", body | {"workflows": draft})
    assert dump(account)["contacts"] == before["contacts"]


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        ({"CI": "true"}, 4, "never probed by a CI run"),
        ({"HIGHLEVEL_TOKEN": ""}, 2, "Set HIGHLEVEL_TOKEN"),
        ({"HIGHLEVEL_TOKEN": "pit-wrong"}, 4, "may not read workflows"),
    ],
)
def test_it_says_why_it_does_not_start(account, environment, code, says):
    found, lines = account.run(**environment)
    assert found == code and says in lines[0] and len(lines) == 1


def test_a_record_whose_answer_was_lost_is_taken_away_too(account):
    before = dump(account)
    post(account, "/_sandbox/faults",
         {"http_422_after_create": 1.0, "most": 1, "only": "POST:/contacts/"})  # fmt: skip
    code, lines = account.run()
    assert code == 0 and verdicts(lines)["L9"] == "not probed"
    assert dump(account) == before


def test_what_could_not_be_taken_away_is_named(account):
    post(account, "/_sandbox/faults", {"token_expires_after": 24})
    code, lines = account.run("--wait", "0.2")
    assert code == 6
    assert any(line.startswith("Not taken away: contact ") for line in lines)
