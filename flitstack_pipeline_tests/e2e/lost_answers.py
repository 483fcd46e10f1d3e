"""A whole migration while every third write goes wrong: nothing lost, doubled or erased.

    python -m flitstack_pipeline_tests.proofs lost_answers

Sample, cutover, delta, reconciliation and rollback through the command, into an account in which
people had contacts of their own. The same story without faults says what must be there; the dump
of the account before says what must be there after the rollback.
"""

import csv
import json
import shutil
from contextlib import contextmanager

from flitstack_pipeline.examples import generate
from flitstack_pipeline.highlevel import retry
from flitstack_pipeline.migration import inflight_recovery
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.provisioning import making
from flitstack_pipeline_tests.e2e.conftest import audited
from flitstack_pipeline_tests.e2e.content import content, different
from flitstack_pipeline_tests.proofs import Found

WRITES = "POST:|PUT:|DELETE:"
#: Every way in which the answer to a write can be lost, or say the wrong thing.
KINDS = {
    "http_500_after": "", "http_500_before": "", "reset_after": "", "reset_before": "",
    "timeout_after": ":150ms", "timeout_before": ":150ms", "http_422_after_create": "",
    "cloudflare": "", "transient_400": "",
}  # fmt: skip
THIRD = 0.333
#: HighLevel shares owners between a contact and its opportunities in the order they are written
#: (live: L8), which a request that is sent again changes; reconciliation compares them.
SHARED = ("assignedTo",)
#: Runs again, as a person would, until a stage is through.
TRIES = 12


def storm(kinds, seed):
    """Faults of some kinds, evenly mixed, in every third write."""
    kinds = list(kinds)
    share = THIRD / len(kinds)
    return {"seed": seed, "only": WRITES, **{kind: f"{share:.4f}{KINDS[kind]}" for kind in kinds}}


@contextmanager
def opened(folder, exports, profile):
    """A data folder of its own with the exports, cleaned; its sandbox stays open."""
    shutil.copytree(exports, folder / "exports")
    settings = {"FLITSTACK_MEMORY": "off", "FLITSTACK_SANDBOX_PROFILE": profile}
    with audited(folder, **settings) as story:
        assert story.flitstack("map", "propose") == 0, story.said
        assert story.flitstack("map", "confirm", "Ann") == 0, story.said
        assert story.flitstack("acknowledge", "all", "--by", "Ann") == 0, story.said
        yield story


def people_before(story):
    """Contacts of the customer's own: two the migration will find, by e-mail and by phone, one not.

    Returns their ids by what they are.
    """
    known = {r["Client ID"]: r for r in _clients(story)}
    first, second = known["48001"], known["48002"]
    company = story.call("POST", "/objects/business/records", {
        "locationId": "sandbox-location", "properties": {"name": "Their own company"}})  # fmt: skip
    made = {}
    for name, body in {
        "email": {"firstName": "Old", "lastName": "Name", "email": first["Email"].upper(),
                  "city": "Elko", "website": "https://old.example", "tags": ["gold"],
                  "dndSettings": {"email": {"status": "permanent", "message": "STOP"}}},
        "phone": {"firstName": "Grandma", "phone": second["Phone"], "address1": "1 Old Rd"},
        "stranger": {"firstName": "Stranger", "email": "stranger@mailbox.net"},
    }.items():  # fmt: skip
        made[name] = _created(story, body)
    business = (company.get("record") or company)["id"]
    link = {"locationId": "sandbox-location", "ids": [made["email"]], "businessId": business}
    story.call("POST", "/contacts/bulk/business", link)
    story.call("POST", f"/contacts/{made['email']}/notes", {"body": "their own note"})
    return made


def _created(story, body):
    body = {"locationId": "sandbox-location", **body}
    return story.call("POST", "/contacts/", body)["contact"]["id"]


