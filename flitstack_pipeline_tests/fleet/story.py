"""What happens to a fleet: runs are launched as the UI launches them, and machines fail.

    python -m flitstack_pipeline_tests.fleet.story FOLDER

plays the short form (3 migrations) and prints what was found, as JSON.
"""

import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa

from flitstack_pipeline.dagster.run_queue import MIGRATION
from flitstack_pipeline.migration import lock
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.journal.tables import intents, outcomes
from flitstack_pipeline.migrations import schema_of
from flitstack_pipeline_tests.fleet.location import play
from flitstack_pipeline_tests.fleet.machines import Fleet, twin_of, wait_until
from flitstack_pipeline_tests.migration.killing import content, different
from flitstack_pipeline_tests.proofs import Found

LAUNCH = """mutation($tags: [ExecutionTag!]!, $config: RunConfigData) {
  launchRun(executionParams: {
    selector: {repositoryLocationName: "fleet", repositoryName: "__repository__",
               jobName: "load_part"},
    runConfigData: $config, executionMetadata: {tags: $tags}
  }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""
TERMINATE = """mutation($run: String!) {
  terminateRun(runId: $run) { __typename ... on TerminateRunFailure { message } }
}"""


class Office:
    """The people in front of the UI, and what they see there."""

    def __init__(self, fleet):
        from dagster import DagsterInstance
        from dagster._core.workspace.context import WorkspaceProcessContext
        from dagster._core.workspace.load_target import WorkspaceFileTarget

        self.fleet = fleet
        self._open = contextlib.ExitStack()
        self.instance = self._open.enter_context(DagsterInstance.get())
        target = WorkspaceFileTarget([str(fleet.workspace)])
        self.context = self._open.enter_context(WorkspaceProcessContext(self.instance, target))

    def close(self):
        self._open.close()

    def ask(self, query, **variables):
        from dagster_graphql.cli import execute_query

        answer = execute_query(self.context, query, variables)
        assert "errors" not in answer, answer
        (found,) = answer["data"].values()
        return found

    def launch(self, migration, rows):
        """Launch the job for one partition; returns the run's id."""
        config = {"ops": {"load_rows": {"config": {"rows": rows}}}}
        tags = [{"key": "dagster/partition", "value": migration}]
        found = self.ask(LAUNCH, tags=tags, config=config)
        assert found["__typename"] == "LaunchRunSuccess", found
        return found["run"]["runId"]

    def terminate(self, run):
        found = self.ask(TERMINATE, run=run)
        assert found["__typename"] == "TerminateRunSuccess", found

    def run(self, run_id):
        return self.instance.get_run_by_id(run_id)

    def status(self, run_id):
        return self.run(run_id).status.value

    def runs(self):
        return self.instance.get_runs()

    def machine_of(self, run_id):
        """Which machine the run is on, as its worker said to the broker."""
        launcher = self.instance.run_launcher
        info = launcher.celery.AsyncResult(run_id).info
        name = info.get("hostname", "") if isinstance(info, dict) else ""
        return self.fleet.machines.get(name.split("@")[0])

    def in_the_middle(self, migration, run_id, records):
        """(run, machine) once a run's newest try has so many records made, and is not done."""
        run = self.last_of(run_id)
        if run.status.value != "STARTED" or records > self.records(migration):
            return None
        machine = self.machine_of(run.run_id)
        return (run.run_id, machine) if machine else None

    def records(self, migration):
        return len(self.fleet.dump(migration)["contacts"])

    def launch_and_disturb(self, rows, events):
        """Launch every run, round by round, and let each event happen meanwhile or afterwards.

        An event is (migration, which of its runs, records made by then, what is called with run
        and machine); it happens when that run is in the middle of its load. Returns the runs' ids.
        """
        rounds = itertools.zip_longest(*([(name, n) for n in ns] for name, ns in rows.items()))
        to_launch = [one for one in itertools.chain(*rounds) if one]
        launched, waiting = {name: [] for name in rows}, list(events)

        def happened():
            if to_launch:
                name, number = to_launch.pop(0)
                launched[name].append(self.launch(name, number))
            for one in list(waiting):
                name, which, records, event = one
                known = launched[name][which : which + 1]
                if known and (found := self.in_the_middle(name, *known, records)):
                    event(*found)
                    waiting.remove(one)
            return not waiting and not to_launch

        wait_until(happened)
        return launched

    def all_tries(self, run_id):
        """The tries of a run, the first one first."""
        again = [r for r in reversed(self.runs()) if r.root_run_id == run_id]
        return [self.run(run_id), *again]

    def tries(self, run_id):
        return len(self.all_tries(run_id))

    def last_of(self, run_id):
        """The newest try of a run."""
        return self.all_tries(run_id)[-1]

    def settled(self, run_ids):
        """Whether nothing is left to be done for these runs."""
        done = {"SUCCESS", "CANCELED"}
        return all(self.last_of(r).status.value in done for r in run_ids)


# --- what is found in the end ---------------------------------------------------------------------


def account(fleet, location):
    return SimpleNamespace(dump=lambda: fleet.dump(location))


def play_twins(fleet, rows):
    """Load every migration's twin, undisturbed; the journals are thrown away."""
    for name, numbers in rows.items():
        for number in numbers:
            play(twin_of(name), number, fleet.sandbox.url,
                 f"sqlite:///{fleet.folder / 'twins.sqlite'}")  # fmt: skip


