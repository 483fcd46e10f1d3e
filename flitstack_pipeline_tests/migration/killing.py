"""Kills loaders and rollbacks at random moments, over real HTTP, and compares what is left."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

from flitstack_pipeline.catalog.targets import SOURCE_ID
from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.migration.journal.store import Journal

COUNT = 30  # of each kind of record
THERE_BEFORE = 4  # contacts that the load matches by their e-mail
ROOT = Path(__file__).parents[2]
STORM = {
    "http_500_after": 0.03, "reset_after": 0.02, "http_500_before": 0.02,
    "http_422_after_create": 0.02, "http_429_storm": "0.005:4", "slow": "0.03:30ms",
    "short_pages": 0.2, "shuffle_pages": 0.2, "search_lag": "0..250ms",
}  # fmt: skip


class Loaders:
    """Starts loaders one after the other, each a process of its own to be killed."""

    def __init__(self, url, journal_url):
        self.url, self.journal_url = url, journal_url
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flitstack_pipeline_tests.migration.kill_loader"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def start(self, what):
        """Begin; returns the pid. Ask `ended` before the next."""
        order = {"url": self.url, "journal": self.journal_url, "what": what, "count": COUNT}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self):
        """Wait for the end; returns the exit code (negative: the signal)."""
        return int(self.process.stdout.readline())

    def run(self, what):
        """Run one to its end."""
        self.start(what)
        return self.ended()

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


@contextmanager
def loaders(account, folder, name):
    """Loaders on an account reset and prepared, with some contacts there before."""
    account.reset()
    hl = account.connect()
    for n in range(THERE_BEFORE):
        there = ContactCreate(
            first_name="Old", email=f"C{n}@example.com", city="Elko", tags=["vip"]
        )
        hl.contacts.create(there)
    starter = Loaders(account.url, f"sqlite:///{folder / name}.sqlite")
    try:
        assert starter.run("prepare") == 0
        yield starter
    finally:
        starter.close()


def kill_until_done(account, starter, what, chance, most, span=(1, 20)):
    """Start and kill, each after some more writes, until one ends by itself; returns the kills."""
    kills = 0
    while kills < most:
        pid = starter.start(what)
        _kill_after(account, pid, chance.randint(*span), chance.uniform(0, 0.01))
        code = starter.ended()
        if code != -signal.SIGKILL:
            assert code == 0
            return kills
        kills += 1
    assert starter.run(what) == 0
    return kills


def _kill_after(account, pid, writes, pause):
    target = account.stats()["writes"] + writes
    while alive(pid):
        if account.stats()["writes"] >= target:
            time.sleep(pause)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.004)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- what an account holds, without ids and dates -------------------------------------------------

CONTACT = ("firstName", "lastName", "email", "phone", "city", "tags", "source", "website")


def content(account):
    """Every record of the account by what it says and what it hangs on, with how often it is."""
    dump = account.dump()
    labels = {f["id"]: f["name"] for f in dump["custom_fields"]}
    stages = {s["id"]: s["name"] for p in dump["pipelines"] for s in p["stages"]}
    companies = {b["id"]: b["properties"].get("name") for b in dump["businesses"]}

    def custom(record):
        return {
            labels[cell["id"]]: next(v for k, v in cell.items() if k != "id")
            for cell in record.get("customFields", [])
        }

    names = {c["id"]: custom(c).get(SOURCE_ID) or c["email"] for c in dump["contacts"]}
    names |= {o["id"]: custom(o)[SOURCE_ID] for o in dump["opportunities"]}
    found = []
    for c in dump["contacts"]:
        plain = {k: c.get(k) or None for k in CONTACT}
        found.append(("contact", plain, custom(c), companies.get(c.get("businessId"))))
    for o in dump["opportunities"]:
        plain = (o["name"], o["status"], o["monetaryValue"], stages[o["pipelineStageId"]])
        found.append(("opportunity", plain, custom(o), names[o["contactId"]]))
    for key, kept in dump["objects"].items():
        for r in kept["records"]:
            names[r["id"]] = f"{key}:{r['properties'].get('source_system_id_c')}"
            found.append((key, r["properties"]))
    found += [("company", b["properties"]) for b in dump["businesses"]]
    found += [("note", n["body"], names[n["contactId"]]) for n in dump["notes"]]
    for r in dump["relations"]:
        found.append(("relation", names[r["firstRecordId"]], names[r["secondRecordId"]]))
    return Counter(json.dumps(one, sort_keys=True, default=str) for one in found)


def undisturbed(account, folder):
    """(content before, content after a load nobody disturbs)."""
    with loaders(account, folder, "undisturbed") as starter:
        before = content(account)
        assert starter.run("load") == 0
        return before, content(account)


def kill_round(account, folder, name, seed, most, expected, faults=None):
    """One load and one rollback under kills, compared with what is expected; returns the kills.

    `expected` is what `undisturbed` returned; `most` bounds the kills of each of the two.
    """
    before, after = expected
    chance = random.Random(seed)
    with loaders(account, folder, name) as starter:
        account.faults(**({**faults, "seed": seed} if faults else {}))
        kills = kill_until_done(account, starter, "load", chance, most)
        account.faults()
        if faults:  # what was refused after it was made is found by looking again
            time.sleep(0.4)
            assert starter.run("load") == 0
        differs = different(content(account), after)
        assert not differs, f"seed {seed}, load: {differs}"
        with Journal(starter.journal_url) as journal:
            assert journal.open_intents("sandbox-location") == []
            assert journal.dead_letters("sandbox-location") == []
        account.faults(**({**faults, "seed": seed + 1} if faults else {}))
        kills += kill_until_done(account, starter, "rollback", chance, most)
        account.faults()
        assert starter.run("rollback") == 0
        differs = different(content(account), before)
        assert not differs, f"seed {seed}, rollback: {differs}"
    return kills


def different(found, expected):
    """What is missing and what is too much, in words."""
    missing, extra = expected - found, found - expected
    lines = [f"missing {n} x {what}" for what, n in missing.items()]
    return (lines + [f"too much {n} x {what}" for what, n in extra.items()])[:10]
