"""A process that starts loaders for the kill tests: imports once, then forks one per line of stdin.

A line is JSON with `url`, `journal`, `what` (prepare, load, rollback) and `count`; the answers are
two lines: the child's pid, and its exit status when it has ended.
"""

import json
import os
import sys

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration.account_schema import build_catalog
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import connect, many, small_schema

OPTIONS = LoadOptions(search_lag_s=0.4, workers=6, chunk=20)


def work(url, journal, what, count):
    """One loader's life."""
    hl = connect(url)
    with Journal(journal) as opened:
        if what == "prepare":
            with opened.running(hl.location_id, "prepare") as run:
                provision(hl, small_schema(), opened, run)
            return
        catalog = build_catalog(hl, [t.INVOICE], products=True)
        with opened.running(hl.location_id, what) as run:
            if what == "load":
                load(hl, opened, catalog, many(count), run, options=OPTIONS)
            else:
                done = rollback(hl, opened, catalog, run, options=OPTIONS)
                for line in [*done.left, *done.failed, *done.not_proven]:
                    print(f"rollback: {line}", file=sys.stderr, flush=True)


def child(order):
    """Run in a fork: never returns."""
    code = 1
    try:
        work(**order)
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def main():
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
