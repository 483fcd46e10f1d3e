"""A small migration killed at each of its requests, one run per request, and continued.

Stages: prepare, sample, cutover, delta, rollback, as the command runs them, against a sandbox over
real HTTP. A killed run dies by SIGKILL in a process of its own, either before its k-th request
leaves or after HighLevel has answered it and before anybody has read the answer. It is started
again and runs to its end; what the sub-account holds then, schema included, must be what it holds
when nobody disturbs the stage.

The parent opens no database and no connection, so that a child forked from it is a fresh process
that has its imports done.

    python -m flitstack_pipeline_tests.migration.kill_each FOLDER --kills 20 --seed 7

prints what some kills came to, as JSON; all of them: `-m flitstack_pipeline_tests.proofs kills`.
"""

import argparse
import contextlib
import csv
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas  # noqa: F401 - a stage imports it where it uses it; here its child has it already
import requests
from requests.adapters import HTTPAdapter

from flitstack_pipeline import services
from flitstack_pipeline.accounts import SANDBOX_LOCATION, SANDBOX_TOKEN
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.destination import SANDBOX_AGENCY_TOKEN
from flitstack_pipeline.examples import generate
from flitstack_pipeline.reading.staging import stage as stage_files
from flitstack_pipeline.sandbox.app import build_app
from flitstack_pipeline.sandbox.options import SandboxOptions
from flitstack_pipeline.sandbox.server import listening_socket, run
from flitstack_pipeline.services.project_context import accounts_kept_open, silent
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.migration.holdings import different, holdings
from flitstack_pipeline_tests.proofs import Found

STAGES = ("prepare", "sample", "cutover", "delta", "rollback")
BEFORE, AFTER = "before it left", "after its answer"
#: Somebody the sub-account knows already; the first client of the exports has her e-mail.
KNOWN = {"firstName": "Old", "lastName": "Friend", "city": "Elko", "tags": ["vip"]}
PATIENCE_S = 300


@dataclass(frozen=True)
class Kill:
    """Where one run dies."""

    stage: str
    request: int
    when: str


# --- what a stage does, in a child ----------------------------------------------------------------


def work(stage):
    """One stage of the migration in the data folder of the environment."""
    project = Project.from_environment().prepare()
    with accounts_kept_open(project):
        if stage == "prepare":
            assert not services.preflight(project).problems
            services.provision(project)
        elif stage == "sample":
            services.load_stage(project, "sample", silent)
            services.verify_sample(project)
        elif stage == "cutover":
            services.load_stage(project, "cutover", silent)
        elif stage == "delta":
            with services.exclusive_run(project, "delta"):
                services.provision(project)
                services.apply_decided(project)
                services.delta_summary(project, services.load_stage(project, "delta", silent))
        else:
            assert not services.rollback(project).problems


def count_and_die(died, when, counted):
    """Count the requests of this process; die at the `died`th (0: never)."""
    send, lock = HTTPAdapter.send, threading.Lock()
    known = {"requests": 0}

    def counting(self, request, **options):
        if "/_sandbox/" in request.url or "/_files/" in request.url:
            return send(self, request, **options)
        with lock:
            known["requests"] += 1
            number = known["requests"]
        if number == died and when == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(self, request, **options)
        if number == died:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    HTTPAdapter.send = counting
    return lambda: counted.write_text(str(known["requests"]))


def in_child(function, *arguments, errors=None):
    """Fork, call, and return the wait status: 0 done, 1 raised, negative the signal."""
    child = os.fork()
    if child == 0:
        try:
            function(*arguments)
            code = 0
        except BaseException:
            if errors:
                errors.write_text(traceback.format_exc())
            code = 1
        finally:
            sys.stdout.flush()
            os._exit(code)
    return waited(child)