def _clients(story):
    with (story.root / "exports" / "clients_1.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def play(story, faults):
    """The whole story; returns what the account held after the cutover and after the delta."""
    story.faults(**faults)
    _through(story, "migrate", "--approve-sample", "Ann")
    story.faults()
    held = [content(story.dump(), SHARED)]
    story.export("clients_1.csv", {"48003": {"Email": "later3@mailbox.net"}}, whole=False)
    story.faults(**faults)
    _through(story, "delta")
    story.faults()
    held.append(content(story.dump(), SHARED))
    story.faults(**faults)
    _through(story, "reconcile")
    story.faults()
    return held


def _through(story, *command):
    """A stage until it is through. Conflicts that wait for a person are no failure of it.

    A rollback is through when it ends with 0: what it could not do is done by the next one.
    """
    said = ""
    for _ in range(TRIES):
        code = story.flitstack(*command)
        said += story.said
        undoing = command[0] == "rollback"
        if code == 0 or (code == 5 and not undoing and _only_conflicts(story)):
            return
        if command[0] not in ("reconcile", "rollback"):
            story.flitstack("retry")
            said += story.said
    raise AssertionError(f"{' '.join(command)} ended with {code}: {said[-3000:]}")


def _only_conflicts(story):
    """Whether nothing is open but what was there before, which a person decides on."""
    with Journal(story.project.journal_url) as journal:
        waiting = journal.conflicts("sandbox-location")
        return not journal.dead_letters("sandbox-location") and not [
            c for c in waiting if c["reason"] != "there before"
        ]


def undone(story, before, faults):
    """Undo all of it; what of the account is not as it was before."""
    story.faults(**faults)
    _through(story, "rollback")
    story.faults()
    now = story.dump()
    return [
        f"{kind}: {line}"
        for kind in before
        if kind != "objects"
        for line in _unlike(before[kind], now[kind])
    ]


def _unlike(before, now):
    then, here = (
        {json.dumps(_bare(r), sort_keys=True) for r in kept if not r.get("standard")}
        for kept in (before, now)
    )  # the API keeps empty custom objects, with the field HighLevel gave them
    yield from (f"gone: {one}" for one in sorted(then - here))
    yield from (f"left: {one}" for one in sorted(here - then))


def _bare(record):
    return {k: v for k, v in record.items() if k not in ("dateUpdated", "updatedAt")}


def one_run(folder, exports, profile, faults, expected=None):
    """One story with faults; `expected` is what one without them held, if it was played.

    Returns (what it held, everything that is wrong, in words).
    """
    wrong = []
    with opened(folder, exports, profile) as story:
        people_before(story)
        before = story.dump()
        held = play(story, faults)
        for stage, found, meant in zip(("cutover", "delta"), held, expected or held, strict=True):
            wrong += [f"{stage}: {line}" for line in different(found, meant)]
        wrong += undone(story, before, faults)
    return held, wrong


@contextmanager
def impatient():
    """Waits are short: the sandbox lists at once, and lets go of a request within 150 ms."""
    usual = retry.RetryPolicy.__init__.__defaults__
    pauses, lag = making.LOOK_PAUSES, inflight_recovery.LIST_LAG_S
    tries, _, _, *rest = usual
    retry.RetryPolicy.__init__.__defaults__ = (tries + 3, 0.01, 0.1, *rest)
    making.LOOK_PAUSES, inflight_recovery.LIST_LAG_S = (0.0, 0.1), 0.5
    try:
        yield
    finally:
        retry.RetryPolicy.__init__.__defaults__ = usual
        making.LOOK_PAUSES, inflight_recovery.LIST_LAG_S = pauses, lag


def exports_of(folder, clients=6):
    """A small example to migrate."""
    generate(folder / "given", clients=clients, seed=11)
    return folder / "given"


def prove_lost_answers(folder, progress, seed=1):
    """Both profiles, all faults mixed, then each by itself; each story against one without faults.

    Returns the proof's numbers and everything that is wrong, in words.
    """
    proof = Found({"stories": 0, "records each": 0})
    given = exports_of(folder)
    mixtures = {"every kind of lost answer": list(KINDS)} | {kind: [kind] for kind in KINDS}
    with impatient():
        for profile in ("live", "documented"):
            progress(f"{profile}: without faults")
            held, wrong = one_run(folder / f"{profile}-calm", given, profile, {})
            proof.wrong += [f"{profile}, without faults: {line}" for line in wrong]
            proof.did["records each"] = sum(held[-1].values())
            for name, kinds in mixtures.items():
                progress(f"{profile}: {name}")
                place, faults = folder / f"{profile}-{name}", storm(kinds, seed)
                proof.wrong += [
                    f"{profile}, {name}: {line}"
                    for line in _told(place, given, profile, faults, held)
                ]
                proof.did["stories"] += 1
    return proof


def _told(place, given, profile, faults, held):
    """What is wrong with one story; one that did not come through is."""
    try:
        return one_run(place, given, profile, faults, held)[1]
    except AssertionError as stuck:
        return [str(stuck)]
