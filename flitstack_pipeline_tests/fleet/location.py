"""The code location of the fleet's tests: one job, whose run loads a part of one small migration.

The journal, its lock, the loading and the client are the product's; a run is told its migration by
its tags only. Locks heal sooner here than in earnest, so that a test need not wait a minute.
"""

import json
import os

import dagster as dg

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.dagster.run_queue import migration_of
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.client import Connection, HighLevelClient
from flitstack_pipeline.highlevel.pacing import UnlimitedPacer
from flitstack_pipeline.highlevel.retry import RetryPolicy
from flitstack_pipeline.migration import lock
from flitstack_pipeline.migration.account_schema import build_catalog
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migrations import home_of
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.migration.conftest import many, small_schema

lock.HEARTBEAT_S, lock.STALE_AFTER_S = 0.5, 4.0

MIGRATIONS = dg.DynamicPartitionsDefinition(name="migration")
OPTIONS = LoadOptions(search_lag_s=0.2, workers=2, chunk=10)


def token_of(name):
    """The sandbox's own rule for the tokens of further sub-accounts."""
    return f"pit-sandbox-{name}"


def play(name, rows, url, journal_url):
    """Make the schema and load the first rows of each kind; returns how many records it wrote."""
    connection = Connection(url, token_of(name), name, "pit-agency-sandbox", timeout_s=5.0)
    policy = RetryPolicy(tries=8, first_wait_s=0.01, interval_s=0.05, longest_wait_s=0.1)
    hl = HighLevel(HighLevelClient(connection, UnlimitedPacer(), retry=policy,
                                   before_write=lock.check_held))  # fmt: skip
    with Journal(journal_url) as journal:
        with journal.running(name, "prepare") as run:
            provision(hl, small_schema(), journal, run)
        with journal.running(name, "cutover") as run:
            catalog = build_catalog(hl, [t.INVOICE], products=True)
            done = load(hl, journal, catalog, many(rows), run, options=OPTIONS)
            assert done.complete, journal.dead_letters(name)
            return done.requests


@dg.op(config_schema={"rows": int})
def load_rows(context):
    """One run's work, on whichever machine it is."""
    name = migration_of(context.run.tags)
    project = Project.of_home(home_of(name)).prepare()
    with exclusive_run(project, "load"):
        sent = play(name, context.op_config["rows"], project.settings.base_url, project.journal_url)
    context.log.info(json.dumps({"requests": sent, "pid": os.getpid()}))


@dg.job(partitions_def=MIGRATIONS, executor_def=dg.in_process_executor)
def load_part():
    """The only job."""
    load_rows()


defs = dg.Definitions(jobs=[load_part])