def waited(child):
    """The exit code of a child; it is ended when it takes too long."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


# --- the bench ------------------------------------------------------------------------------------


class Bench:
    """A data folder with its sandbox, set back to how it was before any stage."""

    def __init__(self, folder, profile="live"):
        self.folder, self.profile = Path(folder), profile
        self.home = self.folder / "home"
        self.counted, self.errors = self.folder / "counted", self.folder / "errors"
        os.environ |= {"FLITSTACK_DATA": str(self.home), "FLITSTACK_MEMORY": "off"}
        for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", "FLITSTACK_JOURNAL_URL"):
            os.environ.pop(name, None)
        self.expected = {}
        self.requests = {}

    @contextlib.contextmanager
    def sandbox(self):
        """A sandbox on the data folder, in a process of its own."""
        state = self.home / "sandbox"
        state.mkdir(parents=True, exist_ok=True)
        sock = listening_socket(0)
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        seed = state / "seed.json"
        options = SandboxOptions(
            profile=self.profile, state=state / "state.sqlite", rate="none", search_lag_ms=0,
            allow_duplicate_contact=True, allow_duplicate_opportunity=True, faults="",
            agency_token=SANDBOX_AGENCY_TOKEN, locations=(f"{SANDBOX_LOCATION}={SANDBOX_TOKEN}",),
            seed_location=seed if seed.exists() else None,
        )  # fmt: skip
        child = os.fork()
        if child == 0:
            try:
                run(build_app(options), sock)
            finally:
                os._exit(1)
        sock.close()
        known = {"url": url, "pid": child, "locations": [SANDBOX_LOCATION]}
        (state / "address.json").write_text(json.dumps(known))
        try:
            yield url
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            (state / "address.json").unlink(missing_ok=True)

    def keep(self, stage):
        """Remember the folder as it is before a stage."""
        shutil.rmtree(self.folder / f"before-{stage}", ignore_errors=True)
        shutil.copytree(self.home, self.folder / f"before-{stage}")

    def set_back(self, stage):
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.folder / f"before-{stage}", self.home)

    def play(self, stage, kill=None):
        """Run one stage in a process of its own; its exit code."""

        def child():
            done = count_and_die(kill.request if kill else 0, kill and kill.when, self.counted)
            work(stage)
            done()

        return in_child(child, errors=self.errors)

    def must(self, function, *arguments):
        """Call in a child that must end well."""
        code = in_child(function, *arguments, errors=self.errors)
        assert code == 0, f"{code}: {self.errors.read_text()[-3000:]}"

    def build(self):
        """Play the migration undisturbed; keep the folder before and what is there after."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.must(make_exports, self.home)
        with self.sandbox() as url:
            self.client = meet(url, self.home)
        for stage in STAGES:
            if stage == "delta":
                self.must(export_again, self.home)
            if stage == "cutover":
                self.must(approved)
            if stage != "prepare" or not (self.folder / "before-prepare").exists():
                self.keep(stage)
            with self.sandbox() as url:
                code = self.play(stage)
                assert code == 0, f"{stage}: {self.errors.read_text()[-3000:]}"
                self.expected[stage] = holdings(url, SANDBOX_LOCATION, SANDBOX_TOKEN)
            self.requests[stage] = int(self.counted.read_text())

    def disturb(self, kill):
        """Kill one stage at one request and continue it; what is wrong then, in words."""
        self.set_back(kill.stage)
        with self.sandbox() as url:
            code = self.play(kill.stage, kill)
            if code not in (-signal.SIGKILL, 0):
                return [f"the killed run ended with {code}: {last_line(self.errors)}"]
            code = self.play(kill.stage)
            if code != 0:
                return [f"the continued run ended with {code}: {last_line(self.errors)}"]
            return different(
                holdings(url, SANDBOX_LOCATION, SANDBOX_TOKEN), self.expected[kill.stage]
            )


# --- a journal lost on the way --------------------------------------------------------------------


def repair_from(bench, copy_of, died=0, when=AFTER):
    """Break the journal after the delta, with the copy of before a stage as the newest good one.

    Repairs it, and rolls back; a first repair dies at its `died`th request.
    Returns what was said and what was there: (problems of the repair,
    differences it made in HighLevel, problems of the rollback, what is left after it).
    """
    bench.set_back("rollback")
    copies = bench.home / "journal-copies"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir(mode=0o700)
    shutil.copy(bench.folder / f"before-{copy_of}" / "journal.sqlite",
                copies / "journal-20260101T000000-000000000.sqlite")  # fmt: skip
    (bench.home / "journal.sqlite").write_bytes(b"noise" * 1000)

    def said(function):
        out = bench.folder / "out"
        bench.must(
            lambda: out.write_text(json.dumps(function(Project.from_environment()).problems))
        )
        return json.loads(out.read_text())

    with bench.sandbox() as url:
        wait_for(url)
        there = holdings(url, SANDBOX_LOCATION, SANDBOX_TOKEN)
        if died:
            code = in_child(lambda: (count_and_die(died, when, bench.counted),
                                     services.repair(Project.from_environment())))  # fmt: skip
            assert code == -signal.SIGKILL, code
        repaired = said(lambda project: counted_repair(project, bench.counted))
        differs = different(holdings(url, SANDBOX_LOCATION, SANDBOX_TOKEN), there)
        undone = said(services.rollback)
        left = holdings(url, SANDBOX_LOCATION, SANDBOX_TOKEN)
    return repaired, differs, undone, left


def counted_repair(project, counted):
    """A repair that leaves how many requests it took."""
    done = count_and_die(0, AFTER, counted)
    report = services.repair(project)
    done()
    return report


def repairs(bench):
    """What is wrong with repairs from copies of before the cutover and of before the sample.

    The first is also killed at its first, middle and last request, and started again.
    """
    wrong = killed_repairs(bench)
    repaired, differs, undone, left = repair_from(bench, "cutover")
    if repaired or differs or undone:
        wrong.append(f"repaired from before the cutover: {repaired} {differs} {undone}")
    wrong += different(left, bench.expected["rollback"])
    repaired, differs, undone, left = repair_from(bench, "sample")
    named = [x.split(":")[0:2] for x in repaired]
    client = bench.client
    if differs or named != [["contact", f"main/clients/{client}"]]:
        wrong.append(f"repaired from before the sample: {repaired} {differs}")
    if len(undone) != 1 or f"contact:main/clients/{client} was left" not in undone[0]:
        wrong.append(f"the rollback after it: {undone}")
    kinds = Counter(x.split(":")[0] for x in left)
    if kinds["contacts"] != 1 or kinds["notes"] or kinds["opportunities"]:
        wrong.append(f"left after it: {kinds}")
    return wrong


