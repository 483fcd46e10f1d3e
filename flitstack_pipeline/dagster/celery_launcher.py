"""Starts runs as Celery tasks, and tells a run that goes on from one whose worker is gone.

Belongs here: what dagster-celery's launcher lacks. Does not: how many runs may start (`run_queue`),
the worker's side (`celery_worker`), what is done about a dead run (`run_monitoring` and
`run_retries` of `dagster.yaml`).
What each line is for was found with real workers that were killed and cut off
(docs/dagster.md#runs-on-several-machines).
"""

from __future__ import annotations

from typing import Any

from celery import Signature
from dagster import DagsterRun, Field
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

#: So often in a row nobody says that he runs a task before its run counts as dead. With the poll
#: interval of `run_monitoring` that takes longer than a silent run keeps its lock.
MISSES = 3
_ENDED = ("SUCCESS", "FAILURE", "REVOKED")
_BROKER_DOWN = (KombuError, OperationalError, RedisError, OSError)


class MigrationCeleryLauncher(CeleryRunLauncher):
    """dagster-celery's launcher, with workers asked whether they run a task.

    Redis alone cannot tell: it goes on saying STARTED of a worker that died, and forgets a healthy
    run's state when it is emptied.
    """

    def __init__(self, answer_seconds: float, **config: Any) -> None:
        super().__init__(**config)
        self._answer_s = answer_seconds
        self._missed: dict[str, int] = {}

    def _launch_celery_task_run(
        self, run: DagsterRun, task_signature: Signature, routing_key: str
    ) -> None:
        """Send the task under the run's own id, noted before it leaves.

        Noted only afterwards, a daemon that dies in between leaves a healthy run nobody can find.
        """
        task_signature.set(task_id=run.run_id)
        self._instance.add_run_tags(run.run_id, {DAGSTER_CELERY_TASK_ID_TAG: run.run_id})
        super()._launch_celery_task_run(run, task_signature, routing_key)

    def terminate(self, run_id: str) -> bool:
        """Stop a run for good: marked as being cancelled first, so that its end is no failure."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return True  # not with the broker yet; whoever takes it sees that it is cancelled
        return super().terminate(run_id)

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether a worker runs the task of a started run; FAILED makes Dagster retry it."""
        try:
            why = self._why_dead(run)
        except _BROKER_DOWN as error:
            return CheckRunHealthResult(
                WorkerStatus.RUNNING, f"The broker cannot be asked ({type(error).__name__})."
            )
        if not why:
            self._missed.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        missed = self._missed[run.run_id] = self._missed.get(run.run_id, 0) + 1
        if missed < MISSES:
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"{why} ({missed} of {MISSES})")
        del self._missed[run.run_id]
        return CheckRunHealthResult(WorkerStatus.FAILED, why)

    def _why_dead(self, run: DagsterRun) -> str:
        """Why nobody seems to run a task; empty while a worker does."""
        task = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG, "")
        result = self.celery.AsyncResult(task or run.run_id)
        state, info = result.state, result.info
        if state in _ENDED:
            return f"The Celery task ended ({state}), and the run did not."
        host = info.get("hostname") if isinstance(info, dict) else None
        asked = self.celery.control.inspect(
            destination=[host] if host else None, timeout=self._answer_s, limit=1 if host else None
        )
        answers = asked.query_task(result.id) or {}
        if any(tasks.get(result.id, [""])[0] == "active" for tasks in answers.values()):
            return ""
        where = f"Worker {host}" if host else "Every worker"
        return f"{where} {'runs no such task' if answers else 'gives no answer'}."

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """That of dagster-celery, and how long a worker may take to answer."""
        waits = Field(
            float, is_required=False, default_value=3.0,
            description="Seconds within which workers say whether they run a task.",
        )  # fmt: skip
        known: dict[str, Any] = dict(super().config_type())  # type: ignore[arg-type]  # of more forms than it has
        return {**known, "answer_seconds": waits}

    def get_run_worker_debug_info(
        self, run: DagsterRun, include_container_logs: bool | None = True
    ) -> str | None:
        """Where a dead run was, for the run page."""
        queue = run.tags.get(DAGSTER_CELERY_QUEUE_TAG, self.default_queue)
        return f"Celery task {run.tags.get(DAGSTER_CELERY_TASK_ID_TAG, 'none')}, queue {queue}."
