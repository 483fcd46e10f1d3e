"""The application that a Celery worker serves, to be named on its command line only.

    celery -A flitstack_pipeline.dagster.celery_worker worker --queues dagster

It is that of the launcher in `dagster.yaml` of DAGSTER_HOME, so that broker and settings are
declared once. Modules of the launcher's `include` are imported before the worker forks: a run then
does not import the product again.
"""

from celery import Celery
from dagster import DagsterInstance
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tasks import create_execute_job_task


def _app() -> Celery:
    with DagsterInstance.get() as instance:
        launcher = instance.run_launcher
        if not isinstance(launcher, CeleryRunLauncher):
            raise TypeError(f"dagster.yaml names {type(launcher).__name__}: it needs no worker.")
        create_execute_job_task(launcher.celery)
        return launcher.celery


app = _app()