def killed_repairs(bench):
    """What is wrong with repairs that were killed and started again."""
    wrong = []
    repair_from(bench, "cutover")
    requests_of_it = int(bench.counted.read_text())
    for died, when in ((1, BEFORE), (requests_of_it // 2, AFTER), (requests_of_it, AFTER)):
        repaired, differs, undone, left = repair_from(bench, "cutover", died, when)
        if repaired or differs or undone:
            wrong.append(f"repair killed at {died} of {requests_of_it}: {repaired} {differs}"
                         f" {undone}")  # fmt: skip
        wrong += different(left, bench.expected["rollback"])
    return wrong


def last_line(path):
    return path.read_text().strip().splitlines()[-1] if path.exists() else ""


def make_exports(home):
    """Exports of two clients, read, cleaned, mapped and confirmed."""
    generate(home / "exports", clients=2, seed=11, files=2)
    project = Project.from_environment().prepare()
    services.run_audit(project)
    services.run_map(project, confirm_as="Ana")
    services.acknowledge(project, "all", "Ana")
    map_all(project)
    services.choose(project)


def map_all(project):
    for key in KEYS:
        services.map_object(project, key)
    services.account_cells(project)


def approved():
    services.approve(Project.from_environment(), "Ana")


def export_again(home):
    """A later export in which every client lives elsewhere and every job is called otherwise."""
    project = Project.from_environment()
    for name, column in (("clients_1", "City"), ("jobs", "Title")):
        path = home / "exports" / f"{name}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        changed = home / f"later_{name}.csv"
        with changed.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows({**row, column: f"New {row[column]}"} for row in rows)
        stage_files(project.exports, [changed])
    services.run_audit(project)
    services.run_map(project)
    map_all(project)


def meet(url, home):
    """Put a contact with the first client's e-mail into the sub-account before the migration.

    Returns that client's number.
    """
    with (home / "exports" / "clients_1.csv").open(encoding="utf-8-sig", newline="") as file:
        client, email = next((row["Client ID"], row["Email"]) for row in csv.DictReader(file))
    wait_for(url)
    requests.post(
        f"{url}/contacts/", json={**KNOWN, "email": email, "locationId": SANDBOX_LOCATION},
        headers={"Authorization": f"Bearer {SANDBOX_TOKEN}", "Version": "v3"}, timeout=20,
    ).raise_for_status()  # fmt: skip
    return client


def wait_for(url):
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{url}/_sandbox/stats", timeout=5).raise_for_status()
            return
        time.sleep(0.02)
    raise AssertionError("the sandbox does not serve")


def kills_of(bench, stages=STAGES):
    """Every kill: each request of each stage, in turn before it left and after its answer."""
    return [Kill(stage, k, (BEFORE, AFTER)[k % 2]) for stage in stages
            for k in range(1, bench.requests[stage] + 1)]  # fmt: skip


def some_kills(bench, number, seed):
    """Some of them, as many of each stage."""
    chance = random.Random(seed)
    each = number // len(STAGES)
    return [
        Kill(stage, k, chance.choice((BEFORE, AFTER)))
        for stage in STAGES
        for k in sorted(chance.sample(range(1, bench.requests[stage] + 1), each))
    ]


def prove_every_kill(folder, progress):
    """Every request of every stage, one run each, on both profiles (`make test-all`)."""
    found = Found(Counter())
    for profile in ("live", "documented"):
        place = folder / profile
        place.mkdir()
        bench = Bench(place, profile)
        bench.build()
        progress(f"{profile}: requests undisturbed: {bench.requests}")
        for stage in STAGES:
            kills, begun = kills_of(bench, (stage,)), time.monotonic()
            for number, kill in enumerate(kills, start=1):
                wrong = [f"{profile}, {kill}: {line[:400]}" for line in bench.disturb(kill)]
                for line in wrong:
                    progress(line)
                found.wrong += wrong
                if number % 25 == 0:
                    progress(f"{stage}: {number} of {len(kills)}, {len(found.wrong)} wrong")
            found.did[f"kills in {stage}"] += len(kills)
            progress(f"{profile}, {stage}: {len(kills)} in {time.monotonic() - begun:.0f} s")
        found.wrong += repairs(bench)
        found.did["repairs of a journal"] += 2
    return found


def main():
    """Some kills, as JSON for the test."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seed", type=int, default=7)
    chosen = asked.parse_args()
    bench = Bench(chosen.folder)
    bench.build()
    kills = some_kills(bench, chosen.kills, chosen.seed)
    wrong = [f"{kill}: {line[:300]}" for kill in kills for line in bench.disturb(kill)]
    left = [x for x in bench.expected["rollback"] if x.startswith("contacts")]
    print(json.dumps({"requests": bench.requests, "kills": len(kills), "wrong": wrong,
                      "contacts left": left, "wrong repairs": repairs(bench)}))  # fmt: skip


if __name__ == "__main__":
    main()