def writers(fleet, name):
    """The runs whose requests HighLevel answered, in order, a run once for each unbroken row."""
    answered = sa.select(outcomes.c.intent_id).where(outcomes.c.status.is_not(None))
    in_order = sa.select(intents.c.run_id).where(intents.c.id.in_(answered)).order_by(intents.c.id)
    with open_journal(fleet, name) as journal, journal.engine.connect() as con:
        found = con.execute(in_order).scalars().all()
    return [run for n, run in enumerate(found) if n == 0 or found[n - 1] != run]


def open_journal(fleet, name):
    return Journal(f"{os.environ['FLITSTACK_JOURNAL_URL']}&schema={schema_of(name)}")


def wrong_in(fleet, name):
    """What is wrong with one migration in the end, in words."""
    lines = different(content(account(fleet, name)), content(account(fleet, twin_of(name))))
    with open_journal(fleet, name) as journal:
        lines += [f"open intent {i.record_key}" for i in journal.open_intents(name)]
        lines += [f"dead letter {d['record_key']}" for d in journal.dead_letters(name)]
    one_by_one = writers(fleet, name)
    if len(one_by_one) != len(set(one_by_one)):
        lines.append("two runs wrote at once")
    return [f"{name}: {line}" for line in lines]


def unended(office):
    """Runs that hang."""
    return [f"{r.tags.get(MIGRATION)}: run {r.run_id} is {r.status.value}"
            for r in office.runs() if not r.is_finished]  # fmt: skip


def untagged(office):
    """Runs the queue could not hold back for another of their migration."""
    wanted = {run.run_id: run.tags["dagster/partition"] for run in office.runs()}
    return [f"run {run.run_id} has no tag of {wanted[run.run_id]}" for run in office.runs()
            if run.tags.get(MIGRATION) != wanted[run.run_id]]  # fmt: skip


# --- the stories ----------------------------------------------------------------------------------


#: How many records of each kind each run of a migration loads; what happens hits the first three.
SHORT = {"acme": [12, 14], "bolt": [12, 20], "cord": [14, 15]}
WHOLE = {f"m{n:02}": [60, 90, 92] if n < 3 else [12 + n % 3, 20 + n % 3, 22] for n in range(20)}


def prove_fleet(folder, progress, rows=WHOLE):
    """A killed worker, a stopped run, a cut network and an emptied Redis (`make test-all`)."""
    folder.mkdir(exist_ok=True)
    with Fleet(folder, list(rows)) as fleet, contextlib.closing(Office(fleet)) as office:
        progress("the fleet is up")
        try:
            wrong = played(fleet, office, rows, progress)
        except BaseException:
            print(fleet.tail(), file=sys.stderr)
            raise
        did = Counter(migrations=len(rows), runs=sum(map(len, rows.values())))
        did["tries"] = len(office.runs())
        did["networks"] = sum(m.network is not None for m in fleet.machines.values())
    return Found(did, wrong)


def played(fleet, office, rows, progress):
    """Launch every run and disturb some; what is wrong in the end."""
    lost = []

    def die(run, machine):
        machine.kill()
        machine.start()
        progress(f"machine {machine.name} died, and is started again")

    def stop(run, machine):
        office.terminate(run)
        progress("a run was stopped")

    def cut(run, machine):
        machine.cut()
        lost.append(machine)
        fleet.restart_redis_empty()
        progress(f"machine {machine.name} is cut off, and Redis is empty")

    killed, cut_off, stopped = list(rows)[:3]
    launched = office.launch_and_disturb(rows, [
        (killed, 0, 2, die), (stopped, 0, 1, stop), (cut_off, 1, rows[cut_off][0] + 1, cut)
    ])  # fmt: skip
    play_twins(fleet, rows)
    wait_until(lambda: office.settled(itertools.chain(*launched.values())))
    progress("all runs have ended")
    for machine in lost:
        machine.mend()
    wrong = told_wrongly(office, launched[killed][0], "FAILURE", "SUCCESS")
    wrong += told_wrongly(office, launched[cut_off][1], "FAILURE", "SUCCESS")
    *before, last = office.all_tries(launched[stopped][0])
    if last.status.value != "CANCELED" or any(r.status.value != "FAILURE" for r in before):
        wrong.append(f"the stopped run: {[r.status.value for r in [*before, last]]}")
    time.sleep(lock.HEARTBEAT_S)  # what the mended machine does, if anything, it does at once
    wrong += unended(office) + untagged(office)
    wrong += [line for name in rows for line in wrong_in(fleet, name)]
    progress("compared with what nobody disturbed")
    return wrong


def told_wrongly(office, run_id, *expected):
    """Whether the tries of a run ended otherwise than expected."""
    ended = [run.status.value for run in office.all_tries(run_id)]
    return [] if ended == list(expected) else [f"{run_id}: {ended} instead of {list(expected)}"]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started ends as well
    begun = time.monotonic()
    found = prove_fleet(
        Path(sys.argv[1]),
        lambda text: print(f"{time.monotonic() - begun:6.1f} {text}", flush=True),
        SHORT,
    )
    print(json.dumps({"did": found.did, "wrong": found.wrong}))


if __name__ == "__main__":
    main()
