"""The sensors that pick up deltas and what was done elsewhere, and a nightly proof (optional).

Each serves every migration there is; a home that cannot be read is told, and stops no other. The
decision is a plain function (`services.delta_wanted`); a tick that launches nothing says why.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import dagster as dg

from flitstack_pipeline import services
from flitstack_pipeline.dagster.catch_up import is_known
from flitstack_pipeline.dagster.failures import summarise
from flitstack_pipeline.dagster.partitions import MIGRATION, MIGRATIONS
from flitstack_pipeline.dagster.run_queue import MIGRATION as TAG
from flitstack_pipeline.errors import FlitstackError
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migrations import ALONE, served
from flitstack_pipeline.services import preconditions
from flitstack_pipeline.services.steps_done import changed_at
from flitstack_pipeline.settings import Project

#: A person who decides one thing decides the next soon after.
QUIET_S = 60
#: How many migrations a tick speaks of, those in trouble first.
TOLD = 20
Asked = TypeVar("Asked")


class Answers:
    """What a tick found: runs to launch, and a sentence about each migration that needs none."""

    def __init__(self) -> None:
        self.runs: list[dg.RunRequest] = []
        self._said: list[str] = []
        self._troubles: list[str] = []

    def ask(self, name: str, question: Callable[[Project], Asked]) -> Asked | None:
        """The answer about a migration; None when its home cannot be opened or read.

        A folder that cannot be read is not an empty folder (docs/dagster.md#sensors).
        """
        try:
            return question(Project.named(name).prepare())
        except FlitstackError as error:
            self._troubles.append(_of(name, str(error)))
        except Exception as error:  # no home stops another
            self._troubles.append(_of(name, summarise("Looking at it", "", error).failed))
        return None

    def say(self, name: str, sentence: str) -> None:
        """Why a migration needs no run."""
        self._said.append(_of(name, sentence))

    def tell_troubles(self, log: logging.Logger) -> None:
        """Write down which homes could not be opened or read."""
        for trouble in self._troubles:
            log.error(trouble)

    def result(
        self,
        context: dg.SensorEvaluationContext,
        cursor: str | None = None,
        partitions: Sequence[str] = (),
    ) -> dg.SensorResult:
        """The answer of the tick, with the sensor's next cursor and the partitions to make."""
        self.tell_troubles(context.log)
        said = [*self._troubles, *self._said]
        shown = "\n".join(said[:TOLD] + ([f"… and {len(said) - TOLD} more"] * (len(said) > TOLD)))
        why = None if self.runs else shown or "There is no migration yet: flitstack new NAME"
        return dg.SensorResult(
            run_requests=self.runs,
            skip_reason=why,
            cursor=cursor,
            dynamic_partitions_requests=[MIGRATIONS.build_add_request(partitions)]
            if partitions
            else [],
        )


def _of(name: str, sentence: str) -> str:
    """A sentence about a migration; one that is alone needs no name."""
    return sentence if served() == [ALONE] else f"{name}: {sentence}"


def _run(name: str, run_key: str, **tags: str) -> dg.RunRequest:
    return dg.RunRequest(run_key=f"{name}:{run_key}", partition_key=name, tags={TAG: name, **tags})


@dg.sensor(
    job_name=JOB["delta"],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes a partition for each new migration, and watches its exports/ inside the "
    "window that opens with its cutover. One delta run per new content: a touched file changes "
    "nothing, a file still being copied waits. Each tick that launches nothing says what it saw "
    "and when the window closes.",
)
def new_export_session(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Launch the delta job of a migration once for each new state of its exports folder."""
    cursors, answers = _cursors(context.cursor), Answers()
    for name in served():
        wanted = partial(services.delta_wanted, cursor=cursors.get(name))
        decision = answers.ask(name, wanted)
        if decision is None:
            continue
        cursors[name] = decision.cursor
        if decision.run_key:
            context.log.info(_of(name, decision.reason))
            answers.runs.append(
                _run(name, decision.run_key, **{"flitstack/exports": "new content"})
            )
        else:
            answers.say(name, decision.reason)
    missing = sorted(set(served()) - set(context.instance.get_dynamic_partitions(MIGRATION)))
    return answers.result(
        context,
        cursor=json.dumps({"migrations": {n: cursors[n] for n in served() if n in cursors}}),
        partitions=missing,
    )


def _cursors(kept: str | None) -> dict[str, str]:
    """The cursor of each migration; one of before there were many was of `main`."""
    if not kept:
        return {}
    found = json.loads(kept).get("migrations")
    return {ALONE: kept} if found is None else found


@dg.sensor(
    job_name="catch_up",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks whether a migration's map, a decision or the notes of a command changed "
    "since its last run ended: something was done by flitstack, in the review room or by hand, "
    "and is shown. A migration that Dagster never heard of is shown as it stands.",
)
def done_elsewhere(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Launch `catch_up` once for what was done since the last run, after a minute of quiet."""
    answers = Answers()
    known = set(context.instance.get_dynamic_partitions(MIGRATION))
    for name in served():
        if name not in known:
            answers.say(name, "It has no partition yet; new_export_session makes it.")
            continue
        changed = answers.ask(name, lambda project: [changed_at(project)])
        if changed is None:
            continue
        run_key, why = _caught_up(context.instance, name, changed[0])
        if run_key:
            answers.runs.append(_run(name, run_key))
        else:
            answers.say(name, why)
    return answers.result(context)


def _caught_up(instance: dg.DagsterInstance, name: str, changed: float | None) -> tuple[str, str]:
    """(run key, why none) for a migration of which something changed at a moment (None: never)."""
    of_it = dg.RunsFilter(tags={TAG: name})
    last = next(iter(instance.get_run_records(of_it, limit=1)), None)
    if last is not None and last.end_time is None:
        return "", "A run is under way."
    if last is None and changed is None and not is_known(instance, name):
        return "first", ""
    if changed is None or (last is not None and changed < (last.end_time or 0)):
        return "", "Nothing was changed since the last run."
    if time.time() - changed < QUIET_S:
        return "", "Something was changed within a minute: it may not be all yet."
    return str(changed), ""


@dg.schedule(
    job_name=JOB["reconcile"],
    cron_schedule="0 5 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Optional: reads everything of each loaded migration back each night at 05:00 UTC "
    "while the customer works in HighLevel, and goes red when something has drifted. Switch it on "
    "here.",
)
def nightly_proof(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Reconcile each migration that was loaded."""
    night = f"{context.scheduled_execution_time:%Y-%m-%d}"
    answers = Answers()
    for name in served():
        before = answers.ask(name, preconditions.before_reconciling)
        if before == []:
            answers.runs.append(_run(name, night))
    answers.tell_troubles(context.log)
    if not answers.runs:
        yield dg.SkipReason("No migration is loaded.")
    yield from answers.runs


SENSORS = [new_export_session, done_elsewhere]
SCHEDULES = [nightly_proof]
